"""What changed: exact Shapley values over the edited concepts, in PD."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.contract import Contract
from data.errors import OutOfRange
from data.formulas import Array
from model.engine.scorer import Scorer
from model.engine.shapley import exact
from model.engine.tables import probability

MOST_PLAYERS = 6


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
    (a rule of the contract breaks) are one player.
    """
    contract = scorer.contract
    moved = np.flatnonzero((base != edited)[:, 0])
    players = _merged(contract, base, edited, _players(contract, moved))
    if len(players) > MOST_PLAYERS:
        raise OutOfRange(f"At most {MOST_PLAYERS} concepts can be told apart at once; {len(players)} were edited.")
    records = _coalitions(base, edited, list(players.values()))

    def value(coalitions: NDArray[np.bool_]) -> Array:
        return probability(scorer.margins(records(coalitions)))

    ends = probability(scorer.margins(np.concatenate([base, edited], axis=1)))
    shares = exact(len(players), value) if players else ()
    labels = {each.name: each.label for each in contract.concepts}
    parts = (
        Change(names, " and ".join(labels[name] for name in names), float(share))
        for names, share in zip(players, shares, strict=True)
    )
    return Changes(float(ends[0]), float(ends[1]), tuple(sorted(parts, key=lambda part: -abs(part.pd))))


def _players(contract: Contract, moved: NDArray[np.intp]) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = {}
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


def _merged(
    contract: Contract, base: Array, edited: Array, players: dict[tuple[str, ...], list[int]]
) -> dict[tuple[str, ...], list[int]]:
    """Players, those joined whose edits break a rule of the contract when they stand apart."""
    while len(players) > 1:
        everyone = (np.arange(2 ** len(players))[:, None] >> np.arange(len(players))) & 1 == 1
        records = _coalitions(base, edited, list(players.values()))(everyone)
        broken = contract.broken(records)
        involved = [
            names for names, rows in players.items() if any(contract.touches(constraint, rows) for constraint in broken)
        ]
        if len(involved) < 2:
            return players
        joined = tuple(name for names in involved for name in names)
        rows = [row for names in involved for row in players[names]]
        players = {names: own for names, own in players.items() if names not in involved} | {joined: rows}
    return players
