"""What a batch costs, printed, never asserted: ``python -m model bench --batch``. Each is the command itself, a process
of its own, from its start to its end; beside it what scikit-learn and shap take for the same file."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from data.arrays import Array, Arrow
from data.books import Book
from model.bench import resampled
from model.release import training
from model.release.installed import installed_book
from model.release.release import Release

PIECE = 1_000_000  # rows that are made at a time
GROUP = 65_536
PATH_ROWS, BACKGROUND_ROWS, BACKGROUND = 2_000, 40, 60
CSV_ROWS = 1_000_000  # of which text is scored, at most
GB = 1e9


@dataclass(frozen=True)
class BatchCost:
    """What one way took for ``rows`` rows: ``seconds`` wall, from start to end, at most ``bound`` where that is
    promised (NaN: not); ``memory`` at its highest and what is written, in GB, NaN where it was not looked at."""

    name: str
    rows: int
    seconds: float
    bound: float = np.nan
    memory: float = np.nan
    memory_bound: float = np.nan
    written: float = np.nan


def batch_costs(release: Release, rows: int, told: Callable[[str], None] = lambda _: None) -> list[BatchCost]:
    """Scored with and without reasons, from Parquet and from CSV, and the same by scikit-learn and shap."""
    home = release.path.parents[2]
    book = installed_book(str(release.manifest["book"]), home)
    with TemporaryDirectory() as place:
        folder = Path(place)
        told(f"Writing {rows:,} records")
        source = _source(folder / "in.parquet", book, rows)
        found = []
        million = rows == 1_000_000
        for name, words, bound in (
            ("score and reasons by input, Parquet to Parquet", ["--explain"], 4.0),
            ("score alone, Parquet to Parquet", [], 3.0),
        ):
            told(name)
            memory = 1.5 if rows >= 10_000_000 else np.nan
            cost = _command(release, home, source, folder / "out.parquet", words)
            found.append(BatchCost(name, rows, cost[0], bound if million else np.nan, cost[1], memory, cost[2]))
        if rows <= CSV_ROWS:
            told("From CSV")
            text = folder / "in.csv"
            pa_csv.write_csv(pq.read_table(source), text)
            seconds, memory, written = _command(release, home, text, folder / "out.csv", [])
            found.append(BatchCost("score alone, CSV to CSV", rows, seconds, memory=memory, written=written))
        told("The same by scikit-learn and shap")
        return [*found, *_others(release, source, rows)]


def _source(path: Path, book: Book, rows: int) -> Path:
    names = [book.contract.book.id, *(field.name for field in book.contract.record)]
    whole = [field.name for field in book.contract.record if field.codes or field.step >= 1]

    def pieces() -> Iterator[Arrow]:
        for first in range(0, rows, PIECE):
            n = min(PIECE, rows - first)
            raw = resampled(book, n, seed=first // PIECE)
            columns = [pa.array(np.arange(first, first + n))]
            for name, values in zip(names[1:], raw, strict=True):
                exact = name in whole and bool((values == np.trunc(values)).all())
                columns.append(pa.array(values.astype(np.int32) if exact else values))
            yield pa.table(columns, names)

    writer = None
    for piece in pieces():
        writer = writer or pq.ParquetWriter(path, piece.schema)
        writer.write_table(piece.cast(writer.schema), row_group_size=GROUP)
    assert writer is not None
    writer.close()
    return path


def _command(release: Release, home: Path, source: Path, out: Path, words: list[str]) -> tuple[float, float, float]:
    """Seconds, GB at the highest, GB written, of the command in a process of its own."""
    for each in out.parent.glob(f"{out.name}*"):
        each.unlink()
    line = [sys.executable, "-m", "model", "score", str(source), str(out), "--json", "--release", release.id, *words]
    line += ["--book", str(release.manifest["book"])]
    begun = time.perf_counter()
    process = subprocess.Popen(
        line, env={**os.environ, "WHATIF_HOME": str(home)}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    process.stdout.read()
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, line
    return seconds, used.ru_maxrss * 1024 / GB, out.stat().st_size / GB


def _others(release: Release, source: Path, rows: int) -> list[BatchCost]:
    """`predict_proba` of a million rows at most, and `shap.TreeExplainer` of a few, each taken as often as there are
    rows."""
    import shap

    model, contract = release.fitted(), release.contract
    file = pq.ParquetFile(source)
    few = next(file.iter_batches(min(rows, PIECE), columns=[field.name for field in contract.record]))
    raw = np.ascontiguousarray(np.array([np.asarray(column, np.float64) for column in few.columns]))
    x = training.rows(contract.derive(raw))
    reference = x[np.linspace(0, len(x) - 1, BACKGROUND).astype(int)]
    path = shap.TreeExplainer(model)
    background = shap.TreeExplainer(model, reference, feature_perturbation="interventional")

    def whole(work: Callable[[Array], object], sample: Array) -> float:
        begun = time.perf_counter()
        work(sample)
        return (time.perf_counter() - begun) * rows / len(sample)

    score = whole(model.predict_proba, x)
    by_path = whole(lambda some: path.shap_values(some, check_additivity=False), x[:PATH_ROWS])
    against = whole(lambda some: background.shap_values(some, check_additivity=False), x[:BACKGROUND_ROWS])
    return [
        BatchCost(f"predict_proba, from {len(x):,} rows, nothing read or written", rows, score),
        BatchCost(
            f"predict_proba + shap.TreeExplainer, path-dependent, from {PATH_ROWS:,} rows", rows, score + by_path
        ),
        BatchCost(
            f"predict_proba + shap.TreeExplainer, {BACKGROUND} rows as background, from {BACKGROUND_ROWS} rows",
            rows,
            score + against,
        ),
    ]
