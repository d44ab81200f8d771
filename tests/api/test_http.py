"""HTTP around the service: every method on every path, paths written otherwise, and bodies of every make."""

import asyncio
import gzip
import io
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from app import app
from model.api import body
from model.record.trail import find, recent
from model.release.release import Release
from model.scoring import batch
from tests.support.inside import INFER, KNOWN, Client, Served, outputs, told

Made = Callable[..., dict[str, Any]]
JSON = {"content-type": "application/json"}
CSV = {"content-type": "text/csv"}
ASKED = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW")


@pytest.fixture
def served(own_home: Path) -> Served:
    """The service as it is unless told otherwise."""
    return Served(own_home)


@pytest.fixture
def plain(rows: list[list[float]], request_of: Made) -> bytes:
    """A request for three customers as it goes over the wire."""
    return json.dumps(request_of(rows[:3])).encode()


def post(served: Served, content: Any, path: str = INFER, **headers: str) -> httpx.Response:
    """A POST of these bytes; headers with underscores for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return served.client.post(path, content=content, headers=JSON | named)


def paths(served: Served) -> dict[str, set[str]]:
    """Every path of the document, filled in with what there is, and the methods it is documented with."""
    found = served.client.get("/openapi.json").json()["paths"]
    return {path.format(**KNOWN): {method.upper() for method in methods} for path, methods in found.items()}


# ---- methods and paths -----------------------------------------------------------------------------------------------


def test_every_path_answers_the_methods_of_the_document_and_refuses_others_with_those(served: Served):
    for path, documented in paths(served).items():
        allowed = documented | {"OPTIONS"} | ({"HEAD"} if "GET" in documented else set())
        for method in ASKED:
            answer = served.client.request(method, path)
            if method not in allowed:
                assert answer.status_code == 405, (method, path)
                assert set(answer.headers["allow"].split(", ")) == allowed, (method, path)
                assert method == "HEAD" or all(each in told(answer, 405) for each in allowed)
            elif method == "OPTIONS":
                assert (answer.status_code, answer.content) == (204, b"")
                assert set(answer.headers["allow"].split(", ")) == allowed, path
            else:
                assert answer.status_code != 405, (method, path)


def test_head_is_answered_as_get_is_without_the_body(served: Served):
    for path, documented in paths(served).items():
        if "GET" in documented:
            full, head = (served.client.request(method, path) for method in ("GET", "HEAD"))
            assert (full.status_code, head.status_code, head.content) == (200, 200, b""), path
            assert {*full.headers} == {*head.headers}
            if path != "/metrics":  # which count
                assert full.headers["content-length"] == head.headers["content-length"], path


def test_a_head_that_is_refused_has_the_status_of_the_get(own_home: Path):
    served = Served(own_home, tokens=True)
    for path in ("/v2", "/v2/models/mine/ready", "/nothing", INFER):
        full, head = (served.client.request(method, path) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (full.status_code, b""), path


def test_methods_are_counted_without_one_figure_for_every_word_that_is_sent(served: Served):
    for k in range(3):
        served.client.request(f"BREW{k}", "/v2")
    served.client.request("HEAD", "/v2")
    page = served.client.get("/metrics").text
    assert 'method="other",route="/v2"} 3.0' in page
    assert 'method="HEAD",route="/v2"} 1.0' in page
    assert "BREW" not in page


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/v2/", "/v2"),
        ("/V2/Models/Credit", "/v2/models/credit"),
        ("//v2", "/v2"),
        ("/Ping", "/ping"),
        ("/v2/models/credit/infer/", INFER),
        ("/releases//", "/releases"),
        ("/v1/models/credit:Predict", "/v1/models/credit:predict"),
    ],
)
def test_a_path_written_otherwise_is_refused_with_the_one_there_is(served: Served, path: str, near: str):
    assert f"did you mean {near}?" in told(served.client.get(f"http://127.0.0.1{path}"), 404)


@pytest.mark.parametrize(
    "path", ["/nothing", "/%00", "/v2/%2e%2e/%2e%2e/etc", "/releases/a%2Fb/card", "/%FF", "/v2%0aX"]
)
def test_a_path_there_is_none_of_is_refused_in_the_one_shape(served: Served, path: str):
    for method in ("GET", "POST", "OPTIONS"):
        assert "openapi.json" in told(served.client.request(method, path), 404)


def test_a_path_is_the_same_however_its_letters_are_encoded(served: Served):
    assert served.client.get("/v2/models/cred%69t/ready").json() == {"ready": True}
    assert "There is: credit" in told(served.client.get("/v2/models/a%3Ab/ready"), 404)


def test_a_version_is_described_ready_and_scored_with_under_each_of_its_names(
    served: Served, plain: bytes, release: Release
):
    for version in ("champion", release.id, release.id[:8]):
        base = f"/v2/models/credit/versions/{version}"
        assert served.client.get(f"{base}/ready").json() == {"ready": True}
        assert served.client.get(base).json() == served.client.get("/v2/models/credit").json()
        assert post(served, plain, f"{base}/infer").json()["model_version"] == release.id
    for path in ("/v2/models/credit/versions/0000/ready", "/v2/models/credit/versions/0000"):
        assert release.id in told(served.client.get(path), 404)
    assert "There is: credit" in told(served.client.get("/v2/models/mine/versions/champion/ready"), 404)


def test_which_versions_there_are_is_told_to_nobody_without_a_token(own_home: Path):
    answer = Served(own_home, tokens=True).client.get("/v2/models/credit/versions/champion/ready")
    assert "token" in told(answer, 401)


@pytest.mark.parametrize("query", ["version=champion&version=0000", "version=&version=", "x=1&y=2&x=1"])
def test_a_parameter_given_twice_is_refused(served: Served, plain: bytes, query: str):
    assert "2 times" in told(post(served, plain, f"{INFER}?{query}"), 400)
    assert "2 times" in told(served.client.get(f"/v2/models/credit?{query}"), 400)
    assert recent(served.running.engine) == []


def test_nothing_an_answer_says_is_taken_for_another_type(served: Served, plain: bytes):
    for answer in (served.client.get("/ping"), served.client.get("/nothing"), post(served, plain)):
        assert answer.headers["x-content-type-options"] == "nosniff"


# ---- how a body is packed and written --------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", " gzip ", "identity, gzip"])
def test_a_body_packed_as_gzip_gives_the_answer_of_the_body(served: Served, plain: bytes, coding: str):
    packed = post(served, gzip.compress(plain), content_encoding=coding)
    assert (outputs(packed)["predict_proba"] == outputs(post(served, plain))["predict_proba"]).all()


@pytest.mark.parametrize("path", [INFER, "/v1/models/credit:predict", "/v1/models/credit:explain", "/invocations"])
@pytest.mark.parametrize("coding", [None, "gzip"])
def test_gzip_that_does_not_say_so_or_is_packed_twice_is_told_as_gzip(served: Served, path: str, coding: str | None):
    packed = gzip.compress(b"{}") if coding is None else gzip.compress(gzip.compress(b"{}"))
    more = {} if coding is None else {"content_encoding": coding}
    assert "Content-Encoding: gzip" in told(post(served, packed, path, **more), 400)


def test_every_protocol_takes_gzip(served: Served, rows: list[list[float]], names: list[str]):
    split = {"dataframe_split": {"columns": names, "data": rows}}
    for path, asked in (("/v1/models/credit:predict", {"instances": rows}), ("/invocations", split)):
        packed = gzip.compress(json.dumps(asked).encode())
        assert post(served, packed, path, content_encoding="gzip").status_code == 200


@pytest.mark.parametrize(
    "coding", ["deflate", "br", "zstd", "compress", "gzip, gzip", "br, gzip", "base64", "*", "a b"]
)
def test_another_coding_is_refused_by_its_name_with_the_one_that_is_taken(served: Served, plain: bytes, coding: str):
    answer = post(served, plain, content_encoding=coding)
    assert repr(coding) in told(answer, 415)
    assert answer.headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("no_coding", ["", "identity", "Identity"])
def test_a_body_that_is_not_packed_may_say_so(served: Served, plain: bytes, no_coding: str):
    assert post(served, plain, content_encoding=no_coding).status_code == 200


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-4],
        lambda packed: packed[:20],
        lambda packed: packed + packed,
        lambda packed: b"",
        lambda packed: packed + b"more",
        lambda packed: packed[:30] + b"\0\0\0\0" + packed[34:],
        lambda packed: b"{}",
        lambda packed: zlib.compress(gzip.decompress(packed)),
    ],
)
def test_a_damaged_gzip_is_told_as_one(served: Served, plain: bytes, damage: Callable[[bytes], bytes]):
    assert "gzip" in told(post(served, damage(gzip.compress(plain)), content_encoding="gzip"), 400)


def test_what_unpacks_to_more_than_is_read_is_refused_before_it_is_held(own_home: Path):
    served = Served(own_home, api_body=10_000)
    for size, status in ((10_000, 400), (10_001, 413), (10_000_000, 413)):
        packed = gzip.compress(b" " * size)
        assert len(packed) < 10_000
        assert told(post(served, packed, content_encoding="gzip"), status)


def test_a_zip_bomb_takes_no_more_memory_than_is_read():
    bomb = gzip.compress(b" " * 200_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(body.TooMuch, match="10,000"):  # type: ignore[attr-defined]
            body.unpacked_body(bomb, 10_000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_packed_body_that_is_sent_piece_by_piece_is_held_to_the_same_length(own_home: Path):
    served = Served(own_home, api_body=1024)

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield bytes(range(100))

    assert "1,024" in told(post(served, parts(), content_encoding="gzip"), 413)


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8", "us-ascii"])
def test_utf_8_may_be_said_and_begin_with_its_mark(served: Served, plain: bytes, charset: str):
    kind = f"application/json; charset={charset}"
    for content in (plain, b"\xef\xbb\xbf" + plain):
        assert post(served, content, content_type=kind).status_code == 200


@pytest.mark.parametrize("charset", ["utf-16", "iso-8859-1", "windows-1252", "x" * 100])
def test_another_charset_is_refused_by_its_name(served: Served, plain: bytes, charset: str):
    answer = post(served, plain, content_type=f"application/json; charset={charset}")
    assert charset[:50] in told(answer, 415)


@pytest.mark.parametrize("coding", ["utf-16", "utf-32", "utf-16-le"])
def test_a_body_of_other_letters_that_says_nothing_is_no_json(served: Served, plain: bytes, coding: str):
    assert "no JSON" in told(post(served, plain.decode().encode(coding)), 400)


def test_two_content_types_are_refused(served: Served, plain: bytes):
    twice = [("content-type", "application/json"), ("content-type", "text/csv")]
    assert "text/csv" in told(served.client.post(INFER, content=plain, headers=twice), 415)


def test_tensors_as_bytes_are_refused_as_such(served: Served, plain: bytes):
    assert "as bytes" in told(post(served, plain, inference_header_content_length="100"), 415)


@pytest.mark.parametrize("length", ["9" * 5000, "9" * 19, "\u0661", "-1", "1.5", "x", ""])
def test_a_length_that_is_none_is_not_believed(served: Served, plain: bytes, length: str):
    sent = {"headers": JSON | {"content-length": length.encode()}}
    request = served.client.opened().build_request("POST", INFER, content=plain, **sent)

    async def one() -> httpx.Response:
        async with served.client.opened() as client:
            return await client.send(request)

    assert asyncio.run(one()).status_code == 200


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b'{"inputs": [], "inputs": []}', "'inputs' twice"),
        (b'{"inputs": [{"name": "limit", "name": "limit"}]}', "'name' twice"),
        (b'{"inputs": [{"name": "a:b\\"", "x": {"y": [{"z": 1, "\\u007a": 2}]}}]}', "'z' twice"),
        (b'{"inputs": Infinity}', "no JSON"),
        (b'{"inputs": -Infinity}', "no JSON"),
        (b'{"inputs": [1e400]}', "no JSON"),
        (b'{"inputs": [01]}', "no JSON"),
        (b'{"inputs": [1,]}', "no JSON"),
        (b"{'inputs': []}", "no JSON"),
        (b'{"inputs": []} {}', "no JSON"),
        (b'{"inputs": "\xed\xa0\x80"}', "no JSON"),
        (b'{"inputs": "\\ud800"}', "no JSON"),
        (b'{"a": ' * 900 + b"1" + b"}" * 900, "The request"),
        (b'{"a": 1, "a": ' * 900 + b"1" + b"}" * 900, "twice"),
        (b"[" * 100_000, "no JSON"),
        (b"{" * 100_000, "no JSON"),
        (b"\xef\xbb\xbf", "no JSON"),
    ],
)
def test_json_that_can_be_read_in_two_ways_or_none_is_refused(served: Served, text: bytes, what: str):
    for path in (INFER, "/v1/models/credit:predict", "/invocations"):
        found = told(post(served, text, path), 400)
        assert what in found
        assert len(found) < 500


def test_a_field_of_a_row_that_stands_twice_is_refused(served: Served, rows: list[list[float]], names: list[str]):
    row = json.dumps(dict(zip(names, rows[0], strict=True)))
    twice = f'{row[:-1]}, "{names[0]}": 999}}'
    answer = post(served, f'{{"instances": [{row}, {twice}]}}'.encode(), "/v1/models/credit:predict")
    assert f"{names[0]!r} twice" in told(answer, 400)
    assert recent(served.running.engine) == []


def test_colons_and_quotes_inside_texts_are_no_names(served: Served, plain: bytes):
    body_ = json.loads(plain) | {"parameters": {"note": 'a: "b": {c: \\": d', "e:f": [":", {"g": "::"}]}}
    assert post(served, json.dumps(body_).encode()).status_code == 200


def test_whole_numbers_too_large_for_a_float_are_refused_by_their_field(
    served: Served, rows: list[list[float]], names: list[str]
):
    for value in (2**53 + 1, 2**63 - 1, 10**19, 10**400):
        row = [value, *rows[0][1:]]
        text = json.dumps({"instances": [row]}).encode()
        assert told(post(served, text, "/v1/models/credit:predict"), 400)


# ---- CSV -------------------------------------------------------------------------------------------------------------


def csv(rows: list[list[float]], names: list[str], **more: Any) -> bytes:
    """The rows as pandas writes them for MLflow's clients."""
    return pd.DataFrame(rows, columns=names).to_csv(index=False, **more).encode()


