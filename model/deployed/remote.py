"""A deployed model that runs elsewhere, as a scorer: margins from its predictions, reasons from it or through them.

Reasons come from the server if it gives them for the contract's inputs. Else they are interventional Shapley values by
the definition: the players are the record's fields grouped by business concept, a coalition is worth the model's mean
margin over some customers of the book whose fields of the coalition are set to the customer's. What is asked for one
customer of the cards is 4 concepts, so 16 coalitions of 50 customers, in one call. Nobody else's reasons are shown for
a model, and what would not add up is refused.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from data.errors import ContractError
from model.deployed.dialects import DIALECTS, KSERVE, MLFLOW, OPEN_INFERENCE, About, Predicted, complaint
from model.deployed.latency import LatencyLog
from model.deployed.mapping import FieldMapping, Output, agree, default_mapping, load
from model.deployed.transport import Breaker, Transport
from model.engine.scorer import Reasons
from model.engine.shapley import exact, sampled
from model.engine.territory import Territory, survey
from model.errors import Changed, NoAnswer, Refused, RemoteError
from model.monitoring.live import LatencyReading
from model.settings import Protocol, Settings

BATCH = 2000  # rows a call
EDGE = 1e-6  # probabilities are taken as no nearer to 0 and 1 than this: log-odds within ±13.8
BACKGROUND = 50  # customers that reasons are measured from
EVERY_COALITION = 8  # concepts up to which all coalitions are asked about: 256
PAIRS = 8  # of random orders, beyond
SAME = 1e-6  # log-odds within which two answers to the same question agree


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
    ``reference`` (b,) their margins when the connection was made; None where the server gives the reasons.

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
        out = np.empty(raw.shape[1])
        for part in _batches(raw.shape[1]):
            out[part] = log_odds(self.predicted(raw[:, part]).pd)
        return out

    def reasons(self, raw: Array) -> Reasons:
        """Why each record has its margin: base + Σ = margin, exactly; to `SAME` where the server says why."""
        return self._given(raw) if self.gives_reasons else self._asked_for(raw)

    def health(self) -> Health:
        """Whether the server is ready and still serves the same model. Nothing is scored at one of ours, which would
        record it; elsewhere one customer of the book is."""
        dialect = DIALECTS[self.about.protocol]
        try:
            answer = self.transport.get(dialect.ready_path(self.about.name))
            if answer.status != 200:
                raise self.transport.refusal(answer)
            if self.about.ours:
                now = describe_model(self.transport, self.about.protocol, self.about.name)
                self._same(now.version, now.artefact)
            elif self.reference is not None:
                self._agrees(self.margins(self.background[:, :1]), self.reference[:1])
        except RemoteError as error:
            return Health(False, str(error), self.transport.pulse.read(), isinstance(error, NoAnswer))
        return Health(True, "", self.transport.pulse.read())

    def predicted(self, raw: Array) -> Predicted:
        """The answer about at most `BATCH` records, in one call."""
        dialect, output, identity = DIALECTS[self.about.protocol], self.mapping.output, uuid.uuid4().hex
        body = dialect.ask(self.mapping.columns(raw), output, identity, self.about.ours)

        def read(answer: bytes) -> Predicted:
            found = dialect.read(answer, raw.shape[1], output)
            self._same(found.version, found.artefact)
            return found

        return self.transport.post(dialect.predict_path(self.about.name), body, identity, read)

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
        return Reasons(parts, base, values[order], background, np.zeros_like(values), n)

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

        return self.transport.post(OPEN_INFERENCE.predict_path(self.about.name), body, identity, read)

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
        told = f"{size} {self.contract.book.people} of the book"
        return Reasons(tuple(players), float(self.reference.mean()), values, told, error, asked, by_input=False)

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
        for what, now, was in (("version", version, self.about.version), ("artefact", artefact, self.about.artefact)):
            if was and now != was:
                raise Changed(self._other(f"the {what} {now[:12] or 'unknown'} instead of {was[:12]}"))

    def _agrees(self, now: Array, was: Array) -> None:
        if np.abs(now - was).max(initial=0.0) > SAME:
            raise Changed(self._other("other predictions for the same customers"))

    def _other(self, sign: str) -> str:
        return f"Another model answers at {self.transport.host} than when this began: {sign}. Connect to it anew."


def connect(
    settings: Settings, book: Book, contract: Contract, pulse: LatencyLog | None = None, breaker: Breaker | None = None
) -> RemoteScorer:
    """The deployed model of the settings, found, understood, and asked about some customers of the book. ``pulse`` and
    ``breaker`` of earlier connections to the same server, if there were any, go on.

    Raises
    ------
    BadInput, ContractError
        If the settings, or the mapping, cannot be used.
    RemoteError
        If the server does not answer, is not understood, or gives anything but probabilities.
    """
    transport = Transport(settings, pulse, breaker)
    try:
        about = detect(transport, settings)
        mapping = _mapping(settings, contract, about)
        territory = survey(book.inputs, book.raw, contract.training.seed)  # a second: not while nobody answers
        size = min(BACKGROUND, len(book))
        chosen = np.random.default_rng(contract.training.seed).choice(len(book), size, replace=False)
        background = np.ascontiguousarray(book.raw[:, np.sort(chosen)])
        scorer = RemoteScorer(contract, territory, transport, about, mapping, background)
        if scorer.gives_reasons:
            return scorer
        if not about.ours:  # what the metadata lists need not be what answers, or be there at all
            scorer = replace(scorer, about=replace(about, version=""))
        first = scorer.predicted(background)
        about = replace(scorer.about, version=first.version)
        return replace(scorer, about=about, reference=log_odds(first.pd))
    except BaseException:
        transport.close()
        raise


def detect(transport: Transport, settings: Settings) -> About:
    """What the server speaks, unless the settings say, and how it presents the model.

    Raises
    ------
    NoAnswer
        If it says nothing at all.
    Refused
        If it says nothing that is understood; what was tried and what came.
    """
    name, tried = settings.model_name, []
    if settings.model_protocol:
        return describe_model(transport, settings.model_protocol, name)
    for dialect in (OPEN_INFERENCE, MLFLOW, KSERVE):
        paths = (dialect.ready_path(name), dialect.about_path(name))
        for path in paths if dialect is MLFLOW else paths[1:]:  # a version alone is told by many a server
            answer = transport.get(path)
            if answer.status in (401, 403):
                raise transport.refusal(answer)
            if answer.status != 200:
                tried.append(f"{path} ({answer.status} {complaint(answer.body)})".replace(" )", ")"))
                break
        else:
            try:
                return dialect.read_about(answer.body, name)
            except Refused:
                tried.append(f"{path} (200, not understood)")
    raise Refused(
        f"{transport.host} speaks none of the protocols known, or has no model {name!r}. Tried were: "
        f"{', '.join(tried)}. Set WHATIF_MODEL_NAME, WHATIF_MODEL_PROTOCOL, or the path in WHATIF_MODEL_URL."
    )


def describe_model(transport: Transport, spoken: Protocol, name: str) -> About:
    """How the server presents a model in a protocol that it is known to speak; Refused or NoAnswer."""
    answer = transport.get(DIALECTS[spoken].about_path(name))
    if answer.status != 200:
        raise transport.refusal(answer)
    return DIALECTS[spoken].read_about(answer.body, name)


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


def _mapping(settings: Settings, contract: Contract, about: About) -> FieldMapping:
    if about.wide:
        raise Refused(
            f"The deployed model takes {', '.join(about.wide)} as one tensor of several columns. Only models that take "
            "one tensor a column can be called; serve it with named columns."
        )
    if settings.model_mapping is None:
        mapping = default_mapping(contract, about.inputs)
        if mapping.output.name not in about.outputs and len(about.outputs) == 1:
            mapping = replace(mapping, output=Output(name=about.outputs[0]))
    else:
        mapping = load(settings.model_mapping, contract)
        agree(mapping, about.inputs)
    if about.outputs and mapping.output.name not in about.outputs:
        raise ContractError(
            f"The deployed model has no output {mapping.output.name}; it has {', '.join(about.outputs[:6])}. "
            "Name the one that holds probabilities under [output] in a mapping, and that in WHATIF_MODEL_MAPPING."
        )
    return mapping


def _batches(rows: int) -> Iterator[slice]:
    return (slice(start, min(start + BATCH, rows)) for start in range(0, rows, BATCH))
