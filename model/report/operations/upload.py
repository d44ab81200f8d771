"""A file of customers as the model scored it, and what is said of it: how many, how risky, and what was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract, capitalised, lower
from model.report import language, numbers
from model.report.briefing import Briefing, Cell, Column, Finding, Item, Notice, Table, Tile
from model.whatif.customer.scenario import CUTOFF

MAX_ROWS_SHOWN = 1_000  # the downloads hold all
MAX_REASONS_ASKED = 1_000  # records whose reasons are asked through predictions
MAX_REPEATED_TOLD = 3  # identifiers that stand on several lines
MAX_IGNORED_TOLD = 5  # columns that nothing reads
KNOWN, OUTSIDE = "known", "outside"  # territory
RESULTS, REFUSED = "results", "refused"  # findings
SMALL, REASON_WIDTH = 75, 680  # pixels of a column


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be scored, and every reason. ``line`` as in the file, whose header is line 1."""

    line: int
    id: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class FileReasons:
    """The weightiest concepts of each record in whole score points: their ``labels`` and ``points`` (k, n), a label ""
    where there are no points; the points of all ``others`` together (n,), so that ``average`` (n,), the score of the
    average customer, + points = score."""

    average: NDArray[np.int64]
    labels: NDArray[Any]
    points: NDArray[np.int64]
    others: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ScoredFile:
    """What a ``release`` said of the n records of a file that can be scored, in the file's order, under
    ``assumptions``, the cut-off among them.

    ``names`` (n,): what a row is called, by its identifier or its line; ``lines`` (n,) in the file; ``pd`` (n,) in
    [0, 1]; ``scores`` (n,) rounded down; ``granted`` (n,); ``loss`` (n,) expected and the bank's own share of it,
    ``net_loss`` (n,), in the book's currency; ``outside`` (n,) known territory; ``reasons`` are None where they were
    not asked for. ``refused`` rows; columns ``ignored``, because nothing reads them, and how many ``protected`` ones
    were left unread; ``repeated``: identifiers that stand on several lines, with those; ``notes``: what reading took
    for granted.
    """

    contract: Contract
    release: str
    assumptions: Mapping[str, float]
    names: NDArray[Any]
    lines: NDArray[np.int64]
    pd: Array
    scores: NDArray[np.int64]
    granted: NDArray[np.bool_]
    loss: Array
    net_loss: Array
    outside: NDArray[np.bool_]
    reasons: FileReasons | None = None
    refused: tuple[BadRow, ...] = ()
    ignored: tuple[str, ...] = ()
    protected: int = 0
    repeated: tuple[tuple[str, tuple[int, ...]], ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pd)

    @property
    def given(self) -> int:
        """How many rows the file held."""
        return len(self) + len(self.refused)


def upload_briefing(scored: ScoredFile) -> Briefing:
    """What is said of a file that was scored: the results, then the rows refused, where there are any."""
    repeated = repetition(scored.contract, scored.repeated)
    return Briefing(
        "operations",
        sentence(scored),
        tiles=tiles(scored),
        below=" ".join((assumed(scored), *scored.notes)),
        notices=(Notice(repeated, "warning"),) if repeated else (),
        make_findings=lambda: findings(scored),
    )


def invitation(contract: Contract) -> str:
    """What a file is for, before there is one."""
    return (
        f"Give a file of {contract.book.records}. The deployed model scores every row that can be scored, "
        "with its reasons, and says of every other row what is wrong with it."
    )


def not_read(error: str) -> str:
    """Why a file as a whole cannot be used."""
    return f"Not read: {error}"


# ---- the numbers ------------------------------------------------------------------------------------------------


def sentence(scored: ScoredFile) -> str:
    """What came of a file."""
    book, bad = scored.contract.book, len(scored.refused)
    none = numbers.counted(bad, "row") if bad else "no rows"
    people = numbers.counted(scored.given, book.record)
    if scored.repeated:
        different = scored.given - sum(len(lines) - 1 for _, lines in scored.repeated)
        people = f"{scored.given:,} rows, which are {numbers.counted(different, book.record)},"
    told = f"{len(scored):,} of {people} scored; {none} refused"
    if not len(scored):
        return f"{told}. No {book.record} can be scored before the rows below are put right."
    mean, granted = numbers.percent(float(scored.pd.mean())), int(scored.granted.sum())
    return f"{told}; {granted:,} would be {language.granting(scored.contract)}, mean PD {mean}."


