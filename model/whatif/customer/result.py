"""One customer under a scenario: what the model says, why, what changed, and what it would take."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.contract import Contract, Field, Input, Lever
from model.engine.scorer import Scorer
from model.engine.tables import probability
from model.errors import Refused
from model.finance.scorecard import reaches
from model.release.checks import scores
from model.whatif.book import tornado
from model.whatif.book.tornado import Bar
from model.whatif.customer.attribution import Change, Changes, changes
from model.whatif.customer.decision import Decision, Explanation, decide, explain, score_scale
from model.whatif.customer.distribution import input_distribution
from model.whatif.customer.scenario import CustomerScenario, apply, base_record, editable
from model.whatif.customer.sensitivity import (
    Curve,
    Flip,
    flips,
    position,
    steps,
    sweep,
    two_way,
    why_nothing,
)
from model.whatif.customer.stressed import StressedRecord, StressedScorer


@dataclass(frozen=True)
class LeverPosition:
    """Where a lever stands: ``now`` in its unit, NaN where its start is not known. ``value`` is the record's of the
    input it shows, NaN if missing, ``place`` where that lies along the bins of the input's distribution, [0, 1] or
    None. ``below`` and ``same`` are the records of 100 in the book with a smaller and with the same value. ``steady``:
    whether the PD goes the lever's declared way from here; ``nothing`` why it stands nowhere, in words."""

    now: float
    value: float
    place: float | None
    below: int
    same: int
    steady: bool
    nothing: str = ""


