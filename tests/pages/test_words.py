"""Every text of every page, over many scenarios and both shipped books: what must never be read, and that one quantity
reads the same wherever it stands."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data import books
from data.contract import capitalised, plural
from data.contract.schema import with_article
from model.report.numbers import MINUS, NBSP, singular
from model.report.spreadsheet import UNSEEN
from tests.pages.conftest import Open, figure, markup, sentence
from tests.support import loans_sample
from tests.support.kept import KeptReleases

COUNTED = (
    "months customers loans points rows gates releases people persons days records inputs groups tables cells cut-offs "
    "times vintages calls columns bands years folds checks changes files lines"
)
FORBIDDEN = [
    rf"(?<![\d.,])1[\s{NBSP}]({'|'.join(COUNTED.split())})\b",
    r"(?i)\b(loans?|records) who\b|whoever defaults|those who (paid|defaulted)",
    r"\b[a-z]+[^aeiou]ys\b(?<!days)(?<!ways)",
    rf"(?<![\d.,])0(\.0+)?[\s{NBSP}](m|bn)\b",
    r"(?i)to be (written|named|set)\b",
    r"\bnan\b|\bNaN\b|\bNone of\b(?= )(?!.*groups)",
]
KINDS = [
    "markdown",
    "caption",
    "slider",
    "number_input",
    "selectbox",
    "expander",
    "button",
    "pills",
    "warning",
    "info",
    "error",
    "segmented_control",
    "text_input",
    "date_input",
    "plotly_chart",
    "arrow_data_frame",
]
PANELS = {
    "book": "_steps _tornado _grid _seek _reactions _migration _cells _movers _weighted _numbers _who _coefficients "
    "_overlay _book_assumptions _limits",
    "applicant": "_assumptions _customer_tornado _two_way _table",
    "policy": "_swap _prices _heated _frontier _table_policy",
    "trust": "_bands _later _effects _moved _misses _gates",
    "operations": "_upload_panel _challenger _calls",
}


def unfolded(open_app: Open, page: str, address: dict[str, object]) -> AppTest:
    """A page with all panels unfolded: from the first run on, but for Trust, which folds them when one comes to it."""
    panels = PANELS[page].split()
    if page != "trust":
        return open_app(page, panels, **address)
    at = open_app(page, **address)
    for panel in panels:
        at.session_state[panel] = True
    at.run()
    assert not at.exception
    return at


@pytest.fixture(scope="module")
def loans_home(kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("loans")
    loans_sample.released(place, kept)
    return place


@pytest.fixture(params=["cards", "loans"])
def open_book(request: pytest.FixtureRequest, open_app: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a page on either shipped book, the second as a sample, every panel unfolded."""
    if request.param == "loans":
        monkeypatch.setenv("WHATIF_HOME", str(request.getfixturevalue("loans_home")))
        monkeypatch.setenv("WHATIF_BOOK", loans_sample.NAME)

    def run(page: str, **address: object) -> AppTest:
        return unfolded(open_app, page, address)

    return run


def texts(at: AppTest) -> Iterator[str]:
    """Whatever somebody reads of a page: markup, words of charts and tables, labels, help and options."""
    yield re.sub(r"<[^>]*>", "\n", markup(at))
    for kind in KINDS:
        for each in at.get(kind):
            proto = getattr(each, "proto", None)
            for name in ("label", "help", "body", "alt", "spec"):
                yield str(getattr(proto, name, "") or "")
            yield "\n".join(map(str, getattr(each, "options", ())))
            yield str(getattr(each, "value", "")) if kind != "plotly_chart" else ""


