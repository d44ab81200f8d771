"""Papers of the subjects: a scenario of the book, a comparison, a customer, each asked of the deployed model exactly as
its page asks it."""

from collections.abc import Sequence
from dataclasses import replace

from data.contract import Contract
from data.errors import BadInput
from model.deployed.comparing import ask_each
from model.deployed.model import DeployedModel
from model.engine.parallel import not_followed
from model.export.memo.assumed import assumed_of_book, assumed_of_customer
from model.export.memo.memo import Memo, MemoPart, Occasion
from model.report.book.beginning import on_paper, regulators_finding
from model.report.book.briefing import SHORT, book_briefing, what_moved
from model.report.book.panels import where_table
from model.report.book.words import bridged, label, segment_headline
from model.report.briefing import Briefing, Column, Finding, Table
from model.report.comparison.briefing import against_words, comparison_briefing, name_of_member, noun
from model.report.customer.briefing import customer_briefing
from model.report.language import size_words
from model.report.trust import words as trust_words
from model.validation.result import TrustResult
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import POINT, BookScenario, chosen
from model.whatif.comparison.comparison import Comparison
from model.whatif.comparison.result import ComparisonResult
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.saved import Scenario

OWN_ASSUMPTIONS = "Assumptions of one's own; no regulator's scenario."


def memo_of(model: DeployedModel, scenario: Scenario | Comparison, occasion: Occasion) -> Memo:
    """The paper of whatever can be taken along so.

    Raises
    ------
    WhatIfError
        If nobody is chosen, too few are compared, the record cannot be, or the model does not answer.
    """
    if isinstance(scenario, BookScenario):
        return book_memo(model, BookResult.of(model.whole, scenario, occasion.day), occasion)
    if isinstance(scenario, Comparison):
        if not scenario.ready:
            raise BadInput("A paper of a comparison needs two or more to compare. Add them first.")
        return comparison_memo(model, ask_each(model, scenario, day=occasion.day), occasion)
    if isinstance(scenario, CustomerScenario):
        if not scenario.chosen:
            raise BadInput(f"A paper of {model.contract.book.one_record} needs one. Choose somebody first.")
        result = CustomerResult.of(model.scorer, model.local_scorer, model.book, scenario, day=occasion.day)
        return customer_memo(model, result, occasion)
    raise BadInput("A policy has no paper of its own. Compare cut-offs, and take that along.")


# ---- the book -------------------------------------------------------------------------------------------------------


def book_memo(model: DeployedModel, result: BookResult, occasion: Occasion) -> Memo:
    """Of the book under a scenario: what moved it, by each measure; where it sits, by each segment."""
    contract, scenario = result.contract, result.scenario
    said = book_briefing(result, {}, model=model.deployed)
    return _memo(
        model,
        occasion,
        said,
        title=occasion.name or name_of_member(contract, scenario),
        scenario=name_of_member(contract, scenario),
        source=book_source(scenario),
        parts=tuple(filter(None, (_bridges(result), _places(result)))),
        assumed=assumed_of_book(contract, scenario),
    )


def book_source(scenario: BookScenario) -> str:
    """Where a scenario of the book comes from."""
    using = chosen(scenario)
    if using is None:
        return OWN_ASSUMPTIONS
    point = using.point(str(dict(scenario.values).get(POINT, using.peak)))
    return f"{using.title}, at {point.label}: {using.source}, published {using.published}."


def _bridges(result: BookResult) -> MemoPart | None:
    """What moved it; before anything is moved what the regulators' scenarios would make of it."""
    if result.moved:
        contract = result.contract
        measures = bridged(contract)
        moved = [what_moved(result, {"_measure": each}, not_followed) for each in measures]
        labels = [SHORT.get(label(contract, each), label(contract, each)) for each in measures]
        return MemoPart("moved", tuple(zip(labels, moved, strict=True)))
    found = regulators_finding(result, "loss", not_followed)
    if found is None:
        return None
    rows = tuple((each.label, f"{each.result} {each.mark}".strip()) for each in found.starts)
    columns = Column("Scenario, at its peak and in full"), Column(label(result.contract, "loss"))
    table = Table("memo-regulators", "The regulators' scenarios", columns, rows)
    return MemoPart("regulators", (("", Finding("regulators", on_paper(found.headline), table=table)),))


def _places(result: BookResult) -> MemoPart | None:
    contract = result.contract
    own = tuple(
        (
            each.label,
            Finding(
                f"where_{each.name}",
                segment_headline(contract, each, result.cells(each)),
                table=where_table(result, each),
            ),
        )
        for each in contract.segments
    )
    return MemoPart("where", own) if own else None


