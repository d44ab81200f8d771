"""A gradient boosting model of scikit-learn, compiled to look-up tables."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from model.engine.binning import MOST_EDGES
from model.engine.tables import Tables
from model.errors import NotTabular


def compile_model(model: Any) -> Tables:
    """Tables of a fitted binary `HistGradientBoostingClassifier` without categorical inputs.

    Raises
    ------
    NotTabular
        If some path of a tree tests more than two inputs, an input has more than 254 thresholds, or one is
        categorical; or if no tree tests any.
    """
    trees = [each[0].nodes for each in model._predictors]
    edges = _edges(trees, model.n_features_in_)
    sizes = [len(each) + 2 for each in edges]
    tables: dict[tuple[int, ...], Array] = {}
    intercept = float(model._baseline_prediction.item())

    def grow(nodes: Any, at: int, region: dict[int, NDArray[np.bool_]]) -> None:
        nonlocal intercept
        node = nodes[at]
        if node["is_leaf"]:
            value = float(node["value"])
            key = tuple(sorted(region))
            if not key:
                intercept += value
                return
            if len(key) > 2:
                raise NotTabular("A path of the model tests more than two inputs; fit it with pairwise interactions.")
            table = tables.setdefault(key, np.zeros([sizes[i] for i in key]))
            table[np.ix_(*(region[i] for i in key))] += value
            return
        i = int(node["feature_idx"])
        below = np.arange(sizes[i]) <= np.searchsorted(edges[i], node["num_threshold"])
        below[-1] = bool(node["missing_go_to_left"])
        here = region.get(i, np.ones(sizes[i], bool))
        grow(nodes, int(node["left"]), {**region, i: here & below})
        grow(nodes, int(node["right"]), {**region, i: here & ~below})

    for nodes in trees:
        grow(nodes, 0, {})
    if not tables:
        raise NotTabular("The model tests no input: none tells one outcome from the other. Look at inputs and target.")
    return _laid_out(_folded(tables), edges, intercept)


def _edges(trees: list[Any], n_inputs: int) -> list[Array]:
    """Each input's thresholds, sorted and unique."""
    found: list[set[float]] = [set() for _ in range(n_inputs)]
    for nodes in trees:
        inner = nodes[nodes["is_leaf"] == 0]
        if inner["is_categorical"].any():
            raise NotTabular("The model treats an input as categorical; encode it in the contract's formula instead.")
        for i, threshold in zip(inner["feature_idx"], inner["num_threshold"], strict=True):
            found[int(i)].add(float(threshold))
    edges = [np.array(sorted(each)) for each in found]
    if max(map(len, edges)) > MOST_EDGES:
        raise NotTabular(f"An input has more than {MOST_EDGES} thresholds; fit the model with at most 255 bins.")
    return edges


def _folded(tables: dict[tuple[int, ...], Array]) -> dict[tuple[int, ...], Array]:
    """One-input tables added into the smallest two-input table that has their input."""
    pairs: dict[tuple[int, ...], Array] = {key: table for key, table in sorted(tables.items()) if len(key) == 2}
    alone: dict[tuple[int, ...], Array] = {}
    for (i, *_), table in sorted((key, table) for key, table in tables.items() if len(key) == 1):
        homes = sorted((pairs[key].size, key) for key in pairs if i in key)
        if homes:
            home = homes[0][1]
            pairs[home] = pairs[home] + (table[:, None] if home[0] == i else table[None, :])
        else:
            alone[(i,)] = table
    return {**alone, **pairs}


def _laid_out(tables: dict[tuple[int, ...], Array], edges: list[Array], intercept: float) -> Tables:
    keys = list(tables)
    counts = np.array([tables[key].size for key in keys], np.int64)
    return Tables(
        edges=np.concatenate(edges),
        starts=np.concatenate(([0], np.cumsum([len(each) for each in edges]))).astype(np.int64),
        first=np.array([key[0] for key in keys], np.int64),
        second=np.array([key[1] if len(key) == 2 else -1 for key in keys], np.int64),
        offset=np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64),
        stride=np.array([tables[key].shape[1] if len(key) == 2 else 1 for key in keys], np.int64),
        cells=np.concatenate([tables[key].ravel() for key in keys]),
        intercept=intercept,
    )
