"""Whatever a file of customers holds: it is read, or refused with a reason, in a process of its own with a gigabyte and
half a minute, and this one grows by little. Every bomb is made here."""

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.books import Book
from data.errors import BadInput
from data.files import apart, child
from data.files.kinds import MB, Limits
from model.scoring import customers
from model.scoring.batch import read_customers
from model.scoring.files import form_limits, upload_limits
from model.scoring.scenario_files import read_scenarios
from model.settings import settings
from tests.data.files import reading
from tests.data.files.test_apart import BOOK as PARTS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory")
GROWTH = 160 * MB  # of this process, far below what any bomb here unfolds to


@pytest.fixture(autouse=True)
def short_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least memory that may be set: bombs reach it sooner."""
    monkeypatch.setenv("WHATIF_FILE_MEMORY", "512")


@pytest.fixture(scope="module")
def names(book: Book) -> list[str]:
    return [each.name for each in book.contract.record]


def peak() -> int:
    """The most memory that this process has held since `forget_peak`, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def forget_peak() -> int:
    """What this process holds now, from which on its peak is kept anew."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def parquet(table: pa.Table, **how: object) -> bytes:
    into = BytesIO()
    pq.write_table(table, into, **how)
    return into.getvalue()


def repeated(value: object, times: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(times, np.int32)), pa.array([value]))


def workbook(sheet: bytes, **parts: bytes) -> bytes:
    """A workbook of one sheet, with more parts beside it."""
    into = BytesIO()
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    links = (
        b'<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        b'sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    )
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        for name, part in PARTS.items():
            linked = name == "xl/_rels/workbook.xml.rels" and parts
            archive.writestr(name, part.replace(b"</Relationships>", links) if linked else part)
        for name, part in parts.items():
            archive.writestr(f"xl/{name}.xml", part)
        archive.writestr("xl/worksheets/sheet1.xml", head + sheet + b"</worksheet>")
    return into.getvalue()


def header_row(names: list[str]) -> bytes:
    cells = (f'<c r="{chr(65 + k)}1" t="inlineStr"><is><t>{name}</t></is></c>' for k, name in enumerate(names))
    return f'<row r="1">{"".join(cells)}</row>'.encode()


def shared(names: list[str], text: bytes, rows: int) -> bytes:
    """A workbook whose cells all show one shared text."""
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(2, rows + 2)).encode()
    sheet = b"<sheetData>" + header_row(names) + cells + b"</sheetData>"
    return workbook(sheet, sharedStrings=b"<sst><si><t>" + text + b"</t></si></sst>")


def understated(content: bytes) -> bytes:
    """An archive whose last part says that it unpacks to a thousand bytes, with the checksum of those."""
    with ZipFile(BytesIO(content)) as archive:
        whole = archive.read(archive.infolist()[-1])
    forged, size = bytearray(content), struct.pack("<II", zlib.crc32(whole), len(whole))
    for mark, at in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        start = forged.rfind(mark)
        place = start + at
        forged[place : place + 4] = struct.pack("<I", zlib.crc32(whole[:1000]))
        forged[place + 8 : place + 12] = struct.pack("<I", 1000)
    assert size not in forged
    return bytes(forged)


def text(names: list[str], rows: bytes) -> bytes:
    return ",".join(names).encode() + b"\n" + rows


def words(names: list[str]) -> bytes:
    return text(names, b"".join((",".join(f"w{k}x{j}" for j in names) + "\n").encode() for k in range(5_000)))


BOMBS: dict[str, tuple[str, Callable[[list[str]], bytes]]] = {
    "one text a million times": ("parquet", lambda n: parquet(pa.table({f: repeated("x" * 1000, 199_000) for f in n}))),
    "a text of 200 MB": (
        "parquet",
        lambda n: parquet(
            pa.table({f: pa.array(["z" * 200_000_000 if f == n[0] else "1"]) for f in n}), compression="zstd"
        ),
    ),
    "one page of zeros": (
        "parquet",
        lambda n: parquet(
            pa.table({f: pa.array(np.zeros(60_000)) for f in n}),
            compression="zstd",
            use_dictionary=False,
            data_page_size=2**30,
        ),
    ),
    "ten million rows in a run": (
        "parquet",
        lambda n: parquet(pa.table({n[0]: pa.array(np.zeros(10_000_000, np.int8))}), compression="zstd"),
    ),
    "columns without end, Parquet": ("parquet", lambda n: parquet(pa.table({f"c{k}": [0] for k in range(5_000)}))),
    "a line without end": ("csv", lambda n: text(n, b"1," * 5_000_000)),
    "a cell without end": ("csv", lambda n: text(n, b'"' + b"x\n" * 2_000_000)),
    "columns without end, CSV": ("csv", lambda n: b"a," * 1_000_000 + b"\n" + b"1," * 1_000_000),
    "a million words": ("csv", words),
    "cells of 5,000 digits": ("csv", lambda n: text(n, (",".join(["9" * 5000] * len(n)) + "\n").encode() * 400)),
    "a shared text in every cell": ("xlsx", lambda n: shared(n, b"y" * 32_000, rows=50_000)),
    "a sheet of comments": ("xlsx", lambda n: workbook(b"<!--" + b"x" * 100 * MB + b"-->")),
    "entities in entities": (
        "xlsx",
        lambda n: workbook(
            b'<!DOCTYPE x [<!ENTITY a "'
            + b"x" * 1000
            + b'">'
            + b"".join(b'<!ENTITY %c "%b">' % (98 + k, (b"&%c;" % (97 + k)) * 100) for k in range(8))
            + b"]><sheetData><row><c t='inlineStr'><is><t>&i;</t></is></c></row></sheetData>"
        ),
    ),
    "elements in elements": ("xlsx", lambda n: workbook(b"<a>" * 3_000_000)),
    "tags that do not end": ("xlsx", lambda n: workbook(b"<sheetData>" + b"<c " * 400_000)),
    "a size that is a lie": (
        "xlsx",
        lambda n: understated(workbook(b"<sheetData>" + b'<row r="1"><c r="A1"><v>1</v></c></row>' * 300_000)),
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_read_or_refused_with_a_reason_and_this_process_stays_small(bomb: str, book: Book, names: list[str]):
    kind, make = BOMBS[bomb]
    content = make(names)
    assert len(content) < 50 * MB
    before, refused = forget_peak(), ""
    try:
        assert len(read_customers(content, f"a.{kind}", book.contract)) < 200_000
    except BadInput as error:
        refused = str(error)
    assert peak() - before < GROWTH + len(content)
    assert refused == "" or len(refused) > 40


def test_the_process_is_held_to_a_gigabyte_and_half_a_minute_unless_somebody_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delenv("WHATIF_FILE_MEMORY")
    assert (settings().file_memory, settings().file_seconds) == (1024, 30)
    for each in (upload_limits(), form_limits(MB), Limits()):
        assert (each.memory, each.seconds) == (1024 * MB, 30)


def test_what_a_file_says_is_worked_out_where_it_is_read(book: Book, names: list[str], monkeypatch: pytest.MonkeyPatch):
    """Not only parsed: a million words that are no numbers take seconds, which nobody else waits for."""
    asked: list[str] = []

    def ask(_content: bytes, request: dict[str, object], limits: Limits, told: apart.Told) -> bytes:
        asked.append(str(request[child.READER]))
        return b'{"refused": "enough"}'

    monkeypatch.setattr(apart, "read_apart", ask)
    with pytest.raises(BadInput, match="enough"):
        read_customers(text(names, b"1\n"), "a.csv", book.contract)
    assert asked == ["model.scoring.customers"]


def test_of_more_reasons_than_anybody_reads_each_row_keeps_its_first(
    book: Book, names: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(customers, "MOST_REASONS", 300)
    monkeypatch.setattr(apart, "read_apart", reading._read_here)
    content = parquet(pa.table({f: repeated("nothing", 100) for f in names}))
    bad = read_customers(content, "a.parquet", book.contract).bad
    assert [len(each.reasons) for each in bad] == [4] * 100
    assert bad[0].reasons[0].startswith("Credit limit: “nothing” is no number")
    assert bad[0].reasons[-1] == f"{len(names) - 3} more values cannot be used."


FORGED = {
    "nothing": b"{}\n",
    "no line": b"{}",
    "numbers for words": b'{"ignored": 1}\nARROW1',
    "a list": b"[]\n",
}


@pytest.mark.parametrize("forged", FORGED)
def test_what_the_reading_process_says_is_not_trusted(forged: str, book: Book, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(apart, "read_apart", lambda *given: FORGED[forged])
    with pytest.raises(BadInput, match="is damaged"):
        read_customers(b"a\n1\n", "a.csv", book.contract)


TOML = {
    "lists in lists": b"a = " + b"[" * 100_000,
    "tables in tables": b".".join([b"a"] * 20_000) + b" = 1",
    "names in names": b"[" + b".".join([b"a"] * 20_000) + b"]",
    "digits": b"a = " + b"9" * 1_000_000,
    "values without end": b"a = [" + b"1," * 250_000 + b"]",
}


@pytest.mark.parametrize("bomb", TOML)
def test_a_file_of_scenarios_that_unfolds_is_refused_with_a_reason(bomb: str, book: Book):
    with pytest.raises(BadInput, match=r"no TOML that can be read|more than 200,000 values|was ended"):
        read_scenarios(TOML[bomb], "a.toml", book)


def test_the_process_is_the_first_that_the_system_ends_where_memory_runs_out():
    """In a container the whole of it is held to its memory; the dashboard is not to be what ends."""
    does = (
        "from data.files.child import limit; from data.files.kinds import Limits; limit(Limits()); "
        "print(open('/proc/self/oom_score_adj').read())"
    )
    said = subprocess.run([sys.executable, "-c", does], capture_output=True, cwd=apart.ROOT, check=True)
    assert said.stdout.strip() == b"1000"
