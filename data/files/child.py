"""The process that reads a stranger's file: what to read comes in on standard input, the table goes out on standard
output, how far it is on standard error. Started by data/files/apart.py, which ends it if it takes too long.

It holds no more memory and takes no more time than it may, writes no file, and leaves no image of its memory behind.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

if __name__ == "__main__":  # before numpy and pyarrow: threads and pools reserve memory that the limit counts
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    os.environ |= {"ARROW_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}

from data.errors import BadInput
from data.files.kinds import Limits, kind_of
from data.files.parsed import Parsed, send

OUT_OF_MEMORY = 77  # how the process ends then
READER = "reader"  # the part of a request that names a module with a `read_file` of its own, or module:function
Told = Callable[[float], object]


def parse_file(content: bytes, request: dict[str, Any], told: Told = lambda share: None) -> Parsed:
    """The table in a file; ``request`` as `data.files.table.read_table` makes it."""
    limits = Limits(**request["limits"])
    kind = kind_of(content, request["name"], limits)
    wanted = frozenset(request["wanted"])
    if kind == "csv":
        from data.files import delimited

        return delimited.parse_text(content, wanted, limits, told)
    if kind == "xlsx":
        from data.files import workbook

        return workbook.parse_workbook(content, wanted, sheet=request["sheet"], limits=limits, progress=told)
    from data.files import columnar

    return columnar.parse_parquet(content, limits, told)


def send_table(content: bytes, request: dict[str, Any], out: IO[bytes], told: Told = lambda share: None) -> None:
    """Say of a file what table it holds, or in a line of JSON why there is none; MemoryError if it takes too much.
    Whoever makes more of a table than that has it made here, too, by the module that the ``request`` names."""
    try:
        if READER in request:
            module, _, function = request[READER].partition(":")
            getattr(import_module(module), function or "read_file")(content, request, out, told)
        else:
            send(parse_file(content, request, told), out)
    except BadInput as error:
        out.write(json.dumps({"refused": str(error)}).encode())


def limit(limits: Limits) -> None:
    """Hold this process to its memory and time, where the system can; where memory runs out all the same, this is the
    process to end."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    try:
        import resource
    except ImportError:  # Windows: the time is limited by whoever waits
        return
    seconds = int(limits.seconds) + 1
    held = {"RLIMIT_AS": limits.memory, "RLIMIT_CPU": seconds, "RLIMIT_FSIZE": 0, "RLIMIT_CORE": 0}
    for name, most in held.items():
        with suppress(AttributeError, ValueError, OSError):  # macOS knows no limit of addresses
            resource.setrlimit(getattr(resource, name), (most, most + 1))  # the signal that can be told from others


def main() -> None:
    """Read one file."""
    out, inn = os.fdopen(os.dup(1), "wb"), sys.stdin.buffer
    os.dup2(2, 1)  # whatever a parser prints is no answer
    request = json.loads(inn.readline())
    limit(Limits(**request["limits"]))
    try:
        send_table(inn.read(), request, out, lambda share: print(f"{share:.3f}", file=sys.stderr, flush=True))
        out.close()
    except MemoryError:  # pyarrow's is one, too
        os._exit(OUT_OF_MEMORY)
    os._exit(0)  # nothing is left to be done, and taking down the parsers' memory takes time


if __name__ == "__main__":
    main()
