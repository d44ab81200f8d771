"""The deployed model of one book, as everyone asks it."""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from threading import Lock

from data.books import Book
from data.contract import Contract
from data.errors import BadInput
from model.deployed.latency import LatencyLog
from model.deployed.remote import RemoteScorer
from model.engine.identity import Deployed
from model.engine.parallel import Progress, no_progress
from model.engine.scorer import Scorer
from model.monitoring.live import LatencyReading
from model.release.release import Release
from model.report.release.words import window_only
from model.report.trust.summary import NOT_VALIDATED, TrustSummary, trust_summary
from model.validation.validation import Validation
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook, askable
from model.whatif.book.sums import BookCensus, StressAnswer
from model.whatif.customer.scenario import stated
from model.whatif.customer.starting_points import personas
from model.whatif.customer.typical import typical_record

MAX_ANSWERS = 100  # of whole books, some kilobytes each


class WholeAnswers:
    """What a whole book answered to a scenario on a day, and its census, of which a second question need not go through
    it again; those asked for last are kept, for every visitor."""

    def __init__(self) -> None:
        self.census: BookCensus | None = None
        self._kept: OrderedDict[tuple[BookScenario, date], StressAnswer] = OrderedDict()
        self._lock = Lock()

    def known(self, scenario: BookScenario, day: date) -> StressAnswer | None:
        """The answer, where it was given before."""
        return self._kept.get((scenario, day))

    def keep(self, answer: StressAnswer) -> None:
        """Remember an answer."""
        with self._lock:
            self._kept[answer.question.scenario, answer.question.day] = answer
            while len(self._kept) > MAX_ANSWERS:
                self._kept.popitem(last=False)


@dataclass(frozen=True, eq=False)
class DeployedModel:
    """One book with the model that answers for it.

    ``scorer`` is the model, live, wherever it runs. ``release`` is that very model's release if it is known here, else
    None. ``remote`` is the connection if it runs elsewhere. ``embedded`` is its pulse if it does not.
    """

    book: Book
    scorer: Scorer
    release: Release | None
    remote: RemoteScorer | None = None
    embedded: LatencyLog = field(default_factory=LatencyLog)
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def id(self) -> str:
        """What tells this model from others: its release, or whatever its server calls its version."""
        if self.release is not None:
            return self.release.id
        assert self.remote is not None
        about = self.remote.about
        return about.release or about.version or about.name

    @property
    def name(self) -> str:
        """Short name for the badge."""
        return self.id[:6] if self.release is not None else self.id[:24]

    @property
    def where(self) -> str:
        """Where it runs: the server's host, or nothing if it is this process."""
        return "" if self.remote is None else self.remote.transport.host

    @property
    def deployed(self) -> Deployed:
        """Which model answers, for sentences."""
        window = window_only(self.release.manifest) if self.release is not None else ""
        return Deployed(self.id, self.where, self.release is None, window)

    @property
    def contract(self) -> Contract:
        """The contract it is asked under."""
        return self.scorer.contract

    @property
    def local_scorer(self) -> Scorer:
        """For whole curves and tables of answers: the model's own tables if they are known here, else the model."""
        return self.scorer if self.release is None else self.release.scorer

    @cached_property
    def sample(self) -> Book:
        """The customers the model is asked about when it is asked about the whole book: all, or a sample."""
        return askable(self.local_scorer, self.book)

    @cached_property
    def personas(self) -> Mapping[str, int]:
        """Customers worth starting from."""
        return personas(self.local_scorer, self.sample, self.whole.margins)

    @cached_property
    def typical(self) -> tuple[float, ...]:
        """Nobody's record, of the book's medians and commonest values, as one typed by hand has it; () where none keeps
        the contract's rules."""
        try:
            return tuple(stated(value) for value in typical_record(self.book)[:, 0].tolist())
        except BadInput:
            return ()

    @property
    def whole(self) -> ScoredBook:
        """The whole book as the model sees it; asked for once."""
        return self.scored_book()

    def scored_book(self, progress: Progress = no_progress) -> ScoredBook:
        """The whole book as the model sees it; ``progress`` hears how far a first asking has come, and may cancel
        it."""
        with self._lock:
            found: ScoredBook | None = self.__dict__.get("_whole")
            if found is None:
                each = len(self.book) / len(self.sample)
                found = self.__dict__["_whole"] = ScoredBook.of(self.local_scorer, self.sample, progress, each)
            return found

    @cached_property
    def whole_answers(self) -> WholeAnswers:
        """What all records of a large book answered, of which a sample answers everything else."""
        return WholeAnswers()

    @property
    def has_evidence(self) -> bool:
        """Whether it is known here how it was tested, on the very book it is asked about."""
        return self.release is not None and self.release.manifest.get("data_sha256") == self.book.sha256

    def validation(self, progress: Progress = no_progress) -> Validation:
        """What it said of records beside what became of them; worked out once. ``progress`` hears how far a first
        asking of the whole book has come, where that is needed, and may cancel it."""
        found: Validation | None = self.__dict__.get("_proof")
        if found is None:
            if self.has_evidence and self.release is not None:
                found = Validation.of(self.release, self.book)
            else:
                found = Validation.asked(self.sample, self.scored_book(progress).margins)
            self.__dict__["_proof"] = found
        return found

    @property
    def trust(self) -> TrustSummary:
        """How far it can be trusted, in a few words; worked out once, see `trust_at_hand`."""
        if "_trust" not in self.__dict__:
            self.__dict__["_trust"] = trust_summary(self.validation()) if self.has_evidence else NOT_VALIDATED
        found: TrustSummary = self.__dict__["_trust"]
        return found

    @property
    def trust_at_hand(self) -> bool:
        """Whether `trust` costs nothing: it was worked out before, or nothing is known."""
        return "_trust" in self.__dict__ or not self.has_evidence

    def random_customer(self) -> int:
        """Any customer of the book."""
        return int(secrets.choice(self.book.ids))

    def pulse(self) -> LatencyReading:
        """How it has been answering."""
        return (self.embedded if self.remote is None else self.remote.transport.pulse).read()
