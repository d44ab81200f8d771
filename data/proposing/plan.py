"""The contract of a proposed book, part by part.

Whatever is written here that the file does not state goes through `DraftContract.put` with the reason it was chosen
for.
"""

import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from data.contract import RECORDED, YEAR, lower, plain_figure
from data.files.given import number_as_text
from data.files.names import plain
from data.files.numbers import CURRENCIES
from data.proposing import drafting, hints, signals
from data.proposing.decisions import Decisions
from data.proposing.drafting import DraftContract, comment
from data.proposing.economy import Coefficient, of_unemployment
from data.proposing.labels import distinct
from data.proposing.money import NO_CURRENCY, Money, money_of
from data.proposing.mutability import mutability
from data.proposing.ranges import bands_of, range_of, round_step, up
from data.proposing.roles import ABSENT, Identifiers, ProposedColumn, ProposedTarget
from data.proposing.siblings import half_of_the_file
from data.proposing.sources import Source

MOST_INPUTS = 255
LEVERS, SHOCKS, SEGMENTS = 8, 3, 5  # of the most telling inputs
GRANTED = 0.80
ANY_COST = 1e9
MONTHS = 12  # over which an outcome is taken to be observed
BASE_SCORE, BASE_ODDS, TO_DOUBLE = 600.0, 50.0, 20.0
LEAVES = 8  # of a tree, where nothing speaks for fewer
BOUND = 1.25  # limits above what the book shows
SPECIAL = "special"  # the key of what stands for no value


@dataclass(frozen=True)
class ProposedScale:
    """The cut-off and the edges of the bands in score points, and the share that the cut-off grants."""

    cutoff: float
    bands: tuple[float, ...]
    granted: float


@dataclass(frozen=True)
class Assumed:
    """One assumption as it is proposed."""

    name: str
    label: str
    unit: str
    default: float
    minimum: float
    maximum: float
    step: float
    swing: float
    adverse: int
    feeds: str
    why: str


def copied(columns: Sequence[ProposedColumn], target: ProposedTarget) -> float:
    """The share of records of which there is a copy, fields and outcome alike: those of them whose copy lies in another
    fold, which the gate counts, are no more."""
    record = [each.values for each in columns if each.role in RECORDED]
    held = np.column_stack([*(np.nan_to_num(each, nan=-1e300) for each in record), target.values])
    return float(pd.DataFrame(held).duplicated(keep=False).mean())


@dataclass(frozen=True)
class Boosting:
    """How far trees are boosted: so many ``rounds``, a tree each, of so many ``leaves`` at most, at a learning
    ``rate``."""

    rounds: int
    leaves: int
    rate: float


