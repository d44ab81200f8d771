"""Columns of numbers as the tensors that a server takes: its datatypes, its shapes, as JSON or as bytes.

Datatypes and bytes are those of the Open Inference Protocol and of Triton's binary tensor data extension:
little-endian, row by row, a word as its length in four bytes and its UTF-8. What does not fit a datatype without a loss
of more than its digits, half a month in an integer say, is refused, never rounded silently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.errors import BadInput, ContractError
from data.json_types import Json
from model.deployed.about import About, InputTensor
from model.deployed.answers import short
from model.deployed.mapping import MISSING, FieldMapping
from model.errors import Refused

FLOATS: Mapping[str, np.dtype[np.generic]] = {
    "FP16": np.dtype("<f2"),
    "BF16": np.dtype("<f4"),  # kept in 32 bits here, of which the upper 16 are sent
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
WHOLES: Mapping[str, np.dtype[np.generic]] = {
    f"{sign}{bits}": np.dtype(f"<{sign[0].lower()}{bits // 8}") for sign in ("INT", "UINT") for bits in (8, 16, 32, 64)
}
BYTES_ONLY = ("FP16", "BF16")  # of which JSON has no form, as Triton has it
SINGLE = ("FP32", *BYTES_ONLY)
MOST_EXACT = 2.0**53  # up to which every whole number is one of the 64 bits that formulas have

Values = NDArray[np.generic] | list[str]
Words = Mapping[str, Mapping[float, str]]


@dataclass(frozen=True)
class Tensor:
    """One tensor of a question: its name, its datatype, the shape as the server tells it, and which of the mapping's
    inputs are its columns."""

    name: str
    columns: tuple[str, ...]
    datatype: str = "FP64"
    shape: tuple[int, ...] = (-1, 1)

    @property
    def fixed(self) -> int:
        """How many records it holds, where that is not free: then neither more nor less; else 0."""
        if len(self.shape) == 1 and len(self.columns) > 1:
            return 1
        return max(self.shape[0], 0)

    def sized(self, n: int) -> list[int]:
        """The shape for ``n`` records."""
        if len(self.shape) == 1:
            return [len(self.columns)] if len(self.columns) > 1 else [n]
        inner = [max(each, 1) for each in self.shape[1:]]
        if self._free:
            inner[self._free[-1]] = len(self.columns) // prod(each for each in self.shape[1:] if each > 0)
        return [n, *inner]

    @property
    def _free(self) -> list[int]:
        """The inner dimensions that the server leaves open; the columns lie along the last."""
        return [k for k, each in enumerate(self.shape[1:]) if each < 1]

    def holds(self, columns: int) -> bool:
        """Whether its shape has room for exactly so many columns."""
        if len(self.shape) == 1:
            return columns == 1 or self.shape[0] == columns
        told = prod(each for each in self.shape[1:] if each > 0)
        return columns % told == 0 if self._free else columns == told


def laid_out(about: About, mapping: FieldMapping) -> tuple[Tensor, ...]:
    """The tensors of a question, as the server's metadata and the mapping name them; none where neither says anything:
    then each input is one of 64-bit floats.

    Raises
    ------
    ContractError
        If the mapping does not give what the server lists.
    Refused
        If it lists a tensor that the mapping's inputs do not fit.
    """
    told = {each.name: each for each in about.takes}
    if not (
        mapping.tensors or mapping.types or mapping.words or any(each.datatype or each.shape for each in about.takes)
    ):
        return ()
    stacked = dict(mapping.tensors) or _stacked(about, mapping)
    inside = {each for columns in stacked.values() for each in columns}
    alone = [name for name in mapping.names if name not in inside]
    found = [_tensor(told.get(name, InputTensor(name)), columns, mapping) for name, columns in stacked.items()]
    found += [_tensor(told.get(name, InputTensor(name)), (name,), mapping) for name in alone]
    order = {name: k for k, name in enumerate(told)}
    return tuple(sorted(found, key=lambda each: order.get(each.name, len(order)))) if stacked else tuple(found)


def _stacked(about: About, mapping: FieldMapping) -> dict[str, tuple[str, ...]]:
    """The one tensor that takes all inputs which the server does not list by name, if that is how it must be."""
    others = [each for each in about.takes if each.name not in mapping.names or each.wide]
    if len(others) != 1 or len(others[0].shape) < 1:
        return {}
    listed = {each.name for each in about.takes if each is not others[0]}
    rest = tuple(name for name in mapping.names if name not in listed)
    several = others[0].wide or (len(rest) > 1 and _tensor_of(others[0], rest).holds(len(rest)))
    return {others[0].name: rest} if several and rest else {}


def _tensor_of(each: InputTensor, columns: tuple[str, ...]) -> Tensor:
    shape = each.shape or ((-1, len(columns)) if len(columns) > 1 else (-1, 1))
    return Tensor(each.name, columns, each.datatype or "FP64", shape)


def _tensor(each: InputTensor, columns: tuple[str, ...], mapping: FieldMapping) -> Tensor:
    told = {mapping.types[name] for name in columns if name in mapping.types}
    if not each.datatype and len(told) > 1:
        raise ContractError(
            f"The inputs of the tensor {each.name} have several types under [types] in the mapping: "
            f"{', '.join(sorted(told))}. One tensor has one."
        )
    default = "BYTES" if mapping.words.keys() & set(columns) else "FP64"
    tensor = _tensor_of(InputTensor(each.name, each.datatype or next(iter(told), default), each.shape), columns)
    if tensor.datatype not in (*FLOATS, *WHOLES, "BOOL", "BYTES"):
        raise Refused(
            f"The deployed model takes {short(each.name)} as {short(tensor.datatype)}, which is none of the types "
            f"known: BOOL, BYTES, {', '.join((*WHOLES, *FLOATS))}."
        )
    if not tensor.holds(len(columns)):
        raise Refused(
            f"The deployed model takes {short(each.name)} as one tensor of several columns, of the shape "
            f"{list(each.shape)}; the mapping gives {len(columns)}: {short(', '.join(columns), 120)}. Give as many in "
            "the order it expects, or say under [tensors] in the mapping which inputs it holds."
        )
    return tensor


# ---- values ----------------------------------------------------------------------------------------------------------


def typed_column(name: str, column: Array, datatype: str, words: Words) -> Values:
    """One input's numbers (n,) in the server's datatype; BadInput where one is none there."""
    if datatype == "BYTES":
        return _worded(name, column, words)
    if datatype in FLOATS:
        kind = FLOATS[datatype]
        with np.errstate(over="ignore"):
            found = _brain(column) if datatype == "BF16" else column.astype(kind)
        if np.isinf(found).any():
            raise _unfit(name, datatype, float(column[np.isinf(found)][0]), "Divide it in the mapping.")
        return found
    if np.isnan(column).any():
        raise _unfit(name, datatype, np.nan, 'Fill it in the mapping, as in "where(bill_2 > 0, paid_1, -1)".')
    low, high = (0, 1) if datatype == "BOOL" else _ends(datatype)
    outside = (column < low) | (column > high) | (np.floor(column) != column) | (np.abs(column) > MOST_EXACT)
    if outside.any():
        raise _unfit(name, datatype, float(column[outside][0]), "Round it in the mapping, or compare it.")
    return column.astype(np.bool_ if datatype == "BOOL" else WHOLES[datatype])


def _ends(datatype: str) -> tuple[float, float]:
    bits = 8 * WHOLES[datatype].itemsize
    return (0.0, 2.0**bits - 1) if datatype.startswith("U") else (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1)


def _unfit(name: str, datatype: str, value: float, remedy: str) -> BadInput:
    came = "a gap" if np.isnan(value) else f"{value:.10g}"
    return BadInput(f"The deployed model takes {name} as {datatype}, and its formula comes to {came}. {remedy}")


def _worded(name: str, column: Array, words: Words) -> list[str]:
    if name not in words:
        raise ContractError(
            f"The deployed model takes {name} as words (BYTES). Say under [words.{name}] in the mapping what each of "
            f'its numbers is called there, as 1 = "graduate school", and {MISSING} = "unknown" for a gap.'
        )
    known = words[name]
    gap = next((word for code, word in known.items() if np.isnan(code)), None)
    found = [gap if np.isnan(each) else known.get(float(each)) for each in column]
    if None in found:
        value = float(column[found.index(None)])
        came = "a gap" if np.isnan(value) else f"{value:.10g}"
        raise BadInput(
            f"The deployed model takes {name} as words, and [words.{name}] in the mapping has none for {came}. Add it."
        )
    return [each for each in found if each is not None]


def _brain(column: Array) -> NDArray[np.float32]:
    """Rounded to the 16 bits of a bfloat16, the nearest of two and the even of equals, in 32 bits."""
    single = column.astype("<f4")
    bits = single.view("<u4").astype(np.uint64)
    rounded = ((bits + 0x7FFF + ((bits >> np.uint64(16)) & np.uint64(1))) & np.uint64(0xFFFF0000)).astype("<u4")
    return np.where(np.isnan(single), single, rounded.view("<f4")).astype("<f4")


def tensor_values(tensor: Tensor, columns: Mapping[str, Array], words: Words) -> Values:
    """The values of a tensor, flat and record by record."""
    each = [typed_column(name, columns[name], tensor.datatype, words) for name in tensor.columns]
    if len(each) == 1:
        return each[0] if isinstance(each[0], list) else np.ascontiguousarray(each[0])
    if any(isinstance(one, list) for one in each):
        return [str(value) for record in zip(*each, strict=True) for value in record]
    return np.ascontiguousarray(np.stack(each, axis=1)).ravel()


def packed(values: Values, datatype: str) -> bytes:
    """The values as bytes."""
    if isinstance(values, list):
        encoded = [each.encode() for each in values]
        return b"".join(len(each).to_bytes(4, "little") + each for each in encoded)
    if datatype == "BF16":
        return (values.astype("<f4").view("<u4") >> np.uint32(16)).astype("<u2").tobytes()
    return values.astype(np.uint8 if datatype == "BOOL" else values.dtype.newbyteorder("<")).tobytes()


def unpacked(content: bytes, datatype: str, name: str) -> Json:
    """The values in bytes, as the list of numbers or words that JSON would have held; Refused if they are none."""
    try:
        if datatype == "BYTES":
            return _words_in(content)
        if datatype == "BF16":
            return (np.frombuffer(content, "<u2").astype("<u4") << np.uint32(16)).view("<f4").tolist()
        kind = np.dtype(np.bool_) if datatype == "BOOL" else {**FLOATS, **WHOLES}[datatype]
        return np.frombuffer(content, kind).tolist()
    except (KeyError, ValueError):
        raise Refused(
            f"The deployed model's answer cannot be read: {len(content):,} bytes of {short(datatype)} came for its "
            f"output {short(name)}. Ask whoever runs it."
        ) from None


def _words_in(content: bytes) -> list[str]:
    found, at = [], 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4], "little")
        if at + 4 + size > len(content):
            raise ValueError("words that end before they should")
        found.append(content[at + 4 : at + 4 + size].decode(errors="replace"))
        at += 4 + size
    return found


def record_rows(columns: Mapping[str, Array], types: Mapping[str, str], words: Words) -> Sequence[Sequence[Json]]:
    """Records as lists of numbers and words, where a mapping has types or words."""
    kinds = {name: types.get(name, "BYTES" if name in words else "FP64") for name in columns}
    each = [typed_column(name, values, kinds[name], words) for name, values in columns.items()]
    lists = [one if isinstance(one, list) else _gapless(one) for one in each]
    return [list(record) for record in zip(*lists, strict=True)]


def _gapless(values: NDArray[np.generic]) -> list[Json]:
    return [None if each != each else each for each in values.tolist()]  # NaN alone is not itself
