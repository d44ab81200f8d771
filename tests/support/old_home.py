"""A home as version 0.5.1 left it: the made-up loans on the users' shelf, two releases, calls on record.

The first release was trained while the book had another title, and scored three loans over REST; the title was edited,
the second was trained and promoted, scored four loans over REST, and answered a what-if about a loan, the book and the
policy on the pages.
"""

import tarfile
from pathlib import Path

FIRST, SECOND = "233d4ef0c69b", "c969ab16ff8f"  # releases, the second of which is the champion
KINDS = ("score", "score", "score", "whatif:customer", "whatif:book", "whatif:policy")  # of the calls, oldest first


def lay_down(place: Path) -> Path:
    """Unpack the home; returns it."""
    with tarfile.open(Path(__file__).with_name("home_0_5_1.tar.xz")) as packed:
        packed.extractall(place, filter="data")
    return place
