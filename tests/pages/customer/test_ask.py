"""One record asked in words."""

from tests.pages.conftest import Open, address, markup


def test_who_is_looked_at_and_what_is_changed_is_asked_in_one_line(open_app: Open):
    at = open_app("applicant")
    at.text_input("_customer_ask").set_value("customer 12,345; balances -20; cut-off 534").run()
    told = markup(at).replace("\N{NO-BREAK SPACE}", " ")
    for chip in ("Customer 12,345", "Balances −20 %", "Cut-off 534"):
        assert f"<li>{chip}</li>" in told
    assert address(at) == {}
    at.button("ask_apply").click().run()
    assert address(at) == {"customer": "12345", "balances": "-20", "cutoff": "534"}
    assert at.text_input("_customer_ask").value == ""


def test_without_anybody_looked_at_a_lever_asks_for_whom(open_app: Open):
    at = open_app("applicant")
    at.text_input("_customer_ask").set_value("balances -20").run()
    assert "No customer is looked at. Name one in the same line: customer 1." in markup(at)
    assert at.button("ask_apply").disabled
