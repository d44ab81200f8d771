"""What is said of one customer: the numbers, why they are what they are, what changed, and what it would take."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from data.contract import Contract, capitalised, lower
from data.errors import WhatIfError
from model.engine.identity import Deployed
from model.finance.scorecard import reaches
from model.report import language, numbers
from model.report.book import levers
from model.report.briefing import (
    FRACTION,
    Briefing,
    Cell,
    Choice,
    Choices,
    Column,
    Direction,
    Finding,
    Half,
    Item,
    Notice,
    Panel,
    Suggestion,
    Table,
    Tile,
)
from model.report.charts import LimitLine
from model.report.customer import charts, words
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.decision import Decision, Explanation
from model.whatif.customer.distribution import score_distribution
from model.whatif.customer.result import CustomerResult, TwoWayTable
from model.whatif.customer.scenario import CUSTOMER, OWN, CustomerScenario, editable
from model.whatif.customer.sensitivity import Goal, seek_probability
from model.whatif.customer.starting_points import starting_points
from model.whatif.goals import goal_step, proposed_goal

MARKS = {"usual": "●", "unusual": "◐", "outside": "○"}
POINT_DIGITS, LOG_ODDS_DIGITS = 2, 4


def goal_choice(result: CustomerResult) -> Choice:
    """The probability that is aimed at: at first a round number below that at the cut-off, or below the record's own
    where that is better already."""
    proposed = proposed_goal(100 * min(result.cutoff_pd, result.before.pd), at_most=True)
    return Choice(
        "_pd_goal",
        "Goal: probability of at most (%)",
        default=min(max(proposed, 0.1), 99.9),
        low=0.1,
        high=99.9,
        step=min(goal_step(proposed), 1.0),
        help="Which value of this input alone brings the probability down to the goal?",
    )


def swept_choice(contract: Contract) -> Choice:
    """Which input is swept."""
    return _input_choice("_swept", "One input at a time", levers.lever_labels(contract, contract.levers))


def rows_choice(contract: Contract) -> Choice:
    """Which input the rows of the table of two are."""
    return _input_choice("_two_rows", "Rows", levers.lever_labels(contract, contract.levers))


def columns_choice(contract: Contract, rows: str) -> Choice:
    """Which input its columns are: any but that of the ``rows``."""
    labels = levers.lever_labels(contract, contract.levers)
    return _input_choice("_two_columns", "Columns", {name: label for name, label in labels.items() if name != rows})


def _input_choice(key: str, label: str, labels: Mapping[str, str]) -> Choice:
    return Choice(key, label, tuple(labels.items()), next(iter(labels)))


def customer_briefing(result: CustomerResult, choices: Choices, *, model: Deployed) -> Briefing:
    """What the customer page says of one record. ``choices``: what is chosen in `rows_choice`, on which what can be
    chosen beside it depends."""
    contract = result.contract
    return Briefing(
        "customer",
        words.customer_verdict(
            contract, result.before, result.now, result.scenario, reach=result.reach, day=result.day
        ),
        tiles=customer_tiles(result, model),
        below=words.ways_out(contract, result.turns, result.now.granted),
        aside=words.no_ways_out(contract, result.turns),
        make_findings=lambda: (*three_states(result), reasons_and_changes(result)),
        panels=customer_panels(result, choices),
        method=words.customer_method(contract, model),
        guaranteed=contract.guaranteed,
        title=_title(contract, result.scenario, words.change_chips(contract, result.scenario).values()),
    )


def _title(contract: Contract, scenario: CustomerScenario, changed: Iterable[str] = ()) -> str:
    """What a window is called that shows somebody, or nobody yet."""
    record = capitalised(contract.book.record)
    number = "" if scenario.customer is None else f" {scenario.customer:,}"
    return language.window_title(contract, f"Own {lower(record)}" if scenario.own else record + number, tuple(changed))


def briefing_to_choose(
    contract: Contract,
    scenario: CustomerScenario,
    *,
    model: Deployed,
    whole: ScoredBook,
    personas: Mapping[str, int],
) -> Briefing:
    """What it says while there is no whole record to ask about: what to do; and, unless one is being typed, how the
    ``whole`` book scores and what the ``personas`` are that one can start from, by their numbers."""
    return Briefing(
        "customer",
        words.invitation_words(contract, scenario),
        tiles=(),
        make_findings=lambda: () if scenario.own else to_choose_from(whole, personas),
        method=words.customer_method(contract, model),
        title=_title(contract, scenario),
    )


def to_choose_from(whole: ScoredBook, personas: Mapping[str, int]) -> tuple[Finding, ...]:
    """How the scores of the book lie beside the cut-off, and the starting points with what they are."""
    contract, found = whole.contract, score_distribution(whole)
    starts = tuple(
        Suggestion(
            f"_begin_{each.name}",
            f"{each.name[:1].upper()}{each.name[1:]}",
            CUSTOMER,
            each.customer,
            result=words.starting_point(contract, each),
            mark="✓" if reaches(np.array(each.score), contract.score.cutoff) else "✗",
        )
        for each in starting_points(whole, personas)
    )
    return (
        Finding(
            "scores",
            words.scores_headline(contract, found),
            chart=charts.scores(found),
            alt=charts.scores_in_words(contract, found),
            shows=f"Number of {contract.book.records} by score, in points",
            half=True,
        ),
        Finding(
            "beginning",
            "Start from one of these",
            starts=starts,
            note=f"✓ {language.decided(contract, True)}, ✗ {language.decided(contract, False)}.",
            half=True,
        ),
    )


def briefing_refused(contract: Contract, error: WhatIfError, *, model: Deployed) -> Briefing:
    """What it says of a record that cannot be: why, and no number."""
    notice = Notice(f"{error} Undo takes the last change back.", "error")
    return Briefing("customer", "", tiles=(), notices=(notice,), method=words.customer_method(contract, model))


# ---- the numbers ------------------------------------------------------------------------------------------------


def customer_tiles(result: CustomerResult, model: Deployed) -> tuple[Tile, ...]:
    """The numbers: now, before, difference; of a book that is told in money the expected loss among them. Of a record
    outside known territory all but the last are greyed."""
    outside = result.now.level == "outside"
    money = (loss_tile(result),) if result.contract.in_money else ()
    tiles = pd_tile(result), score_tile(result), decision_tile(result), *money
    return (*(replace(each, muted=outside) for each in tiles), territory_tile(result, model))


def pd_tile(result: CustomerResult) -> Tile:
    """The probability; a higher one is worse."""
    difference = numbers.Difference.of(result.before.pd, result.now.pd, numbers.SHARE)
    now, before = (numbers.percent(each.pd, difference.unit.digits) for each in (result.now, result.before))
    label = f"PD, {result.contract.book.pd_horizon}"
    if not result.differs:
        return Tile(label, now, notes=(numbers.in_100(result.now.pd),))
    return Tile(label, now, was=before, change=difference.points(), direction=_direction(difference.exact))


def _direction(riskier: float) -> Direction:
    """Which way a change goes that is worse where it is positive."""
    if riskier == 0:
        return ""
    return "worse" if riskier > 0 else "better"


def score_tile(result: CustomerResult) -> Tile:
    """The score in whole points; a higher one is better."""
    now, before = result.now, result.before
    score, old = (f"{numbers.whole_score(each.score)}" for each in (now, before))
    if not result.differs:
        return Tile("Score", score, notes=(f"cut-off {numbers.exactly(now.cutoff)}",))
    change = numbers.score_change(before.score, now.score)
    return Tile("Score", score, was=old, change=change, direction=_direction(before.score - now.score))


def decision_tile(result: CustomerResult) -> Tile:
    """The decision, and how far it is from the other one."""
    now, before = (language.decided(result.contract, each.granted) for each in (result.now, result.before))
    return Tile("Decision", capitalised(now), before if result.differs else "", notes=(words.distance(result.now),))


def loss_tile(result: CustomerResult) -> Tile:
    """The expected loss; a higher one is worse."""
    contract, currency = result.contract, result.contract.book.currency
    loss = numbers.Difference.of(result.before.expected_loss, result.now.expected_loss)
    now, before = (loss.unit.text(each, currency) for each in (loss.now, loss.base))
    return Tile(
        f"Expected loss, {contract.book.pd_horizon}",
        now,
        was=before if result.differs else "",
        change=loss.money(currency) if result.differs else "",
        direction=_direction(loss.exact),
        notes=words.at_stake(contract, result.now, result.differs),
    )


def territory_tile(result: CustomerResult, model: Deployed) -> Tile:
    """How well the model knows records like this one."""
    level = result.now.level
    note = model.known(words.territory(result.now, result.contract))
    return Tile("Known territory", f"{MARKS[level]} {words.TERRITORY[level]}", notes=(note,))


# ---- in the book, under its scenario, with one's own changes ----------------------------------------------------


def three_states(result: CustomerResult) -> tuple[Finding, ...]:
    """The record as the book has it, under the book's scenario and with the changes made here on top, side by side;
    nothing where it stands under none."""
    if result.stressed is None:
        return ()
    states = [("As the book stands", result.before), ("Under the scenario", result.stressed.decision)]
    if result.own_changes:
        states.append(("With your changes on top", result.now))
    decisions = [each for _, each in states]
    columns = (
        Column("Measure"),
        *(Column(name, place="screen") for name, _ in states),
        *(Column(name, place="file") for name, _ in states),
    )
    rows = tuple((label, *texts, *exact) for label, texts, exact in _state_rows(result.contract, decisions))
    return (
        Finding(
            "states",
            words.states_headline(decisions),
            table=Table("customer-states", "In the book, under its scenario, with your changes", columns, rows),
            shape="texts",
            note=words.reach_words(result.contract, result.scenario, result.stressed.reached),
        ),
    )


def _state_rows(contract: Contract, states: list[Decision]) -> list[tuple[str, list[str], list[Cell]]]:
    """Label, texts and exact values of each measure of the ``states``; as shown, in the units of the first two."""
    currency = contract.book.currency
    pds = numbers.Difference.of(states[0].pd, states[-1].pd, numbers.SHARE).unit
    money = numbers.Difference.of(states[0].expected_loss, states[-1].expected_loss).unit
    rows: list[tuple[str, list[str], list[Cell]]] = [
        (
            f"PD, {contract.book.pd_horizon}",
            [numbers.percent(each.pd, pds.digits) for each in states],
            [each.pd for each in states],
        ),
        ("Score", [f"{numbers.whole_score(each.score)}" for each in states], [each.score for each in states]),
        (
            "Decision",
            [language.decided(contract, each.granted).capitalize() for each in states],
            [language.decided(contract, each.granted) for each in states],
        ),
    ]
    if not contract.in_money:
        return rows
    rows.append(
        (
            f"Expected loss, {contract.book.pd_horizon}",
            [money.text(each.expected_loss, currency) for each in states],
            [each.expected_loss for each in states],
        )
    )
    if contract.guaranteed:
        net = [each.net_loss for each in states]
        rows.append(("Net of the guarantee", [money.text(each, currency) for each in net], [*net]))
    eads = [each.ead for each in states]
    rows.append(("Exposure at default", [numbers.money(each, currency) for each in eads], [*eads]))
    return rows


# ---- why, and what changed --------------------------------------------------------------------------------------


def reasons_and_changes(result: CustomerResult) -> Finding:
    """One chart of two halves: why it is what it is, and what the edits moved."""
    moved, why, contract = result.moved, result.reasons, result.contract
    changed = words.changes_headline(moved) if moved.parts else "Move a lever to see what changes"
    right = Half(changed, tuple(charts.waterfall(moved)), f"{contract.book.probability}, %, and what moved it, points")
    if why is None:
        left = Half("Reasons are not available")
        alt = f"{left.headline}. {charts.changes_in_words(contract, moved)}"
        return Finding("why", halves=(left, right), chart=charts.why([], moved), alt=alt, note=_no_reasons(result))
    rows, person = words.reasons(why), contract.book.record
    base, score = numbers.whole_score(why.base_score), numbers.whole_score(result.now.score)
    headline = words.reasons_headline(rows, base, score=score, background=words.compared_with(why), person=person)
    listed = tuple((row.label, numbers.score_points(row.points)) for row in rows)
    left = Half(headline, listed, "Score points, more or less than the average")
    return Finding(
        "why",
        halves=(left, right),
        chart=charts.why(rows, moved),
        alt=charts.why_in_words(contract, rows, moved, base=base, score=score),
        note=words.reasons_source(why),
    )


def _no_reasons(result: CustomerResult) -> str:
    return f"Reasons are not available. {result.no_reasons}"


# ---- panels -----------------------------------------------------------------------------------------------------


def customer_panels(result: CustomerResult, choices: Choices) -> tuple[Panel, ...]:
    """One input swept, in sight; below it more detail, each worked out when it is asked for."""
    contract = result.contract
    person, swept, rows = contract.book.record, swept_choice(contract), rows_choice(contract)
    panels = [
        Panel(
            "_one_input",
            swept.label,
            make=partial(one_input, result),
            choices=(swept, goal_choice(result)),
            folded=False,
            across=True,
        ),
        Panel("_customer_tornado", f"What matters most for this {person}", partial(lever_ranges, result)),
    ]
    if len(rows.options) > 1:
        columns = columns_choice(contract, rows.of(choices))
        make = partial(two_inputs, result, rows, columns)
        panels.append(Panel("_two_way", "Two inputs at a time", make=make, choices=(rows, columns), across=True))
    return (*panels, Panel("_table", "Inputs, score points and log-odds", partial(every_input, result)))


def one_input(result: CustomerResult, choices: Choices) -> tuple[Item, ...]:
    """One input swept over its observed values, and the value that would reach a goal."""
    contract = result.contract
    curve = result.curve(swept_choice(contract).of(choices))
    goal = seek_probability(curve, goal_choice(result).number(choices) / 100)
    answer = words.goal_sentence(goal, curve, _value_shown(result, goal))
    return (
        Finding(
            "sweep",
            halves=(Half(words.curve_sentence(curve, contract)), Half(answer)),
            chart=charts.sweep(curve, _goal_mark(goal)),
            alt=charts.sweep_in_words(contract, curve),
            shows=f"{contract.book.probability}, %, along {lower(curve.label)}; shaded: {language.granting(contract)}",
        ),
    )


def _goal_mark(goal: Goal) -> tuple[float, float, str] | None:
    """Where the goal is marked on a sweep; None where there is nothing to do, or nothing to be advised."""
    if goal.reached_before or not goal.advised:
        return None
    return goal.value, goal.pd, "goal" if goal.reached else "best"


def _value_shown(result: CustomerResult, goal: Goal) -> str:
    """What a lever's value comes to in the input it shows: "share of the limit used now 31 %"."""
    shown = result.relative_input(goal.name, goal.value)
    if shown is None:
        return ""
    each, value = shown
    return f"{lower(each.label)} {words.input_value(each, value)}"


