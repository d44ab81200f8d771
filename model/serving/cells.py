"""Files of customers as people keep them: CSV, Excel and Parquet, cell by cell, and the numbers that cells mean.

A column is known by its field's name or by its label. Of any other column the name is kept and nothing else, and of a
protected attribute not even that. Numbers are taken as the file's own conventions say; where those leave two readings
(1,234) the text is refused rather than guessed. Where the table stands in a file: data/files.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.contract import Contract, Field
from data.errors import BadInput
from data.files.kinds import MB, Limits
from data.files.table import FileTable, read_table
from data.formulas import Array
from model.engine.chunks import Told, unheard
from model.report import numbers
from model.settings import settings

MOST_BYTES = 50 * MB
MOST_ROWS = 200_000
MOST_UNPACKED = 512 * MB  # bytes an Excel or Parquet file may say it unpacks to
MOST_CELLS = 50 * MOST_ROWS  # of a sheet's whole rectangle, which the Excel reader holds at once
MOST_COLUMNS = 2_000
LONGEST_TEXT = 200  # characters
SHOWN = 40  # characters of somebody's text that a message repeats
NO_VALUE = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "missing"})


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be scored, and every reason. ``line`` as in the file, whose header is line 1."""

    line: int
    id: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Columns:
    """Where in the file each field of the record stands, and the identifier if there is one."""

    fields: tuple[int, ...]
    id: int | None
    ignored: tuple[str, ...]
    protected: int


@dataclass(frozen=True, eq=False)
class Column:
    """One field's cells: ``values`` (n,), NaN where the cell is none or text; ``texts`` (n,), null where it is none."""

    values: Array
    texts: Any = None


@dataclass(frozen=True, eq=False)
class Cells:
    """What was read: a column each field, the identifiers' cells, the line of each row, rows that are no rows, which
    sign stands before decimals, and what reading took for granted."""

    columns: Columns
    fields: Sequence[Column]
    ids: Sequence[object] | None
    lines: NDArray[np.int64]
    odd: tuple[BadRow, ...] = ()
    decimal: str = "."
    notes: tuple[str, ...] = ()


def taken(content: bytes, name: str, contract: Contract, told: Told = unheard) -> Cells:
    """The cells of a file, whose kind its ``name`` ends with. ``told`` hears the share read; reading ends with whatever
    it raises.

    Raises
    ------
    BadInput
        If the file as a whole cannot be used.
    """
    table = read_table(content, name, _wanted(contract), None, limits(), told)
    columns = _columns(table, contract)
    for place in (*columns.fields, *(() if columns.id is None else (columns.id,))):
        if place in table.unread:
            raise BadInput(
                f"{quoted(table.header[place])} holds values of the type {short(table.unread[place])}; write numbers, "
                "or the words of a code."
            )
    return Cells(
        columns, [_column(table.frame[place]) for place in columns.fields],
        None if columns.id is None else table.frame[columns.id].tolist(), table.lines,
        tuple(BadRow(each.line, "", (each.why,)) for each in table.odd), "," if table.delimiter == ";" else ".",
        table.notes,
    )  # fmt: skip


def limits() -> Limits:
    """How much of a file is read, and at what cost."""
    using = settings()
    return Limits(
        MOST_BYTES, MOST_UNPACKED, MOST_ROWS, MOST_COLUMNS, MOST_CELLS, using.file_memory * MB, using.file_seconds,
        using.file_processes,
    )  # fmt: skip


def _wanted(contract: Contract) -> set[str]:
    """Names that a file's header is likely to hold."""
    return set(_known(contract)) | _identifying(contract)


def _identifying(contract: Contract) -> set[str]:
    """What the column of identifiers may be called."""
    return {_plain(text) for text in (contract.book.id, contract.book.person, f"{contract.book.person} number")}


