"""What is said of a deployed model and its releases: whether all is well, what is deployed, how a challenger differs,
who moved what, what was asked lately."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from data.contract import Contract
from model.monitoring.live import Call, Differences
from model.release.register import ALIASES
from model.report import language, numbers
from model.report.briefing import Briefing, Choice, Choices, Finding, Item, Notice, Panel, Tile
from model.report.operations import tables, words
from model.report.operations.status import (
    BookReleases,
    ChallengerStatus,
    OperationsStatus,
    RecentCalls,
)
from model.report.release import words as release_words

SUBJECT, CHALLENGED = "operations", "The challenger"
RELEASES, MOVES = "releases", "moves"  # findings whose place on the screen is a page's own
MOVE_WIDTHS = (17, 10, 11, 10, 26)


@dataclass(frozen=True, eq=False)
class OperationsSources:
    """Who is asked once a panel is opened. ``elsewhere``: the model runs behind another server, whose releases they
    are. ``withheld``: why calls are not for whoever looks, "" if they are."""

    releases: Callable[[], BookReleases]
    challenger: Callable[[], ChallengerStatus]
    calls: Callable[[], RecentCalls]
    elsewhere: bool = False
    withheld: str = ""


def operations_briefing(status: OperationsStatus, sources: OperationsSources, protected: bool = True) -> Briefing:
    """What the operations page says. ``protected``: whether figures by protected attribute are for whoever looks."""
    checks = words.checks(status, protected)
    return Briefing(
        SUBJECT,
        words.operations_headline(status.deployed, status.contract.book.title, status.since, checks),
        tiles=tiles(status),
        below=f"Last checked {words.moment(status.at)}.",
        make_findings=lambda: (
            Finding("health", "Health", table=tables.health(checks), shape="texts", widths=(21, 19), offered=False),
            Finding("deployed", "What is deployed", table=tables.identity(status), shape="texts", widths=(22,)),
        ),
        panels=operations_panels(sources),
    )


def without_champion(reason: str, known: BookReleases) -> Briefing:
    """What is said while none of a book's releases is deployed: the ``reason``, and which there are."""
    return Briefing(SUBJECT, reason, (), make_findings=partial(release_items, known))


def tiles(status: OperationsStatus) -> tuple[Tile, ...]:
    """How it has been answering."""
    pages, service = status.pages, status.service
    row = (
        Tile("Answer, median", words.milliseconds(pages.p50), notes=("of calls from these pages",)),
        Tile("Answer, 95th percentile", words.milliseconds(pages.p95), notes=(words.latest(pages.calls),)),
        Tile("Calls that failed", words.failed(pages.errors), notes=(words.last(pages.failed),)),
    )
    if service is None:
        return row
    told = words.calls_asked(service.calls, service.errors)
    return (*row, Tile("REST, 95th percentile", words.milliseconds(service.p95), notes=(told,)))


# ---- panels -----------------------------------------------------------------------------------------------------


def operations_panels(sources: OperationsSources) -> tuple[Panel, ...]:
    """Champion and challenger; recent calls."""
    return challenger_panel(sources), calls_panel(sources)


def challenger_panel(sources: OperationsSources) -> Panel:
    """How the challenger has differed on live traffic, the releases, and who made which of them answer."""

    def make(_choices: Choices) -> tuple[Item, ...]:
        if sources.elsewhere:
            return (Notice(words.ELSEWHERE),)
        known = sources.releases()
        return (*challenger_items(known, sources.challenger()), *release_items(known))

    return Panel("_challenger", "Champion and challenger", make)


def calls_panel(sources: OperationsSources) -> Panel:
    """What was asked lately."""

    def make(_choices: Choices) -> tuple[Item, ...]:
        return (Finding("withheld", note=sources.withheld),) if sources.withheld else call_items(sources.calls())

    return Panel("_calls", "Recent calls and replay", make)


