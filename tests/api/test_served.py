"""The service as processes of its own: workers killed, ended, promoted under load; slow and too many clients."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from model.record.database import engine
from model.record.trail import recent
from model.record.verify import verify_record
from model.release.store import Store
from model.security.tokens import Tokens
from model.settings import Settings
from tests.browser.server import ROOT
from tests.support.attacks import ENDLESS, ENOUGH, Watch, flood, handshake, held, status_of
from tests.support.forging import twin
from tests.support.standalone import SERVE, Alone, alone, post, receive

Made = Callable[..., dict[str, Any]]
WAIT = 60.0  # seconds at most for anything


@contextmanager
def record(home: Path) -> Iterator[Any]:
    """The record's database."""
    own = engine(Settings(home=home))
    try:
        yield own
    finally:
        own.dispose()


def recorded(home: Path) -> list[str]:
    """Ids of all calls on record, after the record was found sound."""
    with record(home) as own:
        assert verify_record(own).findings == ()
        return [each.id for each in recent(own, limit=1_000_000)]


def workers(server: Alone, count: int) -> list[psutil.Process]:
    """The service's processes that answer, once there are ``count``."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        children = psutil.Process(server.process.pid).children()
        found = [each for each in children if _works(each)]
        if len(found) == count:
            return found
        time.sleep(0.05)
    raise AssertionError(f"there never were {count} workers")


def _works(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())  # and not what keeps account of shared memory
    except psutil.Error:  # killed just now
        return False


def ask(port: int, request: bytes) -> tuple[int, dict[str, Any]]:
    """One request on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as connection:
        connection.sendall(request)
        status, body = receive(connection)
    return status, json.loads(body) if body else {}


def signed(request: bytes, token: str) -> bytes:
    """A request with a token in its header."""
    return request.replace(b"\r\n", f"\r\nAuthorization: Bearer {token}\r\n".encode(), 1)


def get(server: Alone, path: str, **headers: str) -> str:
    """What a GET is answered with."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(server.url + path, headers=headers), timeout=WAIT) as answer:
        return str(answer.read().decode())


class Load:
    """Clients that ask until told to stop, each request under an id of its own; what fails is asked again under the
    same id if they ``insist``."""

    def __init__(self, port: int, body: dict[str, Any], insist: bool, clients: int = 4) -> None:
        self.acknowledged: list[str] = []
        self.statuses: list[int] = []
        self.versions: set[str] = set()
        self.hung_up = 0
        self._name, self._port, self._body, self._insist = uuid4().hex, port, body, insist
        self._end, self._some = threading.Event(), threading.Condition()
        self._threads = [threading.Thread(target=self._client, args=(k,)) for k in range(clients)]

    def __enter__(self) -> "Load":
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for each in self._threads:
            each.join(WAIT)

    def reach(self, count: int) -> None:
        """Wait until so many more requests are acknowledged."""
        with self._some:
            goal = len(self.acknowledged) + count
            assert self._some.wait_for(lambda: len(self.acknowledged) >= goal, WAIT), "the service no longer answers"

    def _client(self, which: int) -> None:
        k = 0
        while not self._end.is_set():
            k += 1
            identity = f"{self._name}-{which}-{k}"
            request = post(json.dumps({**self._body, "id": identity}).encode())
            while not self._once(identity, request) and self._insist and not self._end.is_set():
                time.sleep(0.02)

    def _once(self, identity: str, request: bytes) -> bool:
        try:
            status, answer = ask(self._port, request)
        except OSError:
            self.hung_up += 1
            return False
        with self._some:
            self.statuses.append(status)
            if status == 200:
                assert answer["id"] == identity
                self.versions.add(answer["model_version"])
                self.acknowledged.append(identity)
                self._some.notify_all()
        return status == 200


@pytest.fixture
def one(rows: list[list[float]], request_of: Made) -> dict[str, Any]:
    """A request for one customer with reasons."""
    return request_of(rows[:1], "predict_proba", "shap_values", "base_value")


@pytest.fixture(scope="module")
def shared_home(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the home folder for the service that several tests load, one after the other."""
    place = tmp_path_factory.mktemp("shared") / "home"
    return shutil.copytree(home, place, ignore=shutil.ignore_patterns("record.sqlite*"))


@pytest.fixture(scope="module")
def shared(shared_home: Path) -> Iterator[Alone]:
    """Two workers; a test that kills one leaves it to the next to wait for another."""
    with alone(shared_home, workers=2) as server:
        yield server