def _columns(table: FileTable, contract: Contract) -> Columns:
    """Where each field stands in a table."""
    header, record, known = table.header, contract.record, _known(contract)
    places: dict[int, list[int]] = {}
    identity, ignored, protected = None, [], 0
    hidden = {_plain(text) for each in contract.protected() for text in (each.name, each.label)}
    named = _identifying(contract)
    for place, (given, own) in enumerate(zip(map(_plain, header), map(_plain, table.names), strict=True)):
        name = own if own in known else given  # the second of a name may be a field of its own
        if name in known:
            places.setdefault(known[name], []).append(place)
        elif name in named and identity is None:
            identity = place
        elif name in hidden:
            protected += 1
        elif name:
            ignored.append(short(header[place]))
    twice = [k for k, found in places.items() if len(found) > 1]
    if twice:
        told = ", ".join(
            f"{record[k].label} ({' and '.join(quoted(header[place]) for place in places[k])})" for k in twice[:3]
        )
        raise BadInput(f"The file holds more than one column of the same field: {told}. Keep one of each.")
    absent = [field for k, field in enumerate(record) if k not in places]
    if absent:
        where = f" Its column names were taken from {table.whence}." if table.whence else ""
        raise BadInput(_absent(contract, absent, ignored) + where)
    return Columns(tuple(places[k][0] for k in range(len(record))), identity, tuple(ignored), protected)


def _known(contract: Contract) -> dict[str, int]:
    """The rows of the record by every name a column may have."""
    labels = {_plain(field.label): k for k, field in enumerate(contract.record)}
    return labels | {_plain(field.name): k for k, field in enumerate(contract.record)}


def _absent(contract: Contract, absent: Sequence[Field], ignored: Sequence[str]) -> str:
    """What columns are missing, and which of the file's may have been meant."""
    told = ", ".join(f"{field.name} ({field.label})" for field in absent[:4])
    more = f" and {len(absent) - 4} more" if len(absent) > 4 else ""
    spare = {_plain(name): name for name in ignored}
    likely = []
    for field in absent:
        near = get_close_matches(_plain(field.name), spare, 1, 0.7) or get_close_matches(_plain(field.label), spare, 1)
        if near:
            likely.append(f"{quoted(spare.pop(near[0]))} to {field.name}")
    way = f"Rename {', '.join(likely[:4])}" if likely else "Add them under these names"
    way += ", add the others" if 0 < len(likely) < len(absent) else ""
    return (
        f"The file lacks {len(absent)} of the {len(contract.record)} columns needed: {told}{more}. {way}, or start "
        "from the template."
    )


def _column(cells: "pd.Series[Any]") -> Column:
    """One field's cells, as whatever they were read."""
    kind = cells.dtype
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        return Column(cells.to_numpy(np.float64, na_value=np.nan))
    if isinstance(kind, pd.StringDtype):
        return Column(np.full(len(cells), np.nan), _cut(pa.array(cells)))
    return _mixed(cells.astype(object).tolist())


def _mixed(cells: Sequence[Any]) -> Column:
    """A column whose cells have types of their own; None or NaN is none."""
    if set(map(type, cells)) <= {int, float}:
        return Column(np.array(cells, np.float64))
    plain = [type(cell) in (int, float, Decimal) for cell in cells]
    values = np.array([cell if own else np.nan for cell, own in zip(cells, plain, strict=True)], np.float64)
    none = [own or pd.isna(cell) for cell, own in zip(cells, plain, strict=True)]
    texts = [None if gone else str(cell)[:LONGEST_TEXT] for cell, gone in zip(cells, none, strict=True)]
    return Column(values, pa.array(texts, pa.large_string()))


def _cut(texts: Any) -> Any:
    return pc.utf8_slice_codeunits(texts.cast(pa.large_string()), 0, LONGEST_TEXT)


# ---- from cells to numbers ---------------------------------------------------------------------------------------

_PLAIN = {
    ".": r"^-?(?:\d{1,300}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?$",
    ",": r"^-?(?:\d{1,300}(?:,\d*)?|,\d+)(?:[eE][+-]?\d{1,2})?$",
}


