"""The model card of a release: what it is for, what it was made of, how it was tested and by whom it was let through.

Generated from the release, the history of its book's aliases and, if it is there, the very book it was made of; nobody
writes it by hand, so it cannot say anything else than what the release holds. `html` makes one file of it that needs
nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from data.books import Book
from data.contract import Contract, Input, capitalised
from data.json_types import JsonObject
from data.proposing.drafting import placeholder
from model.finance.scorecard import reaches
from model.monitoring import fairness
from model.release.checks import scores
from model.release.evidence import Evidence, Kind
from model.release.promotion import blocking_gates
from model.release.register import Moved
from model.release.release import Release
from model.release.variants import SHIPPED
from model.report import numbers
from model.report.language import granting
from model.report.policy.words import impact_words, interval
from model.report.release import words

NOT_TOLD = "Not told in the contract."
MISSING = "Missing: nobody has written it yet."
DIRECTIONS = {1: "never falls", -1: "never rises", 0: "free"}
ORIGINS = ("title", "publisher", "authors", "reference", "doi", "licence", "changes", "command")  # of a snapshot
GROUPED: dict[Kind, str] = {  # whom groups are looked at of, the first that there are
    "later": "of later vintages",
    "unseen": "that it was not fitted to",
    "crossed": "in cross-validation",
}
ORIGIN_NAMES = {"doi": "DOI"}


@dataclass(frozen=True)
class CardTable:
    """A table of texts; its ``caption`` says what it holds."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """One section: paragraphs, a list, tables. ``name`` tells it from the others; ``loud``: nobody may overlook it."""

    name: str
    title: str
    text: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    tables: tuple[CardTable, ...] = ()
    loud: bool = False


@dataclass(frozen=True)
class ModelCard:
    """A model card: its release, headings, and sections in their order."""

    release: str
    title: str
    subtitle: str
    sections: tuple[Section, ...]

    def section(self, name: str) -> Section | None:
        """A section by name, if there is one."""
        return next((each for each in self.sections if each.name == name), None)

    def as_dict(self) -> JsonObject:
        """For JSON."""
        return asdict(self)


def card_of(
    release: Release,
    history: Sequence[Moved],
    aliases: Mapping[str, str],
    book: Book | None = None,
    provenance: Mapping[str, str] | None = None,
    by_group: bool = True,
) -> ModelCard:
    """The card of a release.

    Parameters
    ----------
    release
        The release; all that was measured stands in it.
    history
        Every move of the aliases of its book, the oldest first.
    aliases
        Where they point now.
    book
        The book it was made of; None, or a book of another snapshot, if that is not at hand: then what needs the
        records themselves is told as not available.
    provenance
        What is on record of the snapshot, by name.
    by_group
        Whether figures by protected attribute may be shown to whoever reads the card.
    """
    own = book if book is not None and book.sha256 == release.manifest["data_sha256"] else None
    moved = [each for each in history if each.release == release.id]
    contract = release.contract
    roles = ", ".join(alias for alias, target in aliases.items() if target == release.id)
    sections = [
        *_overrides(release, moved, by_group),
        *_unwritten(contract),
        *_stated(contract),
        _dates(release, history, roles),
        _data(release, own, provenance or {}),
        _built(release),
        _inputs(contract),
        _never(contract),
        _metrics(release),
        _costs(release),
        _beside(release),
        _gates(release, moved, by_group),
        _groups(release, own, by_group),
        _limits(contract),
        _reasons(release),
        _history(release, moved),
        _fingerprints(release),
    ]
    state = words.state(release.report)
    subtitle = f"Release {release.id}{f', {roles}' if roles else ''}. Gates: {state}."
    return ModelCard(release.id, f"Model card: {contract.book.title}", subtitle, tuple(sections))


# ---- what people said -----------------------------------------------------------------------------------------------


def _overrides(release: Release, moved: Sequence[Moved], by_group: bool) -> list[Section]:
    """Gates that were passed over: first, where there are any."""
    over = [each for each in moved if each.override]
    if not over:
        return []
    labels = _labels(release)
    rows = tuple(
        (
            words.utc(each.at),
            each.alias,
            each.who or "not told",
            words.gate_names(each, labels),
            each.override,
            each.why or "not told",
        )
        for each in reversed(over)
    )
    gates = tuple(f"{_sentence(words.briefly(gate, by_group))}." for gate in blocking_gates(release.report.gates))
    table = CardTable("Overrides, the newest first", ("When", "As", "Who", "Gates passed over", "Reason", "Why"), rows)
    text = "This release was promoted although gates had failed. Whoever relies on it relies on the reason given here."
    return [Section("overrides", "Gates were overridden", text=(text,), items=gates, tables=(table,), loud=True)]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _labels(release: Release) -> dict[str, str]:
    return release.report.labels()


STATED = {
    "purpose": "Purpose",
    "users": "Users",
    "not_for": "Not for",
    "owner": "Owner",
    "tier": "Tier under SR 26-2 (formerly SR 11-7)",
}


def written_text(text: str) -> str:
    """What a person wrote for the card; that it is missing where nobody did."""
    return MISSING if text and placeholder(text) else text


def _unwritten(contract: Contract) -> list[Section]:
    """What holds only the place of what a person is to write: first, where there is any."""
    own = contract.card
    left = [title for name, title in STATED.items() if own and written_text(getattr(own, name)) == MISSING]
    left += ["Limits"] if own and MISSING in map(written_text, own.limits) else []
    if not left:
        return []
    text = "Nobody has written these in the contract: what they would say, this card cannot."
    return [Section("unwritten", "This card is not complete", text=(text,), items=tuple(left), loud=True)]


def _stated(contract: Contract) -> list[Section]:
    own = contract.card
    return [
        Section(name, title, (written_text(getattr(own, name)) if own and getattr(own, name) else NOT_TOLD,))
        for name, title in STATED.items()
    ]


def _limits(contract: Contract) -> Section:
    limits = tuple(map(written_text, contract.card.limits)) if contract.card else ()
    note = contract.book.decision_note
    return Section("limits", "Limits", (note,) if note else (), limits or (NOT_TOLD,))


# ---- when, and of what ----------------------------------------------------------------------------------------------


def _dates(release: Release, history: Sequence[Moved], roles: str) -> Section:
    champions = [each for each in history if each.alias == "champion"]
    last = next((each for each in reversed(champions) if each.release == release.id), None)
    own = release.contract.card
    rows = (
        ("Trained", words.utc(str(release.manifest["created"]))),
        ("Promoted to champion", words.utc(last.at) if last else "never, as far as is on record"),
        ("Points to it now", roles or "no alias"),
        ("Next review", written_text(own.next_review) if own and own.next_review else "not set in the contract"),
    )
    return Section("dates", "Dates", tables=(CardTable("Dates", ("What", "When"), rows),))


def _data(release: Release, book: Book | None, provenance: Mapping[str, str]) -> Section:
    contract, manifest = release.contract, release.manifest
    own, person = contract.book, contract.book.record
    rows = [
        ("Book", own.title),
        ("As of", written_text(own.as_of)),
        ("Sample", written_text(own.sample)),
        ("Outcome", f"{own.probability}, over {own.pd_horizon}"),
        ("Fitted to" if "outcomes" in manifest else "Fitted to the vintages", words.window(manifest)),
        ("Records fitted to", numbers.counted(manifest["rows"], person)),
    ]
    if book is not None:
        rows.append(("Outcome rate among them", numbers.percent(float(release.fitted_part(book).target.mean()))))
        rows.append(("Records in the book", f"{book.count:,}"))
        if book.sampled:
            rows.append(("Records held of it", f"{len(book):,}, a stratified sample; fitted and tested on these"))
        if book.vintages is not None:
            rows.append(("Vintages in the book", f"{book.vintages.min():.0f} to {book.vintages.max():.0f}"))
    again = manifest.get("recalibrated")
    if again:
        shift = float(again["shift"])
        rows.append(("Recalibration", f"all log-odds shifted by {numbers.signed(f'{abs(shift):.3f}', shift)}"))
    after = release.report.later
    if after:
        rows.append(("Tested out of time on", f"{after.window}, {numbers.counted(after.n, person)}"))
    same = provenance.get("sha256", manifest["data_sha256"]) == manifest["data_sha256"]
    there = [name for name in ORIGINS if same and provenance.get(name)]
    origin = tuple((ORIGIN_NAMES.get(name, capitalised(name)), written_text(provenance[name])) for name in there)
    tables: tuple[CardTable, ...] = (CardTable("Data", ("What", "Found"), tuple(rows)),)
    if origin:
        tables += (CardTable("Where the snapshot comes from", ("What", "On record"), origin),)
    text = () if origin else ("Nothing is on record of where the snapshot comes from.",)
    return Section("data", "Data", text, tables=tables)


# ---- how it is built ------------------------------------------------------------------------------------------------


def _built(release: Release) -> Section:
    how = release.contract.training
    text = (
        f"Gradient-boosted trees ({how.iterations} of at most {how.leaves} leaves, learning rate "
        f"{how.learning_rate:g}, at least {numbers.counted(how.min_leaf, 'record')} a leaf, seed {how.seed}), in which "
        "inputs act in pairs at most and keep the directions below. Turned into tables that give the model's numbers "
        "exactly, and from which scores and reasons are read.",
        f"{numbers.counted(len(release.contract.inputs), 'input')}, derived from the record by the formulas of the "
        f"contract, version {release.contract.version}. The same data, contract and libraries give the same tables, "
        "bit for bit.",
    )
    return Section("built", "How it is built", text)


def _inputs(contract: Contract) -> Section:
    rows = tuple(_input(contract, each) for each in contract.inputs)
    head = ("Input", "Concept", "As it rises, the probability", "Unit", "If missing")
    return Section("inputs", "Inputs", tables=(CardTable("Inputs", head, rows),))


def _input(contract: Contract, each: Input) -> tuple[str, ...]:
    concept = contract.concept(each.concept).label
    return each.label, concept, DIRECTIONS[each.direction], each.unit or "–", each.missing or "–"


def _never(contract: Contract) -> Section:
    """What is in the book and never scored, by name."""
    kinds = {
        "protected": "protected attribute, for fairness monitoring only",
        "post-outcome": "known only after the outcome",
        "target": "the outcome itself",
        "id": "identifier",
        "segment": "for grouping only",
        "vintage": "when the record came into the book; chooses the window of the training",
    }
    rows = tuple((each.label, each.name, kinds[each.role]) for each in contract.fields if each.role in kinds)
    if not contract.protected():
        text = "Nothing protected is in the book."
    else:
        text = f"Protected attributes never scored: {', '.join(each.label for each in contract.protected())}."
    after = [each.label for each in contract.fields if each.role == "post-outcome"]
    told = (
        f"Known only after the outcome, never scored: {', '.join(after)}."
        if after
        else ("No field of the book, the outcome apart, is known only after the outcome.")
    )
    table = CardTable("Fields that no input may read", ("Field", "Name in the book", "Why it is not scored"), rows)
    return Section("never", "Never scored", (text, told), tables=(table,) if rows else ())


# ---- how it was tested ----------------------------------------------------------------------------------------------


def _metrics(release: Release) -> Section:
    report = release.report
    rows = [(f"Cross-validated, {report.folds} folds", *words.performance(report.cross_validation[SHIPPED.label]))]
    after, text = report.later, []
    if after:
        rows.append((f"Out of time, {after.window}", *words.performance(after.variants[SHIPPED.label])))
        text.append(
            f"In {after.window}, {after.n:,} {release.contract.book.records}, the mean predicted probability was "
            f"{numbers.percent(after.predicted)} and the share observed {numbers.percent(after.observed)}."
        )
    elif release.outcomes is not None:
        text.append(
            "Cross-validated on the outcomes of the stream that it was fitted to. The Trust page holds it against the "
            f"{release.contract.book.records} of the book that are not among them, which are older."
        )
    else:
        text.append("Not tested out of time: no vintages later than those it was fitted to.")
    if release.manifest.get("recalibrated"):
        text.append(
            "Cross-validation is on the vintages it was fitted to, not on those it was recalibrated on: there its "
            "calibration is off on purpose."
        )
    text.append(words.TWO_AUCS)
    table = CardTable(
        "Figures of the released model", ("Records it had not seen", *words.MEASURES.values()), tuple(rows)
    )
    return Section("metrics", "How well it does", tuple(text), tables=(table,))


def _costs(release: Release) -> Section:
    sentence = words.cost_sentence(release.report) or "Not compared: only the model as shipped was measured there."
    where, _ = words.variants(release.report)
    rows = tuple(words.cost_rows(release.report))
    table = CardTable(f"Variants of the model, {where}", ("Model", *words.MEASURES.values()), rows)
    return Section("costs", "What its constraints cost", (sentence,), tables=(table,))


def _beside(release: Release) -> Section:
    title, rows = "Against the champion", tuple(words.champion_rows(release.report))
    told = words.beside(release.report) or "When it was made there was no champion."
    if not rows:
        return Section("champion", title, (told,))
    text = (
        f"{told} Difference: this release less that one, with its 95\N{NO-BREAK SPACE}% interval; of the slope, that "
        "of the distances from 1."
    )
    head = ("Measure", "This release", "Champion then", "Difference (95\N{NO-BREAK SPACE}% interval)", "Reading")
    return Section("champion", title, (text,), tables=(CardTable("Measures beside the champion's", head, rows),))


def _gates(release: Release, moved: Sequence[Moved], by_group: bool) -> Section:
    over = {name for each in moved if each.override for name in each.gates}
    rows = tuple(words.gate_rows(release.report, over, by_group))
    kept = sum(gate.passed for gate in release.report.gates)
    text = (
        f"{kept} of {numbers.counted(len(rows), 'gate')} passed. A gate to watch is told and stops nothing, for the "
        "reason noted; one that failed keeps a release from being promoted, unless a person overrides it with a "
        "reason.",
    )
    head = ("Gate", "Figure", "Threshold", "Verdict", "Note")
    return Section("gates", "Gates before promotion", text, tables=(CardTable("Gates before promotion", head, rows),))


def _groups(release: Release, book: Book | None, shown: bool) -> Section:
    """Fairness on the evidence, at the contract's cut-off."""
    contract, name, title = release.contract, "groups", "Groups: monitoring metrics"
    if not contract.protected():
        return Section(name, title, ("Not available: nothing protected is in the book.",))
    if not shown:
        return Section(name, title, ("Shown to those only who may see protected attributes.",))
    if book is None:
        text = "Not available here: the snapshot that the release was made of is not installed."
        return Section(name, title, (text,))
    evidence = release.evidence.within(len(book))
    kind: Kind = next((each for each in GROUPED if len(evidence.of(each))), "crossed")
    seen, how = evidence.of(kind), GROUPED[kind]
    word = granting(contract)
    text = (
        f"{len(seen):,} {contract.book.records} {how}, at the contract's cut-off of {contract.score.cutoff:g} points. "
        f"Ratio: a group's share {word} over the highest group's; the contract asks {impact_words(contract)}. "
        f"Difference: of the share {word} among those without the outcome. 95\N{NO-BREAK SPACE}% intervals. Groups of "
        f"fewer than {fairness.SMALLEST} are suppressed. Monitoring metrics, not legal findings; protected attributes "
        "are never scored."
    )
    heads = ("Group", "Records", capitalised(word), "Ratio", "Difference")
    tables = tuple(CardTable(each.label, heads, _rates(release, book, seen, each)) for each in contract.protected())
    return Section(name, title, (text,), tables=tables)


