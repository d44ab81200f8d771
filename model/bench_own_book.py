"""Figures of bringing a book of one's own: ``python -m model bench --own-book``. Printed, never asserted.

How long a proposal and a first training take of made-up files; what the model's tables cost in AUC against freely grown
trees, tuned, on the same columns, of the shipped books, of scikit-learn's own sets and of a folder's files; and how
often pure noise ranks as chance does, and would be promoted.
"""

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.random import Generator
from numpy.typing import NDArray
from pyarrow import csv

from data.arrays import Array
from data.books import Book, read_book, read_folder
from data.errors import BadInput, ContractError
from data.files.kinds import ENDINGS, Limits
from data.proposing.decisions import Decisions
from data.proposing.proposal import Proposal, lay_down, propose
from data.proposing.sources import Source, read_source
from model.monitoring.discrimination import auc, auc_by_chance, single_input_auc
from model.release import checks, training
from model.release.boosting import proposed_boosting
from model.release.fitted_margins import fitted_margins
from model.release.store import Store
from model.release.variants import SHIPPED

NAME, TARGET = "bench", "bad"
PROPOSED = ((150_000, 12, 10.0), (40_000, 100, 30.0))  # rows, columns, seconds at most
TRAINED = ((1_000, 60, 30.0), (150_000, 10, 90.0), (10_000, 24, 45.0))
MOST_COMPARED = 10_000  # records of a book that is held against freely grown trees
TUNED = tuple(product((0.03, 0.1), (8, 31), (10, 40)))  # learning rate, leaves, records in a leaf at least
MOST_ROUNDS = 400
NOISE, NOISE_ROWS = 100, (300, 600, 1_000)  # files of either kind; their rows, by turns
LIMITS = Limits(memory=2**31, seconds=600, at_once=1)


@dataclass(frozen=True)
class OwnBookFigure:
    """Seconds of a file of ``rows`` and ``columns``: by the clock, and of the processors, other processes of it
    included; ``bound`` is by the clock."""

    name: str
    rows: int
    columns: int
    seconds: float
    cpu: float
    bound: float


@dataclass(frozen=True)
class AucLoss:
    """What the model ranks less well than tuned trees: AUC over five folds, the mean, of either; ``words`` is the share
    of the inputs that are categories."""

    name: str
    rows: int
    inputs: int
    words: float
    ours: float
    tuned: float

    @property
    def loss(self) -> float:
        """By how much the tuned trees rank better."""
        return self.tuned - self.ours


@dataclass(frozen=True)
class NoiseFigure:
    """Of so many ``files`` of noise, as ``name`` says words or numbers: the shares ``inside`` the 95 % interval of
    chance in cross-validation, and in that of ranks ``by_lot``; and how many pass the gates on performance."""

    name: str
    files: int
    inside: float
    by_lot: float
    promotable: int


def made_up(rows: int, columns: int, seed: int = 0) -> pd.DataFrame:
    """A file as banks have them: amounts, shares, counts, months, gaps, a word in every sixth column, and an outcome
    that a dozen of them tell something of."""
    rng = np.random.default_rng(seed)
    table, odds = dict[str, Any](), np.full(rows, -1.6)
    for k in range(columns):
        own: Array
        name, own = _KINDS[k % len(_KINDS)](rng, rows)
        if k < 12:
            odds += 0.5 * (own - own.mean()) / own.std()
        if name == "kind":
            table[f"{name}_{k}"] = np.array(["owner", "tenant", "family", "other"])[own.astype(int)]
        else:
            table[f"{name}_{k}"] = np.where(rng.random(rows) < 0.05 * (k % 5 == 3), np.nan, own)
    table[TARGET] = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(int)
    return pd.DataFrame(table)


Kind = Callable[[Generator, int], tuple[str, Array]]
_KINDS: tuple[Kind, ...] = (
    lambda rng, n: ("balance", np.exp(rng.normal(9.5, 0.7, n)).round(2)),
    lambda rng, n: ("late_times", rng.poisson(0.4, n).astype(float)),
    lambda rng, n: ("used_ratio", rng.beta(2, 5, n).round(4)),
    lambda rng, n: ("part", rng.normal(size=n).round(3)),
    lambda rng, n: ("months_since", rng.integers(0, 360, n).astype(float)),
    lambda rng, n: ("kind", rng.integers(0, 4, n).astype(float)),
)


