"""Detail of the book page, one click below the executive's view; each table can be taken along."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from data.contract import Contract
from data.errors import WhatIfError
from data.regulators.presets import presets
from model.finance.loss import weighted as weigh
from model.report import charts, language, numbers
from model.report.book import charts as book_charts
from model.report.book import words as book_words
from model.report.language import people
from model.whatif.book import segments
from model.whatif.book.bridge import bridge
from model.whatif.book.scenario import AS_IS, POINT, SEVERITY, WEIGHT, chosen, layers, weighted
from model.whatif.customer.decision import scale
from pages.book import sensitivity, state
from pages.book.result import BookResult, Panel
from pages.shared import deployed, widgets
from pages.shared.deployed import keyed
from pages.shared.number_field import enter
from pages.shared.progress import followed

BAND = "_movers_band"
CHANGE = "Change of loss"
MONEY = ("Exposure", "Loss", "Net loss", "Change")  # how columns of amounts begin
Draw = Callable[[charts.Figure], charts.Figure]


def as_is(figure: charts.Figure) -> charts.Figure:
    """A chart in the page's own size."""
    return figure


def panels(found: BookResult) -> None:
    """Every panel, closed until somebody opens it: nothing is worked out before."""
    titles: dict[str, tuple[str, Panel]] = {
        "_path": ("The regulator's path and its source", path),
        "_steps": ("What moved it, as a table", steps),
        "_tornado": ("What matters most: every lever, one swing to either side", sensitivity.matters),
        "_grid": ("Data tables over one or two levers", sensitivity.tables),
        "_seek": ("Goal seek, and how severe until a limit breaks", sensitivity.targets),
        "_reactions": ("Through which inputs the model reacted", reactions),
        "_migration": (f"{people(found.model.contract)} that change score band", migration),
        "_cells": ("Segments and concentration, as a table", cells),
        "_movers": (f"{people(found.model.contract)} whose loss moved most", movers),
        "_weighted": ("Several scenarios, weighted by probability", weighting),
        "_numbers": ("Every number, with horizon and limit", table),
    }
    if chosen(found.stress) is None:
        titles.pop("_path")
    if not found.model.contract.segments:
        titles.pop("_cells")
    for key, (title, draw) in titles.items():
        panel = st.expander(title, key=key, on_change="rerun")
        if panel.open:
            with panel:
                draw(found)


def steps(found: BookResult) -> None:
    """The bridge's bars, exactly, for every measure that is bridged."""
    contract = found.model.contract
    exact, shown = pd.DataFrame(), pd.DataFrame()
    for name in book_words.bridged(contract):
        own = bridge(found.whole, found.stress, found.today, name)
        labels = [book_words.player_label(contract, found.stress, step.player) for step in own.steps]
        rows = ["As the book stands", *labels, "Under the scenario"]
        amounts = [step.amount for step in own.steps]
        base, now = round(own.base), round(own.scenario)
        column = f"{book_words.label(name)}, {contract.book.currency}"
        exact[column] = pd.Series([own.base, *amounts, own.scenario], rows)
        whole = [base, *numbers.summing(amounts, now - base), now]  # as shown, the column still adds up
        shown[column] = pd.Series([numbers.plain(each) for each in whole], rows)
    widgets.table(shown.rename_axis("Part").reset_index(), hide_index=True, alt="What each lever moved")
    frame = exact.rename_axis("Part").reset_index()
    widgets.download(frame, "book-bridge")


# ---- what the model reacted to ------------------------------------------------------------------------------------


def reaction(found: BookResult) -> book_words.Reaction:
    """The reaction by concept."""
    contract = found.model.contract
    amounts = found.whole.reactions(found.layers[1])
    totals = {each.name: 0.0 for each in contract.concepts}
    for each, amount in zip(contract.inputs, amounts, strict=True):
        totals[each.concept] += float(amount)
    return book_words.reaction(found.base.loss, [each.label for each in contract.concepts], list(totals.values()))


