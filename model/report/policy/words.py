"""Sentences and numbers of the policy page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from data.contract import Contract, Field, capitalised
from model.monitoring.fairness import SMALLEST, Group
from model.report import language, numbers
from model.report.book import words as book_words
from model.report.briefing import DISTANCE, Cell, Column
from model.report.language import decided, granting, guarantee, outcome_word, rising, those_that
from model.report.numbers import NBSP, Difference
from model.whatif.policy.pricing import Priced
from model.whatif.policy.result import BandRate
from model.whatif.policy.scenario import PolicyScenario, today
from model.whatif.policy.strategy import AT_MOST, GOALS, Goal, Outcome, PolicyGoal, Strategy
from model.whatif.policy.swap import Swapped

LABELS: dict[Goal, str] = {
    "approval": "Approval rate",
    "bad_rate": "Bad rate",
    "loss": "Expected loss",
    "profit": "Profit",
    "volume": "Volume",
}


SHARES: frozenset[Goal] = frozenset({"approval", "bad_rate"})


COUNTED_GOALS: tuple[Goal, ...] = ("approval", "bad_rate", "loss")  # of a book that is not told in money


def goals(contract: Contract) -> tuple[Goal, ...]:
    """The measures of a policy, in their order."""
    return GOALS if contract.in_money else COUNTED_GOALS


def entered_goal(contract: Contract, goal: Goal) -> tuple[str, float]:
    """The unit in which a goal is entered, and what one of it is: shares in percent, amounts in millions, numbers of
    records as they are."""
    if goal in SHARES:
        return "%", 0.01
    return (f"{contract.book.currency} m", 1e6) if contract.in_money else ("", 1.0)


def main_goal(contract: Contract) -> Goal:
    """The measure that a policy is told by first."""
    return "profit" if contract.in_money else "bad_rate"


def goal_label(contract: Contract, goal: Goal) -> str:
    """A measure of a policy in words."""
    return language.lost_label(contract) if goal == "loss" else LABELS[goal]


@dataclass(frozen=True)
class Units:
    """Each measure of a policy from today's cut-off to the one chosen: its unit, the same all over the page."""

    of: Mapping[Goal, Difference]

    @classmethod
    def on(cls, contract: Contract, policy: PolicyScenario, strategy: Strategy) -> "Units":
        """For what a policy's page shows."""
        chosen, before = (strategy.at(each) for each in (policy.at(contract), today(contract)))
        units = {goal: numbers.SHARE if goal in SHARES else None for goal in GOALS}
        return cls({goal: Difference.of(before.goal(goal), chosen.goal(goal), unit) for goal, unit in units.items()})

    def text(self, contract: Contract, goal: Goal, value: float) -> str:
        """A measure of a policy in words."""
        unit = self.of[goal].unit
        return numbers.percent(value, unit.digits) if goal in SHARES else unit.text(value, contract.book.currency)

    def as_set(self, contract: Contract, goal: Goal, value: float) -> str:
        """An amount that was asked for, as it was."""
        return self.of[goal].unit.as_set(value, contract.book.currency)

    def change(self, contract: Contract, goal: Goal) -> str:
        """From today's cut-off to the one chosen, signed; "" for no change."""
        difference = self.of[goal]
        return difference.points() if goal in SHARES else difference.money(contract.book.currency)


def horizon(contract: Contract, policy: PolicyScenario, goal: Goal) -> str:
    """Over what time a measure runs."""
    over = ""
    if contract.in_money:
        months = policy.stress(contract).number(contract, "margin_months")
        over = f"over {numbers.counted_exactly(months, 'month')}"
    return {
        "approval": "today",
        "bad_rate": contract.book.pd_horizon,
        "loss": contract.book.pd_horizon,
        "profit": over,
        "volume": "exposure at default",
    }[goal]


def net_words(contract: Contract, units: Units, net_loss: float) -> str:
    """What of the expected loss is the bank's own; "" where nobody else bears any."""
    return f"net of the guarantee {units.text(contract, 'loss', net_loss)}" if contract.guaranteed else ""


def rejected_words(contract: Contract) -> str:
    """Who is in the book, in the contract's words, and what a decision against somebody in it means where neither says
    so."""
    book, word = contract.book, decided(contract, False)
    plain = book.declined == f"would not be {granting(contract)}" or book.declined in book.decision_note
    means = "" if plain else f"{capitalised(word)} means {book.declined}."
    return " ".join(filter(None, (book.decision_note, means)))


def profit_words(contract: Contract, policy: PolicyScenario) -> str:
    """What profit is made of; "" where none is told."""
    if not contract.in_money:
        return ""
    own = "its net loss, the bank's own share" if contract.guaranteed else "the loss"
    over = horizon(contract, policy, "profit")
    return (
        f"Profit: where {contract.book.one_record} does {contract.book.outcome}, nothing is earned and {own} is "
        f"borne; every other earns {over}."
    )


