"""The policy asked in words."""

from tests.pages.conftest import Open, address, markup


def test_a_cut_off_and_an_assumption_are_asked_in_one_line(open_app: Open):
    at = open_app("policy")
    at.text_input("_policy_ask").set_value("cut-off 534; lgd 90; weather 3").run()
    assert "<li>Cut-off 534</li>" in markup(at)
    assert "<b>weather 3</b> was not understood." in markup(at)
    assert address(at) == {}
    at.button("ask_apply").click().run()
    assert address(at) == {"cutoff": "534", "lgd": "0.9"}
