"""What of a model's evidence somebody looks at, as an address carries it: everything that was chosen on the trust page
and is not as the page opens."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from data.books import Book
from data.contract import Contract
from data.errors import OutOfRange
from model.release.release import Release
from model.validation.validation import Subset, Validation

OPEN, CUTOFF = "open", "fair_cutoff"
PANELS = ("bands", "later", "effects", "tables", "drift", "fairness", "misses", "gates")
VINTAGE, SCORE, INPUTS = "vintage", "score", "inputs"
TOGETHER = ":"
PARTS = {
    OPEN: "part of the page",
    "evidence": "evidence",
    "segment": "segment",
    "by": "way to cut the book",
    "by_evidence": "evidence",
    "against": "release to compare with",
    "shift": "vintage",
    "since": "vintage",
    "until": "vintage",
    "moves": "way to list what moves the score",
    "input": "input of the model",
    "pair": "pair of inputs",
    "compare": "later evidence",
    "distribution_of": "input of the model",
    "attribute": "protected attribute",
    CUTOFF: "cut-off",
}
SCORES = (0.0, 1000.0)  # where a cut-off may lie
Known = Callable[[str], Collection[str]]


@dataclass(frozen=True)
class TrustView:
    """Choices by the names of `PARTS`, in the order of the address."""

    values: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """What was chosen; "" for what the page opens with."""
        return dict(self.values).get(name, "")

    def with_value(self, name: str, value: str) -> "TrustView":
        """The same with another choice; "" goes back to what the page opens with."""
        if value == self.get(name):
            return self
        rest = tuple(each for each in self.values if each[0] != name)
        return TrustView((*rest, (name, value)) if value else rest)

    @property
    def opened(self) -> tuple[str, ...]:
        """The parts of the page that are open."""
        return tuple(filter(None, self.get(OPEN).split(",")))


def chosen_subset(view: TrustView, proof: Validation) -> Subset:
    """Which records are looked at; what another release or book had is left out."""
    when, who = view.get("evidence"), view.get("segment")
    when = when if when in proof.whens[1:] else ""
    if who not in segment_bands(proof.contract):
        return Subset(when)
    segment, _, band = who.partition(TOGETHER)
    return Subset(when, segment, int(band))


# ---- what there is to choose from ---------------------------------------------------------------------------------


def segment_bands(contract: Contract) -> tuple[str, ...]:
    """Every band of every segment, as an address names it."""
    return tuple(f"{each.name}{TOGETHER}{k}" for each in contract.segments for k in range(contract.band_count(each)))


def vintages_of(book: Book) -> tuple[int, ...]:
    """The vintages of a book, rising; none where it has none."""
    own = book.vintages
    return () if own is None else tuple(sorted({int(each) for each in own[~np.isnan(own)]}))


def pair_name(contract: Contract, first: int, second: int) -> str:
    """Two inputs as an address names them."""
    return f"{contract.inputs[first].name}{TOGETHER}{contract.inputs[second].name}"


@dataclass(frozen=True, eq=False)
class Choosable:
    """What there is to choose from of a model whose evidence is ``proof``: its ``release`` if that is known here, and
    the ids of ``others`` that it can be compared with, asked for when they are needed."""

    proof: Validation
    release: Release | None = None
    others: Callable[[], Collection[str]] = tuple

    def known(self, name: str) -> Collection[str]:
        """What there is of one of `PARTS`, by what stands for it in an address."""
        contract = self.proof.contract
        if name == OPEN:
            return [each for each in PANELS if each != "later" or (self.proof.tested and self.proof.years)]
        if name in ("evidence", "by_evidence", "compare"):
            return [each for each in self.proof.whens if name != "compare" or self.proof.after_training(each)]
        if name == "segment":
            return segment_bands(contract)
        if name == "by":
            return [*(each.name for each in contract.segments), *([VINTAGE] if self.proof.years else [])]
        if name == "against":
            return self.others() if self.release is not None else ()
        if name in ("shift", "since", "until"):
            return self._years(name)
        return self._inputs(contract, name)

    def _years(self, name: str) -> list[str]:
        if name == "shift":
            return [f"{each:.0f}" for each in self.proof.years[:-1]]
        return [f"{each}" for each in vintages_of(self.proof.book)]

    def _inputs(self, contract: Contract, name: str) -> Collection[str]:
        if name == "moves":
            return (INPUTS,)
        if name in ("input", "distribution_of"):
            return [*([SCORE] if name == "distribution_of" else []), *(each.name for each in contract.inputs)]
        if name == "pair":
            return self._pairs(contract)
        return [each.name for each in contract.protected()] if name == "attribute" else []

    def _pairs(self, contract: Contract) -> list[str]:
        """The tables of two inputs, by both names."""
        if self.release is None:
            return []
        groups = self.release.scorer.tables.groups()
        return [pair_name(contract, first, second) for first, second, _ in groups if second >= 0]


# ---- the address --------------------------------------------------------------------------------------------------


def to_query(view: TrustView, shown: bool = True) -> dict[str, str]:
    """The view as an address carries it; with ``shown`` off, nothing."""
    return dict(view.values) if shown else {}


def from_query(query: Mapping[str, str], known: Known, shown: bool = True) -> tuple[TrustView, list[str]]:
    """The view that an address carries, and what was wrong with it: a bad value is left out and told. ``known`` gives
    what there is to choose from of one of `PARTS`."""
    found, complaints = TrustView(), list[str]()
    for name, text in query.items() if shown else ():
        if name not in PARTS:
            complaints.append(f"{name!r} in the address is nothing that can be looked at here; it was left out.")
        elif name == OPEN:
            given = list(dict.fromkeys(filter(None, text.split(","))))
            found = found.with_value(OPEN, ",".join(each for each in given if each in known(OPEN)))
            complaints += [_wrong(OPEN, each) for each in given if each not in known(OPEN)]
        elif name == CUTOFF:
            try:
                found = found.with_value(CUTOFF, f"{cutoff_points(text):g}")
            except OutOfRange as error:
                complaints.append(f"{error} The address was read without it.")
        elif text in known(name):
            found = found.with_value(name, text)
        elif text:
            complaints.append(_wrong(name, text))
    return found, complaints


def cutoff_points(text: str) -> float:
    """A cut-off in whole score points.

    Raises OutOfRange if it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not SCORES[0] <= value <= SCORES[1]:
        raise OutOfRange(f"A cut-off must lie between {SCORES[0]:.0f} and {SCORES[1]:,.0f} points, got {text!r}.")
    return float(round(value))


def _wrong(name: str, text: str) -> str:
    return f"There is no {PARTS[name]} {text!r} here. The address was read without it: choose one on the page."
