"""The parts of a contract, each checked by itself as it is read."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, BaseModel, ConfigDict, model_validator
from pydantic import Field as Declared

from data.files.reading import PLAIN, Reading

Role = Literal["input", "target", "id", "segment", "protected", "vintage", "exposure", "post-outcome"]


Mutability = Literal["never", "up", "down", "free"]


Direction = Literal[-1, 0, 1]


WITHOUT_SPECIAL: frozenset[Role] = frozenset({"target", "id", "vintage"})


NOT_STATED = "not stated"  # the group of those whose value is missing


YEAR = "year"  # the unit of calendar years, which are told without separators: 2015


RECORDED: frozenset[Role] = frozenset({"input", "vintage"})  # roles of the fields that make up a record


WIDE = 100  # times its lowest value: a range whose slider is logarithmic where the contract does not say


Measure = Literal["exposure", "pd", "loss", "net_loss", "loss_bps", "capital", "margin", "return_on_capital"]


COUNTED: tuple[Measure, ...] = ("exposure", "pd", "loss")  # those of a book that is not told in money


def plural(noun: str) -> str:
    """Several of a noun: loans, companies, businesses."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return {"person": "people"}.get(noun, f"{noun}s")


def capitalised(text: str) -> str:
    """A text as a line begins with it: SBA loan, Customer."""
    return f"{text[:1].upper()}{text[1:]}"


def with_article(noun: str) -> str:
    """One of a noun: a loan, an applicant, a unit, an SBA loan."""
    said, first = noun.lower(), noun.split(" ")[0]
    if len(first) > 1 and first.isupper():  # spelt
        vowel = first.startswith(tuple("AEFHILMNORSX"))
    elif said.startswith(("uni", "use", "eu", "one")):
        vowel = False
    else:
        vowel = said.startswith(("a", "e", "i", "o", "u", "hour", "heir", "honest"))
    return f"{'an' if vowel else 'a'} {noun}"


class Part(BaseModel):
    """What every part has: it never changes, and knows no names but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BookTerms(Part):
    """What the book is, and the words to speak of it. One that is not ``reviewed`` was proposed from a file and not yet
    read by a person: it can be trained, but no release of it can be promoted. ``id_column`` is what the file that it
    was made of calls the identifier, where that is not ``id``. ``record`` is what one of it is called (older contracts
    say ``person``), ``several`` what many are where that is no plain plural, ``granted_word`` the one word for
    ``granted`` where it does not begin with it.

    ``file`` holds the records: a Parquet file beside the contract, or, of a book that may be too large for one process,
    a directory of them beside it or anywhere else, by its absolute path; folders like ``year=2026`` on the way say that
    of every record below. ``table`` is what an engine that asks the whole of such a book knows it by (``risk.loans``),
    where that is not the directory."""

    name: str
    title: str
    file: str
    table: str = ""
    as_of: str
    sample: str
    currency: str = ""
    id: str
    id_column: str = ""
    record: str = Declared(validation_alias=AliasChoices("record", "person"))
    several: str = ""
    target: str
    outcome: str
    probability: str
    granted: str
    granted_word: str = ""
    declined: str
    decision_note: str
    pd_horizon: str
    pd_months: float = Declared(gt=0, le=1_200)
    exposure_class: Literal["mortgage", "revolving", "retail", "corporate"]
    historic_cutoff: float | None = None
    reviewed: bool = True

    @property
    def records(self) -> str:
        """Several of what the book holds: customers, loans, companies."""
        return self.several or plural(self.record)

    @property
    def one_record(self) -> str:
        """One of what the book holds: a customer, an applicant."""
        return with_article(self.record)


class ScoreScale(Part):
    """The scorecard's scale, the cut-off and the edges of the score bands, in score points."""

    base_score: float
    base_odds: float = Declared(gt=0)
    points_to_double: float = Declared(gt=0, le=10_000)
    cutoff: float
    bands: tuple[float, ...] = Declared(min_length=1, max_length=1_000)

    @model_validator(mode="after")
    def _bands_rise(self) -> "ScoreScale":
        if list(self.bands) != sorted(set(self.bands)):
            raise ValueError("the edges of the score bands must rise")
        return self


RECORD_COUNTED = "1"  # the exposure of a book that names no amount: each record counts


class Exposure(Part):
    """Formulas over fields and assumptions: the balance, the exposure at default, the loss given default, and the share
    of a loss that the bank bears itself; the rest is the ``guarantor``'s ("the SBA"). ``note`` says the same in words.

    Where no amount is named, each record counts 1, and the book is not told in money: see `Contract.in_money`.
    """

    balance: str = RECORD_COUNTED
    ead: str = RECORD_COUNTED
    lgd: str = "lgd"
    own_share: str = "1"
    guarantor: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _somebody_bears_the_rest(self) -> "Exposure":
        if self.own_share.strip() != "1" and not self.guarantor:
            raise ValueError("own_share leaves a part of each loss to somebody else: name them as guarantor")
        return self


class RealisedLoss(Part):
    """Formula, over the record and what is known after the outcome, of the amount lost where the target came true."""

    loss: str


class TrainingTerms(Part):
    """How the model is fitted, and to which vintages: from ``since`` to ``until``, both included; None is open. Those
    after ``until``, to ``later_until``, are the test out of time."""

    iterations: int = Declared(gt=0, le=10_000)
    leaves: int = Declared(gt=1, le=1_024)
    learning_rate: float = Declared(gt=0, le=1)
    min_leaf: int = Declared(gt=0)
    seed: int = Declared(ge=0, lt=2**32)
    folds: int = Declared(gt=1, le=50)
    since: int | None = None
    until: int | None = None
    later_until: int | None = None

    @model_validator(mode="after")
    def _windows_follow(self) -> "TrainingTerms":
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ValueError(f"the window from {self.since} to {self.until} is empty")
        if self.later_until is not None and (self.until is None or self.later_until <= self.until):
            raise ValueError("later_until must lie after until, the last vintage of the training")
        return self


