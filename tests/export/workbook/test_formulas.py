"""A contract's formulas as formulas of a spreadsheet."""

import pytest

from data.contract import Field
from data.errors import BadInput
from model.export.workbook.formulas import CellFormula, Operand, in_cells, of_field

MONTHS = tuple(CellFormula(f"b_{k}", low=-10, high=10) for k in (1, 2, 3))
GAP = Field(name="gap", label="Gap", role="input", missing=True)
OPERANDS: dict[str, Operand] = {
    "x": CellFormula("x", low=1, high=9),
    "y": CellFormula("y"),
    "wide": CellFormula("w" * 20),
    "gap": of_field(GAP, "G1"),
    "bill": MONTHS,
}
IS_THERE = "IF(ISNUMBER(G1),G1,NA())"


def translated(text: str) -> str:
    """The formula, looked up in lists called keys and values."""
    return in_cells(text, OPERANDS, lambda keys, values: ("keys", "values")).text


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("x", "x"),
        ("x + (y + 1)", "x+(y+1)"),  # as numpy adds, so that the last bit is the same
        ("x - (y - 1) * 2", "x-(y-1)*2"),
        ("-x * -(y + 1)", "-x*-(y+1)"),
        ("y / x", "y/x"),
        ("round(y / x, 2)", "INT(y/x*100+0.500001)/100"),
        ("round(y, 0)", "INT(y+0.500001)"),
        ("max(bill)", "MAX(b_1,b_2,b_3)"),
        ("sum(max(bill, 0))", "MAX(b_1,0)+MAX(b_2,0)+MAX(b_3,0)"),
        ("mean(bill)", "(b_1+b_2+b_3)/3"),
        ("count(bill >= 1)", "IF(b_1>=1,1,0)+IF(b_2>=1,1,0)+IF(b_3>=1,1,0)"),
        ("sum(latest(bill, 2))", "b_1+b_2"),
        ("min(earliest(bill, 2))", "MIN(b_2,b_3)"),
        ("max(bill - previous(bill)) <= 4", "MAX(b_1-b_2,b_2-b_3,b_3-b_3)<=4"),
        ("bill >= 0", "AND(b_1>=0,b_2>=0,b_3>=0)"),
        ("where((x > 2) & (y == 3), 1, missing)", "IF(AND(x>2,y=3),1,NA())"),
        ("where(y > 0, x / y, 0)", "IF(y>0,x/y,0)"),  # what is above zero may divide
        ("pick(x, 1, 0.5, 2, 0.25, 0.1)", "IFERROR(INDEX(values,MATCH(x,keys,0)),0.1)"),
        ("gap + 1", f"{IS_THERE}+1"),
        ("where(gap >= 0, gap, 0)", f"IF(IFERROR({IS_THERE}>=0,FALSE),{IS_THERE},0)"),  # a gap does not compare
        ("where(gap != 1, 1, 0)", f"IF(IFERROR({IS_THERE}<>1,TRUE),1,0)"),
    ],
)
def test_a_formula_of_the_contract_becomes_one_of_a_cell(text: str, formula: str):
    assert translated(text) == formula


def test_a_division_by_what_may_be_zero_gives_what_the_model_is_given():
    assert translated("x / y") == "IF(y=0,IF(x>0,1E+300,IF(x<0,-1E+300,NA())),x/y)"


@pytest.mark.parametrize("text", ["bill + 1", "round(x, y)", "latest(bill, x)", "pick(x, y, 1, 2)", "sum(x)"])
def test_what_a_spreadsheet_has_nothing_for_is_refused(text: str):
    with pytest.raises(BadInput, match="formula"):
        translated(text)


def test_a_formula_longer_than_a_cell_takes_is_refused():
    with pytest.raises(BadInput, match="characters in a workbook"):
        translated(" + ".join(["wide"] * 400))
