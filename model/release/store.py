"""Releases on disk: immutable folders, and aliases that point to them.

    HOME/releases/<book>/<id>/     model.skops  tables.npz  golden.npz  territory.npz  outcomes.npz  snapshot.npz
                                   contract.toml  gates.json  manifest.json  [window.npz]  [signature.json]
    HOME/releases/<book>/aliases.json      replaced atomically: where champion, challenger and previous point
    HOME/releases/<book>/history.jsonl     one line for each time an alias moved: who, when, why

A release is named by a digest of its tables, contract and data: the same training gives the same name. The manifest
holds the sha256 of every file, of the snapshot and of the lock file. Loading needs neither scikit-learn nor shap:
it checks signature and checksums and re-scores 1,000 stored customers. One that was fitted to a stream's outcomes holds
them in window.npz. Files are their owner's alone: they hold customers.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from data import books
from data.books import Book
from data.contract import Contract, read_contract
from data.errors import BadInput, ContractError
from data.json_types import Json
from model.engine.compilers.gradient_boosting import compile_model
from model.engine.scorer import TableScorer
from model.engine.shapley import stored
from model.engine.stored import MOST_BYTES, unpacked, unpacked_size
from model.engine.tables import Tables, probability
from model.engine.territory import Territory
from model.errors import ParityError, ReleaseError
from model.locks import exclusive
from model.release import origin, parity, promotion
from model.release.build import DraftRelease, fitted, make
from model.release.checks import contract_gates, judged
from model.release.comparison import Candidate, Champion, ChampionComparison, compare_with_champion, unreadable
from model.release.gate import Gate
from model.release.installed import installed_book, installed_sha256
from model.release.manifest import read_manifest
from model.release.outcome_window import WINDOW_FILE, OutcomeWindow
from model.release.parity import EXACT
from model.release.promotion import Obstacles, require_same_book
from model.release.register import ALIASES, Register
from model.release.release import Release, Verified, _digest, _golden, _identity, _told_of
from model.release.renewed import renew
from model.release.report import ReleaseReport
from model.release.signature import (
    SIGNATURE,
    given_signature,
    release_key,
    require_able_to_sign,
    require_vouched,
    signature_of,
    signed_by,
)
from model.release.training import Progress, cross_validate, fit, part, silent
from model.release.variants import SHIPPED
from model.release.window import Window, training_windows
from model.settings import settings
from model.signing import MAKE, Signature

FILES = (
    "model.skops",
    "tables.npz",
    "golden.npz",
    "territory.npz",
    "outcomes.npz",
    "snapshot.npz",
    "contract.toml",
    "gates.json",
)
WORDS = "contracts"  # under a home: contracts whose words releases were told in, by their digests
CARRIED = frozenset({*FILES, WINDOW_FILE})  # what a manifest may name
LONGEST = 500  # characters of a reason
FILE_MODE, FOLDER_MODE = 0o600, 0o700
AUTOMATIC, FIRST = "automatic", "The first release whose gates passed."  # who moved it and why, if no person did


class Store(Register):
    """The releases of one book under a home folder: made, checked as they are read, promoted."""

    # ---- making ------------------------------------------------------------------------------------------------

    def train(
        self,
        progress: Progress = silent,
        since: int | None = None,
        until: int | None = None,
        recalibrated: Window | None = None,
    ) -> Release:
        """Fit, gate and write a release; an identical one that exists is returned as it is.

        ``since`` and ``until`` choose the vintages, each by default the contract's; the intercept is fitted to the
        vintages ``recalibrated``, if any. It is held against the champion, if there is one.

        Raises
        ------
        ParityError
            If the tables do not equal the model: then nothing is written.
        BadInput
            If the window cannot be.
        """
        require_able_to_sign()
        book = installed_book(self.book, self.home)
        return self._written(
            book, make(book, training_windows(book, since, until, recalibrated), self._beside, progress), progress
        )

    def renew(self, window: OutcomeWindow, progress: Progress = silent) -> Release:
        """Fit the book's model to a stream's outcomes, gate it, and write it as a release of the book; an identical one
        that exists is returned as it is. It is held against the champion, if there is one.

        Raises
        ------
        ParityError
            If the tables do not equal the model: then nothing is written.
        BadInput
            If the window holds too little to learn from.
        """
        require_able_to_sign()
        book = installed_book(self.book, self.home)
        return self._written(book, renew(book, window, self._beside, progress), progress)

    def _written(self, book: Book, draft: DraftRelease, progress: Progress) -> Release:
        progress("Writing the release", 0.97)
        identity = _identity(draft.scorer.tables, book.contract, book.sha256)
        if not (self.root / identity).is_dir():
            files = {name: _digest(content) for name, content in draft.files.items()}
            manifest = {"id": identity, **draft.manifest, "files": files}
            described, key = json.dumps(manifest, indent=1).encode(), release_key()
            signed = {} if key is None else {SIGNATURE: signed_by(key, described)}
            self._lay_down(identity, {**draft.files, "manifest.json": described, **signed})
        progress("Done", 1.0)
        return self.load(identity)

    def _beside(self, book: Book, own: Book, candidate: Candidate) -> ChampionComparison:
        """A candidate beside the champion, if there is one."""
        identity = self.aliases().get("champion")
        if identity is None:
            return ChampionComparison()
        try:
            release = self.load(identity)
            champion = Champion(
                release.id,
                str(release.manifest["data_sha256"]),
                how=release.asked,
                shift=release.shift,
                evidence=release.evidence.within(len(book)),
                snapshot=release.snapshot,
                scorer=release.scorer,
                outcomes=release.outcomes,
            )
        except ReleaseError as error:  # of another version, or altered
            return unreadable(identity, str(error))
        return compare_with_champion(book, own, candidate, champion)

    def obstacles(self, release: Release) -> Obstacles:
        """What keeps a release from being promoted now: if the champion has changed since it was held against one, it
        is held against the new one."""
        return promotion.obstacles(release, self.aliases().get("champion"), self._compared_anew)

    def _compared_anew(self, release: Release) -> Sequence[Gate] | None:
        """The gates of a release beside the champion of the day; None if it is not of the book as it is now, for then
        it cannot be champion."""
        book = installed_book(self.book, self.home)
        if (release.contract.substance, release.manifest["data_sha256"]) != (book.contract.substance, book.sha256):
            return None
        own = release.fitted_part(book)
        pd = probability(release.scorer.margins(own.raw))
        crossed = cross_validate(own, (SHIPPED,)).predicted if release.outcomes is not None else None
        candidate = Candidate(release.evidence.within(len(book)), pd, release.shift, crossed)
        return judged(self._beside(book, own, candidate).gates, release.contract)

    def _lay_down(
        self, identity: str, files: Mapping[str, bytes], check: Callable[[Path], None] = lambda _folder: None
    ) -> None:
        """Write a release into a folder beside its place, and put it there once that passed the ``check``."""
        self.root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=self.root, prefix=".draft-"))  # its owner's alone
        try:
            for name, content in files.items():
                (draft / name).touch(FILE_MODE)
                (draft / name).write_bytes(content)
            _own(draft)
            check(draft)
            try:
                draft.rename(self.root / identity)
            except OSError:
                if not (self.root / identity).is_dir():  # another process may have written the very same release
                    raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def take_in(self, identity: str, artefact: str, files: Mapping[str, bytes]) -> Release:
        """A release that was made elsewhere, all of it checked like one of our own before it is kept.

        Raises
        ------
        ReleaseError, ParityError
            If it is not the ``artefact`` it should be, or this installation takes it from nobody who signed it so; then
            nothing is kept.
        """
        if not re.fullmatch(r"[0-9a-f]{12}", identity) or not set(files) <= CARRIED | {"manifest.json", SIGNATURE}:
            raise ReleaseError(f"What came is no release: {identity[:20]!r} with {', '.join(sorted(files))[:200]}.")
        if "manifest.json" not in files:
            raise ReleaseError(f"What came is no release: the manifest of {identity} does not exist.")
        if identity not in self.ids():
            size = sum(unpacked_size(content) for content in files.values())
            if size > MOST_BYTES:
                raise ReleaseError(f"Release {identity} unpacks to {size:,} bytes; at most {MOST_BYTES:,} are taken.")
            self._lay_down(identity, files, lambda draft: self._require_sound(identity, artefact, draft))
        release = self.load(identity)
        if release.artefact != artefact:
            raise ReleaseError(f"The release {identity} here is not the artefact {artefact[:12]} that answers there.")
        return release

    def _require_sound(self, identity: str, artefact: str, folder: Path) -> None:
        """Raise ReleaseError or ParityError unless everything in the folder of a release is what it should be: also
        what is read only where it is wanted."""
        release = self._read(identity, folder)
        _ = release.evidence, release.snapshot, release.outcomes, release.shift, release.asked
        if release.artefact != artefact:
            raise ReleaseError(f"Release {identity} is not the artefact {artefact[:12]} that was announced.")
        if release.fitted().n_features_in_ != len(release.contract.inputs):
            raise ReleaseError(f"The fitted model of release {identity} takes other inputs than its contract has.")

    # ---- reading -----------------------------------------------------------------------------------------------

    def load(self, reference: str = "champion") -> Release:
        """A release by id, a beginning of one, or an alias; signature, checksums and golden customers checked.

        Raises
        ------
        ReleaseError, ParityError
            If there is none, a file was altered, the tables no longer give the stored numbers, or nobody who is known
            signed it and the settings refuse that.
        """
        identity = self.resolve(reference)
        return self._read(identity, self.root / identity)

    def _read(self, identity: str, path: Path, refuse: bool | None = None) -> Release:
        """The release in a folder, checked; ``refuse`` it unless it is signed by who is known, by default as the
        settings say."""
        files = self._checked(identity, path)
        signature = signature_of(files["manifest.json"], given_signature(path))
        require_vouched(identity, signature, settings().unsigned == "refuse" if refuse is None else refuse)
        manifest = json.loads(files["manifest.json"])
        with _told_of(identity):
            contract = read_contract(files["contract.toml"])
            inputs, fields = len(contract.inputs), len(contract.record)
            arrays = unpacked(files["tables.npz"])
            tables = Tables.from_arrays(arrays)
            if tables.n_inputs != inputs:
                raise ValueError(f"its tables take {tables.n_inputs:,} inputs, its contract has {inputs:,}")
            shapley = stored(tables, arrays, str(manifest["background"]))
            seen = Territory.from_arrays(unpacked(files["territory.npz"]), inputs, fields)
            scorer = TableScorer(contract, tables, shapley, seen)
            raw, margins, reasons = _golden(unpacked(files["golden.npz"]), contract)
            gaps = [  # numpy's maximum of them is NaN if one is, Python's is not
                np.abs(scorer.margins(raw) - margins).max(),
                np.abs(scorer.explain(raw)[1] - reasons).max(),
            ]
        gap = float(np.max(gaps))
        if not gap <= EXACT:
            raise ParityError(f"Release {identity} no longer gives its stored numbers: they differ by {gap:.1e}.")
        return Release(
            identity,
            path,
            manifest=manifest,
            report=ReleaseReport.from_json(files["gates.json"]),
            scorer=scorer,
            signature=signature,
        )

    def _checked(self, identity: str, path: Path) -> dict[str, bytes]:
        """Every file of a release, read once and held against the manifest."""
        try:
            content = {"manifest.json": (path / "manifest.json").read_bytes()}
            manifest = read_manifest(content["manifest.json"], identity)
            expected = manifest["files"]
            content.update({name: (path / name).read_bytes() for name in expected})
            absent = [name for name in FILES if name not in expected]
        except PermissionError as error:
            raise ReleaseError(
                f"Release {identity} cannot be read: {error.strerror}. Its files are their owner's alone: run as the "
                "user who made it, or give them to the one who runs this."
            ) from error
        except OSError as error:
            what = f"{Path(str(error.filename)).name}: {error.strerror}"
            raise ReleaseError(f"Release {identity} is incomplete: {what}. Train it anew.") from error
        except ValueError as error:
            raise ReleaseError(f"Release {identity} is incomplete: {error}. Train it anew.") from error
        if absent:
            raise ReleaseError(f"Release {identity} is incomplete: it has no {', '.join(absent)}. Train it anew.")
        altered = [name for name, digest in expected.items() if _digest(content[name]) != digest]
        extra = sorted(each.name for each in path.iterdir() if each.name not in {*content, SIGNATURE})
        if altered or extra:
            raise ReleaseError(
                f"Release {identity} was altered ({', '.join(altered + extra)}). Restore it or train anew."
            )
        return content

    def verify(self, reference: str = "champion", retrain: bool = True, progress: Progress = silent) -> Verified:
        """Checksums and golden rows, full parity against the stored model, and a retrain that must give the same
        tables; where it does not, what differs from the release's origin is told.

        Raises
        ------
        ReleaseError
            If the release cannot even be loaded, or was made of another snapshot or contract: then nothing can be held
            against it, and the message says which.
        """
        return self._verified(self.load(reference), retrain, progress)

    def sign(self, reference: str, retrain: bool = True, progress: Progress = silent) -> tuple[Verified, Signature]:
        """Verify a release, as `verify` does, and if every gate held sign it with the key of the settings; what was
        found, and how it is signed now.

        Raises
        ------
        BadInput
            If there is no such key.
        ReleaseError
            If the release cannot even be loaded, or is signed and not what was signed.
        """
        key = release_key()
        if key is None:
            raise BadInput(f"There is no key to sign with. Name the file of one in WHATIF_RELEASE_KEY. {MAKE}")
        identity = self.resolve(reference)
        release = self._read(identity, self.root / identity, refuse=False)
        found = self._verified(release, retrain, progress)
        if not found.passed:
            return found, release.signature
        described = (release.path / "manifest.json").read_bytes()
        if read_manifest(described, identity) != release.manifest:
            raise ReleaseError(f"Release {identity} was altered while it was verified. Look at it, and begin anew.")
        draft = release.path.parent / f".signature-{identity}"
        draft.touch(FILE_MODE)
        draft.write_bytes(signed_by(key, described))
        draft.replace(release.path / SIGNATURE)
        _own(release.path)
        return found, self.signature(identity)

    def _verified(self, release: Release, retrain: bool, progress: Progress) -> Verified:
        book = installed_book(self.book, self.home)
        require_same_book(release, book.contract, book.sha256)
        scorer = release.scorer
        model, own = release.fitted(), release.fitted_part(book)
        found = contract_gates(own, getattr(model, "fitted_to_", ()), scorer.tables)
        found += parity.parity_gates(
            model, scorer.tables, shapley=scorer.shapley, book=book, progress=part(progress, 0.1, 0.7)
        )
        if retrain:
            progress("Training once more", 0.7)
            again = compile_model(fitted(book, release.asked)[0] if release.outcomes is None else fit(own))
            same = _identity(again, release.own_contract, book.sha256) == release.id
            found.append(
                Gate(
                    "retrain", "Retraining gives the same tables", figure=0.0 if same else 1.0, bound=0.0, kind="parity"
                )
            )
        progress("Done", 1.0)
        return Verified(tuple(found), origin.origin_differences(release.manifest, book, release.own_contract))

    # ---- words --------------------------------------------------------------------------------------------------

    def keep_words(self, contract: Contract) -> None:
        """Keep a contract's text by its digest: what was answered in its words can be told and done again in them."""
        place = self._words(contract.hash)
        if place.is_file():
            return
        with suppress(OSError):  # where nothing may be written, nothing is recorded either
            place.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            draft = Path(tempfile.mkstemp(dir=place.parent, prefix=".draft-")[1])
            draft.write_bytes(contract.text)
            draft.replace(place)

    def words(self, digest: str) -> Contract | None:
        """The contract of a digest that was kept for its words; None if there is none, or it is another by now."""
        try:
            found = read_contract(self._words(digest).read_bytes())
        except (OSError, ContractError):
            return None
        return found if found.hash == digest else None

    def _words(self, digest: str) -> Path:
        return self.home / WORDS / self.book / f"{digest}.toml"

    # ---- aliases -----------------------------------------------------------------------------------------------

    def promote(self, reference: str, alias: str = "champion", who: str = "", why: str = "", override: str = "") -> str:
        """Point an alias to a release. A new champion makes the old one ``previous``. ``who`` and ``why`` go into the
        history; a person says why. A gate in the way can be overridden by a reason, which stands on the release's card
        from then on.

        Raises
        ------
        BadInput
            If somebody does not say why.
        Mismatch
            If it would be a champion of another contract or snapshot than the book has.
        GateError
            If one of the release's gates failed and there is no ``override``, or its contract was not reviewed.
        """
        if alias not in ALIASES:
            raise ReleaseError(f"There is no alias {alias!r}. There are: {', '.join(ALIASES)}.")
        release, override = self.load(reference), override.strip()
        promotion.require_reason(who, why)
        promotion.require_reviewed(release)
        if alias == "champion":
            self._require_own_book(release)
        failed = self.obstacles(release)
        promotion.require_passed(failed, override)
        names = [gate.name for gate in failed.gates]
        with suppress(OSError):  # one of an earlier version may be another user's, and is none the worse for it
            _own(release.path)
        with self._moving():
            now = self.aliases()
            if alias == "champion" and now.get("champion", release.id) != release.id:
                now["previous"] = now["champion"]
            passed_over = {"override": override, "gates": names} if names else {}
            self._point({**now, alias: release.id}, who, why, {release.id: passed_over})
        return release.id

    def rollback(self, who: str = "", why: str = "") -> str:
        """Make the previous champion the champion again; the two change places.

        Raises
        ------
        BadInput
            If somebody does not say why.
        ReleaseError
            If there is none, or it cannot be loaded.
        Mismatch
            If it is of another contract or snapshot than the book has.
        """
        with self._moving():
            now = self.aliases()
            if "previous" not in now:
                raise ReleaseError(f"The book {self.book} has no previous champion to go back to.")
            promotion.require_reason(who, why)
            self._require_own_book(self.load(now["previous"]))
            self._point({**now, "champion": now["previous"], "previous": now["champion"]}, who, why)
            return now["previous"]

    def _require_own_book(self, release: Release) -> None:
        """Raise Mismatch if the pages could not ask a release about the book as it is now."""
        require_same_book(release, books.contract(self.book, self.home), installed_sha256(self.book, self.home))

    def _moving(self) -> AbstractContextManager[None]:
        """While no other thread or process moves an alias of this book."""
        return exclusive(self.root / ".aliases.lock", f"Champion and challenger of {self.book}")

    def _point(
        self, aliases: Mapping[str, str], who: str, why: str, more: Mapping[str, Mapping[str, Json]] | None = None
    ) -> None:
        """Move aliases, and note it: ``more`` of a release goes into its own lines only."""
        draft = self.root / ".aliases.json"
        before = self.aliases()
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        moved = [each for each, target in aliases.items() if before.get(each) != target]
        said = {"who": who} | ({"why": why.strip()} if why.strip() else {})
        lines = [
            json.dumps({"at": now, "alias": each, "release": to, **said, **(more or {}).get(to, {})}) + "\n"
            for each, to in ((each, aliases[each]) for each in moved)
        ]
        try:
            with draft.open("w") as file:
                file.write(json.dumps(aliases, indent=1))
                file.flush()
                os.fsync(file.fileno())
            with _noted(self.root / "history.jsonl", lines):  # one that cannot be written moves nothing
                draft.replace(self.root / "aliases.json")
        except OSError:
            draft.unlink(missing_ok=True)
            raise


@contextmanager
def _noted(history: Path, lines: Sequence[str]) -> Iterator[None]:
    """With lines on the end of a file, all of them and on the disk; none if there is no room, or what follows fails."""
    with history.open("ab", buffering=0) as file:  # what a buffer holds would be tried again at the end
        size, rest = file.tell(), "".join(lines).encode()
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
            yield
        except BaseException:
            os.ftruncate(file.fileno(), size)
            raise


def _own(folder: Path) -> None:
    """Leave a release to its owner alone: it holds customers."""
    folder.chmod(FOLDER_MODE)
    for path in folder.iterdir():
        path.chmod(FILE_MODE)
