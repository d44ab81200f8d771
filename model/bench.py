"""Figures of every hot path, printed, never asserted: ``python -m model bench``.

CPU seconds of this process on one core, medians of several runs. "One million loans" is the book resampled with
5 % noise on amounts, fixed seed; score and reasons start from codes, deriving and binning are reported beside them.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from data.arrays import Array
from data.books import OWN, Book
from data.contract import Assumption, Contract, Shock
from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.deployed.saved import measured, opened
from model.engine.identity import Deployed
from model.engine.scorer import TableScorer
from model.export.memo.files import PAPERS, SLIDES, SLIDES_END
from model.export.memo.memo import Memo, Occasion
from model.export.memo.subjects import memo_of
from model.export.workbook.workbook import asked_book_workbook, asked_customer_workbook
from model.record.database import engine
from model.record.scenarios import ScenarioStore
from model.release import training
from model.release.installed import installed_book
from model.release.release import Release
from model.release.store import Store
from model.report.ask.book import book_line, book_vocabulary, read_book_line
from model.report.ask.completion import completions
from model.report.comparison.briefing import comparison_briefing
from model.scoring.stream.answers import decision_answers
from model.scoring.stream.decider import Decider
from model.scoring.stream.loop import now_ms
from model.scoring.stream.messages import Message
from model.scoring.stream.simulate import application_values
from model.security.people import Person
from model.settings import Settings
from model.whatif.book.bridge import bridge
from model.whatif.book.scenario import BookScenario, layers
from model.whatif.book.scored import ScoredBook
from model.whatif.book.tornado import grid, tornado
from model.whatif.comparison.comparison import Comparison
from model.whatif.comparison.result import ComparisonResult
from model.whatif.customer.attribution import changes
from model.whatif.customer.decision import decide, explain
from model.whatif.customer.decision import score_scale as points
from model.whatif.customer.scenario import CustomerScenario, apply, base_record
from model.whatif.customer.sensitivity import flips, sweep
from model.whatif.policy.strategy import Strategy
from model.whatif.saved import SavedScenario
from model.whatif.scenario_filter import ScenarioFilter

TODAY = date(2026, 1, 1)
SMALL = 50_000  # records up to which a release is made while one waits
SIZES = (30_000, 300_000, 1_000_000, 10_000_000)
MANY_SCENARIOS = 1_000
PAPER_BOUNDS = {"html": 1.0, "pdf": 5.0, "docx": 1.0, "pptx": 1.0}  # seconds, by the ending of the file
PAPER_SIZE = {"html": " of at most 1.5"}
MEMORY = {1_000_000: 1.5, 10_000_000: 4.0}  # GB at most
STREAMED = 500  # applications of a micro-batch


@dataclass(frozen=True)
class Figure:
    """One measured path. ``seconds`` is the median CPU time of ``runs`` runs; ``bound`` what it may be at most, in
    seconds, NaN where nothing is promised."""

    name: str
    seconds: float
    runs: int
    bound: float = np.nan


def cpu(work: Callable[[], object], runs: int, inner: int = 1) -> float:
    """Median CPU seconds of one call, after one call that is not counted."""
    work()
    found = []
    for _ in range(runs):
        start = time.process_time()
        for _ in range(inner):
            work()
        found.append((time.process_time() - start) / inner)
    return median(found)


def resampled(book: Book, rows: int, seed: int = 0) -> Array:
    """``rows`` records of the book, drawn with replacement, with 5 % noise on amounts. (fields, rows)"""
    rng = np.random.default_rng(seed)
    raw = book.raw[:, rng.integers(0, len(book), rows)]
    for k, field in enumerate(book.contract.record):
        if not field.codes and k:  # amounts but the limit, whose round values the model knows
            moved = np.round(raw[k] * rng.normal(1, 0.05, rows)).clip(field.minimum, field.maximum)
            raw[k] = np.where(field.is_special(raw[k]), raw[k], moved)
    return np.ascontiguousarray(raw)


def run(release: Release, rows: int = 1_000_000, told: Callable[[str], None] = lambda _: None) -> list[Figure]:
    """All figures, for ``rows`` loans."""
    book = installed_book(str(release.manifest["book"]), release.path.parents[2])
    scorer = release.scorer
    scale = rows / 1e6
    told(f"Resampling {rows:,} loans")
    raw = resampled(book, rows)
    inputs = scorer.contract.derive(raw)
    codes = scorer.tables.encode(inputs)
    weights = np.ones(rows)
    found = []

    def note(name: str, seconds: float, runs: int, bound: float = np.nan) -> None:
        found.append(Figure(name, seconds, runs, bound))
        told(f"{name}: {seconds:.4g} s")

    many = f"{rows:,} loans"
    note(f"SHAP from codes, {many}", cpu(lambda: scorer.shapley.explain(codes), 5), 5, 0.3 * scale)
    note(f"score from codes, {many}", cpu(lambda: scorer.tables.margins(codes), 5), 5, 0.15 * scale)
    note(f"driver totals from codes, {many}", cpu(lambda: scorer.shapley.totals(codes, weights), 5), 5)
    note(f"derive inputs, {many}", cpu(lambda: scorer.contract.derive(raw), 3), 3, 2 * scale)
    note(f"bin inputs, {many}", cpu(lambda: scorer.tables.encode(inputs), 3), 3, 2 * scale)
    after = codes.copy()
    after[0] = (after[0] + 1) % scorer.tables.sizes[0]
    margins = scorer.tables.margins(codes)
    note(f"re-score one changed input, {many}", cpu(lambda: scorer.tables.rescored(margins, codes, after, [0]), 5), 5)
    _whole_book(ScoredBook(scorer, raw, np.arange(1, rows + 1)), scale, note)
    _two_way(ScoredBook.of(scorer, book), note)
    _five_compared(ScoredBook.of(scorer, book), book, note)
    _one_customer(scorer, book, note)
    _streamed(release, book, note)
    _asked_in_words(scorer.contract, note)
    _against_shap(scorer, book, note)
    _saved_scenarios(release, book, note)
    _papers(release, book, note)
    _workbooks(release, book, note)
    return found


def _shocked(contract: Contract, *shocks: Shock) -> dict[str, float]:
    """Each shock at twice its swing, the adverse way, as far as it goes."""
    values = {each.name: 2 * each.swing * each.adverse or each.step for each in shocks}
    return {each.name: min(max(values[each.name], each.minimum), each.maximum) for each in shocks}


def _columns(contract: Contract, shock: Shock) -> int:
    """How many raw columns a shock moves."""
    return sum(contract.rows[name].stop - contract.rows[name].start for name in contract.struck(shock.name))


def _widest(contract: Contract) -> Shock:
    """The first shock that moves the most raw columns."""
    return max(contract.shocks, key=lambda each: _columns(contract, each))


def _economy(contract: Contract) -> dict[str, float]:
    """The first variable of the economy that has a coefficient, three units worse."""
    return {each.name: 3.0 * each.adverse for each in contract.economy[:1]}


def _stress(whole: ScoredBook, **values: float) -> BookScenario:
    stress = BookScenario()
    for name, value in values.items():
        stress = stress.with_value(whole.contract, name, value)
    return stress


def _afresh(whole: ScoredBook, work: Callable[[], object]) -> Callable[[], object]:
    """Work that remembers nothing from the time before."""

    def do() -> object:
        whole.forget()
        return work()

    return do


def _lever(whole: ScoredBook, **values: float) -> Callable[[], object]:
    """What one lever costs: shock, derive, bin, re-score, loss, capital, margin, and what the model reacted to."""
    numbers = layers(whole.contract, _stress(whole, **values), TODAY)
    return _afresh(whole, lambda: (whole.totals([numbers]), whole.reactions(numbers)))


def _levers(whole: ScoredBook, **values: float) -> Callable[[], object]:
    stress = _stress(whole, **values)
    return _afresh(whole, lambda: bridge(whole, stress, today=TODAY))


def wall(work: Callable[[], object]) -> float:
    """Seconds that one call takes on all cores."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median_wall(work: Callable[[], object], runs: int) -> float:
    """Median seconds that one call takes on all cores."""
    return median(wall(work) for _ in range(runs))


