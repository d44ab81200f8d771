"""What stands on the page before a lever is moved: the regulators' scenarios, each with what it makes of the book."""

from data.contract import Measure, lower
from data.regulators.presets import preset
from model.engine.parallel import Follow
from model.report.book import words
from model.report.briefing import Finding, Suggestion
from model.report.numbers import Unit
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import PRESET, chosen

INVITATION = ": choose "  # what ends a headline on the screen


def on_paper(headline: str) -> str:
    """A headline where nothing can be chosen."""
    return headline.partition(INVITATION)[0]


def nothing_begun(result: BookResult) -> bool:
    """Whether nothing is assumed yet that counts, nor a regulator's scenario chosen."""
    return not result.moved and chosen(result.scenario) is None


def regulators_finding(result: BookResult, measure: Measure, follow: Follow) -> Finding | None:
    """Each regulator's scenario with what a measure comes to under it, and on which side of the limit; None where none
    of them reaches the book."""
    with follow("Scoring the book under the regulators' scenarios") as progress:
        found = result.under_regulators(measure, progress)
    if not found:
        return None
    unit = Unit.of(result.base.measure(measure), *(value for _, value in found))
    starts = tuple(_start(result, measure, name, value=value, unit=unit) for name, value in found)
    return Finding("beginning", _headline(result, measure, [value for _, value in found]), starts=starts, half=True)


def _start(result: BookResult, measure: Measure, name: str, value: float, unit: Unit) -> Suggestion:
    contract = result.contract
    limit, appetite = words.limit_of(contract, result.scenario, measure)
    mark = ""
    if appetite is not None:
        mark = "✓" if words.within(appetite, value, limit) else "✗"
    told = words.text(contract, measure, value, unit)
    return Suggestion(f"_begin_{name}", preset(name).title, PRESET, name, result=told, mark=mark)


def _headline(result: BookResult, measure: Measure, values: list[float]) -> str:
    """How many of the scenarios would break the limit; click one."""
    contract, several = result.contract, len(values) > 1
    limit, appetite = words.limit_of(contract, result.scenario, measure)
    what = lower(words.label(contract, measure))
    scenarios = f"{len(values)} regulators' scenarios" if several else "a regulator's scenario"
    if appetite is None:
        return f"What {scenarios} would make of {what}{INVITATION}one to look into it"
    off = sum(not words.within(appetite, value, limit) for value in values)
    told = words.limit_text(contract, measure, limit, Unit.of(*values))
    if not several:
        side = "would break" if off else "would hold"
        return f"Under {scenarios} the limit of {told} {side}{INVITATION}it to look into it"
    count = f"{off}" if off else "Not one"
    return f"{count} of {scenarios} would break the limit of {told} on {what}{INVITATION}one to look into it"
