"""Where to cut, what to charge: the policy page."""

import time
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract, Field
from data.errors import WhatIfError
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.finance.scorecard import reaches, score_band, whole_points
from model.monitoring import fairness
from model.report import charts, language, numbers
from model.report.language import assumption_value, people, rising
from model.report.policy import charts as policy_charts
from model.report.policy import words as policy_words
from model.report.policy.words import Units
from model.whatif.book.scenario import layers
from model.whatif.book.totals import Rows
from model.whatif.customer.decision import scale
from model.whatif.policy.pricing import priced
from model.whatif.policy.scenario import CUTOFF, PolicyScenario, assumed, to_query, today
from model.whatif.policy.strategy import GOALS, Goal, Outcome, Strategy
from model.whatif.policy.swap import Swapped, frontier, swap, swapped
from pages.policy import state
from pages.shared import deployed, recording, visitor, widgets
from pages.shared.deployed import keyed
from pages.shared.number_field import enter, slide, typed
from pages.shared.page_state import way_back
from pages.shared.progress import followed

GOAL, TARGET, CURVE, OTHER, CELL, ATTRIBUTE, HEAT, RETURN = (
    "_goal",
    "_target",
    "_curve",
    "_other",
    "_cell",
    "_attribute",
    "_heat",
    "_return",
)
COLUMNS, MOST = 7, 10
FEWEST = 0.01  # share approved from which a ratio is drawn


@dataclass(frozen=True, eq=False)
class PolicyResult:
    """The book under the policy's assumptions, and what every cut-off would do."""

    model: DeployedModel
    policy: PolicyScenario
    scores: Array
    rows: Rows
    strategy: Strategy

    @classmethod
    def of(cls, model: DeployedModel, policy: PolicyScenario) -> "PolicyResult":
        """Ask the deployed model."""
        with followed("Scoring the whole book", state.memory.undo) as progress:
            whole = model.scored_book(progress)
            rows = whole.rows(layers(model.contract, policy.assumed, date.today()), progress)
        scores = np.asarray(scale(model.contract).score(whole.margins))
        return cls(model, policy, scores, rows, Strategy.of(scores, rows, model.sample.target))

    @property
    def contract(self) -> Contract:
        """The contract of the model."""
        return self.model.contract

    @cached_property
    def chosen(self) -> Outcome:
        """What the cut-off in force does."""
        return self.strategy.at(self.policy.at(self.contract))

    @cached_property
    def before(self) -> Outcome:
        """What today's cut-off does, under the same assumptions."""
        return self.strategy.at(today(self.contract))

    @cached_property
    def units(self) -> Units:
        """The unit of each measure on this page."""
        return Units.on(self.contract, self.policy, self.strategy)

    @cached_property
    def assumptions(self) -> dict[str, float]:
        """Every assumption by name."""
        return {each.name: self.policy.assumed.number(self.contract, each.name) for each in self.contract.assumptions}


def main() -> None:
    visitor.person()
    model = deployed.model()
    state.memory.restore(model)
    with state.memory.arriving():
        workbench(model)


@st.fragment
def workbench(model: DeployedModel) -> None:
    """The whole page as one fragment."""
    state.memory.settle(model)
    state.memory.write_address()
    with deployed.answering(model):
        draw(model)


def draw(model: DeployedModel) -> None:
    """Controls on the left, answers on the right."""
    left, right = st.columns([0.3, 0.7], gap="medium")
    policy, start = state.memory.current(), time.perf_counter()
    found = PolicyResult.of(model, policy)
    if policy != PolicyScenario():
        recording.policy(model, to_query(policy), date.today(), found.chosen, time.perf_counter() - start)
    with right:
        for message in state.memory.told():
            widgets.complain(message)
        headline(found)
    with left:
        controls(found)
    with right:
        draw_charts(found)
        panels(found)
    with st.expander("How is this computed?"):
        st.markdown(policy_words.method(model.contract))


# ---- the numbers ------------------------------------------------------------------------------------------------