def assert_kept(load: Load, home: Path) -> None:
    """Every request was answered, and each that was acknowledged stands on record once."""
    after = recorded(home)
    assert set(load.statuses) == {200}
    assert len(after) == len(set(after))
    assert set(load.acknowledged) <= set(after)
    assert len(load.acknowledged) == len(set(load.acknowledged))


def test_a_worker_killed_in_mid_load_loses_no_acknowledged_request_and_doubles_none(
    shared: Alone, shared_home: Path, one: dict[str, Any]
):
    before = workers(shared, 2)
    with Load(shared.port, one, insist=False) as load:
        load.reach(20)
        os.kill(before[0].pid, signal.SIGKILL)
        load.reach(50)
    assert_kept(load, shared_home)


def test_a_client_that_repeats_a_request_after_a_kill_leaves_one_row(
    shared: Alone, shared_home: Path, one: dict[str, Any]
):
    with Load(shared.port, one, insist=True, clients=8) as load:
        load.reach(30)
        os.kill(workers(shared, 2)[0].pid, signal.SIGKILL)
        load.reach(60)
    assert_kept(load, shared_home)


def test_a_killed_worker_is_replaced(shared: Alone, one: dict[str, Any]):
    before = {each.pid for each in workers(shared, 2)}
    os.kill(min(before), signal.SIGKILL)
    end = time.monotonic() + WAIT
    while {each.pid for each in workers(shared, 2)} == before and time.monotonic() < end:
        time.sleep(0.05)
    assert len({each.pid for each in workers(shared, 2)} - before) == 1
    assert ask(shared.port, post(json.dumps(one).encode()))[0] == 200


def test_promotion_and_rollback_under_load_fail_no_request(shared: Alone, shared_home: Path, one: dict[str, Any]):
    store = Store(shared_home, "cards")
    old, new = store.resolve("champion"), twin(store)
    token = Tokens(shared_home).create("risk-office", ["admin"])
    said = ((b'{"why": "n"}', f"/releases/{new}/promote"), (b'{"why": "l"}', "/rollback"))
    promote, back = (signed(post(why, path), token) for why, path in said)
    workers(shared, 2)
    with Load(shared.port, one, insist=False) as load:
        for _ in range(3):
            load.reach(10)
            assert ask(shared.port, promote)[1] == {"release": new, "alias": "champion"}
            load.reach(10)
            assert ask(shared.port, back)[1] == {"release": old, "alias": "champion"}
        load.reach(10)
    assert load.hung_up == 0
    assert set(load.statuses) == {200}
    assert load.versions == {old, new}


def begun(server: Alone, request: bytes) -> socket.socket:
    """A connection on which all but the last byte of a request is sent, and read by the service."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=WAIT)
    connection.sendall(request[:-1])
    end = time.monotonic() + WAIT
    while "whatif_requests_in_flight 2" not in get(server, "/metrics") and time.monotonic() < end:
        time.sleep(0.02)  # it and the one for the metrics
    return connection


def test_told_to_end_the_service_finishes_what_is_under_way(own_home: Path, one: dict[str, Any]):
    request = post(json.dumps({**one, "id": "last"}).encode())
    with alone(own_home) as server, begun(server, request) as connection:
        server.process.terminate()
        end = time.monotonic() + WAIT
        while listens(server.port) and time.monotonic() < end:
            time.sleep(0.02)
        assert not listens(server.port)
        connection.sendall(request[-1:])
        assert receive(connection)[0] == 200
        server.ended()
    assert recorded(own_home) == ["last"]
    assert "Traceback" not in server.log.read_text()


def listens(port: int) -> bool:
    """Whether new connections are taken."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_told_to_end_workers_end_with_their_record_sound(own_home: Path, one: dict[str, Any]):
    with alone(own_home, workers=2) as server:
        children = workers(server, 2)
        with Load(server.port, one, insist=False) as load:
            load.reach(30)
            server.process.terminate()
            server.ended()
    assert not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in children)
    assert_kept(load, own_home)
    assert "Traceback" not in server.log.read_text()


def test_metrics_are_the_sum_of_all_workers(own_home: Path, one: dict[str, Any]):
    request = post(json.dumps(one).encode())
    with alone(own_home, workers=2) as server:
        children = workers(server, 2)
        with ThreadPoolExecutor(8) as clients:
            asked = list(clients.map(lambda _: ask(server.port, request)[0], range(60)))
        pages = [get(server, "/metrics") for _ in range(8)]
        os.kill(children[0].pid, signal.SIGKILL)
        workers(server, 2)
        pages += [get(server, "/metrics") for _ in range(4)]
    assert asked == [200] * 60
    for page in pages:
        assert 'whatif_requests_total{route="/v2/models/{name}/infer",status="200"} 60.0' in page
        assert re.search(r"^whatif_requests_in_flight [12]\.0$", page, re.MULTILINE)  # a last probe may be ending
        assert page.count("whatif_model_info{") == 1


