"""The deployed model, as pages and commands call it, wherever it runs: in this process or behind a server."""

import logging
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from weakref import finalize

from data import books
from data.books import Book, Stamp
from data.errors import WhatIfError
from model.deployed.model import DeployedModel
from model.deployed.place import RemotePlace
from model.deployed.remote import RemoteScorer, connect, surveyed_book
from model.deployed.takeover import known_here
from model.engine.territory import Territory
from model.errors import GateError, NoAnswer, ReleaseError
from model.release import promotion
from model.release.disk import store_error
from model.release.promotion import Obstacles, require_same_book
from model.release.release import Release
from model.release.store import AUTOMATIC, FIRST, Store
from model.release.window import Window
from model.report.release.words import briefly
from model.settings import Settings, settings

CHECKED = 5.0  # seconds for which a model elsewhere is taken to be the one it was
READ = 0.6  # of the time until a book can be asked about: that of reading it, the rest is scoring
MOST_BOOKS = 4  # whose models are held, those asked for last


@dataclass
class TrainingRun:
    """How far the training of a release has come. ``kept``: the release that a gate kept from being promoted; ``made``:
    the further release that was trained."""

    doing: str = "Reading the book"
    share: float = 0.0
    error: str = ""
    kept: str = ""
    made: str = ""
    ended: bool = False
    began: float = field(default_factory=time.monotonic)
    moved: float = field(default_factory=time.monotonic)

    def come_to(self, doing: str, share: float) -> None:
        """Note what is done now, and which share of all that is."""
        self.moved = time.monotonic() if share != self.share else self.moved
        self.doing, self.share = doing, share

    @property
    def seconds(self) -> float:
        """For how long it has been under way."""
        return time.monotonic() - self.began

    @property
    def still(self) -> float:
        """For how many seconds the share has stood."""
        return time.monotonic() - self.moved


@dataclass
class ReadingRun:
    """How far a book has come that is read (step 0) and scored by its model (step 1), and which share of both is
    done."""

    step: int = 0
    share: float = 0.0
    began: float = field(default_factory=time.monotonic)
    ended: Event = field(default_factory=Event)

    @property
    def seconds(self) -> float:
        """For how long it has been under way."""
        return time.monotonic() - self.began

    def scored(self, share: float) -> None:
        """Hears how much of the book is scored."""
        self.step, self.share = 1, READ + (1 - READ) * share


