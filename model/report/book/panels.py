"""Detail of the book, one click below its numbers: what moved it step by step, through which inputs, who changed score
band, the segments, whose loss moved most, several scenarios weighted, every number."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from data.contract import Contract, Measure, Segment, capitalised, lower
from data.errors import WhatIfError
from model.engine.parallel import Follow
from model.report import language, numbers
from model.report.book import charts, words
from model.report.briefing import (
    FRACTION,
    READ_AS,
    Cell,
    Choice,
    Choices,
    Column,
    Finding,
    Item,
    Link,
    Notice,
    Panel,
    Suggestion,
    Table,
    name_apart,
)
from model.report.language import records_heading
from model.whatif.book.result import BookResult, WeightedLosses
from model.whatif.book.segments import Cell as SegmentCell
from model.whatif.book.segments import Mover
from model.whatif.book.totals import Totals
from model.whatif.book.view import WITHIN

WEIGHTED = "_weighted"  # the panel whose weights are a part of the scenario
LOOK_IN = "A row that is chosen (with the keyboard: arrow keys, then Shift and Space) is looked into, as on the map."
INTERVAL = "95 % interval, ±"
BEFORE, AFTER = "As the book stands", "Under the scenario"
NOISE_DIGITS = 6  # of an amount: what is below a millionth of the currency is summing in another order


# ---- what moved it, exactly ---------------------------------------------------------------------------------------


def every_step(result: BookResult, follow: Follow, _choices: Choices) -> tuple[Item, ...]:
    """The bridge's bars, exactly, for every measure that is bridged; as shown, each column still adds up."""
    contract = result.contract
    measures = words.bridged(contract)
    with follow("Working out every step") as progress:
        bridges = [result.bridge(name, progress) for name in measures]
    players = [step.player for step in bridges[0].steps]
    exact, rounded = [], []
    for found in bridges:
        amount = {step.player: step.amount for step in found.steps}
        amounts = [amount[each] for each in players]
        base, now = round(found.base), round(found.scenario)
        exact.append((found.base, *amounts, found.scenario))
        rounded.append((base, *numbers.summing(amounts, now - base), now))
    parts = (BEFORE, *(words.player_label(contract, result.scenario, each) for each in players), AFTER)
    columns = (Column("Part"), *(Column(words.label(contract, name), contract.book.currency, 0) for name in measures))
    rows, shown = (tuple(zip(parts, *each, strict=True)) for each in (exact, rounded))
    return (
        Finding(
            "steps", table=Table("book-bridge", "What each lever moved", columns=columns, exact=rows, rounded=shown)
        ),
    )


# ---- what the model reacted to ------------------------------------------------------------------------------------


def reaction_items(result: BookResult, _choices: Choices) -> tuple[Item, ...]:
    """What the model reacted to; where its tables are not known, that they are not."""
    return (model_reactions(result),)


def model_reactions(result: BookResult) -> Item:
    """Weighted changes of SHAP values, by concept; the inputs as a table."""
    contract, currency = result.contract, result.contract.book.currency
    if result.whole.tables is None:
        return Notice("Not available: only the model's answers are known here, not how its inputs enter them.")
    amounts = result.input_reactions()
    change = f"Change of {lower(language.lost_label(contract))}"
    labels = [each.label for each in contract.concepts]
    shown = words.reaction(result.base.loss, labels, result.concept_reactions(amounts))
    parts = "; ".join(f"{name} {shown.unit.signed(amount, currency) or 'nothing'}" for name, amount in shown.bars)
    columns = (Column("Input"), Column(change, currency, 0))
    inputs = [each.label for each in contract.inputs]
    rows = tuple(zip(inputs, amounts.round(NOISE_DIGITS).tolist(), strict=True))
    return Finding(
        "reactions",
        words.reaction_headline(shown, bool(result.layers[1].shocks), currency),
        chart=charts.reactions(shown.bars, shown.unit),
        alt=f"{change} through the model's inputs: {parts}.",
        shows=language.counted_in(change, contract, shown.unit),
        table=Table("book-reactions", "Through which inputs the model reacted", columns, rows),
        drawn=False,
        note=(
            f"Changes of SHAP values weighted to {language.counted_in(language.lost(contract), contract, shown.unit)}. "
            "Part A of the scenario only: the economy and the overlay act outside the model. Which lever moved it is "
            "the bridge's answer, not this one's."
        ),
    )


