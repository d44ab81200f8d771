"""Words that every page shares: what a record is called, what is decided of it, how labels stand in a sentence."""

import re
from collections.abc import Sequence
from itertools import pairwise

from data.books import Book
from data.contract import YEAR, Contract, Segment, capitalised, lower, plain_figure
from model.report import numbers
from model.report.numbers import NBSP, Unit
from model.whatif.ranges import LeverRange

_GRANTED = re.compile(r"would be (\w+)")


def granting(contract: Contract) -> str:
    """The contract's one word for a decision in favour, out of its sentence for it: granted, approved. One against is
    the same with a "not" before it."""
    if contract.book.granted_word:
        return contract.book.granted_word
    found = _GRANTED.match(contract.book.granted)
    return found[1] if found else "granted"


def decided(contract: Contract, granted: bool) -> str:
    """A decision in a word or two of the contract: approved; not approved."""
    word = granting(contract)
    return word if granted else f"not {word}"


_SAY_NOTHING = frozenset({"", "yes", "no", "y", "n", "true", "false", "ja", "nein"})


def outcome_word(contract: Contract, came_true: bool) -> str:
    """Either outcome in a word of the contract's: missed, paid in full; bad and good, as the field says, where all it
    has is yes and no, or figures."""
    target = next(each for each in contract.fields if each.name == contract.book.target)
    known = [target.codes.get(code, "").strip() for code in (0, 1)]
    if any(each.lower() in _SAY_NOTHING or not re.search("[^\\W\\d_]{2}", each) for each in known):
        return "bad" if came_true else "good"
    return lower(known[came_true])


def those_that(contract: Contract, came_true: bool) -> str:
    """Whom either outcome befalls, in the contract's verb: those that do not miss next month's payment."""
    return f"those that {'' if came_true else 'do not '}{contract.book.outcome}"


def observed_rate(contract: Contract) -> str:
    """The share of those whose outcome came true, as a label: Share missed."""
    return f"Share {outcome_word(contract, True)}"


def guarantee(contract: Contract) -> str:
    """Who bears what of a loss; "" where nobody but the bank does."""
    if not contract.guaranteed:
        return ""
    return (
        "Of each loss the bank bears its own share only; the rest is borne by "
        f"{contract.exposure.guarantor}. Gross is before that guarantee, net is the bank's own share."
    )


def lost(contract: Contract) -> str:
    """What is expected to be lost, in a sentence; of a book that is not told in money how many default."""
    return "expected loss" if contract.in_money else "the expected number of defaults"


def lost_label(contract: Contract) -> str:
    """The same as a label."""
    return "Expected loss" if contract.in_money else "Expected defaults"


def owed_label(contract: Contract) -> str:
    """What is at risk, as a label: the exposure, or how many may default."""
    return "Exposure at default" if contract.in_money else records_heading(contract)


def counted_in(label: str, contract: Contract, unit: Unit | None = None) -> str:
    """A label with the currency of its amounts and their ``unit``: "Expected loss, NT$ m"; "Expected defaults"."""
    suffix = unit.suffix if unit else ""
    told = f"{contract.book.currency}{suffix}".strip()
    return f"{label}, {told}" if told else label


def records_heading(contract: Contract) -> str:
    """What the book holds, at the head of a column: "Customers"."""
    return capitalised(contract.book.records)


def size_words(book: Book) -> str:
    """How many records a book has, and how many of them answer where it is too large: "4,000,000 loans, 200,000
    sampled"."""
    whole = numbers.counted(book.count, book.contract.book.record)
    return f"{whole}, {numbers.plain(len(book))} sampled" if book.sampled else whole


