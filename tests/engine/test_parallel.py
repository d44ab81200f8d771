"""Rows in chunks: in order, with progress, cancelled by an exception, shared by everybody."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.engine.parallel import CORES, ROWS, not_followed, over, stream


class Cancelled(Exception):
    """What a caller raises who wants no more."""


def bounds(rows: slice) -> tuple[int, int]:
    return rows.start, rows.stop


@given(st.integers(0, 500), st.integers(1, 200))
def test_chunks_cover_every_row_once_in_order(rows: int, size: int):
    found = over(rows, bounds, size=size)
    assert [row for start, stop in found for row in range(start, stop)] == list(range(rows))
    assert all(0 < stop - start <= size for start, stop in found)


def test_answers_keep_the_order_of_rows_whoever_is_done_first():
    def work(rows: slice) -> int:
        time.sleep(0.02 if rows.start % 2 == 0 else 0.0)  # every other chunk is late
        return rows.start

    assert over(9, work, size=1) == list(range(9))


def test_book_of_one_chunk_is_worked_by_the_caller():
    found = over(ROWS, lambda rows: (threading.get_ident(), rows.stop))
    assert found == [(threading.get_ident(), ROWS)]
    assert len(over(ROWS + 1, bounds)) == 2


def test_progress_rises_to_the_whole_in_the_callers_thread():
    heard: list[tuple[float, int]] = []
    over(7, bounds, lambda share: heard.append((share, threading.get_ident())), size=1)
    assert [share for share, _ in heard] == pytest.approx([k / 7 for k in range(1, 8)])
    assert heard[-1][0] == 1.0
    assert {thread for _, thread in heard} == {threading.get_ident()}


def test_progress_is_told_of_no_more_than_was_done():
    done: list[int] = []
    behind: list[bool] = []
    over(20, lambda rows: done.append(rows.start), lambda share: behind.append(len(done) >= round(20 * share)), size=1)
    assert behind == [True] * 20


@pytest.mark.parametrize("after", [1, 4])
def test_caller_who_cancels_stops_further_chunks_and_hears_his_own_exception(after: int):
    begun: list[int] = []
    heard: list[float] = []

    def told(share: float) -> None:
        heard.append(share)
        if len(heard) == after:
            raise Cancelled

    with pytest.raises(Cancelled):
        over(200, lambda rows: begun.append(rows.start), told, size=1)
    time.sleep(0.05)
    assert len(heard) == after
    assert after <= len(begun) < after + CORES


def test_exception_in_the_work_reaches_the_caller_and_ends_it():
    begun: list[int] = []

    def work(rows: slice) -> None:
        begun.append(rows.start)
        if rows.start == 3:
            raise ValueError("row 3")

    with pytest.raises(ValueError, match="row 3"):
        over(200, work, size=1)
    time.sleep(0.05)
    assert len(begun) <= 3 + 2 * CORES
    with pytest.raises(ValueError, match="row 3"):
        over(4, lambda rows: work(slice(3, 4)), size=4)  # one chunk


def test_pool_works_on_after_somebody_cancelled_or_failed():
    for _ in range(3 * CORES):
        with pytest.raises(ZeroDivisionError):
            over(10, lambda rows: 1 // 0, size=1)
    assert over(5, bounds, size=2) == [(0, 2), (2, 4), (4, 5)]


def test_small_book_does_not_wait_for_the_whole_of_a_large_one():
    begun = threading.Event()
    large: list[int] = []

    def slow(rows: slice) -> None:
        begun.set()
        time.sleep(0.01)
        large.append(rows.start)

    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(over, 60, slow, size=1)
        assert begun.wait(5)
        assert over(2, bounds, size=1) == [(0, 1), (1, 2)]
        done_meanwhile = len(large)
        waiting.result()
    assert done_meanwhile < 30
    assert sorted(large) == list(range(60))


def test_callers_at_once_each_get_their_own_answers():
    with ThreadPoolExecutor(6) as callers:
        found = list(callers.map(lambda k: over(50, lambda rows: (k, rows.start), size=3), range(6)))
    assert found == [[(k, start) for start in range(0, 50, 3)] for k in range(6)]


def test_work_that_nobody_follows_is_done_all_the_same():
    with not_followed("Scoring the whole book") as progress:
        found = over(5 * ROWS, lambda rows: rows.stop - rows.start, progress)
    assert sum(found) == 5 * ROWS


@given(st.integers(0, 60))
def test_a_stream_keeps_its_order_and_holds_few_at_a_time(count: int):
    taken: list[int] = []

    def items() -> Iterator[int]:
        for k in range(count):
            taken.append(k)
            yield k

    done = []
    for found in stream(items(), lambda k: 2 * k):
        done.append(found)
        assert len(taken) - len(done) <= CORES + 1
    assert done == [2 * k for k in range(count)]


def test_whoever_stops_a_stream_begins_nothing_more():
    begun: list[int] = []
    following = stream(range(1000), begun.append)
    next(following)
    following.close()
    assert len(begun) <= CORES + 2
