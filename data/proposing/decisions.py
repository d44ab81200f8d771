"""What a person decides about a file that a book is made of; whatever is not decided stays as it is proposed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from data.contract import Direction
from data.contract.schema import Mutability

ColumnRole = Literal["input", "protected", "post-outcome", "vintage", "identifier", "left out"]
"""What a column of a file may be, beside the target and the one that numbers the records."""

ColumnKind = Literal["number", "category"]


@dataclass(frozen=True)
class ColumnDecision:
    """What was decided about one column; None, or what is empty, is as proposed.

    ``unit`` is ``"amount"``, or a currency's sign, for money, and ``""`` for none. ``special`` are numbers that are
    codes, and what each means, "" where one that looks like a code is none; ``order`` are words of the column, lowest
    first: those not named come after them.
    """

    role: ColumnRole | None = None
    label: str = ""
    kind: ColumnKind | None = None
    unit: str | None = None
    direction: Direction | None = None
    mutability: Mutability | None = None
    special: Mapping[float, str] = field(default_factory=dict)
    order: tuple[str, ...] = ()


AS_PROPOSED = ColumnDecision()


@dataclass(frozen=True)
class Decisions:
    """What was decided about a whole file.

    ``target`` is the column that holds the outcome, ``bad`` its values that are the bad one, ``drop`` those whose rows
    are left out; ``id`` the column that numbers the records, ``amount`` the one that says what is owed, ``missing`` the
    words that stand for no value in any column, ``months`` over how many the outcome was observed. ``columns`` are by
    the file's own names.
    """

    target: str
    bad: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    id: str | None = None
    amount: str | None = None
    currency: str | None = None
    months: float | None = None
    missing: tuple[str, ...] = ()
    columns: Mapping[str, ColumnDecision] = field(default_factory=dict)

    def of(self, column: str) -> ColumnDecision:
        """What was decided about one column."""
        return self.columns.get(column, AS_PROPOSED)

    def with_column(self, column: str, decision: ColumnDecision) -> "Decisions":
        """The same with another decision about one column."""
        return replace(self, columns={**self.columns, column: decision})
