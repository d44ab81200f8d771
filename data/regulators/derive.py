"""Derive the shipped stress presets from a transcription of the regulators' figures.

    python -m data.regulators.derive SOURCE.json [DESTINATION.json]

SOURCE holds one object a scenario, by name, with source, confidence, kind and the figures as published; see
provenance.toml for what ships and what does not. Changes against a scenario's start are derived where the
publication prints levels or growth rates; each point names what was derived.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from math import prod
from pathlib import Path
from re import search
from typing import Any

from data.regulators.presets import PRESETS, Line, Point, Preset, highest_unemployment

TITLES = {  # what ships, in this order: title, phrase
    "fed_2026_severely_adverse": ("Fed 2026, severely adverse", "the Fed's 2026 severely adverse scenario"),
    "fed_2026_baseline": ("Fed 2026, baseline", "the Fed's 2026 baseline scenario"),
    "fed_2025_severely_adverse": ("Fed 2025, severely adverse", "the Fed's 2025 severely adverse scenario"),
    "eba_2025_adverse_eu": ("EBA 2025, adverse (EU)", "the EBA's 2025 adverse scenario for the EU"),
    "boe_2025_bcst": ("Bank of England 2025, stress test", "the Bank of England's 2025 stress scenario"),
}
LINES = {  # label, unit
    "unemployment": ("Unemployment", "%"),
    "real_gdp_growth_saar": ("Real GDP growth, annual rate", "%"),
    "real_disposable_income_saar": ("Real disposable income growth, annual rate", "%"),
    "cpi_saar": ("Consumer prices, annual rate", "%"),
    "treasury_3m": ("3-month Treasury rate", "%"),
    "treasury_10y": ("10-year Treasury yield", "%"),
    "bbb_yield": ("BBB corporate bond yield", "%"),
    "mortgage_rate": ("Mortgage rate", "%"),
    "prime_rate": ("Prime rate", "%"),
    "hpi": ("House price index", "index"),
    "cre": ("Commercial property price index", "index"),
    "vix": ("Stock market volatility (VIX)", "index"),
    "gdp_growth": ("Real GDP growth, year on year", "%"),
    "hicp": ("Consumer prices, year on year", "%"),
}
UK_START = 4.4  # %, UK Labour Force Survey, late 2024: the publication prints no start

Entry = Mapping[str, Any]


def derive_presets(source: Mapping[str, Entry]) -> tuple[Preset, ...]:
    """The presets, in the order of `TITLES`.

    Raises
    ------
    ValueError
        If a scenario is absent, its confidence is neither high nor medium, or its figures do not fit each other.
    """
    absent = [name for name in TITLES if name not in source]
    if absent:
        raise ValueError(f"The source lacks the scenarios {', '.join(absent)}.")
    for name in TITLES:
        confidence = source[name].get("confidence")
        if confidence not in ("high", "medium"):
            raise ValueError(f"Only confidence high or medium ships; {name} has {confidence!r}.")
    start_2026, start_2025 = source["fed_2026_severely_adverse"]["start"], source["fed_2025_severely_adverse"]["start"]
    borrowed = "The start is that of the severely adverse scenario in the same publication."
    return (
        _fed("fed_2026_severely_adverse", source, start_2026),
        _fed("fed_2026_baseline", source, start_2026, borrowed),
        _fed("fed_2025_severely_adverse", source, start_2025),
        _eba("eba_2025_adverse_eu", source),
        _boe("boe_2025_bcst", source),
    )


def gdp_level(growth: Sequence[float]) -> list[float]:
    """Change of the GDP level since the start, in percent, after each quarter of ``growth`` in percent at annual rate:
    100·(Π(1 + g/100)^(1/4) − 1)."""
    levels = accumulate(growth, lambda level, g: level * (1 + g / 100) ** 0.25, initial=1.0)
    return [100 * (level - 1) for level in levels][1:]


def _fed(name: str, source: Mapping[str, Entry], start: Entry, *more: str) -> Preset:
    entry = source[name]
    quarters, before = entry["quarters"], start["unemployment"]
    gdp = gdp_level(entry["real_gdp_growth_saar"])
    points = tuple(
        Point(
            name=quarter,
            label=_quarter(quarter),
            changes={"unemployment": _rounded(level - before), "gdp": _rounded(change)},
            derived=("unemployment", "gdp"),
        )
        for quarter, level, change in zip(quarters, entry["unemployment"], gdp, strict=True)
    )
    first, last, bill = _quarter(quarters[0]), _quarter(quarters[-1]), entry["treasury_3m"]
    notes = (
        f"Change of unemployment: its level less {before} % at the start, {_quarter(start['quarter'])}; derived.",
        *more,
        f"Change of GDP: growth at annual rates, cumulated over the quarters from {first}; derived.",
        f"The 3-month Treasury rate moves by {_signed(_rounded(bill[-1] - bill[0]))} pp from {first} to {last}.",
    )
    return _preset(name, entry, quarters, points, notes)


def _eba(name: str, source: Mapping[str, Entry]) -> Preset:
    entry = source[name]
    years = [str(year) for year in entry["years"]]
    change = {"unemployment": entry["unemployment_change_pp_end"], "gdp": entry["gdp_cumulative"]}
    cumulated = 100 * (prod(1 + growth / 100 for growth in entry["gdp_growth"]) - 1)
    notes = (
        f"Changes of unemployment and GDP are the published ones, for the end of {years[-1]}; nothing is interpolated.",
        f"The yearly rates of GDP, as rounded in print, would cumulate to {_signed(round(cumulated, 1))} %.",
        f"The {_signed(entry['gdp_gap_to_baseline_pp'])} pp also published for GDP is the gap to the baseline, "
        "not the change since the start.",
    )
    point = Point(name=years[-1], label=f"end of {years[-1]}", changes=change)
    return _preset(name, entry, years, (point,), notes)


def _boe(name: str, source: Mapping[str, Entry]) -> Preset:
    entry = source[name]
    peak = entry["unemployment_peak"]
    change = {"unemployment": _rounded(peak - UK_START), "gdp": entry["gdp_fall"]}
    notes = (
        f"Change of unemployment: its peak of {peak} % less {UK_START} %, the UK Labour Force Survey rate of late "
        "2024; derived. The publication's key elements say only that it almost doubles.",
        "The key elements hold no path. GDP falls early in the scenario, unemployment peaks in its third year: "
        "the point joins two moments.",
        f"Bank Rate peaks at {entry['bank_rate_peak']} %.",
        f"Consumer price inflation peaks at {entry['cpi_peak']} %.",
        f"House prices {_signed(entry['hpi'])} %.",
        f"World GDP {_signed(entry['world_gdp_fall'])} %, world trade {_signed(entry['world_trade'])} %.",
    )
    point = Point(name="peak", label="peak", changes=change, derived=("unemployment",))
    return _preset(name, entry, [], (point,), notes)


def _preset(name: str, entry: Entry, periods: list[str], points: tuple[Point, ...], notes: tuple[str, ...]) -> Preset:
    title, phrase = TITLES[name]
    lines = [
        {"name": each, "label": label, "unit": unit, "values": entry[each]}
        for each, (label, unit) in LINES.items()
        if periods and each in entry
    ]
    return Preset(
        name=name,
        title=title,
        phrase=phrase,
        source=entry["source"],
        published=_published(entry["source"]),
        kind=entry["kind"],
        confidence=entry["confidence"],
        periods=tuple(periods),
        lines=tuple(Line.model_validate(line) for line in lines),
        points=points,
        peak=highest_unemployment(points).name,
        notes=notes,
    )


def _published(source: str) -> str:
    """ISO date of the first day named in a source, such as 4 February 2026."""
    day = search(r"\d{1,2} [A-Z][a-z]+ \d{4}", source)
    if day is None:
        raise ValueError(f"The source {source!r} names no day of publication, such as 4 February 2026.")
    return datetime.strptime(day[0], "%d %B %Y").date().isoformat()


def _quarter(name: str) -> str:
    """2027Q3 as Q3 2027."""
    return f"{name[4:]} {name[:4]}"


def _rounded(value: float) -> float:
    return round(value, 2) + 0.0  # + 0.0 turns −0.0 into 0.0


def _signed(value: float) -> str:
    return f"{value:+g}".replace("-", "−")


def main(source: str, destination: str = str(Path(__file__).with_name("presets.json"))) -> None:
    """Read SOURCE, write the presets."""
    found = derive_presets(json.loads(Path(source).read_text(encoding="utf-8")))
    Path(destination).write_bytes(PRESETS.dump_json(found, indent=1) + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
