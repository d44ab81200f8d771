"""A Spark session: of this machine, of a cluster, over Spark Connect, or the one that spark-submit has begun."""

import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from data.errors import BadInput
from model.errors import EngineError

Session: TypeAlias = Any
"""A session of pyspark's, which needs not be installed."""
REMOTE = "sc://"
BAD_INPUT = "data.errors.BadInput: "
RAISED = re.compile(r"(?:\w+\.)*\w*Error: ")
LONGEST = 300  # characters of what Spark says
BATCH_ROWS = 65_536  # of an Arrow batch: few of them, and none is large
QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}


@contextmanager
def begun_session(master: str) -> Iterator[Session]:
    """A session at a ``master``, "local[2]", "spark://…", "sc://…" or another that Spark knows, "" for the one that
    spark-submit or Spark's own configuration says. It ends with this, unless it was there before.

    Raises
    ------
    BadInput
        If pyspark is not installed.
    EngineError
        If no session can be had there.
    """
    try:
        with unworried():
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
    except ImportError as error:
        raise BadInput(
            "--engine spark needs pyspark in an environment of its own (pip install pyspark), and Java. See "
            "model/scoring/parts/README.md."
        ) from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    before = SparkSession.getActiveSession()
    try:
        with unworried():
            session = _built(SparkSession, master)
            session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(BATCH_ROWS))
    except (PySparkException, OSError, RuntimeError) as error:
        raise EngineError(
            f"No Spark session can be had{f' at {master}' if master else ''}: {shortly(error)}"
        ) from error
    try:
        with unworried():
            yield session
    finally:
        if before is None:
            session.stop()


def _built(kind: Any, master: str) -> Session:
    builder = kind.builder.appName("credit-what-if")
    if master.startswith(REMOTE):
        return builder.remote(master).getOrCreate()
    builder = builder.config("spark.executorEnv.OMP_NUM_THREADS", "1")
    if master:
        builder = builder.master(master)
    for name, value in QUIET.items() if master.startswith("local") else ():
        builder = builder.config(name, value)
    return builder.getOrCreate()


@contextmanager
def unworried() -> Iterator[None]:
    """Without pyspark's warning that it does not know this pandas yet: no table of pandas goes in or comes out, rows
    are Arrow on all their way."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


def connected(session: Session) -> bool:
    """Whether a session is one over Spark Connect, which has no context here."""
    return type(session).__module__.startswith("pyspark.sql.connect")


@contextmanager
def told_shortly() -> Iterator[None]:
    """What Spark raises becomes a sentence; what our own code raised on a worker is that again.

    Raises
    ------
    BadInput, EngineError
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        _, found, told = str(error).partition(BAD_INPUT)
        if found:
            raise BadInput(told.splitlines()[0]) from error
        raise EngineError(f"Spark could not do it: {shortly(error)}") from error


def shortly(error: BaseException) -> str:
    """What Spark says, in a line: of what a worker raised the error itself."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    raised = [line for line in lines if RAISED.match(line)]
    java = [line.lstrip(": ") for line in lines if line.startswith(": ")]
    return [*raised[-1:], *java[:1], *lines, type(error).__name__][0][:LONGEST]