# ---- score bands --------------------------------------------------------------------------------------------------


def migration_items(result: BookResult, _choices: Choices) -> tuple[Item, ...]:
    """How many customers go from which score band to which."""
    return (band_changes(result),)


def band_changes(result: BookResult) -> Finding:
    """The same for an audience, too."""
    contract, person = result.contract, result.contract.book.record
    names = language.rising(contract.score.bands)
    counts = result.migration()
    moves = int(np.tril(counts, -1).sum()), int(np.trace(counts)), int(np.triu(counts, 1).sum())
    columns = (Column(BEFORE), *(Column(name, digits=0) for name in names), Column("All", digits=0))
    rows = tuple((name, *row, sum(row)) for name, row in zip(names, counts.tolist(), strict=True))
    return Finding(
        "migration",
        words.migration_headline(person, moves),
        chart=charts.migration(counts, names),
        alt=charts.migration_in_words(person, counts, names),
        shows=f"Number of {contract.book.records} by score band, in points; shaded by the share of the row",
        table=Table(
            "book-migration", f"{records_heading(contract)} by score band, before and under the scenario", columns, rows
        ),
        drawn=False,
    )


# ---- segments -----------------------------------------------------------------------------------------------------


def segment_panels(result: BookResult) -> tuple[Panel, ...]:
    """The book by segment, where the contract knows any."""
    options = tuple((each.name, each.label) for each in result.contract.segments)
    if not options:
        return ()
    choice = Choice("_cells_by", "Cut by", options=options, default=options[0][0], abreast=True)
    make = partial(segment_cells, result, choice)
    return (Panel("_cells", "Segments and concentration, as a table", make, (choice,)),)


def segment_cells(result: BookResult, choice: Choice, choices: Choices) -> tuple[Item, ...]:
    """One table for each segment, with what it adds to the change; how concentrated the exposure is."""
    contract = result.contract
    segment = contract.segment(choice.of(choices))
    cells = result.cells(segment)
    names = [(f"{segment.name}:{cell.path[0]}", language.band_label(contract, segment, cell.path[0])) for cell in cells]
    concentration = words.concentration_words(contract, segment, result.concentration(cells))
    return (
        Finding(
            "cells",
            words.change_headline(contract, segment, cells),
            table=segment_table(result, segment, cells),
            note=f"{LOOK_IN} {concentration}",
            picks=tuple(Suggestion(band, label, WITHIN, band) for band, label in names),
        ),
    )


def segment_table(result: BookResult, segment: Segment, cells: Sequence[SegmentCell]) -> Table:
    """The segments and, last, the book. As shown, amounts add up to the book's and each change is that of the losses
    beside it."""
    contract = result.contract
    last = "All of these" if result.band else "The book"
    names = [*(language.band_label(contract, segment, cell.path[0]) for cell in cells), last]
    pairs = [*((cell.base, cell.now) for cell in cells), (result.base, result.now)]
    columns = _segment_columns(contract)
    parts = _segment_amounts(contract, pairs)
    amounts = {each.name for each in columns if each.unit != "%"} - {records_heading(contract)}
    shown = {name: _adding_up(values) if name in amounts else values for name, values in parts.items()}
    loss = _of_loss(contract)
    shown[loss.change] = _differences(shown[loss.before], shown[loss.now])
    rows, rounded = (
        tuple(zip(names, *(each[column.name] for column in columns), strict=True)) for each in (parts, shown)
    )
    head = Column(name_apart(segment.label, columns))
    key, title = f"book-segments-{segment.name}", f"The book by {lower(segment.label)}"
    return Table(key, title, columns=(head, *columns), exact=rows, rounded=rounded)


