"""One customer: what the deployed model says, why, what changed, and what it would take."""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from data.arrays import Array
from data.contract import Contract, Lever
from data.errors import WhatIfError
from model.deployed.model import DeployedModel
from model.errors import Refused
from model.finance.scorecard import reaches
from model.release.checks import scores
from model.report import charts, language, numbers
from model.report.book import levers
from model.report.customer import charts as customer_charts
from model.report.customer import words as customer_words
from model.whatif.book import tornado
from model.whatif.customer.attribution import Changes, changes
from model.whatif.customer.decision import Decision, Explanation, decide, explain
from model.whatif.customer.scenario import (
    CUTOFF,
    CUTOFF_RANGE,
    OWN,
    CustomerScenario,
    apply,
    base_record,
    editable,
    to_query,
)
from model.whatif.customer.sensitivity import Flip, flips, position, seek, steps, sweep, two_way
from pages.customer import record as statement
from pages.customer import state
from pages.shared import deployed, recording, visitor, widgets
from pages.shared.deployed import keyed
from pages.shared.number_field import enter, slide, typed
from pages.shared.page_state import place, way_back

FIND, START, SWEPT, GOAL, EDITS = "_find", "_start", "_swept", "_pd_goal", "_edits"
ROWS, COLUMNS = "_two_rows", "_two_columns"
RANDOM, OWN_RECORD = "random", "your own"


def main() -> None:
    visitor.current()
    model = deployed.model()
    state.memory.restore(model)
    inputs = [each.name for each in model.contract.inputs]
    widgets.spreads({each.name: spread_of(model, inputs.index(each.shows)) for each in model.contract.levers})
    with state.memory.arriving():
        workbench(model)
    with st.expander("How is this computed?"):
        st.markdown(customer_words.method(model.contract, model.deployed))


@st.fragment
def workbench(model: DeployedModel) -> None:
    """The whole page as one fragment: a move of any control draws this and nothing else."""
    state.memory.settle(model)
    state.memory.write_address()
    with deployed.answering(model):
        draw(model)


def draw(model: DeployedModel) -> None:
    """Controls on the left, answers on the right."""
    left, right = st.columns([0.3, 0.7], gap="medium")
    scenario = state.memory.current()
    found = None
    with right:
        for message in state.memory.told():
            widgets.complain(message)
        if scenario.chosen:
            found = headline(model, scenario)
        else:
            invitation(model)
    with left:
        find(model)
        controls(model, {flip.name for flip in found.turns if not flip.steady} if found is not None else set())
    with right:  # charts last: the browser paints the number while they are on their way
        if found is not None:
            explanation(model, scenario, found)
        if scenario.own:
            statement.own(model)


# ---- finding a customer ---------------------------------------------------------------------------------------------


def find(model: DeployedModel) -> None:
    """A customer by number, by what the model says of them, at random, or one's own."""
    person = model.contract.book.person
    ids = model.book.ids
    place(keyed(FIND), state.memory.current().customer)
    st.number_input(
        f"{person.capitalize()} number",
        int(ids.min()),
        int(ids.max()),
        key=keyed(FIND),
        value=None,
        step=1,
        placeholder=f"{ids.min():,} to {ids.max():,}",
        on_change=found,
        args=(model,),
    )
    st.pills(
        "Or start from",
        [*model.personas, RANDOM, OWN_RECORD],
        key=keyed(START),
        on_change=started,
        args=(model,),
        label_visibility="collapsed",
        wrap=True,
    )


def found(model: DeployedModel) -> None:
    """Callback: a number was typed."""
    state.choose(customer=st.session_state[keyed(FIND)])


def started(model: DeployedModel) -> None:
    """Callback: a starting point was chosen; the control is free again for the next."""
    name = st.session_state[keyed(START)]
    st.session_state[keyed(START)] = None
    if name == OWN_RECORD:
        state.choose(own=(None,) * len(model.contract.record))
    elif name is not None:
        state.choose(customer=model.random_customer() if name == RANDOM else model.personas[name])


