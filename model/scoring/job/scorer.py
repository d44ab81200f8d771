"""The rows of a block, scored: one function for every road that many records take, here and on a cluster."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from data.arrays import Array, Arrow
from data.files.numbers import Habit
from model.engine.parallel import ROWS
from model.engine.tables import probability
from model.errors import StoreError
from model.finance.loss import expected_loss
from model.finance.scorecard import reaches, whole_points
from model.monitoring.bins import bin_counts
from model.release.release import Release
from model.report.operations.upload import decision
from model.scoring.decided import concept_inputs, decide_records, summed
from model.scoring.identifiers import customer_numbers
from model.scoring.job.source import Block
from model.scoring.job.sums import MOST_POINTS, OF_BAND, SUMMED, JobSums
from model.scoring.job.terms import JobTerms
from model.scoring.records import Refusal, read_records
from model.whatif.book.scenario import BookScenario, Layers, layers
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.decision import score_scale
from model.whatif.customer.scenario import CUTOFF, CustomerScenario

LINE, RELEASE = "row", "release"
BEYOND = "points_outside_the_model"  # what the economy and an overlay take off a score
Values = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class RefusedRecord:
    """What is wrong with one row of a file, by its ``line`` and ``id``."""

    line: int
    id: str
    refusal: Refusal


@dataclass(frozen=True, eq=False)
class ScoredBlock:
    """The ``table`` of results of a block, the rows ``refused``, and what both add up to; ``notes`` of reading."""

    table: Arrow
    refused: tuple[RefusedRecord, ...]
    sums: JobSums
    notes: tuple[str, ...]


class JobScorer:
    """A release that scores blocks under some terms, each on the thread that asks.

    ``annual`` gives the shift of log-odds to one-year PDs for a yearly rate (`ScoredBook.annual` of the book that the
    release is deployed on); wanted under a scenario only, where capital is.
    """

    def __init__(self, release: Release, terms: JobTerms, annual: Callable[[float], float] | None = None) -> None:
        self.release, self.terms, self.annual = release, terms, annual
        self.scorer, self.contract = release.scorer, release.contract
        self.scale = score_scale(self.contract)
        self.yearly = self._yearly()  # at once: it may look at a whole book, on the threads that blocks are scored on
        self.assumptions = CustomerScenario().values(self.contract)

    @cached_property
    def layers(self) -> Layers | None:
        """The scenario in numbers; None for the records as they stand."""
        if self.terms.scenario is None:
            return None
        stress, complaints = BookScenario.from_query(self.contract, dict(self.terms.scenario))
        if complaints:
            raise StoreError(" ".join(complaints))
        return layers(self.contract, stress, date.fromisoformat(self.terms.day))

    def _yearly(self) -> float:
        """The shift of log-odds to one-year PDs under the scenario."""
        if self.layers is None or self.annual is None:
            return 0.0
        return self.annual(self.layers.annual_rate) if self.contract.in_money else 0.0

    @cached_property
    def parts(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """What reasons are given by: names, each with the places of its inputs."""
        inputs = self.contract.inputs
        if self.terms.explain == "input":
            return tuple((each.name, (k,)) for k, each in enumerate(inputs))
        return concept_inputs(self.contract)

    # ---- what comes out ------------------------------------------------------------------------------------------

    def schema(self, id_type: Arrow | None, carried: Mapping[str, Arrow]) -> Arrow:
        """The columns of the results. The identifier and what is carried are called as in the file."""
        own = [pa.field(name, kind) for name, kind in self._types().items()]
        about: dict[Any, Any] = {"release": self.release.id, "book": self.contract.book.name}
        ids = [] if id_type is None else [pa.field(self.contract.book.id, id_type)]
        taken = {field.name for field in own} | {LINE, RELEASE, self.contract.book.id}
        more = [pa.field(f"given_{name}" if name in taken else name, kind) for name, kind in carried.items()]
        words = pa.dictionary(pa.int8(), pa.string())
        return pa.schema(
            [*ids, pa.field(LINE, pa.int64()), *more, *own, pa.field(RELEASE, words)],
            about,
        )

    def _types(self) -> dict[str, Arrow]:
        words, number = pa.dictionary(pa.int8(), pa.string()), pa.float64()
        found: dict[str, Arrow] = {"pd": number, "score": pa.int32(), "decision": words}
        found |= {"exposure": number} if self.contract.in_money else {}
        found |= dict.fromkeys(self._money, number)
        found["territory"] = words
        if self.terms.explain:
            beyond = () if self.terms.scenario is None else (BEYOND,)
            names = ("exact_score", "average_score", *(f"points_{name}" for name, _ in self.parts), *beyond)
            found |= dict.fromkeys(names, number)
        return found

    @property
    def _money(self) -> tuple[str, ...]:
        if not self.contract.in_money:
            return () if self.terms.scenario is None else ("pd_as_is",)
        net = ("net_loss",) if self.contract.guaranteed else ()
        if self.terms.scenario is None:
            return "loss", *net
        before = ("loss_as_is", *(f"{name}_as_is" for name in net))
        return "loss", *net, "capital", "margin", "pd_as_is", *before

    # ---- scoring ---------------------------------------------------------------------------------------------------

    def score(self, block: Block, habits: Sequence[Habit], schema: Arrow) -> ScoredBlock:
        """The results of a block. Rows that cannot be scored are refused, each with every reason."""
        found = read_records(self.contract, block.fields, habits)
        bad = np.zeros(len(block), bool)
        bad[[each.row for each in found.refusals]] = True
        good = np.flatnonzero(~bad)
        raw = np.ascontiguousarray(found.raw[:, good]) if len(good) < len(block) else found.raw
        self.contract.check(raw)  # whatever the checks above overlook is no record
        numbers = block_numbers(block)[good] if self.layers is not None else np.empty(len(good), np.int64)
        starts = range(0, len(good), ROWS) or range(1)  # as many as fit the cache
        chunks = [self._chunk(raw, numbers, slice(start, start + ROWS)) for start in starts]
        values = {name: np.concatenate([each[0][name] for each in chunks]) for name in chunks[0][0]}
        sums = chunks[0][1]
        for _, more in chunks[1:]:
            sums = sums + more
        refused = self._refused(block, found.refusals)
        about = Counter(label for each in refused for label in each.refusal.fields or ("The row as a whole",))
        sums = JobSums(sums.totals, sums.segments, sums.points, sums.bins, int(bad.sum()) + len(block.odd), dict(about))
        return ScoredBlock(self._table(block, good, values, schema), refused, sums, found.notes)

    def _refused(self, block: Block, refusals: Sequence[Refusal]) -> tuple[RefusedRecord, ...]:
        lines = block.lines
        names = {} if block.ids is None else {k: block.ids[k].as_py() for k in {each.row for each in refusals}}
        found = [
            RefusedRecord(int(lines[each.row]), "" if names.get(each.row) is None else str(names[each.row]), each)
            for each in refusals
        ]
        found += [RefusedRecord(odd.line, "", Refusal(-1, (), (), odd.why, "a row of the table")) for odd in block.odd]
        return tuple(sorted(found, key=lambda each: each.line))

    def _chunk(self, raw: Array, numbers: NDArray[np.int64], rows: slice) -> tuple[dict[str, Array], JobSums]:
        """What is said of some records, by the names of the columns; and what they add up to."""
        raw = np.ascontiguousarray(raw[:, rows])
        if self.layers is None:
            found, inputs = self._as_they_stand(raw)
        else:
            found, inputs = self._under_scenario(raw, numbers[rows], self.layers)
        return found, self._sums(raw, inputs, found)

    def _as_they_stand(self, raw: Array) -> tuple[dict[str, Array], Array]:
        said = decide_records(self.scorer, raw, self.assumptions)
        names = "pd", "score", "granted", "exposure", "loss", "net_loss", "outside"
        found: dict[str, Any] = {name: getattr(said, name) for name in names}
        return found | self._explained(said.codes, said.exact), said.inputs

    def _under_scenario(self, raw: Array, numbers: NDArray[np.int64], under: Layers) -> tuple[dict[str, Array], Array]:
        contract, tables, seen = self.contract, self.scorer.tables, self.scorer.territory
        own, shift = ScoredBook(self.scorer, raw, numbers), self.yearly
        own.annual = lambda _rate: shift
        now, scored = own.rows(under), own.records(under)
        inputs = contract.derive(scored)
        codes = tables.encode(inputs)
        exact = np.asarray(self.scale.score(own.log_odds(under)))
        before, exposed = probability(own.margins), contract.exposures(raw, self.assumptions)
        lost = expected_loss(before, exposed.lgd, exposed.ead)
        found: dict[str, Any] = {
            "pd": now.pd,
            "score": whole_points(exact),
            "granted": reaches(exact, self.assumptions[CUTOFF]),
            "exposure": now.ead,
            "loss": now.loss,
            "net_loss": now.net_loss,
            "capital": now.capital,
            "margin": now.margin,
            "pd_as_is": before,
            "loss_as_is": lost,
            "net_loss_as_is": lost * exposed.own,
            "outside": seen.beyond(contract.without_special(raw)).any(0) | seen.outside(inputs),
        }
        return found | self._explained(codes, exact), contract.derive(raw)

    def _explained(self, codes: Any, exact: Array) -> dict[str, Array]:
        """Reasons in score points: with the average customer's score they add up to the exact score; what economy and
        overlay take off it is one of them."""
        if not self.terms.explain:
            return {}
        phi = self.scorer.shapley.explain(codes)
        average = float(self.scale.score(self.scorer.shapley.base))
        points = {f"points_{name}": -self.scale.factor * summed(phi, own) for name, own in self.parts}
        found = {"exact_score": exact, "average_score": np.full(len(exact), average), **points}
        if self.terms.scenario is not None:
            found[BEYOND] = exact - average + self.scale.factor * phi.sum(0)
        return found

    def _sums(self, raw: Array, inputs: Array, found: Values) -> JobSums:
        contract, n, pd = self.contract, raw.shape[1], found["pd"]
        summed = {name: float(values.sum()) for name, values in found.items() if name in SUMMED}
        summed |= {"scored": float(n), "pd_exposure": float(pd @ found["exposure"])}
        values, segments = contract.values(raw), dict[str, Array]()
        for segment in contract.segments:
            band, count = contract.bands(segment, values, n), contract.band_count(segment)
            columns = [np.ones(n) if name == "scored" else found.get(name, np.zeros(n)) for name in OF_BAND]
            segments[segment.name] = np.stack([np.bincount(band, each, count) for each in columns], 1)
        snapshot = self.release.snapshot
        held = zip((*inputs, found.get("pd_as_is", pd)), snapshot.edges, strict=True)
        points = np.bincount(found["score"].clip(0, MOST_POINTS).astype(np.int64), minlength=MOST_POINTS + 1)
        return JobSums(
            np.array([summed.get(name, np.nan) for name in SUMMED]),
            segments,
            points.astype(np.int64),
            tuple(bin_counts(own, edges) for own, edges in held),
        )

    # ---- the table -------------------------------------------------------------------------------------------------

    def _table(self, block: Block, good: NDArray[np.intp], found: Values, schema: Arrow) -> Arrow:
        every = len(good) == len(block)

        def kept(column: Arrow) -> Arrow:
            return column if every else column.take(pa.array(good))

        own = {
            LINE: pa.array(block.lines[good]),
            "decision": _words(found["granted"], [decision(self.contract, each) for each in (False, True)]),
            "territory": _words(found["outside"], ["known", "outside"]),
            RELEASE: _words(np.zeros(len(good), bool), [self.release.id]),
        }
        columns = [] if block.ids is None else [kept(block.ids)]
        columns += [own[LINE], *map(kept, block.carried.values())]
        for field in list(schema)[len(columns) :]:
            columns.append(own[field.name] if field.name in own else pa.array(found[field.name], field.type))
        return pa.Table.from_arrays(columns, schema=schema)


def _words(which: NDArray[Any], words: Sequence[str]) -> Arrow:
    return pa.DictionaryArray.from_arrays(pa.array(which.astype(np.int8)), pa.array(words, pa.string()))


def block_numbers(block: Block) -> NDArray[np.int64]:
    """A number of each row (n,) that its identifier alone gives: what the draws of a scenario go by and identifiers are
    compared by; where there is none, the line."""
    if block.ids is None:
        return block.lines
    numbers, absent = customer_numbers(block.ids)
    return np.where(absent, block.lines, numbers)
