"""The verb that prints the figures of every hot path."""

import math
from collections.abc import Sequence
from pathlib import Path

import click

from model import bench as figures
from model.bench_batch import BatchCost, batch_costs
from model.bench_own_book import (
    AucLoss,
    NoiseFigure,
    OwnBookFigure,
    auc_losses,
    noise_figures,
    own_book_figures,
)
from model.cli.book import book_option, home_of
from model.cli.terminal import Result, answer, json_option, progress
from model.release.store import AUTOMATIC, FIRST, Store


@click.command()
@click.option("--rows", default=1_000_000, type=click.IntRange(1_000, 50_000_000), help="How many loans.")
@click.option("--life", is_flag=True, help="Only how long a release takes to make, to load and to verify.")
@click.option("--growth", is_flag=True, help="Only how the whole book's cost grows with its rows, up to --rows.")
@click.option("--batch", is_flag=True, help="Only what scoring a file of --rows takes, reading and writing included.")
@click.option("--own-book", is_flag=True, help="Only what a book of one's own takes: proposed, trained, and its AUC.")
@click.option(
    "--files",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Of --own-book: a folder of files that the AUC is compared on, too.",
)
@book_option
@json_option
def bench(
    rows: int, life: bool, growth: bool, batch: bool, own_book: bool, files: Path | None, book: str, as_json: bool
) -> None:
    """Print the figures of every hot path."""
    if own_book or files is not None:
        _own_book(files, as_json)
        return
    store = Store(home_of(book), book)
    if life:
        told = progress(as_json)
        lived = [_plain(vars(each)) for each in figures.life(store.home, book, lambda line: told(line, 0.0))]
        answer({"book": book, "figures": lived}, as_json, lambda result: "\n".join(_figure_lines(result["figures"])))
        return
    if "champion" not in store.aliases():
        store.promote(store.train(progress(as_json)).id, who=AUTOMATIC, why=FIRST)
    release = store.load()
    tell = progress(as_json)
    if growth:
        grown = figures.growth(release, rows, lambda line: tell(line, 0.0))
        answer({"release": release.id, "growth": [_plain(vars(each)) for each in grown]}, as_json, _growth)
        return
    if batch:
        costs = batch_costs(release, rows, lambda line: tell(line, 0.0))
        answer({"release": release.id, "batch": [vars(each) for each in costs]}, as_json, lambda _: _batch_lines(costs))
        return
    found = figures.run(release, rows, lambda line: tell(line, 0.0))
    listed = [_plain(vars(each)) for each in found]

    def text(result: Result) -> str:
        lines = _figure_lines(result["figures"])
        return "\n".join([*lines, *(f"{name:<66} {ratio:>9,.0f}×" for name, ratio in result["ratios"].items())])

    seconds = {each.name: each.seconds for each in found}
    tables = seconds["per loan, SHAP: tables against the whole book"]
    ratios = {
        f"tables are faster than shap.TreeExplainer, {how}": seconds[f"per loan, SHAP: shap.TreeExplainer, {how}"]
        / tables
        for how in ("path-dependent", "interventional, 60 rows")
    }
    answer({"release": release.id, "rows": rows, "figures": listed, "ratios": ratios}, as_json, text)


def _own_book(files: Path | None, as_json: bool) -> None:
    """What a book of one's own takes and ranks like, those of some ``files`` among them."""
    tell = progress(as_json)
    times = own_book_figures(lambda line: tell(line, 0.0))
    losses = auc_losses(lambda line: tell(line, 0.5), files)
    noise = noise_figures(lambda line: tell(line, 0.9))
    brought = {
        "figures": [vars(each) for each in times],
        "auc": [{**vars(each), "loss": each.loss} for each in losses],
        "noise": [vars(each) for each in noise],
    }
    lines = [*_own_book_lines(times), "", *_loss_lines(losses), "", *_noise_lines(noise)]
    answer(brought, as_json, lambda _: "\n".join(lines))


def _figure_lines(figures: list[Result]) -> list[str]:
    lines = []
    for each in figures:
        bound = f"at most {_duration(each['bound'])}" if each["bound"] else ""
        lines.append(f"{each['name']:<66} {_duration(each['seconds']):>10}  {bound}".rstrip())
    return lines


def _plain(figure: Result) -> Result:
    return {**figure, "bound": None if math.isnan(figure["bound"]) else figure["bound"]}


def _growth(result: Result) -> str:
    lines = [f"{'loans':>12} {'one lever':>11} {'six columns':>12} {'four levers':>12} {'peak memory':>12}"]
    for each in result["growth"]:
        bound = f"at most {each['bound']:g} GB" if each["bound"] else ""
        costs = [_duration(each[name]) for name in ("one_lever", "six_columns", "bridge")]
        line = f"{each['rows']:>12,} {costs[0]:>11} {costs[1]:>12} {costs[2]:>12} {each['memory']:>9.2f} GB  {bound}"
        lines.append(line.rstrip())
    return "\n".join([*lines, "One lever, six columns: CPU time. Four levers: time on all cores."])


def _batch_lines(costs: Sequence[BatchCost]) -> str:
    lines = []
    for each in costs:
        line = f"{each.name:<86} {_duration(each.seconds):>11}"
        line += f"  at most {each.bound:g} s" * (each.bound == each.bound)
        line += f"  {each.memory:.2f} GB at its highest" * (each.memory == each.memory)
        line += f" (at most {each.memory_bound:g})" * (each.memory_bound == each.memory_bound)
        line += f", {1e3 * each.written:,.0f} MB written" * (each.written == each.written)
        lines.append(line)
    return "\n".join([f"{costs[0].rows:,} rows, wall, start and end included:", *lines])


def _own_book_lines(times: Sequence[OwnBookFigure]) -> list[str]:
    lines = []
    for each in times:
        name = f"{each.name}, {each.rows:,} × {each.columns}"
        used = f"{_duration(each.cpu)} of the processors"
        lines.append(f"{name:<40} {_duration(each.seconds):>10}  at most {each.bound:g} s, {used}")
    return lines


def _loss_lines(losses: Sequence[AucLoss]) -> list[str]:
    lines = [
        f"{'AUC, mean of five folds':<28} {'rows':>8} {'inputs':>7} {'words':>6} {'ours':>8} {'tuned':>8} {'loss':>8}"
    ]
    for each in losses:
        line = f"{each.name:<28} {each.rows:>8,} {each.inputs:>7} {each.words:>6.0%} {each.ours:>8.4f}"
        lines.append(f"{line} {each.tuned:>8.4f} {each.loss:>+8.4f}")
    return [*lines, "Tuned: trees of any depth and shape, the best of eight settings on these very folds."]


def _noise_lines(found: Sequence[NoiseFigure]) -> list[str]:
    return [
        f"noise, {each.files} files of {each.name}: {each.inside:.0%} rank within the 95 % interval of chance "
        f"({each.by_lot:.0%} within that of ranks by lot); {each.promotable} pass the gates on performance"
        for each in found
    ]


def _duration(seconds: float) -> str:
    if seconds >= 0.1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-4 else f"{seconds * 1e6:.2f} µs"
