"""What the model says of each of those compared: the very results that their own pages have."""

from dataclasses import dataclass
from datetime import date
from functools import partial

from data.books import Book
from data.errors import OutOfRange
from model.engine.parallel import Progress, no_progress
from model.engine.scorer import Scorer
from model.finance import loss
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.comparison.comparison import Comparison
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.policy.result import PolicyResult
from model.whatif.policy.scenario import PolicyScenario


@dataclass(frozen=True, eq=False)
class ComparisonResult:
    """The results of a ``comparison``, in its order: of the subject it is about; the others are ()."""

    comparison: Comparison
    day: date
    books: tuple[BookResult, ...] = ()
    customers: tuple[CustomerResult, ...] = ()
    policies: tuple[PolicyResult, ...] = ()

    @classmethod
    def of_book(
        cls,
        whole: ScoredBook,
        asked: Book,
        comparison: Comparison,
        *,
        day: date,
        progress: Progress = no_progress,
    ) -> "ComparisonResult":
        """Scenarios of the ``whole`` book, or policies on it; ``asked`` are the customers that it holds."""
        share = 1 / max(len(comparison.members), 1)
        books, policies = list[BookResult](), list[PolicyResult]()
        for k, each in enumerate(comparison.members):
            own = partial(_part_done, progress, k * share, share)
            if isinstance(each.scenario, BookScenario):
                books.append(BookResult.of(whole, each.scenario, day, own))
            elif isinstance(each.scenario, PolicyScenario):
                policies.append(PolicyResult.of(whole, asked, each.scenario, day, own))
        return cls(comparison, day, books=tuple(books), policies=tuple(policies))

    @classmethod
    def of_customers(
        cls, scorer: Scorer, local: Scorer, book: Book, comparison: Comparison, *, day: date
    ) -> "ComparisonResult":
        """Customers, or one of them with different changes. Raises what `CustomerResult.of` does."""
        found = tuple(
            CustomerResult.of(scorer, local, book, each.scenario, day=day)
            for each in comparison.members
            if isinstance(each.scenario, CustomerScenario)
        )
        return cls(comparison, day, customers=found)

    @property
    def names(self) -> tuple[str, ...]:
        """What those compared are called."""
        return tuple(each.name for each in self.comparison.members)

    @property
    def weighs(self) -> bool:
        """Whether any scenario of the book has a weight."""
        return bool(self.books) and any(each.weight for each in self.comparison.members)

    def weighted_loss(self) -> float:
        """The losses of the book weighted by the weights of their scenarios; each in its own severity. OutOfRange where
        the weights do not sum to 100 %."""
        weights = [each.weight / 100 for each in self.comparison.members]
        if abs(sum(weights) - 1) > 1e-9:
            raise OutOfRange(f"The weights must sum to 100 %; they sum to {100 * sum(weights):.6g} %.")
        return loss.weighted([each.now.loss for each in self.books], weights)


def _part_done(progress: Progress, before: float, share: float, done: float) -> object:
    """How far all of the work is when one part of it is so far ``done``."""
    return progress(before + share * done)