def _whole_book(whole: ScoredBook, scale: float, note: Callable[..., None]) -> None:
    many, contract = f"{whole.n:,} loans", whole.contract
    whole.totals([layers(whole.contract, BookScenario(), TODAY)])  # the one-year PD's shift is found once a book
    first, widest = contract.shocks[0], _widest(contract)
    count = _columns(contract, widest)
    one, many_columns = _lever(whole, **_shocked(contract, first)), _lever(whole, **_shocked(contract, widest))
    note(f"one lever ({first.label.lower()}), {many}", cpu(one, 3), 3, 0.6 * scale)
    moved_by = f"{count} raw column{'s' * (count > 1)} ({widest.label.lower()})"
    note(f"{moved_by}, {many}", cpu(many_columns, 3), 3, 1.5 * scale)
    three, four = _shocked(contract, *contract.shocks[:3]), _shocked(contract, *contract.shocks[:4])
    moved = wall(_levers(whole, **three, **_economy(contract)))
    note(f"what moved it, {len(three)} shocks and the economy, wall, {many}", moved, 1, 8 * scale)
    note(f"what moved it, {len(four)} shocks, wall, {many}", wall(_levers(whole, **four)), 1, 8 * scale)
    rows = whole.rows(layers(whole.contract, BookScenario(), TODAY))
    scores, bad = np.asarray(points(whole.contract).score(whole.margins)), np.zeros(whole.n)
    note(
        f"strategy curve, every whole point, {many}",
        cpu(lambda: Strategy.of(scores, rows, bad).curves, 3),
        3,
        0.5 * scale,
    )
    swings = _afresh(whole, lambda: tornado(whole, _stress(whole), measure="loss", today=TODAY))
    note(f"tornado of all levers, wall, {many}", wall(swings), 1, 8 * scale)