def tiles(scored: ScoredFile) -> tuple[Tile, ...]:
    """How many were scored and refused; how many of those scored would be granted, how risky they are, what they would
    lose."""
    contract, book, bad = scored.contract, scored.contract.book, len(scored.refused)
    counted = (
        Tile("Scored", f"{len(scored):,}", notes=(f"of {numbers.counted(scored.given, 'row')}",)),
        Tile("Refused", f"{bad:,}", notes=("reasons below" if bad else "no row is bad",)),
    )
    if not len(scored):
        return counted
    mean, granted = float(scored.pd.mean()), int(scored.granted.sum())
    share = numbers.percent(granted / len(scored))
    outside = f"{int(scored.outside.sum()):,} outside known territory"
    net = (f"net of the guarantee {_money(scored, scored.net_loss)}",) if contract.guaranteed else ()
    return (
        *counted,
        Tile(f"Would be {language.granting(contract)}", f"{granted:,}", notes=(f"{share} of those scored",)),
        Tile(f"Mean PD, {book.pd_horizon}", numbers.percent(mean), notes=(numbers.in_100(mean),)),
        Tile(f"{language.lost_label(contract)}, {book.pd_horizon}", _money(scored, scored.loss), notes=(*net, outside)),
    )


def _money(scored: ScoredFile, losses: Array) -> str:
    return numbers.money(float(losses.sum()), scored.contract.book.currency)


def assumed(scored: ScoredFile) -> str:
    """What else is to be known: what was assumed, which columns nothing reads."""
    contract = scored.contract
    parts = [
        f"{lower(each.label)} {language.assumption_value(each.unit, scored.assumptions[each.name])}"
        for each in contract.assumptions
        if each.name in contract.exposed_to
    ]
    cutoff = f"cut-off {numbers.exactly(scored.assumptions[CUTOFF])}"
    told = f"The contract's own assumptions: {', '.join([cutoff, *parts])}."
    if scored.ignored:
        more = len(scored.ignored) - MAX_IGNORED_TOLD
        names = ", ".join(scored.ignored[:MAX_IGNORED_TOLD]) + (f" and {more:,} more" if more > 0 else "")
        told += f" Columns nothing reads: {names}."
    if scored.protected:
        told += f" {numbers.counted(scored.protected, 'column')} of protected attributes left unread."
    return told


def repetition(contract: Contract, repeated: Sequence[tuple[str, tuple[int, ...]]]) -> str:
    """What is to be said of customers who stand in a file several times, with the lines they stand on; "" if none
    does."""
    n = len(repeated)
    if not n:
        return ""
    some = [
        f"{name} on lines {', '.join(f'{line:,}' for line in own[:5])}{' …' * (len(own) > 5)}"
        for name, own in repeated[:MAX_REPEATED_TOLD]
    ]
    more = f" and {n - MAX_REPEATED_TOLD:,} more" if n > MAX_REPEATED_TOLD else ""
    stand = "stands" if n == 1 else "stand"
    people = numbers.counted(n, contract.book.record)
    return f"{people} {stand} in the file more than once, and every row counts: {'; '.join(some)}{more}."


# ---- results and rows refused -----------------------------------------------------------------------------------


def findings(scored: ScoredFile) -> tuple[Item, ...]:
    """The customers scored, the rows refused; neither where there is none."""
    found: list[Item] = []
    if len(scored):
        found.append(results(scored))
    if scored.refused:
        found.append(refused(scored.contract, scored.refused))
    return tuple(found)


