"""The phone says what the dashboard's own code says: probabilities and reasons, formulas, levers, what changed."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from data.arrays import Array
from data.contract import Contract, Field, Lever, bounds
from data.errors import BadInput
from data.formulas import parse_formula
from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.engine.scorer import TableScorer
from model.engine.tables import probability
from model.export.phone.formulas import FormulaTree, Operand, single_tree
from model.export.phone.package import APP, phone_package, write_package
from model.settings import Settings
from model.whatif.customer.attribution import changes
from model.whatif.customer.decision import decide
from model.whatif.customer.scenario import CUTOFF, CustomerScenario, edit
from tests.support import second_book
from tests.support.kept import KeptReleases
from tests.support.phones import folder_served

pytestmark = pytest.mark.browser
DAY = date(2026, 11, 2)
RECORDS = 10_000
PD_GAP, REASON_GAP = 1e-12, 1e-9
UNSEEN = 987.0  # a code that no contract has


class Phone(NamedTuple):
    """A model, and a page on which its package lies."""

    model: DeployedModel
    page: Page

    @property
    def scorer(self) -> TableScorer:
        found = self.model.local_scorer
        assert isinstance(found, TableScorer)
        return found

    @property
    def contract(self) -> Contract:
        return self.model.contract

    def asked(self, script: str, given: Any) -> Any:
        """What a script gives, within the app's own policy: engine, whatif and the opened model are there."""
        return self.page.evaluate(
            """async ([body, given]) => {
              const [engine, whatif] = await Promise.all(["engine", "whatif"].map((name) => import(`./${name}.js`)));
              const known = await (await fetch("model.json")).json();
              const model = engine.openModel(known);
              const records = (rows) => rows.map((row) => Float64Array.from(row, (x) => x ?? NaN));
              const scripts = {
                answers: ({raw}) => records(raw).map((record) => [
                  engine.probability(engine.marginOf(model, record)), ...engine.reasonsOf(model, record)]),
                derived: ({raw}) => records(raw).map((record) => [...engine.derive(model, record)].map(String)),
                codes: ({values}) => values.map((row, k) => row.map((x) => engine.codeOf(model.tables, k, x ?? NaN))),
                whatIfs: ({cases, assumed}) => cases.map(({base, levers, fields}) => {
                  const [from] = records([base]);
                  const edits = {levers: new Map(levers), fields: new Map(fields)};
                  const now = whatif.edited(model, from, edits);
                  const [decision, moved] = [whatif.decide(model, now, assumed), whatif.changes(model, from, now)];
                  return {now: [...now], decision, moved, broken: whatif.broken(model, now).length};
                }),
              };
              return scripts[body](given);
            }""",
            [script, given],
        )


@pytest.fixture(scope="module", params=["cards", "small_business", second_book.NAME])
def phone(
    request: pytest.FixtureRequest, kept: KeptReleases, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Phone]:
    """The package of each shipped book, and of a made-up one, opened."""
    folder = tmp_path_factory.mktemp("phone")
    if request.param == second_book.NAME:
        second_book.lay_down(folder / "home")
    kept.champion(folder / "home", request.param)
    model = DeployedModels(lambda: Settings(home=folder / "home")).model(request.param)
    assert model is not None
    write_package(folder / "package", phone_package(model, day=DAY))
    with folder_served(folder / "package") as server:
        context = browser.new_context(service_workers="block")
        page = context.new_page()
        page.goto(server.url)
        yield Phone(model, page)
        context.close()


def as_json(raw: Array) -> list[list[float | None]]:
    """Records (fields, n) one a row, NaN as null."""
    return [[None if np.isnan(x) else float(x) for x in row] for row in raw.T]


