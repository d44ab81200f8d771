"""Every page on a model that runs elsewhere: our own service, and another maker's server that has its bad moments."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from streamlit.testing.v1 import AppTest

from data.arrays import Array
from data.books import Book
from model.api import openapi, process, routes
from model.deployed import desk, remote, transport
from model.engine.scorer import TableScorer
from model.engine.tables import probability
from model.monitoring.discrimination import auc
from model.release.release import Release
from model.report import numbers
from model.report.numbers import Unit
from model.settings import Settings
from model.whatif.customer.decision import score_scale
from model.whatif.customer.scenario import apply
from tests.pages.conftest import Open, figure, markup, sentence, shown
from tests.support.servers import free_port
from tests.support.stand_in import StandIn, standing

SOMEBODY = 12345
PD, LOSS, APPROVED = "PD, one month", "Expected loss", "Approval rate"
PAGES: dict[str, dict[str, Any]] = {
    "applicant": {"customer": SOMEBODY, "balances": -20},
    "book": {"limits": -10},
    "policy": {"cutoff": 540},
}
TRACEBACK = (
    b'{"error": "Traceback (most recent call last):\\n  File \\"/srv/model.py\\", line 7, in predict\\n    boom\\n'
    b'ValueError: no such column"}'
)


def formula(status: Array, limit: Array, bill: Array) -> Array:
    """Another maker's model: log-odds (n,) of three raw fields."""
    return np.asarray(0.6 * status - limit / 2e5 + bill / 1e5 - 0.5)


def pd_of(raw: Array, book: Book) -> Array:
    """What it says of records (fields, n)."""
    row = book.contract.row
    return probability(formula(raw[row["status_1"]], raw[row["limit"]], raw[row["bill_1"]]))


@dataclass
class Foreign(StandIn):
    """A server of another maker; ``mode`` is what is the matter with it, ``most`` the customers it takes at once."""

    mode: str = "fine"
    most: int = 10**6
    stop: Callable[[], None] = lambda: None
    start: Callable[[], None] = lambda: None

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if self.mode == "slow":
            time.sleep(0.8)
        if self.mode == "failing" and method == "POST":
            return 500, TRACEBACK
        if method == "POST" and len(body["inputs"][0]["data"]) > self.most:
            return 413, {"error": "too many"}
        return super().answer(method, path, body)

    def inferred(self, body: Any, columns: Any) -> dict[str, Any]:
        found = super().inferred(body, columns)
        own = found["outputs"][0]
        if self.mode == "no numbers":
            own["data"] = [[None, None] for _ in own["data"]]
        if self.mode == "labels":
            own |= {"shape": [len(own["data"])], "data": [float(p > 0.5) for _, p in own["data"]]}
        return found

    def put(self, mode: str) -> None:
        """Into another mode; ``down`` refuses connections."""
        if self.mode == "down":
            self.start()
        if mode == "down":
            self.stop()
        self.mode = mode


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scorer: TableScorer) -> Iterator[Callable[[str], None]]:
    """Points the pages at a server, with a desk of their own that looks each time whether it is still there."""
    monkeypatch.setattr(transport, "PAUSE", 0.001)
    monkeypatch.setattr(transport, "CLOSED_FOR", 0.05)
    monkeypatch.setattr(desk, "CHECKED", 0.0)
    monkeypatch.setattr(remote, "survey", lambda *_: scorer.territory)
    own = desk.DeployedModels()
    pages = ("shared.deployed", "operations.health", "operations.releases")
    for place in ("model.deployed.desk", *(f"pages.{each}" for each in pages)):
        monkeypatch.setattr(f"{place}.desk", own)

    def point(url: str) -> None:
        monkeypatch.setenv("WHATIF_MODEL_URL", url)
        monkeypatch.setenv("WHATIF_MODEL_TIMEOUT", "0.5")

    yield point
    own.close()
    process.close()


@pytest.fixture
def foreign(elsewhere: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Foreign]:
    """Another maker's server, which the pages are pointed at."""
    mapping = tmp_path / "bank.toml"
    mapping.write_text('[inputs]\nSTATUS = "status_1"\nLIMIT = "limit"\nBILL = "bill_1"')
    monkeypatch.setenv("WHATIF_MODEL_MAPPING", str(mapping))
    there = Foreign(model=lambda columns: probability(formula(columns["STATUS"], columns["LIMIT"], columns["BILL"])))
    with ExitStack() as opened:
        port = free_port()

        def stop() -> None:
            opened.close()
            there.first = ["silence"] * 2  # on connections that are still open

        def start() -> None:
            there.first = []
            opened.enter_context(standing(there, port))

        there.start, there.stop = start, stop
        start()
        elsewhere(there.url)
        yield there


