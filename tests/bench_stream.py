"""What the stream costs, printed, never asserted: ``python -m tests.bench_stream [--real]`` (``WHATIF_HOME`` with a
release of the cards). Against the broker inside librdkafka, or with ``--real`` against a node of Apache Kafka, whose
jars WHATIF_TEST_KAFKA names. The stream is ``python -m model stream``, a process of its own; whoever sends is another.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import numpy as np
import psutil
from confluent_kafka import Consumer, KafkaException

from data.books import read_book
from model.record.database import engine
from model.release.store import Store
from model.scoring.stream.decider import Decider
from model.scoring.stream.live import LiveWriter
from model.scoring.stream.loop import now_ms
from model.scoring.stream.messages import Message
from model.scoring.stream.simulate import application_values
from model.settings import Settings
from tests.support.kafka import UNSEEN, Broker, kafka_node, quick_broker

LATENCY_RATE, LATENCY_SECONDS = 1000, 20
CHUNK = 20_000
MB = 2**20


def values_of(n: int, first: int = 0) -> list[bytes]:
    """``n`` of the cards as applications."""
    book = read_book("cards")
    chosen = np.random.default_rng(first).integers(0, len(book), n)
    return application_values(book.contract, [f"B-{first + k}" for k in range(n)], book.raw[:, chosen])


def sending(address: str, topic: str, n: int, rate: float) -> None:
    """Send ``n`` applications, so many a second, 0: as many as go."""
    producer = Broker(address).producer(**{"linger.ms": 1 if rate else 20})
    start, sent = time.perf_counter(), 0
    while sent < n:
        values = values_of(min(CHUNK, n - sent), sent)
        for value in values:
            if rate:
                time.sleep(max(start + sent / rate - time.perf_counter(), 0))
                if sent == 0:
                    start = time.perf_counter()
            while True:
                try:
                    producer.produce(topic, value, key=f"B-{sent}")
                    break
                except BufferError:
                    producer.poll(0.05)
            producer.poll(0)
            sent += 1
    producer.flush(60)


@contextmanager
def stream(topics: dict[str, str], *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A process of the stream, told to end afterwards."""
    command = [sys.executable, "-m", "model", "stream", "--json", "--port", "0", *words]
    process = subprocess.Popen(command, env={**os.environ, **topics}, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(60)


def answered(broker: Broker, topic: str) -> int:
    """How many messages lie in a topic."""
    reader = Consumer({"bootstrap.servers": broker.address, "group.id": "counts", **UNSEEN})
    try:
        return sum(broker.ends(reader, topic).values())
    except KafkaException:  # a topic that was made just now has no leader yet
        return 0
    finally:
        reader.close()


def until(broker: Broker, topic: str, n: int, seconds: float = 600) -> None:
    """Wait until a topic has ``n`` messages."""
    end = time.monotonic() + seconds
    while answered(broker, topic) < n:
        assert time.monotonic() < end, f"{answered(broker, topic)} of {n} were answered."
        time.sleep(0.05)


def throughput(broker: Broker, n: int, *words: str) -> tuple[float, float]:
    """Decisions a second from the first batch to the last, by their timestamps, and CPU of the stream for each, µs."""
    topics = broker.topics()
    sending(broker.address, topics["WHATIF_STREAM_APPLICATIONS"], n, 0)
    decisions = topics["WHATIF_STREAM_DECISIONS"]
    with stream(topics, *words) as process, ThreadPoolExecutor(1) as beside:
        done = Event()
        watching = beside.submit(spent_by, psutil.Process(process.pid), done)
        try:
            until(broker, decisions, n)
        finally:
            done.set()
        moments, cpu = watching.result()
    went = np.array([each.timestamp()[1] / 1000 for each in broker.read(decisions)])
    first, last = went.min(), went.max()
    later = int((went > first).sum())
    spent = float(np.diff(np.interp([first, last], moments, cpu))[0])
    return later / (last - first), 1e6 * spent / later


def spent_by(process: psutil.Process, done: Event) -> tuple[list[float], list[float]]:
    """A process's CPU seconds and when it had spent them, until all is done."""
    moments, cpu = [], []
    while not done.wait(0.01):
        own = process.cpu_times()
        moments.append(time.time())
        cpu.append(own.user + own.system)
    return moments, cpu


def latency(broker: Broker, *words: str) -> tuple[float, float, float]:
    """From an application's timestamp to that of its decision in the topic, ms: median, p95, p99."""
    topics, n = broker.topics(), LATENCY_RATE * LATENCY_SECONDS
    with stream(topics, *words):
        sending(broker.address, topics["WHATIF_STREAM_APPLICATIONS"], 1, 0)
        until(broker, topics["WHATIF_STREAM_DECISIONS"], 1)
        sending(broker.address, topics["WHATIF_STREAM_APPLICATIONS"], n, LATENCY_RATE)
        until(broker, topics["WHATIF_STREAM_DECISIONS"], n + 1)
    came = {each.key(): each.timestamp()[1] for each in broker.read(topics["WHATIF_STREAM_APPLICATIONS"])}
    went = {each.key(): each.timestamp()[1] for each in broker.read(topics["WHATIF_STREAM_DECISIONS"])}
    gaps = [went[key] - at for key, at in came.items()][n // 10 :]
    p50, p95, p99 = np.percentile(gaps, [50, 95, 99])
    return float(p50), float(p95), float(p99)


def memory(broker: Broker, few: int, many: int, *words: str) -> tuple[float, float]:
    """Memory of the stream after ``few`` and after ``many`` messages, MB."""
    topics = broker.topics()
    with stream(topics, *words) as process:
        found = []
        sender = get_context("spawn").Process(
            target=sending, args=(broker.address, topics["WHATIF_STREAM_APPLICATIONS"], many, 12_000)
        )
        sender.start()
        for n in (few, many):
            until(broker, topics["WHATIF_STREAM_DECISIONS"], n, 1200)
            found.append(psutil.Process(process.pid).memory_info().rss / MB)
        sender.join()
    return found[0], found[1]


def handing_over(n: int, runs: int = 200) -> float:
    """What it costs the loop to hand ``n`` decisions over to what the page Stream shows, µs of CPU each, median."""
    home = Path(os.environ.get("WHATIF_HOME", ".whatif"))
    came = [Message("applications", 0, k, now_ms(), None, value) for k, value in enumerate(values_of(n))]
    (batch,) = Decider(Store(home, "cards")).decide(came, now_ms()).batches
    took = []
    with TemporaryDirectory() as place:
        database = engine(Settings(home=Path(place)))
        writer = LiveWriter(database, "cards")
        for _ in range(runs):
            start = time.thread_time()
            writer.decided(batch)
            took.append(time.thread_time() - start)
        writer.close()
        database.dispose()
    return 1e6 * float(np.median(took)) / n


def figures(broker: Broker, n: int, many: int) -> Iterator[tuple[str, str, str]]:
    """Each figure: its name, what was measured, what it must be."""
    for size, most in ((300, 10), (1, 1000)):
        yield f"a decision of {size} handed over to the page", f"{handing_over(size):.2f} µs", f"at most {most:,} µs"
    for name, words, least in (("off", ["--no-record"], "10,000"), ("on", [], "3,000")):
        rate, cpu = throughput(broker, n, *words)
        yield f"decisions a second, reasons, record {name}", f"{rate:,.0f} ({cpu:.0f} µs CPU each)", f"at least {least}"
    for name, words in (("off", ["--no-record"]), ("on", [])):
        p50, p95, p99 = latency(broker, *words)
        told = f"{p50:.0f} ms, p95 {p95:.0f}, p99 {p99:.0f}"
        yield f"in to out at {LATENCY_RATE:,} a second, record {name}", told, "p95 at most 50 ms"
    first, last = memory(broker, 10_000, many, "--no-record")
    yield f"memory after 10,000 and {many:,} messages", f"{first:.1f} and {last:.1f} MB", "at most 10 MB more"


def run() -> None:
    """Print all of it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--real", action="store_true", help="against a node of Apache Kafka")
    asked.add_argument("--count", type=int, default=40_000, help="messages of a throughput")
    asked.add_argument("--many", type=int, default=1_000_000, help="messages of the memory")
    given = asked.parse_args()
    assert (Path(os.environ.get("WHATIF_HOME", ".whatif")) / "releases" / "cards").is_dir(), "Set WHATIF_HOME."
    with kafka_node() if given.real else quick_broker() as broker:
        for name, measured, bound in figures(broker, given.count, given.many):
            print(json.dumps([name, measured, bound], ensure_ascii=False), flush=True)


if __name__ == "__main__":
    run()
