"""What a page of the dashboard may load and run: this address's own files, and the few lines of script that it holds.

As strict as Streamlit allows: it styles by attributes, keeps the script of a component at an address that the page
makes itself (``blob:``), and draws charts as pictures in the page (``data:``). Nothing is evaluated from text, nothing
comes from elsewhere, and a script counts by its hash, so that one which somebody smuggles into a page does not run.
"""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

import streamlit as st

from pages.shared.widgets import SCRIPTS

INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@cache
def page_policy() -> str:
    """The content security policy of every page, without who may frame it."""
    frame = (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")
    scripts = " ".join(_hash(each) for each in (*INLINE.findall(frame), SCRIPTS))
    return (
        f"default-src 'self'; script-src 'self' blob: {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'self'"
    )


def _hash(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
