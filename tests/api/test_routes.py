"""The REST service in this process: what it answers, whom it refuses and how, and that nothing is told unrecorded."""

import asyncio
import base64
import hashlib
import io
import json
import sqlite3
import threading
import zipfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from model.api import limits, modes
from model.record import database
from model.record.trail import find, recent
from model.record.verify import verify_record
from model.release.release import Release
from model.release.store import Store
from model.security.locality import COOKIE, KEY
from model.security.tokens import Tokens
from tests.support.forging import failing, forge, overwrite, point, stray, twin
from tests.support.inside import INFER, Client, Served, outputs, told

Made = Callable[..., dict[str, Any]]
WHY = {"why": "Newer data"}


@pytest.fixture
def served(own_home: Path) -> Served:
    """The service as it is unless told otherwise."""
    return Served(own_home)


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_probabilities_and_reasons_are_those_of_the_release_bit_for_bit(
    served: Served, release: Release, rows: list[list[float]], request_of: Made
):
    found = outputs(served.infer(request_of(rows, "predict_proba", "shap_values", "base_value", "decision")))
    raw = np.array(rows).T
    base, values = release.scorer.explain(raw)
    pd = 1 / (1 + np.exp(-release.scorer.margins(raw)))
    assert (found["shap_values"] == values.T).all()
    assert (found["base_value"] == [base]).all()
    assert found["predict_proba"][:, 1] == pytest.approx(pd, abs=1e-15)
    assert (found["predict_proba"].sum(1) == 1).all()
    assert set(found["decision"].ravel()) <= {"granted", "declined"}


@pytest.mark.parametrize("count", [1, 40])
def test_all_protocols_give_the_same_numbers_bit_for_bit(
    served: Served, rows: list[list[float]], names: list[str], request_of: Made, count: int
):
    some = rows[:count]
    objects = [dict(zip(names, row, strict=True)) for row in some]
    post = served.client.post
    oip = outputs(served.infer(request_of(some, "predict_proba", "shap_values", "base_value")))
    predicted = post("/v1/models/credit:predict", json={"instances": objects}).json()
    explained = post("/v1/models/credit:explain", json={"instances": some}).json()
    mlflow = post("/invocations", json={"dataframe_split": {"columns": names, "data": some}}).json()
    assert predicted["predictions"] == mlflow["predictions"] == explained["predictions"]
    assert predicted["predictions"] == oip["predict_proba"].tolist()
    assert [list(each["shap_values"].values()) for each in explained["explanations"]] == oip["shap_values"].tolist()
    assert {each["base_value"] for each in explained["explanations"]} == set(oip["base_value"])


def test_the_numbers_of_one_row_are_those_it_has_among_many(served: Served, rows: list[list[float]], request_of: Made):
    together = outputs(served.infer(request_of(rows * 100, "predict_proba", "shap_values")))  # answered in a thread
    alone = outputs(served.infer(request_of(rows[3:4], "predict_proba", "shap_values")))
    assert all((together[name][3::40] == alone[name]).all() for name in alone)


def test_outputs_come_in_the_order_asked_for_and_only_those(served: Served, rows: list[list[float]], request_of: Made):
    assert list(outputs(served.infer(request_of(rows, "decision", "predict_proba")))) == ["decision", "predict_proba"]
    assert list(outputs(served.infer(request_of(rows)))) == ["predict_proba"]


def test_words_of_codes_give_the_answer_of_the_codes(
    served: Served, rows: list[list[float]], release: Release, request_of: Made
):
    contract = release.contract
    body = request_of(rows)
    for field, tensor in zip(contract.record, body["inputs"], strict=True):
        if field.codes:
            tensor |= {"datatype": "BYTES", "data": [field.codes[int(code)] for code in tensor["data"]]}
    given = outputs(served.infer(body))["predict_proba"]
    assert (given == outputs(served.infer(request_of(rows)))["predict_proba"]).all()


def test_the_model_describes_what_it_takes_and_gives(served: Served, release: Release, names: list[str]):
    found = served.client.get("/v2/models/credit").json()
    assert [each["name"] for each in found["inputs"]] == names
    assert {each["datatype"] for each in found["inputs"]} == {"FP64"}
    assert found["parameters"]["artefact"] == release.artefact
    assert found["versions"] == ["champion", release.id]
    assert served.client.get(f"/v2/models/credit/versions/{release.id}").json() == found


