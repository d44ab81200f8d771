"""What was measured of a release, as values; JSON only at the file ``gates.json``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan, nan

from data.json_types import Json, JsonObject
from model.errors import ReleaseError
from model.monitoring.measures import Compared, Performance
from model.release.gate import Gate
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
        except (ValueError, KeyError, TypeError, AttributeError) as error:
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
    return ReleaseReport(
        tuple(map(_gate, content["gates"])),
        _read_performances(content["cross_validation"]),
        folds=int(content["folds"]),
        window=Window(**(content.get("window") or {})),
        recalibrated=Recalibration(Window(again["since"], again["until"]), float(again["shift"])) if again else None,
        later=_read_later(later) if later else None,
        champion=_read_champion(champion) if champion else None,
    )


def _gate(content: Mapping[str, Json]) -> Gate:
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
    """A number, NaN where it could not be measured."""
    return nan if value is None or isnan(value) else float(value)


def _read_performances(content: Mapping[str, Mapping[str, float | None]]) -> dict[str, Performance]:
    return {label: Performance(**{name: _number(each) for name, each in own.items()}) for label, own in content.items()}


def _read_later(content: Mapping[str, Json]) -> LaterReport:
    window = content.get("window")
    return LaterReport(
        Window(**window) if window else None,
        int(content["n"]),
        predicted=float(content["predicted"]),
        observed=float(content["observed"]),
        variants=_read_performances(content["variants"]),
    )


def _read_champion(content: Mapping[str, Json]) -> ChampionReport:
    measures = tuple(Compared(**each) for each in content.get("measures", ()))
    return ChampionReport(
        str(content["id"]),
        int(content["n"]),
        kind=str(content.get("kind", "")),
        measures=measures,
        why_not=str(content.get("why_not", "")),
    )
