"""The policy asked in words: where to cut, and under which assumptions."""

from collections.abc import Iterator
from functools import lru_cache

from data.contract import Contract
from data.errors import WhatIfError
from model.report import numbers
from model.report.ask.amounts import exact_words
from model.report.ask.book import FILLERS, assumption_example, assumption_term
from model.report.ask.grammar import LineRead, Puzzle, parse, said_twice
from model.report.ask.reading import AskedChip, AskReading
from model.report.ask.tokens import END
from model.report.ask.vocabulary import Item, Named, Quantity, Term, Vocabulary
from model.report.customer.words import assumption_chip
from model.whatif.customer.scenario import CUTOFF, CUTOFF_RANGE
from model.whatif.policy.scenario import PolicyScenario, today


def read_policy_line(contract: Contract, policy: PolicyScenario, line: str) -> AskReading[PolicyScenario]:
    """What a line means for the policy; nothing is changed by it."""

    def current(name: str) -> float:
        return float(policy.at(contract)) if name == CUTOFF else policy.stress(contract).number(contract, name)

    parsed = parse(line, policy_vocabulary(contract), current)
    after, puzzles = _after(contract, policy, parsed)
    return AskReading(line, after, tuple(_differences(contract, policy, after)), puzzles)


def _after(contract: Contract, policy: PolicyScenario, parsed: LineRead) -> tuple[PolicyScenario, tuple[Puzzle, ...]]:
    twice = said_twice(parsed)
    after, puzzles = policy, [*parsed.puzzles, *twice.values()]
    for name, value in parsed.settings:
        if name not in twice:
            try:
                after = after.with_value(contract, name, value)
            except WhatIfError as error:
                puzzles.append(Puzzle(parsed.said[name], str(error)))
    return after, tuple(puzzles)


def policy_values(policy: PolicyScenario) -> dict[str, float]:
    """What differs from today's policy, by name."""
    cutoff = {} if policy.cutoff is None else {CUTOFF: float(policy.cutoff)}
    return cutoff | {name: float(value) for name, value in policy.assumed.values}


def _differences(contract: Contract, before: PolicyScenario, after: PolicyScenario) -> Iterator[AskedChip]:
    old, new = policy_values(before), policy_values(after)
    for name, value in new.items():
        if old.get(name) != value:
            yield AskedChip(name, assumption_chip(contract, name, value))
    for name, value in old.items():
        if name not in new:
            yield AskedChip(name, assumption_chip(contract, name, value), back=True)


def policy_line(contract: Contract, policy: PolicyScenario) -> str:
    """A policy as a line that reads back to it."""
    known = policy_vocabulary(contract)
    return f"{END} ".join(exact_words(known, name, value) for name, value in policy_values(policy).items())


def policy_example(contract: Contract) -> str:
    """What could be asked of this book, for an empty line."""
    return f"{END} ".join([f"cut-off {today(contract) + 20}", *assumption_example(contract)])


@lru_cache(maxsize=8)
def policy_vocabulary(contract: Contract) -> Vocabulary:
    """All that can be asked of the policy."""
    now = str(today(contract))
    items: tuple[Item, ...] = (
        cutoff_term(whole=True),
        Named(
            f"Today's cut-off, {now}", ("today's cut-off", "cut-off of today", "today"), ((CUTOFF, None),), "cut-off"
        ),
        *(assumption_term(each, "assumption") for each in contract.assumptions),
    )
    return Vocabulary(items, contract.book.currency, FILLERS)


def cutoff_term(whole: bool) -> Term:
    """The cut-off, in ``whole`` points where it may be nothing else."""
    low, high = CUTOFF_RANGE
    names = ("Cut-off", "cutoff", "cut", "cut-off score", "score cut-off")
    quantity = Quantity(low, high, "score points", whole=whole)
    return Term(CUTOFF, "Cut-off", names, quantity, numbers.exactly, (("cut", ""), ("cut-off", "points")))
