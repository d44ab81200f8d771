"""Files that a new book is made from: the whole table, each column by a name of its own, every cell as it was written.

Where the table stands in a file: data/files. What its cells mean: data/proposing/columns.py.
"""

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from data.errors import BadInput
from data.files.kinds import ENDINGS, MB, Limits
from data.files.layout import Odd
from data.files.names import listed_texts, one_line, plain, shown_text
from data.files.table import STANDARD, FileTable, read_table

MOST_ODD, FEW_ODD = 0.01, 5  # rows that are none: a share, or so many


@dataclass(frozen=True, eq=False)
class Source:
    """A file as read. ``frame`` has unique names, all of them texts; ``name`` is the file's, without its folder;
    ``notes`` say what reading it took for granted; ``whence`` is where the names were taken from; ``twice`` are names,
    as `plain` makes them, that several columns have; ``delimiter`` parts the cells of a text file; ``left_out`` are
    rows whose outcome is neither good nor bad: none to learn from, to be scored all the same."""

    frame: pd.DataFrame
    name: str
    sha256: str
    notes: tuple[str, ...] = ()
    whence: str = ""
    twice: frozenset[str] = frozenset()
    delimiter: str = ""
    left_out: pd.DataFrame | None = None

    def column(self, given: str) -> str:
        """The column that somebody means by a name, in whatever case, or by its place where no column has a name; the
        name itself if there is none.

        Raises
        ------
        BadInput
            If several columns have that name.
        """
        if plain(given) in self.twice:
            raise BadInput(
                f"{shown_text(self.name)} has two columns of one name: {shown_text(given)}. Rename one of them."
            )
        names = list(map(str, self.frame))
        if given in names:
            return given
        placed = f"column {given.strip()}"  # 21: that of a file without a header
        return next((name for way in (given, placed) for name in names if plain(name) == plain(way)), given)


def read_source(
    path: Path, sheet: str | None = None, wanted: Collection[str] = (), limits: Limits = STANDARD
) -> Source:
    """The table in a file, whose kind its name ends with. ``wanted`` are names that its header must hold.

    Raises
    ------
    BadInput
        If the file is absent, too large, damaged, of another kind, or holds several sheets that may be meant and
        ``sheet`` names none.
    """
    _check_sheet(path.name, sheet)
    content = _content(path, limits)
    table = read_table(content, path.name, wanted=wanted, sheet=sheet, limits=limits)
    if table.others and sheet is None:
        sheets = [table.sheet, *table.others]
        raise BadInput(
            f"{shown_text(path.name)} has {len(sheets)} sheets: {listed_texts(sheets, 10)}. Say which by --sheet NAME."
        )
    return source_of(table, path.name, content)


def source_of(table: FileTable, name: str, content: bytes) -> Source:
    """The table in a file of a ``name`` and ``content``, its columns by names of their own.

    Raises
    ------
    BadInput
        If too many of its rows are none.
    """
    _check_odd(table, name)
    frame = table.frame.set_axis(list(table.names), axis=1)
    notes = [*table.notes, *map(_left_out, table.odd[:FEW_ODD]), *_more(table.odd)]
    counts = Counter(map(plain, filter(None, table.header)))
    twice = frozenset(each for each, n in counts.items() if n > 1)
    if twice:
        notes.append(f"Several columns of one name were told apart by numbers: {listed_texts(sorted(twice))}")
    noted = tuple(one_line(note).removesuffix(".") for note in notes)
    return Source(
        frame,
        name,
        sha256=hashlib.sha256(content).hexdigest(),
        notes=noted,
        whence=table.whence,
        twice=twice,
        delimiter=table.delimiter,
    )


def _check_sheet(name: str, sheet: str | None) -> None:
    if sheet is not None and ENDINGS.get(Path(name).suffix.lower()) not in ("xlsx", None):
        raise BadInput(f"{shown_text(name)} has no sheets; --sheet is for Excel workbooks. Leave it out.")


def _content(path: Path, limits: Limits) -> bytes:
    try:
        size = path.stat().st_size
        if size > limits.size:
            told = f"{size / MB:,.0f} MB; at most {limits.size / MB:,.0f} MB are read"
            raise BadInput(f"{shown_text(path.name)} has {told}. Give a sample of its rows, or leave out columns.")
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"There is no file {shown_text(path.name)} at the place given. Check the path.") from None
    except OSError as error:
        raise BadInput(f"{shown_text(path.name)} cannot be opened: {error.strerror or error}.") from None


def _check_odd(table: FileTable, file: str) -> None:
    """A file of which more than a few rows are no rows is read wrongly, or damaged."""
    n = len(table.odd)
    if n > max(FEW_ODD, MOST_ODD * (n + len(table.lines))):
        first = table.odd[0]
        raise BadInput(
            f"{shown_text(file)} has {n:,} rows that do not fit its columns, the first on line {first.line:,}. "
            f"{first.why} "
            "Put cells that hold a delimiter in quotes, or save the table as .xlsx."
        )


def _left_out(odd: Odd) -> str:
    return f"Line {odd.line:,} was left out. {odd.why}"


def _more(odd: Collection[Odd]) -> list[str]:
    return [f"{len(odd) - FEW_ODD:,} more such lines were left out"] if len(odd) > FEW_ODD else []
