"""What the model says of the book under a scenario, worked out once a run and asked for by every part of the page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from data.contract import Segment
from model.deployed.model import DeployedModel
from model.engine.parallel import Progress
from model.whatif.book.scenario import BookScenario, Layers, layers
from model.whatif.book.scored import ScoredBook
from model.whatif.book.segments import Cell, cut
from model.whatif.book.totals import Rows, Totals


@dataclass(frozen=True, eq=False)
class BookResult:
    """``layers``, ``rows`` and totals of the book as it is (``base``) and under ``stress`` (``now``)."""

    model: DeployedModel
    stress: BookScenario
    today: date
    layers: tuple[Layers, Layers]
    rows: tuple[Rows, Rows]
    base: Totals
    now: Totals

    @classmethod
    def to(cls, model: DeployedModel, stress: BookScenario, today: date, progress: Progress) -> "BookResult":
        """Ask the deployed model about the whole book."""
        base, now = (layers(model.contract, each, today) for each in (BookScenario(), stress))
        whole = model.scored_book(progress)
        rows = whole.rows(base, progress), whole.rows(now, progress)
        totals = (each.totals(own.years) for each, own in zip(rows, (base, now), strict=True))
        return cls(model, stress, today, (base, now), rows, *totals)

    @property
    def whole(self) -> ScoredBook:
        """The book as the model sees it."""
        return self.model.whole

    def cells(self, *segments: Segment) -> list[Cell]:
        """The book by segments."""
        return cut(self.whole, *self.rows, (self.base.years, self.now.years), *segments)


Panel = Callable[[BookResult], None]