def results(scored: ScoredFile) -> Finding:
    """The customers scored, the riskiest first."""
    contract, people = scored.contract, scored.contract.book.records
    top = np.argsort(-scored.pd, kind="stable")[:MAX_ROWS_SHOWN]
    notes = []
    if scored.reasons is None:
        notes.append(
            f"Without reasons: the model gives none itself, and asking for those of more than {MAX_REASONS_ASKED:,} "
            f"{people} through its predictions would take too long. Give fewer at a time."
        )
    if len(top) < len(scored):
        notes.append(f"The {len(top):,} riskiest of {len(scored):,}; the downloads hold all, in the file's order.")
    columns = (
        Column(capitalised(contract.book.record), width=SMALL),
        Column("PD", "%", 1, width=65),
        Column("Score", digits=0, width=60),
        Column("Decision", width=92),
        *(Column(name, digits=0, width=116) for name, _ in losses(scored)),
        Column("Territory", width=SMALL, help="Whether the model has seen the like"),
        *((Column("Reasons, in score points"),) if scored.reasons is not None else ()),
    )
    table = Table("scored", f"The {people} scored, the riskiest first", columns, tuple(_rows(scored, top)))
    return Finding(RESULTS, _riskiest(scored, int(top[0])), table=table, note=" ".join(notes), offered=False)


def _riskiest(scored: ScoredFile, k: int) -> str:
    name, person = scored.names[k], scored.contract.book.record
    who = f"the {person} on {name}" if name == on_line(int(scored.lines[k])) else f"{person} {name}"
    return f"The riskiest is {who}, with a PD of {numbers.percent(float(scored.pd[k]))}"


def _rows(scored: ScoredFile, top: NDArray[np.int64]) -> list[tuple[Cell, ...]]:
    parts: list[Sequence[Cell]] = [
        [str(each) for each in scored.names[top].tolist()],
        (100 * scored.pd[top]).tolist(),
        scored.scores[top].tolist(),
        [decision(scored.contract, each) for each in scored.granted[top].tolist()],
        *(values[top].tolist() for _, values in losses(scored)),
        [OUTSIDE if each else KNOWN for each in scored.outside[top].tolist()],
    ]
    if scored.reasons is not None:
        parts.append(reasons_in_words(scored.reasons, top))
    return list(zip(*parts, strict=True))


def reasons_in_words(reasons: FileReasons, rows: NDArray[np.int64]) -> list[str]:
    """The reasons of some rows: "Late payments −46, Amounts paid −11"."""
    return [
        ", ".join(
            f"{label} {numbers.score_points(part)}"
            for label, part in zip(reasons.labels[:, k], reasons.points[:, k].tolist(), strict=True)
            if label
        )
        for k in rows.tolist()
    ]


def refused(contract: Contract, refused_rows: Sequence[BadRow]) -> Finding:
    """The rows refused, each reason a row of its own."""
    bad, shown = len(refused_rows), refused_rows[:MAX_ROWS_SHOWN]
    columns = (
        Column("Line", digits=0, width=SMALL),
        Column(capitalised(contract.book.record), width=SMALL),
        Column("Reason", width=REASON_WIDTH, wraps=True),
    )
    rows = tuple((row.line, row.id, reason) for row in shown for reason in row.reasons)
    return Finding(
        REFUSED,
        f"{numbers.counted(bad, 'row')} refused: put them right in the file and give it again",
        table=Table("refused-rows", "Rows refused, each reason a line", columns, rows),
        note=f"The first {len(shown):,} of {bad:,}; the download holds all." if bad > len(shown) else "",
        offered=False,
    )


# ---- what files call it -----------------------------------------------------------------------------------------


def on_line(line: int) -> str:
    """What a row is called that has no identifier: by its line in the file, and never like a customer's number."""
    return f"line {line}"


def decision(contract: Contract, granted: bool) -> str:
    """What stands in the column of decisions: Granted; Not approved."""
    return language.decided(contract, granted).capitalize()


def losses(scored: ScoredFile) -> list[tuple[str, Array]]:
    """The columns of expected losses by name: gross, and net of a guarantee where there is one; none of a book that is
    not told in money."""
    contract = scored.contract
    if not contract.in_money:
        return []
    gross = [(f"Expected loss, {contract.book.currency}", scored.loss)]
    net = [(f"Expected loss net of the guarantee, {contract.book.currency}", scored.net_loss)]
    return gross + net if contract.guaranteed else gross
