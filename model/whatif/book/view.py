"""Of whom the book page speaks: of the whole book, or of one band of a segment.

That is no assumption: to whom shocks apply is a part of the scenario, who is looked at is not. So it stands beside the
scenario, in the address under a name of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from data.contract import Contract
from data.errors import BadInput, BookError
from model.whatif.book.scenario import whom

WITHIN = "within"  # in an address


@dataclass(frozen=True)
class BookView:
    """``band``: one band of a segment, named as in "limit_band:2"; "" for the whole book."""

    band: str = ""

    def to_query(self) -> dict[str, str]:
        """The view as an address carries it; the whole book is nothing."""
        return {WITHIN: self.band} if self.band else {}

    @classmethod
    def from_query(cls, contract: Contract, query: Mapping[str, str]) -> "tuple[BookView, dict[str, str], list[str]]":
        """The view that an address carries, what else the address says, and what was wrong with the view."""
        rest = {name: value for name, value in query.items() if name != WITHIN}
        band = query.get(WITHIN, "")
        try:
            if band:
                whom(contract, band)
        except (BadInput, BookError) as error:
            return cls(), rest, [f"{error} The whole book is looked at."]
        return cls(band), rest, []
