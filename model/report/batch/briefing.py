"""The briefing of a batch: a sentence, the numbers, how scores and losses are spread, what has moved since the
training, what was refused."""

from itertools import pairwise

import numpy as np

from data.contract import Segment, capitalised, lower
from model.monitoring.drift import WATCH, Drift
from model.report import language, numbers
from model.report.batch.charts import losses_chart, losses_in_words
from model.report.batch.numbers import BatchNumbers
from model.report.briefing import FRACTION, Briefing, Cell, Column, Direction, Finding, Item, Notice, Panel, Table, Tile
from model.report.customer.charts import scores, scores_in_words
from model.report.language import band_label
from model.report.trust import charts, words
from model.report.trust.drift import drift_table
from model.whatif.customer.distribution import ScoreDistribution

BIN = 10  # points of a bar of scores
MOST_ABOUT = 12  # fields whose refusals are told one by one


def batch_briefing(found: BatchNumbers) -> Briefing:
    """What is said of a batch."""
    return Briefing(
        "batch",
        batch_sentence(found),
        tiles=batch_tiles(found),
        below=" ".join(_assumed(found)),
        notices=tuple(_notices(found)),
        make_findings=lambda: _findings(found),
        panels=(Panel("still", "How what has hardly moved is distributed", lambda _: _still(found)),),
        method=_method(found),
        foot=_foot(found),
        guaranteed=found.contract.guaranteed,
        title=f"Batch of {found.contract.book.records} · {found.source}",
    )


def batch_sentence(found: BatchNumbers) -> str:
    """What came of the batch."""
    book = found.contract.book
    none = f"{numbers.counted(found.refused, 'row')} refused" if found.refused else "no row refused"
    told = f"{found.scored:,} of {numbers.counted(found.given, book.record)} scored; {none}"
    if not found.scored:
        return f"{told}. No {book.record} can be scored before the rows are put right."
    lost, what = numbers.money(found.totals["loss"], book.currency), language.lost(found.contract)
    if found.stressed:
        was = numbers.money(found.totals["loss_as_is"], book.currency)
        return f"{told}. Under the scenario, {what} ({book.pd_horizon}) is {lost}, {was} as they stand."
    return f"{told}. Mean PD {numbers.percent(found.mean('pd'))}, {what} ({book.pd_horizon}) {lost}."


def _notices(found: BatchNumbers) -> list[Notice]:
    told = []
    if found.refused:
        share = numbers.percent(found.refused / found.given)
        told.append(
            Notice(f"{share} of the rows are in no number below; what is wrong with them stands at the end.", "warning")
        )
    if found.repeated:
        stand = "identifier stands" if found.repeated == 1 else "identifiers stand"
        told.append(Notice(f"{found.repeated:,} {stand} on more than one row; every row counts.", "warning"))
    return told


def batch_tiles(found: BatchNumbers) -> tuple[Tile, ...]:
    """The numbers of the batch."""
    book, currency, n = found.contract.book, found.contract.book.currency, found.scored
    counted = Tile("Scored", f"{n:,}", notes=(f"of {numbers.counted(found.given, 'row')}",))
    if not n:
        return (counted,)
    totals = found.totals
    granted = Tile(
        f"Would be {language.granting(found.contract)}",
        numbers.percent(totals["granted"] / n),
        notes=(f"{round(totals['granted']):,} {book.records}", f"cut-off {numbers.exactly(found.cutoff)}"),
    )
    mean, was = found.mean("pd"), found.mean("pd_as_is") if found.stressed else np.nan
    pd = Tile(
        f"Mean PD, {book.pd_horizon}",
        numbers.percent(mean),
        was=numbers.percent(was) if found.stressed else "",
        change=numbers.points(mean - was) if found.stressed else "",
        direction=_direction(mean, was),
        notes=(numbers.in_100(mean),),
    )
    outside = f"{round(totals['outside']):,} outside known territory"
    net = (f"net of the guarantee {numbers.money(totals['net_loss'], currency)}",) if found.contract.guaranteed else ()
    loss = _amount(found, "loss", f"{language.lost_label(found.contract)}, {book.pd_horizon}", (*net, outside))
    if not found.contract.in_money:
        return counted, granted, pd, loss
    exposure = Tile("Exposure at default", numbers.money(totals["exposure"], currency))
    more = [
        Tile(label, numbers.money(totals[name], currency))
        for name, label in (("capital", "Capital"), ("margin", "Margin after loss"))
        if name in totals
    ]
    return counted, granted, pd, loss, exposure, *more


