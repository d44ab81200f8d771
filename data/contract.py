"""The contract: the documented hand-off between data science, operations and the dashboard.

A book's ``contract.toml`` names every raw field, every model input and how it is derived, every lever,
assumption, segment and limit, with label, unit, range, direction and meaning. Nothing above this floor knows the
name of a field: it asks the contract.

A record is held as a float64 array ``raw`` of shape (fields, n), one row an editable or scored field in the
contract's order, a history's months in adjoining rows, latest first; missing values are NaN. Model inputs are an
array of shape (inputs, n) in the contract's order.
"""

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError, model_validator
from pydantic import Field as Declared

from data.edges import starting
from data.errors import ContractError, Impossible, Missing, NotEditable, OutOfRange
from data.files.days import FIRST_YEAR, LAST_YEAR
from data.files.reading import PLAIN, Reading
from data.formulas import Array, Formula, names_in, parse

Role = Literal["input", "target", "id", "segment", "protected", "vintage", "exposure", "post-outcome"]
Mutability = Literal["never", "up", "down", "free"]
Direction = Literal[-1, 0, 1]


NOT_STATED = "not stated"  # the group of those whose value is missing
YEAR = "year"  # the unit of calendar years, which are told without separators: 2015
RECORDED: frozenset[Role] = frozenset({"input", "vintage"})  # roles of the fields that make up a record
Measure = Literal["exposure", "pd", "loss", "net_loss", "loss_bps", "capital", "margin", "return_on_capital"]


Key = TypeVar("Key", str, int)
_Named = TypeVar("_Named", "Lever", "Concept", "Assumption", "Shock", "Variable", "Segment", "Input")


def plural(noun: str) -> str:
    """Several of a noun: loans, companies, businesses."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return {"person": "people"}.get(noun, f"{noun}s")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Book(_Part):
    """What the book is, and the words to speak of it. One that is not ``reviewed`` was proposed from a file and not yet
    read by a person: it can be trained, but no release of it can be promoted. ``id_column`` is what the file that it
    was made of calls the identifier, where that is not ``id``."""

    name: str
    title: str
    file: str
    as_of: str
    sample: str
    currency: str
    id: str
    id_column: str = ""
    person: str
    target: str
    outcome: str
    probability: str
    granted: str
    declined: str
    decision_note: str
    pd_horizon: str
    pd_months: float
    exposure_class: Literal["mortgage", "revolving", "retail", "corporate"]
    historic_cutoff: float | None = None
    reviewed: bool = True

    @property
    def people(self) -> str:
        """Several of what the book holds: customers, loans, companies."""
        return plural(self.person)


class Score(_Part):
    """The scorecard's scale, the cut-off and the edges of the score bands, in score points."""

    base_score: float
    base_odds: float = Declared(gt=0)
    points_to_double: float = Declared(gt=0)
    cutoff: float
    bands: tuple[float, ...] = Declared(min_length=1)

    @model_validator(mode="after")
    def _bands_rise(self) -> "Score":
        if list(self.bands) != sorted(set(self.bands)):
            raise ValueError("the edges of the score bands must rise")
        return self


class Exposure(_Part):
    """Formulas over fields and assumptions: the balance, the exposure at default, the loss given default, and the share
    of a loss that the bank bears itself; the rest is the ``guarantor``'s ("the SBA"). ``note`` says the same in words.
    """

    balance: str
    ead: str
    lgd: str = "lgd"
    own_share: str = "1"
    guarantor: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _somebody_bears_the_rest(self) -> "Exposure":
        if self.own_share.strip() != "1" and not self.guarantor:
            raise ValueError("own_share leaves a part of each loss to somebody else: name them as guarantor")
        return self


class Realised(_Part):
    """Formula, over the record and what is known after the outcome, of the amount lost where the target came true."""

    loss: str


class Training(_Part):
    """How the model is fitted, and to which vintages: from ``since`` to ``until``, both included; None is open. Those
    after ``until``, to ``later_until``, are the test out of time."""

    iterations: int = Declared(gt=0)
    leaves: int = Declared(gt=1)
    learning_rate: float = Declared(gt=0)
    min_leaf: int = Declared(gt=0)
    seed: int
    folds: int = Declared(gt=1)
    since: int | None = None
    until: int | None = None
    later_until: int | None = None

    @model_validator(mode="after")
    def _windows_follow(self) -> "Training":
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ValueError(f"the window from {self.since} to {self.until} is empty")
        if self.later_until is not None and (self.until is None or self.later_until <= self.until):
            raise ValueError("later_until must lie after until, the last vintage of the training")
        return self


