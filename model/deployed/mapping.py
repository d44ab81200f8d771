"""How the inputs of a deployed model elsewhere are made of a book's fields: a small TOML file.

::

    [inputs]                                     # the model's own names, in the order it expects
    LIMIT_BAL = "limit"                          # formulas of data/formulas.py over the book's raw fields
    PAY_0 = "status_1"
    utilisation = "round(max(bill_1, 0) / limit, 4)"

    [output]                                     # may be left out
    name = "predict_proba"                       # the output to ask for, or the column of a table answered
    column = 1                                   # of several columns, from 0, the one that means default; or its name
    classes = ["good", "late", "default"]        # the names of the columns, where column is a name and no table comes
    kind = "probability"                         # or "percent", or "log_odds"

    [types]                                      # what the server does not say itself: FP64 unless told
    PAY_0 = "INT64"

    [words.EDUCATION]                            # what a category is called there, by the number of the formula
    1 = "graduate school"
    missing = "unknown"

    [tensors]                                    # inputs that go as one tensor of several columns, in this order
    input_0 = ["LIMIT_BAL", "PAY_0"]

Without a file the names the server lists must be raw fields or inputs of the contract; a server that lists none is
given the raw fields by name and in order. Protected attributes never leave: neither way can name one.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.arrays import Array
from data.contract import Contract
from data.errors import BadInput, ContractError
from data.formulas import Formula, parse_formula

Kind = Literal["probability", "percent", "log_odds"]
Datatype = Literal[
    "BOOL",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "FP16",
    "BF16",
    "FP32",
    "FP64",
    "BYTES",
]
Name = Annotated[str, Field(min_length=1, max_length=200)]
MISSING = "missing"  # what a gap is called among the words of a category


class Output(BaseModel):
    """Which number of an answer is the probability of default, and how it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field("predict_proba", min_length=1, max_length=200)
    column: Annotated[int, Field(ge=0, le=9999)] | Name = 1
    classes: list[Name] = []
    kind: Kind = "probability"

    @property
    def called(self) -> bool:
        """Whether somebody said what the output is called."""
        return "name" in self.model_fields_set

    @property
    def uncalled(self) -> "Output":
        """The same of the only output with numbers, whatever it is called."""
        return self.model_copy(update={"name": ""})

    @property
    def named(self) -> bool:
        """Whether somebody said which column means default."""
        return "column" in self.model_fields_set

    @property
    def place(self) -> int | None:
        """Which of several columns means default, from 0; None where it is a name that stands in a table only."""
        if isinstance(self.column, int):
            return self.column
        return self.classes.index(self.column) if self.column in self.classes else None

    @property
    def instruction(self) -> str:
        """How to say which one it is."""
        return (
            "Say under [output] in the mapping which one means default: column = its place, from 0, or its name beside "
            "classes = [the names of all]."
        )


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    inputs: dict[str, str] = Field(min_length=1)
    output: Output = Output()
    types: dict[str, Datatype] = {}
    words: dict[str, dict[str, str]] = {}
    tensors: dict[Name, Annotated[list[str], Field(min_length=1)]] = {}


@dataclass(frozen=True, eq=False)
class FieldMapping:
    """The model's inputs by name with a formula each, and its output. Build it with `load`, `read_mapping` or
    `default_mapping`.

    ``types`` of inputs whose server does not tell them; ``words`` of those that are categories, by the number that the
    formula comes to, NaN for a gap; ``tensors`` of several inputs, by name.
    """

    contract: Contract
    formulas: tuple[tuple[str, Formula], ...]
    output: Output
    types: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[float, str]] = field(default_factory=dict)
    tensors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The model's inputs, in order."""
        return tuple(name for name, _ in self.formulas)

    @cached_property
    def reads(self) -> frozenset[int]:
        """The rows of ``raw`` that any formula reads."""
        rows = [self.contract.rows[name] for _, formula in self.formulas for name in formula.names]
        return frozenset(k for each in rows for k in range(each.start, each.stop))

    def columns(self, raw: Array) -> dict[str, Array]:
        """The model's inputs, (n,) each, from ``raw`` (fields, n); missing values are NaN.

        Raises
        ------
        BadInput
            If a formula comes to infinity: JSON has no such number, and a model could not have been trained on it.
        """
        found = {}
        for name, formula in self.formulas:
            column = _worked_out(self.contract, formula, raw)
            if np.isinf(column).any():
                raise BadInput(
                    f"The deployed model's input {name} comes to infinity for {formula.text!r}. "
                    "Guard the division in the mapping with where(…, …, missing)."
                )
            found[name] = column
        return found


