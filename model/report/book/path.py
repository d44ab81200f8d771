"""A regulator's scenario point by point: where it comes from, its published path, and the loss along it."""

from itertools import groupby
from typing import Any

import numpy as np

from data.regulators.presets import Preset
from model.engine.parallel import Follow
from model.report import language, numbers
from model.report.book import charts, words
from model.report.briefing import Cell, Choices, Column, Finding, Item, Table
from model.report.charts import BASE, SCENARIO, WORSE, Figure, LimitLine, clear_of, draw_limit, layout
from model.report.numbers import Unit
from model.whatif.book.result import BookResult, PathLosses
from model.whatif.book.scenario import FULL, POINT, SEVERITY, chosen

ROOM = 0.14  # of the heights drawn: for what is written at the lines


def regulators_path(result: BookResult, follow: Follow, _choices: Choices) -> tuple[Item, ...]:
    """The loss along the path where there is one, the path itself, where it comes from and what was derived."""
    using = chosen(result.scenario)
    if using is None:
        return ()
    published = _published(result, using)
    if not result.follows_path:
        return (published,)
    with follow("Scoring the book along the path") as progress:
        found = result.path_losses(progress)
    return (losses_along(result, using, found), published)


# ---- as it was published ------------------------------------------------------------------------------------------


def _published(result: BookResult, using: Preset) -> Finding:
    point = str(dict(result.scenario.values).get(POINT, using.peak))
    line = charts.path_line(using)
    drawn = "The source publishes peaks only, no path." if line is None else f"{line.label}, as published."
    source = (
        f"Source: {using.source}. Published {using.published}, {using.kind}. Confidence in the transcription: "
        f"{using.confidence}. {' '.join(using.notes)}"
    )
    return Finding(
        "path",
        words.path_headline(using, point, result.scenario.number(result.contract, SEVERITY)),
        chart=None if line is None else charts.path(using, point),
        alt="" if line is None else charts.path_in_words(using),
        shows="" if line is None else f"{line.label}, {line.unit}, as published",
        table=_path_table(using) if using.lines else None,
        drawn=False,
        note=f"{drawn}\n\n{source}",
    )


def _path_table(using: Preset) -> Table:
    columns = (Column("Period"), *(Column(each.label, each.unit) for each in using.lines))
    rows = tuple(zip(using.periods, *(each.values for each in using.lines), strict=True))
    return Table(f"book-path-{using.name}", f"The path of {using.title}", columns, rows)


# ---- the loss along it --------------------------------------------------------------------------------------------


def losses_along(result: BookResult, using: Preset, found: PathLosses) -> Finding:
    """The expected loss at every point, with the limit."""
    contract = result.contract
    return Finding(
        "path_losses",
        losses_headline(result, found),
        chart=losses_chart(result, found),
        alt=losses_in_words(result, found),
        shows=words.shows(contract, "loss", _unit(result)),
        table=_losses_table(result, using, found),
        drawn=False,
        note=(
            f"At each point the {contract.book.records} as they stand under what is assumed, with the economy as it is "
            f"there: {language.lost(contract)} over {contract.book.pd_horizon}. The book does not age, grow or shrink "
            "along the path, and losses of one point are not carried to the next."
        ),
    )


def _unit(result: BookResult) -> Unit:
    """That of the expected loss among the page's numbers, which it is one of."""
    return words.difference("loss", result.base, result.now).unit


def _text(result: BookResult, amount: float) -> str:
    return _unit(result).text(amount, result.contract.book.currency)


def _limited(result: BookResult) -> tuple[float, str]:
    """The limit of the expected loss, and as it is told; NaN and "" without one."""
    limit, appetite = words.limit_of(result.contract, result.scenario, "loss")
    return limit, "" if appetite is None else words.limit_text(result.contract, "loss", limit, _unit(result))


def _breaks(result: BookResult, found: PathLosses) -> list[bool]:
    """Whether the limit is broken at each point; nowhere, where there is none."""
    limit, appetite = words.limit_of(result.contract, result.scenario, "loss")
    return [appetite is not None and not words.within(appetite, each, limit) for each in found.losses]


def losses_headline(result: BookResult, found: PathLosses) -> str:
    """The finding above the losses: the worst point, and where the limit does not hold."""
    k = int(np.argmax(found.losses))
    worst, label = _text(result, found.losses[k]), found.points[k].label
    what = language.lost(result.contract).capitalize()
    if not any(numbers.difference_of(found.losses[0], each) for each in found.losses):
        return f"{what} is {worst} all along the path{_side(result, found)}"
    return f"{what} is highest at {label}, {worst}{_side(result, found)}"


