"""The app on a phone and on a tablet: opened once, then without its server; and what it will not show."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from data.books import Book
from model.deployed.model import DeployedModel
from model.export.phone.package import PhonePackage, phone_package, write_package
from model.release.release import Release
from model.report import numbers
from model.signing import SigningKey, grouped
from model.whatif.customer.decision import decide
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.customer.typical import typical_record
from tests.browser.conftest import photograph, violations
from tests.browser.phone import PHONE, TABLET, PhoneVisit, visit_phone
from tests.support.phones import FolderServer, folder_served, shifted, signing_key

pytestmark = pytest.mark.browser
TODAY = date.today()
SIZES = pytest.mark.parametrize("size", [PHONE, TABLET], ids=["phone", "tablet"])
OTHER = "0123456789ab"
FITS = "() => document.documentElement.scrollWidth <= innerWidth"
LOADED = "() => document.readyState === 'complete'"


@dataclass
class Place:
    """A folder that is served, and who opens it."""

    folder: Path
    server: FolderServer
    model: DeployedModel
    key: SigningKey
    browser: Browser
    visits: list[PhoneVisit]

    def lay_down(self, model: DeployedModel | None = None, key: SigningKey | None = None, **how) -> PhonePackage:
        """Put a package there: of the champion, signed with the bank's key, unless told otherwise."""
        package = phone_package(model or self.model, **{"day": TODAY, "key": key or self.key, **how})
        write_package(self.folder, package)
        return package

    def visit(self, **how) -> PhoneVisit:
        """Somebody opens the app the first time."""
        seen = visit_phone(self.browser, self.server, **how)
        self.visits.append(seen)
        return seen

    def break_file(self, name: str) -> None:
        """Change one byte of a file."""
        content = bytearray((self.folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (self.folder / name).write_bytes(bytes(content))


@pytest.fixture(scope="module")
def champion(release: Release, book: Book) -> DeployedModel:
    return DeployedModel(book, release.scorer, release)


@pytest.fixture
def place(champion: DeployedModel, browser: Browser, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "package"
    folder.mkdir()
    visits = list[PhoneVisit]()
    with folder_served(folder) as server:
        yield Place(folder, server, champion, signing_key(tmp_path)[1], browser, visits)
    for seen in visits:
        seen.page.context.close()
        assert seen.requests
        assert seen.foreign(server.url.removeprefix("http://").rstrip("/")) == []


@pytest.fixture
def opened(place: Place) -> Callable[..., PhoneVisit]:
    """Opens the champion's package, signed, and closes the server once it is on the phone."""

    def go(**how) -> PhoneVisit:
        place.lay_down()
        seen = place.visit(**how)
        seen.ready()
        place.server.close()
        seen.page.reload()
        seen.answered()
        return seen

    return go


def expected_numbers(model: DeployedModel) -> list[str]:
    contract = model.contract
    found = decide(model.local_scorer, typical_record(model.book), CustomerScenario().values(contract))
    money = numbers.money(found.expected_loss, contract.book.currency)
    return [
        numbers.percent(found.pd),
        str(numbers.whole_score(found.score)),
        "Granted" if found.granted else "Not granted",
        money,
    ]


# ---- installed, without its server ----------------------------------------------------------------------------------


def test_it_can_be_installed(place: Place):
    place.lay_down()
    seen = place.visit()
    seen.ready()
    devtools = seen.page.context.new_cdp_session(seen.page)
    errors = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [each["errorId"] for each in errors] == ["in-incognito"]  # of the test's own window, not of the app
    manifest = devtools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/manifest.webmanifest")
    assert seen.complaints == []


@SIZES
def test_it_answers_without_its_server(
    opened: Callable[..., PhoneVisit], champion: DeployedModel, size: tuple[int, int]
):
    seen = opened(size=size)
    assert seen.numbers() == expected_numbers(champion)
    asked = len(seen.requests)
    thumb = seen.page.get_by_role("slider", name="Balances")
    thumb.focus()
    for _ in range(4):
        thumb.press("ArrowRight")
    seen.frame()
    assert seen.numbers() != expected_numbers(champion)
    assert seen.requests[asked:] == []


@SIZES
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_of_it_is_accessible(opened: Callable[..., PhoneVisit], size: tuple[int, int], theme: str):
    seen = opened(size=size, theme=theme)
    for panel in seen.page.locator("#fields > details > summary").all():
        panel.click()
    for name in ("Customer", "Book", "Package"):
        seen.page.get_by_role("tab", name=name).click()
        assert violations(seen.page) == []
        photograph(seen.page, f"phone-{size[0]}-{theme}-{name.lower()}")
        assert seen.page.evaluate(FITS)


def test_a_touch_is_answered_in_the_very_next_frame(opened: Callable[..., PhoneVisit]):
    seen = opened()
    before, after = seen.page.evaluate(
        """() => new Promise((done) => {
          const value = () => document.querySelector("#numbers .value").textContent;
          const slider = document.querySelector("#slider-late");
          const before = value();
          slider.value = 3;
          slider.dispatchEvent(new Event("input", { bubbles: true }));
          requestAnimationFrame(() => done([before, value()]));
        })"""
    )
    assert before != after


def test_nothing_is_cut_off_where_it_is_narrow_or_large(opened: Callable[..., PhoneVisit]):
    seen = opened(size=(320, 640))
    for name in ("Customer", "Book", "Package"):
        seen.page.get_by_role("tab", name=name).click()
        assert seen.page.evaluate(FITS)


def test_what_stands_under_the_numbers_is_whole_on_a_phone(opened: Callable[..., PhoneVisit]):
    seen = opened(size=PHONE)
    cut = """() => [...document.querySelectorAll("#numbers .under")]
      .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent)"""
    assert seen.page.evaluate(cut) == []


def test_no_control_moves_when_the_answer_does(opened: Callable[..., PhoneVisit]):
    seen = opened(size=PHONE)
    places = """() => [...document.querySelectorAll("#levers input, #swept, #fields > details > summary")]
      .map((each) => each.getBoundingClientRect().top)"""
    before = seen.page.evaluate(places)
    for name in ("Balances", "Months late now"):
        thumb = seen.page.get_by_role("slider", name=name)
        thumb.evaluate("(slider) => { slider.value = slider.max; slider.dispatchEvent(new Event('input')); }")
    seen.frame()
    assert seen.numbers()[2] == "Not granted"
    assert seen.page.evaluate(places) == before


def test_dark_and_light_are_two(opened: Callable[..., PhoneVisit]):
    seen = opened(theme="light")
    paper = "() => getComputedStyle(document.documentElement).backgroundColor"
    light = seen.page.evaluate(paper)
    seen.page.emulate_media(color_scheme="dark")
    assert seen.page.evaluate(paper) != light


def test_all_of_it_is_reached_by_keys(opened: Callable[..., PhoneVisit]):
    seen = opened(size=PHONE)
    page = seen.page
    reached = list[str]()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("() => document.activeElement.id || document.activeElement.textContent.trim()"))
    for wanted in (
        "tab-record",
        "slider-limit",
        "slider-balances",
        "reset",
        "hold",
        "swept",
        "Late payments",
        "Assumptions",
    ):
        assert wanted in reached, wanted
    page.locator("#tab-record").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-book")).to_be_focused()
    expect(page.locator("#book")).to_be_visible()
    expect(page.locator("#record")).to_be_hidden()


def test_a_screen_reader_is_told_what_a_touch_did(opened: Callable[..., PhoneVisit]):
    seen = opened()
    thumb = seen.page.get_by_role("slider", name="Balances")
    thumb.focus()
    thumb.press("End")
    expect(seen.page.locator("#spoken")).to_have_text(re.compile(r"^This customer would score \d+"))
    expect(thumb).to_have_attribute("aria-valuetext", "+100\N{NO-BREAK SPACE}%")
    expect(seen.page.locator("#curve svg")).to_have_attribute("aria-label", re.compile("the probability is"))


# ---- what it answers ------------------------------------------------------------------------------------------------


def whole(text: str) -> int:
    return int(text.replace("\N{MINUS SIGN}", "-").replace(",", ""))


def test_the_reasons_sum_from_the_average_to_the_score(opened: Callable[..., PhoneVisit]):
    seen = opened()
    rows = seen.page.locator("#why li:visible")
    thumb = seen.page.get_by_role("slider", name="Balances")
    thumb.focus()
    for _ in range(8):
        thumb.press("ArrowRight")
        seen.frame()
        average, *reasons, score = (whole(each) for each in rows.locator(".value").all_inner_texts())
        assert average + sum(reasons) == score
    assert rows.locator(".label").all_inner_texts()[0] == "Average customer"


def test_what_cannot_be_is_said_and_not_scored(opened: Callable[..., PhoneVisit]):
    seen = opened()
    before = seen.numbers()
    seen.page.locator("#fields summary").filter(has_text="Credit limit").click()
    limit = seen.page.locator("#field-limit")
    limit.fill("12")
    expect(seen.page.locator("#field-limit-wrong")).to_have_text("Credit limit must be 1,000 to 1,000,000.")
    seen.frame()
    assert seen.numbers() == before
    limit.fill("50000")
    seen.frame()
    assert seen.numbers() != before
    kept = seen.numbers()
    seen.page.locator("#fields summary").filter(has_text="Late payments").click()
    seen.page.locator("#field-status_3").select_option("8")
    expect(seen.page.locator("#wrong")).to_contain_text("cannot worsen by more than four months")
    assert seen.numbers() == kept


def test_outside_known_territory_is_said(opened: Callable[..., PhoneVisit]):
    seen = opened()
    seen.page.locator("#fields summary").filter(has_text="Credit limit").click()
    seen.page.locator("#field-limit").fill("1000")
    expect(seen.page.locator("#territory")).to_contain_text("Outside anything the model has seen: Credit limit")
    expect(seen.page.locator("#top")).to_have_class("outside")


def test_one_input_swept_says_where_the_decision_turns(opened: Callable[..., PhoneVisit]):
    seen = opened()
    title = seen.page.locator("#swept-title")
    seen.page.select_option("#swept", label="Months late now")
    expect(title).to_have_text(re.compile(r"^Months late now: not granted from \d\smonths? on$"))
    seen.page.select_option("#swept", label="Status, September")
    expect(title).to_have_text(
        re.compile(r"^Status, September: not granted for \d months? late, \d months late and \d more$")
    )
    expect(seen.page.locator("#curve .line")).to_have_class("line coded")
    labels = seen.page.locator("#swept option").all_inner_texts()
    assert len(labels) == len(set(labels))


def test_reset_and_compare_with_this(opened: Callable[..., PhoneVisit], champion: DeployedModel):
    seen = opened()
    thumb = seen.page.get_by_role("slider", name="Months late now")
    thumb.focus()
    thumb.press("ArrowRight")
    expect(seen.page.locator("#moved li").first).to_be_visible()
    seen.page.get_by_role("button", name="Compare with this").click()
    expect(seen.page.locator("#moved li:visible")).to_have_count(0)
    assert seen.numbers() != expected_numbers(champion)
    seen.page.get_by_role("button", name="Reset").click()
    seen.frame()
    assert seen.numbers() == expected_numbers(champion)


def test_the_book_is_told_in_the_words_of_its_page(opened: Callable[..., PhoneVisit], place: Place):
    seen = opened()
    seen.page.get_by_role("tab", name="Book").click()
    expect(seen.page.locator("#book .sentence")).to_contain_text("expected loss over one month rises")
    expect(seen.page.locator("#book .bars li")).to_have_count(3)
    expect(seen.page.locator("#book .numbers dt")).to_have_count(6)


# ---- what it will not show ------------------------------------------------------------------------------------------


def test_a_signed_package_shows_whose_key_it_is(place: Place):
    place.lay_down()
    seen = place.visit()
    seen.ready()
    assert f"signed {grouped(place.key.fingerprint[:8])}" in seen.badge()
    seen.page.get_by_role("tab", name="Package").click()
    expect(seen.page.locator("#package")).to_contain_text(grouped(place.key.fingerprint))


def test_an_unsigned_package_says_so(place: Place):
    write_package(place.folder, phone_package(place.model, day=TODAY))
    seen = place.visit()
    seen.ready()
    assert "not signed" in seen.badge()
    assert seen.complaints == []


@pytest.mark.parametrize("name", ["model.json", "engine.js", "contents.json", "signature.json"])
def test_one_changed_byte_and_no_number_is_shown(place: Place, name: str):
    place.lay_down()
    place.break_file(name)
    seen = place.visit()
    assert "No numbers are shown" in seen.refused()


def test_a_byte_changed_on_the_phone_is_noticed_without_a_network(place: Place):
    place.lay_down()
    seen = place.visit()
    seen.ready()
    place.server.close()
    seen.page.evaluate(
        """async () => {
          const cache = await caches.open((await caches.keys())[0]);
          const bytes = new Uint8Array(await (await cache.match("model.json")).arrayBuffer());
          bytes[bytes.length >> 1] ^= 1;
          await cache.put("model.json", new Response(bytes));
        }"""
    )
    seen.page.reload()
    assert "model.json is not what the package says it is" in seen.refused()


def test_a_signature_by_another_key_than_it_says_is_refused(place: Place, tmp_path: Path):
    package = place.lay_down()
    other = signing_key(tmp_path, "other")[1]
    forged = phone_package(place.model, day=TODAY, key=other).files["signature.json"]
    (place.folder / "signature.json").write_bytes(forged)
    assert package.files["signature.json"] != forged
    assert "signed by another key than it says" in place.visit().refused()


def test_an_expired_package_is_refused_and_says_since_when(place: Place):
    place.lay_down(day=TODAY - timedelta(100), days=90)
    told = place.visit().refused()
    assert "This package has expired" in told
    ended = TODAY - timedelta(10)
    assert f"good until {ended.day} {ended:%B %Y}" in told


def test_it_expires_on_the_phone_and_no_clock_put_back_helps(place: Place):
    place.lay_down(days=30)
    seen = place.visit()
    seen.ready()
    place.server.close()
    for days, expired in ((29, False), (32, True), (0, True)):
        seen.page.clock.set_fixed_time(f"{TODAY + timedelta(days)}T12:00:00Z")
        seen.page.reload()
        if expired:
            assert "This package has expired" in seen.refused()
        else:
            seen.answered()


@pytest.mark.parametrize("on_the_phone", [False, True], ids=["never there", "on the phone"])
def test_after_an_expiry_a_newer_package_is_looked_for_at_a_press(place: Place, on_the_phone: bool):
    place.lay_down(day=TODAY if on_the_phone else TODAY - timedelta(100), days=90)
    seen = place.visit()
    if on_the_phone:
        seen.ready()
        seen.page.clock.set_fixed_time(f"{TODAY + timedelta(91)}T12:00:00Z")
        seen.page.reload()
    assert "This package has expired" in seen.refused()
    place.lay_down(days=120)
    seen.page.get_by_role("button", name="Look for a newer one").click()
    seen.answered()


# ---- a newer release ------------------------------------------------------------------------------------------------


def come_back(seen: PhoneVisit) -> None:
    """The app is opened again."""
    seen.page.reload()
    seen.until(LOADED)


def test_a_newer_release_is_taken_up_whole_and_said(place: Place, champion: DeployedModel):
    place.lay_down()
    seen = place.visit()
    seen.ready()
    newer = shifted(champion, OTHER, 1.0)
    place.lay_down(newer)
    come_back(seen)
    expect(seen.page.locator("#notice")).to_contain_text(
        f"Updated to release {OTHER}, made on {TODAY.day} {TODAY:%B %Y}"
    )
    seen.answered()
    assert seen.numbers() == expected_numbers(newer)
    assert OTHER[:6] in seen.badge()
    place.server.close()
    seen.page.reload()
    seen.answered()
    assert seen.numbers() == expected_numbers(newer)


def test_what_was_put_in_is_not_lost_to_a_newer_release(place: Place, champion: DeployedModel):
    place.lay_down()
    seen = place.visit()
    seen.ready()
    come_back(seen)
    seen.answered()
    thumb = seen.page.get_by_role("slider", name="Balances")
    thumb.focus()
    thumb.press("End")
    expect(seen.page.locator("#spoken")).to_contain_text("would score")
    place.lay_down(shifted(champion, OTHER, 1.0))
    seen.page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(seen.page.locator("#notice")).to_contain_text("A newer release is here")
    assert champion.id[:6] in seen.badge()
    seen.page.get_by_role("button", name="Use it now").click()
    expect(seen.page.locator("#notice")).to_contain_text(f"Updated to release {OTHER}")
    seen.answered()
    expect(seen.page.get_by_role("slider", name="Balances")).to_have_value("100")


def test_two_apps_at_one_address_know_nothing_of_each_other(place: Place, champion: DeployedModel):
    for name, model in (("one", champion), ("other", shifted(champion, OTHER, 1.0))):
        write_package(place.folder / name, phone_package(model, day=TODAY, days=30))
    seen = place.visit()

    def go(name: str, days: int = 0) -> None:
        seen.page.clock.set_fixed_time(f"{TODAY + timedelta(days)}T12:00:00Z")
        seen.page.goto(f"{place.server.url}{name}/")

    go("one")
    seen.answered()
    seen.page.get_by_role("slider", name="Balances").press("End")
    expect(seen.page.locator("#spoken")).to_contain_text("would score")
    go("other")
    seen.answered()
    assert seen.numbers() == expected_numbers(shifted(champion, OTHER, 1.0))
    assert seen.page.locator("#notice").is_hidden()
    for name, days in (("one", 32), ("other", 32), ("one", 0)):
        go(name, days)
        assert "This package has expired" in seen.refused()


def no_key(place: Place, tmp_path: Path) -> None:
    write_package(place.folder, phone_package(shifted(place.model, OTHER, 1.0), day=TODAY))


def other_key(place: Place, tmp_path: Path) -> None:
    place.lay_down(shifted(place.model, OTHER, 1.0), key=signing_key(tmp_path, "other")[1])


def broken_file(place: Place, tmp_path: Path) -> None:
    place.lay_down(shifted(place.model, OTHER, 1.0))
    place.break_file("model.json")


def expired_already(place: Place, tmp_path: Path) -> None:
    place.lay_down(shifted(place.model, OTHER, 1.0), day=TODAY - timedelta(100))


def half_there(place: Place, tmp_path: Path) -> None:
    place.lay_down(shifted(place.model, OTHER, 1.0))
    (place.folder / "whatif.js").unlink()


def made_before(place: Place, tmp_path: Path) -> None:
    place.lay_down(shifted(place.model, OTHER, 1.0), day=TODAY - timedelta(2))


@pytest.mark.parametrize("spoil", [no_key, other_key, broken_file, expired_already, half_there, made_before])
def test_a_good_package_is_never_replaced_by_a_worse_one(
    place: Place, tmp_path: Path, spoil: Callable[[Place, Path], None]
):
    place.lay_down()
    seen = place.visit()
    seen.ready()
    spoil(place, tmp_path)
    come_back(seen)
    expect(seen.page.locator("#notice")).to_contain_text("A newer package was not taken")
    place.server.close()
    seen.page.reload()
    seen.answered()
    assert seen.numbers() == expected_numbers(place.model)
    assert place.model.id[:6] in seen.badge()
