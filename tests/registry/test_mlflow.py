"""Publishing to an MLflow registry: a real server, the real client, and what comes back out of it.

The client runs as a user runs it, ``python -m model publish``, in MLflow's own environment; the tests read the registry
over its REST interface and load the model in that environment.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from data.books import Book
from model.__main__ import main
from model.errors import GateError, RemoteError
from model.registry.mlflow import FILES, publish, record, red, typical, without_login
from model.release.build import TRUSTED
from model.release.gate import Gate
from model.release.release import Release
from model.release.store import Store
from tests.support import second_book
from tests.support.forging import forge, stray
from tests.support.servers import environment, free_port, mlflow_registry, mlflow_serving, python_of

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:1"
NAME = "credit-cards"


def poor(store: Store) -> str:
    """A release that does not rank well enough."""
    report = json.loads((store.load().path / "gates.json").read_bytes())
    (auc,) = (gate for gate in report["gates"] if gate["name"] == "auc")
    auc |= {"figure": 0.7, "passed": False, "stops": True}
    return forge(store, store.resolve("champion"), {"gates.json": json.dumps(report).encode()})


# ---- without MLflow --------------------------------------------------------------------------------------------------


def test_publishing_without_mlflow_says_how_to_install_it(release: Release, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(RemoteError, match=r'pip install "mlflow-skinny>=3\.17"'):
        publish(release, NOWHERE)


def test_release_with_a_red_gate_is_not_published(own_home: Path):
    store = Store(own_home, "cards")
    with pytest.raises(GateError, match=r"Ranks well: AUC: 0\.7, at least 0\.78 is asked\. .*--despite REASON"):
        publish(store.load(poor(store)), NOWHERE, despite="  ")


def test_red_gate_ends_the_verb_as_a_failed_check(own_home: Path):
    identity = poor(Store(own_home, "cards"))
    words = ["publish", identity, "--to", NOWHERE]
    result = CliRunner().invoke(main, words, env={"WHATIF_HOME": str(own_home)}, catch_exceptions=False)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Failed: Release {identity} is not published")


def test_gate_that_does_not_stop_is_no_reason_against_publishing(release: Release):
    gate = Gate("parity", "Parity of groups", figure=0.7, bound=0.8, at_least=True)
    assert red(replace(release.report, gates=(replace(gate, stops=False),))) == []
    assert red(replace(release.report, gates=(gate,))) == ["Parity of groups: 0.7, at least 0.8 is asked"]


def test_gate_whose_figure_is_not_known_is_told_so(release: Release):
    gate = Gate("parity", "Parity", figure=np.nan, bound=0.8, at_least=True)
    assert red(replace(release.report, gates=(gate,))) == ["Parity: not known, at least 0.8 is asked"]


@pytest.mark.parametrize("name", ["credit'cards", "a/b", "models:x", "x" * 201])
def test_name_that_a_registry_cannot_take_is_told_before_anything_is_sent(name: str, home: Path):
    words = ["publish", "--to", NOWHERE, "--name", name]
    result = CliRunner().invoke(main, words, env={"WHATIF_HOME": str(home)}, catch_exceptions=False)
    assert result.exit_code == 2
    assert "letters, digits, spaces" in result.stderr


def test_book_of_a_users_own_is_known_to_the_verb(tmp_path: Path):
    second_book.lay_down(tmp_path)
    words = ["publish", "--to", NOWHERE, "--book", second_book.NAME]
    result = CliRunner().invoke(main, words, env={"WHATIF_HOME": str(tmp_path)}, catch_exceptions=False)
    assert result.exit_code == 2
    assert "Error: The release 'champion' of the book second does not exist." in result.stderr


def test_record_of_a_release_tells_settings_figures_and_where_it_comes_from(release: Release):
    found = record(release)
    shipped = release.report.as_dict()["cross_validation"]["pairwise, monotone (shipped)"]
    assert found.params["training.iterations"] == release.contract.training.iterations
    assert found.metrics["cross_validated.auc"] == shipped["auc"]
    assert {f"gate.{gate['name']}" for gate in release.report.as_dict()["gates"]} <= set(found.metrics)
    assert found.tags["whatif.artefact"] == release.artefact
    assert found.tags["whatif.data_sha256"] == release.manifest["data_sha256"]
    assert found.tags["whatif.gates"] == "passed"
    assert release.contract.card is not None
    assert found.tags["whatif.owner"] == release.contract.card.owner


def test_example_of_an_input_is_made_of_values_that_occur_but_is_nobody(book: Book):
    found = typical(book.inputs)
    assert all(value in row for value, row in zip(found, book.inputs, strict=True))
    assert not (book.inputs == found[:, None]).all(0).any()


def test_files_that_go_along_hold_no_customers():
    assert {"golden.npz", "outcomes.npz", "snapshot.npz"}.isdisjoint(FILES)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://me:secret@host:5000/x", "http://host:5000/x"),
        ("http://host:5000", "http://host:5000"),
        ("databricks", "databricks"),
    ],
)
def test_password_in_an_address_is_not_told(address: str, told: str):
    assert without_login(address, address) == told


# ---- with MLflow -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Registry:
    """A running MLflow server and the verb that publishes to it."""

    url: str

    def publish(self, home: Path, *words: str, to: str = "") -> "subprocess.CompletedProcess[str]":
        """The verb, as somebody with MLflow installed runs it."""
        python = python_of("WHATIF_TEST_MLFLOW")
        command = [str(python), "-m", "model", "publish", *words, "--to", to or self.url]
        using = environment(python, WHATIF_HOME=str(home), PYTHONPATH=str(ROOT))
        return subprocess.run(command, cwd=home, env=using, capture_output=True, text=True, check=False)

    def published(self, home: Path, *words: str) -> Any:
        """The one JSON object it prints."""
        done = self.publish(home, *words, "--json")
        assert done.returncode == 0, done.stderr
        (line,) = done.stdout.splitlines()
        return json.loads(line)

    def ask(self, what: str, /, **query: str) -> Any:
        """What the registry says of itself."""
        answer = httpx.get(f"{self.url}/api/2.0/mlflow/{what}", params=query, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def versions(self, name: str) -> list[str]:
        """The versions of a model."""
        found = self.ask("model-versions/search", filter=f"name='{name}'").get("model_versions", [])
        return sorted(each["version"] for each in found)

    def aliased(self, name: str, alias: str) -> Any:
        """The version that an alias points to."""
        return self.ask("registered-models/alias", name=name, alias=alias)["model_version"]

    def run(self, identity: str) -> Any:
        """Params, metrics and tags of a run, by name."""
        data = self.ask("runs/get", run_id=identity)["run"]["data"]
        return {part: {each["key"]: each["value"] for each in data[part]} for part in ("params", "metrics", "tags")}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """An MLflow tracking server with a model registry, empty."""
    with mlflow_registry(tmp_path_factory.mktemp("registry")) as url:
        yield Registry(url)


@pytest.fixture(scope="module")
def made(registry: Registry, home: Path) -> Any:
    """The champion, published by its alias: what the verb said."""
    return registry.published(home, "champion")


@dataclass(frozen=True)
class Asked:
    """A thousand records' inputs (n, inputs) with gaps, the release's own PDs of them (n,), and what the loaded models
    said."""

    inputs: NDArray[np.float64]
    pd: NDArray[np.float64]
    answered: dict[str, NDArray[np.float64]]
    model: Any


@pytest.fixture(scope="module")
def asked(
    registry: Registry, made: Any, release: Release, book: Book, tmp_path_factory: pytest.TempPathFactory
) -> Asked:
    """The registered champion, loaded in MLflow's environment."""
    folder = tmp_path_factory.mktemp("asked")
    chosen = np.linspace(0, len(book) - 1, 1000).astype(int)
    inputs = np.ascontiguousarray(book.inputs[:, chosen].T)
    np.savez(folder / "asked.npz", inputs=inputs, names=[each.name for each in release.contract.inputs])
    python = python_of("WHATIF_TEST_MLFLOW")
    script = ROOT / "tests" / "support" / "read_registry.py"
    command = [str(python), str(script), registry.url, f"models:/{made['name']}@champion", str(folder)]
    done = subprocess.run(command, cwd=folder, env=environment(python), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "answered.npz") as stored:
        answered = {name: stored[name] for name in stored.files}
    pd = 1 / (1 + np.exp(-release.scorer.margins(book.raw[:, chosen])))
    return Asked(inputs, pd, answered, json.loads((folder / "model.json").read_text()))


