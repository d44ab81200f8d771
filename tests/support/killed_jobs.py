"""Jobs that are ended by force, each a fork of one process that has read everything and started no thread: twenty of
them take a few seconds. ``python -m tests.support.killed_jobs HOME IN OUT TIMES`` says in JSON what was found."""

import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pandas  # which pyarrow imports where it is needed: before a fork, not in each

from data.errors import BadInput
from model.release.release import Release
from model.release.store import Store
from model.scoring.job import columnar as columnar  # as well
from model.scoring.job import sizes
from model.scoring.job.job import run_job
from model.scoring.job.manifest import digest_of
from model.scoring.job.scorer import JobScorer
from model.scoring.job.terms import JobTerms

Work = Callable[[], None]


def forked(work: Work) -> int:
    """A process of its own that does the work."""
    process = os.fork()
    if process:
        return process
    try:
        work()
        os._exit(0)
    except BadInput as error:
        os.write(2, str(error).encode())
        os._exit(2)
    except BaseException:
        os._exit(1)


def ended(process: int) -> int:
    """How it ended."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def state(out: Path) -> str:
    """What stands there, by its digest; "" if nothing."""
    return digest_of(out) if out.exists() else ""


def killed(release: Release, source: Path, out: Path, times: int) -> dict[str, object]:
    """What stood there after each kill, and at the end; the first for nothing there before, the second over an old
    output."""
    scorer = JobScorer(release, JobTerms(explain="concept"))

    def work() -> None:
        run_job(source, out, scorer)

    begun = time.monotonic()
    assert ended(forked(work)) == 0
    took, whole = time.monotonic() - begun, state(out)
    chance, found = random.Random(5), dict[str, object]()
    for name, old in (("fresh", b""), ("over an old one", b"old")):
        seen = list[str]()
        for _ in range(times // 2):
            _clear(out)
            if old:
                out.write_bytes(old)
            before = state(out)
            process = forked(work)
            time.sleep(took * chance.random())
            os.kill(process, signal.SIGKILL)
            ended(process)
            now = state(out)
            seen.append({before: "as before", whole: "whole"}.get(now, "half"))
            assert ended(forked(work)) == 0
            seen[-1] += "" if state(out) == whole else ", then another output"
            if list(out.parent.glob(".*.unfinished")):
                seen[-1] += ", then leftovers"
        found[name] = sorted(set(seen))
    return found


def _clear(out: Path) -> None:
    for each in (out, out.with_name(out.name + ".manifest.json")):
        each.unlink(missing_ok=True)


def full(release: Release, source: Path, out: Path) -> dict[str, object]:
    """What a job says for which there is no room, what then stands there, and whether it goes on when there is."""
    scorer = JobScorer(release, JobTerms())
    reading, writing = os.pipe()

    def cramped() -> None:
        os.dup2(writing, 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, resource.RLIM_INFINITY))
        run_job(source, out, scorer)

    status = ended(forked(cramped))
    os.close(writing)
    with os.fdopen(reading) as said:
        told = said.read()
    there = state(out)
    assert ended(forked(lambda: run_job(source, out, scorer) and None)) == 0
    return {"status": status, "said": told, "there": there, "afterwards": bool(state(out))}


if __name__ == "__main__":
    home, given, result, n = sys.argv[1:]
    sizes.BLOCK, sizes.PART_BLOCKS = 250, 2
    champion = Store(Path(home), "cards").load()
    _ = champion.snapshot
    inputs = champion.contract.derive(champion.golden)
    champion.scorer.explain(champion.golden)
    champion.scorer.territory.outside(inputs)  # compiled before a fork, on no thread
    answer = {
        "killed": killed(champion, Path(given), Path(result), int(n)),
        "full": full(champion, Path(given), Path(result).with_name("full.parquet")),
    }
    print(json.dumps(answer))