def policy_verdict(contract: Contract, policy: PolicyScenario, strategy: Strategy, units: Units, day: date) -> str:
    """The page's first sentence: under which scenario of the book, what the cut-off approves, loses and earns, against
    today's and the best."""
    sentence = _verdict(contract, policy, strategy, units)
    if not policy.under.values:
        return sentence
    under = book_words.in_words(contract, policy.under, day) or "Under the book's scenario, which moves nothing"
    return f"{under}: {sentence[:1].lower()}{sentence[1:]}"


def under_words(contract: Contract, policy: PolicyScenario) -> str:
    """What stands under the book's scenario and what does not; "" without one."""
    if not policy.under.values:
        return ""
    return (
        f"Scores{', losses and profits' if contract.in_money else ' and defaults'} are those of the book under its "
        "scenario; today's cut-off stands under it, too. "
        f"What was observed is of the {contract.book.records} as they were."
    )


def _verdict(contract: Contract, policy: PolicyScenario, strategy: Strategy, units: Units) -> str:
    chosen, before, best = (strategy.at(each) for each in (policy.at(contract), today(contract), strategy.best))
    currency, over = contract.book.currency, horizon(contract, policy, "profit")
    share = units.text(contract, "approval", chosen.goal("approval"))
    head = f"At a cut-off of {chosen.cutoff}, {share} of {contract.book.records} {contract.book.granted}"
    if not chosen.customers:
        return f"{head}: none is left{' to earn from or to lose by' if contract.in_money else ''}."
    bad = f"{numbers.in_100(chosen.bad_rate)} of them {contract.book.outcome}"
    if not contract.in_money:
        return f"{head}; {bad}.{_counted_against(contract, chosen, before, units)}"
    against = []
    if chosen.cutoff != before.cutoff:
        against.append(f"{_more(units.of['profit'], currency, chosen.profit < 0)} today's {before.cutoff}")
    if chosen.cutoff == best.cutoff:
        against.append("the most that any cut-off earns")
    else:
        gap = Difference.of(best.profit, chosen.profit, units.of["profit"].unit)
        against.append(f"{_more(gap, currency, chosen.profit < 0)} the best, {best.cutoff}")
    return f"{head}; {bad}. It {_earns(contract, chosen.profit, units)} {over}: {' and '.join(against)}."


def _earns(contract: Contract, profit: float, units: Units) -> str:
    """What a profit is, with its verb: one below zero is lost."""
    text = units.text(contract, "profit", abs(profit))
    return f"{'loses' if profit < 0 else 'earns'} {text}"


def _counted_against(contract: Contract, chosen: Outcome, before: Outcome, units: Units) -> str:
    """How many more or fewer would default than at today's cut-off; "" at that."""
    if chosen.cutoff == before.cutoff:
        return f" That is {units.text(contract, 'loss', chosen.loss)} expected defaults."
    found = units.of["loss"]
    size = found.money("").lstrip(f"+{numbers.MINUS}")
    if not size:
        return f" As many defaults are expected as at today's {before.cutoff}."
    way = "more" if found.exact > 0 else "fewer"
    total = units.text(contract, "loss", chosen.loss)
    return f" That is {total} expected defaults, {size} {way} than at today's {before.cutoff}."


def _more(found: Difference, currency: str, lost: bool) -> str:
    """ "NT$ 20 m more than", from one profit to another; "better" where that is ``lost``."""
    size = found.money(currency).lstrip(f"+{numbers.MINUS}")
    if not size:
        return "as much as"
    more, less = ("better", "worse") if lost else ("more", "less")
    return f"{size} {more if found.exact > 0 else less} than"


def curve_headline(contract: Contract, goal: Goal, strategy: Strategy, units: Units) -> str:
    """The finding above the strategy curve."""
    if not contract.in_money:
        ends = [
            units.text(contract, goal, strategy.at(each).goal(goal)) for each in (strategy.cutoffs[0], today(contract))
        ]
        where = f"{ends[0]} if all are {granting(contract)}, {ends[1]} at today's cut-off"
        return f"{goal_label(contract, goal)}: {where}"
    best = strategy.at(strategy.best)
    if not best.customers:
        unearning = "No cut-off earns anything under these assumptions"
        return f"{unearning}: the least is lost where none is {granting(contract)}"
    if goal == "profit":
        return f"Profit is highest at {best.cutoff}: {units.text(contract, 'profit', best.profit)}"
    ends = [units.text(contract, goal, strategy.at(each).goal(goal)) for each in (strategy.cutoffs[0], best.cutoff)]
    return f"{LABELS[goal]}: {ends[0]} if all are {granting(contract)}, {ends[1]} at the cut-off that earns most"


