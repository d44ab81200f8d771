"""A model that runs elsewhere, as a scorer: against a stand-in that can be down, slow, wrong and back again, and
against real servers of other makers."""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from data.errors import BadInput, ContractError
from model.deployed import remote, transport
from model.deployed.dialects import About
from model.deployed.remote import BACKGROUND, RemoteScorer, connect, log_odds, shared_out
from model.deployed.transport import Breaker, Transport
from model.engine.scorer import TableScorer
from model.engine.shapley import exact
from model.engine.tables import probability
from model.engine.territory import Territory
from model.errors import Changed, NoAnswer, Refused
from model.settings import Settings
from tests.support.servers import ModelServer, free_port, mlflow, mlserver
from tests.support.stand_in import MAPPING, Quiet, StandIn, bank, standing

TOKEN = "s3cret-token-of-the-bank"


@pytest.fixture
def there() -> Iterator[StandIn]:
    with standing(StandIn()) as stand_in:
        yield stand_in


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Attempts follow each other at once; the book is surveyed by the real servers' tests only."""
    monkeypatch.setattr(transport, "PAUSE", 0.001)
    if request.node.get_closest_marker("servers") is None:
        empty = Territory(np.zeros((1, 1)), np.ones(1), percentiles=np.zeros(101), low=np.zeros(1), high=np.zeros(1))
        monkeypatch.setattr(remote, "survey", lambda *_: empty)


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "bank.toml"
    path.write_text(MAPPING)
    return path


def settings(url: str, **more: Any) -> Settings:
    return Settings(**{"model_url": url, "model_timeout": 5.0, **more})


@pytest.fixture
def connected(there: StandIn, mapping: Path, book: Book, contract: Contract) -> Iterator[RemoteScorer]:
    with connect(settings(there.url, model_mapping=mapping), book, contract) as scorer:
        there.seen.clear()
        yield scorer


def bank_margins(raw: Array, contract: Contract) -> Array:
    """The bank's model on raw fields (fields, n), here."""
    row = contract.row
    limit = raw[row["limit"]]
    use = np.floor(raw[row["bill_1"]].clip(0) / limit * 1e4 + 0.500001) / 1e4
    late = raw[row["status_1"]].clip(0)
    pd = bank({"LIMIT": limit, "LATE": late, "USE": use, "PAID": raw[row["paid_1"]]}).clip(1e-6, 1 - 1e-6)
    return np.log(pd / (1 - pd))


# ---- the way there ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [(503, {}, b""), (502, {}, b""), (504, {}, b""), (429, {}, b""), "silence"])
def test_call_without_an_answer_is_made_again_under_the_same_id(
    trouble: Any, there: StandIn, connected: RemoteScorer, book: Book, contract: Contract
):
    there.first = [trouble, trouble]
    found = connected.margins(book.raw[:, :3])
    np.testing.assert_allclose(found, bank_margins(book.raw[:, :3], contract), rtol=0, atol=1e-12)
    asked = there.asked()
    assert len(asked) == 3
    assert len({each.body["id"] for each in asked} | {each.headers["x-request-id"] for each in asked}) == 1


def test_every_call_has_an_id_of_its_own(there: StandIn, connected: RemoteScorer, book: Book):
    connected.margins(book.raw[:, :2])
    connected.margins(book.raw[:, :2])
    assert len({each.body["id"] for each in there.asked()}) == 2


def test_third_attempt_without_an_answer_is_the_last_and_says_since_when(
    there: StandIn, connected: RemoteScorer, book: Book
):
    there.first = [(503, {}, b'{"error": "draining"}')] * 9
    with pytest.raises(NoAnswer) as silent:
        connected.margins(book.raw[:, :1])
    assert len(there.asked()) == 3
    now = datetime.now(UTC)
    times = {f"{now - timedelta(minutes=ago):%H:%M} UTC" for ago in (0, 1)}
    assert str(silent.value) in {
        f"The deployed model at {connected.transport.host} has not answered since {each} (503: draining). "
        "Check that it runs, then try again."
        for each in times
    }


def test_server_that_is_down_was_never_heard_and_comes_back(mapping: Path, book: Book, contract: Contract):
    port = free_port()
    there = settings(f"http://127.0.0.1:{port}", model_mapping=mapping)
    with pytest.raises(NoAnswer, match=rf"at 127.0.0.1:{port} has not answered yet \(Connection refused\)"):
        connect(there, book, contract)
    with standing(StandIn(), port), connect(there, book, contract) as scorer:
        assert scorer.health().well


def test_server_that_is_too_slow_gave_no_answer(there: StandIn, mapping: Path, book: Book, contract: Contract):
    with connect(settings(there.url, model_mapping=mapping, model_timeout=0.2), book, contract) as scorer:
        there.first = [1.0, 1.0, 1.0]
        with pytest.raises(NoAnswer, match=r"no answer within 0\.2 s"):
            scorer.margins(book.raw[:, :1])
        there.first = []
        assert len(scorer.margins(book.raw[:, :1])) == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_waited_for(
    form: str, there: StandIn, connected: RemoteScorer, book: Book, monkeypatch: pytest.MonkeyPatch
):
    waited: list[float] = []
    monkeypatch.setattr("model.deployed.transport.time.sleep", waited.append)
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    there.first = [(429, {"retry-after": "1" if form == "seconds" else date}, b"")]
    connected.margins(book.raw[:, :1])
    assert len(waited) == 1
    assert 0.8 < waited[0] <= 2


