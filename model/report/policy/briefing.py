"""What is said of a policy: its numbers, what every cut-off would do, and the panels behind them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract, Field, capitalised, lower
from data.errors import WhatIfError
from model.monitoring.fairness import Group
from model.report import language, numbers
from model.report.briefing import (
    FRACTION,
    Briefing,
    Choice,
    Choices,
    Column,
    Direction,
    Finding,
    Item,
    Link,
    Notice,
    Panel,
    Table,
    Tile,
)
from model.report.language import assumption_value, records_heading, rising
from model.report.policy import charts, words
from model.report.policy.words import Units, group_columns, group_figures
from model.whatif.book.scenario import overlay_lacks
from model.whatif.policy.result import PolicyResult
from model.whatif.policy.scenario import assumed
from model.whatif.policy.strategy import Goal, Strategy
from model.whatif.policy.swap import Swapped, frontier, swap, swapped

CELLS: Mapping[str, tuple[bool, bool]] = {
    "in": (False, True),
    "out": (True, False),
    "both": (True, True),
    "neither": (False, False),
}
"""The cells of the swap set: approved today, approved by the policy it is compared with."""
LINKS = 10  # customers of a cell that can be looked at
TARGET = Choice(
    "_return",
    "Target return on capital (% a year)",
    default=10.0,
    low=0.0,
    high=100.0,
    help="The rate that would return this much a year on the capital of a band.",
)


@dataclass(frozen=True, eq=False)
class OtherReleases:
    """Releases that a policy can be compared with: their ids, and what finds the book's scores (n,) by one."""

    ids: tuple[str, ...] = ()
    scores: Callable[[str], Array] = field(default=lambda _: np.empty(0))

    @property
    def choice(self) -> Choice:
        """Which policy today's is compared with. The cut-off is not named: a list goes on showing the one it had."""
        options = {"": "this cut-off, this model"}
        options |= {each: f"this cut-off, release {each[:6]}" for each in self.ids}
        return Choice("_other", "Against today's", tuple(options.items()), "")


def curve_choice(contract: Contract) -> Choice:
    """Which measure is drawn along the cut-offs."""
    options = tuple((goal, words.goal_label(contract, goal)) for goal in words.goals(contract))
    return Choice("_curve", "Curve", options, words.main_goal(contract))


def policy_briefing(
    result: PolicyResult, choices: Choices, *, others: OtherReleases | None = None, withheld: str = ""
) -> Briefing:
    """What the policy page says. ``withheld``: why figures by protected attribute are not for whoever looks, if so."""
    contract = result.contract
    units = Units.on(contract, result.policy, result.strategy)
    lacks = overlay_lacks(contract, result.policy.under, result.day)
    return Briefing(
        "policy",
        words.policy_verdict(contract, result.policy, result.strategy, units, result.day),
        tiles=tuple(tile(result, units, goal) for goal in words.goals(contract)),
        below=" ".join(
            filter(
                None,
                (
                    words.under_words(contract, result.policy),
                    words.rejected_words(contract),
                    words.profit_words(contract, result.policy),
                ),
            )
        ),
        notices=(Notice(lacks, "warning"),) if lacks else (),
        make_findings=lambda: (
            curve(result, units, choices),
            profits(result, units) if contract.in_money else bad_rates(result),
        ),
        choices=(curve_choice(contract),),
        panels=policy_panels(result, units, others or OtherReleases(), withheld),
        method=words.policy_method(contract),
        guaranteed=contract.guaranteed,
        main=words.goals(contract).index(words.main_goal(contract)),
        title=language.window_title(contract, "Policy", (f"cut-off {numbers.exactly(result.cutoff)}",)),
    )


# ---- the numbers ------------------------------------------------------------------------------------------------


def tile(result: PolicyResult, units: Units, goal: Goal) -> Tile:
    """One number: what the cut-off chosen does, what today's does, and the difference as shown."""
    contract, chosen, before = result.contract, result.chosen, result.before
    differs = chosen.cutoff != before.cutoff
    nobody = goal == "bad_rate" and not chosen.customers  # of nobody there is no rate
    moved = 0.0 if nobody else units.of[goal].exact
    label, notes = _notes(result, units, goal)
    return Tile(
        label,
        "none" if nobody else units.text(contract, goal, chosen.goal(goal)),
        was=units.text(contract, goal, before.goal(goal)) if differs else "",
        change=units.change(contract, goal) if differs and not nobody else "",
        direction=_direction(goal, moved),
        notes=notes,
    )


