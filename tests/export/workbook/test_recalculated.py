"""The workbook of a customer reckoned anew, by LibreOffice and by a second engine, against the service."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from data.arrays import Array
from data.books import read_book
from data.contract import bounds
from model.deployed.model import DeployedModel
from model.engine.scorer import TableScorer
from model.engine.tables import probability
from model.export.workbook.filled_book import read_brought
from model.export.workbook.workbook import asked_book_workbook, asked_comparison_workbook
from model.record.database import engine
from model.record.scenarios import ScenarioStore
from model.scoring.scenario_files import bring_in
from model.security.people import Person
from model.settings import Settings
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.customer.decision import score_scale
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from tests.export.workbook.conftest import DAY, asked, written
from tests.export.workbook.reading import ReadWorkbook, Value
from tests.export.workbook.test_scenarios import compared, rows
from tests.support import loans_sample, made_up
from tests.support.kept import KeptReleases, promoted_anyway
from tests.support.recalculated import Office

pytestmark = pytest.mark.office

RECORDS = 1000
SAME = 1e-9
SHAPE = made_up.Shape(
    fields=("one", "two", "three", "four"),
    levers=1,
    shocks=1,
    segments=1,
    special=((-9, "no record"), (-8, "no trades")),
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """LibreOffice."""
    return Office(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def models(
    model: DeployedModel, kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, DeployedModel]:
    """The deployed models of the cards, of the small businesses, and of a book whose fields may be missing or have
    special codes."""
    home = tmp_path_factory.mktemp("books")
    loans = loans_sample.released(home, kept)
    made_up.lay_down(home, SHAPE)
    gaps = kept.champion(home, made_up.NAME, promoted_anyway)
    return {
        "cards": model,
        "loans": DeployedModel(read_book(loans_sample.NAME, home), loans.scorer, loans),
        "gaps": DeployedModel(read_book(made_up.NAME, home), gaps.scorer, gaps),
    }


# ---- records ---------------------------------------------------------------------------------------------------------


def records(model: DeployedModel) -> Array:
    """A thousand records (fields, n) that can be: of the book, made of values of several of its records, anywhere in
    the range of each field, and with inputs that lie on a threshold of the model."""
    contract, rng = model.contract, np.random.default_rng(15)
    raw = model.book.raw[:, rng.integers(0, len(model.book), 2 * RECORDS)].copy()
    mixed = slice(RECORDS // 2, RECORDS)
    for k in range(len(raw)):
        raw[k, mixed] = model.book.raw[k, rng.integers(0, len(model.book), RECORDS // 2)]
    for k, field in enumerate(contract.record):
        low, high = (float(np.clip(end, -1e6, 1e6)) for end in bounds(field))
        anywhere = rng.choice(list(field.codes), RECORDS) if field.codes else rng.uniform(low, high, RECORDS)
        hit = np.flatnonzero(rng.random(RECORDS) < 0.15) + RECORDS
        raw[k, hit] = anywhere[hit - RECORDS]
        if field.missing:
            raw[k, rng.random(2 * RECORDS) < 0.2] = np.nan
    on_thresholds(model, raw[:, ::3], rng)
    fine = contract.stands(raw) & ~np.isnan(contract.derive(raw)).all(0)
    return raw[:, np.flatnonzero(fine)[:: max(1, int(fine.sum()) // RECORDS)][:RECORDS]]


def on_thresholds(model: DeployedModel, raw: Array, rng: np.random.Generator) -> None:
    """Put one input of each record that is a field itself onto a threshold."""
    contract, tables = model.contract, model.scorer.tables  # type: ignore[attr-defined]
    plain = [
        (k, contract.row[each.formula])
        for k, each in enumerate(contract.inputs)
        if each.formula in contract.row and not each.codes
    ]
    for r in range(raw.shape[1] if plain else 0):
        k, row = plain[int(rng.integers(len(plain)))]
        edges = tables.edges[tables.starts[k] : tables.starts[k + 1]]
        low, high = bounds(contract.record[row])
        inside = edges[(edges >= low) & (edges <= high)]
        if len(inside):
            raw[row, r] = rng.choice(inside)


def on_a_threshold(model: DeployedModel, raw: Array) -> int:
    """How many records have an input that equals a threshold."""
    scorer = model.scorer
    assert isinstance(scorer, TableScorer)
    inputs, tables = model.contract.derive(raw), scorer.tables
    hit = np.zeros(raw.shape[1], bool)
    for k in range(len(inputs)):
        hit |= np.isin(inputs[k], tables.edges[tables.starts[k] : tables.starts[k + 1]])
    return int(hit.sum())


def as_text(value: float) -> str:
    """A number as it is put into a cell; nothing where it is missing."""
    return "" if np.isnan(value) else repr(float(value)).removesuffix(".0")


@dataclass(frozen=True)
class Asked:
    """What LibreOffice said: of each record, base and one's own in turn, ``pd``, ``score``, ``decision``, and what the
    reasons leave of the score, which is 0; ``pages`` are the same from the service."""

    pd: Array
    score: Array
    decision: list[str]
    left: Array


def ask(office: Office, model: DeployedModel, raw: Array) -> Asked:
    """Put every record into the shipped workbook, two at a time: as base and as one's own numbers."""
    first = int(model.book.ids[0])
    book = written(model, asked(model, CustomerScenario(first)))
    sides = ("base", "own")
    fields = [each.name for each in model.contract.record]
    puts = [book.names[f"{side}_{name}"] for side in sides for name in fields]
    reads = [book.names[f"{side}_{what}"] for side in sides for what in ("pd", "exact_score", "decision")]
    together = next(name for name, text in book.formulas().items() if "ROUND(IF" in text or "+IF(ISNUMBER" in text)
    pairs = [[as_text(v) for k in (r, r + 1) for v in raw[:, k]] for r in range(0, raw.shape[1], 2)]
    rows = office.asked(book.content, puts=puts, reads=[*reads, together], records=pairs)
    told = [row[k : k + 3] for row in rows for k in (0, 3)]
    return Asked(
        np.array([float(each[0]) for each in told]),
        np.array([float(each[1]) for each in told]),
        decision=[each[2] for each in told],
        left=np.array([float(row[6]) for row in rows]),
    )