class Gates(_Part):
    """What a release must reach to be promoted. Gates that are ``watched`` are told, but stop nothing, each for the
    reason given. A threshold of None leaves its gate out."""

    auc_at_least: float
    auc_at_most: float
    brier_at_most: float
    ece_at_most: float
    log_loss_at_most: float | None = None
    slope_at_least: float = 0.8
    slope_at_most: float = 1.25
    worse_auc_at_most: float = 0.005
    worse_brier_at_most: float = 0.002
    worse_log_loss_at_most: float = 0.005
    worse_ece_at_most: float = 0.01
    worse_slope_at_most: float = 0.1
    psi_at_most: float = 0.25
    csi_at_most: float = 0.25
    later_auc_at_least: float | None = None
    later_gap_at_most: float | None = None
    single_auc_at_most: float = 0.80
    duplicates_at_most: float = 0.01
    impact_at_least: float = 0.80
    row_ms_at_most: float = 1.0
    size_mb_at_most: float = 20.0
    watched: dict[str, str] = {}


class Card(_Part):
    """What a model card says that no figure can: by and for whom the model is, what for, and where its limits are."""

    purpose: str
    users: str
    owner: str
    tier: str
    not_for: str
    limits: tuple[str, ...]
    next_review: str = ""


class Concept(_Part):
    """A business concept: what reasons and changes are told by. ``plural``: its label takes a plural verb."""

    name: str
    label: str
    plural: bool = False
    reason: str


class _Measured(_Part):
    """What a field and a history have in common. ``direction`` is the sign of the PD's response; 0 claims none.
    ``reading`` says how cells of a file are read; ``words`` are those that the file has for the codes, in their order,
    where an empty one stands for all that no other code has."""

    name: str
    label: str
    role: Role
    unit: str = ""
    minimum: float = -np.inf
    maximum: float = np.inf
    step: float = 1
    missing: bool = False
    direction: Direction = 0
    mutability: Mutability = "never"
    concept: str = ""
    association: bool = False
    help: str = ""
    codes: dict[int, str] = {}
    words: tuple[str, ...] = ()
    reading: Reading = PLAIN

    @model_validator(mode="after")
    def _a_word_for_each_code(self) -> "_Measured":
        if self.words and len(self.words) != len(self.codes):
            raise ValueError(f"{self.name} has {len(self.codes)} codes and {len(self.words)} words")
        return self


class Field(_Measured):
    """One raw field of the record. ``column`` is what the file that the book was made of calls it, where that is not
    its name. ``edges`` cut one that has no codes into groups, each below its edge, the last above all: how fairness is
    looked at by age. Missing values, where they may be, make a group of their own after the last.

    ``minimum`` and ``maximum`` of a vintage say what the book holds, not what may be given: time goes on.
    """

    column: str = ""
    edges: tuple[float, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _vintages_are_years(cls, given: Any) -> Any:
        return {"unit": YEAR, **given} if isinstance(given, dict) and given.get("role") == "vintage" else given

    @model_validator(mode="after")
    def _edges_rise(self) -> "Field":
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"the edges of {self.name} must rise")
        return self


class History(_Measured):
    """The same field month by month, latest first: ``name_1``, ``name_2``, …; ``columns`` as `Field.column`."""

    months: tuple[str, ...] = Declared(min_length=1)
    columns: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _a_column_for_each_month(self) -> "History":
        if self.columns and len(self.columns) != len(self.months):
            raise ValueError(f"{self.name} has {len(self.months)} months and {len(self.columns)} columns")
        return self

    def fields(self) -> list[Field]:
        """One field a month, labelled with the month's name."""
        shared = self.model_dump(exclude={"name", "label", "months", "columns"})
        columns = self.columns or ("",) * len(self.months)
        return [
            Field(name=f"{self.name}_{k}", label=f"{self.label}, {month}", column=column, **shared)
            for k, (month, column) in enumerate(zip(self.months, columns, strict=True), 1)
        ]


class Input(_Part):
    """One model input and the formula that derives it from the raw record."""

    name: str
    label: str
    formula: str
    concept: str
    unit: str = ""
    direction: Direction = 0
    missing: str = ""
    codes: dict[int, str] = {}


class Lever(_Part):
    """One gesture that moves the record consistently. At ``start`` it changes nothing. ``phrase`` tells it in a
    sentence, {} standing for the value; ``shows`` is the input in whose distribution "you are here"
    is told, ``here`` its value in words."""

    name: str
    label: str
    unit: str
    minimum: float
    maximum: float
    step: float = Declared(gt=0)
    start: str
    phrase: str
    concept: str
    rules: dict[str, str]
    shows: str
    here: str = "{}"
    direction: Direction = 0
    association: bool = False
    help: str


class Constraint(_Part):
    """A rule that the fields named must keep together."""

    rule: str
    message: str
    fields: tuple[str, ...]


class _Swung(_Part):
    """What a tornado may move. ``swing``: how far it does, to either side and in the part's own unit; 0 leaves it out.
    ``adverse``: the direction that is bad for the bank by an economic prior, not by what the model or a scenario says.
    """

    swing: float = Declared(default=0, ge=0, allow_inf_nan=False)
    adverse: Literal[-1, 1] = 1


