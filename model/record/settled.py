"""What-ifs that a person settled on, recorded: one that stood for a while, not every stop on the way to it."""

import logging
from dataclasses import dataclass
from threading import Condition, Thread
from time import monotonic

from data.errors import WhatIfError
from model.record.database import writing
from model.record.trail import Audit, Entry

STANDS = 3.0  # seconds after which a what-if counts as settled on
REMEMBERED = 10_000  # visitors whose last what-if is known, so that looking at it again is not another


@dataclass(frozen=True)
class _Latest:
    entry: Entry
    sign: str
    since: float


class WhatIfRecorder:
    """Notes what each visitor looks at and records what stands."""

    def __init__(self, audit: Audit, stands: float = STANDS) -> None:
        self.audit, self.stands = audit, stands
        self.trouble = ""
        self._latest: dict[tuple[str, str], _Latest] = {}
        self._recorded: dict[tuple[str, str], str] = {}
        self._changed = Condition()
        self._closed = False
        self._thread = Thread(target=self._run, daemon=True, name="settled")
        self._thread.start()

    def note(self, visitor: str, entry: Entry, sign: str) -> None:
        """A visitor looks at a what-if; ``sign`` tells it from others of its kind, so that drawing it again is nothing
        new."""
        key = visitor, entry.kind
        with self._changed:
            latest = self._latest.get(key)
            if latest is not None and latest.sign == sign:
                return
            if self._recorded.get(key) == sign:
                self._latest.pop(key, None)  # back at what is on record, before anything else stood
                return
            self._latest[key] = _Latest(entry, sign, monotonic())
            self._changed.notify()

    def close(self) -> None:
        """Record what is looked at now, and end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(10)

    def _due(self) -> list[tuple[tuple[str, str], _Latest]]:
        """Wait for what-ifs that have stood long enough; all of them at the end."""
        with self._changed:
            while not self._closed:
                ends = [each.since + self.stands for each in self._latest.values()]
                wait = min(ends) - monotonic() if ends else None
                if wait is not None and wait <= 0:
                    break
                self._changed.wait(wait)
            now = monotonic()
            due = [pair for pair in self._latest.items() if self._closed or pair[1].since + self.stands <= now]
            for key, latest in due:
                del self._latest[key]
                self._recorded.pop(key, None)
                self._recorded[key] = latest.sign
            while len(self._recorded) > REMEMBERED:
                self._recorded.pop(next(iter(self._recorded)))
            return due

    def _probe(self) -> None:
        """A record that cannot be written is told before anybody relies on it."""
        try:
            with writing(self.audit.engine):
                pass
        except WhatIfError as error:
            self.trouble = str(error)

    def _run(self) -> None:
        self._probe()
        while True:
            for key, latest in self._due():
                try:
                    self.audit.record(latest.entry)
                    self.trouble = ""
                except WhatIfError as error:
                    self.trouble = str(error)
                    logging.getLogger(__name__).error("a what-if was not recorded: %s", error)
                    with self._changed:
                        self._recorded.pop(key, None)  # looked at again, it is tried again
            if self._closed and not self._latest:
                return
