"""What of a contract a release hangs on, and what of it are words that may be rewritten at any time."""

import re

import pytest

from data.books import SHIPPED
from data.contract import read_contract

TEXT = (SHIPPED / "cards" / "contract.toml").read_text()
CARDS = read_contract(TEXT.encode())


def edited(pattern: str, new: str) -> str:
    text, n = re.subn(pattern, new, TEXT, count=1, flags=re.MULTILINE)
    assert n == 1, pattern
    assert text != TEXT
    return text


WORDS = {
    "a remark": edited(r"\A", "# looked at\n"),
    "the title": edited(r'^title = ".*"', 'title = "Cards of another name"'),
    "what a record is called": edited(r'^person = ".*"', 'record = "member"'),
    "the outcome": edited(r'^outcome = ".*"', 'outcome = "pay late"'),
    "a decision": edited(r'^granted = ".*"', 'granted = "would be let through"'),
    "the currency's sign": edited(r'^currency = ".*"', 'currency = "TWD"'),
    "the first label": edited(r'^label = ".*"', 'label = "In other words"'),
    "the first reason": edited(r'^reason = ".*"', 'reason = "in other words"'),
    "the first help": edited(r'^help = ".*"', 'help = "In other words."'),
    "a phrase": edited(r'^phrase = ".*"', 'phrase = "in other words {}"'),
    "the card": edited(r'^purpose = ".*"', 'purpose = "In other words."'),
}
SUBSTANCE = {
    "the version": edited(r'^version = ".*"', 'version = "9.0.0"'),
    "whether somebody has read it": edited(r"^title = ", "reviewed = false\ntitle = "),
    "the cut-off": edited(r"^cutoff = .*", "cutoff = 530"),
    "the training": edited(r"^folds = .*", "folds = 4"),
    "a gate": edited(r"^auc_at_least = .*", "auc_at_least = 0.61"),
    "a direction": edited(r"^direction = 1", "direction = 0"),
    "a range": edited(r"^step = .*", "step = 7"),
    "an assumption": edited(r"^default = .*", "default = 0.5"),
}


@pytest.mark.parametrize("what", WORDS)
def test_other_words_leave_the_substance_and_have_a_digest_of_their_own(what: str):
    other = read_contract(WORDS[what].encode())
    assert other.substance == CARDS.substance
    assert other.hash != CARDS.hash


@pytest.mark.parametrize("what", SUBSTANCE)
def test_what_a_model_or_its_figures_depend_on_is_substance(what: str):
    assert read_contract(SUBSTANCE[what].encode()).substance != CARDS.substance
