"""How played applications drift: by the contract's own rules, and never to a record that the contract refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import books
from data.books import Book
from data.contract import bounds
from data.draws import draw
from data.errors import BadInput, OutOfRange
from model.scoring.stream.drifting import RecordDrift, drift_of, drifted

ROWS = 300
TEXTS = ["limits=-35", "limit=-50%", "later=50", "bill=+90%", "status=+3", "paid_1=-5000", "late=2", "pays=-40"]


def first_rows(book: Book) -> np.ndarray:
    return np.ascontiguousarray(book.raw[:, :ROWS])


@given(
    texts=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3),
    so_far=st.floats(0, 1),
    start=st.integers(0, 29_000),
)
def test_a_drifted_record_keeps_ranges_codes_and_rules_of_the_contract(texts: list[str], so_far: float, start: int):
    book = books.read_book("cards")
    contract, raw = book.contract, np.ascontiguousarray(book.raw[:, start : start + ROWS])
    drifts = [drift_of(contract, text) for text in texts]
    moved = drifted(contract, raw, np.arange(ROWS), drifts, so_far)
    contract.check(moved)
    assert contract.stands(moved).all()
    for field, values in zip(contract.record, moved, strict=True):
        low, high = bounds(field)
        assert ((values >= low) & (values <= high)).all()
        assert not field.codes or set(values.tolist()) <= set(field.codes)


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_has_drifted_at_the_beginning_and_something_at_the_end(book: Book, text: str):
    raw, numbers, drifts = first_rows(book), np.arange(ROWS), [drift_of(book.contract, text)]
    assert np.array_equal(drifted(book.contract, raw, numbers, drifts, 0.0), raw)
    assert (drifted(book.contract, raw, numbers, drifts, 1.0) != raw).any(0).mean() > 0.2


def test_a_field_by_percent_moves_as_the_shock_of_the_book_page_moves_it(book: Book):
    contract, raw = book.contract, first_rows(book)
    assert drift_of(contract, "limit=-20%") == drift_of(contract, "limits=-20") == RecordDrift("shock", "limits", -20)
    struck = contract.strike("limits", -20, contract.values(raw))["limit"]
    moved = drifted(contract, raw, np.arange(ROWS), [drift_of(contract, "limit=-20%")], 1.0)
    assert np.array_equal(moved[contract.row["limit"]], np.round(struck))
    assert np.array_equal(np.delete(moved, contract.row["limit"], 0), np.delete(raw, contract.row["limit"], 0))


def test_a_shock_on_a_share_of_the_customers_reaches_that_share_and_more_of_them_with_time(book: Book):
    contract, raw, numbers = book.contract, first_rows(book), np.arange(ROWS)
    later = [drift_of(contract, "later=40")]
    half, whole = ((drifted(contract, raw, numbers, later, far) != raw).any(0) for far in (0.5, 1.0))
    assert not (half & ~whole).any()
    assert half.sum() < whole.sum() <= (draw(numbers, "later") < 0.4).sum()


def test_a_lever_moves_each_record_from_where_it_stands(book: Book):
    contract, raw = book.contract, first_rows(book)
    row = contract.row["status_1"]
    moved = drifted(contract, raw, np.arange(ROWS), [drift_of(contract, "late=2")], 1.0)
    assert np.array_equal(moved[row], np.minimum(np.maximum(raw[row], 0) + 2, 8))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("limit", "NAME=VALUE"),
        ("limit=a lot", "NAME=VALUE"),
        ("income=-20%", "Nothing of the book cards is called 'income'. It has: limits"),
        ("sex=1", "Nothing of the book cards is called 'sex'"),
        ("later=60", "0 to 50"),
        ("bill_1=" + "9" * 400, "a number that can be held"),
    ],
)
def test_a_drift_that_cannot_be_says_what_can(book: Book, text: str, says: str):
    with pytest.raises(BadInput, match=says):
        drift_of(book.contract, text)


def test_a_shock_beyond_its_range_is_out_of_range(book: Book):
    with pytest.raises(OutOfRange):
        drift_of(book.contract, "limit=-90%")
