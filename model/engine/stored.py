"""Arrays as a file gives them: each has the type, shape and bounds it must have before anything is looked up in it.

Compiled code does not look where it reaches. An index, a shape or a type that somebody wrote into a file would let it
read whatever lies in memory, or end the process; so what came from a file comes through here.
"""

import io
import math
import zipfile
from collections.abc import Mapping

import numpy as np
import numpy.lib.format as npy
from numpy.typing import DTypeLike

from data.arrays import AnyArray

Arrays = Mapping[str, AnyArray]
Shape = tuple[int | None, ...]
MOST_BYTES = 2**30  # of all arrays of a file: 10 million records' evidence is 0.17 GB


def unpacked_size(content: bytes) -> int:
    """How many bytes a file of a release takes in memory: of a packed one what its parts say, to which they are held
    as they are read."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return len(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            return sum(part.file_size for part in parts.infolist())
    except Exception:  # a file that somebody made up: whoever reads it says what is wrong with it
        return len(content)


def unpacked(content: bytes) -> dict[str, AnyArray]:
    """The arrays of an npz file, without pickle.

    Raises
    ------
    ValueError
        If they cannot be read, or are larger than 1 GiB.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            size = sum(part.file_size for part in parts.infolist())
            if size > MOST_BYTES:
                raise ValueError(f"they take {size:,} bytes; at most {MOST_BYTES:,} are read")
            names = [part.filename for part in parts.infolist()]
            if len(set(names)) < len(names):
                raise ValueError("one of them stands there twice")
            for part in parts.infolist():
                _require_whole(parts, part)
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except Exception as error:  # a file that somebody made up has more ways to be wrong than can be listed
        raise ValueError(f"The release holds arrays that cannot be read: {error}") from error


def _require_whole(parts: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """ValueError unless an array is as large as its own head says: numpy sets aside what that says before it reads."""
    with parts.open(part) as opened:
        version = npy.read_magic(opened)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if read is None:
            raise ValueError(f"{part.filename} is of a form that is not read")
        shape, _, kind = read(opened)
        if kind.hasobject:  # which numpy refuses before it reads any
            return
        size = kind.itemsize * math.prod(map(int, shape))
        if any(side < 0 for side in shape) or size != part.file_size - opened.tell():
            raise ValueError(f"{part.filename} says that it takes {size:,} bytes, which it does not")


def taken(
    arrays: Arrays,
    name: str,
    kind: DTypeLike,
    shape: Shape,
    low: float = -np.inf,
    high: float = np.inf,
    gaps: bool = False,
) -> AnyArray:
    """One array, laid out in rows: of exactly the type ``kind``; of the ``shape``, where None is any length; from
    ``low`` to ``high``, with ``gaps`` also NaN.

    Raises
    ------
    KeyError
        If there is none of that name.
    ValueError
        If it is not so.
    """
    found, wanted = arrays[name], np.dtype(kind)
    if found.dtype != wanted:
        raise ValueError(f"{name} holds {found.dtype}, not {wanted}")
    if found.ndim != len(shape) or any(want not in (None, have) for have, want in zip(found.shape, shape, strict=True)):
        raise ValueError(f"{name} is {_told(found.shape)}, not {_told(shape)}")
    within = (found >= low) & (found <= high)
    if not (within | np.isnan(found) if gaps else within).all():
        raise ValueError(f"{name} holds what does not lie between {low:g} and {high:g}")
    return np.asarray(found, order="C")


def number(arrays: Arrays, name: str, most: float) -> float:
    """One number, finite and of at most this size; raises as `taken` does."""
    return float(taken(arrays, name, kind=np.float64, shape=(), low=-most, high=most))


def _told(shape: Shape) -> str:
    return " by ".join("any" if each is None else f"{each:,}" for each in shape) or "a single number"
