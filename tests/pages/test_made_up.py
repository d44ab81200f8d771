"""Books of every shape on every page: names that the pages use themselves, none or many of everything, labels that are
heads of the pages' own tables."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.runtime.state.common import user_key_from_element_id
from streamlit.testing.v1 import AppTest

from data.proposing.roles import TAKEN
from tests.pages.conftest import ROOT, Open, address, markup, sentence
from tests.support import made_up
from tests.support.kept import KeptReleases
from tests.support.made_up import NAME, Shape

PAGES = ("book", "applicant", "policy", "trust", "operations")
OWN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
LIMITS = ("exposure", "pd", "loss", "loss_bps", "capital", "margin", "return_on_capital")
HEADS = ("Exposure", "Loss before", "PD now", "Loans", "Expected loss", "Loan", "Scores", "Score", "Group", "Decision")


def own_names() -> tuple[str, ...]:
    """Every text in the code of the pages that could be a column's name: keys of widgets, charts and containers, names
    in the session among them; but what contracts cannot use, because formulas and addresses do."""
    found = set()
    for path in (ROOT / "pages").rglob("*.py"):
        texts = (each.value for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.Constant))
        found |= {text for text in texts if isinstance(text, str) and OWN_NAME.fullmatch(text)}
    return tuple(sorted(found - TAKEN - {"defaulted"}))


SPECIAL = ((-9, "no record"), (-8, "no trades"))
MANY = Shape(
    fields=tuple(f"field_{k}" for k in range(14)),
    levers=14,
    shocks=8,
    segments=7,
    groups=(2, 12, 3),
    economy=True,
    limits=LIMITS,
    bands=tuple(range(440, 660, 10)),
)
SHAPES = {
    "named after what the pages use": replace(MANY, fields=(*own_names(), "home", "own_home")),
    "labelled like heads of tables": replace(MANY, labels=HEADS),
    "many of everything": MANY,
    "one of everything": Shape(
        ("only",), 1, shocks=1, segments=1, groups=(2,), economy=True, limits=("loss",), bands=(530.0,)
    ),
    "one field and nothing else": Shape(("only",), bands=(530.0,)),
    "no money, special codes": Shape(
        levers=1, shocks=1, segments=1, groups=(2,), economy=True, money=False, special=SPECIAL
    ),
}


@pytest.fixture(scope="module", params=SHAPES)
def book(
    request: pytest.FixtureRequest, kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Shape]:
    """A home with a champion of one such book."""
    home, shape = tmp_path_factory.mktemp("made_up"), SHAPES[request.param]
    made_up.lay_down(home, shape)
    kept.champion(home, NAME)
    return home, shape


@pytest.fixture
def open_book(book: tuple[Path, Shape], open_app: Open, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Opens one of its pages with all that can be opened."""
    monkeypatch.setenv("WHATIF_HOME", str(book[0]))
    monkeypatch.setenv("WHATIF_BOOK", NAME)

    def run(page: str, /, **address: object) -> AppTest:
        return unfolded(open_app(page, **address))

    return run


def unfolded(at: AppTest) -> AppTest:
    """With every panel open, those inside of others, too."""
    open_ = set[str]()
    for _ in range(2):
        keys = {user_key_from_element_id(panel.proto.id) for panel in at.expander if panel.proto.id}
        folded = {key for key in keys if key is not None} - open_
        if not folded:
            break
        for key in folded:
            at.session_state[key] = True
        open_ |= folded
        at.run()
        assert not at.exception
    return at


@pytest.fixture
def open_folded(book: tuple[Path, Shape], open_app: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens one of its pages as it opens."""
    monkeypatch.setenv("WHATIF_HOME", str(book[0]))
    monkeypatch.setenv("WHATIF_BOOK", NAME)
    return open_app


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_with_all_its_panels(open_book: Callable[..., AppTest], page: str) -> None:
    at = open_book(page, **({"customer": 7} if page == "applicant" else {}))
    assert [each.value for each in at.error] == []
    assert "wi-sentence" in markup(at)


@pytest.mark.parametrize("book", ["no money, special codes"], indirect=True)
def test_a_special_code_is_told_in_words_and_never_as_a_number(open_book: Callable[..., AppTest]) -> None:
    at = open_book("applicant", customer=2)
    told = " ".join([markup(at), *(each.placeholder or "" for each in at.number_input)])
    assert "no record" in told
    assert not re.search(r"[-−]9(?![\d.])", told)


def test_a_book_is_stressed_on_everything_it_has(book: tuple[Path, Shape], open_book: Callable[..., AppTest]) -> None:
    shape = book[1]
    moved = dict.fromkeys(shape.fields[: shape.shocks], 12.5) | {"lgd": 0.475}
    at = open_book("book", **moved)
    assert [each.value for each in at.error] == []
    assert "47.5" in sentence(at) or f" and {len(moved) - 2} more, " in sentence(at)


def test_every_field_of_a_record_can_be_edited_at_once(
    book: tuple[Path, Shape], open_book: Callable[..., AppTest]
) -> None:
    edits = dict.fromkeys(book[1].fields, 9)
    at = open_book("applicant", customer=7, **edits)
    assert [each.value for each in (*at.error, *at.warning)] == []
    assert address(at) == {"customer": "7"} | dict.fromkeys(edits, "9")
    assert f" and {len(edits) - 2} more this " in sentence(at) or len(edits) < 3


def test_what_may_be_missing_is_said_to_be_in_a_record_typed_by_hand(
    book: tuple[Path, Shape], open_folded: Open
) -> None:
    fields = book[1].fields
    if len(fields) < 3:
        return
    gap, values = fields[-2], ["4"] * len(fields)
    values[-2] = ""
    at = open_folded("applicant", own=",".join(values))
    assert "wi-sentence" not in markup(at)
    assert [each.key for each in at.checkbox] == [f"customer.own.{gap}.missing"]
    at.checkbox(f"customer.own.{gap}.missing").check().run()
    assert address(at) == {"own": ",".join([*values[:-2], "nan", values[-1]])}
    assert "wi-sentence" in markup(at)
    assert at.number_input(f"customer.own.{gap}").disabled
    scored = sentence(at)
    assert sentence(open_folded("applicant", **address(at))) == scored
    at.checkbox(f"customer.own.{gap}.missing").uncheck().run()
    at.number_input(f"customer.own.{gap}").set_value(4).run()
    assert address(at) == {"own": ",".join(["4"] * len(fields))}


def test_a_record_typed_by_hand_is_filled_in_by_the_names_of_its_fields(
    book: tuple[Path, Shape], open_folded: Open
) -> None:
    fields = book[1].fields
    at = open_folded("applicant", own=",".join(["4"] * (len(fields) - 1) + [""]))
    at.number_input(f"customer.own.{fields[-1]}").set_value(5).run()
    assert not at.exception
    assert address(at) == {"own": ",".join(["4"] * (len(fields) - 1) + ["5"])}
    assert "this loan" in sentence(at).lower()