def _two_way(whole: ScoredBook, note: Callable[..., None]) -> None:
    """A two-way table of two shocks on the book as it is shipped: the dearest there is."""
    stress = _stress(whole)
    pair = [each for each in whole.contract.shocks if not each.share][-2:]
    first, second = (np.linspace(each.minimum, each.maximum, 11).tolist() for each in pair)

    def table() -> object:
        return grid(
            whole,
            stress,
            first=pair[0].name,
            first_values=first,
            second=pair[1].name,
            second_values=second,
            measure="loss",
            today=TODAY,
        )

    name = f"two-way table {len(first)} × {len(second)}, two shocks, wall, {whole.n:,} loans"
    note(name, wall(_afresh(whole, table)), 1, 3)


def _five_compared(whole: ScoredBook, book: Book, note: Callable[..., None]) -> None:
    """Five scenarios of the book as it is shipped side by side, nothing remembered: numbers, what differs, and what
    moved each."""
    contract = whole.contract
    first, second = contract.shocks[:2]
    members = [_stress(whole), _stress(whole, **_economy(contract)), _stress(whole, **_shocked(contract, first))]
    members += [_stress(whole, **_shocked(contract, first, second))]
    members += [_stress(whole, **_shocked(contract, first, second), **_economy(contract))]
    comparison = Comparison()
    for number, each in enumerate(members, 1):
        comparison = comparison.with_member(f"Number {number}", each)

    def side_by_side() -> object:
        result = ComparisonResult.of_book(whole, book, comparison, day=TODAY)
        return comparison_briefing(result, model=Deployed("bench")).findings

    name = f"{len(comparison.members)} scenarios compared, with their bridges, wall, {whole.n:,} loans"
    side_by_side()
    note(name, wall(_afresh(whole, side_by_side)), 1, 1.5)


def life(home: Path, name: str, told: Callable[[str], None] = lambda _: None) -> list[Figure]:
    """Seconds of a release's life on all cores: made with every test and gate, loaded with every check, verified with a
    training once more; in a home of its own, so that nothing there is changes."""
    book, found = installed_book(name, home), list[Figure]()
    small = len(book) <= SMALL

    def note(doing: str, seconds: float, runs: int, bound: float) -> None:
        found.append(Figure(f"{doing}, {len(book):,} records", seconds, runs, bound))
        told(f"{found[-1].name}: {seconds:.4g} s")

    with TemporaryDirectory() as place:
        own = Path(place)
        if (home / OWN).is_dir():
            (own / OWN).symlink_to((home / OWN).resolve(), target_is_directory=True)
        store, made = Store(own, name), list[Release]()
        note("train and gate", wall(lambda: made.append(store.train())), 1, 120 if small else 600)
        identity = made[0].id
        note("load a release, checks included", median_wall(lambda: store.load(identity), 5), 5, 0.5)
        note("verify, training included", wall(lambda: store.verify(identity)), 1, 60 if small else np.nan)
    return found


@dataclass(frozen=True)
class Growth:
    """What the whole book costs at ``rows`` loans: CPU seconds of one lever and of six raw columns, seconds on all
    cores of the bridge over four levers, the process's peak memory in GB with its bound, NaN where there is none."""

    rows: int
    one_lever: float
    six_columns: float
    bridge: float
    memory: float
    bound: float


