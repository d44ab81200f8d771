"""How wrong was it: the records of which the model was most wrong, each a link to the page that looks at it."""

from collections.abc import Sequence

from data.contract import Contract, capitalised
from model.report import numbers
from model.report.briefing import FRACTION, Column, Finding, Item, Link, Table
from model.report.language import outcome_word
from model.report.trust import words
from model.validation.result import TrustResult
from model.validation.validation import Miss


def miss_items(result: TrustResult) -> tuple[Item, ...]:
    """Those that came out well against the odds beside those that came out badly, and both as a table to take along."""
    proof, contract = result.proof, result.proof.contract
    paid, lost = proof.misses()
    heads = words.misses_headline(contract, paid, lost)
    return (
        Finding("misses_note", text=(words.misses_note(proof, proof.measured()),)),
        miss_list(contract, heads[0], paid, "paid"),
        miss_list(contract, heads[1], lost, "lost"),
        Finding("misses", table=miss_table(contract, (*paid, *lost)), drawn=False),
    )


def miss_list(contract: Contract, head: str, rows: Sequence[Miss], kind: str) -> Finding:
    """One list of misses; what was lost stands beside it where that is known of any."""
    person = capitalised(contract.book.record)
    losses = [words.miss_loss(contract, each) for each in rows]
    lossy = any(losses)
    columns = (Column(person), Column("PD predicted"), *((Column("Lost"),) if lossy else ()))
    told = tuple(
        (f"{person} {each.identifier:,}", numbers.percent(each.pd), *((loss,) if lossy else ()))
        for each, loss in zip(rows, losses, strict=True)
    )
    links = tuple(
        Link(f"{person} {each.identifier:,}", "customer", {"customer": str(each.identifier)}) for each in rows
    )
    table = Table(f"trust-misses-{kind}", head, columns, told)
    widths = (16, 10, 16) if lossy else (16, 10)
    return Finding(kind, head, table=table, links=links, half=True, offered=False, shape="links", widths=widths)


def miss_table(contract: Contract, rows: Sequence[Miss]) -> Table:
    """All misses of both sorts."""
    currency = contract.book.currency
    columns = (
        Column(capitalised(contract.book.record), digits=0),
        Column("PD predicted", FRACTION, 1),
        Column(outcome_word(contract, True).capitalize()),
        Column("Lost", currency, 0),
        Column("Own loss", currency, 0),
    )
    exact = tuple(
        (each.identifier, each.pd, "yes" if each.defaulted else "no", each.loss, each.own_loss) for each in rows
    )
    return Table("trust-misses", "The biggest misses of either sort", columns, exact)
