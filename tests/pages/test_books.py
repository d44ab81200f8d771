"""Several books in one dashboard: the picker, the address, and what of one book must never show in another."""

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.books import SHIPPED
from model.deployed import desk
from model.deployed.desk import DeployedModels, ReadingRun, TrainingRun
from model.release.release import Release
from model.release.store import Store
from model.settings import Settings
from pages.shared.book_picker import PICKER
from tests.pages.conftest import ROOT, Open, address, answers, begin, links, markup, opened, sentence, shown
from tests.support import second_book
from tests.support.kept import KeptReleases
from tests.support.second_book import NAME, TITLE

CARDS = "Taiwan credit cards · 30,000 customers"
SECOND = "Made-up loans · 2,000 loans · as of December 2019, made up for tests"


@pytest.fixture(scope="module")
def two_books(home: Path, kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a champion of the cards and one of the made-up loans."""
    place = tmp_path_factory.mktemp("two") / "home"
    shutil.copytree(home, place, ignore=shutil.ignore_patterns("record.sqlite*"))
    second_book.lay_down(place)
    kept.champion(place, NAME)
    return place


@pytest.fixture
def home_of_two(two_books: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return shutil.copytree(two_books, tmp_path / "home", ignore=shutil.ignore_patterns("record.sqlite*"))


@pytest.fixture
def open_two(open_app: Open, two_books: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """As `open_app`, with both books."""
    monkeypatch.setenv("WHATIF_HOME", str(two_books))
    return open_app


@pytest.fixture
def own_desk(monkeypatch: pytest.MonkeyPatch, home_of_two: Path) -> Iterator[DeployedModels]:
    """A desk of its own over a home that may be changed, in place of the process's."""
    monkeypatch.setenv("WHATIF_HOME", str(home_of_two))
    own = DeployedModels(lambda: Settings(home=home_of_two))
    monkeypatch.setattr(desk, "desk", own)
    monkeypatch.setattr("pages.shared.deployed.PATIENCE", 60.0)  # s: on a busy machine, too, a book is read by then
    for module in ("shared.deployed", "operations.health", "operations.releases"):
        monkeypatch.setattr(f"pages.{module}.desk", own)
    yield own
    for thread in threading.enumerate():
        if thread.name == f"train-{NAME}":
            thread.join()


def opened_at(page: str = "book", **address: object) -> AppTest:
    at = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=60)
    begin(at, page)
    for name, value in address.items():
        at.query_params[name] = str(value)
    return at.run()


def pick(at: AppTest, book: str) -> AppTest:
    at.selectbox(PICKER).set_value(book).run()
    assert not at.exception
    return at


def pd_of(at: AppTest) -> str:
    return re.search(r"<div class='wi-label'>PD[^<]*</div><div class='wi-value'>([^<]*)", markup(at))[1]


# ---- picking --------------------------------------------------------------------------------------------------------


def test_the_default_book_is_shown_and_all_books_are_offered_by_title(open_two: Open) -> None:
    at = open_two()
    assert CARDS in markup(at)
    others = at.selectbox(PICKER).options[1:]
    assert at.selectbox(PICKER).options[0] == "Taiwan credit cards"
    assert TITLE in others
    assert others == sorted(others, key=str.casefold)
    assert at.selectbox(PICKER).value == "cards"
    assert address(at) == {}


def test_a_browser_is_told_at_each_run_which_book_is_looked_at(open_two: Open) -> None:
    """One that was not, because a run was cut short, showed the first book of all above another's numbers."""
    at = open_two("policy", book=NAME)
    assert at.selectbox(PICKER).proto.set_value
    assert at.run().selectbox(PICKER).proto.set_value
    assert at.selectbox(PICKER).value == NAME


