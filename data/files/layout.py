"""Where in a file the table stands: its header, its rows, and what exporters write around them.

The same for the lines of a CSV file and the rows of a sheet. A cell that holds nothing is the text "".
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from data.errors import BadInput
from data.files.kinds import Limits
from data.files.names import one_line, plain, shown_text

SEARCHED = 200  # rows that are not empty among which the header is looked for
UNITS_HELD_AGAINST = 30  # rows that a row of units is held against
LISTED = 5  # rows of a kind that are told one by one
TAIL = 5  # rows at the end that may be totals
DRAWN = "-=_*+|"  # what lines are drawn of
BLANKS = " \t\xa0\u3000"
FEWEST_LIKE, MOSTLY = 5, 0.8  # rows below that a header is held against; a share of cells that says what a column holds
_NUMBERED = re.compile(r"[A-Za-z]{1,3}_?\d{1,4}|[A-Za-z]")
_PLAIN_NUMBER = re.compile(r"\s*[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?\s*%?\s*", re.ASCII)
RULE = re.compile(r"(?=.*[-=_*]{3})[-=_*+|\s]+\Z", re.DOTALL)
TOTAL = re.compile(  # such a word, and at most a number or a remark after it
    r"(?:(?:(?:grand|sub|overall|column)[\s-]*)?(?:totals?|sums?)|(?:zwischen|gesamt|end)?summen?|gesamt|insgesamt|totale?"
    r"|total\s+g[ée]n[ée]ral|sous[\s-]*total|totaux|somme|suma|totaal|average|mean|durchschnitt|mittelwert|moyenne)"
    r"\s*(?:[:=(].*|\d[\d.,' ]*\w*)?",
    re.IGNORECASE | re.DOTALL,
)

Row = Sequence[Any]


@dataclass(frozen=True)
class Odd:
    """A row of a file that is no row of its table, by its line, and why."""

    line: int
    why: str


@dataclass(frozen=True)
class Start:
    """Where a table starts: its header's cells and names, its line, how many names of ``wanted`` it holds; whether the
    first column has no name because the header is one cell short. A table ``unnamed`` has no header: its names are
    empty, and its line is the one before its first row."""

    cells: tuple[Any, ...]
    header: tuple[str, ...]
    line: int
    hits: int
    above: int = 0
    shifted: bool = False
    unnamed: bool = False

    def notes(self) -> list[str]:
        """Where the header was found, if not at once."""
        told = []
        if self.unnamed:
            told.append(
                f"The file has no header: its first row holds values as the others do, so its columns are called "
                f"column 1 to column {len(self.header)}."
            )
        if self.above and not self.unnamed:
            told.append(f"The header was taken from line {self.line:,}; what stands above it was not read.")
        if self.shifted:
            told.append("The rows have a cell more than the header: their first was taken as a column without a name.")
        return told


@dataclass
class LayoutNotes:
    """What was found beside the rows of a table, as reading goes on: rows that do not fit its columns (``odd``), rows
    that are plainly none of it (``left`` out: totals, remarks, units), the lines of repeated headers and of rows that
    are ``short``."""

    odd: list[Odd] = field(default_factory=list)
    left: list[Odd] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    short: list[int] = field(default_factory=list)

    def notes(self, what: str = "line") -> list[str]:
        """What reading took for granted; ``what`` its lines are called."""
        left = sorted(self.left, key=lambda each: each.line)
        told = [f"{what.capitalize()} {each.line:,} was left out: {each.why}." for each in left[:LISTED]]
        if len(left) > LISTED:
            told.append(f"{len(left) - LISTED:,} more such {what}s were left out.")
        if self.repeated:
            told.append(f"The header stands again on {_lines(self.repeated, what)}; passed over.")
        if self.short:
            told.append(
                f"{_counted(len(self.short), 'row')} shorter than the header ({_lines(self.short, what)}): the cells "
                "that are not there were taken as empty."
            )
        return told


def text_of(cell: Any) -> str:
    """A cell as a name."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return one_line(cell.isoformat() if isinstance(cell, date) else str(cell))


def empty(row: Row) -> bool:
    """Whether no cell of a row holds anything."""
    return not any(not isinstance(cell, str) or cell.strip() for cell in row)


def ruled(row: Row) -> bool:
    """Whether a row is a line drawn with dashes."""
    first = next((cell for cell in row if cell != ""), None)
    return isinstance(first, str) and first.lstrip()[:1] in DRAWN and bool(RULE.match(" ".join(map(str, row))))


