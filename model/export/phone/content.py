"""What the phone is told of a release: the record and what may be put in, the model's tables, how they are read."""

import base64
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TypeAlias

import numpy as np

from data.arrays import AnyArray, Array
from data.books import Book
from data.contract import Contract, Field, Lever, bounds
from data.formulas import names_in
from model.engine.scorer import TableScorer
from model.export.compressed import CompressedTables
from model.export.phone.formulas import (
    Form,
    FormulaTree,
    Operand,
    condition_tree,
    constant_tree,
    formula_trees,
    single_tree,
)
from model.report.language import decided, granting
from model.whatif.customer.attribution import MOST_PLAYERS
from model.whatif.customer.decision import score_scale
from model.whatif.customer.scenario import CUTOFF_RANGE

Told: TypeAlias = "Form | Mapping[str, Told] | Sequence[Told]"
USUAL = (0.005, 0.995)  # between these shares of the book an input is as usual
FORMAT = 1  # of the file: what a later app must know to read it


def known_of(scorer: TableScorer, book: Book) -> dict[str, Told]:
    """Everything of the model and its contract that the phone reads, but for the record it starts from.

    Raises BadInput where a formula of the contract cannot go to a phone.
    """
    contract = scorer.contract
    return {
        "format": FORMAT,
        "book": _terms(contract),
        "score": _scale(contract),
        "concepts": [{"name": each.name, "label": each.label} for each in contract.concepts],
        "fields": [_field(contract, each, scorer) for each in contract.record],
        "histories": [
            {
                "name": each.name,
                "label": each.label,
                "months": list(each.months),
                "first": contract.rows[each.name].start,
            }
            for each in contract.histories
            if each.role == "input"
        ],
        "inputs": _inputs(contract, book),
        "levers": [_lever(contract, each) for each in contract.levers],
        "constraints": [
            {
                "holds": condition_tree(contract.spelled_rule(each.rule), _operands(contract)),
                "message": each.message,
                "rows": sorted(row for name in each.fields for row in range(*_rows(contract, name))),
            }
            for each in contract.constraints
        ],
        "assumptions": _assumptions(contract),
        "exposure": _exposure(contract),
        "tables": _tables(scorer),
        "players": MOST_PLAYERS,
    }


def _terms(contract: Contract) -> dict[str, Told]:
    terms = contract.book
    names = ("name", "title", "as_of", "sample", "currency", "record", "records", "outcome", "probability", "granted")
    more = ("declined", "decision_note", "pd_horizon")
    return {name: getattr(terms, name) for name in (*names, *more)} | {
        "in_favour": granting(contract),
        "against": decided(contract, granted=False),
        "exposure_note": contract.exposure.note,
        "guarantor": contract.exposure.guarantor,
        "in_money": contract.in_money,
    }


def _scale(contract: Contract) -> dict[str, Told]:
    scale = score_scale(contract)
    low, high = CUTOFF_RANGE
    return {
        "factor": scale.factor,
        "offset": scale.offset,
        "cutoff": contract.score.cutoff,
        "low": low,
        "high": high,
    }


# ---- what is put in -------------------------------------------------------------------------------------------------


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _field(contract: Contract, field: Field, scorer: TableScorer) -> dict[str, Told]:
    low, high = bounds(field)
    k = contract.row[field.name]
    seen = [_finite(float(ends[k])) for ends in (scorer.territory.low, scorer.territory.high)]
    return {
        "name": field.name,
        "label": field.label,
        "unit": field.unit,
        "low": _finite(low),
        "high": _finite(high),
        "step": field.step,
        "missing": field.missing,
        "codes": [[code, word] for code, word in field.codes.items()],
        "special": [[code, word] for code, word in field.special.items()],
        "concept": field.concept,
        "help": field.help,
        "seen": seen,
    }


def _inputs(contract: Contract, book: Book) -> list[Told]:
    """The inputs with their formulas, and between which values they lie in nearly all of the book."""
    operands, found = _operands(contract), list[Told]()
    for each, values in zip(contract.inputs, contract.derive(book.raw), strict=True):
        stated = values[~np.isnan(values)]
        usual = np.quantile(stated, USUAL) if len(stated) else np.full(2, np.nan)
        found.append(
            {
                "name": each.name,
                "label": each.label,
                "unit": each.unit,
                "concept": each.concept,
                "missing": each.missing,
                "codes": [[code, word] for code, word in each.codes.items()],
                "usual": [_finite(float(end)) for end in usual],
                "formula": single_tree(contract.spelled(each.formula), operands),
            }
        )
    return found


