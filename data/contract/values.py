"""Values held against the range that a contract declares for them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from data.arrays import Array
from data.contract.schema import YEAR, Assumption, Field, Lever, Shock, Variable
from data.errors import Missing, OutOfRange
from data.files.days import FIRST_YEAR, LAST_YEAR
from data.files.given import number_as_text


class Exposed(NamedTuple):
    """Of each record (n,): ``balance`` and exposure at default ``ead`` in the book's currency; loss given default
    ``lgd`` and the bank's own share ``own`` of a loss as fractions, one number where it is the same for all."""

    balance: Array
    ead: Array
    lgd: Array | float
    own: Array | float


def bounds(part: Field | Lever | Assumption | Shock | Variable) -> tuple[float, float]:
    """The lowest and the highest value that may be given: of a vintage any year, however old the book is."""
    if isinstance(part, Field) and part.role == "vintage":
        return min(part.minimum, float(FIRST_YEAR)), max(part.maximum, float(LAST_YEAR))
    return part.minimum, part.maximum


def check_value(field: Field | Lever | Assumption | Shock | Variable, values: Any) -> None:
    """Raise unless every value is present (or may be missing), within range, and a known code.

    Raises
    ------
    Missing, OutOfRange
    """
    values = np.asarray(values, dtype=float)
    gaps = np.isnan(values)
    if gaps.any():
        if not getattr(field, "missing", False):
            raise Missing(f"{field.label} is missing. Enter a value from {_range(field)}.")
        values = values[~gaps]
    low, high = bounds(field)
    outside = (values < low) | (values > high)
    codes = getattr(field, "codes", {})
    if codes:
        known = np.array(sorted(codes), dtype=float)  # looked up: numpy.isin takes ten times as long for one value
        outside |= known[np.searchsorted(known, values).clip(max=len(known) - 1)] != values
    if isinstance(field, Field) and field.special:
        outside &= ~field.is_special(values)
    if outside.any():
        given, n = float(values[outside].flat[0]), int(outside.sum())
        often = f", the first of {n:,} such values" if n > 1 else ""
        raise OutOfRange(f"{field.label} must be {_range(field)}; {plain_figure(given, field.unit)} was given{often}.")


def _range(field: Field | Lever | Assumption | Shock | Variable) -> str:
    codes: Mapping[int, str] = getattr(field, "codes", {})
    if isinstance(field, Field) and field.special:
        others = field.model_copy(update={"special": {}})
        return f"{_range(others)}, or {special_words(field)}"
    if codes:
        return "one of " + ", ".join(f"{code} ({word})" for code, word in codes.items())
    if isinstance(field, Assumption) and field.unit == "%":
        return f"{field.minimum:,.12g} to {field.maximum:,.12g} (a fraction: 35 % is 0.35)"
    unit = f" {field.unit.removeprefix('±')}" if field.unit not in ("", YEAR) else ""
    low, high = (plain_figure(end, field.unit) for end in bounds(field))
    return f"{low} to {high}{unit}"


def special_words(field: Field) -> str:
    """The special codes that a field may have, with what each stands for: -9 (no record) or -8 (no trades)."""
    told = [f"{number_as_text(code)} ({word})" for code, word in field.special.items()]
    return " or ".join(filter(None, (", ".join(told[:-1]), *told[-1:])))


def plain_figure(value: float, unit: str = "") -> str:
    """A number with thousands separators, unless it is a year."""
    return f"{value:.12g}" if unit == YEAR else f"{value:,.12g}"
