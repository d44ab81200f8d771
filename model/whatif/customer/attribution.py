"""What changed: exact Shapley values over the edited concepts, in PD.

Exact values of n players ask for 2ⁿ records. So that a record of any width can be edited throughout, at most ten
players are told apart: of more, those that move least are one, and so are concepts bound by a rule that would ask for
more. The values are exact for the players told, and sum to the change whatever their number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Constraint, Contract
from model.engine.scorer import Scorer
from model.engine.shapley import exact
from model.engine.tables import probability

MOST_PLAYERS = 10  # 1,024 records, some milliseconds
MOST_NAMED = 2


@dataclass(frozen=True)
class Change:
    """What the edits of one player moved. ``label`` names its concepts, ``pd`` is signed, a fraction."""

    concepts: tuple[str, ...]
    label: str
    pd: float


@dataclass(frozen=True)
class Changes:
    """From ``base`` PD to ``edited`` PD: the parts sum to the difference within 1e-12."""

    base: float
    edited: float
    parts: tuple[Change, ...]


def changes(scorer: Scorer, base: Array, edited: Array) -> Changes:
    """Why the PD of ``edited`` differs from that of ``base``, both (fields, 1).

    The players are the concepts with an edited field; a coalition takes its members' fields from ``edited`` and
    the others from ``base``, and goes through the same derivation rules. Concepts whose edits cannot stand alone
    (a rule of the contract breaks) are one player. A value that is missing in both is not edited.
    """
    contract = scorer.contract
    moved = np.flatnonzero(((base != edited) & ~(np.isnan(base) & np.isnan(edited)))[:, 0])
    players = _merged(contract, base, edited, _players(contract, moved))
    players = _weightiest(scorer, base, edited, players)
    records = _coalitions(base, edited, list(players.values()))

    def value(coalitions: NDArray[np.bool_]) -> Array:
        return probability(scorer.margins(records(coalitions)))

    ends = probability(scorer.margins(np.concatenate([base, edited], axis=1)))
    shares = exact(len(players), value) if players else ()
    labels = {each.name: each.label for each in contract.concepts}
    parts = (
        Change(names, _together([labels[name] for name in names]), float(share))
        for names, share in zip(players, shares, strict=True)
    )
    return Changes(float(ends[0]), float(ends[1]), tuple(sorted(parts, key=lambda part: -abs(part.pd))))


def _together(labels: Sequence[str]) -> str:
    """One player's concepts in words: one or two by name, more by their number."""
    return " and ".join(labels) if len(labels) <= MOST_NAMED else f"{len(labels)} concepts together"


Players: TypeAlias = dict[tuple[str, ...], list[int]]


def _players(contract: Contract, moved: NDArray[np.intp]) -> Players:
    found: Players = {}
    for k in moved:
        found.setdefault((contract.record[k].concept,), []).append(int(k))
    return found


def _coalitions(base: Array, edited: Array, rows: list[list[int]]) -> Callable[[NDArray[np.bool_]], Array]:
    """Records (fields, coalitions) of a boolean matrix (coalitions, players)."""

    def records(coalitions: NDArray[np.bool_]) -> Array:
        out = np.repeat(base, len(coalitions), axis=1)
        for player, own in enumerate(rows):
            out[np.ix_(np.array(own), np.flatnonzero(coalitions[:, player]))] = edited[own]
        return out

    return records


def _merged(contract: Contract, base: Array, edited: Array, players: Players) -> Players:
    """Players, those joined whose edits break a rule of the contract when they stand apart."""
    for constraint in contract.constraints:
        bound = [names for names, rows in players.items() if contract.touches(constraint, rows)]
        if len(bound) > 1 and _conflict(
            contract, base, edited=edited, rows=[players[names] for names in bound], constraint=constraint
        ):
            players = _joined(players, bound)
    return players


def _conflict(contract: Contract, base: Array, edited: Array, rows: list[list[int]], constraint: Constraint) -> bool:
    """Whether some of these players' edits without the others' break a rule; of too many to try, that is assumed."""
    if len(rows) > MOST_PLAYERS:
        return True
    everyone = (np.arange(2 ** len(rows))[:, None] >> np.arange(len(rows))) & 1 == 1
    return constraint in contract.broken(_coalitions(base, edited, rows)(everyone))


def _weightiest(scorer: Scorer, base: Array, edited: Array, players: Players) -> Players:
    """Players, at most as many as can be told apart: those that move the PD least, alone and as the last, are one."""
    n = len(players)
    if n <= MOST_PLAYERS:
        return players
    records = _coalitions(base, edited, list(players.values()))
    alone, nobody = np.eye(n, dtype=bool), np.zeros((1, n), bool)
    pd = probability(scorer.margins(records(np.concatenate([alone, ~alone, nobody, ~nobody]))))
    moved = np.abs(pd[:n] - pd[-2]) + np.abs(pd[-1] - pd[n:-2])
    names = list(players)
    return _joined(players, [names[k] for k in np.argsort(-moved, kind="stable")[MOST_PLAYERS - 1 :]])


def _joined(players: Players, some: list[tuple[str, ...]]) -> Players:
    """The players with some of them as one, the last."""
    together = tuple(name for names in some for name in names)
    rows = [row for names in some for row in players[names]]
    return {names: own for names, own in players.items() if names not in some} | {together: rows}
