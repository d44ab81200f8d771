"""A book proposed from a file: contract, snapshot and provenance, for a person to review.

Statistics and names give the guesses (roles.py, hints.py, signals.py), plan.py makes them a contract that
`data.contract.load_contract` accepts, each guess marked where it stands by ``# GUESS: why``. The contract says
``reviewed = false`` until somebody has read it.
"""

import hashlib
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from data.arrays import Array
from data.books import CONTRACT, OWN, SHIPPED, Book, read_folder
from data.contract import PROPOSED, read_contract
from data.errors import BadInput, BookError
from data.files.names import listed_texts, shown_text
from data.proposing.cells import missing_words, without_rows, without_values
from data.proposing.decisions import Decisions
from data.proposing.drafting import UNSTATED, DraftContract, Noted
from data.proposing.money import AmountCandidate
from data.proposing.plan import (
    BASE_ODDS,
    BASE_SCORE,
    GRANTED,
    MOST_INPUTS,
    TO_DOUBLE,
    Boosting,
    Plan,
    ProposedScale,
    copied,
)
from data.proposing.questions import OpenQuestion, questions
from data.proposing.record import carried_over, proposed_text, record_text
from data.proposing.roles import ABSENT, Identifiers, ProposedColumn, ProposedTarget, decide, identifiers, outcome
from data.proposing.signals import Alone
from data.proposing.sources import Source

LOWEST_CUTOFF, HIGHEST_CUTOFF = 320, 780  # within what the pages offer
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
RESERVED = frozenset({"con", "prn", "aux", "nul"})  # names that some file systems do not take

Margins = Callable[[Book], Array]
"""The log-odds of default of a book's records, or of enough of them, by the model that its contract asks for; for the
cut-off."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """A book that is not written yet. ``text`` is the whole contract as it was proposed, ``proposed`` the same with
    what it was made of, ``record`` what a person decides, laid over it; ``questions`` are those that only a person can
    answer, ``noted`` every guess; ``notes`` are what reading the file took for granted."""

    name: str
    text: bytes
    proposed: bytes
    record: bytes
    snapshot: bytes
    provenance: bytes
    noted: tuple[Noted, ...]
    columns: tuple[ProposedColumn, ...]
    rows: int
    rate: float
    granted: float
    target: str
    notes: tuple[str, ...] = ()
    questions: tuple[OpenQuestion, ...] = ()
    candidates: tuple[AmountCandidate, ...] = ()

    def by_role(self, role: str) -> list[str]:
        """The names in the file of the columns of one role."""
        return [each.given for each in self.columns if each.role == role]


def check_name(name: str, home: Path, again: bool = False) -> str:
    """A book's name, if it is a safe one and nobody has it; the name of one of the users' own, if ``again``.

    Raises
    ------
    BadInput, BookError
    """
    if not NAME.match(name) or name in RESERVED:
        raise BadInput(
            f"{shown_text(name)} cannot be the name of a book: take small letters, digits and _, a letter first, at "
            "most 40 "
            "in all. Give one by --book NAME."
        )
    if again:
        if not (home / OWN / name / CONTRACT).is_file():
            raise BookError(f"There is no book {name} of your own that could be replaced. Leave out --replace.")
        return name
    if (SHIPPED / name).exists() or os.path.lexists(home / OWN / name):
        raise BookError(f"There is a book {name} already, or the name is taken. Give another by --book, or --replace.")
    return name


TryOut = Callable[[Book], Boosting | None]
"""How far the trees of a book's model are boosted; None: as far as is usual."""


def untried(_book: Book) -> Boosting | None:
    """What nobody tried out."""
    return None


