"""Trains LightGBM's trees on the shipped book under a bank's own column names and has MLflow log them.

Runs in MLflow's own environment: ``python train_lightgbm.py SNAPSHOT FOLDER``. Leaves in the folder ``model`` (the
booster, which answers probabilities; whole numbers among its columns), ``labels`` (its classifier for scikit-learn,
which answers class labels) and ``expected.json``: customers and the booster's own predictions of them.
"""

import json
import sys
from pathlib import Path

import lightgbm
import mlflow
import numpy as np
import pandas as pd
import train_mlflow


def columns(book: pd.DataFrame) -> pd.DataFrame:
    """The model's inputs: those of train_mlflow.py, with whole numbers where a bank has them."""
    return train_mlflow.columns(book).astype({"PAY_0": "int64", "PAY_2": "int32"})


def main(snapshot: Path, folder: Path) -> None:
    """Train, log, write down what to expect."""
    book = pd.read_parquet(snapshot)
    x, y = columns(book), book["missed_next_payment"]
    model = lightgbm.LGBMClassifier(n_estimators=40, num_leaves=12, random_state=0, n_jobs=1, verbose=-1).fit(x, y)
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'tracking.db'}")
    mlflow.create_experiment("credit", artifact_location=(folder / "artifacts").as_uri())
    mlflow.set_experiment("credit")
    for name, logged in (("model", model.booster_), ("labels", model)):
        with mlflow.start_run():
            signature = mlflow.models.infer_signature(x, logged.predict(x))
            found = mlflow.lightgbm.log_model(logged, name=name, signature=signature, pip_requirements=["lightgbm"])
            mlflow.artifacts.download_artifacts(found.model_uri, dst_path=str(folder / name))
    asked = np.arange(0, len(book), 30)
    pd_of = model.booster_.predict(x.iloc[asked])
    (folder / "expected.json").write_text(
        json.dumps({"customers": book["customer"].iloc[asked].tolist(), "pd": pd_of.tolist()})
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