def own_book_figures(told: Callable[[str], None] = lambda _: None) -> list[OwnBookFigure]:
    """What proposing and training take, of the sizes that have a bound."""
    found = list[OwnBookFigure]()
    for rows, columns, bound in PROPOSED:
        found.append(_timed("init", made_up(rows, columns), bound, train=False))
        told(f"init, {rows:,} × {columns}: {found[-1].seconds:.1f} s")
    for rows, columns, bound in TRAINED:
        found.append(_timed("train and gate", made_up(rows, columns), bound, train=True))
        told(f"train and gate, {rows:,} × {columns}: {found[-1].seconds:.1f} s")
    return found


def _timed(name: str, frame: pd.DataFrame, bound: float, *, train: bool) -> OwnBookFigure:
    with TemporaryDirectory() as folder:
        home = Path(folder)
        file = home / f"{NAME}.csv"
        csv.write_csv(pa.Table.from_pandas(frame), file)
        if train:
            _laid_down(file, home)
        wall, used = time.perf_counter(), _cpu_seconds()
        if train:
            Store(home, NAME).train()
        else:
            _laid_down(file, home)
        seconds, cpu = time.perf_counter() - wall, _cpu_seconds() - used
    return OwnBookFigure(name, len(frame), frame.shape[1] - 1, seconds=seconds, cpu=cpu, bound=bound)


def _cpu_seconds() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def _laid_down(file: Path, home: Path) -> Path:
    return lay_down(_proposal(file), home)


def _proposal(file: Path) -> Proposal:
    source = read_source(file, None, (TARGET,), LIMITS)
    return _proposed(source, Decisions(TARGET, bad=("1",)))


def _proposed(source: Source, decisions: Decisions) -> Proposal:
    return propose(
        source, decisions, name=NAME, margins=fitted_margins, alone=single_input_auc, boosting=proposed_boosting
    )


# ---- what tables cost ----------------------------------------------------------------------------------------------


def auc_losses(told: Callable[[str], None] = lambda _: None, files: Path | None = None) -> list[AucLoss]:
    """What the tables cost in AUC: on the shipped books, on scikit-learn's own sets, on a made-up file, and on the
    ``files`` of a folder of which a book can be proposed."""
    found = []
    given = iter(()) if files is None else books_of_files(files, told)
    for name, book in chain(_compared(), given):
        found.append(auc_loss(name, book))
        told(f"{name}: AUC {found[-1].ours:.4f}, tuned trees {found[-1].tuned:.4f}")
    return found


def auc_loss(name: str, book: Book) -> AucLoss:
    """What the tables cost of one book, on its own five folds."""
    folds = training.folds(book)
    words = np.array([len(each.codes) > 2 for each in book.contract.inputs])
    ours = training.cross_validate(book, [SHIPPED]).found[SHIPPED.label].auc
    tuned = max(_tuned_auc(book, folds, words, how) for how in TUNED)
    return AucLoss(name, len(book), len(words), words=float(words.mean()), ours=ours, tuned=tuned)


