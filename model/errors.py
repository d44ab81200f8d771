"""Errors of the floors above the data, under the same root as those of data/errors.py.

WhatIfError
├── NotTabular          a fitted model that is no sum of one- and two-input tables
├── ReleaseError        a release that is absent, altered or not what it says
│   └── ParityError     a release whose tables disagree with the model they were made from
└── GateError           a release that a gate keeps from being promoted
"""

from data.errors import WhatIfError


class NotTabular(WhatIfError):
    """A fitted model that is no sum of one- and two-input tables."""


class ReleaseError(WhatIfError):
    """A release that is absent, altered, or not what it says."""


class ParityError(ReleaseError):
    """Tables that disagree with the model they were made from."""


class GateError(WhatIfError):
    """A release that a gate keeps from being promoted."""
