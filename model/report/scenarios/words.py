"""Sentences about scenarios under a name: what they assume, what they came to, and what has changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from data.books import Book
from data.contract import Contract, capitalised, lower
from model.report import language, numbers
from model.report.book import words as book_words
from model.report.briefing import Cell, Tile, in_percent
from model.report.customer import words as customer_words
from model.report.numbers import Difference
from model.whatif.book.scenario import UNDER, BookScenario
from model.whatif.book.totals import Totals
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.policy.scenario import CUTOFF, PolicyScenario
from model.whatif.policy.scenario import today as todays_cutoff
from model.whatif.saved import OpenedScenario, SavedScenario, State, Subject, read_query
from model.whatif.scenario_filter import ALL, NOT_FILTERED, ScenarioFilter

STATES: Mapping[State, str] = {
    "draft": "draft",
    "submitted": "waits for review",
    "signed": "signed off",
    "archived": "archived",
}
STATE_CHOICES: Mapping[str, str] = dict([("", "in use"), *STATES.items(), (ALL, "all, archived ones too")])
OPEN = "Open on the page {}"
DEEDS = {
    "saved": "saved",
    "overwritten": "saved over another's version",
    "cloned": "cloned",
    "imported": "imported",
    "submitted": "submitted for review",
    "approved": "approved",
    "sent back": "sent back",
    "archived": "archived",
    "restored": "taken back into the list",
}


def subject_word(contract: Contract, subject: Subject) -> str:
    """What a scenario is about: "Book", "Customer", "Policy"."""
    return capitalised(contract.book.record) if subject == "customer" else capitalised(subject)


def moment_words(at: datetime | None) -> str:
    """A time in this machine's own zone: 22 Nov 2026, 18:26."""
    return at.astimezone().strftime("%d %b %Y, %H:%M").lstrip("0") if at is not None else ""


# ---- what is assumed ------------------------------------------------------------------------------------------------


def assumed_texts(book: Book, subject: Subject, query: Mapping[str, str]) -> dict[str, str]:
    """Everything that a query assumes as short labels, by name."""
    contract, (scenario, _) = book.contract, read_query(subject, book, query)
    if isinstance(scenario, BookScenario):
        chips = {name: book_words.chip(contract, scenario, name) for name, _ in scenario.values}
        titles = {f"weight_{name}": title for name, title in book_words.scenario_titles().items()}
        return {name: f"{titles[name]}: {lower(text)}" if name in titles else text for name, text in chips.items()}
    if isinstance(scenario, CustomerScenario):
        who = (
            {}
            if scenario.customer is None
            else {"customer": f"{capitalised(contract.book.record)} {scenario.customer:,}"}
        )
        own = {"own": f"{capitalised(contract.book.one_record)} of one's own"} if scenario.own else {}
        return who | own | customer_words.change_chips(contract, scenario) | _under_text(contract, scenario.under)
    return _policy_texts(contract, scenario)


def _policy_texts(contract: Contract, policy: PolicyScenario) -> dict[str, str]:
    cutoff = {} if policy.cutoff is None else {CUTOFF: f"Cut-off {policy.cutoff}"}
    assumed = {
        name: customer_words.assumption_chip(contract, name, float(value)) for name, value in policy.assumed.values
    }
    return cutoff | assumed | _under_text(contract, policy.under)


def _under_text(contract: Contract, under: BookScenario) -> dict[str, str]:
    """The book's scenario that a customer or a policy stands under, as one."""
    return {UNDER: f"under the book's scenario: {book_words.under_chip(contract, under)}"} if under.values else {}


def assumed_line(book: Book, subject: Subject, query: Mapping[str, str]) -> str:
    """What a query assumes, in one line."""
    nothing = f"today's cut-off, {todays_cutoff(book.contract)}" if subject == "policy" else "nothing is changed"
    return "; ".join(filter(None, assumed_texts(book, subject, query).values())) or nothing


# ---- what it came to ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ToldNumber:
    """One number of a scenario: its ``value``, unrounded, and how values of its kind are written."""

    name: str
    label: str
    value: float
    kind: str  # "amount", "share", "points", "count", "decision"

    def text(self, contract: Contract, difference: Difference | None = None) -> str:
        """The value as it is read; beside another, in the unit of their ``difference``."""
        if self.kind == "amount":
            unit = numbers.Unit.of(self.value) if difference is None else difference.unit
            return unit.text(self.value, contract.book.currency)
        if self.kind == "share":
            return numbers.percent(self.value, 1 if difference is None else difference.unit.digits)
        if self.kind == "points":
            return f"{numbers.whole_score(self.value)}"
        return language.decided(contract, bool(self.value)) if self.kind == "decision" else f"{self.value:,.0f}"

    def unit(self, contract: Contract) -> str:
        """The unit in which its value is read."""
        return {"amount": contract.book.currency, "share": "%", "points": "points"}.get(self.kind, "")

    @property
    def read(self) -> Cell:
        """Its value in that unit."""
        return in_percent(self.value) if self.kind == "share" else self.value

    def compared(self, contract: Contract, now: "ToldNumber") -> tuple[str, str, str]:
        """This and the same number ``now``, and the difference, signed; "" for none."""
        if self.kind not in ("amount", "share"):
            change = numbers.score_change(self.value, now.value) if self.kind == "points" else ""
            return self.text(contract), now.text(contract), change
        difference = Difference.of(self.value, now.value, numbers.SHARE if self.kind == "share" else None)
        change = difference.points() if self.kind == "share" else difference.money(contract.book.currency)
        return self.text(contract, difference), now.text(contract, difference), change