def start(rows: Sequence[tuple[int, Row]], wanted: Collection[str]) -> Start:
    """Where the table starts among the first rows of a file, none of them empty, each with its line.

    The header is the row that holds most of ``wanted`` (names as `plain` makes them); without any, the first row that
    is filled like a table rather than a title.
    """
    hits = [len({plain(text_of(cell)) for cell in row if cell != ""} & set(wanted)) for _, row in rows]
    best = max(hits)
    place = _first_named(hits, [row for _, row in rows]) if best else _first_filled([row for _, row in rows])
    place += not best and _numbered_above(rows[place:])
    line, cells = rows[place]
    if not best and _is_record(cells, [row for _, row in rows[place + 1 :]]):
        return Start((), ("",) * len(cells), line=line - 1, hits=0, above=place, unnamed=True)
    last = max((k for k, cell in enumerate(cells) if text_of(cell)), default=-1)
    held = tuple(cells[: last + 1])
    shifted = _shifted(len(held), [row for _, row in rows[place + 1 :]])
    names = tuple(map(text_of, held))
    return Start(held, ("", *names) if shifted else names, line=line, hits=best, above=place, shifted=shifted)


def _filled(row: Row) -> int:
    return sum(cell != "" for cell in row)


def _first_named(hits: Sequence[int], rows: Sequence[Row]) -> int:
    """The first row with most hits that is as wide as a header: a title may be the very name of a column."""
    best = [k for k, n in enumerate(hits) if n == max(hits)]
    widest = max(_filled(rows[k]) for k in best)
    return next(k for k in best if 2 * _filled(rows[k]) > widest)


def _first_filled(rows: Sequence[Row]) -> int:
    """The first row of which more than a third is filled, as the table's usual rows are."""
    counts = Counter(map(_filled, rows))
    usual = max(counts, key=lambda n: (counts[n], n))
    return next((k for k, row in enumerate(rows) if _filled(row) > max(1, usual / 3)), 0)


def _numbered_above(rows: Sequence[tuple[int, Row]]) -> bool:
    """Whether the first row only numbers the columns, X1, X2, …, and the one below it names them in words."""
    if len(rows) < 3:
        return False
    first, second, others = rows[0][1], rows[1][1], [row for _, row in rows[2 : UNITS_HELD_AGAINST + 2]]
    held = [text_of(cell) for cell in first if cell != ""]
    numbered = sum(bool(_NUMBERED.fullmatch(name)) for name in held)
    names = [text_of(cell) for cell in second if cell != ""]
    return (
        len(held) > 2
        and numbered >= MOSTLY * len(held)
        and len(set(map(plain, names))) == len(names) >= len(held)
        and not any(map(_numeric, names))
        and any(any(_numeric(cell) for cell in row) for row in others)
    )


def _is_record(first: Row, others: Sequence[Row]) -> bool:
    """Whether what should be a header is a record like the others: numbers where they have numbers and within these,
    words that stand again below. Numbers in even steps are names: 1, 2, 3; 2019, 2020; 30, 60, 90."""
    rows = [row for row in others if len(row) == len(first)]
    if len(first) < 2 or len(rows) < max(FEWEST_LIKE, len(others) / 2):
        return False
    below = [[row[k] for row in rows if row[k] != ""] for k in range(len(first))]
    numeric = [k for k, cells in enumerate(below) if cells and sum(map(_numeric, cells)) >= MOSTLY * len(cells)]
    words = [k for k in range(len(first)) if k not in numeric and first[k] != ""]
    again = sum(first[k] in below[k] for k in words)
    if not numeric:
        return bool(words) and again == len(words)
    filled = [k for k in numeric if first[k] != "" and not _nothing(first[k])]
    if 2 * len(filled) < len(numeric) or not all(_numeric(first[k]) for k in filled) or (words and not again):
        return False
    numbers = [_number(first[k]) for k in filled]
    steps = {round(high - low, 9) for low, high in pairwise(numbers)}
    inside = 0
    for k, number in zip(filled, numbers, strict=True):
        known = [_number(cell) for cell in below[k] if _numeric(cell)]
        inside += min(known) <= number <= max(known)
    in_steps = len(steps) == 1 and steps != {0.0} and (len(numbers) > 2 or steps == {1.0})
    return inside >= MOSTLY * len(filled) and not in_steps


def _numeric(cell: Any) -> bool:
    """Whether a cell holds a number, as it is or written plainly."""
    return (not isinstance(cell, str) and isinstance(cell, int | float)) or bool(_PLAIN_NUMBER.fullmatch(str(cell)))


def _number(cell: Any) -> float:
    return float(cell) if not isinstance(cell, str) else float(re.sub(r"[,%\s]", "", cell))


def _nothing(cell: Any) -> bool:
    return isinstance(cell, str) and cell.strip() in ("?", "NA", "NULL", "NaN", ".")


def _shifted(width: int, rows: Sequence[Row]) -> bool:
    """Whether every row has one cell more than the header, the first ones all different: row names as R writes them."""
    longer = [row for row in rows if len(row) == width + 1 and row[-1] != "" and row[0] != ""]
    return bool(rows) and len(longer) >= 0.9 * len(rows) and len({row[0] for row in longer}) == len(longer)


