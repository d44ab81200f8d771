"""What is asked of a job, apart from where it reads and writes: the same terms over the same input by the same release
give the same output."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

Explained = Literal["", "input", "concept"]


@dataclass(frozen=True)
class JobTerms:
    """``explain``: reasons by input or by concept, "" for none. ``scenario``: the book's what-if that records are
    scored under, as its page's address carries it; None for the records as they stand. ``name``: under which it is
    kept, "" under none. ``day`` (ISO) decides whether an overlay is still valid. ``columns`` of the input are carried
    through. ``strict``: the first bad row ends the job."""

    explain: Explained = ""
    scenario: tuple[tuple[str, str], ...] | None = None
    name: str = ""
    day: str = ""
    columns: tuple[str, ...] = ()
    strict: bool = False

    def digest(self, *more: str) -> str:
        """sha256 of the terms, and of what else decides the output."""
        return hashlib.sha256(json.dumps([asdict(self), *more]).encode()).hexdigest()