def _direction(goal: Goal, moved: float) -> Direction:
    """Whether a change of a measure is for the better of the bank; "" where that is a matter of taste."""
    if goal in ("approval", "volume"):
        return ""
    return "better" if (moved > 0) == (goal == "profit") else "worse"


def _notes(result: PolicyResult, units: Units, goal: Goal) -> tuple[str, tuple[str, ...]]:
    """The label of a number, and what stands under it."""
    contract, chosen = result.contract, result.chosen
    over, label = words.horizon(contract, result.policy, goal), words.goal_label(contract, goal)
    if goal == "approval":
        return label, (f"{chosen.customers:,} of {chosen.of:,}",)
    if goal == "bad_rate":
        nobody = f"none is {language.granting(contract)}"
        note = f"observed {numbers.percent(chosen.observed_rate)}" if chosen.customers else nobody
        return f"{label}, {over}", (note,)
    if goal == "loss" and contract.guaranteed:
        return label, (f"{over}, gross", words.net_words(contract, units, chosen.net_loss))
    return label, (over,)


# ---- the charts -------------------------------------------------------------------------------------------------


def curve(result: PolicyResult, units: Units, choices: Choices) -> Finding:
    """A measure along the cut-offs."""
    contract = result.contract
    chosen = curve_choice(contract).of(choices)
    goal = next(each for each in words.goals(contract) if each == chosen)
    return Finding(
        "strategy",
        words.curve_headline(contract, goal, result.strategy, units),
        chart=charts.strategy(
            contract, result.strategy, goal=goal, today=result.before.cutoff, chosen=result.cutoff, units=units
        ),
        alt=charts.strategy_in_words(contract, result.strategy, goal, units),
        shows=words.curve_shows(contract, goal, result.strategy),
        half=True,
    )


def profits(result: PolicyResult, units: Units) -> Finding:
    """Profit by score band."""
    contract, prices = result.contract, result.prices()
    names = rising(contract.score.bands)
    return Finding(
        "profits",
        words.bands_headline(contract, prices, units),
        chart=charts.profits(contract, names, prices, units),
        alt=charts.profits_in_words(contract, names, prices, units),
        shows=f"Profit by score band, {contract.book.currency}{units.of['profit'].unit.suffix}",
        half=True,
    )


def bad_rates(result: PolicyResult) -> Finding:
    """Expected and observed bad rate by score band, where no money is told."""
    contract, found = result.contract, result.band_rates()
    names = rising(contract.score.bands)
    return Finding(
        "rates",
        words.rates_headline(contract, found),
        chart=charts.rates_chart(names, found),
        alt=charts.rates_in_words(names, found),
        shows="Bad rate by score band, %, as expected; dots: as observed",
        half=True,
    )


# ---- panels -----------------------------------------------------------------------------------------------------


def policy_panels(result: PolicyResult, units: Units, others: OtherReleases, withheld: str) -> tuple[Panel, ...]:
    """Detail, each worked out when it is asked for."""
    contract = result.contract
    other = others.choice
    found = [
        Panel(
            "_swap",
            f"{records_heading(contract)} swapped in and out",
            partial(swap_set, result, units, others),
            (other, cell_choice(contract)),
        ),
        *(_price_panels(result) if contract.in_money else ()),
    ]
    if contract.protected():
        chosen = attribute_choice(contract)
        make = partial(fairness_monitor, result, chosen, withheld)
        found.append(Panel("_fair", "Fairness monitor", make, () if withheld else (chosen,)))
    efficient_ = Panel("_frontier", "Efficient cut-offs", partial(efficient, result, others), reads=(other,))
    return (
        *found,
        *((efficient_,) if contract.in_money else ()),
        Panel("_table_policy", "Every cut-off, as a table", partial(every_cutoff, result)),
    )


def _price_panels(result: PolicyResult) -> tuple[Panel, ...]:
    """What a band of scores must be charged, and what it earns."""
    contract = result.contract
    labels = tuple((name, contract.assumption(name).label) for name in assumed(contract))
    heat = Choice("_heat", "Assumption", labels, labels[0][0])
    title = "What to charge: break-even and target rates by score band"
    return (
        Panel("_prices", title, partial(prices, result), (TARGET,)),
        Panel("_heated", "Profit by score band and assumption", partial(profit_by_assumption, result, heat), (heat,)),
    )


def cell_choice(contract: Contract) -> Choice:
    """Which cell of the swap set is looked at."""
    options = tuple((name, words.cell_label(contract, cell)) for name, cell in CELLS.items())
    return Choice("_cell", f"{records_heading(contract)} that are", options, "in")


