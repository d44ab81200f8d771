"""Model servers of other makers, each in an environment of its own, in ways in which models are written for them."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from data.books import Book
from data.contract import Contract
from model.deployed import desk, remote
from model.deployed.remote import RemoteScorer, connect
from model.engine.territory import Territory
from model.errors import Refused
from model.report import numbers
from model.settings import Settings
from tests.pages.conftest import Open, put_desk, shown
from tests.pages.conftest import open_app as open_app
from tests.support.servers import ModelServer, kserve, lightgbm, mlserver

pytestmark = pytest.mark.servers

SERVERS: dict[str, Callable[[Path], AbstractContextManager[ModelServer]]] = {
    "kserve": kserve,
    "mlserver": mlserver,
    "lightgbm": lightgbm,
}
BAD, FIRST = '[output]\nname = "bad"\n', '[output]\nname = "output-0"\n'


@dataclass(frozen=True)
class Way:
    """How a model is served: where, what its mapping adds to the inputs, and how it is then asked: protocol, records by
    name, a table announced, tensors told. ``single``: it takes no more than single precision."""

    server: str
    path: str
    more: str
    protocol: str
    objects: bool = False
    pandas: bool = True
    tensors: int = 0
    single: bool = False


WAYS = {
    "KServe's SDK, lists": Way("kserve", "/v1/models/credit", "", "kserve"),
    "KServe's SDK, lists, found out": Way("kserve", "", "", "kserve"),
    "KServe's SDK, objects": Way("kserve", "/v1/models/objects", BAD, "kserve", objects=True),
    "KServe's SDK, tensors": Way("kserve", "/v2/models/tensors", "", "oip"),
    "KServe's SDK, tensors by name": Way("kserve", "/v2/models/tensors", FIRST, "oip"),
    "KServe's SDK, tensors by v1": Way("kserve", "/v1/models/tensors", "", "kserve"),
    "KServe's SDK, one tensor": Way("kserve", "/v2/models/typed", "", "oip", pandas=False, tensors=1, single=True),
    "KServe's SDK, a table": Way("kserve", "/v2/models/frame", BAD, "oip"),
    "KServe's SDK, a table by v1": Way("kserve", "/v1/models/frame", BAD, "kserve"),
    "MLServer's default codec": Way("mlserver", "/v2/models/whole", "", "oip", pandas=False, tensors=1),
    "MLServer, a runtime of a bank's own": Way("mlserver", "/v2/models/columns", '[output]\nname = "pd"\n', "oip"),
    "LightGBM by MLflow": Way("lightgbm", "", "", "mlflow"),
    "LightGBM by MLflow, with types": Way(
        "lightgbm", "/invocations", '[types]\nPAY_0 = "INT64"\nPAY_2 = "INT32"\n', "mlflow", tensors=7
    ),
}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], ModelServer]]:
    """Starts each server once."""
    running: dict[str, ModelServer] = {}
    with ExitStack() as opened:

        def start(name: str) -> ModelServer:
            if name not in running:
                running[name] = opened.enter_context(SERVERS[name](tmp_path_factory.mktemp(name)))
            return running[name]

        yield start


@pytest.fixture(scope="module")
def seen_by(book: Book, contract: Contract) -> Territory:
    return remote.surveyed_book(book, contract)


@pytest.fixture
def server(way: Way, started: Callable[[str], ModelServer]) -> ModelServer:
    return started(way.server)


@pytest.fixture
def using(way: Way, server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of this way, in the environment too."""
    mapping = tmp_path / "bank.toml"
    mapping.write_text(server.mapping.read_text().split("[output]")[0] + way.more)
    monkeypatch.setenv("WHATIF_MODEL_URL", server.url + way.path)
    monkeypatch.setenv("WHATIF_MODEL_MAPPING", str(mapping))
    monkeypatch.setenv("WHATIF_MODEL_TIMEOUT", "60")
    return Settings()