def _rates(release: Release, book: Book, seen: Evidence, field: Any) -> tuple[tuple[str, ...], ...]:
    contract = release.contract
    granted = reaches(scores(contract, seen.pd), contract.score.cutoff)
    group, names = contract.groups(field, book.observed[field.name][seen.position])
    found = fairness.groups(granted, book.target[seen.position] == 0, group, names)
    return tuple(
        (
            each.name,
            f"{each.n:,}",
            "suppressed" if each.suppressed else numbers.percent(each.rate),
            interval(each.impact, each.impact_low, each.impact_high),
            interval(each.opportunity, each.opportunity_low, each.opportunity_high, points=True),
        )
        for each in found
        if each.n
    )


def _reasons(release: Release) -> Section:
    background = release.scorer.shapley.background
    items = (
        "They are associations that the model has learned from the book, not causes: changing what a reason names need "
        "not change what happens.",
        f"They compare a record with {background}. Against another background they would be other numbers.",
        "They are no recommendation to anybody, and no advice on what to do about a record.",
        "They say how the model arrives at its answer. Whether the answer is right is told by the figures above.",
    )
    return Section("reasons", "What reasons (SHAP values) do not mean", items=items)


# ---- the record -----------------------------------------------------------------------------------------------------


def _history(release: Release, moved: Sequence[Moved]) -> Section:
    rows = tuple(words.moved_rows(moved, _labels(release)))
    if not rows:
        return Section("history", "History", ("No alias has pointed to this release, as far as is on record.",))
    return Section("history", "History", tables=(CardTable("Aliases that came to point to it", words.MOVED, rows),))