@pytest.mark.servers
def test_published_champion_is_the_registry_s_champion(registry: Registry, made: Any, release: Release):
    assert made | {"run": ""} == {
        "release": release.id,
        "artefact": release.artefact,
        "name": NAME,
        "version": "1",
        "alias": "champion",
        "new": True,
        "run": "",
        "to": registry.url,
    }
    assert registry.aliased(NAME, "champion")["version"] == "1"


@pytest.mark.servers
def test_registered_version_and_run_say_what_the_release_was_made_of(registry: Registry, made: Any, release: Release):
    version = registry.aliased(NAME, "champion")
    run = registry.run(made["run"])
    tags = {each["key"]: each["value"] for each in version["tags"]}
    assert tags == record(release).tags
    assert tags.items() <= run["tags"].items()
    assert tags["whatif.contract_sha256"] == release.manifest["contract_sha256"]
    assert run["params"] == {key: str(value) for key, value in record(release).params.items()}
    assert run["metrics"] == pytest.approx(record(release).metrics, abs=1e-15)
    assert run["metrics"]["cross_validated.auc"] >= 0.78


@pytest.mark.servers
def test_run_holds_the_release_s_files_and_no_customers(registry: Registry, made: Any, release: Release):
    listed = registry.ask("artifacts/list", run_id=made["run"], path="release")["files"]
    there = {Path(each["path"]).name: int(each["file_size"]) for each in listed}
    assert there == {name: (release.path / name).stat().st_size for name in FILES if (release.path / name).exists()}


