"""Every fortieth loan of the shipped small businesses as a book of its own, under the shipped contract but for its
name: what the pages make of that book, in seconds instead of minutes."""

from pathlib import Path

import pandas as pd
import pytest

from data.books import SHIPPED
from model.release import parity
from model.release.release import Release
from tests.support.kept import KeptReleases, promoted_anyway

NAME, SHIPPED_NAME, EACH = "loans_sample", "small_business", 40


def lay_down(home: Path) -> Path:
    """The book on the user's shelf of ``home``; returns its folder."""
    folder = home / "books" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    text = (SHIPPED / SHIPPED_NAME / "contract.toml").read_text()
    (folder / "contract.toml").write_text(text.replace(f'name = "{SHIPPED_NAME}"', f'name = "{NAME}"', 1))
    loans = pd.read_parquet(SHIPPED / SHIPPED_NAME / f"{SHIPPED_NAME}.parquet")
    loans.iloc[::EACH].to_parquet(folder / f"{SHIPPED_NAME}.parquet", index=False)
    return folder


def released(home: Path, kept: KeptReleases) -> Release:
    """Laid down, and its release made the champion, whatever a sample does to its figures; reasons are compared on few
    of its loans."""
    lay_down(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, "ORACLE_ROWS", 1)
        patch.setattr(parity, "SHAP_ROWS", 20)
        return kept.champion(home, NAME, promoted_anyway)