def headline(found: PolicyResult) -> None:
    """The sentence and the five numbers."""
    sentence = policy_words.verdict(found.contract, found.policy, found.strategy, found.units)
    below = f"{policy_words.rejected_words(found.contract)} {policy_words.profit_words(found.contract, found.policy)}"
    kind = "wi-guaranteed" if found.contract.guaranteed else ""
    widgets.headline(sentence, [tile(found, goal) for goal in GOALS], below, kind)


def tile(found: PolicyResult, goal: Goal) -> str:
    """One number: chosen, today's, the difference as shown."""
    contract, moved = found.contract, found.units.of[goal].exact
    shown, before = (found.units.text(contract, goal, each.goal(goal)) for each in (found.chosen, found.before))
    change = found.units.change(contract, goal)
    if goal == "bad_rate" and not found.chosen.customers:  # of nobody there is no rate
        shown, change, moved = "none", "", 0
    way = "" if goal in ("approval", "volume") else "better" if (moved > 0) == (goal == "profit") else "worse"
    differs = found.chosen.cutoff != found.before.cutoff
    label, note = policy_words.LABELS[goal], policy_words.horizon(contract, found.policy, goal)
    if goal == "bad_rate":
        label, note = f"{label}, {note}", f"none is {language.granting(contract)}"
        if found.chosen.customers:
            note = f"observed {numbers.percent(found.chosen.observed_rate)}"
    if goal == "loss" and contract.guaranteed:
        note = f"{note}, gross\n{policy_words.net_words(contract, found.units, found.chosen.net_loss)}"
    if goal == "approval":
        note = f"{found.chosen.customers:,} of {found.chosen.of:,}"
    return widgets.number(label, shown, before if differs else "", change if differs else "", way, note)


# ---- controls ---------------------------------------------------------------------------------------------------


def controls(found: PolicyResult) -> None:
    """The cut-off, goal seek, assumptions; undo and reset."""
    contract = found.contract
    way_back(state.memory, state.reset, found.policy == PolicyScenario())
    low, high = int(found.strategy.cutoffs[0]), int(found.strategy.cutoffs[-1])
    at = found.policy.at(contract)
    told = (
        f"From {low}, at which all are {language.granting(contract)}, to {high}, at which none is. "
        f"Today's is {today(contract)}."
    )
    slide(state.memory, CUTOFF, f"Cut-off · {at} points", low, high, 1, at, told)
    row = st.container(horizontal=True, key="jumps", gap="small")
    row.button(f"Today's, {today(contract)}", on_click=jump, args=(contract, today(contract)))
    best = found.strategy.best
    row.button(f"Best, {best}", on_click=jump, args=(contract, best), disabled=not found.strategy.at(best).customers)
    seek(found)
    st.caption("Assumptions")
    for name in assumed(contract):
        each = contract.assumption(name)
        factor = state.scale(contract, name)
        bottom, top, step = (round(value / factor, 6) for value in (each.minimum, each.maximum, each.step))
        label, value = f"{each.label} ({each.unit})", state.shown(contract, name)
        enter(state.memory, name, label, value, bottom, top, step, help=each.help)


def jump(contract: Contract, cutoff: int) -> None:
    """Callback: go to a cut-off."""
    state.memory.change(state.memory.current().with_value(contract, CUTOFF, float(cutoff)))


def seek(found: PolicyResult) -> None:
    """Which cut-off reaches a goal."""
    contract = found.contract
    row = st.container(horizontal=True, key="goal", gap="small")
    goal: Goal = row.selectbox(
        "Goal", GOALS, index=1, format_func=lambda name: policy_words.LABELS[name], key=keyed(GOAL)
    )
    share = goal in ("approval", "bad_rate")
    unit = "%" if share else f"{contract.book.currency} m"
    ceiling = "at most" if goal in ("bad_rate", "loss") else "at least"
    if keyed(TARGET) not in st.session_state:
        st.session_state[keyed(TARGET)] = 15.0
    written = typed(keyed(TARGET), 15.0, 0.1)
    target = row.number_input(f"{ceiling} ({unit})", key=keyed(TARGET), step=1.0, format=written)
    sought = found.strategy.seek(goal, target / 100 if share else target * 1e6)
    st.caption(policy_words.seek_words(contract, sought, found.units))
    st.button("Go there", on_click=jump, args=(contract, sought.outcome.cutoff), key="_go")