class Assumption(_Swung):
    """A number the data do not hold: stated, bounded, editable."""

    name: str
    label: str
    unit: str
    default: float
    minimum: float
    maximum: float
    step: float = Declared(gt=0)
    feeds: str
    help: str

    @model_validator(mode="after")
    def _default_lies_within_bounds(self) -> "Assumption":
        if not self.minimum <= self.default <= self.maximum:
            raise ValueError(f"the default of {self.name} lies outside its bounds")
        return self


class Segment(_Part):
    """A cut of the book: bands of one field or input, each below its edge, the last above all; ``labels``, if any,
    name them. A missing value makes a band of its own after the last."""

    name: str
    label: str
    field: str
    edges: tuple[float, ...] = Declared(min_length=1)
    labels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _bands_are_whole(self) -> "Segment":
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"the edges of {self.name} must rise")
        if self.labels and len(self.labels) != len(self.edges) + 1:
            raise ValueError(f"{self.name} has {len(self.edges) + 1} bands and {len(self.labels)} labels")
        return self


class _Change(_Swung):
    """What a change of the world is called and may be. At 0 it changes nothing. ``phrase`` tells it in a sentence, {}
    standing for the value."""

    name: str
    label: str
    unit: str
    minimum: float
    maximum: float
    step: float = Declared(gt=0)
    phrase: str
    help: str

    @model_validator(mode="after")
    def _nothing_lies_within_bounds(self) -> "_Change":
        if not self.minimum <= 0 <= self.maximum:
            raise ValueError(f"the bounds of {self.name} must hold 0, at which it changes nothing")
        return self


class Shock(_Change):
    """A mechanical shock to the raw records of many customers at once, by linked rules that read ``value``.
    ``share``: its value is the percentage of customers whom the rules hit."""

    share: bool = False
    rules: dict[str, str]


class Variable(_Change):
    """A variable of the economy, as a change against today. ``coefficient``: log-odds of default per unit, for the
    whole book alike; ``source`` says where it comes from."""

    coefficient: float = Declared(ge=-1, le=1)
    source: str


class Appetite(_Part):
    """A limit of the bank's risk appetite for one measure of the whole book."""

    measure: Measure
    limit: float
    sense: Literal["at most", "at least"]


