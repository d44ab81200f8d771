"""The service without its protocol: which release answers, what it says, that it is recorded, who shadows it.

Every protocol, and the batch behind the upload, asks here. An answer is handed out only after its record is written.
"""

import io
import time
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock
from uuid import uuid4

import numpy as np

from data import books
from data.arrays import Array
from data.contract import Contract
from data.errors import WhatIfError
from model.api.requests import REASONS, ScoreRequest
from model.deployed.latency import LatencyLog
from model.deployed.shadow import Shadow, Shadowed
from model.engine.tables import probability
from model.errors import ReleaseError
from model.finance.scorecard import reaches
from model.record.trail import Audit, Entry
from model.release.disk import write_trouble
from model.release.register import ALIASES
from model.release.release import Release
from model.release.store import Store
from model.settings import Settings
from model.whatif.customer.decision import score_scale

LOADED = 8  # releases kept in memory
CHAMPION = "champion"


@dataclass(frozen=True, eq=False)
class ScoreResponse:
    """What one release says of one request. ``outputs`` by name: predict_proba (n, 2), shap_values (n, inputs) and
    base_value (1,) in log-odds, decision (n,) of words; ``milliseconds`` it took to find them."""

    id: str
    release: Release
    outputs: Mapping[str, Array | list[str]]
    milliseconds: float


class Service:
    """Answers for one book. Thread-safe; releases are immutable, aliases are read at each call (0.05 ms), so that a
    promotion or a rollback takes effect at once and no request fails for it."""

    def __init__(self, settings: Settings, audit: Audit | None, shadow: Shadow | None = None) -> None:
        self.settings, self.audit, self.shadow = settings, audit, shadow
        self.store = Store(settings.home, settings.book)
        self.pulse = LatencyLog()
        self._loaded: OrderedDict[str, Release] = OrderedDict()
        self._words: Contract | None = None  # whose words those in memory are told in
        self._lock = Lock()

    def known(self, version: str = CHAMPION) -> Release | None:
        """The release of a version, if it is in memory already, in the words that the book's contract has now."""
        if self._contract() is not self._words:  # which is the same one until somebody writes it anew
            return None
        return self._loaded.get(self.store.aliases().get(version, version))

    def release(self, version: str = CHAMPION) -> Release:
        """The release that an alias, an id or a unique beginning of one names, loaded and checked once; told in the
        words of the book's contract, which may be rewritten at any time.

        Raises
        ------
        ReleaseError
            If there is none, or it was altered.
        """
        found = self.known(version)
        if found is not None:
            return found
        with self._lock:
            words = self._contract()
            if words is not self._words:
                self._words = words
                self._loaded = OrderedDict((each, self._told(own)) for each, own in self._loaded.items())
            identity = self.store.resolve(version)
            if identity not in self._loaded:
                self._loaded[identity] = self._told(self.store.load(identity))
                while len(self._loaded) > LOADED:
                    self._loaded.popitem(last=False)
            return self._loaded[identity]

    def _contract(self) -> Contract | None:
        """The book's contract as it is now; None where it cannot be read."""
        try:
            return books.contract(self.settings.book, self.settings.home)
        except WhatIfError:
            return None

    def _told(self, release: Release) -> Release:
        """A release in the words of the book's contract; in those it has where that is unread or another model's."""
        if self._words is None:
            return release
        told = release.in_words_of(self._words)
        if told.trained is not None:
            self.store.keep_words(told.contract)
        return told

    def versions(self) -> list[str]:
        """What ``?version=`` may be: aliases in use, then all releases."""
        return [*(each for each in ALIASES if each in self.store.aliases()), *self.store.ids()]

    def answer(
        self, release: Release, ask: ScoreRequest, who: str, version: str, live: bool = True
    ) -> tuple[ScoreResponse, Future[str] | None]:
        """What ``release`` says, and the writing of its record, which must have ended well before it is handed out.
        Only what is ``live`` traffic is shadowed, not what a dashboard tries out."""
        start = time.perf_counter()
        scorer = release.scorer
        codes = scorer.tables.encode(scorer.contract.derive(ask.raw))
        margins = scorer.tables.margins(codes)
        pd = probability(margins)
        outputs: dict[str, Array | list[str]] = {}
        kept: dict[str, Array] = {"pd": pd}
        if "predict_proba" in ask.outputs:
            outputs["predict_proba"] = np.stack([1 - pd, pd], axis=1)
        if set(REASONS) & set(ask.outputs):
            phi = scorer.shapley.explain(codes)
            found = {"shap_values": np.ascontiguousarray(phi.T), "base_value": np.array([scorer.shapley.base])}
            outputs |= {name: found[name] for name in REASONS if name in ask.outputs}
            kept |= {"shap_values": phi, "base_value": found["base_value"]}
        if "decision" in ask.outputs:
            granted = reaches(score_scale(scorer.contract).score(margins), scorer.contract.score.cutoff)
            outputs["decision"] = ["granted" if each else "declined" for each in granted]
        took = 1000 * (time.perf_counter() - start)
        entry = Entry(
            kind="score",
            who=who,
            via="rest",
            book=self.settings.book,
            release=release.id,
            contract_sha256=release.contract.hash,
            inputs=ask.raw,
            outputs=kept,
            duration_ms=took,
            detail={"version": version, "outputs": list(ask.outputs), "live": live},
            id=ask.id or uuid4().hex,
            given=bool(ask.id),
        )
        written = self.audit.append(entry) if self.audit is not None else None
        if self.shadow is not None and version == CHAMPION and live:
            self._shadowed(self.shadow, Shadowed(entry.id, ask.raw, release, margins), written)
        return ScoreResponse(entry.id, release, {name: outputs[name] for name in ask.outputs}, took), written

    @staticmethod
    def _shadowed(shadow: Shadow, call: Shadowed, written: Future[str] | None) -> None:
        """Have a call shadowed once it is on record; one that was refused is none."""
        if written is None:
            shadow.offer(call)
            return

        def offer(done: Future[str]) -> None:
            if not done.cancelled() and done.exception() is None:
                shadow.offer(call)

        written.add_done_callback(offer)

    def artefact(self, identity: str) -> bytes:
        """A whole release as a zip file, the same bytes each time; loaded and checked before it is handed out."""
        release = self.release(identity)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:  # its arrays are compressed already
            for name, content in sorted(release.files().items()):
                packed.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content)
        return out.getvalue()

    def ready(self) -> str:
        """Empty if the champion can answer, and what it answers be recorded; otherwise why not."""
        try:
            self.release()
        except ReleaseError as error:
            return str(error)
        here = self.audit is not None and self.settings.store_url is None
        return write_trouble(self.settings.home) if here else ""

    def close(self) -> None:
        """End the shadow; the record belongs to the process."""
        if self.shadow is not None:
            self.shadow.close()
