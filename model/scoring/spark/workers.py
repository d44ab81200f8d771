"""What a worker does with its rows: the tasks by name. Each is handed Arrow batches, the folder of the release and what
is asked, and yields one row of sums."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import numpy as np
import pyarrow as pa

from data.arrays import AnyArray, Arrow
from data.errors import BadInput
from data.files.columnar import column_of_cells
from data.files.numbers import Habit
from model.engine.parallel import ROWS
from model.engine.scorer import TableScorer
from model.release.register import Moved
from model.release.release import Release
from model.release.store import Store
from model.scoring.job.columnar import FIRST_LINE, cells, identifiers
from model.scoring.job.job import Tally, strict_words, summed, votes_of
from model.scoring.job.scorer import JobScorer, RefusedRecord, block_numbers
from model.scoring.job.source import Block
from model.scoring.job.stage import PartWriter, Stage
from model.scoring.job.terms import JobTerms
from model.scoring.parts.reading import PartReader, PartRecords, Refusals, RefusedRow
from model.scoring.stream.answers import decision_answers, refusal_answer
from model.scoring.stream.decider import Decided, Decider
from model.scoring.stream.messages import Message
from model.whatif.book.scenario import BookScenario
from model.whatif.book.sums import BookCensus, BookConstants, StressQuestion, StressSums

Asked = Mapping[str, Any]
Value = TypeVar("Value", BookCensus, StressSums)
FILE, ROW = "_whatif_file", "_whatif_row"  # columns beside those of the table
REFUSED = "refused"


@lru_cache(maxsize=2)
def release_of(home: str, book: str, release: str) -> Release:
    """The release, checked as the driver checked it; loaded once a worker."""
    return Store(Path(home), book).load(release)


def scorer_of(home: str, book: str, release: str) -> TableScorer:
    """Its tables."""
    return release_of(home, book, release).scorer


def question_of(scorer: TableScorer, asked: Asked) -> StressQuestion:
    """The question, as `engine.SparkEngine` sends it."""
    scenario = BookScenario(tuple((str(name), value) for name, value in asked["scenario"]))
    return StressQuestion(scorer.contract, scenario, date.fromisoformat(asked["day"]), tuple(asked["measures"]))


# ---- tasks -------------------------------------------------------------------------------------------------------


def census(batches: Iterator[Arrow], home: str, asked: Asked) -> Iterator[Arrow]:
    """One row: the census of all rows that come, and what was refused."""
    scorer = scorer_of(home, asked["book"], asked["release"])
    found, refused = BookCensus.nobody(), Refusals()
    for records in _records(scorer, batches, asked):
        found, refused = found + BookCensus.of(scorer, records.raw, records.ids), refused + records.refused
    yield one_row(found.arrays(), refused)


def sums(batches: Iterator[Arrow], home: str, asked: Asked) -> Iterator[Arrow]:
    """One row: what all rows that come add up to."""
    scorer = scorer_of(home, asked["book"], asked["release"])
    question, known = question_of(scorer, asked), BookConstants(tuple(asked["shifts"]), asked["sampled"])
    found = StressSums.nothing(question)
    for records in _records(scorer, batches, asked):
        found += StressSums.of(scorer, records.raw, ids=records.ids, question=question, known=known)
    yield one_row(found.arrays(), Refusals())


def merged_census(batches: Iterator[Arrow], _home: str, _asked: Asked) -> Iterator[Arrow]:
    """One row of many: the census of all of them."""
    yield from _merged(batches, BookCensus.nobody(), BookCensus.from_arrays)


def merged_sums(batches: Iterator[Arrow], home: str, asked: Asked) -> Iterator[Arrow]:
    """One row of many: the sums of all of them."""
    question = question_of(scorer_of(home, asked["book"], asked["release"]), asked)
    yield from _merged(batches, StressSums.nothing(question), lambda arrays: StressSums.from_arrays(question, arrays))


def score_rows(batches: Iterator[Arrow], home: str, asked: Asked) -> Iterator[Arrow]:
    """Score all rows that come into parts of an output; one row for each part, where it belongs and what it is called.

    Rows of one file that follow each other are a part: whoever puts the parts in order has the rows in order.
    """
    job = ScoringPartition(release_of(home, asked["book"], asked["release"]), asked)
    try:
        for batch in batches:
            for first, count in runs(batch):
                job.score(batch.slice(first, count))
        job.close()
    except BaseException:
        job.abandon()
        raise
    yield pa.RecordBatch.from_pylist(
        job.written, pa.schema([("file", "string"), ("first", "int64"), ("name", "string")])
    )


def runs(batch: Arrow) -> Iterator[tuple[int, int]]:
    """Where in a batch rows begin that follow each other in one file, and how many they are."""
    for start, count in _files(batch):
        rows = batch.column(ROW).slice(start, count).to_numpy(zero_copy_only=False)
        breaks = [0, *(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), count]
        for own, after in pairwise(breaks):
            yield start + own, after - own


class ScoringPartition:
    """The parts of an output that one partition of Spark's becomes."""

    def __init__(self, release: Release, asked: Asked) -> None:
        self.asked, yearly = asked, float(asked["yearly"])
        self.scorer = JobScorer(release, JobTerms(**asked["terms"]), lambda _rate: yearly)
        self.stage = Stage(Path(asked["out"]), asked["digest"], pa.ipc.read_schema(pa.py_buffer(asked["schema"])))
        self.habits = [Habit(**each) for each in asked["habits"]]
        self.written: list[dict[str, object]] = []
        self.place: tuple[str, int] = ("", -1)  # the file and the row that follow what was written last
        self.writer: PartWriter | None = None
        self.tallies: list[Tally] = []

    def score(self, batch: Arrow) -> None:
        """Some rows of one file that follow each other."""
        file, first = unquote(urlsplit(batch.column(FILE)[0].as_py()).path), batch.column(ROW)[0].as_py()
        if (file, first) != self.place or self.writer is None:
            self.close()
            name = f"attempt-{uuid4().hex}"
            self.writer = PartWriter(self.stage, name, header=False)
            self.written.append({"file": file, "first": first, "name": name})
        self.place = (file, first + batch.num_rows)
        tables, refused, numbers = [], list[RefusedRecord](), []
        for start in range(0, batch.num_rows, ROWS):
            block = self._block(pa.Table.from_batches([batch.slice(start, ROWS)]), file, first + start)
            found = self.scorer.score(block, self.habits, self.stage.schema)
            if self.scorer.terms.strict and found.refused:
                raise BadInput(strict_words(found.refused[0]))
            tables.append(found.table)
            refused += found.refused
            numbers.append(block_numbers(block))
            self.tallies.append(Tally(found.sums, tuple(map(votes_of, block.fields)), found.notes))
        self.writer.write(pa.concat_tables(tables), refused, np.concatenate(numbers))

    def _block(self, table: Arrow, file: str, first: int) -> Block:
        def column(name: str) -> Arrow:
            return column_of_cells(table.column(name), table.schema.field(name), table.num_rows)

        asked, schema, begin = self.asked, self.stage.schema, int(self.asked["before"][file]) + first
        ids = None if asked["id"] is None else identifiers(column(asked["id"]), schema.field(0).type)
        places = range(1 + (ids is not None), 1 + (ids is not None) + len(asked["carried"]))
        carried = {
            name: column(own).cast(schema.field(place).type)
            for (name, own), place in zip(asked["carried"].items(), places, strict=True)
        }
        lines = np.arange(begin, begin + table.num_rows, dtype=np.int64) + FIRST_LINE
        return Block(lines, [cells(column(each)) for each in asked["fields"]], ids, carried)

    def close(self) -> None:
        """End the part that is being written."""
        if self.writer is not None:
            self.writer.close(summed(self.tallies).to_json())
            self.writer, self.tallies = None, []

    def abandon(self) -> None:
        """Leave the part as it is."""
        if self.writer is not None:
            self.writer.abandon()


