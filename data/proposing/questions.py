"""The few things about a proposed book that a person must decide, in the order in which to look at them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from data.files.given import number_as_text
from data.proposing.hints import months_observed
from data.proposing.money import NO_CURRENCY, Money
from data.proposing.plan import Plan, months_words
from data.proposing.roles import ProposedColumn

NAMED = 4  # columns that a question names
MARK = "QUESTION"
TITLES = (
    "The outcome",
    "Its time",
    "The data",
    "What is owed",
    "The currency",
    "Numbers that mean there is no value",
    "Known only after the outcome, so no input",
    "Protected, so no input",
    "Left out",
    "The year a record came into the book",
    "Directions that the model keeps to",
    "The cut-off",
    "Assumptions",
    "The model card",
)
"""Of every question that may be asked, in the order in which to look at them."""


@dataclass(frozen=True)
class OpenQuestion:
    """One thing to decide: ``title`` names it, ``ask`` is the question, ``found`` what was found in the file, and
    ``place`` where the answer stands in the contract: a table, a list, or the lines of columns of one role."""

    title: str
    ask: str
    found: str
    place: str

    @property
    def line(self) -> str:
        """The question as the contract holds it."""
        found = f" {self.found[:1].upper()}{self.found[1:]}." if self.found else ""
        return f"# {MARK}: {self.title}.{found} {self.ask}"


def questions(plan: Plan) -> tuple[OpenQuestion, ...]:
    """What a person must decide about a plan."""
    target = plan.target
    rate = f"{target.bad} is the bad one, in {target.values.mean():.1%} of {len(target.values):,} rows"
    named = months_observed(plan.decisions.target)
    taken = f"{months_words(named)}, by the name of the outcome" if named else "taken for a year"
    time = OpenQuestion("Its time", "Over how many months was it observed?", taken, "book.pd_months")
    found = [
        *_codes(plan),
        OpenQuestion("The outcome", "Is that so? What is it called, as a verb and as a noun?", rate, "book.outcome"),
        *([] if plan.decisions.months else [time]),
        OpenQuestion("The data", "When were they drawn, how chosen, are any declined in them?", "", "book.as_of"),
        *_columns(plan),
        *_of_money(plan.money()),
        OpenQuestion(
            "The cut-off",
            "What is your policy's?",
            f"this one grants {plan.score.granted:.0%} of the file",
            "score.cutoff",
        ),
        OpenQuestion("Assumptions", "What are your own figures? No file holds these.", "", "assumptions"),
        OpenQuestion("The model card", "Who answers for it, who uses it, what for, what not for?", "", "card"),
    ]
    return tuple(found)


def _codes(plan: Plan) -> list[OpenQuestion]:
    own = [each for each in plan.columns if each.special and not each.said.special]
    if not own:
        return []
    words = {code: word for each in own for code, word in each.special.items()}
    often = {code: sum(code in each.special for each in own) for code in words}
    told = [f"{number_as_text(code)} ({words[code]}) in {n} column{'s' if n > 1 else ''}" for code, n in often.items()]
    ask = "What does each mean? Correct its words on the lines, where each has its own bad rate."
    return [OpenQuestion("Numbers that mean there is no value", ask, _some(told), "fields.input")]


def _columns(plan: Plan) -> list[OpenQuestion]:
    """One question for all columns of a role, and one for the directions of inputs."""
    asked = {
        "post-outcome": ("Known only after the outcome, so no input", "Is that so?"),
        "protected": ("Protected, so no input", "Is that so, and does no other column tell the same?"),
        "vintage": ("The year a record came into the book", "Is it that?"),
        "left out": ("Left out", "Should the model have any of them?"),
    }
    found = []
    claimed = [each for each in plan.of("input") if each.said.direction is None and plan.direction(each)[0]]
    if claimed:
        ask = (
            "Is each so for a reason, or in this file only? 1: more of it, more risk; -1: less; 0: whatever it learns."
        )
        found.append(OpenQuestion("Directions that the model keeps to", ask, _named(claimed), "fields.input"))
    for role, (title, ask) in asked.items():
        own = [each for each in plan.columns if each.role == role and each.said.role is None]
        if own:
            found.append(OpenQuestion(title, ask, _named(own), f"fields.{role}"))
    return found


def _of_money(money: Money) -> list[OpenQuestion]:
    if money.given or not money.named:
        return [OpenQuestion("What is owed", "Is there no amount?", money.asked(), "exposure")] if money.asked() else []
    found = []
    if money.currency == NO_CURRENCY:
        found.append(OpenQuestion("The currency", "Write its sign.", "no cell or name carries one", "book.currency"))
    return [*found, OpenQuestion("What is owed", "Is this it, at default?", money.asked(), "exposure")]


def _named(columns: Sequence[ProposedColumn]) -> str:
    return _some([each.given for each in columns])


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def title_of(question: str) -> str:
    """The title of a question as `open_questions` has it."""
    return re.split(r"[.?]", question, maxsplit=1)[0].strip()


def open_questions(contract: bytes) -> list[tuple[int, str]]:
    """The questions that stand in a contract's text, each with its line."""
    lines = enumerate(contract.decode("utf-8-sig", "replace").splitlines(), 1)
    found = ((k, line.strip().removeprefix("#").strip()) for k, line in lines)
    return [(k, line.removeprefix(f"{MARK}: ")) for k, line in found if line.startswith(f"{MARK}: ")]
