"""The contracts of the made-up books, which lie in ``tests/books/<name>/contract.toml``."""

import re
from pathlib import Path

BOOKS = Path(__file__).parents[1] / "books"


def text(book: str, file: str = "contract.toml") -> str:
    """What is written in the folder of a made-up book."""
    return (BOOKS / book / file).read_text("utf-8")


def parts(contract: str) -> dict[str, str]:
    """The parts of a contract by name, each from the line below ``# ---- name`` to the next of its kind."""
    _, *cut = re.split(r"^# ---- (\w+)\n", contract, flags=re.MULTILINE)
    return dict(zip(cut[::2], cut[1::2], strict=True))


def filled(part: str, **values: object) -> str:
    """A part with ``values`` in place of the words that name them in capitals; KeyError if it has no such word."""
    absent = [word for word in values if word not in part]
    if absent:
        raise KeyError(f"{', '.join(absent)}: there is no such word in\n{part}")
    return re.sub("|".join(values), lambda found: str(values[found[0]]), part)


def replaced(contract: str, old: str, new: str) -> str:
    """A contract with the first passage that reads ``old`` replaced; KeyError if there is none."""
    if old not in contract:
        raise KeyError(f"The contract has no passage {old!r}.")
    return contract.replace(old, new, 1)
