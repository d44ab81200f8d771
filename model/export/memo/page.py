"""The paper as one HTML file that needs no network and no script: charts are pictures whose bars say what they are, the
versions of a finding are chosen by a press, exact figures open below. Printed, or made a PDF, it is the paper.

Pictures of our own, not a plotting library: its smallest bundle is 1.1 MB of script that mail programs do not run, and
draws something else than PDF and Word do; a memo with its pictures takes 60 kB.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from model.export.bars import bar_charts
from model.export.drawing import bars_as_svg
from model.export.memo.memo import ASSUMED, CAVEATS, Memo, MemoPart, assumed_lines, limit_words, numbers_title
from model.report.briefing import Finding, Table, Tile

LOOK = Path(__file__).with_name("paper.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

LONG = 8  # rows of a table that may go on on the next page, rather than leave half of one empty


def memo_page(memo: Memo, printed: bool = False) -> str:
    """The whole file; ``printed``: for paper, where nothing is pointed at, chosen or opened."""
    parts = (
        _head(memo),
        _numbers(memo.tiles),
        _paragraph(memo.below, "quiet"),
        *(_part(each, printed) for each in memo.parts),
        f"<section><h2>{ASSUMED}</h2>{''.join(_assumed(*each) for each in assumed_lines(memo.assumed))}</section>",
        _caveats(memo),
        f"<p class='quiet'>{escape(memo.signature)} {escape(memo.made)}</p>",
    )
    day = memo.occasion.day.isoformat()
    return (
        f"<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>{escape(memo.title)}</title>"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<meta name='author' content='{escape(memo.occasion.who)}'><meta name='dcterms.created' content='{day}'>"
        f"<meta name='description' content='{escape(memo.sentence)}'>"
        f"<style>{LOOK.read_text('utf-8')}{_page_foot(memo)}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _head(memo: Memo) -> str:
    notices = "".join(_paragraph(each, "notice") for each in memo.notices)
    return (
        f"<p class='over'>Board memo · {escape(memo.book)}</p><h1>{escape(memo.title)}</h1>"
        f"<p class='quiet'>Scenario: {escape(memo.scenario)}. {escape(memo.source)}</p>"
        f"{notices}<p class='sentence'>{escape(memo.sentence)}</p>"
    )


def _page_foot(memo: Memo) -> str:
    """What stands at the foot of every page, as the style sheet takes it."""
    told = "".join(each if each.isalnum() or each == " " else f"\\{ord(each):x} " for each in memo.foot)
    return f'@page {{ @bottom-left {{ content: "{told}"; }} }}'


def _paragraph(text: str, kind: str = "") -> str:
    return f"<p class='{kind}'>{escape(text)}</p>" if text else ""


# ---- numbers --------------------------------------------------------------------------------------------------------


def _numbers(tiles: Sequence[Tile]) -> str:
    if not tiles:
        return ""
    limited = any(each.limit for each in tiles)
    heads = ["", "Here", "As it stands", "Change", *(["Limit", "Headroom"] if limited else [])]
    head = "".join(f"<th scope='col'>{each}</th>" for each in heads)
    rows = "".join(f"<tr>{''.join(_number(each, limited))}</tr>" for each in tiles)
    return (
        f"<section><h2>{numbers_title(tiles)}</h2><div class='scroll' tabindex='0'>"
        f"<table class='numbers'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _number(tile: Tile, limited: bool) -> list[str]:
    kind = "lost" if tile.broken else ""
    cells = [
        f"<th scope='row'>{escape(tile.label)}{_span('; '.join(tile.notes), 'quiet')}</th>",
        f"<td class='value'>{escape(tile.value)}</td>",
        f"<td>{escape(tile.was)}</td>",
        f"<td class='{tile.direction}'>{escape(tile.change)}</td>",
    ]
    if limited:
        cells += [f"<td class='{kind}'>{escape(limit_words(tile))}</td>", f"<td>{_room(tile)}</td>"]
    return cells


def _span(text: str, kind: str) -> str:
    return f"<span class='{kind}'>{escape(text)}</span>" if text else ""


def _room(tile: Tile) -> str:
    room = tile.headroom
    if room is None:
        return ""
    over = " over-limit" * bool(tile.broken)
    return (
        f"<span class='room{over}' aria-hidden='true'><b style='width:{room.filled:.1%}'></b>"
        f"<i style='left:{room.tick:.1%}'></i></span>{_span(room.words, 'quiet')}"
    )


# ---- findings -------------------------------------------------------------------------------------------------------


def _part(part: MemoPart, printed: bool) -> str:
    if printed or len(part.versions) == 1:
        table = part.first.table
        long = " class='long'" * (table is not None and len(table.exact) > LONG)
        return f"<section{long}>{_finding(part.first, printed)}</section>"
    choose = "".join(
        f"<input type='radio' name='{part.key}' id='{part.key}-{k}'{' checked' * (k == 0)}>"
        f"<label for='{part.key}-{k}'>{escape(label)}</label>"
        for k, (label, _) in enumerate(part.versions)
    )
    shown = "".join(f"<div class='version'>{_finding(each, printed)}</div>" for _, each in part.versions)
    return f"<section class='versions'>{choose}{shown}</section>"


def _finding(finding: Finding, printed: bool) -> str:
    drawn = "".join(bars_as_svg(each, finding.alt, pointed=not printed) for each in bar_charts(finding.chart))
    table = finding.table
    return (
        f"<h2>{escape(finding.headline)}</h2>{''.join(_paragraph(each) for each in finding.text)}{drawn}"
        f"{_table(table) if table is not None else ''}{_paragraph(finding.note, 'quiet')}"
        f"{_exact(table) if table is not None and not printed else ''}"
    )


def _table(table: Table) -> str:
    told = table.texts()
    kind = " class='where'" if table.key.startswith("book-where") else ""
    return f"<div class='scroll' tabindex='0'>{_rows(told.heads, told.rows, told.right, kind)}</div>"


def _exact(table: Table) -> str:
    """The exact figures behind a table, where those shown are rounded."""
    places = table.places("file")
    if places == table.places("screen"):
        return ""
    columns = [table.columns[k] for k in places]
    rows = [[_exactly(cell) for cell in row] for row in table.filed()]
    shown = _rows([each.heading for each in columns], rows, [each.digits is not None for each in columns])
    return f"<details><summary>Exact figures</summary><div class='scroll' tabindex='0'>{shown}</div></details>"


def _exactly(cell: object) -> str:
    return "" if cell is None else f"{cell}"


def _rows(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], kind: str = "") -> str:
    sides = [" class='figure'" * each for each in right]
    head = "".join(f"<th scope='col'{side}>{escape(each)}</th>" for side, each in zip(sides, heads, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{side}>{escape(each)}</td>' for side, each in zip(sides, row, strict=True))}</tr>"
        for row in rows
    )
    return f"<table{kind}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


# ---- what stands behind ---------------------------------------------------------------------------------------------


def _assumed(whence: str, told: str) -> str:
    return f"<p><b>{escape(whence)}:</b> {escape(told)}.</p>"


def _caveats(memo: Memo) -> str:
    points = "".join(f"<li>{escape(each)}</li>" for each in memo.caveats)
    return f"<section><h2>{CAVEATS}</h2>{_paragraph(memo.trust)}<ol>{points}</ol></section>"
