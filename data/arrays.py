"""The types of arrays."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
AnyArray: TypeAlias = NDArray[Any]
"""Numbers, codes or texts, as they are stored."""
Arrow: TypeAlias = Any
"""A column, a field or a type of pyarrow, which declares no types."""