class DeployedModels:
    """Hands out the deployed model of each book, training a first release where there is none.

    One per process, shared by all sessions; models are immutable. A newly promoted champion is taken up at the
    next call, because the aliases are read each time (0.05 ms); so is a book of a user's that was edited. A model
    elsewhere is asked every few seconds whether it still is the one it was. While one book is read or trained, or one
    server connected to, the models of the others are handed out.
    """

    def __init__(self, how: Callable[[], Settings] = settings) -> None:
        self._settings = how
        self._models: OrderedDict[str, tuple[Stamp, DeployedModel]] = OrderedDict()  # the last asked for comes last
        self._reading: defaultdict[str, Lock] = defaultdict(Lock)  # one a book: it is read once, whoever asks
        self._places: dict[tuple[object, ...], RemotePlace] = {}
        self._territories: dict[tuple[str, str], Territory] = {}
        self._looking: defaultdict[tuple[str, str], Lock] = defaultdict(Lock)  # one a book, as above
        self._readings: dict[str, ReadingRun] = {}
        self._training: dict[str, TrainingRun] = {}
        self._retraining: dict[str, TrainingRun] = {}
        self._lock = Lock()

    def store(self, book: str) -> Store:
        """The releases of a book."""
        return Store(self._settings().home, book)

    def model(self, book: str) -> DeployedModel | None:
        """The deployed model of a book, checked; None if it is embedded and there is none yet.

        Raises
        ------
        BookError, ContractError
            If there is no such book, or it cannot be read.
        ReleaseError
            If the champion was altered, is gone, or was trained on another snapshot or contract.
        RemoteError
            If it runs elsewhere and cannot be used.
        """
        using = self._settings()
        if using.model_url is not None:
            return self._elsewhere(using, book)
        store = self.store(book)
        champion = store.aliases().get("champion")
        if champion is None:
            return None
        with self._lock:
            reading = self._reading[book]
        with reading:
            at = books.stamp(book, using.home)
            was, known = self._models.get(book, (None, None))
            if known is None or known.id != champion or was != at:
                release, own = store.load(champion), books.read_book(book, using.home, using.book_rows)
                require_same_book(release, own.contract, own.sha256)
                release = release.in_words_of(own.contract)
                if release.trained is not None:
                    store.keep_words(own.contract)
                known = DeployedModel(own, release.scorer, release)
            with self._lock:
                self._models[book] = at, known
                self._models.move_to_end(book)
                while len(self._models) > MOST_BOOKS:
                    self._models.popitem(last=False)
            return known

    def _elsewhere(self, using: Settings, name: str) -> DeployedModel:
        key = (name, *(getattr(using, each) for each in sorted(type(using).model_fields) if each.startswith("model_")))
        came = time.monotonic()
        with self._lock:
            place = self._places.setdefault(key, RemotePlace())
        with place.lock:  # of this server and book alone: others are handed out meanwhile
            place.repeat_refusal(came)
            try:
                return self._asked_there(place, using, name)
            except WhatIfError as error:
                place.remember(error)
                raise

    def _asked_there(self, place: RemotePlace, using: Settings, name: str) -> DeployedModel:
        known = place.model
        if known is not None and known.remote is not None:
            if time.monotonic() - place.checked < CHECKED:
                return known
            health = known.remote.health()
            if health.gone:  # it says since when, which a new connection would not know
                raise NoAnswer(health.trouble)
            if health.well:
                place.checked = time.monotonic()
                return known
        book = books.read_book(name, using.home, using.book_rows)
        scorer = connect(
            using,
            book,
            contract=book.contract,
            pulse=place.pulse,
            breaker=place.breaker,
            surveyed=lambda: self._surveyed(book),
        )
        if known is not None and known.remote is not None and _same(known.remote, scorer):
            scorer.close()  # it was unwell and is well again
            place.checked = time.monotonic()
            return known
        try:
            release = known_here(scorer, book, Store(using.home, name))
        except BaseException:
            scorer.close()
            raise
        found = DeployedModel(book, scorer, release, scorer)
        finalize(found, scorer.close)  # where another took its place, once the last page has let go of it
        place.model, place.checked = found, time.monotonic()
        return found

    def _surveyed(self, book: Book) -> Territory:
        """What the records of a book are: looked at once a book, whatever is connected to."""
        key = (book.sha256, book.contract.hash)
        with self._lock:
            looking = self._looking[key]
        with looking:
            if key not in self._territories:
                self._territories[key] = surveyed_book(book, book.contract)
            return self._territories[key]

    def at_hand(self, book: str) -> bool:
        """Whether an embedded book's model need not be read first."""
        return book in self._models

    def read(self, book: str) -> ReadingRun:
        """Start to read an embedded book and to score it in the background, or tell how far that has come; once,
        however many ask. What keeps it from being read is told by `model`, asked once it has ended."""
        with self._lock:
            known = self._readings.get(book)
            if known is None:
                known = self._readings[book] = ReadingRun()
                Thread(target=self._read_and_score, args=(book, known), daemon=True, name=f"read-{book}").start()
            elif known.ended.is_set():
                del self._readings[book]
            return known

    def _read_and_score(self, book: str, run: ReadingRun) -> None:
        try:
            found = self.model(book)
            if found is not None:
                run.scored(0.0)
                found.scored_book(run.scored)
                with self._lock:
                    self._readings.pop(book, None)
        except Exception:  # found again, and told, by whoever asks for the model
            logging.getLogger(__name__).info("The book %s could not be read ahead.", book, exc_info=True)
        finally:
            run.ended.set()

    def doubt(self) -> None:
        """Have models elsewhere asked at the next call whether they still are there."""
        with self._lock:
            for place in self._places.values():
                place.doubt()

    def comparable(self, book: str) -> list[str]:
        """The releases of a book that were trained on the snapshot installed, the champion among them: they can be
        compared customer by customer."""
        store, data = self.store(book), self._read(book).sha256
        return [each for each, manifest in store.listed().items() if manifest["data_sha256"] == data]

    def release(self, book: str, identity: str) -> DeployedModel:
        """A book under any of its releases, loaded and checked.

        Raises
        ------
        ReleaseError
            If the release was altered or is gone, or reads other fields than the book has.
        """
        own = self._read(book)
        release = self.store(book).load(identity).in_words_of(own.contract)
        found = DeployedModel(own, release.scorer, release)
        if [each.name for each in found.contract.record] != [each.name for each in found.book.contract.record]:
            raise ReleaseError(f"Release {identity} reads other fields than the book {book} has; choose another.")
        return found

    def _read(self, book: str) -> Book:
        using = self._settings()
        return books.read_book(book, using.home, using.book_rows)

    def train(self, book: str, who: str = AUTOMATIC) -> TrainingRun:
        """Start the training of a first release in the background, or tell how far it has come; once, however many
        ask. If no gate is in the way it is promoted, on record by ``who`` asked first: whether they may is theirs to
        know who call this."""
        with self._lock:
            known = self._training.get(book)
            if known is None or (known.ended and not known.error):  # ended well, and the release is gone since
                known = self._training[book] = TrainingRun()
                Thread(target=self._run, args=(book, known, who), daemon=True, name=f"train-{book}").start()
            return known

    def training(self, book: str) -> TrainingRun | None:
        """The training of a first release that somebody started; None if nobody did."""
        with self._lock:
            return self._training.get(book)

    def forget(self, book: str) -> None:
        """Let a failed training be started anew."""
        with self._lock:
            self._training.pop(book, None)

    def retrain(
        self, book: str, since: int | None, until: int | None, recalibrated: Window | None = None
    ) -> TrainingRun:
        """Start the training of a further release in the background, one at a time a book: whoever asks meanwhile is
        told of that one. It is gated and kept; promoting it is a person's decision."""
        with self._lock:
            known = self._retraining.get(book)
            if known is None or known.ended:
                known = self._retraining[book] = TrainingRun()
                work = (book, known, since, until, recalibrated)
                Thread(target=self._run_again, args=work, daemon=True, name=f"retrain-{book}").start()
            return known

    def retraining(self, book: str) -> TrainingRun | None:
        """The further release that is being trained, or was last; None if nobody asked for one."""
        with self._lock:
            return self._retraining.get(book)

    def close(self) -> None:
        """Give up all connections."""
        with self._lock:
            for place in self._places.values():
                if place.model is not None and place.model.remote is not None:
                    place.model.remote.close()
            self._places.clear()

    def _run(self, book: str, progress: TrainingRun, who: str) -> None:
        def told(doing: str, share: float) -> None:
            progress.come_to(doing, share)

        try:
            store = self.store(book)
            release = self._kept(book, store) or store.train(told)
            try:
                store.promote(release.id, who=who, why=FIRST)
            except GateError as error:
                progress.kept = release.id
                found = store.obstacles(release)
                progress.error = str(error) if found.review else _not_promoted(found)
        except WhatIfError as error:
            progress.error = str(error)
        except Exception as error:  # whatever happens in the background must be seen in the foreground
            progress.error = _stopped(error)
        progress.ended = True

    def _run_again(
        self, book: str, progress: TrainingRun, since: int | None, until: int | None, recalibrated: Window | None
    ) -> None:
        def told(doing: str, share: float) -> None:
            progress.come_to(doing, share)

        try:
            progress.made = self.store(book).train(told, since, until, recalibrated).id
        except WhatIfError as error:
            progress.error = str(error)
        except Exception as error:  # whatever happens in the background must be seen in the foreground
            progress.error = _stopped(error)
        progress.ended = True

    def _kept(self, book: str, store: Store) -> Release | None:
        """The release of this very book that a gate, or a contract nobody has read, kept from being promoted, if there
        is one: training once more would give the same."""
        for identity in reversed(store.ids()):
            try:
                release, own = store.load(identity), self._read(book)
                require_same_book(release, own.contract, own.sha256)
            except ReleaseError:
                continue
            if promotion.reported(release):
                return release
        return None


def _not_promoted(found: Obstacles) -> str:
    """Which gates block a release, in words that everybody may read."""
    failed = (briefly(gate, protected=False) for gate in found.gates)
    return f"Release {found.release} is not promoted: {'; '.join(failed)}."


def _same(was: RemoteScorer, now: RemoteScorer) -> bool:
    """Whether two connections found the same model."""
    if was.reference is None or now.reference is None:
        return was.about == now.about and was.reference is now.reference
    return was.about == now.about and bool(was.repeats.agree(now.reference, was.reference).all())


desk = DeployedModels()


def _stopped(error: Exception) -> str:
    """Why a training in the background came to nothing."""
    told = store_error(error) if isinstance(error, OSError) else None
    return str(told or ReleaseError(f"The training stopped: {type(error).__name__}: {error}"))