@pytest.fixture
def ours(
    elsewhere: Callable[[str], None], own_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Path]:
    """Our own service on a home of its own; the dashboard's home is empty."""
    port = free_port()
    app = routes.create(process.running(Settings(home=own_home)).service, open_here=True)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    elsewhere(f"http://127.0.0.1:{port}")
    monkeypatch.setenv("WHATIF_MODEL_TIMEOUT", "10")
    yield tmp_path / "dashboard"
    server.should_exit = True
    thread.join()


@pytest.fixture
def open_ours(open_app: Open, ours: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a page of a dashboard that has no release of its own."""
    monkeypatch.setenv("WHATIF_HOME", str(ours))
    return open_app


def captions(at: AppTest) -> str:
    return "\n".join(each.value for each in at.caption)


def errors(at: AppTest) -> str:
    return "\n".join(each.value for each in at.error)


def all_words(at: AppTest) -> str:
    """Everything that is written on the page."""
    places = (at.html, at.markdown, at.caption, at.error, at.warning, at.info)
    return "\n".join(str(each.value) for place in places for each in place)


def listed(at: AppTest) -> dict[str, str]:
    """What is deployed, as the operations page lists it."""
    return dict(re.findall(r"<tr><td>([^<]*)</td><td>([^<]*)</td></tr>", markup(at)))


def values(at: AppTest) -> list[str]:
    """The numbers of the headline."""
    return re.findall(r"<div class='wi-value'>(.*?)</div>", markup(at))


def exposed(raw: Array, book: Book) -> Array:
    return book.contract.exposures(raw, {"ccf": 0.5}).ead


# ---- our own service -------------------------------------------------------------------------------------------------


def test_customer_page_shows_what_our_service_says(open_ours: Open, scorer: TableScorer, book: Book):
    at = open_ours("applicant", customer=SOMEBODY, balances=-20)
    record = apply(book.contract, book.raw[:, [book.position(SOMEBODY)]], {"balances": -20})
    assert shown(at, PD) == numbers.percent(float(probability(scorer.margins(record))[0]))
    assert "Reasons as the deployed model's server gives them, against the average customer of the book" in captions(at)
    assert "standard error" not in captions(at)
    assert f"model {desk.desk.model('cards').name} at 127.0.0.1:" in markup(at)


def test_book_page_is_reckoned_by_tables_and_checked_live(open_ours: Open, scorer: TableScorer, book: Book):
    at = open_ours("book", limits=-10)
    assert "Checked live: 200 random customers asked of release " in captions(at)
    assert not at.error
    unmoved = open_ours("book")
    loss = float((probability(scorer.margins(book.raw)) * 0.8 * exposed(book.raw, book)).sum())
    assert shown(unmoved, LOSS) == Unit.of(loss).text(loss, book.contract.book.currency)


def test_policy_trust_and_operations_know_the_release_that_answers(
    open_ours: Open, scorer: TableScorer, book: Book, release: Release
):
    at = open_ours("policy")
    score = score_scale(book.contract).score(scorer.margins(book.raw))
    approved = int((np.floor(score) >= 520).sum())
    assert f"{approved:,} of {len(book):,}" in markup(at)
    at = open_ours("trust")
    assert "on records it was not fitted to" in sentence(at)
    assert shown(at, "Gates passed").split(" of ")[1] == str(len(release.report.gates))
    at = open_ours("operations")
    rows = listed(at)
    assert rows["Role"] == "as its server has it"
    assert rows["Reasons"] == "from the server"
    assert rows["Protocol"] == "Open Inference Protocol v2"
    assert "no check failed; one gate to watch" in sentence(at)


def test_server_that_answers_otherwise_under_the_same_hash_is_found_by_the_book_page(
    open_app: Open, elsewhere: Callable[[str], None], release: Release
):
    """The release is known here: by its tables the numbers are one thing, by the server another."""
    names = [each.name for each in release.contract.record]
    there = StandIn(
        model=lambda columns: probability(release.scorer.margins(np.stack([columns[each] for each in names])) + 0.01),
        version=release.id,
        metadata=openapi.metadata("credit", release, [release.id], "cards"),
        wrong=lambda answer: answer | {"parameters": {"artefact": release.artefact}},
    )
    with standing(there):
        elsewhere(there.url)
        at = open_app("book")
        assert "200 of 200 customers asked live just now have another probability" in errors(at)
        assert "Do not use the numbers below" in errors(at)


# ---- another maker's server ------------------------------------------------------------------------------------------


def test_customer_page_shows_what_the_server_says_and_how_reasons_were_asked(
    foreign: Foreign, open_app: Open, book: Book
):
    at = open_app("applicant", customer=SOMEBODY)
    record = book.raw[:, [book.position(SOMEBODY)]]
    assert shown(at, PD) == numbers.percent(float(pd_of(record, book)[0]))
    told = captions(at)
    assert "The server gives no reasons, so the model was asked about " in told
    assert "50 customers of the book: Shapley values by concept, each give or take " in told
    assert "(standard error)" in told
    at.slider(key="customer.limit").set_value(200_000).run()
    moved = apply(book.contract, record, {"limit": 200_000})
    assert shown(at, PD) == numbers.percent(float(pd_of(moved, book)[0]))
    assert not at.exception
    assert "model v1 at 127.0.0.1:" in markup(at)


def test_book_page_sums_over_what_the_server_says_of_everybody(foreign: Foreign, open_app: Open, book: Book):
    at = open_app("book")
    loss = float((pd_of(book.raw, book) * 0.8 * exposed(book.raw, book)).sum())
    assert shown(at, LOSS) == Unit.of(loss).text(loss, book.contract.book.currency)
    assert f"was asked live about all {len(book):,} customers." in captions(at)
    assert "Checked live" not in captions(at)
    before = shown(at, LOSS)
    at.slider(key="book.balances").set_value(20).run()
    assert not at.exception
    assert shown(at, LOSS) != before


def records_asked(server: Foreign) -> int:
    return sum(len(each.body["inputs"][0]["data"]) for each in server.asked())


def test_comparison_asks_once_a_shock_and_says_what_it_would_have_to_ask_too_often(
    foreign: Foreign, open_app: Open, book: Book
):
    shocked = {"2.limits": -10, "3.limits": -10, "3.balances": 10, "3.payments": -10, "3.later": 1}
    at = open_app("compare", **{"of": "book", "1": "Now", "2": "One", "3": "Four"} | shocked)
    loss = float((pd_of(book.raw, book) * 0.8 * exposed(book.raw, book)).sum())
    assert figure(at, "compared")["data"][0]["x"][0] == pytest.approx(loss / 1e6)
    assert "What moved “Four” is not worked out here: the model runs elsewhere" in at.info[0].value
    assert "asked about 420,000 customers more" in at.info[0].value
    assert len(at.get("plotly_chart")) == 2  # the bars, and what moved “One”
    assert records_asked(foreign) < 5 * len(book)
    before = records_asked(foreign)
    at.text_input(key="compare.2").set_value("Only limits").run()
    assert "Only limits" in markup(at)
    assert records_asked(foreign) - before < 10  # whether the server is still the same


def test_compared_cutoffs_and_customers_ask_little_more_than_their_pages(foreign: Foreign, open_app: Open, book: Book):
    open_app("compare", of="policy", **{"1.cutoff": 520, "2.cutoff": 540, "3.cutoff": 500})
    assert records_asked(foreign) < len(book) + 500
    before = records_asked(foreign)
    at = open_app("compare", of="customer", **{f"{k}.customer": 100 * k for k in range(1, 6)}, **{"5.balances": -20})
    assert "Of 5 customers compared" in sentence(at)
    assert records_asked(foreign) - before < 5000


@pytest.mark.parametrize("mode", ["down", "failing"])
def test_comparison_shows_no_number_while_the_server_does_not_answer(mode: str, foreign: Foreign, open_app: Open):
    at = open_app("compare", of="customer", **{"1.customer": SOMEBODY, "2.customer": 200})
    before = sentence(at)
    foreign.put(mode)
    at.run()
    numberless(at)
    foreign.put("fine")
    time.sleep(0.1)  # until the way is open again
    at.button(key="_again").click().run()
    assert sentence(at) == before


def test_policy_page_counts_whom_the_server_would_have_granted(foreign: Foreign, open_app: Open, book: Book):
    at = open_app("policy")
    pd = pd_of(book.raw, book)
    approved = int((np.floor(score_scale(book.contract).score(np.log(pd / (1 - pd)))) >= 520).sum())
    assert f"{approved:,} of {len(book):,}" in markup(at)


def test_trust_page_says_that_nothing_is_known_of_how_it_was_tested(foreign: Foreign, open_app: Open, book: Book):
    at = open_app("trust")
    assert "Not available: the model v1 at 127.0.0.1:" in at.info[0].value
    assert "it may have been trained on these very records" in at.info[0].value
    assert "not validated here ○" in [each.proto.label for each in at.get("page_link")]
    assert "gate" not in sentence(at)
    pd = pd_of(book.raw, book)
    assert shown(at, "Share correctly ranked") == f"{round(100 * auc(book.target, pd))} of 100 pairs"
    assert "✓" not in markup(at)
    assert "no threshold is set" in markup(at)


def test_operations_page_tells_what_the_server_is(foreign: Foreign, open_app: Open):
    at = open_app("operations")
    rows = listed(at)
    assert rows["Version there"] == "v1"
    assert rows["Reasons"] == "asked through predictions, by concept"
    assert "Release" not in rows
    assert "every check holds" in sentence(at)


@pytest.mark.parametrize("page", PAGES)
def test_no_release_of_ours_is_named_for_another_makers_model(
    page: str, foreign: Foreign, open_app: Open, release: Release
):
    at = open_app(page, **PAGES[page])
    assert release.id[:6] not in all_words(at)
    assert "Checked live" not in all_words(at)


TROUBLES = {
    "down": r"has not answered since \d\d:\d\d UTC \(Connection refused\)",
    "slow": r"has not answered since \d\d:\d\d UTC \(no answer within 0\.5 s\)",
    "no numbers": r"The deployed model gave no number for 50 of 50 records",
    "labels": r"class labels",
    "failing": r"failed at this question \(500: ValueError: no such column\)",
}


def numberless(at: AppTest) -> None:
    """No number, chart, table or control of before is left, nor anything of a traceback."""
    assert not at.exception
    assert "wi-value" not in markup(at)
    assert "wi-sentence" not in markup(at)
    assert [len(each) for each in (at.get("plotly_chart"), at.dataframe, at.slider)] == [0] * 3
    for word in ("Traceback", "File ", "/srv/", "line 7", ".py"):
        assert word not in "\n".join(each.value for place in (at.markdown, at.caption, at.error) for each in place)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("mode", TROUBLES)
def test_trouble_stands_in_place_of_numbers_and_trying_again_brings_them_back(
    mode: str, page: str, foreign: Foreign, open_app: Open
):
    at = open_app(page, **PAGES[page])
    before, address = sentence(at), dict(at.query_params)
    told = values(at)
    assert told
    foreign.put(mode)
    at.run()
    numberless(at)
    assert len(at.error) == 1
    assert re.search(TROUBLES[mode], at.error[0].value)
    assert "No number is shown, because none would be of now. What you assumed is kept." in captions(at)
    foreign.put("fine")
    time.sleep(0.1)  # until the way is open again
    at.button(key="_again").click().run()
    assert not at.exception
    assert not at.error
    assert sentence(at) == before
    assert values(at) == told
    assert dict(at.query_params) == address


@pytest.mark.parametrize("page", ["trust", "operations"])
def test_pages_without_a_what_if_tell_of_a_server_that_is_away(page: str, foreign: Foreign, open_app: Open):
    at = open_app(page)
    foreign.put("down")
    at.run()
    numberless(at)
    assert "has not answered since" in errors(at)
    foreign.put("fine")
    time.sleep(0.1)
    at.button(key="_again").click().run()
    assert not at.error
    assert not at.exception


@pytest.mark.parametrize(("page", "lever"), [("applicant", "customer.balances"), ("book", "book.balances")])
def test_trouble_in_the_midst_of_a_page_is_told_without_the_numbers_before_it(
    page: str, lever: str, foreign: Foreign, open_app: Open
):
    """The server answers about few customers, and so when asked whether it is well, but fails at many."""
    at = open_app(page, **PAGES[page])
    before, foreign.most = values(at), 60
    at.slider(key=lever).set_value(30).run()
    numberless(at)
    assert len(at.error) == 1
    assert "too many" in errors(at)
    assert " live, " in markup(at)  # for it is
    at.button(key="_again").click().run()
    numberless(at)
    assert "too many" in errors(at)
    foreign.most = 10**6
    at.button(key="_again").click().run()
    assert not at.error
    assert len(values(at)) == len(before)
    assert values(at) != before
    assert at.query_params["balances"] in ("30", ["30"])


def test_another_version_at_the_server_is_shown_at_once(foreign: Foreign, open_app: Open, book: Book):
    at = open_app("applicant", customer=SOMEBODY)
    before = shown(at, PD)
    foreign.version, foreign.model = "v2", lambda columns: np.full(len(columns["LIMIT"]), 0.4321)
    at.slider(key="customer.limit").set_value(200_000).run()
    assert not at.exception
    assert not at.error
    assert shown(at, PD) == "43.2\N{NO-BREAK SPACE}%" != before
    assert "model v2 at" in markup(at)
    assert at.query_params["limit"] in ("200000", ["200000"])


def test_server_that_is_away_from_the_beginning_is_told(foreign: Foreign, open_app: Open):
    foreign.put("down")
    at = open_app("book")
    numberless(at)
    assert "has not answered yet (Connection refused)" in errors(at)
    foreign.put("fine")
    at.button(key="_again").click().run()
    assert shown(at, LOSS)
