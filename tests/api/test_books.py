"""The REST service on another book than the cards: a user's own, chosen by the command line or the environment."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from click.testing import CliRunner, Result
from uvicorn.importer import import_from_string

from data import books
from data.books import Book
from model.__main__ import main
from model.record.trail import recent
from model.release.release import Release
from model.release.store import Store
from tests.support import second_book
from tests.support.inside import INFER, Client, Served, outputs, told
from tests.support.kept import KeptReleases
from tests.support.second_book import NAME, TITLE
from tests.support.standalone import SERVE, Alone, alone


@pytest.fixture(scope="module")
def lent(kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a champion of the second book and none of the cards."""
    place = tmp_path_factory.mktemp("lent")
    second_book.lay_down(place)
    kept.champion(place, NAME)
    return place


@pytest.fixture(scope="module")
def loans(lent: Path) -> Book:
    return books.read_book(NAME, lent)


@pytest.fixture(scope="module")
def champion(lent: Path) -> Release:
    return Store(lent, NAME).load()


def asked(loans: Book, *wanted: str) -> dict[str, Any]:
    """A request for a batch of every tenth loan."""
    tensors = [
        {"name": each.name, "shape": [len(values), 1], "datatype": "FP64", "data": values.tolist()}
        for each, values in zip(loans.contract.record, loans.raw[:, ::10], strict=True)
    ]
    return {"inputs": tensors, "outputs": [{"name": each} for each in wanted]}


def test_a_batch_of_another_book_gets_its_own_model_bit_for_bit(lent: Path, loans: Book, champion: Release):
    served = Served(lent, book=NAME)
    answer = served.infer(asked(loans, "predict_proba", "shap_values", "base_value"))
    found = outputs(answer)
    base, values = champion.scorer.explain(loans.raw[:, ::10])
    pd = 1 / (1 + np.exp(-champion.scorer.margins(loans.raw[:, ::10])))
    assert (found["shap_values"] == values.T).all()
    assert (found["base_value"] == [base]).all()
    assert found["predict_proba"][:, 1] == pytest.approx(pd, abs=1e-15)
    assert answer.headers["X-Model-Version"] == champion.id
    assert [each.book for each in recent(served.running.engine)] == [NAME]


def test_the_service_says_of_which_book_its_model_is(lent: Path, champion: Release):
    served = Served(lent, book=NAME)
    model = served.client.get("/v2/models/credit").json()
    assert (model["parameters"]["book"], model["parameters"]["release"]) == (NAME, champion.id)
    assert [each["name"] for each in model["inputs"]] == [each.name for each in champion.contract.record]
    document = served.client.get("/openapi.json").json()
    assert document["info"]["description"].startswith(f"The model of the book {NAME}: {TITLE}. ")
    example = document["components"]["schemas"]["InstancesRequest"]["example"]
    assert served.client.post("/v1/models/credit:predict", json=example).status_code == 200
    assert f'book="{NAME}"' in served.client.get("/metrics").text


def test_a_record_of_the_cards_is_refused_by_naming_the_fields_of_the_book(
    lent: Path, rows: list[list[float]], names: list[str]
):
    card = {"instances": [dict(zip(names, rows[0], strict=True))]}
    text = told(Served(lent, book=NAME).client.post("/v1/models/credit:predict", json=card), 400)
    assert text.startswith("The request must hold each of limit, balance, late once.")
    assert "unknown: " in text.lower()


def scored(server: Alone, loans: Book) -> Any:
    """What a running service says of a batch of loans, over the network."""
    request = urllib.request.Request(
        f"{server.url}/v2/models/credit/infer",
        json.dumps(asked(loans, "predict_proba")).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        return json.loads(answer.read())


def test_the_book_is_chosen_by_the_option_for_every_worker(lent: Path, loans: Book, champion: Release):
    with alone(lent, 2, (*SERVE, "--book", NAME)) as server:
        answers = [scored(server, loans) for _ in range(4)]
    assert {each["model_version"] for each in answers} == {champion.id}


@pytest.mark.parametrize(
    ("words", "named"), [((), NAME), (("--book", NAME), "cards")], ids=["environment", "option before environment"]
)
def test_the_book_is_chosen_by_the_environment_where_the_option_says_nothing(
    lent: Path, loans: Book, champion: Release, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], named: str
):
    answers = []

    def asked_once(application: str, **_: Any) -> None:
        client = Client(import_from_string(application)())
        answers.append(client.post(INFER, json=asked(loans, "predict_proba")).json())

    monkeypatch.setattr(uvicorn, "run", asked_once)
    assert serve(lent, *words, WHATIF_BOOK=named, WHATIF_API_TOKENS="off").exit_code == 0
    assert [each["model_version"] for each in answers] == [champion.id]


def serve(home: Path, *words: str, **settings: str) -> Result:
    env = {"WHATIF_HOME": str(home), **settings}
    return CliRunner().invoke(main, ["serve", "--port", "1", *words], env=env, catch_exceptions=False)


@pytest.mark.parametrize(("words", "settings"), [(("--book", "mortgages"), {}), ((), {"WHATIF_BOOK": "mortgages"})])
def test_a_book_that_is_not_there_is_told_with_those_that_are(
    lent: Path, words: tuple[str, ...], settings: dict[str, str]
):
    result = serve(lent, *words, **settings)
    assert result.exit_code == 2
    assert "There is no book 'mortgages'. There are: cards, second, small_business." in result.stderr


def test_a_book_without_a_champion_is_told_with_the_way_to_one(lent: Path):
    result = serve(lent, "--book", "small_business")
    assert result.exit_code == 2
    assert "There is no champion to serve yet. Run: python -m model train --book small_business" in result.stderr
