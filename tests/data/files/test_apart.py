"""Reading happens in a process of its own: whatever a file does to it, this one goes on and says why."""

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import BadInput
from data.files import apart
from data.files.kinds import MB, Limits
from data.files.table import FileTable, read_table

TIGHT = Limits(memory=1024 * MB, seconds=60.0)
needs_limits = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory")


def read(content: bytes, name: str, limits: Limits = TIGHT) -> FileTable:
    return read_table(content, name, ("loan_id", "default"), limits=limits)


def plain(rows: int = 3) -> bytes:
    return pd.DataFrame({"loan_id": range(rows), "default": [k % 2 for k in range(rows)]}).to_csv(index=False).encode()


# ---- bombs ----------------------------------------------------------------------------------------------------------

CELL = b'<c t="inlineStr"><is><t>loan_id</t></is></c>'
BOOK = {
    "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
    b'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default '
    b'Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/'
    b'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "_rels/.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    b'Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    b'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" '
    b'sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    b'Target="worksheets/sheet1.xml"/></Relationships>',
}


def workbook(rows: bytes) -> bytes:
    """A workbook whose one sheet has these rows."""
    into = BytesIO()
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        for name, part in BOOK.items():
            archive.writestr(name, part)
        head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        archive.writestr("xl/worksheets/sheet1.xml", head + rows + b"</sheetData></worksheet>")
    return into.getvalue()


def parquet(table: pa.Table, **how: object) -> bytes:
    into = BytesIO()
    pq.write_table(table, into, **how)
    return into.getvalue()


def deep(levels: int) -> pa.DataType:
    kind: pa.DataType = pa.int8()
    for _ in range(levels):
        kind = pa.list_(kind)
    return kind


FAR = b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>'
SHEETS = {
    "cells without an address, then the last row": b'<row r="1">' + CELL * 1919 + b"</row>" + FAR,
    "nothing with an address": b"<row>" + CELL * 1919 + b'</row><row r="1048576">' + CELL + b"</row>",
    "the address on another line": b'<row r="1">' + CELL.replace(b" ", b"\n") * 1919 + b"</row>" + FAR,
    "in single quotes": b"<row r='1'><c r='XFD1'><v>1</v></c></row><row r='1048576'><c r='A1048576'><v>1</v></c></row>",
    "in small letters": b'<row r="1"><c r="xfd1"><v>1</v></c></row>' + FAR,
    "the address after the type": b'<row r="1"><c t="n" r="XFD1"><v>1</v></c></row>' + FAR,
    "with a prefix": b'<x:row r="1" xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:c r="XFD1">'
    b"<x:v>1</x:v></x:c></x:row>" + FAR,
}


@pytest.mark.parametrize("rows", SHEETS.values(), ids=SHEETS)
def test_a_sheet_that_spans_billions_of_cells_is_refused_before_it_is_read(rows: bytes):
    content = workbook(rows)
    assert len(content) < 3_000
    with pytest.raises(BadInput, match=r"reaches to row 1,048,576 and column [\d,]+\. Delete what stands far from"):
        read(content, "a.xlsx")


@needs_limits
@pytest.mark.parametrize("rows", SHEETS.values(), ids=SHEETS)
def test_a_sheet_that_is_read_all_the_same_ends_its_process_only(rows: bytes):
    with pytest.raises(BadInput, match=r"takes more than 1,024 MB of memory, so it was ended\. Delete what stands far"):
        read(workbook(rows), "a.xlsx", replace(TIGHT, cells=10**12))


BOMBS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "rows that are all the same": (
        lambda: parquet(pa.table({"default": pa.array(np.zeros(11_000_000, np.int8))})),
        "a.parquet",
        "more than 10,000,000 rows",
    ),
    "lists of lists": (
        lambda: parquet(pa.table({"default": pa.array([None] * 9, deep(400))})),
        "a.parquet",
        "cannot be read",
    ),
    "a line of two megabytes": (lambda: HEAD + b"x" * 2 * MB + b",1\n", "a.csv", "Line 2 .* characters long"),
    "a quote that does not end": (lambda: HEAD + b'"' + b"x\n" * MB + b'",1\n', "a.csv", "larger than field limit"),
    "columns without end": (lambda: b"a," * 3_000 + b"\n", "a.csv", "3,000 columns; at most 2,000"),
    "an archive of zeros": (lambda: workbook(b"<!--" + b"\0" * 60 * MB + b"-->"), "a.xlsx", "unpacks to 60 MB"),
}
HEAD = b"loan_id,default\n"


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_that_unfolds_is_refused(bomb: str):
    make, name, told = BOMBS[bomb]
    with pytest.raises(BadInput, match=told):
        read(make(), name, replace(TIGHT, unpacked=50 * MB))


@needs_limits
def test_repeated_rows_within_the_number_allowed_are_held_to_the_memory():
    wide = pa.table({f"c{k}": pa.array(np.zeros(1_500_000)) for k in range(100)})
    with pytest.raises(BadInput, match="takes more than 1,024 MB of memory"):
        read(parquet(wide), "a.parquet")


# ---- whatever a reader does -----------------------------------------------------------------------------------------