def where_table(result: BookResult, segment: Segment) -> Table:
    """Where exposure and loss sit, for paper: amounts in the units of the numbers above, so that they add up to those;
    in the file the exact ones."""
    contract, cells = result.contract, result.cells(segment)
    exact = segment_table(result, segment, cells)
    exposure, loss = (words.difference(name, result.base, result.now).unit for name in ("exposure", "loss"))
    pairs = [*((cell.base, cell.now) for cell in cells), (result.base, result.now)]
    before, after = (_in_unit([pair[k].loss for pair in pairs], loss) for k in (0, 1))
    changes = _differences(before, after)
    owed = [numbers.plain(each, exposure.digits) for each in _in_unit([now.exposure for _, now in pairs], exposure)]
    texts = (
        [str(row[0]) for row in exact.exact],
        [f"{now.customers:,}" for _, now in pairs],
        *((owed,) if contract.in_money else ()),
        [numbers.percent(was.pd) for was, _ in pairs],
        [numbers.percent(now.pd) for _, now in pairs],
        [numbers.plain(each, loss.digits) for each in before],
        [numbers.plain(each, loss.digits) for each in after],
        [numbers.signed(numbers.plain(abs(each), loss.digits), round(each, loss.digits)) for each in changes],
    )
    named = _of_loss(contract)
    amounts = {"Exposure": exposure, named.before: loss, named.now: loss, named.change: loss}
    heads = [replace(each, digits=None, place="screen") for each in exact.columns[: len(texts)]]
    currency = contract.book.currency
    shown = [
        replace(each, unit=f"{currency}{amounts[each.name].suffix}" if each.name in amounts else "") for each in heads
    ]
    columns = (*shown, *(replace(each, place="file") for each in exact.columns))
    rows = tuple((*own, *row) for own, row in zip(zip(*texts, strict=True), exact.exact, strict=True))
    return Table(f"book-where-{segment.name}", exact.title, columns, rows)


def _in_unit(amounts: Sequence[float], unit: numbers.Unit) -> list[float]:
    """Amounts in a unit as they are shown, the last being the sum of the others."""
    *parts, total = amounts
    shown = unit.rounded(total)
    return [*numbers.summing([each / unit.size for each in parts], shown, unit.digits), shown]


def _segment_columns(contract: Contract) -> tuple[Column, ...]:
    currency = contract.book.currency
    net = ("Net loss before", "Net loss now") if contract.guaranteed else ()
    loss = _of_loss(contract)
    return (
        Column(records_heading(contract), digits=0),
        *((Column("Exposure", currency, 0),) if contract.in_money else ()),
        Column("PD before", "%", 1),
        Column("PD now", "%", 1),
        *(Column(name, currency, 0) for name in (loss.before, loss.now, loss.change, *net)),
    )


@dataclass(frozen=True)
class _OfLoss:
    """What the columns of a loss are called."""

    before: str
    now: str
    change: str


def _of_loss(contract: Contract) -> _OfLoss:
    if contract.in_money:
        return _OfLoss("Loss before", "Loss now", "Change of loss")
    return _OfLoss("Defaults before", "Defaults now", "Change of defaults")


def _segment_amounts(contract: Contract, pairs: Sequence[tuple[Totals, Totals]]) -> dict[str, list[float]]:
    """Each column's values, by name: ``pairs`` are a segment's totals before and now."""
    before, after = zip(*pairs, strict=True)
    losses, loss = ([each.loss for each in before], [each.loss for each in after]), _of_loss(contract)
    return {
        records_heading(contract): [each.customers for each in after],
        "Exposure": [each.exposure for each in after],
        "PD before": [100 * each.pd for each in before],
        "PD now": [100 * each.pd for each in after],
        loss.before: losses[0],
        loss.now: losses[1],
        loss.change: _differences(*losses),
        "Net loss before": [each.net_loss for each in before],
        "Net loss now": [each.net_loss for each in after],
    }


def _differences(before: Sequence[float], after: Sequence[float]) -> list[float]:
    return [now - was for was, now in zip(before, after, strict=True)]


def _adding_up(values: Sequence[float]) -> list[float]:
    """In whole units of the currency, the last being the sum of the others."""
    *parts, total = values
    return [*numbers.summing(parts, total), round(total)]


# ---- customers ----------------------------------------------------------------------------------------------------


def movers_panel(result: BookResult) -> Panel:
    """Those whose expected loss changed most, of the book or of one band; each leads to the customer's page."""
    options = {"": "all of these" if result.band else "the whole book"} | words.band_names(result.contract)
    choice = Choice("_movers_band", "Among", tuple(options.items()), "")
    title = _movers_title(result.contract)
    return Panel("_movers", title, partial(largest_movers, result, choice), (choice,))