def lever_ranges(result: CustomerResult, _choices: Choices) -> tuple[Item, ...]:
    """How far each lever alone moves the probability."""
    contract, bars = result.contract, result.bars()
    lever_words = levers.of_customer(contract)
    cutoff = LimitLine(100 * result.cutoff_pd, f"cut-off {numbers.exactly(result.now.cutoff)}")
    columns = (
        *(Column("Input"), Column("Adverse value"), Column("Favourable value"), Column("Unit")),
        *(Column(f"PD {each}", FRACTION, 1) for each in ("at the adverse value", "at the favourable value", "now")),
    )
    rows = tuple(
        (
            *(lever_words.label(bar.name), bar.adverse_value, bar.favourable_value, contract.lever(bar.name).unit),
            *(bar.adverse, bar.favourable, bar.base),
        )
        for bar in bars
    )
    return (
        Finding(
            "customer_tornado",
            levers.tornado_headline(contract, "pd", bars=bars, words=lever_words, unit=numbers.SHARE),
            chart=levers.tornado(
                contract, "pd", bars=bars, words=lever_words, unit=numbers.SHARE, height=200, limit=cutoff
            ),
            alt=levers.tornado_in_words(contract, "pd", bars=bars, words=lever_words, unit=numbers.SHARE, limit=cutoff),
            shows=f"{contract.book.probability}, %, with each lever alone at either end of its range",
            table=Table(
                "customer-tornado",
                "The probability with each lever alone at either end of its range",
                columns,
                rows,
            ),
            drawn=False,
            note="The probability with each lever alone at either end of its range, all else as it stands.",
        ),
    )


