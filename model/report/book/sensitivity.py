"""What matters most to the book, and how far one may go: tornado, data tables, goal seek, reverse stress."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from data.arrays import Array
from data.contract import Contract, Measure, lower
from data.errors import WhatIfError
from model.engine.parallel import Follow
from model.report import numbers
from model.report.book import levers, words
from model.report.book.headroom import limit_line
from model.report.book.words import AMOUNTS, GAINS, label
from model.report.briefing import (
    Choice,
    Choices,
    Column,
    Finding,
    Item,
    Panel,
    Place,
    Suggestion,
    Table,
    name_apart,
)
from model.report.numbers import Unit
from model.whatif.book.result import BookResult, LeverTable
from model.whatif.book.tornado import Bar
from model.whatif.goals import proposed_goal

EVERY_MEASURE = ""  # chosen in place of a second lever
WIDEST = 1e12  # of what may be entered as a target, in the unit of its field


def measures_of(contract: Contract, key: str, text: str, measures: Sequence[Measure], default: Measure) -> Choice:
    """One of several measures."""
    return Choice(key, text, tuple((name, label(contract, name)) for name in measures), default)


def measure_chosen(contract: Contract, choice: Choice, choices: Choices) -> Measure:
    """The measure that is chosen."""
    name = choice.of(choices)
    return next(each for each in contract.measures if each == name)


def unit_above(result: BookResult, measure: Measure) -> Unit:
    """The unit in which a measure stands in the headline, so that it reads the same everywhere."""
    return words.difference(measure, result.base, result.now).unit


def measure_digits(measure: Measure) -> int:
    """How many decimals of a measure's exact values are read."""
    if measure in AMOUNTS:
        return 0
    return 1 if measure == "loss_bps" else 2


def measure_column(contract: Contract, measure: Measure, name: str, place: Place = "both") -> Column:
    """A column of a measure's exact values."""
    return Column(name, words.unit_name(contract, measure), measure_digits(measure), place)


def lever_labels(result: BookResult) -> dict[str, str]:
    """Every lever that can be moved, with its label."""
    return {name: levers.name_of(result.contract, name) for name in result.levers}


def lever_panels(result: BookResult, choices: Choices, follow: Follow) -> tuple[Panel, ...]:
    """What can be asked of the levers, where any can be moved."""
    if not result.levers:
        return ()
    measure = measures_of(result.contract, "_tornado_measure", "On", result.contract.measures, "loss")
    return (
        Panel(
            "_tornado",
            "What matters most: every lever, one swing to either side",
            partial(what_matters, result, follow, measure),
            (measure,),
        ),
        Panel(
            "_grid",
            "Data tables over one or two levers",
            make=partial(data_table, result, follow),
            choices=table_choices(result, choices),
            across=True,
        ),
        Panel(
            "_seek",
            "Goal seek, and how severe until a limit breaks",
            parts=(goal_panel(result, choices, follow), breaking_panel(result, follow)),
        ),
    )


# ---- tornado ------------------------------------------------------------------------------------------------------


def what_matters(result: BookResult, follow: Follow, choice: Choice, choices: Choices) -> tuple[Item, ...]:
    """The tornado of every lever on one measure."""
    contract = result.contract
    measure = measure_chosen(contract, choice, choices)
    with follow("Moving every lever") as progress:
        bars = result.lever_bars(measure, progress)
    told, unit = levers.of_book(contract), unit_above(result, measure)
    limit = limit_line(contract, result.scenario, measure, unit)
    return (
        Finding(
            "tornado",
            levers.tornado_headline(contract, measure, bars=bars, words=told, unit=unit),
            chart=levers.tornado(contract, measure, bars=bars, words=told, unit=unit, limit=limit),
            alt=levers.tornado_in_words(contract, measure, bars=bars, words=told, unit=unit, limit=limit),
            shows=words.shows(contract, measure, unit),
            table=bars_table(contract, measure, bars),
            drawn=False,
            note=(
                "Each lever alone, one swing of the contract to either side of where it stands. Which side is adverse "
                "is an economic prior, the same under every scenario."
            ),
        ),
    )


def bars_table(contract: Contract, measure: Measure, bars: Sequence[Bar]) -> Table:
    """Both ends of every lever, and what the measure comes to there."""
    columns = (
        Column("Lever"),
        Column("Adverse end"),
        Column("Favourable end"),
        Column("Unit"),
        *(
            measure_column(contract, measure, f"{label(contract, measure)} {where}")
            for where in ("at the adverse end", "at the favourable end", "as it is")
        ),
    )
    rows = tuple(
        (
            levers.name_of(contract, bar.name),
            *(levers.number_of(contract, bar.name, each) for each in (bar.adverse_value, bar.favourable_value)),
            levers.unit_of(contract, bar.name),
            *(numbers.finite(each) for each in (bar.adverse, bar.favourable, bar.base)),
        )
        for bar in bars
    )
    return Table("book-tornado", f"{label(contract, measure)} by lever", columns, rows)