@pytest.mark.parametrize("name", ["cards", "loans", "gaps"])
def test_the_workbook_answers_as_the_service_on_a_thousand_records(
    office: Office, models: dict[str, DeployedModel], name: str
):
    model = models[name]
    raw = records(model)
    assert raw.shape[1] == RECORDS
    assert on_a_threshold(model, raw) > 200 or name == "gaps"
    assert np.isnan(model.contract.derive(raw)).any() or np.isnan(raw).any() or name == "loans"
    found = ask(office, model, raw)
    margins = model.scorer.margins(raw)
    scores = np.asarray(score_scale(model.contract).score(margins))
    assert np.abs(found.pd - probability(margins)).max() < SAME
    assert np.abs(found.score - scores).max() < 1e-8
    granted = scores + 1e-9 >= model.contract.score.cutoff
    assert [not each.startswith("not ") for each in found.decision] == granted.tolist()
    assert (found.left == 0).all()


# ---- every cell ------------------------------------------------------------------------------------------------------


def different(before: ReadWorkbook, after: ReadWorkbook) -> Iterator[tuple[str, Value, Value]]:
    """The cells whose results are others after reckoning anew than those that were written."""
    for place in before.formulas():
        was, now = before.at(place), after.at(place)
        numbers = isinstance(was, float) and isinstance(now, float)
        same = abs(was - now) <= SAME * max(1.0, abs(was)) if numbers else was == now  # type: ignore[operator,arg-type]
        if not same:
            yield place, was, now


def under_a_scenario(model: DeployedModel) -> CustomerResult:
    """The first record under the economy as one factor and an overlay, with a lever moved."""
    contract, first = model.contract, int(model.book.ids[0])
    under = BookScenario().with_value(contract, "factor", -1.5)
    for name, value in (("overlay_pd", 20.0), ("overlay_lgd", 5.0), ("overlay_owner", "Ada"), ("overlay_reason", "so")):
        under = under.with_value(contract, name, value)
    under = under.with_value(contract, "overlay_until", "2027-01-01")
    return asked(model, CustomerScenario(first).asked_under(contract, under))


