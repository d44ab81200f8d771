"""Sentences of what the model looks at. Score points throughout: below zero is riskier. They tell how the model
arrives at its answers, not what would happen in the world."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from data.arrays import Array
from data.contract import YEAR, Contract, Input, capitalised, lower
from model.report import numbers
from model.report.customer import words as customer_words
from model.validation.effects import SPREAD, Effect, EffectTable, GroupedValues, Overview, Together

if TYPE_CHECKING:
    import pandas as pd

MOST = 15  # bars
WORTH = 0.01  # share of customers from which a group of them is named in a sentence
SAME = 0.005  # score points below which two values are told together
NAMED = 3  # codes told by name where several form a group


# ---- values ---------------------------------------------------------------------------------------------------------


def value_words(each: Input, low: float, high: float) -> str:
    """A group of an input's values: one value, or from the least to the greatest; a code in its words."""
    if np.isnan(low) or low == high:
        return customer_words.input_value(each, low)
    if each.codes and not each.direction:  # codes in no order
        return _codes(each, [code for code in sorted(each.codes) if low <= code <= high])
    ends = [customer_words.input_value(each, end) for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _codes(each: Input, codes: Sequence[int]) -> str:
    """Several codes by name."""
    told = [each.codes[code] for code in codes[:NAMED]]
    more = [f"{len(codes) - NAMED} more"] if len(codes) > NAMED else []
    return " or ".join([*told, *more])


def group_words(contract: Contract, values: GroupedValues, group: int) -> str:
    """One group of an input's values."""
    return value_words(contract.inputs[values.own], float(values.low[group]), float(values.high[group]))


def interval_words(each: Input, above: float, up_to: float) -> str:
    """The interval of one cell; NaN if it is that of missing values."""
    if np.isnan(above):
        return each.missing or "missing"
    if each.codes:
        return _codes(each, [code for code in sorted(each.codes) if above < code <= up_to]) or "no such value"
    if np.isinf(above) and np.isinf(up_to):
        return "any value"
    if np.isinf(above):
        return f"up to {_exact(each, up_to)}"
    if np.isinf(up_to):
        return f"above {_exact(each, above)}"
    return f"above {_exact(each, above)}, up to {_exact(each, up_to)}"


def _exact(each: Input, value: float) -> str:
    """A threshold of the model, which often lies between the values that occur."""
    if each.unit == YEAR:
        return f"{value:.10g}"
    factor, unit = (100.0, "%") if each.unit == "%" else (1.0, each.unit)
    told = f"{value * factor:,.10g}".replace("-", numbers.MINUS)
    if unit and (unit[-1] == "$" or unit in ("€", "£")):
        return f"{unit}{numbers.NBSP}{told}"
    return f"{told}{numbers.NBSP}{unit}" if unit else told


def points_words(value: float) -> str:
    """An amount of score points to one decimal, unsigned, with its noun."""
    told = numbers.plain(value, 1)
    if told == "0.0":
        return "no points" if value == 0 else "less than 0.1 points"
    return f"{told}{numbers.NBSP}point{'' if told == '1.0' else 's'}"


def signed_points(value: float) -> str:
    """Score points with one decimal below ten: what two inputs do together is small."""
    digits = 0 if abs(value) >= 9.95 else 1
    rounded = round(value, digits) + 0.0
    return numbers.signed(f"{abs(rounded):.{digits}f}", rounded)


# ---- what matters most ----------------------------------------------------------------------------------------------


def ranked(contract: Contract, found: Overview, by_concept: bool) -> list[tuple[str, float, int]]:
    """Label, mean |φ| in score points and position in the contract of each concept or input, the largest first."""
    used = {each.concept for each in contract.inputs}
    if by_concept:
        labels = [each.label for each in contract.concepts]
        kept = [k for k, each in enumerate(contract.concepts) if each.name in used]
    else:
        labels = [each.label for each in contract.inputs]
        kept = list(range(len(labels)))
    sizes = found.concepts if by_concept else found.inputs
    rows = [(labels[k], float(sizes[k]), k) for k in kept]
    return sorted(rows, key=lambda row: -row[1])


def importance_headline(contract: Contract, found: Overview, by_concept: bool) -> str:
    """Which concept or input moves the score most, and which follows."""
    first, *others = ranked(contract, found, by_concept)
    plural = by_concept and contract.concepts[first[2]].plural
    told = f"{first[0]} move{'' if plural else 's'} the score most: {points_words(first[1])} on average"
    if not others:
        return told
    return f"{told}; then {lower(others[0][0])}, {points_words(others[0][1])}"


def swarm_headline(contract: Contract, found: Overview, by_concept: bool) -> str:
    """How far the first of them carries single customers of the sample."""
    label, _, k = ranked(contract, found, by_concept)[0]
    points = (found.swarm.concepts if by_concept else found.swarm.inputs)[k]
    low, high = (numbers.score_points(float(each)) for each in (points.min(), points.max()))
    person = contract.book.record
    return f"{label}, {person} by {person}: from {low} to {high} points"


def swarm_note(contract: Contract, found: Overview, by_concept: bool) -> str:
    """What the swarm shows, and of whom."""
    m, people = found.swarm.inputs.shape[1], contract.book.records
    whom = f"Bars: average distance from zero over all {found.n:,} {people}. Dots: {m:,} {people}, a fixed sample"
    compared = f"compared with {found.background}"
    if by_concept:
        return f"{whom}; left of the line riskier, right safer, {compared}."
    rest = max(0, len(contract.inputs) - MOST)
    inputs = f"{numbers.counted(rest, 'input')} not drawn {'moves' if rest == 1 else 'move'}"
    more = f" The {inputs} it less." if rest else ""
    return f"{whom}; left of the line riskier, right safer, {compared}. Rings: the value is missing.{more}"


# ---- one input ------------------------------------------------------------------------------------------------------


def effect_headline(contract: Contract, found: Effect) -> str:
    """Where an input adds most and costs most, among groups that are worth naming."""
    label = contract.inputs[found.values.own].label
    share = found.values.n / found.values.n.sum()
    named = np.flatnonzero(share >= min(WORTH, float(share.max())))
    best, worst = named[found.mean[named].argmax()], named[found.mean[named].argmin()]
    if round(float(found.mean[best] - found.mean[worst])) < 1:
        return f"{label} hardly moves the score: less than a point between any of its values"
    points = [round(float(found.mean[k])) for k in (best, worst)]
    noun = "point" if abs(points[0]) == 1 else "points"
    told = [f"({_alike(contract, found, int(k))})" for k in (best, worst)]
    first, last = (numbers.score_points(each) for each in points)
    return f"{label}: {first} {noun} at best {told[0]}, {last} at worst {told[1]}"


def _alike(contract: Contract, found: Effect, group: int) -> str:
    """A group of an input's values and the neighbours that the model does not tell from it."""
    values, first, last = found.values, group, group
    if group < values.known:
        while first > 0 and abs(found.mean[first - 1] - found.mean[group]) < SAME:
            first -= 1
        while last < values.known - 1 and abs(found.mean[last + 1] - found.mean[group]) < SAME:
            last += 1
    return value_words(contract.inputs[values.own], float(values.low[first]), float(values.high[last]))


def effect_hover(contract: Contract, found: Effect, group: int) -> str:
    """One group of an input's values in full."""
    n, person = int(found.values.n[group]), contract.book.record
    low, high = (signed_points(float(each[group])) for each in (found.low, found.high))
    return (
        f"{group_words(contract, found.values, group)}<br>{signed_points(float(found.mean[group]))} points if every "
        f"{person} had it, 9 in 10 between {low} and {high}<br>then a PD of {numbers.percent(float(found.pd[group]))} "
        f"on average, now {numbers.percent(found.pd_now)}<br>{n:,} {person}{' has' if n == 1 else 's have'} it"
    )


def effect_note(contract: Contract, found: Effect) -> str:
    """How to read the chart of an effect."""
    each, person = contract.inputs[found.values.own], contract.book.record
    people = contract.book.records
    way = {
        1: " The model is held so that more of it is never safer.",
        -1: " The model is held so that more of it is never riskier.",
        0: "",
    }
    beyond = "" if found.values.single else f" The 2 in 100 {people} at the ends are not drawn."
    return (
        f"Line: by how much the book's average score would move if every {person} had that value and all else stayed "
        f"as it is; band: 9 in 10 {people}, which differ by their other inputs; steps: where the model's trees cut; "
        f"grey bars: how many {people} have it.{beyond}{way[each.direction]}"
    )


# ---- two inputs together --------------------------------------------------------------------------------------------


def pair_label(contract: Contract, table: EffectTable) -> str:
    """A pair of inputs, with what they do together."""
    first, second = (contract.inputs[own].label for own in (table.first, table.second))
    return f"{first} × {lower(second)} · {table.together:.1f} points"


def together_headline(contract: Contract, found: Together) -> str:
    """How much two inputs move the score beyond what each does alone."""
    first, second = (contract.inputs[own].label for own in (found.table.first, found.table.second))
    size = points_words(found.table.together)
    return f"Two inputs together: {lower(first)} and {lower(second)} move the score by {size} beyond each alone"


def together_hover(contract: Contract, found: Together, row: int, column: int) -> str:
    """One cell in full."""
    n, person = int(found.n[row, column]), contract.book.record
    each = [
        f"{contract.inputs[values.own].label}: {group_words(contract, values, k)}"
        for values, k in ((found.first, row), (found.second, column))
    ]
    size = signed_points(float(found.points[row, column]))
    return f"{each[0]}<br>{each[1]}<br>{size} points together<br>{n:,} {person}{'' if n == 1 else 's'}"


def together_note(contract: Contract) -> str:
    """How to read the map."""
    person = contract.book.record
    return (
        "Orange: riskier together than the two alone add up to, blue: safer; the number is a typical size (standard "
        f"deviation over the book). Blank: no {person}. Along every row and column the cells average to zero."
    )


# ---- every table ----------------------------------------------------------------------------------------------------


def tables_headline(found: Overview) -> str:
    """The size of the whole model."""
    tables, cells = (
        numbers.counted(len(each), noun) for each, noun in ((found.listed, "table"), (found.tables.cells, "cell"))
    )
    return f"This is the whole model: {tables} with {cells} and one constant, nothing else"


def tables_note(contract: Contract, found: Overview) -> str:
    """How a score is read off the tables."""
    one = capitalised(contract.book.one_record)
    return (
        f"{one}'s score is the constant and one cell of each table, added up: no table has more than two inputs. A "
        "table of one input is part of one of its pairs. Moves the score: standard deviation over the book of "
        f"{found.n:,} {contract.book.records}."
    )


def cells_frame(contract: Contract, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Every cell, as `model.validation.effects.every_cell` gives them, with its intervals in words; for the
    download."""
    by_label, out = {each.label: each for each in contract.inputs}, frame.copy()
    for side in ("1", "2"):
        known: dict[tuple[str, float], str] = {("", 0.0): ""}
        told = []
        read = (frame[f"{name}_{side}"].tolist() for name in ("input", "code", "above", "up_to"))
        for label, code, above, up_to in zip(*read, strict=True):
            key = (label, code if label else 0.0)
            if key not in known:
                known[key] = interval_words(by_label[label], above, up_to)
            told.append(known[key])
        out[f"code_{side}"] = told
    names = {"code_1": "words_1", "code_2": "words_2", "customers": contract.book.records}
    return out.rename(columns=names)


def effects_method(contract: Contract, found: Overview) -> str:
    """How these numbers come about, for whoever asks."""
    person, one = contract.book.record, capitalised(contract.book.one_record)
    people = contract.book.records
    return "\n\n".join(
        [
            f"**What moves the score.** Exact interventional Shapley values (SHAP) of the log-odds, compared with "
            f"{found.background}, for each of the {found.n:,} {people} of the book, times minus the points per unit "
            "of log-odds. Bars are the mean of their absolute values; of a concept, of the sum over its inputs.",
            f"**An input's effect.** The partial dependence: the mean score if every {person} of the book had that "
            "value and kept everything else, less the mean score as it is; exact, for all of them, as is the PD in the "
            f"pointer's note. Band: the 5th and 95th percentile of the same over {min(found.n, SPREAD):,} {people} "
            "one by one, each seen from its own average over the values as they occur. Where the model keeps a "
            "direction, line and band keep it too. It describes the model, not what would happen in the world.",
            "**Two inputs together.** The model's table of the two, less the two effects of one input that come "
            f"nearest to it over the book's own {people} (functional ANOVA, weighted least squares): the rest has an "
            "average of zero along every value of either input. Neighbouring values are put together to at most 24 "
            f"groups that hold about as many {people} each.",
            "**Every cell.** The download holds the constant (table 0) and every cell of every table in full "
            f"precision. {one}'s log-odds are the sum of the constant and of one cell a table: anybody can check "
            "a score by hand.",
        ]
    )


def largest(values: Array) -> float:
    """The largest absolute value of an array that may hold NaN; 0 for none."""
    known = np.abs(values[~np.isnan(values)])
    return float(known.max(initial=0.0))
