"""A contract that names no amount, without what speaks of money."""

from data.contract.contract import Contract
from data.contract.schema import RECORD_COUNTED, Appetite, Exposure

OF_MONEY = frozenset({"lgd", "ccf", "apr", "funding", "opex", "margin_months", "annual_default_rate"})
"""Assumptions that loss, margin and capital are worked out with, and nothing else."""


def without_money(contract: Contract) -> Contract:
    """The same contract where an amount is named; where none is, without a currency and the assumptions and limits of
    what is then not told. Contracts that counted each record as one unit of an unknown currency, as they were proposed
    before, had limits in that: these are left out, too."""
    if contract.in_money:
        return contract
    counted = not contract.book.currency

    def kept(limit: Appetite) -> bool:
        return limit.measure in contract.measures if counted else limit.measure == "pd"

    return contract.model_copy(
        update={
            "book": contract.book.model_copy(update={"currency": ""}),
            "assumptions": tuple(each for each in contract.assumptions if each.name not in OF_MONEY),
            "appetite": tuple(each for each in contract.appetite if kept(each)),
            "exposure": Exposure(lgd=RECORD_COUNTED),
            "realised": None,
        }
    )
