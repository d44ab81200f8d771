"""The output of a job while it is made: in parts, in a folder beside where it will stand, which takes its place at the
end. Whatever ends the job, the old output is there or none; and what was done is found again."""

import errno
import json
import os
import shutil
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data.arrays import Arrow
from data.errors import BadInput
from data.files.escapes import escaped
from data.json_types import JsonObject
from model.report import spreadsheet
from model.scoring.job.manifest import manifest_file
from model.scoring.job.scorer import RefusedRecord

OutKind = Literal["parquet", "csv", "folder"]
REFUSED = ".refused.csv"
HEAD = ("row", "id", "field", "value", "reason", "allowed")  # of the file of refused rows
PART = "part-{:05d}"
LOCK = "lock"  # in the folder: held by who makes the output
MOST_COMPARED = 4_000_000  # identifiers at a time


def kind_of_output(out: Path) -> OutKind:
    """How an output is written, by its ending: one Parquet or CSV file, or, without one, a folder of Parquet files."""
    kinds: dict[str, OutKind] = {".parquet": "parquet", ".csv": "csv", "": "folder"}
    if out.suffix.lower() not in kinds:
        raise BadInput(
            f"Results are written as .parquet, .csv, or without an ending as a folder; {out.name!r} was given."
        )
    return kinds[out.suffix.lower()]


def refused_file(out: Path) -> Path:
    """Where the rows that were refused stand."""
    return out.with_name(out.stem + REFUSED)


def unfinished(out: Path) -> Path:
    """The folder in which an output is made."""
    return out.with_name(f".{out.name}.unfinished")


