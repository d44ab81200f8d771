"""Calls, releases and gates as the operations page is told of them."""

from datetime import datetime

from data import books
from model.monitoring.live import Call
from model.report.operations.status import Titled

AT = datetime(2026, 11, 2, 9, 5, 7).astimezone()  # in the zone of whatever machine this runs on
CARDS, LOANS = (books.contract(name) for name in ("cards", "small_business"))
TITLED = {name: Titled(each.book.title, each.book.record) for name, each in (("cards", CARDS), ("loans", LOANS))}


def call(**changes: object) -> Call:
    """A call on record."""
    values = {
        "id": "0123456789abcdef",
        "at": AT,
        "kind": "score",
        "who": "ann",
        "via": "rest",
        "book": "cards",
        "release": "60e46aa39f99",
        "rows": 1,
        "duration_ms": 3.4,
    }
    return Call(**{**values, **changes})  # type: ignore[arg-type]


def manifest(identity: str, rows: int = 30_000, **more: object) -> dict[str, object]:
    """What a release says of itself."""
    return {
        "id": identity,
        "created": AT.isoformat(),
        "contract_version": "1.0.0",
        "rows": rows,
        "data_sha256": "d" * 64,
        **more,
    }


def gate(name: str, passed: bool = False, stops: bool = False, **more: object) -> dict[str, object]:
    """A gate of a report."""
    return {
        "name": name,
        "label": f"About {name}: more",
        "figure": 0.7621,
        "bound": 0.8,
        "at_least": True,
        "kind": "performance",
        "passed": passed,
        "stops": stops,
        "note": "",
        **more,
    }
