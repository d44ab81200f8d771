"""A job from its input to its output: looked at, read ahead, scored on all cores, written behind.

Blocks are scored in the file's order, parts of many blocks are kept as they are done. Which sign stands before decimals
is settled by the first block, as the whole file says it for all; if the rest of a file says otherwise the job begins
anew with what all of it says.
"""

import json
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.contract import Contract
from data.errors import BadInput
from data.files.given import GivenCells
from data.files.kinds import ENDINGS
from data.files.numbers import NO_VOTES, Habit, Votes, habit_of, settled, votes
from data.json_types import JsonObject
from model.engine.parallel import Progress, no_progress, stream
from model.locks import exclusive
from model.scoring.job import sizes
from model.scoring.job.manifest import JobManifest, digest_of, intact, read_manifest
from model.scoring.job.scorer import JobScorer, RefusedRecord, ScoredBlock, block_numbers
from model.scoring.job.source import Block, RecordSource, fingerprint
from model.scoring.job.stage import LOCK, Stage, kind_of_output, refused_file, told_of_disk, unfinished
from model.scoring.job.sums import JobSums

LOOKED_AT = 2_000  # different texts of a column that a file's habits are taken from
FORMAT = "1"  # of the output: another gives other files for the same terms
COMPRESSED = ".gz"

Follow = Callable[[int, int | None], object]  # rows done, and of how many


def not_followed_rows(_done: int, _rows: int | None) -> None:
    """For callers who do not follow how far a job is."""


@dataclass(frozen=True)
class Finished:
    """A job that is done: its ``manifest``, and whether it was done ``before``, so that nothing was to be done."""

    manifest: JobManifest
    before: bool


def files_of(path: Path) -> list[Path]:
    """The files that an input is made of: itself, or all Parquet files below a folder, in the order of their paths.

    Raises
    ------
    BadInput
        If there is nothing of the kind.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise BadInput(f"There is no file or folder {path}. Check the name.")
    found = sorted(each for each in path.rglob("*.parquet") if not _hidden(each.relative_to(path)))
    if not found:
        raise BadInput(f"The folder {path} holds no Parquet file (.parquet). Name a file, or a folder that does.")
    return found


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def opened_source(
    path: Path, contract: Contract, carried: Sequence[str] = (), progress: Progress = no_progress
) -> RecordSource:
    """What is to be read, looked at as far as its columns.

    Raises
    ------
    BadInput
        If it cannot be read, or lacks a column that is needed.
    """
    files = files_of(path)
    try:
        if path.is_dir() or files[0].suffix.lower() == ".parquet":
            from model.scoring.job.columnar import ParquetSource

            return ParquetSource(files, path, contract, carried)
        return _opened_file(path, contract, carried, progress)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error


def _opened_file(path: Path, contract: Contract, carried: Sequence[str], progress: Progress) -> RecordSource:
    plain = path.with_suffix("") if path.suffix.lower() == COMPRESSED else path
    kind = ENDINGS.get(plain.suffix.lower())
    if kind == "csv":
        from model.scoring.job.text import TextSource

        return TextSource(path, contract, carried)
    if kind == "xlsx" and plain == path:
        from model.scoring.job.sheet import SheetSource

        return SheetSource(path, contract, carried, progress)
    raise BadInput(
        f"{path.name} is of no kind that is scored. Give CSV (.csv, .csv.gz), Excel (.xlsx) or Parquet (.parquet, or a "
        "folder of such files)."
    )


def run_job(
    path: Path,
    out: Path,
    scorer: JobScorer,
    follow: Follow = not_followed_rows,
    progress: Progress = no_progress,
    run: "Callable[[RecordSource, Stage, JobScorer, Follow], JobRun] | None" = None,
) -> Finished:
    """Score what is at ``path`` into ``out``; what an earlier run of the same job had done is taken over, and if all of
    it was, nothing is done. ``run`` goes through the rows; by default this process does.

    Raises
    ------
    BadInput
        If the input cannot be read or the output cannot be written; under strict terms, if a row is refused.
    StoreError
        If another job is writing the same output.
    """
    kind_of_output(out)
    if not out.parent.is_dir():
        raise BadInput(f"There is no folder {out.parent.absolute()} to write {out.name} in. Make it, or name another.")
    files = files_of(path)
    if out.absolute() in [each.absolute() for each in files] or (path.is_dir() and out.absolute() == path.absolute()):
        raise BadInput(f"{out} is what is to be read. Name another output.")
    try:
        before = _states(files)
        digest = fingerprint(files, path)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error
    _require_replaceable(out)
    job = scorer.terms.digest(digest, path.name, out.suffix, scorer.release.artefact, FORMAT)
    found = read_manifest(out)
    if found is not None and found.digest == job and intact(found, out):
        return Finished(found, True)
    if run is None and (path.is_dir() or files[0].suffix.lower() == ".parquet"):
        from model.scoring.job.rehearsal import rehearse  # not where a cluster's workers read, each held by itself

        rehearse(files, path, scorer.contract, scorer.terms.columns, progress)
    source = opened_source(path, scorer.contract, scorer.terms.columns, progress)
    schema = scorer.schema(source.id_type, source.carried_types)
    with told_of_disk(out):
        stage = Stage(out, job, schema)
    with exclusive(stage.folder / LOCK, f"The parts of {out.name}"):
        with told_of_disk(out):
            stage.begin()
        rows = (run or JobRun)(source, stage, scorer, follow).done()
        if _states(files) != before:
            with told_of_disk(out):
                stage.clear()
            raise BadInput(f"{path} was changed while it was read; nothing was written. Give the same command again.")
        with told_of_disk(out):
            manifest = _manifest(rows, source=source, stage=stage, scorer=scorer, path=path, digests=(job, digest))
            return Finished(_published(stage, manifest), False)


def _require_replaceable(out: Path) -> None:
    """Raise a BadInput if something stands in the output's place that no job wrote there and nobody means to lose."""
    ours = kind_of_output(out) == "folder" and (read_manifest(out) is not None or unfinished(out).is_dir())
    if out.is_dir() and not ours and any(out.iterdir()):
        raise BadInput(f"{out} is a folder that no batch wrote; it is left as it is. Name another output.")
    if out.is_file() and kind_of_output(out) == "folder":
        raise BadInput(f"{out} is a file; without an ending the output is a folder. Name another output.")


