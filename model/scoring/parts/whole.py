"""All records of a large book, of which a sample answers on the pages, asked what the sample was asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from threading import Event, Thread

from data.errors import BadInput, WhatIfError
from model.deployed.model import DeployedModel
from model.engine.parallel import Progress
from model.engine.scorer import TableScorer
from model.errors import NotTabular
from model.scoring.parts.files import BookFiles
from model.scoring.parts.reading import Refusals
from model.scoring.parts.stress import LocalEngine, StressEngine, stress_book
from model.whatif.book.scenario import BookScenario
from model.whatif.book.sums import BookCensus, BookConstants, StressAnswer, StressQuestion, StressSums

EngineOf = Callable[[DeployedModel], StressEngine]
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
    question = StressQuestion(model.contract, scenario, day, ())
    engine, census = engine_of(model), model.whole_answers.census
    if census is None:
        census, refused = engine.census(question, lambda share: progress(CENSUS * share))
        if refused.count:
            raise BadInput(f"{refused.first[0].words} It was not there when the book was read. Read the book anew.")
        model.whole_answers.census = census
        begins = CENSUS
    else:
        begins = 0.0
    run = stress_book(
        CountedEngine(engine, census), question, second=lambda share: progress(begins + (1 - begins) * share)
    )
    model.whole_answers.keep(run.answer)
    return run.answer


def local_engine(model: DeployedModel) -> LocalEngine:
    """The cores of this machine, over the files of a large book."""
    scorer, large = model.local_scorer, model.book.large
    if not isinstance(scorer, TableScorer):
        raise NotTabular(
            "The model runs elsewhere and its tables are not known here, so that all of the book cannot be asked. Take "
            "its release over first: see model/deployed/README.md."
        )
    if large is None:
        raise BadInput(f"All of the book {model.contract.book.name} is held: what the page says is said of all of it.")
    return LocalEngine(scorer, BookFiles.of(large.root))


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
        self.share = share
        if self._cancelled.is_set():
            raise Cancelled

    def _ask(self, model: DeployedModel, engine_of: EngineOf) -> None:
        try:
            asked_of_all(model, self.scenario, self.day, self._heard, engine_of)
        except Cancelled:
            pass
        except WhatIfError as error:
            self.error = str(error)
        except Exception as error:  # whatever happens in the background must be seen in the foreground
            self.error = f"Not all of the book could be asked: {type(error).__name__}: {error}"
        self.ended.set()