def group_columns(contract: Contract, when: str = "") -> tuple[Column, ...]:
    """The figures of a group in a file, see `group_figures`; ``when``: at which cut-off."""
    counts = (
        decided(contract, True).capitalize(),
        outcome_word(contract, False).capitalize(),
        f"Of these {decided(contract, True)}",
    )
    ends = ("", ", low", ", high")
    return (
        *(Column(f"{each}{when}", digits=0, place="file") for each in counts),
        *(Column(f"Ratio{end}{when}", digits=4, place="file") for end in ends),
        *(Column(f"Equal-opportunity difference{end}{when}", DISTANCE, 2, place="file") for end in ends),
    )


def group_figures(group: Group) -> tuple[Cell, ...]:
    """Those of one group, exactly."""
    return (
        *(group.selected, group.good, group.good_selected),
        *(group.impact, group.impact_low, group.impact_high),
        *(group.opportunity, group.opportunity_low, group.opportunity_high),
    )


def curve_shows(contract: Contract, goal: Goal, found: Strategy) -> str:
    """What is drawn along the cut-offs, with its unit."""
    if goal in SHARES:
        return f"{LABELS[goal]}, %, along the cut-offs"
    unit = numbers.Unit.of(float(np.abs(found.curves[goal]).max()))
    return f"{language.counted_in(goal_label(contract, goal), contract, unit)}, along the cut-offs"


def seek_words(contract: Contract, found: PolicyGoal, units: Units) -> str:
    """The answer to a goal seek."""
    sense = "at most" if found.goal in AT_MOST else "at least"
    wanted = f"{numbers.exactly(100 * found.target, 1)}{NBSP}%"
    target = wanted if found.goal in SHARES else units.as_set(contract, found.goal, found.target)
    at = units.text(contract, found.goal, found.outcome.goal(found.goal))
    if not found.reached:
        end = f"the best that any cut-off reaches is {at}, at {found.outcome.cutoff}"
        return f"{goal_label(contract, found.goal)} of {sense} {target} is out of reach: {end}."
    approval = units.text(contract, "approval", found.outcome.goal("approval"))
    earns = f"; it {_earns(contract, found.outcome.profit, units)}" if contract.in_money else ""
    return (
        f"{goal_label(contract, found.goal)} of {sense} {target}: at a cut-off of {found.outcome.cutoff} ({at}), "
        f"{approval} are {granting(contract)}{earns}."
    )


def bands_headline(contract: Contract, prices: Sequence[Priced], units: Units) -> str:
    """The finding above profit by band: from which score on the book earns."""
    earning = [each for each in prices if each.customers and each.profit > 0]
    names = rising(contract.score.bands)
    if not earning:
        return "No score band earns anything under these assumptions"
    best = max(earning, key=lambda each: each.profit)
    losing = sum(each.profit for each in prices if each.profit < 0)
    lost = f"; bands below zero would cost {units.text(contract, 'profit', -losing)}" if losing else ""
    profit = units.text(contract, "profit", best.profit)
    return f"Scores {names[best.band]} earn most, {profit}{lost}"


def rates_headline(contract: Contract, found: Sequence[BandRate]) -> str:
    """The finding above the bad rates by band: of the lowest band and of the highest."""
    names = rising(contract.score.bands)
    filled = [each for each in found if each.customers]
    if not filled:
        return f"There is no {contract.book.record} to show"
    low, high = (f"{numbers.in_100(each.expected)} of scores {names[each.band]}" for each in (filled[0], filled[-1]))
    return f"{low[:1].upper()}{low[1:]} {contract.book.outcome}, {high}"


def swap_label(contract: Contract, cell: Swapped) -> str:
    """A cell of the swap set."""
    return cell_label(contract, (cell.today, cell.other))


def cell_label(contract: Contract, cell: tuple[bool, bool]) -> str:
    """A cell of the swap set, by whether today's policy and the other approve."""
    return {
        (True, True): f"{decided(contract, True)} by both",
        (False, True): "swapped in",
        (True, False): "swapped out",
        (False, False): f"{decided(contract, False)} by both",
    }[cell]


def swap_headline(contract: Contract, cells: Sequence[Swapped], units: Units) -> str:
    """The finding above the swap set."""
    by = {(cell.today, cell.other): cell for cell in cells}
    into, out = by[False, True], by[True, False]
    if not into.customers and not out.customers:
        return f"None is swapped: under both policies the same {contract.book.records} are {granting(contract)}"
    swaps = []
    for cell, what in ((into, "in"), (out, "out")):
        if cell.customers:
            rate = numbers.percent(cell.observed / cell.customers)
            swaps.append(f"{cell.customers:,} swapped {what}, observed of them: {rate} {outcome_word(contract, True)}")
    if not contract.in_money:
        return "; ".join(swaps)
    before = by[True, True].profit + out.profit
    change = Difference.of(before, by[True, True].profit + into.profit, units.of["profit"].unit)
    moved = change.money(contract.book.currency) or "nothing"
    return f"{'; '.join(swaps)}; profit {moved}"