def invitation(model: DeployedModel) -> None:
    """Nothing is chosen or complete yet: no number."""
    own = state.memory.current().own
    missing = own.count(None)
    words = (
        f"Fill in the record below: {missing} of {len(own)} values are still missing. The model answers as soon "
        "as it is complete."
        if own
        else f"Choose a {model.contract.book.person} on the left, by number or from one of the starting points, and "
        "see what the deployed model says, why, and what would change it."
    )
    widgets.html(f"<p class='wi-invitation'>{widgets.text(words)}</p>")


# ---- controls -------------------------------------------------------------------------------------------------------


def controls(model: DeployedModel, unsteady: set[str]) -> None:
    """Levers, assumptions; reset and undo. Of levers that are ``unsteady`` after other edits no direction is told."""
    scenario = state.memory.current()
    if scenario.chosen:
        base = base_record(model.book, scenario)
        record = apply(model.contract, base, scenario.edits)
        inputs = model.contract.derive(record)
        for lever in model.contract.levers:
            draw_lever(model, lever, base, inputs, lever.name not in unsteady)
    if scenario.chosen or state.memory.can_undo():
        way_back(state.memory, state.reset, not (scenario.edits or scenario.assumptions))
    if scenario.chosen:
        assumptions(model)
        taken_back(model)


def draw_lever(model: DeployedModel, lever: Lever, base: Array, inputs: Array, steady: bool) -> None:
    """One slider, and where the customer now stands in the book; its direction where that is ``steady``."""
    contract = model.contract
    now = position(model.local_scorer, base, dict(state.memory.current().edits), lever.name)
    label, told = f"{lever.label} · {numbers.lever_value(now, lever.unit)}", customer_words.lever_help(lever)
    ends = lever.minimum, lever.maximum, lever.step
    if np.isnan(now):  # nowhere for a slider to stand
        enter(state.memory, lever.name, label, None, *ends, value=None, help=told, placeholder="enter")
    else:
        slide(state.memory, lever.name, label, *ends, now, told)
    k = [each.name for each in contract.inputs].index(lever.shows)
    value, spread = float(inputs[k, 0]), spread_of(model, k)
    each, person = contract.inputs[k], contract.book.person
    words = customer_words.here(value, spread.below(value), spread.same(value), lever, each, person)
    known = steady and model.release is not None  # of a foreign model no direction is known
    way = customer_words.direction(lever) if known else ""
    widgets.here(lever.name, spread, value, words, way)


@st.cache_resource(show_spinner=False, max_entries=256)
def _spread(_model: DeployedModel, release: str, k: int) -> widgets.Spread:
    return widgets.Spread.of(_model.book.inputs[k])


def spread_of(model: DeployedModel, k: int) -> widgets.Spread:
    """The distribution of one input in the book."""
    return _spread(model, model.id, k)


def assumptions(model: DeployedModel) -> None:
    """What the data do not hold: whatever the exposure and the loss on it depend on, and the cut-off."""
    panel = st.expander("Assumptions", key="_assumptions", on_change="rerun")
    if not panel.open:
        return
    contract = model.contract
    with panel:
        for each in contract.assumptions:
            if each.name not in contract.exposed_to:
                continue
            factor = 100 if each.unit == "%" else 1
            low, high, step = (round(end * factor, 6) for end in (each.minimum, each.maximum, each.step))
            label, at = f"{each.label} ({each.unit})", state.assumption_shown(model, each.name)
            enter(state.memory, each.name, label, at, low, high, step, help=each.help)
        at, told = state.assumption_shown(model, CUTOFF), customer_words.cutoff_help(contract)
        enter(state.memory, CUTOFF, "Cut-off (score points)", at, *CUTOFF_RANGE, help=told)
        st.caption(contract.book.decision_note)


def taken_back(model: DeployedModel) -> None:
    """Every edit as a chip; a click takes that one back."""
    scenario = state.memory.current()
    chips = {name: customer_words.edit_chip(model.contract, name, value) for name, value in scenario.edits}
    for name, value in scenario.assumptions:
        chips[name] = customer_words.assumption_chip(model.contract, name, value)
    if chips:
        st.pills(
            "Changed; click one to take it back",
            list(chips),
            key=keyed(EDITS),
            on_change=take_back,
            args=(model,),
            format_func=lambda name: f"{chips[name]}  ✕",
            wrap=True,
        )


