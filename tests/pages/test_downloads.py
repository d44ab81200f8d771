"""Every file that the pages give away, and every table that they let people save, held against one set of rules."""

import csv
import io
import re
import shutil
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.elements.widgets.button import ButtonMixin
from streamlit.testing.v1 import AppTest

from model.release.store import Store
from model.report import spreadsheet
from model.scoring import batch
from tests.data.files.reading import in_this_process as in_this_process
from tests.pages.conftest import Open
from tests.support import second_book
from tests.support.kept import KeptReleases
from tests.support.pictures import picture_breaches
from tests.support.second_book import NAME

SIGNS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
SIGN_IN_A_PART = re.compile(f"[;\t\n][{re.escape(''.join(SIGNS))}]")
SHARE = re.compile(
    r"\b(PDs?|RAROC|[Rr]ate|[Ww]eight|[Aa]pproval|[Ss]hare|[Oo]bserved|[Pp]redicted|[Ll]ost of it|[Pp]robability)\b"
)
DATED = re.compile(r"\b\d{1,2} [A-Z][a-z]{2} \d{4}\b|\b(19|20)\d\d-\d\d-\d\d\b")
ISO = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")
NUMBER = re.compile(r"-?\d+(\.\d*)?([eE][+-]?\d+)?")
NOTHING = {"nan", "NaN", "None", "inf", "-inf", "Infinity", "<NA>", "NaT", "null"}
WORDS = ["=1+1", "@SUM(A1)", "-cmd|' /C calc'!A0", "+1-1", "\uff1d1+1", "a;=1+1", "safe"]
FIRST = "=1+1;@SUM(A1) "  # what every label of the awkward book begins with
UNIT = re.compile(r"%|[Pp]oints|ratio|over the highest|Number of|PSI|NT\$|US\$")  # one of a chart's
NAMED = re.compile(rf"(cards|{NAME})_[a-z0-9-]+(_[a-z0-9-]+)?_\d{{4}}-\d\d-\d\d\.[a-z]+")  # book, what, scenario, day
TAKEN = {  # pages with files of their own, and their keys
    "book": "book",
    "applicant": "customer",
    "compare": "compare",
    "policy": "policy",
    "trust": "trust",
}
OFFERED = {
    "compare": 6,
    "book": 13,
    "policy": 6,
    "applicant": 7,
    "trust": 7,
    "operations": 8,
}  # files at the least, of any book
VISITS: dict[str, dict[str, object]] = {
    "book": {"preset": "fed_2026_severely_adverse", "balances": 20, "unemployment": 2, "weight_as_is": 100},
    "policy": {"cutoff": 531},
    "applicant": {"customer": 12, "balances": 20},
    "compare": {"of": "book", "1": "=1+1", "2": "@half", "2.unemployment": 2},
    "trust": {},
    "operations": {},
}


