"""Special codes in formulas: −9 for "no record" is no amount, so a formula reads it as missing.

A formula is spelled out once, as another one of the same language, and whoever works formulas out, in numpy, in cells
of a spreadsheet or on a phone, is given that: `spelled` for one that gives a value, `spelled_rule` for one that must
hold. ``reason(x)`` is spelled out too: 0 where x has a value, 1, 2, … for its special codes in their order, and after
them one for a gap.
"""

import ast
from collections.abc import Iterable, Mapping

from data.errors import ContractError
from data.formulas import formula_tree, names_in

REASON = "reason"

Codes = Mapping[str, tuple[float, ...]]
"""The special codes of each field and history that has any, in their order."""


def spelled(text: str, codes: Codes) -> str:
    """A formula as it is worked out: every special code reads as missing, ``reason`` says which one stands there. One
    that speaks of no field with special codes is as it was."""
    names = names_in(text)
    if REASON not in names and not names & codes.keys():
        return text
    try:
        tree = _Spelling(codes).visit(formula_tree(text))
        return ast.unparse(ast.fix_missing_locations(tree))
    except RecursionError as error:
        told = "is nested too deep beside special codes. Divide it among several inputs."
        raise ContractError(f"The formula {text[:120]!r} {told}") from error


def spelled_rule(text: str, codes: Codes, histories: Iterable[str]) -> str:
    """A rule as it is worked out: of a record it says nothing where a field that it reads holds a special code."""
    own = sorted(names_in(text) & codes.keys())
    tests = [
        f"(count({name} == {code!r}) > 0)" if name in histories else f"({name} == {code!r})"
        for name in own
        for code in codes[name]
    ]
    return " | ".join([f"({spelled(text, codes)})", *tests]) if tests else spelled(text, codes)


class _Spelling(ast.NodeTransformer):
    def __init__(self, codes: Codes) -> None:
        self.codes = codes

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not (isinstance(node.func, ast.Name) and node.func.id == REASON):
            node.args = [self.visit(each) for each in node.args]
            return node
        if len(node.args) != 1 or node.keywords or not isinstance(node.args[0], ast.Name):
            raise ContractError(f"{REASON} takes the name of one field, not {ast.unparse(node)[:80]!r}.")
        name = node.args[0].id
        own = self.codes.get(name, ())
        text = f"where({name} == {name}, 0, {len(own) + 1})"
        for place, code in reversed(list(enumerate(own, 1))):
            text = f"where({name} == {code!r}, {place}, {text})"
        return formula_tree(text).body

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in self.codes:
            return node
        tests = " | ".join(f"({node.id} == {code!r})" for code in self.codes[node.id])
        return formula_tree(f"where({tests}, missing, {node.id})").body
