"""A release of a small made-up book with vintages and a protected attribute, of which later years default more often
than the ones it was fitted to; and its proof."""

from pathlib import Path

import numpy as np
import pandas as pd

from model.release.release import Release
from model.release.store import Store
from tests.support import loans

WINDOW = "since = 2001\nuntil = 2004\nlater_until = 2005"
SEGMENT = """
[[segments]]
name = "income"
label = "Income"
field = "income"
edges = [15000, 30000]
"""


def frame(n: int = 6000) -> pd.DataFrame:
    """The made-up loans; from 2005 on every second loan that did not default does after all, if its number is odd."""
    table = loans.frame(n)
    worse = (table["year"] >= 2005) & (table["loan"] % 4 == 1)
    return table.assign(lost=np.where(worse, 1, table["lost"]))


def lay_down(home: Path, n: int = 6000, window: str = WINDOW) -> Store:
    """The book on the shelf of ``home``, and the store of its releases."""
    loans.lay_down(home, frame(n), more=SEGMENT, window=window)
    return Store(home, loans.NAME)


def first(store: Store) -> None:
    """The release of the contract's own window."""
    trained(store)


def two(store: Store) -> None:
    """That, and one fitted to 2001 to 2005."""
    trained(store)
    trained(store, 2001, 2005)


def trained(store: Store, since: int | None = None, until: int | None = None) -> Release:
    """A release, promoted if it is the first one, whatever its gates say of so hard a test."""
    release = store.train(since=since, until=until)
    if "champion" not in store.aliases():
        store.promote(release.id, override="For a test.")
    return release
