"""A page's briefing over REST: the same numbers as on the screen, one by one; who may ask; and that it is on record."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from model.api import routes
from model.api.briefings import SUBJECTS
from model.deployed.latency import LatencyLog
from model.monitoring.live import LatencyReading
from model.record.scenarios import ScenarioStore
from model.record.trail import find, recent
from model.record.verify import verify_record
from model.security.people import Person
from model.whatif.saved import SavedScenario
from tests.pages.conftest import Open, figure, markup
from tests.pages.conftest import open_app as open_app
from tests.support.inside import Served, told

QUERIES: dict[str, dict[str, str]] = {
    "customer": {"customer": "12345", "balances": "-20", "lgd": "0.6"},
    "book": {"preset": "fed_2026_severely_adverse", "severity": "50", "balances": "20", "weight_as_is": "100"},
    "policy": {"cutoff": "540", "lgd": "0.6"},
    "scenarios": {},
    "comparison": {"of": "book", "1": "As it stands", "2.preset": "fed_2026_severely_adverse", "2.severity": "50"},
    "trust": {"segment": "limit:1", "by": "limit", "moves": "inputs"},
    "operations": {},
}
PAGES = {"customer": "applicant", "comparison": "compare"}
RECORDED = {"customer", "book", "policy"}


@pytest.fixture
def served(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    return Served(own_home)


def asked(served: Served, subject: str, **query: str) -> dict[str, Any]:
    answer = served.client.get(f"/briefings/{subject}", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def tiles_on(text: str) -> list[str]:
    """The markup of each number of the headline, without tags, in order."""
    drawn = re.findall(r"<div class='wi-number[ '].*?(?=<div class='wi-number[ ']|</div></div></div>)", text)
    return [unescape(re.sub(r"<[^>]*>", " ", each)) for each in drawn]


def texts_on(text: str) -> dict[str, list[list[str]]]:
    """The cells of each short table on the screen, row by row, by the table's name."""
    tables = re.findall(r"<table class='wi-table' aria-label='([^']*)'[^>]*>.*?<tbody>(.*?)</tbody>", text)
    rows = {name: re.findall(r"<tr>(.*?)</tr>", body) for name, body in tables}
    return {name: [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in found] for name, found in rows.items()}


