"""What the page of a new book says at each of its steps."""

from collections.abc import Mapping, Sequence

import numpy as np

from data.proposing.decisions import ColumnRole
from data.proposing.glance import EMPTY, ColumnGlance, HistogramBar
from data.proposing.pair import CLOSE, ColumnPair
from data.proposing.quality import MANY_GAPS, ColumnQuality, FileQuality
from data.proposing.signals import SUSPICIOUS_AUC
from model.release.begun import BegunBook
from model.release.gate import Gate, ranks_by_chance
from model.release.report import ReleaseReport
from model.report import numbers
from model.report.briefing import Briefing, Column, Finding, Notice, Table, Tile
from model.report.language import enumerated
from model.report.new_book.review import FileReview
from model.report.release import words as release_words

STEPS: Mapping[str, str] = {
    "file": "1 · File and outcome",
    "columns": "2 · Questions and columns",
    "model": "3 · Model",
}
INVITATION = (
    "Bring a book of your own: give a file of loans whose outcome is known, say which outcome is the bad one, answer a "
    "dozen questions, and train. No code, and nothing is decided for good: each step can be left and taken up again."
)
KEPT = (
    "The cells of the file are kept on this machine, readable by the dashboard alone, so that the book can be proposed "
    "anew. They are deleted when the book is promoted, or earlier by a press in step 2."
)
FEW = 100  # loans of the rarer outcome, below which a model is uncertain
LISTED = 12  # columns that are named in a line


def word_label(word: str) -> str:
    """A word of the outcome, for a page."""
    return "(empty)" if word == EMPTY else word


def begun_label(each: BegunBook) -> str:
    """A book in the making, in a list."""
    last = each.changes[-1] if each.changes else None
    who, at = (each.began_by, each.began_at) if last is None else (last.who, last.at)
    return f"{each.name}, from {each.file} · {who}, {at.astimezone():%d %b %H:%M}"


# ---- step 1 ---------------------------------------------------------------------------------------------------------


def file_briefing(review: FileReview) -> Briefing:
    """The file and its outcome."""
    begun, rows = review.begun, review.begun.rows
    held = f"“{begun.file}” has {rows:,} rows and {begun.columns:,} columns"
    if not begun.decisions.target:
        sentence = f"{held}. Which column says what became of each loan?"
    elif not review.outcome_chosen:
        sentence = f"{held}. Say which words of “{begun.decisions.target}” are the bad outcome."
    else:
        counted = f"{review.bad:,} of the {review.bad + review.good:,} loans that count went bad"
        sentence = f"{held}; {counted}, {numbers.percent(review.bad_rate)}."
    known = review.outcome_chosen
    tiles = (
        Tile("Rows", f"{rows:,}"),
        Tile("Bad", f"{review.bad:,}" if known else "–"),
        Tile("Good", f"{review.good:,}" if known else "–"),
        Tile("Left out", f"{review.left_out:,}" if known else "–"),
        Tile("Bad rate", numbers.percent(review.bad_rate) if known else "–"),
    )
    return Briefing("new_book", sentence, tiles, notices=_outcome_notices(review))


def _outcome_notices(review: FileReview) -> tuple[Notice, ...]:
    if not review.outcome_chosen:
        return ()
    found = []
    if review.bad > review.good:
        told = (
            "More than half of the loans went bad. In most books the bad outcome is the rarer one: are the right words "
            "marked?"
        )
        found.append(Notice(told, "warning"))
    fewer = min(review.bad, review.good)
    if fewer < FEW:
        found.append(Notice(f"Only {fewer:,} loans have the rarer outcome: a model of so few is uncertain.", "warning"))
    return tuple(found)


def read_notes(notes: Sequence[str]) -> str:
    """What reading a file took for granted."""
    return " ".join(f"{each}." for each in notes)


# ---- step 2 ---------------------------------------------------------------------------------------------------------


def columns_briefing(review: FileReview, questions: int) -> Briefing:
    """The columns and what is left to answer."""
    inputs, reviewed = len(review.of_role("input")), len(review.reviewed)
    asked = f"{numbers.counted(questions, 'question')} left to answer" if questions else "every question is answered"
    used = f"of the {numbers.counted(reviewed, 'column')} of “{review.begun.file}” the model is given {inputs:,}"
    sentence = f"{used[:1].upper()}{used[1:]}; {asked}."
    aside = sum(len(review.of_role(role)) for role in ("post-outcome", "protected"))
    tiles = (
        Tile("Loans that count", f"{review.bad + review.good:,}"),
        Tile("Bad rate", numbers.percent(review.bad_rate)),
        Tile("Inputs", f"{inputs:,}"),
        Tile("Known afterwards, or protected", f"{aside:,}"),
        Tile("Questions left", f"{questions:,}"),
    )
    return Briefing("new_book", sentence, tiles)


