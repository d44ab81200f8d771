"""What signs in to a server reaches no page, record or log, whatever the server sends back."""

import base64
import html
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from data.books import Book
from data.contract import Contract
from data.errors import WhatIfError
from model.deployed.remote import connect
from model.deployed.transport import Transport
from model.deployed.withheld import TOLD, Secrets
from model.settings import Settings
from tests.support.stand_in import StandIn, standing

TOKEN = "s3cret/token+of_the-bank/4711"
MAPPING = '[inputs]\nLIMIT = "limit"\nLATE = "max(status_1, 0)"\nUSE = "1"\nPAID = "paid_1"'
ECHOES: dict[str, Callable[[str], str]] = {
    "as it is": lambda token: f"no: Bearer {token}",
    "percent-encoded": lambda token: quote(token, safe=""),
    "as base64": lambda token: base64.b64encode(token.encode()).decode(),
    "as base64 of more": lambda token: base64.b64encode(f"me:{token}!".encode()).decode(),
    "as base64 for addresses": lambda token: base64.urlsafe_b64encode(f"x{token}".encode()).decode(),
    "as hex": lambda token: token.encode().hex(),
    "in capitals": str.upper,
    "backwards": lambda token: token[::-1],
    "spaced out": " ".join,
    "broken by line ends": lambda token: "\n".join([token[:9], token[9:]]),
    "as markup": lambda token: "".join(f"&#{ord(each)};" for each in token),
    "escaped": lambda token: "".join(f"\\u{ord(each):04x}" for each in token),
    "its beginning": lambda token: token[:14],
    "its end": lambda token: token[-12:],
    "where it would be cut off": lambda token: "x" * 185 + token,
    "as html": lambda token: html.escape(f"<{token}>"),
}


@pytest.fixture
def there() -> Iterator[StandIn]:
    with standing(StandIn()) as stand_in:
        yield stand_in


def parts(token: str) -> list[str]:
    """What may not be seen: eight letters of it in a row, whatever their case and which way they run."""
    plain = "".join(each for each in token.lower() if each.isalnum())
    found = [text[k : k + 8] for text in (plain, plain[::-1]) for k in range(len(plain) - 7)]
    packed = "".join(each for each in base64.b64encode(token.encode()).decode().lower() if each.isalnum())
    return [*found, *(packed[k : k + 8] for k in range(len(packed) - 7)), token.encode().hex()[:16]]


def shows(text: str, token: str = TOKEN) -> bool:
    plain = "".join(each for each in text.lower() if each.isalnum())
    return any(part in plain for part in parts(token))


@pytest.mark.parametrize("how", ECHOES)
def test_every_way_of_saying_a_token_is_known(how: str):
    secrets = Secrets("", TOKEN)
    assert secrets.held_by(ECHOES[how](TOKEN))
    assert secrets.cleaned(f"400: {ECHOES[how](TOKEN)}") == TOLD


@pytest.mark.parametrize(
    "text", ["no column PAY_0", "", "Bearer token missing", "the bank is closed", "s3cret", "x" * 500]
)
def test_other_words_are_shown(text: str):
    assert Secrets(TOKEN).cleaned(text) == text
    assert Secrets("").cleaned(text) == text


def test_short_secret_is_known_as_a_whole():
    assert Secrets("pw1").held_by("wrong: PW1")
    assert not Secrets("pw1").held_by("wrong: pw")


@pytest.mark.parametrize("status", [400, 401, 404, 500, 503, 302, 429])
@pytest.mark.parametrize("how", ["as it is", "where it would be cut off", "escaped"])
def test_server_that_says_the_token_is_not_repeated(
    how: str, status: int, there: StandIn, caplog: pytest.LogCaptureFixture, unsurveyed: None
):
    caplog.set_level(logging.DEBUG)
    said = ECHOES[how](TOKEN)
    bodies = [said.encode(), orjson.dumps({"error": said}), orjson.dumps({"detail": [{"msg": said}]})]
    for body in bodies:
        with Transport(Settings(model_url=there.url, model_token=TOKEN, model_timeout=5.0)) as way:
            there.first = [(status, {"x-said": TOKEN, "retry-after": TOKEN, "location": TOKEN}, body)] * 3
            with pytest.raises(WhatIfError) as told:
                way.post("/v2/models/credit/infer", b"{}", "one", lambda answer: answer)
            there.first = []
            assert not shows(str(told.value))
            assert str(status) in str(told.value)
            assert not shows(way.pulse.read().trouble)
    assert not shows("\n".join(each.getMessage() for each in caplog.records))


@pytest.mark.parametrize(
    "metadata",
    [
        {"versions": [TOKEN], "platform": TOKEN},
        {"inputs": [{"name": TOKEN, "datatype": "FP64", "shape": [-1, 1]}]},
        {"inputs": [{"name": "x", "datatype": TOKEN, "shape": [-1, 4]}]},
        {"outputs": [{"name": TOKEN}, {"name": "other"}]},
        {"parameters": {"release": TOKEN, "book": TOKEN, "background": TOKEN, "artefact": TOKEN}},
    ],
)
def test_metadata_that_say_the_token_are_not_repeated(
    metadata: dict[str, Any], there: StandIn, tmp_path: Path, book: Book, contract: Contract, unsurveyed: None
):
    there.metadata, there.version = metadata, TOKEN
    path = tmp_path / "bank.toml"
    path.write_text(MAPPING)
    using = Settings(model_url=there.url, model_token=TOKEN, model_mapping=path, model_timeout=5.0)
    assert not shows(said_of(using, book, contract))


def said_of(using: Settings, book: Book, contract: Contract) -> str:
    """All that is known of a model that is connected to, or why it cannot be."""
    try:
        with connect(using, book, contract) as scorer:
            return f"{scorer.about!r} {scorer.health()}"
    except WhatIfError as error:
        return str(error)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda answer: answer | {"outputs": [answer["outputs"][0] | {"name": TOKEN}]},
        lambda answer: answer | {"outputs": [answer["outputs"][0] | {"datatype": TOKEN}]},
        lambda answer: answer | {"outputs": [answer["outputs"][0] | {"data": [[TOKEN, TOKEN]]}]},
        lambda answer: answer | {"model_version": f"v2 {TOKEN}"},
        lambda answer: TOKEN.encode(),
    ],
)
def test_answer_that_says_the_token_is_not_repeated(
    wrong: Any, there: StandIn, tmp_path: Path, book: Book, contract: Contract, unsurveyed: None
):
    path = tmp_path / "bank.toml"
    path.write_text(MAPPING)
    using = Settings(model_url=there.url, model_token=TOKEN, model_mapping=path, model_timeout=5.0)
    with connect(using, book, contract) as scorer:
        there.wrong = wrong
        with pytest.raises(WhatIfError) as told:
            scorer.margins(book.raw[:, :1])
        assert not shows(str(told.value))
        assert not shows(scorer.transport.pulse.read().trouble)
        assert not shows(scorer.health().trouble)