@dataclass(frozen=True, eq=False)
class Plan:
    """All that was decided; ``inputs`` are the columns of that role, the most telling first; ``copied`` the share of
    records of which there is a copy; ``boosting``, as it was tried out, None where it was not; ``trends``
    those of columns, each worked out once.
    """

    name: str
    source: Source
    decisions: Decisions
    target: ProposedTarget
    numbers: Identifiers
    columns: Sequence[ProposedColumn]
    inputs: Sequence[ProposedColumn]
    score: ProposedScale
    copied: float
    boosting: Boosting | None = None
    trends: dict[str, signals.Trend] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The book's title."""
        return self.name.replace("_", " ").capitalize()

    def of(self, role: str) -> list[ProposedColumn]:
        """The columns of one role, in the file's order."""
        return [each for each in self.columns if each.role == role]

    def changes(self) -> list[str]:
        """What the snapshot has otherwise than the file, in sentences."""
        told = [f"{note}." for note in self.source.notes]
        told += [f"The target is 1 for {self.target.bad} and 0 for {self.target.good}."]
        told += [f"Identifiers: {self.numbers.why}."] if self.numbers.why else []
        told += [f"{each.given} is {each.name}." for each in self.columns if each.given != each.name]
        told += [f"{each.given}: {change}." for each in self.columns for change in each.changes]
        told += [f"{each.given} left out: an identifier, {each.why}." for each in self.of("identifier")]
        told += [f"{each.given} left out: {each.why}." for each in self.of("left out")]
        return told

    def draft(self) -> DraftContract:
        """The contract."""
        draft = DraftContract()
        draft.remark(
            f"Proposed from {self.source.name} by python -m model init.",
            "Every # GUESS was made from names and values, every # ASSUMPTION is a number the data do not hold, every",
            "# TO DO holds the place of a text. What is to be otherwise stands in contract.toml, not here.",
        )
        draft.put("version", "0.1.0")
        money = self.money()
        self._put_book(draft, money)
        self._put_score(draft)
        self._put_exposure(draft, money)
        self._put_training(draft)
        self._put_card(draft)
        self._put_concepts(draft)
        self._put_fields(draft, money)
        self._put_inputs(draft, money)
        self._put_levers(draft, money)
        self._put_assumptions(draft, money)
        self._put_shocks(draft, money)
        self._put_economy(draft, money)
        self._put_appetite(draft, money)
        self._put_segments(draft)
        return draft

    # ---- money ------------------------------------------------------------------------------------------------------

    def money(self) -> Money:
        """What is owed, and in which currency."""
        return self._money

    @cached_property
    def _money(self) -> Money:
        decided = self.decisions
        said = [each.said.unit for each in self.columns if each.said.unit in CURRENCIES.values()]
        currency = decided.currency or (said[0] if said else None)
        return money_of(self.columns, lambda each: self._unit(each)[0] == "amount", decided.amount, currency)

    def _unit(self, column: ProposedColumn) -> tuple[str, str]:
        """A column's unit and why: "amount" for money."""
        if column.said.unit is not None:
            money = column.said.unit in CURRENCIES.values()
            return "amount" if money else column.said.unit, ""
        if column.codes:
            return "", ""
        if column.currency:
            return "amount", "the cells carry its sign"
        if column.unit:
            return column.unit, "the cells carry it" if column.unit != YEAR else "its values are years"
        known = column.ordinary
        return hints.unit(column.given, float(known.min()), float(known.max()))

    def shown_unit(self, column: ProposedColumn) -> str:
        """The unit of an input on the pages."""
        return self._shown(column, self.money())[0]

    def _shown(self, column: ProposedColumn, money: Money) -> tuple[str, str]:
        unit, why = self._unit(column)
        if unit == "amount" and money.currency == NO_CURRENCY and not money.named:
            return "", why
        return (money.currency if unit == "amount" else unit), why

    # ---- the parts of the file, in its order ------------------------------------------------------------------------

    def _put_book(self, draft: DraftContract, money: Money) -> None:
        draft.table("book")
        draft.put("name", self.name)
        draft.put("reviewed", False)
        draft.put("title", self.title, "made of the book's name", "TO DO")
        draft.put("file", f"{self.name}.parquet")
        draft.put("as_of", drafting.AS_OF, "when the data were drawn", "TO DO")
        draft.put("sample", drafting.SAMPLE, "how the rows were chosen", "TO DO")
        if money.named:
            draft.put("currency", money.currency, money.why)
        else:
            draft.put("currency", "", "no amount is named, so nothing is told in money")
        draft.put("id", self.numbers.name, self.numbers.why)
        if comment(self.numbers.given) not in ("", self.numbers.name):
            draft.put("id_column", comment(self.numbers.given))
        draft.put("record", "customer", "customer, borrower, applicant, firm?")
        draft.put("target", self.target.name)
        draft.put("outcome", "default", f"what {self.target.bad} in {self.target.label} means, as a verb")
        draft.put("probability", "Probability of default", "the outcome, as a noun")
        draft.put("granted", "would be granted", "how a decision is told")
        draft.put("declined", "would not be granted", "how a decision is told")
        note = "What the model would say at the cut-off. Whether the data hold approved customers only is not known."
        draft.put("decision_note", note, "are rejected applicants in the data?", "TO DO")
        named = hints.months_observed(self.decisions.target)
        months = self.decisions.months or named or MONTHS
        asked = "" if self.decisions.months else "over how many months the target was observed: say it by --months"
        asked = (
            f"{self.decisions.target} says so by its name; if it is not so, say it by --months"
            if named and asked
            else asked
        )
        draft.put("pd_horizon", "one year" if months == MONTHS else months_words(months), asked)
        draft.put("pd_months", months, asked)
        draft.put(
            "exposure_class", self._class(money), "mortgage, revolving, retail or corporate: sets the capital formula"
        )

    @staticmethod
    def _class(money: Money) -> str:
        """Revolving where a balance is drawn on a limit, else retail: a file does not say what secures its loans."""
        return "revolving" if money.limit is not None and money.balance is not None else "retail"

    def _put_score(self, draft: DraftContract) -> None:
        scale = "the usual scale: 600 points at odds of 50 to 1, 20 points double them"
        draft.table("score")
        draft.put("base_score", BASE_SCORE, scale)
        draft.put("base_odds", BASE_ODDS, scale)
        draft.put("points_to_double", TO_DOUBLE, scale)
        granted = f"{self.score.granted:.0%} of the file would be granted; about {GRANTED:.0%} was aimed at"
        draft.put("cutoff", self.score.cutoff, granted)
        draft.put("bands", list(self.score.bands), "quantiles of the score, and the cut-off")

    def _put_exposure(self, draft: DraftContract, money: Money) -> None:
        draft.table("exposure")
        balance, ead, why = money.formulas()
        draft.put("balance", balance, why)
        draft.put("ead", ead, why)

    def _put_training(self, draft: DraftContract) -> None:
        n, rate = len(self.target.values), float(self.target.values.mean())
        draft.table("training")
        usual = Boosting(100, LEAVES, 0.06) if n < 5_000 else Boosting(200, LEAVES, 0.1)
        tried = "tried out: more are no less surprised by rows that they have not seen"
        found = self.boosting or usual
        draft.put("iterations", found.rounds, tried if self.boosting else f"for {n:,} rows")
        few = f"tried out: {LEAVES} are more surprised"
        draft.put("leaves", found.leaves, "a usual value" if found.leaves == LEAVES else few)
        draft.put("learning_rate", found.rate, f"for {n:,} rows of trees of {found.leaves} leaves")
        draft.put("min_leaf", int(np.clip(n // 100, 10, 50)), f"for {n:,} rows")
        draft.put("seed", 0)
        draft.put("folds", 5, "a usual value")
        if self.of("vintage"):
            draft.remark("There is a vintage: consider since, until and later_until, to test the model out of time.")
        noise = float(np.sqrt(10 * rate * (1 - rate) / n))
        draft.table("gates")
        draft.put("auc_at_least", 0.6, "loose: raise it to what your policy asks")
        draft.put("auc_at_most", 0.97, "above it suspect that an input knows the outcome")
        draft.put("brier_at_most", up(rate * (1 - rate), 0.0001), "what the mean outcome for everybody would score")
        draft.put("ece_at_most", round(0.03 + noise, 3), f"0.03, and what chance adds at {n:,} rows")
        draft.put("slope_at_least", 0.5, "loose: 0.8 is usual for a large book")
        draft.put("slope_at_most", 2.0, "loose: 1.25 is usual for a large book")
        draft.put("single_auc_at_most", signals.SUSPICIOUS_AUC, "columns above it were set aside")
        copied = f"{self.copied:.1%} of the rows have a copy, outcome and all: is a customer in it twice?"
        draft.put("duplicates_at_most", up(min(max(0.01, BOUND * self.copied), 1.0), 0.01), copied)
        watched = {"impact": "The cut-off was proposed, not set by policy."}
        draft.put("watched", watched, "the cut-off is itself a guess, so the fairness gate only tells")

    def _put_card(self, draft: DraftContract) -> None:
        draft.table("card")
        draft.put("purpose", drafting.PURPOSE, "one sentence", "TO DO")
        draft.put("users", drafting.USERS, "by role", "TO DO")
        draft.put("owner", drafting.OWNER, "who answers for it", "TO DO")
        draft.put("tier", drafting.TIER, "your model inventory's tier", "TO DO")
        draft.put("not_for", drafting.NOT_FOR, "what it must not be used for", "TO DO")
        limits = [drafting.LIMIT.format(self.source.name)]
        draft.put("limits", limits, "what it cannot say", "TO DO")

    def _families(self) -> dict[str, list[ProposedColumn]]:
        """Inputs that differ by a number in their names only, together. A number that was given to a name because it
        differs from another in signs alone, as Amount ($) and Amount (%) do, or in nothing, makes no family; nor does
        half of the file: it is numbered for want of a name, and reasons told by such a family would say nothing."""
        given = {plain(each.given) for each in self._in_order()}
        tokens = {each.name: tuple(hints.tokens(_as_in_the_file(each.given, given))) for each in self._in_order()}
        spoken = Counter(tokens.values())
        twins = {name for name, own in tokens.items() if spoken[own] > 1}
        stems = {each.name: _without_numbers(each.name) for each in self._in_order() if each.name not in twins}
        nameless = half_of_the_file(Counter(stems.values()))
        stems = {name: stem for name, stem in stems.items() if stem not in nameless}
        taken, found = set(stems.values()), dict[str, list[ProposedColumn]]()
        for each in self._in_order():
            alone = f"{each.name}_itself" if each.name in taken else each.name
            found.setdefault(stems.get(each.name, alone), []).append(each)
        return found

    def _in_order(self) -> list[ProposedColumn]:
        return [each for each in self.columns if each.role == "input"]

    def _concept(self) -> dict[str, str]:
        return {each.name: stem for stem, family in self._families().items() for each in family}

    def _put_concepts(self, draft: DraftContract) -> None:
        draft.remark("Business concepts: what reasons and changes are told by.")
        families = self._families()
        names = [own[0].label if len(own) == 1 else _stem(stem) for stem, own in families.items()]
        for stem, label in zip(families, distinct(names), strict=True):
            draft.part("concepts", stem)
            draft.put("label", label, "gather columns that mean one thing into one concept")
            draft.put("reason", f"{label} as it stands", "how it speaks against somebody, in words", "TO DO")

    def _put_fields(self, draft: DraftContract, money: Money) -> None:
        draft.remark("The raw record: what the book holds and what a person may edit.")
        concept = self._concept()
        for each in self.columns:
            if each.role in ABSENT:
                continue
            draft.part("fields", each.name)
            draft.put("label", each.label)
            draft.put("role", each.role, "" if each.role == each.said.role else each.why)
            if each.given != each.name:
                draft.put("column", each.given)
            if each.role in ("input", "vintage"):
                self._put_recorded(draft, each, concept, money)
            elif each.edges:
                if each.unit == YEAR:
                    draft.put("unit", *self._unit(each))
                draft.put("edges", list(each.edges), "how groups are cut")
            if each.codes:
                draft.codes("fields", each.codes, each.ordered)
        draft.part("fields", self.target.name)
        draft.put("label", self.target.label)
        draft.put("role", "target")
        draft.codes("fields", {0: self.target.good, 1: self.target.bad}, self.target.why)
        for role, title in (("identifier", "Left out as identifiers:"), ("left out", "Left out:")):
            if self.of(role):
                draft.remark(title)
            for each in self.of(role):
                draft.left_out(each.given, each.why, role)

    def _put_recorded(
        self, draft: DraftContract, column: ProposedColumn, concept: dict[str, str], money: Money
    ) -> None:
        unit, why = self._shown(column, money)
        span = range_of(column, unit)
        known = column.ordinary
        if not column.codes:
            draft.put("unit", unit, why)
        ends = [plain_figure(float(f"{end:.6g}"), unit) for end in (known.min(), known.max())]
        seen = f"the file holds {ends[0]} to {ends[1]}"
        draft.put("minimum", span.low, seen if not column.codes else "the codes")
        draft.put("maximum", span.high, seen if not column.codes else "the codes")
        draft.put("step", span.step, "round" if not column.codes else "the codes")
        self._put_reading(draft, column)
        if column.special:
            words = {number_as_text(code): word for code, word in column.special.items()}
            draft.put(SPECIAL, words, "" if column.said.special else self.codes_told(column))
        if column.gaps:
            share = column.gaps / len(column.values)
            draft.put("missing", True, f"{column.gaps:,} gaps ({share:.1%}): does a gap mean something?")
        if column.role == "vintage":
            return
        draft.put("mutability", *self._mutability(column))
        draft.put("concept", concept[column.name])
        draft.put("help", f"The column {column.given} of the file.", "what it means, in a sentence", "TO DO")

    def codes_told(self, column: ProposedColumn) -> str:
        """How often each special code of a column stands there, and how many of those rows are bad."""
        known, bad = ~np.isnan(column.usual), self.target.values
        others = f"against {bad[known].mean():.1%} of those with a value"
        told = []
        for code in column.special:
            own = column.values == code
            rate = f", {bad[own].mean():.1%} of them bad" if own.any() else ""
            told.append(f"{number_as_text(code)} in {own.sum():,} rows ({own.mean():.1%}){rate}")
        return f"{'; '.join(told)}, {others}"

    def _mutability(self, column: ProposedColumn) -> tuple[str, str]:
        if column.said.mutability is not None:
            return column.said.mutability, ""
        return mutability(column.given, bool(column.codes))

    def _put_reading(self, draft: DraftContract, column: ProposedColumn) -> None:
        """How later files are read as this one was."""
        if column.words:
            draft.put("words", list(column.words))
        reading = column.reading.model_dump(exclude_defaults=True, mode="json")
        if reading or column.asked:
            draft.put("reading", reading, column.asked)

    def _put_inputs(self, draft: DraftContract, money: Money) -> None:
        draft.remark("What the model is given.")
        concept = self._concept()
        for each in self._in_order():
            draft.part("inputs", each.name)
            draft.put("label", each.label)
            draft.put("formula", each.name)
            unit, why = self._shown(each, money)
            if unit:
                draft.put("unit", unit, why)
            sign, told = self.direction(each)
            draft.put("direction", sign, told)
            draft.put("concept", concept[each.name])
            if each.gaps and not each.special:
                draft.put("missing", "missing", "what a gap means")
            if each.codes:
                draft.codes("inputs", each.codes, each.ordered)
        for each in self._told_apart():
            draft.part("inputs", self._why_name(each))
            draft.put("label", f"{each.label}: why no value")
            draft.put("formula", f"reason({each.name})")
            draft.put("concept", concept[each.name])

    def _told_apart(self) -> list[ProposedColumn]:
        """The inputs that may have no value for more than one reason: another input says which, once where it is the
        same for several of them."""
        own, seen = [each for each in self._in_order() if each.special and len(each.reasons) > 1], set[bytes]()
        found = []
        for each in own:
            key = np.where(np.isnan(each.usual), np.nan_to_num(each.values, nan=np.inf), 0.0).tobytes()
            if key not in seen:
                found.append(each)
            seen.add(key)
        return found[: MOST_INPUTS - len(self._in_order())]

    def _why_name(self, column: ProposedColumn) -> str:
        taken = {each.name for each in self.columns}
        return next(name for name in (f"{column.name}_why{'_' * k}" for k in range(99)) if name not in taken)

    def direction(self, column: ProposedColumn) -> tuple[int, str]:
        """Which way the model is to respond to an input, 0 where either way, and why; "" where it was decided."""
        if column.said.direction is not None:
            return column.said.direction, ""
        if (len(column.codes) > 2 or column.ordered.startswith("in the order")) and not column.on_a_scale:
            return 0, "its codes stand for words: what comes first says nothing of the risk"
        found = self._trend(column)
        return found.sign, found.why

    def _trend(self, column: ProposedColumn) -> signals.Trend:
        if column.name not in self.trends:
            self.trends[column.name] = signals.trend(self.target.values, column.usual)
        return self.trends[column.name]

    def _adverse(self, column: ProposedColumn, money: Money) -> tuple[int, str]:
        """Which way a column moves when things get worse for the bank, and why; 0 where nothing says so."""
        found, why = self._trend(column), ""
        if found.leaning:
            why = f"{'more' if found.leaning > 0 else 'less'} of it goes with more of the outcome: see its direction"
        if not money.counts(column):
            return found.leaning, why
        if found.leaning < 0:  # more of it is less often lost, but more to lose
            return 0, ""
        return 1, why or "more of it is more to lose"

    def _put_levers(self, draft: DraftContract, money: Money) -> None:
        draft.remark(
            "Quick levers: one gesture on one input that a person can change. An input with gaps has",
            "none, as there would be nowhere for it to stand where there is no value.",
        )
        concept = self._concept()
        whole = [each for each in self.inputs if not each.gaps]
        moved = [each for each in whole if self._mutability(each)[0] != "never"]
        numbers = [each for each in moved if not each.codes] or [each for each in whole if not each.codes][:1]
        chosen = numbers[:LEVERS] or moved[:1] or whole[:1] or list(self.inputs[:1])
        for each in chosen:
            unit, _ = self._shown(each, money)
            span = range_of(each, unit)
            scale = 100 if unit == "%" else 1
            ends = [float(f"{scale * end:.12g}") for end in (span.lever_low, span.lever_high, span.lever_step)]
            why = "quantiles: 1 % of the file lies below, 1 % above" if not each.codes else "the codes"
            # a lever called like a field is swept over the field's own values: only where it moves those as they are
            own = scale == 1 and not each.gaps and not each.special
            draft.part("levers", each.name if own else f"{each.name}_lever")
            draft.put("label", each.label)
            draft.put("unit", unit)
            draft.put("minimum", ends[0], why)
            draft.put("maximum", ends[1], why)
            draft.put("step", ends[2], "round")
            start = each.name if scale == 1 else f"100 * {each.name}"
            middle = round_step(max(ends[1] - ends[0], ends[2]) / 2)
            draft.put("start", f"where({each.name} >= 0, {start}, {middle!r})" if each.gaps else start)
            draft.put("phrase", f"{lower(each.label)} {{}}")
            draft.put("concept", concept[each.name])
            draft.put("direction", self.direction(each)[0], "as of the input")
            draft.put("rules", {each.name: "value" if scale == 1 else "value / 100"})
            draft.put("shows", each.name)
            draft.put("help", f"Sets {lower(each.label)} alone.", "what else moves with it?", "TO DO")

    def _put_assumptions(self, draft: DraftContract, money: Money) -> None:
        draft.remark("Assumptions: not in the data, so each is stated, bounded and editable.")
        cost = round_step(max(0.01 * money.typical(), 1e-6))
        rate = float(np.clip(round(float(self.target.values.mean()), 3), 0.001, 0.5))
        listed: list[Assumed] = [
            Assumed(
                "lgd",
                "Loss given default",
                unit="%",
                default=0.45,
                minimum=0,
                maximum=1,
                step=0.01,
                swing=0.1,
                adverse=1,
                feeds="expected loss",
                why="45 %, the Basel foundation value for senior claims: replace it by your own recoveries",
            ),
            Assumed(
                "apr",
                "Interest rate charged",
                unit="%",
                default=0.10,
                minimum=0,
                maximum=0.6,
                step=0.005,
                swing=0.02,
                adverse=-1,
                feeds="margin",
                why="10 %: replace it",
            ),
            Assumed(
                "funding",
                "Funding cost",
                unit="%",
                default=0.04,
                minimum=0,
                maximum=0.3,
                step=0.005,
                swing=0.01,
                adverse=1,
                feeds="margin",
                why="4 %: replace it",
            ),
            Assumed(
                "opex",
                "Operating cost per account and year",
                unit=money.currency,
                default=cost,
                minimum=0,
                maximum=100 * cost if money.named else ANY_COST,  # one that stands decided is kept
                step=cost / 10,
                swing=cost / 2,
                adverse=1,
                feeds="margin",
                why="about 1 % of a typical exposure: replace it",
            ),
            Assumed(
                "margin_months",
                "Margin horizon",
                unit="months",
                default=12,
                minimum=1,
                maximum=120,
                step=1,
                swing=6,
                adverse=-1,
                feeds="margin",
                why="a year: replace it",
            ),
            Assumed(
                "annual_default_rate",
                "Default rate of the book, one year",
                unit="%",
                default=rate,
                minimum=0.001,
                maximum=0.5,
                step=0.001,
                swing=min(0.01, rate),
                adverse=1,
                feeds="capital",
                why="the rate of the file, as if observed over one year",
            ),
            Assumed(
                "correlation",
                "Correlation with the economy",
                unit="%",
                default=0.04,
                minimum=0.001,
                maximum=0.5,
                step=0.005,
                swing=0,
                adverse=1,
                feeds="state of the economy",
                why="4 %, the regulatory value of revolving credit: see your exposure class",
            ),
        ]
        if money.limit is not None:
            listed.insert(
                1,
                Assumed(
                    "ccf",
                    "Credit conversion factor",
                    unit="%",
                    default=0.5,
                    minimum=0,
                    maximum=1,
                    step=0.01,
                    swing=0.1,
                    adverse=1,
                    feeds="exposure at default",
                    why="half of what is undrawn: replace it",
                ),
            )
        for each in listed:
            draft.part("assumptions", each.name)
            draft.put("label", each.label)
            draft.put("unit", each.unit)
            draft.put("default", each.default, each.why, "ASSUMPTION")
            draft.put("minimum", each.minimum, "wide", "ASSUMPTION")
            draft.put("maximum", each.maximum, "wide", "ASSUMPTION")
            draft.put("step", float(f"{each.step:.12g}"), "round", "ASSUMPTION")
            if each.swing:
                draft.put("swing", float(f"{each.swing:.12g}"), "how far a tornado moves it", "ASSUMPTION")
                draft.put("adverse", each.adverse, "bad for the bank if it moves so", "ASSUMPTION")
            draft.put("feeds", each.feeds)
            draft.put("help", "An assumption that was proposed with the book, not taken from it.")

    def _put_shocks(self, draft: DraftContract, money: Money) -> None:
        amounts = [each for each in self.inputs if not each.codes and each.ordinary.min() >= 0]
        scaled = [each for each in amounts if self._unit(each)[0] != YEAR]
        clear = [(each, *self._adverse(each, money)) for each in scaled]
        chosen = [(each, sign, why) for each, sign, why in clear if sign][:SHOCKS]
        draft.remark(
            "Shocks: one input of every customer by the same percentage. One is proposed only where it is clear which",
            "way is bad for the bank.",
        )
        for each, sign, why in chosen:
            draft.part("shocks", f"{each.name}_shift")
            draft.put("label", each.label)
            draft.put("unit", "±%")
            draft.put("minimum", -50, "wide")
            draft.put("maximum", 50, "wide")
            draft.put("step", 5, "round")
            draft.put("phrase", f"{lower(each.label)} {{}}")
            draft.put("swing", 10, "how far a tornado moves it")
            draft.put("adverse", sign, why)
            draft.put("rules", {each.name: f"{each.name} * (1 + value / 100)"})
            draft.put(
                "help", f"{each.label} of every customer, by the same percentage.", "what moves with it?", "TO DO"
            )

    def _put_economy(self, draft: DraftContract, money: Money) -> None:
        draft.remark("The economy: what the model cannot see. A coefficient is log-odds of default per unit.")
        begun = of_unemployment(self._class(money))
        none = Coefficient(0, "no source: 0 until you set it", "0: unemployment carries the downturn already")
        for name, label, unit, low, high, adverse in (
            ("unemployment", "Unemployment", "pp", -5, 15, 1),
            ("gdp", "Gross domestic product", "±%", -20, 10, -1),
        ):
            draft.part("economy", name)
            draft.put("label", label)
            draft.put("unit", unit)
            draft.put("minimum", low, "wide", "ASSUMPTION")
            draft.put("maximum", high, "wide", "ASSUMPTION")
            draft.put("step", 0.1, "round", "ASSUMPTION")
            known = begun if name == "unemployment" else none
            draft.put("coefficient", known.value, known.why, "ASSUMPTION")
            draft.put("phrase", f"{name if name != 'gdp' else 'GDP'} {{}}")
            draft.put("swing", 1, "how far a tornado moves it", "ASSUMPTION")
            draft.put("adverse", adverse, "bad for the bank if it moves so", "ASSUMPTION")
            draft.put("source", known.source)
            draft.put("help", f"Change of {label.lower()} against today.")

    def _put_appetite(self, draft: DraftContract, money: Money) -> None:
        lacking = (
            "Capital, margin and return have none yet: they" if money.named else "Where no amount is named, loss is"
        )
        depend = "depend on assumptions that are not yet yours." if money.named else "the number of expected defaults."
        draft.remark(f"Limits of the bank's appetite, from what the book shows. {lacking}", depend)
        exposure = money.exposures(len(self.target.values))
        rate = float((exposure * self.target.values).sum() / exposure.sum())
        shown_ = {
            "exposure": BOUND * float(exposure.sum()),
            "pd": min(BOUND * rate, 1.0),
            "loss": BOUND * 0.45 * float((exposure * self.target.values).sum()),
        }
        if not money.named:
            shown_ = {"pd": shown_["pd"], "loss": BOUND * float(self.target.values.sum())}
        for measure, limit in shown_.items():
            draft.part("appetite", measure, "measure")
            draft.put("limit", float(f"{limit:.3g}"), f"{BOUND:g} times what the file shows: set your own")
            draft.put("sense", "at most")

    def _put_segments(self, draft: DraftContract) -> None:
        draft.remark("Segments: how the book is cut.")
        made = 0
        for each in (*self.inputs, *self.of("vintage")):
            cut = bands_of(each)
            names = [] if cut is None else self._bands(each, cut)
            if cut is None or (made >= SEGMENTS and each.role == "input"):
                continue
            made += 1
            draft.part("segments", f"{each.name}_band")
            draft.put("label", each.label)
            draft.put("field", each.name)
            draft.put("edges", list(cut), "between the codes" if each.codes else "quantiles, rounded")
            if names:
                draft.put("labels", names)

    def _bands(self, column: ProposedColumn, cut: Sequence[float]) -> list[str]:
        """What the bands are called; nothing where the pages say it as well: amounts and shares."""
        if column.codes:
            return [column.codes[k] for k in sorted(column.codes)]
        unit = self._unit(column)[0]
        if unit in ("amount", "%"):
            return []
        known = column.ordinary
        tail = f" {unit}" if unit not in ("", YEAR) else ""
        if (known == np.round(known)).all():
            ends = [(low, high - 1) for low, high in pairwise((float(known.min()), *cut))]
            told = [
                plain_figure(low, unit) + (f" to {plain_figure(high, unit)}" if high > low else "")
                for low, high in ends
            ]
            told[0] = told[0] if ends[0][0] == ends[0][1] else f"up to {plain_figure(ends[0][1], unit)}"
        else:
            told = [
                f"below {plain_figure(cut[0])}",
                *(f"{plain_figure(low)} to {plain_figure(high)}" for low, high in pairwise(cut)),
            ]
        return [*(f"{each}{tail}" for each in told), f"{plain_figure(cut[-1], unit)}{tail} and more"]


def months_words(months: float) -> str:
    """A number of months as a horizon is told: one month, two years, 18 months."""
    if months % 12 == 0 and months < 132:
        years = int(months // 12)
        return "one year" if years == 1 else f"{years} years"
    return "one month" if months == 1 else f"{months:.12g} months"


def _as_in_the_file(name: str, given: Set[str]) -> str:
    """A name without the number that the reader gave to it, because another column has the same."""
    bare = re.sub(r" \(\d+\)$", "", name)
    return bare if plain(bare) in given else name


def _without_numbers(name: str) -> str:
    return re.sub(r"_?\d+(?=_|$)", "", name).strip("_") or name


def _stem(name: str) -> str:
    return name.replace("_", " ").capitalize()
