"""Who vouches for a release: what is signed passes, what is altered does not, by either kind of key; what nobody signed
goes on working and is told as such, or is refused where the settings say so."""

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from data.errors import BadInput
from model import signing
from model.__main__ import main
from model.api import process
from model.deployed.doctor import kept
from model.errors import ReleaseError
from model.release import parity
from model.release.release import Release
from model.release.signature import PURPOSE, SIGNATURE
from model.release.store import FILES, Store
from model.settings import settings
from model.signing import KnownKeys, SecretKey, Signature, SigningKey, read_key, read_public_keys
from tests.support import proofs
from tests.support.forging import forge, overwrite, stray, twin
from tests.support.inside import Served, told
from tests.support.loans import NAME
from tests.support.phones import signing_key

KINDS = ("ed25519", "secret")


@pytest.fixture
def place(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with a release that nobody signed, in force."""
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    yield own_home
    process.close()


@pytest.fixture
def store(place: Path) -> Store:
    return Store(place, "cards")


@pytest.fixture(params=KINDS)
def key(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SigningKey | SecretKey:
    """A key of each kind, in force."""
    return use(made(request.param, tmp_path / "key"), monkeypatch)


def made(kind: str, path: Path) -> Path:
    """A file with a key."""
    if kind == "ed25519":
        return signing_key(path.parent, path.name)[0]
    path.write_text("0123456789abcdef" * 4 + "\n")
    return path


def use(path: Path, monkeypatch: pytest.MonkeyPatch) -> SigningKey | SecretKey:
    monkeypatch.setenv("WHATIF_RELEASE_KEY", str(path))
    return read_key(path)


def signed(store: Store, key: SigningKey | SecretKey, identity: str = "champion") -> Path:
    """Sign a release without training it once more; the file of the signature."""
    folder = store.root / store.resolve(identity)
    content = key.signature_of(PURPOSE + (folder / "manifest.json").read_bytes())
    overwrite(folder / SIGNATURE, json.dumps(content).encode())
    return folder / SIGNATURE


def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATIF_UNSIGNED", "refuse")


def run(*words: str) -> Any:
    answer = CliRunner().invoke(main, [*words], catch_exceptions=False)
    return answer


# ---- what nobody signed ----------------------------------------------------------------------------------------------


def test_release_without_a_signature_goes_on_working_and_says_so(store: Store, release: Release):
    assert store.load().signature == Signature("unsigned")
    assert store.load().id == release.id == "59e0f7eab1d9"
    assert json.loads(run("releases", "--json").stdout)["releases"][0]["signature"] == {"state": "unsigned", "key": ""}
    assert "not signed" in run("releases").stdout
    served = Served(store.home)
    assert served.client.get("/v2/models/credit").json()["parameters"]["signature"] == "unsigned"
    assert served.client.get("/releases").json()["signatures"][release.id]["state"] == "unsigned"
    (check,) = [each for each in kept.release_checks(settings()) if each.name == "Release of cards"]
    assert (check.state, check.found.endswith("It is not signed.")) == ("ok", True)


def test_where_keys_are_named_the_doctor_says_what_they_did_not_sign(
    store: Store, key: SigningKey | SecretKey, monkeypatch: pytest.MonkeyPatch
):
    (check,) = [each for each in kept.release_checks(settings()) if each.name == "Release of cards"]
    assert (check.state, "python -m model sign" in check.advice) == ("warning", True)
    signed(store, key)
    (check,) = [each for each in kept.release_checks(settings()) if each.name == "Release of cards"]
    assert (check.state, signing.grouped(key.fingerprint) in check.found) == ("ok", True)
    assert [each.state for each in kept.key_checks(settings())] == ["warning"]  # the test's file is open to everybody
    (settings().release_key or Path()).chmod(0o600)
    assert [each.state for each in kept.key_checks(settings())] == ["ok"]
    monkeypatch.setenv("WHATIF_RELEASE_KEY", str(store.home / "absent"))
    assert [each.state for each in kept.key_checks(settings())] == ["stops"]
    monkeypatch.delenv("WHATIF_RELEASE_KEY")
    assert kept.key_checks(settings()) == []
    refusing(monkeypatch)
    assert [each.state for each in kept.key_checks(settings())] == ["stops"]


def test_unsigned_release_is_refused_where_the_settings_say_so(
    store: Store, key: SigningKey | SecretKey, monkeypatch: pytest.MonkeyPatch
):
    other = twin(store)
    refusing(monkeypatch)
    for act in (store.load, lambda: store.promote(other, who="anna", why="Newer."), store.verify):
        with pytest.raises(
            ReleaseError, match=r"is not signed, and this installation refuses such \(WHATIF_UNSIGNED\)"
        ):
            act()
    assert "refuses such" in told(Served(store.home).client.get("/v2/health/ready"), 503)
    signed(store, key)
    assert store.load().signature == Signature("signed", key.fingerprint)
    assert Served(store.home).client.get("/v2/health/ready").status_code == 200
    with pytest.raises(ReleaseError, match="is not signed"):
        store.promote(other, who="anna", why="Newer.")
    signed(store, key, other)
    assert store.promote(other, who="anna", why="Newer.") == other
    (store.root / store.aliases()["previous"] / SIGNATURE).unlink()
    with pytest.raises(ReleaseError, match="is not signed"):
        store.rollback("anna", "Back.")


# ---- what was altered ------------------------------------------------------------------------------------------------


def test_whatever_is_altered_in_a_signed_release_is_refused(store: Store, key: SigningKey | SecretKey):
    file, champion = signed(store, key), store.resolve("champion")
    assert store.load().signature == Signature("signed", key.fingerprint)
    manifest = json.loads((file.parent / "manifest.json").read_bytes())
    for claim in (
        {"created": "2020-01-01T00:00:00+00:00"},
        {"rows": 1},
        {"files": manifest["files"] | {"gates.json": "0" * 64}},
    ):
        overwrite(file.parent / "manifest.json", json.dumps(manifest | claim).encode())
        with pytest.raises(ReleaseError, match=f"Release {champion} was altered"):
            store.load()
        assert store.signature(champion).state == "wrong"
    assert "it was altered" in run("releases").stdout
    with pytest.raises(ReleaseError, match="was altered"):
        store.promote(champion, "challenger", who="anna", why="Try.")


def test_signature_that_cannot_be_read_is_wrong(store: Store):
    (store.root / store.resolve("champion") / SIGNATURE).mkdir()
    with pytest.raises(ReleaseError, match="not what was signed"):
        store.load()
    assert store.signature(store.resolve("champion")).state == "wrong"


def test_signature_of_another_release_is_wrong(store: Store, key: SigningKey | SecretKey):
    other = twin(store)
    shutil.copy(signed(store, key), store.root / other / SIGNATURE)
    with pytest.raises(ReleaseError, match="not what was signed"):
        store.load(other)
    renamed = "0" * 12
    shutil.copytree(store.root / store.resolve("champion"), store.root / renamed)
    with pytest.raises(ReleaseError, match="its manifest is that of release"):
        store.load(renamed)


def test_signature_made_for_something_else_by_the_same_key_does_not_pass(store: Store, key: SigningKey | SecretKey):
    """A package for a phone, say, whose bytes somebody chose."""
    folder = store.root / store.resolve("champion")
    content = key.signature_of((folder / "manifest.json").read_bytes())
    overwrite(folder / SIGNATURE, json.dumps(content).encode())
    with pytest.raises(ReleaseError, match="not what was signed"):
        store.load()


@pytest.mark.parametrize("kind", KINDS)
def test_key_that_nobody_here_knows_is_told_and_refused_by_the_setting(
    store: Store, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
):
    stranger = read_key(made(kind, tmp_path / "stranger"))
    signed(store, stranger)
    use(signing_key(tmp_path, "own")[0], monkeypatch)
    assert store.load().signature == Signature("unknown", stranger.fingerprint)
    assert "signed by whom nobody here knows" in run("releases").stdout
    refusing(monkeypatch)
    with pytest.raises(ReleaseError, match="is signed by a key that is not known here"):
        store.load()


def test_public_keys_of_others_are_believed_without_any_private_one(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    keys = [SigningKey.read(signing_key(tmp_path, name)[0]) for name in ("old", "new")]
    signers = tmp_path / "signers.pub"
    form = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    signers.write_bytes(b"".join(each.private.public_key().public_bytes(*form) for each in keys))
    monkeypatch.setenv("WHATIF_RELEASE_SIGNERS", str(signers))
    refusing(monkeypatch)
    for each in keys:
        signed(store, each)
        assert store.load().signature == Signature("signed", each.fingerprint)
    with pytest.raises(BadInput, match="There is no key to sign with"):
        store.sign("champion")
    with pytest.raises(BadInput, match="Nothing was made: it would not be signed"):
        store.train()


HELD = {"algorithm": "Ed25519", "public_key": "A" * 43 + "=", "signature": "A" * 86 + "=="}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=9), each, max_size=3),
    max_leaves=5,
)


ODD = ("[" * 4000, json.dumps(HELD) + " " * 5000, '{"algorithm": "HMAC-SHA256", "signature": "", "key": 1}')


@given(
    st.one_of(
        st.binary(max_size=200),
        anything.map(lambda each: json.dumps(each).encode()),
        st.tuples(st.sampled_from(sorted(HELD)), anything).map(lambda each: json.dumps(HELD | dict([each])).encode()),
        st.sampled_from(ODD).map(str.encode),
    )
)
def test_whatever_stands_in_a_signature_is_told_and_never_signed(content: bytes):
    keys = KnownKeys.of(SecretKey(b"s" * 32), [b"p" * 32])
    assert keys.checked(b"what was signed", content).state in ("wrong", "unknown")


def test_secret_is_no_public_key_taken_for_one(tmp_path: Path):
    """Somebody signs with the bytes of the public key as if they were a secret."""
    own = SigningKey.read(signing_key(tmp_path)[0])
    forged = json.dumps(SecretKey(own.public).signature_of(b"content")).encode()
    assert KnownKeys.of(own).checked(b"content", forged).state == "unknown"
    assert repr(own.private) not in repr(SecretKey(own.public))


# ---- keys ------------------------------------------------------------------------------------------------------------


def test_key_in_the_home_is_refused_also_through_a_link(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    outside = signing_key(tmp_path)[0]
    inside = signing_key(store.home)[0]
    (store.home / "link.pem").symlink_to(outside)
    (tmp_path / "in").symlink_to(inside)
    for path in (inside, store.home / "link.pem", tmp_path / "in", store.home / "releases" / ".." / "phone.pem"):
        monkeypatch.setenv("WHATIF_RELEASE_KEY", str(path))
        with pytest.raises(BadInput, match="lies in the home"):
            store.train()
        with pytest.raises(ReleaseError, match="lies in the home"):
            store.load()
    monkeypatch.delenv("WHATIF_RELEASE_KEY")
    monkeypatch.setenv("WHATIF_RELEASE_SIGNERS", str(inside))
    with pytest.raises(ReleaseError, match="lies in the home"):
        store.load()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "holds 0 bytes; a secret has at least 32"),
        (b"short\n", "holds 5 bytes"),
        (b"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n", "holds no private key in PEM"),
        (b"x" * 70_000, "larger than a file with keys is"),
    ],
)
def test_file_that_holds_no_key_is_told(tmp_path: Path, content: bytes, why: str):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(BadInput, match=why):
        read_key(tmp_path / "key")
    with pytest.raises(BadInput, match=r"cannot be read: Is a directory|cannot be read: No such file"):
        read_key(tmp_path / "absent")


def test_file_that_holds_no_public_keys_is_told(tmp_path: Path):
    private = Ed25519PrivateKey.generate()
    path = tmp_path / "keys.pub"
    for content, why in (
        (b"", "holds no public key in PEM"),
        (private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "holds no public key in PEM"),
        (b"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----", "cannot be read"),
    ):
        path.write_bytes(content)
        with pytest.raises(BadInput, match=why):
            read_public_keys(path)


# ---- made, signed, taken over ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book without a release."""
    return proofs.lay_down(tmp_path_factory.mktemp("unmade"), 1500).home


def test_what_is_trained_is_signed_and_an_older_release_can_be_signed_later(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(parity, "SHAP_ROWS", 20)
    monkeypatch.setenv("WHATIF_HOME", str(small))
    store = Store(small, NAME)
    plain = store.train()
    assert plain.signature.state == "unsigned"
    own = use(signing_key(tmp_path)[0], monkeypatch)
    assert store.train().signature.state == "unsigned"  # the same release, which it did not make
    answer = run("sign", plain.id, "--book", NAME, "--json")
    assert json.loads(answer.stdout)["signature"] == {"state": "signed", "key": own.fingerprint}
    assert stat.S_IMODE((plain.path / SIGNATURE).stat().st_mode) == 0o600
    kept_files = {name: (plain.path / name).read_bytes() for name in FILES}
    shutil.rmtree(plain.path)
    anew = store.train()
    assert (anew.id, anew.signature) == (plain.id, Signature("signed", own.fingerprint))
    assert {
        name: (anew.path / name).read_bytes() for name in ("tables.npz", "contract.toml")
    }.items() <= kept_files.items()
    assert {stat.S_IMODE(each.stat().st_mode) for each in anew.path.iterdir()} == {0o600}
    assert stat.S_IMODE(anew.path.stat().st_mode) == 0o700


def test_what_does_not_hold_is_not_signed(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    use(signing_key(tmp_path)[0], monkeypatch)
    other = stray(store)
    answer = run("sign", other, "--no-retrain", "--book", "cards")
    assert (answer.exit_code, "trained on another snapshot or contract" in answer.stdout) == (1, True)
    overwrite(store.root / store.resolve("champion") / "gates.json", b"{}")
    answer = run("sign", "--book", "cards")
    assert (answer.exit_code, "was altered (gates.json)" in answer.stdout) == (1, True)
    assert not list(store.root.rglob(SIGNATURE))


def test_signed_release_is_taken_over_with_its_signature_or_refused(
    store: Store, tmp_path: Path, key: SigningKey | SecretKey, monkeypatch: pytest.MonkeyPatch
):
    release = store.load()
    refusing(monkeypatch)
    there = {path.name: path.read_bytes() for path in release.path.iterdir()}
    here = Store(tmp_path / "here", "cards")
    with pytest.raises(ReleaseError, match="is not signed"):
        here.take_in(release.id, release.artefact, there)
    with pytest.raises(ReleaseError, match="not what was signed"):
        here.take_in(release.id, release.artefact, {**there, SIGNATURE: b"{}"})
    assert list(here.root.iterdir()) == []
    there[SIGNATURE] = signed(store, key).read_bytes()
    taken = here.take_in(release.id, release.artefact, there)
    assert taken.signature == Signature("signed", key.fingerprint)
    assert {stat.S_IMODE(each.stat().st_mode) for each in taken.path.iterdir()} == {0o600}
    assert taken.files() == there


def test_signed_while_the_service_runs_it_says_so_at_once(store: Store, key: SigningKey | SecretKey):
    served = Served(store.home)
    before = served.client.get("/v2/models/credit").json()["parameters"]
    signed(store, key)
    after = served.client.get("/v2/models/credit").json()["parameters"]
    assert (before["signature"], after["signature"], after["signed_by"]) == ("unsigned", "signed", key.fingerprint)
    packed = served.client.get(f"/releases/{store.resolve('champion')}/artefact")
    assert packed.status_code == 200


def test_release_of_an_earlier_version_is_its_owners_alone_once_it_is_promoted(store: Store):
    other = forge(store, store.resolve("champion"), {}, created="2020-01-01T00:00:00+00:00")
    for each in (store.root / other).iterdir():
        each.chmod(0o444)
    (store.root / other).chmod(0o755)
    store.promote(other, "challenger", who="anna", why="Try.")
    modes = {stat.S_IMODE(each.stat().st_mode) for each in (store.root / other).iterdir()}
    assert (modes, stat.S_IMODE((store.root / other).stat().st_mode)) == ({0o600}, 0o700)


def test_file_altered_after_a_release_was_loaded_is_not_read_later(store: Store):
    looked_at: tuple[tuple[str, Callable[[Release], Any]], ...] = (
        ("outcomes.npz", lambda each: each.evidence),
        ("snapshot.npz", lambda each: each.snapshot),
        ("golden.npz", lambda each: each.golden),
        ("model.skops", lambda each: each.fitted()),
        ("gates.json", lambda each: each.files()),
    )
    for name, read in looked_at:
        release = store.load()
        before = (release.path / name).read_bytes()
        overwrite(release.path / name, before + b" ")
        with pytest.raises(ReleaseError, match=rf"was altered \({name}\)"):
            read(release)
        overwrite(release.path / name, before)
