"""The book asked in words."""

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import Open, address, markup, sentence

LINE, APPLY = "_book_ask", "ask_apply"


def typed(at: AppTest, line: str) -> AppTest:
    """With a line typed, and nothing else done."""
    return at.text_input(LINE).set_value(line).run()


def applied(at: AppTest) -> AppTest:
    """With what is shown applied."""
    return at.button(APPLY).click().run()


def test_a_line_is_shown_as_chips_before_it_is_applied(open_app: Open):
    at = typed(open_app(), "limits -20 for limit below 50,000; unemployment +3; LGD 90")
    told = markup(at).replace("\N{NO-BREAK SPACE}", " ")
    for chip in ("Credit limits −20 %", "only customers with credit limit below NT$ 50,000", "Unemployment +3 pp"):
        assert f"<li>{chip}</li>" in told
    assert address(at) == {}
    assert sentence(at).startswith("As the book stands")
    applied(at)
    assert address(at) == {"limits": "-20", "who": "limit_band:0", "unemployment": "3", "lgd": "0.9"}
    assert "limits 20" in sentence(at)
    assert at.text_input(LINE).value == ""
    assert not any(each.key == APPLY for each in at.button)
    at.button[0].click().run()  # undo: all of it at once
    assert address(at) == {}


def test_what_is_not_understood_is_told_and_what_it_could_have_been_is_one_choice_away(open_app: Open):
    at = typed(open_app(), "unemployement 3; lgd 900; lgd +5")
    told = markup(at).replace("\N{NO-BREAK SPACE}", " ")
    assert "<b>unemployement 3</b> was not understood. There is nothing of that name here." in told
    assert "Loss given default: 0 % to 100 % can be set; 900 % was given." in told
    assert "<b>lgd +5</b>: Loss given default +5: by so much, or to so much?" in told
    assert at.button(APPLY).disabled
    next(each for each in at.button if each.label == "Unemployment 3").click().run()
    assert at.text_input(LINE).value == "Unemployment 3; lgd 900; lgd +5"
    assert not at.button(APPLY).disabled
    assert address(at) == {}


def test_what_a_line_means_now_is_shown_again_where_a_lever_was_moved_since(open_app: Open):
    at = typed(open_app(), "fed 2026 half")
    at.session_state["_book_ask_shown"] = ()  # as it was shown before something else was moved
    applied(at)
    assert address(at) == {}
    applied(at)
    assert address(at) == {"preset": "fed_2026_severely_adverse", "severity": "50"}


def test_a_line_is_text_whatever_is_typed(open_app: Open):
    at = typed(open_app(), "<b onclick=x>; [link](http://x)")
    assert "<b onclick" not in "\n".join(each.value for each in at.html)
    assert not at.exception


def test_a_what_if_is_told_as_a_line_that_asks_for_it(open_app: Open):
    at = open_app(preset="fed_2026_severely_adverse", severity="50", limit_loss="612345678")
    at.session_state["_book_link"] = True
    (line,) = [each.value for each in at.run().code if "Severity" in each.value]
    again = typed(open_app(), line)
    applied(again)
    assert address(again) == address(at)
