"""The small language of a contract's formulas, compiled to numpy.

A formula is an arithmetic expression over the raw fields of a record and over its histories. A history's name
stands for all its months at once, latest first. Allowed: numbers, names, ``+ - * /``, comparisons, ``& |``, and

=====================  ==========================================================================================
``max(h)`` ``min(h)``  over the months of one history; with two arguments, element by element
``sum mean count``     over the months; ``count`` of a comparison
``latest(h, k)``       its k latest months; ``earliest(h, k)`` its k earliest
``previous(h)``        each month replaced by the month before it (the earliest, which has none, by itself)
``where(c, a, b)``     a where c holds, else b; ``missing`` is the missing value
``pick(x, k, a, …, b)``  a where x is k, and so on for further pairs of numbers, else b
``reason(x)``            why the field x has no value: 1, 2, … for its special codes in their order, then one for a
                       gap; 0 where it has one. Everywhere else a special code reads as missing
``abs(x)``
``round(x, k)``        to k decimals, halves up, a millionth of the last place forgiven: noise in the last bit of a
                       ratio, which differs from engine to engine, does not choose a bin
``ago``                in a lever's rule, how many months ago each month lies: 0 for the latest; ``value`` is where
                       the lever was put and ``start`` where it stood
=====================  ==========================================================================================

Nothing else: a formula is read from a file that a bank edits, so it can call nothing and reach nothing.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from types import CodeType
from typing import Any

import numpy as np

from data.errors import ContractError

Operand = Any
"""A number, an array of the months of a history, or a whole book of either."""

MOST_NESTED = 1_000  # levels of a formula; how many more the interpreter reads differs from version to version
MOST_CHARACTERS = 20_000
LARGEST = 1e300  # what a formula may write down; a whole number of more digits is no floating-point number at all
SHOWN = 120  # characters of a formula that a message repeats
_UNREAD = (SyntaxError, ValueError, RecursionError, MemoryError, SystemError)
_READING = Lock()


def formula_tree(text: str) -> ast.Expression:
    """The syntax tree of ``text``, one thread at a time: before Python 3.12 the interpreter counts the depth of all
    trees under construction in one place, and two at once can end in a SystemError (CPython issue 106905)."""
    with _READING:
        return ast.parse(text, mode="eval")


def _levels(tree: ast.AST) -> int:
    """How many levels a tree has, found without one call within another."""
    level, count = [tree], 0
    while level:
        level, count = [child for node in level for child in ast.iter_child_nodes(node)], count + 1
    return count


def _over_months(reduce: Operand, pair: Operand) -> Callable[..., Operand]:
    def either(first: Operand, second: Operand = None) -> Operand:
        return reduce(first, 0) if second is None else pair(first, second)

    return either


def _pick(x: Operand, *rest: Operand) -> Operand:
    if len(rest) % 2 == 0:
        raise TypeError("pick takes pairs of a value and what stands for it, and at the end what stands for all others")
    keys, found = np.array(rest[:-1:2], float), np.array(rest[1::2], float)
    if keys.shape != (len(rest) // 2,) or found.shape != keys.shape or not len(keys):
        raise TypeError("pick takes at least one pair, each of two numbers that are the same for all records")
    order = np.argsort(keys)
    keys, found = keys[order], found[order]
    place = np.searchsorted(keys, x).clip(max=len(keys) - 1)
    return np.where(keys[place] == x, found[place], rest[-1])


FUNCTIONS: dict[str, Callable[..., Operand]] = {
    "max": _over_months(np.maximum.reduce, np.maximum),
    "min": _over_months(np.minimum.reduce, np.minimum),
    "sum": lambda history: np.add.reduce(history, 0),
    "mean": lambda history: np.add.reduce(history, 0) / len(history),
    "count": lambda condition: np.add.reduce(condition, 0, dtype=np.float64),
    "latest": lambda history, months: history[:months],
    "earliest": lambda history, months: history[-months:],
    "previous": lambda history: np.concatenate((history[1:], history[-1:])),
    "where": np.where,
    "pick": _pick,
    "abs": np.abs,
    "round": lambda x, decimals: np.floor(x * 10.0**decimals + 0.500001) / 10.0**decimals,
}
_ALLOWED = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.Call,
    ast.Name,
    ast.Constant,
    ast.Load,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.BitAnd,
    ast.BitOr,
    ast.USub,
    ast.Gt,
    ast.GtE,
    ast.Lt,
    ast.LtE,
    ast.Eq,
    ast.NotEq,
)


@dataclass(frozen=True)
class Formula:
    """One compiled expression. ``names`` are the fields and histories it reads."""

    text: str
    names: frozenset[str]
    code: CodeType

    def __call__(self, values: Mapping[str, Operand]) -> Operand:
        """The formula's value, element by element. Histories are of shape (months, n), fields of (n,)."""
        own = values.get(self.text)
        if own is not None:  # a field as it is: one record of 255 is derived in 0.20 ms instead of 0.77 ms
            return own
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            try:
                return eval(self.code, {"__builtins__": {}, "missing": np.nan, **FUNCTIONS}, values)
            except ZeroDivisionError:  # an assumption put to 0 is Python's own number, which cannot divide
                own = {name: np.float64(v) if isinstance(v, int | float) else v for name, v in values.items()}
                return eval(self.code, {"__builtins__": {}, "missing": np.nan, **FUNCTIONS}, own)


