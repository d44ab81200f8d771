"""What a worker does before it opens anything of ours. This file goes to it by value and knows the standard library
alone: code and release are files beside it, and neither is looked at before its hash is the one that was sent."""

import hashlib
import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from tempfile import mkdtemp
from typing import Any

Task = Callable[[Iterator[Any]], Iterator[Any]]


def through_the_door(task: str, shipped: Sequence[tuple[str, str]], asked: Mapping[str, object]) -> Task:
    """A task of `model.scoring.spark.workers` on Arrow batches, with what is ``asked``. ``shipped`` are the names and
    hashes of two archives, the code and the release."""

    def work(batches: Iterator[Any]) -> Iterator[Any]:
        os.environ["OMP_NUM_THREADS"] = "1"  # Spark has a worker a core
        code, release = (_laid_out(name, digest) for name, digest in shipped)
        if code not in sys.path:
            sys.path.insert(0, code)
        workers = import_module("model.scoring.spark.workers")
        if not str(workers.__file__).startswith(code):
            raise RuntimeError(
                f"This worker has other code loaded, from {workers.__file__}. Begin another Spark session."
            )
        yield from getattr(workers, task)(batches, release, asked)

    def _laid_out(name: str, digest: str) -> str:
        """The folder of an archive, unpacked once for all workers of a machine."""
        from pyspark import SparkFiles

        path = os.path.join(SparkFiles.getRootDirectory(), name)
        with open(path, "rb") as file:
            found = hashlib.sha256(file.read()).hexdigest()
        if found != digest:
            raise RuntimeError(f"{name} is not what was sent to this worker: its sha256 is {found}, not {digest}.")
        folder = f"{path}.d"
        if not os.path.isdir(folder):
            draft = mkdtemp(dir=os.path.dirname(path))
            with zipfile.ZipFile(path) as archive:
                archive.extractall(draft)
            try:
                os.rename(draft, folder)
            except OSError:  # another worker of this machine was first
                if not os.path.isdir(folder):
                    raise
        return folder

    return work
