"""One release on disk: its model, tables, evidence and reports, checked as they are read."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from data.errors import ContractError
from data.json_types import Json
from model.engine.scorer import TableScorer
from model.engine.stored import MOST_BYTES, Arrays, taken, unpacked, unpacked_size
from model.engine.tables import Tables
from model.engine.trees import sound
from model.errors import ReleaseError
from model.monitoring.drift import Snapshot
from model.release.build import TRUSTED
from model.release.evidence import Evidence
from model.release.gate import Gate
from model.release.manifest import read_manifest
from model.release.outcome_window import WINDOW_FILE, OutcomeWindow
from model.release.report import ReleaseReport
from model.release.signature import SIGNATURE, given_signature, signature_of
from model.release.window import TrainingWindows, Window
from model.signing import UNSIGNED, Signature

Made = TypeVar("Made")
MOST_GOLDEN = 10_000  # customers stored; 1,000 are


@dataclass(frozen=True, eq=False)
class Release:
    """A loaded, checked release."""

    id: str
    path: Path
    manifest: Mapping[str, Json]
    report: ReleaseReport
    scorer: TableScorer
    signature: Signature = UNSIGNED
    trained: Contract | None = None

    @property
    def contract(self) -> Contract:
        """The contract that it is told by: the one it was trained under, or another of the same substance."""
        return self.scorer.contract

    @property
    def own_contract(self) -> Contract:
        """The contract it was trained under."""
        return self.trained or self.contract

    def in_words_of(self, contract: Contract) -> "Release":
        """The same release, told in the words of another contract of the same substance; itself under any other."""
        if contract.hash == self.contract.hash or contract.substance != self.contract.substance:
            return self
        return replace(self, scorer=replace(self.scorer, contract=contract), trained=self.own_contract)

    @property
    def window(self) -> Window:
        """The vintages it was fitted to; open to both ends where that was the whole book, or a stream's outcomes."""
        return Window(**(self.manifest.get("window") or {}))

    @property
    def asked(self) -> TrainingWindows:
        """How it was made."""
        again = self.manifest.get("recalibrated")
        return TrainingWindows(self.window, Window(again["since"], again["until"]) if again else None)

    @cached_property
    def outcomes(self) -> OutcomeWindow | None:
        """The outcomes of a stream that it was fitted to; None where it was fitted to the book."""
        if "outcomes" not in self.manifest:
            return None
        fields = len(self.contract.record)
        return self._read(WINDOW_FILE, lambda arrays: OutcomeWindow.from_arrays(arrays, fields))

    def fitted_part(self, book: Book) -> Book:
        """What it was fitted to, as a part of the ``book`` it is deployed on."""
        return book.part(self.window.of(book)) if self.outcomes is None else self.outcomes.within(book)

    @property
    def shift(self) -> float:
        """By how much its intercept was recalibrated, in log-odds."""
        return float((self.manifest.get("recalibrated") or {}).get("shift", 0.0))

    @cached_property
    def evidence(self) -> Evidence:
        """What it predicted of records it had not seen."""
        return self._read("outcomes.npz", Evidence.from_arrays)

    @cached_property
    def snapshot(self) -> Snapshot:
        """How inputs and score were distributed where it was trained."""
        inputs = len(self.contract.inputs)
        return self._read("snapshot.npz", lambda arrays: Snapshot.from_arrays(arrays, inputs))

    @cached_property
    def golden(self) -> Array:
        """The records it was checked with as it was made, (fields, up to 1,000)."""
        return self._read("golden.npz", lambda arrays: _golden(arrays, self.contract)[0])

    def file(self, name: str) -> bytes:
        """One of its files, read anew; ReleaseError if it is no longer the one that was checked."""
        try:
            content = (self.path / name).read_bytes()
        except OSError as error:
            raise ReleaseError(f"Release {self.id} is incomplete: {name}: {error.strerror}. Train it anew.") from error
        if _digest(content) != self.manifest["files"].get(name):
            raise ReleaseError(f"Release {self.id} was altered ({name}). Restore it or train anew.")
        return content

    def files(self) -> dict[str, bytes]:
        """All of its files, signature and manifest included, read anew; ReleaseError if one is no longer the one that
        was checked."""
        described, given = (self.path / "manifest.json").read_bytes(), given_signature(self.path)
        if read_manifest(described, self.id) != self.manifest or signature_of(described, given).state == "wrong":
            raise ReleaseError(f"Release {self.id} was altered (manifest.json). Restore it or train anew.")
        found = {name: self.file(name) for name in self.manifest["files"]}
        return found | {"manifest.json": described} | ({} if given is None else {SIGNATURE: given})

    def _read(self, name: str, make: Callable[[Arrays], Made]) -> Made:
        """What one of its files holds; ReleaseError if that is not what it should be."""
        with _told_of(self.id):
            return make(unpacked(self.file(name)))

    @cached_property
    def artefact(self) -> str:
        """sha256 over tables, contract and data: whoever answers under it answers with these very numbers."""
        return _artefact(self.scorer.tables, self.own_contract, str(self.manifest["data_sha256"]))

    def fitted(self) -> Any:
        """The scikit-learn model it was made from, read anew; nothing outside the hard-coded list is loaded."""
        return _load_model(self.file("model.skops"))


@dataclass(frozen=True)
class Verified:
    """What verifying a release found: ``gates``, and what of its origin ``differs`` here and now, in words."""

    gates: tuple[Gate, ...]
    differs: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every gate held."""
        return all(gate.passed for gate in self.gates)


def _load_model(content: bytes) -> Any:
    """The fitted model from its skops file; nothing outside the hard-coded list is ever loaded, no tree walked that was
    not looked at."""
    import skops.io

    if unpacked_size(content) > MOST_BYTES:
        raise ReleaseError(f"The model file unpacks to more than {MOST_BYTES:,} bytes. Train it anew.")
    try:
        unknown = set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED)
        model = None if unknown else skops.io.loads(content, trusted=list(TRUSTED))
    except Exception as error:  # a file that somebody made up has more ways to be wrong than can be listed
        raise ReleaseError(f"The model file cannot be read: {type(error).__name__}: {error}. Train it anew.") from error
    if unknown:
        raise ReleaseError(f"The model file holds types that are not trusted: {', '.join(sorted(unknown))}.")
    return sound(model)


def _identity(tables: Tables, contract: Contract, data_sha256: str) -> str:
    return _artefact(tables, contract, data_sha256)[:12]


def _artefact(tables: Tables, contract: Contract, data_sha256: str) -> str:
    digest = hashlib.sha256(contract.text + data_sha256.encode())
    for name, array in sorted(tables.arrays().items()):
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@contextmanager
def _told_of(identity: str) -> Iterator[None]:
    """While a release is read: what is wrong with it is a ReleaseError."""
    try:
        yield
    except (ContractError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        told = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ReleaseError(f"Release {identity} was made by another version: {told}. Train it anew.") from error


def _golden(arrays: Arrays, contract: Contract) -> tuple[Array, Array, Array]:
    """Stored customers (fields, m), their margins (m,) and reasons (inputs, m)."""
    raw = taken(arrays, "raw", kind=np.float64, shape=(len(contract.record), None), gaps=True)
    margins = taken(arrays, "margins", kind=np.float64, shape=raw.shape[1:], gaps=True)
    if not 0 < len(margins) <= MOST_GOLDEN:
        raise ValueError(f"{len(margins):,} customers are stored to hold it against, not 1 to {MOST_GOLDEN:,}")
    shape = (len(contract.inputs), len(margins))
    return raw, margins, taken(arrays, "reasons", kind=np.float64, shape=shape, gaps=True)