def _tuned_auc(book: Book, folds: NDArray[np.int64], words: NDArray[np.bool_], how: tuple[float, int, int]) -> float:
    """The mean AUC of freely grown trees over the folds, with as many rounds as are best on a part of what they learn
    from."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rate, leaves, least = how
    x, found = training.rows(book.inputs), []
    for fold in range(int(folds.max()) + 1):
        known = folds != fold
        model = HistGradientBoostingClassifier(
            learning_rate=rate,
            max_leaf_nodes=leaves,
            min_samples_leaf=least,
            max_iter=MOST_ROUNDS,
            early_stopping=True,
            categorical_features=words,
            random_state=0,
        )
        with training.one_thread():
            model.fit(x[known], book.target[known])
            found.append(auc(book.target[~known], model.predict_proba(x[~known])[:, 1]))
    return float(np.mean(found))


def _compared() -> Iterator[tuple[str, Book]]:
    for name in ("cards", "small_business"):
        book = read_book(name)
        some = np.sort(np.random.default_rng(0).permutation(len(book))[:MOST_COMPARED])
        yield name, book.part(some)
    for name, frame in scikit_learn_sets():
        yield name, proposed_book(frame)
    yield "made up, 24 columns", proposed_book(made_up(MOST_COMPARED, 24))


def books_of_files(folder: Path, told: Callable[[str], None]) -> Iterator[tuple[str, Book]]:
    """The books proposed of the files in a folder. The outcome of each is its last column of two values, of which the
    rarer one is bad; why there is no book of a file is ``told``."""
    for path in sorted(each for each in folder.iterdir() if each.suffix.lower() in ENDINGS):
        try:
            source = read_source(path, limits=LIMITS)
            texts = {str(name): source.frame[name].dropna().astype(str) for name in source.frame}
            pairs = [name for name, each in texts.items() if each.nunique() == 2]
            target = pairs[-1] if pairs else str(source.frame.columns[-1])
            decisions = Decisions(target, bad=(str(texts[target].value_counts().index[-1]),))
            found = _proposed(source, decisions)
        except (BadInput, ContractError) as error:
            told(f"{path.name}: {error}")
            continue
        with TemporaryDirectory() as home:
            yield path.name, read_folder(lay_down(found, Path(home)))


def scikit_learn_sets() -> Iterator[tuple[str, pd.DataFrame]]:
    """scikit-learn's own sets of 200 rows or more, with an outcome of two classes."""
    from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

    frame = load_breast_cancer(as_frame=True).frame
    yield "breast cancer, malignant", frame.assign(target=1 - frame["target"]).rename(columns={"target": TARGET})
    frame = load_diabetes(as_frame=True, scaled=False).frame
    outcome = (frame["target"] > frame["target"].quantile(0.75)).astype(int)
    yield "diabetes, highest quarter", frame.drop(columns="target").assign(**{TARGET: outcome})
    frame = load_digits(as_frame=True).frame
    yield "digits, eight", frame.drop(columns="target").assign(**{TARGET: (frame["target"] == 8).astype(int)})


def proposed_book(frame: pd.DataFrame) -> Book:
    """The book that is proposed of a table."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{NAME}.csv"
        csv.write_csv(pa.Table.from_pandas(frame), file)
        return read_folder(_laid_down(file, Path(folder)))


# ---- noise ---------------------------------------------------------------------------------------------------------


def noise_figures(told: Callable[[str], None] = lambda _: None) -> list[NoiseFigure]:
    """How noise ranks, as words and as numbers."""
    found = []
    for words in (True, False):
        found.append(_noise_figure(words))
        told(f"noise, {found[-1].name}: {found[-1].inside:.0%} as chance does, {found[-1].promotable} promotable")
    return found


def _noise_figure(words: bool) -> NoiseFigure:
    inside, by_lot, promotable = 0, 0, 0
    for seed in range(NOISE):
        book = proposed_book(noise(NOISE_ROWS[seed % len(NOISE_ROWS)], words, seed))
        ranked = training.cross_validate(book, [SHIPPED]).found[SHIPPED.label]
        chance = auc_by_chance(float(book.target.sum()), len(book))
        far, most = abs(ranked.auc - 0.5), chance.high - 0.5
        inside += far <= most
        by_lot += far <= most / np.sqrt(2)
        gates = checks.told_from_noise(checks.performance_gates(book.contract, ranked, ranked), book)
        promotable += all(each.passed for each in gates)
    name = "words" if words else "numbers"
    return NoiseFigure(name, NOISE, inside=inside / NOISE, by_lot=by_lot / NOISE, promotable=promotable)


def noise(rows: int, words: bool, seed: int) -> pd.DataFrame:
    """A file of six columns that say nothing of the outcome, a fifth of it bad."""
    rng = np.random.default_rng(seed)
    table: dict[str, Any] = {"loan_amount": rng.integers(1_000, 50_000, rows)}
    for k in range(6):
        drawn = rng.integers(0, 5 * (k + 1), rows)
        table[f"part_{'abcdef'[k]}"] = [f"w{each:02d}" for each in drawn] if words else rng.normal(drawn, 1).round(3)
    return pd.DataFrame({**table, TARGET: rng.permutation(np.arange(rows) < rows // 5).astype(int)})
