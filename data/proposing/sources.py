"""Files that a new book is made from: CSV, Parquet and Excel, whole, every cell as it was written.

A CSV file is read as text throughout, so that 007 stays 007; what its cells mean is for data/proposing/columns.py.
"""

import csv
import hashlib
import re
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path

import pandas as pd

from data.errors import BadInput

MOST_BYTES = 256 * 1024**2
MOST_UNPACKED = 1024**3  # bytes an Excel or Parquet file may say it unpacks to
MOST_COLUMNS = 2_000
ENDINGS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".parquet": "parquet", ".xlsx": "xlsx"}


@dataclass(frozen=True, eq=False)
class Source:
    """A file as read. ``frame`` has unique names, all of them texts; ``name`` is the file's, without its folder;
    ``notes`` say what reading it took for granted."""

    frame: pd.DataFrame
    name: str
    sha256: str
    notes: tuple[str, ...] = ()


def read_source(path: Path, sheet: str | None = None) -> Source:
    """The table in a file, whose kind its name ends with.

    Raises
    ------
    BadInput
        If the file is absent, too large, damaged, of another kind, holds several sheets and ``sheet`` names none, or
        two of its columns have one name.
    """
    kind = ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise BadInput(f"{shown(path.name)} is of no kind that is read here: give a .csv, .parquet or .xlsx file.")
    if sheet is not None and kind != "xlsx":
        raise BadInput(f"{shown(path.name)} has no sheets; --sheet is for Excel workbooks. Leave it out.")
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            told = f"{size / 1024**2:,.0f} MB; at most {MOST_BYTES / 1024**2:,.0f} MB are read"
            raise BadInput(f"{shown(path.name)} has {told}. Give a sample of its rows, or leave out columns.")
        content = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"There is no file {shown(path.name)} at the place given. Check the path.") from None
    except OSError as error:
        raise BadInput(f"{shown(path.name)} cannot be opened: {error.strerror or error}.") from None
    if not content:
        raise BadInput(f"{shown(path.name)} is empty.")
    if kind == "csv":
        frame, notes = _csv(content, path.name)
    elif kind == "parquet":
        frame, notes = _parquet(content, path.name), ()
    else:
        frame, notes = _xlsx(content, path.name, sheet)
    return Source(frame, path.name, hashlib.sha256(content).hexdigest(), notes)


def shown(text: str) -> str:
    """Somebody's text, fit to be repeated in a message or a comment: one line, in quotes, not too long."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text[:200]).split())
    return f"“{plain if len(plain) <= 60 else plain[:59] + '…'}”"


def _named(header: Sequence[str], file: str) -> list[str]:
    """The columns' names, trimmed; a column without one is called by its place."""
    if len(header) > MOST_COLUMNS:
        told = f"{len(header):,} columns; at most {MOST_COLUMNS:,} are read"
        raise BadInput(f"{shown(file)} has {told}. Leave some out.")
    names = [each.strip() or f"column {k}" for k, each in enumerate(header, 1)]
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice:
        told = ", ".join(map(shown, twice[:5]))
        raise BadInput(f"{shown(file)} has two columns of one name: {told}. Rename one of each.")
    return names


def _csv(content: bytes, file: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"The text of {shown(file)} is not UTF-8. Save it as “CSV UTF-8”, or as .xlsx.") from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t|", key=first.count)
    try:
        header = next((row for row in csv.reader(StringIO(text), delimiter=delimiter) if any(row)), [])
        names = _named(header, file)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a row longer than the header is told by a warning only
            frame = pd.read_csv(
                StringIO(text), sep=delimiter, dtype=str, keep_default_na=False, na_values=[], index_col=False,
                header=0, names=names, low_memory=False,
            )  # fmt: skip
    except BadInput:
        raise
    except Exception as error:  # whatever a parser says of a file nobody vouches for
        raise BadInput(f"{shown(file)} cannot be read as CSV: {str(error).strip()[:200]}.") from None
    return _pointed(frame) if delimiter == ";" else (frame, ())


_COMMA = re.compile(r"\s*[+-]?\d+(,\d+)?\s*\Z")


def _pointed(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """A file whose cells are parted by semicolons writes decimals with a comma."""
    out, notes = frame.copy(), []
    for name in frame:
        cells = frame[name]
        filled = cells[cells.fillna("").str.strip() != ""]
        if len(filled) and filled.str.contains(",").any() and filled.map(lambda cell: bool(_COMMA.match(cell))).all():
            out[name] = cells.str.replace(",", ".", regex=False)
            notes.append(f"The commas of {shown(str(name))} were read as decimal points: cells are parted by ;")
    return out, tuple(notes)


def _parquet(content: bytes, file: str) -> pd.DataFrame:
    import pyarrow.parquet as pq

    try:
        about = pq.ParquetFile(BytesIO(content))
        schema = about.schema_arrow
        groups = range(about.metadata.num_row_groups)
        size = sum(about.metadata.row_group(k).total_byte_size for k in groups)
    except Exception as error:
        raise BadInput(f"{shown(file)} cannot be read as Parquet: {str(error).strip()[:200]}.") from None
    if size > MOST_UNPACKED:
        raise BadInput(f"{shown(file)} unpacks to {size / 1024**2:,.0f} MB. Leave out columns, or give a sample.")
    names = _named(schema.names, file)
    try:
        frame: pd.DataFrame = about.read().to_pandas()
        if list(frame.columns) != list(schema.names):  # an index that pandas had stored comes back as one
            frame = frame.reset_index()
        frame = frame[list(schema.names)].set_axis(names, axis=1)
    except Exception as error:
        raise BadInput(f"{shown(file)} cannot be read as Parquet: {str(error).strip()[:200]}.") from None
    return frame


def _xlsx(content: bytes, file: str, wanted: str | None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    from python_calamine import CalamineWorkbook

    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            size = sum(each.file_size for each in archive.infolist())
        if size > MOST_UNPACKED:
            raise BadInput(f"{shown(file)} unpacks to {size / 1024**2:,.0f} MB. Save the sheet as CSV.")
        with CalamineWorkbook.from_filelike(BytesIO(content)) as workbook:
            sheet = _sheet(workbook.sheet_names, wanted, file)
            rows = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=True)
    except BadInput:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        told = "it is damaged, protected, or of another kind"
        raise BadInput(f"{shown(file)} cannot be read as an Excel workbook: {told}.") from None
    filled = [row for row in rows if _any(row)]
    if not filled:
        raise BadInput(f"The sheet {shown(sheet)} of {shown(file)} is empty.")
    names = _named([str(cell) for cell in filled[0]], file)
    cells = [[None if cell == "" else cell for cell in row] for row in filled[1:]]
    return pd.DataFrame(cells, columns=names, dtype=object), (f"The sheet {shown(sheet)} was read.",)


def _any(row: Iterable[object]) -> bool:
    return any(cell != "" for cell in row)


def _sheet(sheets: Sequence[str], wanted: str | None, file: str) -> str:
    """The sheet to read: the one asked for, or the only one."""
    there = ", ".join(map(shown, sheets))
    if wanted is None and len(sheets) == 1:
        return sheets[0]
    if wanted in sheets:
        return str(wanted)
    if wanted is None:
        raise BadInput(f"{shown(file)} has {len(sheets)} sheets: {there}. Say which by --sheet NAME.")
    raise BadInput(f"{shown(file)} has no sheet {shown(wanted)}. There are: {there}.")