def take_back(model: DeployedModel) -> None:
    """Callback: one edit is taken back."""
    name = st.session_state[keyed(EDITS)]
    st.session_state[keyed(EDITS)] = None
    if name is not None:
        scenario = state.memory.current()
        assumed = name in dict(scenario.assumptions)
        state.memory.change((scenario.assumed if assumed else scenario.edited)(model.contract, name, None))


# ---- answers --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CustomerResult:
    """The base and the edited record, what the model says of the edited one, in how many ``seconds``, and which lever
    ``turns`` the decision."""

    base: Array
    edited: Array
    now: Decision
    seconds: float
    turns: list[Flip]


def headline(model: DeployedModel, scenario: CustomerScenario) -> CustomerResult | None:
    """The sentence, the numbers, what would turn the decision; None, and why, if the record cannot be."""
    contract, scorer = model.contract, model.scorer
    try:
        base = base_record(model.book, scenario)
        edited = apply(contract, base, scenario.edits)
    except WhatIfError as error:
        st.error(f"{error} Undo takes the last change back.", icon=":material/error:")
        return None
    start = time.perf_counter()
    was = decide(scorer, base, CustomerScenario().values(contract))
    now = decide(scorer, edited, scenario.values(contract))
    took = time.perf_counter() - start
    turns = flips(model.local_scorer, model.book, base, dict(scenario.edits), now.cutoff)
    changed = bool(scenario.edits or scenario.assumptions)
    widgets.headline(
        customer_words.verdict(contract, was, now, scenario),
        figures_row(model, was, now, changed),
        customer_words.ways_out(contract, turns, now.granted),
        "wi-guaranteed" if contract.guaranteed else "",
    )
    return CustomerResult(base, edited, now, took, turns)


def explanation(model: DeployedModel, scenario: CustomerScenario, found: CustomerResult) -> None:
    """Reasons and what changed; the statement; one input swept; the detail."""
    why, trouble = reasons(model, found)
    recording.customer(model, to_query(scenario), found.edited, found.now, why, found.seconds)
    draw_charts(model.contract, why, trouble, found.now, changes(model.local_scorer, found.base, found.edited))
    statement.edits(model, found.edited)
    one_input(model, found.base, dict(scenario.edits), found.now.cutoff)
    matters(model, found.base, dict(scenario.edits), found.now.cutoff)
    two_inputs(model, found.base, dict(scenario.edits), found.now.cutoff)
    if why is not None:
        detail(why, scenario)


def reasons(model: DeployedModel, found: CustomerResult) -> tuple[Explanation | None, str]:
    """Why the model says what it says; None, and the trouble, if it answers but gives no reasons that hold."""
    try:
        return explain(model.scorer, found.edited), ""
    except Refused as error:
        return None, str(error)


def figures_row(model: DeployedModel, was: Decision, now: Decision, changed: bool) -> list[str]:
    """The five numbers: now, before, difference; worse is up in risk."""
    book = model.contract.book
    row = []
    pd_ = numbers.Difference.of(was.pd, now.pd, numbers.SHARE)
    shown, before = (numbers.percent(each, pd_.unit.digits) for each in (now.pd, was.pd))
    row.append(
        widgets.number(
            f"PD, {book.pd_horizon}",
            shown,
            before if changed else "",
            pd_.points() if changed else "",
            "worse" if pd_.exact > 0 else "better",
            "" if changed else numbers.in_100(now.pd),
        )
    )
    score, old = numbers.whole_score(now.score), numbers.whole_score(was.score)
    row.append(
        widgets.number(
            "Score",
            f"{score}",
            f"{old}" if changed else "",
            numbers.score_change(was.score, now.score) if changed else "",
            "better" if now.score > was.score else "worse",
            "" if changed else f"cut-off {numbers.exactly(now.cutoff)}",
        )
    )
    row.append(
        widgets.number(
            "Decision",
            language.decided(model.contract, now.granted).capitalize(),
            language.decided(model.contract, was.granted) if changed else "",
            note=customer_words.distance(now),
        )
    )
    loss = numbers.Difference.of(was.expected_loss, now.expected_loss)
    row.append(
        widgets.number(
            f"Expected loss, {book.pd_horizon}",
            loss.unit.text(loss.now, book.currency),
            loss.unit.text(loss.base, book.currency) if changed else "",
            loss.money(book.currency) if changed else "",
            "worse" if loss.exact > 0 else "better",
            customer_words.at_stake(model.contract, now, changed),
        )
    )
    mark = {"usual": "●", "unusual": "◐", "outside": "○"}[now.level]
    row.append(
        widgets.number(
            "Known territory",
            f"{mark} {customer_words.TERRITORY[now.level]}",
            note=model.deployed.known(customer_words.territory(now, model.contract)),
        )
    )
    if now.level == "outside":
        row[:4] = [each.replace("wi-number", "wi-number wi-grey", 1) for each in row[:4]]
    return row


