"""The customer page, driven through its native controls."""

import math
import re
from datetime import date
from functools import partial
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from data.books import Book
from data.contract import Contract
from model.deployed.model import DeployedModel
from model.engine.scorer import TableScorer
from model.engine.tables import probability
from model.export.workbook.workbook import MIME, asked_customer_workbook
from model.release.release import Release
from model.report import numbers
from model.report.numbers import NBSP
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.decision import score_scale
from model.whatif.customer.scenario import CustomerScenario, apply
from model.whatif.customer.starting_points import personas
from model.whatif.customer.typical import typical_record
from tests.pages.conftest import Open, address, answers, figure, markup, sentence, shown
from tests.support.records import numbers_of, stressed

SOMEBODY = 12345


@pytest.fixture
def open_app(open_app: Open) -> Open:
    """Opens the customer page at an address."""
    return partial(open_app, "applicant")


PD, SCORE, DECISION, LOSS = "PD, one month", "Score", "Decision", "Expected loss, one month"


def expected(scorer: TableScorer, book: Book, customer: int, **edits: float) -> tuple[str, str]:
    record = apply(book.contract, book.raw[:, [book.position(customer)]], edits)
    margin = scorer.margins(record)
    return numbers.percent(float(probability(margin)[0])), str(math.floor(score_scale(book.contract).score(margin)[0]))


def test_an_empty_page_invites_and_shows_nobody_s_number(open_app: Open) -> None:
    at = open_app()
    assert "Choose a customer" in markup(at)
    assert "wi-value" not in markup(at)  # of all of them something is told, of nobody a number
    assert not at.slider


def test_a_customer_is_shown_with_the_models_own_numbers(open_app: Open, scorer: TableScorer, book: Book) -> None:
    at = open_app(customer=SOMEBODY)
    pd, score = expected(scorer, book, SOMEBODY)
    assert (shown(at, PD), shown(at, SCORE)) == (pd, score)


@pytest.mark.parametrize(("lever", "value"), [("limit", 200_000), ("balances", -50), ("pays", 80), ("late", 0)])
def test_each_lever_changes_the_number_to_the_models_own(
    open_app: Open, scorer: TableScorer, book: Book, lever: str, value: int
) -> None:
    at = open_app(customer=SOMEBODY)
    at.slider(key=f"customer.{lever}").set_value(value).run()
    pd, score = expected(scorer, book, SOMEBODY, **{lever: value})
    assert (shown(at, PD), shown(at, SCORE)) == (pd, score)
    assert at.query_params[lever] == str(value)


def test_every_number_of_the_first_sentence_stands_on_the_screen(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY, balances=-20, pays=30)
    sentence = re.search(r"<p class='wi-sentence'[^>]*>(.*?)</p>", markup(at))
    assert sentence is not None
    text = sentence.group(1)
    assert f"would score {shown(at, SCORE)}," in text
    assert "balances 20\N{NO-BREAK SPACE}% lower and 30\N{NO-BREAK SPACE}% of each bill paid" in text
    assert f"About {math.floor(float(shown(at, PD).split()[0]) + 0.5)} in 100" in text
    distance = re.search(r"(\d+) points? (above|below) the cut-off", text)
    assert distance is not None
    gap = int(shown(at, SCORE)) - 520
    assert (int(distance[1]), distance[2]) == (abs(gap), "above" if gap > 0 else "below")


def test_reasons_bars_sum_from_the_average_customer_to_the_score(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY, pays=30)
    bars = figure(at, "why")["data"][0]["x"]
    told = re.search(r"(\d+) points against (\d+) for the average", markup(at))
    assert told is not None
    score, base = int(told[1]), int(told[2])
    assert base + sum(bars) == score == int(shown(at, SCORE))
    assert len(bars) <= 6


def test_what_changed_sums_from_the_base_to_the_edited_probability(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY, balances=-20, pays=30, late=0)
    texts = figure(at, "why")["data"][1]["text"]
    base, *parts, edited = [float(text.replace("\N{MINUS SIGN}", "-").split()[0]) for text in texts]
    assert len(parts) == 3
    assert base + sum(parts) == pytest.approx(edited, abs=1e-9)
    assert f"{edited:.1f}\N{NO-BREAK SPACE}%" == shown(at, PD)


