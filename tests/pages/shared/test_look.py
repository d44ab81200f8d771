"""What a style sheet may ask of a browser that styles a page anew several times with every move of a lever."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from model.whatif.ranges import LeverRange
from pages.shared import widgets

SHEETS = sorted(Path(widgets.__file__).parent.glob("*.css"))
KEPT = (  # they look at their own children alone, which no move of a lever puts in or takes out
    ":is(.stElementContainer, .stHtml):has(> .wi-stays), .stElementContainer:has(> .stHtml > .wi-stays)",
    ".st-key-ask > div:has(.st-key-ask_card)",
)


def selectors(sheet: str) -> Iterator[tuple[str, bool]]:
    """Every selector of a sheet, and whether it holds under some condition only, as in narrow windows."""
    start = 0
    bare = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    conditions: list[bool] = []
    for match in re.finditer(r"[{};]", bare):
        head = " ".join(bare[start : match.start()].split())
        start = match.end()
        if match.group() == "{":
            conditions.append(head.startswith("@"))
            if not head.startswith("@"):
                yield head, any(conditions)
        elif match.group() == "}":
            conditions.pop()
    assert not conditions


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_no_rule_makes_the_browser_look_at_the_whole_page_again(path: Path) -> None:
    found = list(selectors(path.read_text("utf-8")))
    assert found
    if path.name == "print.css":  # holds on paper, which no lever moves
        assert all(some for each, some in found if ":has(" in each or "[class" in each)
        return
    assert [each for each, _ in found if re.search(r"\[class\W?=", each)] == []  # any class changed, all is styled anew
    if path.name != "presented.css":  # that one is there while something is presented
        assert [each for each, some in found if ":has(" in each and not some and each not in KEPT] == []


def test_a_selector_is_found_under_a_condition_and_without() -> None:
    sheet = "a:has(b) { c: d; } /* x { */ @media (e) { f:has(g) { h: i } } [class*='j'] k { l: m }"
    assert list(selectors(sheet)) == [("a:has(b)", False), ("f:has(g)", True), ("[class*='j'] k", False)]


def test_rails_and_fields_are_those_of_the_levers_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(st, "html", written.append)
    widgets.rails({"book.limits": LeverRange(-50, high=50, step=5), "book.lgd": LeverRange(0, high=100, step=5)})
    rails, fields = written
    assert ".st-key-book-limits { --wi-native: 0; --wi-low: '−50'; --wi-high: '+50'" in rails
    assert fields.startswith("<style>:is(.st-key-book-limits-typed, .st-key-book-lgd-typed) {")
