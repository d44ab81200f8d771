"""What a change of unemployment does to the log-odds of default, for a book of which nothing else is known.

Two figures were derived from the loss rates of the Federal Reserve's stress test of 2026, for cards and for other
consumer loans; where a class has none of its own, that of other consumer loans stands in. All are illustrative: with
them a regulator's scenario moves a proposed book at once, and the bank's own evidence replaces them.
"""

from dataclasses import dataclass

CARDS, OTHER_CONSUMER = 0.10, 0.18  # per percentage point
DERIVED = "illustrative, edit me: derived from the {} of the Federal Reserve's 2026 stress test (DFAST)"


@dataclass(frozen=True)
class Coefficient:
    """Log-odds of default per percentage point of unemployment, where it comes from, and why it was taken."""

    value: float
    source: str
    why: str


def of_unemployment(exposure_class: str) -> Coefficient:
    """Where a book of this exposure class may begin: 0.10 for revolving, 0.18 for any other."""
    if exposure_class == "revolving":
        source = DERIVED.format("card loss rates")
        return Coefficient(CARDS, source, "illustrative, for cards: replace it by your own evidence")
    source = DERIVED.format("loss rates of other consumer loans")
    if exposure_class == "retail":
        return Coefficient(OTHER_CONSUMER, source, "illustrative, for consumer loans: replace it by your own evidence")
    why = f"illustrative, of consumer loans, for want of one for {exposure_class} loans: replace it"
    return Coefficient(OTHER_CONSUMER, source, why)
