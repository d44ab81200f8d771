"""What can be wrong with what somebody gave us. Every message says what was given, what is allowed, what to do.

    WhatIfError
    ├── ContractError      a contract that contradicts itself or its data
    ├── BookError          a book that is absent or not what its contract says
    └── BadInput           a value somebody entered
        ├── OutOfRange     outside what the contract allows
        ├── Missing        absent where the contract allows no gap
        ├── Impossible     values that cannot stand together
        └── NotEditable    a field nobody may edit, or one the contract does not know

The floors above add their own: see model/errors.py.
"""


class WhatIfError(Exception):
    """The root: whatever the product says to a person instead of a traceback."""


class ContractError(WhatIfError):
    """A contract that contradicts itself or its data."""


class BookError(WhatIfError):
    """A book that is absent, or not what its contract says."""


class BadInput(WhatIfError):
    """A value somebody entered that cannot be used."""


class OutOfRange(BadInput):
    """A value outside what the contract allows."""


class Missing(BadInput):
    """A value absent where the contract allows no gap."""


class Impossible(BadInput):
    """Values that are each allowed but cannot stand together."""


class NotEditable(BadInput):
    """A field that nobody may edit, or that the contract does not know."""
