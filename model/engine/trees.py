"""Fitted trees as a file gives them: checked before compiled code walks along them.

scikit-learn's predictors follow whatever child a node names and read whatever column it tests, without looking where
that is. A file in which a node points outside would end the process, one in which it points back would never end.
"""

from typing import Any

import numpy as np

from data.arrays import AnyArray
from model.errors import ReleaseError

MOST_TREES = 100_000


def sound(model: Any) -> Any:
    """The model, if it is a binary gradient-boosted one whose trees can be walked along.

    Raises
    ------
    ReleaseError
        If it is not.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    if type(model) is not HistGradientBoostingClassifier:
        raise ReleaseError(f"The model file holds a {type(model).__name__}, not a gradient-boosted model.")
    try:
        inputs, trees = int(model.n_features_in_), [each.nodes for (each,) in model._predictors]
        _ = float(model._baseline_prediction.item())
    except (AttributeError, TypeError, ValueError) as error:
        raise ReleaseError(f"The model file holds no fitted binary model: {error}.") from error
    if not 0 < len(trees) <= MOST_TREES or not all(_walkable(nodes, inputs) for nodes in trees):
        raise ReleaseError("The model file holds trees that lead outside of themselves. Train it anew.")
    return model


def _walkable(nodes: AnyArray, inputs: int) -> bool:
    """Whether each inner node tests an input that there is, by a threshold, and its children come after it."""
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    if not isinstance(nodes, np.ndarray) or nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes.ndim != 1 or not len(nodes):
        return False
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    tested, children = nodes[inner], np.stack([nodes["left"][inner], nodes["right"][inner]])
    return bool(
        (nodes["is_leaf"] <= 1).all()
        and np.isfinite(nodes["value"]).all()
        and ((tested["feature_idx"] >= 0) & (tested["feature_idx"] < inputs) & (tested["is_categorical"] == 0)).all()
        and not np.isnan(tested["num_threshold"]).any()
        and ((children > inner) & (children < len(nodes))).all()
    )