def _fingerprints(release: Release) -> Section:
    manifest = release.manifest
    told = {
        "Artefact": release.artefact,
        "Data": manifest["data_sha256"],
        "Contract": manifest["contract_sha256"],
        **({} if release.trained is None else {"Contract whose words this card has": release.contract.hash}),
        "Lock file": manifest.get("lock_sha256") or "none: made without a lock file",
        "Code": manifest.get("code_sha256") or "not told",
    }
    rows = [*told.items(), *((name, digest) for name, digest in manifest["files"].items())]
    libraries = ", ".join(f"{name} {version}" for name, version in dict(manifest.get("libraries", {})).items())
    made = ", ".join(f"{name} {value}" for name, value in dict(manifest.get("platform", {})).items())
    text = tuple(filter(None, (f"Libraries: {libraries}." if libraries else "", f"Platform: {made}." if made else "")))
    table = CardTable("sha256", ("What", "sha256"), tuple((str(name), str(digest)) for name, digest in rows))
    return Section("fingerprints", "Fingerprints", text, tables=(table,))


# ---- as one file ----------------------------------------------------------------------------------------------------

STYLE = """
:root { color-scheme: light dark; --ink: #1b222c; --paper: #ffffff; --quiet: #565f6c; --line: #d5d9df; --mark: #1f3a5f;
  --loud: #a8430c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --paper: #12161c; --quiet: #aab3c0; --line: #3a424e;
  --mark: #8fb4e3; --loud: #ff9f68; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.45 "Source Sans 3", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.5rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; color: var(--mark); }
h2 { font-size: 1.08rem; margin: 1.7rem 0 0.35rem; padding-top: 0.55rem; border-top: 1px solid var(--line);
  break-after: avoid; }
p, ul { margin: 0.3rem 0; max-width: 46rem; }
ul { padding-left: 1.2rem; }
.quiet { color: var(--quiet); }
table { width: 100%; border-collapse: collapse; margin: 0.6rem 0 0.9rem; font-size: 0.86rem; }
caption { text-align: left; color: var(--quiet); padding-bottom: 0.2rem; break-after: avoid; }
th, td { text-align: left; vertical-align: top; padding: 0.28rem 0.9rem 0.28rem 0; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
td:first-child { min-width: 9rem; }
.pair td:first-child { width: 14rem; }
th { color: var(--quiet); font-weight: 400; }
#gates td:nth-child(n+2):nth-child(-n+4) { white-space: nowrap; }
tr { break-inside: avoid; }
.loud { border: 2px solid var(--loud); padding: 0.2rem 1rem 0.6rem; margin: 1.4rem 0; }
.loud h2 { border: 0; margin: 0.3rem 0; color: var(--loud); }
@page { size: A4; margin: 16mm 14mm; }
@media print { :root { color-scheme: light; --ink: #000000; --paper: #ffffff; --quiet: #444444; --line: #bbbbbb;
  --mark: #1f3a5f; --loud: #a8430c; } body { font-size: 10pt; } main { max-width: none; padding: 0; }
  thead { display: table-header-group; } }
"""


