"""Ranges, steps and bands of numbers, in round figures."""

from dataclasses import dataclass

import numpy as np

from data.arrays import Array
from data.proposing.roles import ProposedColumn

HALF = 0.5  # of the rows
COUNTED_TO = 10  # whatever is counted, and mostly is not there
FEW = 5  # a count; more of most others is none that one tells one by one


def round_step(width: float) -> float:
    """The round number (1, 2 or 5 times a power of ten) next below ``width``."""
    power = 10.0 ** np.floor(np.log10(width))
    return float(f"{max(each for each in (1, 2, 5) if each * power <= width * (1 + 1e-12)) * power:.12g}")


@dataclass(frozen=True)
class Range:
    """Of a field and of its lever: bounds, and the step to move by."""

    low: float
    high: float
    step: float
    lever_low: float
    lever_high: float
    lever_step: float


def range_of(column: ProposedColumn, unit: str = "") -> Range:
    """Bounds that hold every value of a column, of rows left out too, in round figures; those of its lever by
    quantiles. Special codes lie beyond them."""
    known = column.ordinary
    told = np.append(known, column.beyond)
    least, most = float(told.min()), float(told.max())
    if column.codes:
        top = float(max(column.codes))
        return Range(0, top, step=1, lever_low=0, lever_high=top, lever_step=1)
    whole = bool((told == np.round(told)).all())
    round_ = round_step((most - least) / 20)
    round_ = max(1.0, round_) if whole else round_
    low, high = down(least - 0.1 * (most - least), round_), up(most + 0.25 * (most - least), round_)
    if least >= 0:
        low = max(low, 0.0)
    if unit == "%" and most <= 1:
        high = 1.0
    if whole and least >= 0 and mostly_zero(known):  # the next file's worst counts are beyond this one's
        high = max(high, float(COUNTED_TO), 2 * most)
    if column.role == "vintage":  # the years that the book holds: others may come, and are told to be none of them
        low, high = least, most
    inner, outer = (float(each) for each in np.quantile(known, (0.01, 0.99)))
    width = outer - inner if outer > inner else most - least
    lever_step = round_step(width / 50)
    step = round_step(width / 200)
    if whole:
        step, lever_step = max(1.0, step), max(1.0, lever_step)
    elif unit == "%":
        lever_step = max(lever_step, 0.01)
    lever_low, lever_high = max(down(inner, lever_step), low), min(up(outer, lever_step), high)
    others = known[known > 0]
    if mostly_zero(known) and len(others):
        lever_low, lever_high = 0.0, min(up(float(np.quantile(others, 0.95)), lever_step), high)
    if not lever_high > lever_low:
        lever_low, lever_high = low, high
    low = least if any(low <= code < least for code in column.special) else low
    high = most if any(most < code <= high for code in column.special) else high
    lever_low, lever_high = max(lever_low, low), min(lever_high, high)
    return Range(low, high, step=step, lever_low=lever_low, lever_high=lever_high, lever_step=lever_step)


def down(value: float, step: float) -> float:
    """The multiple of ``step`` at or below ``value``."""
    return min(float(f"{np.floor(value / step) * step:.12g}"), value) + 0.0


def up(value: float, step: float) -> float:
    """The multiple of ``step`` at or above ``value``."""
    return max(float(f"{np.ceil(value / step) * step:.12g}"), value) + 0.0


def mostly_zero(known: Array) -> bool:
    """Whether numbers, none of them missing, are 0 for most and above it for the others."""
    return bool(len(known) and known.min() >= 0 and np.mean(known == 0) >= HALF)


def bands_of(column: ProposedColumn) -> tuple[float, ...] | None:
    """Where a segment cuts a column; None where it would be too many bands."""
    if column.codes:
        return tuple(float(k) for k in sorted(column.codes)[1:]) if len(column.codes) <= 12 else None
    known = column.ordinary
    levels = np.unique(known)
    if len(levels) > 2 and mostly_zero(known):
        return _bands_beside_zero(known)
    if len(levels) <= 6:
        return tuple(float(each) for each in levels[1:])
    width = float(np.diff(np.quantile(known, (0.1, 0.9)))[0]) or float(np.ptp(known))
    step = max(round_step(width / 20), 1.0 if (known == np.round(known)).all() else 0.0)
    edges = {float(f"{np.round(each / step) * step:.12g}") + 0.0 for each in np.quantile(known, (0.2, 0.4, 0.6, 0.8))}
    inside = sorted(edge for edge in edges if known.min() < edge <= known.max())
    return tuple(inside) or (float(levels[len(levels) // 2]),)


def _bands_beside_zero(known: Array) -> tuple[float, ...]:
    """0 by itself; of counts 1 by itself and more together, of anything else three parts of the others."""
    others = known[known > 0]
    whole = bool((known == np.round(known)).all())
    if whole and np.median(others) <= FEW:
        return (1.0, 2.0) if (known == 1).any() else (1.0,)
    width = float(np.diff(np.quantile(others, (0.1, 0.9)))[0]) or float(np.ptp(others)) or float(others[0])
    step = max(round_step(width / 20), 1.0 if whole else 0.0)
    inside = {float(f"{np.round(each / step) * step:.12g}") for each in np.quantile(others, (1 / 3, 2 / 3))}
    first = 1.0 if whole else round_step(float(others.min()))
    return (first, *sorted(edge for edge in inside if first < edge <= others.max()))
