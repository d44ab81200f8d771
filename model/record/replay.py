"""A recorded call done again by the very release that answered it, and what is recorded of an answer.

Outputs by kind, each float64:

    score, upload, whatif:customer   pd (n,) in [0, 1]; where reasons were given, shap_values (inputs, n) and base_value
                                     (1,), log-odds
    whatif:book                      every field of `Totals` (1,): customers, exposure, pd_sum, pd_exposure, loss,
                                     net_loss, capital, margin, years
    whatif:policy                    (1,): cutoff in points, customers judged, approved of them, bad_rate (expected) and
                                     observed_rate of the approved, volume, loss, net_loss and profit of them

A what-if of the book or a policy has ``detail["address"]``, what `to_query` gave, and ``detail["day"]``, the ISO date
as of which overlays were valid. An address carries 12 digits: what is recorded must have been worked out from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

import numpy as np

from data.arrays import Array
from data.errors import BadInput
from model.engine.scorer import Scorer
from model.engine.tables import probability
from model.errors import ReleaseError, StoreError
from model.record.trail import Entry
from model.release.installed import installed_book
from model.release.promotion import require_same_book
from model.release.release import Release
from model.release.store import Store
from model.whatif.book import scenario as book_scenario
from model.whatif.book.scored import ScoredBook
from model.whatif.book.totals import Totals
from model.whatif.policy import scenario as policy_scenario
from model.whatif.policy.result import PolicyResult
from model.whatif.policy.strategy import Outcome

EXACT = 1e-12
RECORDS = ("score", "upload", "whatif:customer")
BOOK, POLICY = "whatif:book", "whatif:policy"


@dataclass(frozen=True)
class Replayed:
    """Whether a call gave the ``same``, within 1e-12; the largest ``gap``, absolute up to 1 and relative beyond;
    ``words`` that say so."""

    same: bool
    gap: float
    words: str


# ---- what is recorded -----------------------------------------------------------------------------------------------


def customer_outputs(scorer: Scorer, raw: Array, reasons: bool = True) -> dict[str, Array]:
    """What is recorded of records (fields, n) that were scored, with their ``reasons`` or without."""
    found = {"pd": probability(scorer.margins(raw))}
    if reasons:
        why = scorer.reasons(raw)
        found |= {"shap_values": why.values, "base_value": np.array([why.base])}
    return found


def book_outputs(totals: Totals) -> dict[str, Array]:
    """What is recorded of the whole book under a scenario."""
    return {each.name: np.array([float(getattr(totals, each.name))]) for each in fields(totals)}


def policy_outputs(outcome: Outcome) -> dict[str, Array]:
    """What is recorded of a cut-off."""
    found = {
        "cutoff": outcome.cutoff,
        "customers": outcome.of,
        "approved": outcome.customers,
        "bad_rate": outcome.bad_rate,
        "observed_rate": outcome.observed_rate,
        "volume": outcome.volume,
        "loss": outcome.loss,
        "net_loss": outcome.net_loss,
        "profit": outcome.profit,
    }
    return {name: np.array([float(value)]) for name, value in found.items()}


# ---- done again -----------------------------------------------------------------------------------------------------


def replay(entry: Entry, store: Store) -> Replayed:
    """Do a call again and compare with what is on record.

    Raises
    ------
    ReleaseError, ParityError
        If the release that answered is not in the store, or not what it was; or if a what-if of the whole book cannot
        be done because another snapshot is installed.
    StoreError
        If the entry does not hold what it takes.
    """
    release = _release(entry, store)
    if entry.kind in RECORDS:
        scorer = release.scorer
        if entry.inputs.shape[0] != len(scorer.contract.record):
            raise StoreError(
                f"Call {entry.id} has {entry.inputs.shape[0]} fields on record, where its release reads "
                f"{len(scorer.contract.record)}; check the record: audit verify."
            )
        found = customer_outputs(scorer, entry.inputs, "shap_values" in entry.outputs or "base_value" in entry.outputs)
    elif entry.kind in (BOOK, POLICY):
        found = _on_the_book(entry, release, store.home)
    else:
        known = ", ".join((*RECORDS, BOOK, POLICY))
        raise StoreError(f"A call of kind {entry.kind!r} cannot be done again; those of {known} can.")
    return _compared(entry.outputs, found)


def _release(entry: Entry, store: Store) -> Release:
    if entry.book != store.book:
        raise ReleaseError(f"Call {entry.id} was answered on the book {entry.book}, not on {store.book}.")
    if entry.release not in store.ids():
        if "model" in entry.detail:
            raise ReleaseError(
                f"Call {entry.id} was answered by {entry.detail['model']}, which runs elsewhere and has no tables "
                "here: it can only be replayed against that model."
            )
        there = ", ".join(store.ids()) or "none"
        raise ReleaseError(
            f"Call {entry.id} was answered by the release {entry.release} of the book {entry.book}, which is not here; "
            f"there are: {there}. Restore its folder from a backup, or set WHATIF_HOME to where it is."
        )
    release = store.load(entry.release)
    told = store.words(entry.contract_sha256)
    release = release if told is None else release.in_words_of(told)
    if release.contract.hash != entry.contract_sha256:
        raise ReleaseError(
            f"The release {entry.release} has another contract than the one under which call {entry.id} was answered. "
            "Restore the release from a backup, and check the record: audit verify."
        )
    return release


def _on_the_book(entry: Entry, release: Release, home: Path) -> dict[str, Array]:
    book, contract = installed_book(entry.book, home), release.contract
    require_same_book(release, book.contract, book.sha256)
    whole = ScoredBook.of(release.scorer, book)
    if entry.kind == BOOK:
        scenario, complaints = book_scenario.BookScenario.from_query(contract, _address(entry))
        _understood(entry, complaints)
        return book_outputs(whole.totals([book_scenario.layers(contract, scenario, _day(entry))])[0])
    chosen, complaints = policy_scenario.PolicyScenario.from_query(contract, _address(entry))
    _understood(entry, complaints)
    return policy_outputs(PolicyResult.of(whole, book, chosen, _day(entry)).chosen)


def _address(entry: Entry) -> dict[str, str]:
    address = entry.detail.get("address")
    if not isinstance(address, Mapping):
        raise StoreError(f"Call {entry.id} has no address on record, so it is not known what was assumed.")
    return {str(name): str(value) for name, value in address.items()}


def _day(entry: Entry) -> date:
    told = entry.detail.get("day", entry.at.date().isoformat())
    try:
        return book_scenario.day(str(told))
    except BadInput as error:
        raise StoreError(f"Call {entry.id} has no day on record that can be read. {error}") from error


def _understood(entry: Entry, complaints: list[str]) -> None:
    if complaints:
        raise StoreError(f"What call {entry.id} assumed cannot be read from the record: {complaints[0]}")


# ---- compared -------------------------------------------------------------------------------------------------------


def _compared(recorded: Mapping[str, Array], found: Mapping[str, Array]) -> Replayed:
    both = [name for name in recorded if name in found]
    if not both:
        raise StoreError("Nothing is on record of this call that could be compared.")
    aside = [name for name in recorded if name not in found]
    told = f" Not compared: {', '.join(aside)}." if aside else ""
    misshapen = [name for name in both if recorded[name].shape != found[name].shape]
    if misshapen:
        return Replayed(False, float("inf"), f"Not the same: {misshapen[0]} has another number of values now.{told}")
    if all(recorded[name].tobytes() == found[name].tobytes() for name in both):
        return Replayed(True, 0.0, f"The same, bit for bit: {', '.join(both)}.{told}")
    gaps = {name: _gap(recorded[name], found[name]) for name in both}
    worst = max(gaps, key=lambda name: gaps[name])
    if gaps[worst] <= EXACT:
        return Replayed(True, gaps[worst], f"The same within {EXACT:g}: {', '.join(both)}.{told}")
    return Replayed(False, gaps[worst], f"Not the same: {worst} differs by up to {gaps[worst]:.3g}.{told}")


def _gap(recorded: Array, found: Array) -> float:
    """The largest difference, absolute up to 1 and relative beyond; infinite where only one of two is a number."""
    equal = (recorded == found) | (np.isnan(recorded) & np.isnan(found))
    with np.errstate(invalid="ignore"):
        gap = np.where(equal, 0.0, np.abs(recorded - found) / np.maximum(1.0, np.abs(recorded)))
    return float(np.where(np.isnan(gap), np.inf, gap).max(initial=0.0))
