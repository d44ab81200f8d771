"""The book under a policy: what every cut-off would do, and the tables over it."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.contract import Contract, Field
from model.engine.parallel import Progress, no_progress
from model.engine.scorer import Scorer
from model.finance.scorecard import reaches, score_band, whole_points
from model.monitoring import fairness
from model.monitoring.fairness import Group
from model.whatif.book.scenario import BookScenario, layers
from model.whatif.book.scored import ScoredBook
from model.whatif.book.totals import Rows, stands_for
from model.whatif.customer.decision import score_scale
from model.whatif.policy.pricing import Priced, priced
from model.whatif.policy.scenario import PolicyScenario, today
from model.whatif.policy.strategy import Outcome, Strategy

GRID_COLUMNS = 7  # values of an assumption that profit is laid out over
LEAST_APPROVED = 0.01  # share from which a ratio of groups is told


def scores_by(scorer: Scorer, book: Book, under: BookScenario, day: date) -> Array:
    """The scores (n,) that another model gives a book under a scenario, on its own contract's scale."""
    whole = ScoredBook.of(scorer, book)
    return np.asarray(score_scale(scorer.contract).score(whole.log_odds(layers(scorer.contract, under, day))))


@dataclass(frozen=True, eq=False)
class ProfitGrid:
    """Profit (bands, values) over the margin's horizon by score band and by ``values`` of one assumption."""

    values: Array
    profit: Array


@dataclass(frozen=True)
class BandRate:
    """The ``customers`` of one score band, and which share of them was ``expected`` to have the outcome and had it as
    ``observed``; NaN of nobody."""

    band: int
    customers: int
    expected: float
    observed: float


@dataclass(frozen=True, eq=False)
class PolicyResult:
    """The book under the policy's assumptions. ``book`` are the customers asked about, ``scores`` and ``rows`` theirs,
    (n,), ``strategy`` what every cut-off would do on the ``day``."""

    whole: ScoredBook
    book: Book
    policy: PolicyScenario
    day: date
    scores: Array
    rows: Rows
    strategy: Strategy

    @classmethod
    def of(
        cls, whole: ScoredBook, book: Book, policy: PolicyScenario, day: date, progress: Progress = no_progress
    ) -> "PolicyResult":
        """The ``book`` as the model sees it, under a policy, and under the book's scenario that it is asked under."""
        numbers = layers(whole.contract, policy.stress(whole.contract), day)
        rows = whole.rows(numbers, progress)
        scores = np.asarray(score_scale(whole.contract).score(whole.log_odds(numbers, progress)))
        return cls(
            whole,
            book,
            policy=policy,
            day=day,
            scores=scores,
            rows=rows,
            strategy=Strategy.of(scores, rows, book.target),
        )

    @property
    def contract(self) -> Contract:
        """The contract of the model."""
        return self.whole.contract

    @property
    def cutoff(self) -> int:
        """The cut-off chosen."""
        return self.policy.at(self.contract)

    @cached_property
    def chosen(self) -> Outcome:
        """What the cut-off chosen does."""
        return self.strategy.at(self.cutoff)

    @cached_property
    def before(self) -> Outcome:
        """What today's cut-off does, under the same assumptions."""
        return self.strategy.at(today(self.contract))

    @cached_property
    def assumptions(self) -> dict[str, float]:
        """Every assumption by name."""
        stress = self.policy.stress(self.contract)
        return {each.name: stress.number(self.contract, each.name) for each in self.contract.assumptions}

    @cached_property
    def bands(self) -> NDArray[np.int64]:
        """The score band of each customer, (n,)."""
        return score_band(self.scores, self.contract.score.bands)

    def approved(self, cutoff: int, scores: Array | None = None) -> NDArray[np.bool_]:
        """Whom a cut-off approves, (n,), by these scores or by other ones."""
        return reaches(self.scores if scores is None else scores, cutoff)

    def prices(self, target: float = 0.0) -> list[Priced]:
        """Every score band's prices; ``target`` is the return wanted, a fraction a year."""
        return priced(
            self.bands, len(self.contract.score.bands) + 1, rows=self.rows, assumptions=self.assumptions, target=target
        )

    def band_rates(self) -> list[BandRate]:
        """Expected and observed bad rate of each score band, the lowest first."""
        count = len(self.contract.score.bands) + 1
        many = np.bincount(self.bands, minlength=count)
        sums = [np.bincount(self.bands, weights, count) for weights in (self.rows.pd, self.book.target)]
        customers = stands_for(many, self.rows.each)
        rates = [np.where(many > 0, each / np.maximum(many, 1), np.nan) for each in sums]
        return [BandRate(k, int(customers[k]), float(rates[0][k]), float(rates[1][k])) for k in range(count)]

    def profit_grid(self, name: str) -> ProfitGrid:
        """Profit by score band, along one assumption around where it stands."""
        each, now = self.contract.assumption(name), self.assumptions[name]
        reach = 3 * max(each.step, 0.1 * abs(now) if now else each.step)
        around = np.linspace(now - reach, now + reach, GRID_COLUMNS).clip(each.minimum, each.maximum)
        values = np.unique(around.round(6))
        profit = np.empty((len(self.contract.score.bands) + 1, len(values)))
        for k, value in enumerate(values):
            scenario = self.policy.stress(self.contract).with_value(self.contract, name, float(value))
            rows = self.whole.rows(layers(self.contract, scenario, self.day))
            profit[:, k] = np.bincount(self.bands, rows.margin, len(profit))
        return ProfitGrid(values, profit)

    def groups(self, field: Field, cutoff: int) -> list[Group]:
        """How a cut-off treats each group of a protected attribute."""
        group, names = self.contract.groups(field, self.book.observed[field.name])
        return fairness.groups(self.approved(cutoff), self.book.target == 0, group, names)

    def lowest_ratios(self, field: Field) -> Array:
        """The lowest ratio among the groups of an attribute at each of the strategy's cut-offs; NaN where hardly
        anybody is approved."""
        group, names = self.contract.groups(field, self.book.observed[field.name])
        points = whole_points(self.scores) - int(self.strategy.cutoffs[0])
        count = len(self.strategy.cutoffs)
        cell = np.bincount(group * count + points, minlength=len(names) * count).reshape(len(names), count)
        selected = cell[:, ::-1].cumsum(1)[:, ::-1].astype(float)
        lowest = fairness.smallest_ratio(selected, np.bincount(group, minlength=len(names)))
        return np.where(self.strategy.curves["approval"] >= LEAST_APPROVED, lowest, np.nan)
