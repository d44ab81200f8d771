"""Where a release comes from: data, contract, lock, code and platform, and which of them differ here and now."""

import hashlib
import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from data.books import Book
from data.contract import Contract
from data.json_types import Json, JsonObject

PROJECT = Path(__file__).parents[2]
LOCK = PROJECT / "requirements.txt"
CODE = ("data", "model/engine", "model/finance", "model/monitoring", "model/release")  # make tables, all in them
LIBRARIES = ("numpy", "scipy", "scikit-learn", "skops", "numba")  # whose versions a sum of floats may depend on
PINNED = re.compile(r"^[A-Za-z0-9._-]+==[^\\\n]+", re.MULTILINE)


def origin(book: Book) -> JsonObject:
    """What tables depend on, as a manifest holds it."""
    return {
        "contract_version": book.contract.version,
        "contract_sha256": book.contract.hash,
        "data_sha256": book.sha256,
        "lock_sha256": lock(),
        "code_sha256": code(),
        "platform": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "system": platform.system(),
        },
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def lock(path: Path | None = None) -> str | None:
    """sha256 of the lock file; None where the program was installed without it."""
    path = LOCK if path is None else path
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def code(project: Path | None = None) -> str:
    """sha256 over the sources of the floors that make tables of data, their rooms included, names and contents."""
    project, digest = PROJECT if project is None else project, hashlib.sha256()
    for path in sources(project):
        digest.update(f"{path.relative_to(project).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def sources(project: Path = PROJECT) -> list[Path]:
    """The files that make tables of data, in one order."""
    return [path for folder in CODE for path in sorted((project / folder).rglob("*.py"))]


def off_lock(path: Path | None = None) -> tuple[str, ...]:
    """Each library of `LIBRARIES` whose installed version is not the one of the lock file, in words; all of them if
    there is no lock file."""
    path, found = LOCK if path is None else path, []
    lines = PINNED.findall(path.read_text()) if path.is_file() else []
    pins = [Requirement(each) for each in lines]
    here = {each.name: each.specifier for each in pins if each.marker is None or each.marker.evaluate()}
    for name in LIBRARIES:
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "absent"
        if name not in here or installed not in here[name]:
            found.append(f"{name} {installed} instead of {str(here.get(name, 'none')).removeprefix('==')}")
    return tuple(found)


def origin_differences(manifest: Mapping[str, Json], book: Book, contract: Contract | None = None) -> tuple[str, ...]:
    """What of a release's origin differs here and now, in words, the likeliest reason for other tables first; of its
    ``contract`` whether only words do."""
    now, told = origin(book), list[str]()
    same = contract is not None and contract.substance == book.contract.substance
    by = "the words of the contract" if same else "the contract"
    for name, what in (("data_sha256", "the data"), ("contract_sha256", by), ("code_sha256", "the code")):
        if manifest.get(name) != now[name]:
            told.append(f"{what} ({_short(manifest.get(name))} then, {_short(now[name])} now)")
    for name, then in dict(manifest.get("libraries", {})).items():
        here = now["libraries"].get(name)
        if then != here:
            told.append(f"the library {name} ({then} then, {here} now)")
    if manifest.get("lock_sha256") != now["lock_sha256"]:
        told.append(f"the lock file ({_short(manifest.get('lock_sha256'))} then, {_short(now['lock_sha256'])} now)")
    for name, then in dict(manifest.get("platform", {})).items():
        here = now["platform"].get(name)
        if then != here:
            told.append(f"the platform's {name} ({then} then, {here} now)")
    return tuple(told)


def _short(digest: str | None) -> str:
    return digest[:12] if digest else "none"