def waiting_words(review: FileReview) -> str:
    """How many decisions are not in the book yet."""
    n = len(review.waiting)
    return f"{numbers.counted(n, 'decision')} not in the book yet" if n else "The book is as decided"


def changes_finding(begun: BegunBook) -> Finding:
    """Who decided what, the latest first."""
    columns = (Column("When"), Column("Who"), Column("What", wraps=True))
    rows = tuple(
        (f"{each.at.astimezone():%d %b %Y, %H:%M}", each.who, enumerated([place_words(at) for at in each.places[:8]]))
        for each in reversed(begun.changes)
    )
    if not rows:
        return Finding("new_book_changes", text=("Nobody has decided anything yet.",))
    table = Table("new-book-changes", "Who decided what", columns, rows)
    return Finding("new_book_changes", table=table, shape="texts", offered=False, widths=(18, 22, 60))


def place_words(place: tuple[str, ...]) -> str:
    """Where a decision stands, in words."""
    if place[0] == "columns":
        return f"{place[1]}: {place[2]}"
    if place[0] == "answered":
        return f"answered “{place[1]}”"
    return place[-1]


def column_words(glance: ColumnGlance) -> str:
    """What a column holds, under its name."""
    parts = [", ".join(glance.samples) or "no value"]
    if glance.gaps:
        parts.append(f"{numbers.percent(glance.gaps / max(glance.rows, 1))} empty")
    return " · ".join(parts)


def bar_words(bar: HistogramBar) -> str:
    """One bar of a histogram, when somebody points at it."""
    rate = "" if bar.bad_rate is None else f", {numbers.percent(bar.bad_rate)} bad"
    return f"{bar.label}: {bar.rows:,} rows{rate}"


def histogram_words(glance: ColumnGlance) -> str:
    """A histogram for those who do not see it."""
    rates = [each.bad_rate for each in glance.bars if each.bad_rate is not None and not each.apart]
    if not rates:
        return f"{glance.name}: {numbers.counted(len(glance.bars), 'bar')}"
    return (
        f"{glance.name}: bad rate from {numbers.percent(min(rates))} to {numbers.percent(max(rates))} over its values"
    )


def rates_words(glance: ColumnGlance) -> str:
    """The bad rate at the lowest and at the highest values of a column, short."""
    rates = [each.bad_rate for each in glance.bars if each.bad_rate is not None and not each.apart]
    if not rates or glance.held == "words":
        return ""
    return f"bad {numbers.percent(rates[0], 0)} → {numbers.percent(rates[-1], 0)}"


def quality_finding(found: FileQuality | None) -> Finding:
    """What in the file a person should look at: what was found in it, in sentences, and every column; None before the
    book was proposed."""
    if found is None:
        return Finding("new_book_quality", "What is in the file is told once it is known what is bad", offered=False)
    columns = (
        Column("Column"),
        Column("Empty, %", digits=1),
        Column("Different values", digits=0),
        Column("Far from all others", digits=0),
        Column("Numbers that look like codes"),
        Column("To look at"),
    )
    rows = [
        (
            each.name,
            100 * each.share_missing,
            float(each.different),
            float(each.outliers),
            ", ".join(code.value for code in each.special),
            _suspect(each),
        )
        for each in found.columns
    ]
    rows.sort(key=lambda row: (not row[5], not row[4], -row[1]))
    points = found.findings()
    headline = f"{numbers.counted(len(points), 'thing')} to ask about" if points else "Nothing in the file stands out"
    table = Table("new-book-quality", "What the file's columns hold", columns, tuple(rows))
    return Finding("new_book_quality", headline, table=table, points=points, offered=False)


def _suspect(column: ColumnQuality) -> str:
    if column.suspect:
        return "may know the outcome"
    if column.constant:
        return "the same in every row"
    if column.nearly:
        return "nearly the same in every row"
    if column.share_missing >= MANY_GAPS:
        return "mostly empty"
    return column.unread


