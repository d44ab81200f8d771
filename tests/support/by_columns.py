"""A runtime of a bank's own for MLServer, which takes a numpy array a column by the default codec and names no inputs.

train_mlserver.py lays it beside its settings, where MLServer finds it.
"""

from pathlib import Path

import joblib
import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse

NAMES = ("LIMIT_BAL", "PAY_0", "BILL_AMT1", "PAY_AMT1", "months_late", "utilisation", "share_paid")


class ByColumns(MLModel):
    """The model that train_mlserver.py stored."""

    async def load(self) -> bool:
        self.trained = joblib.load(Path(self.settings.parameters.uri))
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        given = {each.name: self.decode(each, default_codec=NumpyCodec) for each in payload.inputs}
        pd = self.trained.predict_proba(np.hstack([given[name].reshape(-1, 1) for name in NAMES]))[:, 1:]
        outputs = [NumpyCodec.encode_output("pd", pd)]
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=outputs)
