"""The command line's verb that proposes a new book from a file."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from data.arrays import Array
from data.books import Book
from data.contract import YEAR
from data.files.kinds import MB, Limits
from data.proposing.decisions import Decisions
from data.proposing.drafting import Noted, toml_value, unwritten
from data.proposing.plan import SPECIAL
from data.proposing.proposal import Proposal, check_name, lay_down, propose
from data.proposing.roles import AFTER, safe_name
from data.proposing.sources import read_source
from model.cli.terminal import Result, answer, json_option, progress
from model.monitoring.discrimination import single_input_auc
from model.release import training
from model.settings import settings

LISTED = 12  # guesses of one kind
MOST_FITTED = 50_000  # rows that the cut-off's model is fitted to: seconds, where a million would take minutes

CHECK = {  # what to ask of a guess, by the key it stands at
    "role": "is that what the column is?",
    "currency": "write the sign of the amounts",
    "id": "is there a better identifier?",
    "unit": "in what are the values measured?",
    "minimum": "the lowest value that can be",
    "maximum": "the highest value that can be",
    "step": "by how much people move it",
    "missing": "what does a gap mean?",
    "direction": "is it so for a reason, or in this file only?",
    "codes": "are the words right, and their order?",
    "edges": "do these bands mean something?",
    "mutability": "can a customer change it?",
    "cutoff": "your policy's cut-off",
    "balance": "what is owed",
    "ead": "what is owed at default",
    "adverse": "is it so for a reason?",
    "pd_months": "over how many months was the outcome observed?",
    "exposure_class": "which capital formula?",
    "default": "your own figure and its source",
    "limit": "your own limit",
    "label": "one concept or several?",
    "reading": "do the cells mean this?",
}


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--target", required=True, metavar="COL", help="The column that holds the outcome, of two values.")
@click.option("--bad", metavar="WORD", help="The target's value that is the bad outcome.")
@click.option("--book", metavar="NAME", help="What to call the book; by default after the file.")
@click.option("--id", "given_id", metavar="COL", help="The column that identifies a record.")
@click.option("--sheet", metavar="NAME", help="The sheet of an Excel workbook that has several.")
@json_option
def init(
    data: Path, target: str, bad: str | None, book: str | None, given_id: str | None, sheet: str | None, as_json: bool
) -> None:
    """Propose a new book from DATA, a .csv, .parquet or .xlsx file, for review by hand."""
    home = settings().home
    name = check_name(book or safe_name(data.stem, ()), home)
    told = progress(as_json)
    told(f"Reading {data.name}", 0.0)
    wanted = (target, given_id) if given_id else (target,)
    source = read_source(data, sheet, wanted, reading_limits())
    told(f"Looking at {source.frame.shape[1]:,} columns of {len(source.frame):,} rows", 0.2)
    decisions = Decisions(target, bad=() if bad is None else (bad,), id=given_id)
    proposal = propose(source, decisions, name=name, margins=_margins, alone=single_input_auc)
    folder = lay_down(proposal, home)
    answer(_result(proposal, folder), as_json, lambda _: _text(proposal, folder))


def reading_limits() -> Limits:
    """How much of a file is read, and at what cost."""
    using = settings()
    return Limits(memory=using.file_memory * MB, seconds=using.file_seconds, at_once=using.file_processes)


def _margins(book: Book) -> Array:
    """Log-odds (n,) of the model that the contract asks for, fitted to at most `MOST_FITTED` of the records."""
    part = book
    if len(book) > MOST_FITTED:
        chosen = np.sort(np.random.default_rng(book.contract.training.seed).permutation(len(book))[:MOST_FITTED])
        part = book.part(chosen)
    found: Array = training.fit(part).decision_function(training.rows(book.inputs))
    return found


def _check(noted: Noted) -> str:
    if noted.part in ROLES:
        return "should the model have it?"
    return {"ASSUMPTION": "replace by your own", "TO DO": "write it"}.get(noted.mark) or CHECK.get(noted.key, "")


def _result(proposal: Proposal, folder: Path) -> Result:
    return {
        "book": proposal.name,
        "folder": str(folder),
        "rows": proposal.rows,
        "outcome_rate": proposal.rate,
        "granted": proposal.granted,
        **{role.replace(" ", "_").replace("-", "_"): proposal.by_role(role) for role in ROLES},
        "review": [
            {
                "part": each.part,
                "key": each.key,
                "value": each.value,
                "mark": each.mark,
                "why": each.why,
                "check": _check(each),
            }
            for each in proposal.noted
        ],
        "notes": list(proposal.notes),
        "provenance_to_do": list(unwritten(proposal.provenance)),
    }


ROLES = {  # of columns, and how so many of them are called
    "input": ("input", "inputs"),
    "protected": ("protected", "protected"),
    "post-outcome": ("known only after the outcome", "known only after the outcome"),
    "vintage": ("vintage", "vintages"),
    "identifier": ("identifier", "identifiers"),
    "left out": ("left out", "left out"),
}


@dataclass(frozen=True)
class Topic:
    """Guesses that are looked at together: ``holds`` says which, ``check`` what to ask of each."""

    title: str
    check: str
    holds: Callable[[Noted], bool]


def _at(*places: str) -> Callable[[Noted], bool]:
    return lambda noted: f"{noted.part}.{noted.key}" in places


def _role(role: str) -> Callable[[Noted], bool]:
    return lambda noted: noted.part == role or (noted.key, noted.value) == ("role", toml_value(role))


def _first(target: str) -> tuple[Topic, ...]:
    """What decides most, in the order in which to look at it."""
    outcome = _at(f"fields.{target}.codes", "book.outcome", "book.pd_months")
    return (
        Topic("The outcome", "is this the bad one, and over what time was it observed?", outcome),
        Topic("Money", "is this what is owed, and in what currency?", _at("book.currency", "exposure.ead")),
        Topic("Cells that can be read in two ways", "do they mean this?", lambda noted: noted.key == "reading"),
        Topic("Units", "in what are the values measured?", _measured),
        Topic(
            "Numbers that look like codes",
            "do they mean unknown? Then leave those cells empty, and run init again",
            _special,
        ),
        Topic("Known only after the outcome, so no input", "is it so?", _role("post-outcome")),
        Topic("Protected, so no input", "is it so, and is no other column?", _role("protected")),
        Topic(
            "Identifiers, so no input", "is it so?", lambda noted: _at("book.id")(noted) or _role("identifier")(noted)
        ),
        Topic("The year a record came into the book", "is it so?", _role("vintage")),
        Topic("Left out", "should the model have it?", _role("left out")),
        Topic("Directions that the model will keep to", "is it so for a reason, or in this file only?", _claimed),
        Topic("Which way a shock is bad for the bank", "is it so for a reason?", lambda noted: noted.key == "adverse"),
    )


def _measured(noted: Noted) -> bool:
    return (
        noted.part.startswith("fields.")
        and noted.key == "unit"
        and noted.value not in (toml_value(""), toml_value(YEAR))
    )


def _special(noted: Noted) -> bool:
    return noted.key in ("minimum", "maximum") and SPECIAL in noted.why


def _claimed(noted: Noted) -> bool:
    return noted.part.startswith("inputs.") and noted.key == "direction" and noted.value != "0"


def _text(proposal: Proposal, folder: Path) -> str:
    counts = ((len(proposal.by_role(role)), words) for role, words in ROLES.items())
    told = ", ".join(f"{n} {words[n > 1]}" for n, words in counts if n)
    lines = [f"Proposed the book {proposal.name}: {proposal.rows:,} rows, {proposal.rate:.1%} of them bad; {told}."]
    lines += ["", "How the file was read:", *(f"  {note}." for note in proposal.notes)] if proposal.notes else []
    guesses = [each for each in proposal.noted if each.mark == "GUESS"]
    lines += ["", f"{len(guesses):,} guesses, each marked # GUESS where it stands in the contract. Look first at:"]
    for topic in _first(proposal.target):
        own = [each for each in guesses if topic.holds(each)]
        guesses = [each for each in guesses if each not in own]
        if own:
            more = [f"  and {len(own) - LISTED:,} more"] if len(own) > LISTED else []
            lines += ["", f"{topic.title}. Check: {topic.check}", *map(_line, own[:LISTED]), *more]
    rest = Counter(each.part.split(".")[0] for each in guesses)
    lines += ["", f"The other {len(guesses):,} by part of the contract: {_counted(rest)}."]
    for mark, what in (("ASSUMPTION", "To replace by your own, marked"), ("TO DO", "To write, marked")):
        own_ = Counter(each.part.split(".")[0] for each in proposal.noted if each.mark == mark)
        lines += [f"{what} # {mark}: {_counted(own_)}."]
    open_ = ", ".join(unwritten(proposal.provenance))
    lines += [f"To write in provenance.toml, though no release waits for it: {open_}."]
    steps = [
        f"Read {folder / 'contract.toml'}: correct its guesses, write what is to do and delete those marks, set "
        "reviewed = true.",
        f"python -m model train --book {proposal.name}",
        f"WHATIF_BOOK={proposal.name} streamlit run app.py",
    ]
    last = "It can be trained at once, but no release is promoted before step 1. --json lists every guess."
    return "\n".join([*lines, "", "Next:", *(f"  {k}. {step}" for k, step in enumerate(steps, 1)), last])


def _line(noted: Noted) -> str:
    value = noted.value if len(noted.value) <= 60 else noted.value[:59] + "…"
    place = noted.key if noted.part in ROLES else f"{noted.part}.{noted.key}"
    if noted.key == "role":
        return f"  {noted.part.removeprefix('fields.')}: {noted.why.removesuffix(AFTER)}"
    return f"  {place} = {value}: {noted.why}" if value else f"  {place}: {noted.why}"


def _counted(parts: Counter[str]) -> str:
    """How many stand in which part."""
    return ", ".join(f"{part} {n:,}" for part, n in parts.items()) or "none"
