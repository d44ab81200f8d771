"""The report of a batch as one HTML file: charts to point at, tables, no network.

Charts are those of the pages, drawn by the library that draws them there, whose script stands in the file (4.8 MB).
"""

import json
from collections.abc import Sequence
from html import escape
from importlib.util import find_spec
from pathlib import Path

from data.errors import BadInput
from model.report.batch.briefing import batch_briefing
from model.report.batch.numbers import BatchNumbers
from model.report.briefing import Briefing, Finding, Item, Notice, Panel, Table, Tile
from model.report.charts import CONFIG

LOOK, SCRIPT = (Path(__file__).with_name(name) for name in ("report.css", "report.js"))
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)


def batch_page(found: BatchNumbers) -> str:
    """The whole file."""
    said = batch_briefing(found)
    items = [*said.findings, *(each for panel in said.panels for each in panel.answers({}))]
    charts = {each.key: each.chart for each in items if isinstance(each, Finding) and each.chart is not None}
    parts = (
        f"<p class='over'>Batch report · {escape(found.contract.book.title)}</p>",
        f"<h1>{escape(found.source)}</h1><p class='sentence'>{escape(said.sentence)}</p>",
        *(_notice(each) for each in said.notices),
        f"<div class='tiles'>{''.join(map(_tile, said.tiles))}</div>",
        _paragraph(said.below, "quiet"),
        *_sections(said.findings),
        *(_panel(each) for each in said.panels),
        f"<section class='whole'><h2>How it is computed</h2>{_paragraph(said.method)}</section>",
        _paragraph(said.foot, "quiet"),
    )
    return (
        f"<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>{escape(said.title)}</title>"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta name='color-scheme' content='light dark'>"
        f"<meta name='description' content='{escape(said.sentence)}'><style>{LOOK.read_text('utf-8')}</style></head>"
        f"<body><main>{''.join(parts)}</main>"
        f"<script type='application/json' id='charts'>{_json(charts)}</script>"
        f"<script>{_library()}</script><script>{SCRIPT.read_text('utf-8')}</script></body></html>\n"
    )


def write_batch_page(out: Path, found: BatchNumbers) -> Briefing:
    """Write the file. BadInput where it cannot be written."""
    try:
        out.write_text(batch_page(found), "utf-8")
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}. Name another file.") from error
    return batch_briefing(found)


def _library() -> str:
    """The script that draws the charts of the pages, out of its package, which need not be imported for it."""
    found = find_spec("plotly")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "package_data" / "plotly.min.js").read_text("utf-8")


def _json(charts: object) -> str:
    """JSON that may stand in a script: nothing in it ends one."""
    return json.dumps({"charts": charts, "config": CONFIG}).replace("<", "\\u003c")


def _paragraph(text: str, kind: str = "") -> str:
    return f"<p class='{kind}'>{escape(text)}</p>" if text else ""


def _notice(each: Notice) -> str:
    return f"<p class='notice'>{escape(each.text)}</p>"


def _tile(tile: Tile) -> str:
    was = f"<span class='quiet'>{escape(tile.was)} as they stand</span>" if tile.was else ""
    change = f"<span class='{tile.direction}'>{escape(tile.change)}</span>" if tile.change else ""
    notes = "".join(f"<span class='quiet'>{escape(each)}</span>" for each in tile.notes)
    return f"<div class='tile'><span>{escape(tile.label)}</span><b>{escape(tile.value)}</b>{change}{was}{notes}</div>"


def _sections(items: Sequence[Item]) -> list[str]:
    return [_finding(each) if isinstance(each, Finding) else _notice(each) for each in items]


def _panel(panel: Panel) -> str:
    held = "".join(_sections(panel.answers({})))
    return f"<details class='whole'><summary>{escape(panel.title)}</summary><div class='held'>{held}</div></details>"


def _finding(finding: Finding) -> str:
    chart = ""
    if finding.chart is not None:
        label = escape(finding.alt, quote=True)
        high = finding.chart["layout"]["height"]
        said = f"role='img' aria-label=\"{label}\" style='height:{high}px' data-chart='{finding.key}'"
        chart = f"<div class='chart' {said}></div>"
    table = "" if finding.table is None else _table(finding.table, finding.drawn)
    kind = "half" if finding.half else "whole"
    return (
        f"<section class='{kind}'><h2>{escape(finding.headline)}</h2>{_paragraph(finding.shows, 'quiet')}{chart}{table}"
        f"{_paragraph(finding.note, 'quiet')}</section>"
    )


def _table(table: Table, drawn: bool) -> str:
    told, heads = table.texts(), [table.columns[k].heading for k in table.places("screen")]
    sides = [" class='figure'" * each for each in told.right]
    head = "".join(f"<th scope='col'{side}>{escape(each)}</th>" for side, each in zip(sides, heads, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{side}>{escape(each)}</td>' for side, each in zip(sides, row, strict=True))}</tr>"
        for row in told.rows
    )
    kind = " class='sums'" * (told.rows[-1][:1] == ("All",))
    told_as = f"role='region' tabindex='0' aria-label='{escape(table.title, quote=True)}'"  # or no key scrolls it
    shown = (
        f"<div class='scroll' {told_as}><table{kind}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return shown if drawn else f"<details><summary>{escape(table.title)}</summary>{shown}</details>"