# ---- data tables --------------------------------------------------------------------------------------------------


def table_choices(result: BookResult, choices: Choices) -> tuple[Choice, ...]:
    """The lever of the rows; that of the columns, if any; and with two of them the measure."""
    labels = lever_labels(result)
    one = Choice("_grid_one", "Rows", tuple(labels.items()), next(iter(labels)))
    others = {EVERY_MEASURE: "nothing: one-way, every measure"} | labels
    others.pop(one.of(choices))
    other = Choice("_grid_other", "Columns", tuple(others.items()), EVERY_MEASURE)
    if other.of(choices) == EVERY_MEASURE:
        return one, other
    return one, other, measures_of(result.contract, "_grid_measure", "Measure", result.contract.measures, "loss")


def data_table(result: BookResult, follow: Follow, choices: Choices) -> tuple[Item, ...]:
    """A one- or two-way data table; each cell is the direct calculation."""
    one, other, *measure = table_choices(result, choices)
    if not measure:
        return (one_way_finding(result, one.of(choices), follow),)
    name = measure_chosen(result.contract, measure[0], choices)
    return (two_way_finding(result, one.of(choices), other=other.of(choices), measure=name, follow=follow),)


def one_way_finding(result: BookResult, lever: str, follow: Follow) -> Finding:
    """Every measure along one lever: as they read elsewhere, and exactly in the file."""
    contract, name = result.contract, levers.name_of(result.contract, lever)
    with follow("Working out the table") as progress:
        found = result.one_way(lever, progress)
    measures = contract.measures
    units = [unit_above(result, each) for each in measures]
    shown = tuple(Column(label(contract, each), place="screen") for each in measures)
    exact = tuple(measure_column(contract, each, label(contract, each), "file") for each in measures)
    head = name_apart(name, shown)
    along = Column(head, levers.unit_of(contract, lever), place="file")
    columns = (Column(head, place="screen"), *shown, along, *exact)
    rows = []
    for value, row in zip(found.down, found.cells.tolist(), strict=True):
        cells = zip(measures, row, units, strict=True)
        texts = (words.text(contract, measure, cell, unit) for measure, cell, unit in cells)
        rows.append(
            (
                levers.value_of(contract, lever, value),
                *texts,
                levers.number_of(contract, lever, value),
                *map(numbers.finite, row),
            )
        )
    title = f"Every measure along {lower(name)}"
    return Finding("one_way", table=Table("book-one-way", title, columns, tuple(rows)))


def two_way_finding(result: BookResult, one: str, other: str, *, measure: Measure, follow: Follow) -> Finding:
    """One measure along two levers."""
    contract = result.contract
    names = [levers.name_of(contract, each) for each in (one, other)]
    with follow("Working out the table of two") as progress:
        found = result.two_way(one, other, measure, progress)
    unit = unit_above(result, measure)
    texts = [[words.text(contract, measure, cell, unit) for cell in row] for row in found.cells]
    beyond = cells_beyond(result, measure, found.cells)
    short = [
        [f"{numbers.unpriced(cell, contract.book.currency)}{' ✗' * off}" for cell, off in zip(*row, strict=True)]
        for row in zip(texts, beyond, strict=True)
    ]
    present = present_cell(result, one, other, found)
    down = [levers.value_of(contract, one, value) for value in found.down]
    across = [levers.value_of(contract, other, value) for value in found.across]
    columns = tuple(measure_column(contract, measure, f"{label(contract, measure)} at {each}") for each in across)
    rows = tuple((value, *map(numbers.finite, row)) for value, row in zip(down, found.cells.tolist(), strict=True))
    title = f"{label(contract, measure)} by {lower(names[0])} and {lower(names[1])}"
    return Finding(
        "two_way",
        f"{label(contract, measure)}: {lower(names[0])} down, {lower(names[1])} across",
        chart=levers.grid_chart(short, levers.shaded(found.cells, measure in GAINS), down, across, present=present),
        alt=f"{title}. {_marks_words(result, measure, beyond)}",
        shows=words.shows(contract, measure, unit),
        table=Table("book-two-way", title, (Column(name_apart(names[0], columns)), *columns), rows),
        drawn=False,
        note=_marks_words(result, measure, beyond),
    )


def cells_beyond(result: BookResult, measure: Measure, cells: Array) -> list[list[bool]]:
    """Which of the values of a measure lie on the wrong side of its limit, (rows, columns); none where it has none."""
    limit, appetite = words.limit_of(result.contract, result.scenario, measure)
    if appetite is None:
        return [[False] * len(row) for row in cells]
    return [[np.isfinite(cell) and not words.within(appetite, cell, limit) for cell in row] for row in cells.tolist()]


