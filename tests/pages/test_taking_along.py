"""What can be taken along from a page: papers of what stands there, made when they are asked for, named after it."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from streamlit.elements.widgets.button import ButtonMixin
from streamlit.testing.v1 import AppTest

from pages.shared.taking_along import MAKING
from tests.export.workbook.reading import ReadWorkbook
from tests.pages.conftest import Open, sentence

HALF = {"preset": "fed_2026_severely_adverse", "severity": "50"}
KINDS = ("pptx", "html", "docx", "pdf")


@pytest.fixture(autouse=True)
def _set(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that has what sets the text of a PDF; none is made here."""
    monkeypatch.setattr("pages.shared.taking_along.why_no_pdf", lambda: "")


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], bytes]]:
    """What makes each file that the last run offers, by its name."""
    found: dict[str, Callable[[], bytes]] = {}
    offer = ButtonMixin._download_button

    def noted(self: Any, label: str, data: Any, file_name: str, mime: str, **more: Any) -> Any:
        found[file_name] = data
        return offer(self, label, data, file_name, mime, **more)

    monkeypatch.setattr(ButtonMixin, "_download_button", noted)
    return found


def pressed(at: AppTest, page: str) -> AppTest:
    at.session_state[f"_{page}_take_along"] = True
    return at.run()


def read(offered: dict[str, Callable[[], bytes]]) -> str:
    """The memo as a page, made now."""
    return unescape(next(make for name, make in offered.items() if name.endswith(".html"))().decode())


def names(offered: dict[str, Any]) -> list[str]:
    """The names of papers without their day."""
    ours = [name for name in offered if name.endswith(KINDS)]
    return [f"{name.rpartition('_')[0]}.{name.rpartition('.')[2]}" for name in ours]


def test_the_books_papers_say_what_stands_on_the_page(open_app: Open, offered: dict[str, Any]) -> None:
    at = open_app("book", **HALF)
    assert names(offered) == []
    at = pressed(at, "book")
    assert not at.exception
    scenario = "fed-2026-severely-adverse-severity-50"
    assert names(offered) == [
        f"cards_{what}_{scenario}.{kind}" for what, kind in zip(("slides", *3 * ("memo",)), KINDS, strict=True)
    ]
    page = read(offered)
    assert sentence(at) in page
    assert "Made by local user on" in page


def test_a_customers_paper_waits_for_one(open_app: Open, offered: dict[str, Any]) -> None:
    at = pressed(open_app("applicant"), "customer")
    assert names(offered) == []
    assert "Choose somebody first." in [each.value for each in at.caption]
    at = pressed(open_app("applicant", customer=17, balances=-20), "customer")
    assert "cards_memo_customer-17-balances-20.html" in names(offered)
    page = read(offered)
    assert sentence(at) in page


def test_the_workbook_is_of_the_customer_with_every_change(open_app: Open, offered: dict[str, Any]) -> None:
    pressed(open_app("applicant", customer=17, limit=60000, lgd=0.7), "customer")
    name = next(name for name in offered if name.endswith(".xlsx"))
    assert name.startswith("cards_workbook_customer-17-")
    found = ReadWorkbook(offered[name]())
    assert (found.named("own_limit"), found.named("own_assumed_lgd")) == (60_000, 0.7)
    assert found.at("Customer!A2").startswith("This customer scores ")


def test_of_nobody_in_particular_the_workbook_begins_with_one_to_start_from(
    open_app: Open, offered: dict[str, Any]
) -> None:
    pressed(open_app("applicant"), "customer")
    (name,) = [name for name in offered if name.endswith(".xlsx")]
    assert ReadWorkbook(offered[name]()).named("own_pd") < 1


def test_those_compared_have_a_paper_once_they_are_two(open_app: Open, offered: dict[str, Any]) -> None:
    pressed(open_app("compare"), "compare")
    assert names(offered) == []
    at = pressed(open_app("compare", **{"of": "book", "1": "Plain", "2": "Half", "2.unemployment": "2"}), "compare")
    assert "cards_memo_2-compared.docx" in names(offered)
    page = read(offered)
    assert sentence(at) in page


def test_those_compared_have_a_workbook_where_they_are_of_the_book(open_app: Open, offered: dict[str, Any]) -> None:
    at = pressed(open_app("compare", **{"of": "book", "1": "Plain", "2": "Half", "2.unemployment": "2"}), "compare")
    (name,) = [name for name in offered if name.endswith(".xlsx") and "workbook" in name]
    assert name.startswith("cards_workbook_2-compared_")
    found = ReadWorkbook(offered[name]()).sheets["Scenarios"]
    assert found[1][0] == sentence(at)
    offered.clear()
    pressed(open_app("compare", **{"of": "customer", "1": "A", "1.id": "1", "2": "B", "2.id": "2"}), "compare")
    assert not [name for name in offered if "workbook" in name]


def test_policy_and_trust_have_their_charts_and_a_chart_is_of_what_stood_there(
    open_app: Open, offered: dict[str, Any]
) -> None:
    for page, charts in (("policy", {"strategy", "profits"}), ("trust", {"reliability", "roc"})):
        offered.clear()
        at = open_app(page)
        assert not [name for name in offered if "_chart-" in name]
        pressed(at, page)
        drawn = {name.split("_")[1].removeprefix("chart-"): make for name, make in offered.items() if "_chart-" in name}
        assert set(drawn) == charts
        assert all(b"Taiwan credit cards" in make() for make in drawn.values())


def test_how_far_the_workbook_is_stands_there_while_it_is_made(
    open_app: Open, offered: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = pressed(open_app("book", lgd=0.7), "book")
    making = at.session_state[MAKING]
    told: list[tuple[str, float]] = []
    hear = making.tell

    def noted(doing: str, share: float) -> None:
        hear(doing, share)
        told.append((making.doing, making.share or 0.0))

    monkeypatch.setattr(making, "tell", noted)
    assert offered[next(name for name in offered if name.endswith(".xlsx"))]().startswith(b"PK")
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert [*dict.fromkeys(doing for doing, _ in told)][-3:] == [
        "Adding up segments and bands",
        "Drawing a sample",
        "Writing the sheets",
    ]
    assert making.share is None
    making.tell("Adding up segments and bands", 0.55)
    assert [(each.text, each.value) for each in progress(at.run())] == [("Adding up segments and bands: 55%", 55)]
    making.share = None
    assert not progress(at.run())


def progress(at: AppTest) -> list[Any]:
    """The bars that say how far something is."""
    return [each.proto for each in at.get("progress")]


def test_where_nothing_sets_text_the_pdf_is_not_offered_and_it_is_told(
    open_app: Open, offered: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.shared.taking_along.why_no_pdf", lambda: "A PDF needs the library Pango.")
    at = pressed(open_app("book"), "book")
    assert [name.rpartition(".")[2] for name in names(offered)] == ["pptx", "html", "docx"]
    assert "A PDF needs the library Pango." in [each.value for each in at.caption]


def test_a_workbook_that_cannot_be_made_is_told_in_words_where_its_button_would_stand(
    open_app: Open, offered: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.export.workbook.formulas.LONGEST", 3)
    at = pressed(open_app("book"), "book")
    assert not at.exception
    assert not [name for name in offered if name.endswith(".xlsx")]
    (told,) = [each.value for each in at.caption if "characters in a workbook" in each.value]
    assert "take a paper or slides" in told
