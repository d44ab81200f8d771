"""A release's ways out: into an MLflow registry, as scikit-learn's own model.

What is published is the model the release was made from, held once more against the release's own numbers. It goes
out in the skops format, which runs no code on load, and the types it needs are the project's own list. No customer
goes with it: the example of an input is nobody's record, and of the release's files only those without customers.

MLflow is an extra; nothing here imports it before it is needed.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from data.arrays import Array
from data.errors import BadInput
from data.json_types import Json, JsonObject
from model.errors import GateError, NoAnswer, ParityError, Refused, RemoteError
from model.release.build import TRUSTED
from model.release.gate import told
from model.release.parity import EXACT
from model.release.promotion import blocking_gates
from model.release.release import Release
from model.release.report import ReleaseReport
from model.release.training import one_thread, rows
from model.release.variants import SHIPPED
from model.report.release.card import written_text

FILES = frozenset({"tables.npz", "contract.toml", "gates.json", "manifest.json", "signature.json"})
"""What of a release goes along, where it is there, checked once more. Its golden rows and its outcomes are customers:
they stay."""
NEEDED = ("numpy", "scikit-learn", "skops")  # to run the model, of the libraries the manifest names; MLflow adds itself
ORIGIN = ("contract_sha256", "data_sha256", "lock_sha256", "code_sha256", "created")
NAME = re.compile(r"[\w .-]{1,200}")  # what MLflow takes, and a quotation mark would end the search
HASTY = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
MOST_TOLD = 300  # characters of what a registry says


@dataclass(frozen=True)
class Published:
    """Where a release stands in a registry. ``new``: whether this made the version or found it there; ``alias``: the
    one that was pointed to it, if any; ``run``: what its figures and files were logged under."""

    release: str
    artefact: str
    name: str
    version: str
    alias: str | None
    new: bool
    run: str


@dataclass(frozen=True)
class Record:
    """What is logged of a release beside the model itself."""

    params: Mapping[str, Json]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


def publish(
    release: Release, to: str, name: str = "", experiment: str = "", alias: str | None = None, despite: str = ""
) -> Published:
    """Register ``release`` as a version of the model ``name`` at the registry ``to``; the same artefact only once.

    Parameters
    ----------
    to
        What MLflow calls a tracking URI.
    name, experiment
        By default ``credit-<book>``, and an experiment of the model's name.
    alias
        The registry's alias to point to the version, if one is to be.
    despite
        Why a release whose gates failed is published all the same, or was promoted; recorded as a tag.

    Raises
    ------
    GateError
        If a gate failed and no reason is given.
    ParityError
        If the stored model does not give the release's numbers here.
    RemoteError
        If MLflow is not installed, the registry does not answer, or it refuses.
    """
    name = name or f"credit-{release.contract.book.name}"
    if not NAME.fullmatch(name):
        raise BadInput(f"A model's name holds letters, digits, spaces and . _ - only; {name!r} was given.")
    failed = red(release.report)
    if failed and not despite.strip():
        raise GateError(
            f"Release {release.id} is not published: {'; '.join(failed)}. If it must be, say why: --despite REASON."
        )
    mlflow = _mlflow()
    reason = {"whatif.despite": despite.strip()} if failed else {}
    with _told(to):
        mlflow.set_tracking_uri(to)
        client = mlflow.MlflowClient()
        with _hastily():
            client.search_experiments(max_results=1)
        found = _version(client, name, release.artefact)
        version = found or _register(mlflow, release, name=name, experiment=experiment or name, reason=reason)
        if found:
            for key, value in reason.items():
                client.set_model_version_tag(name, version.version, key, value)
        if alias:
            client.set_registered_model_alias(name, alias, version.version)
    return Published(
        release.id,
        release.artefact,
        name=name,
        version=str(version.version),
        alias=alias,
        new=not found,
        run=version.run_id,
    )


def red(report: ReleaseReport) -> list[str]:
    """The gates that keep a release from going out, each with its figure and its bound."""
    return [told(gate) for gate in blocking_gates(report.gates)]


def record(release: Release) -> Record:
    """Training settings and window, every figure of the report, and what the release was made of."""
    contract, manifest, report = release.contract, release.manifest, release.report
    params = {f"training.{key}": value for key, value in contract.training.model_dump().items()}
    for each in ("window", "recalibrated"):
        params |= {f"{each}.{key}": value for key, value in (manifest.get(each) or {}).items()}
    params |= {"book": contract.book.name, "contract_version": contract.version, "rows": manifest["rows"]}
    metrics = _figures("cross_validated", vars(report.cross_validation[SHIPPED.label]))
    metrics |= _figures("later", _later(report))
    metrics |= _figures("gate", {gate.name: gate.figure for gate in report.gates})
    tags: JsonObject = {"book": contract.book.name, "release": release.id, "artefact": release.artefact}
    tags |= {key: manifest.get(key) for key in ORIGIN}
    tags |= {key: written_text(getattr(contract.card, key, "")) for key in ("owner", "tier")}
    tags |= {"gates": "; ".join(red(report)) or "passed"}
    return Record(
        {key: value for key, value in params.items() if value is not None},
        metrics,
        {f"whatif.{key}": str(value) for key, value in tags.items() if value},
    )


def typical(inputs: Array) -> Array:
    """The median of each input, a value that occurs, of ``inputs`` (inputs, n): (inputs,). Nobody's record."""
    found: Array = np.nanquantile(inputs, 0.5, axis=1, method="inverted_cdf")
    return found