def compared_with(why: Explanation) -> str:
    """What the reasons are measured from."""
    return f"the average of {why.background}" if why.error else why.background


def draw_charts(contract: Contract, why: Explanation | None, trouble: str, now: Decision, moved: Changes) -> None:
    """Why it is what it is, and what the edits moved."""
    changed = "Move a lever: what it changes will stand here"
    if moved.parts:
        changed = customer_words.changes_headline(moved)
    if why is None:
        rows, headline, source = [], "Reasons are not available", f"Reasons are not available. {trouble}"
        words = f"{headline}. {customer_charts.changes_in_words(moved)}"
    else:
        rows, source = customer_words.reasons(why), customer_words.reasons_source(why)
        base, score = numbers.whole_score(why.base_score), numbers.whole_score(now.score)
        headline = customer_words.reasons_headline(rows, base, score, compared_with(why), contract.book.person)
        words = customer_charts.why_in_words(rows, moved, base, score, contract.book.person)
    points = [(row.label, numbers.score_points(row.points)) for row in rows]
    widgets.listed((headline, points), (changed, customer_charts.waterfall(moved)))
    st.plotly_chart(customer_charts.why(rows, moved), key="why", config=charts.CONFIG, alt=words)
    if source:
        st.caption(source)


def one_input(model: DeployedModel, base: Array, edits: dict[str, float], cutoff: float) -> None:
    """One input swept over its observed values, and the value that would reach a goal."""
    contract = model.contract
    names = levers.lever_labels(contract, contract.levers)
    row = st.container(horizontal=True, key="one_input")
    name = row.selectbox("One input at a time", list(names), format_func=names.get, key=keyed(SWEPT))
    goal = row.number_input(
        "Goal: probability of at most (%)",
        0.1,
        99.9,
        15.0,
        1.0,
        format=typed(keyed(GOAL), 15.0, 0.1),
        key=keyed(GOAL),
        help="Which value of this input alone brings the probability down to the goal?",
    )
    curve = sweep(model.local_scorer, model.book, base, edits, name, cutoff)
    reached = seek(curve, goal / 100)
    answer = customer_words.goal_sentence(reached, curve, shown_at(model, base, {**edits, name: reached.value}, name))
    widgets.findings(customer_words.curve_sentence(curve, contract), answer)
    silent = reached.reached_before or not reached.advised
    mark = None if silent else (reached.value, reached.pd, "goal" if reached.reached else "best")
    st.plotly_chart(
        customer_charts.sweep(curve, mark),
        key="sweep",
        config=charts.CONFIG,
        alt=customer_charts.sweep_in_words(curve),
    )


def shown_at(model: DeployedModel, base: Array, edits: dict[str, float], name: str) -> str:
    """What a lever's value comes to in the input it shows: "share of the limit used now 31 %"."""
    contract = model.contract
    for lever in contract.levers:
        if lever.name == name and lever.unit == "±%":
            k = [each.name for each in contract.inputs].index(lever.shows)
            value = contract.derive(apply(contract, base, edits), [k])[0, 0]
            return f"{contract.inputs[k].label.lower()} {customer_words.input_value(contract.inputs[k], value)}"
    return ""


def matters(model: DeployedModel, base: Array, edits: dict[str, float], cutoff: float) -> None:
    """How far each lever alone moves the probability."""
    title = f"What matters most for this {model.contract.book.person}"
    panel = st.expander(title, key="_customer_tornado", on_change="rerun")
    if not panel.open:
        return
    contract = model.contract
    words, bars = levers.of_customer(contract), tornado.of_customer(model.local_scorer, model.book, base, edits, cutoff)
    with panel:
        widgets.findings(levers.tornado_headline(contract, "pd", bars, words, numbers.SHARE))
        st.plotly_chart(
            levers.tornado(contract, "pd", bars, words, numbers.SHARE, 200),
            key="customer_tornado",
            config=charts.CONFIG,
            alt=levers.tornado_in_words(contract, "pd", bars, words, numbers.SHARE),
        )
        st.caption("The probability with each lever alone at either end of its range, all else as it stands.")
        frame = pd.DataFrame([vars(bar) for bar in bars])
        widgets.download(frame.assign(name=[words.label(bar.name) for bar in bars]), "customer-tornado")


