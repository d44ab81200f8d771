"""Whatever is drawn stands there as it is written."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message  # type: ignore[import-untyped]  # it comes without types
from hypothesis import given
from hypothesis import strategies as st
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.testing.v1 import AppTest

from pages.shared.as_written import (
    AS_IT_IS,
    JOINER,
    READ,
    bold_kept,
    chart_literal,
    literal,
    literal_throughout,
    write_message,
)

ROOT = Path(__file__).parents[3]
MARKUP_OF_CHARTS = re.compile(r"</?(?:a|b|em|i|s|span|strong|su[bp]|u)(?: [a-z]+=|>)")
HOSTILE = "[Sign *in*](https://evil.example) **now** `x` :red[y] $a$ $b$ <b>z</b> ![p](http://evil.example/p.png)"

# Every text of every element and block that Streamlit has, but those of READ: what is no Markdown there, and why. One
# that a new version adds stands in neither and fails the test below.
PLAIN = {
    "ids and keys": {"id", "element_id", "form_id", "key", "uuid", "name", "component_name", "deferred_file_id"},
    "numbers and days": {"format", "min", "max", "step", "value", "default", "raw_value", "raw_values"},
    "addresses": {
        "url",
        "src",
        "srcdoc",
        "page",
        "page_script_hash",
        "query_string",
        "query_param_key",
        "link",
        "anchor",
    },
    "icons, drawn by name": {"icon", "content_icon", "avatar", "divider"},
    "plain attributes": {
        "alt",
        "placeholder",
        "autocomplete",
        "shortcut",
        "tag",
        "type",
        "theme",
        "engine",
        "language",
    },
    "descriptions": {"spec", "config", "columns", "column_order", "json", "json_args", "tooltip", "styles", "gap"},
    "code shown as code": {"code_text", "doc_string", "message", "stack_trace"},
    "options, that a browser sends back: written by who names them": {"options", "content", "default_tab_label"},
    "not used here": {
        "js_content",
        "js_source_path",
        "html_content",
        "css_content",
        "css_source_path",
        "mapbox_token",
        "file_type",
        "selection_mode",
        "selection_state",
        "selection_default",
        "source_id",
        "validate_regex",
        "validate_message",
    },
}


def texts_of(descriptor: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    for each in descriptor.fields:
        if each.type == each.TYPE_STRING:
            yield each.name
        elif each.message_type is not None and each.message_type.name not in seen:
            yield from texts_of(each.message_type, seen | {descriptor.name})


def test_every_text_that_streamlit_draws_is_read_here_or_known_to_be_plain():
    known = READ.union(*PLAIN.values())
    found = {*texts_of(Element.DESCRIPTOR), *texts_of(Block.DESCRIPTOR)}
    assert found - known == set()
    assert AS_IT_IS.keys() <= {each.name for each in Element.DESCRIPTOR.fields}


def filled(holder: Message, kind: str) -> Message:
    """An element of a kind, all of whose own texts are hostile."""
    element: Message = getattr(holder, kind)
    for each in element.DESCRIPTOR.fields:
        if each.type == each.TYPE_STRING and not each.is_repeated:
            setattr(element, each.name, HOSTILE)
        elif each.type == each.TYPE_STRING:
            getattr(element, each.name).extend([HOSTILE, HOSTILE])
    return element


KINDS = [
    (holder, each.name)
    for holder in ("new_element", "add_block")
    for each in (Element if holder == "new_element" else Block).DESCRIPTOR.oneofs_by_name["type"].fields
    if each.message_type is not None and each.name != "plotly_chart"
]


@pytest.mark.parametrize(("holder", "kind"), KINDS)
def test_texts_of_every_kind_of_element_and_block_are_written_literally(holder: str, kind: str):
    message = ForwardMsg()
    part = getattr(message.delta, holder)
    getattr(part, kind).SetInParent()
    element = filled(part, kind)
    write_message(message)
    for each, value in element.ListFields():
        if each.type != each.TYPE_STRING:
            continue
        drawn = each.name in READ and each.name not in AS_IT_IS.get(kind, ())
        wanted = literal(HOSTILE) if drawn else HOSTILE
        assert (value if isinstance(value, str) else {*value}) == (wanted if isinstance(value, str) else {wanted})


def test_what_comes_and_goes_is_written_literally_too():
    message = ForwardMsg()
    message.delta.new_transient.elements.add().spinner.text = HOSTILE
    write_message(message)
    assert message.delta.new_transient.elements[0].spinner.text == literal(HOSTILE)


def drawing() -> None:
    """A page that draws a hostile text in every way there is."""
    import streamlit as st

    import pages.shared.as_written  # noqa: F401

    text = st.session_state["text"]
    for message in (
        st.error,
        st.warning,
        st.info,
        st.success,
        st.caption,
        st.markdown,
        st.write,
        st.subheader,
        st.toast,
    ):
        message(text)
    st.button(text, help=text)
    st.text_input(text, help=text)
    st.selectbox(text, ["a"], help=text)
    st.checkbox(text, help=text)
    with st.expander(text):
        st.progress(0.5, text=text)
    st.tabs([text])
    st.header(text, help=text)


def test_page_that_draws_a_hostile_text_in_every_way_sends_it_literally():
    at = AppTest.from_function(drawing)
    at.session_state["text"] = HOSTILE
    at.run()
    assert not at.exception
    wanted = literal(HOSTILE)
    for place in (at.error, at.warning, at.info, at.success, at.caption, at.subheader, at.toast, at.header):
        assert [each.value for each in place] == [wanted]
    assert [each.value for each in at.markdown] == [wanted] * 2
    for widget in (at.button, at.text_input, at.selectbox, at.checkbox):
        assert [(each.label, each.proto.help) for each in widget] == [(wanted, wanted)]
    assert at.expander[0].label == at.tabs[0].label == wanted


# ---- what literal leaves and what it breaks --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Credit limit (NT$)",
        "12,345.6 %",
        "−5 to +5 points",
        "+5 points",
        "1.4 times",
        "WHATIF_MODEL_URL",
        "Name one under [output] in the mapping.",
        "What is 5 < 6 & 7?",
        "10:45 UTC",
        "“Quoted”, and 'so'; (all) of it!",
        "postgresql://teller:***@127.0.0.1:1/record",
        "",
    ],
)
def test_text_that_markdown_leaves_alone_is_left_alone(text: str):
    assert literal(text) == text


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("[a](http://b.example)", rf"\[a\](http:{JOINER}//b.example)"),
        ("![a](b.png)", r"!\[a\](b.png)"),
        ("*a* **b** _c_ __d__", r"\*a\* \*\*b\*\* \_c\_ \_\_d\_\_"),
        ("`a`", r"\`a\`"),
        ("# a", r"\# a"),
        ("a\n# b", "a\n\\# b"),
        ("- a", r"\- a"),
        ("1. a", r"1\. a"),
        ("> a", r"\> a"),
        ("    a", "a"),
        ("\ta", "a"),
        ("a\n===", "a\n\\==="),
        ("$a$", r"\$a\$"),
        ("~~a~~", r"\~\~a\~\~"),
        (":red[a]", r"\:red\[a]"),
        (":material/home:", rf"\:{JOINER}material/home:"),
        (":+1:", rf":{JOINER}+1:"),
        ("a -> b", f"a -{JOINER}> b"),
        ("<a href='x'>y</a>", r"\<a href='x'>y\</a>"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("\\*", r"\\*"),
        ("* a", r"\* a"),
        ("me@bank.example www.bank.example", f"me@{JOINER}bank.example www{JOINER}.bank.example"),
        ("a|b\n-|-", "a\\|b\n-\\|-"),
    ],
)
def test_text_that_markdown_would_read_is_broken_where_it_would_begin(text: str, drawn: str):
    assert literal(text) == drawn


@given(st.text(max_size=60))
def test_nothing_of_a_text_is_lost(text: str):
    letters = "".join(each for each in text if each.isalnum())
    assert "".join(each for each in literal(text) if each.isalnum()) == letters


def test_bold_of_the_house_is_bold_and_nothing_else_is():
    assert bold_kept("**Score.** of [a](b)\n\n**Why.** _c_") == "**Score.** of \\[a\\](b)\n\n**Why.** \\_c\\_"


def test_what_is_a_strangers_from_end_to_end_is_escaped_throughout():
    assert literal_throughout("NT$ 5 a_b [x] :smile:") == rf"NT\$ 5 a\_b \[x\] \:{JOINER}smile:"


def test_charts_keep_line_breaks_and_no_other_markup():
    kept = r'"a<br>b<extra></extra>\u003cbr\u003e & 5"'
    assert chart_literal(kept) == kept
    assert chart_literal(r'"<a href=1>\u003ca href=2\u003e 3 < 4"') == r'"&lt;a href=1>&lt;a href=2\u003e 3 &lt; 4"'
    assert chart_literal('"&lt;i&gt;"') == '"&amp;lt;i&amp;gt;"'


def test_no_chart_is_written_with_markup_that_would_stand_there_as_text():
    told = {path: path.read_text() for path in (ROOT / "model" / "report").rglob("*.py")}
    assert [path.name for path, text in told.items() if MARKUP_OF_CHARTS.search(text)] == []
    assert MARKUP_OF_CHARTS.search("<b>a</b>")
    assert MARKUP_OF_CHARTS.search("<span style='color:#d5601e'>")
