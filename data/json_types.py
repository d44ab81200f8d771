"""What comes as JSON, and what leaves as it.

`Json` is unchecked: whatever came from outside, held against what is expected before it is used. It is an alias, so
that a reader sees where that is so. Of a name that stands twice in an object, readers keep one value and do not say so:
`name_given_twice` does.
"""

import json
import re
from collections import Counter
from typing import Any, TypeAlias

Json: TypeAlias = Any
JsonObject: TypeAlias = dict[str, Any]

SHOWN_NAME = 60  # characters of a name that a sentence repeats
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


def name_given_twice(text: bytes, found: Json) -> str:
    """The first name that one object of a JSON ``text`` gives two values, quoted and fit to be repeated; "" if none
    does. ``found`` is what the text was read to.

    Each value with a name has one colon before it, and colons stand nowhere else but in strings: nearly always counting
    them tells (0.8 µs for an application of 20 names; without the strings 19 µs).
    """
    if isinstance(found, dict) and text.count(b":") == len(found):
        return ""
    return "" if _STRING.sub(b"", text).count(b":") == _names(found) else _twice(text)


def _names(found: Json) -> int:
    """How many names all objects in a value have together."""
    count, waiting = 0, [found]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            count += len(each)
            each = list(each.values())
        if isinstance(each, list) and not {dict, list}.isdisjoint(map(type, each)):  # 1 ms less in 19,000 numbers
            waiting.extend(inner for inner in each if type(inner) in (dict, list))
    return count


def _twice(text: bytes) -> str:
    """The first name that stands twice."""
    found: list[str] = []

    def noted(pairs: list[tuple[str, Json]]) -> None:
        counted = Counter(name for name, _ in pairs)
        found.extend(name for name, count in counted.items() if count > 1)

    try:
        json.loads(text, object_pairs_hook=noted)
    except RecursionError:  # deeper than this reader goes
        return "a name"
    return repr(found[0][:SHOWN_NAME]) if found else "a name"
