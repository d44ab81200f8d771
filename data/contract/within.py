"""How much a contract may hold, looked at before anything is worked out by it: a file that a bank edits, or somebody
sends, costs its own book and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite, isnan

from data.contract.toml import Way
from data.json_types import Json

MOST_BYTES = 2 * 2**20
MOST_VALUES = 100_000
DEEPEST = 12  # tables and lists in one another
LONGEST_TEXT = 20_000  # characters
LARGEST = 1e15  # beyond it neighbouring amounts are not told apart, nor can a browser's slider stand there
OPEN = frozenset({"minimum", "maximum"})  # what may be infinite, of fields
DATA = frozenset({"fields", "histories", "segments"})  # parts whose numbers are the data's own


@dataclass(frozen=True)
class _Value:
    """A value of a contract and the way to it: ("fields", 3, "minimum")."""

    way: Way
    value: Json


def troubles_within(given: Json) -> Iterator[tuple[Way, str]]:
    """What is wrong with a contract as its file has it because it holds too much: values, levels, a long text, a number
    that is none, is infinite or too large; each with the way to it."""
    for n, each in enumerate(_values(given), 1):
        told = _trouble(each)
        if told:
            yield each.way, told
            if len(each.way) > DEEPEST:
                return
        if n > MOST_VALUES:
            yield (), f"the file holds more than {MOST_VALUES:,} values. Leave out what no book needs."
            return


def _values(given: Json) -> Iterator[_Value]:
    """Every value, tables and lists too; found without one call within another, of which a file could ask for more than
    there may be."""
    waiting = [_Value((), given)]
    while waiting:
        each = waiting.pop()
        yield each
        if isinstance(each.value, dict):
            waiting.extend(_Value((*each.way, str(name)), part) for name, part in each.value.items())
        elif isinstance(each.value, list):
            waiting.extend(_Value((*each.way, k), part) for k, part in enumerate(each.value))


def _trouble(each: _Value) -> str:
    """What is wrong with one value; "" where nothing is."""
    value = each.value
    if len(each.way) > DEEPEST:
        return f"it is nested more than {DEEPEST} levels deep."
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"a text of {len(value):,} characters was given; at most {LONGEST_TEXT:,} are read."
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if isinstance(value, int):
        return "" if abs(value) <= LARGEST else f"a whole number beyond {LARGEST:,.0f} was given."
    if isnan(value):
        return "nan is no number. Write one, or leave the line out."
    data = each.way[0] in DATA
    if not isfinite(value):
        return (
            "" if data and each.way[-1] in OPEN else "an infinite number was given. Write one, or leave the line out."
        )
    return "" if data or abs(value) <= LARGEST else f"{value:g} was given; numbers go to {LARGEST:,.0f}."