@pytest.mark.servers
def test_signature_names_the_contract_s_inputs_in_order(asked: Asked, release: Release):
    assert asked.model["inputs"] == [
        {"type": "double", "name": each.name, "required": True} for each in release.contract.inputs
    ]
    (output,) = asked.model["outputs"]
    assert output["tensor-spec"] == {"dtype": "float64", "shape": [-1, 2]}
    assert asked.model["example"]["columns"] == [each.name for each in release.contract.inputs]


@pytest.mark.servers
def test_registered_model_runs_no_code_on_load_and_pins_what_it_needs(asked: Asked, release: Release):
    assert asked.model["flavour"]["serialization_format"] == "skops"
    assert asked.model["flavour"]["skops_trusted_types"] == list(TRUSTED)
    assert not [name for name in asked.model["files"] if name.endswith((".pkl", ".py"))]
    assert asked.model["function"] == "predict_proba"
    libraries = release.manifest["libraries"]
    pins = {f"{name}=={libraries[name]}" for name in ("numpy", "scikit-learn", "skops")}
    assert pins < set(asked.model["requirements"])


@pytest.mark.servers
def test_loaded_model_gives_the_release_s_probabilities(asked: Asked):
    assert np.isnan(asked.inputs).any()
    np.testing.assert_allclose(asked.answered["native"], asked.pd, rtol=0, atol=1e-12)
    np.testing.assert_allclose(asked.answered["generic"], asked.pd, rtol=0, atol=1e-12)


@pytest.mark.servers
def test_columns_in_another_order_are_put_right_or_refused(asked: Asked):
    np.testing.assert_allclose(asked.answered["swapped"], asked.pd, rtol=0, atol=1e-12)
    assert "same order" in asked.model["refusal"]


@pytest.mark.servers
def test_served_champion_gives_the_release_s_probabilities(
    registry: Registry, asked: Asked, release: Release, tmp_path: Path
):
    names = [each.name for each in release.contract.inputs]
    data = [[None if np.isnan(value) else value for value in row] for row in asked.inputs.tolist()]
    lacking = {"columns": names[1:], "data": [row[1:] for row in data[:1]]}
    with mlflow_serving(f"models:/{NAME}@champion", registry.url, tmp_path) as url:
        answer, refused = (
            httpx.post(f"{url}/invocations", json={"dataframe_split": split}, trust_env=False, timeout=60)
            for split in ({"columns": names, "data": data}, lacking)
        )
    assert answer.status_code == 200, answer.text
    np.testing.assert_allclose(np.array(answer.json()["predictions"])[:, 1], asked.pd, rtol=0, atol=1e-12)
    assert refused.status_code == 400
    assert names[0] in refused.text