def attribute_choice(contract: Contract) -> Choice:
    """Which protected attribute is looked at."""
    options = tuple((each.name, each.label) for each in contract.protected())
    return Choice("_attribute", "Attribute", options, options[0][0])


def swap_set(result: PolicyResult, units: Units, others: OtherReleases, choices: Choices) -> tuple[Item, ...]:
    """The four cells, and the customers of one."""
    contract, other = result.contract, others.choice
    chosen = other.of(choices)
    before = result.approved(result.before.cutoff)
    try:
        after = result.approved(result.cutoff, others.scores(chosen) if chosen else None)
    except WhatIfError as error:
        return (Notice(str(error)),)
    cells = swap(before, after, result.rows, result.book.target)
    name = dict(other.options)[chosen]
    return (
        Finding(
            "swap",
            words.swap_headline(contract, cells, units),
            chart=charts.swap(contract, cells),
            alt=charts.swap_in_words(contract, cells),
            shows=f"Number of {contract.book.records}; down: today, {result.before.cutoff}; across: {name}",
            table=_swap_table(contract, cells),
            note=(
                f"Rows: today's cut-off, {result.before.cutoff}. Columns: {name}. "
                f"{'Loss and profit' if contract.in_money else 'Expected defaults'} are this model's throughout."
            ),
        ),
        members(result, before, after=after, cells=cells, chosen=cell_choice(contract).of(choices)),
    )


def _amount_columns(contract: Contract, *names: str) -> tuple[Column, ...]:
    """Columns of amounts that a book has which is told in money."""
    return tuple(Column(name, contract.book.currency, 0) for name in names if contract.in_money)


def _swap_table(contract: Contract, cells: Sequence[Swapped]) -> Table:
    currency, net = contract.book.currency, contract.guaranteed
    columns = (
        Column("Cell"),
        Column(records_heading(contract), digits=0),
        Column("Bad rate, %", digits=1),
        Column("Observed, %", digits=1),
        *_amount_columns(contract, "Volume"),
        Column(language.lost_label(contract), currency, 0),
        *((Column("Net loss", currency, 0),) if net else ()),
        *_amount_columns(contract, "Profit"),
    )
    rows = tuple(
        (
            words.swap_label(contract, cell),
            cell.customers,
            100 * cell.bad / cell.customers if cell.customers else None,
            100 * cell.observed / cell.customers if cell.customers else None,
            *((cell.volume,) if contract.in_money else ()),
            cell.loss,
            *((cell.net_loss,) if net else ()),
            *((cell.profit,) if contract.in_money else ()),
        )
        for cell in cells
    )
    return Table("policy-swap-set", "The four cells of the swap set", columns, rows)


def members(
    result: PolicyResult,
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
    cells: Sequence[Swapped],
    chosen: str,
) -> Finding:
    """The customers of one cell, the first that is not empty where the one chosen is: those nearest to the cut-off as
    links, all of them as a table to take along."""
    contract, person = result.contract, capitalised(result.contract.book.record)
    filled = {(cell.today, cell.other) for cell in cells if cell.customers}
    cell = next(each for each in (CELLS[chosen], *CELLS.values()) if each in filled)
    own = swapped(before, after, cell)
    own = own[np.argsort(np.abs(result.scores[own] - result.cutoff), kind="stable")]
    ids = result.book.ids[own]
    under = result.policy.under.under_query()
    links = tuple(
        Link(f"{person} {number:,}", "customer", {"customer": str(number)} | under) for number in ids[:LINKS].tolist()
    )
    currency = contract.book.currency
    columns = [Column(person), Column("Score", digits=0), Column("PD", FRACTION, 1)]
    parts = [ids, result.scores[own], result.rows.pd[own]]
    if contract.in_money:
        columns.append(Column("Expected loss", currency, 0))
        parts.append(result.rows.loss[own])
    if contract.guaranteed:
        columns.append(Column("Net loss", currency, 0))
        parts.append(result.rows.net_loss[own])
    if contract.in_money:
        columns.append(Column("Profit", currency, 0))
        parts.append(result.rows.margin[own])
    return Finding(
        "members",
        f"{records_heading(contract)} {words.cell_label(contract, cell)}: {len(ids):,}",
        table=Table(
            f"policy-swapped-{contract.book.records}",
            f"{records_heading(contract)} of one cell",
            tuple(columns),
            tuple(zip(*(each.tolist() for each in parts), strict=True)),
        ),
        drawn=False,
        note=f"{len(links)} of {len(ids):,}, those nearest to the cut-off; all of them in the download.",
        links=links,
    )


