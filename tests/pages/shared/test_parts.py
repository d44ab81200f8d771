"""Which parts of a page a callback asks for; that they then show what the whole page would is held in a browser."""

from typing import Any

from streamlit.testing.v1 import AppTest

from pages.shared.parts import StandingParts


def nothing_touched() -> None:
    """What settles where nothing was touched."""


def test_a_part_is_outdated_once_what_it_shows_is_another_and_until_it_was_drawn():
    shown: dict[str, Any] = {"answers": 1, "lever": "0"}
    standing = StandingParts(nothing_touched, {key: lambda key=key: shown[key] for key in shown})
    assert standing.outdated() == ["answers", "lever"]
    standing.drawn = dict(shown)
    assert standing.outdated() == []
    shown["lever"] = "5"
    assert standing.outdated() == ["lever"]


def test_what_was_made_for_a_run_is_kept_until_all_that_was_asked_for_is_drawn():
    standing = StandingParts(nothing_touched, made={"result": 1}, asked=["answers", "lever"], whole=False)
    for key in ("answers", "lever"):
        standing.ended()
        assert standing.made == {"result": 1}
        standing.asked.remove(key)
    standing.ended()
    assert standing.made == {}


def page() -> None:
    """Two parts, of which the first changes what both show."""
    import streamlit as st

    from pages.shared import parts

    st.session_state.setdefault("at", 0)
    st.session_state.setdefault("drawn", [])

    def draw(name: str) -> None:
        st.session_state["drawn"].append(name)
        st.write(f"{name} {st.session_state['at']}")
        if name == "one":
            st.button("More", on_click=parts.redrawn, args=(more,))

    def more() -> None:
        st.session_state["at"] += 1

    with parts.whole_page(lambda: None):
        for name in ("one", "two"):
            parts.part(name, lambda name=name: draw(name), lambda: st.session_state["at"])


def test_where_the_whole_page_is_drawn_anyway_nothing_is_asked_for():
    at = AppTest.from_function(page).run()
    at.button[0].click().run()
    assert not at.exception
    assert [each.value for each in at.markdown] == ["one 1", "two 1"]
