"""The verb that decides applications as they come by a topic."""

import logging
import signal
import time
from threading import Event

import click
import orjson

from data import books
from data.errors import BadInput
from model.cli.book import book_option, home_of
from model.cli.terminal import FiniteRange, Result, answer, json_option
from model.release.store import Store
from model.scoring.stream.loop import Stream, StreamFollower, StreamState, StreamTopics
from model.scoring.stream.running import WINDOW, StreamTerms, ready_decider, stream_of
from model.scoring.stream.schemas import SCHEMAS
from model.settings import Settings, settings

PACE_SECONDS = 10  # between two lines that say how a stream goes


@click.command()
@click.option("--brokers", help="Kafka's brokers, host:port with commas between; those of WHATIF_STREAM_BROKERS.")
@click.option("--in", "applications", help="The topic of applications.")
@click.option("--out", "decisions", help="The topic of decisions.")
@click.option("--outcomes", help="A topic of what became of applications; without it none is read.")
@click.option(
    "--retrain", type=click.IntRange(1), metavar="N", help="Renew the model every N outcomes; a person promotes."
)
@click.option("--window", type=click.IntRange(1), metavar="W", help=f"On the latest W of them; {WINDOW:,} by default.")
@click.option("--refused", help="The topic of messages that could not be decided, with the reasons.")
@click.option("--group", help="The group of processes that share the work.")
@click.option("--record/--no-record", "recorded", default=None, help="Whether decisions are recorded; they are.")
@click.option("--host", default="127.0.0.1", help="Where /metrics listens: figures only, and nobody is asked who asks.")
@click.option("--port", default=8601, type=click.IntRange(0, 65_535), help="Where /metrics answers; 0: nowhere.")
@click.option("--idle", type=FiniteRange(0.1), help="End once nothing has come for so many seconds.")
@click.option("--engine", type=click.Choice(["local", "spark"]), default="local", help="What decides.")
@click.option("--master", default="", help="Of --engine spark: local[2], spark://…; that of spark-submit by default.")
@click.option("--checkpoint", help="Of --engine spark: a folder that keeps how far was read.")
@click.option("--once", is_flag=True, help="Of --engine spark: decide what there is, and end.")
@click.option("--schema", type=click.Choice(list(SCHEMAS)), help="Print the JSON Schema of a message, and end.")
@book_option
@json_option
def stream(
    brokers: str | None,
    applications: str | None,
    decisions: str | None,
    outcomes: str | None,
    retrain: int | None,
    window: int | None,
    refused: str | None,
    group: str | None,
    recorded: bool | None,
    host: str,
    port: int,
    idle: float | None,
    engine: str,
    master: str,
    checkpoint: str | None,
    once: bool,
    schema: str | None,
    book: str,
    as_json: bool,
) -> None:
    """Decide applications as they come by a topic of Kafka, with reasons, until told to end.

    At least once, and the same decision each time: one by (id, release), by the release that was champion when the
    application was sent. Connection and topics are those of the settings WHATIF_STREAM_… where they are not given.
    """
    home_of(book)
    if schema is not None:
        contract = books.contract(book, settings().home)
        click.echo(orjson.dumps(SCHEMAS[schema](contract), option=orjson.OPT_INDENT_2))
        return
    given = {
        "brokers": brokers,
        "applications": applications,
        "decisions": decisions,
        "outcomes": outcomes,
        "refused": refused,
        "group": group,
        "record": recorded,
    }
    using = _with(settings(), given)
    if engine == "spark":
        others = {"outcomes": outcomes, "group": group, "record": recorded, "idle": idle, "retrain": retrain}
        for name in (name for name, each in others.items() if each is not None):
            raise BadInput(f"--{name} is not of --engine spark, which decides applications alone. Leave it out.")
        _by_spark(using, book, as_json, master=master, checkpoint=checkpoint, once=once)
        return
    if master or checkpoint or once:
        raise BadInput("--master, --checkpoint and --once are of --engine spark. Name it, too, or leave them out.")
    if (retrain and outcomes is None) or (window and not retrain):
        raise BadInput("A model is renewed on outcomes: --window is of --retrain, and --retrain of --outcomes TOPIC.")
    terms = StreamTerms(
        outcomes is not None,
        retrain=retrain or 0,
        window=window or WINDOW,
        metrics_port=port,
        metrics_host=host,
    )
    with stream_of(using, book, terms) as running:
        _begin(running.stop, using, as_json)
        if not as_json:
            running.followers = [*running.followers, StreamPace(running)]
        start = time.monotonic()
        running.run(idle)
    answer(_done(running, time.monotonic() - start), as_json, _text)


class StreamPace(StreamFollower):
    """Tells now and then, on standard error, how a stream goes; what becomes of renewals is logged there, too."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self._seconds = stream, 0
        logging.basicConfig(format="%(message)s")
        logging.getLogger("model.scoring.stream").setLevel(logging.INFO)

    def second(self, state: StreamState) -> None:
        """Tell how it goes, where it is time to."""
        self._seconds += 1
        if self._seconds % PACE_SECONDS == 0:
            click.echo(
                f"{self.stream.decided:,} decided, {self.stream.refused:,} refused; {state.rate:,.0f} a second, "
                f"{state.lag:,} waiting",
                err=True,
            )


def _begin(stop: Event, using: Settings, as_json: bool) -> None:
    """Let signals set ``stop``, and say what is done."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda _signal, _frame: stop.set())
    if not as_json:
        click.echo(
            f"Deciding what comes by {using.stream_applications} at {using.stream_brokers}; decisions go to "
            f"{using.stream_decisions}, what cannot be decided to {using.stream_refused}. Ctrl-C ends it.",
            err=True,
        )


def _by_spark(using: Settings, book: str, as_json: bool, *, master: str, checkpoint: str | None, once: bool) -> None:
    """Let Spark decide."""
    from model.scoring.spark.streaming import SparkStream  # a module that others need not wait for

    if checkpoint is None:
        raise BadInput("--engine spark needs a --checkpoint: a folder that it keeps between two runs.")
    topics = StreamTopics(using.stream_applications, using.stream_decisions, using.stream_refused)
    decider = ready_decider(Store(using.home, book))
    running = SparkStream(decider, using, topics, checkpoint=checkpoint, master=master)
    _begin(running.stop, using, as_json)
    start = time.monotonic()
    running.run(once)
    found: Result = {"read": running.seen, "seconds": round(time.monotonic() - start, 3)}
    answer(found, as_json, lambda said: f"{said['read']:,} messages answered.")


def _with(using: Settings, given: dict[str, str | bool | None]) -> Settings:
    """The settings with what was given in their place."""
    found = using.model_copy(update={f"stream_{name}": each for name, each in given.items() if each is not None})
    if not found.stream_brokers:
        raise BadInput("No broker is named. Give --brokers host:port, or set WHATIF_STREAM_BROKERS.")
    return found


def _done(stream: Stream, seconds: float) -> Result:
    found = {"read": stream.seen, "decided": stream.decided, "refused": stream.refused, "errors": stream.errors}
    return found | {"seconds": round(seconds, 3)}


def _text(found: Result) -> str:
    return f"{found['decided']:,} applications decided, {found['refused']:,} messages refused."