def with_a_lever_moved(model: DeployedModel) -> CustomerResult:
    """The first record with its first lever at its least."""
    contract, lever = model.contract, model.contract.levers[0]
    return asked(model, CustomerScenario(int(model.book.ids[0])).edited(contract, lever.name, lever.minimum))


@pytest.mark.parametrize("make", [with_a_lever_moved, under_a_scenario])
@pytest.mark.parametrize("name", ["cards", "loans", "gaps"])
def test_every_cell_comes_to_what_was_written_into_it(
    office: Office, models: dict[str, DeployedModel], name: str, make: Callable[[DeployedModel], CustomerResult]
):
    book = written(models[name], make(models[name]))
    again = ReadWorkbook(office.converted(book.content))
    assert list(different(book, again)) == []
    checks = next(row for row in again.sheets["Read me"] if row[0] == "All checks together")
    assert checks[1] == 0


def test_what_cannot_be_is_told_and_not_answered(office: Office, model: DeployedModel):
    book = written(model, asked(model, CustomerScenario(17)))
    own = [book.names[f"own_{name}"] for name in ("limit", "status_1", "status_2")]
    reads = ["Customer!A2", book.names["own_pd"], book.names["base_pd"], "Customer!F6", "Customer!F7"]
    told = office.asked(
        book.content, puts=own, reads=reads, records=[["50000", "0", "0"], ["", "0", "0"], ["5", "99", "0"]]
    )
    fine, empty, wrong = told
    assert fine[0].startswith("This customer scores ")
    assert float(fine[1]) < 1
    assert empty[0].startswith("1 of your own numbers cannot be")
    assert empty[1] == "–"
    assert wrong[0].startswith("3 of your own numbers cannot be")  # the jump of the status breaks a rule, too
    assert (wrong[3], wrong[4]) == ("cannot be: see what is allowed", "not one of its codes")
    assert {row[2] for row in told} == {fine[2]}


# ---- the whole book --------------------------------------------------------------------------------------------------


def stressed_book(model: DeployedModel) -> BookScenario:
    """A scenario of all three layers and of an assumption."""
    contract, stress = model.contract, BookScenario()
    shock = next(each for each in contract.shocks if not each.share)
    for name, value in (
        (shock.name, min(10.0, shock.maximum)),
        ("lgd", 0.7),
        ("overlay_pd", 20.0),
        ("overlay_lgd", 5.0),
    ):
        stress = stress.with_value(contract, name, value)
    for name, text in (("overlay_owner", "Ada"), ("overlay_reason", "so"), ("overlay_until", "2027-01-01")):
        stress = stress.with_value(contract, name, text)
    return stress


@pytest.mark.parametrize("name", ["cards", "loans", "gaps"])
def test_every_cell_of_the_book_comes_to_what_was_written_into_it(
    office: Office, models: dict[str, DeployedModel], name: str
):
    model = models[name]
    book = ReadWorkbook(asked_book_workbook(model, stressed_book(model), who="Ada", day=DAY))
    again = ReadWorkbook(office.converted(book.content))
    assert list(different(book, again)) == []
    checks = next(row for row in again.sheets["Read me"] if row[0] == "All checks together")
    assert checks[1] == 0


@pytest.mark.parametrize("name", ["cards", "loans"])
def test_an_assumption_that_is_changed_in_its_cell_changes_the_book_as_on_screen(
    office: Office, models: dict[str, DeployedModel], name: str
):
    model = models[name]
    contract, stress = model.contract, stressed_book(model)
    book = ReadWorkbook(asked_book_workbook(model, stress, who="Ada", day=DAY))
    moves = {"lgd": 0.95, "apr": 0.11, "funding": 0.02, "opex": 480.0, "margin_months": 30.0}
    moves |= {"ccf": 0.15} if name == "cards" else {}
    puts = [book.names[f"scenario_book_{each}"] for each in moves]
    measures = [book.names[f"scenario_book_measure_{each}"] for each in contract.measures]
    of_sample = next(k for k, row in enumerate(book.sheets["Sample"], 1) if str(row[0]).startswith("Expected loss"))
    reads = [*measures, f"Sample!E{of_sample}", f"Sample!F{of_sample}"]
    (told,) = office.asked(book.content, puts=puts, reads=reads, records=[list(map(as_text, moves.values()))])
    for each, value in moves.items():
        stress = stress.with_value(contract, each, value)
    screen = BookResult.of(model.whole, stress, DAY).now
    for measure, text in zip(contract.measures, told[:-2], strict=True):
        assert float(text) == pytest.approx(screen.measure(measure), rel=SAME)
    whole, sample = map(float, told[-2:])
    assert whole == pytest.approx(screen.loss, rel=SAME)
    assert sample == pytest.approx(screen.loss, rel=0.05)