def two_inputs(model: DeployedModel, base: Array, edits: dict[str, float], cutoff: float) -> None:
    """The probability over any two inputs at once."""
    contract = model.contract
    labels = levers.lever_labels(contract, contract.levers)
    if len(labels) < 2:
        return
    panel = st.expander("Two inputs at a time", key="_two_way", on_change="rerun")
    if not panel.open:
        return
    with panel:
        left, right = st.columns(2, gap="small")
        one = left.selectbox("Rows", list(labels), format_func=lambda key: labels.get(key, key), key=keyed(ROWS))
        others = [name for name in labels if name != one]
        other = right.selectbox("Columns", others, format_func=lambda key: labels.get(key, key), key=keyed(COLUMNS))
        places = [steps(model.book, name, position(model.local_scorer, base, edits, name)) for name in (one, other)]
        cells = two_way(model.local_scorer, base, edits, one, places[0], other, places[1])
        parts = [editable(contract, name) for name in (one, other)]
        words = [
            [customer_words.part_value(part, value) for value in values]
            for part, values in zip(parts, places, strict=True)
        ]
        granted = reaches(scores(contract, cells), cutoff)
        texts = [
            [
                "" if np.isnan(pd_) else numbers.percent(pd_) + (" ✓" if yes else "")
                for pd_, yes in zip(*row, strict=True)
            ]
            for row in zip(cells, granted, strict=True)
        ]
        widgets.findings(f"Probability by {labels[one].lower()} (down) and {labels[other].lower()} (across)")
        st.plotly_chart(
            levers.grid(texts, levers.shaded(cells), *words),
            key="two_way",
            config=charts.CONFIG,
            alt=f"Probability by {labels[one].lower()} and {labels[other].lower()}.",
        )
        st.caption(
            f"✓ {language.granting(contract)}. An empty cell breaks a rule of the record. All other inputs "
            "as they "
            "stand."
        )
        frame = pd.DataFrame(cells, columns=pd.Index(words[1]))
        widgets.lead(frame, labels[one], words[0])
        widgets.download(frame, "customer-two-way")


def detail(why: Explanation, scenario: CustomerScenario) -> None:
    """For analysts: every input with its share, in points and log-odds."""
    table = st.expander("Inputs, score points and log-odds", key="_table", on_change="rerun")
    if table.open:
        frame = reasons_table(why)
        with table:
            widgets.table(
                frame,
                hide_index=True,
                alt="Each input with its value and its share in the score",
                column_config={
                    "Score points": st.column_config.NumberColumn(format="%+.2f"),
                    "Log-odds of default": st.column_config.NumberColumn(format="%+.4f"),
                },
            )
            who = scenario.customer or OWN
            widgets.download(frame, f"customer-{who}-reasons")


def reasons_table(why: Explanation) -> pd.DataFrame:
    """One row an input, the base first and the score last: the column adds up."""
    start = compared_with(why)
    rows = [(f"{start[:1].upper()}{start[1:]}", "", "", why.base_score, why.base_log_odds)]
    concepts = {each.name: each.label for each in why.contract.concepts}
    inputs = {each.name: each for each in why.contract.inputs}
    for own in why.inputs:
        each = inputs[own.name]
        value = customer_words.input_value(each, own.value)
        rows.append((each.label, concepts[each.concept], value, own.points, own.log_odds))
    if not why.inputs:  # a model elsewhere was asked by concept
        rows += [("", each.label, "", each.points, each.log_odds) for each in why.concepts]
    total = sum(row[3] for row in rows), sum(row[4] for row in rows)
    rows.append((f"This {why.contract.book.person}", "", "", *total))
    return pd.DataFrame(rows, columns=["Input", "Concept", "Value", "Score points", "Log-odds of default"])


main()