class Stage:
    """The folder in which the output of a job of one ``digest`` is made."""

    def __init__(self, out: Path, digest: str, schema: Arrow) -> None:
        self.out, self.digest, self.schema, self.kind = out, digest, schema, kind_of_output(out)
        self.folder = unfinished(out)
        self.folder.mkdir(exist_ok=True)

    def begin(self) -> None:
        """Take over what was done of the same job; what was done of another is forgotten."""
        self.folder.mkdir(exist_ok=True)  # whoever held it before may have taken it away
        if self._begun_with() != self.digest:
            self.clear()
            self._put("job.json", json.dumps({"digest": self.digest}).encode())

    def _begun_with(self) -> str:
        try:
            return str(json.loads((self.folder / "job.json").read_bytes())["digest"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def clear(self) -> None:
        """Forget what was done; but for the lock."""
        for each in sorted(self.folder.iterdir(), key=lambda each: each.name != "job.json"):
            if each.name != LOCK:
                _removed(each)

    def forget_parts(self) -> None:
        """Forget the parts, and what was settled for them."""
        for each in self.folder.iterdir():
            if each.name not in (LOCK, "job.json"):
                _removed(each)

    def _put(self, name: str, content: bytes) -> None:
        draft = self.folder / f"{name}.draft"
        draft.write_bytes(content)
        draft.replace(self.folder / name)

    # ---- parts ---------------------------------------------------------------------------------------------------

    def remember(self, what: JsonObject) -> None:
        """Keep what was settled at the beginning and holds for all parts."""
        self._put("settled.json", json.dumps(what).encode())

    def remembered(self) -> JsonObject | None:
        """What `remember` kept."""
        try:
            held: JsonObject = json.loads((self.folder / "settled.json").read_bytes())
        except (OSError, ValueError):
            return None
        return held

    def done(self) -> list[JsonObject]:
        """What is known of the parts that are whole, in order."""
        found = list[JsonObject]()
        while (self.folder / f"{PART.format(len(found))}.json").is_file():
            found.append(json.loads((self.folder / f"{PART.format(len(found))}.json").read_bytes()))
        return found

    @property
    def _ending(self) -> str:
        return ".csv" if self.kind == "csv" else ".parquet"

    def parts(self) -> list[Path]:
        """The files of the parts that are whole, in order."""
        return [self.folder / f"{PART.format(k)}{self._ending}" for k in range(len(self.done()))]

    def write_part(self, number: int) -> "PartWriter":
        """A writer of the next part."""
        return PartWriter(self, PART.format(number), header=number == 0)

    def take_part(self, name: str, number: int) -> JsonObject:
        """Make a part that was written under a ``name`` of its own the one of this number; what is known of it."""
        for ending in (self._ending, REFUSED, ".ids.npy", ".json"):  # the last makes it whole
            (self.folder / f"{name}{ending}").replace(self.folder / f"{PART.format(number)}{ending}")
        known: JsonObject = json.loads((self.folder / f"{PART.format(number)}.json").read_bytes())
        return known

    # ---- the end -------------------------------------------------------------------------------------------------

    def assemble(self) -> Path:
        """The whole output, made of the parts, still in the folder; the schema alone where there are no parts."""
        parts, whole = self.parts(), self.folder / f"whole{self.out.suffix}"
        _removed(whole)
        if self.kind == "folder":
            whole.mkdir()
            for part in parts:
                _linked(part, whole / part.name)
        elif self.kind == "csv":
            with whole.open("wb") as file:
                for part in parts:
                    with part.open("rb") as own:
                        shutil.copyfileobj(own, file, 2**20)
        elif len(parts) == 1:
            _linked(parts[0], whole)
        else:
            with _parquet_writer(whole, self.schema) as writer:
                for part in parts:
                    own = pq.ParquetFile(part, pre_buffer=False)
                    for k in range(own.metadata.num_row_groups):
                        writer.write_table(own.read_row_group(k).cast(self.schema))
        return whole

    def assemble_refused(self) -> Path | None:
        """The refused rows of all parts in one file; None where no row was refused."""
        parts = [each.with_name(each.stem + REFUSED) for each in self.parts()]
        parts = [each for each in parts if each.stat().st_size]
        if not parts:
            return None
        whole = self.folder / "whole.refused.csv"
        with whole.open("wb") as file:
            file.write(BOM_UTF8 + _csv_lines([HEAD]))
            for part in parts:
                with part.open("rb") as own:
                    shutil.copyfileobj(own, file, 2**20)
        return whole

    def repeated(self) -> int:
        """How many identifiers stand on several rows: in slices of their numbers, so that memory is bounded."""
        held = [np.load(each.with_suffix(".ids.npy"), mmap_mode="r") for each in self.parts()]
        held = [each for each in held if len(each)]
        if not held:
            return 0
        low, high = min(int(own[0]) for own in held), max(int(own[-1]) for own in held)
        slices = max(1, sum(map(len, held)) // MOST_COMPARED)
        edges = np.array([low + (high - low) * k // slices for k in range(1, slices)], np.int64)
        places = [np.concatenate(([0], np.searchsorted(own, edges), [len(own)])).astype(int) for own in held]
        return sum(
            _repeated(np.concatenate([own[at[k] : at[k + 1]] for own, at in zip(held, places, strict=True)]))
            for k in range(slices)
        )

    def publish(self, whole: Path, refused: Path | None, manifest: bytes) -> None:
        """Put the output in its place, then the refused rows, last the manifest; and take the folder away."""
        place = refused_file(self.out)
        manifest_file(self.out).unlink(missing_ok=True)
        if self.out.is_dir():
            old = self.folder / "old"
            self.out.rename(old)
        os.replace(whole, self.out)
        if refused is None:
            place.unlink(missing_ok=True)
        else:
            os.replace(refused, place)
        self._put("manifest.json", manifest)
        os.replace(self.folder / "manifest.json", manifest_file(self.out))
        (self.folder / "job.json").unlink()
        shutil.rmtree(self.folder)


class PartWriter:
    """Writes the blocks of one part, with a ``header`` where it is the first of a text file; the part is whole when
    `close` has written what is known of it."""

    def __init__(self, stage: Stage, name: str, *, header: bool) -> None:
        self.stage, self.name = stage, name
        self.draft = stage.folder / f"{self.name}.draft"
        self._ids: list[NDArray[np.int64]] = []
        self._refused = (stage.folder / f"{self.name}{REFUSED}").open("wb")
        if stage.kind == "csv":
            options = pa_csv.WriteOptions(include_header=header)
            self._writer: Any = pa_csv.CSVWriter(self.draft, stage.schema, write_options=options)
        else:
            self._writer = _parquet_writer(self.draft, stage.schema)

    def write(self, table: Arrow, refused: Sequence[RefusedRecord], ids: NDArray[np.int64]) -> None:
        """Write a block."""
        self._writer.write_table(_for_people(table) if self.stage.kind == "csv" else table)
        self._refused.write(_csv_lines([_refusal(each) for each in refused]))
        self._ids.append(ids)

    def close(self, known: JsonObject) -> None:
        """End the part, with what is known of it."""
        self._writer.close()
        self._refused.close()
        folder = self.stage.folder
        ids = np.sort(np.concatenate(self._ids)) if self._ids else np.empty(0, np.int64)
        with (folder / f"{self.name}.ids.npy").open("wb") as file:
            np.save(file, ids)
        self.draft.replace(folder / f"{self.name}{self.stage._ending}")
        self.stage._put(f"{self.name}.json", json.dumps(known).encode())

    def abandon(self) -> None:
        """Leave the part as it is: it does not count."""
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
        with suppress(OSError):
            self._refused.close()


def _parquet_writer(path: Path, schema: Arrow) -> Any:
    words = [each.name for each in schema if pa.types.is_dictionary(each.type) or pa.types.is_large_string(each.type)]
    return pq.ParquetWriter(path, schema, compression="snappy", use_dictionary=words, write_page_checksum=True)


def _repeated(numbers: NDArray[np.int64]) -> int:
    """How many different numbers stand there more than once."""
    ordered = np.sort(numbers)
    same = ordered[1:] == ordered[:-1]
    begins = same & ~np.concatenate(([False], same[:-1])) if len(same) else same
    return int(begins.sum())


def _removed(place: Path) -> None:
    """Take away a file or a folder, if it is there."""
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _linked(part: Path, to: Path) -> None:
    try:
        os.link(part, to)
    except OSError:  # a file system without links
        shutil.copyfile(part, to)


def _for_people(table: Arrow) -> Arrow:
    """The same with texts that no spreadsheet takes for a formula."""
    for k, each in enumerate(table.schema):
        if pa.types.is_large_string(each.type):
            texts = [None if text is None else escaped(text) for text in table.column(k).to_pylist()]
            table = table.set_column(k, each, pa.array(texts, each.type))
    return table


def _refusal(each: RefusedRecord) -> tuple[str, ...]:
    own = each.refusal
    return str(each.line), each.id, "; ".join(own.fields), "; ".join(own.given), own.reason, own.allowed


def _csv_lines(rows: Sequence[Sequence[str]]) -> bytes:
    return spreadsheet.lines(rows).encode()


@contextmanager
def told_of_disk(out: Path) -> Iterator[None]:
    """While files are written: what the system says of a disk or folder that cannot be written is a BadInput."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise BadInput(_disk_words(error, out)) from error


def _disk_words(error: BaseException, out: Path) -> str:
    number = getattr(error, "errno", None)
    folder = out.parent.absolute()
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return (
            f"There is no room left to write {out.name}: {os.strerror(number)}. What was done is kept; make room in "
            f"{folder} and give the same command again."
        )
    if number in (errno.ENOENT, errno.ENOTDIR):
        return f"The folder {folder} in which {out.name} is written is gone. Make it again, or name another."
    reason = os.strerror(number) if number else str(error)
    return f"{out.name} cannot be written: {reason}. Put that right and give the same command again, or name another."
