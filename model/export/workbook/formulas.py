"""A contract's formulas as formulas of a spreadsheet, of those functions that Excel has had since 2007.

A missing value is #N/A while it is reckoned with: it goes through sums and rounding as a gap goes through them here,
and a comparison with it does not hold. What a formula does with a whole history becomes a formula over its months.
"""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import TypeAlias

from data.contract import Field, bounds
from data.errors import BadInput
from data.formulas import formula_tree

MISSING = "NA()"
INSTEAD = "Write it otherwise in the contract, or take a paper or slides, which need no formulas."
LONGEST = 8000  # characters of a formula; Excel takes 8,192
HUGE = "1E+300"  # in place of infinity, which a cell cannot hold: above every threshold
ATOM, SIGN, TIMES, PLUS, COMPARED = range(5)  # how strongly what stands in a text holds together


@dataclass(frozen=True)
class CellFormula:
    """What a formula of the contract is in a cell, without the sign it begins with. ``holds``: how its parts hold
    together; ``condition``: it is true or false; ``gaps``: it may be missing; its value lies between ``low`` and
    ``high``."""

    text: str
    holds: int = ATOM
    condition: bool = False
    gaps: bool = False
    low: float = -inf
    high: float = inf

    @property
    def constant(self) -> bool:
        """Whether it is a plain number."""
        return isfinite(self.low) and self.low == self.high

    def within(self, most: int) -> str:
        """Its text as part of another, in brackets if that held together more strongly."""
        return self.text if self.holds <= most else f"({self.text})"


Operand: TypeAlias = CellFormula | tuple[CellFormula, ...]  # a history: one a month, the latest first
LookUp: TypeAlias = Callable[[tuple[float, ...], tuple[float, ...]], tuple[str, str]]
"""Where a list of numbers and one of what stands for each can be looked up: the names of both."""


def number(value: float) -> CellFormula:
    """A plain number."""
    return CellFormula(f"{value:.0f}" if value == int(value) else repr(value).upper(), low=value, high=value)


def of_field(field: Field, cell: str) -> CellFormula:
    """The value of a field that stands in a ``cell``, which is empty where it is missing."""
    low, high = bounds(field)
    text = f"IF(ISNUMBER({cell}),{cell},{MISSING})" if field.missing else cell
    return CellFormula(text, gaps=field.missing, low=low, high=high)


def in_cells(text: str, operands: Mapping[str, Operand], look_up: LookUp) -> CellFormula:
    """A formula of the contract as that of a cell; a condition over months becomes one that holds in all of them.

    ``operands`` are what stands for each name. Raises BadInput where the spreadsheet has nothing for it.
    """
    found = _Reading(text, operands, look_up).read(formula_tree(text).body)
    if isinstance(found, tuple):
        if not all(each.condition for each in found):
            raise BadInput(f"The formula {text!r} gives a value for each month; a workbook's cell holds one. {INSTEAD}")
        found = _call("AND", found, condition=True)
    if len(found.text) > LONGEST:
        raise BadInput(
            f"The formula {text!r} has {len(found.text):,} characters in a workbook; at most {LONGEST:,}. {INSTEAD}"
        )
    return found