class Contract(_Part):
    """A book's whole contract; see the module's docstring. Build it with `load` or `read`."""

    version: str
    book: Book
    score: Score
    exposure: Exposure
    realised: Realised | None = None
    training: Training
    gates: Gates
    card: Card | None = None
    concepts: tuple[Concept, ...]
    fields: tuple[Field, ...] = ()
    histories: tuple[History, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    inputs: tuple[Input, ...] = Declared(min_length=1, max_length=255)
    levers: tuple[Lever, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    segments: tuple[Segment, ...] = ()
    shocks: tuple[Shock, ...] = ()
    economy: tuple[Variable, ...] = ()
    appetite: tuple[Appetite, ...] = ()
    _text: bytes = PrivateAttr(default=b"")

    def __eq__(self, other: object) -> bool:  # one file read is one contract; and so it can key a cache at no cost
        return self is other

    __hash__ = object.__hash__

    @cached_property
    def hash(self) -> str:
        """sha256 of the file's bytes."""
        return hashlib.sha256(self._text).hexdigest()

    @property
    def text(self) -> bytes:
        """The file as it was read, comments and all."""
        return self._text

    # ---- the record ------------------------------------------------------------------------------------------

    @cached_property
    def record(self) -> tuple[Field, ...]:
        """The fields of ``raw``, in the order of its rows: role input and vintage, histories month by month."""
        single = [field for field in self.fields if field.role in RECORDED]
        monthly = chain.from_iterable(h.fields() for h in self.histories if h.role == "input")
        return (*single, *monthly)

    @cached_property
    def row(self) -> dict[str, int]:
        """Row of each field in ``raw``."""
        return {field.name: k for k, field in enumerate(self.record)}

    @cached_property
    def rows(self) -> dict[str, slice]:
        """Rows of each single field and each history in ``raw``."""
        found = {name: slice(k, k + 1) for name, k in self.row.items()}
        for history in self.histories:
            if history.role == "input":
                first = self.row[f"{history.name}_1"]
                found[history.name] = slice(first, first + len(history.months))
        return found

    @cached_property
    def observed(self) -> tuple[Field, ...]:
        """Fields that are in the book but no part of the record: target, protected, known after the outcome."""
        return tuple(field for field in self.fields if field.role not in RECORDED)

    @cached_property
    def vintage(self) -> Field | None:
        """The field that says when a record came into the book, if any."""
        return next((field for field in self.fields if field.role == "vintage"), None)

    def protected(self) -> tuple[Field, ...]:
        """Fields that evaluate fairness and never enter the score."""
        return tuple(field for field in self.fields if field.role == "protected")

    def groups(self, field: Field, values: Array) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """The group of each record by an observed ``field`` with ``values`` (n,), and the groups' names: by its codes,
        or by its edges; those whose value is missing, if any, are the last."""
        group, names = np.zeros(len(values), np.int64), tuple[str, ...](("all",))
        if field.codes:
            codes = np.array(sorted(field.codes), float)
            group, names = np.searchsorted(codes, values), tuple(field.codes[int(code)] for code in codes)
        elif field.edges:
            ends = [figure(edge, field.unit) for edge in field.edges]
            inner = [f"{low} to below {high}" for low, high in pairwise(ends)]
            group = starting(values, field.edges)
            names = (f"below {ends[0]}", *inner, f"{ends[-1]} and over")
        gaps = np.isnan(values)
        if gaps.any():
            return np.where(gaps, len(names), group), (*names, NOT_STATED)
        return group, names

    def values(self, raw: Array) -> dict[str, Array]:
        """Every field (n,) and history (months, n) of ``raw`` by name, as formulas read them."""
        found: dict[str, Array] = {name: raw[k] for name, k in self.row.items()}
        found.update({h.name: raw[self.rows[h.name]] for h in self.histories if h.role == "input"})
        return found

    # ---- formulas ----------------------------------------------------------------------------------------------

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.rows)

    @cached_property
    def _inputs(self) -> tuple[Formula, ...]:
        scored = self._known - ({self.vintage.name} if self.vintage else set())
        return tuple(parse(each.formula, scored) for each in self.inputs)

    @cached_property
    def _levers(self) -> dict[str, tuple[Formula, dict[str, Formula]]]:
        known = self._known | {"value", "start", "ago"}
        return {
            lever.name: (
                parse(lever.start, self._known),
                {target: parse(rule, known) for target, rule in lever.rules.items()},
            )
            for lever in self.levers
        }

    @cached_property
    def _constraints(self) -> tuple[tuple[Constraint, Formula], ...]:
        return tuple((each, parse(each.rule, self._known)) for each in self.constraints)

    @cached_property
    def _exposure(self) -> tuple[Formula, Formula, Formula, Formula]:
        known, own = self._known | {each.name for each in self.assumptions}, self.exposure
        return parse(own.balance, known), parse(own.ead, known), parse(own.lgd, known), parse(own.own_share, known)

    @cached_property
    def _realised(self) -> Formula | None:
        after = {field.name for field in self.fields if field.role == "post-outcome"}
        return parse(self.realised.loss, self._known | after) if self.realised else None

    @cached_property
    def reads(self) -> tuple[frozenset[int], ...]:
        """For each input, the rows of ``raw`` that its formula reads."""
        return tuple(
            frozenset(chain.from_iterable(range(*self.rows[name].indices(len(self.record))) for name in f.names))
            for f in self._inputs
        )

    def derive(self, raw: Array, only: Iterable[int] | None = None) -> Array:
        """Model inputs of shape (inputs, n) from ``raw`` of shape (fields, n).

        ``only`` names the inputs wanted, by position; the result then has one row for each of those.
        """
        return self.derive_from(self.values(raw), raw.shape[1], only)

    def derive_from(self, values: Mapping[str, Array], n: int, only: Iterable[int] | None = None) -> Array:
        """The same from fields and histories by name, as `values` and `strike` give them, of ``n`` records."""
        chosen = range(len(self.inputs)) if only is None else tuple(only)
        out = np.empty((len(chosen), n))
        for k, which in enumerate(chosen):
            out[k] = self._inputs[which](values)
        return out

    def exposures(self, raw: Array, assumptions: Mapping[str, float]) -> "Exposed":
        """What would be lost if each record of ``raw`` (fields, n) defaulted; ``assumptions`` not given stand at their
        defaults."""
        return self.exposures_from(self.values(raw), raw.shape[1], assumptions)

    def exposures_from(self, values: Mapping[str, Array], n: int, assumptions: Mapping[str, float]) -> "Exposed":
        """The same from fields and histories by name of ``n`` records."""
        balance, ead, lgd, own = (each({**values, **self._defaults, **assumptions}) for each in self._exposure)
        return Exposed(np.broadcast_to(balance, (n,)), np.broadcast_to(ead, (n,)), lgd, own)

    @cached_property
    def _defaults(self) -> dict[str, float]:
        return {each.name: each.default for each in self.assumptions}

    @cached_property
    def exposed_to(self) -> frozenset[str]:
        """The assumptions that `exposures` depend on."""
        read = frozenset(chain.from_iterable(each.names for each in self._exposure))
        return frozenset(each.name for each in self.assumptions) & read

    @property
    def guaranteed(self) -> bool:
        """Whether somebody else bears a part of the losses, so that they are told gross and net."""
        return bool(self.exposure.guarantor)

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """What the whole book is told by; a loss net of guarantees only where there are any."""
        return tuple(each for each in get_args(Measure) if each != "net_loss" or self.guaranteed)

    def realised_loss(self, raw: Array, after: Mapping[str, Array]) -> Array | None:
        """The amount actually lost on each record, (n,), in the book's currency, wherever its target came true; None if
        the contract declares none. ``after`` holds the fields known after the outcome."""
        if self._realised is None:
            return None
        return np.broadcast_to(self._realised({**self.values(raw), **after}), raw.shape[1:])

    # ---- levers --------------------------------------------------------------------------------------------------

    def lever_start(self, name: str, raw: Array) -> Array:
        """Where a lever stands for each record, (n,), to its own step and within its bounds; NaN if undefined."""
        lever = self.lever(name)
        start = self._levers[name][0](self.values(raw))
        steps: Array = lever.step * np.round(np.broadcast_to(start, raw.shape[1:]) / lever.step)
        return steps.clip(lever.minimum, lever.maximum)

    def pull(self, name: str, value: float | Array, raw: Array, start: Array | None = None) -> Array:
        """``raw`` after a lever was put to ``value``: a new array; ``value`` is one number or one a record. ``start``,
        (n,), is where it stood before any edit; by default where it stands in ``raw``."""
        start = self.lever_start(name, raw) if start is None else start
        out = raw.copy()
        for target, rule in self._levers[name][1].items():
            rows = self.rows[target]
            ago = np.arange(rows.stop - rows.start, dtype=float)[:, None]
            out[rows] = rule({**self.values(out), "value": value, "start": start, "ago": ago})
        lows, highs = self._bounds
        return np.clip(out, lows, highs, out=out)

    # ---- shocks ------------------------------------------------------------------------------------------------

    @cached_property
    def _shocks(self) -> dict[str, dict[str, Formula]]:
        known = self._known | {"value", "ago"}
        return {
            shock.name: {target: parse(rule, known) for target, rule in shock.rules.items()} for shock in self.shocks
        }

    def strike(self, name: str, value: float, values: Mapping[str, Array]) -> dict[str, Array]:
        """The fields and histories that a shock moves, as they stand after it, within the contract's ranges; of a
        history also each month by its own name.

        ``values`` are those before, by name: fields (n,), histories (months, n).
        """
        moved: dict[str, Array] = {}
        for target, rule in self._shocks[name].items():
            rows = self.rows[target]
            now = {**values, **moved}
            ago = np.arange(rows.stop - rows.start, dtype=float)[:, None]
            found = np.broadcast_to(rule({**now, "value": value, "ago": ago}), now[target].shape)
            lows, highs = (each[rows] for each in self._bounds)
            inside = np.atleast_2d(found).clip(lows, highs)
            owner = self.owner(target)
            if owner != target:  # one month of a history
                months = now[owner].copy()
                months[rows.start - self.rows[owner].start] = inside[0]
                inside = months
            moved |= self.named(owner, inside)
        return moved

    def struck(self, name: str) -> tuple[str, ...]:
        """The fields and histories that a shock moves."""
        return tuple(dict.fromkeys(self.owner(target) for target in self._shocks[name]))

    def owner(self, name: str) -> str:
        """The history a month belongs to; any other name itself."""
        for history in self.histories:
            if name.startswith(f"{history.name}_") and name.removeprefix(f"{history.name}_").isdecimal():
                return history.name
        return name

    def named(self, target: str, values: Array) -> dict[str, Array]:
        """A field (1, n) or a history (months, n) by name, and each of a history's months by its own."""
        if target in self.row:
            return {target: values[0]}
        return {target: values, **{f"{target}_{k}": month for k, month in enumerate(values, 1)}}

    def reading(self, names: Iterable[str]) -> tuple[int, ...]:
        """The inputs, by position, whose formulas read one of these fields or histories, in any month."""
        rows: set[int] = set()
        for name in names:
            rows |= set(range(*self.rows[name].indices(len(self.record))))
        return tuple(k for k, read in enumerate(self.reads) if read & rows)

    # ---- segments ----------------------------------------------------------------------------------------------

    def segment(self, name: str) -> Segment:
        """A segment by name."""
        return _named(self.segments, name, "segment")

    def band_count(self, segment: Segment) -> int:
        """How many bands a segment has, that of the missing included."""
        return len(segment.edges) + 1 + bool(self._may_miss(segment))

    def _may_miss(self, segment: Segment) -> bool:
        fields = {each.name: each.missing for each in self.record}
        return bool({**{each.name: each.missing for each in self.inputs}, **fields}[segment.field])

    def bands(self, segment: Segment, values: Mapping[str, Array], n: int) -> NDArray[np.int8]:
        """The band each of ``n`` records lies in, (n,), from fields by name."""
        names = [each.name for each in self.inputs]
        if segment.field in self.row:
            found = values[segment.field]
        else:
            found = self.derive_from(values, n, [names.index(segment.field)])[0]
        band = starting(found, segment.edges).astype(np.int8)
        return np.where(np.isnan(found), np.int8(len(segment.edges) + 1), band)

    @cached_property
    def _bounds(self) -> tuple[Array, Array]:
        lows, highs = np.array([bounds(field) for field in self.record]).T
        return lows[:, None], highs[:, None]

    def coded(self, lever: Lever) -> bool:
        """Whether a lever moves fields that hold codes, so that it may only stand on its steps."""
        return any(self.record[self.rows[target].start].codes for target in lever.rules)

    # ---- look-ups ------------------------------------------------------------------------------------------------

    def field(self, name: str) -> Field:
        """A field of the record by name; NotEditable if there is none that a person may edit."""
        if name in self.row and self.record[self.row[name]].mutability != "never":
            return self.record[self.row[name]]
        raise NotEditable(f"{name!r} is not a field that can be edited. Editable are: {', '.join(self.row)}.")

    def lever(self, name: str) -> Lever:
        """A lever by name."""
        return _named(self.levers, name, "lever")

    def concept(self, name: str) -> Concept:
        """A business concept by name."""
        return _named(self.concepts, name, "concept")

    def assumption(self, name: str) -> Assumption:
        """An assumption by name."""
        return _named(self.assumptions, name, "assumption")

    def shock(self, name: str) -> Shock:
        """A shock by name."""
        return _named(self.shocks, name, "shock")

    def variable(self, name: str) -> Variable:
        """A variable of the economy by name."""
        return _named(self.economy, name, "variable of the economy")

    # ---- checks --------------------------------------------------------------------------------------------------

    def check(self, raw: Array) -> None:
        """Raise a BadInput naming the first thing in ``raw`` (fields, n) that cannot be.

        Raises
        ------
        Missing, OutOfRange, Impossible
        """
        for field, values in zip(self.record, raw, strict=True):
            check_value(field, values)
        for each in self.broken(raw):
            raise Impossible(each.message)

    def check_observed(self, observed: Mapping[str, Array]) -> None:
        """Raise a BadInput naming the first of the ``observed`` columns, each (n,), that holds what it cannot.

        What is known only after the outcome may be missing anywhere: nothing need have come after.

        Raises
        ------
        Missing, OutOfRange
        """
        for field in self.observed:
            values = observed[field.name]
            gaps = np.isnan(values)
            if gaps.any() and field.role == "protected" and not field.missing:
                raise Missing(
                    f"{field.label} is missing in {gaps.sum():,} of {len(values):,} records. Give each a value, or "
                    f"declare the field with missing = true: they are then a group, {NOT_STATED}."
                )
            check_value(field, values[~gaps] if gaps.any() else values)

    def touches(self, constraint: Constraint, rows: Iterable[int]) -> bool:
        """Whether a constraint speaks of one of these rows of ``raw``."""
        own = set(rows)
        return any(own & set(range(*self.rows[name].indices(len(self.record)))) for name in constraint.fields)

    def stands(self, raw: Array) -> NDArray[np.bool_]:
        """Which records of ``raw`` keep every constraint, (n,)."""
        kept, values = np.ones(raw.shape[1], bool), self.values(raw)
        for _, rule in self._constraints:
            kept &= np.atleast_2d(rule(values)).all(0)
        return kept

    def broken(self, raw: Array) -> list[Constraint]:
        """The constraints that some record of ``raw`` breaks."""
        values = self.values(raw)
        return [each for each, rule in self._constraints if not np.all(rule(values))]


class Exposed(NamedTuple):
    """Of each record (n,): ``balance`` and exposure at default ``ead`` in the book's currency; loss given default
    ``lgd`` and the bank's own share ``own`` of a loss as fractions, one number where it is the same for all."""

    balance: Array
    ead: Array
    lgd: Array | float
    own: Array | float


def bounds(part: Field | Lever | Assumption | Shock | Variable) -> tuple[float, float]:
    """The lowest and the highest value that may be given: of a vintage any year, however old the book is."""
    if isinstance(part, Field) and part.role == "vintage":
        return min(part.minimum, float(FIRST_YEAR)), max(part.maximum, float(LAST_YEAR))
    return part.minimum, part.maximum


def check_value(field: Field | Lever | Assumption | Shock | Variable, values: Any) -> None:
    """Raise unless every value is present (or may be missing), within range, and a known code.

    Raises
    ------
    Missing, OutOfRange
    """
    values = np.asarray(values, dtype=float)
    gaps = np.isnan(values)
    if gaps.any():
        if not getattr(field, "missing", False):
            raise Missing(f"{field.label} is missing. Enter a value from {_range(field)}.")
        values = values[~gaps]
    low, high = bounds(field)
    outside = (values < low) | (values > high)
    codes = getattr(field, "codes", {})
    if codes:
        known = np.array(sorted(codes), dtype=float)  # looked up: numpy.isin takes ten times as long for one value
        outside |= known[np.searchsorted(known, values).clip(max=len(known) - 1)] != values
    if outside.any():
        given, n = float(values[outside].flat[0]), int(outside.sum())
        often = f", the first of {n:,} such values" if n > 1 else ""
        raise OutOfRange(f"{field.label} must be {_range(field)}; {figure(given, field.unit)} was given{often}.")


def _range(field: Field | Lever | Assumption | Shock | Variable) -> str:
    codes: Mapping[int, str] = getattr(field, "codes", {})
    if codes:
        return "one of " + ", ".join(f"{code} ({word})" for code, word in codes.items())
    if isinstance(field, Assumption) and field.unit == "%":
        return f"{field.minimum:,.12g} to {field.maximum:,.12g} (a fraction: 35 % is 0.35)"
    unit = f" {field.unit.removeprefix('±')}" if field.unit not in ("", YEAR) else ""
    low, high = (figure(end, field.unit) for end in bounds(field))
    return f"{low} to {high}{unit}"


def figure(value: float, unit: str = "") -> str:
    """A number with thousands separators, unless it is a year."""
    return f"{value:.12g}" if unit == YEAR else f"{value:,.12g}"


def _named(parts: tuple[_Named, ...], name: str, kind: str) -> _Named:
    for part in parts:
        if part.name == name:
            return part
    raise NotEditable(f"There is no {kind} {name!r}. There are: {', '.join(part.name for part in parts)}.")


def read(text: bytes, source: str = "contract.toml") -> Contract:
    """A contract from its TOML text, checked as a whole.

    Raises
    ------
    ContractError
        If the text is not TOML, lacks a part, or its parts contradict each other.
    """
    try:
        contract = Contract.model_validate(tomllib.loads(text.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(f"{source} is not readable TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ContractError(f"{source}: {where}: {first['msg']}.") from error
    contract = _told_apart(contract)
    contract._text = text
    _agree(contract, source)
    return contract


def load(path: Path) -> Contract:
    """Read and check a contract file."""
    try:
        return read(path.read_bytes(), str(path.name))
    except FileNotFoundError as error:
        raise ContractError(f"There is no contract at {path}.") from error


def told_apart(labels: Mapping[Key, str]) -> dict[Key, str]:
    """Labels of which no two read alike: those that do are followed by what they are the labels of."""
    alike = Counter(" ".join(label.split()).casefold() for label in labels.values())
    return {
        key: f"{label} ({key})" if alike[" ".join(label.split()).casefold()] > 1 else label
        for key, label in labels.items()
    }


def _told_apart(contract: Contract) -> Contract:
    """The contract with labels, phrases and words of codes that can be told apart, whatever was written: a sentence
    that could mean either of two things, or two bars of a chart under one name, would mislead."""
    found: dict[str, Any] = {}
    for kinds in (
        ("fields", "histories"),
        ("concepts",),
        ("inputs",),
        ("levers",),
        ("segments",),
        ("shocks", "economy", "assumptions"),
    ):
        parts = {each.name: each for kind in kinds for each in getattr(contract, kind)}
        labels = told_apart({name: each.label for name, each in parts.items()})
        phrases = told_apart({name: each.phrase for name, each in parts.items() if hasattr(each, "phrase")})
        for name, each in parts.items():
            own: dict[str, Any] = {"label": labels[name]}
            if name in phrases and phrases[name] != each.phrase:
                own["phrase"] = f"{_plain(labels[name])} {{}}"
            if getattr(each, "codes", {}):
                own["codes"] = told_apart(each.codes)
            if isinstance(each, Segment) and each.labels:
                own["labels"] = tuple(told_apart(dict(enumerate(each.labels, 1))).values())
            parts[name] = each.model_copy(update=own)
        found |= {kind: tuple(parts[each.name] for each in getattr(contract, kind)) for kind in kinds}
    return contract.model_copy(update=found)


def _plain(label: str) -> str:
    """A label inside a phrase, braces and all."""
    return label.replace("{", "{{").replace("}", "}}")


def _agree(contract: Contract, source: str) -> None:
    """Names are unique, concepts exist, formulas read what is declared and nothing protected."""
    names = [field.name for field in contract.record] + [field.name for field in contract.observed]
    movers: tuple[Shock | Variable | Assumption, ...] = (*contract.shocks, *contract.economy, *contract.assumptions)
    groups: dict[str, list[str]] = {
        "field": names,
        "input": [each.name for each in contract.inputs],
        "lever": [each.name for each in contract.levers],
        "concept": [each.name for each in contract.concepts],
        "assumption": [each.name for each in contract.assumptions],
        "segment": [each.name for each in contract.segments],
        "limit": [str(each.measure) for each in contract.appetite],
        "shock, variable or assumption": [each.name for each in movers],
    }
    for what, group in groups.items():
        twice = {name for name in group if group.count(name) > 1}
        if twice:
            raise ContractError(f"{source}: {what} {', '.join(sorted(twice))} is declared twice.")
    concepts = {each.name for each in contract.concepts}
    parts: tuple[Field | Input | Lever, ...] = (*contract.record, *contract.inputs, *contract.levers)
    for part in parts:
        if part.concept not in concepts and getattr(part, "role", "") != "vintage":
            raise ContractError(f"{source}: {part.name} is of the concept {part.concept!r}, which is not declared.")
    for lever in contract.levers:
        if lever.shows not in {each.name for each in contract.inputs}:
            raise ContractError(f"{source}: lever {lever.name} shows {lever.shows!r}, which is no input.")
        for target in lever.rules:
            if target not in contract.rows:
                raise ContractError(f"{source}: lever {lever.name} moves {target!r}, which is no input field.")
    if contract.book.target not in {field.name for field in contract.fields if field.role == "target"}:
        raise ContractError(f"{source}: the target {contract.book.target!r} is not a declared field of role target.")
    for constraint in contract.constraints:
        for name in constraint.fields:
            if name not in contract.rows:
                raise ContractError(f"{source}: a constraint speaks of {name!r}, which is no input field.")
    _outcome_unread(contract, source)
    _vintage_stays(contract, source)
    for segment in contract.segments:
        if segment.field not in contract.row and segment.field not in {each.name for each in contract.inputs}:
            told = f"segment {segment.name} cuts {segment.field!r}, which is neither an input field nor a model input."
            raise ContractError(f"{source}: {told}")
    for each in movers:
        if each.swing > each.maximum - each.minimum:
            raise ContractError(f"{source}: the swing of {each.name} is {each.swing:g}, which is wider than its range.")
    for shock in contract.shocks:
        for target in shock.rules:
            if target not in contract.rows:
                raise ContractError(f"{source}: shock {shock.name} moves {target!r}, which is no input field.")
    for limit in contract.appetite:
        if limit.measure not in contract.measures:
            told = f"there is a limit on {limit.measure}, but no guarantor: a loss net of guarantees is not told here."
            raise ContractError(f"{source}: {told}")
    contract.reads, contract._levers, contract._constraints, contract._exposure  # noqa: B018  compile every formula
    contract._shocks, contract._realised  # noqa: B018
    _try_out(contract, source)


def _vintage_stays(contract: Contract, source: str) -> None:
    """Raise ContractError if anything may move the day a record came into the book."""
    vintage = contract.vintage
    if vintage is None:
        return
    if vintage.mutability != "never":
        raise ContractError(f"{source}: {vintage.name} is the vintage and cannot be edited: its mutability is never.")
    movers: tuple[Lever | Shock, ...] = (*contract.levers, *contract.shocks)
    for each in movers:
        if vintage.name in each.rules:
            raise ContractError(f"{source}: {each.name} moves {vintage.name}, the vintage, which nothing may move.")


def _outcome_unread(contract: Contract, source: str) -> None:
    """Raise ContractError if a formula reads what is known only after the outcome, or an input reads the vintage."""
    by_role: dict[str, set[str]] = {"post-outcome": set(), "target": set(), "protected": set(), "vintage": set()}
    for field in contract.fields:
        by_role.get(field.role, set()).add(field.name)
    if len(by_role["vintage"]) > 1:
        raise ContractError(f"{source}: a book has one vintage; {', '.join(sorted(by_role['vintage']))} are declared.")
    told = {
        "post-outcome": "which is known only after the outcome: a model that reads it knows what it should predict",
        "target": "which is the outcome itself",
        "protected": "which is protected and never scored",
        "vintage": "the vintage: a model that reads it learns the calendar, which says nothing of later years",
    }
    own = contract.exposure
    formulas = [(f"input {each.name}", each.formula, True) for each in contract.inputs]
    for each in contract.levers:
        formulas += [(f"lever {each.name}", rule, False) for rule in (each.start, *each.rules.values())]
    formulas += [(f"shock {each.name}", rule, False) for each in contract.shocks for rule in each.rules.values()]
    formulas += [("the exposure", each, False) for each in (own.balance, own.ead, own.lgd, own.own_share)]
    formulas += [("a constraint", each.rule, False) for each in contract.constraints]
    formulas += [(f"segment {each.name}", each.field, False) for each in contract.segments]
    for what, text, scored in formulas:
        read = names_in(text)
        for role, names in by_role.items():
            found = sorted(read & names)
            if found and (scored or role != "vintage"):
                raise ContractError(f"{source}: {what} reads {', '.join(found)}, {told[role]}.")


def _try_out(contract: Contract, source: str) -> None:
    """Work every formula out once, on two records of zeros: a function given too little shows here, not on a page."""
    raw, doing = np.zeros((len(contract.record), 2)), ""
    try:
        for k, each in enumerate(contract.inputs):
            doing = f"input {each.name}"
            contract.derive(raw, [k])
        for lever in contract.levers:
            doing = f"lever {lever.name}"
            contract.pull(lever.name, contract.lever_start(lever.name, raw), raw)
        for shock in contract.shocks:
            doing = f"shock {shock.name}"
            contract.strike(shock.name, shock.maximum, contract.values(raw))
        doing = "the exposure"
        contract.exposures(raw, {each.name: each.default for each in contract.assumptions})
        doing = "the constraints"
        contract.broken(raw)
        doing = "the realised loss"
        contract.realised_loss(raw, {each.name: np.zeros(2) for each in contract.observed})
    except (TypeError, ValueError, IndexError) as error:
        raise ContractError(f"{source}: a formula of {doing} cannot be worked out: {error}.") from error