# ---- a comparison ---------------------------------------------------------------------------------------------------


def comparison_memo(model: DeployedModel, result: ComparisonResult, occasion: Occasion) -> Memo:
    """Of two to five side by side: their main number, what differs, all numbers, what moved each."""
    said = comparison_briefing(result, model=model.deployed)
    findings = [each for each in said.findings if isinstance(each, Finding)]
    return _memo(
        model,
        occasion,
        replace(said, below=against_words(result)),
        title=occasion.name or f"{len(result.names)} {noun(model.contract, result.comparison)} compared",
        scenario=", ".join(f"“{name}”" for name in result.names),
        source=f"{noun(model.contract, result.comparison).capitalize()} compared, each as its own page asks it.",
        parts=tuple(MemoPart(each.key, (("", replace(each, drawn=True)),)) for each in findings),
        assumed=_assumed_by_all(model.contract, result),
    )


def _assumed_by_all(contract: Contract, result: ComparisonResult) -> Table:
    """What the first of those compared assumes; what differs stands in a table of its own."""
    if result.customers:
        return assumed_of_customer(result.customers[0])
    first = result.books[0].scenario if result.books else result.policies[0].policy.stress(contract)
    return assumed_of_book(contract, first)


# ---- a customer -----------------------------------------------------------------------------------------------------


def customer_memo(model: DeployedModel, result: CustomerResult, occasion: Occasion) -> Memo:
    """Of one record: in the book and under its scenario, why, what changed."""
    contract, scenario = result.contract, result.scenario
    said = customer_briefing(result, {}, model=model.deployed)
    findings = [part for each in said.findings if isinstance(each, Finding) for part in halves(each)]
    under = book_source(scenario.under) if scenario.under.values else OWN_ASSUMPTIONS
    return _memo(
        model,
        occasion,
        replace(said, below=" ".join(filter(None, (said.below, said.aside)))),
        title=occasion.name or name_of_member(contract, scenario),
        scenario=name_of_member(contract, scenario),
        source=under,
        parts=tuple(MemoPart(each.key, (("", each),)) for each in findings),
        assumed=assumed_of_customer(result),
    )


def halves(finding: Finding) -> Sequence[Finding]:
    """A finding whose chart shows two things, as two; those that have nothing to show are left out."""
    if not finding.halves or finding.chart is None:
        return (finding,)
    traces = finding.chart["data"]
    shown = zip(finding.halves, traces, strict=False)
    return [
        Finding(
            f"{finding.key}_{k}",
            half.headline,
            chart={**finding.chart, "data": [trace]},
            alt=f"{half.headline}: {'; '.join(f'{label} {value}' for label, value in half.listed)}.",
            note=finding.note if k == 0 else "",
        )
        for k, (half, trace) in enumerate(shown)
        if half.listed
    ]


# ---- what all have --------------------------------------------------------------------------------------------------


def _memo(
    model: DeployedModel,
    occasion: Occasion,
    said: Briefing,
    *,
    title: str,
    scenario: str,
    source: str,
    parts: tuple[MemoPart, ...],
    assumed: Table,
) -> Memo:
    trust, caveats, made = relied_on(model)
    return Memo(
        said.subject,
        title,
        book_line(model),
        scenario,
        " ".join(filter(None, (occasion.history, source))),
        sentence=said.sentence,
        below=said.below,
        tiles=said.tiles,
        parts=parts,
        assumed=assumed,
        trust=trust,
        caveats=caveats,
        model=model.deployed.words,
        made=made,
        occasion=occasion,
        notices=tuple(each.text for each in said.notices),
    )


def book_line(model: DeployedModel) -> str:
    """The book, how many it holds, and of when."""
    book = model.contract.book
    return f"{book.title} · {size_words(model.book)} · as of {book.as_of}, {book.sample}"


def relied_on(model: DeployedModel) -> tuple[str, tuple[str, ...], str]:
    """How far the model can be relied on in a sentence, what to know before, and what it was made of; figures by
    protected attribute are left out, for a paper goes anywhere."""
    proof = model.validation()
    result = TrustResult(proof, release=model.release)
    things = trust_words.things_to_know(proof, result.report, result.drifts, False)
    told = tuple(f"{each[:1].upper()}{each[1:]}." for each in things)
    if model.release is None:
        return trust_words.foreign_words(model.deployed), told, ""
    verdict = trust_words.trust_verdict(proof, result.chosen, result.measured, things)
    return verdict, told, trust_words.made_words(model.release, model.deployed)
