"""How a cut-off falls on groups of people, and whether the PD is as true of each."""

import math
from collections.abc import Sequence

from data.contract import Contract, Field, lower
from model.monitoring.calibration import Bin
from model.monitoring.fairness import Group
from model.report import language, numbers
from model.report.briefing import FRACTION, Cell, Choice, Choices, Column, Finding, Item, Notice, Table
from model.report.policy import charts as policy_charts
from model.report.policy import words as policy_words
from model.report.policy.words import group_columns, group_figures
from model.report.trust import words
from model.validation.result import TrustResult
from model.validation.view import CUTOFF, SCORES

CALIBRATION = {
    "predicted": "Predicted",
    "observed": "Observed",
    "low": "Observed, low",
    "high": "Observed, high",
}


def attribute_choice(contract: Contract) -> Choice:
    """Which protected attribute is looked at; nothing to choose where the book holds none."""
    options = tuple((each.name, each.label) for each in contract.protected())
    return Choice("attribute", "Attribute", options, options[0][0] if options else "")


def cutoff_choice(contract: Contract) -> Choice:
    """At which cut-off."""
    declared = float(contract.score.cutoff)
    label = f"Cut-off (the contract's is {numbers.exactly(declared)})"
    return Choice(CUTOFF, label, default=declared, low=SCORES[0], high=SCORES[1])


def fair_choices(contract: Contract, withheld: str) -> tuple[Choice, ...]:
    """What can be chosen; nothing where there is nothing to see, or not for whoever looks."""
    if withheld or not contract.protected():
        return ()
    return attribute_choice(contract), cutoff_choice(contract)


def fair_items(result: TrustResult, withheld: str, choices: Choices) -> tuple[Item, ...]:
    """Rates, ratios and calibration by group; ``withheld``: why they are not for whoever looks, if so."""
    proof, contract = result.proof, result.proof.contract
    if not contract.protected():
        return (Notice(words.NO_PROTECTED),)
    if withheld:
        return (Finding("withheld", note=withheld),)
    name = attribute_choice(contract).of(choices)
    own = next(each for each in contract.protected() if each.name == name)
    cutoff, least = cutoff_choice(contract).number(choices), contract.gates.impact_at_least
    before, _ = proof.fair(own, float(contract.score.cutoff))
    after, bins = proof.fair(own, cutoff)
    return (
        Finding(
            "trust_fairness",
            policy_words.fairness_headline(own, before, after, least),
            chart=policy_charts.fairness(before, after, least),
            alt=policy_charts.fairness_in_words(after),
            shows=f"Approval rate over the highest group's, by {lower(own.label)}",
            note=words.fair_chart_note(cutoff, least),
        ),
        Finding(
            "groups",
            table=group_table(contract, own, after, bins),
            note=words.fair_note(contract, cutoff),
            shape="whole",
        ),
    )


def group_table(contract: Contract, own: Field, groups: Sequence[Group], bins: Sequence[Bin]) -> Table:
    """Each group as it is read, and its figures in the file; neither shows those of a group that is too small."""
    texts = [words.fair_texts(contract, group, row) for group, row in zip(groups, bins, strict=True)]
    columns = (
        Column("Group"),
        Column(language.records_heading(contract), digits=0),
        *(Column(name, place="screen") for name in (texts[0] if texts else ())),
        *group_columns(contract),
        *(Column(name, FRACTION, place="file") for name in CALIBRATION.values()),
    )
    rows = tuple(
        (group.name, group.n, *read.values(), *_figures(group, row))
        for group, row, read in zip(groups, bins, texts, strict=True)
    )
    title = f"Rates and calibration by {own.label.lower()}"
    return Table(f"trust-fairness-{own.name}", title, columns, rows)


def _figures(group: Group, row: Bin) -> tuple[Cell, ...]:
    if group.suppressed:
        return (None,) * (len(group_figures(group)) + len(CALIBRATION))
    figures = (*group_figures(group), *(getattr(row, name) for name in CALIBRATION))
    return tuple(None if math.isnan(each) else each for each in figures)
