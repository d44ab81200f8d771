"""What an MLflow registry holds, as a bank's own code reads it.

Runs in MLflow's own environment: ``python read_registry.py URI MODEL FOLDER``. Of the rows in ``asked.npz`` there it
leaves in ``answered.npz`` what scikit-learn's model and MLflow's generic one say, and in ``model.json`` what the model
says it takes, gives and needs.
"""

import json
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd


def main(uri: str, model: str, folder: Path) -> None:
    """Load the model both ways, ask, write down."""
    mlflow.set_tracking_uri(uri)
    with np.load(folder / "asked.npz") as stored:
        asked = pd.DataFrame(stored["inputs"], columns=stored["names"].tolist())
    native, generic = mlflow.sklearn.load_model(model), mlflow.pyfunc.load_model(model)
    swapped = asked[asked.columns[::-1]]
    try:
        native.predict_proba(swapped)
        refusal = ""
    except ValueError as error:
        refusal = str(error)
    np.savez(
        folder / "answered.npz",
        native=native.predict_proba(asked)[:, 1],
        generic=generic.predict(asked)[:, 1],
        swapped=generic.predict(swapped)[:, 1],
    )
    info = mlflow.models.get_model_info(model)
    local = Path(mlflow.artifacts.download_artifacts(model))
    found = {
        "inputs": info.signature.inputs.to_dict(),
        "outputs": info.signature.outputs.to_dict(),
        "flavour": info.flavors["sklearn"],
        "function": info.flavors["python_function"]["predict_fn"],
        "requirements": (local / "requirements.txt").read_text().split(),
        "example": json.loads((local / "input_example.json").read_text()),
        "files": sorted(path.name for path in local.iterdir()),
        "refusal": refusal,
    }
    (folder / "model.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
