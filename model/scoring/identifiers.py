"""What the rows of a file are called: whole numbers, or texts as they stand there."""

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.arrays import Arrow
from data.files.escapes import bare
from model.report.operations.upload import on_line
from model.scoring.values import short

_WHOLE = re.compile(r"(?:-?[1-9]\d{0,14}|0)\Z", re.ASCII)  # a spreadsheet rounds whatever is longer
_SHORTENED = re.compile(r"\d[.,]?\d*E\+?\d+\Z", re.ASCII | re.IGNORECASE)
WHOLE = r"^(-?[1-9][0-9]{0,14}|0)$"  # a customer's number, not 007, which is a text
LARGEST = 1e15  # beyond it numbers with a point do not tell neighbours apart


def identities(cells: Sequence[object] | None, lines: NDArray[np.int64]) -> tuple[NDArray[Any], list[str]]:
    """Identifiers (n,): whole numbers where all are and none has more than 15 digits, texts otherwise; a row's line
    where there is none. And what is doubtful about them."""
    if cells is None:
        return lines, []
    texts = list(map(identity, cells))
    doubts = [*_rounded(cells, lines), *shortened_doubt(texts, lines)]
    if all(map(_WHOLE.match, texts)):
        return np.array(texts, np.int64), doubts  # not 007, which is a text
    named = [short(text) or on_line(line) for text, line in zip(texts, lines, strict=True)]
    return np.array(named, object), doubts


def identity(cell: object) -> str:
    """What a cell calls its row; "" where it holds nothing."""
    if isinstance(cell, str):
        return bare(cell).strip()
    if cell is None or type(cell).__name__ in ("NAType", "NaTType") or cell != cell:  # pandas' own, without pandas
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _rounded(cells: Sequence[object], lines: NDArray[np.int64]) -> list[str]:
    """What is to be said of identifiers that a file holds as numbers too long for it."""
    found = [k for k, cell in enumerate(cells) if isinstance(cell, float) and abs(cell) >= LARGEST]
    if not found:
        return []
    first = f"{identity(cells[found[0]])} on line {lines[found[0]]:,}"
    return [f"Identifiers of more than 15 digits are numbers in the file ({first}), where they are rounded. {_AS_TEXT}"]


def shortened_doubt(texts: Sequence[str], lines: NDArray[np.int64]) -> list[str]:
    """What is to be said of identifiers (n,) written as a spreadsheet shows long numbers, on their ``lines``."""
    found = [k for k, text in enumerate(texts) if _SHORTENED.match(text)]
    if not found:
        return []
    first = f"{short(texts[found[0]])} on line {lines[found[0]]:,}"
    return [f"Identifiers stand as a spreadsheet shortens long numbers ({first}): digits are lost. {_AS_TEXT}"]


_AS_TEXT = "Make the column text where the file is made."


def customer_numbers(column: Arrow) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """A number for each customer (n,), by which shares are drawn, and whether there is none. Whole numbers are
    themselves, also written as texts; any other text has one made of it, wherever that is done."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    absent = column.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_integer(column.type):
        return column.fill_null(0).cast(pa.int64(), safe=False).to_numpy(zero_copy_only=False), absent
    if pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        absent = absent | ~np.isfinite(values)
        values = np.where(absent, 0.0, values)
        if (values == np.floor(values)).all():
            return values.astype(np.int64), absent
    texts = column.cast(pa.string()).fill_null("")
    whole = pc.match_substring_regex(texts, WHOLE).to_numpy(zero_copy_only=False)
    out = np.zeros(len(texts), np.int64)
    out[whole] = texts.filter(pa.array(whole)).cast(pa.int64()).to_numpy(zero_copy_only=False)
    others = np.flatnonzero(~whole)
    out[others] = [_made_of(text) for text in texts.take(pa.array(others)).to_pylist()]
    return out, absent | (pc.utf8_length(texts).to_numpy(zero_copy_only=False) == 0)


def _made_of(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little", signed=True)