def _lever(contract: Contract, lever: Lever) -> dict[str, Told]:
    rules, texts = list[Told](), (lever.start, *lever.rules.values())
    read = frozenset().union(*map(names_in, texts)) & contract.special_codes.keys()
    coded = sorted({k for name in read for k in range(*contract.rows[name].indices(len(contract.record)))})
    for target, rule in lever.rules.items():
        first, end, _ = contract.rows[target].indices(len(contract.record))
        ago = tuple(constant_tree(float(k)) for k in range(end - first))
        own: dict[str, Operand] = {"value": FormulaTree("value"), "start": FormulaTree("start"), "ago": ago}
        months = formula_trees(contract.spelled(rule), {**_operands(contract), **own})
        spread = months if len(months) > 1 else months * (end - first)
        rules.append({"row": first, "months": [each.form for each in spread]})
    return {
        "name": lever.name,
        "label": lever.label,
        "unit": lever.unit,
        "low": lever.minimum,
        "high": lever.maximum,
        "step": lever.step,
        "concept": lever.concept,
        "logarithmic": lever.logarithmic,
        "association": lever.association,
        "help": lever.help,
        "start": single_tree(contract.spelled(lever.start), _operands(contract)),
        "digits": contract.start_digits(lever),
        "rules": rules,
        "reads_codes_of": coded,
    }


def _assumptions(contract: Contract) -> list[Told]:
    """What the loss of one record depends on."""
    return [
        {
            "name": each.name,
            "label": each.label,
            "unit": each.unit,
            "low": each.minimum,
            "high": each.maximum,
            "step": each.step,
            "value": each.default,
            "help": each.help,
        }
        for each in contract.assumptions
        if each.name in contract.exposed_to
    ]


def _exposure(contract: Contract) -> dict[str, Told]:
    """Exposure at default, loss given default, the bank's own share: assumptions are read before fields."""
    operands = _operands(contract)
    operands |= {each.name: FormulaTree(f"assumed {each.name}") for each in contract.assumptions}
    own = contract.exposure
    texts = {"ead": own.ead, "lgd": own.lgd, "own_share": own.own_share}
    return {name: single_tree(contract.spelled(text), operands) for name, text in texts.items()}


def _rows(contract: Contract, name: str) -> tuple[int, int]:
    rows = contract.rows[name]
    return rows.start, rows.stop


def _operands(contract: Contract) -> dict[str, Operand]:
    """What stands for each field and history in formulas: fields by their names."""
    found: dict[str, Operand] = {each.name: FormulaTree(each.name) for each in contract.record}
    for each in contract.histories:
        if each.role == "input":
            found[each.name] = tuple(FormulaTree(f"{each.name}_{k}") for k in range(1, len(each.months) + 1))
    return found


# ---- the model ------------------------------------------------------------------------------------------------------


def _packed(values: AnyArray | Array, kind: str) -> dict[str, Told]:
    """An array as the phone unpacks it: little-endian numbers in base64, a third of what they are as text."""
    stored = np.ascontiguousarray(values).astype(np.dtype(kind).newbyteorder("<"))
    assert np.array_equal(stored.astype(values.dtype), values), "a table that does not fit what it is stored as"
    return {"kind": kind, "base64": base64.b64encode(stored.tobytes()).decode()}


def _tables(scorer: TableScorer) -> dict[str, Told]:
    """The tables, compressed tenfold, with what their reasons need: see `model.export.compressed`."""
    packed = CompressedTables.of(scorer.shapley)
    places = ("first", "second", "at", "wide", "down", "across", "down_leans", "across_leans")
    return {
        "intercept": scorer.tables.intercept,
        "average": scorer.shapley.base,
        "background": scorer.shapley.background,
        "starts": _packed(scorer.tables.starts, "int32"),
        "edges": _packed(scorer.tables.edges, "float64"),
        **{name: _packed(getattr(packed, name), "int32") for name in places},
        "maps": _packed(packed.maps, "uint8"),
        **{name: _packed(getattr(packed, name), "float64") for name in ("mean", "cells", "leans")},
    }