def read_mapping(text: bytes, contract: Contract, source: str = "the mapping") -> FieldMapping:
    """A mapping from its TOML text.

    Raises
    ------
    ContractError
        If the text is not TOML, has other keys, or a formula that does not work on the book's raw fields one
        customer at a time.
    """
    try:
        file = _File.model_validate(tomllib.loads(text.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(f"{source} is not readable TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ContractError(
            f"{source}: {where}: {first['msg']}. A mapping has [inputs] with a formula in quotes for each input, "
            "and may have [output] with name, column, classes and kind, [types], [words.INPUT] and [tensors]."
        ) from error
    mapping = _built(contract, file.inputs, file.output, source)
    _known_inputs(file, source)
    words = {name: _coded(name, each, source) for name, each in file.words.items()}
    tensors = {name: tuple(each) for name, each in file.tensors.items()}
    return replace(mapping, types=file.types, words=words, tensors=tensors)


def _known_inputs(file: _File, source: str) -> None:
    """Raise ContractError where types, words or tensors speak of something that is no input, or of one twice."""
    stacked = [each for columns in file.tensors.values() for each in columns]
    for section, named in (("types", [*file.types]), ("words", [*file.words]), ("tensors", stacked)):
        unknown = sorted(set(named) - file.inputs.keys())
        if unknown:
            raise ContractError(
                f"{source}: [{section}] names {', '.join(unknown[:6])}, which [inputs] does not have. "
                f"It has {', '.join(list(file.inputs)[:12])}."
            )
    twice = sorted({each for each in stacked if stacked.count(each) > 1})
    if twice:
        raise ContractError(f"{source}: [tensors] has {', '.join(twice[:6])} more than once. Name each input once.")


def _coded(name: str, words: dict[str, str], source: str) -> Mapping[float, str]:
    """The words of a category by its number."""
    found = {}
    for code, word in words.items():
        try:
            found[np.nan if code == MISSING else float(code)] = word
        except ValueError:
            raise ContractError(
                f"{source}: [words.{name}] has {code!r} where a number of the formula is needed, or "
                f"{MISSING!r} for a gap."
            ) from None
    return found


def load(path: Path, contract: Contract) -> FieldMapping:
    """Read and check a mapping file; BadInput if it is not there, ContractError as `read_mapping`."""
    try:
        return read_mapping(path.read_bytes(), contract, path.name)
    except OSError as error:
        told = f"The mapping {path} cannot be read: {error.strerror}."
        raise BadInput(f"{told} WHATIF_MODEL_MAPPING must name a TOML file, or nothing.") from error


def default_mapping(contract: Contract, wanted: Sequence[str] = ()) -> FieldMapping:
    """The mapping where nobody wrote one: ``wanted``, the names the server lists, each a raw field or an input of the
    contract (where a name is both, the raw field, special codes as they are); all raw fields if it lists none.

    Raises
    ------
    ContractError
        If the server wants something else.
    """
    derived = {each.name: contract.spelled(each.formula) for each in contract.inputs}
    known = derived | {name: name for name in contract.row}
    names = tuple(wanted) or tuple(contract.row)
    for name in names:
        _not_observed(contract, name, "The deployed model")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ContractError(
            f"The deployed model wants {', '.join(unknown[:6])}, which the book {contract.book.name} does not know by "
            "such a name. Write a mapping and name it in WHATIF_MODEL_MAPPING."
        )
    return _built(contract, {name: known[name] for name in names}, Output(), "the deployed model")


def agree(mapping: FieldMapping, wanted: Sequence[str], given: Sequence[str] = ()) -> None:
    """Raise ContractError if the server lists its inputs and they are not those of the mapping, or the tensors
    ``given`` that it makes of them."""
    names = set(given or mapping.names)
    lacking, beyond = sorted(set(wanted) - names), sorted(names - set(wanted))
    if wanted and (lacking or beyond):
        said = [f"lacks {', '.join(lacking[:6])}"] if lacking else []
        said += [f"gives {', '.join(beyond[:6])}, which the model does not take"] if beyond else []
        raise ContractError(f"The mapping {' and '.join(said)}. The deployed model takes: {', '.join(wanted)}.")


def _built(contract: Contract, inputs: dict[str, str], output: Output, source: str) -> FieldMapping:
    observed = {each.name for each in contract.observed}
    formulas = []
    for name, text in inputs.items():
        formula = parse_formula(text, contract.rows.keys() | observed)
        for each in sorted(formula.names):
            _not_observed(contract, each, f"{source}: {name}")
        formulas.append((name, formula))
    mapping = FieldMapping(contract, tuple(formulas), output)
    _try_out(mapping, source)
    return mapping


def _not_observed(contract: Contract, name: str, who: str) -> None:
    for each in contract.observed:
        if each.name == name:
            what = "a protected attribute" if each.role == "protected" else f"of the role {each.role}"
            raise ContractError(f"{who} reads {name}, {what}: it never enters a score and is not sent anywhere.")


def _try_out(mapping: FieldMapping, source: str) -> None:
    """Work every formula out on three records, together and each alone: a formula that looks across customers, such as
    the mean of a field that has no months, shows here."""
    record = mapping.contract.record
    ends = np.array([[each.minimum, each.maximum] for each in record]).clip(-1e6, 1e6)
    raw = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * np.array([0.25, 0.5, 1.0])
    for name, formula in mapping.formulas:
        told = f"{source}: the formula {formula.text!r} of {name}"
        try:
            together = _worked_out(mapping.contract, formula, raw)
            alone = [_worked_out(mapping.contract, formula, raw[:, k : k + 1]) for k in range(3)]
        except (TypeError, ValueError, IndexError, OverflowError) as error:
            raise ContractError(f"{told} does not come to one number a customer: {error}.") from error
        if not np.array_equal(together, np.concatenate(alone), equal_nan=True):
            raise ContractError(
                f"{told} mixes customers. sum, mean and count take a history; max and min a history or two values."
            )


def _worked_out(contract: Contract, formula: Formula, raw: Array) -> Array:
    column = np.empty(raw.shape[1])
    column[:] = formula(contract.values(raw))
    return column
