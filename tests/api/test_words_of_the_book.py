"""Whatever is told of a book is told in its contract's nouns: every page with every panel, papers, workbooks and the
app for a phone of a book of vessels that sink hold no word of customers, loans or payments."""

import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from io import BytesIO

import pytest

from model.api.briefings import SUBJECTS, page_answer
from model.api.process import running
from model.api.service import Service
from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.export.memo.memo import Occasion
from model.export.memo.page import memo_page
from model.export.memo.subjects import memo_of
from model.export.phone.package import KNOWN, phone_package
from model.export.workbook.workbook import asked_book_workbook, asked_customer_workbook
from model.settings import Settings
from model.whatif.book.scenario import BookScenario
from model.whatif.customer.scenario import CustomerScenario
from tests.support import other_nouns
from tests.support.kept import KeptReleases
from tests.support.made_up import NAME

DAY = date(2026, 11, 2)
NOUNS = re.compile(
    r"\b(customers?|people|borrowers?|cardholders?|applicants?|loans?|accounts?|payments?|paid|repaid|grant(?:s|ed)?|"
    r"approve(?:s|d)?|defaulters?|defaulted|defaults?)\b",
    re.IGNORECASE,
)
OF_THE_FIELD = re.compile(
    r"(?:loss|lost|losses)\sgiven\sdefault|(?:owed|exposures?)\sat\sdefault|"
    r"(?:expected|number\sof|change\sof)\s(?:\w+\s)?defaults|defaults\s(?:before|now|as\sthey\sstand)|"
    r"(?:^|,\s)at default$|model\scards?|whatif:\w+|nobody\sapproves\swhat|"
    r"^Customer$|^defaulted$|on\sBook,\sCustomer\sor\sPolicy",
    re.IGNORECASE,
)
"""What is called so of any book: terms of the field, of the house, names of columns and sheets."""
QUERIES: dict[str, tuple[dict[str, str], ...]] = {
    "customer": ({}, {"customer": "7"}, {"customer": "7", "one": "9", "lgd": "0.6"}),
    "book": ({}, {"preset": "fed_2026_severely_adverse", "one": "20", "weight_as_is": "50", "weight_present": "50"}),
    "policy": ({}, {"cutoff": "540", "lgd": "0.6"}),
    "comparison": (
        {},
        {"of": "book", "1": "As it stands", "2.one": "20"},
        {"of": "customer", "1.customer": "7", "2.customer": "8"},
    ),
    "trust": ({},),
    "operations": ({},),
    "scenarios": ({},),
}


@pytest.fixture(scope="module", params=[other_nouns.SHAPE, other_nouns.COUNTED], ids=["in money", "counted"])
def using(request: pytest.FixtureRequest, kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a home with a champion of such a book, told in money or not."""
    home = tmp_path_factory.mktemp("vessels")
    other_nouns.lay_down(home, request.param)
    kept.champion(home, NAME)
    return Settings(home=home, book=NAME)


@pytest.fixture(scope="module")
def models(using: Settings) -> DeployedModels:
    return DeployedModels(lambda: using)


@pytest.fixture(scope="module")
def model(models: DeployedModels) -> DeployedModel:
    found = models.model(NAME)
    assert found is not None
    return found


def texts(told: object, under: str = "") -> Iterator[str]:
    """Every text that somebody reads of an answer in JSON; not its keys, nor what names things to programs."""
    if isinstance(told, dict):
        for name, part in told.items():
            if name not in ("key", "subject", "page", "query", "kind", "name"):
                yield from texts(part, name)
    elif isinstance(told, (list, tuple)):
        for part in told:
            yield from texts(part, under)
    elif isinstance(told, str):
        yield told


def strange(told: Iterable[str]) -> str:
    """Where texts have a noun that is not the contract's, a line each, with what stands around it."""
    left = [OF_THE_FIELD.sub("", text) for text in told]
    assert left
    found = {text[max(0, each.start() - 50) : each.end() + 30] for text in left for each in NOUNS.finditer(text)}
    return "\n".join(each.replace("\n", " ") for each in sorted(found))


@pytest.mark.parametrize("subject", QUERIES)
def test_no_page_has_a_noun_that_is_not_the_contracts(using: Settings, models: DeployedModels, subject: str) -> None:
    service = running(using).service
    pages = [
        page_answer(models, service, subject, {**query, "panels": "all"}, "tests", withheld="")
        for query in QUERIES[subject]
    ]
    assert strange(texts(pages)) == ""


def test_every_page_is_asked() -> None:
    assert set(QUERIES) == set(SUBJECTS)


@pytest.mark.parametrize("scenario", [BookScenario((("one", 20.0),)), CustomerScenario(7, edits=(("two", 9.0),))])
def test_no_paper_and_no_workbook_has_one(model: DeployedModel, scenario: BookScenario | CustomerScenario) -> None:
    paper = memo_of(model, scenario, Occasion("tests", DAY))
    if isinstance(scenario, BookScenario):
        workbook = asked_book_workbook(model, scenario, who="tests", day=DAY)
    else:
        workbook = asked_customer_workbook(model, scenario, who="tests", day=DAY)
    assert strange([re.sub(r"<[^>]*>", "\n", memo_page(paper)), *cells(workbook)]) == ""


def cells(workbook: bytes) -> list[str]:
    """The texts of a workbook's cells."""
    with zipfile.ZipFile(BytesIO(workbook)) as opened:
        return re.findall(r"<t[^>]*>([^<]*)</t>", opened.read("xl/sharedStrings.xml").decode())


def test_the_app_for_a_phone_has_none(model: DeployedModel) -> None:
    assert strange(texts(json.loads(phone_package(model, day=DAY).files[KNOWN]))) == ""


def test_a_program_is_told_a_release_in_the_words_that_the_contract_has_now(using: Settings) -> None:
    service = Service(using, audit=None)
    before = service.release()
    path = using.home / "books" / NAME / "contract.toml"
    text = path.read_text()
    try:
        path.write_text(text.replace("Probability of sinking", "Chance of going under"))
        assert service.known() is None
        after = service.release()
        assert after.contract.book.probability == "Chance of going under within a year"
        assert after.own_contract.book.probability == "Probability of sinking within a year"
        assert (after.id, service.known()) == (before.id, after)
        assert service.store.words(after.contract.hash) is not None
    finally:
        path.write_text(text)
    assert service.release().contract.book.probability == "Probability of sinking within a year"
