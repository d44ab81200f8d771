"""Loads forged releases and asks them everything, in a process of its own, which a wrong look-up would end.

    python -m tests.release.forged_loads HOME BOOK FILE...

One line for each forgery: the file, what was changed, and ``refused`` with the error's kind, or ``answers``.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data import books
from data.books import Book
from model.errors import ReleaseError
from model.monitoring.drift import drift
from model.release.store import Store
from model.validation.validation import Validation
from tests.support.forging import forge, packed, unpacked

Change = Callable[[NDArray[Any]], NDArray[Any]]


def put(value: float, place: float) -> Change:
    """One element, at a share of the whole, set to a value."""

    def change(array: NDArray[Any]) -> NDArray[Any]:
        flat = array.copy().reshape(-1)
        if len(flat):
            with np.errstate(invalid="ignore"):
                flat[int(place * (len(flat) - 1))] = np.asarray(value).astype(array.dtype)
        return flat.reshape(array.shape)

    return change


CHANGES: dict[str, Change] = {
    "float32": lambda array: array.astype(np.float32),
    "int32": lambda array: np.nan_to_num(array, posinf=0, neginf=0).clip(-9, 9).astype(np.int32),
    "big-endian": lambda array: array.astype(array.dtype.newbyteorder(">")),
    "as text": lambda array: array.astype(str),
    "as complex": lambda array: array.astype(complex),
    "as booleans": lambda array: array.astype(bool),
    "as bytes": lambda array: np.frombuffer(array.tobytes(), np.uint8),
    "as records": lambda array: np.zeros(array.shape, [("a", array.dtype)]),
    "empty": lambda array: array.reshape(-1)[:0],
    "no rows": lambda array: np.atleast_1d(array)[:0],
    "cut short": lambda array: np.atleast_1d(array)[:-1],
    "cut short across": lambda array: np.atleast_1d(array)[..., :-1],
    "one more": lambda array: np.concatenate([array, array[-1:]]) if array.ndim else np.repeat(array, 2),
    "one more axis": lambda array: array[None],
    "flat": lambda array: array.reshape(-1),
    "turned": lambda array: np.atleast_1d(array).T[::-1].copy(),
    "laid out in columns": lambda array: np.asfortranarray(array),
    "all zero": np.zeros_like,
    "all one": np.ones_like,
    "all negative": lambda array: -np.abs(array) - 1,
    "shuffled": lambda array: np.random.default_rng(0).permutation(array.reshape(-1)).reshape(array.shape),
    **{
        f"{value:g} at {place:.0%}": put(value, place)
        for value in (1e13, -1e13, 2.0**62, 300, -2, 0, np.nan, np.inf, 1e308)
        for place in (0.0, 0.5, 1.0)
    },
}


def forgeries(arrays: dict[str, NDArray[Any]]) -> Iterator[tuple[str, dict[str, NDArray[Any]]]]:
    """Each array changed in each way, left out, and beside one that nobody asked for."""
    for name, array in arrays.items():
        for how, change in CHANGES.items():
            yield f"{name} {how}", {**arrays, name: change(array)}
        yield f"{name} left out", {other: each for other, each in arrays.items() if other != name}
    yield "one that nobody asked for", {**arrays, "more": np.array([1e13])}


def asked(store: Store, identity: str, book: Book) -> None:
    """Everything that looks up something in a release's arrays."""
    release = store.load(identity)
    scorer, raw = release.scorer, book.raw[:, :500]
    codes = scorer.tables.encode(scorer.contract.derive(raw))
    assert len(scorer.margins(raw)) == 500
    assert scorer.explain(raw)[1].shape == (scorer.tables.n_inputs, 500)
    scorer.tables.histogram(codes)
    scorer.shapley.totals(codes)
    scorer.territory.percentile(book.inputs[:, :500])
    scorer.territory.outside(book.inputs[:, :500])
    scorer.territory.beyond(raw)
    drift(release.snapshot, book.inputs, np.linspace(0, 1, len(book)))
    proof = Validation.of(release, book)
    proof.measured()
    assert release.golden.shape[0] == len(scorer.contract.record)


def verdict(store: Store, identity: str, book: Book) -> str:
    try:
        asked(store, identity, book)
    except ReleaseError as error:
        return f"refused: {type(error).__name__}: {error}"
    return "answers"


def told(store: Store, book: Book, file: str) -> None:
    champion = store.resolve("champion")
    for what, arrays in forgeries(unpacked(store.root / champion / file)):
        print(f"{file} {what}", end=": ", flush=True)  # before it is loaded: the last line names what ended the process
        identity = forge(store, champion, {file: packed(**arrays)})
        print(verdict(store, identity, book), flush=True)
        if identity != champion:
            shutil.rmtree(store.root / identity)


def main(home: Path, name: str, *files: str) -> None:
    book = books.read_book(name, home)
    for file in files:
        told(Store(home, name), book, file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