def test_without_edits_nothing_is_said_to_have_changed(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY)
    assert "Move a lever" in markup(at)
    assert len(figure(at, "why")["data"]) == 1


def test_risk_up_is_drawn_in_orange_and_risk_down_in_blue(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY)
    bars = figure(at, "why")["data"][0]
    for value, colour in zip(bars["x"], bars["marker"]["color"], strict=True):
        assert colour == ("#d5601e" if value < 0 else "#3b82c4")


def test_reset_all_is_identical_to_the_base(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY)
    before = answers(at), figure(at, "why")
    at.slider(key="customer.balances").set_value(-50).run()
    at.slider(key="customer.pays").set_value(100).run()
    assert answers(at) != before[0]
    next(b for b in at.button if b.label == "Reset").click().run()
    assert (answers(at), figure(at, "why")) == before
    assert dict(at.query_params) == {"customer": str(SOMEBODY)}
    assert at.slider(key="customer.balances").value == 0


def test_undo_returns_to_the_edit_before(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY)
    at.slider(key="customer.balances").set_value(-50).run()
    once = answers(at)
    at.slider(key="customer.pays").set_value(100).run()
    next(b for b in at.button if b.label == "Undo").click().run()
    assert answers(at) == once
    assert at.slider(key="customer.pays").value != 100


def test_one_edit_can_be_taken_back_alone(open_app: Open, scorer: TableScorer, book: Book) -> None:
    at = open_app(customer=SOMEBODY, balances=-50, pays=100)
    at.get_by_key("customer.changed.").set_value("balances").run()
    assert shown(at, PD) == expected(scorer, book, SOMEBODY, pays=100)[0]
    assert "balances" not in at.query_params


def test_a_lever_put_back_to_its_start_is_no_edit(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY)
    start = at.number_input(key="customer.pays.typed").value
    at.slider(key="customer.pays").set_value(80).run()
    at.number_input(key="customer.pays.typed").set_value(start).run()
    assert dict(at.query_params) == {"customer": str(SOMEBODY)}


def test_a_lever_stands_at_the_record_s_own_number_and_moves_by_its_step_from_there(open_app: Open, book: Book) -> None:
    own = book.record(SOMEBODY)[:, 0].copy()
    own[book.contract.row["limit"]] = 123_456.5  # no multiple of the lever's step
    at = open_app(["_two_way"], own=",".join(f"{value:.15g}" for value in own))
    slider, field = at.slider(key="customer.limit"), at.number_input(key="customer.limit.typed")
    assert (slider.value, field.value) == (123_456.5, 123_456.5)
    assert f"Credit limit · NT${NBSP}123,456.5" in slider.label
    assert slider.step == 10_000
    slider.set_value(133_456.5).run()
    assert at.query_params["limit"] == "133456.5"
    assert at.number_input(key="customer.limit.typed").value == 133_456.5
    assert not at.exception


@pytest.mark.parametrize("name", ["safe", "borderline", "in trouble"])
def test_each_starting_point_opens_its_customer(open_app: Open, scorer: TableScorer, book: Book, name: str) -> None:
    at = open_app()
    at.get_by_key("_start").set_value(name).run()
    customer = personas(scorer, book)[name]
    assert at.query_params["customer"] == str(customer)
    assert shown(at, DECISION) == {"safe": "Granted"}.get(name, "Not granted")


def test_random_opens_some_customer_and_can_be_asked_again(open_app: Open, book: Book) -> None:
    at = open_app()
    opened = set()
    for _ in range(4):
        at.get_by_key("_start").set_value("random").run()
        opened.add(at.query_params["customer"])
    assert len(opened) > 1
    assert all(int(each) in book.ids for each in opened)


