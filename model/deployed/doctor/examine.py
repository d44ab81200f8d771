"""Everything that is looked at, in the order in which one would put it right."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal

from model.deployed.doctor.access import people_check, tokens_check
from model.deployed.doctor.check import DoctorCheck
from model.deployed.doctor.installed import libraries_check
from model.deployed.doctor.machine import (
    available_memory,
    clock_check,
    compiled_check,
    disk_check,
    file_clock,
    home_check,
    memory_check,
    port_checks,
    scratch_check,
)
from model.settings import Settings

Part = Literal["dashboard", "service"]
PARTS: tuple[Part, ...] = ("dashboard", "service")


def examine(
    using: Settings,
    *,
    host: str,
    ports: Sequence[int] = (),
    parts: Sequence[Part] = PARTS,
    clock: Callable[[], float] = time.time,
) -> list[DoctorCheck]:
    """What would keep an installation with these settings from serving on ``host`` and ``ports``; ``clock`` tells the
    seconds since 1970. Nothing is changed, but that the home is made where there is none."""
    found = [
        libraries_check(),
        home_check(using.home, using.store_url is None),
        scratch_check(),
        disk_check(using.home),
        memory_check(available_memory()),
        compiled := compiled_check(),
    ]
    if compiled.state != "stops":
        found += _kept_checks(using, clock)
    found += [tokens_check(using, host)]
    found += [people_check(using, host)] if "dashboard" in parts else []
    return found + port_checks(host, ports)


def _kept_checks(using: Settings, clock: Callable[[], float]) -> list[DoctorCheck]:
    from model.deployed.doctor import kept  # loads compiled code, which needs a place for it

    record, server = kept.record_checks(using, clock())
    record += kept.key_checks(using)
    ahead = {"the database server": server, "the home's file system": file_clock(using.home, clock())}
    times = {name: seconds for name, seconds in ahead.items() if seconds is not None}
    now = datetime.fromtimestamp(clock(), UTC)
    clocks = clock_check(now, released=kept.newest_release(using), elsewhere=times)
    return [clocks, *kept.release_checks(using), *record]
