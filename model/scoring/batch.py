"""A file of customers: read, refused row by row with every reason, scored, and written again.

What a file may look like: model/scoring/files.py.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from io import BytesIO
from itertools import chain
from typing import Any, Literal

import numpy as np
import pandas as pd
import xlsxwriter
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract, Field, capitalised
from data.files.kinds import Kind
from model.deployed.model import DeployedModel
from model.engine.parallel import Progress, no_progress, over
from model.engine.scorer import Reasons, Scorer
from model.engine.tables import probability
from model.finance.loss import expected_loss
from model.finance.scorecard import reaches, whole_points
from model.report import numbers, spreadsheet
from model.report.briefing import in_percent
from model.report.customer.words import MOST_BARS
from model.report.operations import upload
from model.report.operations.upload import (
    KNOWN,
    MAX_REASONS_ASKED,
    OUTSIDE,
    BadRow,
    FileReasons,
    ScoredFile,
    decision,
    losses,
)
from model.scoring.customers import CustomerFile as CustomerFile
from model.scoring.customers import read_customers as read_customers
from model.scoring.values import allowed
from model.whatif.customer.decision import score_scale
from model.whatif.customer.scenario import CUTOFF, CustomerScenario

ROWS = 4_096  # a chunk: a third of a second at a model elsewhere, 20 ms here
REASONS = 3
LOOKED_AT = 2_000  # different texts of a column that a file's habits are taken from
COSTLY_ROWS = 50  # a chunk where reasons are asked through predictions
PD, SCORE, DECISION, LINE, OTHER = "PD", "Score", "Decision", "Line", "Everything else"
TERRITORY, RELEASE = "Known territory", "Release"
READ_AS = {PD: f"{PD}, %"}  # at the head of a file for people; a workbook shows the fraction in percent


# ---- scoring -----------------------------------------------------------------------------------------------------


def score_file(model: DeployedModel, sheet: CustomerFile, progress: Progress = no_progress) -> ScoredFile:
    """A file as the deployed model scores it, under the contract's own assumptions. Of a model that gives no reasons
    itself they are asked through predictions, hundreds of records a customer, and only for so many."""
    costly = model.remote is not None and not model.remote.gives_reasons
    return score(
        model.scorer,
        sheet,
        assumptions=CustomerScenario().values(model.contract),
        release=model.id,
        progress=progress,
        why=not costly or len(sheet) <= MAX_REASONS_ASKED,
        size=COSTLY_ROWS if costly else ROWS,
    )


def score(
    scorer: Scorer,
    sheet: CustomerFile,
    assumptions: Mapping[str, float],
    release: str,
    progress: Progress = no_progress,
    *,
    why: bool = True,
    size: int | None = None,
) -> ScoredFile:
    """Every good customer, in the file's order; the points are those on the customer's own page.

    Parameters
    ----------
    assumptions
        By name, the cut-off (score points) among them.
    release
        What to call the model by.
    progress
        Hears the share done; the work ends with whatever it raises.
    why
        Whether reasons are asked for: the `REASONS` weightiest concepts.
    size
        Customers at a time; `ROWS` if not given.
    """
    work = partial(_scored, scorer, sheet.raw, assumptions, why)
    parts = over(len(sheet), work, progress, size or ROWS) or [work(slice(0, 0))]
    found = {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}
    reasons = FileReasons(*(found[name] for name in ("average", "labels", "points", "others"))) if why else None
    return ScoredFile(
        contract=scorer.contract,
        release=release,
        assumptions=assumptions,
        names=sheet.names,
        lines=sheet.rows,
        pd=found["pd"],
        scores=found["scores"],
        granted=found["granted"],
        loss=found["loss"],
        net_loss=found["net_loss"],
        outside=found["outside"],
        reasons=reasons,
        refused=sheet.bad,
        ignored=sheet.ignored,
        protected=sheet.protected,
        repeated=sheet.repeated,
        notes=sheet.notes,
    )


def _scored(
    scorer: Scorer, records: Array, assumptions: Mapping[str, float], why: bool, chunk: slice
) -> dict[str, NDArray[Any]]:
    """What is said of some of the ``records`` (fields, n), by the names of `ScoredFile` and `FileReasons`."""
    contract, points = scorer.contract, score_scale(scorer.contract)
    raw = np.ascontiguousarray(records[:, chunk])
    margins = scorer.margins(raw)
    scores = np.asarray(points.score(margins))
    pd_ = probability(margins)
    exposed = contract.exposures(raw, assumptions)
    lost = expected_loss(pd_, exposed.lgd, exposed.ead)
    seen = scorer.territory
    whole = whole_points(scores)
    found: dict[str, NDArray[Any]] = {
        "pd": pd_,
        "scores": whole,
        "granted": reaches(scores, assumptions[CUTOFF]),
        "loss": lost,
        "net_loss": lost * exposed.own,
        "outside": seen.beyond(contract.without_special(raw)).any(0) | seen.outside(contract.derive(raw)),
    }
    if not why:
        return found
    reasons = scorer.reasons(raw)
    base = numbers.whole_score(points.score(reasons.base))
    labels, parts, others = _reasons(contract, reasons, points.factor, whole - base)
    average = np.full(len(pd_), base)
    return found | {"average": average, "labels": labels, "points": parts, "others": others}


def _reasons(
    contract: Contract, found: Reasons, factor: float, total: NDArray[np.int64]
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """Labels (`REASONS`, n) and whole points (`REASONS`, n) of the weightiest concepts and the points of all others
    (n,), rounded as the customer's page rounds them and so that they sum to ``total`` (n,)."""
    own = {each.name: each.concept for each in contract.inputs}
    owners = [own[part] if found.by_input else part for part in found.parts]
    concepts = [each for each in contract.concepts if each.name in owners]
    rows = [[k for k, owner in enumerate(owners) if owner == each.name] for each in concepts]
    values = np.stack([-factor * found.values[own_rows].sum(0) for own_rows in rows])
    order = np.argsort(-np.abs(values), axis=0, kind="stable")
    values = np.take_along_axis(values, order, 0)
    head, rest = values[:MOST_BARS], values[MOST_BARS:]
    bars = np.concatenate((head, rest.sum(0, keepdims=True))) if len(rest) else head
    shown = _summing(bars, total)[:REASONS]
    names = np.array([each.label for each in concepts], object)[order[:REASONS]]
    return np.where(shown == 0, "", names), shown, total - shown.sum(0)


