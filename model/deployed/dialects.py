"""What is said to a deployed model elsewhere, and what its answers mean, in three protocols. Pure: bytes in and out.

Open Inference Protocol v2 (`model/deployed/open_inference.py`), KServe v1, and MLflow. Numbers are 64-bit floats and
stay so unless the server takes fewer: rounding to 32 bits moved the PD of 7 % of the book by more than 0.001. A missing
value, NaN here, is null there. Nothing an answer may hold does anything but become a value or a `Refused`.
"""

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote

import orjson

from data.arrays import Array
from model.deployed.about import About as About
from model.deployed.about import Predicted as Predicted
from model.deployed.answers import complaint as complaint
from model.deployed.answers import json_object, unread
from model.deployed.mapping import Output
from model.deployed.open_inference import OpenInference
from model.deployed.predictions import asked_records, read_predictions
from model.deployed.questions import Form, Question
from model.settings import Protocol as Spoken

LOGGED = (
    'Log the model with pyfunc_predict_fn="predict_proba"; one of LightGBM or XGBoost as its booster (booster_, '
    "get_booster()), which answers probabilities."
)
PURPOSE, TRYING = "x-whatif-purpose", "what-if"  # how a dashboard tells its questions from live traffic


class Dialect(Protocol):
    """One protocol. Paths are relative to the server's address."""

    def about_path(self, model: str, version: str = "") -> str:
        """Where the server presents the model, or one version of it."""

    def read_about(self, body: bytes, model: str) -> About:
        """What it says there; Refused if that is nothing about a model."""

    def ready_path(self, model: str, version: str = "") -> str:
        """Where it says whether it is ready."""

    def predict_path(self, model: str, version: str = "") -> str:
        """Where it predicts."""

    def ask(self, columns: Mapping[str, Array], output: Output, identity: str, ours: bool = False) -> bytes:
        """A request for the PD of ``columns`` (n,) each; ``ours`` if this product is at the other end."""

    def question(self, columns: Mapping[str, Array], output: Output, identity: str, form: Form) -> Question:
        """The same in the form that the server takes."""

    def read(self, body: bytes, rows: int, output: Output, json_bytes: int = 0) -> Predicted:
        """Its answer, of which the first ``json_bytes`` are JSON if not all; Refused unless it holds exactly ``rows``
        probabilities."""


class KServe:
    """`/v1`: instances are lists of numbers in the mapping's order, or objects by name.

    Its ``:explain`` is not asked: what an explainer answers is its own affair, and what its values add up to is not
    said. Reasons come through ``:predict`` instead.
    """

    def about_path(self, model: str, version: str = "") -> str:
        """Where the server presents the model; versions are those of TensorFlow Serving, which KServe v1 is made
        after."""
        path = f"/v1/models/{quote(model, safe='')}"
        return f"{path}/versions/{quote(version, safe='')}" if version else path

    def ready_path(self, model: str, version: str = "") -> str:
        """Where it says whether it is ready."""
        return self.about_path(model, version)

    def predict_path(self, model: str, version: str = "") -> str:
        """Where it predicts."""
        return f"{self.about_path(model, version)}:predict"

    def ask(self, columns: Mapping[str, Array], output: Output, identity: str, ours: bool = False) -> bytes:
        """A request for the PD of ``columns`` (n,) each."""
        return self.question(columns, output, identity, Form()).body

    def question(self, columns: Mapping[str, Array], output: Output, identity: str, form: Form) -> Question:
        """The same in the form that the server takes."""
        body = {"instances": asked_records(columns, form)}
        return Question(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY))

    def read(self, body: bytes, rows: int, output: Output, json_bytes: int = 0) -> Predicted:
        """Its answer; Refused unless it holds exactly ``rows`` probabilities."""
        return read_predictions(body, rows, output, "Set PREDICT_PROBA=true for KServe's scikit-learn server.")

    def read_about(self, body: bytes, model: str) -> About:
        """What the server says of the model: little."""
        said = json_object(body)
        if not ("name" in said and "ready" in said) and "model_version_status" not in said:
            raise unread("nothing about a model")
        return About("kserve", model, platform="KServe v1")


class MLflow:
    """`/invocations`: a table by column."""

    def about_path(self, model: str, version: str = "") -> str:
        """Where the server presents itself: MLflow's own version, it names no model."""
        return "/version"

    def ready_path(self, model: str, version: str = "") -> str:
        """Where it says whether it is ready."""
        return "/ping"

    def predict_path(self, model: str, version: str = "") -> str:
        """Where it predicts."""
        return "/invocations"

    def ask(self, columns: Mapping[str, Array], output: Output, identity: str, ours: bool = False) -> bytes:
        """A request for the PD of ``columns`` (n,) each."""
        return self.question(columns, output, identity, Form()).body

    def question(self, columns: Mapping[str, Array], output: Output, identity: str, form: Form) -> Question:
        """The same in the form that the server takes: a table, or a bare matrix for models that know no columns."""
        records = asked_records(columns, form)
        table = {"columns": list(columns), "data": records} if form.table == "dataframe_split" else records
        return Question(orjson.dumps({form.table: table}, option=orjson.OPT_SERIALIZE_NUMPY))

    def read(self, body: bytes, rows: int, output: Output, json_bytes: int = 0) -> Predicted:
        """Its answer; Refused unless it holds exactly ``rows`` probabilities."""
        return read_predictions(body, rows, output, LOGGED, bare=True)

    def read_about(self, body: bytes, model: str) -> About:
        """The version of MLflow that answers."""
        version = body.decode(errors="replace").strip()
        if not version[:1].isdecimal() or len(version) > 40:
            raise unread("no version of MLflow")
        return About("mlflow", model, platform=f"MLflow {version}")


OPEN_INFERENCE, KSERVE, MLFLOW = OpenInference(), KServe(), MLflow()
DIALECTS: Mapping[Spoken, Dialect] = {"oip": OPEN_INFERENCE, "kserve": KSERVE, "mlflow": MLFLOW}