def test_a_customer_is_found_by_number(open_app: Open, scorer: TableScorer, book: Book) -> None:
    at = open_app()
    at.number_input(key="_find").set_value(777).run()
    assert shown(at, PD) == expected(scorer, book, 777)[0]


def test_a_record_typed_by_hand_is_scored_only_when_complete(
    open_app: Open, scorer: TableScorer, book: Book, contract: Contract
) -> None:
    at = open_app(own="," * (len(contract.record) - 1))
    record = book.raw[:, 0]
    for k, field in enumerate(contract.record):
        assert "%" not in markup(at)
        assert f"{len(contract.record) - k} of {len(contract.record)} values are still missing" in markup(at)
        at.get_by_key(f"customer.own.{field.name}").set_value(round(record[k])).run()
        assert not at.exception
    assert shown(at, PD) == expected(scorer, book, int(book.ids[0]))[0]


def test_a_record_of_ones_own_begins_with_what_is_usual_and_says_so(
    open_app: Open, scorer: TableScorer, book: Book
) -> None:
    at = open_app()
    at.get_by_key("_start").set_value("your own").run()
    typical = typical_record(book)
    assert shown(at, PD) == numbers.percent(float(probability(scorer.margins(typical))[0]))
    assert any(each.value.startswith("Every value is the usual one of the book") for each in at.caption)
    at.number_input(key="customer.own.limit").set_value(90_000).run()
    assert any(each.value.startswith("18 of 19 values are the usual ones") for each in at.caption)


def test_a_statement_edit_changes_derived_inputs_with_it(open_app: Open, scorer: TableScorer, book: Book) -> None:
    at = open_app(customer=SOMEBODY)
    at.get_by_key("_statement").open = True
    at.session_state["_statement"] = True
    at.run()
    at.number_input(key="customer.paid_1").set_value(15_000).run()
    assert shown(at, PD) == expected(scorer, book, SOMEBODY, paid_1=15_000)[0]
    at.selectbox(key="customer.status_1").set_value(3).run()
    assert shown(at, PD) == expected(scorer, book, customer=SOMEBODY, paid_1=15_000, status_1=3)[0]


def test_an_edit_that_cannot_be_is_refused_and_loses_nothing(open_app: Open) -> None:
    at = open_app(customer=1, pays=80)
    before = shown(at, PD)
    at.session_state["_statement"] = True
    at.run()
    at.selectbox(key="customer.status_4").set_value(8).run()  # minus one in May: nine months worse within one month
    assert "cannot worsen" in at.warning[0].value
    assert shown(at, PD) == before
    assert at.query_params["pays"] == "80"


def test_assumptions_move_the_loss_and_not_the_probability(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY, lgd=0.4)
    half, pd = shown(at, LOSS), shown(at, PD)
    whole = open_app(customer=SOMEBODY)
    assert shown(whole, PD) == pd
    amount = [float(re.sub(r"[^\d.]", "", text)) for text in (half, shown(whole, LOSS))]
    assert amount[0] == pytest.approx(amount[1] / 2, abs=1)


def test_the_cut_off_is_an_assumption_that_turns_the_decision(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY)
    assert shown(at, DECISION) == "Not granted"
    assert shown(open_app(customer=SOMEBODY, cutoff=400), DECISION) == "Granted"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ({"customer": 99_999_999}, "There is no customer"),
        ({"customer": "abc"}, "is no customer number"),
        ({"customer": SOMEBODY, "limit": -5}, "Credit limit must be"),
        ({"customer": SOMEBODY, "late": "many"}, "is not a number"),
        ({"customer": SOMEBODY, "sex": 2}, "nothing that can be changed"),
        ({"customer": SOMEBODY, "status_1": 9}, "must be one of"),
    ],
)
def test_a_bad_address_falls_back_and_says_so(open_app: Open, address: dict[str, object], told: str) -> None:
    at = open_app(**address)
    assert told in at.warning[0].value
    assert "customer" not in at.query_params or dict(at.query_params) == {"customer": str(SOMEBODY)}