def prices(result: PolicyResult, choices: Choices) -> tuple[Item, ...]:
    """Break-evens, the rate for a target return, and RAROC by band."""
    contract, target = result.contract, TARGET.number(choices)
    names, charged = rising(contract.score.bands), result.assumptions["apr"]
    wanted = f"Rate for {numbers.exactly(target, 1)} %"
    shown = (
        "Scores",
        records_heading(contract),
        "PD",
        "Break-even PD",
        "Rate charged",
        "Break-even rate",
        wanted,
        "RAROC",
    )
    amounts = ("Exposure", "Expected loss", "Profit", "Capital")
    shares = ("Break-even PD", "Break-even rate", wanted, "RAROC")
    columns = (
        Column(shown[0], place="screen"),
        Column(shown[1], digits=0, place="screen"),
        *(Column(name, place="screen") for name in shown[2:]),
        *(Column(name, place="file") for name in shown[:2]),
        Column("PD", FRACTION, 1, place="file"),
        *(Column(name, contract.book.currency, 0, place="file") for name in amounts),
        *(Column(name, FRACTION, 1, place="file") for name in shares),
    )
    rows = tuple(
        (
            name,
            each.customers,
            words.rate(each.pd),
            words.rate(each.break_even_pd),
            numbers.percent(charged),
            words.rate(each.break_even_rate),
            words.rate(each.target_rate),
            words.rate(each.raroc),
            name,
            each.customers,
            each.pd,
            each.exposure,
            each.loss,
            each.profit,
            each.capital,
            each.break_even_pd,
            each.break_even_rate,
            each.target_rate,
            each.raroc,
        )
        for name, each in zip(names, result.prices(target / 100), strict=True)
    )
    note = (
        f"PD over {contract.book.pd_horizon}, rates a year, {words.horizon(contract, result.policy, 'profit')}. "
        "RAROC: margin after loss a year over IRB capital, nothing earned on the capital itself."
    )
    return (Finding("prices", table=Table("policy-prices", "Prices by score band", columns, rows), note=note),)


def profit_by_assumption(result: PolicyResult, choice: Choice, choices: Choices) -> tuple[Item, ...]:
    """Profit by band along one assumption."""
    contract = result.contract
    each, bands = contract.assumption(choice.of(choices)), rising(contract.score.bands)
    grid = result.profit_grid(each.name)
    heads = [assumption_value(each.unit, float(value)) for value in grid.values]
    unit = numbers.Unit.of(float(np.abs(grid.profit).max()))
    table = Table(
        "policy-profit-grid",
        f"Profit by score band and {lower(each.label)}",
        (Column("Scores"), *(Column(f"Profit at {head}", contract.book.currency, 0) for head in heads)),
        tuple((name, *row) for name, row in zip(bands, grid.profit.tolist(), strict=True)),
    )
    label = lower(each.label)
    return (
        Finding(
            "heat",
            f"Profit by score band as {label} changes, {contract.book.currency}{unit.suffix}",
            chart=charts.heat(grid.profit, bands, heads, contract),
            alt=f"Profit by score band for {label} of {', '.join(heads)}.",
            shows=f"Profit, {contract.book.currency}{unit.suffix}; down: score band; across: {label}",
            table=table,
            drawn=False,
        ),
    )


def fairness_monitor(result: PolicyResult, choice: Choice, withheld: str, choices: Choices) -> tuple[Item, ...]:
    """Adverse impact and equal opportunity by protected attribute, today and under the policy."""
    if withheld:
        return (Finding("withheld", note=withheld),)
    contract = result.contract
    name = choice.of(choices)
    own = next(each for each in contract.protected() if each.name == name)
    cutoffs = (result.before.cutoff, result.cutoff)
    before, after = (result.groups(own, cutoff) for cutoff in cutoffs)
    least, label = contract.gates.impact_at_least, lower(own.label)
    return (
        Finding(
            "fairness",
            words.fairness_headline(own, before, after, least),
            chart=charts.fairness(before, after, least),
            alt=charts.fairness_in_words(after),
            half=True,
            shows=f"Approval rate over the highest group's, by {label}: ring today, dot the cut-off chosen",
        ),
        Finding(
            "ratios",
            chart=charts.ratios(result.strategy.cutoffs, result.lowest_ratios(own), *cutoffs, least),
            alt=f"Lowest approval ratio by {label}, along the cut-offs.",
            half=True,
            shows=f"Lowest approval ratio by {label}, along the cut-offs",
        ),
        Finding(
            "fairness_table",
            table=_fairness_table(contract, own, cutoffs=cutoffs, before=before, after=after),
            note=(
                "Monitoring metrics, not legal findings. Ring: today; dot: the cut-off chosen, with its 95 % interval; "
                f"dotted: {least:.2f}. Right: the lowest ratio among groups of 30 and more, by cut-off."
            ),
        ),
    )


