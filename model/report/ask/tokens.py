"""A line of text cut into the pieces that the grammar compares: words, numbers, quoted texts, currency, marks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

SCALES = {
    "k": Decimal(1_000),
    "thousand": Decimal(1_000),
    "m": Decimal(1_000_000),
    "mn": Decimal(1_000_000),
    "million": Decimal(1_000_000),
    "bn": Decimal(1_000_000_000),
    "billion": Decimal(1_000_000_000),
}
NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
END = ";"  # what ends a part of a line for certain
DASHES = "-\N{MINUS SIGN}\N{EN DASH}\N{EM DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}"
SYMBOLS = "$€£¥₹¤"
Kind = Literal["word", "number", "text", "currency", "mark"]


@dataclass(frozen=True)
class LineToken:
    """One piece of a line, from ``start`` to ``end`` in it. ``key`` is how it is compared; ``number`` what it counts,
    ``scaled`` whether it says thousands, millions or billions itself."""

    kind: Kind
    key: str
    start: int
    end: int
    number: Decimal = Decimal(0)
    scaled: bool = False

    @property
    def compared(self) -> bool:
        """Whether it counts where names are compared: marks do not, but for a percent sign and what ends a part."""
        return self.kind in ("word", "number", "text") or self.key in ("%", END)


@lru_cache(maxsize=16)
def _pattern(currency: str) -> re.Pattern[str]:
    money = "|".join([*([re.escape(currency.strip())] if currency.strip() else []), f"[{SYMBOLS}]"])
    scales = "|".join(sorted(SCALES, key=len, reverse=True))
    return re.compile(
        rf'(?P<text>"(?:[^"]|"")*"|“[^”]*”)|(?P<currency>(?<![^\W_])(?:{money})(?=\s*\.?[0-9])|(?<=[0-9])\s?(?:{money}))'
        rf"|(?P<number>(?<![^\W_])(?P<digits>{NUMBER})(?P<scale>{scales})?(?=(?:pp|bp)?(?![^\W_])))"
        r"|(?P<word>[^\W_]+(?:['’][^\W_]+)*)|(?P<mark>\S)",
        re.IGNORECASE,
    )


def tokens(line: str, currency: str = "") -> tuple[LineToken, ...]:
    """A line's pieces in order. ``currency`` is the book's: NT$."""
    return tuple(_token(found) for found in _pattern(currency).finditer(line))


def _token(found: re.Match[str]) -> LineToken:
    kind: Kind = next(each for each in ("text", "currency", "number", "word", "mark") if found[each] is not None)
    start, end = found.span()
    if kind == "text":
        inner = found[0][1:-1]
        return LineToken(kind, inner.replace('""', '"') if found[0].startswith('"') else inner, start, end)
    if kind == "number":
        scale = (found["scale"] or "").casefold()
        value = Decimal(found["digits"].replace(",", "")) * SCALES.get(scale, Decimal(1))
        return LineToken(kind, _plain(value), start, end, value, bool(scale))
    if kind == "word":
        return LineToken(kind, re.sub(r"['’]s$", "", found[0].casefold()), start, end)
    return LineToken(kind, "-" if found[0] in DASHES else found[0], start, end)


def _plain(value: Decimal) -> str:
    """How numbers are compared: 50k is 50,000 and 5.0 is 5."""
    return format(value.normalize(), "f") if value else "0"


def keys(line: str, currency: str = "") -> tuple[str, ...]:
    """What counts of a name where it is compared."""
    return compared(tokens(line, currency))


def compared(given: Sequence[LineToken]) -> tuple[str, ...]:
    """The keys of what counts of some tokens."""
    return tuple(each.key.casefold() for each in given if each.compared)


def quoted(text: str) -> str:
    """A text as a line holds it: in quotes where it could be taken for more than one part, or for something else."""
    plain = text == text.strip() and not re.search(rf'["“”{END}\n\r]', text) and text
    return text if plain else '"{}"'.format(text.replace('"', '""'))
