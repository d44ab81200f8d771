"""Where a model elsewhere is asked for one book: what is known of it, how it has been answering, what it refused."""

import time
from dataclasses import dataclass, field
from math import inf
from threading import Lock

from data.errors import WhatIfError
from model.deployed.latency import LatencyLog
from model.deployed.model import DeployedModel
from model.deployed.transport import Breaker
from model.errors import NoAnswer

REMEMBERED = 5.0  # seconds for which a refusal is told again without asking


@dataclass
class RemotePlace:
    """One server, asked for one book. Who holds ``lock`` may ask it and change what is known; ``checked``: when its
    ``model`` was last found to be the one it was."""

    lock: Lock = field(default_factory=Lock)
    model: DeployedModel | None = None
    checked: float = -inf
    pulse: LatencyLog = field(default_factory=LatencyLog)
    breaker: Breaker = field(default_factory=Breaker)
    refusal: WhatIfError | None = None
    refused: float = -inf

    def doubt(self) -> None:
        """Have it asked at the next call."""
        self.checked, self.refusal = -inf, None

    def remember(self, error: WhatIfError) -> None:
        """It could not be used."""
        self.refusal, self.refused = error, time.monotonic()

    def repeat_refusal(self, came: float) -> None:
        """Raise again what was found a moment ago: a refusal for some seconds; that there was no answer only to those
        who ``came`` before that was known, and waited for the same."""
        error = self.refusal
        if error is None:
            return
        lasts = 0.0 if isinstance(error, NoAnswer) else REMEMBERED
        if came - self.refused < lasts or came < self.refused:
            raise type(error)(str(error)) from None
        self.refusal = None
