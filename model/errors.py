"""Errors of the floors above the data, under the same root as those of data/errors.py.

WhatIfError
├── NotTabular          a fitted model that is no sum of one- and two-input tables
├── ReleaseError        a release that is absent, altered or not what it says
│   ├── ParityError     a release whose tables disagree with the model they were made from
│   └── Mismatch        a release of another contract or snapshot than its book has
├── GateError           a release that a gate keeps from being promoted
├── StoreError          a record that cannot be written or read
├── EditConflict        something that another person has changed meanwhile
├── Forbidden           somebody who may not do this
│   └── Unknown         somebody who did not say, or could not show, who they are
├── EngineError         what goes through a whole book cannot be had, or broke off
├── Overloaded          more than is allowed at once, or in all
└── RemoteError         a model elsewhere that cannot be used
    ├── NoAnswer        it does not answer, or not in time
    ├── Refused         it answers, but not to this
    └── Changed         it is no longer the model it was
"""

from data.errors import WhatIfError


class NotTabular(WhatIfError):
    """A fitted model that is no sum of one- and two-input tables."""


class ReleaseError(WhatIfError):
    """A release that is absent, altered, or not what it says."""


class ParityError(ReleaseError):
    """Tables that disagree with the model they were made from."""


class Mismatch(ReleaseError):
    """A release of another contract or snapshot than its book has."""


class GateError(WhatIfError):
    """A release that a gate keeps from being promoted."""


class StoreError(WhatIfError):
    """A record that cannot be written or read."""


class EditConflict(WhatIfError):
    """Something that another person has changed meanwhile."""


class Forbidden(WhatIfError):
    """Somebody who may not do this; ``who``, where it is known."""

    def __init__(self, told: str, who: str = "") -> None:
        super().__init__(told)
        self.who = who


class Unknown(Forbidden):
    """Somebody who did not say, or could not show, who they are."""


class EngineError(WhatIfError):
    """What goes through a whole book, a cluster say, cannot be had, or broke off."""


class Overloaded(WhatIfError):
    """More than is allowed at once, or in all."""


class RemoteError(WhatIfError):
    """A model elsewhere that cannot be used."""


class NoAnswer(RemoteError):
    """A model elsewhere that does not answer, or not in time."""


class Refused(RemoteError):
    """A model elsewhere that answers, but not to this; ``status`` of its answer, 0 where it was none of HTTP's."""

    status = 0


class Changed(RemoteError):
    """A model elsewhere that is no longer the one it was."""
