"""What releases a book has, as their folder tells: their names, where aliases point, who moved them and why.

Nothing is loaded and nothing checked, so that a list of releases needs no compiler: `store.Store` does both.
"""

import json
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from data.json_types import Json, JsonObject
from model.errors import ReleaseError
from model.release.manifest import read_manifest
from model.release.report import ReleaseReport
from model.release.signature import given_signature, signature_of
from model.signing import Signature

ALIASES = ("champion", "challenger", "previous")
LEAD = timedelta(seconds=1)
"""From a promotion to the first message that it decides. Every process knows of it by then, so that what was decided
just after it and what is decided once more, later, is decided by the same release."""


@dataclass(frozen=True)
class Moved:
    """One line of the history: when an ``alias`` came to point to a ``release``, who did it and why; ``override``: the
    reason for which the ``gates`` that had failed were passed over."""

    at: datetime
    alias: str
    release: str
    who: str
    why: str = ""
    override: str = ""
    gates: tuple[str, ...] = ()


class Register:
    """The releases of one book under a home folder, for listings."""

    def __init__(self, home: Path, book: str) -> None:
        self.home, self.book = home, book
        self.root = home / "releases" / book

    def resolve(self, reference: str) -> str:
        """The id that an alias, an id or a unique beginning of one names."""
        known = self.ids()
        aliases = self.aliases()
        if reference in aliases:
            return aliases[reference]
        matches = [each for each in known if each.startswith(reference)]
        if len(matches) == 1:
            return matches[0]
        what = "is ambiguous" if matches else "does not exist"
        there = ", ".join([*aliases, *known]) or "none yet; run: python -m model train"
        raise ReleaseError(f"The release {reference!r} of the book {self.book} {what}. There are: {there}.")

    def ids(self) -> list[str]:
        """Ids of all releases, the oldest first."""
        found = self.root.glob("[!.]*/manifest.json")
        return [path.parent.name for path in sorted(found, key=lambda path: path.stat().st_mtime)]

    def manifest(self, identity: str) -> JsonObject:
        """A release's manifest, not held against its files: for listings. ReleaseError if it is none."""
        try:
            return read_manifest((self.root / identity / "manifest.json").read_bytes(), identity)
        except (OSError, ValueError) as error:
            raise ReleaseError(
                f"The manifest of release {identity} cannot be read: {error}. Restore it, or take its folder away."
            ) from error

    def listed(self) -> dict[str, JsonObject]:
        """The manifests of all releases that can be read, by id, the oldest first; `python -m model releases` says what
        is wrong with the others."""
        found: dict[str, JsonObject] = {}
        for identity in self.ids():
            with suppress(ReleaseError):
                _ = self.report(identity)
                found[identity] = self.manifest(identity)
        return found

    def signature(self, identity: str) -> Signature:
        """How a release is signed, by its manifest: for listings."""
        folder = self.root / identity
        try:
            return signature_of((folder / "manifest.json").read_bytes(), given_signature(folder))
        except OSError as error:
            raise ReleaseError(f"The signature of release {identity} cannot be read: {error.strerror}.") from error

    def report(self, identity: str) -> ReleaseReport:
        """A release's gates and figures, not held against its manifest: for listings. ReleaseError if they are none."""
        try:
            content = (self.root / identity / "gates.json").read_bytes()
        except OSError as error:
            raise ReleaseError(f"The report of release {identity} cannot be read: {error.strerror}.") from error
        return ReleaseReport.from_json(content)

    def aliases(self) -> dict[str, str]:
        """Alias → id."""
        try:
            found = json.loads((self.root / "aliases.json").read_text())
            return _named(found)
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise ReleaseError(
                f"aliases.json of {self.book} is unreadable; promote a release anew once that file is gone."
            ) from error

    def history(self, identity: str = "") -> list[Moved]:
        """Every time an alias moved, the oldest first; of one release alone, if one is named.

        ReleaseError where there is a history that cannot be read at present: a stream that took it for none would
        decide by the wrong release.
        """
        path = self.root / "history.jsonl"
        try:
            lines = path.read_text(errors="replace").splitlines()
        except (FileNotFoundError, IsADirectoryError):
            return []
        except OSError as error:
            raise ReleaseError(f"{path.name} of {self.book} cannot be read: {error.strerror}. Look at it.") from error
        found = []
        for line in lines:
            try:
                each = json.loads(line)
                moved = Moved(
                    _zoned(datetime.fromisoformat(each["at"])),
                    str(each["alias"]),
                    release=str(each["release"]),
                    who=str(each.get("who", "")),
                    why=str(each.get("why", "")),
                    override=str(each.get("override", "")),
                    gates=tuple(map(str, each.get("gates", ()))),
                )
            except (ValueError, KeyError, TypeError, AttributeError):  # a line half written when the machine went down
                continue
            found.append(moved)
        return [each for each in found if identity in ("", each.release)]

    def since(self, alias: str = "champion") -> datetime | None:
        """When an alias last came to point where it points; None if that is not on record."""
        last = next((each for each in reversed(self.history()) if each.alias == alias), None)
        return last.at if last is not None and last.release == self.aliases().get(alias) else None

    def champions(self) -> tuple[Moved, ...]:
        """Every time the champion moved, the earliest first, whatever the order they were written in. Where the history
        does not know of the last move, because a machine went down or somebody wrote the alias, it is as old as the
        aliases' file."""
        moves = sorted((each for each in self.history() if each.alias == "champion"), key=lambda each: each.at)
        now = self.aliases().get("champion")
        if now is not None and (not moves or moves[-1].release != now):
            at = datetime.fromtimestamp((self.root / "aliases.json").stat().st_mtime, UTC)
            moves.append(Moved(at, "champion", now, who=""))
        return tuple(moves)

    def until(self, identity: str, alias: str = "champion") -> datetime | None:
        """When an alias last went from a release to another; None if that is not on record."""
        moves = [each for each in self.history() if each.alias == alias]
        left = [after.at for before, after in pairwise(moves) if before.release == identity != after.release]
        return left[-1] if left else None


def _named(found: Json) -> dict[str, str]:
    """What a file of aliases holds, its aliases and the release of each; ValueError if it is something else."""
    if not isinstance(found, dict):
        raise ValueError("not an object")
    named = {alias: name for alias, name in found.items() if isinstance(name, str)}
    if len(named) < len(found):
        raise ValueError("an alias of what is no release")
    return named


def _zoned(at: datetime) -> datetime:
    """A moment that can be held against others: one that somebody wrote without a zone is of UTC, as all here are."""
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def champion_at(champions: Sequence[Moved], at: datetime) -> str | None:
    """The release that decides what is of the moment ``at``: the champion of one `LEAD` before, or, before there was
    any, the first. None without ``champions`` (`Register.champions`)."""
    before = bisect_right(champions, at - LEAD, key=lambda each: each.at)
    return champions[max(before - 1, 0)].release if champions else None