def propose(
    source: Source,
    decisions: Decisions,
    name: str,
    margins: Margins,
    alone: Alone,
    boosting: TryOut = untried,
) -> Proposal:
    """A book from a table.

    Parameters
    ----------
    source
        The table; at least 200 rows, 20 of either outcome.
    decisions
        What a person decided about it: at least which column holds the outcome.
    name
        What the book will be called; see `check_name`.
    margins
        Fits the model that the contract asks for, so that the cut-off grants about `GRANTED` of the records.
    alone
        Measures single inputs as their gate will, so that no input that is kept fails it.
    boosting
        Tries out how far the trees of the book's model are boosted.

    Raises
    ------
    BadInput
        If no book can be made of it; the message says why and what to do.
    """
    decisions = _by_the_files_names(source, decisions)
    target = decisions.target
    source = without_rows(without_values(source, missing_words(source, decisions.missing)), decisions)
    told = outcome(source, target, decisions.bad)
    numbers = identifiers(source, decisions.id, target)
    if numbers.name == told.name:
        numbers = replace(numbers, name=f"{numbers.name}_number")
    columns = decide(source, told, decisions=decisions, numbers=numbers, alone=alone)
    inputs = sorted((each for each in columns if each.role == "input"), key=lambda each: -each.auc)
    if not inputs:
        reasons = "; ".join(f"{each.given}: {each.role}, {each.why}" for each in columns[:5]) or "there is no other"
        raise BadInput(f"{shown_text(source.name)} has no column that a model could use. {reasons[:600]}.")
    if len(inputs) > MOST_INPUTS:
        told_ = f"{len(inputs):,} columns that a model could use; at most {MOST_INPUTS} are taken"
        raise BadInput(f"{shown_text(source.name)} has {told_}. Leave out those that matter least.")
    frame = _frame(columns, told, numbers)
    snapshot = _parquet(frame)
    plan = Plan(
        name,
        source,
        decisions=decisions,
        target=told,
        numbers=numbers,
        columns=columns,
        inputs=inputs,
        score=_cutoff_unknown(),
        copied=copied(columns, told),
    )
    book = _book(plan, frame, snapshot)
    tried = boosting(book)
    if tried is not None:
        plan = replace(plan, boosting=tried)
        book = replace(book, contract=read_contract(plan.draft().text()))
    score = _cutoff(margins(book))
    plan = replace(plan, score=score)
    draft, asked = plan.draft(), questions(plan)
    text = draft.text()
    proposed = proposed_text(text, plan, decisions)
    command = f"python -m model init {shlex.quote(source.name)} {_options(decisions, name)}"
    read_contract(text)  # whatever is wrong with it is found before anything is written
    return Proposal(
        name,
        text,
        proposed=proposed,
        record=record_text(plan, proposed, decisions, asked),
        snapshot=snapshot,
        provenance=_provenance(plan, command, book.sha256),
        noted=tuple(draft.noted),
        columns=tuple(columns),
        rows=len(frame),
        rate=float(told.values.mean()),
        granted=score.granted,
        target=told.name,
        notes=source.notes,
        questions=asked,
        candidates=plan.money().candidates(),
    )


def _options(decisions: Decisions, name: str) -> str:
    """What was decided, as the command is told it."""
    months = None if decisions.months is None else f"{decisions.months:.12g}"
    options = [("--target", decisions.target), ("--book", name)]
    options += [("--bad", each) for each in decisions.bad] + [("--drop", each) for each in decisions.drop]
    options += [("--missing", each) for each in decisions.missing]
    single = {"--id": decisions.id, "--amount": decisions.amount, "--currency": decisions.currency, "--months": months}
    options += [(key, value) for key, value in single.items() if value is not None]
    return " ".join(f"{key} {shlex.quote(value)}" for key, value in options)


def _by_the_files_names(source: Source, decisions: Decisions) -> Decisions:
    """The same, every column called as the file calls it; BadInput if it is not there, or is there twice."""
    columns = {source.column(given): each for given, each in decisions.columns.items()}
    absent = [given for given in columns if given not in source.frame]
    if absent:
        near = listed_texts(list(map(str, source.frame)), 8)
        raise BadInput(f"{shown_text(source.name)} has no column {shown_text(absent[0])}. It has: {near}.")
    given_id = None if decisions.id is None else source.column(decisions.id)
    return replace(decisions, target=source.column(decisions.target), id=given_id, columns=columns)


