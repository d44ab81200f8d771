"""The KServe SDK's own server with the model that train_kserve.py left, as five ways of writing one for it.

Runs in KServe's own environment: ``python serve_kserve.py FOLDER PORT``. The SDK offers protocol v1 and v2 of each,
whichever of them its class understands.
"""

import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from kserve import Model, ModelServer
from kserve.utils.utils import get_predict_input, get_predict_response

NAMES = ["LIMIT_BAL", "PAY_0", "BILL_AMT1", "PAY_AMT1", "months_late", "utilisation", "share_paid"]


class Trained(Model):
    """What all have: the trained model."""

    def __init__(self, name, folder):
        super().__init__(name)
        self.trained = joblib.load(Path(folder) / "model.joblib")
        self.ready = True

    def pd_of(self, matrix):
        return self.trained.predict_proba(np.asarray(matrix, float))


class Lists(Trained):
    """``credit``, as the SDK's own example is written: v1 alone, a list of numbers a record."""

    def predict(self, payload, headers=None):
        return {"predictions": self.pd_of(payload["instances"])[:, 1].tolist()}


class Objects(Trained):
    """``objects``: v1 alone, records by name, and an object a record in return."""

    def predict(self, payload, headers=None):
        found = self.pd_of(pd.DataFrame(payload["instances"])[NAMES])
        return {
            "predictions": [{"label": int(bad > good), "scores": {"good": good, "bad": bad}} for good, bad in found]
        }


class Tensors(Trained):
    """``tensors``, as KServe's scikit-learn server is written: whatever comes, by the SDK's helpers."""

    def predict(self, payload, headers=None):
        return get_predict_response(payload, self.pd_of(get_predict_input(payload)), self.name)


class Typed(Tensors):
    """``typed``: the same with metadata, of single precision."""

    def get_input_types(self):
        return [{"name": "customers", "datatype": "FP32", "shape": [-1, len(NAMES)]}]

    def get_output_types(self):
        return [{"name": "output-0", "datatype": "FP64", "shape": [-1, 2]}]


class Frame(Trained):
    """``frame``: an output a column, out of a table."""

    def predict(self, payload, headers=None):
        found = pd.DataFrame(self.pd_of(get_predict_input(payload)), columns=["good", "bad"])
        return get_predict_response(payload, found, self.name)


def main(folder, port):
    """Serve until stopped."""
    ways = {"credit": Lists, "objects": Objects, "tensors": Tensors, "typed": Typed, "frame": Frame}
    server = ModelServer(http_port=port, enable_grpc=False, workers=1)
    server.start([way(name, folder) for name, way in ways.items()])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