@pytest.fixture
def scorer(using: Settings, book: Book, contract: Contract, seen_by: Territory) -> Iterator[RemoteScorer]:
    with connect(using, book, contract, surveyed=lambda: seen_by) as found:
        yield found


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_pd_is_the_models_own_however_its_server_takes_questions(
    way: Way, server: ModelServer, scorer: RemoteScorer, book: Book, contract: Contract
):
    assert scorer.about.protocol == way.protocol
    assert (scorer.form.objects, scorer.form.pandas) == (way.objects, way.pandas)
    assert len(scorer.form.tensors) == way.tensors
    some = np.random.default_rng(0).choice(len(server.customers), 50, replace=False)
    raw = np.ascontiguousarray(book.raw[:, [book.position(int(each)) for each in server.customers[some]]])
    told = json.loads((server.log.parent / "expected.json").read_text())
    own = np.array(told["single" if way.single else "pd"])[some]
    assert own.std() > 0.1
    assert np.isnan(scorer.mapping.columns(raw)["share_paid"]).any()
    np.testing.assert_allclose(scorer.pd(raw), own, rtol=0, atol=1e-12)
    assert (scorer.cost is not None) is way.single
    assert scorer.repeats.spread == 0
    assert scorer.health().well
    assert scorer.territory.percentile(contract.derive(raw)).shape == (50,)
    reasons = scorer.reasons(raw[:, :1])
    np.testing.assert_allclose(reasons.base + reasons.values.sum(0), scorer.margins(raw[:, :1]), rtol=0, atol=1e-12)


SHOWN = ("KServe's SDK, lists, found out", "KServe's SDK, one tensor", "MLServer's default codec", "LightGBM by MLflow")


@pytest.mark.parametrize("way", [WAYS[each] for each in SHOWN], ids=SHOWN)
def test_customer_page_shows_what_the_model_says(
    way: Way,
    server: ModelServer,
    using: Settings,
    open_app: Open,
    seen_by: Territory,
    monkeypatch: pytest.MonkeyPatch,
):
    own = desk.DeployedModels()
    put_desk(monkeypatch, own)
    monkeypatch.setattr(remote, "survey", lambda *_: seen_by)
    told = json.loads((server.log.parent / "expected.json").read_text())
    for k in (3, 300):
        at = open_app("applicant", customer=told["customers"][k])
        pd = told["single" if way.single else "pd"][k]
        assert shown(at, "PD, one month") == numbers.percent(pd)
    own.close()


@pytest.mark.parametrize("way", [WAYS["KServe's SDK, objects"], WAYS["KServe's SDK, tensors"]])
def test_refusal_is_told_in_the_servers_words_where_no_protocol_will_do(
    way: Way, server: ModelServer, using: Settings, book: Book, contract: Contract, seen_by: Territory
):
    """Of two protocols, what the first one said."""
    short = Path(str(using.model_mapping))
    short.write_text('[inputs]\nLIMIT_BAL = "limit"\nPAY_0 = "status_1"')
    name = way.path.rsplit("/", 1)[1]
    there = using.model_copy(update={"model_url": Settings(model_url=server.url).model_url, "model_name": name})
    with pytest.raises(Refused, match=r"\((400|500): ") as refused:
        connect(there, book, contract, surveyed=lambda: seen_by)
    assert "Traceback" not in str(refused.value)


@pytest.mark.parametrize("way", [WAYS["LightGBM by MLflow"]])
def test_classifier_of_lightgbm_answers_labels_and_is_refused_with_what_to_log(
    way: Way, server: ModelServer, using: Settings, book: Book, contract: Contract, seen_by: Territory
):
    with lightgbm(server.log.parent, "labels") as labels:
        there = using.model_copy(update={"model_url": Settings(model_url=labels.url).model_url})
        with pytest.raises(Refused, match=r"class labels.*booster_"):
            connect(there, book, contract, surveyed=lambda: seen_by)
