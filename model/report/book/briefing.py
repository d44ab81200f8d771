"""What is said of the book: its numbers, what moved them and where they sit; the panels stand in modules of their
own, `panels` and `sensitivity`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from data.contract import Contract, Measure, Segment, lower
from model.engine.identity import Deployed, SpotCheck
from model.engine.parallel import Follow, not_followed
from model.report import language, numbers
from model.report.book import charts, panels, path, sensitivity, words
from model.report.book.beginning import nothing_begun, regulators_finding
from model.report.book.headroom import measure_headroom
from model.report.briefing import Briefing, Choice, Choices, Finding, Item, Notice, Panel, Tile
from model.report.language import band_label, records_heading, window_title
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import POINT, chosen, overlay_lacks

HEADLINE: tuple[Measure, ...] = ("exposure", "pd", "loss", "capital", "margin", "return_on_capital")
SHORT = {"Exposure at default": "Exposure", "PD, weighted by exposure": "PD by exposure", "Capital (IRB)": "Capital"}
BRIEF = {"net_loss": "Net loss"}  # and to choose from
PRESENTED = 300  # px: the least height of a chart that is presented

Check = Callable[[], SpotCheck]


def headline_measures(contract: Contract) -> tuple[Measure, ...]:
    """The measures that the page's numbers are, in their order."""
    return tuple(each for each in HEADLINE if each in contract.measures)


def measure_choice(contract: Contract) -> Choice:
    """Which measure's change is taken apart."""
    options = tuple((name, BRIEF.get(name, words.label(contract, name))) for name in words.bridged(contract))
    return Choice("_measure", "What moved", options=options, default="loss", abreast=True)


def segment_choice(contract: Contract) -> Choice | None:
    """By which segment the exposure is laid out; None where the contract knows none."""
    options = tuple((each.name, each.label) for each in contract.segments)
    return (
        Choice("_segment", "Where it sits", options=options, default=options[0][0], abreast=True) if options else None
    )


def book_briefing(
    result: BookResult,
    choices: Choices,
    *,
    model: Deployed,
    check: Check | None = None,
    follow: Follow = not_followed,
    presented: bool = False,
) -> Briefing:
    """What the book page says.

    ``check`` asks a model elsewhere whether it still says what its tables here say, where they are known; ``follow``
    shows how far work is that takes long; ``presented``: no control is in sight, so what is assumed is listed.
    """
    contract = result.contract
    lacks = overlay_lacks(contract, result.scenario, result.day)
    return Briefing(
        "book",
        book_sentence(result),
        tiles=tuple(measure_tile(result, name) for name in headline_measures(contract)),
        below=_below(result, model, presented),
        notices=(Notice(lacks, "warning"),) if lacks else (),
        make_checks=lambda: model_checks(result, model, check),
        choices=tuple(filter(None, (measure_choice(contract), segment_choice(contract)))),
        make_findings=lambda: (first_finding(result, choices, follow), where_it_sits(result, choices)),
        panels=book_panels(result, choices, follow),
        method="\n\n".join(filter(None, (words.book_method(contract, model), _sample_method(result)))),
        guaranteed=contract.guaranteed,
        main=headline_measures(contract).index("loss"),
        title=window_title(contract, "Book", _chips(result)),
    )


def book_sentence(result: BookResult) -> str:
    """The page's first sentence, and that it is an estimate where a sample of the book answers."""
    contract, base, now, errors = result.contract, result.base, result.now, result.errors
    said = words.book_verdict(
        contract, result.scenario, today=result.day, base=base, now=now, band=result.band, errors=errors
    )
    return " ".join(filter(None, (said, estimate(result))))


def estimate(result: BookResult) -> str:
    """That a sample of the book answers, and how far its loss may be off; "" where everybody does."""
    if not result.errors:
        return ""
    return words.estimated_words(
        result.contract,
        asked=result.whole.n,
        base=result.base,
        now=result.now,
        errors=result.errors,
        part=bool(result.band),
    )


# ---- the numbers ------------------------------------------------------------------------------------------------


def measure_tile(result: BookResult, name: Measure) -> Tile:
    """One number: under the scenario, in the book as it is, the difference, and the limit."""
    contract, scenario, base, now, errors = result.contract, result.scenario, result.base, result.now, result.errors
    text = words.measure_text(contract, scenario, name=name, base=base, now=now, errors=errors)
    interval = words.interval_words(contract, scenario, name=name, base=base, now=now, errors=errors)
    return Tile(
        SHORT.get(text.label, text.label),
        text.now,
        was=text.base if result.moved else "",
        change=(text.change or "unchanged") if result.moved else "",
        direction=text.direction,
        notes=(*filter(None, (interval,)), *_notes(result, name), *_beside_the_whole(result, name)),
        limit=text.limit,
        broken=text.broken if text.holds is False else "",
        headroom=measure_headroom(result.contract, result.scenario, name=name, base=result.base, now=result.now),
        muted=result.territory.now >= words.FAR,
    )


