"""How a deployed model and the releases of its book stand at a moment, as facts; `briefing` says them.

They are found out on a floor above, where the model, the record and the service can be asked: model/api/status.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import nan

from data.contract import Contract
from data.json_types import Json
from model.engine.identity import Deployed, PrecisionCost
from model.monitoring.live import Call, Differences, LatencyReading
from model.release.register import Moved
from model.release.report import ReleaseReport
from model.signing import UNSIGNED, Signature


@dataclass(frozen=True)
class Probe:
    """Whether a model answered just now, in how many ``milliseconds``; ``trouble`` says why not, if that is known."""

    well: bool
    milliseconds: float = nan
    trouble: str = ""


@dataclass(frozen=True)
class RecordState:
    """Whether recording is switched ``on``, and the ``trouble`` with it, "" if there is none."""

    on: bool
    trouble: str = ""


@dataclass(frozen=True)
class ShadowState:
    """How a challenger follows live traffic: which release it is, "" where none is named, and whether shadow scoring is
    switched ``on``. ``served`` is the title of the book that REST answers for, where that is another one. ``dropped``
    calls were too many to follow; ``trouble`` says what else is wrong."""

    challenger: str = ""
    served: str = ""
    on: bool = True
    dropped: int = 0
    trouble: str = ""


@dataclass(frozen=True, eq=False)
class KnownRelease:
    """The release that answers, where it is known here: its manifest, its report, the sha256 of its ``artefact``, and
    how it is signed."""

    manifest: Mapping[str, Json]
    report: ReleaseReport
    artefact: str
    signature: Signature = UNSIGNED


@dataclass(frozen=True)
class RemoteServer:
    """The server of a model elsewhere: its host, the protocol spoken with it, what it calls the model, and whether it
    gives reasons. ``cost`` of what it rounds, None where that is nothing; ``spread``: within what of the PD it repeats
    itself, None where that was not asked."""

    host: str
    protocol: str
    name: str
    version: str
    gives_reasons: bool
    cost: PrecisionCost | None = None
    spread: float | None = None


@dataclass(frozen=True, eq=False)
class OperationsStatus:
    """What answers for a book, and how well. ``at``: when it was found out; ``since``: when it came to answer, if that
    is on record. ``pages`` and ``service``: how it has been answering these pages, and over REST, None where that is no
    matter of this process. ``shadow`` is None for a model elsewhere."""

    contract: Contract
    deployed: Deployed
    at: datetime
    since: datetime | None
    answers: Probe
    record: RecordState
    pages: LatencyReading
    service: LatencyReading | None = None
    release: KnownRelease | None = None
    server: RemoteServer | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    shadow: ShadowState | None = None


@dataclass(frozen=True, eq=False)
class BookReleases:
    """All releases of a book: their manifests, the oldest first, their reports by id, where aliases point, and every
    time one moved, the oldest first; how they are signed, by id."""

    contract: Contract
    manifests: tuple[Mapping[str, Json], ...]
    reports: Mapping[str, ReleaseReport]
    aliases: Mapping[str, str]
    history: tuple[Moved, ...] = ()
    signatures: Mapping[str, Signature] = field(default_factory=dict)


@dataclass(frozen=True)
class ChallengerStatus:
    """How the challenger follows, and how it has differed: None before the first call; ``unread`` says why that cannot
    be read from the record, "" if it can."""

    shadow: ShadowState
    differences: Differences | None = None
    unread: str = ""


@dataclass(frozen=True)
class Titled:
    """A book in words: its ``title``, and what it holds one of."""

    title: str
    person: str


@dataclass(frozen=True)
class RecentCalls:
    """The latest calls, the newest first, and their books by name; whether recording is switched ``on``; ``unread``
    says why they cannot be read, "" if they can."""

    calls: tuple[Call, ...] = ()
    books: Mapping[str, Titled] = field(default_factory=dict)
    on: bool = True
    unread: str = ""