def _merged(
    batches: Iterator[Arrow], nothing: Value, made: Callable[[Mapping[str, AnyArray]], Value]
) -> Iterator[Arrow]:
    found, refused = nothing, Refusals()
    for batch in batches:
        for row in range(batch.num_rows):
            arrays, more = from_row(batch, row)
            found, refused = found + made(arrays), refused + more
    yield one_row(found.arrays(), refused)


def _records(scorer: TableScorer, batches: Iterator[Arrow], asked: Asked) -> Iterator[PartRecords]:
    """The good rows and what was refused, as many rows at a time as one chunk of a book has."""
    reader, root = PartReader.of(scorer.contract, asked["columns"]), str(asked["root"])
    for whole in batches:
        for start in range(0, whole.num_rows, ROWS):
            batch = whole.slice(start, ROWS)
            for first, count in _files(batch):
                part = batch.slice(first, count)
                file = below(root, part.column(FILE)[0].as_py())
                yield reader.read(part, part.column(ROW).to_numpy(zero_copy_only=False) + 1, file)


def _files(batch: Arrow) -> Iterator[tuple[int, int]]:
    """Where in a batch the rows of one file begin, and how many they are."""
    ends = batch.column(FILE).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    starts = np.append(0, np.flatnonzero(np.diff(ends)) + 1)
    for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), batch.num_rows], strict=True):
        yield start, stop - start