@pytest.mark.parametrize("after", ["60", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_longer_wait_than_the_time_out_is_not_waited_for(
    after: str, there: StandIn, connected: RemoteScorer, book: Book
):
    there.first = [(429, {"retry-after": after}, b'{"error": "busy"}')]
    with pytest.raises(NoAnswer, match="429: busy"):
        connected.margins(book.raw[:, :1])
    assert len(there.asked()) == 1


@pytest.mark.parametrize("after", ["soon", "-5", "Fri, 31 Feb 2020 99:99:99 GMT", "Fri, 1 Jan 2021 00:00:00"])
def test_retry_after_that_makes_no_sense_is_no_wait(after: str, there: StandIn, connected: RemoteScorer, book: Book):
    there.first = [(503, {"retry-after": after}, b"")]
    assert len(connected.margins(book.raw[:, :1])) == 1


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, b'{"error": "no column PAY_0"}', r"refused this question \(400: no column PAY_0\)\. Check the mapping"),
        (401, b'{"error": "who?"}', r"does not accept the token \(401: who\?\)\. Set WHATIF_MODEL_TOKEN"),
        (403, b"", r"does not accept the token \(403\)"),
        (404, b"<html>", r"refused this question \(404\)"),
        (302, b"", r"points to another address \(302\)"),
        (500, b'{"error": "boom"}', r"failed at this question \(500: boom\)\. Look into its log"),
        (204, b"", r"\(204\)"),
    ],
)
def test_no_is_not_asked_again_and_told_in_the_servers_words(
    status: int, body: bytes, words: str, there: StandIn, connected: RemoteScorer, book: Book
):
    there.first = [(status, {"location": "http://127.0.0.1:9/"}, body)]
    with pytest.raises(Refused, match=words):
        connected.margins(book.raw[:, :1])
    assert len(there.asked()) == 1


def test_traceback_of_the_server_is_told_by_its_last_line_only(there: StandIn, connected: RemoteScorer, book: Book):
    trace = 'Traceback (most recent call last):\n  File "model.py", line 3, in f\n    x\nValueError: ' + "x" * 5000
    there.first = [(500, {}, orjson.dumps({"error": trace}))]
    with pytest.raises(Refused, match="500: ValueError: xxx") as refused:
        connected.margins(book.raw[:, :1])
    assert len(str(refused.value)) < 350
    assert "File" not in str(refused.value)


def test_answer_larger_than_any_sensible_one_is_not_read(
    there: StandIn, connected: RemoteScorer, book: Book, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(transport, "MOST_BYTES", 10_000)
    there.wrong = lambda answer: b" " * 200_000
    with pytest.raises(Refused, match="answered more than"):
        connected.margins(book.raw[:, :1])


def test_token_is_sent_and_stands_in_no_message_even_if_the_server_says_it(
    there: StandIn, mapping: Path, book: Book, contract: Contract
):
    with connect(settings(there.url, model_mapping=mapping, model_token=TOKEN), book, contract) as scorer:
        assert there.seen[-1].headers["authorization"] == f"Bearer {TOKEN}"
        there.first = [(400, {}, f"no: Bearer {TOKEN}".encode()), *[(503, {}, TOKEN.encode())] * 3]
        for error in (Refused, NoAnswer):
            with pytest.raises(error) as told:
                scorer.margins(book.raw[:, :1])
            assert TOKEN not in str(told.value)
        reading = scorer.transport.pulse.read()
        assert TOKEN not in reading.trouble
        assert TOKEN not in repr(scorer)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"model_token": "two words"}, "WHATIF_MODEL_TOKEN holds blanks"),
        ({"model_token": "line\nbreak"}, "WHATIF_MODEL_TOKEN holds blanks"),
        ({"model_url": "https://me:pw@bank.example"}, "A token belongs in WHATIF_MODEL_TOKEN"),
        ({"model_url": "https://bank.example/?key=1"}, "scheme, host, port and path only"),
        ({"model_url": None}, "Set WHATIF_MODEL_URL"),
        ({"model_ca": Path("absent.pem")}, r"absent\.pem cannot be read: No such file"),
    ],
)
def test_settings_that_cannot_be_used_are_told_before_anything_is_sent(given: dict[str, Any], words: str):
    with pytest.raises(BadInput, match=words) as told:
        Transport(settings("https://bank.example", **given) if "model_url" not in given else Settings(**given))
    assert "pw" not in str(told.value)


def test_file_that_holds_no_certificates_is_told(tmp_path: Path):
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    with pytest.raises(BadInput, match=r"ca\.pem cannot be read.*PEM"):
        Transport(settings("https://bank.example", model_ca=path))