def two_inputs(result: CustomerResult, rows: Choice, columns: Choice, choices: Choices) -> tuple[Item, ...]:
    """The probability over any two inputs at once."""
    contract = result.contract
    down, across = rows.of(choices), columns.of(choices)
    labels = [dict(choice.options)[name] for choice, name in ((rows, down), (columns, across))]
    table = result.two_way(down, across)
    heads = [
        [words.part_value(editable(contract, name), value) for value in values]
        for name, values in ((down, table.rows), (across, table.columns))
    ]
    first, second = (lower(label) for label in labels)
    return (
        Finding(
            "two_way",
            f"Probability by {first} (down) and {second} (across)",
            chart=levers.grid_chart(_cell_texts(table), levers.shaded(table.pd), *heads),
            alt=f"Probability by {first} and {second}.",
            shows=f"{contract.book.probability}, %; down {first}, across {second}; ✓ {language.granting(contract)}",
            table=Table(
                "customer-two-way",
                f"Probability by {first} and {second}",
                (Column(labels[0]), *(Column(f"PD at {second} {head}", FRACTION, 1) for head in heads[1])),
                tuple((head, *map(_known, row)) for head, row in zip(heads[0], table.pd.tolist(), strict=True)),
            ),
            drawn=False,
            note=(
                f"✓ {language.granting(contract)}. An empty cell breaks a rule of the record. All other inputs as they "
                "stand."
            ),
        ),
    )