def growth(release: Release, most: int, told: Callable[[str], None] = lambda _: None) -> list[Growth]:
    """How the cost grows with the rows, up to ``most``, each size in a process of its own."""
    found = []
    for rows in (each for each in SIZES if each <= most):
        told(f"{rows:,} loans")
        command = [sys.executable, "-m", "model.bench", str(release.path.resolve()), str(rows)]
        alone = subprocess.run(command, capture_output=True, check=True, cwd=Path(__file__).parents[1])
        found.append(Growth(**json.loads(alone.stdout)))
    return found


def _grown(path: Path, rows: int) -> Growth:
    import resource  # not on Windows

    release = Store(path.parents[2], path.parent.name).load(path.name)
    book = installed_book(path.parent.name, path.parents[2])
    whole = ScoredBook(release.scorer, resampled(book, rows), np.arange(1, rows + 1))
    whole.totals([layers(whole.contract, BookScenario(), TODAY)])
    runs = 3 if rows <= 1_000_000 else 1
    contract = whole.contract
    one, wide = _shocked(contract, contract.shocks[0]), _shocked(contract, _widest(contract))
    four = _shocked(contract, *contract.shocks[:3]) | _economy(contract)
    costs = cpu(_lever(whole, **one), runs), cpu(_lever(whole, **wide), runs), wall(_levers(whole, **four))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
    return Growth(rows, *costs, peak, MEMORY.get(rows, np.nan))


def _one_customer(scorer: TableScorer, book: Book, note: Callable[..., None]) -> None:
    contract = scorer.contract
    record = book.raw[:, :1].copy()

    def score_and_reasons() -> None:
        codes = scorer.tables.encode(contract.derive(record))
        scorer.tables.margins(codes)
        scorer.shapley.explain(codes)

    note("one customer: derive, bin, score, SHAP", cpu(score_and_reasons, 7, 300), 7, 0.0005)
    scenario = CustomerScenario(int(book.ids[0]))
    for lever in contract.levers[:3]:
        scenario = scenario.edited(contract, lever.name, lever.maximum)
    edits, assumed = dict(scenario.edits), scenario.values(contract)
    base = base_record(book, scenario)
    edited = apply(contract, base, edits)
    first = contract.levers[0].name

    def page() -> None:
        decide(scorer, base, assumed)
        decide(scorer, edited, assumed)
        explain(scorer, edited)
        changes(scorer, base, edited)
        flips(scorer, book, base=base, edits=edits, cutoff=contract.score.cutoff)
        sweep(scorer, book, base=base, edits=edits, name=first, cutoff=contract.score.cutoff)

    note("one what-if: two decisions, reasons, changes, flips, sweep", cpu(page, 7, 20), 7)


def _streamed(release: Release, book: Book, note: Callable[..., None]) -> None:
    """Applications of a stream from the bytes that come to the bytes that go, without a broker."""
    at = now_ms()
    values = application_values(book.contract, list(map(str, range(STREAMED))), book.raw[:, :STREAMED])
    came = [Message("applications", 0, k, at, None, value) for k, value in enumerate(values)]
    decider = Decider(Store(release.path.parents[2], str(release.manifest["book"])))

    def answered() -> None:
        for batch in decider.decide(came, at).batches:
            decision_answers(batch)

    seconds = cpu(answered, 7, 3) / len(came)
    note(f"stream: an application to its decision with reasons, of {len(came)} at once", seconds, 7, 0.0001)


def _asked_in_words(contract: Contract, note: Callable[..., None]) -> None:
    """A line with every shock, every assumption and a word that it does not know, read as it is while it is typed."""
    scenario = BookScenario()
    movable: tuple[Shock | Assumption, ...] = (*contract.shocks, *contract.assumptions)
    for each in movable:
        scenario = scenario.with_value(contract, each.name, each.maximum)
    line = f"{book_line(contract, scenario)}; an unknwon word"

    def typed() -> None:
        read_book_line(contract, BookScenario(), line)
        completions(line, book_vocabulary(contract))

    note("ask in words: a typed line to its chips", cpu(typed, 7, 5), 7, 0.05)