def lay_down(proposal: Proposal, home: Path, again: bool = False) -> Path:
    """Write a proposal to ``home/books/<name>``, whole or not at all, and return the folder. ``again`` puts it in the
    place of the proposal there, and keeps what a person wrote.

    Raises
    ------
    BadInput, BookError
        If there is a book of that name, or, where it is to be replaced, none.
    """
    shelf = home / OWN
    shelf.mkdir(parents=True, exist_ok=True)
    place = shelf / proposal.name
    record, kept = proposal.record, dict[str, bytes]()
    if again:
        kept = {each.name: each.read_bytes() for each in place.iterdir() if each.is_file()}
        record = carried_over(kept[CONTRACT], before=kept[PROPOSED], record=proposal.record)
    draft = Path(tempfile.mkdtemp(dir=shelf, prefix=".draft-"))
    try:
        (draft / CONTRACT).write_bytes(record)
        (draft / PROPOSED).write_bytes(proposal.proposed)
        (draft / f"{proposal.name}.parquet").write_bytes(proposal.snapshot)
        (draft / "provenance.toml").write_bytes(proposal.provenance)
        read_folder(draft)
        draft.chmod(0o755)
        if again:
            _exchanged(draft, place, kept)
            return place
        if os.path.lexists(place):
            raise BookError(f"There is a book {proposal.name} already. Give another name by --book.")
        draft.rename(place)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return place


def _exchanged(draft: Path, place: Path, kept: Mapping[str, bytes]) -> None:
    """Put a folder in the place of another, unless somebody wrote to that meanwhile."""
    if {each.name: each.read_bytes() for each in place.iterdir() if each.is_file()} != kept:
        raise BookError(f"The book {place.name} was changed while it was read. Nothing was replaced: run it again.")
    old = draft.with_name(f"{draft.name}-before")
    place.rename(old)
    draft.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _frame(columns: Sequence[ProposedColumn], target: ProposedTarget, numbers: Identifiers) -> pd.DataFrame:
    held = {each.name: each.values + 0.0 for each in columns if each.role not in ABSENT}
    return pd.DataFrame({numbers.name: numbers.values, **held, target.name: target.values.astype(np.int8)})


def _parquet(frame: pd.DataFrame) -> bytes:
    file = BytesIO()
    frame.to_parquet(file, index=False, compression="zstd")
    return file.getvalue()


def _book(plan: Plan, frame: pd.DataFrame, snapshot: bytes) -> Book:
    """The proposal as a book in memory, its cut-off not yet known."""
    contract = read_contract(plan.draft().text())
    raw = np.ascontiguousarray(frame[[each.name for each in contract.record]].to_numpy(np.float64).T)
    contract.check(raw)
    observed = {each.name: frame[each.name].to_numpy(np.float64) for each in contract.observed}
    digest = hashlib.sha256(snapshot).hexdigest()
    return Book(contract, raw, ids=plan.numbers.values, target=plan.target.values, observed=observed, sha256=digest)


def _cutoff_unknown() -> ProposedScale:
    return ProposedScale(500, (500,), np.nan)


def _cutoff(margins: Array) -> ProposedScale:
    """The cut-off that grants about `GRANTED`, and bands around it."""
    factor = TO_DOUBLE / np.log(2)
    scores = BASE_SCORE - factor * (np.log(BASE_ODDS) + margins)
    cutoff = float(np.clip(np.floor(np.quantile(scores, 1 - GRANTED)), LOWEST_CUTOFF, HIGHEST_CUTOFF))
    edges = {float(np.round(edge, -1)) for edge in np.quantile(scores, (0.1, 0.35, 0.5, 0.75))} | {cutoff}
    return ProposedScale(cutoff, tuple(sorted(edges)), float((scores >= cutoff).mean()))


def _provenance(plan: Plan, command: str, sha256: str) -> bytes:
    source, draft = plan.source, DraftContract()
    draft.put("title", plan.title)
    draft.put("publisher", UNSTATED, "who the data come from", "TO DO")
    draft.put("licence", UNSTATED, "on what terms they may be used", "TO DO")
    draft.put("source", source.name)
    draft.put("source_sha256", source.sha256)
    draft.put("rows", len(source.frame))
    draft.put("outcome_rate", round(float(plan.target.values.mean()), 4))
    draft.put("changes", " ".join(plan.changes()))
    draft.put("command", command)
    draft.put("sha256", sha256)
    return draft.text()