def reactions(found: BookResult, draw: Draw = as_is) -> None:
    """Weighted changes of SHAP values, by concept; the inputs as a table, unless it is drawn for an audience."""
    contract = found.model.contract
    if found.whole.tables is None:
        st.info("Not available: only the model's answers are known here, not how its inputs enter them.")
        return
    shown, currency = reaction(found), contract.book.currency
    unit = shown.unit
    widgets.findings(book_words.reaction_headline(shown, bool(found.layers[1].shocks), currency))
    told = "; ".join(f"{name} {unit.signed(amount, currency) or 'nothing'}" for name, amount in shown.parts)
    st.plotly_chart(
        draw(book_charts.reactions(shown.parts, unit)),
        key="reactions",
        config=charts.CONFIG,
        alt=f"Change of expected loss through the model's inputs: {told}.",
    )
    st.caption(
        f"Changes of SHAP values weighted to money, {currency}{unit.suffix}. Part A of the scenario only: the economy "
        "and the overlay act outside the model. Which lever moved the loss is the bridge's answer, not this one's."
    )
    if draw is not as_is:
        return
    amounts = found.whole.reactions(found.layers[1])
    frame = pd.DataFrame(
        {
            "Input": [each.label for each in contract.inputs],
            f"Change of expected loss, {currency}": np.round(amounts, 6),
        }
    )
    widgets.download(frame, "book-reactions")


# ---- score bands ----------------------------------------------------------------------------------------------------


def migration(found: BookResult, draw: Draw = as_is) -> None:
    """How many customers go from which score band to which; as a table too, unless it is drawn for an audience."""
    contract = found.model.contract
    names = language.rising(contract.score.bands)
    counts = segments.migration(*found.rows, scale(contract), contract.score.bands)
    order = np.subtract.outer(np.arange(len(names)), np.arange(len(names)))
    moves = tuple(int(counts[mask].sum()) for mask in (order > 0, order == 0, order < 0))
    widgets.findings(book_words.migration_headline(contract.book.person, moves))
    st.plotly_chart(
        draw(book_charts.migration(counts, names)),
        key="migration",
        config=charts.CONFIG,
        alt=book_charts.migration_in_words(contract.book.person, counts, names),
    )
    if draw is not as_is:
        return
    frame = pd.DataFrame(counts, columns=pd.Index(names))
    frame.insert(0, "As the book stands", names)
    frame["All"] = counts.sum(1)
    widgets.download(frame, "book-migration")


# ---- segments -----------------------------------------------------------------------------------------------------


def cells(found: BookResult) -> None:
    """One table for each segment, with what it adds to the change; how concentrated the exposure is."""
    contract = found.model.contract
    names = {each.name: each.label for each in contract.segments}
    name = st.segmented_control(
        "Cut by",
        list(names),
        format_func=lambda key: names.get(key, key),
        default=contract.segments[0].name,
        key=keyed("_cells_by"),
        required=True,
        wrap=True,
    )
    segment = contract.segment(name)
    own = found.cells(segment)
    widgets.findings(book_words.change_headline(contract, segment, own))
    labels = [language.band_label(contract, segment, cell.path[0]) for cell in own]
    pairs = [*((cell.base, cell.now) for cell in own), (found.base, found.now)]
    frame = pd.DataFrame(
        [
            (now.customers, now.exposure, 100 * base.pd, 100 * now.pd, base.loss, now.loss, now.loss - base.loss)
            for base, now in pairs
        ],
        columns=[people(contract), "Exposure", "PD before", "PD now", "Loss before", "Loss now", CHANGE],
    )
    widgets.lead(frame, segment.label, [*labels, "The book"])
    if contract.guaranteed:
        frame["Net loss before"] = [base.net_loss for base, _ in pairs]
        frame["Net loss now"] = [now.net_loss for _, now in pairs]
    widgets.table(
        summed(frame),
        hide_index=True,
        alt=f"The book by {segment.label.lower()}",
        column_config=formats(contract, frame),
    )
    st.caption(book_words.concentration_words(contract, segment, segments.concentration(own, found.rows[1])))
    units = {"PD before": "PD before, %", "PD now": "PD now, %"}
    units |= {each: f"{each}, {contract.book.currency}" for each in frame if each.startswith(MONEY)}
    widgets.download(frame.rename(columns=units), f"book-segments-{name}")


def summed(frame: pd.DataFrame) -> pd.DataFrame:
    """Segments, named in the first column, in whole units of the currency, as shown: columns add up to the book's row,
    the last, and each row's change is that of the losses beside it."""
    out = frame.copy()
    for column in [each for each in frame.columns[1:] if each.startswith(MONEY) and each != CHANGE]:
        *parts, total = frame[column]
        out[column] = [*numbers.summing(parts, total), round(total)]
    return out.assign(**{CHANGE: out["Loss now"] - out["Loss before"]})


