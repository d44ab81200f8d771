"""A process of a stream, put together from the settings: what reads, what decides, and who follows."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from model.deployed.shadow import Shadow
from model.errors import ReleaseError
from model.record.database import engine
from model.record.trail import Audit
from model.release.store import Store
from model.scoring.stream.decider import Decider
from model.scoring.stream.kafka import consumer_of, producer_of, require_apart, require_topics
from model.scoring.stream.live import LiveWriter
from model.scoring.stream.loop import Follower, Stream, StreamTopics
from model.scoring.stream.metrics import StreamMetrics
from model.scoring.stream.outcomes import OutcomeStore
from model.scoring.stream.recorder import StreamShadow, recorder
from model.scoring.stream.renewal import Renewal
from model.settings import Settings

WINDOW = 24_000  # outcomes that a model is renewed on: on half as many of the cards its gates cannot tell it from worse


@dataclass(frozen=True)
class StreamTerms:
    """What is asked of a process beyond the settings: whether it reads ``outcomes``, and after how many of them the
    model is renewed, 0 for never, on a ``window`` of the latest; ``metrics_host`` and ``metrics_port`` where it tells
    how it is, port 0 for nowhere."""

    outcomes: bool = False
    retrain: int = 0
    window: int = WINDOW
    metrics_port: int = 0
    metrics_host: str = "127.0.0.1"


@contextmanager
def stream_of(using: Settings, book: str, terms: StreamTerms) -> Iterator[Stream]:
    """A stream of the ``book``, ready to run; what it opened is closed afterwards.

    Raises
    ------
    BadInput, StoreError, ReleaseError
        If broker, topics, record or releases are not there, said before anything is read.
    """
    if terms.outcomes:
        require_apart({"outcomes": using.stream_outcomes})
    topics = StreamTopics(
        using.stream_applications,
        using.stream_decisions,
        using.stream_refused,
        using.stream_outcomes if terms.outcomes else "",
    )
    store = Store(using.home, book)
    decider = ready_decider(store)
    require_topics(using, [each for each in vars(topics).values() if each])
    producer = producer_of(using)
    with ExitStack() as opened:
        database = engine(using)
        opened.callback(database.dispose)
        record = None
        if using.audit and using.stream_record:
            record = recorder(opened.enter_context(Audit(database, using.audit_key)), book)
        followers = list[Follower]()
        if using.shadow:
            followers.append(StreamShadow(Shadow(database, using.model_copy(update={"book": book})), decider))
        if terms.outcomes:
            followers.append(OutcomeStore(database, store, using.stream_kept))
        if terms.retrain:
            followers.append(Renewal(database, store, terms.retrain, terms.window))
        if terms.metrics_port:
            metrics = StreamMetrics()
            metrics.serve(terms.metrics_host, terms.metrics_port)
            followers.append(metrics)
        followers.append(LiveWriter(database, book))
        yield Stream(decider, partial(consumer_of, using), producer, topics, followers, record)


def ready_decider(store: Store) -> Decider:
    """What decides by the releases of a store, the champion loaded. ReleaseError if there is none."""
    decider = Decider(store)
    champions = decider.champions()
    if not champions:
        raise ReleaseError(f"There is no champion to decide yet. Run: python -m model train --book {store.book}")
    decider.release(champions[-1].release)
    return decider
