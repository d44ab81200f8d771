"""The dozen questions about a new book, each with what can be answered and what the answer changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from data.contract import plural
from data.contract.toml import Way
from data.json_types import Json
from data.proposing.decisions import ColumnRole, Decisions
from data.proposing.drafting import placeholder
from data.proposing.money import NO_AMOUNT, NO_CURRENCY, AmountCandidate
from data.proposing.questions import TITLES
from model.release.begun_contract import StandingQuestion, WrittenContract
from model.report import numbers
from model.report.language import enumerated
from model.report.new_book.review import FileReview

Asks = Literal["text", "long", "number", "choice", "several"]
Answer = str | float | tuple[str, ...]
Answers = Mapping[str, Answer]

LOSS_GIVEN_DEFAULT = 0.45  # by which the effect of an exposure is told before the book has its own
WHOLE_AMOUNT = 100.0  # a column whose mean is less is no amount of money


@dataclass(frozen=True)
class AskedField:
    """One thing to give: a text, a number, one of some ``options`` (name and label), or several of them. ``needed``:
    the question is not answered without it."""

    key: str
    label: str
    asks: Asks
    value: Answer
    options: tuple[tuple[str, str], ...] = ()
    needed: bool = False
    help: str = ""


def _no_decision(decisions: Decisions, _answers: Answers) -> Decisions:
    return decisions


def _nothing_written(_answers: Answers) -> Mapping[Way, Json]:
    return {}


def _no_effect(_answers: Answers) -> str:
    return ""


@dataclass(frozen=True, eq=False)
class ReviewQuestion:
    """A question with what is asked for; ``effect`` says what given answers change, ``decide`` and ``write`` make of
    them what was decided and what stands in the contract."""

    title: str
    ask: str
    fields: tuple[AskedField, ...] = ()
    effect: Callable[[Answers], str] = _no_effect
    decide: Callable[[Decisions, Answers], Decisions] = _no_decision
    write: Callable[[Answers], Mapping[Way, Json]] = _nothing_written

    def lacking(self, answers: Answers) -> str:
        """What must still be given, "" if nothing."""
        open_ = [each.label for each in self.fields if each.needed and not str(answers.get(each.key, "")).strip()]
        return f"Give first: {enumerated(open_)}." if open_ else ""


def review_questions(review: FileReview) -> tuple[ReviewQuestion, ...]:
    """The questions that are left in the contract, each with pickers."""
    if review.contract is None:
        return ()
    found = [_question(review, review.contract, each) for each in review.contract.questions]
    return tuple(sorted(found, key=lambda each: TITLES.index(each.title) if each.title in TITLES else len(TITLES)))


def _question(review: FileReview, contract: WrittenContract, asked: StandingQuestion) -> ReviewQuestion:
    plain = ReviewQuestion(asked.title, asked.ask)
    for table, (title, labels) in _TABLES.items():
        if asked.title == title:
            return _written(plain, contract, table, labels, review.bad_rate)
    if asked.title in _ROLES:
        return _role(plain, review, _ROLES[asked.title])
    made = {
        "Numbers that mean there is no value": _codes,
        "Directions that the model keeps to": _directions,
        "What is owed": _owed,
        "The currency": _currency,
        "Assumptions": _assumptions,
    }.get(asked.title)
    return plain if made is None else made(plain, review)


# ---- what is written to the contract --------------------------------------------------------------------------------

_TABLES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "outcome": (
        "The outcome",
        {
            "book.outcome": "As a verb: customers who …",
            "book.probability": "As a noun: the probability of …",
            "book.record": "One row of the file is one …",
        },
    ),
    "time": (
        "Its time",
        {"book.pd_months": "Months over which it was observed", "book.pd_horizon": "In words"},
    ),
    "data": (
        "The data",
        {
            "book.as_of": "When were they drawn?",
            "book.sample": "How were the loans chosen?",
            "book.decision_note": "Are applicants who were declined in them?",
        },
    ),
    "cutoff": ("The cut-off", {"score.cutoff": "Score from which on a loan is granted"}),
    "card": (
        "The model card",
        {
            "card.purpose": "What the model is for",
            "card.users": "Who uses it",
            "card.owner": "Who answers for it",
            "card.tier": "How much depends on it (tier)",
            "card.not_for": "What it must not be used for",
            "card.limits": "What it cannot say",
        },
    ),
}
_EFFECTS: Mapping[str, str] = {
    "data": "It stands under the book's name on every page, and on the model card.",
    "card": "It stands on the model card, which goes with every release. No model is promoted without it.",
}


def _written(
    asked: ReviewQuestion, contract: WrittenContract, table: str, labels: Mapping[str, str], rate: float
) -> ReviewQuestion:
    """A question whose answers stand in a table of the contract as they are given."""
    fields = []
    for key, label in labels.items():
        part, _, name = key.partition(".")
        value = contract.value(part, name)
        if value is None:
            continue
        if isinstance(value, int | float) and not isinstance(value, bool):
            fields.append(AskedField(key, label, "number", float(value)))
            continue
        text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
        shape: Asks = "long" if table == "card" or name == "decision_note" else "text"
        unsaid = placeholder(text) or name == "decision_note"
        shown = "" if unsaid else text
        fields.append(AskedField(key, label, shape, shown, needed=True))
    kinds = {each.key: contract.value(*each.key.split(".", 1)) for each in fields}
    return replace(
        asked,
        fields=tuple(fields),
        effect=partial(_effect_of_table, table, rate),
        write=lambda answers: {_way(key): _as_there(answers[key], kinds[key]) for key in kinds if key in answers},
    )


def _way(key: str) -> Way:
    table, _, name = key.partition(".")
    return table, name


def _as_there(answer: Answer, there: Json) -> Json:
    """An answer in the shape of what stands there."""
    if isinstance(there, list):
        return [each.strip() for each in str(answer).split(";") if each.strip()]
    if isinstance(there, int) and not isinstance(answer, str | tuple) and float(answer).is_integer():
        return int(answer)
    return answer if not isinstance(answer, tuple) else list(answer)


def _effect_of_table(table: str, rate: float, answers: Answers) -> str:
    if table == "outcome":
        one, verb, noun = (str(answers.get(f"book.{key}", "")).strip() for key in ("record", "outcome", "probability"))
        told = f"{numbers.percent(rate)} of {plural(one)} {verb}" if one and verb else "…"
        return f"Every page says it so: “{told}”; “{noun}”."
    if table == "time":
        months = float(str(answers.get("book.pd_months", 12)))
        over = "a year" if months == 12 else numbers.counted_exactly(months, "month")
        return f"A probability is told over {over}; yearly losses and capital are worked out from it."
    if table == "cutoff":
        return f"A loan with a score of {answers.get('score.cutoff', 0):,.0f} or more would be granted."
    return _EFFECTS.get(table, "")


def _assumptions(asked: ReviewQuestion, review: FileReview) -> ReviewQuestion:
    assert review.contract is not None
    listed = list(review.contract.values.get("assumptions", []))
    fields = tuple(
        AskedField(each["name"], *_figure_asked(each["name"], float(each["default"]), review)) for each in listed
    )
    places = {each["name"]: k for k, each in enumerate(listed)}

    def effect(answers: Answers) -> str:
        lgd = answers.get("lgd")
        if not isinstance(lgd, int | float):
            return "Losses, margins and capital are worked out with these."
        return f"Of what is owed at default {lgd:.3g} % is lost; margins and capital follow the rest."

    return replace(
        asked,
        fields=fields,
        effect=effect,
        write=lambda answers: {
            ("assumptions", places[key], "default"): _figure(key, float(str(answers[key])))
            for key in places
            if key in answers
        },
    )


_FIGURES: Mapping[str, str] = {
    "ccf": "Credit conversion factor",
    "lgd": "Loss given default",
    "apr": "Interest charged a year",
    "funding": "Funding cost a year",
    "opex": "Cost of a loan a year",
    "annual_default_rate": "Default rate a year",
    "correlation": "Correlation of loans with the economy",
}
_OF_MONEY = frozenset({"opex"})  # the others are shares, which are asked for in per cent


def _figure_asked(name: str, value: float, review: FileReview) -> tuple[str, Asks, float]:
    """What an assumption is called, how it is asked for, and what stands there, in per cent unless it is money."""
    if name not in _FIGURES:
        return name, "number", value
    if name in _OF_MONEY:
        sign = review.begun.decisions.currency or review.money
        return f"{_FIGURES[name]}{'' if sign in ('', NO_CURRENCY) else f', {sign}'}", "number", value
    return f"{_FIGURES[name]}, %", "number", float(f"{100 * value:.12g}")


def _figure(name: str, answer: float) -> float:
    """What was answered, as the contract has it."""
    return float(f"{answer / 100:.12g}") if name in _FIGURES and name not in _OF_MONEY else answer


# ---- what is decided about columns ----------------------------------------------------------------------------------

_ROLES: Mapping[str, ColumnRole] = {
    "Known only after the outcome, so no input": "post-outcome",
    "Protected, so no input": "protected",
    "The year a record came into the book": "vintage",
    "Left out": "left out",
}


def _role(asked: ReviewQuestion, review: FileReview, role: ColumnRole) -> ReviewQuestion:
    """Which columns have a role; whoever takes one away makes it an input."""
    now = review.of_role(role)
    options = tuple((each.name, f"{each.name}: {', '.join(each.samples[:2])}") for each in review.reviewed)
    inputs = set(review.of_role("input"))

    def decide(decisions: Decisions, answers: Answers) -> Decisions:
        chosen = _names(answers, "columns")
        for name in {*chosen, *now}:
            wanted: ColumnRole = role if name in chosen else "input"
            decisions = decisions.with_column(name, replace(decisions.of(name), role=wanted))
        return decisions

    def effect(answers: Answers) -> str:
        chosen = set(_names(answers, "columns"))
        left = len((inputs - chosen) | (set(now) - chosen))
        of_it = numbers.counted(len(chosen), "column")
        return f"The model is given {numbers.counted(left, 'column')}; {of_it} of this kind."

    field = AskedField("columns", "Columns of this kind", "several", now, options)
    return replace(asked, fields=(field,), effect=effect, decide=decide)


def _directions(asked: ReviewQuestion, review: FileReview) -> ReviewQuestion:
    asked = replace(asked, ask=asked.ask.partition(" 1:")[0])
    claimed = tuple(name for name in review.of_role("input") if review.direction(name))
    words = {1: "more of it, more risk", -1: "more of it, less risk"}
    options = tuple((name, f"{name}: {words[review.direction(name)]}") for name in claimed)

    def decide(decisions: Decisions, answers: Answers) -> Decisions:
        kept = _names(answers, "columns")
        for name in claimed:
            wanted = review.direction(name) if name in kept else 0
            decisions = decisions.with_column(name, replace(decisions.of(name), direction=wanted))  # type: ignore[arg-type]
        return decisions

    def effect(answers: Answers) -> str:
        kept = _names(answers, "columns")
        return (
            f"The model keeps to the direction of {numbers.counted(len(kept), 'column')}, whatever single loans say, "
            "and follows the file in the others."
        )

    field = AskedField("columns", "These hold for a reason", "several", claimed, options)
    return replace(asked, fields=(field,), effect=effect, decide=decide)


def _codes(asked: ReviewQuestion, review: FileReview) -> ReviewQuestion:
    ask = f"{asked.ask.partition(' Correct its words')[0]} Leave the words of a number empty that is no code."
    asked = replace(asked, ask=ask)
    held: dict[float, list[str]] = {}
    for each in review.reviewed:
        for code in review.special(each.name):
            held.setdefault(code, []).append(each.name)
    fields = []
    for code, names in sorted(held.items()):
        said = next((word for name in names if (word := review.special(name)[code])), "")
        where = names[0] if len(names) == 1 else numbers.counted(len(names), "column")
        fields.append(AskedField(f"{code:.15g}", f"{code:.12g} means, in {where}", "text", said, help=", ".join(names)))

    def decide(decisions: Decisions, answers: Answers) -> Decisions:
        for name in dict.fromkeys(each for names in held.values() for each in names):
            special = {code: str(answers.get(f"{code:.15g}", "")).strip() for code in review.special(name)}
            decisions = decisions.with_column(name, replace(decisions.of(name), special=special))
        return decisions

    def effect(answers: Answers) -> str:
        named = [key for key in answers if str(answers[key]).strip()]
        rows = sum(
            bar.rows
            for each in review.reviewed
            for bar in each.bars
            if bar.apart and bar.label in {f"{float(key):.12g}" for key in named}
        )
        if not named:
            return "None of these is a code: each is read as the number that it is."
        plain = [f"{float(key):.12g}" for key in answers if key not in named]
        rest = f" {enumerated(plain)}: read as the number that it is." if plain else ""
        return f"{rows:,} cells are read as what they mean, kept apart and told in words, not as numbers.{rest}"

    return replace(asked, fields=tuple(fields), effect=effect, decide=decide)


def may_be_owed(review: FileReview) -> Mapping[str, str]:
    """The columns that may say what is owed, each with its total: those that look like it, then what else is large."""
    found = {each.column: _told(each, review) for each in review.amounts}
    for each in review.reviewed:
        numeric = each.held == "numbers" and review.kind(each.name) == "number" and review.role(each.name) == "input"
        if numeric and each.total >= WHOLE_AMOUNT * max(each.known_rows, 1):
            found.setdefault(each.name, f"{each.name}: {_money(each.total, review)} in all")
    return found


def _told(candidate: AmountCandidate, review: FileReview) -> str:
    what = f", {candidate.what.partition(':')[0]}" if candidate.what else ""
    return f"{candidate.column}: {_money(candidate.total, review)} in all{what}"


def _owed(asked: ReviewQuestion, review: FileReview) -> ReviewQuestion:
    found, taken = may_be_owed(review), review.owed
    totals = {each.name: each.total for each in review.glances} | {each.column: each.total for each in review.amounts}
    proposed = {0: NO_AMOUNT, 1: "".join(taken)}.get(len(taken), "")
    said = review.begun.decisions.amount or proposed
    both = (("", f"{enumerated(taken)} together: a limit, and what is drawn on it"),) if len(taken) > 1 else ()
    options = (*both, *found.items(), (NO_AMOUNT, "no column: tell the book in loans and defaults, not in money"))
    if taken:
        ask = f"{enumerated(taken)} {'were' if len(taken) > 1 else 'was'} taken for what is owed. Is it, at default?"
    else:
        ask = "No column was taken for what is owed on a loan. Is there one?"

    def effect(answers: Answers) -> str:
        name = str(answers.get("amount", ""))
        if name == NO_AMOUNT:
            return "Pages tell loans and expected defaults. Losses, margins, capital and limits in money are left out."
        if name not in totals:
            return "Exposure at default is what is drawn, and a part of what is left of the limit."
        loss = totals[name] * review.bad_rate * LOSS_GIVEN_DEFAULT
        return (
            f"Exposure at default is {_money(totals[name], review)}; at the file's bad rate and a loss of 45 % the "
            f"expected loss is about {_money(loss, review)}. Limits follow."
        )

    def decide(decisions: Decisions, answers: Answers) -> Decisions:
        return replace(decisions, amount=str(answers.get("amount", "")) or None)

    field = AskedField("amount", "What is owed", "choice", said, options)
    return replace(asked, ask=ask, fields=(field,), effect=effect, decide=decide)


def _currency(asked: ReviewQuestion, review: FileReview) -> ReviewQuestion:
    def effect(answers: Answers) -> str:
        sign = str(answers.get("currency", "")).strip()
        return f"Amounts are told as {numbers.money(1_200_000, sign)}." if sign else "Amounts are told without a sign."

    def decide(decisions: Decisions, answers: Answers) -> Decisions:
        return replace(decisions, currency=str(answers.get("currency", "")).strip() or None)

    field = AskedField("currency", "Its sign", "text", review.begun.decisions.currency or "", needed=True)
    return replace(
        asked,
        fields=(field,),
        effect=effect,
        decide=decide,
        write=lambda answers: {("book", "currency"): str(answers.get("currency", "")).strip()},
    )


def _money(amount: float, review: FileReview) -> str:
    sign = review.begun.decisions.currency or review.money
    return numbers.money(amount, "" if sign == NO_CURRENCY else sign)


def _names(answers: Answers, key: str) -> tuple[str, ...]:
    given = answers.get(key, ())
    return given if isinstance(given, tuple) else ()
