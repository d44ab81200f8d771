"""The memo in Word as another office opens it: every page of it there, charts drawn."""

from pathlib import Path

import pytest

from model.export.memo.memo import Memo
from model.export.memo.word import memo_word
from tests.support.office import printed
from tests.support.papers import said_by, squeezed

pytestmark = pytest.mark.office


def test_libreoffice_opens_the_memo_and_shows_all_of_it(memos: dict[str, Memo], tmp_path: Path):
    files = []
    for subject, memo in memos.items():
        files.append(tmp_path / f"{subject}.docx")
        files[-1].write_bytes(memo_word(memo))
    shown = printed(files, tmp_path)
    for subject, memo in memos.items():
        pages = shown[f"{subject}.docx"]
        told = squeezed(" ".join(pages))
        words = [each for text in said_by(memo) for each in map(squeezed, text.split()) if each]
        assert [each for each in words if each not in told] == []
        assert len(pages) <= 2
        assert f"page2of{len(pages)}" in squeezed(pages[-1])
