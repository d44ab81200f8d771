"""All records of a large book, of which a sample answers on the pages, asked what the sample was asked."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from threading import Event, Lock, Thread

from data.errors import BadInput, WhatIfError
from data.large import LargeBook
from model.deployed.model import DeployedModel
from model.engine.parallel import Progress
from model.errors import NotTabular
from model.release.release import Release
from model.scoring.parts.files import BookFiles
from model.scoring.parts.reading import Refusals
from model.scoring.parts.stress import LocalEngine, StressEngine, stress_book
from model.settings import Settings
from model.whatif.book.scenario import BookScenario
from model.whatif.book.sums import BookCensus, BookConstants, StressAnswer, StressQuestion, StressSums

EngineOf = Callable[[DeployedModel], AbstractContextManager[StressEngine]]
"""What goes through all records of a model's book, as long as they are asked."""
CENSUS = 0.3  # of the time that both ways through take: that of the first


@dataclass(frozen=True, eq=False)
class CountedEngine:
    """An engine whose ``census`` is known: it is gone through once."""

    engine: StressEngine
    known: BookCensus

    def census(self, question: StressQuestion, progress: Progress) -> tuple[BookCensus, Refusals]:
        """What was found before."""
        return self.known, Refusals()

    def sums(self, question: StressQuestion, known: BookConstants, progress: Progress) -> StressSums:
        """What the whole table adds up to."""
        return self.engine.sums(question, known, progress)


def asked_of_all(
    model: DeployedModel, scenario: BookScenario, day: date, progress: Progress, engine_of: EngineOf
) -> StressAnswer:
    """What all records of a large book answer to a scenario, the engine that ``engine_of`` makes going through them;
    asked once, whoever asks. Where ``progress`` raises nothing is kept.

    Raises
    ------
    NotTabular
        Where the model's tables are not known here.
    BadInput
        Where the files cannot be read, or have changed meanwhile.
    """
    found = model.whole_answers.known(scenario, day)
    if found is not None:
        return found
    question, answers = StressQuestion(model.contract, scenario, day, ()), model.whole_answers
    begins = CENSUS if answers.census is None else 0.0
    with engine_of(model) as engine:
        if answers.census is None:
            answers.census = _counted(engine, question, lambda share: progress(CENSUS * share))
        run = stress_book(
            CountedEngine(engine, answers.census),
            question,
            second=lambda share: progress(begins + (1 - begins) * share),
        )
    answers.keep(run.answer)
    return run.answer


def _counted(engine: StressEngine, question: StressQuestion, progress: Progress) -> BookCensus:
    census, refused = engine.census(question, progress)
    if refused.count:
        told = refused.first[0].words(question.contract.book.record)
        raise BadInput(f"{told} It was not there when the book was read. Read the book anew.")
    return census


def engine_by(using: Settings) -> EngineOf:
    """The engine of the settings: the cores of this machine over the files of a large book, or Spark, over these or the
    table that the contract names."""
    return local_engine if using.engine == "local" else partial(_on_spark, master=using.spark_master)


@contextmanager
def local_engine(model: DeployedModel) -> Iterator[StressEngine]:
    """The cores of this machine, over the files of a large book; raises as `asked_of_all`."""
    large, release = _askable(model)
    yield LocalEngine(release.scorer, BookFiles.of(large.root))


@contextmanager
def _on_spark(model: DeployedModel, master: str) -> Iterator[StressEngine]:
    from model.scoring.spark.engine import spark_engine  # a module that others need not wait for

    large, release = _askable(model)
    with spark_engine(model.contract.book.table or str(large.root.absolute()), release, master) as found:
        yield found


def _askable(model: DeployedModel) -> tuple[LargeBook, Release]:
    """The files of a large book, and the release whose tables answer for them."""
    if model.release is None:
        raise NotTabular(
            "The model runs elsewhere and its tables are not known here, so that all of the book cannot be asked. Take "
            "its release over first: see model/deployed/README.md."
        )
    if model.book.large is None:
        raise BadInput(f"All of the book {model.contract.book.name} is held: what the page says is said of all of it.")
    return model.book.large, model.release


PATIENCE = 0.2  # seconds after which one that waits looks whether it was cancelled
_ONE_AT_A_TIME = Lock()  # whoever asks the same meanwhile is answered by the first


class Cancelled(Exception):
    """Nobody waits any more."""


@dataclass(eq=False)
class WholeRun:
    """All records of a large book being asked in the background, under a ``scenario`` on a ``day``: which share of them
    was, what kept it from an answer, and whether it has ``ended``. The answer is the model's to know."""

    scenario: BookScenario
    day: date
    share: float = 0.0
    error: str = ""
    ended: Event = field(default_factory=Event)
    _cancelled: Event = field(default_factory=Event)

    @classmethod
    def begun(cls, model: DeployedModel, scenario: BookScenario, day: date, engine_of: EngineOf) -> "WholeRun":
        """A run that has begun."""
        run = cls(scenario, day)
        name = f"whole-{model.contract.book.name}"
        Thread(target=run._ask, args=(model, engine_of), daemon=True, name=name).start()
        return run

    def cancel(self) -> None:
        """Have it end at the next batch of records, without an answer."""
        self._cancelled.set()

    def _heard(self, share: float) -> None:
        self.share = max(self.share, share)  # an engine may learn of more work on the way
        if self._cancelled.is_set():
            raise Cancelled

    def _ask(self, model: DeployedModel, engine_of: EngineOf) -> None:
        try:
            with suppress(Cancelled):  # nobody waits for an answer any more
                self._ask_in_turn(model, engine_of)
        except WhatIfError as error:
            self.error = str(error)
        except Exception as error:  # whatever happens in the background must be seen in the foreground
            self.error = f"Not all of the book could be asked: {type(error).__name__}: {error}"
        self.ended.set()

    def _ask_in_turn(self, model: DeployedModel, engine_of: EngineOf) -> None:
        while not _ONE_AT_A_TIME.acquire(timeout=PATIENCE):
            self._heard(0.0)
        try:
            asked_of_all(model, self.scenario, self.day, self._heard, engine_of)
        finally:
            _ONE_AT_A_TIME.release()
