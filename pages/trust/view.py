"""What of a model's evidence somebody looks at, as an address carries it: everything that was chosen on the trust page
and is not as the page opens."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from data.errors import OutOfRange

OPEN, CUTOFF = "open", "fair_cutoff"
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
                found = found.with_value(CUTOFF, f"{points(text):g}")
            except OutOfRange as error:
                complaints.append(f"{error} The address was read without it.")
        elif text in known(name):
            found = found.with_value(name, text)
        elif text:
            complaints.append(_wrong(name, text))
    return found, complaints


def points(text: str) -> float:
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
