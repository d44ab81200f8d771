"""Trains a logistic regression on the shipped book under a bank's own column names and has MLflow log it.

Runs in MLflow's own environment: ``python train_mlflow.py SNAPSHOT FOLDER``. Leaves in the folder ``model`` (it
answers probabilities), ``labels`` (the same model as MLflow logs it by default: it answers class labels) and
``expected.json``: customers and the model's own predict_proba of them.
"""

import json
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def columns(book: pd.DataFrame) -> pd.DataFrame:
    """The model's inputs, as the bank's own pipeline computes them: the mapping must come to the same."""
    due = book["bill_2"].where(book["bill_2"] > 0)
    return pd.DataFrame(
        {
            "LIMIT_BAL": book["limit"].astype(float),
            "PAY_0": book["status_1"].astype(float),
            "PAY_2": book["status_2"].astype(float),
            "BILL_AMT1": book["bill_1"].astype(float),
            "PAY_AMT1": book["paid_1"].astype(float),
            "utilisation": np.floor(book["bill_1"].clip(lower=0) / book["limit"] * 1e4 + 0.500001) / 1e4,
            "share_paid": (np.floor(book["paid_1"] / due * 1e4 + 0.500001) / 1e4).clip(upper=10),  # gap: nothing due
        }
    )


def main(snapshot: Path, folder: Path) -> None:
    """Train, log, write down what to expect."""
    book = pd.read_parquet(snapshot)
    x, y = columns(book), book["missed_next_payment"]
    model = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), LogisticRegression(max_iter=500))
    model.fit(x, y)
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'tracking.db'}")
    mlflow.create_experiment("credit", artifact_location=(folder / "artifacts").as_uri())
    mlflow.set_experiment("credit")
    signed = mlflow.models.infer_signature(x, model.predict_proba(x))
    for name, answers in (("model", "predict_proba"), ("labels", "predict")):
        with mlflow.start_run():
            logged = mlflow.sklearn.log_model(
                model,
                name=name,
                signature=signed if name == "model" else mlflow.models.infer_signature(x, model.predict(x)),
                pyfunc_predict_fn=answers,
                serialization_format="cloudpickle",
                pip_requirements=["scikit-learn"],
            )
            mlflow.artifacts.download_artifacts(logged.model_uri, dst_path=str(folder / name))
    asked = np.arange(0, len(book), 30)
    pd_of = model.predict_proba(x.iloc[asked])[:, 1]
    (folder / "expected.json").write_text(
        json.dumps({"customers": book["customer"].iloc[asked].tolist(), "pd": pd_of.tolist()})
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