def told_numbers(contract: Contract, subject: Subject, found: Sequence[tuple[str, float]]) -> tuple[ToldNumber, ...]:
    """The numbers of a scenario as people read them, the main one first; nothing where there are none."""
    by_name = dict(found)
    if not by_name:
        return ()
    if subject == "book":
        return _book_numbers(contract, by_name)
    if subject == "policy":
        return _policy_numbers(contract, by_name)
    granted = f"Whether {language.granting(contract)}"
    measures = (
        ("pd", "Probability of default", "share"),
        ("score", "Score", "points"),
        ("granted", granted, "decision"),
        *((("loss", "Expected loss", "amount"),) if contract.in_money else ()),
    )
    return tuple(ToldNumber(name, label, by_name[name], kind) for name, label, kind in measures if name in by_name)


def _book_numbers(contract: Contract, by_name: Mapping[str, float]) -> tuple[ToldNumber, ...]:
    totals = Totals(**{name: by_name.get(name, float("nan")) for name in Totals.__dataclass_fields__})  # type: ignore[arg-type]
    measures = [name for name in contract.measures if name != "loss_bps"]
    measures.sort(key=lambda name: name != "loss")
    return tuple(
        ToldNumber(
            name,
            book_words.label(contract, name),
            totals.measure(name),
            "amount" if name in book_words.AMOUNTS else "share",
        )
        for name in measures
        if numbers.finite(totals.measure(name)) is not None
    )


def _policy_numbers(contract: Contract, by_name: Mapping[str, float]) -> tuple[ToldNumber, ...]:
    granted = by_name.get("approved", 0.0), by_name.get("customers", 0.0)
    values = {**by_name, "approval": granted[0] / granted[1] if granted[1] else 0.0}
    measures = (
        *((("profit", "Profit", "amount"),) if contract.in_money else ()),
        ("cutoff", "Cut-off", "count"),
        ("approval", "Approval rate", "share"),
        ("bad_rate", "Bad rate, expected", "share"),
        ("loss", language.lost_label(contract), "amount"),
    )
    return tuple(ToldNumber(name, label, values[name], kind) for name, label, kind in measures if name in values)


def both_results(
    contract: Contract, subject: Subject, then: Sequence[tuple[str, float]], now: Sequence[tuple[str, float]]
) -> str:
    """The main number by the model of before and by the one of now: "Expected loss: NT$ 980 m by the model before,
    NT$ 1.01 bn now."; "" where there is none."""
    before, after = (told_numbers(contract, subject, each)[:1] for each in (then, now))
    if not before or not after:
        return ""
    was, is_now, change = before[0].compared(contract, after[0])
    same = f"{before[0].label}: {is_now}, the same as by the model before."
    return f"{before[0].label}: {was} by the model before, {is_now} now." if change else same


# ---- what has changed since -----------------------------------------------------------------------------------------


def changed_since(contract: Contract, found: OpenedScenario) -> list[str]:
    """What whoever opens a scenario must know: another model or contract, another base, what means nothing any more."""
    kept, known = found.scenario, list[str]()
    if found.another_model:
        other = kept.release != found.model
        what = f"the model {kept.release[:6]} gave its numbers, now {found.model[:6]} answers" if other else ""
        known.append(
            f"Since this was saved, {what or 'the contract of the book was changed'}. {_both(contract, found)}"
        )
    if found.base_changed and found.below:
        known.append(f"What it stands on, “{found.below[0].name}”, assumes something else than when this was saved.")
    if found.reproduced is False:
        known.append("The model of then gives other numbers for it today than when it was saved: the book has changed.")
    if any(each.state == "archived" for each in found.below):
        known.append("What it stands on was archived; it still follows that.")
    return [*known, *found.complaints]


def _both(contract: Contract, found: OpenedScenario) -> str:
    subject, kept = found.scenario.subject, found.scenario
    results = both_results(contract, subject, kept.numbers if found.then is None else found.then, found.now)
    return f"{results} {found.gone}".strip()


