"""A contract as a whole: its parts by name, and the arithmetic of records that they declare."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import chain, pairwise
from math import ceil, log10
from typing import TypeVar, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field as Declared
from pydantic import PrivateAttr

from data.arrays import Array
from data.contract.schema import (
    COUNTED,
    NOT_STATED,
    RECORD_COUNTED,
    RECORDED,
    Appetite,
    Assumption,
    BookTerms,
    CardTexts,
    Concept,
    Constraint,
    Exposure,
    Field,
    Gates,
    History,
    Input,
    Lever,
    Measure,
    Part,
    RealisedLoss,
    ScoreScale,
    Segment,
    Shock,
    TrainingTerms,
    Variable,
)
from data.contract.special import REASON, spelled, spelled_rule
from data.contract.values import Exposed, bounds, check_value, plain_figure
from data.edges import starting
from data.errors import Impossible, Missing, NotEditable
from data.formulas import Formula, names_in, parse_formula

NOISE_DIGITS = 10  # decimals of a percentage, beyond which they are the noise of reckoning
_Named = TypeVar("_Named", "Lever", "Concept", "Assumption", "Shock", "Variable", "Segment", "Input")


class Contract(Part):
    """A book's whole contract; see the module's docstring. Build it with `load` or `read`."""

    version: str
    book: BookTerms
    score: ScoreScale
    exposure: Exposure = Exposure()
    realised: RealisedLoss | None = None
    training: TrainingTerms
    gates: Gates
    card: CardTexts | None = None
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
        """sha256 of the file's bytes, words and all."""
        return hashlib.sha256(self._text).hexdigest()

    @cached_property
    def substance(self) -> str:
        """sha256 of what a model depends on: another only where a release no longer belongs to the contract."""
        from data.contract.substance import substance  # which reads contracts

        return substance(self)

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
            ends = [plain_figure(edge, field.unit) for edge in field.edges]
            inner = [f"{low} to below {high}" for low, high in pairwise(ends)]
            group = starting(values, field.edges)
            names = (f"below {ends[0]}", *inner, f"{ends[-1]} and over")
        for code, word in field.special.items():
            own = values == code
            if own.any():
                group, names = np.where(own, len(names), group), (*names, word)
        gaps = np.isnan(values)
        if gaps.any():
            return np.where(gaps, len(names), group), (*names, NOT_STATED)
        return group, names

    def values(self, raw: Array) -> dict[str, Array]:
        """Every field (n,) and history (months, n) of ``raw`` by name, as formulas read them."""
        found: dict[str, Array] = {name: raw[k] for name, k in self.row.items()}
        found.update({h.name: raw[self.rows[h.name]] for h in self.histories if h.role == "input"})
        return found

    # ---- special codes -------------------------------------------------------------------------------------------

    @cached_property
    def special(self) -> dict[int, Field]:
        """The rows of ``raw`` whose fields have special codes, and those fields."""
        return {k: field for k, field in enumerate(self.record) if field.special}

    @cached_property
    def special_codes(self) -> dict[str, tuple[float, ...]]:
        """The special codes of each field and history of the record that has any, and of what is known afterwards."""
        after = [field for field in self.fields if field.role == "post-outcome"]
        months = [history for history in self.histories if history.role == "input"]
        return {each.name: tuple(each.special) for each in (*self.record, *after, *months) if each.special}

    def without_special(self, raw: Array) -> Array:
        """``raw`` (fields, n) with every special code missing, as formulas read it; itself where there are none."""
        if not self.special:
            return raw
        out = raw.copy()
        for k, field in self.special.items():
            out[k][field.is_special(raw[k])] = np.nan
        return out

    def spelled(self, text: str) -> str:
        """A formula as it is worked out, whoever does: special codes read as missing."""
        return spelled(text, self.special_codes)

    def spelled_rule(self, text: str) -> str:
        """A constraint's rule as it is worked out: it says nothing of a record whose value is a special code."""
        return spelled_rule(text, self.special_codes, frozenset(self.rows) - frozenset(self.row))

    def parsed(self, text: str, known: frozenset[str]) -> Formula:
        """A formula as it is worked out, ready to be; ContractError where it cannot be read."""
        said = self.spelled(text)
        if said != text and REASON not in names_in(text):
            parse_formula(text, known)  # what is wrong with it is told of the formula as it was written
        return parse_formula(said, known)

    def _reading_codes(self, formulas: Iterable[Formula], values: Mapping[str, Array]) -> NDArray[np.bool_]:
        """In which records, (n,) or (1,), some of the ``formulas`` read a special code."""
        found: NDArray[np.bool_] = np.zeros(1, bool)
        for name in frozenset(chain.from_iterable(each.names for each in formulas)) & self.special_codes.keys():
            found = found | np.isin(np.atleast_2d(values[name]), self.special_codes[name]).any(0)
        return found

    def _with_codes(
        self, rows: slice, before: Array, found: Array, moved: Array, reading: NDArray[np.bool_], keep: bool = False
    ) -> Array:
        """What rules made of some ``rows``, ``found`` (rows, n), as ``moved`` within the ranges, (rows, n), with what
        stood there ``before``, (rows, n), where a special code has no other value now, or is to ``keep``; and where
        rules came to nothing because of a code that they are ``reading``, (n,)."""
        for place, k in enumerate(range(rows.start, rows.stop)):
            stays = reading & np.isnan(found[place])
            if k in self.special:
                stays = stays | (self.special[k].is_special(before[place]) & (keep | (found[place] == before[place])))
            moved[place] = np.where(stays, before[place], moved[place])
        return moved

    # ---- formulas ----------------------------------------------------------------------------------------------

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.rows)

    @cached_property
    def _inputs(self) -> tuple[Formula, ...]:
        scored = self._known - ({self.vintage.name} if self.vintage else set())
        return tuple(self.parsed(each.formula, scored) for each in self.inputs)

    @cached_property
    def _levers(self) -> dict[str, tuple[Formula, dict[str, Formula]]]:
        known = self._known | {"value", "start", "ago"}
        return {
            lever.name: (
                self.parsed(lever.start, self._known),
                {target: self.parsed(rule, known) for target, rule in lever.rules.items()},
            )
            for lever in self.levers
        }

    @cached_property
    def _constraints(self) -> tuple[tuple[Constraint, Formula], ...]:
        return tuple((each, parse_formula(self.spelled_rule(each.rule), self._known)) for each in self.constraints)

    @cached_property
    def _exposure(self) -> tuple[Formula, Formula, Formula, Formula]:
        known, own = self._known | {each.name for each in self.assumptions}, self.exposure
        return (
            self.parsed(own.balance, known),
            self.parsed(own.ead, known),
            self.parsed(own.lgd, known),
            self.parsed(own.own_share, known),
        )

    @cached_property
    def _realised(self) -> Formula | None:
        after = {field.name for field in self.fields if field.role == "post-outcome"}
        return self.parsed(self.realised.loss, self._known | after) if self.realised else None

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
    def in_money(self) -> bool:
        """Whether an amount is named that is owed. Without one the book is told in borrowers and in the defaults that
        are expected among them: each record's exposure is 1, and all of it is lost at its default, so that the
        exposure of several is their number and their expected loss that of their defaults."""
        return self.exposure.ead.strip() != RECORD_COUNTED

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """What the whole book is told by; a loss net of guarantees only where there are any, and where no amount is
        named nothing that is one."""
        if not self.in_money:
            return COUNTED
        return tuple(each for each in get_args(Measure) if each != "net_loss" or self.guaranteed)

    def realised_loss(self, raw: Array, after: Mapping[str, Array]) -> Array | None:
        """The amount actually lost on each record, (n,), in the book's currency, wherever its target came true; None if
        the contract declares none. ``after`` holds the fields known after the outcome."""
        if self._realised is None:
            return None
        return np.broadcast_to(self._realised({**self.values(raw), **after}), raw.shape[1:])

    # ---- levers --------------------------------------------------------------------------------------------------

    def lever_start(self, name: str, raw: Array) -> Array:
        """Where a lever stands for each record, (n,): wherever that is, on its steps and within its bounds or not, to
        its `start_digits`; NaN if undefined."""
        start = np.broadcast_to(np.asarray(self._levers[name][0](self.values(raw)), float), raw.shape[1:])
        digits = self.start_digits(self.lever(name))
        return start if digits is None else np.round(start, digits)

    def start_digits(self, lever: Lever) -> int | None:
        """To how many decimals a lever's start is told. The number of a field itself is told as it is, None, or without
        the noise of reckoning where it is told in percent; what is worked out of others, to a hundredth of a step."""
        if lever.start in self.row:
            return None
        if lever.start.removeprefix("100 * ") in self.row:
            return NOISE_DIGITS
        return max(0, ceil(-log10(lever.step / 100) - 1e-9))

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
        moved = np.clip(out, lows, highs)
        if not self.special:
            return moved
        reading = self._reading_codes((self._levers[name][0], *self._levers[name][1].values()), self.values(raw))
        return self._with_codes(slice(0, len(self.record)), before=raw, found=out, moved=moved, reading=reading)

    # ---- shocks ------------------------------------------------------------------------------------------------

    @cached_property
    def _shocks(self) -> dict[str, dict[str, Formula]]:
        known = self._known | {"value", "ago"}
        return {
            shock.name: {target: self.parsed(rule, known) for target, rule in shock.rules.items()}
            for shock in self.shocks
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
            if self.special:
                reading, bare = self._reading_codes([rule], now), np.atleast_2d(found)
                before = np.atleast_2d(now[target])
                inside = self._with_codes(rows, before, found=bare, moved=inside, reading=reading, keep=True)
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
        """How many bands a segment has, that of the missing and one a special code included."""
        return len(segment.edges) + 1 + bool(self._may_miss(segment)) + len(self.special_bands(segment))

    def special_bands(self, segment: Segment) -> dict[float, str]:
        """The special codes that make bands of their own, in their order after all others, and their words."""
        return self.record[self.row[segment.field]].special if segment.field in self.row else {}

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
        band = np.where(np.isnan(found), np.int8(len(segment.edges) + 1), band)
        special = self.special_bands(segment)
        for k, code in enumerate(special, self.band_count(segment) - len(special)):
            band = np.where(found == code, np.int8(k), band)
        return band

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
        for constraint in self.constraints:
            kept &= self.keeping(constraint, values)
        return kept

    def keeping(self, constraint: Constraint, values: Mapping[str, Array]) -> NDArray[np.bool_]:
        """Which records keep one constraint, (n,), from fields and histories by name."""
        rule = next(rule for each, rule in self._constraints if each is constraint)
        found: NDArray[np.bool_] = np.asarray(np.atleast_2d(rule(values)).all(0))
        return found

    def broken(self, raw: Array) -> list[Constraint]:
        """The constraints that some record of ``raw`` breaks."""
        values = self.values(raw)
        return [each for each, rule in self._constraints if not np.all(rule(values))]


def _named(parts: tuple[_Named, ...], name: str, kind: str) -> _Named:
    for part in parts:
        if part.name == name:
            return part
    raise NotEditable(f"There is no {kind} {name!r}. There are: {', '.join(part.name for part in parts)}.")
