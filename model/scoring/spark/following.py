"""Following a piece of Spark's work: it runs beside, and whoever waits hears how far it is and can end it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeAlias
from uuid import uuid4

from data.arrays import Arrow
from model.engine.parallel import Progress
from model.scoring.spark.session import Session, connected

Frame: TypeAlias = Any
EVERY_SECONDS = 0.2


def collected(session: Session, frame: Frame, progress: Progress) -> Arrow:
    """The rows of a frame, few of them, as a table of Arrow. ``progress`` hears the share of the tasks done; if it
    raises, Spark is told to stop and what it raised goes on to the caller."""
    follow = _ConnectedJob if connected(session) else _Job
    job = follow(session)
    with ThreadPoolExecutor(1, thread_name_prefix="spark") as beside:
        running = beside.submit(job.run, frame.toArrow)
        try:
            while not wait([running], EVERY_SECONDS).done:
                progress(job.share())
        except BaseException:
            job.stop()
            raise
        found = running.result()
    progress(1.0)
    return found


class _Job:
    """A job of a session that runs in this process."""

    def __init__(self, session: Session) -> None:
        self.context, self.group = session.sparkContext, f"whatif-{uuid4().hex}"

    def run(self, work: Callable[[], Arrow]) -> Arrow:
        self.context.setJobGroup(self.group, "credit-what-if", interruptOnCancel=True)
        return work()

    def share(self) -> float:
        tracker = self.context.statusTracker()
        jobs = filter(None, map(tracker.getJobInfo, tracker.getJobIdsForGroup(self.group)))
        stages = list(filter(None, (tracker.getStageInfo(each) for job in jobs for each in job.stageIds)))
        return _share(sum(each.numCompletedTasks for each in stages), sum(each.numTasks for each in stages))

    def stop(self) -> None:
        self.context.cancelJobGroup(self.group)


class _ConnectedJob:
    """One over Spark Connect."""

    def __init__(self, session: Session) -> None:
        self.session, self.tag, self.done = session, f"whatif-{uuid4().hex}", 0.0

    def run(self, work: Callable[[], Arrow]) -> Arrow:
        self.session.addTag(self.tag)
        self.session.registerProgressHandler(self.hear)
        try:
            return work()
        finally:
            self.session.removeProgressHandler(self.hear)
            self.session.removeTag(self.tag)

    def hear(self, stages: Any, **_more: object) -> None:
        found = list(stages or ())
        self.done = _share(sum(each.num_completed_tasks for each in found), sum(each.num_tasks for each in found))

    def share(self) -> float:
        return self.done

    def stop(self) -> None:
        self.session.interruptTag(self.tag)


def _share(done: int, tasks: int) -> float:
    return min(done / tasks, 1.0) if tasks else 0.0
