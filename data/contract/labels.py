"""Labels that nobody takes for one another."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from data.contract.contract import Contract
from data.contract.schema import Input, Segment
from data.formulas import names_in

Key = TypeVar("Key", str, int)


def lower(label: str) -> str:
    """A label inside a sentence; what begins with an abbreviation stays: PD of the month."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def unique_labels(labels: Mapping[Key, str]) -> dict[Key, str]:
    """Labels of which no two read alike: those that do are followed by what they are the labels of."""
    alike = Counter(" ".join(label.split()).casefold() for label in labels.values())
    return {
        key: f"{label} ({key})" if alike[" ".join(label.split()).casefold()] > 1 else label
        for key, label in labels.items()
    }


def with_unique_labels(contract: Contract) -> Contract:
    """The contract with labels, phrases and words of codes that can be told apart, whatever was written: a sentence
    that could mean either of two things, or two bars of a chart under one name, would mislead."""
    found: dict[str, object] = {}
    for kinds in (
        ("fields", "histories"),
        ("concepts",),
        ("inputs",),
        ("levers",),
        ("segments",),
        ("shocks", "economy", "assumptions"),
    ):
        parts = {each.name: each for kind in kinds for each in getattr(contract, kind)}
        labels = unique_labels({name: each.label for name, each in parts.items()})
        phrases = unique_labels({name: each.phrase for name, each in parts.items() if hasattr(each, "phrase")})
        for name, each in parts.items():
            own: dict[str, object] = {"label": labels[name]}
            if name in phrases and phrases[name] != each.phrase:
                own["phrase"] = f"{_plain(labels[name])} {{}}"
            if getattr(each, "codes", {}):
                own["codes"] = unique_labels(each.codes)
            if isinstance(each, Segment):
                bands = {"labels": each.labels, "phrases": each.phrases}
                own |= {kind: tuple(unique_labels(dict(enumerate(words, 1))).values()) for kind, words in bands.items()}
            parts[name] = each.model_copy(update=own)
        found |= {kind: tuple(parts[each.name] for each in getattr(contract, kind)) for kind in kinds}
    return contract.model_copy(update=found)


NO_VALUE = "no value"


def with_words_for_none(contract: Contract) -> Contract:
    """The contract in which every input that special codes leave without a value says so in words: in those of the only
    reason there is, else in general ones; and one that is such a reason has the words of each."""
    inputs = tuple(
        each.model_copy(update={"missing": each.missing or _words_for_none(contract, k)} | _reasons(contract, each))
        for k, each in enumerate(contract.inputs)
    )
    return contract.model_copy(update={"inputs": inputs}) if inputs != contract.inputs else contract


def _reasons(contract: Contract, each: Input) -> dict[str, object]:
    """The words of an input that says why a field has no value, where it has none of its own."""
    of = re.fullmatch(r"\s*reason\(\s*(\w+)\s*\)\s*", each.formula)
    if of is None or each.codes:
        return {}
    field = contract.record[contract.rows[of[1]].start]
    gap = ("missing",) if field.missing else ()
    return {"codes": dict(enumerate(("a value", *field.special.values(), *gap)))}


def _words_for_none(contract: Contract, k: int) -> str:
    read = names_in(contract.inputs[k].formula) & contract.special_codes.keys()
    words, gaps = set[str](), False
    for name in sorted(read):
        rows = contract.rows[name]
        gaps |= contract.record[rows.start].missing
        for code, word in contract.record[rows.start].special.items():
            raw = np.zeros((len(contract.record), 1))
            raw[rows] = code
            if np.isnan(contract.derive(raw, [k])).any():
                words.add(word)
    if not words:
        return ""
    return words.pop() if len(words) == 1 and not gaps else NO_VALUE


def _plain(label: str) -> str:
    """A label inside a phrase, braces and all."""
    return label.replace("{", "{{").replace("}", "}}")
