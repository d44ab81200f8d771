"""Files of customers as people keep them: CSV, Excel and Parquet, cell by cell, and the numbers that cells mean.

A column is known by its field's name or by its label. Of any other column the name is kept and nothing else, and of a
protected attribute not even that. Numbers are taken as the file's own conventions say; where those leave two readings
(1,234) the text is refused rather than guessed.
"""

import csv
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from io import BytesIO, StringIO
from pathlib import PurePosixPath
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from python_calamine import CalamineWorkbook

from data.contract import Contract, Field
from data.errors import BadInput
from data.formulas import Array
from model.report import numbers

Kind = Literal["csv", "xlsx", "parquet"]

MOST_BYTES = 50 * 1024**2
MOST_ROWS = 200_000
MOST_UNPACKED = 512 * 1024**2  # bytes an Excel or Parquet file may say it unpacks to
MOST_CELLS = 50 * MOST_ROWS  # of a sheet's whole rectangle, which the Excel reader holds at once
MOST_COLUMNS = 2_000
LONGEST_LINE, LONGEST_TEXT = 1_000_000, 200  # characters
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
    """What was read: a column each field, the identifiers' cells, the line of each row, rows that are no rows, and
    which sign stands before decimals."""

    columns: Columns
    fields: Sequence[Column]
    ids: Sequence[object] | None
    lines: NDArray[np.int64]
    odd: tuple[BadRow, ...] = ()
    decimal: str = "."


def taken(content: bytes, name: str, contract: Contract) -> Cells:
    """The cells of a file, whose kind its ``name`` ends with.

    Raises
    ------
    BadInput
        If the file as a whole cannot be used.
    """
    return _READERS[_kind(content, name)](content, contract)


_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "xlsx"),
    (b"PAR1", "parquet"),
    (b"PARE", "sealed"),
    (b"\xd0\xcf\x11\xe0", "sealed"),
)
_CALLED = {"csv": "a text file (CSV)", "xlsx": "an Excel workbook", "parquet": "a Parquet file"}


def _kind(content: bytes, name: str) -> Kind:
    """What kind a file is, by its name and its first bytes."""
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if suffix not in (".csv", ".xlsx", ".parquet"):
        raise BadInput(
            f"The file {quoted(name)} is of no kind that is read here. Save it as CSV (.csv), Excel (.xlsx) or "
            "Parquet (.parquet)."
        )
    if len(content) > MOST_BYTES:
        raise BadInput(
            f"The file has {len(content) / 1024**2:,.0f} MB; at most {MOST_BYTES / 1024**2:.0f} MB are read. Split it, "
            "or save it as Parquet."
        )
    if not content.strip(b"\xef\xbb\xbf \t\r\n\0"):
        raise BadInput("The file is empty. Fill in the template, one row for each customer.")
    holds = next((kind for magic, kind in _MAGIC if content.startswith(magic)), "csv")
    if holds == "sealed":
        raise BadInput(
            "The file is protected by a password or of the old Excel format. Save it without a password as .xlsx."
        )
    kind: Kind = "csv" if suffix == ".csv" else "xlsx" if suffix == ".xlsx" else "parquet"
    if holds != kind:
        raise BadInput(
            f"The file's name ends in {suffix}, but its content is {_CALLED[holds]}. Give it the ending .{holds}, or "
            f"save it as {_CALLED[kind]}."
        )
    return kind


def _columns(header: Sequence[str], contract: Contract) -> Columns:
    """Where each field stands in a file with these column names."""
    if len(header) > MOST_COLUMNS:
        raise BadInput(f"The file has {len(header):,} columns; at most {MOST_COLUMNS:,} are read. Leave some out.")
    record = contract.record
    known = _known(contract)
    places: dict[int, list[int]] = {}
    identity, ignored, protected = None, [], 0
    hidden = {_plain(text) for each in contract.protected() for text in (each.name, each.label)}
    named = {_plain(text) for text in (contract.book.id, contract.book.person, f"{contract.book.person} number")}
    for place, name in enumerate(map(_plain, header)):
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
        raise BadInput(_absent(contract, absent, ignored))
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