def test_with_url_state_off_the_address_holds_the_number_alone(open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATIF_URL_STATE", "off")
    at = open_app(customer=SOMEBODY, pays=100)
    at.slider(key="customer.balances").set_value(-50).run()
    assert dict(at.query_params) == {"customer": str(SOMEBODY)}


def test_a_sweep_marks_now_and_goal_seek_answers(open_app: Open, scorer: TableScorer, book: Book) -> None:
    at = open_app(customer=SOMEBODY)
    at.selectbox(key="_swept").set_value("pays").run()
    at.number_input(key="_pd_goal").set_value(50.0).run()
    told = re.search(r"(\d+)\N{NO-BREAK SPACE}% would bring the model's answer to ([\d.]+)", markup(at))
    assert told is not None
    assert f"{told[2]}\N{NO-BREAK SPACE}%" == expected(scorer, book, SOMEBODY, pays=float(told[1]))[0]
    assert float(told[2]) <= 50
    now = figure(at, "sweep")["data"][2]
    assert np.isclose(now["y"][0], float(shown(at, PD).split()[0]), atol=0.05)


def test_an_unreachable_goal_is_told_with_the_best(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY)
    at.selectbox(key="_swept").set_value("pays").run()
    at.number_input(key="_pd_goal").set_value(0.5).run()
    assert "is out of reach with this alone; the best is" in markup(at)


def test_no_goal_is_sought_by_association(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY)
    at.number_input(key="_pd_goal").set_value(0.5).run()
    assert "Credit limit: by association only; none of its values is a way to 0.5\N{NO-BREAK SPACE}%." in markup(at)
    assert [each["text"] for each in figure(at, "sweep")["data"] if each["mode"] == "markers+text"] == [["now"]]


def test_every_input_can_be_swept(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY)
    for name in ("limit", "balances", "late", "bill_3", "paid_6", "status_2"):
        at.selectbox(key="_swept").set_value(name).run()
        assert not at.exception
        swept = figure(at, "sweep")["data"][0]["x"]
        assert swept[0] < swept[-1]


def test_every_chart_has_words_for_those_who_cannot_see_it(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY, pays=80)
    for key in ("why", "sweep"):
        assert len(at.get_by_key(key).proto.alt) > 40


def test_the_table_of_inputs_adds_up_to_the_score(open_app: Open, scorer: TableScorer, book: Book) -> None:
    at = open_app(customer=SOMEBODY)
    at.session_state["_table"] = True
    at.run()
    frame = at.dataframe[0].value
    assert frame["Score points"].iloc[:-1].sum() == pytest.approx(frame["Score points"].iloc[-1], abs=1e-9)
    assert frame["Log-odds"].iloc[:-1].sum() == pytest.approx(frame["Log-odds"].iloc[-1], abs=1e-9)
    margin = scorer.margins(book.raw[:, [book.position(SOMEBODY)]])[0]
    assert frame["Log-odds"].iloc[-1] == round(margin, 4)
    assert len(frame) == len(book.contract.inputs) + 2


def test_a_customer_who_is_no_longer_in_the_book_is_told_in_place_of_numbers(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY)
    at.session_state["_customer_value"] = CustomerScenario(99_999_999)
    at.run()
    assert not at.exception
    assert "There is no customer 99,999,999" in at.error[0].value
    assert "Undo takes the last change back." in at.error[0].value
    assert "wi-value" not in markup(at)
    assert not at.slider
    at.number_input(key="_find").set_value(SOMEBODY).run()
    assert not at.error
    assert shown(at, PD)


def test_no_causal_verb_and_no_column_name_is_shown(open_app: Open, contract: Contract) -> None:
    at = open_app(customer=SOMEBODY, balances=-20, pays=80)
    text = re.sub(r"<[^>]*>", " ", markup(at))
    assert not re.search(r"\bcauses?\b|will (reduce|lower|raise)|\bbecause\b", text)
    assert not re.search(r"\w+_\w+", text)
    assert not re.search(r"\d\.\d{3,}", text)


def test_a_record_outside_known_territory_is_greyed_with_the_reason(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY, bill_1=1_700_000, paid_1=1_600_000)
    assert "lies outside anything the model has seen" in markup(at)
    assert markup(at).count("wi-grey") == 4


def test_the_state_survives_switching_pages(open_app: Open) -> None:
    at = open_app(customer=SOMEBODY, pays=80)
    before = shown(at, PD)
    at.switch_page("trust/page.py").run()
    at.switch_page("customer/page.py").run()
    assert shown(at, PD) == before
    assert at.query_params["pays"] == "80"


def test_the_link_to_copy_opens_the_same_what_if(open_app: Open, release: Release) -> None:
    at = open_app(customer=SOMEBODY, balances=-20)
    at.session_state["_customer_link"] = True
    at.run()
    address = parse_qs(urlsplit(at.code[0].value).query)
    again = open_app(**{name: values[0] for name, values in address.items()})
    assert answers(again).replace(at.code[0].value, "") == answers(at)
    assert address.pop("made-with") == [release.id[:6]]
    assert address == {"customer": [str(SOMEBODY)], "balances": ["-20"]}


def test_a_customer_under_the_book_s_scenario_stands_in_three_states(open_app: Open, whole: ScoredBook) -> None:
    under = {"under.preset": "fed_2026_severely_adverse", "under.balances": "20"}
    at = open_app(customer=12345, balances=-30, **under)
    stress = stressed(preset="fed_2026_severely_adverse", balances=20)
    k = int(np.flatnonzero(whole.ids == 12345)[0])
    pds = [100 * whole.rows(numbers_of(each)).pd[k] for each in (stressed(), stress)]
    text = markup(at)
    assert "PD is {:.1f} % in the book and {:.1f} % under the scenario; ".format(*pds).replace(" %", f"{NBSP}%") in text
    assert "With your changes on top" in text
    assert sentence(at).startswith("Under the Fed's 2026 severely adverse scenario, with balances")
    assert not at.exception
    at.toggle(key="customer.under.").set_value(False).run()
    assert address(at) == {"customer": "12345", "balances": "-30"}
    assert "under the scenario" not in markup(at)


def test_an_own_record_is_pasted_or_begun_from_a_customer(open_app: Open, book: Book) -> None:
    at = open_app()
    at.get_by_key("_start").set_value("your own").run()
    row = "\t".join(f"{value:g}" for value in book.raw[:, 41])
    at.text_area(key="_paste").set_value(row).run()
    assert not at.exception
    complete = address(at)["own"]
    assert "scores" in sentence(at)
    assert at.text_area(key="_paste").value == ""
    limit = at.number_input(key="customer.own.limit")  # still there, to be changed
    limit.set_value(limit.value + 10_000).run()
    assert address(at)["own"] != complete
    at.number_input(key="_copy").set_value(int(book.ids[41])).run()
    assert address(at)["own"] == complete
    at.text_area(key="_paste").set_value("1\t2").run()
    assert address(at)["own"] == complete
    assert any("2 cells were pasted without a header" in each.value for each in at.warning)
    at.number_input(key="_copy").set_value(7).run()
    assert "scores" in sentence(at)


def test_a_workbook_that_was_filled_in_becomes_the_record(open_app: Open, book: Book, release: Release) -> None:
    model = DeployedModel(book, release.scorer, release)
    asked = CustomerScenario(42).edited(model.contract, "limit", 60_000).assumed(model.contract, "lgd", 0.7)
    content = asked_customer_workbook(model, asked, who="Ada", day=date(2026, 11, 2))
    at = open_app()
    at.get_by_key("_start").set_value("your own").run()
    at.file_uploader(key="_filled_in").set_value(("filled in.xlsx", content, MIME)).run()
    assert not at.exception
    assert "scores" in sentence(at)
    assert at.number_input(key="customer.own.limit").value == 60_000
    assert address(at)["lgd"] == "0.7"
    own = address(at)["own"]
    at.file_uploader(key="_filled_in").set_value(("another.xlsx", b"no workbook", MIME)).run()
    assert address(at)["own"] == own
    assert any("Nothing was changed." in each.value for each in at.warning)