SCENARIOS: list[tuple[str, str, dict[str, object]]] = [
    ("cards", "book", {}),
    ("cards", "book", {"balances": 20}),
    ("cards", "book", {"limits": 5, "unemployment": 0.1, "margin_months": 1}),
    ("cards", "book", {"preset": "fed_2026_severely_adverse", "severity": 50, "later": 1}),
    ("cards", "applicant", {"customer": 12345}),
    ("cards", "applicant", {"customer": 12345, "late": 1}),
    ("cards", "applicant", {"customer": 1, "balances": 5, "bill_1": 20000, "late": 0}),
    ("cards", "policy", {}),
    ("cards", "policy", {"cutoff": 521, "margin_months": 1}),
    ("cards", "trust", {}),
    ("cards", "operations", {}),
    ("loans", "book", {}),
    ("loans", "book", {"amounts": 5}),
    ("loans", "book", {"guarantee": -5, "unemployment": 1, "margin_months": 1}),
    ("loans", "applicant", {"customer": 41}),
    ("loans", "applicant", {"customer": 41, "employees": 1}),
    ("loans", "policy", {"cutoff": 540, "margin_months": 1}),
    ("loans", "trust", {}),
    ("loans", "operations", {}),
]


@pytest.mark.parametrize(("name", "page", "address"), SCENARIOS)
def test_no_page_says_what_must_not_be_said(
    open_app: Open,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    name: str,
    page: str,
    address: dict[str, object],
) -> None:
    if name == "loans":
        home = request.getfixturevalue("loans_home")
        monkeypatch.setenv("WHATIF_HOME", str(home))
        monkeypatch.setenv("WHATIF_BOOK", loans_sample.NAME)
        if "customer" in address:
            own = books.read_book(loans_sample.NAME, home)
            address = {**address, "customer": int(own.ids[int(str(address["customer"]))])}
    at = unfolded(open_app, page, address)
    said = "\n".join(texts(at))
    of_cards = [r"\b(customers?|cardholders?)\b|NT\$"] if name == "loans" else []
    hits = (each for rule in [*FORBIDDEN, *of_cards] for each in re.finditer(rule, said))
    assert [said[max(0, each.start() - 60) : each.end() + 40] for each in hits] == []
    amount = rf"([+{MINUS}]\S+{NBSP}[\d,.]+(?:{NBSP}(?:m|bn))?)"
    for part, whole in re.findall(f"{amount} of {amount}", said):
        assert 0 < worth(part) / worth(whole) <= 1


def worth(text: str) -> float:
    """An amount as read: −NT$ 262.4 m."""
    found = re.search(rf"([\d,.]+)(?:{NBSP}(bn|m))?\s*$", text)
    assert found is not None, text
    factor = {"bn": 1e9, "m": 1e6, None: 1.0}[found[2]]
    return float(found[1].replace(",", "")) * factor * (-1 if MINUS in text else 1)


def tile(at: AppTest, label: str) -> tuple[str, str, str]:
    """Value, what it was and the difference of one number, as shown."""
    part = markup(at).split(f"<div class='wi-label'>{label}", 1)[1].split("<div class='wi-number", 1)[0]
    value = re.search(r"<div class='wi-value'>([^<]*)", part)
    was = re.search(r"<span class='wi-was'>was ([^<]*)", part)
    change = re.search(r"<span class='wi-(?:worse|better|same)'>\S? ?([^<]*)</span>", part)
    assert value is not None
    return value[1], was[1] if was else "", change[1].strip() if change else ""


STRESSES: dict[str, list[dict[str, float]]] = {
    "cards": [
        {"balances": 20},
        {"balances": 5},
        {"unemployment": 0.1},
        {"limits": -5},
        {"payments": 5, "later": 1},
        {"lgd": 0.81},
        {"unemployment": 3, "balances": 20, "lgd": 0.9},
    ],
    "loans": [{"amounts": 5}, {"guarantee": -5}, {"staff": 10}, {"unemployment": 0.1}, {"amounts": -5, "staff": 5}],
}