def test_proxies_of_the_environment_are_not_asked_for_this_machine(there: StandIn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Transport(settings(there.url)) as way:
        assert way.get("/v2/models/credit").status == 200


def test_path_of_the_address_is_kept(there: StandIn):
    with Transport(settings(f"{there.url}/serving/credit/")) as way:
        way.get("/v2/models/a:b")
    assert there.seen[0].path == "/serving/credit/v2/models/a:b"


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate of its own authority for 127.0.0.1, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "ca.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return pem, context


def test_certificate_must_come_from_an_authority_trusted_and_the_banks_own_may_be_named(tmp_path: Path):
    pem, context = certificate(tmp_path)
    with standing(StandIn(), tls=context) as there:
        with Transport(settings(there.url)) as way, pytest.raises(Refused, match=r"not trusted: .*WHATIF_MODEL_CA"):
            way.get("/v2/models/credit")
        with Transport(settings(there.url, model_ca=pem)) as way:
            assert way.get("/v2/models/credit").status == 200


# ---- the breaker -----------------------------------------------------------------------------------------------------


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_after_three_calls_without_an_answer_calls_fail_at_once_until_one_gets_through(there: StandIn):
    clock = Clock()
    with Transport(settings(there.url), breaker=Breaker(clock)) as way:
        there.first = [(503, {}, b"")] * 9
        for _ in range(3):
            with pytest.raises(NoAnswer, match="503"):
                way.get("/v2/models/credit")
        assert len(there.seen) == 9
        for _ in range(5):
            with pytest.raises(NoAnswer, match=r"\(503\)"):
                way.get("/v2/models/credit")
        assert len(there.seen) == 9
        assert way.pulse.read().calls == 3
        clock.now += 5.1
        assert way.get("/v2/models/credit").status == 200
        assert way.get("/v2/models/credit").status == 200


def test_closed_way_lets_one_call_through_and_closes_again_if_it_fails():
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(3):
        assert breaker.admits()
        breaker.ended(answered=False)
    assert not breaker.admits()
    clock.now += 5.0
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.ended(answered=False)
    clock.now += 4.9
    assert not breaker.admits()
    clock.now += 0.1
    assert breaker.admits()
    breaker.ended(answered=True)
    assert [breaker.admits() for _ in range(3)] == [True] * 3


def test_of_many_threads_one_is_let_through():
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(3):
        breaker.ended(answered=False)
    clock.now += 6
    let: list[bool] = []
    threads = [threading.Thread(target=lambda: let.append(breaker.admits())) for _ in range(30)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(let) == 1


def test_a_no_of_the_server_is_an_answer_and_does_not_close_the_way(
    there: StandIn, connected: RemoteScorer, book: Book
):
    before = connected.transport.pulse.read().calls
    there.first = [(400, {}, b"")] * 5
    for _ in range(5):
        with pytest.raises(Refused):
            connected.margins(book.raw[:, :1])
    assert len(connected.margins(book.raw[:, :1])) == 1
    reading = connected.transport.pulse.read()
    assert (reading.calls - before, round(reading.errors * reading.calls)) == (6, 5)
    assert "refused this question" in reading.trouble


# ---- margins ---------------------------------------------------------------------------------------------------------


def test_margins_of_many_customers_are_asked_for_in_batches(
    there: StandIn, connected: RemoteScorer, book: Book, contract: Contract
):
    raw = book.raw[:, :4500]
    np.testing.assert_allclose(connected.margins(raw), bank_margins(raw, contract), rtol=0, atol=1e-12)
    assert [len(each.body["inputs"][0]["data"]) for each in there.asked()] == [2000, 2000, 500]
    assert connected.margins(raw[:, :0]).shape == (0,)


def test_probabilities_of_0_and_1_become_finite_log_odds(there: StandIn, connected: RemoteScorer, book: Book):
    there.model = lambda columns: np.array([0.0, 1.0, 0.5])
    np.testing.assert_allclose(connected.margins(book.raw[:, :3]), [-13.8155, 13.8155, 0], rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda answer: b"<html>", "not JSON"),
        (lambda answer: {}, "no list of outputs"),
        (lambda answer: answer | {"outputs": []}, "answered nothing"),
        (lambda answer: answer | {"outputs": [answer["outputs"][0] | {"datatype": "INT64"}]}, "class labels"),
        (lambda answer: answer | {"outputs": [answer["outputs"][0] | {"data": [[0.5, 0.5]]}]}, "Needed is"),
    ],
)
def test_answer_that_cannot_be_read_is_refused_and_noted(
    wrong: Any, words: str, there: StandIn, connected: RemoteScorer, book: Book
):
    there.wrong = wrong
    with pytest.raises(Refused, match=words):
        connected.margins(book.raw[:, :2])
    assert words in connected.transport.pulse.read().trouble


def test_another_version_answering_is_a_change_and_not_a_number(there: StandIn, connected: RemoteScorer, book: Book):
    there.version = "v2"
    with pytest.raises(Changed, match=r"Another model answers.*version v2 instead of v1.*Connect to it anew"):
        connected.margins(book.raw[:, :1])
    assert not connected.health().well