def _amount(found: BatchNumbers, name: str, label: str, notes: tuple[str, ...]) -> Tile:
    currency, now = found.contract.book.currency, found.totals[name]
    if not found.stressed:
        return Tile(label, numbers.money(now, currency), notes=notes)
    was = found.totals[f"{name}_as_is"]
    change = numbers.signed(numbers.money(abs(now - was), currency), now - was)
    return Tile(
        label,
        numbers.money(now, currency),
        was=numbers.money(was, currency),
        change=change,
        direction=_direction(now, was),
        notes=notes,
    )


def _direction(now: float, was: float) -> Direction:
    if np.isnan(was) or now == was:
        return ""
    return "worse" if now > was else "better"


def _assumed(found: BatchNumbers) -> list[str]:
    told = [found.scenario] if found.scenario else []
    if found.ignored:
        told.append(f"Columns nothing reads: {', '.join(found.ignored[:8])}{' …' * (len(found.ignored) > 8)}.")
    return [*told, *found.notes]


def _method(found: BatchNumbers) -> str:
    book = found.contract.book
    loss = "loss is PD times loss given default times exposure at default"
    worked_out = loss if found.contract.in_money else "expected defaults are the sum of the PDs"
    return (
        f"Every row is scored by itself by release {found.release}, by the tables that answer on the pages; totals are "
        f"sums over rows. PD {book.pd_horizon}; {worked_out}. Drift "
        "is the population stability index of the bins of the training, of records and PDs as they stand. Rows that "
        "cannot be scored are in no number."
    )


def _foot(found: BatchNumbers) -> str:
    return (
        f"{found.contract.book.title} · {found.source} · release {found.release} · {found.day} · {found.scored:,} of "
        f"{found.given:,} rows"
    )


# ---- findings ----------------------------------------------------------------------------------------------------


def _findings(found: BatchNumbers) -> tuple[Item, ...]:
    items = list[Item]()
    if found.scored:
        items += [_scores(found), *(_segment(found, each) for each in found.contract.segments), *_moved(found)]
    return (*items, *([_refused(found)] if found.refused else []))


def _scores(found: BatchNumbers) -> Finding:
    """How many records have which score."""
    there = np.flatnonzero(found.points)
    first, last = int(there[0]) // BIN * BIN, (int(there[-1]) // BIN + 1) * BIN
    edges = tuple(range(first, last + 1, BIN))
    counts = tuple(int(found.points[low:high].sum()) for low, high in pairwise(edges))
    spread = ScoreDistribution(edges, counts, found.cutoff, round(found.totals["granted"]))
    below = found.scored - round(found.totals["granted"])
    share = numbers.percent(below / found.scored)
    columns = (
        Column("From", digits=0),
        Column("To", digits=0),
        Column(capitalised(found.contract.book.records), digits=0),
    )
    rows = tuple((low, high - 1, n) for (low, high), n in zip(pairwise(edges), counts, strict=True))
    return Finding(
        "scores",
        f"{share} score below the cut-off of {numbers.exactly(found.cutoff)}",
        chart=scores(spread),
        alt=scores_in_words(found.contract, spread),
        table=Table("batch-scores", "Records by score", columns, rows),
        drawn=False,
        shows=f"{capitalised(found.contract.book.records)} by score, points",
    )