def scored(served: Served, content: bytes, kind: str = "text/csv") -> list[list[float]]:
    """What a CSV is answered with."""
    answer = post(served, content, "/invocations", content_type=kind)
    assert answer.status_code == 200, answer.text
    found: list[list[float]] = answer.json()["predictions"]
    return found


def test_a_csv_gives_the_answer_of_the_json(served: Served, rows: list[list[float]], names: list[str]):
    split = {"dataframe_split": {"columns": names, "data": rows}}
    expected = served.client.post("/invocations", json=split).json()["predictions"]
    text = csv(rows, names)
    ways = [text, b"\xef\xbb\xbf" + text, text.replace(b"\n", b"\r\n"), text.rstrip(b"\n"), csv(rows, names, quoting=2)]
    ways += [csv([row[::-1] for row in rows], names[::-1]), text.replace(b"\n", b"\n\n")]
    assert all(scored(served, each) == expected for each in ways)
    assert scored(served, text, "text/csv; charset=utf-8") == expected
    packed = post(served, gzip.compress(text), path="/invocations", content_type="text/csv", content_encoding="gzip")
    assert packed.json()["predictions"] == expected
    assert len(recent(served.running.engine)) == len(ways) + 3


def test_a_csv_takes_the_words_of_codes_and_keeps_every_digit(
    served: Served, rows: list[list[float]], names: list[str], release: Release
):
    worded = pd.DataFrame(rows, columns=names).astype(object)
    for field in release.contract.record:
        if field.codes:
            worded[field.name] = [field.codes[int(code)] for code in worded[field.name]]
    assert scored(served, worded.to_csv(index=False).encode()) == scored(served, csv(rows, names))
    long = rows[0][0] + 1 / 3
    scored(served, csv([[long, *rows[0][1:]]], names))
    latest = recent(served.running.engine)[0].id
    assert find(served.running.engine, latest).inputs[0, 0] == long


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda text: b"", "must hold each of"),
        (lambda text: text.split(b"\n")[0], "no row"),
        (lambda text: text.replace(b"limit", b"amount", 1), "unknown: amount"),
        (lambda text: text.replace(b",", b";"), "unknown"),
        (lambda text: b"," + text.replace(b"\n", b"\n0,").removesuffix(b"0,"), "Unknown: ''."),
        (lambda text: text + b"1,2\n", "Row 3 has 2 values; the first line"),
        (lambda text: text + b"1\n", "Row 3 has 1 value; the first line"),
        (lambda text: b"limit\n1,2\n", "Row 0 has 2 values; the first line names 1 column."),
        (lambda text: text.replace(b"\n", b'\n"', 1), "no CSV"),
        (lambda text: text.decode().encode("utf-16"), "no CSV"),
        (lambda text: text + b"\xff\n", "no CSV"),
        (lambda text: text.replace(b"\n", b"\n\0", 1), "x00"),
        (lambda text: first(text, b"nan"), "'nan'"),
        (lambda text: first(text, b"inf"), "'inf'"),
        (lambda text: first(text, b"1e999"), "'1e999'"),
        (lambda text: first(text, b"1_000"), "'1_000'"),
        (lambda text: first(text, b'"20,000"'), "'20,000'"),
        (lambda text: first(text, b"0x10"), "'0x10'"),
        (lambda text: first(text, b"=1+1"), "'=1+1'"),
        (lambda text: first(text, "\uff11\uff12".encode()), "'\uff11\uff12'"),
        (lambda text: first(text, b"9007199254740993"), "no 64-bit float"),
        (lambda text: first(text, b"9" * 400), "9"),
        (lambda text: first(text, b""), "missing"),
        (lambda text: first(text, b"-1"), "must be"),
        (lambda text: first(text, b"x" * 200_000), "no CSV"),
    ],
)
def test_a_csv_that_cannot_be_used_is_refused_by_what_is_wrong(
    served: Served, rows: list[list[float]], names: list[str], change: Callable[[bytes], bytes], what: str
):
    answer = post(served, change(csv(rows[:3], names)), "/invocations", content_type="text/csv")
    assert what in told(answer, 400)
    assert len(answer.content) < 3000
    assert recent(served.running.engine) == []


