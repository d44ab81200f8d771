"""What is said of the scenarios of a book: which there are, and of the one that is opened what it assumes, what it came
to at saving and comes to now, and who did what to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from data.books import Book
from data.contract import Contract
from model.report import spreadsheet
from model.report.briefing import Briefing, Cell, Column, Finding, Item, Notice, Panel, Place, Table, Tile
from model.report.language import window_title
from model.report.scenarios import words
from model.report.scenarios.words import ToldNumber, told_numbers
from model.whatif.saved import OpenedScenario, SavedScenario, ScenarioChange
from model.whatif.scenario_filter import NOT_FILTERED, ScenarioFilter

METHOD = """
A scenario is kept as what a page assumes, with the numbers it came to and the model that gave them. When it is opened,
the model that answers now is asked what it assumes; where another gave its numbers, that one is asked once more as long
as it is kept here, as of the day of saving, so that the same numbers come out. A scenario that stands on another holds
only its changes on top and follows what it stands on until it is frozen or submitted. What is signed off never changes
again; nobody approves what they had a hand in. Every version stays.
"""


@dataclass(frozen=True, eq=False)
class KnownScenarios:
    """The scenarios of a ``book`` that are ``kept``, the latest changed first, archived ones only where they are
    ``asked`` for; the one that is ``opened``, and its ``history``, the newest first; ``trouble``: why the one asked for
    cannot be opened."""

    book: Book
    contract: Contract
    kept: tuple[SavedScenario, ...]
    asked: ScenarioFilter = NOT_FILTERED
    opened: OpenedScenario | None = None
    history: tuple[ScenarioChange, ...] = ()
    trouble: str = ""

    @cached_property
    def scenarios(self) -> tuple[SavedScenario, ...]:
        """Those that are asked for."""
        return self.asked.among(self.kept)

    @property
    def names(self) -> Mapping[str, str]:
        """The names of all that are kept, by id."""
        return {each.id: each.name for each in self.kept}

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose scenarios are kept, by name."""
        return tuple(sorted({each.owner for each in self.kept}, key=str.casefold))

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that there are, by name."""
        return tuple(sorted({tag for each in self.kept for tag in each.tags}, key=str.casefold))

    def slide(self, number: int) -> SavedScenario:
        """The scenario of a slide, counted from 0 and on from the last to the first again."""
        return self.scenarios[number % len(self.scenarios)]

    @property
    def first_slide(self) -> int:
        """The slide of the scenario that is open; the first where none is, or it is not listed."""
        opened = None if self.opened is None else self.opened.scenario.id
        return next((k for k, each in enumerate(self.scenarios) if each.id == opened), 0)

    def place_of(self, scenario: SavedScenario) -> str:
        """Which of how many a scenario is: "3 of 12"."""
        return f"{self.scenarios.index(scenario) + 1} of {len(self.scenarios)}"


def scenarios_briefing(known: KnownScenarios) -> Briefing:
    """What the page of scenarios says."""
    listed = Panel("_all", "All scenarios", lambda _: list_items(known))
    if known.opened is None:
        return Briefing(
            "scenarios",
            words.listed_sentence(known.contract.book.title, known.scenarios, known.asked, len(known.kept)),
            tiles=words.counted_tiles(known.scenarios),
            notices=(Notice(known.trouble, "warning"),) if known.trouble else (),
            title=window_title(known.contract, "Scenarios", ()),
            make_findings=lambda: list_items(known),
            method=METHOD,
        )
    found = known.opened
    assumed = words.assumed_line(known.book, found.scenario.subject, dict(found.query))
    history = Panel("_history", "Who changed what", lambda _: history_items(known))
    return Briefing(
        "scenarios",
        words.opened_sentence(known.contract, found, assumed),
        tiles=scenario_tiles(known.contract, found),
        below=words.standing_words(known.contract, found.scenario),
        notices=tuple(Notice(each, "warning") for each in words.changed_since(known.contract, found)),
        title=window_title(known.contract, "Scenarios", (found.scenario.name,)),
        make_findings=lambda: opened_items(known, found),
        panels=(history, listed),
        method=METHOD,
    )


def scenario_tiles(contract: Contract, found: OpenedScenario) -> tuple[Tile, ...]:
    """The numbers of now, beside those of saving where they differ."""
    before = {each.name: each for each in told_numbers(contract, found.scenario.subject, found.scenario.numbers)}
    tiles = []
    for now in told_numbers(contract, found.scenario.subject, found.now):
        was, shown, change = before.get(now.name, now).compared(contract, now)
        tiles.append(Tile(now.label, shown, was=was if change else "", change=change))
    return tuple(tiles)


def opened_items(known: KnownScenarios, found: OpenedScenario) -> tuple[Item, ...]:
    """What the opened scenario assumes, and its numbers at saving and now."""
    kept = found.scenario
    note = (Finding("note", "Note", text=tuple(filter(None, kept.note.splitlines()))),) if kept.note else ()
    return (
        Finding("assumed", "What it assumes", table=assumed_table(known, found), shape="texts", widths=(45, 25)),
        Finding("numbers", "What it came to, and comes to now", table=numbers_table(known, found), shape="texts"),
        *note,
    )


def assumed_table(known: KnownScenarios, found: OpenedScenario) -> Table:
    """Everything that the opened scenario assumes, and whence: its own, or of what it stands on."""
    kept = found.scenario
    texts = words.assumed_texts(known.book, kept.subject, dict(found.query))
    columns = (Column("Assumed"), Column("By"), Column("Name", place="file"), Column("Value", place="file"))
    own, query = dict(kept.own), dict(found.query)
    rows = tuple((text, _whence(found, name, own), name, query.get(name, "")) for name, text in texts.items() if text)
    return Table("assumed", "What the scenario assumes", columns, rows or (("nothing is changed", "", "", ""),))


def _whence(found: OpenedScenario, name: str, own: Mapping[str, str]) -> str:
    if not found.below or name in own:
        return "this scenario"
    return f"“{next((each.name for each in found.below if name in dict(each.own)), found.below[-1].name)}”"


def numbers_table(known: KnownScenarios, found: OpenedScenario) -> Table:
    """The numbers at saving, by the model of then asked once more, and by the model that answers now."""
    contract, subject = known.contract, found.scenario.subject
    saved = {each.name: each for each in told_numbers(contract, subject, found.scenario.numbers)}
    again = {each.name: each for each in told_numbers(contract, subject, found.then or ())}
    by = f"{found.scenario.release[:6]}" or "the model"
    columns = (
        Column("Number"),
        Column(f"At saving, by {by}"),
        Column(f"By {by}, asked again"),
        Column(f"By {found.model[:6]}, now"),
        Column("Change"),
        Column("Unit", place="file"),
        *(Column(name, place="file") for name in ("At saving, exact", "Asked again, exact", "Now, exact")),
    )
    rows = tuple(
        _numbers_row(contract, saved.get(now.name), again.get(now.name), now)
        for now in told_numbers(contract, subject, found.now)
    )
    return Table("scenario-numbers", "The scenario's numbers at saving and now", columns, rows)


def _numbers_row(
    contract: Contract, saved: ToldNumber | None, again: ToldNumber | None, now: ToldNumber
) -> tuple[Cell, ...]:
    if saved is None:
        return (now.label, "–", "–", now.text(contract), "", now.unit(contract), None, None, now.read)
    was, shown, change = saved.compared(contract, now)
    repeated = "cannot be asked" if again is None else again.compared(contract, saved)[0]
    exact = (now.unit(contract), saved.read, again.read if again else None, now.read)
    return (now.label, was, repeated, shown, change or "none", *exact)


def assumed_slide(known: KnownScenarios) -> Finding:
    """What a presented scenario assumes."""
    if known.opened is None:
        return Finding("slide")
    found = known.opened
    texts = words.assumed_texts(known.book, found.scenario.subject, dict(found.query))
    note = (found.scenario.note,) if found.scenario.note else ()
    return Finding("slide", "What it assumes", text=note, points=tuple(filter(None, texts.values())))


def list_items(known: KnownScenarios) -> tuple[Item, ...]:
    """All scenarios as a table."""
    if not known.scenarios:
        return ()
    return (Finding("scenarios", "Scenarios", table=scenarios_table(known)),)


def scenarios_table(known: KnownScenarios) -> Table:
    """All scenarios, the latest changed first."""
    contract, names = known.contract, known.names
    shown = (
        "Name",
        "About",
        "State",
        "Result at saving",
        "Owner",
        "Tags",
        "Stands on",
        "Changed",
        "Changed, UTC",
        "Version",
        "Id",
    )
    rows = tuple(
        (
            each.name,
            words.subject_word(contract, each.subject),
            words.STATES[each.state],
            _main_text(contract, each),
            each.owner,
            ", ".join(each.tags),
            names.get(each.stands_on, "") + (", frozen" if each.stands_on and not each.follows else ""),
            words.moment_words(each.changed_at),
            spreadsheet.moment(each.changed_at),
            each.version,
            each.id,
        )
        for each in known.scenarios
    )
    widths = {"Owner": 130, "Tags": 110}
    places: dict[str, Place] = {"Changed": "screen", "Changed, UTC": "file"}
    columns = tuple(
        Column(name, digits=0 if name == "Version" else None, width=widths.get(name, 0), place=places.get(name, "both"))
        for name in shown
    )
    return Table("scenarios", "Scenarios, the latest changed first", columns, rows)


def _main_text(contract: Contract, scenario: SavedScenario) -> str:
    found = told_numbers(contract, scenario.subject, scenario.numbers)[:1]
    return f"{found[0].label} {found[0].text(contract)}" if found else ""


def history_items(known: KnownScenarios) -> tuple[Item, ...]:
    """Every version of the opened scenario, the newest first."""
    columns = (
        *(Column("Version"), Column("When", place="screen"), Column("When, UTC", place="file")),
        *(Column(name) for name in ("Who", "What", "Assumed from then on", "Word")),
    )
    rows: Sequence[tuple[Cell, ...]] = tuple(
        (
            str(each.scenario.version),
            words.moment_words(each.at),
            spreadsheet.moment(each.at),
            each.who,
            words.DEEDS.get(each.what, each.what),
            words.assumed_line(known.book, each.scenario.subject, dict(each.scenario.query)),
            each.scenario.word if each.what in ("approved", "sent back") else "",
        )
        for each in known.history
    )
    table = Table("scenario-history", "Every version, the newest first", columns, tuple(rows))
    return (Finding("history", table=table, shape="texts", widths=(8, 16, 12, 16, 34)),)


def choices_label(contract: Contract, scenario: SavedScenario) -> str:
    """A scenario in a list to choose from: its name, what it is about, how far it is."""
    return (
        f"{scenario.name} · {words.subject_word(contract, scenario.subject).lower()} · {words.STATES[scenario.state]}"
    )


def troubles_finding(troubles: Sequence[str]) -> Finding:
    """What is wrong with a file that was to be brought in."""
    return Finding("_scenario_troubles", "Nothing was brought in: correct these first", points=tuple(troubles))
