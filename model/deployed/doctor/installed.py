"""What is installed, held against the lock file."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from model.deployed.doctor.check import DoctorCheck
from model.release.origin import LIBRARIES, LOCK, PINNED

MAX_NAMED = 5  # libraries told by name
INSTALL = "Install what the lock file names, in a fresh environment: pip install --require-hashes -r requirements.txt"


def libraries_check(lock: Path = LOCK) -> DoctorCheck:
    """Whether each library has the version that was tested."""
    name = "Libraries"
    if not lock.is_file():
        return DoctorCheck(
            name,
            "warning",
            "There is no lock file (requirements.txt) beside the program, so it cannot be told what was tested.",
            "Install from a checkout of the project, or copy its requirements.txt along.",
        )
    pins = [Requirement(line) for line in PINNED.findall(lock.read_text())]
    wanted = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    absent, other = [], []
    for pin in sorted(wanted, key=lambda each: (each.name not in LIBRARIES, each.name)):
        try:
            here = version(pin.name)
        except PackageNotFoundError:
            absent.append(pin.name)
            continue
        if here not in pin.specifier:
            other.append(f"{pin.name} {here} instead of {str(pin.specifier).removeprefix('==')}")
    if absent:
        return DoctorCheck(name, "stops", f"Not installed: {_named(absent)}.", INSTALL)
    if other:
        return DoctorCheck(name, "warning", f"Others than those tested: {_named(other)}.", INSTALL)
    return DoctorCheck(name, "ok", f"All {len(wanted)} are those of the lock file.")


def _named(which: list[str]) -> str:
    more = len(which) - MAX_NAMED
    return ", ".join(which[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