def fairness_headline(field: Field, before: Sequence[Group], after: Sequence[Group], least: float) -> str:
    """The finding above the fairness monitor; the ``least`` ratio is the contract's."""

    def lowest(groups: Sequence[Group]) -> Group | None:
        known = [each for each in groups if not np.isnan(each.impact)]
        return min(known, key=lambda each: each.impact) if len(known) > 1 else None

    was, now = lowest(before), lowest(after)
    if now is None:
        return f"{field.label}: fewer than two groups of {SMALLEST} or more to compare, or too few in favour"
    flag = "below" if now.flagged(least) else "not below"
    since = f", {was.impact:.2f} today" if was is not None and f"{was.impact:.2f}" != f"{now.impact:.2f}" else ""
    return f"{field.label}: lowest ratio {now.impact:.2f} ({now.name}{since}), {flag} {least:.2f}"


def impact_words(contract: Contract) -> str:
    """What the contract asks of the ratio of groups: at least 0.80 (four fifths)."""
    least = contract.gates.impact_at_least
    return f"at least {least:.2f}{' (four fifths)' if round(least, 9) == 0.8 else ''}"


def interval(value: float, low: float, high: float, points: bool = False) -> str:
    """A figure with its 95 % interval; "suppressed" where there is none."""
    if np.isnan(value):
        return "suppressed"
    if low == value == high:
        return f"{numbers.points(value) if points else f'{value:.2f}'}, the highest"
    if points:
        return f"{numbers.points(value)} ({numbers.points(low)} to {numbers.points(high)})"
    if np.isnan(high):
        return f"{value:.2f}"
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def span(cutoffs: Iterable[int]) -> str:
    """From the lowest of some cut-offs to the highest."""
    low, high = min(cutoffs), max(cutoffs)
    return f"{low}" if low == high else f"{low} to {high}"


def rate(value: float) -> str:
    """A yearly rate or a PD of pricing; "none" where there is none."""
    return "none" if np.isnan(value) else numbers.percent(value)


def policy_method(contract: Contract) -> str:
    """How the numbers on the policy page come about."""
    book = contract.book
    bad = f"**Bad rate** is the share that the model expects to {book.outcome}; observed beside it is what happened. "
    most = f"takes the cut-off on the safe side of the target at which most are {granting(contract)}"
    said = _money_method(contract, bad, most) if contract.in_money else _counted_method(contract, bad, most)
    return "\n\n".join(
        [
            f"**Cut-off.** {capitalised(book.one_record)} whose score reaches it {book.granted}. {book.decision_note}",
            *said,
            "**Fairness** figures are monitoring metrics, not legal findings; protected attributes evaluate a "
            "policy and "
            f"never enter a score. Ratio: the share {granting(contract)} of a group over the highest group's, "
            f"with Katz's 95{NBSP}% "
            f"interval; difference: the same among {those_that(contract, False)}, with Newcombe's. Groups of "
            "fewer than "
            f"{SMALLEST} are suppressed.",
        ]
    )


def _counted_method(contract: Contract, bad: str, most: str) -> tuple[str, ...]:
    """How they do in a book that is not told in money."""
    defaults = (
        f"**Expected defaults**: the sum of the PDs of those {granting(contract)}. The contract names no amount "
        "that is "
        "owed, "
    )
    return (
        f"{bad}{defaults}so nothing is told in money and no cut-off can be said to earn most.",
        f"**Goal seek** {most}; for approval the strictest that keeps it.",
    )


def _money_method(contract: Contract, bad: str, most: str) -> tuple[str, ...]:
    """How they do in money."""
    book = contract.book
    own = f" {guarantee(contract)} Profit and prices are on the bank's own share." if contract.guaranteed else ""
    costs = "the net loss" if contract.guaranteed else "the loss"
    return (
        f"{bad}**Expected loss** over {book.pd_horizon}. **Profit** is the margin after loss over the margin horizon: "
        f"where {book.one_record} does {book.outcome}, nothing is earned and {costs} is borne, the others earn "
        "balance × (rate − funding) "
        f"− operating cost. **Volume** is exposure at default.{own}",
        "**Best** is the whole-point cut-off of most profit, found by looking at every one. **Goal seek** "
        f"{most}; for approval and volume the strictest that keeps them.",
        "**Break-even rate** pays for funding, operating cost and loss of a band; **break-even PD** is the PD, the "
        "same for all of a band, at which it earns nothing. **RAROC** = margin after loss a year / capital; revenue, "
        "cost and loss are spread evenly over the horizon, and nothing is earned on the capital itself.",
        "**Frontier**: cut-offs that no other beats on both loss and profit.",
    )
