"""The operations page: what is deployed and how it is, champion and challenger, recent calls and any done again."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from data.arrays import Array
from data.books import Book
from model.api import process, status
from model.api.process import running
from model.api.requests import ScoreRequest
from model.deployed import shadow
from model.engine.tables import probability
from model.errors import GateError, StoreError
from model.record import settled
from model.record.replay import customer_outputs
from model.record.schema import packed_values
from model.record.trail import Entry, find, recent
from model.release.gate import BY_CHANCE
from model.release.promotion import NO_REASON
from model.release.release import Release
from model.release.store import Store
from model.report import numbers
from model.report.operations import words
from model.report.release import words as release_words
from model.security.people import Person
from model.settings import settings
from model.whatif.customer.decision import score_scale
from pages.operations import releases, upload
from tests.data.files.reading import in_this_process as in_this_process
from tests.pages.conftest import Open, links, markup, opened, sentence, shown
from tests.pages.test_recorded import stood, until
from tests.support.forging import failing, forge, point, shifted, stray, twin

SHIFT = 0.5  # log-odds by which the challenger of these tests differs
CALLS, CHALLENGER, CALL = "_calls", "_challenger", "_call"
PAGES = ("book", "applicant", "policy", "trust", "operations")


@pytest.fixture(autouse=True)
def _own_record(open_app: Open, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home and a record of the test's own; threads that look often."""
    for each in own_home.glob("record.sqlite*"):  # what tests on the shared home left
        each.unlink()
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    monkeypatch.setattr(settled.WhatIfRecorder.__init__, "__defaults__", (0.2,))
    monkeypatch.setattr(shadow, "PAUSE", 0.02)
    yield
    process.close()


@pytest.fixture
def store(own_home: Path) -> Store:
    return Store(own_home, "cards")


def looking(monkeypatch: pytest.MonkeyPatch, role: Any) -> None:
    """As somebody of this role."""
    monkeypatch.setattr("pages.shared.visitor.current", lambda: Person("somebody", role))


def riskier(store: Store) -> str:
    """A sound release that finds everybody riskier than the champion does."""
    return shifted(store, SHIFT)


def score(raw: Array, *outputs: str, version: str = "champion", name: str = "") -> str:
    """A request, as the REST service would answer it; the call's id once it is on record."""
    service = running().service
    ask = ScoreRequest(raw, outputs or ("predict_proba",), name)
    _, written = service.answer(service.release(version), ask, "bank/system", version)
    assert written is not None
    return written.result(20)


def cells(at: AppTest) -> str:
    """Everything written in the tables of health and of what is deployed."""
    return "\n".join(each.value for each in at.html if "wi-table" in each.value)


def table(at: AppTest, column: str) -> pd.DataFrame:
    """The one table with this column."""
    (found,) = [each.value for each in at.dataframe if column in each.value]
    return found


def calls(at: AppTest) -> pd.DataFrame:
    return table(at, "Call").reset_index(drop=True)


def messages(at: AppTest) -> list[str]:
    return [each.value for each in (*at.success, *at.info, *at.warning, *at.error)]


# ---- what is deployed -----------------------------------------------------------------------------------------------


WATCH = "; one gate to watch: approval ratio by education."


def test_the_headline_says_what_is_deployed_since_when_and_how_it_stands(
    open_app: Open, store: Store, release: Release
) -> None:
    at = open_app("operations")
    began = store.since()
    assert began is not None
    assert sentence(at) == (
        f"Release {release.id} has answered for Taiwan credit cards since {words.moment(began)}; no check failed{WATCH}"
    )
    assert "✗" not in cells(at)
    assert cells(at).count("✓ holds") == 2
    assert "<td>Challenger</td><td>– not in use</td><td>none named</td>" in cells(at)
    assert markup(at).count("Last checked ") == 1