def awkward() -> str:
    """The contract of the made-up loans in words that a spreadsheet takes for formulas wherever words may stand."""
    text = re.sub(r'^label = "', f'label = "{FIRST}', second_book.CONTRACT, flags=re.MULTILINE)
    text = re.sub(r'^unit = "(US\$|months)"', r'unit = "+\1"', text, flags=re.MULTILINE)
    codes = "\n".join(f'{code} = "{word}"' for code, word in enumerate(WORDS))
    replaced = {
        'currency = "US$"': 'currency = "-US$"',
        'person = "loan"': 'person = "@loan"',
        'granted = "would be granted today"': 'granted = "=would be granted today"',
        'help = "How late the loan is."\n': f'help = "=How late."\n[fields.codes]\n{codes}\n',
        "edges = [1, 3]": 'edges = [1, 3]\nlabels = ["=few", "-some", "@many"]',
    }
    for old, new in replaced.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def awkward_home(home: Path, kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a champion of the cards, and one of the book in awkward words."""
    place = tmp_path_factory.mktemp("awkward") / "home"
    shutil.copytree(home, place, ignore=shutil.ignore_patterns("record.sqlite*"))
    second_book.lay_down(place, awkward())
    kept.champion(place, NAME)
    return place


@dataclass(frozen=True)
class Given:
    """A file to take along: its name, its kind, what it holds."""

    name: str
    mime: str
    content: bytes


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Given]:
    """Every download that a run offers, made; with every panel of every page open."""
    found: list[Given] = []
    offer, expander = ButtonMixin._download_button, st.expander

    def offered(self: Any, label: str, data: Any, file_name: str, mime: str, **more: Any) -> Any:
        made = data() if callable(data) else data
        assert NAMED.fullmatch(file_name), file_name
        found.append(Given(file_name, mime, made.encode() if isinstance(made, str) else made))
        return offer(self, label, data, file_name, mime, **more)

    def opened(label: str, expanded: bool = False, **more: Any) -> Any:
        return expander(label, True, **more)

    monkeypatch.setattr(ButtonMixin, "_download_button", offered)
    monkeypatch.setattr(st, "expander", opened)
    return found


@pytest.fixture
def visited(
    open_app: Open, awkward_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AppTest]:
    """Opens a page of either book, its files and what is on record included."""
    own = shutil.copytree(awkward_home, tmp_path / "home")

    def go(page: str, book: str) -> AppTest:
        monkeypatch.setenv("WHATIF_HOME", str(own))
        at = open_app(page, book=book, **VISITS[page])
        if page in TAKEN:
            at.session_state[f"_{TAKEN[page]}_take_along"] = True
            at.run()
        if page in ("operations", "trust"):
            at.file_uploader[0].set_value(("loans.csv", odd_file(own, book), "text/csv")).run()
            at.run()  # the file is on record by now
        assert not at.exception
        return at

    return go


def odd_file(home: Path, book: str) -> bytes:
    """Customers named in awkward words, of whom some cannot be scored."""
    contract = Store(home, book).load().contract
    row = {field.name: batch._example(field) for field in contract.record}
    frame = pd.DataFrame([row] * 10 * len(WORDS)).astype(object)
    frame.insert(0, contract.book.id, WORDS * 10)
    frame["=odd"] = "=1"
    frame.loc[[1, 3], contract.record[0].name] = ["=2+2", "@x"]
    return frame.to_csv(index=False).encode()


def broken(text: str) -> str:
    """Which rule a cell breaks, if any."""
    if text in NOTHING:
        return "a word for nothing"
    begins = text.lstrip(" \u00a0\ufeff")[:1] in SIGNS or SIGN_IN_A_PART.search(text)
    return "a formula" if begins and not NUMBER.fullmatch(text) else ""


def breaches(given: Given) -> list[str]:
    """Which rules a file breaks."""
    kind = given.name.rpartition(".")[2]
    if kind == "csv":
        text = given.content.decode("utf-8")
        cells = [cell for row in csv.reader(io.StringIO(text[1:], newline=""), strict=True) for cell in row]
        told = [f"{broken(cell)}: {cell!r}" for cell in dict.fromkeys(cells) if broken(cell)]
        told += [] if text.startswith("\ufeff") else ["no byte-order mark"]
        told += [] if "_template_" in given.name else unconventional(text[1:])
        return told + ([] if given.mime == "text/csv" and len(cells) > 1 else ["not a CSV"])
    if kind == "xlsx":
        with zipfile.ZipFile(io.BytesIO(given.content)) as archive:
            parts = {each: archive.read(each) for each in archive.namelist() if each.startswith("xl/")}
        if "_workbook_" in given.name:
            return [text for text in formulas_of(parts) if begun_by_a_text(text)]
        risky = [name for name, part in parts.items() if b"<f>" in part or b"<hyperlink" in part]
        return risky + [word for word in NOTHING if f">{word}<".encode() in parts["xl/sharedStrings.xml"]]
    if kind in ("docx", "pptx"):
        with zipfile.ZipFile(io.BytesIO(given.content)) as archive:
            sheets = [Given(each, "", archive.read(each)) for each in archive.namelist() if each.endswith(".xlsx")]
            outside = [each for each in archive.namelist() if b'TargetMode="External"' in archive.read(each)]
        return [told for each in sheets for told in breaches(each)] + outside
    if kind == "pdf":
        return [] if given.content.startswith(b"%PDF") else ["not a PDF"]
    if kind == "svg":
        return picture_breaches(given.content, given.name.rpartition("_")[2].removesuffix(".svg"), "Release ")
    if kind == "parquet":
        return [] if len(pd.read_parquet(io.BytesIO(given.content)).columns) else ["not a Parquet file"]
    return [] if kind == "html" and b"<script" not in given.content else ["a kind without rules"]


def unconventional(text: str) -> list[str]:
    """Where a table breaks the convention of units and dates: a share whose unit is told nowhere, or that is no number;
    a day or moment that is not ISO 8601 in UTC."""
    head, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    mixed = "Unit" in head
    told = [f"a name of the program: {each}" for each in head if "fraction" in each]
    for k, name in enumerate(head):
        cells = [row[k] for row in rows if row[k]]
        told += [
            f"{name}: {cell} is no moment of ISO 8601"
            for cell in cells[:200]
            if DATED.search(cell) and not ISO.fullmatch(cell)
        ]
        if not SHARE.search(name) or mixed or not any(map(NUMBER.fullmatch, cells)):
            continue
        if not name.endswith((", %", ", points")):
            told.append(f"{name}: a share without its unit")
        elif not all(map(NUMBER.fullmatch, cells)):
            told.append(f"{name}: not a number in every row")
    return told


def formulas_of(parts: dict[str, bytes]) -> list[str]:
    """The formulas of a workbook that reckons, without the texts that they quote."""
    found = [each for part in parts.values() for each in re.findall(r"<f>(.*?)</f>", part.decode())]
    assert found
    return [re.sub(r"&quot;.*?&quot;|\"(?:[^\"]|\"\")*\"", "", each) for each in found]


def begun_by_a_text(formula: str) -> bool:
    """Whether a formula is one that a contract's text has become."""
    return formula.startswith(tuple(word[1:] for word in WORDS if word[0] in SIGNS))


def table_breaches(frame: pd.DataFrame) -> list[str]:
    """What a table on the screen would put into the CSV of its own menu."""
    texts = [each for name in frame for each in frame[name].tolist() if isinstance(each, str)]
    numbers = [each for name in frame for each in frame[name].tolist() if isinstance(each, float)]
    told = [f"{broken(each)}: {each!r}" for each in (*map(str, frame.columns), *texts) if broken(each)]
    return told + ["an infinite number"] * bool(np.isinf(numbers).any())


def uncharted(at: AppTest, files: Collection[str]) -> list[str]:
    """The charts of a page that cannot be had as a file, or do not say in which unit they are."""
    standing = [each.proto.id.rpartition("-")[2] for each in at.get("plotly_chart")]
    noted = {key: each for part in at.session_state["_charts"].values() for key, each in part.items()}
    without = [key for key in standing if not any(f"_chart-{key.replace('_', '-')}_" in name for name in files)]
    shows = {key: " ".join((each.shows, *(half.shows for half in each.halves))) for key, each in noted.items()}
    return without + [key for key in standing if not UNIT.search(shows.get(key, ""))]


@pytest.mark.parametrize("book", ["cards", NAME])
@pytest.mark.parametrize("page", VISITS)
def test_every_download_and_every_table_keeps_the_rules(
    visited: Callable[..., AppTest], taken: list[Given], page: str, book: str
) -> None:
    at = visited(page, book)
    files = {given.name: breaches(given)[:5] for given in taken}
    assert {name: told for name, told in files.items() if told} == {}
    tables = [table_breaches(each.value)[:5] for each in at.dataframe]
    assert [told for told in tables if told] == []
    assert len(files) >= OFFERED[page]
    assert uncharted(at, files) == []
    if book == NAME:  # the words were there
        cells = b"".join(given.content for given in taken if given.name.endswith(".csv"))
        assert any(word in cells for word in (b"'=1+1", b"'@", b"'-"))


def test_what_a_page_gives_away_is_taken_by_the_upload_again(
    visited: Callable[..., AppTest], taken: list[Given], awkward_home: Path
) -> None:
    visited("operations", NAME)
    contract = Store(awkward_home, NAME).load().contract
    scored = next(given for given in taken if "_scored_" in given.name and given.name.endswith(".csv"))
    templates = {given.name: given.content for given in taken if "_template_" in given.name}
    assert sorted(name.rpartition(".")[2] for name in templates) == ["csv", "xlsx"]
    for name, content in templates.items():
        sheet = batch.read_customers(content, name, contract)
        assert (len(sheet), sheet.bad, sheet.ignored) == (1, (), ())
    assert {f"'{word}" for word in WORDS[:1]} <= set(pd.read_csv(io.BytesIO(scored.content)).iloc[:, 0])
    row = {field.label: batch._example(field) for field in contract.record}
    frame = pd.DataFrame([row] * len(WORDS)).astype(object)
    frame[contract.record[2].label] = WORDS
    frame.insert(0, contract.book.id, WORDS)
    back = batch.read_customers(spreadsheet.file(frame), "back.csv", contract)
    assert back.bad == ()
    assert back.ids.tolist() == WORDS
    assert back.raw[2].tolist() == list(range(len(WORDS)))


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("PD\n0.12\n", "PD: a share without its unit"),
        ('"Observed, low"\n0.12\n', "Observed, low: a share without its unit"),
        ('"PD, fraction"\n0.12\n', "a name of the program: PD, fraction"),
        ('"PD, %"\n12.4\nnone\n', "PD, %: not a number in every row"),
        ("When\n22 Nov 2026 at 18:26\n", "When: 22 Nov 2026 at 18:26 is no moment of ISO 8601"),
        ("At\n2026-11-30 10:58:40+00:00\n", "At: 2026-11-30 10:58:40+00:00 is no moment of ISO 8601"),
    ],
)
def test_the_convention_of_units_and_dates_finds_planted_faults(table: str, fault: str) -> None:
    assert fault in unconventional(table)
    good = 'Measure,Unit,"PD, %",When\nPD,%,12.4,2026-11-30T10:16:00Z\nLoss,NT$,,2026-11-30\n'
    assert unconventional(good) == []
