"""One thing that was looked at, and how it stands."""

from dataclasses import dataclass
from typing import Literal

CheckState = Literal["ok", "warning", "stops"]


@dataclass(frozen=True)
class DoctorCheck:
    """What was looked at, how it stands, what was ``found``, and the ``advice``: what to do, "" where nothing is.

    ``stops``: this installation would not serve, or not as it should; ``warning``: it serves, and somebody should know.
    """

    name: str
    state: CheckState
    found: str
    advice: str = ""
