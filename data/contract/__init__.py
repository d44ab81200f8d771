"""The contract: the documented hand-off between data science, operations and the dashboard.

A book's ``contract.toml`` names every raw field, every model input and how it is derived, every lever,
assumption, segment and limit, with label, unit, range, direction and meaning. Nothing above this floor knows the
name of a field: it asks the contract.

A record is held as a float64 array ``raw`` of shape (fields, n), one row an editable or scored field in the
contract's order, a history's months in adjoining rows, latest first; missing values are NaN. Model inputs are an
array of shape (inputs, n) in the contract's order.
"""

from data.contract.contract import Contract
from data.contract.counted import OF_MONEY
from data.contract.labels import lower, unique_labels
from data.contract.reading import PROPOSED, contract_problems, load_contract, read_contract
from data.contract.schema import (
    NOT_STATED,
    RECORDED,
    YEAR,
    Appetite,
    Assumption,
    Constraint,
    Direction,
    Field,
    History,
    Input,
    Lever,
    Measure,
    Segment,
    Shock,
    Variable,
    capitalised,
    plural,
)
from data.contract.values import Exposed, bounds, check_value, plain_figure, special_words

__all__ = [
    "NOT_STATED",
    "OF_MONEY",
    "PROPOSED",
    "RECORDED",
    "YEAR",
    "Appetite",
    "Assumption",
    "Constraint",
    "Contract",
    "Direction",
    "Exposed",
    "Field",
    "History",
    "Input",
    "Lever",
    "Measure",
    "Segment",
    "Shock",
    "Variable",
    "bounds",
    "capitalised",
    "check_value",
    "contract_problems",
    "load_contract",
    "lower",
    "plain_figure",
    "plural",
    "read_contract",
    "special_words",
    "unique_labels",
]
