"""A batch of a stranger's file: what unfolds is counted, or read by another process first, and the job goes on."""

import gzip
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.contract import Contract
from data.errors import BadInput
from data.files import apart
from data.files.delimited import LONGEST_LINE, Text
from model.engine.parallel import no_progress
from model.scoring.job.rehearsal import rehearse
from model.scoring.job.text import TextSource
from tests.data.files.reading import _read_here
from tests.scoring.test_hostile_files import repeated
from tests.support.records import CONTRACT

needs_limits = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory")
NAMES = [each.name for each in CONTRACT.record]
READ_APART = apart.read_apart


@pytest.fixture(autouse=True)
def in_another_process(in_this_process: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is outside the tests of this folder."""
    assert READ_APART is not _read_here
    monkeypatch.setattr(apart, "read_apart", READ_APART)
    monkeypatch.setenv("WHATIF_FILE_MEMORY", "512")


def at(tmp_path: Path, table: pa.Table, **how: object) -> Path:
    path = tmp_path / "in.parquet"
    pq.write_table(table, path, **how)
    return path


TABLES: dict[str, Callable[[], pa.Table]] = {
    "a text of 120 MB": lambda: pa.table(
        {name: pa.array(["z" * 120_000_000 if name == NAMES[0] else "1"]) for name in NAMES}
    ),
    "a text for every row": lambda: pa.table({name: repeated("x" * 900, 65_000) for name in NAMES}),
}


@needs_limits
@pytest.mark.parametrize(
    ("bomb", "known"), [("a text of 120 MB", True), ("a text for every row", True), ("a text for every row", False)]
)
def test_parquet_that_unfolds_is_refused_before_this_process_reads_it(bomb: str, known: bool, tmp_path: Path):
    """Whether it says itself that its texts stand in a dictionary, as files written from categories do, or not."""
    path = at(tmp_path, TABLES[bomb](), compression="zstd", store_schema=known)
    assert path.stat().st_size < 2_000_000
    with pytest.raises(BadInput, match="takes more than 512 MB of memory, so it was ended"):
        rehearse([path], path, CONTRACT, [], no_progress)


def test_parquet_that_does_not_is_passed_on_and_one_that_is_damaged_told(tmp_path: Path):
    path = at(tmp_path, pa.table({name: np.zeros(3) for name in NAMES}))
    rehearse([path], path, CONTRACT, [], no_progress)
    path.write_bytes(path.read_bytes()[:-8] + b"\xff\xff\xff\x7fPAR1")
    with pytest.raises(BadInput, match="cannot be read"):
        rehearse([path], path, CONTRACT, [], no_progress)


def packed(path: Path, part: bytes, times: int) -> Path:
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write((",".join(NAMES) + "\n").encode())
        for _ in range(times):
            file.write(part)
    return path


@pytest.mark.parametrize("part", [b"1", b"\n", b"1,", b'"', b"\0"], ids=["a line", "lines", "columns", "quotes", "NUL"])
def test_a_compressed_file_is_counted_as_it_unfolds(part: bytes, tmp_path: Path):
    path = packed(tmp_path / "in.csv.gz", part * (4_000_000 // len(part)), times=20)
    assert path.stat().st_size < 200_000
    with pytest.raises(
        BadInput, match=r"unfolds to more than 200 times|no CSV file has|more than 1,000,000 characters"
    ):
        TextSource(path, CONTRACT, [])


class Endless:
    """A text without an end, of which is noted how much was asked for."""

    def __init__(self) -> None:
        self.given = 0

    def pieces(self) -> Iterator[bytes]:
        while True:
            self.given += 8192
            assert self.given < 20 * LONGEST_LINE
            yield b"x" * 8192


def test_a_line_without_an_end_is_given_up_where_no_line_is_so_long():
    endless = Endless()
    pieces = endless.pieces()

    class Raw(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return next(pieces)

        def read1(self, size: int | None = -1) -> bytes:
            return next(pieces)

    with pytest.raises(BadInput, match="more than 1,000,000 characters long"):
        next(Text(Raw, "utf-8", 0).lines())
    assert endless.given < 2 * LONGEST_LINE


def test_the_contract_reaches_the_other_process_as_it_is(tmp_path: Path):
    """One that lacks a column says so there, in the words of here."""
    path = at(tmp_path, pa.table({name: np.zeros(3) for name in NAMES[1:]}))
    own: Contract = CONTRACT
    with pytest.raises(BadInput, match=own.record[0].label):
        rehearse([path], path, own, [], no_progress)