def _segment(found: BatchNumbers, segment: Segment) -> Finding:
    """Where loss and exposure lie, by the bands of one segment; the bands' rows sum to those of the batch."""
    held, names = found.segments[segment.name], found.columns
    bands = [k for k in range(len(held)) if held[k, names.index("scored")]]
    labels = [band_label(found.contract, segment, k) for k in bands]
    own = {name: [float(held[k, names.index(name)]) for k in bands] for name in names}
    own["mean"] = [pd / n for pd, n in zip(own["pd"], own["scored"], strict=True)]
    currency = found.contract.book.currency
    worst = int(np.argmax(own["loss"]))
    total = sum(own["loss"])
    share = numbers.percent(own["loss"][worst] / total) if total else "none"
    in_money, lost = found.contract.in_money, language.lost_label(found.contract)
    stand = f"{'Loss' if in_money else 'Defaults'} as they stand"
    before = (Column(stand, currency, 0),) if found.stressed else ()
    columns = (
        Column(segment.label),
        Column(capitalised(found.contract.book.records), digits=0),
        Column("Share", FRACTION, 1),
        Column(f"Would be {language.granting(found.contract)}", FRACTION, 1),
        Column("Mean PD", FRACTION, 1),
        *((Column("Exposure at default", currency, 0),) if in_money else ()),
        Column(lost, currency, 0),
        *before,
    )
    rows = list[tuple[Cell, ...]]()
    for k, label in enumerate(labels):
        n = own["scored"][k]
        shares = (round(n), n / found.scored, own["granted"][k] / n, own["mean"][k])
        owed = (own["exposure"][k],) if in_money else ()
        money = (*owed, own["loss"][k], *([own["loss_as_is"][k]] if found.stressed else []))
        rows.append((label, *shares, *money))
    whole = found.totals
    owed = (whole["exposure"],) if in_money else ()
    last = (found.scored, 1.0, whole["granted"] / found.scored, found.mean("pd"))
    rows.append(("All", *last, *owed, whole["loss"], *([whole["loss_as_is"]] if found.stressed else [])))
    the = "the expected loss" if in_money else language.lost(found.contract)
    return Finding(
        f"segment-{segment.name}",
        f"By {lower(segment.label)}: {share} of {the} lies in “{labels[worst]}”",
        chart=losses_chart(labels, own, currency, found.stressed),
        alt=losses_in_words(labels, own, currency),
        table=Table(f"batch-{segment.name}", f"By {lower(segment.label)}", columns, tuple(rows)),
        shape="whole",
        shows=language.counted_in(f"{lost} by {lower(segment.label)}", found.contract),
    )


def _moved(found: BatchNumbers) -> tuple[Item, ...]:
    """How far the batch lies from the training: which inputs have moved, and how each is distributed then and now."""
    contract, drifts = found.contract, found.drifts()
    training = numbers.counted(found.snapshot.n, "record")
    chart = charts.drift(contract, drifts)
    chart["layout"]["yaxis"]["automargin"] = True  # wider than a column of a page
    head = Finding(
        "drift",
        words.drift_headline(contract, drifts, "this batch against the training"),
        chart=chart,
        alt=charts.drift_in_words(contract, drifts),
        table=drift_table(contract, drifts),
        shape="whole",
        note=f"{words.limits_words(contract)} Against {training} of the training. {words.noise_words(found.scored)}",
        shows="Population stability index, this batch against the training",
    )
    return head, *(_distribution(found, each) for each in _by_drift(found) if each.psi >= WATCH)


def _still(found: BatchNumbers) -> tuple[Item, ...]:
    """How the others are distributed, then and now."""
    return tuple(_distribution(found, each) for each in _by_drift(found) if each.psi < WATCH) if found.scored else ()


def _by_drift(found: BatchNumbers) -> list[Drift]:
    return sorted(found.drifts(), key=lambda each: -each.psi)


def _distribution(found: BatchNumbers, each: Drift) -> Finding:
    own = None if each.index < 0 else found.contract.inputs[each.index]
    labels, name = words.bin_labels(own, each), words.drift_label(found.contract, each)
    return Finding(
        f"distribution-{'pd' if own is None else own.name}",
        f"{name}: PSI {each.psi:.2f}",
        chart=charts.distribution(labels, each.expected, each.actual, ("training", "this batch")),
        alt=charts.distribution_in_words(labels, each.expected, each.actual),
        shows=f"{name}: share of {found.contract.book.records}, %, at the training and in this batch",
        half=True,
    )


def _refused(found: BatchNumbers) -> Finding:
    """What is wrong with the rows that are in no number."""
    order = sorted(found.about.items(), key=lambda each: (-each[1], each[0]))
    columns = (Column("About"), Column("Refusals", digits=0))
    shown, rest = order[:MOST_ABOUT], sum(n for _, n in order[MOST_ABOUT:])
    rows = (*shown, *([(f"{len(order) - MOST_ABOUT} others", rest)] if rest else []))
    return Finding(
        "refused",
        f"{numbers.counted(found.refused, 'row')} refused, most for {lower(order[0][0])}" if order else "Rows refused",
        table=Table("batch-refused", "Rows refused, by what they are about", columns, tuple(rows)),
        shape="whole",
        note="A row may be refused for several reasons. Each row with value and what is allowed stands in the file of "
        "refused rows beside the output.",
    )
