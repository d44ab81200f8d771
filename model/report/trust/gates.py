"""What the release was tested for before anybody relied on it, and its card."""

from collections.abc import Collection, Mapping, Sequence

from data.contract import capitalised
from model.engine.identity import Deployed
from model.release.gate import Gate
from model.release.report import ReleaseReport
from model.report.briefing import Cell, Column, Finding, Item, Notice, Table
from model.report.release import words as release_words
from model.report.release.card import CardTable, ModelCard, Section
from model.report.trust import words

WIDTHS: Mapping[int, tuple[int, ...]] = {2: (25,), 3: (30, 25), 5: (30, 16, 16, 16)}
"""How wide the first columns of a card's tables are, in percent, by how many columns there are."""
CHAMPION = ("Measure", "This release", "The champion then", "Difference (95 %)", "Reading")


def ungated_notice(deployed: Deployed) -> Notice:
    """That nothing was tested here."""
    return Notice(
        f"Not available: {deployed.words} was not gated here, and there is no card of it. Ask whoever runs it for its "
        "report."
    )


# ---- gates --------------------------------------------------------------------------------------------------------


def gate_items(report: ReleaseReport, overridden: Collection[str], protected: bool) -> tuple[Item, ...]:
    """Every gate with figure, threshold and verdict; what constraints cost; the champion it was held against. Figures
    by protected attribute are told to whoever may see ``protected`` ones."""
    beside, rows = words.champion_headline(report), release_words.champion_rows(report)
    champion = Finding("champion", beside, table=champion_table(report), shape="texts", widths=(20, 15, 18, 30))
    return (
        Finding(
            "gates",
            words.gates_headline(report),
            table=gate_table(report, overridden, protected),
            shape="texts",
            widths=(34, 11, 14, 12),
        ),
        Finding(
            "costs",
            release_words.cost_sentence(report),
            table=cost_table(report),
            shape="texts",
            widths=(40,),
        ),
        *((champion,) if rows else ()),
        *((Finding("champion", beside),) if beside and not rows else ()),
    )


def gate_table(report: ReleaseReport, overridden: Collection[str], protected: bool) -> Table:
    """Each gate as it is read, its exact figure and bound in the file."""
    columns = (
        Column("Gate"),
        *(Column(name, place="screen") for name in ("Figure", "Threshold")),
        Column("Verdict"),
        Column("Note"),
        *(Column(name, place="file") for name in ("Figure", "Bound")),
    )
    texts: Sequence[tuple[Cell, ...]] = release_words.gate_rows(report, sorted(overridden), protected)
    rows = tuple((*read, *_exact(gate, protected)) for gate, read in zip(report.gates, texts, strict=True))
    title = "The gates of the release, each with figure, threshold and verdict"
    return Table("trust-gates", title, columns, rows)


def _exact(gate: Gate, protected: bool) -> tuple[Cell, ...]:
    hidden = gate.kind == "fairness" and not protected
    return (None if hidden else gate.figure, gate.bound)


def cost_table(report: ReleaseReport) -> Table:
    """The shipped model beside less constrained ones."""
    measures = release_words.MEASURES
    columns = (
        Column("Model"),
        *(Column(name, place="screen") for name in measures.values()),
        *(Column(name, place="file") for name in measures.values()),
    )
    figures = release_words.variants(report)[1].values()
    texts: Sequence[tuple[Cell, ...]] = release_words.cost_rows(report)
    rows = tuple(
        (*read, *(getattr(each, name) for name in measures)) for read, each in zip(texts, figures, strict=True)
    )
    return Table("trust-costs", "The shipped model beside less constrained ones", columns, rows)


def champion_table(report: ReleaseReport) -> Table:
    """The release beside the champion of the day."""
    exact = ("candidate", "champion", "difference", "low", "high")
    columns = (
        Column(CHAMPION[0]),
        *(Column(name, place="screen") for name in CHAMPION[1:4]),
        Column(CHAMPION[4]),
        *(Column(capitalised(name), place="file") for name in exact),
    )
    measures = report.champion.measures if report.champion else ()
    rows = tuple(
        (*read, *(getattr(each, name) for name in exact))
        for read, each in zip(release_words.champion_rows(report), measures, strict=True)
    )
    return Table("trust-champion", "This release beside the champion of the day", columns, rows)


# ---- the card -----------------------------------------------------------------------------------------------------


def card_items(card: ModelCard) -> tuple[Item, ...]:
    """Every section of a card. It is one file by itself, so that none of its tables is one."""
    return tuple(item for section in card.sections for item in section_items(section))


def section_items(section: Section) -> tuple[Item, ...]:
    """One section: what it says, and its tables."""
    tables = tuple(_table(section, each, k) for k, each in enumerate(section.tables))
    if section.loud:
        told = "; ".join(each.rstrip(".") for each in section.items)
        return (Notice(f"{section.title}: {told}. {' '.join(section.text)}", "warning"), *tables)
    return (Finding(f"card_{section.name}", section.title, text=section.text, points=section.items), *tables)


def _table(section: Section, given: CardTable, k: int) -> Finding:
    columns = tuple(Column(each) for each in given.head)
    return Finding(
        f"card_{section.name}_{k}",
        table=Table(f"card-{section.name}-{k}", given.caption, columns, given.rows),
        text=(given.caption,) if given.caption != section.title else (),
        offered=False,
        shape="texts",
        widths=WIDTHS.get(len(columns), ()),
    )
