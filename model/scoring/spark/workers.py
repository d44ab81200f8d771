"""What a worker does with its rows: the tasks by name. Each is handed Arrow batches, the folder of the release and what
is asked, and yields one row of sums."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa

from data.arrays import AnyArray, Arrow
from model.engine.parallel import ROWS
from model.engine.scorer import TableScorer
from model.release.store import Store
from model.scoring.parts.reading import PartReader, PartRecords, Refusals, RefusedRow
from model.whatif.book.scenario import BookScenario
from model.whatif.book.sums import BookCensus, BookConstants, StressQuestion, StressSums

Asked = Mapping[str, Any]
Value = TypeVar("Value", BookCensus, StressSums)
FILE, ROW = "_whatif_file", "_whatif_row"  # columns beside those of the table
REFUSED = "refused"


@lru_cache(maxsize=2)
def scorer_of(home: str, book: str, release: str) -> TableScorer:
    """The release, checked as the driver checked it; loaded once a worker."""
    return Store(Path(home), book).load(release).scorer


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