def html(card: ModelCard) -> str:
    """The card as one HTML file that loads nothing: light or dark as the reader has it, and ink on paper in print."""
    body = "\n".join(map(_section_html, card.sections))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_safe(card.title)}, {_safe(card.release)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<h1>{_safe(card.title)}</h1>\n<p class="quiet">{_safe(card.subtitle)}</p>\n'
        f"{body}\n</main>\n</body>\n</html>\n"
    )


def _section_html(section: Section) -> str:
    parts = [f"<h2>{_safe(section.title)}</h2>", *(f"<p>{_safe(each)}</p>" for each in section.text)]
    if section.items:
        parts.append(f"<ul>{''.join(f'<li>{_safe(each)}</li>' for each in section.items)}</ul>")
    parts += [_table_html(each, section.title) for each in section.tables]
    loud = ' class="loud"' if section.loud else ""
    return f'<section id="{_safe(section.name)}"{loud}>\n' + "\n".join(parts) + "\n</section>"


def _table_html(table: CardTable, title: str) -> str:
    head = "".join(f'<th scope="col">{_safe(each)}</th>' for each in table.head)
    rows = "".join(f"<tr>{''.join(f'<td>{_safe(each)}</td>' for each in row)}</tr>\n" for row in table.rows)
    caption = "" if table.caption == title else f"<caption>{_safe(table.caption)}</caption>"
    pair = ' class="pair"' if len(table.head) == 2 else ""
    return f"<table{pair}>{caption}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>"


def _safe(text: str) -> str:
    return escape(text, quote=True)