def test_every_page_has_a_briefing() -> None:
    assert set(SUBJECTS) == set(QUERIES) == set(routes.PAGES)


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers take as long each time they are asked about, so that two who ask are told the same."""
    reading = LatencyReading(calls=12, p50=3.0, p95=7.0, errors=0.0, answered=None, failed=None, trouble="")
    monkeypatch.setattr(LatencyLog, "read", lambda self: reading)


@pytest.mark.usefixtures("steady")
@pytest.mark.parametrize("subject", QUERIES)
def test_json_tells_number_by_number_what_the_screen_shows(served: Served, open_app: Open, subject: str) -> None:
    said = asked(served, subject, **QUERIES[subject])
    at = open_app(PAGES.get(subject, subject), **QUERIES[subject])
    text = markup(at)
    assert said["sentence"] in text
    drawn = tiles_on(text)
    assert len(drawn) == len(said["tiles"])
    assert said["tiles"] or subject == "comparison"  # whose numbers are a table
    for tile, shown in zip(said["tiles"], drawn, strict=True):
        for each in (tile["label"], tile["value"], tile["was"], tile["change"], tile["limit"], *tile["notes"]):
            assert each in shown, (tile, shown)
    charts = [each for each in said["findings"] if each.get("chart")]
    assert all(each["headline"] in text for each in charts)
    cells = texts_on(text)
    for table in (each["table"] for each in said["findings"] if each["table"] and subject == "comparison"):
        screen = [k for k, each in enumerate(table["columns"]) if each["place"] != "file"]
        assert [[str(row[k]) for k in screen] for row in table["shown"]] == cells[table["title"]]
    for each in charts:
        assert json.loads(json.dumps(each["chart"]["data"])) == figure(at, each["key"])["data"]


@pytest.mark.parametrize("subject", sorted(set(QUERIES) - {"scenarios", "comparison"}))
def test_every_panel_is_made_when_it_is_asked_for_and_only_then(served: Served, subject: str) -> None:
    said = asked(served, subject, panels="all", **QUERIES[subject])
    assert said["panels"]
    for panel in said["panels"]:
        assert panel["findings"], panel["key"]
        for table in (each["table"] for each in panel["findings"] if each.get("table")):
            assert all(len(row) == len(table["columns"]) for row in table["rows"])
    one = said["panels"][0]["key"]
    only = asked(served, subject, panels=one, **QUERIES[subject])
    assert [each["key"] for each in only["panels"] if each["findings"] is not None] == [one]


@pytest.mark.parametrize("subject", sorted(RECORDED & set(QUERIES)))
def test_a_briefing_is_recorded_like_a_what_if(served: Served, subject: str) -> None:
    asked(served, subject, **QUERIES[subject])
    (call,) = recent(served.running.engine, 10)
    entry = find(served.running.engine, call.id)
    assert (entry.kind, entry.via) == (f"whatif:{subject}", "rest")
    assert dict(entry.detail["address"]) == QUERIES[subject]
    assert verify_record(served.running.engine).ok


COMPARED = {
    "book": {"1": "As it stands", "2": "Half", "2.unemployment": "3", "weight.1": "70", "weight.2": "30"},
    "customer": {"1.customer": "12345", "2.customer": "12345", "2.balances": "-20"},
    "policy": {"1.cutoff": "500", "2.cutoff": "540", "2.lgd": "0.6"},
}


@pytest.mark.parametrize("of", COMPARED)
def test_each_of_those_compared_is_recorded_as_on_its_own_page(served: Served, of: str) -> None:
    said = asked(served, "comparison", of=of, **COMPARED[of])
    assert said["sentence"].startswith("Of 2 ")
    assert [each["key"] for each in said["findings"]][:3] == ["compared", "differences", "numbers"]
    calls = [find(served.running.engine, each.id) for each in recent(served.running.engine, 10)]
    assert {(each.kind, each.via) for each in calls} == {(f"whatif:{of}", "rest")}
    parts = [{name[2:]: value for name, value in COMPARED[of].items() if name.startswith(f"{k}.")} for k in (1, 2)]
    assert sorted((dict(each.detail["address"]) for each in calls), key=str) == sorted(parts, key=str)
    assert verify_record(served.running.engine).ok


def test_too_few_to_compare_are_told_what_is_lacking_and_nothing_is_recorded(served: Served) -> None:
    said = asked(served, "comparison", of="policy", **{"1.cutoff": "9999", "nothing": "1"})
    assert said["sentence"].startswith("Add one more, of at most 5, to see cut-offs side by side.")
    texts = [each["text"] for each in said["notices"]]
    assert ["9,999 was given" in " ".join(texts), "'nothing' in the address" in " ".join(texts)] == [True, True]
    assert recent(served.running.engine, 10) == []
    wrong = asked(served, "comparison", of="weather")
    assert "must be one of book, customer, policy" in wrong["notices"][0]["text"]


def test_what_is_wrong_with_the_query_is_told_and_the_rest_answered(served: Served) -> None:
    said = asked(served, "policy", cutoff="abc", sex="1", _curve="nonsense", _other="x", _what="y")
    texts = " ".join(each["text"] for each in said["notices"])
    for part in ("must be a number", "'sex' in the address", "_curve must be one of", "'_what' is nothing"):
        assert part in texts
    assert said["sentence"] == asked(served, "policy")["sentence"]


def test_a_saved_scenario_is_told_with_its_numbers_and_versions(served: Served) -> None:
    draft = SavedScenario("Base", "cards", "book", (("unemployment", "3"),), owner="Ada")
    kept = ScenarioStore(served.running.engine).save(draft, Person("Ada", "analyst"))
    said = asked(served, "scenarios", scenario=kept.id, panels="all", strange="1")
    assert said["sentence"].replace("\xa0", " ").startswith("“Base”: Unemployment +3 pp. Expected loss: NT$")
    assert [each["key"] for each in said["panels"]] == ["history", "all"]
    assert all(each["findings"] for each in said["panels"])
    assert "'strange' in the address is nothing here" in said["notices"][0]["text"]
    missing = asked(served, "scenarios", scenario="nowhere")
    assert "There is no saved scenario 'nowhere'" in missing["notices"][0]["text"]
    assert missing["tiles"][0]["value"] == "1"


def test_saved_scenarios_are_looked_through_as_on_their_page(served: Served) -> None:
    store, who = ScenarioStore(served.running.engine), Person("Ada", "analyst")
    for name, tags in (("Base", ("board",)), ("Severe", ())):
        store.save(SavedScenario(name, "cards", "book", (("unemployment", "3"),), owner="Ada", tags=tags), who)
    said = asked(served, "scenarios", tag="board", owner="ada", state="often")
    assert said["sentence"] == "1 of 2 scenarios of Taiwan credit cards: owner ada; tag board."
    (table,) = (each["table"] for each in said["findings"])
    assert [row[0] for row in table["rows"]] == ["Base"]
    assert "'often' was given; it was left out." in said["notices"][0]["text"]


def test_the_book_is_asked_about_of_one_band_alone_and_recorded_as_a_whole(served: Served) -> None:
    every, part = asked(served, "book", balances="20"), asked(served, "book", balances="20", within="limit_band:0")
    assert "on customers with credit limit below" in part["sentence"]
    assert part["tiles"][2]["value"] != every["tiles"][2]["value"]
    assert (part["tiles"][2]["headroom"], part["tiles"][2]["limit"]) == (None, "")
    assert every["tiles"][2]["headroom"]["share"] == pytest.approx(0.98, abs=0.05)
    calls = [find(served.running.engine, each.id) for each in recent(served.running.engine, 10)]
    assert [dict(each.detail["address"]) for each in calls] == [{"balances": "20"}] * 2
    wrong = asked(served, "book", within="limit_band:77")
    assert "The whole book is looked at." in wrong["notices"][0]["text"]


def test_a_page_or_panel_that_is_not_there_is_refused_with_those_that_are(served: Served) -> None:
    assert "policy" in told(served.client.get("/briefings/nothing"), 404)
    assert "swap" in told(served.client.get("/briefings/policy?panels=nothing"), 400)
    assert "There is no book" in told(served.client.get("/briefings/policy?book=nothing"), 400)


def test_whoever_has_no_token_gets_nothing_and_protected_figures_take_an_administrator(own_home: Path) -> None:
    served = Served(own_home, tokens=True)
    path = "/briefings/policy?panels=fair"
    told(served.client.get(path), 401)
    told(served.client.get(path, headers=served.holding("score", name="low")), 403)
    found = {}
    for scope in ("explain", "admin"):
        answer = served.client.get(path, headers=served.holding(scope, name=scope))
        (found[scope],) = (each["findings"] for each in answer.json()["panels"] if each["key"] == "fair")
    assert [each["note"] for each in found["explain"]] == [
        "To see protected attributes takes a token of the scope admin."
    ]
    assert any(each["table"] for each in found["admin"])