# ---- reasons through predictions -------------------------------------------------------------------------------------


def test_reasons_are_the_shapley_values_of_the_definition_by_concept(
    there: StandIn, connected: RemoteScorer, book: Book, contract: Contract
):
    raw = np.ascontiguousarray(book.raw[:, [3, 777, 20_000]])
    found = connected.reasons(raw)
    assert found.parts == ("late", "balances", "payments", "limit")
    assert found.background == "50 customers of the book"
    assert not found.by_input
    players = [[k for k, each in enumerate(contract.record) if each.concept == part] for part in found.parts]
    for k in range(raw.shape[1]):

        def value(coalitions: NDArray[np.bool_], x: Array = raw[:, k]) -> Array:
            worth = []
            for coalition in coalitions:
                mixed = connected.background.copy()
                for rows, inside in zip(players, coalition, strict=True):
                    if inside:
                        mixed[rows] = x[rows, None]
                worth.append(bank_margins(mixed, contract).mean())
            return np.array(worth)

        np.testing.assert_allclose(found.values[:, k], exact(4, value), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.base, bank_margins(connected.background, contract).mean(), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.base + found.values.sum(0), connected.margins(raw), rtol=0, atol=1e-12)


def test_reasons_of_one_customer_take_one_call_and_no_record_twice(there: StandIn, connected: RemoteScorer, book: Book):
    found = connected.reasons(book.raw[:, 5:6])
    (asked,) = there.asked()
    rows = np.array([each["data"] for each in asked.body["inputs"]], float)
    assert found.asked == rows.shape[1] <= 16 * BACKGROUND
    connected.reasons(book.raw[:, [5, 6]])
    assert len(there.asked()) == 3


def test_error_of_the_reasons_is_their_spread_over_the_background(
    connected: RemoteScorer, book: Book, contract: Contract
):
    found = connected.reasons(book.raw[:, 5:6])
    assert found.error.shape == (4, 1)
    assert (found.error > 0).all()
    alone = replace(connected, background=connected.background[:, :1], reference=connected.reference[:1])  # type: ignore[index]
    np.testing.assert_array_equal(alone.reasons(book.raw[:, 5:6]).error, 0)
    values, errors = [], []
    for seed in range(40):
        chosen = np.random.default_rng(seed).choice(len(book), BACKGROUND, replace=False)
        background = np.ascontiguousarray(book.raw[:, chosen])
        other = replace(connected, background=background, reference=bank_margins(background, contract))
        there = other.reasons(book.raw[:, 5:6])
        values.append(there.values[:, 0])
        errors.append(there.error[:, 0])
    np.testing.assert_allclose(np.std(values, 0, ddof=1), np.sqrt(np.mean(np.square(errors), 0)), rtol=0.4)


def test_concept_whose_fields_the_model_does_not_read_is_not_among_the_reasons(
    there: StandIn, tmp_path: Path, book: Book, contract: Contract
):
    path = tmp_path / "two.toml"
    path.write_text('[inputs]\nLATE = "max(status_1, 0)"\nLIMIT = "limit"')
    there.model = lambda columns: probability(0.3 * columns["LATE"] - columns["LIMIT"] / 1e5)
    with connect(settings(there.url, model_mapping=path), book, contract) as scorer:
        assert scorer.reasons(book.raw[:, :1]).parts == ("late", "limit")


def test_other_answers_about_the_background_are_a_change_even_without_a_version(
    there: StandIn, connected: RemoteScorer, book: Book
):
    there.model = lambda columns: bank(columns) * 0.9
    with pytest.raises(Changed, match="other predictions for the same customers"):
        connected.reasons(book.raw[:, :1])
    health = connected.health()
    assert not health.well
    assert "Another model answers" in health.trouble


def test_many_players_are_sampled_and_sum_all_the_same():
    rng = np.random.default_rng(1)
    weight, pull = rng.normal(size=(12, 40)), rng.normal(size=40)
    calls = []

    def value(coalitions: NDArray[np.bool_]) -> Array:
        calls.append(len(coalitions))
        inside = coalitions.astype(float)
        return inside @ weight + inside[:, :1] * inside[:, 1:2] * inside[:, 2:3] * pull

    values, error = shared_out(12, value)
    full, empty = value(np.ones((1, 12), bool)), value(np.zeros((1, 12), bool))
    assert values.sum() == pytest.approx((full - empty).mean(), abs=1e-12)
    np.testing.assert_allclose(values[3:], weight[3:].mean(1), rtol=0, atol=1e-12)
    np.testing.assert_allclose(error[3:], weight[3:].std(1, ddof=1) / np.sqrt(40), rtol=0, atol=1e-12)
    truth = weight[:3].mean(1) + pull.mean() / 3
    assert (np.abs(values[:3] - truth) < 5 * error[:3]).all()
    assert calls[0] <= 16 * 13


