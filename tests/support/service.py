"""Fixtures of whatever runs beside the pages: a request for one customer, and that nothing runs on after a test."""

from collections.abc import Iterator
from typing import Any

import pytest

from data.books import Book
from model.api import process


@pytest.fixture(autouse=True)
def nothing_runs_on() -> Iterator[None]:
    yield
    process.close()


@pytest.fixture(scope="session")
def rows(book: Book) -> list[list[float]]:
    """Forty customers' records, each in the order of the contract."""
    found: list[list[float]] = book.raw[:, :: len(book) // 40][:, :40].T.tolist()
    return found


@pytest.fixture(scope="session")
def names(book: Book) -> list[str]:
    """The names of the record's fields."""
    return [each.name for each in book.contract.record]


@pytest.fixture(scope="session")
def request_of(names: list[str]) -> Any:
    """Makes an Open Inference Protocol request of records; more of it by name."""

    def made(rows: list[list[float]], *outputs: str, **more: Any) -> dict[str, Any]:
        tensors = [
            {"name": name, "shape": [len(rows), 1], "datatype": "FP64", "data": [row[k] for row in rows]}
            for k, name in enumerate(names)
        ]
        wanted = {"outputs": [{"name": each} for each in outputs]} if outputs else {}
        return {"inputs": tensors, **wanted, **more}

    return made