def formats(contract: Contract, frame: pd.DataFrame) -> dict[str, object]:
    """Whole units of the currency and one decimal of a percentage, in every column but the first, of names."""
    found: dict[str, object] = {}
    for column in frame.columns[1:]:
        if column.startswith(MONEY):
            found[column] = st.column_config.NumberColumn(
                f"{column}, {contract.book.currency}", format="localized", step=1
            )
        elif column.startswith("PD"):
            found[column] = st.column_config.NumberColumn(column, format="%.1f %%")
        elif column == people(contract):
            found[column] = st.column_config.NumberColumn(column, format="localized")
    return found


# ---- customers ----------------------------------------------------------------------------------------------------


def movers(found: BookResult) -> None:
    """Those whose expected loss changed most, of the book or of one band; each leads to the customer's page."""
    contract = found.model.contract
    options = {"": "the whole book"}
    for segment in contract.segments:
        for band in range(contract.band_count(segment)):
            label = f"{segment.label}: {language.band_label(contract, segment, band)}"
            options[f"{segment.name}:{band}"] = label
    chosen_band = st.selectbox("Among", list(options), format_func=lambda key: options.get(key, key), key=keyed(BAND))
    name, _, band = (chosen_band or "").partition(":")
    among = segments.bands(found.whole, contract.segment(name)) == int(band) if name else None
    top = segments.movers(found.whole, *found.rows, among)
    if not top:
        st.write(f"No {contract.book.person}'s expected loss changed.")
        return
    currency = contract.book.currency
    head = ("PD before", "PD now", "Loss before", "Loss now", "Change")
    columns = st.columns([1.6, 1, 1, 1, 1, 1], gap="small")
    for column, text in zip(columns, (contract.book.person.capitalize(), *head), strict=True):
        column.caption(text)
    for each in top:
        with st.container(key=f"_mover_{each.customer}"):
            columns = st.columns([1.6, 1, 1, 1, 1, 1], gap="small", vertical_alignment="center")
            columns[0].page_link(
                "customer/page.py",
                label=f"{contract.book.person.capitalize()} {each.customer:,}",
                query_params=deployed.address() | {"customer": str(each.customer)},
            )
            pds = book_words.apart("pd", each.pd_base, each.pd)
            moved = book_words.apart("loss", each.loss_base, each.loss)
            texts = (
                *(numbers.percent(pd_, pds.unit.digits) for pd_ in (pds.base, pds.now)),
                *(moved.unit.text(loss, currency) for loss in (moved.base, moved.now)),
                moved.money(currency),
            )
            for column, text in zip(columns[1:], texts, strict=True):
                column.write(text)
    person = contract.book.person
    gross = " Losses before the guarantee; the download has them net of it as well." if contract.guaranteed else ""
    st.caption(f"A link opens the {person} as in the book, without the scenario.{gross}")
    frame = pd.DataFrame(
        [
            (
                each.customer,
                100 * each.pd_base,
                100 * each.pd,
                each.ead,
                each.loss_base,
                each.loss,
                each.loss - each.loss_base,
            )
            for each in top
        ],
        columns=[
            person.capitalize(),
            "PD before, %",
            "PD now, %",
            *(f"{name}, {currency}" for name in ("Exposure now", "Loss before", "Loss now", "Change of loss")),
        ],
    )
    if contract.guaranteed:
        frame[f"Net loss before, {currency}"] = [each.net_loss_base for each in top]
        frame[f"Net loss now, {currency}"] = [each.net_loss for each in top]
    widgets.download(frame, "book-movers")


# ---- weighted scenarios -----------------------------------------------------------------------------------------