@pytest.mark.parametrize(
    "path",
    ["/v2/health/live", "/v2/health/ready", "/v2/models/credit/ready", "/ping", "/version", "/v2", "/v1/models/credit"],
)
def test_the_service_says_that_it_lives_and_is_ready(served: Served, path: str):
    assert served.client.get(path).status_code == 200


def test_without_a_champion_the_service_lives_and_is_not_ready(own_home: Path, rows: Any, request_of: Made):
    (Store(own_home, "cards").root / "aliases.json").unlink()
    served = Served(own_home)
    assert served.client.get("/v2/health/live").status_code == 200
    assert "There are:" in told(served.client.get("/v2/health/ready"), 503)
    assert "champion" in told(served.infer(request_of(rows)), 404)
    assert served.client.get("/metrics").status_code == 200
    assert served.client.get("/openapi.json").status_code == 200


def test_an_altered_champion_is_not_ready(own_home: Path):
    overwrite(Store(own_home, "cards").root / Store(own_home, "cards").resolve("champion") / "tables.npz", b"other")
    assert "was altered" in told(Served(own_home).client.get("/v2/health/ready"), 503)


# ---- the record ------------------------------------------------------------------------------------------------------


def test_an_answer_is_on_record_with_its_very_numbers(served: Served, rows: list[list[float]], request_of: Made):
    answer = served.infer(request_of(rows, "predict_proba", "shap_values"))
    entry = find(served.running.engine, answer.json()["id"])
    assert (entry.inputs == np.array(rows).T).all()
    assert (entry.outputs["pd"] == outputs(answer)["predict_proba"][:, 1]).all()
    assert (outputs(answer)["shap_values"] == entry.outputs["shap_values"].T).all()
    assert (entry.release, entry.via, entry.who) == (answer.headers["x-model-version"], "rest", "local user")


def test_the_same_request_under_the_same_id_is_recorded_once(served: Served, rows: list[list[float]], request_of: Made):
    first, again = (served.infer(request_of(rows, id="loan-7")) for _ in range(2))
    assert first.json() == again.json()
    assert [each.id for each in recent(served.running.engine)] == ["loan-7"]


def test_another_request_under_the_same_id_is_refused(served: Served, rows: list[list[float]], request_of: Made):
    served.infer(request_of(rows[:1], id="loan-7"))
    assert "already used" in told(served.infer(request_of(rows[1:2], id="loan-7")), 400)
    assert (find(served.running.engine, "loan-7").inputs == np.array(rows[:1]).T).all()


