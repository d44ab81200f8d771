"""How a question to a model elsewhere is written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.deployed.tensors import SINGLE, Tensor, Words


@dataclass(frozen=True)
class Form:
    """How a server wants its questions; by default as this product's own service and MLServer want them.

    ``tensors`` as its metadata name them, none for one of 64-bit floats an input; ``pandas``: whether several tensors
    are announced as the columns of one table, without which MLServer refuses them; ``binary``: whether tensors go as
    bytes; ``objects``: whether records go as objects by name; ``table``: under which name MLflow is given them;
    ``named``: whether the output is asked for by name. ``words`` and ``types`` are the mapping's.
    """

    tensors: tuple[Tensor, ...] = ()
    pandas: bool = True
    binary: bool = False
    objects: bool = False
    table: str = "dataframe_split"
    named: bool = True
    words: Words = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def fixed(self) -> int:
        """How many records a question holds, where the server leaves no choice; else 0."""
        return max((each.fixed for each in self.tensors), default=0)

    @property
    def coarse(self) -> dict[str, str]:
        """The inputs that go with fewer digits than 64-bit floats have, with their datatype."""
        told = {name: each.datatype for each in self.tensors for name in each.columns} or dict(self.types)
        return {name: datatype for name, datatype in told.items() if datatype in SINGLE}


@dataclass(frozen=True)
class Question:
    """A question as it is sent. ``json_bytes``: how many of its bytes are JSON, where others follow; else 0."""

    body: bytes
    json_bytes: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """What says how to read it."""
        if not self.json_bytes:
            return {"content-type": "application/json"}
        return {"content-type": "application/octet-stream", "inference-header-content-length": str(self.json_bytes)}
