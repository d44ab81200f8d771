"""Whatever is drawn stands there as it is written: no text is taken for Markdown, and none of a chart for markup.

Streamlit reads Markdown in nearly every text: messages, captions, labels, tooltips, headings. What stands in them comes
from contracts, files, addresses and other makers' servers too, so that a link, a picture of another host or a formula
could be drawn in the product's name. All of it goes through one place on its way to the browser: this one,
where it is made to be read as text; who draws need not think of it, and cannot forget it. What the house itself writes
in bold is drawn inside `bold`.

Plotly reads a subset of HTML in the texts of charts, links among it: of that, line breaks and the end of a hover are
left.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from threading import local

from google.protobuf.message import Message  # type: ignore[import-untyped]  # it comes without types
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

JOINER = "\N{WORD JOINER}"  # unseen: what stands at both its sides is read apart
READ = frozenset({"body", "caption", "captions", "delta", "delta_description", "help", "label", "text", "title"})
AS_IT_IS = {  # what Streamlit does not read as Markdown, by the kind of element
    "html": {"body"},
    "json": {"body"},
    "text": {"body"},
    "video": {"label"},
}
BLANKS = re.compile(r"(?m)^(?: {0,3}\t| {4})[ \t]*")  # before a line, which would make code of it
BEGINS = re.compile(r"(?m)^( {0,3})(?=#{1,6}(?:\s|$)|>|[-+*]\s|=+\s*$|-[- ]*$)")  # a heading, a quotation, a list
NUMBERED = re.compile(r"(?m)^( {0,3}\d{1,9})([.)])(?=\s|$)")
SPECIAL = re.compile(
    r"""[\\`]                                         # what is escaped, code
    | (?<![^\W_])_ | _(?![^\W_])                      # emphasis, but not within a word
    | (?<![:\w!\]])\[(?![\w.^]+\](?![(\[:])) | (?<=[:\w!\]])\[   # a link, a picture, a colour; not a mere [word]
    | (?<!\[)(?<![\w.])\] | \](?=[(\[:])
    | <(?=[A-Za-z/!?]) | &(?=\#?\w+;)                 # markup
    | :(?=[A-Za-z])                                   # a directive""",
    re.VERBOSE,
)
APART = re.compile(
    r"""(https?:(?=//)|www(?=\.)|(?<=[\w.+-])@(?=[\w-]))   # what is made a link by itself
    | :(?=material/) | :(?=[\w+-]+:)                  # an icon, an emoji
    | (?<!\S)(?:-(?=[->](?!\S)) | <(?=(?:[-=]|->)(?!\S)) | [>~](?==(?!\S)))  # arrows and dashes that stand alone
    """,
    re.VERBOSE | re.IGNORECASE,
)
EVERYWHERE = re.compile(r"[\\`*_\[\]<>$~|&]|:(?=\w)")
LINKED = re.compile(r"https?:(?=//)|www(?=\.)|@|:(?=material/)|:(?=[\w+-]+:)", re.IGNORECASE)
BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
MARKUP = re.compile(r"(?:<|\\u003c)(?!(?:br|(?:/|\\u002f)?extra)(?:>|\\u003e))|&(?=\#?\w+;)", re.IGNORECASE)
_HERE = local()  # how texts are made what they are, on this thread


@lru_cache(maxsize=8192)
def literal(text: str) -> str:
    """Text as it is written where Markdown is read. What Markdown would leave alone is left alone. 11 µs, and a page
    has some hundred texts, most of which it had at the last move."""
    if not text or text.isalnum():
        return text
    found = APART.sub(lambda each: f"{each[0]}{JOINER}", SPECIAL.sub(r"\\\g<0>", text))
    if len(re.findall(r"\*+", found)) > 1:
        found = found.replace("*", r"\*")
    if found.count("$") > 1:
        found = found.replace("$", r"\$")
    if found.count("~") > 1:
        found = found.replace("~", r"\~")
    if found.count("|") > 1 and "\n" in found:
        found = found.replace("|", r"\|")
    return NUMBERED.sub(r"\1\\\2", BEGINS.sub(r"\1\\", BLANKS.sub("", found)))


def literal_throughout(text: str) -> str:
    """The same of a text that is a stranger's from end to end: whatever Markdown may read anywhere is escaped."""
    return LINKED.sub(f"\\g<0>{JOINER}", EVERYWHERE.sub(r"\\\g<0>", text))


def bold_kept(text: str) -> str:
    """The same, but what stands between two pairs of asterisks is bold, and paragraphs are apart."""
    parts = BOLD.split(text)
    return "".join(f"**{literal(each)}**" if k % 2 else literal(each) for k, each in enumerate(parts))


@contextmanager
def bold() -> Iterator[None]:
    """What is drawn inside was written here: its bold words are bold."""
    with _made_by(bold_kept):
        yield


@contextmanager
def strangers() -> Iterator[None]:
    """What is drawn inside repeats what somebody sent, from end to end."""
    with _made_by(literal_throughout):
        yield


@contextmanager
def _made_by(make: Callable[[str], str]) -> Iterator[None]:
    _HERE.make = make
    try:
        yield
    finally:
        _HERE.make = literal


def chart_literal(spec: str) -> str:
    """A chart's description as JSON, of whose markup nothing is left but line breaks."""
    return MARKUP.sub(lambda each: "&amp;" if each[0] == "&" else "&lt;", spec)


def write_literally(kind: str, element: Message) -> None:
    """Make every text of an element, or of a block, one that is read as it is written."""
    if kind == "plotly_chart":
        element.spec = chart_literal(element.spec)
        return
    make: Callable[[str], str] = getattr(_HERE, "make", literal)
    untouched = AS_IT_IS.get(kind, ())
    for each, value in element.ListFields():
        if each.name not in READ or each.name in untouched or each.type != each.TYPE_STRING:
            continue
        if isinstance(value, str):
            setattr(element, each.name, make(value))
        else:
            value[:] = [make(one) for one in value]


def write_message(message: ForwardMsg) -> None:
    """The same of all that a message to a browser draws."""
    if message.WhichOneof("type") != "delta":
        return
    delta = message.delta
    what = delta.WhichOneof("type")
    if what == "new_element":
        _write_one_of(delta.new_element)
    elif what == "add_block":
        _write_one_of(delta.add_block)
    elif what == "new_transient":
        for each in delta.new_transient.elements:
            _write_one_of(each)


def _write_one_of(holder: Message) -> None:
    kind = holder.WhichOneof("type")
    if kind:
        write_literally(kind, getattr(holder, kind))


def install() -> None:
    """Have all that Streamlit sends to a browser go through here; once a process, however often it is asked."""
    send = ScriptRunContext.enqueue
    if hasattr(send, "__wrapped__"):
        return

    @wraps(send)
    def sent(self: ScriptRunContext, msg: ForwardMsg) -> None:
        write_message(msg)
        send(self, msg)

    ScriptRunContext.enqueue = sent  # type: ignore[method-assign]


install()
