"""Which columns say how much would be lost, and in what currency."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from data.arrays import Array
from data.errors import BadInput
from data.files.names import listed_texts, plain, shown_text
from data.proposing import hints
from data.proposing.roles import ProposedColumn

NO_CURRENCY = "¤"
NO_AMOUNT = "none"  # what a person says where no column is what is owed


@dataclass(frozen=True)
class AmountCandidate:
    """A column of amounts that may be what is owed: its name in the file, its ``total`` in the file's own units, and
    what its name makes of it; ``chosen``: it is part of the exposure."""

    column: str
    total: float
    what: str
    chosen: bool

    @property
    def told(self) -> str:
        """It with its total, in a few words."""
        return f"{self.column} {self.total:,.0f} in all" + (f", {self.what}" if self.what else "")


@dataclass(frozen=True, eq=False)
class Money:
    """The currency, and which columns say how much would be lost: a limit and the balance drawn on it, or ``found``.
    ``amounts`` are the columns of amounts that may be owed, the likeliest first; ``given``: a person named it."""

    currency: str
    why: str
    found: ProposedColumn | None
    limit: ProposedColumn | None
    balance: ProposedColumn | None
    amounts: tuple[ProposedColumn, ...] = ()
    given: bool = False

    def counts(self, column: ProposedColumn) -> bool:
        """Whether a column is part of what is owed."""
        return column in (self.found, self.limit, self.balance)

    @property
    def named(self) -> bool:
        """Whether any column says what is owed."""
        return self.found is not None or self.limit is not None

    def candidates(self) -> tuple[AmountCandidate, ...]:
        """Every column that may be what is owed, with its total."""
        return tuple(
            AmountCandidate(each.given, float(_amounts(each).sum()), _kind(each.given), self.counts(each))
            for each in self.amounts
        )

    def asked(self) -> str:
        """What a person has to decide about, with the totals; "" where a person has decided."""
        if self.given:
            return ""
        found = [each.told for each in self.candidates()]
        listed = f". The columns that may be owed: {'; '.join(found)}" if found else ""
        none = f", or --amount {NO_AMOUNT}" if self.named else ""
        return f"{self._why()}{listed}. Another one: init --replace --amount COLUMN{none}"

    def _why(self) -> str:
        if self.limit is not None and self.balance is not None:
            return f"{self.balance.given} is drawn on {self.limit.given}, by their names"
        if self.found is not None:
            return f"{self.found.given} is what is owed, by its name"
        return "no column says what is owed on the loan: the book is told in records and defaults, not in money"

    def formulas(self) -> tuple[str, str, str]:
        """Balance, exposure at default, and what to ask about them."""
        if self.limit is not None and self.balance is not None:
            balance, limit = _filled(self.balance), _filled(self.limit)
            ead = f"{balance} + ccf * max({limit} - {balance}, 0)"
            return balance, ead, self.asked()
        if self.found is not None:
            return _filled(self.found), _filled(self.found), self.asked()
        return "1", "1", self.asked()

    def exposures(self, n: int) -> Array:
        """What the formulas come to for ``n`` records, the conversion factor standing at one half."""
        if self.limit is not None and self.balance is not None:
            drawn, line = _amounts(self.balance), _amounts(self.limit)
            return drawn + 0.5 * np.maximum(line - drawn, 0)
        return _amounts(self.found) if self.found is not None else np.ones(n)

    def typical(self) -> float:
        """The median exposure."""
        return float(np.median(self.exposures(1)))


def money_of(
    columns: Sequence[ProposedColumn],
    is_amount: Callable[[ProposedColumn], bool],
    amount: str | None = None,
    currency: str | None = None,
) -> Money:
    """What is owed, and in which currency, of the ``columns`` of which some hold amounts.

    Parameters
    ----------
    amount
        The column that a person named, `NO_AMOUNT` where none is; if not given it is taken by the names: what was lent
        before what is left of it, a limit with the balance drawn on it before either alone, and never what somebody
        owes elsewhere.
    currency
        The sign that a person gave.

    Raises
    ------
    BadInput
        If the column named is none, or holds nothing that can be owed.
    """
    sums = [each for each in columns if each.role == "input" and not each.codes and np.median(each.ordinary) > 0]
    own = {each.given: each for each in sums if is_amount(each)}
    ranked = sorted((name for name in own if hints.owed_rank(name) is not None), key=lambda k: hints.owed_rank(k) or 0)
    elsewhere = [name for name in own if hints.owed_elsewhere(name)]
    amounts = tuple(own[name] for name in (*ranked, *elsewhere))
    sign, why = _currency(columns, currency)
    if amount is not None and plain(amount) not in map(plain, (NO_AMOUNT, "")):
        found = _named(columns, sums, amount)
        listed = amounts if found in amounts else (found, *amounts)
        return Money(sign, why, found, None, None, amounts=listed, given=True)
    if amount is not None:
        return Money(sign, why, None, None, None, amounts=amounts, given=True)
    limit, balance = (own.get(given) for given in hints.limit_and_balance(own))
    best = own.get(hints.exposure(own))
    if limit is not None and balance is not None and not (best and hints.lent(best.given)):
        return Money(sign, why, best, limit, balance, amounts=amounts)
    return Money(sign, why, best, None, None, amounts=amounts)


def _named(columns: Sequence[ProposedColumn], sums: Sequence[ProposedColumn], amount: str) -> ProposedColumn:
    """The column that a person says is owed."""
    for each in sums:
        if plain(each.given) == plain(amount):
            return each
    fit = [each.given for each in sums]
    offered = f"Columns that can be: {listed_texts(fit, 12)}" if fit else "No column can be"
    for each in columns:
        if plain(each.given) == plain(amount):
            why = f"it was taken for {each.role}: {each.why}" if each.role != "input" else "it holds no amounts above 0"
            raise BadInput(f"{shown_text(amount)} cannot be what is owed: {why}. {offered}, or --amount {NO_AMOUNT}.")
    raise BadInput(f"There is no column {shown_text(amount)} to be what is owed. {offered}, or --amount {NO_AMOUNT}.")


def _currency(columns: Sequence[ProposedColumn], given: str | None) -> tuple[str, str]:
    """The sign of the amounts, and why it was taken where nobody gave it."""
    if given:
        return given, ""
    signs = {each.currency: each.given for each in columns if each.currency}
    if signs:
        sign, where = next(iter(signs.items()))
        return sign, f"the cells of {where} carry it"
    sign, where = hints.currency(each.given for each in columns)
    return sign or NO_CURRENCY, f"the name {where} speaks of it" if sign else "unknown: give its sign by --currency"


def _kind(name: str) -> str:
    """What a name makes of a column of amounts, where that is worth telling."""
    if hints.owed_elsewhere(name):
        return "owed to others too: never taken unless you say so"
    return "what was lent" if hints.lent(name) else ""


def _filled(column: ProposedColumn) -> str:
    """What a column counts for in a formula: nothing below 0, the middle where there is no value."""
    if not column.reasons:
        return f"max({column.name}, 0)"
    return f"where({column.name} >= 0, {column.name}, where({column.name} < 0, 0, {_middle(column)!r}))"


def _amounts(column: ProposedColumn) -> Array:
    return np.maximum(np.where(np.isnan(column.usual), _middle(column), column.usual), 0)


def _middle(column: ProposedColumn) -> float:
    return float(f"{np.median(column.ordinary):.6g}")