def _fairness_table(
    contract: Contract, own: Field, cutoffs: tuple[int, int], before: Sequence[Group], after: Sequence[Group]
) -> Table:
    """Rates and ratios as they are shown, today's and the policy's side by side; all figures of both in the file."""
    word = language.decided(contract, True).capitalize()
    shown = (f"{word} today", word, "Ratio today", "Ratio", "Equal-opportunity difference")
    columns = [
        Column("Group"),
        Column(records_heading(contract), digits=0),
        *(Column(each, place="screen") for each in shown),
    ]
    columns += [
        column
        for cutoff, when in zip(cutoffs, (" (today)", ""), strict=True)
        for column in group_columns(contract, f", cut-off {cutoff}{when}")
    ]
    rows = tuple(
        (
            now.name,
            now.n,
            numbers.percent(was.rate),
            numbers.percent(now.rate),
            words.interval(was.impact, was.impact_low, was.impact_high),
            words.interval(now.impact, now.impact_low, now.impact_high),
            words.interval(now.opportunity, now.opportunity_low, now.opportunity_high, points=True),
            *group_figures(was),
            *group_figures(now),
        )
        for was, now in zip(before, after, strict=True)
    )
    return Table(f"policy-fairness-{own.name}", "Rates by group, before and after", tuple(columns), rows)


def efficient(result: PolicyResult, others: OtherReleases, choices: Choices) -> tuple[Item, ...]:
    """The efficient frontier of loss and profit, over the cut-offs of this model and of the release compared with."""
    strategies = {"this model": result.strategy}
    other = others.choice.of(choices)
    if other:
        try:
            scores = others.scores(other)
        except WhatIfError as error:
            return (Notice(str(error)),)
        strategies[f"release {other[:6]}"] = Strategy.of(scores, result.rows, result.book.target)
    loss = np.concatenate([each.loss for each in strategies.values()])
    profit = np.concatenate([each.profit for each in strategies.values()])
    kept = frontier(loss, profit)
    names = [name for name, each in strategies.items() for _ in each.cutoffs]
    rows = [row for each in strategies.values() for row in _rows(each, result.contract)]
    own = [(names[k], rows[k]) for k in kept.tolist()]
    told = []
    for name in strategies:
        cutoffs = [int(str(row[0])) for model, row in own if model == name]
        if cutoffs:
            told.append(f"{numbers.counted(len(cutoffs), 'cut-off')} of {name}, {words.span(cutoffs)}")
    found = "; ".join(told)
    return (
        Finding(
            "frontier",
            f"Efficient cut-offs, which no other beats on both loss and profit: {found}",
            chart=charts.frontier(list(strategies.values()), kept, result.before.cutoff, result.cutoff),
            alt=f"Profit against expected loss by cut-off. {found}.",
            shows=f"Profit, {result.contract.book.currency}, against expected loss, {result.contract.book.currency}",
            table=Table(
                "policy-frontier",
                "Efficient cut-offs",
                (*_columns(result.contract), Column("Model")),
                tuple((*row, name) for name, row in own),
            ),
            drawn=False,
        ),
    )


def every_cutoff(result: PolicyResult, _choices: Choices) -> tuple[Item, ...]:
    """Every cut-off with its measures."""
    rows = tuple(_rows(result.strategy, result.contract))
    table = Table("policy-cut-offs", "Every cut-off with its measures", _columns(result.contract), rows)
    return (Finding("cut_offs", table=table),)


def _columns(contract: Contract) -> tuple[Column, ...]:
    currency = contract.book.currency
    return (
        Column("Cut-off", digits=0),
        Column(records_heading(contract), digits=0),
        Column("Approval, %", digits=1),
        Column("Bad rate, %", digits=1),
        Column(language.lost_label(contract), currency, 0),
        *((Column("Net loss", currency, 0),) if contract.guaranteed else ()),
        *_amount_columns(contract, "Profit", "Volume"),
    )


def _rows(strategy: Strategy, contract: Contract) -> list[tuple[str | int | float | None, ...]]:
    curves = strategy.curves
    parts = [strategy.cutoffs, strategy.customers, 100 * curves["approval"], 100 * curves["bad_rate"], strategy.loss]
    if contract.guaranteed:
        parts.append(strategy.net_loss)
    if contract.in_money:
        parts += [strategy.profit, strategy.volume]
    return list(zip(*(each.tolist() for each in parts), strict=True))