def hard_records(scorer: TableScorer, raw: Array, n: int) -> Array:
    """Records (fields, n) of a book with each field's values mixed, some missing, some codes unseen, and fields that
    the model reads as they are put to its thresholds and to their neighbours."""
    rng = np.random.default_rng(7)
    fields = np.arange(len(raw))[:, None]
    found = raw[fields, rng.integers(0, raw.shape[1], (len(raw), n))]
    found[:, : n // 3] = raw[:, rng.integers(0, raw.shape[1], n // 3)]
    found[rng.random(found.shape) < 0.01] = np.nan
    contract, tables = scorer.contract, scorer.tables
    coded = [k for k, field in enumerate(contract.record) if field.codes]
    for k in coded:
        found[k, rng.random(n) < 0.01] = UNSEEN
    for k, each in enumerate(contract.inputs):
        edges = tables.edges[tables.starts[k] : tables.starts[k + 1]]
        if each.formula in contract.row and len(edges):
            near = np.concatenate([edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf)])
            hit = rng.choice(n, min(n // 10, 4 * len(near)), replace=False)
            found[contract.row[each.formula], hit] = rng.choice(near, len(hit))
    return found


def test_probabilities_and_reasons_of_ten_thousand_records_are_those_of_python(phone: Phone):
    raw = hard_records(phone.scorer, phone.model.book.raw, RECORDS)
    found = np.array(phone.asked("answers", {"raw": as_json(raw)}))
    assert np.isnan(raw).any(axis=0).sum() > 200
    assert (raw == UNSEEN).any() == any(field.codes for field in phone.contract.record)
    assert np.abs(found[:, 0] - probability(phone.scorer.margins(raw))).max() <= PD_GAP
    assert np.abs(found[:, 1:].T - phone.scorer.reasons(raw).values).max() <= REASON_GAP


def test_every_threshold_its_neighbours_and_a_gap_have_the_codes_of_python(phone: Phone):
    tables = phone.scorer.tables
    width = 3 * max(np.diff(tables.starts)) + 3
    values = np.full((tables.n_inputs, width), np.nan)
    for k in range(tables.n_inputs):
        edges = tables.edges[tables.starts[k] : tables.starts[k + 1]]
        near = np.concatenate([edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf), [-1e300, 1e300]])
        values[k, : len(near)] = near
    found = phone.asked("codes", {"values": as_json(values.T)})
    assert np.array_equal(found, tables.encode(values))


def test_what_the_model_is_given_is_the_same_to_the_last_bit(phone: Phone):
    raw = hard_records(phone.scorer, phone.model.book.raw, 1_000)
    found = np.array(phone.asked("derived", {"raw": as_json(raw)}), float).T
    expected = phone.contract.derive(raw)
    assert np.array_equal(found, expected, equal_nan=True)


# ---- levers, edits, what changed ------------------------------------------------------------------------------------


def drawn_edits(contract: Contract, rng: np.random.Generator) -> dict[str, float]:
    """Some levers and fields put somewhere."""
    edits: dict[str, float] = {}
    told_by = [field for field in contract.record if field.concept]
    parts: tuple[Lever | Field, ...] = (*contract.levers, *told_by)
    for part in parts:
        if rng.random() > (0.5 if isinstance(part, Lever) else 0.15):
            continue
        low, high = bounds(part)
        codes = getattr(part, "codes", {})
        value = (
            float(rng.choice(list(codes)))
            if codes
            else low + part.step * round(rng.random() * (high - low) / part.step)
        )
        edits[part.name] = float(np.clip(value, low, high))
    return edits


def applied(contract: Contract, base: Array, edits: dict[str, float]) -> Array:
    """The record after edits of any field, also of those that only a record typed by hand may have otherwise."""
    levers = {each.name for each in contract.levers}
    out = edit(contract, base, {name: value for name, value in edits.items() if name in levers})
    for name, value in edits.items():
        if name not in levers:
            out[contract.row[name]] = value
    return out


def test_levers_edits_decision_and_what_changed_are_those_of_python(phone: Phone):
    contract, scorer, rng = phone.contract, phone.scorer, np.random.default_rng(3)
    levers = {each.name: k for k, each in enumerate(contract.levers)}
    assumed = CustomerScenario().values(contract)
    cases, expected = [], []
    for number in rng.choice(phone.model.book.ids, 300, replace=False):
        base, edits = phone.model.book.record(int(number)), drawn_edits(contract, rng)
        cases.append(
            {
                "base": as_json(base)[0],
                "levers": [[levers[name], value] for name, value in edits.items() if name in levers],
                "fields": [[contract.row[name], value] for name, value in edits.items() if name not in levers],
            }
        )
        expected.append((base, applied(contract, base, edits)))
    given_assumed = {"cutoff": assumed[CUTOFF], "values": {name: assumed[name] for name in contract.exposed_to}}
    found = phone.asked("whatIfs", {"cases": cases, "assumed": given_assumed})
    split = 0
    for each, (base, now) in zip(found, expected, strict=True):
        assert each["now"] == now[:, 0].tolist()
        assert bool(each["broken"]) == bool(contract.broken(now))
        decision = decide(scorer, now, assumed)
        said = each["decision"]
        assert said["granted"] == decision.granted
        assert [said["pd"], said["score"]] == pytest.approx([decision.pd, decision.score], abs=1e-9)
        assert [said["loss"], said["ownLoss"]] == pytest.approx([decision.expected_loss, decision.net_loss], rel=1e-9)
        split += compare_changes(scorer, base, now, each["moved"])
    assert split > 100


def compare_changes(scorer: TableScorer, base: Array, now: Array, moved: list[dict[str, Any]]) -> bool:
    """Hold what changed against Python's; whether anything did."""
    whole = changes(scorer, base, now)
    assert sum(each["pd"] for each in moved) == pytest.approx(whole.edited - whole.base, abs=1e-12)
    parts = {frozenset(each["concepts"]): each["pd"] for each in moved}
    assert parts == pytest.approx({frozenset(each.concepts): each.pd for each in whole.parts}, abs=1e-12)
    return bool(parts)


# ---- formulas -------------------------------------------------------------------------------------------------------

NAMES = ("x", "y", "gap", "bill_1", "bill_2", "bill_3")
MONTHS = tuple(FormulaTree(f"bill_{k}") for k in (1, 2, 3))
OPERANDS: dict[str, Operand] = {name: FormulaTree(name) for name in NAMES} | {"bill": MONTHS}
CONSTANTS = st.sampled_from(["0", "1", "2", "0.5", "3.25", "-1", "10", "0.01", "missing", "(1 / 3)"])


def pairs(of: st.SearchStrategy[str], *shapes: str) -> st.SearchStrategy[str]:
    return st.builds(lambda shape, a, b, c: shape.format(a=a, b=b, c=c), st.sampled_from(shapes), of, of, of)


def figures(of: st.SearchStrategy[str], conditions: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Formulas of single numbers made of smaller ones."""
    plain = pairs(
        of,
        "({a} + {b})",
        "({a} - {b})",
        "({a} * {b})",
        "({a} / {b})",
        "max({a}, {b})",
        "min({a}, {b})",
        "abs({a})",
        "-{a}",
    )
    rounded = st.builds("round({}, {})".format, of, st.sampled_from(["0", "2", "4", "-1"]))
    picked = pairs(of, "pick({a}, 1, 0.25, 2, missing, -1, 7, {b})", "pick(round({a}, 0), 0, 1, 1, 0, 3)")
    months = st.builds(
        "{}({})".format,
        st.sampled_from(["max", "min", "sum", "mean", "count"]),
        st.sampled_from(
            ["bill", "latest(bill, 2)", "earliest(bill, 1)", "previous(bill)", "max(bill, 0)", "bill - previous(bill)"]
        )
        | st.builds("where(bill > {}, bill, {})".format, of, of)
        | st.builds("bill * {}".format, of),
    )
    counted = st.builds("{}({} {} {})".format, st.sampled_from(["count", "sum", "mean"]), st.just("bill"), SIGNS, of)
    chosen = st.builds("where({}, {}, {})".format, conditions, of, of)
    held = st.builds("({} + {})".format, conditions, of)
    return plain | rounded | picked | months | counted | chosen | held


SIGNS = st.sampled_from([">", ">=", "<", "<=", "==", "!="])
LEAVES = st.sampled_from(["x", "y", "gap", "bill_1", "bill_3"]) | CONSTANTS


def conditions(of: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    compared = st.builds("({} {} {})".format, of, SIGNS, of)
    return compared | st.builds("({} {} {})".format, compared, st.sampled_from(["&", "|"]), compared)


FORMULAS = st.recursive(LEAVES, lambda of: figures(of, conditions(of)), max_leaves=8)
SEVERAL = 10  # formulas an example
VALUES = st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.5, 0.005, 1e-9, 1234.565, -340_000.0, 1e6, 0.1 + 0.2, float("nan")])


RECKONED = """async ({trees, names, rows}) => {
  const {compile} = await import("./formulas.js");
  const records = rows.map((row) => Float64Array.from(row, (x) => x ?? NaN));
  return trees.map((tree) => {
    const made = compile(tree, new Map(names.map((name, k) => [name, k])));
    return records.map((row) => String(Number(made(row))));
  });
}"""


@pytest.fixture
def reckoner(browser: Browser) -> Iterator[Page]:
    """A page of the app's own, on which its modules can be asked."""
    with folder_served(APP) as server:
        context = browser.new_context(service_workers="block")
        page = context.new_page()
        page.goto(server.url)
        yield page
        context.close()


def made_formulas(count: int) -> tuple[list[str], list[list[float]]]:
    """So many formulas, and records to read."""
    texts, rows = dict[str, None](), list[list[float]]()

    @settings(max_examples=count // SEVERAL, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(FORMULAS, min_size=SEVERAL, max_size=SEVERAL),
        st.lists(VALUES, min_size=len(NAMES), max_size=len(NAMES)),
    )
    def collect(some: list[str], row: list[float]) -> None:
        texts.update(dict.fromkeys(some))
        rows.append(row)

    collect()
    return list(texts), rows[:60]


def test_any_formula_gives_on_the_phone_what_it_gives_in_python(reckoner: Page):
    """A sign of a zero is told apart by a division only, and numpy leaves open which zero is the greater."""
    texts, rows = made_formulas(4_000)
    raw = np.array(rows).T
    values = {name: raw[k] for k, name in enumerate(NAMES)} | {"bill": raw[3:]}
    kept, trees, expected = list[str](), list[Any](), list[Array]()
    for text in texts:
        try:
            tree = single_tree(text, OPERANDS)
        except BadInput:
            continue
        with np.errstate(all="ignore"):
            found = parse_formula(text, set(OPERANDS))(values)
        kept.append(text)
        trees.append(tree)
        expected.append(np.broadcast_to(np.asarray(found, float), raw.shape[1:]))
    given_all = {"trees": trees, "names": NAMES, "rows": as_json(raw)}
    said = np.array(reckoner.evaluate(RECKONED, given_all), float)
    assert len(kept) > 400
    for text, own, other in zip(kept, np.array(expected), said, strict=True):
        differ = ~((own == other) | (np.isnan(own) & np.isnan(other)))
        signs_alone = np.isinf(own) & np.isinf(other)
        assert not (differ & ~signs_alone).any(), (
            text,
            own[differ],
            other[differ],
            json.dumps(raw[:, differ].tolist()),
        )