def _summing(parts: Array, total: NDArray[np.int64]) -> NDArray[np.int64]:
    """`numbers.summing` of each column of ``parts`` (k, n) to whole numbers: 100,000 in 40 ms."""
    low = np.floor(parts)
    missing = total - low.sum(0)
    rank = np.argsort(np.argsort(low - parts, axis=0, kind="stable"), axis=0, kind="stable")
    whole: NDArray[np.int64] = (low + (rank < missing)).astype(np.int64)
    return whole


def repetition(contract: Contract, sheet: CustomerFile) -> str:
    """What is to be said of customers who stand in a file several times; "" if none does."""
    return upload.repetition(contract, sheet.repeated)


# ---- writing -----------------------------------------------------------------------------------------------------


def results_file(scored: ScoredFile, kind: Kind) -> bytes:
    """Results as a file of this kind, every digit kept (16 of them in a workbook), refused rows on its second sheet.
    What people read has the PD in percent, Parquet as a fraction.

    No text that came with a file becomes a formula where the result is opened.
    """
    frame = results(scored)
    if kind == "csv":
        frame[PD] = [in_percent(each) for each in frame[PD].tolist()]
    told = frame if kind == "parquet" else frame.rename(columns=READ_AS)
    return _file(told, _refused(scored.contract, scored.refused), kind)


def written_refused(contract: Contract, refused: Sequence[BadRow]) -> bytes:
    """Refused rows as CSV."""
    return spreadsheet.file(_refused(contract, refused))