def test_eight_players_are_worked_out_exactly():
    f = np.random.default_rng(2).normal(size=256)

    def value(coalitions: NDArray[np.bool_]) -> Array:
        return f[coalitions @ (1 << np.arange(8))][:, None]

    values, error = shared_out(8, value)
    np.testing.assert_allclose(values, exact(8, value)[:, 0], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(error, 0)


# ---- reasons the server gives ----------------------------------------------------------------------------------------


@pytest.fixture
def ours(scorer: TableScorer, contract: Contract) -> Iterator[StandIn]:
    """A stand-in that speaks like this product's own service: the champion, with its reasons."""
    names = [each.name for each in contract.inputs]
    outputs = ["predict_proba", "shap_values", "base_value", "decision"]

    def more(asked: dict[str, Any], columns: Mapping[str, Array]) -> dict[str, Any]:
        raw = np.stack([columns[each.name] for each in contract.record])
        base, values = scorer.explain(raw)
        wanted = {each["name"] for each in asked["outputs"]}
        found = [
            {"name": "shap_values", "shape": [raw.shape[1], len(names)], "data": values[::-1].T.tolist()},
            {"name": "base_value", "shape": [1], "data": [base]},
        ]
        given = [each | {"datatype": "FP64"} for each in found if each["name"] in wanted]
        return {"outputs": given, "parameters": {"artefact": "a" * 64}}

    stand_in = StandIn(
        model=lambda columns: probability(scorer.margins(np.stack([columns[f.name] for f in contract.record]))),
        version="0123456789ab",
        more=more,
        metadata={
            "platform": "credit-what-if",
            "versions": ["champion"],
            "inputs": [{"name": each.name, "datatype": "FP64", "shape": [-1, 1]} for each in contract.record],
            "outputs": [
                {"name": each} | ({"parameters": {"names": names[::-1]}} if each == "shap_values" else {})
                for each in outputs
            ],
            "parameters": {"release": "0123456789ab", "artefact": "a" * 64, "background": "30,000 customers"},
        },
    )
    with standing(stand_in):
        yield stand_in


@pytest.fixture
def own(ours: StandIn, book: Book, contract: Contract) -> Iterator[RemoteScorer]:
    with connect(settings(ours.url), book, contract) as found:
        yield found


def test_our_own_service_gives_the_margins_and_reasons_of_the_model_here(
    own: RemoteScorer, scorer: TableScorer, book: Book
):
    raw = np.ascontiguousarray(book.raw[:, 100:2300])
    here, there = scorer.reasons(raw), own.reasons(raw)
    assert there.parts == here.parts
    assert (there.background, there.by_input) == ("30,000 customers", True)
    np.testing.assert_allclose(there.values, here.values, rtol=0, atol=1e-12)
    np.testing.assert_allclose(own.margins(raw), scorer.margins(raw), rtol=0, atol=1e-9)
    np.testing.assert_allclose(there.base + there.values.sum(0), own.margins(raw), rtol=0, atol=1e-6)
    np.testing.assert_array_equal(there.error, 0)
    assert there.asked == 2200


def test_our_own_service_is_asked_nothing_before_somebody_asks(ours: StandIn, own: RemoteScorer):
    assert own.health().well
    assert ours.asked() == []


def test_reasons_that_do_not_add_up_to_the_margin_are_not_shown(ours: StandIn, own: RemoteScorer, book: Book):
    def wrong(answer: dict[str, Any]) -> dict[str, Any]:
        answer["outputs"][1]["data"][0][0] += 2e-6
        return answer

    ours.wrong = wrong
    with pytest.raises(Refused, match="miss its own log-odds by up to 2e-06: they are not shown"):
        own.reasons(book.raw[:, :4])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda answer: answer["outputs"].pop(2),
        lambda answer: answer["outputs"][1].update(data=[[0.0]]),
        lambda answer: answer["outputs"][1].update(shape=[14, 4]),
        lambda answer: answer["outputs"][2].update(data=[None]),
        lambda answer: answer["outputs"][2].update(data=["0"]),
    ],
)
def test_reasons_that_cannot_be_read_are_refused(wrong: Any, ours: StandIn, own: RemoteScorer, book: Book):
    def spoilt(answer: dict[str, Any]) -> dict[str, Any]:
        wrong(answer)
        return answer

    ours.wrong = spoilt
    with pytest.raises(Refused):
        own.reasons(book.raw[:, :4])


def test_another_artefact_answering_is_a_change(ours: StandIn, own: RemoteScorer, book: Book):
    ours.wrong = lambda answer: answer | {"parameters": {"artefact": "b" * 64}}
    with pytest.raises(Changed, match="artefact bbbbbbbbbbbb instead of aaaaaaaaaaaa"):
        own.margins(book.raw[:, :1])
    ours.wrong = lambda answer: answer | {"parameters": {}}
    with pytest.raises(Changed, match="artefact unknown instead of"):
        own.reasons(book.raw[:, :1])


def test_promotion_at_our_own_service_is_seen_by_health_and_by_the_next_call(
    ours: StandIn, own: RemoteScorer, book: Book
):
    ours.metadata["parameters"]["release"] = ours.version = "ffffffffffff"
    health = own.health()
    assert (health.well, "version ffffffffffff instead of 0123456789ab" in health.trouble) == (False, True)
    with pytest.raises(Changed):
        own.reasons(book.raw[:, :1])


