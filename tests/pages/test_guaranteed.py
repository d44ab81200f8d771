"""The pages on a book whose losses somebody else bears in part: by its contract alone, without a word of the cards."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.report.numbers import NBSP, Unit, money
from model.whatif.book.scenario import BookScenario, layers
from model.whatif.customer.decision import decide
from model.whatif.customer.scenario import CustomerScenario
from tests.pages.conftest import Open, markup, opened, sentence, shown
from tests.support import guaranteed
from tests.support.guaranteed import CONTRACT
from tests.support.records import TODAY

WORDS = ("customer", "Customer", "card", "NT$", "statement", "credit line")


@pytest.fixture
def open_loans(open_app: Open, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a page of the app on the made-up book."""
    guaranteed.write(tmp_path)
    release = SimpleNamespace(id="0123456789abcdef", scorer=guaranteed.scorer(), contract=CONTRACT, manifest={})
    model = DeployedModel(guaranteed.book(), guaranteed.scorer(), release)  # type: ignore[arg-type]
    monkeypatch.setenv("WHATIF_HOME", str(tmp_path))
    monkeypatch.setenv("WHATIF_BOOK", guaranteed.NAME)
    monkeypatch.setattr(DeployedModels, "model", lambda *_: model)
    monkeypatch.setattr(DeployedModels, "comparable", lambda *_: [])
    return open_app


def plain(at: AppTest) -> str:
    """Everything a visitor reads on a page, below the frame."""
    parts = [markup(at).split("</div>", 3)[-1]]
    for kind in ("markdown", "caption", "slider", "number_input", "selectbox", "expander", "text_input", "button"):
        for each in at.get(kind):
            parts += [str(getattr(each, name, "") or "") for name in ("label", "value", "help")]
    return "\n".join(parts)


def amount(value: float) -> str:
    return Unit.of(value).text(value, "US$")


def test_book_page_tells_the_expected_loss_gross_and_net(open_loans: Open) -> None:
    at = open_loans()
    base = guaranteed.whole().totals([layers(CONTRACT, BookScenario(), TODAY)])[0]
    assert shown(at, "Expected loss") == amount(base.loss)
    assert f"net of the guarantee {amount(base.net_loss)}" in markup(at)
    assert f"(net of the guarantee {amount(base.net_loss)})" in sentence(at)


PANELS = (
    "_steps",
    "_tornado",
    "_grid",
    "_seek",
    "_reactions",
    "_migration",
    "_cells",
    "_movers",
    "_numbers",
    "_limits",
    "_who",
    "_overlay",
    "_coefficients",
    "_book_assumptions",
    "_weighted",
)


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_of_the_book_page_opens_and_speaks_of_loans(open_loans: Open, panel: str) -> None:
    at = opened(open_loans(unemployment=3, smaller=20, lgd=0.5), panel)
    assert not at.exception
    assert [word for word in WORDS if word in plain(at)] == []


def test_tables_of_the_book_page_hold_the_net_loss(open_loans: Open) -> None:
    cells = opened(open_loans(unemployment=3), "_cells").dataframe[0].value
    net = cells["Net loss now, US$"]
    assert net.iloc[-1] == pytest.approx(net.iloc[:-1].sum())
    assert "Loans" in cells
    every = opened(open_loans(unemployment=3), "_numbers").dataframe[0].value
    assert "Expected loss, net of the guarantee" in every["Measure"].tolist()
    steps = opened(open_loans(unemployment=3), "_steps").dataframe[0].value
    assert "Expected loss, net of the guarantee, US$" in steps


def test_one_loan_shows_its_net_loss_beside_the_gross(open_loans: Open) -> None:
    at = open_loans("applicant", customer=1000)
    found = decide(guaranteed.scorer(), guaranteed.book().raw[:, :1], CustomerScenario().values(CONTRACT))
    assert shown(at, "Expected loss, the life of the loan") == money(round(found.expected_loss), "US$")
    assert f"net of the guarantee {money(round(found.net_loss), 'US$')}" in markup(at)


@pytest.mark.parametrize("panel", ["_statement", "_assumptions", "_customer_tornado", "_two_way", "_table"])
def test_every_panel_of_one_loan_opens_without_a_history_and_speaks_of_loans(open_loans: Open, panel: str) -> None:
    at = opened(open_loans("applicant", customer=1003), panel)
    assert not at.exception
    assert [word for word in WORDS if word in plain(at)] == []


def test_assumptions_of_one_loan_are_those_its_exposure_depends_on(open_loans: Open) -> None:
    at = opened(open_loans("applicant", customer=1000), "_assumptions")
    labels = [each.label for each in at.number_input]
    assert "Loss given default elsewhere (%)" in labels
    assert not any("conversion" in label or "Interest" in label for label in labels)


def test_record_without_months_can_be_edited_field_by_field(open_loans: Open) -> None:
    at = opened(open_loans("applicant", customer=1000), "_statement")
    field = next(each for each in at.number_input if each.label == "Amount approved (US$)")
    assert field.value == guaranteed.value("amount")[0]
    field.set_value(int(field.value) + 1000).run()
    assert not at.exception
    assert at.query_params["amount"] == f"{guaranteed.value('amount')[0] + 1000:.12g}"


def test_own_loan_is_asked_for_with_its_vintage(open_loans: Open) -> None:
    at = open_loans("applicant", own=",".join([""] * len(CONTRACT.record)))
    assert not at.exception
    assert "Year of approval" in [each.label for each in at.number_input]


def test_a_code_that_may_be_missing_can_be_chosen_to_be(open_loans: Open) -> None:
    values = ["" if each.missing else f"{guaranteed.value(each.name)[0]:.12g}" for each in CONTRACT.record]
    at = open_loans("applicant", own=",".join(values))
    assert "1 of" in markup(at)
    sector = at.selectbox(key="customer.own.sector")
    assert sector.options[-1] == "missing"
    sector.set_value("missing").run()
    assert not at.exception
    assert "nan" in at.query_params["own"]
    assert "this loan" in sentence(at).lower()


@pytest.mark.parametrize("panel", ["_swap", "_prices", "_heated", "_frontier", "_table_policy"])
def test_every_panel_of_the_policy_page_opens_and_speaks_of_loans(open_loans: Open, panel: str) -> None:
    at = opened(open_loans("policy", cutoff=545), panel)
    assert not at.exception
    assert [word for word in WORDS if word in plain(at)] == []
    assert "net of the guarantee US$" in markup(at).replace(NBSP, " ")


def test_policy_page_assumes_only_what_the_contract_has_and_watches_no_group_it_does_not_know(open_loans: Open) -> None:
    at = open_loans("policy")
    labels = [each.label for each in at.number_input]
    assert any(label.startswith("Loss given default elsewhere") for label in labels)
    assert not any("conversion" in label for label in labels)
    assert "Fairness monitor" not in [each.label for each in at.expander]