# ---- the charts -------------------------------------------------------------------------------------------------


def draw_charts(found: PolicyResult) -> None:
    """The strategy curve, and profit by band."""
    contract = found.contract
    names = rising(contract.score.bands)
    prices = pricing(found)
    left, right = st.columns(2, gap="medium")
    with left:
        goal: Goal = st.segmented_control(
            "Curve",
            GOALS,
            format_func=lambda name: policy_words.LABELS[name],
            key=keyed(CURVE),
            default="profit",
            required=True,
            label_visibility="collapsed",
            wrap=True,
        )
        widgets.findings(policy_words.curve_headline(contract, goal, found.strategy, found.units))
        st.plotly_chart(
            policy_charts.strategy(
                contract, found.strategy, goal, found.before.cutoff, found.policy.at(contract), found.units
            ),
            key="strategy",
            config=charts.CONFIG,
            alt=policy_charts.strategy_in_words(contract, found.strategy, goal, found.units),
        )
    with right:
        widgets.html("<div class='wi-spacer'></div>")
        widgets.findings(policy_words.bands_headline(contract, prices, found.units))
        st.plotly_chart(
            policy_charts.profits(contract, names, prices, found.units),
            key="profits",
            config=charts.CONFIG,
            alt=policy_charts.profits_in_words(contract, names, prices, found.units),
        )


def pricing(found: PolicyResult, target: float = 0.0) -> list:
    """Every score band's prices."""
    edges = found.contract.score.bands
    return priced(score_band(found.scores, edges), len(edges) + 1, found.rows, found.assumptions, target)


# ---- panels -----------------------------------------------------------------------------------------------------


def panels(found: PolicyResult) -> None:
    """Detail, worked out once somebody opens it."""
    told = [
        ("_swap", f"{people(found.contract)} swapped in and out", swaps),
        ("_prices", "What to charge: break-even and target rates by score band", rates),
        ("_heated", "Profit by score band and assumption", heated),
        ("_fair", "Fairness monitor", fair),
        ("_frontier", "What no other cut-off beats", best_of),
        ("_table_policy", "Every cut-off, as a table", table),
    ]
    if not found.contract.protected():
        told = [each for each in told if each[0] != "_fair"]
    for key, title, draw in told:
        panel = st.expander(title, key=key, on_change="rerun")
        if panel.open:
            with panel:
                draw(found)


@st.cache_resource(show_spinner=False, max_entries=4)
def other_scores(_model: DeployedModel, book: str, release: str) -> Array:
    """The book's scores by another release."""
    model = desk.release(book, release)
    return np.asarray(scale(model.contract).score(model.scorer.margins(_model.asked.raw)))


def compared(found: PolicyResult) -> tuple[NDArray[np.bool_], str]:
    """Whom the policy compared with today's approves, and its name."""
    book, at = deployed.book(), found.policy.at(found.contract)
    mine = found.model.id
    options = {"": f"cut-off {at}, this model"}
    options |= {each: f"cut-off {at}, release {each[:6]}" for each in desk.comparable(book) if each != mine}
    other = st.selectbox(
        "Against today's", list(options), format_func=lambda key: options.get(key, key), key=keyed(OTHER)
    )
    scores = other_scores(found.model, book, other) if other else found.scores
    return reaches(scores, at), options[other or ""]