# ---- sentences ------------------------------------------------------------------------------------------------------


def listed_sentence(
    title: str, scenarios: Sequence[SavedScenario], asked: ScenarioFilter = NOT_FILTERED, kept: int = 0
) -> str:
    """How many scenarios are kept, and how far they are; of those ``kept``, how many are what is ``asked`` for."""
    if kept and asked != NOT_FILTERED:
        found = f"{len(scenarios):,}" if scenarios else "None"
        return f"{found} of {numbers.counted(kept, 'scenario')} of {title}: {'; '.join(_asked_parts(asked))}."
    if not scenarios:
        return (
            f"No scenario of {title} is kept yet. Save one on Book, Customer or Policy, or bring a file of them here."
        )
    counts = {state: sum(each.state == state for each in scenarios) for state in STATES}
    parts = [f"{counts[state]:,} {_count_words(state, counts[state])}" for state in STATES if counts[state]]
    return f"{numbers.counted(len(scenarios), 'scenario').capitalize()} of {title}: {', '.join(parts)}."


def _asked_parts(asked: ScenarioFilter) -> list[str]:
    """What is looked for, part by part."""
    parts = [STATE_CHOICES[asked.state]] if asked.state else []
    parts += [f"owner {asked.owner}"] if asked.owner else []
    parts += [f"tag {asked.tag}"] if asked.tag else []
    return parts + ([f"with “{asked.text}”"] if asked.text else [])


def counted_tiles(scenarios: Sequence[SavedScenario]) -> tuple[Tile, ...]:
    """How many scenarios there are, and how far they are."""
    heads = {"draft": "Drafts", "submitted": "Waiting for review", "signed": "Signed off", "archived": "Archived"}
    counts = [(heads[state], sum(each.state == state for each in scenarios)) for state in STATES]
    shown = [(head, count) for head, count in counts if count or head != "Archived"]
    return tuple(Tile(head, f"{count:,}") for head, count in [("Scenarios", len(scenarios)), *shown])


def _count_words(state: State, count: int) -> str:
    plural = {"draft": "drafts", "submitted": "wait for review"}
    return plural.get(state, STATES[state]) if count != 1 else STATES[state]


def opened_sentence(contract: Contract, found: OpenedScenario, assumed: str) -> str:
    """What a scenario assumes and what it comes to now, by the model that answers."""
    kept = found.scenario
    main = told_numbers(contract, kept.subject, found.now)[:1]
    comes = f" {main[0].label}: {main[0].text(contract)}." if main else ""
    return f"“{kept.name}”: {assumed}.{comes}"


def standing_words(contract: Contract, scenario: SavedScenario) -> str:
    """How far a scenario is, whose it is and who changed it last."""
    about = f"{subject_word(contract, scenario.subject)} · {STATES[scenario.state]} · version {scenario.version}"
    about += f" · {scenario.owner}'s · changed by {scenario.changed_by} on {moment_words(scenario.changed_at)}"
    if scenario.word:
        about += f" · {scenario.reviewed_by}: “{scenario.word}”"
    return about


def saved_words(scenario: SavedScenario) -> str:
    """That a scenario was kept."""
    return f"Saved as “{scenario.name}”, version {scenario.version}."


def kept_words(scenario: SavedScenario) -> str:
    """Whose a saved scenario is, which version of it, and how far it is, for paper."""
    by = f" by {scenario.reviewed_by}" if scenario.state == "signed" and scenario.reviewed_by else ""
    return f"“{scenario.name}” of {scenario.owner}, version {scenario.version}, {STATES[scenario.state]}{by}."


def open_words(scenario: SavedScenario, changed: bool) -> str:
    """Which scenario stands open on a page, and whether it was changed there since."""
    return f"“{scenario.name}” · version {scenario.version}{', changed since' if changed else ''}"


def kept_open_words(contract: Contract, scenario: SavedScenario, changed: bool) -> str:
    """Which scenario stands open on a page while another page is looked at."""
    return f"{open_words(scenario, changed)}, open on {subject_word(contract, scenario.subject)}"


def elsewhere_words(contract: Contract, scenario: SavedScenario) -> str:
    """That a scenario cannot be opened on a page, and where it can."""
    where = subject_word(contract, scenario.subject)
    other = "" if scenario.book == contract.book.name else f" of the book {scenario.book}"
    return f"“{scenario.name}” is opened on the page {where}{other}; the address was read without it."


def brought_words(names: Sequence[str]) -> str:
    """Which scenarios were brought in from a file."""
    few = ", ".join(f"“{each}”" for each in names[:3])
    return f"{numbers.counted(len(names), 'scenario').capitalize()} brought in: {few}{' and more' * (len(names) > 3)}."
