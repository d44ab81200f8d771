"""The machine: where the home lies, what is left of disk and memory, what time it is, whether ports are free.

Nothing of the model is imported here, so that it can be said why nothing of the model can be.
"""

import errno
import os
import shutil
import socket
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from model.deployed.doctor.check import DoctorCheck

MB, GB = 2**20, 2**30
DISK_NEEDED, DISK_WANTED = 100 * MB, GB  # a release takes a few MB, a record grows
MEMORY_NEEDED, MEMORY_WANTED = 400 * MB, GB  # the service alone takes 0.3 GB, the dashboard with both books 0.7
SKEW_WARNED, SKEW_MOST = 5.0, 300.0  # seconds; logins and short tokens are refused from some minutes on
MEMORY_FILE, GROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")
LIMITS = (  # of a container: what it may take, what it has taken; of either version of control groups
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)


def home_check(home: Path, alone: bool = True) -> DoctorCheck:
    """Whether releases, tokens and the record can be written where they live. ``alone``: whether the record lives there
    too; where a database keeps it, a home that is only read can serve."""
    name = "Home"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"x")
    except OSError as error:
        lost = "" if alone else " Nothing can be trained, promoted or given a token from here."
        return DoctorCheck(
            name,
            "stops" if alone else "warning",
            f"{home.absolute()} cannot be written: {error.strerror}.{lost}",
            "Give the user of the server the right to write there, mount it writable, or set WHATIF_HOME to another.",
        )
    return DoctorCheck(name, "ok", f"{home.absolute()} can be written.")


def scratch_check() -> DoctorCheck:
    """Whether there is a place for files that live as long as a request: uploads, workbooks, the workers' metrics."""
    name = "Scratch"
    try:
        with tempfile.TemporaryFile() as probe:
            probe.write(b"x")
    except OSError as error:
        return DoctorCheck(
            name,
            "stops",
            f"There is no folder for temporary files: {error.strerror}.",
            "Mount one that can be written, say a tmpfs, and name it in TMPDIR.",
        )
    return DoctorCheck(name, "ok", f"{tempfile.gettempdir()} can be written.")


def compiled_check() -> DoctorCheck:
    """Whether numba finds a place for the look-ups it compiles. Without one it refuses to be loaded at all, which is
    what a read-only container without a home of its user comes to."""
    from numba.core.caching import FunctionCache  # beside the sources, or where numba would look otherwise

    name = "Compiled look-ups"
    try:
        where = FunctionCache(compiled_check).cache_path  # type: ignore[no-untyped-call]
    except RuntimeError:
        return DoctorCheck(
            name,
            "stops",
            "There is no folder in which they can be kept, and without one they are not made.",
            "Set NUMBA_CACHE_DIR to a folder that can be written.",
        )
    return DoctorCheck(name, "ok", f"They are kept in {where}.")


def disk_check(home: Path, needed: int = DISK_NEEDED, wanted: int = DISK_WANTED) -> DoctorCheck:
    """How much room is left where the home lies."""
    name, place = "Disk", home.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    found = f"{_size(free)} are free where the home lies."
    if free < needed:
        return DoctorCheck(
            name,
            "stops",
            found,
            f"Make room: calls are not answered that cannot be recorded, and {_size(needed)} is the least.",
        )
    if free < wanted:
        return DoctorCheck(
            name, "warning", found, "Make room before it is full: a call that cannot be recorded is not answered."
        )
    return DoctorCheck(name, "ok", found)


def memory_check(available: int | None, needed: int = MEMORY_NEEDED, wanted: int = MEMORY_WANTED) -> DoctorCheck:
    """How much memory is left; ``available`` in bytes, None where that cannot be told."""
    name = "Memory"
    if available is None:
        return DoctorCheck(name, "ok", "How much is left cannot be told on this system.")
    found = f"{_size(available)} are left."
    if available < needed:
        return DoctorCheck(
            name, "stops", found, f"Give the process at least {_size(needed)}; the dashboard {_size(wanted)}."
        )
    if available < wanted:
        told = (
            f"That is enough for the service alone; the dashboard wants {_size(wanted)}, and files people upload more."
        )
        return DoctorCheck(name, "warning", found, told)
    return DoctorCheck(name, "ok", found)


def available_memory(told: Path = MEMORY_FILE, group: Path = GROUP) -> int | None:
    """Bytes that this process could still take: what the machine has left, or what its container may still have if that
    is less; None where neither is told."""
    left = [room for room in (_of_machine(told), *(_of_group(group, *names) for names in LIMITS)) if room is not None]
    return min(left) if left else None


def _of_machine(told: Path) -> int | None:
    try:
        lines = dict(line.split(":", 1) for line in told.read_text().splitlines())
        return 1024 * int(lines["MemAvailable"].split()[0])
    except (OSError, ValueError, KeyError):
        return None


def _of_group(group: Path, most: str, taken: str) -> int | None:
    try:
        return int((group / most).read_text()) - int((group / taken).read_text())
    except (OSError, ValueError):  # "max": no limit
        return None


def clock_check(now: datetime, *, released: datetime | None, elsewhere: dict[str, float]) -> DoctorCheck:
    """Whether the clock can be right.

    Parameters
    ----------
    now
        The time by this machine's clock.
    released
        When the newest release here was made; None if there is none.
    elsewhere
        By how many seconds other clocks are ahead of this one, by what they are.
    """
    name, set_it = "Clock", "Set the clock, by NTP say: tokens and logins are judged, and calls dated, by it."
    if released is not None and now < released:
        return DoctorCheck(
            name,
            "stops",
            f"It says {now:%Y-%m-%d %H:%M} UTC, before the newest release here was made: {released:%Y-%m-%d %H:%M}.",
            set_it,
        )
    for what, ahead in sorted(elsewhere.items(), key=lambda each: -abs(each[1])):
        if abs(ahead) > SKEW_WARNED:
            way = "ahead of" if ahead > 0 else "behind"
            found = f"{what} is {abs(ahead):,.0f} s {way} this machine's clock, {now:%Y-%m-%d %H:%M:%S} UTC."
            return DoctorCheck(name, "stops" if abs(ahead) > SKEW_MOST else "warning", found, set_it)
    beside = f", as {' and '.join(elsewhere)} has it" if elsewhere else ""
    return DoctorCheck(name, "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC{beside}.")


def file_clock(home: Path, now: float) -> float | None:
    """By how many seconds the clock of whatever keeps the files of the home is ahead of ``now``, in seconds since 1970;
    None if nothing can be written there."""
    try:
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"x")
            probe.flush()
            return os.fstat(probe.fileno()).st_mtime - now
    except OSError:
        return None


def port_checks(host: str, ports: Iterable[int]) -> list[DoctorCheck]:
    """Whether each port can be listened on."""
    return [_port_check(host, port) for port in ports]


def _port_check(host: str, port: int) -> DoctorCheck:
    name = f"Port {port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        with socket.socket(found[0][0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, after one that just ended
            probe.bind(found[0][4])
            probe.listen()
    except OSError as error:
        advice = {
            errno.EADDRINUSE: "End what listens there, or choose another port.",
            errno.EACCES: "Choose a port from 1024 on, and put a proxy before it.",
        }
        told = advice.get(error.errno or 0, "Name an address of this machine with --host.")
        return DoctorCheck(name, "stops", f"{host}:{port} cannot be listened on: {error.strerror}.", told)
    return DoctorCheck(name, "ok", f"{host}:{port} is free.")


def _size(size: int) -> str:
    return f"{size / GB:,.1f} GB" if size >= GB else f"{size / MB:,.0f} MB"
