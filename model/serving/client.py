"""The deployed model, as pages and commands call it. For now it is embedded: the champion, in this process."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock, Thread

from data.books import Book, read
from data.contract import Contract
from data.errors import WhatIfError
from model.engine.scorer import Scorer
from model.errors import ReleaseError
from model.release.store import Release, Store, belongs
from model.settings import Settings, settings
from model.whatif.book import Whole
from model.whatif.personas import personas


@dataclass(frozen=True, eq=False)
class EmbeddedModel:
    """One book with its champion."""

    book: Book
    release: Release

    @property
    def name(self) -> str:
        """Short name for the badge."""
        return self.release.id[:6]

    @property
    def contract(self) -> Contract:
        """The contract of the release."""
        return self.release.contract

    @property
    def scorer(self) -> Scorer:
        """What answers."""
        return self.release.scorer

    @cached_property
    def personas(self) -> Mapping[str, int]:
        """Customers worth starting from."""
        return personas(self.scorer, self.book)

    @cached_property
    def whole(self) -> Whole:
        """The whole book as the model sees it."""
        return Whole.of(self.release.scorer, self.book)

    def random_customer(self) -> int:
        """Any customer of the book."""
        return int(secrets.choice(self.book.ids))


@dataclass
class Training:
    """How far the training of a first release has come."""

    doing: str = "Starting"
    share: float = 0.0
    error: str = ""
    ended: bool = False


class Desk:
    """Hands out the deployed model of each book, training a first release where there is none.

    One per process, shared by all sessions; models are immutable. A newly promoted champion is taken up at the
    next call, because the aliases are read each time (0.05 ms).
    """

    def __init__(self, how: Callable[[], Settings] = settings) -> None:
        self._settings = how
        self._models: dict[str, EmbeddedModel] = {}
        self._training: dict[str, Training] = {}
        self._lock = Lock()

    def store(self, book: str) -> Store:
        """The releases of a book."""
        return Store(self._settings().home, book)

    def model(self, book: str) -> EmbeddedModel | None:
        """The champion of a book, loaded and checked, or None if there is none yet.

        Raises
        ------
        ReleaseError
            If the champion was altered, is gone, or was trained on another snapshot or contract.
        """
        store = self.store(book)
        champion = store.aliases().get("champion")
        if champion is None:
            return None
        with self._lock:
            known = self._models.get(book)
            if known is None or known.release.id != champion:
                known = EmbeddedModel(read(book), store.load(champion))
                belongs(known.release, known.book)
                self._models[book] = known
            return known

    def comparable(self, book: str) -> list[str]:
        """The releases of a book that were trained on the snapshot installed, the champion among them: they can be
        compared customer by customer."""
        store, data = self.store(book), read(book).sha256
        return [each for each in store.ids() if store.manifest(each)["data_sha256"] == data]

    def release(self, book: str, identity: str) -> EmbeddedModel:
        """A book under any of its releases, loaded and checked.

        Raises
        ------
        ReleaseError
            If the release was altered or is gone, or reads other fields than the book has.
        """
        found = EmbeddedModel(read(book), self.store(book).load(identity))
        if [each.name for each in found.contract.record] != [each.name for each in found.book.contract.record]:
            raise ReleaseError(f"Release {identity} reads other fields than the book {book} has; choose another.")
        return found

    def train(self, book: str) -> Training:
        """Start the training of a first release in the background, or tell how far it has come."""
        with self._lock:
            known = self._training.get(book)
            if known is None or (known.ended and not known.error):  # ended well, and the release is gone since
                known = self._training[book] = Training()
                Thread(target=self._run, args=(book, known), daemon=True, name=f"train-{book}").start()
            return known

    def forget(self, book: str) -> None:
        """Let a failed training be started anew."""
        with self._lock:
            self._training.pop(book, None)

    def _run(self, book: str, progress: Training) -> None:
        def told(doing: str, share: float) -> None:
            progress.doing, progress.share = doing, share

        try:
            store = self.store(book)
            store.promote(store.train(told).id)
        except WhatIfError as error:
            progress.error = str(error)
        except Exception as error:  # whatever happens in the background must be seen in the foreground
            progress.error = str(ReleaseError(f"The training stopped: {type(error).__name__}: {error}"))
        progress.ended = True


desk = Desk()
