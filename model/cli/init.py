"""The command line's verb that proposes a new book from a file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from data.books import CONTRACT, OWN
from data.contract import PROPOSED
from data.proposing.decisions import Decisions
from data.proposing.drafting import Noted, unwritten
from data.proposing.plan import SPECIAL
from data.proposing.proposal import Proposal, check_name, lay_down, propose
from data.proposing.quality import quality_of
from data.proposing.questions import open_questions
from data.proposing.record import decisions_in
from data.proposing.roles import safe_name
from data.proposing.sources import read_source
from model.cli.terminal import Result, answer, json_option, progress
from model.monitoring.discrimination import single_input_auc
from model.release.boosting import proposed_boosting
from model.release.fitted_margins import fitted_margins
from model.release.given_files import reading_limits
from model.settings import settings

LISTED = 12  # columns with special codes, and findings on quality

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
@click.option("--target", metavar="COL", help="The column that holds the outcome, of two values.")
@click.option(
    "--bad", metavar="WORD", multiple=True, help="A value of the target that is the bad outcome; several by each."
)
@click.option(
    "--drop", metavar="WORD", multiple=True, help="A value of the target whose rows are left out, for it is neither."
)
@click.option(
    "--missing", metavar="[COL=]WORD", multiple=True, help="A word or number that stands for no value, or does in COL."
)
@click.option("--amount", metavar="COL", help="The column that says what is owed; none: no amount is told.")
@click.option("--currency", metavar="SIGN", help="The sign of the amounts.")
@click.option("--months", type=click.FloatRange(0, 1_200, min_open=True), help="Over how many months it was observed.")
@click.option("--book", metavar="NAME", help="What to call the book; by default after the file.")
@click.option("--id", "given_id", metavar="COL", help="The column that identifies a record.")
@click.option("--sheet", metavar="NAME", help="The sheet of an Excel workbook that has several.")
@click.option("--replace", "again", is_flag=True, help="Propose a book anew, with what stands decided in its contract.")
@json_option
def init(
    data: Path,
    target: str | None,
    bad: tuple[str, ...],
    drop: tuple[str, ...],
    missing: tuple[str, ...],
    amount: str | None,
    currency: str | None,
    months: float | None,
    book: str | None,
    given_id: str | None,
    sheet: str | None,
    again: bool,
    as_json: bool,
) -> None:
    """Propose a new book from DATA, a .csv, .parquet or .xlsx file, for review by hand."""
    home = settings().home
    name = check_name(book or safe_name(data.stem, ()), home, again)
    decisions = decisions_in(home / OWN / name) if again else Decisions(target or "")
    said: dict[str, Any] = {"target": target, "id": given_id, "amount": amount, "currency": currency, "months": months}
    said |= {"bad": bad or None, "drop": drop or None, "missing": missing or None}
    decisions = replace(decisions, **{key: value for key, value in said.items() if value is not None})
    if not decisions.target:
        raise click.UsageError("Missing option '--target': the column that holds the outcome.")
    told = progress(as_json)
    told(f"Reading {data.name}", 0.0)
    wanted = (decisions.target, decisions.id) if decisions.id else (decisions.target,)
    source = read_source(data, sheet, wanted, reading_limits())
    told(f"Looking at {source.frame.shape[1]:,} columns of {len(source.frame):,} rows", 0.2)
    proposal = propose(
        source, decisions, name=name, margins=fitted_margins, alone=single_input_auc, boosting=proposed_boosting
    )
    quality = quality_of(source, proposal.columns, source.column(decisions.target))
    folder = lay_down(proposal, home, again)
    result = {**_result(proposal, folder), "quality": quality.as_dict()}
    answer(result, as_json, lambda _: _text(proposal, folder, quality.findings()))


def _check(noted: Noted) -> str:
    if noted.part in ROLES:
        return "should the model have it?"
    return {"ASSUMPTION": "replace by your own", "TO DO": "write it"}.get(noted.mark) or CHECK.get(noted.key, "")


def _result(proposal: Proposal, folder: Path) -> Result:
    asked = open_questions((folder / CONTRACT).read_bytes())
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
        "questions": [{"line": line, "question": question} for line, question in asked],
        "exposure": [
            {"column": each.column, "total": each.total, "what": each.what, "chosen": each.chosen}
            for each in proposal.candidates
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


def _text(proposal: Proposal, folder: Path, odd: Sequence[str]) -> str:
    counts = ((len(proposal.by_role(role)), words) for role, words in ROLES.items())
    told = ", ".join(f"{n} {words[n > 1]}" for n, words in counts if n)
    lines = [f"Proposed the book {proposal.name}: {proposal.rows:,} rows, {proposal.rate:.1%} of them bad; {told}."]
    lines += ["", "How the file was read:", *(f"  {note}." for note in proposal.notes)] if proposal.notes else []
    coded = [each for each in proposal.noted if each.key == SPECIAL]
    if coded:
        lines += ["", "Special codes, numbers that mean there is no value:", *map(_code_line, coded[:LISTED])]
        lines += [f"  and {len(coded) - LISTED:,} more columns"] if len(coded) > LISTED else []
    if odd:
        lines += ["", "The quality of the file, all of it in --json:", *(f"  {each}" for each in odd[:LISTED])]
    asked = open_questions((folder / CONTRACT).read_bytes())
    lines += ["", f"{len(asked)} questions that only a person can answer, each where it stands in the contract:", ""]
    lines += [f"  line {line:>3}  {question}" for line, question in asked]
    guesses = sum(each.mark == "GUESS" for each in proposal.noted)
    lines += ["", f"The other {guesses:,} guesses stand in {PROPOSED} with the reason of each; --json lists them."]
    open_ = ", ".join(unwritten(proposal.provenance))
    lines += [f"To write in provenance.toml, though no release waits for it: {open_}."] if open_ else []
    steps = [
        f"Read {folder / CONTRACT}: answer its questions, delete their lines, set reviewed = true.",
        f"python -m model check --book {proposal.name}",
        f"python -m model train --book {proposal.name}",
        f"WHATIF_BOOK={proposal.name} streamlit run app.py",
    ]
    last = "It can be trained at once, but no release is promoted before step 1."
    return "\n".join([*lines, "", "Next:", *(f"  {k}. {step}" for k, step in enumerate(steps, 1)), last])


def _code_line(noted: Noted) -> str:
    return f"  {noted.part.removeprefix('fields.')}: {noted.why}"
