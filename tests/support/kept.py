"""Releases that the tests train once, kept from one run to the next by all that they are made of."""

import fcntl
import hashlib
import inspect
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from model.release import promotion
from model.release.installed import installed_book
from model.release.origin import origin
from model.release.release import Release
from model.release.store import Store

KEPT = 16  # of each book, the latest


def promoted(store: Store) -> None:
    """A first release, promoted because its gates let it."""
    store.promote(store.train().id)


def promoted_anyway(store: Store) -> None:
    """A first release, promoted whatever its gates say: also one that ranks by chance, for which no reason is one."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(promotion, "require_passed", lambda _found, _override: None)
        store.promote(store.train().id, why="for tests", override="for tests")


@dataclass(frozen=True)
class KeptReleases:
    """The releases in ``folder``: of these very data, contract, code, libraries and processor, made the same way."""

    folder: Path

    def champion(self, home: Path, book: str, train: Callable[[Store], None] = promoted) -> Release:
        """Give a book that lies in ``home`` the releases that ``train`` makes: those of an earlier run, else trained
        now. Its champion."""
        store = Store(home, book)
        own = self.folder / book / _key(home, book, train)
        with _alone(own.parent):
            if own.exists():
                shutil.copytree(own, store.root, dirs_exist_ok=True)
            else:
                train(store)
                _keep(store.root, own)
        return store.load()


def _key(home: Path, book: str, train: Callable[[Store], None]) -> str:
    settings = {name: os.environ.get(name) for name in ("OPENBLAS_CORETYPE", "NUMBA_CPU_NAME")}
    features = np.show_config(mode="dicts")["SIMD Extensions"]
    made_of = [origin(installed_book(book, home)), settings, features, inspect.getsource(train)]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While no other process has to do with the releases of a book: the first trains, the others wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(releases: Path, own: Path) -> None:
    others = sorted(own.parent.glob("*/"), key=lambda folder: folder.stat().st_mtime)
    for old in others[: -KEPT + 1]:
        shutil.rmtree(old)
    draft = own.with_name("draft")
    shutil.rmtree(draft, ignore_errors=True)  # of a run that was killed
    shutil.copytree(releases, draft)
    draft.rename(own)
