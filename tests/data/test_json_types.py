"""A name that one object gives two values: found wherever it stands, and nowhere else."""

import json
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from data.json_types import name_given_twice

Pairs = st.SearchStrategy[tuple[tuple[str, Any], ...]]
TEXTS = st.text('ab:"\\{},é', max_size=3)
PLAIN = st.none() | st.booleans() | st.integers(-9, 9) | TEXTS


def objects_of(values: st.SearchStrategy[Any]) -> Pairs:
    """Objects as tuples of names and values, which may have one name twice."""
    return st.lists(st.tuples(TEXTS, values), max_size=3).map(tuple)


OBJECTS = st.recursive(
    objects_of(PLAIN), lambda inner: objects_of(PLAIN | inner | st.lists(PLAIN | inner, max_size=2)), max_leaves=8
)


def written(value: Any) -> str:
    """As JSON."""
    if isinstance(value, tuple):
        return "{" + ", ".join(f"{json.dumps(name)}: {written(inner)}" for name, inner in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


def names_twice(value: Any) -> set[str]:
    """Every name that stands twice in one object."""
    if not isinstance(value, tuple):
        return set[str]().union(*map(names_twice, value)) if isinstance(value, list) else set()
    names = [name for name, _ in value]
    own = {name for name in names if names.count(name) > 1}
    return own.union(*(names_twice(inner) for _, inner in value))


@given(OBJECTS)
def test_a_name_that_stands_twice_is_said_and_no_other(value: Any):
    text = written(value).encode()
    said, expected = name_given_twice(text, orjson.loads(text)), set(map(repr, names_twice(value)))
    assert said in expected if expected else said == ""
