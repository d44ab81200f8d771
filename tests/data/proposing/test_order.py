"""The order in which words become codes."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.proposing.order import ALPHABET, in_order

NUMBERS, SCALE = "in the order of the numbers in the words", "in the order of what the words say"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["$0-$5k", "$5k-$10k", "$10k-$20k", "$20k+"], NUMBERS),
        (["< 1 year", "1 year", "2 years", "9 years", "10+ years"], NUMBERS),
        (["under 25", "25-34", "35-65", "over 65"], NUMBERS),
        (["less than 1,000", "1,000 to 5,000", "more than 5,000"], NUMBERS),
        (["... < 0 DM", "0 <= ... < 200 DM", "... >= 200 DM", "no account"], NUMBERS),
        (["-10 to -5", "-5 to 0", "0 to 5", "unknown"], NUMBERS),
        (["36 months", "60 months"], NUMBERS),
        (["b7", "b12", "b100", "other (3 rare)"], NUMBERS),
        (["low", "medium", "high"], SCALE),
        (["Very Low", "Low", "HIGH", "very-high", "Other"], SCALE),
        (["small", "medium", "large"], SCALE),
        (["S", "M", "L", "XL"], SCALE),
        (["poor", "fair", "good", "excellent"], SCALE),
        (["never", "sometimes", "always"], SCALE),
        (["Jan", "Feb", "Aug", "Dec"], SCALE),
        (["january", "march", "october"], SCALE),
        (["Mon", "Wed", "Sun"], SCALE),
        (["AAA", "AA+", "A-", "BBB", "D"], SCALE),
        (["A1", "A2", "A10", "B1", "G5"], ALPHABET),
        (["car", "holiday", "House", "zoo", "unknown"], ALPHABET),
        (["high street", "low"], ALPHABET),  # one of them is on no scale
        (["7", "about 7 or 8 of us", "many"], ALPHABET),
        (["no", "yes"], "no comes first"),
        (["N", "Y"], "no comes first"),
        (["false", "TRUE"], "no comes first"),
    ],
)
def test_words_stand_in_their_order_however_they_come(words: list[str], why: str):
    for seed in range(5):
        given_ = random.Random(seed).sample(words, len(words))
        order, told = in_order(given_)
        assert [given_[k] for k in order] == words
        assert told == why


@given(st.lists(st.text(max_size=8), min_size=1, max_size=8, unique=True), st.randoms())
def test_any_words_have_one_order_whatever_order_they_come_in(words: list[str], chance: random.Random):
    order, why = in_order(words)
    assert sorted(order) == list(range(len(words)))
    again = chance.sample(words, len(words))
    other, told = in_order(again)
    assert ([again[k] for k in other], told) == ([words[k] for k in order], why)