def pair_finding(pair: ColumnPair) -> Finding:
    """Two columns held against each other."""
    one, other = pair.names
    columns = (Column(f"{one} ↓ · {other} →"), *(Column(f"{head}{' ' * k}") for k, head in enumerate(pair.heads[1])))
    rows = tuple(
        (head, *(_cell(pair, k, j) for j in range(len(pair.heads[1])))) for k, head in enumerate(pair.heads[0])
    )
    table = Table("new-book-pair", f"Bad rate by {one} (rows) and {other} (columns)", columns, rows)
    strong = [name for name, area in zip(pair.names, pair.apart, strict=True) if area > SUSPICIOUS_AUC]
    if strong:
        headline = f"{enumerated(strong)} may know the outcome: alone it ranks nearly all loans right"
    elif pair.repeats:
        headline = f"{one} and {other} say the same: one of them can be left out"
    elif abs(pair.correlation) >= CLOSE:
        headline = f"{one} and {other} go together closely"
    else:
        headline = f"{one} and {other} say different things"
    ranks = ", ".join(f"{name} {area:.3f}" for name, area in zip(pair.names, pair.apart, strict=True))
    note = (
        f"Rank correlation {numbers.plain(pair.correlation, 2)}; the same cell in {numbers.percent(pair.equal)} of "
        f"rows; AUC alone: {ranks}. Each cell of the table: bad rate, and of how many rows."
    )
    return Finding("new_book_pair", headline, table=table, shape="texts", note=note, offered=False)


def _cell(pair: ColumnPair, k: int, j: int) -> str:
    rate, n = pair.rates[k, j], int(pair.counts[k, j])
    return "–" if np.isnan(rate) else f"{numbers.percent(float(rate), 0)} of {n:,}"


# ---- step 3 ---------------------------------------------------------------------------------------------------------

ADVICE: Mapping[str, str] = {
    "auc": "The inputs say little of the outcome. In step 2, look for columns left out that are known at the decision.",
    "brier": "Errors exceed those of the mean rate. Check which words are bad, and the special codes.",
    "ece": "Predicted and observed differ. More rows help; so does leaving out weak inputs.",
    "slope": "The model spreads too little. More inputs, or fewer directions kept to, help.",
    "slope_low": "The model spreads too much for so few loans. Leave out weak inputs.",
    "too_good": "Something may know the outcome. In step 2, hold the strongest columns against each other, and mark "
    "what is known only afterwards.",
    "single": "This input may know the outcome. If it is known only afterwards, say so in step 2.",
    "duplicates": "The same loan stands in the file more than once. Take copies out of the file.",
    "ordered": "The order of some words follows the outcome. Put them in an order of their own in step 2.",
    "shuffled": "Even shuffled outcomes can be told apart: the file is too small, or rows repeat.",
}
BY_KIND: Mapping[str, str] = {
    "contract": "Put the decisions into the book, then train again.",
    "champion": "It is worse than the model that answers now. Keep that one, or give a reason.",
    "later": "Later years look different. Train on later years only.",
    "stability": "The book has changed over time. Train on later years only.",
    "leakage": "Something may know the outcome. Look at the strongest inputs in step 2.",
    "fairness": "A group is granted less often. See Trust; a person decides whether that is right.",
    "speed": "The model is slow. Fewer inputs help.",
    "size": "The model is large. Fewer inputs help.",
}
NOT_YOURS = "Not a matter of your data. Tell whoever runs this dashboard."


def gate_advice(gate: Gate) -> str:
    """What to do about a gate that did not pass; "" for one that did."""
    if gate.passed:
        return ""
    advice = ADVICE.get(gate.name) or BY_KIND.get(gate.kind, NOT_YOURS)
    return f"{gate.note} {advice}" if ranks_by_chance([gate]) else advice


