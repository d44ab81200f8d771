"""What a file that people take along is called: book, what it is, scenario, date."""

import re
import unicodedata
from datetime import date

LONGEST_PART = 40  # characters of one part, so that the whole name fits every file system and a mail's list of files


def file_name(book: str, what: str, scenario: str, *, day: date, kind: str) -> str:
    """The name of a file: the ``book``'s name, ``what`` it is, the ``scenario`` it is about, "" for none, and the
    ``day``; ``kind`` is its ending: cards_workbook_mild-recession_2026-11-02.xlsx.

    Only letters a to z, digits and hyphens stand in a part, whatever people call their scenarios, so that no system
    refuses it and no part of it can be taken for a path.
    """
    parts = (_plain(book), _plain(what), _plain(scenario), day.isoformat())
    return f"{'_'.join(part for part in parts if part)}.{kind}"


def _plain(text: str) -> str:
    """A text in small letters a to z and digits, words joined by hyphens: Größte Härte, −5 % → grosste-harte-5."""
    spelled = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", spelled)[:LONGEST_PART].strip("-")
