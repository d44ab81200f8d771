"""What was measured of a release, as values; JSON only at the file ``gates.json``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan, nan
from typing import get_args

from data.json_types import Json, JsonObject
from model.errors import ReleaseError
from model.monitoring.measures import Compared, Performance
from model.release.gate import Gate, Kind, PairedOn
from model.release.variants import SHIPPED
from model.release.window import Window


@dataclass(frozen=True)
class Recalibration:
    """The vintages that the intercept was shifted to, and the ``shift`` in log-odds."""

    window: Window
    shift: float

    def as_dict(self) -> JsonObject:
        """For report and manifest."""
        return {**self.window.as_dict(), "shift": self.shift}


@dataclass(frozen=True)
class LaterReport:
    """How a release did in vintages later than its training: the mean PD ``predicted`` and the default rate
    ``observed`` of ``n`` records, performance by variant."""

    window: Window | None
    n: int
    predicted: float
    observed: float
    variants: Mapping[str, Performance]


@dataclass(frozen=True)
class ChampionReport:
    """The champion that a release was held against: on ``n`` records of a ``kind`` of evidence, or ``why_not``."""

    id: str
    n: int = 0
    kind: str = ""
    measures: tuple[Compared, ...] = ()
    why_not: str = ""


@dataclass(frozen=True)
class ReleaseReport:
    """Everything measured of a release: its gates, performance by variant in cross-validation over ``folds``, the
    window it was fitted to, and what else there was to measure."""

    gates: tuple[Gate, ...]
    cross_validation: Mapping[str, Performance]
    folds: int
    window: Window
    recalibrated: Recalibration | None = None
    later: LaterReport | None = None
    champion: ChampionReport | None = None

    @property
    def watched(self) -> tuple[Gate, ...]:
        """The gates that failed and stop nothing."""
        return tuple(gate for gate in self.gates if gate.verdict == "watch")

    def labels(self) -> dict[str, str]:
        """The label of each gate, by its name."""
        return {gate.name: gate.label for gate in self.gates}

    def as_dict(self) -> JsonObject:
        """As JSON holds it; a figure that could not be measured is null."""
        later, again, champion = self.later, self.recalibrated, self.champion
        return {
            "cross_validation": _performances(self.cross_validation),
            "folds": self.folds,
            "window": self.window.as_dict(),
            "recalibrated": None if again is None else again.as_dict(),
            "later": None if later is None else _later(later),
            "champion": None if champion is None else _champion(champion),
            "gates": [gate.as_dict() for gate in self.gates],
        }

    def to_json(self) -> bytes:
        """As a release holds it."""
        return json.dumps(self.as_dict(), indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "ReleaseReport":
        """From the file of a release; ReleaseError if it is no such report."""
        try:
            return _report(json.loads(content))
        except RecursionError:
            raise ReleaseError("The report of a release is nested too deep to be read. Train it anew.") from None
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ReleaseError(f"The report of a release cannot be read ({error}). Train it anew.") from error


def _performances(found: Mapping[str, Performance]) -> dict[str, dict[str, float]]:
    return {label: vars(each) for label, each in found.items()}


def _later(later: LaterReport) -> JsonObject:
    return {
        "window": None if later.window is None else later.window.as_dict(),
        "n": later.n,
        "predicted": later.predicted,
        "observed": later.observed,
        "variants": _performances(later.variants),
    }


def _champion(champion: ChampionReport) -> JsonObject:
    return {
        "id": champion.id,
        "n": champion.n,
        "kind": champion.kind,
        "measures": [vars(each) for each in champion.measures],
        "why_not": champion.why_not,
    }


def _report(content: Mapping[str, Json]) -> ReleaseReport:
    later, again, champion = (content.get(name) for name in ("later", "recalibrated", "champion"))
    crossed = _read_performances(content["cross_validation"])
    if SHIPPED.label not in crossed:
        raise ValueError(f"it has no figures of the model {SHIPPED.label}")
    return ReleaseReport(
        tuple(map(_gate, content["gates"])),
        crossed,
        folds=int(content["folds"]),
        window=_window(content.get("window")) or Window(),
        recalibrated=Recalibration(_window(again, "shift") or Window(), _number(again["shift"])) if again else None,
        later=_read_later(later) if later else None,
        champion=_read_champion(champion) if champion else None,
    )


def _window(content: Mapping[str, Json] | None, *beside: str) -> Window | None:
    """Vintages, years or open; None where there are none. TypeError if they are something else."""
    if not content:
        return None
    own = {name: value for name, value in content.items() if name not in beside}
    if any(value is not None and type(value) is not int for value in own.values()):
        raise TypeError("a vintage is no year")
    return Window(**own)


def _gate(content: Mapping[str, Json]) -> Gate:
    if content["kind"] not in get_args(Kind):
        raise ValueError(f"a gate is of no kind there is: {str(content['kind'])[:40]!r}")
    return Gate(
        str(content["name"]),
        str(content["label"]),
        figure=_number(content["figure"]),
        bound=_number(content["bound"]),
        at_least=bool(content["at_least"]),
        kind=content["kind"],
        stops=bool(content["stops"]),
        note=str(content.get("note", "")),
    )


def _number(value: float | None) -> float:
    """A number, NaN where it could not be measured; TypeError if it is none."""
    if value is not None and type(value) not in (int, float):
        raise TypeError("a figure is no number")
    return nan if value is None or isnan(value) else float(value)


def _read_performances(content: Mapping[str, Mapping[str, float | None]]) -> dict[str, Performance]:
    return {label: Performance(**{name: _number(each) for name, each in own.items()}) for label, own in content.items()}


def _read_later(content: Mapping[str, Json]) -> LaterReport:
    return LaterReport(
        _window(content.get("window")),
        int(content["n"]),
        predicted=_number(content["predicted"]),
        observed=_number(content["observed"]),
        variants=_read_performances(content["variants"]),
    )


def _read_champion(content: Mapping[str, Json]) -> ChampionReport:
    measures = tuple(map(_compared, content.get("measures", ())))
    kind = str(content.get("kind", ""))
    if kind not in ("", *get_args(PairedOn)):
        raise ValueError(f"the champion was held against on no records there are: {kind[:40]!r}")
    return ChampionReport(
        str(content["id"]),
        int(content["n"]),
        kind=kind,
        measures=measures,
        why_not=str(content.get("why_not", "")),
    )


def _compared(content: Mapping[str, Json]) -> Compared:
    return Compared(
        str(content["name"]),
        _number(content["candidate"]),
        champion=_number(content["champion"]),
        difference=_number(content["difference"]),
        low=_number(content["low"]),
        high=_number(content["high"]),
    )