def _states(files: Sequence[Path]) -> list[tuple[int, int]]:
    return [(each.stat().st_size, each.stat().st_mtime_ns) for each in files]


def _manifest(
    rows: "Tally", *, source: RecordSource, stage: Stage, scorer: JobScorer, path: Path, digests: tuple[str, str]
) -> JobManifest:
    release = scorer.release
    return JobManifest(
        digests[0],
        path.name,
        digests[1],
        release=release.id,
        artefact=release.artefact,
        book=release.contract.book.name,
        terms=scorer.terms,
        rows=rows.sums.scored + rows.sums.refused,
        sums=rows.sums,
        notes=(*source.notes, *rows.notes),
        ignored=source.layout.columns.ignored,
        repeated=stage.repeated(),
    )


def _published(stage: Stage, manifest: JobManifest) -> JobManifest:
    whole, refused = stage.assemble(), stage.assemble_refused()
    files = [(stage.out.name, digest_of(whole))]
    if refused is not None:
        files.append((refused_file(stage.out).name, digest_of(refused)))
    manifest = replace(manifest, files=tuple(files))
    stage.publish(whole, refused, json.dumps(manifest.to_json(), indent=1).encode())
    return manifest


# ---- the rows ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Tally:
    """What some rows came to: their ``sums``, the ``votes`` of each field's texts for a sign before decimals, and what
    reading took for granted."""

    sums: JobSums
    votes: tuple[Votes, ...]
    notes: tuple[str, ...]

    def __add__(self, other: "Tally") -> "Tally":
        added = tuple(own + more for own, more in zip(self.votes, other.votes, strict=True))
        return Tally(self.sums + other.sums, added, tuple(dict.fromkeys((*self.notes, *other.notes))))

    def to_json(self) -> JsonObject:
        """The tally as the file of a part holds it."""
        return {"sums": self.sums.to_json(), "votes": [asdict(each) for each in self.votes], "notes": list(self.notes)}

    @classmethod
    def from_json(cls, held: JsonObject) -> "Tally":
        """The tally that `to_json` wrote."""
        own = tuple(Votes(**each) for each in held["votes"])
        return cls(JobSums.from_json(held["sums"]), own, tuple(map(str, held["notes"])))


