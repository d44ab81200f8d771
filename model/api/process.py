"""What lives as long as the process: the record, saved scenarios, the service, the shadow. One of each per store.

Pages, the REST service beside them and the command line ask `running` for it; `close` ends all, writing what waits.
"""

import atexit
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import Engine

from model.api.service import Service
from model.deployed.shadow import Shadow
from model.record.database import engine
from model.record.scenarios import ScenarioStore
from model.record.settled import WhatIfRecorder
from model.record.trail import Audit
from model.settings import Settings, settings


@dataclass(frozen=True, eq=False)
class Running:
    """``audit`` and ``settled`` are None where recording is switched off; scenarios are kept all the same."""

    engine: Engine
    scenarios: ScenarioStore
    audit: Audit | None
    settled: WhatIfRecorder | None
    service: Service

    def close(self) -> None:
        """Write what waits and let go of the database."""
        self.service.close()
        if self.settled is not None:
            self.settled.close()
        if self.audit is not None:
            self.audit.close()
        self.engine.dispose()


_all: dict[tuple[object, ...], Running] = {}
_lock = Lock()


def _key(using: Settings) -> tuple[object, ...]:
    """What tells one store or service from another."""
    limits = using.api_body, using.api_rows, using.api_seconds, using.api_concurrency
    record = using.store_url, using.audit, using.audit_key, using.shadow
    return using.home.absolute(), using.book, using.model_name, *record, *limits


def running(using: Settings | None = None) -> Running:
    """What runs under these settings, or those in force; started at the first call.

    Raises
    ------
    StoreError
        If the record's database cannot be set up.
    """
    using = settings() if using is None else using
    key = _key(using)
    with _lock:
        if key not in _all:
            if not _all:
                atexit.register(close)
            own = engine(using)
            audit = Audit(own, using.audit_key) if using.audit else None
            service = Service(using, audit, Shadow(own, using) if using.shadow else None)
            _all[key] = Running(
                own, ScenarioStore(own), audit, WhatIfRecorder(audit) if audit is not None else None, service
            )
        return _all[key]


def close() -> None:
    """End everything that runs."""
    with _lock:
        while _all:
            _all.popitem()[1].close()
    atexit.unregister(close)
