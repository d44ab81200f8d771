"""What Streamlit gives anybody is given to those only who may have it, and what sessions upload has an end."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.requests import ClientDisconnect, HTTPConnection
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from model.api.errors import HttpError
from model.errors import Unknown
from model.security.people import Person
from model.settings import Role
from pages.shared import uploads
from pages.shared.uploads import ENTRY, MEGABYTE, AskingRoutes, StreamlitShelf, may_say, sweep_once
from tests.support.inside import Client, told

PUT = "/_stcore/upload_file/session/file"


class Held:
    """Files by session, as sizes."""

    def __init__(self, gone: tuple[str, ...] = (), **sizes: int) -> None:
        self.held, self.gone = dict(sizes), gone

    def sizes(self) -> Mapping[str, int]:
        """Bytes of each session."""
        return self.held

    def lives(self, session: str) -> bool:
        """Whether somebody has its page open."""
        return session not in self.gone

    def drop(self, session: str) -> None:
        """Let its files go."""
        self.held.pop(session, None)


class Behind:
    """What stands behind the middleware: notes what reaches it, and keeps uploads on a shelf."""

    def __init__(self, shelf: Held) -> None:
        self.reached: list[str] = []
        self.shelf = shelf

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached.append(f"{scope['method']} {scope['path']}")
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            size, more = size + len(message.get("body", b"")), message.get("more_body", False)
        if scope["method"] == "PUT":
            session = scope["path"].split("/")[-2]
            self.shelf.held[session] = self.shelf.held.get(session, 0) + size
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def nobody(_connection: HTTPConnection) -> Person:
    raise Unknown("Nobody is logged in.")


def somebody(role: Role) -> Callable[[HTTPConnection], Person]:
    return lambda _connection: Person("ann", role)


def before(who: Callable[[HTTPConnection], Person], shelf: Held | None = None, base: str = "") -> tuple[Client, Behind]:
    """The middleware before something, and a client of it."""
    kept = shelf or Held()
    behind = Behind(kept)
    return Client(AskingRoutes(behind, who=who, base=base, shelf=kept)), behind


@pytest.mark.parametrize("base", ["", "/credit"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", PUT),
        ("DELETE", PUT),
        ("POST", PUT),
        ("GET", "/media/0a1b.csv"),
        ("HEAD", "/media/0a1b.csv"),
        ("GET", "/%6dedia/0a1b.csv"),
        ("GET", "/_stcore/metrics"),
        ("GET", "/_stcore/metrics?families=session_events_total"),
        ("GET", "/_stcore/script-health-check"),
        ("GET", "/_stcore/agent/sessions"),
        ("GET", "/_stcore/whatever-comes-next"),
    ],
)
def test_who_may_not_look_gets_nothing_and_leaves_nothing(base: str, method: str, path: str):
    client, behind = before(nobody, base=base)
    answer = client.request(method, base + path, content=b"a" * 1000 if method == "PUT" else None)
    assert answer.status_code == 401
    assert behind.reached == []


@pytest.mark.parametrize(
    "path", ["/", "/_stcore/health", "/_stcore/host-config", "/static/index.js", "/component/a/index.html", "/policy"]
)
def test_what_a_page_needs_before_a_login_is_there(path: str):
    client, behind = before(nobody)
    assert client.get(path).status_code == 204
    assert client.request("OPTIONS", PUT).status_code == 204
    assert len(behind.reached) == 2


def test_a_viewer_takes_along_what_there_is_and_uploads_nothing():
    client, behind = before(somebody("viewer"))
    assert client.get("/media/0a1b.csv").status_code == 204
    assert client.get("/_stcore/metrics").status_code == 204
    assert "takes the role analyst" in told(client.request("PUT", PUT, content=b"a"), 403)
    assert behind.reached == ["GET /media/0a1b.csv", "GET /_stcore/metrics"]


def test_who_may_not_upload_is_refused_before_the_file_is_read():
    middleware = AskingRoutes(Behind(Held()), who=nobody, shelf=Held())

    async def receive() -> Any:
        raise AssertionError("read")

    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    scope = {"type": "http", "method": "PUT", "path": PUT, "headers": [(b"content-length", b"49000000")]}
    asyncio.run(middleware(scope, receive, send))
    assert said[0]["status"] == 401


def test_an_analyst_uploads_so_much_a_session_and_all_of_them_so_much(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WHATIF_UPLOAD_SESSION", "1")
    monkeypatch.setenv("WHATIF_UPLOAD_ALL", "2")
    client, behind = before(somebody("analyst"))
    large = b"a" * (MEGABYTE - 2 * ENTRY)
    for session in ("one", "two"):
        path = PUT.replace("session", session)
        assert client.request("PUT", path, content=large).status_code == 204
        assert "at most 1 at once" in told(client.request("PUT", path, content=b"a" * 3 * ENTRY), 413)
    assert client.request("PUT", PUT, content=b"a" * 2 * ENTRY).status_code == 204
    assert "more than 2 MB" in told(client.request("PUT", PUT, content=b"a" * 2 * ENTRY), 429)
    behind.shelf.drop("one")
    assert client.request("PUT", PUT, content=b"a" * 2 * ENTRY).status_code == 204


def test_files_on_their_way_count(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WHATIF_UPLOAD_SESSION", "1")
    client, behind = before(somebody("analyst"))

    async def both() -> tuple[httpx.Response, httpx.Response]:
        begun, go = asyncio.Event(), asyncio.Event()

        async def slow() -> Any:
            yield b"a"
            begun.set()
            await go.wait()
            yield b"a" * 600_000

        async with client.opened() as opened:
            first = asyncio.ensure_future(
                opened.request("PUT", PUT, content=slow(), headers={"content-length": "600001"})
            )
            await begun.wait()
            second = await opened.request("PUT", PUT, content=b"a" * 600_000)
            go.set()
            return await first, second

    first, second = asyncio.run(both())
    assert (first.status_code, second.status_code) == (204, 413)
    assert behind.shelf.held == {"session": 600_001}


@pytest.mark.parametrize(
    ("length", "status"), [(None, 411), ("-1", 411), ("1e3", 411), ("²", 411), ("9" * 19, 411), (str(60 * 2**20), 413)]
)
def test_an_upload_says_how_long_it_is_and_is_no_longer_than_is_read(length: str | None, status: int):
    async def one() -> httpx.Response:
        async def parts() -> Any:
            yield b"a"

        client, _ = before(somebody("analyst"))
        async with client.opened() as opened:
            headers = {} if length is None else {"content-length": length.encode("latin-1", "replace")}
            return await opened.request("PUT", PUT, content=parts(), headers=headers)

    assert told(asyncio.run(one()), status)


def test_what_arrives_after_its_session_has_gone_is_not_kept():
    client, behind = before(somebody("analyst"), Held(gone=("session",)))
    assert client.request("PUT", PUT, content=b"a").status_code == 204
    assert behind.shelf.held == {}


def test_whoever_hangs_up_in_mid_upload_is_no_defect_and_takes_no_room(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WHATIF_UPLOAD_SESSION", "1")
    shelf = Held()
    middleware = AskingRoutes(Behind(shelf), who=somebody("analyst"), shelf=shelf)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "method": "PUT", "path": PUT, "headers": [(b"content-length", b"1000000")]}
    for _ in range(3):  # each as large as all that a session may have
        asyncio.run(middleware(scope, receive, send))
    assert shelf.held == {}


def test_files_of_a_session_that_nobody_comes_back_to_are_let_go_of():
    shelf = Held(gone=("left",), here=5, left=7)
    seen = sweep_once(shelf, {}, now=100.0, patience=30.0)
    assert seen == {"here": 100.0, "left": 100.0}
    seen = sweep_once(shelf, seen, now=120.0, patience=30.0)
    assert shelf.held == {"here": 5, "left": 7}
    assert sweep_once(shelf, seen, now=140.0, patience=30.0) == {"here": 140.0}
    assert shelf.held == {"here": 5}


# ---- what a page says ------------------------------------------------------------------------------------------------


def said(kind: str, files: int = 0) -> BackMsg:
    """A message of a page."""
    message = BackMsg()
    if kind == "file_urls_request":
        message.file_urls_request.file_names.extend("a" * files)
    elif isinstance(getattr(message, kind), bool):
        setattr(message, kind, True)
    else:
        getattr(message, kind).SetInParent()
    return message


@pytest.mark.parametrize(
    ("person", "heard"),
    [
        (None, {"rerun_script", "stop_script", "app_heartbeat"}),
        (Person("ann", "viewer"), {"rerun_script", "stop_script", "app_heartbeat", "backend_operation_request"}),
        (Person("ann", "admin"), set(uploads.HEARD)),
    ],
)
def test_a_page_says_what_whoever_opened_it_may_and_nobody_what_is_a_developers(person: Person | None, heard: set[str]):
    kinds = [each.name for each in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields]
    assert {"clear_cache", "load_git_info", "set_run_on_save"} < set(kinds)
    assert {kind for kind in kinds if may_say(person, said(kind))} == heard
    assert not may_say(person, said("file_urls_request", files=21))
    assert not may_say(person, BackMsg())


def test_what_may_not_be_said_reaches_nobody():
    coming = [{"type": "websocket.connect"}]
    asked = [said(kind).SerializeToString() for kind in ("clear_cache", "rerun_script")]
    coming += [{"type": "websocket.receive", "bytes": each} for each in asked]
    coming += [{"type": "websocket.receive", "text": "hello"}, {"type": "websocket.receive", "bytes": b"\xff"}]
    heard: list[Any] = []

    async def behind(_scope: Any, receive: Any, _send: Any) -> None:
        while not heard or heard[-1]["type"] != "websocket.disconnect":
            heard.append(await receive())

    async def receive() -> Any:
        return coming.pop(0)

    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": []}
    asyncio.run(AskingRoutes(behind, who=nobody, shelf=Held())(scope, receive, None))
    assert [each.get("bytes") for each in heard] == [None, asked[1], None]
    assert (heard[-1]["type"], coming) == ("websocket.disconnect", [])  # for what is no message


# ---- Streamlit's own shelf -------------------------------------------------------------------------------------------


@pytest.fixture
def streamlits(monkeypatch: pytest.MonkeyPatch) -> MemoryUploadedFileManager:
    """What Streamlit keeps uploads in, as it runs."""
    kept = MemoryUploadedFileManager("/_stcore/upload_file")
    running = SimpleNamespace(uploaded_file_mgr=kept, is_active_session=lambda session: session == "one")
    monkeypatch.setattr(Runtime, "_instance", running)
    return kept


def test_what_streamlit_keeps_is_counted_by_session_with_names_and_empty_files(streamlits: MemoryUploadedFileManager):
    shelf = StreamlitShelf()
    for session, file, data in (("one", "a", b"abc"), ("one", "b", b""), ("two", "a", b"a" * 1000)):
        streamlits.add_file(session, UploadedFileRec(file, name="name", type="text", data=data))
    assert shelf.sizes() == {"one": 3 + 2 * (8 + ENTRY), "two": 1000 + 8 + ENTRY}
    assert (shelf.lives("one"), shelf.lives("two")) == (True, False)
    shelf.drop("two")
    assert list(shelf.sizes()) == ["one"]


def test_uploads_are_refused_aloud_where_streamlit_keeps_them_otherwise(
    streamlits: MemoryUploadedFileManager, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(streamlits, "file_storage", [])
    with pytest.raises(HttpError, match="its log knows why"):
        StreamlitShelf().sizes()
    assert [each.levelno for each in caplog.records] == [logging.ERROR]
    client = Client(AskingRoutes(Behind(Held()), who=somebody("analyst")))
    assert told(client.request("PUT", PUT, content=b"a"), 503)


def test_what_is_asked_for_has_the_addresses_that_streamlit_gives_it(streamlits: MemoryUploadedFileManager):
    from streamlit.web.server.starlette import starlette_routes as routes

    assert f"/{routes.BASE_ROUTE_UPLOAD_FILE}/" == uploads.UPLOADS
    assert f"/{routes.BASE_ROUTE_MEDIA}/" in uploads.ASKING
    assert f"/{routes.ROUTE_METRICS}".startswith(uploads.ASKING)
    assert streamlits.get_upload_urls("session", ["name"])[0].upload_url.startswith(uploads.UPLOADS)


@pytest.mark.parametrize(("who", "heard"), [(nobody, uploads.AT_MOST), (somebody("viewer"), 200)])
def test_a_visitor_who_is_refused_is_heard_at_a_pace_and_to_an_end(
    who: Callable[[HTTPConnection], Person], heard: int, monkeypatch: pytest.MonkeyPatch
):
    message = said("rerun_script").SerializeToString()
    coming = [{"type": "websocket.receive", "bytes": message}] * 200 + [{"type": "websocket.disconnect"}]
    reached: list[Any] = []
    waited: list[float] = []

    async def behind(_scope: Any, receive: Any, _send: Any) -> None:
        while not reached or reached[-1]["type"] != "websocket.disconnect":
            reached.append(await receive())

    async def receive() -> Any:
        return coming.pop(0)

    async def slept(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("pages.shared.uploads.asyncio.sleep", slept)
    asyncio.run(AskingRoutes(behind, who=who)({"type": "websocket", "path": "/", "headers": []}, receive, told))
    assert len(reached) == heard + 1
    assert len(waited) == (heard - uploads.AT_ONCE if who is nobody else 0)
    assert waited == sorted(waited)  # each after the one before it