def check_book(at: AppTest) -> None:
    """One run of the Book page: its loss reads the same in tile, sentence, bridge, segments, reaction and table."""
    value, was, change = tile(at, "Expected loss")
    said = sentence(at)
    table = next(each.value for each in at.dataframe if "Verdict" in each.value)
    row = table[table["Measure"].str.fullmatch("Expected loss")].iloc[0]
    assert (row["As the book stands"], row["Scenario"]) == (was, value)
    assert row["Difference"].lstrip(UNSEEN) == (change if change != "unchanged" else "none")
    bars = figure(at, "bridge")["data"][0]
    ends = [bars["text"][0], bars["text"][-1]]
    assert [each.split(NBSP, 1)[1] for each in (was, value)] == ends
    segments = next(each.value for each in at.dataframe if any("Change of loss" in name for name in each.value))
    segments = segments.rename(columns=lambda name: name.partition(",")[0])  # the unit stands behind it
    book = segments.iloc[-1]
    for column in ("Customers", "Loans", "Exposure", "Loss before", "Loss now", "Change of loss"):
        if column in segments:
            assert segments[column].iloc[:-1].sum() == pytest.approx(book[column], abs=1e-6)
    assert (segments["Change of loss"] == segments["Loss now"] - segments["Loss before"]).all()
    if change == "unchanged":
        assert f"stays at {value}" in said
        return
    by = f"by {change.lstrip('+' + MINUS)}, and is {value}" if was == value else f"from {was} to {value}"
    assert f"rises {by}" in said or f"falls {by}" in said
    assert (worth(change) > 0) == (worth(value) >= worth(was)) == ("rises" in said)
    assert worth(change) == pytest.approx(book["Change of loss"], rel=0.1)
    assert worth(change) == pytest.approx(worth(value) - worth(was), abs=1e-6 * worth(value)) or worth(value) == worth(
        was
    )


@pytest.mark.parametrize(
    ("open_book", "stress"),
    [(book, stress) for book, stresses in STRESSES.items() for stress in stresses],
    indirect=["open_book"],
)
def test_the_loss_of_the_book_reads_the_same_wherever_it_stands(open_book: Open, stress: dict[str, float]) -> None:
    check_book(open_book("book", **stress))


@pytest.mark.parametrize("cutoff", [None, 516, 521, 540, 600])
def test_profit_reads_the_same_wherever_it_stands_on_policy(open_book: Open, cutoff: int | None) -> None:
    at = open_book("policy", **({} if cutoff is None else {"cutoff": cutoff}))
    value, was, change = tile(at, "Profit")
    said = sentence(at)
    assert f"It earns {value} over" in said
    if not change:
        return
    assert f"{change.lstrip('+' + MINUS)} {'more' if change[0] == '+' else 'less'} than today's" in said
    assert value == was or worth(change) == pytest.approx(worth(value) - worth(was), rel=0.01)
    assert f"profit {change}" in markup(at)  # the swap set against today's


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("customer", "customers"),
        ("loan", "loans"),
        ("company", "companies"),
        ("business", "businesses"),
        ("branch", "branches"),
        ("person", "people"),
        ("survey", "surveys"),
    ],
)
def test_several_of_what_a_book_holds(one: str, several: str) -> None:
    assert plural(one) == several


@pytest.mark.parametrize(
    ("noun", "one"),
    [
        ("customer", "A customer"),
        ("applicant", "An applicant"),
        ("SBA loan", "An SBA loan"),
        ("unit", "A unit"),
        ("enterprise", "An enterprise"),
        ("hour", "An hour"),
    ],
)
def test_one_of_what_a_book_holds(noun: str, one: str) -> None:
    assert capitalised(with_article(noun)) == one


@pytest.mark.parametrize(
    ("several", "one"),
    [
        ("months", "month"),
        ("months late", "month late"),
        ("days past due", "day past due"),
        ("years", "year"),
        ("enquiries", "enquiry"),
        ("", ""),
        ("points", "point"),
        ("business", "business"),
    ],
)
def test_one_of_a_unit(several: str, one: str) -> None:
    assert singular(several) == one