class Gates(Part):
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


class CardTexts(Part):
    """What a model card says that no figure can: by and for whom the model is, what for, and where its limits are."""

    purpose: str
    users: str
    owner: str
    tier: str
    not_for: str
    limits: tuple[str, ...]
    next_review: str = ""


class Concept(Part):
    """A business concept: what reasons and changes are told by. ``plural``: its label takes a plural verb."""

    name: str
    label: str
    plural: bool = False
    reason: str


class _Measured(Part):
    """What a field and a history have in common. ``direction`` is the sign of the PD's response; 0 claims none.
    ``reading`` says how cells of a file are read; ``words`` are those that the file has for the codes, in their order,
    where an empty one stands for all that no other code has. ``special`` are values that say why there is none, each
    with its words: −9 for "no record". They stand in the record, beyond its range, and to formulas are missing."""

    name: str
    label: str
    role: Role
    unit: str = ""
    minimum: float = -np.inf
    maximum: float = np.inf
    step: float = Declared(1, gt=0)
    missing: bool = False
    direction: Direction = 0
    mutability: Mutability = "never"
    concept: str = ""
    association: bool = False
    help: str = ""
    codes: dict[int, str] = {}
    words: tuple[str, ...] = ()
    special: dict[float, str] = {}
    reading: Reading = PLAIN

    @model_validator(mode="after")
    def _a_word_for_each_code(self) -> "_Measured":
        if self.words and len(self.words) != len(self.codes):
            raise ValueError(f"{self.name} has {len(self.codes)} codes and {len(self.words)} words")
        return self

    @model_validator(mode="after")
    def _special_codes_stand_apart(self) -> "_Measured":
        if not self.special:
            return self
        if self.role in WITHOUT_SPECIAL:
            raise ValueError(f"{self.name} is the {self.role}, which has no special codes")
        for code, word in self.special.items():
            if not np.isfinite(code) or code in self.codes:
                raise ValueError(f"the special code {code:g} of {self.name} must be a number that is no other code")
            if not self.codes and self.role == "input" and self.minimum <= code <= self.maximum:
                told = f"the special code {code:g} of {self.name} lies within its range, from {self.minimum:g} to"
                raise ValueError(f"{told} {self.maximum:g}: give it a minimum and a maximum without the code")
            if not word.strip():
                raise ValueError(f"the special code {code:g} of {self.name} needs words, such as no record")
        words = [" ".join(word.split()).casefold() for word in (*self.special.values(), *self.codes.values())]
        if len(set(words)) < len(words):
            raise ValueError(f"two codes of {self.name} have the same words")
        return self

    @property
    def values_in_words(self) -> dict[float, str]:
        """The words of every value that has any: of codes, and of special codes."""
        return {float(code): word for code, word in self.codes.items()} | self.special

    def is_special(self, values: Any) -> NDArray[np.bool_]:
        """Which ``values`` are special codes, in their shape."""
        values = np.asarray(values, dtype=float)
        found = np.zeros(values.shape, bool)
        for code in self.special:
            found |= values == code
        return found


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


class Input(Part):
    """One model input and the formula that derives it from the raw record."""

    name: str
    label: str
    formula: str
    concept: str
    unit: str = ""
    direction: Direction = 0
    missing: str = ""
    codes: dict[int, str] = {}


class Lever(Part):
    """One gesture that moves the record consistently. At ``start`` it changes nothing. ``phrase`` tells it in a
    sentence, {} standing for the value; ``shows`` is the input in whose distribution "you are here"
    is told, ``here`` its value in words. ``scale``: of its slider; where nothing is said, a range above zero whose
    highest value is more than a hundred times the lowest is logarithmic."""

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
    scale: Literal["linear", "log"] | None = None
    help: str

    @model_validator(mode="after")
    def _logarithms_need_values_above_zero(self) -> "Lever":
        if self.scale == "log" and self.minimum <= 0:
            raise ValueError(f"{self.name} begins at {self.minimum:g}: a logarithmic scale needs a minimum above 0")
        return self

    @property
    def logarithmic(self) -> bool:
        """Whether its slider is logarithmic: by the contract's word, or by its range."""
        wide = self.minimum > 0 and self.maximum > WIDE * self.minimum
        return wide if self.scale is None else self.scale == "log"


class Constraint(Part):
    """A rule that the fields named must keep together."""

    rule: str
    message: str
    fields: tuple[str, ...]


class _Swung(Part):
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


class Segment(Part):
    """A cut of the book: bands of one field or input, each below its edge, the last above all; ``labels``, if any,
    name them, ``phrases`` say in a sentence who is in each: "customers who paid in full". A missing value makes a band
    of its own after the last."""

    name: str
    label: str
    field: str
    edges: tuple[float, ...] = Declared(min_length=1)
    labels: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _bands_are_whole(self) -> "Segment":
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"the edges of {self.name} must rise")
        for what, words in (("labels", self.labels), ("phrases", self.phrases)):
            if words and len(words) != len(self.edges) + 1:
                raise ValueError(f"{self.name} has {len(self.edges) + 1} bands and {len(words)} {what}")
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


class Appetite(Part):
    """A limit of the bank's risk appetite for one measure of the whole book."""

    measure: Measure
    limit: float
    sense: Literal["at most", "at least"]
