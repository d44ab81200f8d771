"""In which kinds of file a paper can be had."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from data.errors import BadInput
from model.deployed.model import DeployedModel
from model.export.memo.memo import Memo, Occasion
from model.export.memo.page import memo_page
from model.export.memo.subjects import memo_of
from model.whatif.comparison.comparison import Comparison
from model.whatif.saved import Scenario


@dataclass(frozen=True)
class PaperKind:
    """A kind of file: what it is called where one can choose it, and in the name of a file; its media type, and what
    makes it of a paper."""

    label: str
    name: str
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
    "html": PaperKind("Board memo, a page to read and ask", "memo", "text/html", _page),
    "docx": PaperKind("Board memo, Word", "memo", f"{OFFICE}.wordprocessingml.document", _word),
    "pdf": PaperKind("Board memo, PDF", "memo", "application/pdf", _pdf),
}
"""By the ending of the file."""
SLIDES = PaperKind("Six slides, PowerPoint", "slides", f"{OFFICE}.presentationml.presentation", _slides)
SLIDES_END = "pptx"


def paper_file(model: DeployedModel, scenario: Scenario | Comparison, occasion: Occasion, *, kind: PaperKind) -> bytes:
    """A paper of whatever stands on a page, asked of the model when it is wanted. Raises what `memo_of` does."""
    return kind.make(memo_of(model, scenario, occasion))


@lru_cache(maxsize=1)
def why_no_pdf() -> str:
    """Why this machine makes no PDF; "" where it does."""
    from model.export.memo.pdf import typesetter

    try:
        typesetter()
    except BadInput as error:
        return str(error)
    return ""
