"""LibreOffice, without a window: workbooks reckoned anew, and asked about numbers that are put into their cells."""

import csv
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

PROGRAM = shutil.which("soffice") or "soffice"
SECONDS = 300
RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"""  # by itself it shows what a workbook says that it comes to, and reckons nothing
MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" script:language="StarBasic">
Function Place(book As Object, address As String) As Object
  Dim parts
  parts = Split(address, "!")
  Place = book.Sheets.getByName(parts(0)).getCellRangeByName(parts(1))
End Function

Sub Run
  On Error GoTo Failed
  Dim options(0) As New com.sun.star.beans.PropertyValue
  options(0).Name = "Hidden"
  options(0).Value = True
  book = StarDesktop.loadComponentFromURL(ConvertToURL(Environ("ASK_BOOK")), "_blank", 0, options())
  book.enableAutomaticCalculation(False)
  Open Environ("ASK_RECORDS") For Input As #1
  Open Environ("ASK_ANSWERS") For Output As #2
  Line Input #1, text
  puts = Split(text, ";")
  Line Input #1, text
  reads = Split(text, ";")
  Do While Not Eof(1)
    Line Input #1, text
    values = Split(text &amp; ";", ";")
    For k = 0 To UBound(puts)
      cell = Place(book, puts(k))
      If values(k) = "" Then
        cell.clearContents(1 + 2 + 4 + 16)
      Else
        cell.setFormula(values(k))
      End If
    Next k
    book.calculate()
    told = ""
    For k = 0 To UBound(reads)
      cell = Place(book, reads(k))
      If cell.getError() &lt;&gt; 0 Then
        told = told &amp; "error " &amp; cell.getError() &amp; ";"
      ElseIf cell.FormulaResultType2 = com.sun.star.sheet.FormulaResult.VALUE Then
        told = told &amp; CStr(cell.getValue()) &amp; ";"
      Else
        told = told &amp; cell.getString() &amp; ";"
      End If
    Next k
    Print #2, told
  Loop
  Close #1
  Close #2
  book.close(True)
  StarDesktop.terminate()
  Exit Sub
Failed:
  Open Environ("ASK_ANSWERS") &amp; ".error" For Output As #3
  Print #3, Error &amp; " in line " &amp; Erl
  Close #3
  StarDesktop.terminate()
End Sub
</script:module>"""


class Office:
    """LibreOffice with a profile of its own, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        own = folder / "profile" / "user"
        own.mkdir(parents=True)
        (own / "registrymodifications.xcu").write_text(RECALCULATE)
        self._run("--terminate_after_init")  # which lays down the rest of the profile
        (own / "basic" / "Standard" / "Module1.xba").write_text(MODULE)

    def _run(self, *arguments: str, **environment: str) -> None:
        command = [PROGRAM, f"-env:UserInstallation={(self.folder / 'profile').as_uri()}", "--headless", "--norestore"]
        done = subprocess.run(
            [*command, *arguments],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env={**os.environ, **environment},
        )
        assert done.returncode == 0, done.stderr

    def converted(self, content: bytes, kind: str = "xlsx") -> bytes:
        """A workbook reckoned anew, as a workbook again, or as another ``kind`` of file."""
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            given, out = Path(place) / "book.xlsx", Path(place) / "out"
            given.write_bytes(content)
            self._run("--convert-to", kind, "--outdir", str(out), str(given))
            return (out / f"book.{kind}").read_bytes()

    def asked(
        self, content: bytes, *, puts: Sequence[str], reads: Sequence[str], records: Sequence[Sequence[str]]
    ) -> list[list[str]]:
        """What stands in the cells ``reads`` of a workbook after each of the ``records`` was put into the cells
        ``puts``, "" leaving one empty. A cell is named as Customer!C6."""
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            book, given, answers = (Path(place) / name for name in ("book.xlsx", "records.csv", "answers.csv"))
            book.write_bytes(content)
            given.write_text("\n".join(";".join(row) for row in (puts, reads, *records)) + "\n")
            self._run(
                "macro:///Standard.Module1.Run", ASK_BOOK=str(book), ASK_RECORDS=str(given), ASK_ANSWERS=str(answers)
            )
            failed = answers.with_name(f"{answers.name}.error")
            assert not failed.exists(), failed.read_text()
            return [row[: len(reads)] for row in csv.reader(answers.read_text().splitlines(), delimiter=";")]
