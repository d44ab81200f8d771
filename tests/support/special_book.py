"""A made-up book whose first field has special codes: −9 for no record, who often default, −8 for no trades, who seldom
do."""

from data.contract import Contract, read_contract
from tests.support import made_up
from tests.support.contracts import replaced
from tests.support.made_up import Shape

SPECIAL = ((-9, "no record"), (-8, "no trades"))
SHAPE = Shape(levers=2, shocks=2, segments=1, special=SPECIAL)
RULE = """
[[constraints]]
rule = "one <= 2 * three + 9"
message = "One is at most nine more than three twice."
fields = ["one", "three"]
"""


def special_contract(*changes: tuple[str, str]) -> Contract:
    """Its contract, with a rule, and each old text of ``changes`` replaced by its new one."""
    text = made_up.contract(SHAPE) + RULE
    for old, new in changes:
        text = replaced(text, old, new)
    return read_contract(text.encode())