def _notes(result: BookResult, name: Measure) -> tuple[str, ...]:
    """What stands under a number."""
    contract, now = result.contract, result.now
    over = words.horizon(contract, result.scenario, name)
    if name == "exposure":
        return (numbers.counted(now.customers, contract.book.record),) if contract.in_money else ()
    if name == "pd" and not contract.in_money:
        return (over,)
    if name == "pd":
        return (f"{over}, mean {numbers.percent(now.pd_simple)}",)
    if name == "loss" and contract.guaranteed:
        return f"{over}, gross", words.net_words(contract, result.base, now, result.errors)
    if name == "loss" and not contract.in_money:
        return (over, f"of {numbers.counted(now.customers, contract.book.record)}")
    if name == "loss":
        return (f"{over}, {_basis_points(result)}",)
    return (over,)


def _basis_points(result: BookResult) -> str:
    base, now, errors = result.base, result.now, result.errors
    return words.measure_text(result.contract, result.scenario, name="loss_bps", base=base, now=now, errors=errors).now


def _beside_the_whole(result: BookResult, name: Measure) -> tuple[str, ...]:
    """Of a part of the book, what its number is to the whole book's."""
    book = result.book
    return () if book is None else (words.share_of_the_whole(result.contract, name, result.now, book.now),)


def _sample_method(result: BookResult) -> str:
    return words.sample_method(result.contract, result.whole.n, result.whole.each) if result.errors else ""


def _below(result: BookResult, model: Deployed, presented: bool) -> str:
    """How far the scenario leaves what the model has seen; for an audience after what is assumed."""
    territory = words.held_words(result.contract, result.clipped, result.territory, result.now.customers)
    known, book = model.known(territory), result.book
    if book is not None:
        limits = words.limits_of_the_whole(book.contract, book.scenario, book.base, book.now, book.errors)
        known = " ".join(filter(None, (limits, known)))
    assumed = _assumed(result) if presented else []
    return f"{' · '.join(assumed)}. {known}" if assumed else known


def _assumed(result: BookResult) -> list[str]:
    """Every part of the scenario in short."""
    using, parts = chosen(result.scenario), _chips(result)
    if using and not result.scenario.get(result.contract, POINT):
        parts.append(f"at {using.point(using.peak).label}, its peak")
    return parts


def _chips(result: BookResult) -> list[str]:
    """Every value that was set in short."""
    contract, scenario = result.contract, result.scenario
    return list(filter(None, (words.chip(contract, scenario, name) for name, _ in scenario.values)))


def model_checks(result: BookResult, model: Deployed, check: Check | None) -> tuple[Item, ...]:
    """How the numbers relate to a model that runs elsewhere: asked about everybody, about a sample, or by tables that
    are checked against it each time."""
    contract = result.contract
    if check is not None:
        found = check()
        sentence = words.checked_words(contract, model, found)
        return (Notice(sentence, "error"),) if found.differ else (Finding("checked", note=sentence),)
    if not model.foreign:
        return ()
    unit, currency = words.difference("loss", result.base, result.now, result.errors).unit, contract.book.currency
    sentence = words.asked_words(
        contract,
        model,
        asked=result.whole.n,
        of=result.base.customers,
        loss=unit.text(result.now.loss, currency),
        error=unit.text(result.errors.get("loss", 0.0), currency),
    )
    return (Finding("asked", note=sentence),)


# ---- the charts -------------------------------------------------------------------------------------------------


def first_finding(result: BookResult, choices: Choices, follow: Follow) -> Finding:
    """What moved it; before anything is moved what the regulators' scenarios would make of it."""
    found = regulators_finding(result, _chosen_measure(result, choices), follow) if nothing_begun(result) else None
    return what_moved(result, choices, follow) if found is None else found


def _chosen_measure(result: BookResult, choices: Choices) -> Measure:
    name = measure_choice(result.contract).of(choices)
    return next(each for each in result.contract.measures if each == name)


