"""A contract's formulas as trees of lists, numbers and names, which `app/formulas.js` makes functions of.

What a formula does with a whole history becomes the same over its months, so that the phone knows single numbers only.
A tree is a number, ``null`` for the missing value, ``true`` or ``false``, the name of what stands for it, or a list:
what is done, and with what. Which parts are conditions is settled here, as numpy settles it by types: two conditions
added are one of them holding, and a condition that is reckoned with is 1 or 0, which a tree says (``number``).
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf, isinf, isnan
from typing import TypeAlias

from data.errors import BadInput
from data.formulas import _levels, formula_tree

Form: TypeAlias = "float | bool | str | list[Form] | None"
MOST_NESTED = 500  # levels: what a browser reads of a list within a list, with much to spare
INSTEAD = "Write it otherwise in the contract; the dashboard reads it as it is."


@dataclass(frozen=True)
class FormulaTree:
    """A part of a formula as the phone reads it; ``condition``: it is true or false."""

    form: Form
    condition: bool = False


Operand: TypeAlias = FormulaTree | tuple[FormulaTree, ...]  # a history: one a month, the latest first


def constant_tree(value: float) -> FormulaTree:
    """A plain number; what JSON has no number for is a quotient by zero."""
    if isinstance(value, bool):
        return FormulaTree(value, condition=True)
    number = float(value)
    if isnan(number):
        return FormulaTree(None)
    if isinf(number):
        return FormulaTree(["/", 1.0 if number == inf else -1.0, 0.0])
    return FormulaTree(number)


def formula_trees(text: str, operands: Mapping[str, Operand]) -> tuple[FormulaTree, ...]:
    """A formula of the contract for each month that it speaks of, or once.

    ``operands`` are what stands for each name. Raises BadInput where the phone has nothing for it.
    """
    tree = formula_tree(text)
    reading = _FormulaReading(text, operands, tree)
    if _levels(tree) > MOST_NESTED:
        raise reading.refused(f"it is nested more than {MOST_NESTED} levels deep")
    found = reading.read(tree.body)
    return found if isinstance(found, tuple) else (found,)


def single_tree(text: str, operands: Mapping[str, Operand]) -> Form:
    """The same of a formula that has one value; BadInput where it has one for each month."""
    found = formula_trees(text, operands)
    if len(found) > 1:
        raise BadInput(f"The formula {text!r} gives a value for each month; one is wanted. {INSTEAD}")
    return _figure(found[0]).form


def condition_tree(text: str, operands: Mapping[str, Operand]) -> Form:
    """The same of a rule, which must hold in all months."""
    first, *rest = (_truth(each) for each in formula_trees(text, operands))
    for each in rest:
        first = _call("and", first, each, condition=True)
    return first.form


class _FormulaReading:
    """One formula on its way."""

    def __init__(self, text: str, operands: Mapping[str, Operand], tree: ast.AST) -> None:
        self.text, self.operands = text, operands
        self.varying = set[int]()  # the parts in which a field stands, or a function
        for node in reversed(list(ast.walk(tree))):
            own = isinstance(node, ast.Call) or (isinstance(node, ast.Name) and node.id != "missing")
            if own or any(id(each) in self.varying for each in ast.iter_child_nodes(node)):
                self.varying.add(id(node))

    def refused(self, what: str) -> BadInput:
        return BadInput(f"The formula {self.text!r} of the contract cannot go to a phone: {what}. {INSTEAD}")

    def read(self, node: ast.expr) -> Operand:
        known = self.constant(node)
        if known is not None:
            return constant_tree(known)
        if isinstance(node, ast.Name):
            return self.operands[node.id]
        if isinstance(node, ast.UnaryOp):
            return self.each(self.negative, self.read(node.operand))
        if isinstance(node, ast.BinOp):
            work = {ast.BitAnd: self.both, ast.BitOr: self.either}.get(type(node.op))
            if work is None:
                sign = _SIGNS[type(node.op)]
                return self.each(lambda a, b: self.reckoned(sign, a, b), self.read(node.left), self.read(node.right))
            return self.each(work, self.read(node.left), self.read(node.right))
        if isinstance(node, ast.Compare):
            return self.compared(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self.called(node.func.id, node.args)
        raise self.refused(f"it has no {type(node).__name__}")

    def constant(self, node: ast.expr) -> float | None:
        """What a part comes to in which no field stands, reckoned as Python does; None of any other."""
        if id(node) in self.varying:
            return None
        known = {"__builtins__": {}, "missing": float("nan")}
        try:
            found = eval(compile(ast.Expression(node), "<contract>", "eval"), known)
        except (ArithmeticError, TypeError) as error:
            raise self.refused(str(error)) from error
        return found if isinstance(found, bool) else float(found)

    def each(self, work: Callable[..., FormulaTree], *given: Operand) -> Operand:
        """The same work for every month where a history is given, else once."""
        months = {len(each) for each in given if isinstance(each, tuple)} - {1}
        if len(months) > 1:
            told = " and ".join(map(str, sorted(months)))
            raise self.refused(f"histories of {told} months are held against each other")
        if not months and not any(isinstance(each, tuple) for each in given):
            return work(*given)
        wide = max(months, default=1)
        spread = [each if isinstance(each, tuple) else (each,) for each in given]
        return tuple(work(*(each[k if len(each) > 1 else 0] for each in spread)) for k in range(wide))

    # ---- signs --------------------------------------------------------------------------------------------------

    def negative(self, x: FormulaTree) -> FormulaTree:
        if x.condition:
            raise self.refused("a condition has no negative")
        return _call("negative", x)

    def reckoned(self, sign: str, a: FormulaTree, b: FormulaTree) -> FormulaTree:
        if not (a.condition and b.condition) or sign == "/":
            return _call(sign, _figure(a), _figure(b))
        if sign == "-":
            raise self.refused("one condition is taken from another")
        return _call("or" if sign == "+" else "and", a, b, condition=True)

    def both(self, a: FormulaTree, b: FormulaTree) -> FormulaTree:
        return self.joined("and", a, b)

    def either(self, a: FormulaTree, b: FormulaTree) -> FormulaTree:
        return self.joined("or", a, b)

    def joined(self, name: str, a: FormulaTree, b: FormulaTree) -> FormulaTree:
        if not (a.condition and b.condition):
            raise self.refused("& and | take conditions")
        return _call(name, a, b, condition=True)

    def compared(self, node: ast.Compare) -> Operand:
        if len(node.ops) > 1:
            raise self.refused("it compares more than two values at once")
        sign = _COMPARISONS[type(node.ops[0])]
        return self.each(
            lambda a, b: _call(sign, _figure(a), _figure(b), condition=True),
            self.read(node.left),
            self.read(node.comparators[0]),
        )

    # ---- functions ----------------------------------------------------------------------------------------------

    def called(self, name: str, arguments: list[ast.expr]) -> Operand:
        if name not in _TAKES or len(arguments) not in _TAKES[name]:
            raise self.refused(f"{name} does not take {len(arguments)} arguments")
        given = [self.read(each) for each in arguments]
        if name == "where":
            return self.each(_chosen, *given)
        if name in ("max", "min") and len(given) == 2:
            return self.each(lambda a, b: _extreme(name, a, b), *given)
        if name == "abs":
            return self.each(lambda x: x if x.condition else _call("abs", x), given[0])
        if name == "round":
            scale = constant_tree(10.0 ** self.number(arguments[1], "how many decimals"))
            return self.each(lambda x: _call("round", _figure(x), scale), given[0])
        if name == "pick":
            return self.picked(given, arguments)
        return self.over_months(name, given[0], arguments)

    def number(self, node: ast.expr, what: str) -> float:
        found = self.constant(node)
        if found is None:
            raise self.refused(f"{what} is no plain number")
        return found

    def picked(self, given: list[Operand], arguments: list[ast.expr]) -> Operand:
        pairs = [self.number(each, "what pick is given in pairs") for each in arguments[1:-1]]
        if len(pairs) % 2 or not pairs:
            raise self.refused("pick takes pairs of a value and what stands for it, and at the end that of all others")
        forms: list[Form] = [constant_tree(float(each)).form for each in pairs]
        return self.each(
            lambda x, other: FormulaTree(["pick", _figure(x).form, forms, _figure(other).form]), given[0], given[-1]
        )

    def over_months(self, name: str, months: Operand, arguments: list[ast.expr]) -> Operand:
        if not isinstance(months, tuple):
            raise self.refused(f"{name} takes a history")
        if name == "previous":
            return (*months[1:], months[-1])
        if name in ("latest", "earliest"):
            count = self.number(arguments[1], "how many months")
            if count != int(count):
                raise self.refused("how many months is no whole number")
            kept = months[: int(count)] if name == "latest" else months[-int(count) :]
            if not kept:
                raise self.refused(f"{name} leaves no month")
            return kept
        first, *rest = months if name in ("max", "min") else map(_figure, months)
        for each in rest:  # from the left, as numpy adds
            first = _extreme(name, first, each) if name in ("max", "min") else _call("+", first, each)
        return _call("/", first, constant_tree(float(len(months)))) if name == "mean" else first


def _call(name: str, *given: FormulaTree, condition: bool = False) -> FormulaTree:
    return FormulaTree([name, *(each.form for each in given)], condition)


def _figure(x: FormulaTree) -> FormulaTree:
    """A condition as 1 or 0; a figure as it is."""
    return _call("number", x) if x.condition else x


def _truth(x: FormulaTree) -> FormulaTree:
    """A figure as a condition: all but 0 holds, a gap too."""
    return x if x.condition else _call("!=", x, constant_tree(0.0), condition=True)


def _chosen(condition: FormulaTree, one: FormulaTree, other: FormulaTree) -> FormulaTree:
    if one.condition and other.condition:
        return _call("where", _truth(condition), one, other, condition=True)
    return _call("where", _truth(condition), _figure(one), _figure(other))


def _extreme(name: str, a: FormulaTree, b: FormulaTree) -> FormulaTree:
    """The greater or the smaller of two; of two conditions whether one holds, or both."""
    if a.condition and b.condition:
        return _call("or" if name == "max" else "and", a, b, condition=True)
    return _call(name, _figure(a), _figure(b))


_SIGNS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_ONE, _TWO = range(1, 2), range(2, 3)
_TAKES: Mapping[str, range] = {
    "max": range(1, 3),
    "min": range(1, 3),
    "sum": _ONE,
    "mean": _ONE,
    "count": _ONE,
    "latest": _TWO,
    "earliest": _TWO,
    "previous": _ONE,
    "where": range(3, 4),
    "pick": range(4, 10_000),
    "abs": _ONE,
    "round": _TWO,
}
