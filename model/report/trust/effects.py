"""What the model looks at: what moves the score, one input, two inputs together, every table there is."""

from model.engine.identity import Deployed
from model.report import spreadsheet
from model.report.briefing import Choice, Choices, Column, Finding, Half, Item, Notice, Table
from model.report.trust import effects_charts as charts
from model.report.trust import effects_words as words
from model.validation.effects import EffectTable, ModelEffects, every_cell
from model.validation.result import TrustResult
from model.validation.view import INPUTS, pair_name

MOVES = Choice("moves", "What moves the score", (("", "By concept"), (INPUTS, "By input")), "")


def effects_unknown(result: TrustResult, deployed: Deployed) -> Notice | None:
    """Why a model cannot be looked at; None of one that can."""
    if result.release is not None:
        return None
    return Notice(
        f"Not available: of {deployed.words} only the answers are known here, not what it is made of. A release of "
        "one's own can be looked at whole."
    )


def effect_items(result: TrustResult, deployed: Deployed, choices: Choices) -> tuple[Item, ...]:
    """All of it."""
    why = effects_unknown(result, deployed)
    if why is not None:
        return (why,)
    found = result.look()
    effects = (input_effect(found, choices), pair_effect(found, choices))
    return (importance_finding(found, choices), *effects, tables_finding(found), effects_method(found))


# ---- what moves the score -----------------------------------------------------------------------------------------


def importance_finding(found: ModelEffects, choices: Choices) -> Finding:
    """How much each concept or input moves the score."""
    contract, whole, by_concept = found.contract, found.overview, MOVES.of(choices) != INPUTS
    average = words.importance_headline(contract, whole, by_concept)
    single = words.swarm_headline(contract, whole, by_concept)
    return Finding(
        "importance",
        chart=charts.importance(contract, whole, by_concept),
        alt=charts.importance_in_words(contract, whole, by_concept),
        shows="Score points: left on average, right for each of a sample",
        note=words.swarm_note(contract, whole, by_concept),
        halves=(Half(average), Half(single)),
    )


# ---- one input, two inputs ----------------------------------------------------------------------------------------


def input_choice(found: ModelEffects) -> Choice:
    """Whose effect is looked at, that of the weightiest first."""
    inputs = [found.contract.inputs[k] for _, _, k in words.ranked(found.contract, found.overview, by_concept=False)]
    return Choice("input", "One input", tuple((each.name, each.label) for each in inputs), inputs[0].name)


def input_effect(found: ModelEffects, choices: Choices) -> Finding:
    """One input's effect."""
    contract, name = found.contract, input_choice(found).of(choices)
    shown = found.effect(next(k for k, each in enumerate(contract.inputs) if each.name == name))
    return Finding(
        "effect",
        words.effect_headline(contract, shown),
        chart=charts.effect(contract, shown),
        alt=charts.effect_in_words(contract, shown),
        shows="Score points, with the middle 90 %; below, how many there are",
        note=words.effect_note(contract, shown),
        half=True,
    )


def _pairs(found: ModelEffects) -> dict[str, EffectTable]:
    return {pair_name(found.contract, each.first, each.second): each for each in found.overview.pairs}


def pair_choice(found: ModelEffects) -> Choice:
    """Which two inputs are looked at, the strongest pair first; nothing to choose where no two act together."""
    options = tuple((name, words.pair_label(found.contract, each)) for name, each in _pairs(found).items())
    default = options[0][0] if options else ""
    return Choice("pair", "Two inputs together, the strongest first", options, default)


def pair_effect(found: ModelEffects, choices: Choices) -> Item:
    """What two inputs do together."""
    tables, contract = _pairs(found), found.contract
    if not tables:
        return Notice("This model reads every input on its own: no two do anything together.")
    shown = found.together(tables[pair_choice(found).of(choices)])
    return Finding(
        "together",
        words.together_headline(contract, shown),
        chart=charts.together(contract, shown),
        alt=charts.together_in_words(contract, shown),
        shows="Score points beyond what each does alone: orange riskier, blue safer",
        note=words.together_note(contract),
        half=True,
    )


# ---- every table --------------------------------------------------------------------------------------------------


def tables_finding(found: ModelEffects) -> Finding:
    """Every table of the model, the strongest first."""
    contract, whole = found.contract, found.overview
    labels = [*(each.label for each in contract.inputs), ""]
    columns = (
        Column("Input"),
        Column("And"),
        Column("Cells", digits=0),
        Column(f"Cells with {contract.book.records}", digits=0),
        Column("Moves the score by", "points", 2),
        Column("Of it only together", "points", 2),
        Column("Largest cell", "points", 1),
    )
    rows = tuple(
        (
            *(labels[each.first], labels[each.second], each.cells, each.seen),
            *(each.strength, each.together, each.largest),
        )
        for each in whole.listed
    )
    return Finding(
        "tables",
        words.tables_headline(whole),
        table=Table("trust-tables", "Every table of the model", columns, rows),
        note=words.tables_note(contract, whole),
    )


def cells_label(found: ModelEffects) -> str:
    """What the file of every cell holds."""
    return f"Download all {len(found.overview.tables.cells):,} cells as CSV"


def cells_file(found: ModelEffects) -> bytes:
    """Every cell of every table as a CSV file."""
    return spreadsheet.file(words.cells_frame(found.contract, every_cell(found.overview)))


def effects_method(found: ModelEffects) -> Finding:
    """How the numbers come about."""
    return Finding("effects_method", note=words.effects_method(found.contract, found.overview))
