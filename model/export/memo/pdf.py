"""The paper as PDF, for the file: made of its own HTML by WeasyPrint, which sets pages with numbers, tags them for
screen readers, starts no browser, and gives the same bytes for the same paper."""

from types import ModuleType
from typing import NoReturn

from data.errors import BadInput
from model.export.memo.memo import Memo
from model.export.memo.page import memo_page

VARIANT = "pdf/ua-1"  # tagged


def memo_pdf(memo: Memo) -> bytes:
    """The file. Raises what `typesetter` does."""
    page = typesetter().HTML(string=memo_page(memo, printed=True), url_fetcher=_nothing)
    written: bytes = page.write_pdf(pdf_variant=VARIANT)
    return written


def typesetter() -> ModuleType:
    """The library that sets pages. BadInput where this machine lacks what it sets text with, which comes with most
    desktops."""
    try:
        import weasyprint  # half a second, and only for who wants it
    except OSError as error:
        raise BadInput(
            "A PDF needs the library Pango, which is not on this machine: install it (Debian: libpango-1.0-0 "
            "libpangoft2-1.0-0 libharfbuzz-subset0), or take the memo along as a page and print that."
        ) from error
    found: ModuleType = weasyprint
    return found


def _nothing(url: str, *_given: object, **_more: object) -> NoReturn:
    """A paper fetches nothing."""
    raise ValueError(f"{url} is not fetched")