class _Reading:
    """One formula on its way."""

    def __init__(self, text: str, operands: Mapping[str, Operand], look_up: LookUp) -> None:
        self.text, self.operands, self.look_up = text, operands, look_up
        self.above_zero: tuple[str, ...] = ()  # what the conditions around this place say is

    def refused(self, what: str) -> BadInput:
        return BadInput(f"The formula {self.text!r} of the contract cannot stand in a workbook: {what}. {INSTEAD}")

    def read(self, node: ast.expr) -> Operand:
        if isinstance(node, ast.Constant):
            return number(float(node.value))  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return CellFormula(MISSING, gaps=True) if node.id == "missing" else self.operands[node.id]
        if isinstance(node, ast.UnaryOp):
            return _each(_negative, self.read(node.operand))
        if isinstance(node, ast.BinOp):
            both = self.read(node.left), self.read(node.right)
            if isinstance(node.op, ast.Div):
                return _each(self.divided, *both)
            return _each(_OPERATIONS[type(node.op)], *both)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            sign = _COMPARISONS[type(node.ops[0])]
            return _each(lambda a, b: _compared(sign, a, b), self.read(node.left), self.read(node.comparators[0]))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self.called(node.func.id, node.args)
        raise self.refused(f"it has no {type(node).__name__}")

    def divided(self, above: CellFormula, below: CellFormula) -> CellFormula:
        """A quotient; by zero it is what the model is given, too: as large as can be, or missing."""
        a, b = _figure(above), _figure(below)
        gaps = a.gaps or b.gaps
        plain = CellFormula(f"{a.within(TIMES)}/{b.within(SIGN)}", TIMES, gaps=gaps)
        if b.low > 0 or b.high < 0 or b.text in self.above_zero:
            ends = (a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high) if b.low > 0 and a.low >= 0 else ()
            return replace(plain, low=min(ends), high=max(ends)) if ends and isfinite(sum(ends)) else plain
        by_zero = f"IF({a.within(PLUS)}>0,{HUGE},IF({a.within(PLUS)}<0,-{HUGE},{MISSING}))"
        return CellFormula(f"IF({b.within(PLUS)}=0,{by_zero},{plain.text})", gaps=True)

    def called(self, name: str, arguments: list[ast.expr]) -> Operand:
        if name == "where":
            return self.chosen(*arguments)
        given = [self.read(each) for each in arguments]
        if name in ("max", "min") and len(given) == 2:
            return _each(lambda a, b: _extreme(name, (a, b)), *given)
        if name == "abs":
            return _each(_size, given[0])
        if name == "round":
            return _each(lambda x: _rounded(x, self.whole(given[1])), given[0])
        if name == "pick":
            return _each(lambda x: self.picked(x, given[1:]), given[0])
        months = given[0]
        if not isinstance(months, tuple):
            raise self.refused(f"{name} takes a history")
        if name in ("max", "min"):
            return _extreme(name, months)
        if name in ("sum", "count", "mean"):
            total = _sum(months)
            return _OPERATIONS[ast.Div](total, number(len(months))) if name == "mean" else total
        if name == "previous":
            return (*months[1:], months[-1])
        latest = self.whole(given[1])
        return months[:latest] if name == "latest" else months[-latest:]

    def chosen(self, test: ast.expr, one: ast.expr, other: ast.expr) -> Operand:
        condition, around = self.read(test), self.above_zero
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Gt) and len(test.ops) == 1:
            than = self.read(test.comparators[0])
            left = self.read(test.left)
            if isinstance(left, CellFormula) and isinstance(than, CellFormula) and than.low >= 0:
                self.above_zero = (*around, left.text)
        first = self.read(one)
        self.above_zero = around
        return _each(_either, condition, first, self.read(other))

    def whole(self, given: Operand) -> int:
        if not (isinstance(given, CellFormula) and given.constant and given.low == int(given.low)):
            raise self.refused("how many months or decimals is no plain whole number")
        return int(given.low)

    def picked(self, key: CellFormula, rest: list[Operand]) -> CellFormula:
        *pairs, default = rest
        known = [each for each in pairs if isinstance(each, CellFormula) and each.constant]
        if len(known) != len(pairs) or not isinstance(default, CellFormula):
            raise self.refused("pick takes plain numbers")
        keys, values = (tuple(each.low for each in known[k::2]) for k in (0, 1))
        at, of = self.look_up(keys, values)
        return CellFormula(
            f"IFERROR(INDEX({of},MATCH({_figure(key).text},{at},0)),{_figure(default).text})",
            gaps=default.gaps,
            low=min(*values, default.low),
            high=max(*values, default.high),
        )


def _each(work: Callable[..., CellFormula], *given: Operand) -> Operand:
    """The same work for every month where a history is given, else once."""
    months = {len(each) for each in given if isinstance(each, tuple)}
    if not months:
        return work(*given)
    if len(months) > 1:
        raise BadInput(
            f"Histories of {', '.join(map(str, sorted(months)))} months cannot be held against each other. {INSTEAD}"
        )
    spread = [each if isinstance(each, tuple) else (each,) * max(months) for each in given]
    return tuple(work(*month) for month in zip(*spread, strict=True))


def _figure(x: CellFormula) -> CellFormula:
    """A condition as 1 or 0; a figure as it is."""
    return CellFormula(f"IF({x.text},1,0)", low=0, high=1) if x.condition else x


def _truth(x: CellFormula) -> CellFormula:
    """A figure as a condition: all but 0 holds, a gap too."""
    if x.condition:
        return x
    text = f"{x.within(PLUS)}<>0"
    return CellFormula(f"IFERROR({text},TRUE)" if x.gaps else text, ATOM if x.gaps else COMPARED, condition=True)


