"""The evidence of one model, which of it is looked at, and all that is worked out of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from model.errors import NotTabular
from model.monitoring.drift import Drift
from model.monitoring.realised import RealisedRate
from model.release.release import Release
from model.release.report import ReleaseReport
from model.validation.backtests import RecalibrationBacktest, realised_losses, recalibrate
from model.validation.effects import ModelEffects
from model.validation.validation import Subset, SubsetMetrics, Validation

EVERYBODY = Subset()
Losses = tuple[tuple[tuple[float, RealisedRate], ...], RealisedRate]


def _unknown() -> ModelEffects:
    raise NotTabular("What this model looks at is not known here. Give the book as the model sees it.")


@dataclass(frozen=True, eq=False)
class TrustResult:
    """A model's ``proof``, the records of it that were ``chosen``, its ``release`` if that is known here; ``look``
    gives what it looks at, which takes the whole book and is asked for only where that is shown."""

    proof: Validation
    chosen: Subset = EVERYBODY
    release: Release | None = None
    look: Callable[[], ModelEffects] = _unknown

    @cached_property
    def measured(self) -> SubsetMetrics:
        """Everything about the records looked at."""
        return self.proof.measured(self.chosen)

    @property
    def report(self) -> ReleaseReport | None:
        """What was measured of the release; None of a model that is none of ours."""
        return None if self.release is None else self.release.report

    @property
    def drifted(self) -> str:
        """Of which records drift is told: the later vintages, of all or of the one looked at; "" where none are."""
        when = self.chosen.when or self.proof.main
        if self.release is None or self.proof.vintage is None:
            return ""
        if self.proof.after_training(when):
            return when
        return next((each for each in ("later", "beyond") if each in self.proof.has), "")

    @cached_property
    def drifts(self) -> tuple[Drift, ...]:
        """How far they have moved since the training."""
        return self.moved(self.drifted) if self.drifted else ()

    def moved(self, when: str) -> tuple[Drift, ...]:
        """How far the records of a source or vintage have moved since the training; nothing where that is unknown."""
        return () if self.release is None else self.proof.drift(self.release.snapshot, when)

    def recalibration(self, year: float) -> RecalibrationBacktest:
        """What shifting the intercept to one year would have made of the years after it."""
        return self.proof.once(("recalibration", year), lambda: recalibrate(self.proof, year))

    @property
    def losses(self) -> Losses | None:
        """What was lost of what was owed, by vintage and in all; None where the book knows no losses or vintages."""
        return self.proof.once("losses", lambda: realised_losses(self.proof.book))
