"""The pages on security are whole and say what is so: every requirement once, with a verdict, every test there."""

import ast
import re
from functools import cache

import pytest
from streamlit import config

from data.files.kinds import ENDINGS, MB, Limits
from model.security.people import NEEDS, ROLES
from model.security.tokens import SCOPES
from model.settings import Settings
from tests.test_architecture import PROJECT

PAGE = (PROJECT / "model" / "security" / "README.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (PROJECT / "model" / "security" / "asvs.md").read_text().splitlines()
    if re.match(r"\| \d", line)
]
# The numbers of ASVS 5.0.0's levels 1 and 2: each section from 1 to its last; those after it are of level 3 alone.
LAST = """
1.1:2 1.2:9 1.3:11 1.4:3 1.5:2
2.1:3 2.2:3 2.3:4 2.4:1
3.2:2 3.3:4 3.4:6 3.5:5 3.7:2
4.1:3 4.2:1 4.3:2 4.4:4
5.1:1 5.2:3 5.3:2 5.4:3
6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4
7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2
8.1:2 8.2:3 8.3:1 8.4:1
9.1:3 9.2:4
10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3
11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1
12.1:3 12.2:2 12.3:4
13.1:1 13.2:5 13.3:2 13.4:5
14.1:2 14.2:4 14.3:3
15.1:3 15.2:3 15.3:7
16.1:1 16.2:5 16.3:4 16.4:3 16.5:3
17.1:1 17.2:4 17.3:2
"""
ASKED = [f"{section}.{k}" for section, last in re.findall(r"(\S+):(\d+)", LAST) for k in range(1, int(last) + 1)]
HELD, APART, MISSING = "held", "does not apply", "**not held**"
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
PARTS = {
    "What is trusted, what is not",
    "Who gets in",
    "Who may do what",
    "Files that strangers give",
    "Whom it calls",
    "What is kept",
    "Keys",
    "Logs",
    "How to report a fault",
}


def verdict(row: list[str]) -> str:
    """A row's verdict, of those left to others the word they begin with."""
    return "left to" if row[2].startswith("left to ") else row[2]


def part(title: str) -> str:
    """A part of the page by its title."""
    return re.split(r"^#+ ", PAGE.partition(f"## {title}\n")[2], flags=re.MULTILINE)[0]


@cache
def named_in(path: str) -> set[str]:
    """The tests that a file holds."""
    nodes = ast.walk(ast.parse((PROJECT / path).read_text()))
    return {each.name for each in nodes if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_requirement_of_both_levels_stands_there_once():
    assert len(ASKED) == 253
    assert [row[0] for row in ROWS] == ASKED


def test_every_requirement_has_a_verdict_and_its_reason():
    for number, asks, said, why in ROWS:
        assert asks, number
        assert said in (HELD, APART, MISSING) or re.fullmatch(r"left to [A-Za-z].+", said), number
        if said == HELD:
            assert TEST.search(why), f"{number} is held by nothing"
        if said in (APART, MISSING):
            assert TEST.sub("", why).strip(" ,"), f"{number} does not say why"


def test_every_test_that_is_named_is_there():
    named = {found for row in ROWS for found in TEST.findall(row[3])}
    assert {(path, name) for path, name in named if name not in named_in(path)} == set()
    assert len(named) > 100
    assert all("::" not in TEST.sub("", cell) for row in ROWS for cell in row)


def test_the_sums_are_those_of_the_lines():
    table = [
        [cell.strip(" *") for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if re.match(r"\| (\d|\*\*all)", line)
    ]
    kinds = (HELD, "left to", APART, MISSING)
    for name, *figures in table:
        chapter = name.partition(".")[0]
        mine = [row for row in ROWS if name.startswith("all") or row[0].startswith(f"{chapter}.")]
        assert [int(each or 0) for each in figures] == [sum(verdict(row) == kind for row in mine) for kind in kinds]
    assert len(table) == 18


# ---- what the page says of the program -------------------------------------------------------------------------------


def test_the_page_has_its_parts():
    assert set(re.findall(r"^## (.+)$", PAGE, re.MULTILINE)) == PARTS
    assert all("\n| " in part(each) for each in PARTS - {"How to report a fault"})


def test_the_page_names_every_way_in():
    told = part("Who gets in")
    assert {"WHATIF_USER_HEADER", "WHATIF_TRUSTED_PROXY", "WHATIF_API_TOKENS", "secrets.toml"} <= set(
        re.findall(r"WHATIF_[A-Z_]+|secrets\.toml", told)
    )
    lasts = part("How long a visit lasts")
    assert lasts.count("\n| ") == 2 + 3


def test_the_page_tells_every_deed_and_scope():
    rows = re.findall(r"^\| (`?\w+`?) \| (.+) \|$", part("Who may do what"), re.MULTILINE)
    deeds = {role: {deed for deed, needed in NEEDS.items() if needed == role} for role in ROLES}
    assert {name: set(told.split(", ")) for name, told in rows if name in ROLES} == deeds
    assert [name.strip("`") for name, _ in rows if name[0] == "`"] == list(SCOPES)


def test_the_page_names_every_key_of_the_settings():
    secret = {
        f"WHATIF_{name.upper()}"
        for name, field in Settings.model_fields.items()
        if "Secret" in str(field.annotation) or re.search(r"key|password|token\b", name)
    }
    told = set(re.findall(r"WHATIF_[A-Z_]+", part("Keys")))
    assert secret <= told


def test_the_page_names_every_address_of_the_settings():
    addresses = {f"WHATIF_{name.upper()}" for name in Settings.model_fields if re.search("url$|brokers|master", name)}
    assert addresses <= set(re.findall(r"WHATIF_[A-Z_]+", part("Whom it calls")))


@pytest.mark.parametrize("what", ["size", "unpacked"])
def test_what_the_page_says_of_files_is_what_is_read(what: str):
    told, limits = part("Files that strangers give"), Limits()
    assert set(ENDINGS) == set(re.findall(r"`(\.\w+)`", told))
    assert f"{limits.rows:,} rows, {limits.columns:,} columns, {limits.cells:,} cells" in told
    assert f"{Settings().file_memory:,} MB of memory, {Settings().file_seconds:.0f} s" in told
    megabytes = {"size": config.get_option("server.maxUploadSize"), "unpacked": limits.unpacked / MB}[what]
    assert f"{megabytes:,.0f} MB" in told