@dataclass(frozen=True, eq=False)
class TwoWayTable:
    """The ``pd`` (rows, columns) at each value of one lever or field together with each of another, NaN where they
    break a rule of the record; ``granted`` where the score reaches the cut-off."""

    rows: tuple[float, ...]
    columns: tuple[float, ...]
    pd: Array
    granted: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CustomerResult:
    """What the model says of one record: ``before`` of the record as it is under the contract's assumptions, ``now`` of
    the ``edited`` one under the scenario's; records are (fields, 1). ``base`` is what the edits stand on: the record as
    it is, or as the book's scenario leaves it, ``stressed``. ``margin`` is what the model says of the edited record,
    log-odds. ``scorer`` is the deployed model, live, ``local`` the one that is asked for whole curves."""

    scorer: Scorer
    local: Scorer
    book: Book
    scenario: CustomerScenario
    base: Array
    edited: Array
    before: Decision
    now: Decision
    margin: float
    stressed: StressedRecord | None = None

    @classmethod
    def of(
        cls, scorer: Scorer, local: Scorer, book: Book, scenario: CustomerScenario, *, day: date | None = None
    ) -> "CustomerResult":
        """Ask the model about the record of a scenario in which one is chosen; on a ``day``, which is to be given where
        the record stands under a scenario of the book, whose overlay may have expired.

        Raises
        ------
        BookError, BadInput
            If there is no such customer, or the record cannot be.
        RemoteError
            If a model elsewhere does not answer.
        """
        contract = scorer.contract
        base = base_record(book, scenario)
        plain = not scenario.under.values
        edited = apply(contract, base, scenario.edits) if plain else base
        before = decide(scorer, base, CustomerScenario().values(contract))
        if plain:
            now = decide(scorer, edited, scenario.values(contract))
            return cls(
                scorer,
                local,
                book=book,
                scenario=scenario,
                base=base,
                edited=edited,
                before=before,
                now=now,
                margin=now.margin,
            )
        assert day is not None, "a record under a scenario of the book is asked about on a day"
        under = StressedRecord.of(scorer, base, scenario.customer, scenario.under, day=day, margin=before.margin)
        own = under
        if scenario.edits or scenario.assumptions:
            own = under.edited(scorer, scenario.edits, scenario.values(contract))
        return cls(
            scorer,
            StressedScorer(local, own.layers),
            book=book,
            scenario=scenario,
            base=under.scored,
            edited=own.scored,
            before=before,
            now=own.decision,
            margin=own.margin,
            stressed=under,
        )

    @property
    def contract(self) -> Contract:
        """The contract of the model."""
        return self.scorer.contract

    @property
    def day(self) -> date | None:
        """The day on which the book's scenario that the record stands under was asked; None without one."""
        return None if self.stressed is None else self.stressed.day

    @property
    def differs(self) -> bool:
        """Whether anything is assumed or edited, here or in the book's scenario that it stands under."""
        return self.own_changes or self.stressed is not None

    @property
    def own_changes(self) -> bool:
        """Whether anything is assumed or edited of this record itself."""
        return bool(self.scenario.edits or self.scenario.assumptions)

    @property
    def edits(self) -> dict[str, float]:
        """The edits by name."""
        return dict(self.scenario.edits)

    @property
    def reach(self) -> dict[str, float]:
        """By which share of its range each edit was moved, by name; 1 where it is not known from where."""
        found = {}
        for name, value in self.scenario.edits:
            part = editable(self.contract, name)
            start = position(self.local, self.base, {}, name)
            moved = abs(value - start) / (part.maximum - part.minimum)
            code = isinstance(part, Field) and bool(part.is_special([value, start]).any())
            found[name] = float(moved) if np.isfinite(moved) and not code else 1.0
        return found

    @property
    def values(self) -> dict[str, float]:
        """The edited record by field, NaN where a value is missing."""
        return {field.name: float(self.edited[k, 0]) for k, field in enumerate(self.contract.record)}

    # ---- what is worked out when it is asked for ----------------------------------------------------------------

    @cached_property
    def turns(self) -> list[Flip]:
        """For each lever alone, what would turn the decision."""
        return flips(self.local, self.book, base=self.base, edits=self.edits, cutoff=self.now.cutoff)

    @cached_property
    def moved(self) -> Changes:
        """What the edits moved, after what the book's scenario did."""
        own = changes(self.local, self.base, self.edited)
        if self.stressed is None:
            return own
        before, under = self.before.pd, self.stressed.decision.pd
        first = Change((), "The book's scenario", under - before)
        return Changes(before, own.edited, (first, *own.parts) if own.parts or under != before else ())

    @property
    def reasons(self) -> Explanation | None:
        """Why the model says what it says; None if it answers but gives no reasons that hold: see `no_reasons`."""
        return self._explained[0]

    @property
    def no_reasons(self) -> str:
        """Why there are no reasons; "" where there are."""
        return self._explained[1]

    @cached_property
    def _explained(self) -> tuple[Explanation | None, str]:
        try:
            return explain(self.scorer, self.edited).with_outside(self.now.margin - self.margin), ""
        except Refused as error:
            return None, str(error)

    def curve(self, name: str) -> Curve:
        """The PD along one lever or field, all else held."""
        return sweep(self.local, self.book, base=self.base, edits=self.edits, name=name, cutoff=self.now.cutoff)

    @property
    def cutoff_pd(self) -> float:
        """The PD at the cut-off."""
        return float(probability(np.array(score_scale(self.contract).margin(self.now.cutoff))))

    def bars(self) -> list[Bar]:
        """How far each lever alone moves the PD, the longest first."""
        return tornado.of_customer(self.local, self.book, base=self.base, edits=self.edits, cutoff=self.now.cutoff)

    def two_way(self, first: str, second: str) -> TwoWayTable:
        """The PD over two levers or fields at once."""
        places = [steps(self.book, name, self._now(name)) for name in (first, second)]
        pd = two_way(
            self.local,
            self.base,
            edits=self.edits,
            first=first,
            first_values=places[0],
            second=second,
            second_values=places[1],
        )
        return TwoWayTable(places[0], places[1], pd, reaches(scores(self.contract, pd), self.now.cutoff))

    def relative_input(self, name: str, value: float) -> tuple[Input, float] | None:
        """What a lever that moves by percent shows when it is put to a ``value``: the input and what it comes to; None
        for other levers and for fields."""
        lever = next((each for each in self.contract.levers if each.name == name and each.unit == "±%"), None)
        if lever is None:
            return None
        k = self._input(lever)
        record = apply(self.contract, self.base, self.edits | {name: value})
        return self.contract.inputs[k], float(self.contract.derive(record, [k])[0, 0])

    @cached_property
    def positions(self) -> dict[str, LeverPosition]:
        """Where each lever stands, by its name."""
        inputs = self.contract.derive(self.edited)[:, 0]
        unsteady = {flip.name for flip in self.turns if not flip.steady}
        found = {}
        for lever in self.contract.levers:
            value, spread = float(inputs[self._input(lever)]), input_distribution(self.book, lever.shows)
            counts = spread.place(value), spread.below(value), spread.same(value)
            now, nothing = self._now(lever.name), ""
            if np.isnan(now):
                nothing = why_nothing(self.contract, lever, self.edited)
            found[lever.name] = LeverPosition(now, value, *counts, lever.name not in unsteady, nothing)
        return found

    def _now(self, name: str) -> float:
        return position(self.local, self.base, self.edits, name)

    def _input(self, lever: Lever) -> int:
        return [each.name for each in self.contract.inputs].index(lever.shows)
