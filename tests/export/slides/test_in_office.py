"""The slides as another office opens them: six of each, no word broken, charts drawn."""

from pathlib import Path

import pytest

from model.export.memo.memo import Memo
from model.export.slides.deck import memo_slides, without_columns
from tests.support.office import pictures_of, printed
from tests.support.papers import squeezed

pytestmark = pytest.mark.office

INK = 150  # a grey darker than that is a text's or a bar's


def test_libreoffice_opens_the_slides_and_shows_all_of_them(memos: dict[str, Memo], tmp_path: Path):
    files = []
    for subject, memo in memos.items():
        files.append(tmp_path / f"{subject}.pptx")
        files[-1].write_bytes(memo_slides(memo))
    shown = printed(files, tmp_path)
    for subject, memo in memos.items():
        pages = shown[f"{subject}.pptx"]
        assert len(pages) == 6
        assert squeezed(memo.sentence) in squeezed(pages[0])
        if memo.tiles:
            table = without_columns(memo.numbers, "Headroom").texts()
            words = [word for row in (table.heads, *table.rows) for text in row for word in text.split()]
            assert [each for each in words if each not in pages[1]] == []
        assert [each for each in memo.caveats if squeezed(each) not in squeezed(pages[5])] == []
    for page in pictures_of(tmp_path / "book.pdf", tmp_path)[1:4]:
        assert sum(each < INK for each in page) > 1000
