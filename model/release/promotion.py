"""Whether a release may be promoted: decided here, whoever asks.

A person who moves an alias says why; a person has read the contract, which nothing overrides; a champion is of the
contract and the data that its book has now; and no gate blocks it, beside the champion of the day, or somebody gives
the reason for which it is promoted all the same. No reason is one for a model that ranks no better than chance.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.errors import BadInput
from data.proposing.drafting import unwritten
from model.errors import GateError, Mismatch
from model.release.gate import Gate, ranks_by_chance, told

if TYPE_CHECKING:  # a list of releases asks which gates block them, and loads none
    from data.contract import Contract
    from model.release.release import Release
    from model.release.report import ReleaseReport

NO_REASON = "No reason overrides that: whatever such a model says of a record, chance says as well."
OVERRIDE = "To promote it all the same, give the reason (--override REASON); it will stand on the model card."
MAX_UNWRITTEN_TOLD = 8  # of what is left to write in a contract, by name


@dataclass(frozen=True)
class Obstacles:
    """What keeps a ``release`` from being promoted: the ``review`` of its contract that is pending, "" where none is;
    and the ``gates`` that block it, as a report has them, which alone a reason overrides, but for a model that ranks by
    chance. Nothing does where it is false."""

    release: str
    review: str = ""
    gates: tuple[Gate, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.review or self.gates)


def reported(release: "Release") -> Obstacles:
    """What keeps a release from being promoted by its own report, beside whichever champion it was held against."""
    return Obstacles(release.id, review_pending(release.contract), tuple(blocking_gates(release.report.gates)))


def obstacles(
    release: "Release", champion: str | None, compare: Callable[["Release"], Sequence[Gate] | None]
) -> Obstacles:
    """What keeps a release from being promoted now. Where it was held against another than the ``champion`` of the day,
    ``compare`` gives the gates of the comparison with that; None if there can be none."""
    found = reported(release)
    if held_against(release.report, release.id, champion):
        return found
    anew = compare(release)
    if anew is None:
        return found
    kept = [gate for gate in release.report.gates if not _beside_champion(gate)]
    gates = blocking_gates([*kept, *anew])
    return Obstacles(found.release, found.review, tuple(gates))


def _beside_champion(gate: Gate) -> bool:
    return gate.kind == "champion" or gate.name.endswith("_champion")


def blocking_gates(gates: Iterable[Gate]) -> list[Gate]:
    """The gates of a report that keep its release from being promoted."""
    return [gate for gate in gates if not gate.passed and gate.stops]


def held_against(report: "ReleaseReport", release: str, champion: str | None) -> bool:
    """Whether the gates of a release's report say how it stands beside the ``champion`` of the day: it was held against
    that, is that itself, or there is none."""
    return champion in (None, release, report.champion.id if report.champion else None)


def review_pending(contract: "Contract") -> str:
    """Why no release of a contract may be promoted yet; "" where a person has read it and left nothing to write."""
    left = unwritten(contract.text)
    if not contract.book.reviewed:
        return (
            f"The contract of the book {contract.book.name} was proposed from a file, and no person has read it. Read "
            "the contract, answer its questions, write what is marked # TO DO, correct its guesses, set reviewed = "
            "true, train again, and promote that."
        )
    if left:
        more = len(left) - MAX_UNWRITTEN_TOLD
        some = ", ".join(left[:MAX_UNWRITTEN_TOLD]) + (f" and {more} more" if more > 0 else "")
        return (
            f"The contract of the book {contract.book.name} says reviewed = true, but some of it is still marked as a "
            f"question or as # TO DO, and not answered yet: {some}. Answer each, and delete its mark if what stands "
            "there is right, train again, and promote that."
        )
    return ""


# ---- refused --------------------------------------------------------------------------------------------------------


def require_reason(who: str, why: str) -> None:
    """Raise BadInput if a person moves an alias and does not say why."""
    if who and not why.strip():
        raise BadInput("Nothing was changed. Say why it is to change; the reason is kept in the history.")


def require_reviewed(release: "Release") -> None:
    """Raise GateError while no person has read a release's contract."""
    pending = review_pending(release.contract)
    if pending:
        raise GateError(f"Release {release.id} is not promoted. {pending}")


def require_passed(found: Obstacles, override: str) -> None:
    """Raise GateError if a gate blocks a release and nobody says why it is promoted all the same, or if what it says is
    chance."""
    if not found.gates:
        return
    chance = ranks_by_chance(found.gates)
    if override.strip() and not chance:
        return
    why = "".join(f"{gate.note} " for gate in found.gates if gate.name == "auc" and gate.note)
    raise GateError(
        f"Release {found.release} is not promoted: {'; '.join(map(told, found.gates))}. {why}"
        f"{NO_REASON if chance else OVERRIDE}"
    )


def require_same_book(release: "Release", contract: "Contract", data_sha256: str) -> None:
    """Raise Mismatch if a release was trained on another snapshot than its book's, or under a contract of another
    substance: the pages could not ask it about them. Words may be others."""
    then = (release.contract.substance, str(release.manifest["data_sha256"]))
    now = (contract.substance, data_sha256)
    if then == now:
        return
    name, differs = contract.book.name, []
    if then[0] != now[0]:
        differs.append(
            f"its contract is version {release.contract.version} ({release.contract.hash[:12]}), the book's is version "
            f"{contract.version} ({contract.hash[:12]})"
        )
    if then[1] != now[1]:
        drawn = " (fitted to a sample: WHATIF_BOOK_ROWS says of how many)" if "sample_of" in release.manifest else ""
        differs.append(f"its data are {then[1][:12]}{drawn}, the book's are {now[1][:12]}")
    raise Mismatch(
        f"Release {release.id} was trained on another snapshot or contract of {name} than the book has now: "
        f"{'; '.join(differs)}. Train anew (python -m model train --book {name}) and promote that, or put back what "
        "was changed."
    )