def below(root: str, file: str) -> str:
    """A file as it is told: by its path below the table's ``root``; "" where it is the table."""
    path, place = (unquote(urlsplit(each).path) for each in (file, root))
    return path.removeprefix(place).lstrip("/") if place and path.startswith(place) else path


# ---- sums as a row -----------------------------------------------------------------------------------------------


def one_row(arrays: Mapping[str, AnyArray], refused: Refusals) -> Arrow:
    """Plain arrays as one row of Arrow, each a list, and the rows refused."""
    told = json.dumps({"count": refused.count, "first": [asdict(each) for each in refused.first]})
    columns = {name: pa.array([values]) for name, values in arrays.items()}
    return pa.RecordBatch.from_pydict({**columns, REFUSED: pa.array([told])})


def from_row(batch: Arrow, row: int) -> tuple[dict[str, AnyArray], Refusals]:
    """What `one_row` made a row of."""
    arrays = {
        name: batch.column(k)[row].values.to_numpy(zero_copy_only=False)
        for k, name in enumerate(batch.schema.names)
        if name != REFUSED
    }
    told = json.loads(batch.column(REFUSED)[row].as_py())
    first = tuple(RefusedRow(**{**each, "reasons": tuple(each["reasons"])}) for each in told["first"])
    return arrays, Refusals(told["count"], first)


def ddl_of(arrays: Mapping[str, AnyArray]) -> str:
    """The columns of such a row, as Spark declares them."""
    kinds = {"f": "array<double>", "i": "array<bigint>"}
    return ", ".join([*(f"{name} {kinds[values.dtype.kind]}" for name, values in arrays.items()), f"{REFUSED} string"])


# ---- messages ----------------------------------------------------------------------------------------------------


def answer_messages(batches: Iterator[Arrow], home: str, asked: Asked) -> Iterator[Arrow]:
    """The answers to those messages that one release decides, as messages to send."""
    decider = SentDecider(home, asked)
    for whole in batches:
        for start in range(0, whole.num_rows, ROWS):
            messages = messages_of(whole.slice(start, ROWS))
            own = [each for each in messages if decider.decides(each.at, asked["now"]) == asked["release"]]
            yield answers_as_rows(decider.decide(own, asked["now"]), asked["decisions"], asked["refused"])


class SentDecider(Decider):
    """One that was told by which release what is decided, and was sent one of them."""

    def __init__(self, home: str, asked: Asked) -> None:
        super().__init__(Store(Path(home), asked["book"]))
        told = ((datetime.fromisoformat(at), release) for at, release in asked["champions"])
        self._told = tuple(Moved(at, "champion", release=release, who="") for at, release in told)

    def champions(self) -> tuple[Moved, ...]:
        """Every time the champion moved, as the driver knows it."""
        return self._told

    def release(self, identity: str) -> Release:
        """A release, loaded once a worker."""
        return release_of(str(self.store.home), self.store.book, identity)


def messages_of(batch: Arrow) -> list[Message]:
    """Rows as Spark reads them from Kafka, as messages."""
    names = ("topic", "partition", "offset", "at", "key", "value")
    return [Message(*row) for row in zip(*(batch.column(name).to_pylist() for name in names), strict=True)]


def answers_as_rows(decided: Decided, decisions: str, refused: str) -> Arrow:
    """Decisions and refusals as Spark sends them by Kafka."""
    sent = [(decisions, each) for batch in decided.batches for each in decision_answers(batch)]
    sent += [(refused, refusal_answer(each)) for each in decided.refused]
    header = pa.struct([("key", pa.string()), ("value", pa.binary())])
    headers = [
        [{"key": name, "value": value} for name, value in answer.headers] if answer.headers else None
        for _, answer in sent
    ]
    columns = {
        "topic": pa.array([topic for topic, _ in sent], pa.string()),
        "key": pa.array([answer.key for _, answer in sent], pa.binary()),
        "value": pa.array([answer.value for _, answer in sent], pa.binary()),
        "headers": pa.array(headers, pa.list_(header)),
    }
    return pa.RecordBatch.from_pydict(columns)