def test_reasons_for_other_inputs_than_the_contracts_are_not_taken(
    ours: StandIn, book: Book, contract: Contract, scorer: TableScorer
):
    ours.metadata["outputs"][1]["parameters"]["names"] = ["something", "else"]
    with connect(settings(ours.url), book, contract) as found:
        assert not found.gives_reasons
        reasons = found.reasons(book.raw[:, :1])
    assert reasons.parts == ("late", "balances", "payments", "limit")
    truth = scorer.margins(book.raw[:, :1])
    np.testing.assert_allclose(reasons.base + reasons.values.sum(0), truth, rtol=0, atol=1e-9)


# ---- finding out -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("speaks", ["oip", "kserve", "mlflow"])
@pytest.mark.parametrize("told", [True, False])
def test_protocol_is_found_or_told(speaks: Any, told: bool, mapping: Path, book: Book, contract: Contract):
    more = {"model_protocol": speaks} if told else {}
    with (
        standing(StandIn(speaks)) as there,
        connect(settings(there.url, model_mapping=mapping, **more), book, contract) as scorer,
    ):
        assert scorer.about.protocol == speaks
        found, truth = scorer.margins(book.raw[:, :9]), bank_margins(book.raw[:, :9], contract)
        np.testing.assert_allclose(found, truth, rtol=0, atol=1e-12)
        reasons = scorer.reasons(book.raw[:, :1])
        np.testing.assert_allclose(reasons.base + reasons.values.sum(0), truth[:1], rtol=0, atol=1e-12)
        assert scorer.health().well


def test_empty_metadata_are_enough_and_the_version_is_taken_from_the_first_answer(connected: RemoteScorer):
    assert connected.about == About("oip", "credit", version="v1")
    assert not connected.gives_reasons


def test_server_that_speaks_nothing_known_is_told_what_was_tried(
    mapping: Path, book: Book, contract: Contract, there: StandIn
):
    there.speaks = "nothing"
    with pytest.raises(Refused) as refused:
        connect(settings(there.url, model_mapping=mapping, model_name="scores"), book, contract)
    for words in ("/v2/models/scores (404 nothing at", "/ping (404", "/v1/models/scores (404", "WHATIF_MODEL_NAME"):
        assert words in str(refused.value)


def test_page_that_is_no_metadata_is_not_taken_for_a_model(
    there: StandIn, mapping: Path, book: Book, contract: Contract
):
    there.first = [(200, {}, b"<html>welcome</html>")] * 4
    with pytest.raises(Refused, match=r"/v2/models/credit \(200, not understood\), /version \(200, not understood\)"):
        connect(settings(there.url, model_mapping=mapping), book, contract)


def test_token_that_is_not_accepted_is_told_at_once(there: StandIn, mapping: Path, book: Book, contract: Contract):
    there.first = [(401, {}, b'{"error": "no token"}')]
    with pytest.raises(Refused, match="does not accept the token"):
        connect(settings(there.url, model_mapping=mapping), book, contract)
    assert len(there.seen) == 1


def test_model_of_class_labels_is_refused_when_connecting(mapping: Path, book: Book, contract: Contract):
    labels = StandIn("mlflow", wrong=lambda answer: {"predictions": [int(p > 0.5) for _, p in answer["predictions"]]})
    with standing(labels) as there, pytest.raises(Refused, match="pyfunc_predict_fn"):
        connect(settings(there.url, model_mapping=mapping), book, contract)


@pytest.mark.parametrize(
    ("metadata", "error", "words"),
    [
        ({"inputs": [{"name": "x", "shape": [-1, 6]}]}, Refused, "x as one tensor of several columns"),
        ({"inputs": [{"name": "LIMIT", "shape": [-1, 1]}]}, ContractError, "gives LATE, PAID, USE, which the model"),
        ({"outputs": [{"name": "a"}, {"name": "b"}]}, ContractError, "has no output predict_proba; it has a, b"),
    ],
)
def test_metadata_that_contradict_the_mapping_are_told(
    metadata: dict[str, Any], error: Any, words: str, there: StandIn, mapping: Path, book: Book, contract: Contract
):
    there.metadata = metadata
    with pytest.raises(error, match=words):
        connect(settings(there.url, model_mapping=mapping), book, contract)


def test_only_output_the_server_lists_is_asked_for(there: StandIn, book: Book, contract: Contract):
    there.metadata = {"inputs": [{"name": "limit"}], "outputs": [{"name": "score"}]}
    there.model = lambda columns: probability(-columns["limit"] / 1e5)
    there.wrong = lambda answer: answer | {"outputs": [answer["outputs"][0] | {"name": "score"}]}
    with connect(settings(there.url), book, contract) as scorer:
        assert scorer.margins(book.raw[:, :1]) == pytest.approx(-book.raw[0, 0] / 1e5)
    assert there.asked()[0].body["outputs"] == [{"name": "score"}]


