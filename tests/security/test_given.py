"""What strangers give means no more than it may: a request is one request, a name a name, an entity nothing."""

import socket
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from data.errors import BadInput
from model.deployed.transport import Transport
from model.record import database
from model.record.scenarios import ScenarioStore
from model.security.people import Person
from model.settings import Settings
from model.whatif.saved import SavedScenario
from tests.api.test_connections import port as port
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.files.test_apart import plain, read, workbook
from tests.support.stand_in import StandIn, standing

ENTITIES = {  # where a workbook may declare what stands for the content of a file
    "xl/worksheets/sheet1.xml": "worksheet",
    "xl/workbook.xml": "workbook",
    "[Content_Types].xml": "Types",
}
SHEET = b'<row><c t="inlineStr"><is><t>loan_id</t></is></c><c t="inlineStr"><is><t>default</t></is></c></row>'
SHEET += b'<row><c t="inlineStr"><is><t>%s</t></is></c><c><v>1</v></c></row>'


@pytest.mark.parametrize(("part", "root"), ENTITIES.items(), ids=ENTITIES)
def test_a_workbook_with_an_entity_reads_no_file(part: str, root: str, tmp_path: Path):
    """Whether it is refused or read without; the same without the entity is read."""
    secret = tmp_path / "secret"
    secret.write_text("TOLD")
    assert "TOLD" in str(read(workbook(SHEET % b"TOLD"), "a.xlsx").frame)
    declared = f'<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY told SYSTEM "{secret.as_uri()}">]>'.encode()
    with ZipFile(BytesIO(workbook(SHEET % b"&told;"))) as sound, ZipFile(into := BytesIO(), "w") as archive:
        for name in sound.namelist():
            content = sound.read(name)
            archive.writestr(name, declared + content.replace(b"default", b"&told;") if name == part else content)
    try:
        found = read(into.getvalue(), "a.xlsx")
        cells = f"{found.header} {found.frame}"
    except BadInput as error:
        cells = str(error)
    assert "TOLD" not in cells


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.pdf", "a"])
def test_a_file_that_is_not_what_its_name_says_is_refused(name: str):
    with pytest.raises(BadInput, match=r"is of no kind that is read|but its content is a text file"):
        read(plain(), name)


@pytest.mark.parametrize("name", ["'; DROP TABLE scenario; --", 'a"; DELETE FROM scenario; --', "%(name)s :name ?"])
def test_a_name_that_would_end_a_query_is_a_name(name: str, tmp_path: Path):
    engine = database.engine(Settings(home=tmp_path))
    store = ScenarioStore(engine)
    ada = Person("Ada", "analyst")
    kept = store.save(SavedScenario(name, "cards", "book", (("unemployment", "3"),), "Ada"), ada)
    assert [each.name for each in store.listed("cards")] == [name]
    assert store.listed(name) == []
    assert kept.name == name
    engine.dispose()


def test_no_redirect_is_followed_with_a_token():
    with standing(StandIn()) as other, standing(StandIn()) as there:
        there.first = [(307, {"location": f"{other.url}/v2/models/credit"}, b"")]
        with Transport(Settings(model_url=there.url, model_token="secret")) as way:
            assert way.get("/v2/models/credit").status == 307
        assert [each.path for each in there.seen] == ["/v2/models/credit"]
        assert other.seen == []


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 4\r\nContent-Length: 44\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
    ],
)
def test_a_request_of_two_lengths_is_one_request_or_none(lengths: bytes, port: int):
    """What follows it is never answered as a second one, whichever length somebody before us went by."""
    hidden = b"GET /?7777 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + lengths + b"\r\n0\r\n\r\n" + hidden)
        said = b""
        while more := connection.recv(2**16):
            said += more
    assert said.startswith(b"HTTP/1.1 400")
    assert said.count(b"HTTP/1.1 ") == 1
