"""A call like many, and a program that records calls until it is done or killed: ``python -m tests.support.recording``.

It prints the id of each call that it was told is on disk. It imports little, for tests start it often.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from model.record.database import engine
from model.record.trail import Audit, Entry
from model.settings import settings


def entry(**changes: Any) -> Entry:
    """A call like many."""
    values: dict[str, Any] = {
        "kind": "score",
        "who": "someone",
        "via": "rest",
        "book": "cards",
        "release": "0123456789ab",
        "contract_sha256": "c" * 64,
        "inputs": np.array([[1.0], [2.0]]),
        "outputs": {"pd": np.array([0.25])},
        "duration_ms": 1.5,
        "detail": {"version": "champion"},
    }
    return Entry(**{**values, **changes})


def main(count: int) -> None:
    """Record calls from eight threads."""
    opened = engine(settings())
    with Audit(opened, settings().audit_key) as writer, ThreadPoolExecutor(8) as pool:

        def one(_: int) -> None:
            os.write(1, f"{writer.record(entry())}\n".encode())  # in one piece

        list(pool.map(one, range(count)))
    opened.dispose()


if __name__ == "__main__":
    main(int(sys.argv[1]))