def test_health_tells_of_a_server_that_is_gone_instead_of_raising(mapping: Path, book: Book, contract: Contract):
    with standing(StandIn()) as there:
        scorer = connect(settings(there.url, model_mapping=mapping), book, contract)
    with scorer:
        scorer.transport._client.close()
        fresh = replace(scorer, transport=Transport(settings(there.url)))
        with fresh:
            health = fresh.health()
    assert not health.well
    assert "has not answered yet" in health.trouble
    assert health.reading.errors == 1


def test_connection_is_used_again(there: StandIn, connected: RemoteScorer, book: Book, monkeypatch: pytest.MonkeyPatch):
    opened = []
    monkeypatch.setattr(Quiet, "process_request", lambda *a: opened.append(a))
    for _ in range(3):
        connected.margins(book.raw[:, :1])
    assert opened == []


@pytest.mark.parametrize("told", [True, False])
def test_mlflow_may_have_its_invocations_alone(told: bool, mapping: Path, book: Book, contract: Contract):
    alone = StandIn("mlflow")
    answer = alone.answer

    def without(method: str, path: str, body: Any) -> tuple[int, Any]:
        if path != "/invocations":
            return 404, {"error": "nothing here"}
        return answer(method, path, body) if body else (400, {"error_code": "BAD_REQUEST", "message": "no table"})

    alone.answer = without  # type: ignore[method-assign]
    with standing(alone) as there:
        url = f"{there.url}/invocations" if told else there.url
        with connect(settings(url, model_mapping=mapping), book, contract) as scorer:
            truth = bank_margins(book.raw[:, :9], contract)
            np.testing.assert_allclose(scorer.margins(book.raw[:, :9]), truth, rtol=0, atol=1e-12)
            assert (scorer.about, scorer.health().well) == (About("mlflow", "credit"), True)


def test_kserve_is_given_objects_where_it_refuses_lists(mapping: Path, book: Book, contract: Contract):
    objects = StandIn("kserve")
    answer = objects.answer

    def named(method: str, path: str, body: Any) -> tuple[int, Any]:
        if method == "POST":
            if not all(isinstance(each, dict) for each in body["instances"]):
                return 400, {"error": "instances must be objects"}
            body = {
                "instances": [[each[name] for name in ("LIMIT", "LATE", "USE", "PAID")] for each in body["instances"]]
            }
        status, said = answer(method, path, body)
        return status, {"predictions": {"scores": said["predictions"]}} if method == "POST" else said

    objects.answer = named  # type: ignore[method-assign]
    with standing(objects) as there, connect(settings(there.url, model_mapping=mapping), book, contract) as scorer:
        truth = bank_margins(book.raw[:, :9], contract)
        np.testing.assert_allclose(scorer.margins(book.raw[:, :9]), truth, rtol=0, atol=1e-12)


def test_what_a_server_says_to_its_first_form_is_told_where_it_takes_none(
    mapping: Path, book: Book, contract: Contract
):
    with standing(StandIn("kserve")) as there:
        there.answer = lambda method, path, body: (  # type: ignore[method-assign]
            (200, {"name": "credit", "ready": True})
            if method == "GET"
            else (400, {"error": f"no {len(there.asked())}"})
        )
        with pytest.raises(Refused, match=r"\(400: no 1\)"):
            connect(settings(there.url, model_mapping=mapping), book, contract)
        assert len(there.asked()) == 2


