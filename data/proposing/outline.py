"""What a proposal made of each column of a file, in a line a column: for whoever reviews it, beside the file itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from data.contract import Contract, read_contract
from data.proposing.decisions import ColumnKind, ColumnRole
from data.proposing.proposal import Proposal
from data.proposing.roles import ProposedColumn


@dataclass(frozen=True)
class ColumnOutline:
    """One column as it was proposed. ``given`` is its name in the file, ``name`` the contract's; ``words`` of a
    category in their order, and why they stand so; ``direction`` 1 where more of it is to mean more risk, -1 for less,
    0 for neither; ``special`` numbers that are codes, with what each was taken to mean; ``auc`` of it alone, in
    [0.5, 1]."""

    given: str
    name: str
    role: ColumnRole
    why: str
    label: str
    kind: ColumnKind
    unit: str = ""
    direction: int = 0
    words: tuple[str, ...] = ()
    ordered: str = ""
    special: Mapping[float, str] = field(default_factory=dict)
    auc: float = 0.5

    def as_dict(self) -> dict[str, Any]:
        """For a file of JSON."""
        return asdict(self) | {"special": {f"{code:.15g}": word for code, word in self.special.items()}}

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "ColumnOutline":
        """Read from one."""
        own: dict[str, Any] = {key: tuple(each) if isinstance(each, list) else each for key, each in given.items()}
        own["special"] = {float(code): str(word) for code, word in own["special"].items()}
        return cls(**own)


def outline_of(proposal: Proposal) -> tuple[ColumnOutline, ...]:
    """Every column of a proposal but the target and the identifier, in the file's order."""
    contract = read_contract(proposal.text)
    return tuple(_outline(each, contract) for each in proposal.columns)


def _outline(column: ProposedColumn, contract: Contract) -> ColumnOutline:
    field = next((each for each in contract.record if each.name == column.name), None)
    own = next((each for each in contract.inputs if each.name == column.name), None)
    return ColumnOutline(
        column.given,
        column.name,
        role=column.role,
        why=column.why,
        label=column.label,
        kind="category" if column.codes else "number",
        unit=column.unit if field is None else field.unit,
        direction=0 if own is None else int(own.direction),
        words=tuple(column.codes[k] for k in sorted(column.codes)),
        ordered=column.ordered,
        special=dict(column.special),
        auc=float(column.auc),
    )