def what_moved(result: BookResult, choices: Choices, follow: Follow) -> Finding:
    """The bridge over the levers in use."""
    contract, scenario = result.contract, result.scenario
    measure = _chosen_measure(result, choices)
    with follow("Working out what moved it") as progress:
        steps = result.bridge(measure, progress)
    return Finding(
        "bridge",
        words.bridge_headline(contract, scenario, steps),
        chart=charts.bridge(contract, scenario, steps),
        alt=charts.bridge_in_words(contract, scenario, steps),
        half=True,
        shows=words.shows(contract, measure, words.shown_steps(contract, scenario, steps).unit),
    )


def where_it_sits(result: BookResult, choices: Choices, presented: bool = False) -> Finding:
    """The map of the exposure; what to do for one, where the contract knows no segments. ``presented``: nothing stands
    beside it to look into a part of the book, so that it has its own way in and back."""
    contract = result.contract
    choice = segment_choice(contract)
    if choice is None:
        return Finding("where", "The contract of this book declares no segments to lay it out by", half=True)
    outer, inner = nested_segments(contract, choice.of(choices))
    if outer.name == result.band.partition(":")[0]:  # all of them are in one of its bands
        outer, inner = nested_segments(contract, inner.name)
    cells, bands = result.cells(outer, inner), result.cells(outer)
    area = language.counted_in(language.owed_label(contract), contract)
    return Finding(
        "where",
        words.segment_headline(contract, outer, bands),
        chart=charts.where(contract, (outer, inner), cells, way_back=presented),
        alt=charts.where_in_words(contract, outer, cells),
        listed=charts.where_listed(contract, outer, bands),
        half=True,
        shows=f"Area: {lower(area)}; shade: PD, %; by {outer.label.lower()}",
    )


def band_choice(result: BookResult, choices: Choices) -> Choice | None:
    """Into which band of the segment that is laid out one can look, each with its exposure's share and its PD; the
    default is the one that is looked into. None where the contract knows no segments."""
    book = result.book or result
    contract = book.contract
    chosen_segment = segment_choice(contract)
    if chosen_segment is None:
        return None
    segment = contract.segment(chosen_segment.of(choices))
    options = tuple(
        (
            f"{segment.name}:{cell.path[0]}",
            f"{band_label(contract, segment, cell.path[0])}, PD {numbers.percent(cell.now.pd)}",
        )
        for cell in book.cells(segment)
        if cell.now.exposure
    )
    default = result.band if result.band in dict(options) else ""
    return Choice("_within", "Look into one", options=options, default=default, abreast=True)


def nested_segments(contract: Contract, name: str) -> tuple[Segment, Segment]:
    """The segment of that name, and the next of the contract inside it."""
    own = contract.segments
    outer = contract.segment(name)
    return outer, own[(own.index(outer) + 1) % len(own)]


@dataclass(frozen=True)
class Slide:
    """One of the charts that are presented, and which of how many it is: "2 of 4"."""

    finding: Item
    place: str


def slide(result: BookResult, choices: Choices, number: int, follow: Follow = not_followed) -> Slide:
    """A slide by its ``number``, after the last again the first. Charts that would have nothing to show are none: of
    what moved where nothing is assumed, of segments or inputs where none are known."""
    makers: tuple[tuple[bool, Callable[[], Item]], ...] = (
        (result.moved or not result.contract.segments, lambda: what_moved(result, choices, follow)),
        (bool(result.contract.segments), lambda: where_it_sits(result, choices, presented=True)),
        (result.moved, lambda: panels.band_changes(result)),
        (result.whole.tables is not None and bool(result.layers[1].shocks), lambda: panels.model_reactions(result)),
    )
    slides = [make for shows, make in makers if shows]
    found, place = slides[number % len(slides)](), f"{number % len(slides) + 1} of {len(slides)}"
    return Slide(found.presented(PRESENTED) if isinstance(found, Finding) else found, place)


# ---- panels -----------------------------------------------------------------------------------------------------


def book_panels(result: BookResult, choices: Choices, follow: Follow) -> tuple[Panel, ...]:
    """Everything one click below, each worked out when it is asked for."""
    contract = result.contract
    found = [
        Panel("_path", "The regulator's path and its source", partial(path.regulators_path, result, follow)),
        Panel("_steps", "What moved it, as a table", partial(panels.every_step, result, follow)),
        *sensitivity.lever_panels(result, choices, follow),
        Panel("_reactions", "Through which inputs the model reacted", partial(panels.reaction_items, result)),
        Panel(
            "_migration", f"{records_heading(contract)} that change score band", partial(panels.migration_items, result)
        ),
        *panels.segment_panels(result),
        panels.movers_panel(result),
        panels.weighted_panel(result, follow),
        Panel("_numbers", "Every number, with horizon and limit", partial(panels.every_number, result)),
    ]
    return tuple(found if chosen(result.scenario) is not None else found[1:])