def swaps(found: PolicyResult) -> None:
    """The four cells, and the customers of one."""
    contract = found.contract
    before = reaches(found.scores, found.before.cutoff)
    try:
        after, name = compared(found)
    except WhatIfError as error:
        st.warning(str(error), icon=":material/info:")
        return
    cells = swap(before, after, found.rows, found.model.sample.target)
    widgets.findings(policy_words.swap_headline(contract, cells, found.units))
    st.plotly_chart(
        policy_charts.swap(contract, cells),
        key="swap",
        config=charts.CONFIG,
        alt=policy_charts.swap_in_words(contract, cells),
    )
    st.caption(
        f"Rows: today's cut-off, {found.before.cutoff}. Columns: {name}. Loss and profit are this model's throughout."
    )
    frame = pd.DataFrame([cell_row(contract, cell) for cell in cells])
    money = [column for column in frame if column in ("Volume", "Expected loss", "Net loss", "Profit")]
    shown = frame.assign(**{column: frame[column].map(numbers.plain) for column in money})
    for column in ("Bad rate, %", "Observed, %"):
        shown[column] = shown[column].map(lambda value: "" if np.isnan(value) else numbers.plain(value, 1))
    shown[people(contract)] = shown[people(contract)].map(numbers.plain)
    widgets.table(
        shown.rename(columns={each: f"{each}, {contract.book.currency}" for each in money}),
        hide_index=True,
        alt="The four cells of the swap set",
    )
    widgets.download(frame, "policy-swap-set")
    members(found, before, after, cells)


def cell_row(contract: Contract, cell: Swapped) -> dict[str, str | float]:
    """One cell as a row of the table."""
    n = cell.customers
    net = {"Net loss": cell.net_loss} if contract.guaranteed else {}
    return {
        "Cell": policy_words.swap_label(contract, cell),
        people(contract): n,
        "Bad rate, %": 100 * cell.bad / n if n else np.nan,
        "Observed, %": 100 * cell.observed / n if n else np.nan,
        "Volume": cell.volume,
        "Expected loss": cell.loss,
        **net,
        "Profit": cell.profit,
    }


def members(found: PolicyResult, before: NDArray[np.bool_], after: NDArray[np.bool_], cells: list[Swapped]) -> None:
    """The customers of one cell: those nearest to the cut-off as links, all of them as a download."""
    person = found.contract.book.person
    order = sorted(cells, key=lambda cell: cell.today == cell.other)  # whoever is swapped comes first
    labels = {policy_words.swap_label(found.contract, cell): cell for cell in order if cell.customers}
    chosen = st.selectbox(f"{people(found.contract)} that are", list(labels), key=keyed(CELL))
    cell = labels.get(chosen or "", next(iter(labels.values())))
    own = swapped(before, after, (cell.today, cell.other))
    own = own[np.argsort(np.abs(found.scores[own] - found.policy.at(found.contract)), kind="stable")]
    ids = found.model.sample.ids[own]
    columns = st.columns(5, gap="small")
    for k, number in enumerate(ids[:MOST]):
        columns[k % 5].page_link(
            "customer/page.py",
            label=f"{person.capitalize()} {number:,}",
            query_params=deployed.address() | {"customer": str(number)},
        )
    st.caption(f"{min(len(ids), MOST)} of {len(ids):,}, those nearest to the cut-off; all of them in the download.")
    frame = pd.DataFrame(
        {
            person.capitalize(): ids,
            "Score": found.scores[own],
            "PD": found.rows.pd[own],
            "Expected loss": found.rows.loss[own],
            **({"Net loss": found.rows.net_loss[own]} if found.contract.guaranteed else {}),
            "Profit": found.rows.margin[own],
        }
    )
    widgets.download(frame, f"policy-swapped-{found.contract.book.people}")


def rates(found: PolicyResult) -> None:
    """Break-evens, the rate for a target return, and RAROC by band."""
    contract = found.contract
    target = st.number_input(
        "Target return on capital (% a year)",
        0.0,
        100.0,
        10.0,
        1.0,
        format=typed(keyed(RETURN), 10.0, 0.1),
        key=keyed(RETURN),
        help="The rate that would return this much a year on the capital of a band.",
    )
    prices = pricing(found, target / 100)
    columns = [
        "Scores",
        people(contract),
        "PD",
        "Break-even PD",
        "Rate charged",
        "Break-even rate",
        f"Rate for {numbers.exactly(target, 1)} %",
        "RAROC",
    ]
    charged = numbers.percent(found.assumptions["apr"])
    rows = [
        (
            name,
            f"{each.customers:,}",
            policy_words.rate(each.pd),
            policy_words.rate(each.break_even_pd),
            charged,
            policy_words.rate(each.break_even_rate),
            policy_words.rate(each.target_rate),
            policy_words.rate(each.raroc),
        )
        for name, each in zip(rising(contract.score.bands), prices, strict=True)
    ]
    widgets.table(pd.DataFrame(rows, columns=columns), hide_index=True, alt="Prices by score band")
    st.caption(
        f"PD over {contract.book.pd_horizon}, rates a year, {policy_words.horizon(contract, found.policy, 'profit')}. "
        "RAROC: margin after loss a year over IRB capital, nothing earned on the capital itself."
    )
    widgets.download(
        pd.DataFrame([vars(each) for each in prices]).assign(band=rising(contract.score.bands)), "policy-prices"
    )


