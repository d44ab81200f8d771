"""What is known of the model that answers."""

from dataclasses import dataclass

MOVED = 1e-3  # of the PD, from which a customer counts as moved


@dataclass(frozen=True)
class Deployed:
    """Which model answers: its ``name`` (a release if it is ours), ``where`` it runs ("" in this process), whether it
    is ``foreign``, one of which nothing is known but its answers, and the vintages of the ``window`` it was fitted to,
    where that is not the whole book."""

    name: str
    where: str = ""
    foreign: bool = False
    window: str = ""

    def known(self, told: str) -> str:
        """What is told of known territory, which for a foreign model is that of the book, not of its training."""
        if not self.foreign:
            return told
        return (
            told.replace("the range the model has seen", "the range of the book")
            .replace("the model knows many", "the book holds many")
            .replace("anything the model has seen", "anything the book holds")
        )

    @property
    def words(self) -> str:
        """The model in a sentence."""
        at = f" at {self.where}" if self.where else ""
        return f"the model {self.name}{at}" if self.foreign else f"release {self.name}{at}"


@dataclass(frozen=True)
class SpotCheck:
    """What was found of a model elsewhere: of ``customers`` asked live, how many ``differ`` from the tables in their PD
    and by how much at most (``gap``, a fraction); ``milliseconds`` the call took."""

    customers: int
    differ: int
    gap: float
    milliseconds: float


@dataclass(frozen=True)
class PrecisionCost:
    """What it costs that a model elsewhere takes some inputs with fewer digits than there are.

    Of so many ``customers`` of the book, PDs move by at most ``worst`` (a fraction) when every input that has to be
    rounded is rounded to its other neighbour, ``moved`` of them by more than `MOVED`. ``inputs`` are those that are
    rounded for any of them, ``datatypes`` those in use.
    """

    datatypes: tuple[str, ...]
    inputs: tuple[str, ...]
    customers: int
    worst: float
    moved: int
