"""What a package holds, and what it does not."""

import base64
import hashlib
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from data.books import Book
from data.errors import BadInput
from model.deployed.model import DeployedModel
from model.engine.scorer import TableScorer
from model.errors import NotTabular
from model.export.phone.content import known_of
from model.export.phone.package import APP, HOLDS, PhonePackage, phone_package, write_package
from model.report.book.briefing import book_briefing
from model.signing import SigningKey
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.customer import typical
from model.whatif.customer.typical import typical_record
from tests.support.phones import signing_key

DAY = date(2026, 11, 2)
MOST = 1_000_000  # bytes


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return signing_key(tmp_path_factory.mktemp("key"))[1]


@pytest.fixture(scope="module")
def package(model: DeployedModel, key: SigningKey) -> PhonePackage:
    return phone_package(model, day=DAY, key=key, days=30)


def read(package: PhonePackage, name: str) -> dict:
    return json.loads(package.files[name])


def leaves(value: object) -> list[object]:
    """Everything in it that is no list and no table."""
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    return [leaf for each in value for leaf in leaves(each)] if isinstance(value, list) else [value]


def test_every_file_is_listed_with_its_hash_and_what_it_holds(package: PhonePackage):
    contents = read(package, "contents.json")
    assert set(package.files) == {*contents["files"], "contents.json", "signature.json"}
    assert set(contents["files"]) == set(HOLDS)
    for name, about in contents["files"].items():
        assert about["sha256"] == hashlib.sha256(package.files[name]).hexdigest()
        assert about["bytes"] == len(package.files[name])
        assert about["holds"]


def test_the_app_is_all_that_lies_in_its_folder():
    assert {each.name for each in APP.iterdir()} == set(HOLDS) - {"model.json", "manifest.webmanifest"}


def test_the_list_says_of_what_it_is(package: PhonePackage, model: DeployedModel):
    contents = read(package, "contents.json")
    assert model.release is not None
    assert contents["release"] == model.release.id
    assert contents["artefact"] == model.release.artefact
    assert contents["contract"] == model.contract.hash
    assert (contents["created"], contents["expires"]) == ("2026-11-02", "2026-12-02")


def test_it_is_small(package: PhonePackage):
    assert package.size <= MOST
    assert package.size == sum(map(len, package.files.values()))


def test_the_same_model_day_and_key_give_the_same_bytes(package: PhonePackage, model: DeployedModel, key: SigningKey):
    assert phone_package(model, day=DAY, key=key, days=30).files == package.files
    later = phone_package(model, day=DAY, key=key, days=31)
    assert later.files["model.json"] == package.files["model.json"]
    assert later.files["worker.js"] != package.files["worker.js"]  # so that a phone takes notice


def test_no_record_of_the_book_is_in_it(package: PhonePackage, book: Book):
    """Numbers that are not the model's tables are few; no customer's values follow each other among them."""
    known = read(package, "model.json")
    known.pop("tables")
    numbers = [float(each) for each in leaves(known) if isinstance(each, int | float)]
    assert len(numbers) < 1_000
    start = np.array(known["start"], float)
    rows = book.raw.T
    assert not (rows == start).all(axis=1).any()
    distinct = [tuple(row[:6]) for row in rows[:, 7:13] if len(set(row)) == 6]  # six statements, all of them different
    runs = {tuple(numbers[k : k + 6]) for k in range(len(numbers) - 5)}
    assert len(distinct) > 10_000
    assert runs & set(distinct) == set()


def test_no_protected_attribute_and_nothing_of_the_outcome_is_in_it(package: PhonePackage, book: Book):
    known = read(package, "model.json")
    names = {each["name"] for part in ("fields", "inputs", "levers", "histories") for each in known[part]}
    text = package.files["model.json"].decode()
    for field in book.contract.observed:
        assert field.name not in names
        assert f'"{field.name}"' not in text
        assert f'"{field.label}"' not in text
    assert book.contract.observed


def test_the_signature_is_that_of_the_list(package: PhonePackage, key: SigningKey):
    said = read(package, "signature.json")
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(said["public_key"]))
    signature = base64.b64decode(said["signature"])
    public.verify(signature, package.files["contents.json"])
    with pytest.raises(InvalidSignature):
        public.verify(signature, package.files["contents.json"] + b" ")
    assert read(package, "contents.json")["signed_by"] == key.fingerprint == hashlib.sha256(key.public).hexdigest()[:32]


def test_without_a_key_it_is_said_to_be_unsigned(model: DeployedModel):
    found = phone_package(model, day=DAY)
    assert "signature.json" not in found.files
    assert read(found, "contents.json")["signed_by"] == ""