def weighting(found: BookResult) -> None:
    """Losses of several scenarios, weighted by their probability: the losses, never the inputs."""
    contract = found.model.contract
    st.write(
        f"Each at its own peak, in full severity; {contract.book.people}, overlay and assumptions as they are set on "
        "the left. The losses are weighted, never the inputs."
    )
    titles = {AS_IS: "No change in the economy"} | {each.name: each.title for each in presets()}
    columns = st.columns(3, gap="small")
    for k, (name, title) in enumerate(titles.items()):
        weight = WEIGHT + name
        at = state.shown(contract, weight)
        enter(state.memory, weight, f"{title} (%)", at, 0.0, 100.0, 5.0, where=columns[k % 3])
    if not any(found.stress.number(contract, WEIGHT + name) for name in titles):
        st.write("Give at least one scenario a weight.")
        return
    try:
        scenarios = weighted(contract, found.stress)
    except WhatIfError as error:
        st.warning(str(error), icon=":material/info:")
        return
    with followed("Scoring the book under each scenario", state.memory.undo) as progress:
        losses = found.whole.losses([layers(contract, each, found.today) for _, _, each in scenarios], progress)
    weights = [weight for _, weight, _ in scenarios]
    total = weigh(losses, weights)
    rows = [(titles[name], weight, loss) for (name, weight, _), loss in zip(scenarios, losses, strict=True)]
    widgets.findings(book_words.weighted_words(contract, found.stress, rows, found.base.loss, total))
    frame = pd.DataFrame(rows, columns=["Scenario", "Weight", f"Expected loss, {contract.book.currency}"])
    frame.loc[len(frame)] = ["Weighted", sum(weights), total]
    widgets.download(frame, "book-weighted")


# ---- every number, and the path -------------------------------------------------------------------------------------


def table(found: BookResult) -> None:
    """Base, scenario, difference, horizon and limit of every measure."""
    contract = found.model.contract
    rows = []
    for name in contract.measures:
        each = book_words.told(contract, found.stress, name, found.base, found.now)
        holds = "" if each.holds is None else "holds" if each.holds else each.broken
        horizon = book_words.horizon(contract, found.stress, name)
        rows.append((each.label, horizon, each.base, each.now, each.change or "none", each.limit or "none", holds))
    simple = book_words.apart("pd", found.base.pd_simple, found.now.pd_simple)
    texts = [numbers.percent(each, simple.unit.digits) for each in (simple.base, simple.now)]
    average, horizon = f"PD of the average {contract.book.person}", contract.book.pd_horizon
    rows.insert(2, (average, horizon, *texts, simple.points() or "none", "none", ""))
    rows.insert(0, (people(contract), "", f"{found.base.customers:,}", f"{found.now.customers:,}", "none", "none", ""))
    columns = ["Measure", "Horizon", "As the book stands", "Scenario", "Difference", "Limit", "Verdict"]
    widgets.table(pd.DataFrame(rows, columns=columns), hide_index=True, alt="Every measure of the book")
    exact = []
    for name in contract.measures:
        was, value = found.base.measure(name), found.now.measure(name)
        limit, _ = book_words.limit_of(contract, found.stress, name)
        exact.append((was, value, value - was, limit))
    exact.insert(2, (found.base.pd_simple, found.now.pd_simple, found.now.pd_simple - found.base.pd_simple, np.nan))
    exact.insert(0, (found.base.customers, found.now.customers, 0, np.nan))
    csv = pd.DataFrame([(*row[:2], *values, row[-1]) for row, values in zip(rows, exact, strict=True)], columns=columns)
    csv.insert(2, "Unit", [units(contract, row[0]) for row in rows])
    widgets.download(csv, "book-numbers")


def units(contract: Contract, label: str) -> str:
    """The unit of a measure in the download."""
    if label == people(contract):
        return ""
    if label.startswith("PD") or label.startswith("Return"):
        return "fraction"
    return "bp" if "basis points" in label else contract.book.currency


def path(found: BookResult) -> None:
    """Where the scenario comes from, its path, and what was derived."""
    using = chosen(found.stress)
    if using is None:
        return
    point = str(dict(found.stress.values).get(POINT, using.peak))
    widgets.findings(book_words.path_headline(using, point, found.stress.number(found.model.contract, SEVERITY)))
    if book_charts.path_line(using) is None:
        st.caption("The source publishes peaks only, no path.")
    else:
        line = book_charts.path_line(using)
        assert line is not None
        st.plotly_chart(
            book_charts.path(using, point),
            key="path",
            config=charts.CONFIG,
            alt=book_charts.path_in_words(using),
        )
        st.caption(f"{line.label}, as published.")
    st.caption(
        f"Source: {using.source}. Published {using.published}, {using.kind}. Confidence in the transcription: "
        f"{using.confidence}. {' '.join(using.notes)}"
    )
    if using.lines:
        frame = pd.DataFrame({"Period": using.periods, **{f"{e.label} ({e.unit})": e.values for e in using.lines}})
        widgets.download(frame, f"book-path-{using.name}")
