"""What a server hands out, or somebody wrote to the disk, beside the arrays: manifest, report, contract, fitted model,
the zip around them. All of it is looked at before any of it is kept, and whatever it holds is told in words."""

import copy
import hashlib
import io
import json
import struct
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.__main__ import main
from model.deployed.takeover import _unzipped
from model.engine.stored import unpacked
from model.errors import ReleaseError
from model.release.manifest import read_manifest
from model.release.release import Release
from model.release.report import ReleaseReport
from model.release.store import Store
from model.report.release.card import card_of
from model.report.release.words import champion_rows, cost_rows, state, window
from tests.support.forging import forge, overwrite, packed
from tests.support.forging import unpacked as arrays_of


def handed_out(release: Release, **files: bytes) -> dict[str, bytes]:
    """The files of a release as a server hands them out, some of them others, hashed anew."""
    found = {path.name: path.read_bytes() for path in release.path.iterdir()}
    changed = {name.replace("_", "."): content for name, content in files.items()}
    manifest = json.loads(found["manifest.json"])
    for name, content in changed.items():
        if name in manifest["files"]:
            manifest["files"][name] = hashlib.sha256(content).hexdigest()
    return found | {"manifest.json": json.dumps(manifest).encode()} | changed


def refused(release: Release, place: Path, told: str, **files: bytes) -> list[str]:
    """The releases that are there once it is refused: nothing is kept of it, not even for a while under its name."""
    here = Store(place, "cards")
    with pytest.raises(ReleaseError, match=told):
        here.take_in(release.id, release.artefact, handed_out(release, **files))
    assert not here.root.exists() or list(here.root.iterdir()) == []
    return here.ids()


# ---- fuzzed ----------------------------------------------------------------------------------------------------------

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["1" * 5000, "../../etc/passwd", "=1+1", "<script>", "\0", "9999-99-99"]),
)
anything = st.recursive(
    scalars,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just("shift"), each, max_size=3),
    max_leaves=6,
)


def places(content: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a value that JSON holds."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(content, dict):
        inner = list(content.items())
    elif isinstance(content, list):
        inner = list(enumerate(content))
    return [at, *(each for key, own in inner for each in places(own, (*at, key)))]


def put(content: Any, at: tuple[Any, ...], value: Any) -> Any:
    """The same with another value at one place."""
    if not at:
        return value
    if isinstance(content, dict):
        return {**content, at[0]: put(content[at[0]], at[1:], value)}
    return [put(each, at[1:], value) if k == at[0] else each for k, each in enumerate(content)]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_stands_in_a_manifest_is_refused_or_can_be_shown(release: Release, data: st.DataObject):
    own = json.loads((release.path / "manifest.json").read_bytes())
    at = data.draw(st.sampled_from(places(own)), label="at")
    content = json.dumps(put(own, at, data.draw(anything, label="value"))).encode()
    try:
        found = read_manifest(content, release.id)
    except ValueError:
        return
    shown = Release(release.id, release.path, manifest=found, report=release.report, scorer=release.scorer)
    assert isinstance(window(found), str)
    _ = shown.window, shown.asked, shown.shift, shown.artefact
    assert card_of(shown, (), {}).sections


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_stands_in_a_report_is_refused_or_can_be_shown(release: Release, data: st.DataObject):
    own = json.loads((release.path / "gates.json").read_bytes())
    own["champion"] = {
        "id": "0" * 12,
        "n": 5,
        "kind": "crossed",
        "why_not": "",
        "measures": [{"name": "auc", "candidate": 0.7, "champion": 0.6, "difference": 0.1, "low": 0.0, "high": 0.2}],
    }
    at = data.draw(st.sampled_from(places(own)), label="at")
    try:
        found = ReleaseReport.from_json(json.dumps(put(own, at, data.draw(anything, label="value"))).encode())
    except ReleaseError:
        return
    assert isinstance(state(found), str)
    assert cost_rows(found)
    champion_rows(found)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 100_000, b"{" * 5, b"null", b'{"gates": ' + b"[" * 50_000])
def test_file_of_json_that_is_none_is_told(release: Release, content: bytes, tmp_path: Path):
    with pytest.raises(ReleaseError, match=r"cannot be read|nested too deep"):
        ReleaseReport.from_json(content)
    with pytest.raises(ValueError, match=r"manifest|Expecting|codec"):
        read_manifest(content, release.id)
    assert refused(release, tmp_path, "is incomplete", manifest_json=content) == []


