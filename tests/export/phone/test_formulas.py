"""A contract's formulas as trees; what they come to is held against Python in the browser's tests."""

import pytest

from data import books
from data.errors import BadInput
from model.export.phone.formulas import FormulaTree, Operand, condition_tree, formula_trees, single_tree

MONTHS = tuple(FormulaTree(f"b_{k}") for k in (1, 2, 3))
OPERANDS: dict[str, Operand] = {"x": FormulaTree("x"), "y": FormulaTree("y"), "bill": MONTHS, "paid": MONTHS[:2]}


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x", "x"),
        ("2 * 3 - 1", 5.0),
        ("missing", None),
        ("1e999", ["/", 1.0, 0.0]),
        ("x + (y + 1)", ["+", "x", ["+", "y", 1.0]]),
        ("-x", ["negative", "x"]),
        ("round(x, 2)", ["round", "x", 100.0]),
        ("round(x, -2)", ["round", "x", 0.01]),
        ("sum(bill)", ["+", ["+", "b_1", "b_2"], "b_3"]),
        ("mean(latest(bill, 2))", ["/", ["+", "b_1", "b_2"], 2.0]),
        ("max(earliest(bill, 2))", ["max", "b_2", "b_3"]),
        ("sum(bill - previous(bill))", ["+", ["+", ["-", "b_1", "b_2"], ["-", "b_2", "b_3"]], ["-", "b_3", "b_3"]]),
        ("count(latest(bill, 1) > 0)", ["number", [">", "b_1", 0.0]]),
        ("where((x > 1) & (y <= 2), x, missing)", ["where", ["and", [">", "x", 1.0], ["<=", "y", 2.0]], "x", None]),
        ("where(x, 1, 2)", ["where", ["!=", "x", 0.0], 1.0, 2.0]),  # all but 0 holds, as in numpy: a gap too
        ("pick(x, 1, 0.5, -2, missing, y)", ["pick", "x", [1.0, 0.5, -2.0, None], "y"]),
        ("(x > 1) + (y > 1)", ["number", ["or", [">", "x", 1.0], [">", "y", 1.0]]]),  # as numpy adds two of them
        ("(x > 1) + 1", ["+", ["number", [">", "x", 1.0]], 1.0]),
    ],
)
def test_a_formula_becomes_a_tree(text: str, tree: object):
    assert single_tree(text, OPERANDS) == tree


def test_a_rule_must_hold_in_every_month():
    assert condition_tree("paid >= 0", OPERANDS) == ["and", [">=", "b_1", 0.0], [">=", "b_2", 0.0]]


def test_a_history_of_one_month_goes_with_any_other():
    assert [each.form for each in formula_trees("paid + latest(bill, 1)", OPERANDS)] == [
        ["+", "b_1", "b_1"],
        ["+", "b_2", "b_1"],
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("bill", "a value for each month"),
        ("bill + paid", "2 and 3 months"),
        ("round(x, y)", "how many decimals"),
        ("latest(bill, x)", "how many months"),
        ("sum(latest(bill, 0))", "leaves no month"),
        ("sum(latest(bill, 1.5))", "no whole number"),
        ("sum(x)", "takes a history"),
        ("pick(x, y, 1, 2)", "in pairs"),
        ("pick(x, 1, 2, 3, 4)", "takes pairs"),
        ("where(x, 1)", "2 arguments"),
        ("max(x, y, 1)", "3 arguments"),
        ("x & y", "take conditions"),
        ("-(x > 1)", "no negative"),
        ("(x > 1) - (y > 1)", "one condition is taken from another"),
        ("1 < x < 2", "more than two values"),
        ("x + 1 / 0", "division by zero"),
        ("+".join(["x"] * 900), "more than 500 levels"),
    ],
)
def test_what_cannot_go_to_a_phone_is_refused_by_name(text: str, why: str):
    with pytest.raises(BadInput, match=why) as refused:
        single_tree(text, OPERANDS)
    assert text in str(refused.value)


@pytest.mark.parametrize("name", books.names())
def test_every_formula_of_a_shipped_book_can_go(name: str):
    contract = books.contract(name)
    operands: dict[str, Operand] = {each.name: FormulaTree(each.name) for each in contract.record}
    for history in contract.histories:
        operands[history.name] = tuple(FormulaTree(f"{history.name}_{k}") for k in range(1, len(history.months) + 1))
    for each in contract.inputs:
        assert single_tree(each.formula, operands) is not None
