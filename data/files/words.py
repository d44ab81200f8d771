"""Words that stand for something else: for no value, for yes and for no."""

import re
from collections.abc import Iterable

NO_VALUE = frozenset(
    {
        "",
        "na",
        "n/a",
        "n.a.",
        "n.a",
        "#n/a",
        "#na",
        "#nv",
        "nan",
        "-nan",
        "null",
        "none",
        "missing",
        "?",
        "-",
        "--",
        "nat",
        "<na>",
        ".",
        "..",
        "...",
    }
)
"""Never a value, in whatever column."""
NO_NUMBER = frozenset(
    {
        "unknown",
        "unk",
        "not known",
        "not available",
        "not applicable",
        "not stated",
        "not given",
        "not reported",
        "not provided",
        "not specified",
        "no data",
        "no information",
        "undefined",
        "(blank)",
        "blank",
        "empty",
        "tbd",
        "tba",
        "n/k",
        "keine angabe",
        "k.a.",
        "k. a.",
        "unbekannt",
        "fehlt",
        "inconnu",
        "non disponible",
        "desconocido",
        "no disponible",
        "sconosciuto",
        "onbekend",
        "0000-00-00",
        "0000-00-00 00:00:00",
    }
)
"""No value where the others are numbers or days; among words they are words like any other."""
_ERROR = re.compile(r"#[^\W\d_][\w/ ]*[!?]")  # #DIV/0!, #REF!, #NAME?, #WERT!
_YES = frozenset({"yes", "y", "true", "t", "ja", "j", "oui", "si", "sí", "s", "sim", "wahr", "vrai"})
_NO = frozenset({"no", "n", "false", "f", "nein", "non", "não", "nao", "nee", "falsch", "faux"})
FLAGS = _YES | _NO
FIGURES = frozenset("123456789")  # no text that says so begins with one, and of a file of numbers nearly all texts do
_ONE = {"1": True, "0": False}


def no_value(text: str) -> bool:
    """Whether a text says that there is no value, whatever the column holds."""
    if text[:1] in FIGURES:
        return False
    folded = text.casefold()
    return folded in NO_VALUE or bool(_ERROR.fullmatch(folded))


def no_number(text: str) -> bool:
    """Whether a text says that there is no value where the others are numbers or days."""
    if text[:1] in FIGURES:
        return False
    return text.casefold() in NO_NUMBER or no_value(text)


def flags(words: Iterable[str]) -> bool:
    """Whether words are a yes and a no, at most one of each."""
    said = [_ONE.get(each.strip().casefold(), flag(each.strip())) for each in words]
    return None not in said and len(said) == len(set(said)) and bool(said)


def flag(word: str) -> bool | None:
    """Whether a word says yes or no; None where it says neither."""
    folded = word.casefold()
    if folded in _YES:
        return True
    return False if folded in _NO else None