def _csv(content: bytes, contract: Contract) -> Cells:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("The file's text is not UTF-8. Save it as “CSV UTF-8”, or as .xlsx.") from None
    if "\0" in text:
        raise BadInput("The file holds characters that no CSV file has. Save it as “CSV UTF-8”, or as .xlsx.")
    known = _known(contract)
    first = next((line for line in _lines(text) if line.strip()), "")
    delimiter = max(",;\t", key=lambda sign: (_understood(first, sign, known), first.count(sign)))
    rows = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    try:
        header = next((row for row in rows if any(row)), [])
        columns = _columns(header, contract)
        wanted = (*columns.fields, *(() if columns.id is None else (columns.id,)))
        kept, lines, odd, before = [], [], [], rows.line_num
        for row in rows:
            line, before = before + 1, rows.line_num
            if any(row):
                if len(row) == len(header):
                    kept.append([row[k] for k in wanted])
                    lines.append(line)
                else:
                    told = f"The row has {len(row):,} values where the file has {len(header):,} columns."
                    odd.append(BadRow(line, "", (told,)))
                _limit(len(kept) + len(odd))
    except csv.Error as error:
        raise BadInput(f"Line {rows.line_num:,} of the file is no line of CSV ({error}). Check its quotes.") from None
    cells: list[tuple[str, ...]] = list(zip(*kept, strict=True)) or [()] * len(wanted)
    none = np.full(len(kept), np.nan)
    found = [Column(none, pa.array(each, pa.string())) for each in cells[: len(columns.fields)]]
    ids = None if columns.id is None else cells[-1]
    return Cells(columns, found, ids, np.array(lines, np.int64), tuple(odd), "," if delimiter == ";" else ".")


def _understood(line: str, delimiter: str, known: Mapping[str, int]) -> int:
    """How many of a header's names are known if ``delimiter`` parts them."""
    try:
        return sum(_plain(name) in known for row in csv.reader([line], delimiter=delimiter) for name in row)
    except csv.Error:
        return 0


def _lines(text: str) -> Iterator[str]:
    """A text's lines with their ends; BadInput for one that is too long to be a customer, or too many."""
    for k, line in enumerate(StringIO(text, newline="")):
        if len(line) > LONGEST_LINE:
            raise BadInput(f"Line {k + 1:,} of the file is {len(line):,} characters long. Check the ends of its lines.")
        if k > 5 * MOST_ROWS:
            _limit(k)
        yield line


def _limit(rows: int) -> None:
    if rows > MOST_ROWS:
        raise BadInput(f"The file has more than {MOST_ROWS:,} rows. Split it, or score it from the command line.")


def _xlsx(content: bytes, contract: Contract) -> Cells:
    with _parsing("Excel workbook"):
        _unpackable(content)
        with CalamineWorkbook.from_filelike(BytesIO(content)) as workbook:
            rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    filled = [k for k, row in enumerate(rows) if any(cell != "" for cell in row)]
    if not filled:
        raise BadInput("The first sheet of the workbook is empty. Put the customers on it, one row each.")
    _limit(len(filled) - 1)
    columns = _columns([str(cell) for cell in rows[filled[0]]], contract)
    lines = np.array(filled[1:], np.int64) + 1
    found = [_mixed([rows[k][place] for k in filled[1:]]) for place in columns.fields]
    ids = None if columns.id is None else [rows[k][columns.id] for k in filled[1:]]
    return Cells(columns, found, ids, lines)


