"""A book too large to be held: its records lie in many Parquet files, and pass by once.

Held of it is a stratified sample; any other record is looked up by its identifier. Bounded is the memory that this
takes, not the number of records: batches are read one after another, checked against the contract and let go. Whether
identifiers are unique is decided exactly by passes over that column alone, each holding those of one residue class."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from data.arrays import AnyArray, Array, Arrow
from data.checked import check_records
from data.contract import Contract
from data.errors import BadInput, BookError
from data.sampling import DrawnRecords, StratifiedStream

BATCH = 65_536  # records read at once
IDS_AT_ONCE = 16 * 2**20  # identifiers held to see whether they are unique, 128 MB
BLOCK = 2**22  # bytes of a file hashed at once
OCTAVES = 48  # strata of exposure: powers of two of the book's currency
SUFFIX = ".parquet"
DELTA = "_delta_log"  # the folder that makes a folder a Delta table
ANY = (-(2**53), 2**53)  # identifiers that a field can be given
EMPTY_PARTITION = "__HIVE_DEFAULT_PARTITION__"

MOST_HELD = 200_000  # records of a large book held where nothing else is said: a move is answered in 0.15 s
SHARE_OF_MEMORY = 0.25  # that a book and what is worked out of it may take
BYTES_A_RECORD, BYTES_A_FIELD = 1_000, 60  # 200,000 cards of 23 fields take 450 MB more while a model is trained
FEWEST_HELD = 1_000


def held_records(contract: Contract, wanted: int | None = None) -> int:
    """The most records of a large book that are held: as many as ``wanted``, else `MOST_HELD`, or the power of two
    below that this process has the memory for."""
    if wanted is not None:
        return wanted
    fit = SHARE_OF_MEMORY * memory() / (BYTES_A_RECORD + BYTES_A_FIELD * len(contract.record))
    return MOST_HELD if fit >= MOST_HELD else max(2 ** int(np.log2(max(fit, 1))), FEWEST_HELD)


def memory() -> float:
    """The bytes of memory that this process may use: its container's, else the machine's; infinite where neither
    says."""
    found = float("inf")
    for limit in ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            found = min(found, float((Path("/") / limit).read_text()))
        except (OSError, ValueError):  # another system, or "max"
            continue
    try:
        return min(found, float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")))
    except (AttributeError, OSError, ValueError):  # Windows
        return found


def data_files(root: Path) -> tuple[Path, ...]:
    """The Parquet files of a directory, partitions included, in the order of their names; of a file itself. Left out
    are those whose name, or that of a folder on the way, begins with a point or an underscore."""
    return tuple(Path(name) for name, _, _ in file_states(root))


def file_states(root: Path) -> tuple[tuple[str, int, int], ...]:
    """The names of these files, each with its time of change (ns) and size. A page asks at every run: by `os.scandir`,
    which takes 4 ms for 1,000 files, where `Path.rglob` took 28."""
    if root.is_file():
        state = root.stat()
        return ((str(root), state.st_mtime_ns, state.st_size),)
    found, folders = [], [str(root)] if root.is_dir() else []
    while folders:
        with os.scandir(folders.pop()) as entries:
            for each in entries:
                if each.name[0] in "._":
                    continue
                if each.is_dir(follow_symlinks=False):
                    folders.append(each.path)
                elif each.name.endswith(SUFFIX):
                    state = each.stat()
                    found.append((each.path, state.st_mtime_ns, state.st_size))
    return tuple(sorted(found))


@dataclass(frozen=True, eq=False)
class LargeBook:
    """The records of a book in the ``files`` under ``root``, which the ``contract`` describes."""

    contract: Contract
    root: Path
    files: tuple[Path, ...]

    @classmethod
    def at(cls, contract: Contract, root: Path) -> "LargeBook":
        """The book whose files lie under ``root``; BookError if there are none."""
        files = data_files(root)
        if (root / DELTA).is_dir():
            raise BookError(
                f"{contract.book.file} of the book {contract.book.name} is a Delta table, among whose files are "
                "records that are no longer in it. Write the table as plain Parquet, and name that directory."
            )
        if not files:
            raise BookError(
                f"The book {contract.book.name} names {contract.book.file} as its records, where no Parquet file lies. "
                "Name the directory that holds them in its contract, [book] file."
            )
        return cls(contract, root, files)

    def name(self, file: Path) -> str:
        """A file as it is told."""
        return file.name if file == self.root else file.relative_to(self.root).as_posix()

    # ---- the whole of it -----------------------------------------------------------------------------------------

    @cached_property
    def count(self) -> int:
        """How many records it has, by the footers of its files."""
        return sum(self._open(file).metadata.num_rows for file in self.files)

    @cached_property
    def ends(self) -> tuple[int, int]:
        """The lowest and the highest identifier, by the footers of its files; of any number where one does not say."""
        found = [_ends(self._open(file).metadata, self.contract.book.id) for file in self.files]
        return min(low for low, _ in found), max(high for _, high in found)

    @cached_property
    def sha256(self) -> str:
        """The digest of all files, names and contents."""
        with ThreadPoolExecutor(2) as pool:
            contents = list(pool.map(_sha256, self.files))
        lines = (f"{self.name(file)}\n{found}\n" for file, found in zip(self.files, contents, strict=True))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def held_sha256(self, most: int) -> str:
        """The digest of what is held of it: of a sample another than of the whole, so that no release that was tested
        on other records is taken for one of these."""
        if self.count <= most:
            return self.sha256
        return hashlib.sha256(f"{self.sha256} sample of {most}".encode()).hexdigest()

    def _open(self, file: Path) -> Arrow:
        import pyarrow.parquet  # a second that a service which never reads a book need not wait

        try:
            return pyarrow.parquet.ParquetFile(file, pre_buffer=False)  # else all of it is held
        except (OSError, ValueError) as error:
            raise BookError(f"The file {self.name(file)} of the book {self._title} cannot be read: {error}.") from error

    @property
    def _title(self) -> str:
        return self.contract.book.name

    # ---- passing by ------------------------------------------------------------------------------------------------

    def _columns(self) -> list[str]:
        own = self.contract
        return [own.book.id, *(field.name for field in (*own.record, *own.observed))]

    def _batches(self, columns: list[str]) -> Iterator[tuple[str, Mapping[str, AnyArray], int]]:
        """The records in batches: where each lies in words, its columns by name, and how many it holds."""
        for file in self.files:
            opened, fixed = self._open(file), self._partition(file)
            stored = [name for name in columns if name in opened.schema_arrow.names]
            absent = [name for name in columns if name not in stored and name not in fixed]
            if absent:
                raise BookError(
                    f"The file {self.name(file)} of the book {self._title} lacks the declared columns "
                    f"{', '.join(absent)}."
                )
            first = 1
            try:
                for batch in opened.iter_batches(BATCH, columns=stored):
                    rows = batch.num_rows
                    where = f"{self.name(file)}, records {first:,} to {first + rows - 1:,}"
                    first += rows
                    if rows:
                        yield where, self._read(batch, columns, fixed), rows
            except (OSError, ValueError) as error:
                told = f"The file {self.name(file)} of the book {self._title} cannot be read: {error}."
                raise BookError(told) from error
            finally:
                opened.close()

    def _partition(self, file: Path) -> dict[str, str]:
        """What the folders on the way to a file say of all its records: year=2026."""
        parts = () if file == self.root else file.relative_to(self.root).parts[:-1]
        return {name: unquote(value) for name, sign, value in (part.partition("=") for part in parts) if sign}

    def _read(self, batch: Arrow, columns: list[str], fixed: Mapping[str, str]) -> dict[str, AnyArray]:
        found: dict[str, AnyArray] = {}
        for name in columns:
            if name in batch.schema.names:
                found[name] = numbers_of(batch.column(name), whole=name == self.contract.book.id)
            else:
                value = np.nan if fixed[name] == EMPTY_PARTITION else float(fixed[name])
                found[name] = np.full(batch.num_rows, value)
        return found

    # ---- what is held ------------------------------------------------------------------------------------------------

    def drawn(self, most: int, purpose: str = "book") -> DrawnRecords:
        """The records that are held, at most so many: the fields of the contract's record and then the observed ones as
        values. Every record is checked on the way.

        Raises
        ------
        BookError
            If a file cannot be read, or holds what the contract does not allow.
        """
        contract, names = self.contract, self._columns()
        if not self.count:
            raise BookError(f"The files of the book {self._title} hold no record.")
        bands = [contract.band_count(each) for each in contract.segments[:2]]
        stream = StratifiedStream(most, int(np.prod(bands)) * 2 * OCTAVES, purpose)
        width = len(contract.record)
        for where, columns, rows in self._batches(names):
            values = np.empty((len(names) - 1, rows))
            for k, name in enumerate(names[1:]):
                values[k] = columns[name]
            raw = values[:width]
            try:
                check_records(contract, raw, {name: columns[name] for name in names[1 + width :]})
            except (BadInput, BookError) as error:
                raise BookError(f"In {where} of the book {self._title}: {error}") from error
            stream.add(columns[contract.book.id], self.strata(raw, columns[contract.book.target]), values)
        self._unique()
        return stream.drawn()

    def strata(self, raw: Array, target: Array) -> NDArray[np.intp]:
        """The stratum of each record, (n,): its bands in the contract's first two segments, its outcome, and the power
        of two of its exposure at default, on which the spread of the losses depends most."""
        contract, n = self.contract, raw.shape[1]
        values, found = contract.values(raw), np.zeros(n, np.intp)
        for each in contract.segments[:2]:
            found = found * contract.band_count(each) + contract.bands(each, values, n)
        ead = contract.exposures_from(values, n, {}).ead
        octave = np.clip(np.frexp(np.maximum(ead, 0.5))[1], 0, OCTAVES - 1)
        strata: NDArray[np.intp] = (found * 2 + target.astype(np.intp)) * OCTAVES + octave
        return strata

    def _unique(self) -> None:
        """Raise BookError unless no two records have the same identifier."""
        name = self.contract.book.id
        classes = -(-self.count // IDS_AT_ONCE)
        for residue in range(classes):
            parts = [columns[name] for _, columns, _ in self._batches([name])] if classes == 1 else []
            if classes > 1:
                found = (columns[name] for _, columns, _ in self._batches([name]))
                parts = [ids[ids % classes == residue] for ids in found]
            ids = np.concatenate(parts)
            ids.sort()
            twice = np.flatnonzero(ids[1:] == ids[:-1])
            if len(twice):
                raise BookError(f"The identifiers in {name} are not unique: {ids[twice[0]]:,} stands there twice.")

    @cached_property
    def find(self) -> Callable[[int], Array | None]:
        """The record of one identifier, (fields, 1), looked up in the files; None if there is none. Those asked for
        last are remembered: a page asks some times for each move."""
        return lru_cache(maxsize=256)(self._find)

    def _find(self, identifier: int) -> Array | None:
        names = [field.name for field in self.contract.record]
        for file in self.files:
            fixed, opened = self._partition(file), self._open(file)
            try:
                stored = [name for name in names if name in opened.schema_arrow.names]
                one = _row_of(opened, self.contract.book.id, identifier, stored)
                columns = {} if one is None else self._read(one, names, fixed)
            except (OSError, ValueError) as error:
                told = f"The file {self.name(file)} of the book {self._title} cannot be read: {error}."
                raise BookError(told) from error
            finally:
                opened.close()
            if columns:
                return np.array([columns[name] for name in names], np.float64)
        return None


def _row_of(opened: Arrow, column: str, value: int, columns: list[str]) -> Arrow:
    """The first row of an opened file with a ``value`` in one column, as a batch of these ``columns``; None if there is
    none. A group of rows whose smallest and largest values, as the footer has them, leave it out is not read; of others
    that column alone, and then the rows to that one."""
    for group in _groups_with(opened.metadata, column, value):
        ids = numbers_of(opened.read_row_group(group, columns=[column]).column(column), whole=True)
        places = np.flatnonzero(ids == value)
        if len(places):
            place = int(places[0])
            for batch in opened.iter_batches(BATCH, row_groups=[group], columns=columns):
                if place < batch.num_rows:
                    return batch.slice(place, 1)
                place -= batch.num_rows
    return None


def _ends(metadata: Arrow, column: str) -> tuple[int, int]:
    known = [_extent(metadata, k, column) for k in range(metadata.num_row_groups)]
    return min((low for low, _ in known), default=ANY[1]), max((high for _, high in known), default=ANY[0])


def _extent(metadata: Arrow, group: int, column: str) -> tuple[int, int]:
    """The smallest and largest value of a column in a group of rows; `ANY` where the footer does not say. As numbers:
    the library's own statistics must not outlive the footer that they are read from."""
    rows = metadata.row_group(group)
    for k in range(rows.num_columns):
        chunk = rows.column(k)
        if chunk.path_in_schema == column and chunk.is_stats_set and chunk.statistics.has_min_max:
            return int(chunk.statistics.min), int(chunk.statistics.max)
    return ANY


def _groups_with(metadata: Arrow, column: str, value: int) -> list[int]:
    """The groups of rows that may hold a value by their smallest and largest; all of them where these are not told."""
    known = [_extent(metadata, k, column) for k in range(metadata.num_row_groups)]
    return [k for k, (low, high) in enumerate(known) if low <= value <= high or (low, high) == ANY]


def numbers_of(column: Arrow, whole: bool = False) -> AnyArray:
    """A column of Arrow as numbers (n,), float64 with NaN where it is missing; ``whole``: int64, where nothing may
    be."""
    import pyarrow as pa

    if whole:
        if column.null_count:
            raise ValueError(f"an identifier is missing in {column.null_count:,} records")
        return np.array(column.cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as opened:
            while block := opened.read(BLOCK):
                digest.update(block)
    except OSError as error:
        raise BookError(f"The file {file.name} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()
