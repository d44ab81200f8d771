"""Has the world moved: how later vintages, or a file that somebody gives, differ from the training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.contract import Contract
from model.monitoring.drift import OF_PD, Drift
from model.report import numbers
from model.report.briefing import Choice, Choices, Column, Finding, Item, Notice, Table
from model.report.trust import charts, words
from model.validation.result import TrustResult
from model.validation.view import SCORE

OF_FILE = "file"


@dataclass(frozen=True, eq=False)
class FileDrift:
    """A file held against the training: its name, and how far its rows have moved."""

    name: str
    drifts: tuple[Drift, ...]


def drift_unknown(result: TrustResult) -> Notice | None:
    """Why nothing can be held against the training; None where it can."""
    if result.release is not None:
        return None
    return Notice("Not available: how the model's training was distributed is not known here.")


def drift_items(result: TrustResult, choices: Choices, given: FileDrift | None = None) -> tuple[Item, ...]:
    """How far score and inputs have moved, and how one of them is distributed."""
    why = drift_unknown(result)
    if why is not None:
        return (why,)
    drifts = compared_drifts(result, choices, given)
    if not drifts:
        return drift_heading(result, choices, given)
    return (
        *drift_heading(result, choices, given),
        moved_finding(result, drifts),
        distribution_finding(result, drifts, choices),
    )


def compare_choice(result: TrustResult, given: FileDrift | None) -> Choice:
    """What is held against the training; nothing to choose where all of the book lies in it."""
    proof = result.proof
    options = {each: words.source_words(proof, each) for each in proof.whens if proof.after_training(each)}
    if given is not None:
        options = {OF_FILE: f"the file {given.name}"} | options
    return Choice("compare", "Compare", tuple(options.items()), next(iter(options), ""))


def compared_drifts(result: TrustResult, choices: Choices, given: FileDrift | None) -> tuple[Drift, ...]:
    """How far that has moved; () where there is nothing to compare."""
    when = compare_choice(result, given).of(choices)
    if given is not None and when == OF_FILE:
        return given.drifts
    return result.moved(when) if when else ()


def drift_heading(result: TrustResult, choices: Choices, given: FileDrift | None) -> tuple[Item, ...]:
    """How many inputs have moved, and whether there are too few records to tell."""
    contract, drifts = result.proof.contract, compared_drifts(result, choices, given)
    if not drifts:
        return (Finding("unmoved", text=(words.unmoved_words(contract),)),)
    choice = compare_choice(result, given)
    head = Finding("moved", words.drift_headline(contract, drifts, dict(choice.options)[choice.of(choices)]))
    n = drifts[0].n
    return (head, Notice(words.noise_words(n), "warning")) if n < words.FEW else (head,)


def moved_finding(result: TrustResult, drifts: Sequence[Drift]) -> Finding:
    """PSI of the score and CSI of every input."""
    contract, n = result.proof.contract, drifts[0].n
    assert result.release is not None
    training = numbers.counted(result.release.snapshot.n, "record")
    told = [words.limits_words(contract), f"Against {training} of the training."]
    if n >= words.FEW:
        told.append(words.noise_words(n))
    return Finding("drifts", table=drift_table(contract, drifts), note=" ".join(told), half=True, shape="whole")


def drift_table(contract: Contract, drifts: Sequence[Drift]) -> Table:
    """The score first, then the most moved."""
    order = sorted(drifts, key=lambda each: (each.index != OF_PD, -np.nan_to_num(each.psi)))
    columns = (
        Column("What"),
        Column("PSI or CSI", digits=3),
        Column("n", digits=0),
        Column("Threshold", place="file"),
        Column("Verdict"),
    )
    rows = tuple(
        (
            *(words.drift_label(contract, each), float(each.psi), each.n),
            *(words.stability_lines(contract, each), words.drift_verdict(contract, each)),
        )
        for each in order
    )
    return Table("trust-drift", "Drift of score and inputs", columns, rows)


def _named(contract: Contract, drifts: Sequence[Drift]) -> dict[str, Drift]:
    """By what stands for it in an address, the most moved first."""
    order = sorted(drifts, key=lambda each: -each.psi)
    return {SCORE if each.index == OF_PD else contract.inputs[each.index].name: each for each in order}


def distribution_choice(contract: Contract, drifts: Sequence[Drift]) -> Choice:
    """Of what the distribution is shown, that of the most moved first."""
    options = tuple((name, words.drift_label(contract, each)) for name, each in _named(contract, drifts).items())
    return Choice("distribution_of", "Distribution of", options, options[0][0] if options else "")


def distribution_finding(result: TrustResult, drifts: Sequence[Drift], choices: Choices) -> Finding:
    """How the score or an input was distributed, and how it is now."""
    contract = result.proof.contract
    own = _named(contract, drifts)[distribution_choice(contract, drifts).of(choices)]
    labels = words.bin_labels(None if own.index == OF_PD else contract.inputs[own.index], own)
    return Finding(
        "distribution",
        chart=charts.distribution(labels, own.expected, own.actual, ("training", "now")),
        alt=charts.distribution_in_words(labels, own.expected, own.actual),
        shows=f"{words.drift_label(contract, own)}: share of {contract.book.records}, %, at the training and now",
        half=True,
    )
