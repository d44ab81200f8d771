"""Papers of each kind, made once: what is held against the briefings is what is written."""

from datetime import date

import pytest

from data.books import Book
from model.deployed.model import DeployedModel
from model.export.memo.memo import Memo, Occasion
from model.export.memo.subjects import memo_of
from model.release.release import Release
from model.whatif.book.scenario import BookScenario
from model.whatif.comparison.comparison import Comparison
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.saved import Scenario
from tests.support.records import CONTRACT, stressed

OCCASION = Occasion("Ada <b>", date(2026, 11, 2))
FED = {"preset": "fed_2026_severely_adverse", "severity": "50", "balances": "20"}
SUBJECTS = ("book", "customer", "comparison")


@pytest.fixture(scope="session")
def model(release: Release, book: Book) -> DeployedModel:
    """The deployed model, as pages and commands have it."""
    return DeployedModel(book, release.scorer, release)


def scenario_of(subject: str) -> Scenario | Comparison:
    """What the papers here are of."""
    under = BookScenario.from_query(CONTRACT, FED)[0]
    if subject == "book":
        return under
    if subject == "customer":
        return CustomerScenario(17, under=stressed(unemployment=2)).edited(CONTRACT, "balances", -20.0)
    found = Comparison()
    for name, each in (("As it is", BookScenario()), ("Half <i>", under), ("=1+1", stressed(unemployment=2))):
        found = found.with_member(name, each)
    return found


@pytest.fixture(scope="session")
def memos(model: DeployedModel) -> dict[str, Memo]:
    """A paper of each subject."""
    return {each: memo_of(model, scenario_of(each), OCCASION) for each in SUBJECTS}


@pytest.fixture(params=SUBJECTS)
def memo(request: pytest.FixtureRequest, memos: dict[str, Memo]) -> Memo:
    """Each of them."""
    return memos[request.param]