def heated(found: PolicyResult) -> None:
    """Profit by band along one assumption."""
    contract = found.contract
    labels = {name: contract.assumption(name).label for name in assumed(contract)}
    name = st.selectbox("Assumption", list(labels), format_func=lambda key: labels.get(key, key), key=keyed(HEAT))
    each = contract.assumption(name)
    now = found.assumptions[name]
    reach = 3 * max(each.step, 0.1 * abs(now) if now else each.step)
    values = np.unique(np.clip(np.linspace(now - reach, now + reach, COLUMNS), each.minimum, each.maximum).round(6))
    edges = contract.score.bands
    band = score_band(found.scores, edges)
    grid = np.empty((len(edges) + 1, len(values)))
    for k, value in enumerate(values):
        stress = found.policy.assumed.with_value(contract, name, float(value))
        rows = found.model.whole.rows(layers(contract, stress, date.today()))
        grid[:, k] = np.bincount(band, rows.margin, len(edges) + 1)
    columns = [assumption_value(each.unit, float(value)) for value in values]
    unit = numbers.Unit.of(float(np.abs(grid).max()))
    widgets.findings(f"Profit by score band as {each.label.lower()} changes, {contract.book.currency}{unit.suffix}")
    st.plotly_chart(
        policy_charts.heat(grid, rising(edges), columns, contract),
        key="heat",
        config=charts.CONFIG,
        alt=f"Profit by score band for {each.label.lower()} of {', '.join(columns)}.",
    )
    frame = pd.DataFrame(grid, columns=pd.Index(columns))
    frame.insert(0, "Scores", rising(edges))
    widgets.download(frame, "policy-profit-grid")


def fair(found: PolicyResult) -> None:
    """Adverse impact and equal opportunity by protected attribute, today and under the policy."""
    if not visitor.allow("see protected attributes"):
        return
    contract, book = found.contract, found.model.sample
    fields = {field.name: field for field in contract.protected()}
    name = st.selectbox("Attribute", list(fields), format_func=lambda key: fields[key].label, key=keyed(ATTRIBUTE))
    field = fields[name or next(iter(fields))]
    group, names = contract.groups(field, book.observed[field.name])
    good = book.target == 0
    cutoffs = (found.before.cutoff, found.policy.at(contract))
    before, after = (fairness.groups(reaches(found.scores, cutoff), good, group, names) for cutoff in cutoffs)
    least = contract.gates.impact_at_least
    widgets.findings(policy_words.fairness_headline(field, before, after, least))
    left, right = st.columns(2, gap="medium")
    left.plotly_chart(
        policy_charts.fairness(before, after, least),
        key="fairness",
        config=charts.CONFIG,
        alt=policy_charts.fairness_in_words(after),
    )
    right.plotly_chart(
        policy_charts.ratios(found.strategy.cutoffs, along(found, field), *cutoffs, least),
        key="ratios",
        config=charts.CONFIG,
        alt=f"Lowest approval ratio by {field.label.lower()}, along the cut-offs.",
    )
    st.caption(
        "Monitoring metrics, not legal findings. Ring: today; dot: the cut-off chosen, with its 95 % interval; dotted: "
        f"{least:.2f}. Right: the lowest ratio among groups of 30 and more, by cut-off."
    )
    rows = [
        (
            now.name,
            f"{now.n:,}",
            numbers.percent(was.rate),
            numbers.percent(now.rate),
            policy_words.interval(was.impact, was.impact_low, was.impact_high),
            policy_words.interval(now.impact, now.impact_low, now.impact_high),
            policy_words.interval(now.opportunity, now.opportunity_low, now.opportunity_high, points=True),
        )
        for was, now in zip(before, after, strict=True)
    ]
    word = language.decided(contract, True).capitalize()
    columns = [
        "Group",
        people(contract),
        f"{word} today",
        word,
        "Ratio today",
        "Ratio",
        "Equal-opportunity difference",
    ]
    widgets.table(pd.DataFrame(rows, columns=columns), hide_index=True, alt="Rates by group, before and after")
    frame = pd.concat([pd.DataFrame([vars(each) for each in side]) for side in (before, after)], ignore_index=True)
    frame.insert(0, "cut-off", [cutoff for cutoff in cutoffs for _ in names])
    widgets.download(frame, f"policy-fairness-{field.name}")