class JobRun:
    """The rows of a source on their way into a stage."""

    def __init__(self, source: RecordSource, stage: Stage, scorer: JobScorer, follow: Follow) -> None:
        self.source, self.stage, self.scorer, self.follow = source, stage, scorer, follow
        self.fields = scorer.contract.record

    def done(self) -> Tally:
        """What all rows came to, when all parts are whole."""
        known: Sequence[str] | None = None
        while True:
            tally, habits = self.through(known)
            known = [self._settled(k, votes, habits[k]) for k, votes in enumerate(tally.votes)]
            if all(
                own == habit.known or not votes.either
                for own, habit, votes in zip(known, habits, tally.votes, strict=True)
            ):
                return tally
            with told_of_disk(self.stage.out):
                self.stage.forget_parts()

    def _settled(self, k: int, of: Votes, habit: Habit) -> str:
        return settled(of, replace(habit, known=None), self.fields[k].reading.decimal)

    def through(self, known: Sequence[str] | None) -> tuple[Tally, Sequence[Habit]]:
        """What all rows came to, read as is ``known`` of each field, or as the first block says."""
        with told_of_disk(self.stage.out):
            parts = [Tally.from_json(each) for each in self.stage.done()]
            held = self.stage.remembered()
        habits = None if held is None else [Habit(**each) for each in held["habits"]]
        blocks = self.source.blocks(len(parts) * sizes.PART_BLOCKS)
        with _ahead(blocks, sizes.AHEAD) as coming, ThreadPoolExecutor(1, thread_name_prefix="writer") as behind:
            first = next(coming, None)
            if first is None and parts:
                assert habits is not None
                return summed(parts), habits
            block = first or self.no_rows()
            if habits is None:
                habits = self.habits(block, known)
                with told_of_disk(self.stage.out):
                    self.stage.remember({"habits": [asdict(each) for each in habits]})
            with closing(stream(chain([block], coming), partial(self._scored, habits))) as scored:
                for one in scored:
                    own = chain([one], islice(scored, sizes.PART_BLOCKS - 1))
                    parts.append(self._part(len(parts), own, behind, summed_rows(parts)))
        return summed(parts), habits

    def _scored(self, habits: Sequence[Habit], block: Block) -> "_Scored":
        found = self.scorer.score(block, habits, self.stage.schema)
        tally = Tally(found.sums, tuple(map(votes_of, block.fields)), found.notes)
        return _Scored(found, tally, block_numbers(block))

    def no_rows(self) -> Block:
        """A file that holds its header and nothing else."""
        record = self.scorer.contract.book.record
        raise BadInput(f"The file holds its column names and no {record}. Add one row for each {record}.")

    def habits(self, block: Block, known: Sequence[str] | None) -> list[Habit]:
        """How each field's numbers are written, as is ``known`` or as the first block says."""
        habit = habit_of((each.texts[:LOOKED_AT] for each in block.fields), self.source.delimiter)
        if known is not None:
            return [replace(habit, known=each) for each in known]
        return [replace(habit, known=self._settled(k, votes_of(cells), habit)) for k, cells in enumerate(block.fields)]

    def _part(self, number: int, blocks: Iterator["_Scored"], behind: ThreadPoolExecutor, rows: int) -> Tally:
        """Write the blocks of a part; ``rows`` were done before."""
        with told_of_disk(self.stage.out):
            writer = self.stage.write_part(number)
        tallies, waiting = list[Tally](), list[Future[None]]()
        try:
            for each in blocks:
                if self.scorer.terms.strict and each.found.refused:
                    raise BadInput(strict_words(each.found.refused[0]))
                tallies.append(each.tally)
                waiting.append(behind.submit(writer.write, each.found.table, each.found.refused, each.numbers))
                with told_of_disk(self.stage.out):
                    while len(waiting) > sizes.AHEAD:
                        waiting.pop(0).result()
                self.follow(rows + summed_rows(tallies), self.source.rows)
            found = summed(tallies)
            with told_of_disk(self.stage.out):
                for done in waiting:
                    done.result()
                writer.close(found.to_json())
        except BaseException:
            for done in waiting:
                done.cancel()
            behind.submit(writer.abandon).result()
            raise
        return found


@dataclass(frozen=True, eq=False)
class _Scored:
    """A block that was ``found`` out about, what it came to, and the ``numbers`` of its rows' identifiers."""

    found: ScoredBlock
    tally: Tally
    numbers: NDArray[np.int64]


def votes_of(cells: GivenCells) -> Votes:
    """How the texts of a column part their decimals."""
    return votes(cells.figures, cells.texts, cells.counts()) if cells.texts else NO_VOTES


def summed_rows(tallies: Sequence[Tally]) -> int:
    """How many rows they are of."""
    return sum(each.sums.scored + each.sums.refused for each in tallies)


def summed(tallies: Sequence[Tally]) -> Tally:
    """All of them as one."""
    total = tallies[0]
    for each in tallies[1:]:
        total = total + each
    return total


def strict_words(row: RefusedRecord) -> str:
    """Why a job under strict terms ended."""
    called = f" ({row.id})" if row.id else ""
    return (
        f"Row {row.line:,}{called} cannot be scored, and the job is strict: {row.refusal.reason} Nothing was written."
    )


@contextmanager
def _ahead(blocks: Iterator[Block], most: int) -> Iterator[Iterator[Block]]:
    """The same blocks, read by a thread of their own while others are scored."""
    waiting: queue.Queue[Block | BaseException | None] = queue.Queue(most)
    over = threading.Event()

    def put(what: Block | BaseException | None) -> bool:
        while not over.is_set():
            try:
                waiting.put(what, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def read() -> None:
        try:
            for block in blocks:
                if not put(block):
                    return
            put(None)
        except BaseException as error:  # whatever it is, it is raised where the blocks are wanted
            put(error)

    def given() -> Iterator[Block]:
        while (each := waiting.get()) is not None:
            if isinstance(each, OSError):
                raise BadInput(f"The input cannot be read: {each.strerror or each}.") from each
            if isinstance(each, BaseException):
                raise each
            yield each

    reader = threading.Thread(target=read, name="reader", daemon=True)
    reader.start()
    try:
        yield given()
    finally:
        over.set()
        reader.join()
