"""A workbook as somebody sees it who only looks at it: every cell's result, by its address."""

import io
import re
import zipfile
from dataclasses import dataclass
from functools import cached_property
from xml.sax.saxutils import escape

from python_calamine import CalamineWorkbook

Value = float | str | bool

CELL = re.compile(r'<c r="([A-Z]+\d+)"[^>]*><f>(.*?)</f>')
NAME = re.compile(r'<definedName name="([^"]+)"[^>]*>([^<]+)</definedName>')


@dataclass(frozen=True)
class ReadWorkbook:
    """A workbook's ``content``."""

    content: bytes

    @cached_property
    def parts(self) -> dict[str, str]:
        """Its parts by name."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as packed:
            return {name: packed.read(name).decode() for name in packed.namelist()}

    @cached_property
    def sheets(self) -> dict[str, list[list[Value]]]:
        """The rows of each sheet."""
        book = CalamineWorkbook.from_filelike(io.BytesIO(self.content))
        return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}

    @cached_property
    def names(self) -> dict[str, str]:
        """Where each name points to: Customer!C6."""
        return {name: place.replace("'", "").replace("$", "") for name, place in NAME.findall(self.parts[BOOK])}

    def named(self, name: str) -> Value:
        """What stands in the cell of a name."""
        return self.at(self.names[name])

    def at(self, place: str) -> Value:
        """What stands in a cell, named as Customer!C6."""
        sheet, address = place.split("!")
        letters = re.match("[A-Z]+", address)
        assert letters is not None
        column = 0
        for each in letters[0]:
            column = 26 * column + ord(each) - ord("A") + 1
        return self.sheets[sheet][int(address[letters.end() :]) - 1][column - 1]

    def formulas(self) -> dict[str, str]:
        """Every formula by its cell."""
        found = {}
        for k, sheet in enumerate(self.sheets, 1):
            for address, formula in CELL.findall(self.parts[f"xl/worksheets/sheet{k}.xml"]):
                found[f"{sheet}!{address}"] = formula
        return found

    def answers(self, label: str) -> tuple[Value, Value]:
        """Of a row of the sheet Customer what it says of the base and of one's own numbers."""
        row = next(each for each in self.sheets["Customer"] if label in each)
        at = row.index(label)
        return row[at + 1], row[at + 2]

    def cell_of(self, name: str) -> str:
        """The address of a name on its sheet: C6."""
        return self.names[name].partition("!")[2]

    def with_cells(self, sheet: str, **cells: float | str | None) -> bytes:
        """The workbook with other values in cells of a sheet, None for nothing, as somebody leaves it who types."""
        part = f"xl/worksheets/sheet{list(self.sheets).index(sheet) + 1}.xml"
        text = self.parts[part]
        for address, value in cells.items():
            found = re.search(rf'<c r="{address}"( s="\d+")?[^>]*?(/>|>.*?</c>)', text)
            assert found is not None, f"{sheet} has no cell {address}"
            content = f'<c r="{address}"{found[1] or ""}{_written(value)}'
            text = f"{text[: found.start()]}{content}{text[found.end() :]}"
        saved = io.BytesIO()
        with zipfile.ZipFile(saved, "w") as packed:
            for name, own in self.parts.items():
                packed.writestr(name, text if name == part else own)
        return saved.getvalue()


def _written(value: float | str | None) -> str:
    """What stands in a cell, after its style."""
    if value is None:
        return "/>"
    if isinstance(value, str):
        return f' t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"><v>{value!r}</v></c>"


BOOK = "xl/workbook.xml"
