"""Those compared asked of the deployed model, each as its own page asks it."""

from datetime import date

from model.deployed.model import DeployedModel
from model.engine.parallel import Progress, no_progress
from model.whatif.comparison.comparison import Comparison
from model.whatif.comparison.result import ComparisonResult


def ask_each(
    model: DeployedModel, comparison: Comparison, *, day: date, progress: Progress = no_progress
) -> ComparisonResult:
    """What the model says of each of those compared.

    Raises
    ------
    BadInput, BookError
        If a record cannot be.
    RemoteError
        If a model elsewhere does not answer.
    """
    if comparison.subject == "customer":
        return ComparisonResult.of_customers(model.scorer, model.local_scorer, model.book, comparison, day=day)
    whole = model.scored_book(progress)
    return ComparisonResult.of_book(whole, model.sample, comparison, day=day, progress=progress)