@pytest.mark.servers
def test_second_publish_finds_the_version_and_only_points_the_alias(registry: Registry, home: Path, release: Release):
    name = "published-twice"
    first = registry.published(home, release.id[:6], "--name", name)
    assert (first["new"], first["alias"]) == (True, None)
    again = registry.published(home, "champion", "--name", name)
    assert again == first | {"new": False, "alias": "champion"}
    assert registry.versions(name) == ["1"]
    assert registry.aliased(name, "champion")["version"] == "1"


@pytest.mark.servers
def test_new_challenger_is_a_second_version_and_leaves_the_champion(registry: Registry, own_home: Path):
    name, store = "two-releases", Store(own_home, "cards")
    store.promote(stray(store), "challenger")
    registry.published(own_home, "champion", "--name", name)
    second = registry.published(own_home, "challenger", "--name", name, "--experiment", "trials")
    assert (second["version"], second["alias"]) == ("2", "challenger")
    assert [registry.aliased(name, alias)["version"] for alias in ("champion", "challenger")] == ["1", "2"]
    trials = registry.ask("experiments/get-by-name", experiment_name="trials")["experiment"]["experiment_id"]
    assert registry.ask("runs/get", run_id=second["run"])["run"]["info"]["experiment_id"] == trials


@pytest.mark.servers
def test_release_published_despite_a_red_gate_says_why(registry: Registry, own_home: Path):
    identity, reason = poor(Store(own_home, "cards")), "agreed by the model committee"
    found = registry.published(own_home, identity, "--name", "despite", "--despite", reason)
    tags = registry.run(found["run"])["tags"]
    assert tags["whatif.despite"] == reason
    assert tags["whatif.gates"].startswith("Ranks well: AUC")


@pytest.mark.servers
def test_release_promoted_over_a_red_gate_is_published_with_the_reason_on_record(registry: Registry, own_home: Path):
    store = Store(own_home, "cards")
    store.promote(poor(store), who="risk", why="newer data", override="agreed in the meeting of 3 March")
    found = registry.published(own_home, "champion", "--name", "overridden")
    assert registry.run(found["run"])["tags"]["whatif.despite"] == "agreed in the meeting of 3 March"


@pytest.mark.servers
def test_reason_given_later_is_recorded_on_the_version_that_is_there(registry: Registry, own_home: Path):
    identity, words = poor(Store(own_home, "cards")), ("--name", "twice-despite", "--despite")
    registry.published(own_home, identity, *words, "a trial")
    again = registry.published(own_home, identity, *words, "a longer trial")
    version = registry.ask("model-versions/get", name="twice-despite", version=again["version"])["model_version"]
    assert (again["version"], again["new"]) == ("1", False)
    assert {"key": "whatif.despite", "value": "a longer trial"} in version["tags"]


@pytest.mark.servers
def test_verb_tells_people_where_the_release_stands(registry: Registry, home: Path, made: Any, release: Release):
    said = registry.publish(home).stdout
    assert said == (
        f"Release {release.id} was already version 1 of {NAME} at {registry.url}, and champion points to it.\n"
    )


@pytest.mark.servers
def test_registry_that_does_not_answer_is_told_without_the_password(registry: Registry, home: Path):
    done = registry.publish(home, to=f"http://me:secret@127.0.0.1:{free_port()}")
    assert done.returncode == 2
    assert "does not answer" in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


class _Forbidding(BaseHTTPRequestHandler):
    """Answers everything as a registry answers somebody without the right."""

    def do_POST(self) -> None:
        said = json.dumps({"error_code": "PERMISSION_DENIED", "message": "You may not write here."}).encode()
        self.send_response(403)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.servers
def test_registry_that_refuses_is_told_in_its_own_words(registry: Registry, home: Path):
    server = HTTPServer(("127.0.0.1", 0), _Forbidding)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        done = registry.publish(home, to=f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert done.returncode == 2
    assert "refused: PERMISSION_DENIED: You may not write here." in done.stderr
    assert "Traceback" not in done.stderr
