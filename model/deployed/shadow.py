"""The challenger scores live traffic along, without touching any answer; how the two differ is kept in the store.

One row a call in the table ``shadow``, written by a thread of its own about once a second. When more calls come than it
can follow, the excess is dropped and counted: an answer never waits for a shadow.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, Queue
from threading import Event, Lock, Thread

import numpy as np
import sqlalchemy as sql

from data.arrays import Array
from model.engine.tables import probability
from model.errors import ReleaseError, StoreError
from model.finance.scorecard import reaches
from model.monitoring.live import Differences
from model.record.database import reading, writing
from model.release.release import Release
from model.release.store import Store
from model.settings import Settings
from model.whatif.customer.decision import score_scale

WAITING = 1000  # calls that may wait for their shadow
ROWS = 200_000  # customers in them, 32 MB of twenty fields; one call may always wait
PAUSE = 1.0  # seconds between two writings
TOP = 10
LOG = logging.getLogger(__name__)

_data = sql.MetaData()
SHADOW = sql.Table(
    "shadow",
    _data,
    sql.Column("id", sql.String(64)),
    sql.Column("at", sql.String(32), index=True),
    sql.Column("champion", sql.String(64), nullable=False),
    sql.Column("challenger", sql.String(64), nullable=False),
    sql.Column("customers", sql.Integer),
    sql.Column("moved", sql.Float),  # Σ (challenger's PD − champion's)
    sql.Column("apart", sql.Float),  # Σ |difference|
    sql.Column("most", sql.Float),  # largest |difference|
    sql.Column("granted", sql.Integer),  # declined by the champion, granted by the challenger
    sql.Column("declined", sql.Integer),  # the other way round
)


@dataclass(frozen=True, eq=False)
class Shadowed:
    """One call to shadow: its records (fields, n) and what the champion said of them, log-odds (n,)."""

    id: str
    raw: Array
    champion: Release
    margins: Array


class Shadow:
    """Scores along with the challenger of a book, if it has one."""

    def __init__(self, engine: sql.Engine, settings: Settings) -> None:
        self.engine, self.store = engine, Store(settings.home, settings.book)
        self.dropped = 0
        self.trouble = ""
        self._waiting: Queue[Shadowed] = Queue(WAITING)
        self._rows = 0
        self._lock = Lock()
        self._loaded: dict[str, Release] = {}
        self._end = Event()
        self._thread = Thread(target=self._run, daemon=True, name="shadow")
        self._thread.start()

    def offer(self, call: Shadowed) -> None:
        """Have one call shadowed, unless too many wait."""
        n = call.raw.shape[1]
        with self._lock:
            if self._waiting.full() or (self._rows and self._rows + n > ROWS):
                self.dropped += 1
                return
            self._waiting.put_nowait(call)
            self._rows += n

    def close(self) -> None:
        """Write what waits, and end."""
        self._end.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._end.wait(PAUSE) or not self._waiting.empty():
            rows = []
            for _ in range(WAITING):
                try:
                    call = self._waiting.get_nowait()
                except Empty:
                    break
                with self._lock:
                    self._rows -= call.raw.shape[1]
                row = self._followed(call)
                if row is not None:
                    rows.append(row)
            if rows:
                self._written(rows)

    def _followed(self, call: Shadowed) -> dict[str, object] | None:
        try:
            return self._compared(call)
        except ReleaseError as error:
            self.trouble = str(error)
        except Exception as error:  # one call that cannot be followed does not end the shadow of all others
            self.trouble = f"The challenger failed: {type(error).__name__}: {error}"
            LOG.exception("the call %s was not shadowed", call.id)
        return None

    def _compared(self, call: Shadowed) -> dict[str, object] | None:
        challenger = self._challenger()
        if challenger is None or challenger.id == call.champion.id:
            return None
        if [each.name for each in challenger.contract.record] != [each.name for each in call.champion.contract.record]:
            self.trouble = f"The challenger {challenger.id} reads other fields than the champion."
            return None
        margins = challenger.scorer.margins(call.raw)
        gap = probability(margins) - probability(call.margins)
        was, now = (
            reaches(score_scale(each.contract).score(own), each.contract.score.cutoff)
            for each, own in ((call.champion, call.margins), (challenger, margins))
        )
        return {
            "id": call.id,
            "at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "champion": call.champion.id,
            "challenger": challenger.id,
            "customers": len(gap),
            "moved": float(gap.sum()),
            "apart": float(np.abs(gap).sum()),
            "most": float(np.abs(gap).max()),
            "granted": int((~was & now).sum()),
            "declined": int((was & ~now).sum()),
        }

    def _challenger(self) -> Release | None:
        identity = self.store.aliases().get("challenger")
        if identity is None:
            return None
        if identity not in self._loaded:
            self._loaded = {identity: self.store.load(identity)}
        return self._loaded[identity]

    def _written(self, rows: list[dict[str, object]]) -> None:
        try:
            with writing(self.engine) as connection:
                _data.create_all(connection)
                connection.execute(SHADOW.insert(), rows)
            self.trouble = ""
        except StoreError as error:
            self.dropped += len(rows)
            self.trouble = f"Differences of {len(rows)} calls could not be kept. {error}"


def report(engine: sql.Engine, aliases: Mapping[str, str]) -> Differences | None:
    """How the challenger has differed from the champion so far; None without a challenger or before the first call."""
    champion, challenger = aliases.get("champion"), aliases.get("challenger")
    if champion is None or challenger is None:
        return None
    t = SHADOW.c
    mine = (t.champion == champion) & (t.challenger == challenger)
    total = sql.func.sum
    with reading(engine) as connection:
        if not sql.inspect(connection).has_table(SHADOW.name):
            return None
        sums = connection.execute(
            sql.select(
                sql.func.min(t.at),
                total(t.customers),
                total(t.moved),
                total(t.apart),
                sql.func.max(t.most),
                total(t.granted),
                total(t.declined),
            ).where(mine)
        ).one()
        if not sums[1]:
            return None
        top = connection.execute(
            sql.select(t.id, t.at, t.customers, t.most).where(mine).order_by(t.most.desc()).limit(TOP)
        ).all()
    first, n, moved, apart, most, granted, declined = sums
    calls = tuple((str(row[0]), str(row[1]), int(row[2]), float(row[3])) for row in top)
    return Differences(
        champion,
        challenger,
        first=str(first),
        customers=int(n),
        moved=moved / n,
        apart=apart / n,
        most=float(most),
        granted=int(granted),
        declined=int(declined),
        calls=calls,
    )