def first(text: bytes, cell: bytes) -> bytes:
    """With another first cell of the first row."""
    head, row, *others = text.split(b"\n")
    return b"\n".join([head, cell + row[row.index(b",") :], *others])


def test_a_csv_of_too_many_rows_is_refused(own_home: Path, rows: list[list[float]], names: list[str]):
    served = Served(own_home, api_rows=3)
    assert len(scored(served, csv(rows[:3], names))) == 3
    answer = post(served, csv(rows[:4], names), "/invocations", content_type="text/csv")
    assert "at most 3" in told(answer, 413)


def test_only_mlflows_path_takes_csv_and_others_say_what_they_take(
    served: Served, rows: list[list[float]], names: list[str]
):
    for path in (INFER, "/v1/models/credit:predict", "/v1/models/credit:explain"):
        found = told(post(served, csv(rows, names), path, content_type="text/csv"), 415)
        assert "must be application/json;" in found
    both = told(post(served, b"{}", "/invocations", content_type="text/plain"), 415)
    assert "application/json or text/csv" in both


def test_a_template_of_the_operations_page_can_be_sent(served: Served, release: Release, names: list[str]):
    frame = pd.read_csv(io.BytesIO(batch.template(release.contract, "csv")))[names]
    assert len(scored(served, frame.to_csv(index=False).encode())) == 1


# ---- datatypes -------------------------------------------------------------------------------------------------------


def typed(body_: dict[str, Any], datatype: str) -> dict[str, Any]:
    """A request whose tensors are all of one datatype."""
    return body_ | {"inputs": [{**each, "datatype": datatype} for each in body_["inputs"]]}


@pytest.mark.parametrize("datatype", ["INT64", "INT32", "FP32"])
def test_whole_numbers_give_one_answer_whatever_their_datatype(
    served: Served, rows: list[list[float]], request_of: Made, datatype: str
):
    whole = [[float(round(each)) for each in row] for row in rows]
    body_ = typed(request_of(whole), datatype)
    if datatype.startswith("INT"):
        body_["inputs"] = [{**each, "data": list(map(int, each["data"]))} for each in body_["inputs"]]
    expected = outputs(served.infer(request_of(whole)))["predict_proba"]
    assert (outputs(served.infer(body_))["predict_proba"] == expected).all()


def test_the_service_is_reached_without_its_slash_beside_a_dashboard() -> None:
    found = Client(app).get("/api", follow_redirects=False)
    assert (found.status_code, found.headers["location"]) == (307, "/api/")
