"""A deployed model that runs elsewhere, as a scorer: margins from its predictions, reasons from it or through them.

Reasons come from the server if it gives them for the contract's inputs. Else they are interventional Shapley values by
the definition: the players are the record's fields grouped by business concept, a coalition is worth the model's mean
margin over some customers of the book whose fields of the coalition are set to the customer's. What is asked for one
customer of the cards is 4 concepts, so 16 coalitions of 50 customers, in one call. Nobody else's reasons are shown for
a model, and what would not add up is refused.
"""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from data.errors import WhatIfError
from model.deployed.about import About, Predicted
from model.deployed.dialects import DIALECTS, OPEN_INFERENCE
from model.deployed.finding import describe_model, presented_models
from model.deployed.latency import LatencyLog
from model.deployed.layouts import forms, wanted_mapping
from model.deployed.mapping import FieldMapping
from model.deployed.precision import MOST_SPREAD, SAME, TIMES, Repeated, precision_cost, repeated
from model.deployed.questions import Form, Question
from model.deployed.transport import Breaker, HttpReply, Transport
from model.engine.identity import PrecisionCost
from model.engine.scorer import Reasons
from model.engine.shapley import exact, sampled
from model.engine.territory import Territory, survey
from model.errors import Changed, NoAnswer, Refused, RemoteError
from model.monitoring.live import LatencyReading
from model.settings import Settings

BATCH = 2000  # rows a call, unless the server takes fewer
ABSENT = frozenset({404, 405, 501})  # answers of a server that has no such path: many have none to say they are ready
UNLIKED = frozenset({400, 415, 422, 500})  # answers to a question in a form that a server does not take
TOO_LARGE = frozenset({400, 413, 422, 500})
LIMIT = re.compile(
    r"(?:<=|at most|maximum(?: of| is)?|limit(?: of| is)?|up to|max_batch_size\D{0,12})\s*(\d{1,7})", re.I
)
ABOUT_SIZE = re.compile(r"batch|too (?:large|big|long)|exceed|larger than|\(413\)", re.IGNORECASE)
EDGE = 1e-6  # probabilities are taken as no nearer to 0 and 1 than this: log-odds within ±13.8
BACKGROUND = 50  # customers that reasons are measured from
COSTED = 1000  # customers of whom is measured at most what fewer digits cost
EVERY_COALITION = 8  # concepts up to which all coalitions are asked about: 256
PAIRS = 8  # of random orders, beyond


