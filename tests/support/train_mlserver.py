"""Trains a small random forest on the shipped book under a bank's own column names, for MLServer to serve.

Runs in MLServer's own environment: ``python train_mlserver.py SNAPSHOT FOLDER``. Leaves in the folder what
``mlserver start FOLDER`` needs (ports apart) and ``expected.json``: customers and the model's own predict_proba. Of the
one trained model three are served: ``credit`` without metadata, which takes a table; ``whole`` with one tensor of all
columns in its metadata, by MLServer's default codec; ``columns`` by a runtime of a bank's own, an array a column.
"""

import json
import shutil
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier


def columns(book: pd.DataFrame) -> pd.DataFrame:
    """The model's inputs, as the bank's own pipeline computes them: the mapping must come to the same."""
    due = book["bill_2"].where(book["bill_2"] > 0)
    return pd.DataFrame(
        {
            "LIMIT_BAL": book["limit"].astype(float),
            "PAY_0": book["status_1"].astype(float),
            "BILL_AMT1": book["bill_1"].astype(float),
            "PAY_AMT1": book["paid_1"].astype(float),
            "months_late": (book[[f"status_{k}" for k in range(1, 7)]] >= 1).sum(axis=1).astype(float),
            "utilisation": np.floor(book["bill_1"].clip(lower=0) / book["limit"] * 1e4 + 0.500001) / 1e4,
            "share_paid": (np.floor(book["paid_1"] / due * 1e4 + 0.500001) / 1e4).clip(upper=10),  # gap: nothing due
        }
    )


def main(snapshot: Path, folder: Path) -> None:
    """Train, store, write down what to expect."""
    book = pd.read_parquet(snapshot)
    x, y = columns(book), book["missed_next_payment"]
    model = RandomForestClassifier(50, max_depth=6, min_samples_leaf=50, random_state=0).fit(x, y)
    joblib.dump(model, folder / "model.joblib")
    about = {
        "name": "credit",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": str(folder / "model.joblib"), "version": "v1"},
    }
    (folder / "model-settings.json").write_text(json.dumps(about))
    whole = {
        "inputs": [{"name": "customers", "datatype": "FP64", "shape": [-1, x.shape[1]]}],
        "outputs": [{"name": "predict_proba", "datatype": "FP64", "shape": [-1, 2]}],
    }
    others = {"whole": whole, "columns": {"implementation": "by_columns.ByColumns"}}
    for name, more in others.items():
        (folder / name).mkdir()
        (folder / name / "model-settings.json").write_text(json.dumps(about | {"name": name} | more))
    shutil.copy(Path(__file__).with_name("by_columns.py"), folder / "columns")
    asked = np.arange(0, len(book), 30)
    pd_of = model.predict_proba(x.iloc[asked])[:, 1]
    (folder / "expected.json").write_text(
        json.dumps({"customers": book["customer"].iloc[asked].tolist(), "pd": pd_of.tolist()})
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
