"""A file scored by Spark: its workers read, score and write parts of the output, and this process puts them in order.

What comes out is what this machine alone would write, row for row, in the same order, with the same manifest. Input and
output lie where the workers and this process see them under the same path: a file system that all of them share.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from data.errors import BadInput
from data.files.given import GivenCells
from data.files.numbers import Habit
from model.errors import EngineError
from model.scoring.job.columnar import ParquetSource
from model.scoring.job.job import Follow, JobRun, Tally, summed, votes_of
from model.scoring.job.scorer import JobScorer
from model.scoring.job.source import Block, RecordSource
from model.scoring.job.stage import Stage, told_of_disk
from model.scoring.spark.door import through_the_door
from model.scoring.spark.engine import address_of, path_of, quoted_column, ready_session
from model.scoring.spark.following import collected
from model.scoring.spark.session import Session
from model.scoring.spark.workers import FILE, ROW

WRITTEN = "file string, first bigint, name string"  # what a worker says of a part
AS_TEXT = "spark.sql.sources.partitionColumnTypeInference.enabled"  # 007 in a folder's name is no number


def spark_run(path: Path, master: str) -> Callable[[RecordSource, Stage, JobScorer, Follow], JobRun]:
    """What goes through the rows of a job by Spark at a ``master``. BadInput unless what is read is Parquet."""
    if not path.is_dir() and path.suffix.lower() != ".parquet":
        raise BadInput(f"--engine spark scores Parquet, a file or a folder; {path.name!r} was given. Leave it out.")
    return partial(SparkJobRun, master=master)


class SparkJobRun(JobRun):
    """The rows of a source on their way into a stage, by Spark at a ``master``."""

    def __init__(self, source: RecordSource, stage: Stage, scorer: JobScorer, follow: Follow, master: str) -> None:
        super().__init__(source, stage, scorer, follow)
        assert isinstance(source, ParquetSource)
        self.table, self.master = source, master

    def through(self, known: Sequence[str] | None) -> tuple[Tally, Sequence[Habit]]:
        """What all rows came to, read as is ``known`` of each field, or as the first block says."""
        first = next(iter(self.source.blocks()), None) or self.no_rows()
        habits = self.habits(first, known)
        with told_of_disk(self.stage.out):
            self.stage.forget_parts()
        with ready_session(self.scorer.release, self.master) as (session, parcel):
            task = through_the_door("score_rows", parcel.named, self._asked(habits))
            written = collected(session, self._frame(session).mapInArrow(task, WRITTEN), self._hear).to_pylist()
        place = {path_of(part.path): k for k, part in enumerate(self.table.parts)}
        written.sort(key=lambda each: (place[each["file"]], each["first"]))
        with told_of_disk(self.stage.out):
            tallies = self._header(habits) if self.stage.kind == "csv" else []
            for number, each in enumerate(written, len(tallies)):
                tallies.append(self._taken(each["name"], number))
        found = summed(tallies)
        if found.sums.scored + found.sums.refused != self.table.rows:
            raise BadInput(f"{self.stage.out.name} was not written: the input changed while Spark read it. Try again.")
        return found, habits

    def _hear(self, share: float) -> None:
        self.follow(round(share * self.table.rows), self.table.rows)

    def _asked(self, habits: Sequence[Habit]) -> dict[str, object]:
        """Plain values, as they go to the workers."""
        release, layout, names = self.scorer.release, self.table.layout, self.table.names
        columns = layout.columns
        return {
            "book": release.contract.book.name,
            "release": release.id,
            "terms": asdict(self.scorer.terms),
            "yearly": self.scorer.yearly,
            "out": str(self.stage.out.absolute()),
            "digest": self.stage.digest,
            "schema": self.stage.schema.serialize().to_pybytes(),
            "habits": [asdict(each) for each in habits],
            "fields": [names[place] for place in columns.fields],
            "id": None if columns.id is None else names[columns.id],
            "carried": {name: names[place] for name, place in layout.carried.items()},
            "before": {path_of(part.path): part.before for part in self.table.parts},
        }

    def _frame(self, session: Session) -> Any:
        """The columns that are read, with the file of each row and its number there."""
        from pyspark.sql import functions

        root, files = self.table.root, [address_of(part.path) for part in self.table.parts]
        before = session.conf.get(AS_TEXT)
        session.conf.set(AS_TEXT, "false")
        try:
            reader = session.read.option("basePath", address_of(root)) if root.is_dir() else session.read
            frame = reader.parquet(*files)
        finally:
            session.conf.set(AS_TEXT, before)
        names = dict.fromkeys(self.table.names[place] for place in self.table.layout.places)
        return frame.select(
            *map(quoted_column, names),
            functions.col("_metadata.file_path").alias(FILE),
            functions.col("_metadata.row_index").alias(ROW),
        )

    def _header(self, habits: Sequence[Habit]) -> list[Tally]:
        """A first part with the names of the columns alone, which those of the workers have not."""
        nothing = GivenCells(np.empty(0), np.empty(0, np.int64))
        ids = None if self.table.id_type is None else pa.array([], self.table.id_type)
        carried = {name: pa.chunked_array([], kind) for name, kind in self.table.carried_types.items()}
        block = Block(np.empty(0, np.int64), [nothing] * len(self.fields), ids, carried)
        scored, writer = self.scorer.score(block, habits, self.stage.schema), self.stage.write_part(0)
        found = Tally(scored.sums, tuple(map(votes_of, block.fields)), ())
        writer.write(scored.table, (), block.lines)
        writer.close(found.to_json())
        return [found]

    def _taken(self, name: str, number: int) -> Tally:
        """A part that a worker wrote, as the one of this number."""
        try:
            return Tally.from_json(self.stage.take_part(name, number))
        except FileNotFoundError as error:
            raise EngineError(
                f"What a worker wrote is not in {self.stage.folder}. Name an output on a file system that this process "
                "and all workers share."
            ) from error