def test_scenarios_side_by_side_come_to_what_was_written_and_follow_the_sheet_book(
    office: Office, model: DeployedModel
):
    book = ReadWorkbook(asked_comparison_workbook(model, compared(), who="Ada", day=DAY))
    again = ReadWorkbook(office.converted(book.content))
    assert list(different(book, again)) == []
    assert sum(each.startswith("Scenarios!") for each in book.formulas()) > 50
    found, told = rows(book), next(k for k, row in enumerate(rows(book)) if row[0] == "The numbers below are")
    loss = next(k for k, row in enumerate(found) if row[0] == "Expected loss, one month (NT$)")
    reads = [f"Scenarios!{place}" for place in (f"B{told + 1}", f"C{told + 1}", f"B{loss + 1}", f"C{loss + 2}")]
    reads += [f"Scenarios!D{loss + k}" for k in (2, 4, 5)]
    puts = [book.names["scenario_book_lgd"], f"Scenarios!D{loss + 3}"]
    (answers,) = office.asked(book.content, puts=puts, reads=reads, records=[["0.9", "1000"]])
    shown = compared().members[0].scenario
    assert isinstance(shown, BookScenario)
    now = BookResult.of(model.whole, shown.with_value(model.contract, "lgd", 0.9), DAY).now.loss
    others = [float(each) for each in found[loss][2:4]]
    assert (answers[:2], answers[6]) == (["moved on the sheet Book", "as made"], "broken")
    numbers = [now, others[0] - now, others[1] - now, 1000 - others[1]]
    assert [float(each) for each in answers[2:6]] == pytest.approx(numbers, rel=SAME)


@pytest.mark.parametrize("name", ["cards", "loans"])
def test_a_workbook_that_comes_back_is_a_scenario_of_the_loss_that_it_shows(
    office: Office, models: dict[str, DeployedModel], name: str, tmp_path: Path
):
    model = models[name]
    stress = stressed_book(model).with_value(model.contract, "unemployment", 2.0)
    book = ReadWorkbook(asked_book_workbook(model, stress, who="Ada", day=DAY, name="Back"))
    puts = {book.cell_of(f"scenario_book_{each}"): value for each, value in (("lgd", 0.55), ("apr", 0.12))}
    saved = ReadWorkbook(office.converted(book.with_cells("Book", **puts)))
    found = read_brought(saved.content, "back.xlsx", model)
    store = ScenarioStore(engine(Settings(home=tmp_path)))
    (kept,) = bring_in(model, store, found, person=Person("Ada", "analyst"), day=DAY)
    shown = [float(saved.at(book.names[f"scenario_book_measure_{each}"])) for each in ("loss", "margin")]
    assert [dict(kept.numbers)[each] for each in ("loss", "margin")] == pytest.approx(shown, rel=SAME)
    assert dict(kept.query)["lgd"] == "0.55"
    assert shown[0] != pytest.approx(float(book.named("scenario_book_measure_loss")))


@pytest.mark.filterwarnings("ignore")  # of its own parts, and of bars in cells, which it leaves out
def test_a_second_engine_says_the_same(model: DeployedModel, tmp_path: Path):
    import formulas

    result = asked(model, CustomerScenario(17).edited(model.contract, "limit", 60_000))
    book = written(model, result)
    path = tmp_path / "book.xlsx"
    path.write_bytes(book.content)
    engine = formulas.ExcelModel().loads(str(path)).finish()
    found = engine.calculate()
    wanted: Sequence[tuple[str, float]] = [("own_pd", result.now.pd), ("base_pd", result.before.pd)]
    for name, value in wanted:
        sheet, address = book.names[name].split("!")
        cell = found[f"'[book.xlsx]{sheet.upper()}'!{address}"]
        assert float(cell.value[0, 0]) == pytest.approx(value, abs=SAME)
