"""What a spreadsheet would take for a formula: escaped in a file that is written, and read again without the escape."""

import re

_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # begin a formula; the full-width ones do so in some countries
_LEAD = "[' \u00a0\ufeff\u200b]*"  # what spreadsheets look past
_PARTS = r"\t\r\n;"  # what may begin another cell in the middle of one: Excel parts at semicolons in half of Europe
_BEGINS = rf"^(?={_LEAD}[{_SIGNS}\t\r\n])|(?<=[{_PARTS}])(?='*[{_SIGNS}])"
_RISKY = re.compile(_BEGINS)
_ESCAPED = re.compile(_BEGINS.replace("(?=", "'(?="))
_NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def escaped(text: str, mark: str = "'") -> str:
    """A text with an apostrophe before whatever a spreadsheet would take for a formula; a plain number, negative ones
    too, is none."""
    return text if _NUMBER.fullmatch(text) else _RISKY.sub(mark, text)


def bare(text: str) -> str:
    """What `escaped` was given: a text without the apostrophes put there."""
    return _ESCAPED.sub("", text) if "'" in text else text