def reader(monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    """Let another program take the place of the reading process."""
    head = "import sys, json, os, signal; sys.stdin.buffer.readline(); "
    monkeypatch.setattr(apart, "COMMAND", ("-c", head + does))


def held(does: str) -> str:
    """A program that is held to the limits of the file."""
    return (
        "from data.files.child import limit; from data.files.kinds import Limits; "
        f"limit(Limits(memory={1024 * MB}, seconds=1)); {does}"
    )


HOG = "\nheld = []\nwhile True: held.append(bytes(10_000_000))"
TROUBLE = {
    "an endless loop": ("\nwhile True: pass", "took longer than 1 seconds"),
    "a wait without end": ("import time; time.sleep(3600)", "took longer than 1 seconds"),
    "an abort": ("os.abort()", "takes more than"),
    "a segmentation fault": ("os.kill(os.getpid(), signal.SIGSEGV)", "is damaged"),
    "an error": ("raise RuntimeError('x')", "is damaged"),
    "an early end": ("sys.exit(0)", "is damaged"),
    "nonsense": ("print('{}')", "is damaged"),
    "half an answer": ("print(json.dumps({'header': ['a']}))", "is damaged"),
    "an answer without end": ("\nwhile True: sys.stdout.write('x' * 1_000_000)", "takes more than"),
    "chatter without end": ("\nwhile True: sys.stderr.write('x' * 1_000_000)", "took longer than 1 seconds"),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_a_reader_that_goes_wrong_is_ended_and_told(trouble: str, monkeypatch: pytest.MonkeyPatch):
    does, told = TROUBLE[trouble]
    reader(monkeypatch, does)
    monkeypatch.setattr(apart, "GRACE", 0.5)
    patience = 1.0 if "longer" in told else TIGHT.patience
    with pytest.raises(BadInput, match=told):
        read(plain(), "a.csv", replace(TIGHT, seconds=1.0, patience=patience, memory=64 * MB))


@needs_limits
@pytest.mark.parametrize("does", [HOG, "\nwhile True: pass"])
def test_a_reader_holds_itself_to_memory_and_time(does: str, monkeypatch: pytest.MonkeyPatch):
    reader(monkeypatch, held(does))
    with pytest.raises(BadInput, match="is damaged" if does == HOG else "longer than 60 seconds of the processor"):
        read(plain(), "a.csv")


@needs_limits
def test_a_busy_machine_refuses_no_file(monkeypatch: pytest.MonkeyPatch):
    """A process that waits for its turn takes time by the clock, and none of the processor's."""
    reader(monkeypatch, "import time; time.sleep(0.6); print(json.dumps({'refused': 'read to its end'}))")
    with pytest.raises(BadInput, match="read to its end"):
        read(plain(), "a.csv", replace(TIGHT, seconds=0.2, patience=100.0))


def test_nobody_waits_for_what_nobody_wants_any_more(monkeypatch: pytest.MonkeyPatch):
    class Gone(BaseException):
        pass

    started: list[subprocess.Popen[bytes]] = []

    def start(*given: object, **how: object) -> "subprocess.Popen[bytes]":
        started.append(popen(*given, **how))
        return started[-1]

    def leave(_share: float) -> None:
        raise Gone

    popen = subprocess.Popen
    monkeypatch.setattr(apart.subprocess, "Popen", start)  # type: ignore[attr-defined]
    reader(monkeypatch, "import time; time.sleep(3600)")
    with pytest.raises(Gone):
        read_table(plain(), "a.csv", limits=TIGHT, told=leave)
    (process,) = started
    assert process.returncode is not None


def test_progress_is_told_as_the_reader_tells_it(monkeypatch: pytest.MonkeyPatch):
    heard: list[float] = []

    class Enough(BaseException):
        pass

    def hear(share: float) -> None:
        heard.append(share)
        if share == 0.25:
            raise Enough

    reader(
        monkeypatch,
        "print('panicked at x', 0.25, file=sys.stderr, sep='\\n', flush=True); sys.stdin.read()\nwhile 1: 0",
    )
    with pytest.raises(Enough):
        read_table(plain(), "a.csv", limits=TIGHT, told=hear)
    assert set(heard) <= {0.0, 0.25}


def test_the_reader_sees_no_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WHATIF_AUDIT_KEY", "secret")
    reader(monkeypatch, "print(json.dumps({'refused': ' '.join(os.environ)}))")
    with pytest.raises(BadInput) as told:
        read(plain(), "a.csv")
    assert "PATH" in str(told.value)
    assert "WHATIF" not in str(told.value)


def test_only_so_many_files_are_read_at_once():
    one = replace(TIGHT, at_once=1)
    waits, found = threading.Event(), list[FileTable]()
    thread = threading.Thread(
        target=lambda: found.append(read_table(plain(), "a.csv", limits=one, told=lambda share: waits.set()))
    )
    with apart._turn(one, lambda share: None):
        thread.start()
        assert waits.wait(60)
        assert found == []
        with pytest.raises(BadInput, match=r"1 other files are being read\. Give this one again"):
            read(plain(), "a.csv", replace(one, seconds=0.1))
    thread.join(60)
    assert len(found[0].frame) == 3


def test_what_was_read_is_not_trusted(monkeypatch: pytest.MonkeyPatch):
    """A table whose columns point beyond their texts is refused, not looked up."""
    content = b"loan_id,default\n1,0\n2,1\n"
    request = {"name": "a.csv", "wanted": [], "sheet": None, "limits": vars(TIGHT)}
    said = apart.read_apart(content, request, TIGHT, lambda share: None)
    offsets = np.array([0, 1, 2], np.int64).tobytes()
    assert said.count(offsets) >= 2
    forged = said.replace(offsets, np.array([0, 10**13, 2], np.int64).tobytes())
    monkeypatch.setattr(apart, "read_apart", lambda *given: forged)
    with pytest.raises(BadInput, match="is damaged"):
        read(content, "a.csv")