def _negative(x: CellFormula) -> CellFormula:
    own = _figure(x)
    return CellFormula(f"-{own.within(ATOM)}", SIGN, gaps=own.gaps, low=-own.high, high=-own.low)


def _sum(given: Iterable[CellFormula]) -> CellFormula:
    first, *rest = parts = [_figure(each) for each in given]
    return CellFormula(
        "+".join([first.within(PLUS), *(each.within(TIMES) for each in rest)]),  # from the left, as numpy adds
        PLUS,
        gaps=any(each.gaps for each in parts),
        low=sum(each.low for each in parts),
        high=sum(each.high for each in parts),
    )


def _difference(one: CellFormula, other: CellFormula) -> CellFormula:
    a, b = _figure(one), _figure(other)
    text = f"{a.within(PLUS)}-{b.within(TIMES)}"
    return CellFormula(text, PLUS, gaps=a.gaps or b.gaps, low=a.low - b.high, high=a.high - b.low)


def _product(one: CellFormula, other: CellFormula) -> CellFormula:
    a, b = _figure(one), _figure(other)
    text = f"{a.within(TIMES)}*{b.within(TIMES)}"
    low = a.low * b.low if a.low >= 0 and b.low >= 0 and isfinite(a.low + b.low) else -inf
    return CellFormula(text, TIMES, gaps=a.gaps or b.gaps, low=low)


def _quotient(one: CellFormula, other: CellFormula) -> CellFormula:
    """By a plain number that is not 0."""
    return CellFormula(f"{one.within(TIMES)}/{other.within(SIGN)}", TIMES, gaps=one.gaps)


def _both(one: CellFormula, other: CellFormula) -> CellFormula:
    return _call("AND", (_truth(one), _truth(other)), condition=True)


def _either_holds(one: CellFormula, other: CellFormula) -> CellFormula:
    return _call("OR", (_truth(one), _truth(other)), condition=True)


def _compared(sign: str, one: CellFormula, other: CellFormula) -> CellFormula:
    a, b = _figure(one), _figure(other)
    text = f"{a.within(PLUS)}{sign}{b.within(PLUS)}"
    if a.gaps or b.gaps:
        return CellFormula(f"IFERROR({text},{'TRUE' if sign == '<>' else 'FALSE'})", condition=True)
    return CellFormula(text, COMPARED, condition=True)


def _either(condition: CellFormula, one: CellFormula, other: CellFormula) -> CellFormula:
    test, a, b = _truth(condition), _figure(one), _figure(other)
    text = f"IF({test.text},{a.text},{b.text})"
    return CellFormula(text, gaps=a.gaps or b.gaps, low=min(a.low, b.low), high=max(a.high, b.high))


def _extreme(name: str, given: Iterable[CellFormula]) -> CellFormula:
    parts = [_figure(each) for each in given]
    chosen = max if name == "max" else min
    low, high = (chosen(getattr(each, end) for each in parts) for end in ("low", "high"))
    return replace(_call(name.upper(), parts), gaps=any(each.gaps for each in parts), low=low, high=high)


def _size(x: CellFormula) -> CellFormula:
    own = _figure(x)
    return CellFormula(f"ABS({own.text})", gaps=own.gaps, low=0.0)


def _rounded(x: CellFormula, decimals: int) -> CellFormula:
    """As `data.formulas` rounds: halves up, a millionth of the last place forgiven."""
    own, size = _figure(x), 10.0**decimals
    if decimals == 0:
        return CellFormula(f"INT({own.within(PLUS)}+0.500001)", gaps=own.gaps)
    scale = number(size).text
    return CellFormula(f"INT({own.within(TIMES)}*{scale}+0.500001)/{scale}", TIMES, gaps=own.gaps)


def _call(name: str, given: Iterable[CellFormula], condition: bool = False) -> CellFormula:
    return CellFormula(f"{name}({','.join(each.text for each in given)})", condition=condition)


_OPERATIONS: Mapping[type[ast.operator], Callable[[CellFormula, CellFormula], CellFormula]] = {
    ast.Add: lambda a, b: _sum((a, b)),
    ast.Sub: _difference,
    ast.Mult: _product,
    ast.Div: _quotient,
    ast.BitAnd: _both,
    ast.BitOr: _either_holds,
}
_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "=",
    ast.NotEq: "<>",
}