def along(found: PolicyResult, field: Field) -> Array:
    """The lowest ratio among the groups of an attribute along the cut-offs; NaN where hardly anybody is approved."""
    book, strategy = found.model.sample, found.strategy
    group, names = found.contract.groups(field, book.observed[field.name])
    points, count = whole_points(found.scores) - int(strategy.cutoffs[0]), len(strategy.cutoffs)
    cell = np.bincount(group * count + points, minlength=len(names) * count).reshape(len(names), count)
    selected = cell[:, ::-1].cumsum(1)[:, ::-1].astype(float)
    lowest = fairness.smallest_ratio(selected, np.bincount(group, minlength=len(names)))
    return np.where(strategy.curves["approval"] >= FEWEST, lowest, np.nan)


def best_of(found: PolicyResult) -> None:
    """The efficient frontier of loss and profit, over the cut-offs of this model and of the release compared with."""
    strategies = {"this model": found.strategy}
    other = st.session_state.get(keyed(OTHER))
    if other:
        try:
            scores = other_scores(found.model, deployed.book(), other)
        except WhatIfError as error:
            st.warning(str(error), icon=":material/info:")
            return
        strategies[f"release {other[:6]}"] = Strategy.of(scores, found.rows, found.model.sample.target)
    loss, profit = (
        np.concatenate([getattr(each, name) for each in strategies.values()]) for name in ("loss", "profit")
    )
    kept = frontier(loss, profit)
    frame = pd.concat([every(each, found.contract).assign(Model=name) for name, each in strategies.items()])
    efficient = frame.iloc[kept]
    words = [
        f"{numbers.counted(len(own), 'cut-off')} of {name}, {policy_words.span(own['Cut-off'])}"
        for name, own in efficient.groupby("Model", sort=False)
    ]
    widgets.findings(f"No other beats these on both loss and profit: {'; '.join(words)}")
    st.plotly_chart(
        policy_charts.frontier(list(strategies.values()), kept, found.before.cutoff, found.policy.at(found.contract)),
        key="frontier",
        config=charts.CONFIG,
        alt=f"Profit against expected loss by cut-off. {'; '.join(words)}.",
    )
    widgets.download(efficient, "policy-frontier")


def every(strategy: Strategy, contract: Contract) -> pd.DataFrame:
    """Every cut-off with its measures, exact."""
    currency = contract.book.currency
    curves = strategy.curves
    net = {f"Net loss, {currency}": strategy.net_loss} if contract.guaranteed else {}
    return pd.DataFrame(
        {
            "Cut-off": strategy.cutoffs,
            people(contract): strategy.customers,
            "Approval, %": 100 * curves["approval"],
            "Bad rate, %": 100 * curves["bad_rate"],
            f"Expected loss, {currency}": strategy.loss,
            **net,
            f"Profit, {currency}": strategy.profit,
            f"Volume, {currency}": strategy.volume,
        }
    )


def table(found: PolicyResult) -> None:
    """Every cut-off."""
    frame = every(found.strategy, found.contract)
    shown = frame.copy()
    for column in frame.columns[2:]:
        shown[column] = frame[column].map(lambda value, c=column: numbers.plain(value, 1 if "%" in c else 0))
    shown[people(found.contract)] = frame[people(found.contract)].map(numbers.plain)
    widgets.table(shown, hide_index=True, alt="Every cut-off with its measures", height=320)
    widgets.download(frame, "policy-cut-offs")


main()
