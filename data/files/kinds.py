"""What kind of file somebody gave, by its name and its first bytes, and how much of it is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from data.errors import BadInput
from data.files.names import shown_text

Kind = Literal["csv", "xlsx", "parquet"]

ENDINGS: Mapping[str, Kind] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".data": "csv",
    ".dat": "csv",
    ".arff": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
}
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "xlsx"),
    (b"PAR1", "parquet"),
    (b"PARE", "sealed"),
    (b"\xd0\xcf\x11\xe0", "sealed"),
)
CALLED = {"csv": "a text file (CSV)", "xlsx": "an Excel workbook", "parquet": "a Parquet file"}
MB = 1024**2


@dataclass(frozen=True)
class Limits:
    """How much of a stranger's file is read, and at what cost.

    ``size`` of the file and ``unpacked`` that an Excel or Parquet file may say it unpacks to, in bytes; ``rows``,
    ``columns``, and ``cells`` of the whole table or of a sheet's whole rectangle. Of the process that reads it:
    ``memory`` and ``answer``, what it may hand back, in bytes, ``seconds`` of the processor, by the clock ``patience``
    times as many, since a busy machine is no fault of a file's, and how many such processes there are ``at_once``.
    """

    size: int = 256 * MB
    unpacked: int = 1024 * MB
    rows: int = 10_000_000
    columns: int = 2_000
    cells: int = 200_000_000
    memory: int = 1024 * MB
    seconds: float = 30.0
    patience: float = 10.0
    at_once: int = 2
    answer: int = 512 * MB


def kind_of(content: bytes, name: str, limits: Limits) -> Kind:
    """What kind a file is.

    Raises
    ------
    BadInput
        If it is empty, too large, sealed, of a kind that is not read, or of another kind than its name says.
    """
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    kind = ENDINGS.get(suffix)
    if kind is None:
        raise BadInput(
            f"The file {shown_text(name)} is of no kind that is read here. Save it as CSV (.csv), Excel (.xlsx) or "
            "Parquet (.parquet)."
        )
    if len(content) > limits.size:
        raise BadInput(
            f"The file has {len(content) / MB:,.0f} MB; at most {limits.size / MB:,.0f} MB are read. Split it, leave "
            "out columns, or save it as Parquet."
        )
    if not content.strip(b"\xef\xbb\xbf \t\r\n\0"):
        raise BadInput("The file is empty. Give a header and one row for each record.")
    holds = next((own for magic, own in MAGIC if content.startswith(magic)), "csv")
    if holds == "sealed":
        raise BadInput(
            "The file is protected by a password or of the old Excel format. Save it without a password as .xlsx."
        )
    if holds != kind:
        raise BadInput(
            f"The file's name ends in {suffix}, but its content is {CALLED[holds]}. Give it the ending .{holds}, or "
            f"save it as {CALLED[kind]}."
        )
    return kind