# ---- one deadline ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["headers", "body"])
def test_one_deadline_covers_a_server_that_sends_a_letter_now_and_then(part: str):
    """Each letter comes within the time-out; all of them would take for ever."""
    told, done = threading.Event(), threading.Event()
    sent = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n" + (b"\r\n" if part == "body" else b"x-slow: ")

    def drip(listening: socket.socket) -> None:
        while not done.is_set():
            try:
                way, _ = listening.accept()
            except OSError:
                return
            with way, suppress(OSError):
                way.recv(65536)
                way.sendall(sent)
                while not done.wait(0.02):
                    way.sendall(b"a")
                    told.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=(listening,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with Transport(settings(url, model_timeout=0.3)) as way, pytest.raises(NoAnswer, match=r"within 0\.3 s"):
                way.get("/v2")
            assert told.is_set()
        finally:
            done.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def test_wait_that_is_too_long_is_told_with_its_end(there: StandIn, connected: RemoteScorer, book: Book):
    there.first = [(429, {"retry-after": "90"}, b'{"error": "busy"}')]
    with pytest.raises(NoAnswer, match=r"\(429: busy; it asks to be left alone until \d\d:\d\d UTC\)"):
        connected.margins(book.raw[:, :1])


@pytest.mark.parametrize("status", [404, 405, 501])
def test_server_that_cannot_say_that_it_is_ready_is_well_while_it_predicts(
    status: int, there: StandIn, connected: RemoteScorer
):
    there.first = [(status, {}, b"")]
    assert connected.health().well
    there.first = [(503, {}, b"")] * 3
    assert not connected.health().well


# ---- real servers ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mlflow_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(scope="module")
def mlflow_server(mlflow_folder: Path) -> Iterator[ModelServer]:
    with mlflow(mlflow_folder) as server:
        yield server


@pytest.fixture(scope="module")
def mlserver_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    with mlserver(tmp_path_factory.mktemp("mlserver")) as server:
        yield server


@pytest.fixture(scope="module")
def seen_by(contract: Contract, book: Book) -> Territory:
    return remote.survey(book.inputs, book.raw, contract.training.seed)  # type: ignore[attr-defined]


@pytest.mark.servers
@pytest.mark.parametrize(("name", "protocol"), [("mlflow_server", "mlflow"), ("mlserver_server", "oip")])
class TestRealServer:
    @pytest.fixture
    def server(self, name: str, request: pytest.FixtureRequest) -> ModelServer:
        found: ModelServer = request.getfixturevalue(name)
        return found

    @pytest.fixture
    def scorer(
        self,
        server: ModelServer,
        book: Book,
        contract: Contract,
        seen_by: Territory,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[RemoteScorer]:
        monkeypatch.setattr(remote, "survey", lambda *_: seen_by)
        with connect(settings(server.url, model_mapping=server.mapping, model_timeout=60), book, contract) as found:
            yield found

    def test_pd_is_the_models_own(self, server: ModelServer, protocol: str, scorer: RemoteScorer, book: Book):
        assert scorer.about.protocol == protocol
        raw = np.ascontiguousarray(book.raw[:, [book.position(int(each)) for each in server.customers]])
        assert np.isnan(scorer.mapping.columns(raw)["share_paid"]).any()
        assert server.pd.std() > 0.1
        np.testing.assert_allclose(scorer.predicted(raw).pd, server.pd, rtol=0, atol=1e-12)
        np.testing.assert_allclose(scorer.margins(raw), log_odds(server.pd), rtol=0, atol=1e-10)

    def test_reasons_add_up_and_their_error_is_told(self, protocol: str, scorer: RemoteScorer, book: Book):
        raw = np.ascontiguousarray(book.raw[:, [7, 4242]])
        found = scorer.reasons(raw)
        assert found.parts == ("late", "balances", "payments", "limit")
        np.testing.assert_allclose(found.base + found.values.sum(0), scorer.margins(raw), rtol=0, atol=1e-12)
        assert (found.error > 0).all()
        assert found.asked > 2 * 2 * BACKGROUND

    def test_it_is_well_and_its_territory_is_the_books(
        self, protocol: str, scorer: RemoteScorer, book: Book, contract: Contract
    ):
        assert scorer.health().well
        assert scorer.territory.percentile(contract.derive(book.raw[:, :5])).shape == (5,)

    def test_its_own_traceback_never_reaches_the_message_whole(
        self, server: ModelServer, protocol: str, tmp_path: Path, book: Book, contract: Contract
    ):
        short = tmp_path / "short.toml"
        short.write_text('[inputs]\nLIMIT_BAL = "limit"\nPAY_0 = "status_1"')
        with pytest.raises(Refused) as refused:
            connect(settings(server.url, model_mapping=short), book, contract)
        told = str(refused.value)
        assert "(400" in told or "(500" in told
        assert "Traceback" not in told
        assert "File" not in told
        assert f"{book.raw[0, 0]:.1f}" not in told
        assert len(told) < 400

    def test_it_answers_again_after_an_error(
        self, server: ModelServer, protocol: str, scorer: RemoteScorer, book: Book
    ):
        """MLServer resets a kept connection after an internal error: the next call finds it gone and is made anew."""
        path = {"oip": "/v2/models/credit/infer", "mlflow": "/invocations"}[protocol]
        for _ in range(3):
            with pytest.raises(Refused):
                scorer.transport.post(path, b"{", "broken", lambda body: body)
            assert scorer.margins(book.raw[:, :1]).shape == (1,)


@pytest.mark.servers
def test_mlflow_model_logged_as_usual_answers_labels_and_is_refused(
    mlflow_server: ModelServer, mlflow_folder: Path, book: Book, contract: Contract
):
    with mlflow(mlflow_folder, "labels") as server, pytest.raises(Refused, match="pyfunc_predict_fn"):
        connect(settings(server.url, model_mapping=server.mapping), book, contract)


@pytest.mark.servers
def test_mlserver_answers_labels_where_its_default_output_is_named(
    mlserver_server: ModelServer, tmp_path: Path, book: Book, contract: Contract
):
    path = tmp_path / "labels.toml"
    path.write_text(mlserver_server.mapping.read_text().replace("predict_proba", "predict"))
    with pytest.raises(Refused, match=r"class labels.*predict_proba"):
        connect(settings(mlserver_server.url, model_mapping=path), book, contract)


@pytest.mark.servers
def test_mlserver_has_no_metadata_but_a_version(
    mlserver_server: ModelServer, book: Book, contract: Contract, monkeypatch: pytest.MonkeyPatch, seen_by: Territory
):
    monkeypatch.setattr(remote, "survey", lambda *_: seen_by)
    there = settings(mlserver_server.url, model_mapping=mlserver_server.mapping)
    with connect(there, book, contract) as scorer:
        assert scorer.about == About("oip", "credit", version="v1")
