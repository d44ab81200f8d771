"""Releases altered by hand and hashed anew, as somebody with access to the disk could."""

import hashlib
import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.release.release import Release
from model.release.store import Store


def overwrite(path: Path, content: bytes) -> None:
    """Replace a file whatever its mode."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def forge(store: Store, source: str, files: Mapping[str, bytes], **claims: Any) -> str:
    """A copy of release ``source`` with other ``files`` and ``claims`` in its manifest; checksums agree. Its id."""
    identity = hashlib.sha256(b"".join(files.values()) + repr(claims).encode()).hexdigest()[:12]
    folder = shutil.copytree(store.root / source, store.root / identity)
    manifest = json.loads((folder / "manifest.json").read_bytes()) | {"id": identity} | claims
    for name, content in files.items():
        overwrite(folder / name, content)
        manifest["files"][name] = hashlib.sha256(content).hexdigest()
    overwrite(folder / "manifest.json", json.dumps(manifest).encode())
    return identity


def twin(store: Store, source: str = "champion") -> str:
    """A second sound release of the same book: the same model, under a name of its own."""
    return forge(store, store.resolve(source), {}, created="2020-01-01T00:00:00+00:00")


def shifted(store: Store, by: float) -> str:
    """A second sound release of the same book, made beside the champion: everybody's log-odds moved."""
    source = store.resolve("champion")
    tables, golden = unpacked(store.root / source / "tables.npz"), unpacked(store.root / source / "golden.npz")
    tables |= {name: tables[name] + by for name in ("intercept", "base")}
    golden["margins"] = golden["margins"] + by
    report = json.dumps(store.report(source).as_dict() | {"champion": told_of(source)}).encode()
    files = {"tables.npz": packed(**tables), "golden.npz": packed(**golden), "gates.json": report}
    return forge(store, source, files)


def told_of(champion: str, why_not: str = "There is no record that neither has seen.") -> dict[str, Any]:
    """What a report says of a champion that its release could not be held against."""
    return {"id": champion, "kind": "", "n": 0, "measures": [], "why_not": why_not}


def packed(**arrays: NDArray[Any]) -> bytes:
    """Arrays as a release holds them."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpacked(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file of a release."""
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def stray(store: Store, source: str = "champion") -> str:
    """A sound release that does not belong to the book: the same model under a contract of another version."""
    source = store.resolve(source)
    text = (store.root / source / "contract.toml").read_bytes().replace(b'version = "', b'version = "9.', 1)
    return forge(store, source, {"contract.toml": text}, contract_sha256=hashlib.sha256(text).hexdigest())


def failing(release: Release, *names: str, note: str = "") -> bytes:
    """The report of a release in which these gates failed, with a ``note`` where there is one, and the others are as
    they were."""
    report = json.loads((release.path / "gates.json").read_bytes())
    for gate in report["gates"]:
        if gate["name"] in names:
            gate.update(figure=0.1234, passed=False, verdict="failed")
            gate.update({"note": note} if note else {})
    return json.dumps(report).encode()


def unreviewed(store: Store, release: Release) -> str:
    """A sound release whose contract says that no person has read it."""
    text = (release.path / "contract.toml").read_bytes().replace(b"[book]\n", b"[book]\nreviewed = false\n", 1)
    return forge(store, release.id, {"contract.toml": text}, contract_sha256=hashlib.sha256(text).hexdigest())


def point(store: Store, **aliases: str) -> None:
    """Aliases as somebody with an editor could move them."""
    (store.root / "aliases.json").write_text(json.dumps(store.aliases() | aliases))