def _saved_scenarios(release: Release, book: Book, note: Callable[..., None]) -> None:
    """A saved scenario opened, with the numbers of then and now, a thousand of them listed and looked through; in a
    database of their own."""
    model = DeployedModel(book, release.scorer, release)
    home, who, name = release.path.parents[2], Person("bench", "admin"), book.contract.book.name
    models = DeployedModels(lambda: Settings(home=home))
    with TemporaryDirectory() as place:
        kept = engine(Settings(home=Path(place)))
        store = ScenarioStore(kept)
        stress = _stress(model.whole, **_economy(book.contract), **_shocked(book.contract, book.contract.shocks[0]))
        draft = measured(model, SavedScenario("0", name, "book", (), "bench"), stress.to_query(), TODAY, None)
        for k in range(MANY_SCENARIOS):
            saved = store.save(replace(draft, name=str(k)), who)

        def look() -> object:
            model.whole.forget()
            return opened(models, model, store.find(saved.id), day=TODAY, find=store.find)

        look()
        seconds = median_wall(look, 5)
        listed = median_wall(lambda: store.listed(name), 5)
        asked, all_of_it = ScenarioFilter(text="99 bench"), store.listed(name)
        searched = median_wall(lambda: asked.among(all_of_it), 5)
        kept.dispose()
    note(f"open a saved scenario, wall, {len(book):,} records", seconds, 5, 0.5)
    note(f"list {MANY_SCENARIOS:,} saved scenarios, wall", listed, 5, 0.5)
    note(f"look through {MANY_SCENARIOS:,} saved scenarios for two words, wall", searched, 5, 0.25)


def _papers(release: Release, book: Book, note: Callable[..., None]) -> None:
    """The board's paper of a scenario in each kind, asked of the model anew."""
    model = DeployedModel(book, release.scorer, release)
    stress = _stress(model.whole, **_economy(book.contract), **_shocked(book.contract, book.contract.shocks[0]))
    occasion = Occasion("bench", TODAY)
    for ending, kind in {**PAPERS, SLIDES_END: SLIDES}.items():

        def write(make: Callable[[Memo], bytes] = kind.make) -> bytes:
            model.whole.forget()
            return make(memo_of(model, stress, occasion))

        size = len(write()) / 1e6
        seconds = median_wall(write, 3)
        what = "six slides" if ending == SLIDES_END else "memo"
        note(f"{what} as .{ending}, {size:.2f} MB{PAPER_SIZE.get(ending, '')}, wall", seconds, 3, PAPER_BOUNDS[ending])


def _workbooks(release: Release, book: Book, note: Callable[..., None]) -> None:
    """The workbooks of one customer, and of the book under a scenario that is asked anew, with their sizes in the
    names."""
    model = DeployedModel(book, release.scorer, release)
    stress = _stress(model.whole, **_economy(book.contract), **_shocked(book.contract, book.contract.shocks[0]))
    customer = CustomerScenario(int(book.ids[0]))

    def of_book() -> bytes:
        model.whole.forget()
        return asked_book_workbook(model, stress, who="bench", day=TODAY)

    def of_customer() -> bytes:
        return asked_customer_workbook(model, customer, who="bench", day=TODAY)

    for name, most, make, bound in (("customer", 0.5, of_customer, 1.0), ("book", 3.0, of_book, 8.0)):
        size = len(make()) / 1e6
        seconds = median_wall(make, 3)
        note(f"{name} workbook, {size:.2f} MB of at most {most:g}, wall", seconds, 3, bound)


def _against_shap(scorer: TableScorer, book: Book, note: Callable[..., None]) -> None:
    """The same reasons from `shap.TreeExplainer`, and the score from scikit-learn, per loan."""
    import shap

    model = training.fit(book)
    n, background, few = len(book), 60, 30
    x = training.rows(book.inputs)
    codes = scorer.tables.encode(book.inputs)
    path = shap.TreeExplainer(model)
    reference = x[np.linspace(0, n - 1, background).astype(int)]
    interventional = shap.TreeExplainer(model, reference, feature_perturbation="interventional")
    note("per loan, SHAP: tables against the whole book", cpu(lambda: scorer.shapley.explain(codes), 7, 5) / n, 7)
    sample = x[:1000]
    explained = cpu(lambda: path.shap_values(sample, check_additivity=False), 3) / len(sample)
    note("per loan, SHAP: shap.TreeExplainer, path-dependent", explained, 3)
    explained = cpu(lambda: interventional.shap_values(x[:few], check_additivity=False), 3) / few
    note(f"per loan, SHAP: shap.TreeExplainer, interventional, {background} rows", explained, 3)
    note("per loan, score: tables", cpu(lambda: scorer.tables.margins(codes), 7, 5) / n, 7)
    with training.one_thread():
        note("per loan, score: predict_proba", cpu(lambda: model.predict_proba(x), 3) / n, 3)


if __name__ == "__main__":  # one size of `growth`, in a process of its own
    print(json.dumps(asdict(_grown(Path(sys.argv[1]), int(sys.argv[2])))))
