"""Decisions of a stream on the append-only record, a group of them a row, before anybody is answered."""

from collections.abc import Callable

import numpy as np

from model.deployed.shadow import Shadow, Shadowed
from model.record.trail import Audit, Entry
from model.scoring.stream.decider import DecidedBatch, Decider
from model.scoring.stream.loop import StreamFollower, now_ms

WHO, VIA = "stream", "stream"


def recorder(audit: Audit, book: str) -> Callable[[DecidedBatch], None]:
    """Puts a batch on record as one call; raises StoreError if it cannot be. What is delivered again is decided again,
    and stands on record again."""

    def record(batch: DecidedBatch) -> None:
        base = np.array([batch.release.scorer.shapley.base])
        audit.record(
            Entry(
                kind="score",
                who=WHO,
                via=VIA,
                book=book,
                release=batch.release.id,
                contract_sha256=batch.release.contract.hash,
                inputs=batch.raw,
                outputs={"pd": batch.pd, "shap_values": batch.log_odds, "base_value": base},
                duration_ms=float(max(now_ms() - batch.decided_at, 0)),
                detail={"ids": list(batch.ids), "at": batch.at.tolist()},
            )
        )

    return record


class StreamShadow(StreamFollower):
    """Has the challenger score along what the champion of now decides; no decision ever waits for it."""

    def __init__(self, shadow: Shadow, decider: Decider) -> None:
        self.shadow, self.decider = shadow, decider

    def decided(self, batch: DecidedBatch) -> None:
        """Offer the batch to the challenger."""
        champions = self.decider.champions()
        if champions and champions[-1].release == batch.release.id:
            self.shadow.offer(Shadowed(batch.ids[0], batch.raw, batch.release, batch.margins))

    def close(self) -> None:
        """Write what waits."""
        self.shadow.close()
