"""A contract that lacks what the code works with is refused as it is read, not on a page."""

import re
from pathlib import Path

import pytest

from data import books
from data.contract import read_contract
from data.contract.checks import NEEDED
from data.errors import ContractError

PROJECT = Path(__file__).parents[3]
TEXT = (books.SHIPPED / "cards" / "contract.toml").read_text()
NAMED = re.compile(r"(?:assumed|assumptions|dict\(self\.assumptions\))\[\"(\w+)\"\]|number\(\w+(?:\.\w+)*, \"(\w+)\"\)")


def without(name: str) -> bytes:
    """The contract of the cards without one of its assumptions."""
    parts = re.split(r"(?m)^(?=\[\[)", TEXT)
    kept = [each for each in parts if not (each.startswith("[[assumptions]]") and f'name = "{name}"' in each)]
    assert len(kept) == len(parts) - 1
    return "".join(kept).encode()


@pytest.mark.parametrize("name", NEEDED)
def test_an_assumption_that_every_book_is_worked_out_with_is_asked_for(name: str) -> None:
    with pytest.raises(ContractError, match=rf"there is no assumption {name} \(.*Declare it under \[\[assumptions\]\]"):
        read_contract(without(name))


def test_every_assumption_that_code_names_is_asked_for() -> None:
    found = set()
    for path in (PROJECT / "model").rglob("*.py"):
        found |= {one or other for one, other in NAMED.findall(path.read_text())}
    assert found
    assert found <= set(NEEDED)
