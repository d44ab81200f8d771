"""What a book's numbers are under one model and under another: looked at before one takes the other's place."""

from dataclasses import dataclass
from datetime import date

from data.books import Book
from model.engine.parallel import Progress, no_progress
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.book.totals import Totals
from model.whatif.policy.result import PolicyResult
from model.whatif.policy.scenario import PolicyScenario


@dataclass(frozen=True)
class BookNumbers:
    """The book as it stands under one model: its ``totals``, and the share that today's cut-off grants, in [0, 1]."""

    totals: Totals
    approval: float

    @classmethod
    def of(cls, whole: ScoredBook, sample: Book, day: date, progress: Progress = no_progress) -> "BookNumbers":
        """From the ``whole`` book as the model sees it, and the records it stands for; ``progress`` may cancel it."""
        policy = PolicyResult.of(whole, sample, policy=PolicyScenario(), day=day, progress=progress)
        return cls(BookResult.of(whole, BookScenario(), day, progress).base, policy.before.goal("approval"))
