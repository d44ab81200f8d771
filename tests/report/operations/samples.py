"""Calls, releases and gates as the operations page is told of them."""

from datetime import datetime

from data import books
from model.monitoring.live import Call
from model.release.gate import Gate, Kind
from model.release.report import ReleaseReport
from model.release.window import Window
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


def gate(name: str, passed: bool = False, stops: bool = False, *, kind: Kind = "performance", note: str = "") -> Gate:
    """A gate of a report: its figure is 0.7621, of which less is asked for where it passed."""
    bound = 0.7 if passed else 0.8
    return Gate(name, f"About {name}: more", 0.7621, bound, at_least=True, kind=kind, stops=stops, note=note)


def report(*gates: Gate) -> ReleaseReport:
    """What was measured of a release with these gates."""
    return ReleaseReport(gates, {}, 5, Window())
