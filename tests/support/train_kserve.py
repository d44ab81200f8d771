"""Trains boosted trees on the shipped book under a bank's own column names, for the KServe SDK's server.

Runs in KServe's own environment: ``python train_kserve.py SNAPSHOT FOLDER``. Leaves in the folder ``model.joblib``,
which serve_kserve.py serves, and ``expected.json``: customers and the model's own predict_proba, of what single
precision leaves of their inputs too.
"""

import json
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from train_mlserver import columns


def main(snapshot: Path, folder: Path) -> None:
    """Train, store, write down what to expect."""
    book = pd.read_parquet(snapshot)
    x, y = columns(book).to_numpy(), book["missed_next_payment"]
    model = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=12, early_stopping=False, random_state=0)
    model.fit(x, y)
    joblib.dump(model, folder / "model.joblib")
    asked = np.arange(0, len(book), 30)
    pd_of, single = (model.predict_proba(each)[:, 1].tolist() for each in (x[asked], x[asked].astype(np.float32)))
    (folder / "expected.json").write_text(
        json.dumps({"customers": book["customer"].iloc[asked].tolist(), "pd": pd_of, "single": single})
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
