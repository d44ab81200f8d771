"""Releases whose arrays somebody changed, hashes and all: each is refused, or answers; none ends the process."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from data import books
from model.engine.scorer import TableScorer
from model.engine.stored import taken, unpacked
from model.engine.tables import Tables
from model.engine.trees import sound
from model.errors import ReleaseError
from model.release import parity
from model.release.release import Release
from model.release.store import Store
from tests.release.forged_loads import CHANGES
from tests.support import proofs
from tests.support.forging import forge, packed
from tests.support.forging import unpacked as arrays_of
from tests.support.loans import NAME

FILES = ("tables.npz", "golden.npz", "territory.npz", "snapshot.npz", "outcomes.npz")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A small release, promoted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, "SHAP_ROWS", 20)
        store = proofs.lay_down(tmp_path_factory.mktemp("forged"), 1500)
        store.promote(store.train().id, override="For a test.")
    return store


@pytest.fixture(scope="module")
def loaded(small: Store) -> "subprocess.CompletedProcess[str]":
    """What was said of every forgery of every file, in a process of its own."""
    words = [sys.executable, "-m", "tests.release.forged_loads", str(small.home), NAME, *FILES]
    return subprocess.run(words, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=550)


@pytest.mark.parametrize("file", FILES)
def test_whatever_is_changed_in_a_file_is_refused_or_answers_and_never_ends_the_process(
    small: Store, loaded: "subprocess.CompletedProcess[str]", file: str
):
    every = loaded.stdout.splitlines()
    assert loaded.returncode == 0, f"ended with {loaded.returncode} at {every[-1:]}: {loaded.stderr[-2000:]}"
    lines = [line.removeprefix(f"{file} ") for line in every if line.startswith(f"{file} ")]
    arrays = arrays_of(small.load().path / file)
    assert len(lines) == len(arrays) * (len(CHANGES) + 1) + 1
    said = dict(line.split(": ", 1) for line in lines)
    assert {found.split(":")[0] for found in said.values()} == {"refused", "answers"}
    assert all(said[f"{name} left out"].startswith("refused") for name in arrays)
    for name, array in arrays.items():
        for how in ("as text", "as complex", "as records", "one more axis"):
            assert said[f"{name} {how}"].startswith("refused"), f"{name} {how}"
        if array.dtype == np.int64 and name != "n":
            for how in ("1e+13 at 0%", "-1e+13 at 50%", "4.61169e+18 at 100%", "-2 at 0%"):
                assert said[f"{name} {how}"].startswith("refused"), f"{name} {how}"


def test_table_that_begins_far_outside_is_refused_in_words(small: Store):
    arrays = arrays_of(small.load().path / "tables.npz")
    arrays["offset"][0] = 10**13
    identity = forge(small, small.resolve("champion"), {"tables.npz": packed(**arrays)})
    told = (
        r"was made by another version: offset and stride do not say where the cells of each table lie\. Train it anew"
    )
    with pytest.raises(ReleaseError, match=told):
        small.load(identity)


@pytest.mark.parametrize("file", ["outcomes.npz", "snapshot.npz", "tables.npz"])
def test_nothing_of_a_forged_release_that_another_server_hands_out_is_kept(small: Store, file: str, tmp_path: Path):
    """It announces the hash of what it forged."""
    release = small.load()
    arrays = arrays_of(release.path / file)
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    files = {path.name: path.read_bytes() for path in release.path.iterdir()}
    forged = forge(small, release.id, {file: packed(**arrays)})
    files = {path.name: path.read_bytes() for path in (small.root / forged).iterdir()}
    here = Store(tmp_path, NAME)
    with pytest.raises(ReleaseError, match="holds float32"):
        here.take_in(forged, release.artefact, files)
    assert here.ids() == []


def test_evidence_of_records_that_the_book_does_not_have_is_refused(small: Store):
    release, book = small.load(), books.read_book(NAME, small.home)
    arrays = arrays_of(release.path / "outcomes.npz")
    arrays["position"][-1] = len(book)
    forged = small.load(forge(small, release.id, {"outcomes.npz": packed(**arrays)}))
    with pytest.raises(ReleaseError, match=r"speaks of record 1,501 of a book of 1,500\. Train it anew"):
        forged.evidence.within(len(book))
    assert release.evidence.within(len(book)) is release.evidence


# ---- tables: whatever is accepted, no look-up reaches outside --------------------------------------------------------

SMALL = {
    "edges": np.array([1.0, 2.0, 5.0, np.inf]),
    "starts": np.array([0, 2, 2, 4]),
    "first": np.array([0, 0]),
    "second": np.array([-1, 2]),
    "offset": np.array([0, 4]),
    "stride": np.array([1, 4]),
    "cells": np.arange(20.0),
    "intercept": np.array(0.5),
}
numbers = st.one_of(st.integers(-5, 30), st.integers(-(2**63), 2**63 - 1), st.sampled_from([255, 256, 10**13]))


def furthest(tables: Tables) -> tuple[int, int]:
    """The first and the last cell that any codes could reach, and the same of the thresholds."""
    sizes, second = tables.sizes.astype(object), tables.second.tolist()
    last = [
        at + (sizes[a] - 1) * wide + (sizes[b] - 1 if b >= 0 else 0)
        for a, b, at, wide in zip(tables.first, second, tables.offset.tolist(), tables.stride.tolist(), strict=True)
    ]
    return min(tables.offset.tolist()), max(last)


@given(st.sampled_from(["starts", "first", "second", "offset", "stride"]), st.integers(0, 3), numbers)
def test_no_codes_reach_a_cell_outside_of_tables_that_were_accepted(name: str, place: int, value: int):
    array = SMALL[name].copy()
    array[place % len(array)] = value
    try:
        tables = Tables.from_arrays({**SMALL, name: array})
    except ValueError:
        return
    first, last = furthest(tables)
    assert 0 <= first <= last < len(tables.cells)
    assert (np.diff(tables.starts) >= 0).all()
    assert tables.starts[-1] <= len(tables.edges)
    assert tables.sizes.max() <= 256


@given(st.data())
def test_tables_of_any_shapes_reach_no_cell_outside_if_they_are_accepted(data: st.DataObject):
    drawn = {
        name: np.array(data.draw(st.lists(st.integers(-2, 8), max_size=5), label=name), np.int64)
        for name in ("starts", "first", "second", "offset", "stride")
    }
    cells = np.zeros(data.draw(st.integers(0, 60), label="cells"))
    edges = np.arange(data.draw(st.integers(0, 8), label="edges"), dtype=float)
    try:
        tables = Tables.from_arrays({**drawn, "cells": cells, "edges": edges, "intercept": np.array(0.0)})
    except ValueError:
        return
    first, last = furthest(tables)
    assert 0 <= first <= last < len(tables.cells)


@pytest.mark.parametrize(
    ("name", "array", "told"),
    [
        ("edges", np.array([2.0, 1.0, 5.0, np.inf]), "edges do not rise"),
        ("edges", np.array([1.0, np.nan, 5.0, 6.0]), "edges holds what does not lie between"),
        ("edges", np.array([1.0, 1.0, 5.0, 6.0]), "edges do not rise"),
        ("edges", np.arange(3.0), "edges is 3, not 4"),
        ("starts", np.array([1, 2, 2, 4]), "starts does not say"),
        ("starts", np.array([0, 3, 2, 4]), "starts does not say"),
        ("starts", np.array([0, 2, 2, 4], np.int32), "starts holds int32, not int64"),
        ("first", np.array([0, 3]), "first holds what does not lie between 0 and 2"),
        ("second", np.array([-1, 0]), "two that differ"),
        ("offset", np.array([0, 5]), "offset and stride"),
        ("stride", np.array([1, 5]), "offset and stride"),
        ("cells", np.arange(19.0), "cells is 19, not 20"),
        ("cells", np.full(20, np.nan), "cells holds what"),
        ("cells", np.full(20, 1e9), "cells holds what does not lie between -1e\\+06 and 1e\\+06"),
        ("intercept", np.zeros(1), "intercept is 1, not a single number"),
    ],
)
def test_what_is_wrong_with_tables_is_told(name: str, array: NDArray[Any], told: str):
    assert Tables.from_arrays(SMALL).n_inputs == 3
    with pytest.raises(ValueError, match=told):
        Tables.from_arrays({**SMALL, name: array})


def test_input_of_more_thresholds_than_a_byte_holds_is_refused():
    many = {**SMALL, "edges": np.arange(255.0), "starts": np.array([0, 255])}
    with pytest.raises(ValueError, match="an input has 255 thresholds; at most 254 have a code"):
        Tables.from_arrays(many)


# ---- files and trees -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"", b"nothing", b"PK\x03\x04nothing", packed(a=np.zeros(3))[:-30], packed(a=np.zeros(999))[:200]]
)
def test_file_that_is_no_file_of_arrays_is_told(content: bytes):
    with pytest.raises(ValueError, match="arrays that cannot be read"):
        unpacked(content)


def test_file_that_unpacks_to_more_than_memory_should_hold_is_refused_unread(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("model.engine.stored.MOST_BYTES", 10_000)
    content = packed(a=np.zeros(10_000))
    assert len(content) < 1_000
    with pytest.raises(ValueError, match="they take 80,128 bytes; at most 10,000 are read"):
        unpacked(content)


def test_array_is_laid_out_in_rows_however_it_was_stored():
    turned = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert taken({"a": turned}, "a", np.float64, (2, None)).flags.c_contiguous


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left", 10**9),
        ("right", 0),
        ("left", 0),
        ("feature_idx", 3),
        ("feature_idx", -1),
        ("is_categorical", 1),
        ("num_threshold", np.nan),
        ("value", np.inf),
    ],
)
def test_tree_that_leads_outside_of_itself_is_never_walked(small: Store, field: str, value: float):
    """scikit-learn would end the process, or never end."""
    model = small.load().fitted()
    nodes = model._predictors[3][0].nodes
    nodes[field][int(np.flatnonzero(nodes["is_leaf"] == (field == "value"))[0])] = value
    identity = forge(small, small.resolve("champion"), {"model.skops": skops.io.dumps(model)})
    with pytest.raises(ReleaseError, match="trees that lead outside of themselves"):
        small.load(identity).fitted()


@pytest.mark.parametrize("other", [{"model": 1}, [1, 2], None])
def test_file_of_something_else_is_no_model(small: Store, other: Any):
    identity = forge(small, small.resolve("champion"), {"model.skops": skops.io.dumps(other)})
    with pytest.raises(ReleaseError, match="not a gradient-boosted model"):
        small.load(identity).fitted()


def test_sound_models_and_releases_pass(small: Store, release: Release, scorer: TableScorer, fitted: Any):
    assert sound(fitted) is fitted
    assert sound(small.load().fitted())._predictors
    again = Tables.from_arrays(scorer.tables.arrays())
    assert all(np.array_equal(again.arrays()[name], array) for name, array in scorer.tables.arrays().items())
    assert len(release.evidence)
    assert len(release.snapshot.edges) == len(release.contract.inputs) + 1
