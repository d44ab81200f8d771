"""The whole book asked in words."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from data.contract import Assumption, Contract, Measure, Shock, Variable, lower
from data.errors import WhatIfError
from data.regulators.presets import presets
from model.report import numbers
from model.report.ask.amounts import exact_words
from model.report.ask.grammar import LineRead, Puzzle, first_of, parse, said_twice
from model.report.ask.reading import AskedChip, AskReading
from model.report.ask.tokens import END, keys, quoted
from model.report.ask.vocabulary import Item, Named, Quantity, Setting, Term, TextTerm, Vocabulary, initials
from model.report.book import words
from model.whatif.book.scenario import (
    AS_IS,
    BETA,
    COEFFICIENTS,
    FACTOR,
    LIMIT,
    METHOD,
    NUDGE,
    OVERLAY_LGD,
    OVERLAY_PD,
    OWNER,
    POINT,
    PRESENT,
    PRESET,
    REASON,
    SEVERITY,
    SHARE,
    UNTIL,
    WEIGHED_AT,
    WEIGHT,
    WHO,
    BookScenario,
    Number,
    chosen,
    overlays,
    parts,
)

FILLERS = frozenset(
    {
        "and",
        "with",
        "under",
        "for",
        "only",
        "the",
        "of",
        "at",
        "as",
        "on",
        "an",
        "a",
        "to",
        "please",
        "set",
        "put",
        "if",
    }
)
TEXTS = {OWNER: "Owner", REASON: "Reason", UNTIL: "Until"}
BEYOND = "beyond the scenario"
EFFECTLESS = ("without effect", words.UNMOVED)


def read_book_line(contract: Contract, scenario: BookScenario, line: str) -> AskReading[BookScenario]:
    """What a line means for the whole book; nothing is changed by it."""

    def current(name: str) -> float | None:
        return words.number_of(contract, scenario, name)

    parsed = parse(line, book_vocabulary(contract), current, stressed=chosen(scenario) is not None)
    return understood(contract, scenario, line, parsed=parsed)


def understood(contract: Contract, scenario: BookScenario, line: str, parsed: LineRead) -> AskReading[BookScenario]:
    """The scenario after what a line sets, one thing after the other, and what of it cannot be."""
    twice = said_twice(parsed)
    after, puzzles = scenario, [*parsed.puzzles, *twice.values()]
    kept = dict[str, Setting]()
    for name, value in first_of(parsed.settings, PRESET, METHOD, SEVERITY, POINT):
        if name in twice:
            continue
        try:
            after = after.with_value(contract, name, value)
            kept[name] = (name, after.get(contract, name))
        except WhatIfError as error:
            puzzles.append(Puzzle(parsed.said[name], str(error)))
    for name, value in kept.values():
        if after.get(contract, name) != value:
            why = "It excludes something else in this line, which would take it back."
            puzzles.append(Puzzle(parsed.said[name], why))
    return AskReading(line, after, tuple(differences(contract, scenario, after)), tuple(puzzles))


def differences(contract: Contract, before: BookScenario, after: BookScenario) -> Iterator[AskedChip]:
    """Everything in which one scenario differs from another, as a chip each."""
    old, new = dict(before.values), dict(after.values)
    for name in parts(contract):
        if name in new and new.get(name) != old.get(name):
            yield AskedChip(name, _chip(contract, after, name))
        elif name in old and name not in new:
            yield AskedChip(name, _chip(contract, before, name), back=True)


def _chip(contract: Contract, scenario: BookScenario, name: str) -> str:
    return words.chip(contract, scenario, name)


def book_line(contract: Contract, scenario: BookScenario) -> str:
    """A scenario of the book as a line that reads back to it."""
    known = book_vocabulary(contract)
    told = list[str]()
    for name, value in scenario.values:
        if name in TEXTS:
            told.append(f"{TEXTS[name]}: {quoted(str(value))}")
        elif name.startswith(NUDGE):
            moved = exact_words(known, name.removeprefix(NUDGE), float(value))
            told.append(f"{moved} {BEYOND}")
        elif name in known.terms:
            told.append(exact_words(known, name, float(value)))
        else:
            told.append(_chip(contract, scenario, name))
    return f"{END} ".join(told)


def book_example(contract: Contract) -> str:
    """What could be asked of this book, for an empty line: the first of each layer, moved as a tornado moves it."""
    moved: list[Shock | Variable] = [*contract.shocks[:1]]
    moved += [each for each in contract.economy if each.coefficient][:1]
    told = [f"{lower(each.label)} {_change(each).tell(each.adverse * (each.swing or each.step))}" for each in moved]
    first = presets()[0].title.partition(",")[0]
    return f"{END} ".join([*told, *assumption_example(contract)]) + f"  or  {first} half"


def assumption_example(contract: Contract) -> list[str]:
    """The first assumption that exposure and loss depend on, as it could be asked; none where there is none."""
    own = [each for each in contract.assumptions if each.name in contract.exposed_to][:1]
    short = [(initials(each.label) or (each.label,))[0].upper() for each in own]
    return [f"{name} {numbers.as_set(each.default, each.unit)}" for name, each in zip(short, own, strict=True)]


# ---- what can be asked --------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def book_vocabulary(contract: Contract) -> Vocabulary:
    """All that can be asked of the whole book."""
    items = (
        *_levers(contract),
        *_overlays(contract),
        *_limits(contract),
        *_weights(),
        *_presets(),
        *_bands(contract),
        *_methods(contract),
        *(TextTerm(name, label, (label, f"{label} of the overlay")) for name, label in TEXTS.items()),
    )
    records = {*keys(contract.book.records), *keys(contract.book.record), "them", "these"}
    return Vocabulary(items, contract.book.currency, FILLERS | records)


def assumption_term(each: Assumption, about: str = "") -> Term:
    """An assumption of the contract."""
    size = "0.01" if each.unit == "%" else "1"
    money = each.unit[-1:] in tuple("$€£¥₹¤")
    quantity = Quantity(each.minimum, each.maximum, each.unit, size, money=money)
    names = (each.label, each.name, *initials(each.label), *((f"{about} {each.label}",) if about else ()))
    told = lower(each.label)
    return Term(each.name, each.label, names, quantity, lambda value: numbers.as_set(value, each.unit), ((told, ""),))


def _levers(contract: Contract) -> Iterator[Item]:
    yield from map(_change, contract.shocks)
    yield from map(_change, contract.economy)
    yield from (_nudge(contract, each) for each in contract.economy)
    yield from (assumption_term(each, "assumption") for each in contract.assumptions)
    for variable in contract.economy:
        label = f"Coefficient of {variable.label.lower()}"
        names = (label, f"{variable.label} coefficient", f"coefficient of {variable.name}", f"beta {variable.name}")
        quantity = Quantity(-1, 1, "log-odds", change=False)
        yield Term(BETA + variable.name, label, names, quantity, numbers.exactly, needs="coefficient")
    factor = parts(contract)[FACTOR]
    assert isinstance(factor, Number)
    yield Term(
        FACTOR,
        factor.label,
        (factor.label, "economy factor", "factor"),
        Quantity(factor.minimum, factor.maximum, factor.unit, change=True),
        lambda value: numbers.signed(numbers.exactly(abs(value)), value),
        (("an economy", ""), ("economy", "")),
    )
    records = contract.book.records
    yield _share(SEVERITY, "Severity", 0, 150, ("severity", "severity of the preset"), (("", "severity"),))
    around = tuple(("", tail) for tail in (f"of the {records}", f"of {records}", "of them", f"of these {records}"))
    yield _share(SHARE, "Share of them", 1, 100, ("share of them", f"share of these {records}", "share"), around)


def _share(
    name: str, label: str, low: float, high: float, names: tuple[str, ...], around: tuple[tuple[str, str], ...]
) -> Term:
    return Term(
        name, label, names, Quantity(low, high, "%"), lambda value: f"{numbers.exactly(value)}{numbers.NBSP}%", around
    )


def _change(each: Shock | Variable) -> Term:
    """A shock or a variable of the economy: told as a change, whatever it may be called besides."""
    points = each.unit == "pp"
    unit = each.unit if points or each.unit.startswith(("%", "±%")) else "±%"
    quantity = Quantity(each.minimum, each.maximum, unit, change=True)
    before, _, after = each.phrase.partition("{}")
    kind = "shock" if isinstance(each, Shock) else "economy"

    def tell(value: float) -> str:
        size = f"{numbers.exactly(abs(value))}{numbers.NBSP}{'pp' if points else '%'}"
        return numbers.signed(size, value) if each.minimum < 0 else size

    names = (each.label, each.name, *initials(each.label), f"{kind} {each.label}")
    around = ((before, after),) if before or after else ()
    beyond = NUDGE + each.name if isinstance(each, Variable) else ""
    return Term(each.name, each.label, names, quantity, tell, around, beyond=beyond)


def _nudge(contract: Contract, each: Variable) -> Term:
    """How far a variable of the economy is moved beyond a preset."""
    plain, number = _change(each), parts(contract)[NUDGE + each.name]
    assert isinstance(number, Number)
    quantity = replace(plain.quantity, low=number.minimum, high=number.maximum)
    around = tuple((name, beyond) for name in (each.label, each.name) for beyond in (BEYOND, "beyond the preset"))
    label = f"{each.label} {BEYOND}"
    return Term(NUDGE + each.name, label, (label, number.label), quantity, plain.tell, around, needs="beyond")


def _overlays(contract: Contract) -> Iterator[Item]:
    low_pd = Quantity(-90, 300, "%", change=True)
    low_lgd = Quantity(-100, 100, "points", change=True)
    for name, what, more, quantity in (
        (OVERLAY_PD, "PD", (), low_pd),
        (OVERLAY_LGD, "LGD", ("Overlay on loss given default", "overlay of loss given default"), low_lgd),
    ):
        if name not in overlays(contract):
            continue
        unit = "%" if name == OVERLAY_PD else "points"
        names = (f"Overlay {what}", f"Overlay on {what}", f"{what} overlay", *more)

        def tell(value: float, unit: str = unit) -> str:
            return numbers.signed(f"{numbers.exactly(abs(value))}{numbers.NBSP}{unit}", value)

        around = tuple((f"an {each}", "") for each in names)
        yield Term(name, f"Overlay {what}", names, quantity, tell, around, needs="overlay")


def _limits(contract: Contract) -> Iterator[Item]:
    for each in contract.appetite:
        measure: Measure = each.measure
        label = f"Limit of {lower(words.label(contract, measure))}"
        plain = measure.replace("_", " ")
        names = (
            label,
            f"{words.label(contract, measure)} limit",
            f"limit of {plain}",
            f"{plain} limit",
            f"limit {plain}",
        )

        def tell(value: float, measure: Measure = measure) -> str:
            return words.limit_text(contract, measure, value)

        yield Term(LIMIT + measure, label, names, _limit_quantity(measure, contract.book.currency), tell, needs="limit")


def _limit_quantity(measure: Measure, currency: str) -> Quantity:
    if measure in words.AMOUNTS:
        return Quantity(-1e15, 1e15, currency, money=True)
    return Quantity(-1e15, 1e15, "bp") if measure == "loss_bps" else Quantity(-1e15, 1e15, "%", "0.01")


def _weights() -> Iterator[Item]:
    titles = {each.name: each.title for each in presets()} | {AS_IS: "no change in the economy"}
    titles |= {PRESENT: "the scenario as it stands"}
    for each in presets():
        label = f"Weighted severity of {each.title}"
        yield Term(
            WEIGHED_AT + each.name,
            label,
            (label, f"weighted severity {each.title}"),
            Quantity(0, 150, "%"),
            lambda value: f"{numbers.exactly(value)}{numbers.NBSP}%",
            needs="weighted",
        )
    for name, title in titles.items():
        label = f"Weight of {title}"
        yield Term(
            WEIGHT + name,
            label,
            (label, f"weight {title}", f"weight {name.replace('_', ' ')}"),
            Quantity(0, 100, "%"),
            lambda value: f"{numbers.exactly(value)}{numbers.NBSP}%",
            needs="weight",
        )


def _presets() -> Iterator[Item]:
    for each in presets():
        setting: Setting = (PRESET, each.name)
        everything = f"{each.title} {each.name.replace('_', ' ')}"
        names = (each.title, each.phrase, each.name)
        baseline = "baseline" in each.name
        yield Named(each.title, names, (setting,), "preset", baseline=baseline)
        yield Named(each.title, (everything,), (setting,), "preset", loose=True, baseline=baseline)
    none = ("no preset", "none of the presets", "your own assumptions")
    yield Named("no preset", none, ((PRESET, ""),), "none")
    yield from _points()


def _points() -> Iterator[Item]:
    found = dict[str, str]()
    for each in presets():
        found |= {point.name: point.label for point in each.points}
    for name, label in found.items():
        setting: Setting = (POINT, name)
        yield Named(f"at {label}", (f"at {label}", label, f"as of {label}"), (setting,), "point")
    if "peak" not in found:
        yield Named("at the peak", ("peak", "at peak"), ((POINT, ""),), "point")


def _bands(contract: Contract) -> Iterator[Item]:
    for name, told in words.band_names(contract).items():
        segment = contract.segment(name.partition(":")[0])
        band = told.removeprefix(f"{segment.label}: ")
        who = words.band_phrase(contract, name)
        names = (f"{segment.label} {band}", f"{segment.name} {band}", who)
        yield Named(f"only {who}", names, ((WHO, name),), "band")
    if contract.segments:
        records = contract.book.records
        yield Named(f"all {records}", (f"all {records}", "all", "everybody"), ((WHO, ""), (SHARE, None)), "band")


def _methods(contract: Contract) -> Iterator[Item]:
    del contract
    yield Named("economy as one factor", ("economy as one factor", "vasicek", "one factor"), ((METHOD, FACTOR),), "how")
    by = ("economy by coefficients", "coefficients, variable by variable", "by coefficients")
    yield Named("economy by coefficients", by, ((METHOD, COEFFICIENTS),), "how")
    for told in EFFECTLESS:
        yield Named(told, (told,), (), "remark")