def test_a_gate_to_watch_does_not_hold_and_stands_with_its_figure_as_on_the_trust_page(
    open_app: Open, release: Release
) -> None:
    gates = release.report.gates
    (watched,) = release.report.watched
    told = f"approval ratio by education {release_words.figure(watched)} ({release_words.bound(watched)} is asked)"
    found = cells(open_app("operations"))
    assert f"<td>◐ watch</td><td>{len(gates) - 1} of {len(gates)} passed before the release. To watch: {told}" in found
    assert "<td>Gates</td><td>✓" not in found


def test_what_protects_groups_is_watched_without_its_figure_for_a_viewer(
    open_app: Open, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    (watched,) = release.report.watched
    looking(monkeypatch, "viewer")
    at = open_app("operations")
    assert sentence(at).endswith("one gate to watch: approval ratio of groups.")
    assert not any(told in markup(at) for told in (release_words.figure(watched), "education"))


def test_what_is_deployed_is_told_with_whole_hashes(open_app: Open, release: Release) -> None:
    found = cells(open_app("operations"))
    for told in (
        release.id,
        release.artefact,
        release.contract.hash,
        f"version {release.contract.version}",
        "champion",
    ):
        assert f"<td>{told}</td>" in found


def test_the_numbers_tell_how_the_service_answered(open_app: Open, book: Book) -> None:
    assert shown(open_app("operations"), "REST, 95th percentile") == "–"
    running().service.pulse.note(12.4)
    at = open_app("operations")
    assert shown(at, "REST, 95th percentile") == f"12{numbers.NBSP}ms"
    assert "1 call, none failed" in markup(at)
    assert shown(at, "Calls that failed") == "none"


def test_checking_again_finds_what_has_happened_since(
    open_app: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_app("operations")
    assert "no check failed" in sentence(at)
    monkeypatch.setattr(status, "record_trouble", lambda _: "The disk is full. Make room.")
    at.button(key="_check").click().run()
    assert sentence(at).endswith(f"; 1 of 3 checks failed: record{WATCH}")
    assert "The disk is full. Make room." in cells(at)


@pytest.mark.parametrize("page", PAGES)
def test_a_record_nobody_answers_at_is_told_on_every_page(
    open_app: Open, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATIF_STORE_URL", "postgresql://teller:secret@127.0.0.1:1/record")
    own = running().settled
    assert own is not None
    until(lambda: bool(own.trouble))  # it is asked before anybody relies on it
    at = open_app(page)
    (told,) = [each.value for each in at.warning if "not being recorded" in each.value]
    assert "postgresql://teller:***@127.0.0.1:1/record cannot be used" in told
    assert "secret" not in told
    if page == "operations":
        assert sentence(at).endswith(f"; 1 of 3 checks failed: record{WATCH}")
        assert "cannot be used" in cells(at)


@pytest.mark.parametrize("page", PAGES)
def test_a_record_that_cannot_be_made_is_told_on_every_page(
    open_app: Open, own_home: Path, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_home / "record.sqlite").unlink(missing_ok=True)
    (own_home / "record.sqlite").symlink_to("/nowhere/at/all/record.sqlite")
    at = open_app(page)
    (told,) = [each.value for each in at.warning if "not being recorded" in each.value]
    assert "record.sqlite cannot be made: No such file or directory. Set WHATIF_HOME" in told
    if page == "operations":
        assert "record" in sentence(at).split("failed: ")[1]


def test_a_record_that_cannot_be_written_any_more_is_found_by_asking_it(
    open_app: Open, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_app("operations")

    def refused(*_: object) -> None:
        raise StoreError("attempt to write a readonly database")

    monkeypatch.setattr(status, "writing", refused)
    at.button(key="_check").click().run()
    assert "attempt to write a readonly database" in cells(at)
    assert sentence(at).endswith(f"failed: record{WATCH}")


def test_recording_that_is_switched_off_is_no_failure(open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATIF_AUDIT", "off")
    at = open_app("operations")
    assert sentence(at).endswith(f"; no check failed{WATCH}")
    assert "<td>Record</td><td>– not in use</td><td>switched off</td>" in cells(at)


def test_what_was_found_is_never_markup(open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "record_trouble", lambda _: "<img src=x onerror=alert(1)>")
    at = open_app("operations")
    assert "<img" not in "".join(each.value for each in at.html)
    assert "<td><img src=x onerror=alert(1)></td>" in markup(at)  # unescaped: as it reads


# ---- recent calls ---------------------------------------------------------------------------------------------------


def test_before_the_first_call_there_is_an_invitation(open_app: Open) -> None:
    at = opened(open_app("operations"), CALLS)
    assert any(each.startswith("No call is on record yet.") for each in messages(at))
    assert not at.dataframe


def test_requests_and_what_ifs_appear_the_newest_first(open_app: Open, book: Book, release: Release) -> None:
    first = score(book.raw[:, :3])
    open_app("book", balances=20)
    stood(2)
    last = score(book.raw[:, :1], name="request-7")
    frame = calls(opened(open_app("operations"), CALLS))
    assert frame["What"].tolist() == ["scored by request", "what-if, book", "scored by request"]
    assert frame["Records"].tolist() == ["1", "whole book", "3"]
    assert set(frame["Book"]) == {"Taiwan credit cards"}
    assert frame["Who"].tolist() == ["bank/system", "local user", "bank/system"]
    assert (frame["Call"][0], frame["Call"][2]) == (last, first) == ("request-7", first)
    assert set(frame["Release"]) == {release.id}


def test_one_call_is_told_as_one(open_app: Open, book: Book) -> None:
    score(book.raw[:, :1])
    at = opened(open_app("operations"), CALLS)
    assert "<h3>The latest call</h3>" in markup(at)


def test_no_more_calls_are_listed_than_can_be_read(open_app: Open, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "MAX_CALLS_LISTED", 3)
    for _ in range(5):
        score(book.raw[:, :1])
    at = opened(open_app("operations"), CALLS)
    assert len(calls(at)) == 3
    assert "<h3>The latest 3 calls, the newest first</h3>" in markup(at)


def test_what_was_recorded_before_recording_was_switched_off_still_stands(
    open_app: Open, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = score(book.raw[:, :1])
    monkeypatch.setenv("WHATIF_AUDIT", "off")
    at = opened(open_app("operations"), CALLS)
    assert calls(at)["Call"].tolist() == [name]
    assert any(each.startswith("Recording is switched off") for each in messages(at))


def test_a_record_that_cannot_be_read_is_told_where_its_calls_would_be(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATIF_STORE_URL", "postgresql://teller@127.0.0.1:1/record")
    at = opened(open_app("operations"), CALLS)
    assert any("cannot be used" in each.value for each in at.error)
    assert not at.dataframe


# ---- done again -----------------------------------------------------------------------------------------------------


def replayed(open_app: Open, name: str) -> AppTest:
    """The page after a call was done again."""
    at = opened(open_app("operations"), CALLS)
    at.selectbox(key=CALL).set_value(name)
    at.button(key="_replay").click().run()
    assert not at.exception
    return at


def asked(kind: str, open_app: Open, book: Book, release: Release) -> str:
    """A call of this kind on record."""
    if kind == "score":
        return score(book.raw[:, :40], "predict_proba", "shap_values", "base_value", "decision")
    if kind == "upload":
        frame = pd.DataFrame(book.raw[:, :20].T.astype(int), columns=[each.name for each in book.contract.record])
        frame.insert(0, "customer", book.ids[:20])
        at = opened(open_app("operations"), "_upload_panel")
        at.file_uploader(key=upload.FILE).set_value(("a.csv", frame.to_csv(index=False).encode(), "text/csv")).run()
    else:
        page, assumed = {
            "whatif:customer": ("applicant", {"customer": 12345, "balances": -20}),
            "whatif:book": ("book", {"preset": "fed_2026_severely_adverse", "severity": 50, "balances": 20}),
            "whatif:policy": ("policy", {"cutoff": 540, "lgd": 0.55}),
        }[kind]
        open_app(page, **assumed)
    (entry,) = stood()
    assert entry.kind == kind
    return entry.id


@pytest.mark.parametrize("kind", ["score", "upload", "whatif:customer", "whatif:book", "whatif:policy"])
def test_every_kind_of_call_done_again_gives_the_same_numbers(
    open_app: Open, book: Book, release: Release, kind: str
) -> None:
    at = replayed(open_app, asked(kind, open_app, book, release))
    (told,) = [each.value for each in at.success]
    assert told.startswith(f"Release {release.id[:6]}, which answered then, gives the same numbers. The same")
    assert not at.error
    links = [each.proto for each in at.get("page_link") if each.proto.label.startswith("Open this what-if")]
    assert len(links) == kind.startswith("whatif:")
    assert all(f"made-with={release.id[:6]}" in each.query_string for each in links)
    assert all(("balances" in each.query_string) != ("cutoff" in each.query_string) for each in links)


def test_recorded_what_if_is_opened_on_its_page_where_addresses_carry_no_edits(
    open_app: Open, book: Book, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = asked("whatif:policy", open_app, book, release)
    monkeypatch.setenv("WHATIF_URL_STATE", "off")
    at = opened(open_app("operations"), CALLS)
    at.selectbox(key=CALL).set_value(name).run()
    at.button(key="_open_call").click().run()
    assert not at.exception
    assert at.slider(key="policy.cutoff").value == 540
    assert "cutoff" not in at.query_params


def altered(name: str) -> None:
    """One recorded probability is another now, as somebody with access to the file could have it."""
    own = running()
    entry = find(own.engine, name)
    outputs = dict(entry.outputs) | {"pd": entry.outputs["pd"] * 0.9}
    with own.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_update"))
        connection.execute(
            text("UPDATE audit SET outputs = :own WHERE id = :id"), {"own": packed_values(outputs), "id": name}
        )


def test_a_call_that_was_tampered_with_is_told(open_app: Open, book: Book, release: Release) -> None:
    name = score(book.raw[:, :5])
    altered(name)
    at = replayed(open_app, name)
    (told,) = [each.value for each in at.error]
    assert f"Release {release.id[:6]}, which answered then, gives other numbers than those on record." in told
    assert "pd differs by up to 0." in told
    assert not at.success


def test_a_call_is_done_again_by_the_release_that_answered_it(
    open_app: Open, store: Store, book: Book, release: Release
) -> None:
    name = score(book.raw[:, :5])
    store.promote(riskier(store))
    at = replayed(open_app, name)
    assert f"Release {release.id[:6]}, which answered then, gives the same numbers." in at.success[0].value


def test_a_call_whose_release_is_gone_cannot_be_done_again_and_says_why(
    open_app: Open, book: Book, release: Release
) -> None:
    own = running()
    assert own.audit is not None
    raw = book.raw[:, :1]
    name = own.audit.record(
        Entry(
            kind="score",
            who="x",
            via="rest",
            book="cards",
            release="f" * 12,
            contract_sha256=release.contract.hash,
            inputs=raw,
            outputs=customer_outputs(release.scorer, raw),
            duration_ms=1.0,
        )
    )
    at = replayed(open_app, name)
    (told,) = [each.value for each in at.warning]
    assert f"was answered by the release {'f' * 12}" in told
    assert "Restore its folder from a backup" in told


# ---- champion and challenger ----------------------------------------------------------------------------------------


def test_without_a_challenger_it_is_told_what_one_would_do(open_app: Open, release: Release) -> None:
    at = opened(open_app("operations"), CHALLENGER)
    assert any(each.startswith(f"No release challenges the champion {release.id[:6]}.") for each in messages(at))
    assert table(at, "Role")["Role"].tolist() == ["champion"]


def test_before_the_first_call_the_challenger_waits(open_app: Open, store: Store) -> None:
    other = store.promote(twin(store), "challenger")
    at = opened(open_app("operations"), CHALLENGER)
    assert f"The challenger {other[:6]} scores every REST request along; none has come yet." in messages(at)
    assert f"{other[:6]} scores along" in cells(at)
    assert table(at, "Role")["Role"].tolist() == ["champion", "challenger"]  # which was trained in 2020


def test_a_challenger_kept_from_scoring_along_is_told(
    open_app: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = store.promote(twin(store), "challenger")
    monkeypatch.setenv("WHATIF_SHADOW", "off")
    at = opened(open_app("operations"), CHALLENGER)
    assert f"The challenger {other[:6]} does not score along: WHATIF_SHADOW is off." in messages(at)
    assert f"<td>– not in use</td><td>{other[:6]}, shadow scoring switched off</td>" in cells(at)


def shadowed(parts: Sequence[Array]) -> list[str]:
    """Requests that the challenger has scored along."""
    names = [score(each) for each in parts]
    total = sum(each.shape[1] for each in parts)
    aliases = Store(settings().home, "cards").aliases()

    def followed() -> bool:
        found = shadow.report(running().engine, aliases)
        return found is not None and found.customers == total

    until(followed)
    return names


def test_how_the_challenger_differs_is_reported(open_app: Open, store: Store, book: Book, release: Release) -> None:
    store.promote(riskier(store), "challenger")
    raw = book.raw[:, ::100]
    names = shadowed([raw[:, :100], raw[:, 100:]])
    at = opened(open_app("operations"), CHALLENGER)
    before = release.scorer.margins(raw)
    gap = probability(before + SHIFT) - probability(before)
    points, cutoff = score_scale(release.contract).score, release.contract.score.cutoff
    declined = int(((points(before) >= cutoff) & (points(before + SHIFT) < cutoff)).sum())
    assert declined > 0
    assert f"{declined:,} would be decided otherwise: 0 newly granted, {declined:,} no longer granted." in markup(at)
    assert "Of 300 customers scored since " in markup(at)
    assert f"Probabilities differ by {words.pd_points(float(np.abs(gap).mean()))} on average." in markup(at)
    assert shown(at, "Mean difference of PD") == numbers.points(float(gap.mean()), 2)
    assert shown(at, "Largest difference") == words.pd_points(float(gap.max()))
    assert (shown(at, "Newly granted"), shown(at, "No longer granted")) == ("0", f"{declined:,}")
    frame = table(at, "Largest difference of PD")
    assert set(frame["Call"]) == set(names)
    assert set(frame["Customers"]) == {100, 200}


def test_a_challenger_that_decides_alike_is_told_so(open_app: Open, store: Store, book: Book) -> None:
    store.promote(twin(store), "challenger")
    shadowed([book.raw[:, :1]])
    at = opened(open_app("operations"), CHALLENGER)
    assert "Of 1 customer scored since " in markup(at)
    assert "none would be decided otherwise." in markup(at)


def test_releases_can_be_changed_while_the_record_is_down(
    open_app: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATIF_STORE_URL", "postgresql://teller@127.0.0.1:1/record")
    store.promote(twin(store), "challenger")
    at = opened(open_app("operations"), CHALLENGER)
    assert any("cannot be used" in each.value for each in at.error)
    assert len(table(at, "Role")) == 2
    assert at.button(key="_promote")


# ---- who answers ----------------------------------------------------------------------------------------------------


def badge(at: AppTest) -> str:
    return markup(at).split("wi-badge'><i></i>model ", 1)[1].split(" ", 1)[0]


def reasoned(at: AppTest, why: str = "Newer data", override: str = "") -> AppTest:
    """With the reasons given."""
    at.text_input(key=releases.REASON).set_value(why)
    if override:
        at.text_input(key=releases.OVERRIDE).set_value(override)
    return at


def promote(at: AppTest) -> AppTest:
    """Ask to promote what is chosen, and say yes to what that does to the book's numbers."""
    at.button(key="_promote").click().run()
    return at.button(key="_promote_now").click().run()


def test_promote_and_roll_back_change_who_answers(open_app: Open, store: Store, release: Release) -> None:
    other = riskier(store)
    at = opened(open_app("operations"), CHALLENGER)
    assert badge(at) == release.id[:6]
    assert at.button(key="_rollback").disabled
    at.selectbox(key=releases.RELEASE).set_value(other)
    promote(reasoned(at))
    assert not at.exception
    assert badge(at) == other[:6]
    assert store.aliases() == {"champion": other, "previous": release.id}
    assert f"{other[:6]} is now the champion." in messages(at)
    assert sentence(at).startswith(f"Release {other} has answered")
    reasoned(at, "Too late").button(key="_rollback").click().run()
    assert badge(at) == release.id[:6]
    assert f"{release.id[:6]} is now the champion." in messages(at)
    at.run()
    assert not at.success  # told once


def test_a_challenger_is_named_with_the_same_buttons(open_app: Open, store: Store, release: Release) -> None:
    other = twin(store)
    at = opened(open_app("operations"), CHALLENGER)
    at.selectbox(key=releases.RELEASE).set_value(other).run()
    at.selectbox(key=releases.ALIAS).set_value("challenger")
    promote(reasoned(at))
    assert store.aliases() == {"champion": release.id, "challenger": other}
    assert f"{other[:6]} is now the challenger." in messages(at)
    assert badge(at) == release.id[:6]


def test_what_is_so_already_cannot_be_asked_for(open_app: Open, store: Store, release: Release) -> None:
    at = opened(open_app("operations"), CHALLENGER)
    at.selectbox(key=releases.RELEASE).set_value(release.id).run()
    assert at.button(key="_promote").disabled


def test_without_a_reason_nothing_is_promoted(open_app: Open, store: Store, release: Release) -> None:
    other = riskier(store)
    at = opened(open_app("operations"), CHALLENGER)
    at.selectbox(key=releases.RELEASE).set_value(other)
    promote(at)
    assert any(each.startswith("Nothing was changed. Say why it is to change") for each in messages(at))
    assert store.aliases() == {"champion": release.id}


def test_the_next_move_has_a_reason_of_its_own(open_app: Open, store: Store) -> None:
    other = riskier(store)
    at = opened(open_app("operations"), CHALLENGER)
    at.selectbox(key=releases.RELEASE).set_value(other)
    promote(reasoned(at, "Newer data"))
    assert at.text_input(key=releases.REASON).value == ""
    reasoned(at, "Too late").button(key="_rollback").click().run()
    assert [each.why for each in store.history()[-4:]] == ["Newer data", "Newer data", "Too late", "Too late"]


def test_without_a_reason_there_is_no_way_back(open_app: Open, store: Store, release: Release) -> None:
    other = store.promote(riskier(store))
    at = opened(open_app("operations"), CHALLENGER)
    at.button(key="_rollback").click().run()
    assert any(each.startswith("Nothing was changed. Say why it is to change") for each in messages(at))
    assert store.aliases() == {"champion": other, "previous": release.id}


def test_a_release_that_failed_a_gate_is_not_promoted_and_says_why(
    open_app: Open, store: Store, release: Release
) -> None:
    other = forge(store, release.id, {"gates.json": failing(release, "auc")})
    at = opened(open_app("operations"), CHALLENGER)
    at.selectbox(key=releases.RELEASE).set_value(other).run()
    assert "This release failed 1 gate: AUC 0.123 (at least 0.780 is asked)." in messages(at)
    promote(reasoned(at))
    assert any(each.value.startswith(f"Release {other} is not promoted: ") for each in at.error)
    assert badge(at) == release.id[:6]
    assert store.aliases() == {"champion": release.id}


def test_an_override_takes_a_reason_which_stands_in_the_history(open_app: Open, store: Store, release: Release) -> None:
    other = forge(store, release.id, {"gates.json": failing(release, "auc")})
    at = opened(open_app("operations"), CHALLENGER)
    at.selectbox(key=releases.RELEASE).set_value(other).run()
    reasoned(at, "Newer data", "The board <b>accepts</b> it").button(key="_promote").click().run().button(
        key="_promote_now"
    ).click().run()
    assert store.aliases()["champion"] == other
    (moved,) = store.history(other)
    assert (moved.who, moved.why, moved.override) == ("local user", "Newer data", "The board <b>accepts</b> it")
    assert "<b>accepts" not in "".join(each.value for each in at.html)
    assert "<td>The board <b>accepts</b> it (passed over: Ranks well: AUC)</td>" in markup(at)  # unescaped
    assert sentence(at).endswith(f"; 1 of 3 checks failed: gates{WATCH}")
    assert "<td>✗ failed</td>" in cells(at)
    assert "Overridden: AUC 0.123 (at least 0.780 is asked)" in cells(at)


def test_no_reason_promotes_a_model_that_ranks_by_chance(open_app: Open, store: Store, release: Release) -> None:
    noise = failing(release, "auc", note=f"{BY_CHANCE}, as it is.")
    other = forge(store, release.id, {"gates.json": noise})
    at = opened(open_app("operations"), CHALLENGER)
    at.selectbox(key=releases.RELEASE).set_value(other).run()
    assert any(each.value.endswith(NO_REASON) for each in at.error)
    assert at.button(key="_promote").disabled
    assert releases.OVERRIDE not in {each.key for each in at.text_input}
    for alias in ("champion", "challenger"):
        with pytest.raises(GateError, match=NO_REASON):
            store.promote(other, alias, "Ana", "Newer data", "The board accepts it.")
    assert store.aliases() == {"champion": release.id}


def test_where_no_gate_failed_there_is_nothing_to_override(open_app: Open, store: Store) -> None:
    other = riskier(store)
    at = opened(open_app("operations"), CHALLENGER)
    at.selectbox(key=releases.RELEASE).set_value(other).run()
    assert releases.OVERRIDE not in {each.key for each in at.text_input}


def test_a_release_made_beside_a_former_champion_is_held_against_the_present_one_once_and_can_be_overridden(
    open_app: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = riskier(store)
    store.promote(twin(store))
    held, own = [], Store.obstacles

    def counted(self: Store, release: Release) -> Any:
        held.append(release.id)
        return own(self, release)

    monkeypatch.setattr(Store, "obstacles", counted)
    at = opened(open_app("operations"), CHALLENGER)
    at.selectbox(key=releases.RELEASE).set_value(other).run()
    (told,) = (each for each in messages(at) if each.startswith("This release failed 1 gate: "))
    assert "drift of the score since the champion 0.3" in told
    at.text_input(key=releases.REASON).set_value("Newer data").run()
    assert held.count(other) == 1
    reasoned(at, override="It was to be expected").button(key="_promote").click().run().button(
        key="_promote_now"
    ).click().run()
    assert badge(at) == other[:6]
    assert "It was to be expected (passed over: drift of the score since the champion)" in markup(at)


def test_releases_tell_their_window_and_how_they_stand(open_app: Open, store: Store, release: Release) -> None:
    forge(store, release.id, {"gates.json": failing(release, "auc")}, window={"since": 2003, "until": 2005})
    frame = table(opened(open_app("operations"), CHALLENGER), "Role")
    assert frame["Fitted to"].tolist() == ["2003 to 2005", "whole book"]
    assert frame["Gates"].tolist() == ["1 failed", "passed, 1 to watch"]


def test_what_champion_and_challenger_were_fitted_to_is_told_where_it_differs(
    open_app: Open, store: Store, release: Release
) -> None:
    other = forge(store, release.id, {}, window={"since": 2003, "until": 2005})
    at = opened(open_app("operations"), CHALLENGER)
    assert not any("was fitted to" in each.value for each in at.caption)
    point(store, challenger=other)
    at = opened(open_app("operations"), CHALLENGER)
    told = "The champion was fitted to the whole book, the challenger was fitted to 2003 to 2005."
    assert told in [each.value for each in at.caption]


def test_who_changed_who_answers_is_told_to_everybody_who_sees_the_page(
    open_app: Open, store: Store, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = riskier(store)
    store.promote(other, who="ann", why="Newer data")
    looking(monkeypatch, "viewer")
    found = cells(opened(open_app("operations"), CHALLENGER))
    for told in (other, "ann", "Newer data", "champion", "previous"):
        assert f"<td>{told}</td>" in found


def test_a_release_of_another_contract_does_not_become_champion_for_the_pages_could_not_ask_it(
    open_app: Open, store: Store, release: Release
) -> None:
    other = stray(store)
    at = opened(open_app("operations"), CHALLENGER)
    at.selectbox(key=releases.RELEASE).set_value(other)
    promote(reasoned(at))
    assert any(f"Release {other} was trained on another snapshot or contract" in each.value for each in at.error)
    assert store.aliases() == {"champion": release.id}
    assert badge(at) == release.id[:6]


def test_a_roll_back_to_a_release_of_another_contract_is_refused(
    open_app: Open, store: Store, release: Release
) -> None:
    other = stray(store)
    point(store, previous=other)
    at = opened(open_app("operations"), CHALLENGER)
    reasoned(at).button(key="_rollback").click().run()
    assert any(f"Release {other} was trained on another snapshot or contract" in each.value for each in at.error)
    assert store.aliases() == {"champion": release.id, "previous": other}


def test_a_champion_that_belongs_to_another_contract_is_told_and_one_that_belongs_is_promoted_here(
    open_app: Open, store: Store, release: Release
) -> None:
    point(store, champion=stray(store))
    book = open_app("book")
    assert "was trained on another snapshot or contract" in book.error[0].value
    assert [each.label for each in links(book)] == ["Its releases, on Operations"]
    at = open_app("operations")
    assert not at.exception
    assert "No model of “Taiwan credit cards” is deployed that belongs to it." in markup(at)
    assert release.id in at.dataframe[0].value.to_string()
    at.selectbox(key=releases.RELEASE).set_value(release.id).run()
    promote(reasoned(at))
    assert store.aliases()["champion"] == release.id
    assert badge(at) == release.id[:6]


def test_a_viewer_is_told_of_a_champion_that_does_not_belong_and_led_nowhere(
    open_app: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    point(store, champion=stray(store))
    looking(monkeypatch, "viewer")
    at = open_app("book")
    assert "was trained on another snapshot or contract" in at.error[0].value
    assert not links(at)


def test_aliases_that_cannot_be_written_are_told(open_app: Open, store: Store, release: Release) -> None:
    other = riskier(store)
    (store.root / "history.jsonl").unlink(missing_ok=True)
    (store.root / "history.jsonl").mkdir()
    at = opened(open_app("operations"), CHALLENGER)
    at.selectbox(key=releases.RELEASE).set_value(other)
    promote(reasoned(at))
    assert not at.exception
    assert any(each.value.startswith("Nothing was changed: ") for each in at.error)
    assert store.aliases() == {"champion": release.id}


# ---- who may ---------------------------------------------------------------------------------------------------------


def controls(at: AppTest) -> set[str]:
    """Which of the page's controls are there."""
    keys = {str(each.key) for each in (*at.button, *at.selectbox, *at.file_uploader)}
    return keys & {"_promote", "_rollback", releases.RELEASE, CALL, "_replay", upload.FILE}


@pytest.mark.parametrize(
    ("role", "there"),
    [
        ("viewer", set()),
        ("analyst", {CALL, "_replay", upload.FILE}),
        ("admin", {CALL, "_replay", upload.FILE, "_promote", "_rollback", releases.RELEASE}),
    ],
)
def test_each_role_finds_what_it_may_do(
    open_app: Open, book: Book, monkeypatch: pytest.MonkeyPatch, role: str, there: set[str]
) -> None:
    score(book.raw[:, :1])
    looking(monkeypatch, role)
    at = open_app("operations")
    for panel in ("_upload_panel", CHALLENGER, CALLS):
        opened(at, panel)
    assert controls(at) == there
    assert any("Call" in each.value for each in at.dataframe) == bool(there)


def test_a_viewer_is_told_what_seeing_calls_takes_and_none_is_read(
    open_app: Open, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = score(book.raw[:, :1])
    assert [each.id for each in recent(running().engine)] == [name]

    def read(*_: object) -> None:
        raise AssertionError("The calls were read.")

    monkeypatch.setattr(status, "recent", read)
    looking(monkeypatch, "viewer")
    at = opened(open_app("operations"), CALLS)
    assert not at.exception
    assert any(each.value.startswith("To see calls takes the role analyst or higher.") for each in at.caption)
    assert name not in markup(at)
