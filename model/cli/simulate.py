"""The verb that plays a book on a stream, for demonstrations and tests."""

import signal
from datetime import UTC, datetime

import click
import numpy as np

from data.books import folder
from model.cli.book import book_option
from model.cli.terminal import FiniteRange, Result, answer, json_option
from model.release.installed import installed_book
from model.release.window import Window
from model.scoring.stream.drifting import drift_of
from model.scoring.stream.kafka import producer_of, require_topics
from model.scoring.stream.simulate import Playback, Played, Simulation, SimulationTerms, SimulationTopics
from model.settings import settings


@click.command()
@click.option("--brokers", help="Kafka's brokers, host:port with commas between; those of WHATIF_STREAM_BROKERS.")
@click.option("--rate", default=200.0, type=FiniteRange(0.01, 100_000), help="Applications a second.")
@click.option(
    "--drift",
    multiple=True,
    metavar="NAME=VALUE",
    help="Move them further and further, by a shock, a lever or a field: limit=-20%; several by naming each.",
)
@click.option("--drift-over", default=300.0, type=FiniteRange(0.001), help="Seconds until a drift is complete.")
@click.option("--outcomes-after", default=10.0, type=FiniteRange(0), help="Seconds from application to outcome.")
@click.option("--for", "seconds", type=FiniteRange(0.001), help="Seconds; until it is ended if not given.")
@click.option("--count", type=click.IntRange(1), help="Applications in all; likewise.")
@click.option("--since", type=int, metavar="YEAR", help="The first vintage played.")
@click.option("--until", type=int, metavar="YEAR", help="The last vintage played.")
@click.option("--malformed", default=0.0, type=FiniteRange(0, 1), help="Share of messages that cannot be read.")
@click.option("--seed", default=0, type=click.IntRange(0), help="Of the order of the records.")
@book_option
@json_option
def simulate(
    brokers: str | None,
    rate: float,
    drift: tuple[str, ...],
    drift_over: float,
    outcomes_after: float,
    seconds: float | None,
    count: int | None,
    since: int | None,
    until: int | None,
    malformed: float,
    seed: int,
    book: str,
    as_json: bool,
) -> None:
    """Play a book's records as applications on the stream, and what became of them later. Ctrl-C ends it."""
    using = settings()
    if brokers is not None:
        using = using.model_copy(update={"stream_brokers": brokers})
    folder(book, using.home)
    topics = SimulationTopics(using.stream_applications, using.stream_outcomes)
    require_topics(using, [topics.applications, topics.outcomes])
    sender = producer_of(using)
    own = installed_book(book, using.home)
    terms = SimulationTerms(
        run=run_of(datetime.now(UTC)),
        rate=rate,
        outcomes_after=outcomes_after,
        seconds=seconds,
        count=count,
        drifts=tuple(drift_of(own.contract, each) for each in drift),
        drift_over=drift_over,
        malformed=malformed,
        window=Window(since, until),
        seed=seed,
    )
    simulation = Simulation(Playback(own, terms), sender, topics)
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: simulation.stop())
    played = simulation.play(lambda played: None if as_json else click.echo(_line(played), err=True))
    result: Result = {"run": terms.run, "book": book, **vars(played), "waiting": simulation.waiting}
    result |= {"rate": played.rate, "topics": vars(topics)}
    answer(result, as_json, lambda found: _text(found, topics))


def run_of(at: datetime) -> str:
    """The second in which a run begins, in six letters and digits, so that applications' ids stay short."""
    return np.base_repr(int(at.timestamp()), 36)


def _line(played: Played) -> str:
    return f"{played.seconds:6.0f} s  {played.applications:,} applications, {played.outcomes:,} outcomes"


def _text(result: Result, topics: SimulationTopics) -> str:
    spoilt = f", {result['malformed']:,} of them malformed" if result["malformed"] else ""
    sent = f"{result['applications']:,} applications on {topics.applications}{spoilt}, {result['outcomes']:,} outcomes"
    took = f"in {result['seconds']:.1f} s, {result['rate']:,.1f} applications a second"
    lines = [f"Run {result['run']}: {sent} on {topics.outcomes}, {took}."]
    if result["waiting"]:
        lines.append(f"{result['waiting']:,} outcomes were not due yet and are not sent.")
    return "\n".join(lines)
