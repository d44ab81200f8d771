"""Reader of the regulators' stress presets: published paths, and the change of the economy at each point of them.

A point states changes against the scenario's start: ``unemployment`` in percentage points, ``gdp`` as the change of
its level in percent. What a source does not let one state is absent, never 0.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from data.errors import BookError

SHIPPED = Path(__file__).parent / "presets.json"

Finite = Annotated[float, Field(allow_inf_nan=False)]
Variable = Literal["unemployment", "gdp"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(_Part):
    """One published series, a value a period."""

    name: str
    label: str
    unit: Literal["%", "index"]
    values: tuple[Finite, ...]


class Point(_Part):
    """The economy at one point of a scenario: changes against its start; ``derived`` names those we computed."""

    name: str
    label: str
    changes: dict[str, Finite]
    derived: tuple[Variable, ...] = ()

    @model_validator(mode="after")
    def _changes_are_known(self) -> "Point":
        if "unemployment" not in self.changes:
            raise ValueError(f"the point {self.name} states no change of unemployment")
        strange = sorted(set(self.changes) - {"unemployment", "gdp"})
        if strange:
            raise ValueError(f"the point {self.name} changes {', '.join(strange)}; known are unemployment, gdp")
        absent = [each for each in self.derived if each not in self.changes]
        if absent:
            raise ValueError(f"the point {self.name} derives {', '.join(absent)} but does not state it")
        return self


class Preset(_Part):
    """One scenario of a regulator. ``phrase`` is its name in a sentence, after "Under"; ``published`` an ISO date;
    ``periods`` is () where the source holds no path; ``peak`` names the point of the highest unemployment."""

    name: str
    title: str
    phrase: str
    source: str
    published: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    kind: Literal["quarterly path", "yearly path", "peaks only"]
    confidence: Literal["high", "medium"]
    periods: tuple[str, ...]
    lines: tuple[Line, ...]
    points: tuple[Point, ...] = Field(min_length=1)
    peak: str
    notes: tuple[str, ...]

    @model_validator(mode="after")
    def _parts_agree(self) -> "Preset":
        for line in self.lines:
            if len(line.values) != len(self.periods):
                raise ValueError(f"{line.name} has {len(line.values)} values for {len(self.periods)} periods")
        names = [point.name for point in self.points]
        if len(set(names)) != len(names):
            raise ValueError(f"the points {', '.join(names)} are not unique")
        if self.peak not in names:
            raise ValueError(f"the peak {self.peak!r} is none of the points {', '.join(names)}")
        highest = highest_unemployment(self.points)
        if self.point(self.peak).changes["unemployment"] < highest.changes["unemployment"]:
            raise ValueError(f"the peak is {self.peak}, but unemployment is highest at {highest.name}")
        return self

    def point(self, name: str) -> Point:
        """A point by name; BookError if the scenario has none of that name."""
        for point in self.points:
            if point.name == name:
                return point
        raise BookError(f"{self.title} has no point {name!r}. There are: {', '.join(p.name for p in self.points)}.")


PRESETS: TypeAdapter[tuple[Preset, ...]] = TypeAdapter(tuple[Preset, ...])


def highest_unemployment(points: tuple[Point, ...]) -> Point:
    """The first point of the highest change of unemployment."""
    return max(points, key=lambda point: point.changes["unemployment"])


def read_presets(path: Path) -> tuple[Preset, ...]:
    """The presets of one file, checked.

    Raises
    ------
    BookError
        If the file is absent or unreadable, a preset contradicts itself, or two share a name.
    """
    try:
        found = PRESETS.validate_json(path.read_bytes())
    except OSError as error:
        raise BookError(f"The stress presets {path.name} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"{step}: " for step in (path.name, ".".join(str(step) for step in first["loc"])) if step)
        raise BookError(f"{where}{first['msg']}.") from error
    names = [each.name for each in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise BookError(f"{path.name}: preset {', '.join(sorted(twice))} is declared twice.")
    return found


@lru_cache(maxsize=1)
def presets() -> tuple[Preset, ...]:
    """The shipped presets, in the order they are offered. Cached: the file is immutable."""
    return read_presets(SHIPPED)


def preset(name: str) -> Preset:
    """A shipped preset by name; BookError if there is none of that name."""
    for each in presets():
        if each.name == name:
            return each
    raise BookError(f"There is no stress preset {name!r}. There are: {', '.join(p.name for p in presets())}.")
