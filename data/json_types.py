"""What comes as JSON, and what leaves as it.

`Json` is unchecked: whatever came from outside, held against what is expected before it is used. It is an alias, so
that a reader sees where that is so.
"""

from typing import Any, TypeAlias

Json: TypeAlias = Any
JsonObject: TypeAlias = dict[str, Any]
