"""What of a model's evidence is looked at, to an address and back."""

import pytest

from model.validation.view import PARTS, TrustView

THERE = {"open": ("bands", "gates"), "segment": ("limit:0", "limit:1"), "input": ("limit", "status")}


def known(name: str) -> tuple[str, ...]:
    return THERE.get(name, ())


def test_a_view_comes_back_from_its_address() -> None:
    view = (
        TrustView().with_value("segment", "limit:1").with_value("open", "bands,gates").with_value("fair_cutoff", "560")
    )
    assert TrustView.from_query(view.to_query(), known) == (view, [])


def test_an_untouched_view_says_nothing_in_the_address() -> None:
    assert TrustView().to_query() == {}
    assert TrustView().with_value("input", "limit").with_value("input", "").to_query() == {}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("segment", "limit:9", "There is no segment 'limit:9' here."),
        ("input", "shoe size", "There is no input of the model 'shoe size' here."),
        ("against", "ffff", "There is no release to compare with 'ffff' here."),
        ("attribute", "sex", "There is no protected attribute 'sex' here."),
        ("open", "cellar", "There is no part of the page 'cellar' here."),
        ("fair_cutoff", "high", "A cut-off must lie between 0 and 1,000 points, got 'high'."),
        ("fair_cutoff", "nan", "A cut-off must lie between 0 and 1,000 points, got 'nan'."),
        ("colour", "red", "'colour' in the address is nothing that can be looked at here; it was left out."),
    ],
)
def test_a_bad_value_is_told_and_nothing_else_is_lost(name: str, text: str, told: str) -> None:
    found, complaints = TrustView.from_query(
        {"segment": "limit:0", name: text}
        | {"open": "bands," * (name == "open") + text if name == "open" else "bands"},
        known,
    )
    assert len(complaints) == 1
    assert complaints[0].startswith(told)
    assert found.opened == ("bands",)
    assert name == "segment" or found.get("segment") == "limit:0"
    assert found.get(name) == ("bands" if name == "open" else "")


def test_with_the_address_off_nothing_is_written_or_read() -> None:
    view = TrustView().with_value("input", "limit")
    assert view.to_query(shown=False) == {}
    assert TrustView.from_query({"input": "limit", "colour": "red"}, known, shown=False) == (TrustView(), [])


def test_every_part_has_words_for_a_complaint() -> None:
    assert all(words and "_" not in words for words in PARTS.values())