def _movers_title(contract: Contract) -> str:
    return f"{records_heading(contract)} whose {'loss' if contract.in_money else 'PD'} moved most"


def largest_movers(result: BookResult, choice: Choice, choices: Choices) -> tuple[Item, ...]:
    """The ten of them, the largest change first."""
    contract, person = result.contract, result.contract.book.record
    found = result.movers(choice.of(choices))
    if not found:
        return (Finding("movers", text=(f"No {person}'s {'expected loss' if contract.in_money else 'PD'} changed.",)),)
    gross = " Losses before the guarantee; the download has them net of it as well." if contract.guaranteed else ""
    note = f"A link opens the {person} under this scenario.{gross}"
    under = result.scenario.under_query()
    links = tuple(
        Link(f"{capitalised(person)} {each.customer:,}", "customer", {"customer": str(each.customer)} | under)
        for each in found
    )
    table = movers_table(contract, found)
    widths = (8, *(5 for each in table.columns[1:] if each.place == "screen"))
    return (Finding("movers", table=table, note=note, links=links, shape="links", widths=widths),)


def movers_table(contract: Contract, found: Sequence[Mover]) -> Table:
    """Before and now in words; the figures behind them in the file."""
    person, currency = capitalised(contract.book.record), contract.book.currency
    exact = ("Exposure now", "Loss before", "Loss now", "Change of loss") if contract.in_money else ()
    net = ("Net loss before", "Net loss now") if contract.guaranteed else ()
    texts = ("PD before", "PD now", *(("Loss before", "Loss now") if contract.in_money else ()), "Change")
    columns = (
        Column(person),
        *(Column(name, place="screen") for name in texts),
        *(Column(name, "%", place="file") for name in ("PD before", "PD now")),
        *(Column(name, currency, place="file") for name in (*exact, *net)),
    )
    rows = tuple(_mover_row(contract, each) for each in found)
    return Table("book-movers", _movers_title(contract), columns, rows)


def _mover_row(contract: Contract, each: Mover) -> tuple[Cell, ...]:
    pds = words.measure_difference("pd", each.pd_base, each.pd)
    losses = words.measure_difference("loss", each.loss_base, each.loss)
    texts = [numbers.percent(value, pds.unit.digits) for value in (pds.base, pds.now)]
    figures = [100 * each.pd_base, 100 * each.pd]
    if not contract.in_money:
        return (each.customer, *texts, pds.points(), *figures)
    texts += [losses.unit.text(value, contract.book.currency) for value in (losses.base, losses.now)]
    texts += [losses.money(contract.book.currency)]
    figures += [each.ead, each.loss_base, each.loss, each.loss - each.loss_base]
    if contract.guaranteed:
        figures += [each.net_loss_base, each.net_loss]
    return (each.customer, *texts, *figures)


# ---- weighted scenarios -------------------------------------------------------------------------------------------


def weighted_panel(result: BookResult, follow: Follow) -> Panel:
    """Losses of several scenarios, weighted by their probability: the losses, never the inputs."""
    records = result.contract.book.records
    what = "The losses" if result.contract.in_money else "Expected defaults"
    lead = (
        f"A regulator's at its own peak, in the severity given; {records}, overlay and assumptions as they are set "
        "among the levers. The scenario as it stands counts with its own economy. "
        f"{what} are weighted, never the inputs. Saved scenarios can be weighted under Compare."
    )
    make = partial(weighted_scenarios, result, follow)
    return Panel(WEIGHTED, "Several scenarios, weighted by probability", make, lead=lead)


def weighted_scenarios(result: BookResult, follow: Follow, _choices: Choices) -> tuple[Item, ...]:
    """By the weights of the scenario."""
    if not result.weighs:
        return (Finding("weighted", text=("Give at least one scenario a weight.",)),)
    try:
        with follow("Scoring the book under each scenario") as progress:
            found = result.weighted_losses(progress)
    except WhatIfError as error:
        return (Notice(str(error), "warning"),)
    titles = words.scenario_titles()
    names = [titles[name] for name in found.names]
    headline = words.weighted_words(
        result.contract,
        result.scenario,
        weights=list(zip(names, found.weights, found.losses, strict=True)),
        base=result.base.loss,
        loss=found.total,
    )
    return (Finding("weighted", headline, table=_weighted_table(result.contract, found), drawn=False),)


