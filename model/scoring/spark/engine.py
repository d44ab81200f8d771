"""The question to a whole book, asked by Spark: each partition gives one row of sums, and one row comes back."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from data.arrays import AnyArray
from model.engine.parallel import Progress
from model.release.release import Release
from model.scoring.parts.files import DELTA
from model.scoring.parts.reading import PartReader, Refusals
from model.scoring.spark import door
from model.scoring.spark.door import through_the_door
from model.scoring.spark.following import collected
from model.scoring.spark.parcel import Parcel
from model.scoring.spark.session import Session, begun_session, connected, told_shortly
from model.scoring.spark.workers import FILE, ROW, ddl_of, from_row
from model.whatif.book.sums import BookCensus, BookConstants, StressQuestion, StressSums

Frame: TypeAlias = Any
"""A table of pyspark's."""


@dataclass(frozen=True, eq=False)
class SparkEngine:
    """A ``frame`` of Spark's, whose files lie below ``root``, and the ``release`` that its workers were sent in a
    ``parcel``."""

    session: Session
    frame: Frame
    root: str
    release: Release
    parcel: Parcel

    @cached_property
    def reader(self) -> PartReader:
        """Which columns are read. BadInput where one is missing."""
        return PartReader.of(self.release.contract, tuple(self.frame.columns))

    def census(self, question: StressQuestion, progress: Progress) -> tuple[BookCensus, Refusals]:
        """The whole table, and the rows that its contract refuses."""
        arrays, refused = self._merged("census", BookCensus.nobody().arrays(), self._asked(question), progress)
        return BookCensus.from_arrays(arrays), refused

    def sums(self, question: StressQuestion, known: BookConstants, progress: Progress) -> StressSums:
        """What the whole table adds up to."""
        asked = self._asked(question) | {"shifts": known.shifts, "sampled": known.sampled}
        arrays, _ = self._merged("sums", StressSums.nothing(question).arrays(), asked, progress)
        return StressSums.from_arrays(question, arrays)

    def _asked(self, question: StressQuestion) -> dict[str, object]:
        """Plain values, as they go to the workers."""
        return {
            "book": question.contract.book.name,
            "release": self.release.id,
            "scenario": question.scenario.values,
            "day": question.day.isoformat(),
            "measures": question.measures,
            "columns": tuple(self.frame.columns),
            "root": self.root,
        }

    def _merged(
        self, task: str, nothing: Mapping[str, AnyArray], asked: Mapping[str, object], progress: Progress
    ) -> tuple[dict[str, AnyArray], Refusals]:
        """A row of sums for each partition, and those as one."""
        ddl, shipped = ddl_of(nothing), self.parcel.named
        rows = self.frame.select(*map(quoted_column, (*self.reader.needed, FILE, ROW)))
        parts = rows.mapInArrow(through_the_door(task, shipped, asked), ddl)
        whole = parts.repartition(1).mapInArrow(through_the_door(f"merged_{task}", shipped, asked), ddl)
        found = collected(self.session, whole, progress)
        if not found.num_rows:  # Spark asks no worker about a table without rows
            return dict(nothing), Refusals()
        return from_row(found.combine_chunks().to_batches()[0], 0)


@contextmanager
def spark_engine(source: str, release: Release, master: str) -> Iterator[SparkEngine]:
    """An engine for a table in Parquet or Delta, or for one that Spark knows by name.

    Raises
    ------
    BadInput
        If there is no such table, or a row of it makes no sense as one.
    EngineError
        If Spark cannot do it.
    """
    with ready_session(release, master) as (session, parcel):
        frame, root = _table(session, source)
        yield SparkEngine(session, frame, root, release, parcel)


@contextmanager
def ready_session(release: Release, master: str) -> Iterator[tuple[Session, Parcel]]:
    """A session whose workers were sent what they need.

    Raises
    ------
    BadInput, EngineError
    """
    with begun_session(master) as session, told_shortly():
        from pyspark import cloudpickle

        cloudpickle.register_pickle_by_value(door)  # a worker has no code of ours before it went through
        yield session, send_release(session, release)


def send_release(session: Session, release: Release) -> Parcel:
    """Code and release, sent to the workers of a session."""
    parcel = Parcel.of(release, _packing_place())
    for archive in parcel.archives:
        if connected(session):
            session.addArtifacts(str(archive), file=True)
        else:
            session.sparkContext.addFile(str(archive))
    return parcel


@lru_cache(maxsize=1)
def _packing_folder() -> "TemporaryDirectory[str]":
    return TemporaryDirectory(prefix="whatif-")


def _packing_place() -> Path:
    """Where parcels lie until this process ends: a session reads what it was given again when it likes."""
    return Path(_packing_folder().name)


def _table(session: Session, source: str) -> tuple[Frame, str]:
    """A table, with the file of each row and its number there from 0 on, "" and -1 where Spark does not know them; and
    below what its files lie."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions

    place, root = source, ""
    if is_path(source):
        here = Path(source)
        if here.exists():
            place, root = address_of(here), Path(path_of(here)).as_uri()
        else:
            root = source
        kind = "delta" if (here / DELTA).is_dir() else "parquet"
        frame = session.read.format(kind).load(place)
    else:
        frame = session.table(source)
    file, row = functions.col("_metadata.file_path"), functions.col("_metadata.row_index")
    try:
        frame.select("*", file, row).schema  # noqa: B018  over Spark Connect only this asks
    except AnalysisException:  # a table that lies in no files knows neither
        file, row = functions.lit(""), functions.lit(-1).cast("long")
    return frame.select("*", file.alias(FILE), row.alias(ROW)), root


def address_of(place: Path) -> str:
    """A file or folder of this machine as Spark is told it, which takes no part of it for an escape."""
    return f"file://{path_of(place)}"


def path_of(place: Path) -> str:
    """A file or folder of this machine as Spark tells it again, without detours."""
    return Path(os.path.abspath(place)).as_posix()


def is_path(source: str) -> bool:
    """Whether a table is named by where it lies, not by a name that Spark knows."""
    return "/" in source or source.lower().endswith(".parquet") or Path(source).exists()


def quoted_column(column: str) -> str:
    """A column's name, whatever stands in it."""
    return f"`{column.replace('`', '``')}`"
