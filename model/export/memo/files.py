"""In which kinds of file a paper can be had."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from model.export.memo.memo import Memo
from model.export.memo.page import memo_page


@dataclass(frozen=True)
class PaperKind:
    """A kind of file: what it is called where one can choose it, its media type, and what makes it of a paper."""

    label: str
    mime: str
    make: Callable[[Memo], bytes]


def _page(memo: Memo) -> bytes:
    return memo_page(memo).encode()


def _pdf(memo: Memo) -> bytes:
    from model.export.memo.pdf import memo_pdf  # half a second, and only for who wants it

    return memo_pdf(memo)


def _word(memo: Memo) -> bytes:
    from model.export.memo.word import memo_word  # a fifth of a second

    return memo_word(memo)


def _slides(memo: Memo) -> bytes:
    from model.export.slides.deck import memo_slides  # a fifth of a second

    return memo_slides(memo)


OFFICE = "application/vnd.openxmlformats-officedocument"
PAPERS: Mapping[str, PaperKind] = {
    "html": PaperKind("Memo, to read and open", "text/html", _page),
    "pdf": PaperKind("Memo as PDF", "application/pdf", _pdf),
    "docx": PaperKind("Memo in Word", f"{OFFICE}.wordprocessingml.document", _word),
}
"""By the ending of the file."""
SLIDES = PaperKind("Six slides", f"{OFFICE}.presentationml.presentation", _slides)
SLIDES_END = "pptx"