_FAR = re.compile(rb"""\br\s*=\s*["'](?:[A-Za-z]{2,}\d|[A-Za-z]+(?:[3-9]\d{5}|\d{7}))""")
_REFERENCE = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br\s*=\s*["']([A-Za-z]+)(\d+)["']""")


def _unpackable(content: bytes) -> None:
    """Raise a BadInput if a workbook unpacks to more than is held: one cell far out makes a sheet's rectangle huge."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        size = sum(each.file_size for each in archive.infolist())
        if size > MOST_UNPACKED:
            raise BadInput(f"The workbook unpacks to {size / 1024**2:,.0f} MB. Save the first sheet alone, or as CSV.")
        for each in archive.infolist():
            part = archive.read(each)
            if not _FAR.search(part):  # within 26 columns and 299,999 rows: no need to look at each cell
                continue
            columns, height = set(), 0
            for column, row in (found.groups() for found in _REFERENCE.finditer(part)):
                columns.add(column)
                height = max(height, int(row[:8]))
            width = max(map(_place, columns), default=0)
            if width * height > MOST_CELLS:
                raise BadInput(
                    f"A sheet of the workbook reaches to row {height:,} and column {width:,}. Delete what stands "
                    "beyond the customers, or save the sheet as CSV."
                )


def _place(column: bytes) -> int:
    """A column's number by its letters: A is 1, AA is 27."""
    number = 0
    for letter in column[:8].upper():
        number = 26 * number + letter - 64
    return number


def _mixed(cells: Sequence[Any]) -> Column:
    """A column of a sheet, where each cell has a type of its own."""
    kinds = set(map(type, cells))
    if kinds <= {int, float}:
        return Column(np.array(cells, np.float64))
    plain = [type(cell) in (int, float) for cell in cells]
    values = np.array([cell if own else np.nan for cell, own in zip(cells, plain, strict=True)], np.float64)
    texts = [None if own else str(cell)[:LONGEST_TEXT] for cell, own in zip(cells, plain, strict=True)]
    return Column(values, pa.array(texts, pa.string()))


def _parquet(content: bytes, contract: Contract) -> Cells:
    with _parsing("Parquet file"):
        about = pq.ParquetFile(BytesIO(content))
        rows, groups = about.metadata.num_rows, range(about.metadata.num_row_groups)
        size = sum(about.metadata.row_group(k).total_byte_size for k in groups)
        schema = about.schema_arrow
    _limit(rows)
    if size > MOST_UNPACKED:
        raise BadInput(f"The file unpacks to {size / 1024**2:,.0f} MB. Leave out columns that are not needed.")
    columns = _columns(schema.names, contract)
    wanted = (*columns.fields, *(() if columns.id is None else (columns.id,)))
    for place in wanted:
        if not _scalar(schema.types[place]):
            raise BadInput(
                f"{quoted(schema.names[place])} holds values of the type {short(str(schema.types[place]))}; "
                "write numbers, or the words of a code."
            )
    names = [schema.names[place] for place in wanted]
    with _parsing("Parquet file"):
        texts = [name for name, place in zip(names, wanted, strict=True) if _textual(schema.types[place])]
        table = pq.ParquetFile(BytesIO(content), read_dictionary=texts).read(columns=names)
        if table.num_rows != rows:
            raise ValueError(f"{table.num_rows} rows of {rows}")
        found = [_arrow(table.column(name)) for name in names]
    ids = None
    if columns.id is not None:
        own = found.pop()
        ids = own.values.tolist() if own.texts is None else own.texts.to_pylist()
        if pa.types.is_integer(schema.types[columns.id]):  # every digit, where a float would round
            ids = table.column(names[-1]).to_pylist()
    return Cells(columns, found, ids, np.arange(2, rows + 2))


def _textual(kind: Any) -> bool:
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _scalar(kind: Any) -> bool:
    own = kind.value_type if pa.types.is_dictionary(kind) else kind
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null, _textual)
    return any(test(own) for test in tests)


def _arrow(column: Any) -> Column:
    """A column of a Parquet file. Texts come as a dictionary, cut before they are repeated: a short file may hold a
    long text a hundred thousand times."""
    column.validate(full=True)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
        parts = [
            pa.DictionaryArray.from_arrays(part.indices, _cut(part.dictionary)).dictionary_decode()
            for part in column.chunks
        ]
        column = pa.chunked_array(parts, parts[0].type if parts else pa.string())
    if _textual(column.type):
        texts = _cut(column.combine_chunks())
        return Column(np.full(len(texts), np.nan), texts)
    values = column.combine_chunks().cast(pa.float64(), safe=False).fill_null(np.nan)
    return Column(np.asarray(values.to_numpy(zero_copy_only=False), np.float64))


def _cut(texts: Any) -> Any:
    if not _textual(texts.type):
        return texts
    return pc.utf8_slice_codeunits(texts.cast(pa.string()), 0, LONGEST_TEXT)


@contextmanager
def _parsing(what: str) -> Iterator[None]:
    """Whatever a parser of somebody else's says of a file nobody vouches for is a BadInput; so is a Rust panic, which
    is no Exception."""
    try:
        yield
    except BadInput:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise BadInput(
            f"The {what} cannot be read: it is damaged, protected, or of another kind. Open it where it was made and "
            "save it again."
        ) from None


_READERS: Mapping[Kind, Callable[[bytes, Contract], Cells]] = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}


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
