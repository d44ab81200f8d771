"""The question to a whole book, asked part by part: whoever goes through the parts is an engine, and this what it is
asked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from data.errors import BadInput
from model.engine.parallel import ROWS, Progress, no_progress, stream
from model.engine.scorer import TableScorer
from model.scoring.parts.files import BookFiles, BookPart
from model.scoring.parts.reading import PartReader, PartRecords, Refusals
from model.whatif.book.sums import BookCensus, BookConstants, StressAnswer, StressQuestion, StressSums

Value = TypeVar("Value", BookCensus, StressSums)


class StressEngine(Protocol):
    """Goes through a table, twice."""

    def census(self, question: StressQuestion, progress: Progress) -> tuple[BookCensus, Refusals]:
        """The whole table, and the rows that its contract refuses."""

    def sums(self, question: StressQuestion, known: BookConstants, progress: Progress) -> StressSums:
        """What the whole table adds up to."""


@dataclass(frozen=True, eq=False)
class StressRun:
    """What came of it: the ``answer``, and the rows ``refused``."""

    answer: StressAnswer
    refused: Refusals

    @property
    def rows(self) -> int:
        """How many the table has."""
        return self.answer.now.customers + self.refused.count


def stress_book(
    engine: StressEngine,
    question: StressQuestion,
    *,
    strict: bool = False,
    first: Progress = no_progress,
    second: Progress = no_progress,
) -> StressRun:
    """A scenario of a whole book. ``first`` and ``second`` hear the share done of either time through.

    Raises
    ------
    BadInput
        If the table cannot be read, holds nobody, or has a row that the contract refuses and it is ``strict``.
    """
    census, refused = engine.census(question, first)
    if strict and refused.count:
        raise BadInput(f"{refused.first[0].words(question.contract.book.record)} Nothing was worked out.")
    sums = engine.sums(question, census.constants(question), second)
    answer = StressAnswer(question, sums)
    if answer.base.customers != census.customers:
        raise BadInput(
            f"The table held {census.customers:,} {question.contract.book.records} when it was read first and "
            f"{answer.base.customers:,} afterwards. Ask again when nobody writes to it."
        )
    return StressRun(answer, refused)


@dataclass(frozen=True, eq=False)
class LocalEngine:
    """Every core of this machine; a few parts of the table, of so many ``part_rows``, are in memory."""

    scorer: TableScorer
    files: BookFiles
    part_rows: int = ROWS

    def census(self, question: StressQuestion, progress: Progress) -> tuple[BookCensus, Refusals]:
        """The whole table, and the rows that its contract refuses."""
        found, refused = BookCensus.nobody(), Refusals()
        for own, records in self._each(lambda records: BookCensus.of(self.scorer, records.raw, records.ids), progress):
            found, refused = found + own, refused + records.refused
        return found, refused

    def sums(self, question: StressQuestion, known: BookConstants, progress: Progress) -> StressSums:
        """What the whole table adds up to."""
        found = StressSums.nothing(question)
        work = partial(_sums, self.scorer, question=question, known=known)
        for own, _ in self._each(work, progress):
            found = found + own
        return found

    def _each(self, work: Callable[[PartRecords], Value], progress: Progress) -> Iterator[tuple[Value, PartRecords]]:
        """A value of each part, and its records."""
        reader, done = PartReader.of(self.scorer.contract, self.files.names), 0

        def one(part: BookPart) -> tuple[Value, PartRecords, int]:
            records = reader.read(part.batch, part.rows, part.file)
            return work(records), records, len(part.rows)

        for value, records, rows in stream(self.files.parts(reader.needed, self.part_rows), one):
            done += rows
            progress(done / max(self.files.rows, 1))
            yield value, records


def _sums(scorer: TableScorer, records: PartRecords, *, question: StressQuestion, known: BookConstants) -> StressSums:
    return StressSums.of(scorer, records.raw, ids=records.ids, question=question, known=known)