def results(scored: ScoredFile) -> pd.DataFrame:
    """One row for each customer scored, in the file's order: identifier, line, PD in [0, 1], score, decision, expected
    losses, the score of the average customer, reasons with their points and all others together, whether the customer
    lies in known territory, and the release."""
    contract, why = scored.contract, scored.reasons
    columns = {
        capitalised(contract.book.record): scored.names,
        LINE: scored.lines,
        PD: scored.pd,
        SCORE: scored.scores,
        DECISION: np.where(scored.granted, *(decision(contract, each) for each in (True, False))),
        **dict(losses(scored)),
    }
    if why is not None:
        columns[f"Average {contract.book.record}"] = why.average
        for k, (label, part) in enumerate(zip(why.labels, why.points, strict=True), 1):
            columns |= {f"Reason {k}": label, f"Points {k}": part}
        columns[OTHER] = why.others
    columns[TERRITORY] = np.where(scored.outside, OUTSIDE, KNOWN)
    return pd.DataFrame(columns).assign(**{RELEASE: scored.release})


def _refused(contract: Contract, refused: Sequence[BadRow]) -> pd.DataFrame:
    """Line, identifier and reasons of each row refused."""
    rows = [(row.line, row.id, " ".join(row.reasons)) for row in refused]
    columns = [LINE, capitalised(contract.book.record), "Reasons"]
    return pd.DataFrame(rows, columns=columns).astype({LINE: "int64"})


def _file(frame: pd.DataFrame, refused: pd.DataFrame, kind: Kind) -> bytes:
    if kind == "parquet":
        file = BytesIO()
        frame.to_parquet(file, index=False)
        return file.getvalue()
    if kind == "csv":
        return spreadsheet.file(frame)
    return workbook({"Results": frame, "Refused rows": refused})


def workbook(sheets: Mapping[str, pd.DataFrame], mixed: Collection[str] = ()) -> bytes:
    """A workbook of tables, the header of each frozen; the same bytes for the same tables. Columns that are ``mixed``
    hold texts and numbers, which stay numbers."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        for title, frame in sheets.items():
            sheet = book.add_worksheet(title)
            sheet.freeze_panes(1, 0)
            for k, name in enumerate(map(str, frame.columns)):
                column = frame.iloc[:, k]
                sheet.write_string(0, k, name, head)
                if pd.api.types.is_numeric_dtype(column):
                    style = "0" if k == 0 or name == LINE else "#,##0"
                    style = "0.0%" if name == READ_AS[PD] else style
                    sheet.set_column(k, k, max(10, len(name) + 2), book.add_format({"num_format": style}))
                    sheet.write_column(1, k, [each if np.isfinite(each) else None for each in column.tolist()])
                else:
                    texts = ["" if each is None or each is pd.NA or each != each else str(each) for each in column]
                    longest = max(map(len, chain(texts[:1000], [name])))
                    sheet.set_column(k, k, min(max(10, longest + 1), 90), wrapped if longest > 90 else None)
                    for row, (text, value) in enumerate(zip(texts, column, strict=True), 1):
                        if name in mixed and isinstance(value, int | float) and text:
                            sheet.write_number(row, k, value)
                        else:
                            sheet.write_string(row, k, text)
            if len(frame):
                sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)
    return file.getvalue()


def template(contract: Contract, kind: Literal["csv", "xlsx"] = "xlsx") -> bytes:
    """A file to fill in: the columns and one customer made up; a workbook explains each column on a second sheet."""
    example = {field.name: [_example(field)] for field in contract.record}
    frame = pd.DataFrame({contract.book.id: [1], **example})
    if kind == "csv":
        return spreadsheet.file(frame)
    person = contract.book.record
    people = contract.book.records
    about = [
        (contract.book.id, f"{capitalised(person)} number", "", "anything that names the row; may be left out", ""),
        *(
            (field.name, field.label, "code" if field.codes else field.unit, allowed(field), field.help)
            for field in contract.record
        ),
    ]
    columns = ["Column", "Label (may stand instead)", "Unit", "Allowed", "Meaning"]
    return workbook({f"{capitalised(people)}": frame, "Columns": pd.DataFrame(about, columns=columns)})


def _example(field: Field) -> float:
    """A value that a field may have."""
    if field.codes:
        return 0 if 0 in field.codes else next(iter(field.codes))
    return float(np.clip(10 * field.step, field.minimum, field.maximum))