def _known(value: float) -> Cell:
    return None if np.isnan(value) else value


def _cell_texts(table: TwoWayTable) -> list[list[str]]:
    """The cells in words."""
    rows = zip(table.pd.tolist(), table.granted.tolist(), strict=True)
    return [[_cell_text(pd, granted) for pd, granted in zip(*row, strict=True)] for row in rows]


def _cell_text(pd: float, granted: bool) -> str:
    """The probability, and whether the score reaches the cut-off; "" where the record cannot be."""
    return "" if np.isnan(pd) else f"{numbers.percent(pd)}{' ✓' * granted}"


def every_input(result: CustomerResult, _choices: Choices) -> tuple[Item, ...]:
    """For analysts: every input with its share, in points and log-odds."""
    why = result.reasons
    if why is None:
        return (Finding("no_reasons", note=_no_reasons(result)),)
    columns = (
        Column("Input"),
        Column("Concept"),
        Column("Value"),
        Column("Score points", digits=POINT_DIGITS, signed=True),
        Column("Log-odds", digits=LOG_ODDS_DIGITS, signed=True),
    )
    key, rows = f"customer-{result.scenario.customer or OWN}-reasons", _reason_rows(why)
    title = "Each input with its value and its share in the score"
    return (Finding("reasons", table=Table(key, title, columns=columns, exact=rows, rounded=_adding_up(rows))),)