def test_a_body_that_comes_too_slowly_is_refused(own_home: Path, one: dict[str, Any]):
    request = post(json.dumps(one).encode())
    with alone(own_home, WHATIF_API_SECONDS="0.5") as server, begun(server, request) as connection:
        status, body = receive(connection)
    assert status == 408
    assert "did not arrive within 0.5 seconds" in json.loads(body)["error"]
    assert recorded(own_home) == []


def test_more_at_once_than_allowed_are_told_to_come_back(own_home: Path, one: dict[str, Any]):
    request = post(json.dumps(one).encode())
    with alone(own_home, WHATIF_API_CONCURRENCY="2") as server, begun(server, request) as first:
        with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as second:
            second.sendall(request[:-1])
            end = time.monotonic() + WAIT
            while (found := ask(server.port, request))[0] != 429 and time.monotonic() < end:
                time.sleep(0.02)  # until the second is read
            assert found[0] == 429
            assert "2 requests" in found[1]["error"]
            assert get(server, "/v2/health/live") == '{"live":true}'
            for each in (first, second):
                each.sendall(request[-1:])
                assert receive(each)[0] == 200
        assert ask(server.port, request)[0] == 200


def test_a_header_without_end_and_unfinished_requests_shut_nobody_out(shared: Alone, one: dict[str, Any]):
    request = post(json.dumps(one).encode())
    with Watch(shared.port, "/v2/health/ready") as health, ExitStack() as opened:
        assert flood(shared.port, *ENDLESS["a header"]) < ENOUGH
        for each in held(shared.port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", 600):
            opened.enter_context(each)
        assert ask(shared.port, request)[0] == 200
        assert status_of(shared.port, handshake(shared.port, "/v2")) == 403
    assert set(health.statuses) == {200}


def test_a_client_that_hangs_up_leaves_no_trace_of_a_defect(own_home: Path, one: dict[str, Any]):
    request = post(json.dumps(one).encode())
    with alone(own_home) as server:
        begun(server, request).close()
        end = time.monotonic() + WAIT
        while "whatif_requests_in_flight 1.0" not in get(server, "/metrics") and time.monotonic() < end:
            time.sleep(0.02)
        assert ask(server.port, request)[0] == 200
    assert server.log.read_text() == ""


def test_beyond_this_machine_a_token_is_asked_for(own_home: Path, one: dict[str, Any]):
    token = Tokens(own_home).create("branch", ["explain"])
    request = post(json.dumps(one).encode())
    with alone(own_home, program=(*SERVE, "--host", "0.0.0.0"), WHATIF_API_TOKENS="on") as server:
        assert ask(server.port, request)[0] == 401
        assert ask(server.port, signed(request, token))[0] == 200
    with record(own_home) as own:
        assert [each.who for each in recent(own)] == ["branch"]
    assert token not in server.log.read_text()


@pytest.mark.parametrize("count", [1, 2])
def test_without_a_champion_the_service_does_not_start_and_says_why(tmp_path: Path, count: int):
    command = [sys.executable, *SERVE, "--port", "1", "--workers", str(count)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"WHATIF_HOME": str(tmp_path)}, capture_output=True, text=True, timeout=WAIT
    )
    assert done.returncode == 2
    assert "python -m model train" in done.stderr
    assert "Traceback" not in done.stderr


# ---- what it waits for ----------------------------------------------------------------------------------------------

SCORING = """
import json, sys
from model.api.modes import standalone
from tests.support.inside import INFER, Client
client = Client(standalone())
ready = client.get("/v2/health/ready").status_code
asked = json.loads(sys.argv[1])
scored = client.post(INFER, json=asked).status_code
heavy = {"pandas", "plotly", "pyarrow", "scipy.stats", "shap", "skops", "sklearn", "streamlit", "xlsxwriter"}
print(ready, scored, *sorted(heavy & set(sys.modules)))
"""


def test_a_service_that_scores_reads_in_nothing_of_pages_and_files(own_home: Path, rows: Any, request_of: Made):
    """It would start in twice the time and hold half as much memory again."""
    environment = {**os.environ, "WHATIF_HOME": str(own_home), "WHATIF_API_TOKENS": "off"}
    ran = subprocess.run(
        [sys.executable, "-c", SCORING, json.dumps(request_of(rows[:1]))],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.split() == ["200", "200"], ran.stderr[-2000:]