def enumerated(parts: Sequence[str]) -> str:
    """One or more parts as a sentence has them: "limits, balances and payments"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def unit_label(label: str, unit: str) -> str:
    """What a field is called that holds a bare number: "Credit limits (%)"; the unit is not told twice."""
    unit = unit.removeprefix("±")
    return label if unit in ("", YEAR) or unit.lower() in label.lower() else f"{label} ({unit})"


def ranged_label(label: str, unit: str, within: LeverRange) -> str:
    """The same for a field without a slider, which shows no ends: "Weight (%, 0 to 100)"."""
    unit = unit.removeprefix("±")
    low, high = range_ends(within)
    return f"{label} ({', '.join(filter(None, (unit, f'{low} to {high}')))})"


def range_ends(within: LeverRange) -> tuple[str, str]:
    """Both ends of a range, without the unit that stands in the label; signed where zero lies between them."""
    low, high = (numbers.exactly(abs(end) if within.both_ways else end) for end in (within.low, within.high))
    return (numbers.signed(low, within.low), numbers.signed(high, within.high)) if within.both_ways else (low, high)


def assumption_value(unit: str, value: float) -> str:
    """An assumption as short as it is exact: 90 %, 22.5 %, 36 months."""
    return numbers.as_set(value, unit)


def band_label(contract: Contract, segment: Segment, band: int) -> str:
    """The name of a band: "below NT$ 50,000", "NT$ 50,000 to 100,000"."""
    if band > len(segment.edges):
        return dict(zip(*_after_the_last(contract, segment), strict=True)).get(band, "not known")
    if segment.labels:
        return segment.labels[band]
    units = {each.name: each.unit for each in contract.inputs} | {each.name: each.unit for each in contract.record}
    unit = units[segment.field]
    ends = _edges(segment.edges, unit)
    if band == 0:
        return f"below {ends[0]}"
    if band == len(ends):
        return f"{ends[-1]} and more"
    return f"{ends[band - 1]} to {ends[band].removeprefix(unit).strip()}"


def _after_the_last(contract: Contract, segment: Segment) -> tuple[range, tuple[str, ...]]:
    """The bands of special codes, and their words."""
    words, end = tuple(contract.special_bands(segment).values()), contract.band_count(segment)
    return range(end - len(words), end), words


def band_phrase(contract: Contract, segment: Segment, band: int) -> str:
    """Those in a band, in a sentence: "customers who paid in full", in the contract's words where it has any."""
    records, label, name = contract.book.records, lower(segment.label), band_label(contract, segment, band)
    if band < len(segment.phrases):
        return f"{records} {segment.phrases[band]}"
    if band > len(segment.edges):
        return f"{records} whose {label} is {name}"
    return f"{records} in the band “{name}” of {label}" if segment.labels else f"{records} with {label} {name}"


def _edges(edges: Sequence[float], unit: str) -> list[str]:
    """The edges of bands in their unit, with as many digits as it takes to tell them apart."""
    told = [numbers.measure(edge, unit) for edge in edges]
    if len(set(told)) == len(told) and not any("than" in each for each in told):
        return told
    factor, sign = (100.0, "%") if unit == "%" else (1.0, unit)
    return [f"{plain_figure(round(factor * edge, 9), unit)}{NBSP}{sign}".strip() for edge in edges]


def rising(edges: Sequence[float]) -> list[str]:
    """Score bands in words, the lowest first."""
    inner = [f"{low:.0f}–{high - 1:.0f}" for low, high in pairwise(edges)]
    return [f"below {edges[0]:.0f}", *inner, f"{edges[-1]:.0f} and more"]


NAMED = 2  # parts of a scenario in the title of a window, which is short
LONGEST_PART = 40  # characters of one of them


def window_title(contract: Contract, subject: str, assumed: Sequence[str]) -> str:
    """The title of a window: the page, what is ``assumed`` on it in short, the book."""
    parts = [each if len(each) <= LONGEST_PART else f"{each[: LONGEST_PART - 1]}…" for each in assumed if each]
    more = f" and {len(parts) - NAMED} more" if len(parts) > NAMED else ""
    scenario = f"{', '.join(parts[:NAMED])}{more}"
    return " · ".join(filter(None, (subject, scenario, contract.book.title, "Credit What-If")))