def _weighted_table(contract: Contract, found: WeightedLosses) -> Table:
    titles = words.scenario_titles()
    columns = (
        Column("Scenario"),
        Column("Weight", FRACTION, 2),
        Column(language.lost_label(contract), contract.book.currency, 0),
    )
    names = [*(titles[name] for name in found.names), "Weighted"]
    weights, losses = (*found.weights, sum(found.weights)), (*found.losses, found.total)
    rows = tuple(zip(names, weights, losses, strict=True))
    return Table("book-weighted", "Scenarios weighted by probability", columns, rows)


# ---- every number -------------------------------------------------------------------------------------------------


def every_number(result: BookResult, _choices: Choices) -> tuple[Item, ...]:
    """Base, scenario, difference, horizon and limit of every measure."""
    values = (BEFORE, "Scenario", "Difference", "Limit", *([INTERVAL] if result.errors else []))
    columns = (
        Column("Measure"),
        Column("Horizon"),
        Column("Unit", place="file"),
        *(Column(name, place="screen") for name in values),
        *(Column(name, place="file") for name in values),
        Column("Verdict"),
    )
    found = [_measure_row(result, name) for name in result.contract.measures]
    if result.contract.in_money:  # else the exposure is the number of records, and the PD their average
        found.insert(2, _average_row(result))
        found.insert(0, _count_row(result))
    n = len(values)
    rows = tuple((*each.head, *each.shown[:n], *each.exact[:n], each.verdict) for each in found)
    table = Table("book-numbers", "Every measure of the book", columns, rows)
    return (Finding("numbers", table=table),)


@dataclass(frozen=True)
class _MeasureRow:
    """One number: what it is, over what time and in which unit; base, scenario, difference, limit and interval as they
    are ``shown`` and ``exact``; whether the limit holds."""

    head: tuple[Cell, Cell, Cell]
    shown: tuple[Cell, ...]
    exact: tuple[Cell, ...]
    verdict: str = ""


def _measure_row(result: BookResult, name: Measure) -> _MeasureRow:
    contract, scenario = result.contract, result.scenario
    base, errors = result.base, result.errors
    text = words.measure_text(contract, scenario, name=name, base=base, now=result.now, errors=errors)
    was, now, unit = result.base.measure(name), result.now.measure(name), words.unit_name(contract, name)
    limit, _ = words.limit_of(contract, scenario, name)
    error = errors.get(name, np.nan)
    fits = words.difference(name, base, result.now, errors).unit
    interval = words.error_words(contract, name, error, fits) if np.isfinite(error) else "none"
    return _MeasureRow(
        (text.label, words.horizon(contract, scenario, name), READ_AS.get(unit, unit)),
        (text.base, text.now, text.change or "none", text.limit or "none", interval),
        tuple(_read(unit, each) for each in (was, now, now - was, limit, error)),
        _verdict(text),
    )


def _read(unit: str, value: float) -> Cell:
    """A number in the unit in which it is read."""
    return Column("", unit).read(numbers.finite(value))


def _verdict(text: words.MeasureText) -> str:
    """Whether a limit holds; "" where there is none."""
    if text.holds is None:
        return ""
    return "holds" if text.holds else text.broken


def _average_row(result: BookResult) -> _MeasureRow:
    """The PD of the average customer, which has no limit."""
    book, was, now = result.contract.book, result.base.pd_simple, result.now.pd_simple
    shown = words.measure_difference("pd", was, now)
    texts = [numbers.percent(each, shown.unit.digits) for each in (shown.base, shown.now)]
    return _MeasureRow(
        (f"PD of the average {book.record}", book.pd_horizon, READ_AS[FRACTION]),
        (*texts, shown.points() or "none", "none", "none"),
        (*(_read(FRACTION, each) for each in (was, now, now - was)), None, None),
    )


def _count_row(result: BookResult) -> _MeasureRow:
    was, now = result.base.customers, result.now.customers
    shown = (f"{was:,}", f"{now:,}", "none", "none", "none")
    return _MeasureRow((records_heading(result.contract), "", ""), shown, (was, now, 0, None, None))