def test_the_record_it_starts_from_can_be_and_is_nobodys(book: Book):
    record = typical_record(book)
    book.contract.check(record)
    assert not (book.raw == record).all(axis=0).any()
    medians = np.median(book.raw, axis=1)
    limit = book.contract.row["limit"]
    assert record[limit, 0] == pytest.approx(medians[limit], abs=book.contract.record[limit].step)


def test_where_medians_cannot_stand_together_other_shares_are_tried(book: Book, monkeypatch: pytest.MonkeyPatch):
    tried = list[float]()
    usual = typical._usual

    def counted(field, values, share, commonest):
        tried.append(share)
        if field.name == "status_2" and share in (0.5, 0.25):
            return 8.0
        if field.name == "status_3" and share in (0.5, 0.25):
            return -2.0
        return usual(field, values, share, commonest)

    monkeypatch.setattr(typical, "_usual", counted)
    book.contract.check(typical_record(book))
    assert set(tried) == {0.5, 0.25, 0.75}


def test_the_book_is_told_in_the_words_of_its_page(package: PhonePackage, model: DeployedModel):
    told = read(package, "model.json")["summary"]
    scenario = BookScenario().with_value(model.contract, "preset", "eba_2025_adverse_eu")
    said = book_briefing(BookResult.of(model.whole, scenario, DAY), {}, model=model.deployed)
    assert told["sentence"] == said.sentence
    assert [(each["label"], each["value"]) for each in told["tiles"]] == [
        (each.label, each.value) for each in said.tiles
    ]
    first, *parts, last = told["bridge"]["bars"]
    assert first["length"] + sum(each["length"] for each in parts) == pytest.approx(last["length"])


def test_a_model_elsewhere_is_refused(model: DeployedModel):
    elsewhere = DeployedModel(model.book, model.scorer, None)
    with pytest.raises(NotTabular, match="cannot go to a phone"):
        phone_package(elsewhere, day=DAY)


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_how_long_it_is_good_has_bounds(model: DeployedModel, days: int):
    with pytest.raises(BadInput, match="1 to 3,650 days"):
        phone_package(model, day=DAY, days=days)


def test_a_formula_that_cannot_go_is_told_by_name(model: DeployedModel):
    scorer = model.local_scorer
    assert isinstance(scorer, TableScorer)
    inputs = scorer.contract.inputs
    odd = inputs[0].model_copy(update={"formula": "round(limit, 0 * limit)"})
    contract = scorer.contract.model_copy(update={"inputs": (odd, *inputs[1:])})
    contract.__dict__.pop("_inputs", None)
    with pytest.raises(BadInput, match=r"round\(limit, 0 \* limit\)"):
        known_of(type(scorer)(contract, scorer.tables, shapley=scorer.shapley, territory=scorer.territory), model.book)


# ---- where it is written --------------------------------------------------------------------------------------------


def test_a_folder_is_written_again_without_what_was_there(package: PhonePackage, model: DeployedModel, tmp_path: Path):
    write_package(tmp_path / "new" / "package", package)
    assert {each.name: each.read_bytes() for each in (tmp_path / "new" / "package").iterdir()} == package.files
    unsigned = phone_package(model, day=DAY)
    write_package(tmp_path / "new" / "package", unsigned)
    assert {each.name for each in (tmp_path / "new" / "package").iterdir()} == set(unsigned.files)


def test_a_folder_of_something_else_is_left_alone(package: PhonePackage, tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match=r"thesis\.txt"):
        write_package(tmp_path, package)
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.txt"]


# ---- keys -----------------------------------------------------------------------------------------------------------


UNKNOWN_CURVE = """-----BEGIN PRIVATE KEY-----
MGECAQAwEAYHKoZIzj0CAQYFK4EEAAkESjBIAgEBBBUAL5Evf8u9x3v3Mg8uZqGQ
VFDiahahLAMqAAT+WPpjfJPamaqQOecE3t9PJayvWhSGPz0dMd/FuTn/NzIefy5y
AEch
-----END PRIVATE KEY-----
"""


def test_what_is_no_key_is_told(tmp_path: Path):
    (tmp_path / "text.pem").write_text("not a key")
    rsa = generate_private_key(65537, 2048)
    (tmp_path / "rsa.pem").write_bytes(rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    locked = rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    (tmp_path / "locked.pem").write_bytes(locked)
    (tmp_path / "curve.pem").write_text(UNKNOWN_CURVE)
    for name, why in (
        ("absent", "cannot be read"),
        ("text", "no private key"),
        ("rsa", "not Ed25519"),
        ("locked", "passphrase"),
        ("curve", "is not supported"),
    ):
        with pytest.raises(BadInput, match=why) as refused:
            SigningKey.read(tmp_path / f"{name}.pem")
        assert "openssl genpkey -algorithm ed25519" in str(refused.value)