def test_a_locked_database_is_told_and_nothing_is_answered(
    own_home: Path, rows: list[list[float]], request_of: Made, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    served = Served(own_home)
    assert served.infer(request_of(rows)).status_code == 200
    other = sqlite3.connect(own_home / database.FILE, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        refused = served.infer(request_of(rows))
    finally:
        other.close()
    assert "Another program holds it" in told(refused, 503)
    assert refused.headers["retry-after"] == "1"
    assert "outputs" not in refused.json()
    assert served.infer(request_of(rows)).status_code == 200
    assert len(recent(served.running.engine)) == 2
    assert verify_record(served.running.engine).ok


def test_a_full_disk_is_told_and_nothing_is_half_written(served: Served, rows: list[list[float]], request_of: Made):
    engine = served.running.engine
    assert served.infer(request_of(rows)).status_code == 200
    engine.dispose()

    @event.listens_for(engine, "connect")
    def full(connection: sqlite3.Connection, _record: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    told_full = [told(served.infer(request_of(rows * 50)), 503) for _ in range(3)]
    assert all("full" in each and "Make room" in each for each in told_full)
    event.remove(engine, "connect", full)
    engine.dispose()
    assert served.infer(request_of(rows)).status_code == 200
    assert len(recent(engine)) == 2
    assert verify_record(engine).ok


def test_without_the_record_switched_on_answers_are_given_all_the_same(
    own_home: Path, rows: list[list[float]], request_of: Made
):
    served = Served(own_home, audit=False)
    assert served.infer(request_of(rows)).status_code == 200
    assert recent(served.running.engine) == []


def test_a_refused_request_leaves_no_row(served: Served, rows: list[list[float]], request_of: Made):
    body = request_of(rows)
    body["inputs"][0]["data"][0] = -1
    told(served.infer(body), 400)
    assert recent(served.running.engine) == []


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b'{"inputs": NaN}', b"[1e999]", b'"\xff"', b"[" * 5000])
def test_what_is_no_json_is_refused(served: Served, text: bytes):
    answer = served.client.post(INFER, content=text, headers={"content-type": "application/json"})
    assert told(answer, 400)


def test_deep_nesting_is_refused(served: Served):
    deep = b'{"inputs": ' + b"[" * 900 + b"]" * 900 + b"}"
    answer = served.client.post(INFER, content=deep, headers={"content-type": "application/json"})
    assert len(told(answer, 400)) < 500


def test_an_unusable_value_is_told_with_its_range(served: Served, rows: list[list[float]], request_of: Made):
    body = request_of(rows[:1])
    body["inputs"][0]["data"] = [-5]
    assert told(served.infer(body), 400) == "Credit limit must be 1,000 to 1,000,000 NT$; -5 was given."


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/octet-stream"])
def test_another_content_type_is_refused(served: Served, kind: str):
    assert "application/json" in told(served.client.post(INFER, content=b"{}", headers={"content-type": kind}), 415)


def test_a_path_there_is_none_of_and_a_method_are_refused_in_the_same_shape(served: Served):
    assert told(served.client.get("/v2/nothing"), 404)
    assert told(served.client.get("/v2/"), 404)
    assert told(served.client.get(INFER), 405)
    assert told(served.client.request("PUT", "/rollback"), 405)


def test_a_model_or_version_there_is_none_of_is_told_with_those_there_are(
    served: Served, rows: list[list[float]], request_of: Made, release: Release
):
    assert "There is: credit" in told(served.client.post("/v2/models/mine/infer", json=request_of(rows)), 404)
    assert release.id in told(served.infer(request_of(rows), version="0000"), 404)
    assert told(served.client.get("/releases/..%2F..%2Fetc/artefact"), 404)


def test_a_parameter_that_is_too_long_is_refused_in_the_same_shape(
    served: Served, rows: list[list[float]], request_of: Made
):
    assert "version" in told(served.infer(request_of(rows), version="x" * 65), 400)


def test_a_body_that_is_too_long_is_refused_whether_its_length_is_said_or_not(own_home: Path):
    served = Served(own_home, api_body=1024)
    kind = {"content-type": "application/json"}
    assert "1,024" in told(served.client.post(INFER, content=b" " * 1025, headers=kind), 413)

    async def parts() -> AsyncIterator[bytes]:  # sent in chunks, without its length
        for _ in range(11):
            yield b" " * 100

    assert "1,024" in told(served.client.post(INFER, content=parts(), headers=kind), 413)
    assert told(served.client.post(INFER, content=b" " * 1024, headers=kind), 400)


def test_too_many_rows_are_refused(own_home: Path, rows: list[list[float]], request_of: Made):
    served = Served(own_home, api_rows=3)
    assert served.infer(request_of(rows[:3])).status_code == 200
    assert "at most 3" in told(served.infer(request_of(rows[:4])), 413)


def test_a_defect_is_told_without_a_traceback_and_counted(
    served: Served, rows: list[list[float]], request_of: Made, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(served.running.service, "answer", broken)
    answer = served.infer(request_of(rows))
    assert "secret" not in told(answer, 500)
    assert served.running.service.pulse.read().errors == 1
    assert 'whatif_errors_total{status="500"} 1.0' in served.client.get("/metrics").text


def test_an_answer_that_takes_too_long_is_refused_and_not_recorded(
    own_home: Path, rows: list[list[float]], request_of: Made, monkeypatch: pytest.MonkeyPatch
):
    served = Served(own_home, api_seconds=0.2)
    go = threading.Event()
    real = served.running.service.release
    monkeypatch.setattr(served.running.service, "release", lambda version: go.wait(0.5) or real(version))
    try:
        assert "0.2 seconds" in told(served.infer(request_of(rows)), 503)
    finally:
        go.set()
    assert recent(served.running.engine) == []


def test_a_body_that_does_not_arrive_in_time_is_refused(own_home: Path):
    served = Served(own_home, api_seconds=0.2)

    async def slow() -> httpx.Response:
        async def parts() -> Any:
            yield b"{"
            await asyncio.Event().wait()

        async with served.client.opened() as client:
            return await client.post(INFER, content=parts(), headers={"content-type": "application/json"})

    assert "did not arrive within 0.2 seconds" in told(asyncio.run(slow()), 408)


def test_more_requests_than_allowed_at_once_are_told_to_come_back(
    own_home: Path, rows: list[list[float]], request_of: Made, monkeypatch: pytest.MonkeyPatch
):
    served = Served(own_home, api_concurrency=2)
    body = request_of(rows)
    real = served.running.service.release
    go = threading.Event()
    monkeypatch.setattr(served.running.service, "release", lambda version: go.wait(20) and real(version))

    async def crowd() -> tuple[list[httpx.Response], httpx.Response]:
        async with served.client.opened() as client:
            calls = [asyncio.ensure_future(client.post(INFER, json=body)) for _ in range(3)]
            refused, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            alive = await client.get("/v2/health/live")
            go.set()
            await asyncio.wait(calls)
            assert len(refused) == 1
            return [call.result() for call in calls], alive

    answers, alive = asyncio.run(crowd())
    assert alive.status_code == 200
    assert sorted(each.status_code for each in answers) == [200, 200, 429]
    refused = next(each for each in answers if each.status_code == 429)
    assert "2 requests" in told(refused, 429)
    assert refused.headers["retry-after"] == "1"
    assert served.infer(body).status_code == 200


def test_half_requests_give_way_to_a_whole_one_the_slowest_first(
    own_home: Path, rows: list[list[float]], request_of: Made, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "PATIENCE", 0.0)
    served = Served(own_home, api_concurrency=3)

    async def crowd() -> tuple[list[httpx.Response], list[httpx.Response]]:
        rest, begun = asyncio.Event(), asyncio.Semaphore(0)

        async def half(size: int) -> Any:
            yield json.dumps(request_of(rows)).encode()[:size]
            begun.release()
            await rest.wait()
            yield json.dumps(request_of(rows)).encode()[size:]

        async with served.client.opened() as client:
            header = {"content-type": "application/json"}
            calls = [
                asyncio.ensure_future(client.post(INFER, content=half(size), headers=header)) for size in (1000, 1, 500)
            ]
            for _ in calls:
                await begun.acquire()
            whole = [await client.post(INFER, json=request_of(rows)) for _ in range(2)]
            rest.set()
            return whole, await asyncio.gather(*calls)

    whole, halves = asyncio.run(crowd())
    assert [each.status_code for each in whole] == [200, 200]
    assert [each.status_code for each in halves] == [200, 408, 200]
    assert "others wait" in told(halves[1], 408)


def test_whoever_hangs_up_is_no_defect(served: Served, caplog: pytest.LogCaptureFixture):
    async def hang_up() -> None:
        messages = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
        scope = {
            "type": "http",
            "method": "POST",
            "path": INFER,
            "raw_path": INFER.encode(),
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
            "scheme": "http",
            "server": ("127.0.0.1", 80),
            "root_path": "",
            "http_version": "1.1",
        }

        async def receive() -> Any:
            return messages.pop(0)

        async def send(_message: Any) -> None:
            return None

        await served.app(scope, receive, send)

    asyncio.run(hang_up())
    assert not caplog.records
    assert served.running.service.pulse.read().calls == 0


# ---- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["bank.example", "10.0.0.7", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "["])
def test_without_tokens_only_this_machine_is_answered(served: Served, host: str):
    assert "WHATIF_API_TOKENS" in told(served.client.get("/v2", headers={"host": host}), 401)


def test_without_tokens_nobody_is_answered_through_a_proxy(served: Served):
    assert "proxy" in told(served.client.get("/v2", headers={"x-forwarded-for": "10.0.0.7"}), 401)


def test_without_a_token_nothing_but_the_signs_of_life_is_told(own_home: Path, rows: Any, request_of: Made):
    served = Served(own_home, tokens=True)
    for path in ("/v2/health/live", "/v2/health/ready", "/ping", "/version", "/openapi.json"):
        assert served.client.get(path).status_code == 200
    for path in ("/v2", "/v2/models/credit", "/v1/models/credit", "/releases", "/metrics", "/releases/x/artefact"):
        answer = served.client.get(path)
        assert "token" in told(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    for path in (INFER, "/invocations", "/v1/models/credit:predict", "/rollback", "/releases/champion/promote"):
        assert "token" in told(served.client.post(path, json=request_of(rows)), 401)
    assert recent(served.running.engine) == []


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wi_other", "Basic d2k6", "bearer wi_é", "wi_x"])
def test_a_token_that_is_none_is_refused_and_not_repeated(own_home: Path, header: str):
    served = Served(own_home, tokens=True)
    served.holding("score")
    answer = served.client.get("/v2", headers={"authorization": header.encode()})
    assert "wi_" not in told(answer, 401)


def test_of_two_tokens_in_one_request_none_counts(own_home: Path):
    served = Served(own_home, tokens=True)
    ((name, token),) = served.holding("score").items()
    answer = served.client.get("/v2", headers=[(name, token), (name, "Bearer wi_other")])
    assert "Give it once" in told(answer, 400)


def test_a_token_opens_what_its_scope_covers(own_home: Path, rows: list[list[float]], request_of: Made):
    served = Served(own_home, tokens=True)
    score, explain, admin = (served.holding(each, name=each) for each in ("score", "explain", "admin"))
    plain, reasons = request_of(rows), request_of(rows, "shap_values")
    assert served.infer(plain, headers=score).status_code == 200
    assert "explain" in told(served.infer(reasons, headers=score), 403)
    assert served.infer(reasons, headers=explain).status_code == 200
    assert "explain" in told(served.client.get("/releases/champion/artefact", headers=score), 403)
    for header in (score, explain):
        assert "admin" in told(served.client.post("/releases/champion/promote", headers=header), 403)
        assert "admin" in told(served.client.post("/rollback", headers=header), 403)
    assert served.client.post("/releases/champion/promote", json=WHY, headers=admin).status_code == 200
    assert [each.who for each in recent(served.running.engine)] == ["explain", "score"]


def test_a_revoked_or_expired_token_opens_nothing(own_home: Path):
    served = Served(own_home, tokens=True)
    header = served.holding("score")
    assert served.client.get("/v2", headers=header).status_code == 200
    Tokens(own_home).revoke("branch")
    assert told(served.client.get("/v2", headers=header), 401)
    old = Tokens(own_home, clock=lambda: datetime(2020, 1, 1, tzinfo=UTC)).create("old", ["score"], days=1)
    assert "expired" in told(served.client.get("/v2", headers={"Authorization": f"Bearer {old}"}), 401)


def test_tokens_that_cannot_be_read_let_nobody_in(own_home: Path):
    served = Served(own_home, tokens=True)
    header = served.holding("admin")
    (own_home / "tokens.json").write_text("{")
    assert "Nobody gets in" in told(served.client.get("/v2", headers=header), 503)


# ---- releases --------------------------------------------------------------------------------------------------------


def test_a_version_answers_under_its_own_id_however_it_is_named(
    served: Served, rows: list[list[float]], request_of: Made
):
    store = served.running.service.store
    other = twin(store)
    store.promote(other, "challenger")
    for version in ("challenger", other, other[:8]):
        answer = served.infer(request_of(rows), version=version)
        assert answer.json()["model_version"] == answer.headers["x-model-version"] == other
    named = served.client.post(f"/v2/models/credit/versions/{other}/infer", json=request_of(rows))
    assert named.json()["model_version"] == other
    assert find(served.running.engine, named.json()["id"]).release == other
    assert served.infer(request_of(rows)).json()["model_version"] == store.aliases()["champion"]


def test_promotion_and_rollback_take_effect_at_the_next_request(
    served: Served, rows: list[list[float]], request_of: Made
):
    old, other = served.running.service.store.resolve("champion"), twin(served.running.service.store)
    seen = [served.infer(request_of(rows)).headers["x-model-version"]]
    promoted = served.change(f"/releases/{other}/promote", **WHY)
    assert promoted.json() == {"release": other, "alias": "champion"}
    seen.append(served.infer(request_of(rows)).headers["x-model-version"])
    assert served.change("/rollback", **WHY).json() == {"release": old, "alias": "champion"}
    seen.append(served.infer(request_of(rows)).headers["x-model-version"])
    assert seen == [old, other, old]
    assert served.client.get("/releases").json()["aliases"] == {"champion": old, "previous": other}


def test_a_release_whose_gate_failed_is_not_promoted(served: Served, release: Release):
    store = served.running.service.store
    bad = forge(store, release.id, {"gates.json": failing(release, "auc")})
    assert "is not promoted" in told(served.change(f"/releases/{bad}/promote", **WHY), 409)
    assert store.aliases()["champion"] != bad


def test_a_release_of_another_contract_does_not_become_champion_by_promotion_or_rollback(
    served: Served, release: Release
):
    store = served.running.service.store
    other = stray(store)
    point(store, previous=other)
    for path in (f"/releases/{other}/promote", "/rollback"):
        answer = served.change(path, **WHY)
        assert f"Release {other} was trained on another snapshot or contract of cards" in told(answer, 409)
        assert answer.json()["code"] == "MISMATCH"
    assert store.aliases() == {"champion": release.id, "previous": other}


@pytest.mark.parametrize(
    ("query", "what"),
    [({}, "The parameter why is missing"), ({"why": ""}, "why cannot be used"), ({"why": "  "}, "Say why")],
)
def test_promotion_and_rollback_without_a_reason_are_refused(
    served: Served, release: Release, query: dict[str, str], what: str
):
    store = served.running.service.store
    other = twin(store)
    point(store, previous=other)
    for path in (f"/releases/{other}/promote", "/rollback"):
        assert what in told(served.change(path, **query), 400)
    assert store.aliases() == {"champion": release.id, "previous": other}


def test_a_failed_gate_is_overridden_for_a_reason_that_stands_in_the_history(served: Served, release: Release):
    store = served.running.service.store
    bad = forge(store, release.id, {"gates.json": failing(release, "auc")})
    query = {"why": "Newer data", "override": "The board accepts it"}
    assert served.change(f"/releases/{bad}/promote", **query).json() == {"release": bad, "alias": "champion"}
    assert served.change("/rollback", why="Too late").status_code == 200
    over, back = (
        next(e for e in store.history()[-4:] if e.alias == "champion" and e.release == i) for i in (bad, release.id)
    )
    assert (over.why, over.override, over.gates) == ("Newer data", "The board accepts it", ("auc",))
    assert (back.why, back.override) == ("Too late", "")
    assert "The board accepts it" in served.client.get(f"/releases/{bad}/card").text


@pytest.mark.parametrize("name", ["why", "override"])
def test_a_reason_longer_than_is_kept_is_refused(served: Served, name: str):
    answer = served.change("/releases/champion/promote", **WHY | {name: "x" * 501})
    assert f"The parameter {name} cannot be used" in told(answer, 400)


def test_the_card_of_a_release_is_one_page_that_loads_nothing(served: Served, release: Release):
    answer = served.client.get("/releases/champion/card")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert release.artefact in answer.text
    assert "nothing" in told(served.client.get("/releases/nothing/card"), 404)


def test_the_card_shows_groups_to_tokens_that_may_ask_for_reasons_only(own_home: Path):
    served = Served(own_home, tokens=True)
    pages = {}
    for scope in ("score", "explain"):
        token = Tokens(own_home).create(scope, [scope])
        answer = served.client.get("/releases/champion/card", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        pages[scope] = answer.text
    assert told(served.client.get("/releases/champion/card"), 401)
    assert "<td>male</td>" in pages["explain"]
    assert "<td>male</td>" not in pages["score"]
    assert "Shown to those only who may see protected attributes." in pages["score"]


def test_an_alias_there_is_none_of_and_a_rollback_to_nothing_are_refused(served: Served):
    unknown = served.change("/releases/champion/promote", **WHY, alias="best")
    assert "champion, challenger, previous" in told(unknown, 404)
    assert "no previous champion" in told(served.change("/rollback", **WHY), 404)


def test_many_promotions_at_once_leave_sound_aliases(served: Served):
    store = served.running.service.store
    ids = [store.resolve("champion"), twin(store)]
    for each in ids:
        served.running.service.release(each)
    served.change("/rollback")  # makes the token
    with ThreadPoolExecutor(12) as threads:
        paths = [f"/releases/{ids[k % 2]}/promote" for k in range(12)]
        found = list(threads.map(lambda path: served.change(path, **WHY).status_code, paths))
    assert found == [200] * 12
    assert set(store.aliases()) == {"champion", "previous"}
    assert set(store.aliases().values()) == set(ids)


def test_a_release_is_downloaded_with_its_hash_and_can_be_loaded(served: Served, release: Release, tmp_path: Path):
    answer = served.client.get("/releases/champion/artefact")
    assert answer.headers["x-artefact-sha256"] == release.artefact
    digest = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
    assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        packed.extractall(tmp_path / "copy" / "releases" / "cards" / release.id)
    assert Store(tmp_path / "copy", "cards").load(release.id).artefact == release.artefact
    assert served.client.get(f"/releases/{release.id}/artefact").content == answer.content


# ---- metrics and the document ----------------------------------------------------------------------------------------


def test_metrics_count_requests_rows_and_errors_and_name_the_champion(
    served: Served, rows: list[list[float]], request_of: Made, release: Release
):
    served.infer(request_of(rows))
    served.infer({"inputs": []})
    page = served.client.get("/metrics").text
    route = "/v2/models/{name}/infer"
    assert f'whatif_rows_total{{release="{release.id}"}} 40.0' in page
    assert f'whatif_requests_total{{route="{route}",status="200"}} 1.0' in page
    assert f'whatif_requests_total{{route="{route}",status="400"}} 1.0' in page
    assert f'whatif_request_seconds_count{{method="POST",route="{route}"}} 2.0' in page
    assert f'artefact="{release.artefact}"' in page
    assert "whatif_requests_in_flight 1.0" in page


def test_the_messages_of_a_stream_are_published_as_schemas(served: Served):
    found = served.client.get("/schemas/application").json()
    assert found["required"][:2] == ["id", "limit"]
    assert "There are: application, decision, outcome, refusal" in told(served.client.get("/schemas/memo"), 404)


def test_metrics_name_one_champion_after_a_promotion(served: Served):
    store = served.running.service.store
    other = twin(store)
    served.client.get("/metrics")
    store.promote(other)
    lines = [each for each in served.client.get("/metrics").text.splitlines() if each.startswith("whatif_model_info{")]
    assert len(lines) == 1
    assert f'release="{other}"' in lines[0]


def test_the_examples_of_the_document_are_answered(served: Served):
    document = served.client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    bodies = {
        INFER: "InferRequest",
        "/v1/models/credit:predict": "InstancesRequest",
        "/v1/models/credit:explain": "InstancesRequest",
        "/invocations": "InvocationsRequest",
    }
    for path, name in bodies.items():
        assert served.client.post(path, json=schemas[name]["example"]).status_code == 200


def test_the_document_knows_where_it_is_mounted(served: Served):
    outer = FastAPI()
    outer.mount("/api", served.app)
    found = Client(outer).get("/api/openapi.json").json()
    assert found["servers"] == [{"url": "/api"}]


def test_beside_a_dashboard_whatever_keeps_the_service_from_starting_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WHATIF_HOME", str(tmp_path / "file" / "home"))
    answer = Client(modes.embedded("127.0.0.1")).get("/v2/health/live")
    assert "cannot start" in told(answer, 503)


@pytest.mark.parametrize(
    ("host", "setting", "status"),
    [
        ("127.0.0.1", None, 401),
        ("127.0.0.1", "off", 200),
        ("0.0.0.0", None, 401),
        (None, None, 401),
        ("127.0.0.1", "on", 401),
        ("0.0.0.0", "off", 200),
    ],
)
def test_a_token_is_asked_for_unless_set_otherwise(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, host: str | None, setting: str | None, status: int
):
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    if setting:
        monkeypatch.setenv("WHATIF_API_TOKENS", setting)
    client = Client(modes.embedded(host))
    assert client.get("/v2").status_code == status


SHOWN = {"cookie": f"theme=dark; {COOKIE}_8501={KEY}"}


def test_beside_the_pages_the_browser_that_shows_it_sits_here_needs_no_token_but_to_move_an_alias(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    client = Client(modes.embedded("127.0.0.1"))
    assert client.get("/v2", headers=SHOWN).status_code == 200
    assert client.get("/briefings/policy?panels=all", headers=SHOWN).status_code == 200
    assert "--scope admin" in told(client.post("/rollback", json=WHY, headers=SHOWN), 401)
    for more in ({"via": "1.1 cache"}, {"host": "bank.example"}, {"cookie": f"{COOKIE}_8501={KEY[:-1]}"}):
        assert told(client.get("/v2", headers=SHOWN | more), 401)
    assert told(Client(modes.embedded("0.0.0.0")).get("/v2", headers=SHOWN), 401)
    assert told(Client(modes.embedded("127.0.0.1", known=lambda: True)).get("/v2", headers=SHOWN), 401)
    monkeypatch.setenv("WHATIF_USER_HEADER", "X-User")
    assert told(Client(modes.embedded("127.0.0.1")).get("/v2", headers=SHOWN), 401)
    assert told(Client(modes.standalone()).get("/v2", headers=SHOWN), 401)