def numbers_of(field: Field, column: Column, decimal: str) -> tuple[Array, dict[int, str]]:
    """The numbers (n,) in a field's cells, and by row what is wrong with those that hold none."""
    values, wrong = column.values.copy(), {}
    for k in np.flatnonzero(np.isinf(values)):
        wrong[int(k)] = f"{field.label}: an infinite number was given. {_expected(field)}"
    if column.texts is None:
        return values, wrong
    texts = pc.utf8_trim_whitespace(column.texts)
    plain = np.asarray(pc.match_substring_regex(texts, _PLAIN[decimal]).fill_null(False))
    simple = pc.replace_substring(texts.filter(pa.array(plain)), ",", ".")
    values[plain] = np.asarray(simple.cast(pa.float64()))  # arrow's own reading, 20 times as fast as float(), and equal
    rest = np.flatnonzero(~plain & np.asarray(texts.is_valid()))
    known: dict[str, float | str] = {}
    for k, text in zip(rest, texts.take(pa.array(rest)).to_pylist(), strict=True):
        if text not in known:
            known[text] = _number(field, text, decimal)
        found = known[text]
        if isinstance(found, str):
            wrong[int(k)] = found
        else:
            values[k] = found
    return values, wrong


def _number(field: Field, text: str, decimal: str) -> float | str:
    """The number that a text means, or why it means none."""
    bare = _plain(text)
    if bare in NO_VALUE:
        return np.nan
    words = {_plain(word): float(code) for code, word in field.codes.items()}
    if bare in words:
        return words[bare]
    bare = bare.replace(numbers.MINUS, "-").removeprefix("+")
    point, other = (r"\.", ",") if decimal == "." else (",", r"\.")
    if re.fullmatch(rf"-?[1-9]\d{{0,2}}{other}\d{{3}}", bare, re.ASCII):
        whole, part = re.split(other, bare)
        return (
            f"{field.label}: {quoted(text)} can be read as {whole}{part} or as {whole}.{part}. Write it without "
            "thousands separators."
        )
    spaced, pointed = rf"(?:[ '’]\d{{3}})+(?:{point}\d+)?", rf"(?:{other}\d{{3}}){{2,}}(?:{point}\d+)?"
    if re.fullmatch(rf"-?\d{{1,3}}(?:{spaced}|{pointed}|{other}\d{{3}}{point}\d+)", bare, re.ASCII):
        bare = re.sub(rf"[ '’]|{other}", "", bare)
    elif decimal == "," and "," not in bare:  # 12.5 in a file of decimal commas has one reading only
        bare = bare.replace(".", ",", 1)
    if re.fullmatch(_PLAIN[decimal], bare, re.ASCII):
        return float(bare.replace(",", "."))
    return f"{field.label}: {quoted(text)} is no number. {_expected(field)}"


def _expected(field: Field) -> str:
    """What a field takes, in a sentence."""
    if field.codes:
        some = [f"{code} ({word})" for code, word in field.codes.items()][:3]
        return f"Enter a code or its words, such as {', '.join(some)}; the template lists all."
    return f"Enter a number {allowed(field)}."


def allowed(field: Field) -> str:
    """What a field takes, in words."""
    if field.codes:
        return "; ".join(f"{code} = {word}" for code, word in field.codes.items())
    if field.unit == "%":
        return f"from {field.minimum:g} to {field.maximum:g} (a fraction: 35{numbers.NBSP}% is 0.35)"
    ends = [numbers.measure(end, field.unit) for end in (field.minimum, field.maximum)]
    told = [f"{way} {end}" for way, end in zip(("from", "to"), ends, strict=True) if "inf" not in end]
    return " ".join(told) or "any number"


def _plain(text: str) -> str:
    """A name or word without what people spell differently: case, spaces."""
    return " ".join(text.split()).casefold()


def short(text: str) -> str:
    """Somebody's text, fit to be repeated."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: SHOWN + 1]).strip()
    return shown if len(text) <= SHOWN else f"{shown[: SHOWN - 1]}…"


def quoted(text: str) -> str:
    """Somebody's text in quotes, fit to be repeated."""
    return f"“{short(text)}”"