def _later(report: ReleaseReport) -> dict[str, float]:
    """How it did in later vintages; nothing where there were none."""
    found = report.later
    return {} if found is None else {"n": found.n, "predicted": found.predicted, "observed": found.observed}


def _figures(of: str, found: Mapping[str, Json]) -> dict[str, float]:
    return {f"{of}.{key}": float(value) for key, value in found.items() if isinstance(value, int | float)}


def _sound(release: Release, raw: Array) -> Any:
    """The fitted model, once it gave the release's numbers in this environment; it knows its inputs by name."""
    model = release.fitted()
    with one_thread():
        said = model.decision_function(rows(release.contract.derive(raw)))
    gap = float(np.max(np.abs(said - release.scorer.margins(raw))))
    if not gap <= EXACT:
        raise ParityError(
            f"Release {release.id} is not published: its model gives other numbers here, by {gap:.1e} log-odds. "
            f"Publish from an environment with the libraries it was made with."
        )
    # Fitted without names, it would take columns in any order and say nothing.
    model.feature_names_in_ = np.array([each.name for each in release.contract.inputs], dtype=object)
    return model


def _register(mlflow: Any, release: Release, name: str, experiment: str, reason: Mapping[str, str]) -> Any:
    """Log the model and everything about it, and make the version."""
    import pandas as pd
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    contract, about = release.contract, record(release)
    raw = release.golden
    model = _sound(release, raw)
    tags = {**about.tags, **reason}
    columns = [each.name for each in contract.inputs]
    signature = ModelSignature(
        inputs=Schema([ColSpec("double", column, required=True) for column in columns]),
        outputs=Schema([TensorSpec(np.dtype("float64"), (-1, 2))]),
    )
    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_name=f"{contract.book.name} {release.id}", tags=tags):
        mlflow.log_params(about.params)
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            serialization_format="skops",
            skops_trusted_types=list(TRUSTED),
            pyfunc_predict_fn="predict_proba",
            signature=signature,
            input_example=pd.DataFrame([typical(contract.derive(raw))], columns=columns),
            pip_requirements=[f"{each}=={release.manifest['libraries'][each]}" for each in NEEDED],
            tags=tags,
        )
        mlflow.log_metrics(about.metrics, model_id=logged.model_id)
        for file in sorted(FILES & release.files().keys()):
            mlflow.log_artifact(str(release.path / file), "release")
    return mlflow.register_model(logged.model_uri, name, tags=tags)


def _version(client: Any, name: str, artefact: str) -> Any | None:
    """The newest version of a model that holds an artefact; compared here, as not every registry searches by tag."""
    page = None
    while True:
        found = client.search_model_versions(f"name='{name}'", page_token=page)
        for each in found:
            if each.tags.get("whatif.artefact") == artefact and each.status == "READY":
                return each
        page = found.token
        if not page:
            return None


def _mlflow() -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a bank's model is told to its own registry only
    try:
        import mlflow
        import mlflow.sklearn
    except ImportError as error:
        raise RemoteError(
            f"Publishing needs MLflow, which is not installed ({error}). Install it with: "
            'pip install "mlflow-skinny>=3.17"'
        ) from error
    return mlflow


@contextmanager
def _hastily() -> Iterator[None]:
    """By itself MLflow tries for minutes before it says that nobody is there; what somebody set stays."""
    ours = {key: value for key, value in HASTY.items() if key not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for key in ours:
            del os.environ[key]


@contextmanager
def _told(to: str) -> Iterator[None]:
    """Whatever goes wrong at a registry, in a sentence; what MLflow prints goes to standard error."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError  # a registry may be a database, given by its address

    try:
        with redirect_stdout(sys.stderr):
            yield
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:  # what requests raises is an OSError
        said = without_login(" ".join(str(error).split()), to)
        said = said if len(said) <= MOST_TOLD else said[:MOST_TOLD] + "…"
        if isinstance(error, ConnectionError) or isinstance(error.__context__, OSError):
            told = f"The MLflow registry at {without_login(to, to)} does not answer: {said}"
            raise NoAnswer(f"{told} Check the address given with --to.") from error
        raise Refused(f"The MLflow registry at {without_login(to, to)} refused: {said}") from error


def without_login(text: str, address: str) -> str:
    """``text`` without the name and password that may stand in an ``address``."""
    login, at, _ = urlsplit(address).netloc.rpartition("@")
    return text.replace(login + at, "") if at else text