class BatchSize:
    """How many records a server takes at a time: as it says, or as it has been found out from what it refused."""

    def __init__(self, most: int = 0) -> None:
        self.most = min(most or BATCH, BATCH)

    def learned(self, refused: Refused, rows: int) -> bool:
        """Whether a refusal of so many rows says that fewer may do; then so many are asked about from now on."""
        if rows <= 1 or refused.status not in TOO_LARGE:
            return False
        told = [int(each) for each in LIMIT.findall(str(refused))]
        fewer = [each for each in told if 0 < each < rows]
        if not (fewer or ABOUT_SIZE.search(str(refused))):  # too many of something else, requests say, is no such limit
            return False
        self.most = min(self.most, max(fewer) if fewer else rows // 2)
        return True


@dataclass(frozen=True)
class Health:
    """Whether the model answers and is still the one it was; if not, ``trouble`` says why, and ``gone`` whether it does
    not answer at all. ``reading`` of its pulse."""

    well: bool
    trouble: str
    reading: LatencyReading
    gone: bool = False


@dataclass(frozen=True, eq=False)
class RemoteScorer:
    """A deployed model behind a server; build it with `connect`, close it in the end. Safe from any thread.

    ``background`` (fields, b) are the customers that reasons asked for through predictions are measured from,
    ``reference`` (b,) their margins when the connection was made; None where the server gives the reasons. ``form`` is
    how it takes questions, ``size`` how many records of one, ``repeats`` how far it repeats itself, and ``cost`` what
    its datatypes cost, None where they are those of the mapping's numbers.

    Every method that calls raises NoAnswer, Refused, or Changed if another model answers than the one connected to.
    A server that gives no version (MLflow, KServe v1) can only be caught at that by its answers on the background.
    """

    contract: Contract
    territory: Territory
    transport: Transport
    about: About
    mapping: FieldMapping
    background: Array
    reference: Array | None = None
    form: Form = field(default_factory=Form)
    size: BatchSize = field(default_factory=BatchSize)
    repeats: Repeated = field(default_factory=Repeated)
    cost: PrecisionCost | None = None

    def __enter__(self) -> "RemoteScorer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up the connection."""
        self.transport.close()

    @property
    def gives_reasons(self) -> bool:
        """Whether the server's own reasons are for the contract's inputs."""
        return sorted(self.about.reasons) == sorted(each.name for each in self.contract.inputs)

    def margins(self, raw: Array) -> Array:
        """Log-odds of the deployed model's PD, (n,), each PD taken as no nearer to 0 and 1 than `EDGE`."""
        return log_odds(self.pd(raw))

    def pd(self, raw: Array) -> Array:
        """The model's own PD, (n,), in as many calls as its server needs."""
        return self.asked_about(raw).pd

    def asked_about(self, raw: Array) -> Predicted:
        """The same with the version that answered."""
        out, start, version = np.empty(raw.shape[1]), 0, ""
        while start < raw.shape[1]:
            part = slice(start, min(start + (self.form.fixed or self.size.most), raw.shape[1]))
            try:
                found = self.predicted(raw[:, part])
            except Refused as refused:
                if not self.size.learned(refused, part.stop - start):
                    raise
            else:
                out[part], version, start = found.pd, found.version, part.stop
        return Predicted(out, version)

    def reasons(self, raw: Array) -> Reasons:
        """Why each record has its margin: base + Σ = margin, exactly; to `SAME` where the server says why."""
        return self._given(raw) if self.gives_reasons else self._asked_for(raw)

    def health(self) -> Health:
        """Whether the server is ready and still serves the same model. Nothing is scored at one of ours, which would
        record it; elsewhere one customer of the book is."""
        dialect = DIALECTS[self.about.protocol]
        try:
            answer = self.transport.get(dialect.ready_path(self.about.name, self.version))
            if not (200 <= answer.status < 300 or answer.status in ABSENT):
                raise self.transport.refusal(answer)
            if self.about.ours:
                now = describe_model(self.transport, self.about.protocol, self.about.name, self.version)
                self._same(now.version, now.artefact)
            elif self.reference is not None:
                self._agrees(self.margins(self.background[:, :1]), self.reference[:1])
        except RemoteError as error:
            return Health(False, str(error), self.transport.pulse.read(), isinstance(error, NoAnswer))
        return Health(True, "", self.transport.pulse.read())

    def predicted(self, raw: Array) -> Predicted:
        """The answer about at most `BATCH` records, in one call."""
        return self.predicted_columns(self.mapping.columns(raw))

    def predicted_columns(self, columns: Mapping[str, Array]) -> Predicted:
        """The same of the model's own inputs (n,) each."""
        n, size = len(next(iter(columns.values()))), self.form.fixed
        if n < size:  # it takes neither more nor fewer: the last is asked about again
            columns = {name: np.pad(each, (0, size - n), mode="edge") for name, each in columns.items()}
        dialect, identity = DIALECTS[self.about.protocol], uuid.uuid4().hex
        output = self.mapping.output if self.form.named else self.mapping.output.uncalled
        question = dialect.question(columns, output, identity, self.form)

        def read(answer: HttpReply) -> Predicted:
            found = dialect.read(answer.body, max(n, size), output, answer.json_bytes)
            self._same(found.version, found.artefact)
            return replace(found, pd=found.pd[:n])

        return self.transport.exchange(dialect.predict_path(self.about.name, self.version), question, identity, read)

    def pd_of_columns(self, columns: Mapping[str, Array]) -> Array:
        """The PDs (n,) of the model's own inputs, in as many calls as its server needs."""
        n, step = len(next(iter(columns.values()))), self.form.fixed or self.size.most
        parts = [{name: each[k : k + step] for name, each in columns.items()} for k in range(0, n, step)]
        return np.concatenate([self.predicted_columns(part).pd for part in parts])

    @property
    def version(self) -> str:
        """The version that the address names, or none."""
        return self.transport.address.version

    # ---- reasons -----------------------------------------------------------------------------------------------------

    def _given(self, raw: Array) -> Reasons:
        """The server's own."""
        order = [self.about.reasons.index(each.name) for each in self.contract.inputs]
        n, base = raw.shape[1], np.nan
        values = np.empty((len(order), n))
        for part in _batches(n):
            base, values[:, part] = self._explained(raw[:, part], base)
        parts = tuple(each.name for each in self.contract.inputs)
        background = self.about.background or "the server's background"
        return Reasons(parts, base, values=values[order], background=background, error=np.zeros_like(values), asked=n)

    def _explained(self, raw: Array, before: float) -> tuple[float, Array]:
        identity, output, n = uuid.uuid4().hex, self.mapping.output, raw.shape[1]
        body = OPEN_INFERENCE.ask_reasons(self.mapping.columns(raw), output, identity)

        def read(answer: bytes) -> tuple[float, Array]:
            found = OPEN_INFERENCE.read_reasons(answer, n, output, len(self.about.reasons))
            self._same(found.predicted.version, found.predicted.artefact)
            summed = (found.base + found.values.sum(0)).clip(*log_odds(np.array([0.0, 1.0])))
            apart = np.abs(summed - log_odds(found.predicted.pd)).max(initial=0.0)
            if not apart <= SAME:
                raise Refused(
                    f"The reasons that {self.transport.host} gives miss its own log-odds by up to {apart:.3g}: they "
                    "are not shown. Ask whoever runs it."
                )
            if abs(found.base - before) > SAME:
                raise Changed(self._other("another base value"))
            return found.base, found.values

        path = OPEN_INFERENCE.predict_path(self.about.name, self.version)
        return self.transport.exchange(path, Question(body), identity, lambda answer: read(answer.body))

    def _asked_for(self, raw: Array) -> Reasons:
        """Through predictions, for any model."""
        if self.reference is None:
            raise Refused(
                f"The deployed model at {self.transport.host} was not asked about a background. Connect anew."
            )
        players = concepts(self.contract, self.mapping)
        n, size = raw.shape[1], self.background.shape[1]
        values, error, asked = np.empty((len(players), n)), np.empty((len(players), n)), 0
        for k in range(n):
            values[:, k], error[:, k], rows = self._shares(raw[:, k], players)
            asked += rows
        told = f"{size} {self.contract.book.records} of the book"
        return Reasons(
            tuple(players),
            float(self.reference.mean()),
            values=values,
            background=told,
            error=error,
            asked=asked,
            by_input=False,
        )

    def _shares(self, x: Array, players: dict[str, list[int]]) -> tuple[Array, Array, int]:
        asked = 0

        def value(coalitions: NDArray[np.bool_]) -> Array:
            nonlocal asked
            found, asked = self._worth(coalitions, x, players)
            return found

        return (*shared_out(len(players), value), asked)

    def _worth(self, coalitions: NDArray[np.bool_], x: Array, players: dict[str, list[int]]) -> tuple[Array, int]:
        """Margins (coalitions, b) of the background with each coalition's fields set to those of ``x`` (fields,), and
        how many different records that are."""
        own = np.zeros((len(x), len(coalitions)), bool)
        for k, rows in enumerate(players.values()):
            own[rows] = coalitions[:, k]
        mixed = np.where(own[:, :, None], x[:, None, None], self.background[:, None, :]).reshape(len(x), -1)
        read = sorted(self.mapping.reads)
        _, first, which = np.unique(mixed[read], axis=1, return_index=True, return_inverse=True)
        margins = self.margins(mixed[:, first])[which.reshape(len(coalitions), -1)]
        nobody = ~coalitions.any(1)
        assert self.reference is not None
        self._agrees(margins[nobody], self.reference)
        margins[nobody] = self.reference
        return margins, len(first)

    # ---- the same model? ---------------------------------------------------------------------------------------------

    def _same(self, version: str, artefact: str) -> None:
        clean = self.transport.secrets.cleaned
        told = (("version", clean(version), self.about.version), ("artefact", clean(artefact), self.about.artefact))
        for what, now, was in told:
            if was and now != was:
                raise Changed(self._other(f"the {what} {now[:12] or 'unknown'} instead of {was[:12]}"))

    def _agrees(self, now: Array, was: Array) -> None:
        if not self.repeats.agree(now, was).all():
            raise Changed(self._other("other predictions for the same customers"))

    def _other(self, sign: str) -> str:
        return f"Another model answers at {self.transport.host} than when this began: {sign}. Connect to it anew."


def connect(
    settings: Settings,
    book: Book,
    contract: Contract,
    pulse: LatencyLog | None = None,
    breaker: Breaker | None = None,
    surveyed: Callable[[], Territory] | None = None,
) -> RemoteScorer:
    """The deployed model of the settings, found, understood, and asked about some customers of the book. ``pulse`` and
    ``breaker`` of earlier connections to the same server, if there were any, go on; ``surveyed`` gives what the model
    has seen where somebody keeps that.

    Raises
    ------
    BadInput, ContractError
        If the settings, or the mapping, cannot be used.
    RemoteError
        If the server does not answer, is not understood, or gives anything but probabilities.
    """
    transport = Transport(settings, pulse, breaker)
    try:
        spoken = presented_models(transport)
        about = next(spoken)
        mapping = wanted_mapping(settings, contract, about)
        territory = surveyed() if surveyed else surveyed_book(book, contract)  # a second: not while nobody answers
        background = drawn_records(book, BACKGROUND)
        scorer = RemoteScorer(contract, territory, transport, about=about, mapping=mapping, background=background)
        try:
            return _asked(scorer, book)
        except Refused as refused:
            if refused.status not in UNLIKED or about.protocol != "oip" or about.takes:
                raise
            return _asked_otherwise(scorer, settings, book, spoken=spoken, first=refused)
    except BaseException:
        transport.close()
        raise


def drawn_records(book: Book, most: int) -> Array:
    """At most so many records of the book, (fields, n), always the same."""
    chosen = np.random.default_rng(book.contract.training.seed).choice(len(book), min(most, len(book)), replace=False)
    return np.ascontiguousarray(book.raw[:, np.sort(chosen)])


def _asked(scorer: RemoteScorer, book: Book) -> RemoteScorer:
    """The scorer as its server takes its questions, with what is to be measured of its answers."""
    about, ways = scorer.about, forms(scorer.about, scorer.mapping)
    scorer = replace(scorer, form=ways[0], size=BatchSize(about.most))
    if scorer.gives_reasons:
        return scorer
    if not about.ours:  # what the metadata lists need not be what answers, or be there at all
        scorer = replace(scorer, about=replace(about, version=scorer.transport.address.version))
    return _measured(*_understood(scorer, ways), book)


def _asked_otherwise(
    scorer: RemoteScorer, settings: Settings, book: Book, spoken: Iterator[About], first: Refused
) -> RemoteScorer:
    """The scorer in another protocol in which its server presents the model: KServe's SDK offers each in v1 and v2,
    with metadata that say nothing, whichever its code understands. What it said ``first`` is told where none will do.
    """
    with suppress(WhatIfError):
        for about in spoken:
            mapping = wanted_mapping(settings, scorer.contract, about)
            with suppress(Refused):
                return _asked(replace(scorer, about=about, mapping=mapping), book)
    raise first


def surveyed_book(book: Book, contract: Contract) -> Territory:
    """The known territory of a model of which the book is all that is known to have been seen."""
    return survey(book.inputs, book.contract.without_special(book.raw), contract.training.seed)


def _understood(scorer: RemoteScorer, ways: tuple[Form, ...]) -> tuple[RemoteScorer, Array]:
    """The scorer with the first form of a question that its server takes, and the PDs (b,) of the background that came.
    What it says to the first form is told where it takes none."""
    refusals = []
    for form in ways:
        tried = replace(scorer, form=form)
        try:
            found = tried.asked_about(scorer.background)
        except Refused as refused:
            if refused.status not in UNLIKED and form.named:
                raise
            refusals.append(refused)
        else:
            version = scorer.about.version or scorer.transport.secrets.cleaned(found.version)
            return replace(tried, about=replace(scorer.about, version=version)), found.pd
    raise refusals[0]


def _measured(scorer: RemoteScorer, first: Array, book: Book) -> RemoteScorer:
    """The scorer with its margins of the background, whose PDs are ``first`` (b,), with how far it repeats them, asked
    the other way round and in two parts, and with what its datatypes cost: of so many customers as one call may hold,
    for a threshold that a tree has between two neighbours is met by few."""
    background = scorer.background
    turned = scorer.pd(background[:, ::-1])[::-1]
    half = max(background.shape[1] // 2, 1)
    parts = np.concatenate([scorer.pd(each) for each in (background[:, :half], background[:, half:])])
    repeats = repeated([first, turned, parts], single=bool((first.astype(np.float32) == first).all()))
    if repeats.spread > MOST_SPREAD:
        raise Refused(
            f"The deployed model at {scorer.transport.host} does not repeat itself: asked three times about the same "
            f"customers, its probabilities lay up to {repeats.spread / TIMES:.2g} apart. No number of it can be shown."
        )
    coarse = scorer.form.coarse
    asked = replace(scorer, reference=log_odds(first), repeats=repeats)
    if not coarse:
        return asked
    return replace(asked, cost=_costed(asked, coarse, book))


def _costed(scorer: RemoteScorer, coarse: Mapping[str, str], book: Book) -> PrecisionCost:
    """What the datatypes of the ``coarse`` inputs cost, of as many customers as one call may hold."""
    most = BACKGROUND if scorer.form.fixed else max(BACKGROUND, min(COSTED, scorer.size.most))
    try:
        return precision_cost(scorer.mapping.columns(drawn_records(book, most)), coarse, scorer.pd_of_columns)
    except Refused as refused:
        if not scorer.size.learned(refused, most):
            raise
        return _costed(scorer, coarse, book)


def log_odds(pd: Array) -> Array:
    """Log-odds of probabilities, each taken as no nearer to 0 and 1 than `EDGE`."""
    inside = pd.clip(EDGE, 1 - EDGE)
    found: Array = np.log(inside / (1 - inside))
    return found


def concepts(contract: Contract, mapping: FieldMapping) -> dict[str, list[int]]:
    """The business concepts that the mapping reads fields of, in the contract's order, with those rows of ``raw``."""
    found = {
        each.name: [k for k in sorted(mapping.reads) if contract.record[k].concept == each.name]
        for each in contract.concepts
    }
    return {name: rows for name, rows in found.items() if rows}


def shared_out(players: int, value: Callable[[NDArray[np.bool_]], Array]) -> tuple[Array, Array]:
    """Shapley values (players,) and their standard errors (players,) of a game with a value for each of b background
    records, (coalitions, b). The error is the spread over the background, and over the orders where those are drawn."""
    drawn = np.zeros(players)
    if players <= EVERY_COALITION:
        found = exact(players, value)
    else:
        pairs = sampled(players, value, PAIRS)
        found, drawn = pairs.mean(0), pairs.mean(2).var(0, ddof=1) / PAIRS
    b = found.shape[1]
    return found.mean(1), np.sqrt(found.var(1, ddof=1 if b > 1 else 0) / b + drawn)


def _batches(rows: int) -> Iterator[slice]:
    return (slice(start, min(start + BATCH, rows)) for start in range(0, rows, BATCH))