def _side(result: BookResult, found: PathLosses) -> str:
    """Along which points the limit does not hold: ", above the limit of NT$ 550 m from Q2 2026 to Q1 2029"."""
    _, appetite = words.limit_of(result.contract, result.scenario, "loss")
    if appetite is None:
        return ""
    broken = _breaks(result, found)
    kept, lost = ("within", "above") if appetite.sense == "at most" else ("above", "below")
    _, limit = _limited(result)
    if not any(broken):
        return f"; {kept} the limit of {limit} all along"
    if all(broken):
        return f"; {lost} the limit of {limit} all along"
    stretches = [list(group) for at, group in groupby(range(len(broken)), key=broken.__getitem__) if at]
    if len(stretches) > 1:
        count = numbers.plain(sum(broken))
        return f"; {lost} the limit of {limit} at {count} of {len(broken)} points"
    first, last = (found.points[k].label for k in (stretches[0][0], stretches[0][-1]))
    return f"; {lost} the limit of {limit} {f'at {first}' if first == last else f'from {first} to {last}'}"


def losses_chart(result: BookResult, found: PathLosses, height: int = 236) -> Figure:
    """The losses as a line over the points, the book as it stands and the limit as lines across, the scenario's point
    marked."""
    unit = _unit(result)
    labels = [each.label for each in found.points]
    values = [each / unit.size for each in found.losses]
    limit, limit_text = _limited(result)
    line = LimitLine(limit / unit.size, f"limit {limit_text}") if limit_text else None
    base = result.base.loss / unit.size
    low, high = min(*values, base), max(*values, base)
    ends = (low, high) if line is None else line.within(low, high)
    room = 2 * ROOM * ((ends[1] - ends[0]) or 1.0)
    figure = layout(height, 58)
    figure["margin"] = {"l": 58, "r": 24, "t": 8, "b": 26}
    figure["xaxis"] = {"fixedrange": True, "showgrid": False, "type": "category", "nticks": 7}
    figure["yaxis"] = {
        "fixedrange": True,
        "showgrid": False,
        "nticks": 5,
        "ticksuffix": unit.suffix,
        "range": [ends[0] - room, ends[1] + room],
    }
    figure["shapes"] = [_across(base)]
    over = line is not None and base > line.at
    figure["annotations"] = [_named(base, f"as the book stands {_text(result, result.base.loss)}", over)]
    draw_limit(figure, line, "y", (low, high), clear_of([values, [base]], line, tall=room / 2))
    drawn: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": labels,
            "y": values,
            "line": {"color": SCENARIO, "width": 2},
            "marker": {"color": [WORSE if broken else SCENARIO for broken in _breaks(result, found)], "size": 6},
            "customdata": [_text(result, each) for each in found.losses],
            "hovertemplate": "%{x}: %{customdata}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers+text",
            "x": [labels[found.here]],
            "y": [values[found.here]],
            "text": [_text(result, found.losses[found.here])],
            "marker": {"color": WORSE if _breaks(result, found)[found.here] else SCENARIO, "size": 12},
            "textposition": "top center",
            "cliponaxis": False,
            "hoverinfo": "skip",
        },
    ]
    return {"data": drawn, "layout": figure}


def _across(height: float) -> dict[str, Any]:
    """The book as it stands."""
    line = {"color": BASE, "width": 1.5, "dash": "dot"}
    place = {"xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height}
    return {"type": "line", **place, "line": line, "layer": "below"}


def _named(height: float, text: str, over: bool) -> dict[str, Any]:
    """What it comes to, ``over`` its line or under it: away from the limit."""
    place = {"xref": "paper", "x": 1, "xanchor": "right", "y": height, "yanchor": "bottom" if over else "top"}
    return {**place, "text": text, "showarrow": False}


def losses_in_words(result: BookResult, found: PathLosses) -> str:
    """The losses for those who cannot see them."""
    told = "; ".join(
        f"{point.label} {_text(result, loss)}" for point, loss in zip(found.points, found.losses, strict=True)
    )
    _, limit = _limited(result)
    what, base = language.lost_label(result.contract), _text(result, result.base.loss)
    return f"{what} along the path: {told}. As the book stands {base}" + (f"; limit {limit}." if limit else ".")


def _losses_table(result: BookResult, using: Preset, found: PathLosses) -> Table:
    """One row a point: the economy there, in the scenario's severity, the loss, its difference to the book as it
    stands, and whether the limit holds."""
    contract, currency = result.contract, result.contract.book.currency
    severity = result.scenario.number(contract, SEVERITY) / FULL
    known = [each for each in contract.economy if any(each.name in point.changes for point in using.points)]
    limit, text = _limited(result)
    columns = (
        Column("Point"),
        *(Column(f"Change of {each.label.lower()}, {each.unit.removeprefix('±')}", digits=2) for each in known),
        Column(language.lost_label(contract), currency, 0),
        Column("Against the book as it stands", currency, 0, signed=True),
        *((Column("Limit", currency, 0), Column("Verdict")) if text else ()),
    )
    rows = []
    for point, loss, broken in zip(found.points, found.losses, _breaks(result, found), strict=True):
        moved: list[Cell] = [
            round(severity * point.changes[each.name], 6) if each.name in point.changes else None for each in known
        ]
        word = "does not hold" if broken else "holds"
        verdict: tuple[Cell, ...] = (limit, word) if text else ()
        rows.append((point.label, *moved, loss, loss - result.base.loss, *verdict))
    return Table(
        f"book-path-losses-{using.name}", f"{language.lost_label(contract)} along {using.title}", columns, tuple(rows)
    )