ReasonRow = tuple[str, str, str, float, float]


def _reason_rows(why: Explanation) -> tuple[ReasonRow, ...]:
    """One row an input, the base first and the score last: the columns add up."""
    start = words.compared_with(why)
    concepts = {each.name: each.label for each in why.contract.concepts}
    inputs = {each.name: each for each in why.contract.inputs}
    rows: list[ReasonRow] = [(f"{start[:1].upper()}{start[1:]}", "", "", why.base_score, why.base_log_odds)]
    for own in why.inputs:
        each = inputs[own.name]
        value = words.input_value(each, own.value)
        rows.append((each.label, concepts[each.concept], value, own.points, own.log_odds))
    if why.outside is not None:
        rows.append((why.outside.label, "outside the model", "", why.outside.points, why.outside.log_odds))
    if not why.inputs:  # a model elsewhere was asked by concept
        own_concepts = [each for each in why.concepts if each != why.outside]
        rows += [("", each.label, "", each.points, each.log_odds) for each in own_concepts]
    total = sum(row[3] for row in rows), sum(row[4] for row in rows)
    return (*rows, (f"This {why.contract.book.record}", "", "", *total))


def _adding_up(rows: tuple[ReasonRow, ...]) -> tuple[tuple[Cell, ...], ...]:
    """The rows as they are shown: base and parts add up to the total in the last digit."""
    shown = (
        _summing([row[3] for row in rows], POINT_DIGITS),
        _summing([row[4] for row in rows], LOG_ODDS_DIGITS),
    )
    return tuple((*row[:3], *own) for row, own in zip(rows, zip(*shown, strict=True), strict=True))


def _summing(column: list[float], digits: int) -> list[float]:
    """A column of a base, its parts and their total, rounded."""
    base, total = round(column[0], digits), round(column[-1], digits)
    return [base, *numbers.summing(column[1:-1], total - base, digits), total]