def decided_finding(review: FileReview) -> Finding:
    """What a book decides, in a few lines, for whoever answers for it to read."""
    assert review.contract is not None
    contract = review.contract

    def said(table: str, key: str) -> str:
        value = contract.value(table, key)
        return "" if value is None else str(value)

    def columns(role: ColumnRole) -> str:
        return _some([review.label(name) for name in review.of_role(role)])

    directed = [(name, review.direction(name)) for name in review.of_role("input") if review.direction(name)]
    codes = [
        f"{code:.12g} in {review.label(each.name)}: {word}"
        for each in review.reviewed
        for code, word in review.special(each.name).items()
        if word and review.role(each.name) == "input"
    ]
    decisions = review.begun.decisions
    bad = f"{_some([word_label(each) for each in decisions.bad])}: {review.bad:,} of {review.bad + review.good:,}"
    months = contract.value("book", "pd_months")
    rows = {
        "The bad outcome": f"{bad} loans, {numbers.percent(review.bad_rate)}",
        "Rows left out": f"{review.left_out:,}" if review.left_out else "",
        "Observed over": numbers.counted_exactly(float(months), "month") if isinstance(months, int | float) else "",
        "The model is given": columns("input"),
        "More of it, more risk": _some([review.label(name) for name, way in directed if way > 0]),
        "More of it, less risk": _some([review.label(name) for name, way in directed if way < 0]),
        "Numbers that are codes": _some(codes),
        "Known only afterwards": columns("post-outcome"),
        "Protected": columns("protected"),
        "Year of origin": columns("vintage"),
        "Left out": columns("left out"),
        "What is owed": _some(review.owed) or "no column: told in loans and defaults, not in money",
        "A loan is granted from": f"a score of {said('score', 'cutoff')}",
        "Who answers for it": said("card", "owner"),
    }
    told = tuple((head, text) for head, text in rows.items() if text)
    table = Table("new-book-decided", "What this book decides", (Column("What"), Column("Decided", wraps=True)), told)
    return Finding("new_book_decided", table=table, shape="texts", widths=(24, 76), offered=False)


def _some(texts: Sequence[str]) -> str:
    """The first of some texts, and how many more."""
    more = [f"{len(texts) - LISTED:,} more"] if len(texts) > LISTED else []
    return enumerated([*texts[:LISTED], *more]) if texts else ""


def trained_briefing(name: str, release: str, report: ReleaseReport) -> Briefing:
    """A release of the book that was trained, and whether it can be promoted."""
    failed = [gate for gate in report.gates if not gate.passed and gate.stops]
    watched = [gate for gate in report.gates if not gate.passed and not gate.stops]
    if ranks_by_chance(report.gates):
        sentence = (
            f"The model of “{name}” is refused: it ranks no better than chance. These columns do not tell who is bad."
        )
    elif failed:
        sentence = (
            f"The model of “{name}” is trained, but {numbers.counted(len(failed), 'gate')} did not pass. See what to "
            "do, or promote it all the same with a reason."
        )
    else:
        sentence = f"The model of “{name}” is trained, and no gate stands in the way of its promotion."
    tiles = (
        Tile("Release", release[:6]),
        Tile("Gates passed", f"{sum(gate.passed for gate in report.gates)} of {len(report.gates)}"),
        Tile("Stop a promotion", f"{len(failed)}"),
        Tile("To watch", f"{len(watched)}"),
    )
    open_ = (gates_finding(report),) if failed or watched else ()
    return Briefing("new_book", sentence, tiles, make_findings=lambda: open_)


def passed_finding(report: ReleaseReport) -> Finding:
    """The gates that passed."""
    columns = tuple(map(Column, ("Gate", "Figure", "Threshold")))
    rows = tuple(
        (gate.label, release_words.figure(gate), release_words.bound(gate)) for gate in report.gates if gate.passed
    )
    table = Table("new-book-passed", "The gates that passed", columns, rows)
    return Finding("new_book_passed", table=table, shape="texts", widths=(60, 18, 22), offered=False)


def gates_finding(report: ReleaseReport) -> Finding:
    """The gates that did not pass, those that stop a promotion first, with what to do."""
    columns = tuple(map(Column, ("Gate", "Figure", "Threshold", "Verdict", "What to do")))
    ranked = sorted((gate for gate in report.gates if not gate.passed), key=lambda gate: not gate.stops)
    rows = tuple(
        (gate.label, release_words.figure(gate), release_words.bound(gate), gate.verdict, gate_advice(gate))
        for gate in ranked
    )
    table = Table("new-book-gates", "The gates that did not pass, and what to do", columns, rows)
    return Finding("new_book_gates", table=table, shape="texts", widths=(32, 10, 14, 9, 35), offered=False)


# ---- pictures -------------------------------------------------------------------------------------------------------


def histogram_heights(glance: ColumnGlance) -> tuple[tuple[float, float | None], ...]:
    """Of each bar its height, and where its bad rate stands, in [0, 1] of the picture's height."""
    most = max((bar.rows for bar in glance.bars), default=1) or 1
    worst = max((bar.bad_rate or 0.0 for bar in glance.bars), default=0.0) or 1.0
    return tuple(
        (bar.rows / most, None if bar.bad_rate is None else 0.94 * bar.bad_rate / worst) for bar in glance.bars
    )


def share_words(rows: int, total: int) -> str:
    """So many rows and their share of all."""
    return f"{rows:,} rows, {numbers.percent(rows / max(total, 1))}"