def challenger_items(known: BookReleases, found: ChallengerStatus) -> tuple[Item, ...]:
    """How the challenger has differed, or why that is not known."""
    if found.differences is not None:
        return (differences_items(known.contract, found.differences),)
    return Finding("challenger", CHALLENGED), _why_unknown(known, found)


def _why_unknown(known: BookReleases, found: ChallengerStatus) -> Notice:
    shadow = found.shadow
    if shadow.served:
        return Notice(f"On this book {words.not_served(shadow.served)}.")
    if not shadow.challenger:
        return Notice(words.challenger_missing(known.aliases["champion"]))
    if found.unread:
        return Notice(found.unread, "error")
    return Notice(words.waiting(shadow.challenger, shadow.on))


def differences_items(contract: Contract, found: Differences) -> Finding:
    """How far champion and challenger are apart, and in which calls most."""
    word = language.granting(contract)
    sentence = words.difference_sentence(
        contract, found.customers, first=found.first, apart=found.apart, granted=found.granted, declined=found.declined
    )
    return Finding(
        "differences",
        CHALLENGED,
        text=(sentence,),
        table=tables.differences_table(contract, found),
        tiles=(
            Tile("Mean difference of PD", numbers.points(found.moved, 2)),
            Tile("Largest difference", words.pd_points(found.most)),
            Tile(f"Newly {word}", f"{found.granted:,}"),
            Tile(f"No longer {word}", f"{found.declined:,}"),
        ),
    )


def release_items(known: BookReleases) -> tuple[Item, ...]:
    """All releases of a book, and every time an alias moved."""
    fitted = release_words.windows({str(each["id"]): each for each in known.manifests}, known.aliases)
    labels = {gate.name: gate.label for each in known.reports.values() for gate in each.gates}
    moved = tables.moves(known.history, labels) if known.history else None
    return (
        Finding(RELEASES, "Releases", table=tables.releases_table(known), note=fitted),
        Finding(MOVES, words.history_heading(len(known.history)), table=moved, shape="texts", widths=MOVE_WIDTHS),
    )


def call_items(found: RecentCalls) -> tuple[Item, ...]:
    """The latest calls, or why none is told."""
    if found.unread:
        return (Notice(found.unread, "error"),)
    notices = () if found.on else (Notice(words.NOT_RECORDING),)
    if not found.calls:
        return (*notices, Notice(words.NO_CALL))
    return (*notices, Finding("calls", words.calls_heading(len(found.calls)), table=tables.calls(found)))


# ---- what can be chosen -----------------------------------------------------------------------------------------


def release_choice(known: BookReleases) -> Choice:
    """Which release is to answer, the newest first."""
    labels = [(str(each["id"]), words.release_label(each, known.aliases)) for each in reversed(known.manifests)]
    return Choice("_release", "Release", tuple(labels), labels[0][0] if labels else "")


def alias_choice() -> Choice:
    """What it is to become; the previous champion comes of itself."""
    options = tuple((each, each) for each in ALIASES if each != "previous")
    return Choice("_alias", "Becomes", options, options[0][0])


def call_choice(found: RecentCalls) -> Choice:
    """Which call is done again, the latest first."""
    titled = ((each, words.call_label(each, found.books[each.book])) for each in found.calls)
    labels = tuple((_told_apart(each, found), label) for each, label in titled)
    return Choice("_call", "Call", labels, labels[0][0] if labels else "")


def chosen_call(found: RecentCalls, chosen: str) -> Call:
    """The call that was chosen of them."""
    return next(each for each in found.calls if _told_apart(each, found) == chosen)


def _told_apart(call: Call, found: RecentCalls) -> str:
    """The id of a call, with its caller's name where another caller chose the same."""
    alike = [each for each in found.calls if each.id == call.id]
    return call.id if len(alike) == 1 else f"{call.id} · {call.who}"


def done_again(release: str, same: bool, found: str) -> Notice:
    """What came of a call done again; ``found`` as `replay` says it."""
    return Notice(words.replayed_words(release, same, found), "success" if same else "error")