@pytest.mark.parametrize(
    "claims",
    [
        {"files": {"../../../etc/passwd": "0" * 64}},
        {"files": {"/etc/passwd": "0" * 64}},
        {"window": {"since": "<b>"}},
        {"recalibrated": {"since": 2001, "until": 2002, "shift": "x"}},
        {"created": "yesterday"},
        {"rows": -1},
        {"libraries": {"numpy": ["2"]}},
        {"id": "0" * 12},
        {"background": None},
    ],
)
def test_manifest_that_claims_what_cannot_be_is_refused_and_listings_say_which(own_home: Path, claims: dict[str, Any]):
    store = Store(own_home, "cards")
    path = store.root / store.resolve("champion") / "manifest.json"
    overwrite(path, json.dumps(json.loads(path.read_bytes()) | claims).encode())
    with pytest.raises(ReleaseError, match="is incomplete: its manifest"):
        store.load()
    with pytest.raises(ReleaseError, match="manifest of release 59e0f7eab1d9 cannot be read"):
        store.manifest(store.resolve("champion"))
    assert store.listed() == {}  # a page lists the others
    listed = CliRunner().invoke(main, ["releases"], env={"WHATIF_HOME": str(own_home)})
    assert (listed.exit_code, "cannot be read" in listed.stderr) == (2, True)


# ---- handed out ------------------------------------------------------------------------------------------------------


def npy(head: str, body: bytes = b"") -> bytes:
    """An array whose head says what it likes."""
    text = head.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def archive(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        warnings.simplefilter("ignore")  # of a name that stands there twice
        for name, content in files:
            parts.writestr(name, content)
    return out.getvalue()


HEAD = "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (archive(("a.npy", npy(HEAD % "(100000000000,)", b"\0" * 80))), "says that it takes 800,000,000,000 bytes"),
        (archive(("a.npy", npy(HEAD % "(4611686018427387904, 4)", b"\0" * 8))), "says that it takes"),
        (archive(("a.npy", npy(HEAD % "(-1,)", b"\0" * 8))), "says that it takes"),
        (archive(("a.npy", npy(HEAD % "(1,)", b"\0" * 800))), "says that it takes 8 bytes"),
        (archive(("a.npy", npy("{'descr': [('x', '|V0')], 'fortran_order': False, 'shape': (10,), }", b"x"))), "says"),
        (archive(("a.npy", packed(a=np.zeros(3))), ("a.npy", b"")), "stands there twice"),
        (archive(("a.npy", b"\x93NUMPY\x09\x00")), "not read|cannot be read"),
        (archive(("a.npy", npy("__import__('os')"))), "cannot be read"),
    ],
)
def test_array_that_is_not_as_large_as_it_says_is_refused_before_room_is_made(content: bytes, told: str):
    with pytest.raises(ValueError, match=told):
        unpacked(content)


def test_release_that_unpacks_to_more_than_memory_should_hold_is_refused_unread(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("model.release.store.MOST_BYTES", 10_000_000)
    bomb = packed(**arrays_of(release.path / "outcomes.npz"), more=np.zeros(5_000_000))
    assert len(bomb) < 1_000_000
    assert refused(release, tmp_path, "unpacks to .* bytes; at most 10,000,000 are taken", outcomes_npz=bomb) == []


NO_MODELS = [b"", b"PK\x05\x06" + b"\0" * 18, b"no model", packed(a=np.zeros(3))]
NO_MODELS += [archive(("schema.json", content)) for content in (b"{}", b"[" * 100_000)]


@pytest.mark.parametrize("content", NO_MODELS)
def test_fitted_model_that_is_none_is_found_before_anything_is_kept(release: Release, tmp_path: Path, content: bytes):
    assert refused(release, tmp_path, "The model file", model_skops=content) == []


def test_fitted_model_of_other_inputs_is_found_before_anything_is_kept(release: Release, tmp_path: Path, fitted: Any):
    other = copy.deepcopy(fitted)
    other.n_features_in_ = 99
    assert refused(release, tmp_path, "takes other inputs than its contract", model_skops=skops.io.dumps(other)) == []


SMALL = archive(("a", b"b"))


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"\0" * 100, SMALL[:-10], SMALL[:30] + b"\xff" * 30 + SMALL[60:]],
    ids=["nothing", "a head", "zeros", "cut", "overwritten"],  # the bytes hold the time
)
def test_zip_that_is_none_is_told(content: bytes):
    with pytest.raises(ReleaseError, match="cannot be unpacked"):
        _unzipped(content)


@given(st.binary(max_size=300), st.integers(0, 200))
def test_bytes_changed_in_a_zip_are_told_and_never_a_traceback(noise: bytes, at: int):
    whole = archive(("manifest.json", b"{}" * 40), ("tables.npz", b"x" * 40))
    with suppress(ReleaseError):
        assert isinstance(_unzipped(whole[:at] + noise + whole[at + len(noise) :]), dict)


def test_release_that_stays_outside_of_its_folder_is_all_that_is_taken(release: Release, tmp_path: Path):
    here = Store(tmp_path, "cards")
    for name in ("../escaped", "/tmp/escaped", "contract.toml/x", "evil.pickle"):
        with pytest.raises(ReleaseError, match="What came is no release"):
            here.take_in(release.id, release.artefact, handed_out(release) | {name: b""})
    assert not here.root.exists()


def test_sound_release_is_kept_once(release: Release, tmp_path: Path):
    here = Store(tmp_path, "cards")
    taken = here.take_in(release.id, release.artefact, handed_out(release))
    assert (taken.id, [each.name for each in here.root.iterdir()]) == (release.id, [release.id])
    assert forge(here, release.id, {}, created="2020-01-01T00:00:00+00:00") in here.ids()