def present_cell(result: BookResult, one: str, other: str, found: LeverTable) -> tuple[int, int]:
    """Row and column of the cell in which both levers stand as they do now; they always are among the values."""
    at = (result.standing(one), result.standing(other))
    row, column = (
        min(range(len(values)), key=lambda k: abs(values[k] - now))
        for values, now in zip((found.down, found.across), at, strict=True)
    )
    return row, column


def _marks_words(result: BookResult, measure: Measure, beyond: Sequence[Sequence[bool]]) -> str:
    """What the marks of a two-way table say, and how many cells are beyond the limit."""
    framed = "Framed: as all stands now."
    limit, appetite = words.limit_of(result.contract, result.scenario, measure)
    if appetite is None:
        return framed
    told = words.limit_text(result.contract, measure, limit, unit_above(result, measure))
    off, cells = sum(map(sum, beyond)), sum(map(len, beyond))
    return f"{framed} ✗ beyond the limit of {appetite.sense} {told}: {off} of {numbers.counted(cells, 'cell')}."


# ---- goal seek and reverse stress ---------------------------------------------------------------------------------


def goal_panel(result: BookResult, choices: Choices, follow: Follow) -> Panel:
    """Goal seek on one lever. What the target may be depends on the measure that is chosen."""
    labels = lever_labels(result)
    lever = Choice("_seek_lever", "Lever", tuple(labels.items()), next(iter(labels)))
    measure = measures_of(result.contract, "_seek_measure", "Measure", result.contract.measures, "loss")
    target = target_choice(result, measure_chosen(result.contract, measure, choices))
    return Panel(
        "goal",
        "Which value of one lever reaches a target?",
        make=partial(goal_sought, result, follow, lever, measure),
        choices=(lever, measure, target),
        across=True,
    )


def target_choice(result: BookResult, measure: Measure) -> Choice:
    """The target of a measure, at first its limit; where there is none, a round number beside what the book shows."""
    factor, unit = words.entered(result.contract, measure)
    limit, _ = words.limit_of(result.contract, result.scenario, measure)
    shown = proposed_goal(getattr(result.base, measure) / factor, at_most=measure not in GAINS)
    start = round(limit / factor, 3) if np.isfinite(limit) else shown
    text = f"{'At least' if measure in GAINS else 'At most'}{f' ({unit})' if unit else ''}"
    return Choice(f"_seek_target_{measure}", text, default=start, low=-WIDEST, high=WIDEST)


def goal_sought(result: BookResult, follow: Follow, lever: Choice, goal: Choice, choices: Choices) -> tuple[Item, ...]:
    """What the lever must be put to, and the offer to put it there."""
    contract, name = result.contract, lever.of(choices)
    measure = measure_chosen(contract, goal, choices)
    factor, _ = words.entered(contract, measure)
    target, at_most = factor * target_choice(result, measure).number(choices), measure not in GAINS
    with follow("Seeking") as progress:
        found = result.goal(name, measure, target=target, at_most=at_most, progress=progress)
    text = f"Set {lower(levers.name_of(contract, name))} to {levers.value_of(contract, name, found.value)}"
    leads = found.reached and not found.reached_before and found.advised
    return (
        Finding(
            "goal",
            text=(
                levers.seek_words(contract, measure, found=found, at_most=at_most, unit=unit_above(result, measure)),
            ),
            suggestion=Suggestion("_set", text, name, found.value) if leads else None,
        ),
    )


def breaking_panel(result: BookResult, follow: Follow) -> Panel:
    """How severe the scenario must get for a limit to break."""
    title = "How severe until a limit breaks?"
    limited = [each.measure for each in result.contract.appetite]
    if result.book is not None:
        told = "Limits are the whole book's. Look at the whole book to ask when one breaks."
        return Panel("breaking", title, lambda _: (Finding("breaking", text=(told,)),))
    if not limited:
        return Panel("breaking", title, lambda _: (Finding("breaking", text=("The contract sets no limit.",)),))
    choice = measures_of(result.contract, "_reverse_measure", "Limit of", limited, limited[0])
    return Panel("breaking", title, partial(limit_broken, result, follow, choice), (choice,))


def limit_broken(result: BookResult, follow: Follow, choice: Choice, choices: Choices) -> tuple[Item, ...]:
    """The severity at which it does; or what to assume first."""
    contract = result.contract
    measure = measure_chosen(contract, choice, choices)
    try:
        with follow("Scaling the scenario") as progress:
            found = result.breaking(measure, progress)
    except WhatIfError as error:
        return (Finding("breaking", text=(str(error),)),)
    unit = unit_above(result, measure)
    sentence = levers.breaking_words(contract, measure, found=found, limit=result.limit(measure), unit=unit)
    return (Finding("breaking", text=(sentence,)),)