def without_units(begun: Start, below: Sequence[tuple[int, Row]], found: LayoutNotes) -> Sequence[tuple[int, Row]]:
    """The rows below the header without the one of units under it, if there is one, which goes to ``found``."""
    rows = [each for each in below[:UNITS_HELD_AGAINST] if not empty(each[1]) and not ruled(each[1])]
    if not rows or not _units(begun.header, rows[0][1], [row for _, row in rows[1:]]):
        return below
    line, row = rows[0]
    some = ", ".join(text_of(cell) for cell in row if cell != "")
    found.left.append(Odd(line, f"it holds {shown_text(some)}, taken for units or a second header"))
    return [each for each in below if each[0] != line]


def _units(header: Sequence[str], first: Row, others: Sequence[Row]) -> bool:
    """Whether the row under the header says in what its columns are measured: no digit in it, where the rows below have
    them."""
    filled = [k for k, cell in enumerate(first) if cell != "" and k < len(header)]
    if len(filled) < 2 or len(others) < 2 or any(_digit(first[k]) for k in filled):
        return False
    numeric = [k for k in filled if sum(k < len(row) and _digit(row[k]) for row in others) > len(others) / 2]
    return 2 * len(numeric) >= len(filled)


def _digit(cell: Any) -> bool:
    return not isinstance(cell, str) or any(sign.isdigit() for sign in cell)


def body(
    rows: Iterable[tuple[int, Row]], begun: Start, found: LayoutNotes, limits: Limits
) -> Iterator[tuple[int, Row]]:
    """The rows of the table below its header, as long as the header, each with its line; what is no row of it goes to
    ``found``."""
    width, head, kept = len(begun.header), begun.cells[:1] or ("",), 0
    for line, given in rows:
        row = given if _ordinary(given, width) and given[0] != head[0] else _judged(line, given, begun, found)
        if row is not None:
            yield line, row
            kept += 1
        if kept + len(found.odd) > limits.rows:
            raise BadInput(f"The file has more than {limits.rows:,} rows. Split it.")


def _ordinary(row: Row, width: int) -> bool:
    """Whether a row need not be looked at closely: as long as the header, more than half of it filled, its first cell
    too, and begins with nothing that a line is drawn of. Nearly all are, and this takes 0.3 microseconds of each."""
    if len(row) != width or 2 * row.count("") >= width:
        return False
    first = row[0]
    return not isinstance(first, str) or first[:1] not in f"{DRAWN}{BLANKS}"  # "" is in any text


def _judged(line: int, row: Row, begun: Start, found: LayoutNotes) -> Row | None:
    """A row as long as the header, or None if it is no row of the table."""
    width, gaps = len(begun.header), row.count("")
    if gaps == len(row) or empty(row) or ruled(row):
        return None
    if begun.cells and tuple(row[: len(begun.cells)]) == begun.cells:
        found.repeated.append(line)
        return None
    if len(row) > width and any(cell != "" for cell in row[width:]):
        found.odd.append(Odd(line, f"The row has {len(row):,} values where the file has {_columns(width)}."))
        return None
    why = _no_record(row, width, gaps)
    if why:
        found.left.append(Odd(line, why))
        return None
    if len(row) < width:
        found.short.append(line)
        return [*row, *[""] * (width - len(row))]
    return row[:width]


def _no_record(row: Row, width: int, gaps: int) -> str:
    """Why a row is plainly none of a table so wide; "" if it may be one."""
    if width < 3 or 2 * (gaps + max(width - len(row), 0)) < width:
        return ""
    filled = [cell for cell in row if cell != ""]
    if len(filled) == 1 and isinstance(filled[0], str) and any(map(str.isalpha, filled[0])):
        return f"it holds {shown_text(filled[0])} and nothing else, taken for a remark"
    return _total(filled[0])


def take_totals(rows: list[tuple[int, Row]], found: LayoutNotes) -> None:
    """Take the totals off the end of a table; they go to ``found``."""
    for _ in range(min(TAIL, len(rows))):
        line, row = rows[-1]
        why = _total(next((cell for cell in row if cell != ""), ""))
        if not why:
            return
        rows.pop()
        found.left.append(Odd(line, why))


def _total(cell: Any) -> str:
    if not isinstance(cell, str) or not TOTAL.fullmatch(cell.strip()):
        return ""
    return f"it begins with {shown_text(cell)}, taken for a total"


def _lines(lines: Sequence[int], what: str) -> str:
    some = ", ".join(f"{line:,}" for line in lines[:LISTED])
    more = f" and {len(lines) - LISTED:,} more" if len(lines) > LISTED else ""
    return f"{what}{'s' if len(lines) > 1 else ''} {some}{more}"


def _columns(n: int) -> str:
    return f"{n:,} column{'s' * (n != 1)}"


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'s are' if n > 1 else ' is'}"


def places(header: Sequence[str], filled: Sequence[bool]) -> list[int]:
    """The places of the columns that are there: named, or filled somewhere."""
    return [k for k, name in enumerate(header) if name or filled[k]]
