"""The package as a whole: the app, what it knows of a release, and the list of all of it, signed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from data.errors import BadInput
from model.deployed.model import DeployedModel
from model.engine.scorer import TableScorer
from model.errors import NotTabular
from model.export.phone.content import Told, known_of
from model.export.phone.summary import book_summary
from model.release.release import Release
from model.signing import SigningKey
from model.whatif.customer.typical import typical_record

APP = Path(__file__).parent / "app"
CONTENTS, SIGNATURE, KNOWN, MANIFEST, WORKER = (
    "contents.json",
    "signature.json",
    "model.json",
    "manifest.webmanifest",
    "worker.js",
)
DAYS = 90  # for which a package is good, where nobody says otherwise
MOST_DAYS = 3650
NAMED = "PACKAGE-ID"  # in the worker, so that each package's is another and the phone takes notice
HOLDS = {  # each file of the app, and what it holds
    "index.html": "The page",
    "style.css": "How it looks, by day and by night",
    "app.js": "Opens the package and checks it",
    "record.js": "The page of one record: its answer, drawn at every touch",
    "edits.js": "What was put in",
    "controls.js": "Levers and fields",
    "drawing.js": "The charts",
    "leaves.js": "The whole book in sums, and what is in the package",
    "updates.js": "Looks for a newer package, and says so",
    "words.js": "Numbers as text",
    "whatif.js": "The decision, what changed, one input swept",
    "engine.js": "The model's arithmetic",
    "formulas.js": "The contract's formulas",
    "verify.js": "Checks of the package: hashes, signature, expiry",
    WORKER: "Keeps the package on the phone, and takes up a newer one",
    MANIFEST: "What the phone shows of the app where it is installed",
    "icon-192.png": "Icon",
    "icon-512.png": "Icon",
    "icon-maskable-512.png": "Icon, for phones that cut it to shape",
    KNOWN: "The model's tables, the contract's fields, formulas and levers, a record made of medians, the book in sums",
}
MIME = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
}
NOT_IN_IT = (
    "No record of the book, no identifier, no protected attribute, nothing that became known after the decision."
)


@dataclass(frozen=True, eq=False)
class PhonePackage:
    """All files of a package by name, and what is said of it."""

    files: Mapping[str, bytes]
    release: str
    created: date
    expires: date
    fingerprint: str = ""

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return sum(map(len, self.files.values()))


def phone_package(
    model: DeployedModel, *, day: date, key: SigningKey | None = None, days: int = DAYS, title: str = ""
) -> PhonePackage:
    """The package of the deployed model, made on a ``day`` and good for so many ``days``; signed where a ``key`` is
    given. The same model, day and key give the same bytes.

    Raises
    ------
    NotTabular
        Where the model's tables are not known here.
    BadInput
        Where a formula of the contract cannot go to a phone, or ``days`` cannot be.
    """
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(f"A package is good for 1 to {MOST_DAYS:,} days; {days:,} was given.")
    release, scorer = _tables_of(model)
    expires = day + timedelta(days=days)
    files = {name: (APP / name).read_bytes() for name in HOLDS if name not in (KNOWN, MANIFEST, WORKER)}
    files[KNOWN] = _json(
        known_of(scorer, model.book)
        | {
            "release": {"id": release.id, "artefact": release.artefact},
            "start": [None if value != value else value for value in typical_record(model.book)[:, 0].tolist()],
            "summary": book_summary(model, day),
        }
    )
    files[MANIFEST] = _json(_manifest(title or model.contract.book.title))
    about: dict[str, Told] = {
        "format": 1,
        "book": model.contract.book.name,
        "title": model.contract.book.title,
        "release": release.id,
        "artefact": release.artefact,
        "contract": release.contract.hash,
        "created": day.isoformat(),
        "expires": expires.isoformat(),
        "signed_by": "" if key is None else key.fingerprint,
        "not_in_it": NOT_IN_IT,
    }
    identity = hashlib.sha256(_json({**about, "files": _listed(files)})).hexdigest()[:16]
    files[WORKER] = (APP / WORKER).read_bytes().replace(NAMED.encode(), identity.encode())
    files[CONTENTS] = _json({"package": identity, **about, "files": _listed(files)})
    if key is not None:
        files[SIGNATURE] = _json(key.signature_of(files[CONTENTS]))
    return PhonePackage(files, release.id, day, expires=expires, fingerprint="" if key is None else key.fingerprint)


def _tables_of(model: DeployedModel) -> tuple[Release, TableScorer]:
    scorer = model.local_scorer
    if not isinstance(scorer, TableScorer) or model.release is None:
        raise NotTabular(
            "The model runs elsewhere and its tables are not known here, so that it cannot go to a phone. Take its "
            "release over first: see model/deployed/README.md."
        )
    return model.release, scorer


def _json(value: Told) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _listed(files: Mapping[str, bytes]) -> dict[str, Told]:
    """Each file with its size, hash, and what it holds."""
    return {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "holds": HOLDS[name]}
        for name, content in sorted(files.items())
    }


def _manifest(title: str) -> dict[str, Told]:
    """What makes it an app that can be installed (W3C Web Application Manifest)."""
    icons = (("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any"))
    return {
        "name": f"Credit What-If: {title}",
        "short_name": "What-If",
        "id": "./",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#1f3a5f",
        "icons": [
            {"src": name, "sizes": size, "type": "image/png", "purpose": purpose}
            for name, size, purpose in (*icons, ("icon-maskable-512.png", "512x512", "maskable"))
        ],
    }


def write_package(folder: Path, package: PhonePackage) -> None:
    """Write a package into a ``folder`` of its own, the worker last, so that a phone that looks meanwhile finds the
    package before or the whole new one.

    Raises BadInput where the folder holds anything else, or cannot be written.
    """
    known = {*HOLDS, CONTENTS, SIGNATURE}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = {each.name for each in folder.iterdir()}
        if there - known:
            raise BadInput(
                f"{folder} holds {sorted(there - known)[0]}, which is of no package. Name a folder that is new, "
                "empty or holds an earlier package."
            )
        for name in sorted(package.files, key=lambda each: each == WORKER):
            (folder / name).write_bytes(package.files[name])
        for name in there - set(package.files):
            (folder / name).unlink()
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror}. Name another folder.") from error