def test_with_one_book_there_is_nothing_to_pick(open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.shared.book_picker.books.names", lambda home: ["cards"])
    at = open_app()
    assert not [each for each in at.selectbox if each.key == PICKER]
    assert CARDS in markup(at)


@pytest.mark.parametrize("page", ["book", "operations"])
def test_a_book_that_is_still_being_read_stands_there_by_name_and_no_number_of_another(
    open_two: Open, page: str, own_desk: DeployedModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ReadingRun()
    monkeypatch.setattr("pages.shared.deployed.PATIENCE", 0.0)
    monkeypatch.setattr(own_desk, "read", lambda book: run)
    at = pick(open_two(page), NAME)
    assert at.subheader[0].value == f"{TITLE} is being read"
    assert at.markdown[0].value.startswith("2,000 loans: each value is checked against the contract")
    assert "Made-up loans · as of December 2019" in markup(at)
    assert "30,000" not in markup(at)
    run.scored(0.5)
    run.ended.set()
    assert SECOND in markup(at.run())


@pytest.mark.parametrize("page", ["book", "applicant", "policy", "trust", "operations"])
def test_picking_a_book_shows_it_and_names_it_in_the_address(open_two: Open, page: str) -> None:
    at = pick(open_two(page), NAME)
    assert SECOND in markup(at)
    assert address(at)["book"] == NAME
    assert "Taiwan" not in answers(at)
    pick(at, "cards")
    assert CARDS in markup(at)
    assert "book" not in address(at)


@pytest.mark.parametrize("page", ["book", "applicant", "policy", "trust", "operations"])
def test_the_book_of_the_address_is_shown_after_a_reload(open_two: Open, page: str) -> None:
    at = open_two(page, book=NAME)
    assert SECOND in markup(at)
    assert at.selectbox(PICKER).value == NAME
    assert address(at)["book"] == NAME


@pytest.fixture
def tabs(monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[str, str]]]:
    """Titles and paths of the navigation, each time it is drawn."""
    drawn: list[list[tuple[str, str]]] = []
    navigation = st.navigation

    def noted(pages: list[Any], **more: Any) -> Any:
        drawn.append([(each.title, each.url_path) for each in pages])
        return navigation(pages, **more)

    monkeypatch.setattr(st, "navigation", noted)
    return drawn


@pytest.mark.parametrize("page", ["book", "applicant", "operations"])
def test_the_tab_of_one_record_is_named_in_the_words_of_the_book_and_stays_where_it_is(
    open_two: Open, tabs: list[list[tuple[str, str]]], page: str
) -> None:
    at = open_two(page)
    assert tabs[-1][1] == ("Customer", "applicant")
    pick(at, NAME)
    assert tabs[-1][1] == ("Loan", "applicant")
    assert SECOND in markup(at)
    pick(at, "cards")
    assert tabs[-1][1] == ("Customer", "applicant")
    open_two(page, book=NAME)
    assert tabs[-1][1] == ("Loan", "applicant")


def test_a_challenger_that_nothing_reaches_is_not_in_use_and_holds_nothing(
    own_desk: DeployedModels, home_of_two: Path
) -> None:
    store = Store(home_of_two, NAME)
    store.promote(store.resolve("champion"), "challenger", "ann", "to be compared")
    at = opened_at("operations", book=NAME)
    told = "nothing is scored along: REST answers for the book “Taiwan credit cards” only"
    row = f"<td>Challenger</td><td>– not in use</td><td>{store.resolve('challenger')[:6]}; {told}</td>"
    assert row in markup(at)
    assert sentence(at).endswith("; every check holds.")
    opened(at, "_challenger")
    assert [each.value for each in at.info] == [f"On this book {told}."]


def test_the_book_stays_when_another_page_is_opened(open_two: Open) -> None:
    at = pick(open_two(), NAME)
    at.switch_page("trust/page.py")
    at.query_params.clear()  # as the navigation does
    at.run()
    assert SECOND in markup(at)
    assert address(at) == {"book": NAME}


def test_going_back_to_an_address_without_a_book_goes_back_to_the_default(open_two: Open) -> None:
    at = pick(open_two(), NAME)
    at.query_params.clear()
    at.run()
    assert CARDS in markup(at)
    assert at.selectbox(PICKER).value == "cards"


def test_going_back_to_where_the_navigation_led_stays_with_the_book(open_two: Open) -> None:
    at = pick(open_two(), NAME)
    at.switch_page("trust/page.py")
    at.query_params.clear()
    at.run()
    at.query_params.clear()  # the address the navigation led to, before the book was put into it
    at.run()
    assert SECOND in markup(at)


def test_the_default_book_named_in_an_address_is_left_out_of_it(open_two: Open) -> None:
    at = open_two("applicant", book="cards", customer=7)
    assert CARDS in markup(at)
    assert address(at) == {"customer": "7"}


@pytest.mark.parametrize("name", ["mortgages", "../cards", "", "SECOND"])
def test_an_unknown_book_in_the_address_is_told_and_nothing_else_of_it_is_used(open_two: Open, name: str) -> None:
    at = open_two("applicant", book=name, customer=7)
    assert CARDS in markup(at)
    assert f"There is no book {name!r} here" in at.warning[0].value
    assert ", second" in at.warning[0].value
    assert address(at) == {}
    assert "wi-invitation" in markup(at)


@pytest.mark.parametrize("page", ["book", "applicant", "policy", "trust"])
def test_what_a_warning_repeats_of_an_address_is_never_drawn_as_markdown(open_two: Open, page: str) -> None:
    lure = "[Sign *in* again](https://evil.example)"
    by_name, by_book = open_two(page, **{lure: 1}), open_two(page, book=lure)
    for at in (by_name, by_book):
        told = " ".join(each.value for each in at.warning)
        assert "'\\[Sign \\*in\\* again\\](https:\N{WORD JOINER}//evil.example)'" in told


def test_a_deep_link_opens_a_customer_of_its_book(open_two: Open) -> None:
    at = open_two("applicant", book=NAME, customer=3, limit=1000)
    assert SECOND in markup(at)
    assert address(at) == {"book": NAME, "customer": "3", "limit": "1000"}
    assert at.slider(f"{NAME}:customer.limit").value == 1000
    assert at.slider(f"{NAME}:customer.limit").max == 9000


def test_the_link_and_links_to_customers_name_the_book(open_two: Open) -> None:
    at = open_two("applicant", book=NAME, customer=3)
    at.session_state["_customer_link"] = True
    at.run()
    assert at.code[0].value.endswith(f"?book={NAME}&customer=3")
    page = opened(open_two("book", book=NAME, balances=20), "_movers")
    queries = [each.query_string for each in links(page)]
    assert queries
    assert all(each.startswith(f"book={NAME}&customer=") for each in queries)


# ---- what is assumed of each ----------------------------------------------------------------------------------------


def test_what_was_assumed_of_a_book_is_kept_and_does_not_leak(open_two: Open) -> None:
    at = open_two("applicant", customer=12345)
    before = pd_of(at)
    at.slider("customer.limit").set_value(500_000).run()
    told, cards = sentence(at), address(at)
    assert cards == {"customer": "12345", "limit": "500000"}
    pick(at, NAME)
    assert "wi-invitation" in markup(at)
    assert address(at) == {"book": NAME}
    at.number_input(f"{NAME}:_find").set_value(3).run()
    assert at.slider(f"{NAME}:customer.limit").value <= 9000
    at.slider(f"{NAME}:customer.limit").set_value(300).run()
    second, own = sentence(at), address(at)
    assert own == {"book": NAME, "customer": "3", "limit": "300"}
    pick(at, "cards")
    assert sentence(at) == told
    assert address(at) == cards
    assert at.slider("customer.limit").value == 500_000
    next(each for each in at.button if each.label == "Undo").click().run()
    assert pd_of(at) == before
    assert address(at) == {"customer": "12345"}
    pick(at, NAME)
    assert sentence(at) == second
    assert address(at) == own


def test_undo_of_one_book_never_reaches_into_the_other(open_two: Open) -> None:
    at = open_two("book")
    at.slider("book.balances").set_value(20).run()
    pick(at, NAME)
    undo = next(each for each in at.button if each.label == "Undo")
    assert undo.disabled
    assert at.slider(f"{NAME}:book.balances").value == 0


def test_a_number_typed_as_a_target_belongs_to_its_book(open_two: Open) -> None:
    at = opened(open_two("policy"), "_frontier")
    at.number_input("_target_bad_rate").set_value(42.0).run()
    pick(at, NAME)
    assert at.number_input(f"{NAME}:_target_bad_rate").value not in (None, 42.0)


def test_a_segment_of_one_book_is_not_asked_of_the_other(open_two: Open) -> None:
    at = open_two("book")
    at.button_group("_segment").set_value("status_band").run()
    pick(at, NAME)
    assert at.button_group(f"{NAME}:_segment").value in ("limit_band", ["limit_band"])
    assert "Amount granted" in markup(at)


def test_two_books_in_two_sessions_do_not_mix(open_two: Open) -> None:
    alone = {
        "cards": answers(open_two("applicant", customer=3, limit=1000 * 20)),
        NAME: answers(open_two("applicant", book=NAME, customer=3, limit=2000)),
    }
    one, other = open_two("applicant", customer=3), open_two("applicant", book=NAME, customer=3)
    for limit in (5, 20):  # turn by turn, in one process
        one.slider("customer.limit").set_value(1000 * limit * (2 if limit == 5 else 1)).run()
        other.slider(f"{NAME}:customer.limit").set_value(100 * limit).run()
    assert answers(one) == alone["cards"]
    assert answers(other) == alone[NAME]
    assert address(one) == {"customer": "3", "limit": "20000"}
    assert address(other) == {"book": NAME, "customer": "3", "limit": "2000"}
    whole = [open_two("book"), open_two("book", book=NAME)]
    assert shown(whole[0], "Exposure").startswith("NT$")
    assert shown(whole[1], "Exposure").startswith("US$")


# ---- books that cannot be shown -------------------------------------------------------------------------------------


def test_a_broken_book_is_listed_by_name_and_tells_what_is_wrong_once_picked(
    own_desk: DeployedModels, home_of_two: Path
) -> None:
    broken = home_of_two / "books" / "broken"
    broken.mkdir()
    (broken / "contract.toml").write_text("version = ")
    at = opened_at()
    assert CARDS in markup(at)
    assert {"broken", TITLE} < set(at.selectbox(PICKER).options)
    assert "The book broken cannot be used" in markup(at)
    pick(at, "broken")
    assert "This book cannot be used." in at.error[0].value
    assert "contract.toml" in at.error[0].value
    assert "wi-number" not in markup(at)
    assert CARDS in markup(pick(at, "cards"))


def test_other_words_are_shown_at_once_and_of_another_substance_the_release_no_longer_belongs(
    own_desk: DeployedModels, home_of_two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = opened_at(book=NAME)
    assert SECOND in markup(at)
    file = home_of_two / "books" / NAME / "contract.toml"
    file.write_text(file.read_text().replace(TITLE, "Loans of another year"))
    at.run()
    assert not at.error
    assert "Loans of another year" in markup(at)
    file.write_text(file.read_text().replace("folds = 3", "folds = 4"))
    with monkeypatch.context() as viewer:
        viewer.setattr("pages.shared.deployed.may", lambda who, deed: False)
        at.run()
        (told,) = (each.value for each in at.caption if "must be trained" in each.value)
        assert told.startswith("A release of the book as it is now must be trained. ")
        assert "analyst" in told
        assert not any(each.key == "_train_anew" for each in at.button)
    at.run()
    trained: list[str] = []
    monkeypatch.setattr(own_desk, "train", lambda *words: trained.extend(words))
    at.get_by_key("_train_anew").click().run()
    assert trained == [NAME, "local user"]
    monkeypatch.setattr(own_desk, "training", lambda _: TrainingRun("Fitting the model", 0.5))
    at.run()
    (bar,) = at.get("progress")
    assert bar.proto.value == 50
    assert "Fitting the model" in bar.proto.text
    kept = TrainingRun(error="Release 1a2b is not promoted: a gate.", kept="1a2b", ended=True)
    monkeypatch.setattr(own_desk, "training", lambda _: kept)
    at.run()
    assert "Release 1a2b is not promoted: a gate." in [each.value for each in at.error]
    assert "An admin can promote it all the same on Operations, with a reason." in [each.value for each in at.caption]
    assert at.get_by_key("_train_anew")
    assert "trained on another snapshot or contract" in at.error[0].value
    assert "Loans of another year" in at.selectbox(PICKER).options


def test_a_model_elsewhere_offers_the_default_book_alone(open_two: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATIF_MODEL_URL", "http://127.0.0.1:9")
    at = opened_at(book=NAME)
    assert not [each for each in at.selectbox if each.key == PICKER]
    assert "does not answer" in at.error[0].value or "127.0.0.1:9" in at.error[0].value


# ---- a book without a release ---------------------------------------------------------------------------------------


@pytest.fixture
def untrained(home_of_two: Path) -> Path:
    """The same home, without a release of the second book."""
    shutil.rmtree(home_of_two / "releases" / NAME)
    return home_of_two


def test_a_book_without_a_release_is_trained_once_and_the_other_is_used_meanwhile(
    own_desk: DeployedModels, untrained: Path, two_books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, asked = threading.Event(), []

    def train(self: Store, progress: Callable[[str, float], None]) -> Release:
        asked.append(self.book)
        progress("Checking on loans the model has not seen", 0.42)
        assert go.wait(60)
        shutil.copytree(two_books / "releases" / NAME, self.root, ignore=shutil.ignore_patterns("*.json*l", "aliases*"))
        return self.load(self.ids()[0])

    monkeypatch.setattr(Store, "train", train)
    first, second = pick(opened_at(), NAME), opened_at("policy", book=NAME)
    first.run()
    assert asked == [NAME]
    for at in (first, second):
        assert "being trained" in at.subheader[0].value
        assert "wi-number" not in markup(at)
    told = first.get("progress")[0].proto.text
    wanted = (
        r"Checking on loans the model has not seen · 42 % · \d+ s so far · (about \d+ s left|time left not known yet)"
    )
    assert re.fullmatch(wanted, told)
    assert any(TITLE in each.value for each in first.markdown)
    assert CARDS in markup(pick(first, "cards"))
    assert "wi-number" in markup(first)
    go.set()
    for thread in threading.enumerate():
        if thread.name == f"train-{NAME}":
            thread.join()
    second.run()
    assert SECOND in markup(second)
    assert SECOND in markup(pick(first, NAME))


@pytest.fixture
def refused(home_of_two: Path) -> Path:
    """A home in which the second book's release exists, and a gate keeps it from being promoted."""
    contract = second_book.CONTRACT.replace("auc_at_most = 1.0", "auc_at_most = 0.6", 1)
    shutil.rmtree(home_of_two / "releases" / NAME)
    second_book.lay_down(home_of_two, contract)
    Store(home_of_two, NAME).train()
    return home_of_two


def test_a_gate_in_the_way_is_told_and_an_admin_promotes_with_a_reason(
    own_desk: DeployedModels, refused: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "train", lambda *_: pytest.fail("It is there already."))
    identity = Store(refused, NAME).ids()[0]
    own_desk.train(NAME)
    for thread in threading.enumerate():
        if thread.name == f"train-{NAME}":
            thread.join()
    at = opened_at(book=NAME)
    assert f"Release {identity} is not promoted" in at.error[0].value
    assert "(at most 0.600 is asked)" in at.error[0].value
    assert "wi-number" not in markup(at)
    assert links(at)[0].query_string == f"book={NAME}"
    with monkeypatch.context() as viewer:
        viewer.setattr("pages.shared.deployed.may", lambda who, deed: False)
        seen = opened_at(book=NAME)
    assert any("an admin promotes this release" in each.value for each in seen.markdown)
    assert not links(seen)
    at = opened_at("operations", book=NAME)
    assert not at.exception
    assert "wait to be promoted" in sentence(at)
    at.text_input(f"{NAME}:_reason").set_value("The first model of this book.").run()
    at.button("_promote").click().run()
    assert "puts expected loss at" in markup(at)  # what it would do to the numbers of the book
    at.button("_promote_now").click().run()
    assert "is not promoted" in at.error[0].value
    at.text_input(f"{NAME}:_override").set_value("The board has seen it.").run()
    at.button("_promote_now").click().run()
    assert SECOND in markup(at)
    assert Store(refused, NAME).history()[-1].override == "The board has seen it."


def test_a_users_book_may_not_take_a_shipped_name(own_desk: DeployedModels, home_of_two: Path) -> None:
    shutil.copytree(SHIPPED / "cards", home_of_two / "books" / "cards")
    at = opened_at()
    assert "ships with the dashboard" in at.error[0].value
    assert "wi-number" not in markup(at)
    assert SECOND in markup(pick(at, NAME))
