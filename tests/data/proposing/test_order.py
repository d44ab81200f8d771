"""The order in which words become codes."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.proposing.order import ALPHABET, DECIDED, GRADES, NUMBERS, in_order, rises
from data.proposing.order import STEPS as SCALE


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
        (["Aaa", "Aa1", "A3", "Baa2", "B1", "Caa1"], SCALE),
        (["A1", "A2", "B1", "B5", "C4", "D1", "E2", "F3", "G5", "unknown"], GRADES),
        (["A", "B", "C", "D", "E"], GRADES),
        (["A+", "A", "A-", "B+", "C", "E"], GRADES),
        (["AA", "A", "B", "C", "D", "E", "HR"], GRADES),
        (["A11", "A12", "A13", "A14"], ALPHABET),  # codes of one attribute
        (["A40", "A41", "A42", "A410"], ALPHABET),
        (["D30", "D60", "D90", "D120"], NUMBERS),
        (["A1", "A2", "A10", "B1", "G5"], ALPHABET),  # grades leave no letters out: these are codes
        (["unemployed", "< 1 year", "1 to 3 years", "4 to 6 years", "7+ years"], NUMBERS),
        (["Q3 2018", "Q4 2018", "Q1 2019", "Q2 2020"], SCALE),
        (["2018Q4", "2019Q1", "2019Q3"], SCALE),
        (["Q1", "Q2", "Q3", "Q4"], NUMBERS),
        (["low risk", "medium risk", "high risk"], SCALE),
        (["Micro company", "Small company", "Medium-sized company", "Large company"], SCALE),
        (["Lower secondary", "Secondary / secondary special", "Incomplete higher", "Higher education"], SCALE),
        (["high school", "university", "graduate school", "others"], SCALE),
        (["weekly", "bi-weekly", "monthly", "quarterly", "yearly"], SCALE),
        (["Januar", "März", "Oktober"], SCALE),
        (["prime", "near-prime", "subprime"], SCALE),
        (["car", "holiday", "House", "zoo", "unknown"], ALPHABET),
        (["high street", "low"], ALPHABET),  # one of them is on no scale
        (["7", "about 7 or 8 of us", "many"], ALPHABET),
        (["no", "yes"], "no comes first"),
        (["N", "Y"], "no comes first"),
        (["false", "TRUE"], "no comes first"),
        (["nein", "ja"], "no comes first"),
        (["F", "T"], "no comes first"),
        (["Non", "Oui"], "no comes first"),
    ],
)
def test_words_stand_in_their_order_however_they_come(words: list[str], why: str):
    for seed in range(5):
        given_ = random.Random(seed).sample(words, len(words))
        order, told = in_order(given_)
        assert [given_[k] for k in order] == words
        assert told == why


def test_only_words_of_one_scale_rise():
    assert rises(["low", "medium", "high"], SCALE)
    assert rises(["car", "house"], DECIDED)
    assert not rises(["low", "high", "unknown"], SCALE)
    assert not rises(["car", "house"], ALPHABET)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=8, unique=True), st.randoms())
def test_any_words_have_one_order_whatever_order_they_come_in(words: list[str], chance: random.Random):
    order, why = in_order(words)
    assert sorted(order) == list(range(len(words)))
    again = chance.sample(words, len(words))
    other, told = in_order(again)
    assert ([again[k] for k in other], told) == ([words[k] for k in order], why)
