"""What pages say in a contract's own words, where no model has answered yet: to be read before one is trained.

Sentences come from the functions that the pages call; what only a model could say, a score and a PD, is made up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from data.contract import Contract, Lever, Shock
from data.errors import WhatIfError
from model.report.book import words as book_words
from model.report.customer import words
from model.report.operations.upload import invitation
from model.report.policy.words import policy_method, rejected_words
from model.whatif.book.scenario import BookScenario
from model.whatif.customer.decision import Decision
from model.whatif.customer.scenario import CustomerScenario

ABOVE, BELOW = 27.0, -14.0  # points from the cut-off, of two records made up
LIKELY, UNLIKELY = 0.03, 0.12


@dataclass(frozen=True)
class Wording:
    """One sentence: where it will stand, and what it says."""

    where: str
    says: str


def wording(contract: Contract, day: date) -> tuple[Wording, ...]:
    """What would be said where; of a lever or a shock that cannot be told, why."""
    return tuple(Wording(where, " ".join(says.split())) for where, says in _sentences(contract, day) if says)


def _sentences(contract: Contract, day: date) -> Iterator[tuple[str, str]]:
    book = contract.book
    yield "Frame", f"{book.title} · 1,000 {book.records}"
    nobody = CustomerScenario(customer=1)
    good, bad = _decision(contract, ABOVE, LIKELY), _decision(contract, BELOW, UNLIKELY)
    yield "Customer", words.customer_verdict(contract, good, good, nobody)
    yield "Customer", words.customer_verdict(contract, bad, bad, nobody)
    for lever in contract.levers:
        yield f"Customer, {lever.label} moved", _moved(contract, lever)
    yield "Customer, the cut-off", words.cutoff_help(contract)
    for shock in contract.shocks:
        yield f"Book, {shock.label} moved", _shocked(contract, shock, day)
    for segment in contract.segments:
        yield f"Book, by {segment.label}", "; ".join(segment.labels)
    yield "Policy, who is in the book", rejected_words(contract)
    yield "Policy, how it is worked out", policy_method(contract).split("\n\n")[0].replace("**", "")
    yield "Operations", invitation(contract)
    if contract.card is not None:
        yield "Model card", f"{contract.card.purpose} Owner: {contract.card.owner}"


def _decision(contract: Contract, points: float, pd: float) -> Decision:
    """What a model could say of a record: some points from the cut-off."""
    cutoff = contract.score.cutoff
    return Decision(
        margin=0.0,
        pd=pd,
        score=cutoff + points,
        cutoff=cutoff,
        ead=0.0,
        expected_loss=0.0,
        net_loss=0.0,
        percentile=0.0,
        beyond=(),
    )


def _moved(contract: Contract, lever: Lever) -> str:
    middle = lever.minimum + lever.step * round((lever.maximum - lever.minimum) / 2 / lever.step)
    try:
        scenario = CustomerScenario(customer=1).edited(contract, lever.name, middle)
        return f"{words.edits_in_words(contract, scenario)} this {contract.book.record} would score …"
    except WhatIfError as error:
        return str(error)


def _shocked(contract: Contract, shock: Shock, day: date) -> str:
    value = shock.adverse * (shock.swing or shock.step)
    try:
        return f"{book_words.in_words(contract, BookScenario().with_value(contract, shock.name, value), day)}, …"
    except WhatIfError as error:
        return str(error)