def names_in(text: str) -> frozenset[str]:
    """Every name that a formula mentions, declared or not; none where it cannot be read."""
    try:
        return frozenset(node.id for node in ast.walk(formula_tree(text)) if isinstance(node, ast.Name))
    except _UNREAD:  # `parse` says what is wrong with it
        return frozenset()


def parse_formula(text: str, known: frozenset[str] | set[str]) -> Formula:
    """Compile ``text``; ``known`` are the names it may read.

    Raises
    ------
    ContractError
        If the text is not an expression of the language above or reads an unknown name.
    """
    shown = repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
    if len(text) > MOST_CHARACTERS:
        raise ContractError(
            f"The formula {shown} has {len(text):,} characters, at most {MOST_CHARACTERS:,} are read. Divide it among "
            "several inputs."
        )
    try:
        tree = formula_tree(text)
    except _UNREAD as error:
        why = str(getattr(error, "msg", error)) or "it is nested too deep"
        raise ContractError(f"The formula {shown} cannot be read: {why}.") from error
    levels = _levels(tree)
    if levels > MOST_NESTED:
        raise ContractError(
            f"The formula {shown} is nested {levels:,} levels deep, at most {MOST_NESTED:,} are read. A sum nests a "
            "level with each term: divide it among several inputs."
        )
    nodes = list(ast.walk(tree))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    names = set()
    for node in nodes:
        if not isinstance(node, _ALLOWED):
            raise ContractError(f"The formula {shown} uses {type(node).__name__}, which formulas do not have.")
        if isinstance(node, ast.Constant):
            value = node.value
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ContractError(f"The formula {shown} holds {value!r:.60}; formulas hold numbers only.")
            if not abs(value) <= LARGEST:
                raise ContractError(f"The formula {shown} holds a number beyond {LARGEST:g}, too large to reckon with.")
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS):
            raise ContractError(f"The formula {shown} calls something that is not one of {', '.join(FUNCTIONS)}.")
        if isinstance(node, ast.Name) and id(node) not in called and node.id != "missing":
            names.add(node.id)
    unknown = names - known
    if unknown:
        raise ContractError(f"The formula {shown} reads {', '.join(sorted(unknown))}, which is not declared.")
    try:
        code = compile(tree, "<contract>", "eval")
    except _UNREAD as error:  # how deep the compiler goes depends on how deep its caller stands
        raise ContractError(f"The formula {shown} cannot be compiled: it is nested {levels:,} levels deep.") from error
    return Formula(text, frozenset(names), code)
