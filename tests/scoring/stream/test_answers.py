"""What a stream sends: decisions and refusals that keep the published schemas, the same bytes whenever made."""

from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from data.books import read_book
from data.json_types import JsonObject
from model.release.store import Store
from model.scoring.stream.answers import decision_answers, refusal_answer
from model.scoring.stream.decider import DecidedBatch, Decider
from model.scoring.stream.messages import RefusedMessage, read_applications
from model.scoring.stream.schemas import SCHEMAS
from tests.support.records import records
from tests.support.streamed import NOON, applications, message, sent

CARDS = read_book("cards")
CONTRACT = CARDS.contract


@cache
def schema(name: str) -> Any:
    """The schema as it is sent, checked to be one."""
    found: JsonObject = orjson.loads(orjson.dumps(SCHEMAS[name](CONTRACT)))
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.fixture(scope="module")
def batch(home: Path) -> DecidedBatch:
    raw = np.ascontiguousarray(CARDS.raw[:, :50])
    said = sent(applications(CONTRACT, raw, [f"A-{k}" for k in range(50)]))
    return Decider(Store(home, "cards")).decide(said, NOON + 100).batches[0]


def test_decisions_keep_their_schema_and_add_up(batch: DecidedBatch):
    keeps = schema("decision")
    for k, each in enumerate(decision_answers(batch)):
        said = orjson.loads(each.value)
        keeps.validate(said)
        assert each.key == said["id"].encode() == f"A-{k}".encode()
        assert said["pd"] == batch.pd[k]
        assert said["average_score"] + sum(said["reasons"].values()) == pytest.approx(said["exact_score"], abs=1e-9)
        assert (said["decision"] == "granted") == (said["score"] >= CONTRACT.score.cutoff)
        assert datetime.fromisoformat(said["at"]).timestamp() * 1000 == NOON + k
        assert dict(each.headers)["latency_ms"] == str(100 - k if k < 100 else 0).encode()


def test_a_decision_made_again_is_the_same_bytes_under_other_headers(batch: DecidedBatch):
    later = replace(batch, decided_at=batch.decided_at + 5000)
    first, again = decision_answers(batch), decision_answers(later)
    assert [(each.key, each.value) for each in first] == [(each.key, each.value) for each in again]
    assert first[0].headers != again[0].headers


@given(records(), st.booleans())
def test_what_the_schema_takes_is_an_application_and_the_other_way_round(raw: Any, spoilt: bool):
    said = applications(CONTRACT, raw, ["A"])[0] | ({"limit": 10**7} if spoilt else {})
    assert schema("application").is_valid(said) is not spoilt
    assert len(read_applications(CONTRACT, [message(said)]).ids) == (0 if spoilt else 1)


@pytest.mark.parametrize("value", [None, b"", b"\xff" * 30_000, b"x" * 30_000, "é".encode() * 30_000])
def test_what_was_refused_is_told_in_the_schema_as_it_came_and_not_endlessly(value: bytes | None):
    refused = RefusedMessage(message(b"")._replace(value=value, key=b"K", at=-1), "", (), ("It is no JSON.",))
    answer = refusal_answer(refused)
    schema("refusal").validate(orjson.loads(answer.value))
    assert answer.key == b"K"
    assert len(orjson.loads(answer.value)["value"] or "") <= 10_000


def test_a_refusal_has_a_key_that_a_broker_takes():
    refused = RefusedMessage(message(b"")._replace(key=b"K" * 900_000), "", (), ("It is no JSON.",))
    assert refusal_answer(refused).key == b"K" * 1_000


@pytest.mark.parametrize("at", [10**17, 2**62])
def test_a_time_that_no_calendar_has_is_told_too(at: int):
    refused = RefusedMessage(message(b"")._replace(at=at), "", (), ("Its time is none.",))
    assert str(at) in orjson.loads(refusal_answer(refused).value)["at"]


def test_outcomes_have_a_schema():
    assert schema("outcome").is_valid({"id": 5, "outcome": 1})
    assert not schema("outcome").is_valid({"id": 5, "outcome": 2})
