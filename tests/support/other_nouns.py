"""A made-up book that speaks of vessels that sink: its contract has none of the nouns that a page might bring along."""

from pathlib import Path

from tests.support import made_up
from tests.support.contracts import replaced
from tests.support.made_up import Shape

LIMITS = ("exposure", "pd", "loss", "capital", "margin")
SHAPE = Shape(levers=2, shocks=2, segments=2, groups=(2,), economy=True, limits=LIMITS)
COUNTED = Shape(levers=2, shocks=2, segments=2, groups=(2,), economy=True, money=False)
WORDS = (
    ('person = "loan"', 'record = "vessel"'),
    ('outcome = "default within a year"', 'outcome = "sink within a year"'),
    ('probability = "Probability of default within a year"', 'probability = "Probability of sinking within a year"'),
    ('granted = "would be granted today"', 'granted = "would be chartered today"'),
    ('declined = "would not be granted today"', 'declined = "would not be chartered today"'),
    ('decision_note = "These loans are made up."', 'decision_note = "These vessels are made up."'),
    ('label = "Defaulted"', 'label = "Sunk"'),
    ('0 = "no"\n1 = "yes"', '0 = "afloat"\n1 = "sunk"'),
    ("Operating cost per loan and year", "Operating cost per vessel and year"),
    ("Default rate of the book, one year", "Sinking rate of the book, one year"),
)


def lay_down(home: Path, shape: Shape = SHAPE) -> Path:
    """Write such a book on the users' shelf under ``home``; returns its folder."""
    folder = made_up.lay_down(home, shape)
    path = folder / "contract.toml"
    text = path.read_text()
    for old, new in WORDS:
        text = replaced(text, old, new)
    path.write_text(text)
    return folder
