"""What the columns of a file are called on the pages: their names as words, no two of them alike."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import chain, count

from data.files.names import one_line as plain

LONGEST = 60  # signs
_WRITTEN = {  # as files shorten it, and as a person writes it
    "acc": "accounts",
    "acct": "account",
    "accts": "accounts",
    "addr": "address",
    "amnt": "amount",
    "amt": "amount",
    "avg": "average",
    "bal": "balance",
    "cnt": "count",
    "curr": "current",
    "delinq": "delinquencies",
    "emp": "employment",
    "hist": "history",
    "inc": "income",
    "inq": "enquiries",
    "mnth": "month",
    "mnths": "months",
    "mort": "mortgage",
    "mos": "months",
    "mth": "month",
    "mths": "months",
    "orig": "original",
    "pct": "percent",
    "pmt": "payment",
    "prev": "previous",
    "pymnt": "payment",
    "revol": "revolving",
    "tot": "total",
    "util": "utilisation",
    "yr": "year",
    "yrs": "years",
}
_INITIALS = frozenset(
    {"cltv", "dpd", "dscr", "dti", "ead", "ebit", "fico", "id", "lgd", "ltv", "naics", "pd", "roa", "roe", "sba", "upb"}
)
_SPELT = 4  # letters of a word in capitals from which on it is a word, and not initials
_ENDING = 24  # signs of a long name's end that are kept where its beginning is another's, too
_SIGNS = {  # what tells two names apart, in words: a page would take the signs for its own
    "$": "dollars",
    "€": "euros",
    "£": "pounds",
    "¥": "yen",
    "%": "percent",
    "#": "number",
    "+": "plus",
    "<": "below",
    ">": "above",
    "=": "equals",
    "*": "star",
    "@": "at",
    "?": "question mark",
    "!": "exclamation mark",
    "±": "plus minus",
}


def labels(names: Sequence[str]) -> list[str]:
    """A label for each of a file's column ``names``, none that a reader takes for another: Loan amount, LOAN-AMOUNT.
    Such are told apart by signs that a label leaves out, by the end of a long name, or by the column's place."""
    found = [_short(_words(name)) for name in names]
    signed = [_with_signs(name) for name in names]
    ended = [_with_end(name) for name in names]
    placed = [f"{label[: LONGEST - 15].strip()}, column {k}" for k, label in enumerate(found, 1)]
    for other in (signed, ended, placed):
        often = Counter(map(alike, found))
        found = [mine if often[alike(label)] > 1 else label for label, mine in zip(found, other, strict=True)]
    return distinct(found)


def alike(label: str) -> str:
    """What two labels have in common that a reader confuses: capitals, blanks and punctuation do not count."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", label).casefold() if sign.isalnum())


def _words(name: str) -> str:
    """A name as words, without signs that a page would take for its own."""
    between = r"(?<=[a-z])(?=[A-Z]|\d+[A-Z][a-z])|(?<=\d)(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z])"
    parted = re.sub(between, " ", plain(name))
    parted = re.sub(r"(?<=[^\W\d])\.(?=[^\W_]{2})", " ", parted)  # annual.income, as R writes it; U.S. stays
    kept = "".join(sign if sign.isalnum() or sign in " -.,&'" else " " for sign in parted)
    parts = re.sub(r"\b(\d+)([A-Za-z]{2,})\b", _parted, kept).split()
    capitals = name.isupper() and (len(parts) > 1 or len(name) >= _SPELT)
    label = " ".join(_written(word, capitals) for word in parts)
    return label[:1].upper() + label[1:] if alike(label) else "Column without a name"


def _parted(found: re.Match[str]) -> str:
    """2yrs as two words; 1st and 3M stay one."""
    return f"{found[1]} {found[2]}" if found[2].casefold() in _WRITTEN else found[0]


def _written(word: str, capitals: bool) -> str:
    """A word of a name as a person writes it; ``capitals`` if all of the name is in them."""
    plain_word = word.casefold()
    if plain_word in _INITIALS:
        return plain_word.upper()
    if plain_word in _WRITTEN:
        return _WRITTEN[plain_word]
    return word.lower() if word.istitle() or capitals else word


def _with_signs(name: str) -> str:
    said = [_SIGNS[sign] for sign in name if sign in _SIGNS]
    return _short(", ".join([_words(name), *said]))


def _with_end(name: str) -> str:
    label = _words(name)
    return f"{label[: LONGEST - _ENDING - 3].strip()} … {label[-_ENDING:].strip()}" if len(label) > LONGEST else label


def _short(label: str) -> str:
    return label[:LONGEST].strip()


def distinct(found: Sequence[str]) -> list[str]:
    """The same labels, those like an earlier one numbered."""
    seen, out = set[str](), list[str]()
    for label in found:
        choices = chain([label], (f"{label[: LONGEST - 8].strip()} ({k})" for k in count(2)))
        out.append(next(each for each in choices if alike(each) not in seen))
        seen.add(alike(out[-1]))
    return out
