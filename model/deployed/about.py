"""What is known of a deployed model elsewhere: how its server presents it, and what it answered."""

from dataclasses import dataclass, field

from data.arrays import Array
from model.settings import Protocol as Spoken

OURS = "credit-what-if"


@dataclass(frozen=True)
class InputTensor:
    """An input as a server's metadata name it. ``datatype`` is empty where none is told; ``shape`` holds -1 where any
    number is allowed, the records first, and is empty where none is told."""

    name: str
    datatype: str = ""
    shape: tuple[int, ...] = ()

    @property
    def wide(self) -> bool:
        """Whether it takes several columns at once."""
        return len(self.shape) > 1 and self.shape[-1] not in (1, -1)


@dataclass(frozen=True)
class About:
    """A deployed model as its server presents it; what it does not say is empty.

    ``inputs`` and ``outputs`` are names, ``wide`` the inputs that take several columns at once; ``reasons`` the inputs
    that its Shapley values belong to, in order, measured from ``background``; ``version``, ``artefact`` (sha256) and
    ``release`` tell one model from the next. Not part of what tells it from another: ``takes``, the inputs with their
    types, ``floats``, the outputs that are numbers with a fraction, ``binary``, whether tensors may be sent as bytes,
    and ``most`` records a call, 0 where that is not told.
    """

    protocol: Spoken
    name: str
    version: str = ""
    artefact: str = ""
    contract_sha256: str = ""
    release: str = ""
    book: str = ""
    inputs: tuple[str, ...] = ()
    wide: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    background: str = ""
    platform: str = ""
    takes: tuple[InputTensor, ...] = field(default=(), compare=False)
    floats: tuple[str, ...] = field(default=(), compare=False)
    binary: bool = field(default=False, compare=False)
    most: int = field(default=0, compare=False)

    @property
    def ours(self) -> bool:
        """Whether this product is at the other end."""
        return self.platform == OURS


@dataclass(frozen=True, eq=False)
class Predicted:
    """Probabilities of default (n,), and which model they are from, as far as the answer says."""

    pd: Array
    version: str = ""
    artefact: str = ""


@dataclass(frozen=True, eq=False)
class Explained:
    """The same with the server's reasons in log-odds: ``base`` and ``values`` (inputs, n)."""

    predicted: Predicted
    base: float
    values: Array
