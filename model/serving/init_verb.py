"""The command line's verb that proposes a new book from a file."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import numpy as np

from data.books import Book
from data.formulas import Array
from data.proposing.drafting import Noted
from data.proposing.proposal import Proposal, check_name, lay_down, propose
from data.proposing.roles import safe_name
from data.proposing.sources import read_source
from model.release import training
from model.serving.terminal import answer, json_option, progress
from model.settings import settings

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
    "pd_months": "over how many months was the outcome observed?",
    "exposure_class": "which capital formula?",
    "default": "your own figure and its source",
    "limit": "your own limit",
    "label": "one concept or several?",
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
    source = read_source(data, sheet)
    told(f"Looking at {source.frame.shape[1]:,} columns of {len(source.frame):,} rows", 0.2)
    proposal = propose(source, target, name, _margins, given_id, bad)
    folder = lay_down(proposal, home)
    answer(_result(proposal, folder), as_json, lambda _: _text(proposal, folder))


def _margins(book: Book) -> Array:
    """Log-odds (n,) of the model that the contract asks for, fitted to at most `MOST_FITTED` of the records."""
    part = book
    if len(book) > MOST_FITTED:
        chosen = np.sort(np.random.default_rng(book.contract.training.seed).permutation(len(book))[:MOST_FITTED])
        part = book.part(chosen)
    found: Array = training.fit(part).decision_function(training.rows(book.inputs))
    return found


def _check(noted: Noted) -> str:
    if noted.part == "left out":
        return "should the model have it?"
    return {"ASSUMPTION": "replace by your own", "TO DO": "write it"}.get(noted.mark) or CHECK.get(noted.key, "")


def _result(proposal: Proposal, folder: Path) -> dict[str, Any]:
    return {
        "book": proposal.name,
        "folder": str(folder),
        "rows": proposal.rows,
        "outcome_rate": proposal.rate,
        "granted": proposal.granted,
        **{role.replace(" ", "_").replace("-", "_"): proposal.by_role(role) for role in ROLES},
        "review": [
            {"part": each.part, "key": each.key, "value": each.value, "mark": each.mark, "why": each.why,
             "check": _check(each)}
            for each in proposal.noted
        ],
    }  # fmt: skip


ROLES = ("input", "protected", "post-outcome", "vintage", "left out")


def _text(proposal: Proposal, folder: Path) -> str:
    counts = ", ".join(f"{len(proposal.by_role(role))} {role}" for role in ROLES if proposal.by_role(role))
    head = f"Proposed the book {proposal.name}: {proposal.rows:,} rows, {proposal.rate:.1%} of them bad; {counts}."
    guesses = [each for each in proposal.noted if each.mark == "GUESS"]
    lines = [head, "", f"To review, {len(guesses):,} guesses; each stands in the contract with # GUESS:"]
    for part, own in groupby(guesses, key=lambda each: each.part):
        lines += ["", f"[{part}]", *(_line(each) for each in own)]
    for mark, what in (("ASSUMPTION", "To replace, assumptions"), ("TO DO", "To write")):
        lines += ["", f"{what}: {_places(proposal.noted, mark)}."]
    steps = [
        f"Read {folder / 'contract.toml'}, correct its guesses, set reviewed = true.",
        f"python -m model train --book {proposal.name}",
        f"WHATIF_BOOK={proposal.name} streamlit run app.py",
    ]
    told = "Until reviewed = true stands in the contract it can be trained, but no release of it can be promoted."
    return "\n".join([*lines, "", "Next:", *(f"  {k}. {step}" for k, step in enumerate(steps, 1)), told])


def _line(noted: Noted) -> str:
    value = noted.value if len(noted.value) <= 60 else noted.value[:59] + "…"
    stands = f"{noted.key} = {value}" if value else noted.key
    check = _check(noted)
    why = noted.why if noted.why.endswith("?") else f"{noted.why}."
    return f"  {stands}: {why}" + (f" Check: {check}" if check else "")


def _places(noted: Sequence[Noted], mark: str) -> str:
    """The parts that have this mark, shortly."""
    parts = list(dict.fromkeys(each.part for each in noted if each.mark == mark))
    short = dict.fromkeys(part if mark == "ASSUMPTION" else part.split(".")[0] for part in parts)
    return ", ".join(short) or "none"
