"""The file that a book was made of comes back: whatever init accepts is accepted, and means the same, row for row."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from data.arrays import Array
from data.books import Book, read_folder
from data.contract import read_contract
from data.errors import BadInput
from data.files.kinds import Kind
from data.proposing.decisions import Decisions
from data.proposing.proposal import lay_down, propose
from data.proposing.sources import read_source
from model.engine.territory import survey
from model.monitoring.discrimination import single_input_auc as alone
from model.scoring import batch
from model.scoring.batch import CustomerFile
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import IN_MEMORY, written
from tests.data.proposing.tables import columns, names

ROWS = 240
KINDS: tuple[Kind, ...] = ("csv", "xlsx", "parquet")
Rng = np.random.Generator
Cells = list[object]


def guessed(book: Book) -> Array:
    """Log-odds at no cost: of the first input."""
    return np.nan_to_num(book.inputs[0])


def content(frame: pd.DataFrame, kind: Kind, delimiter: str = ",") -> bytes:
    """A table as a file."""
    if kind == "csv":
        return frame.to_csv(index=False, sep=delimiter).encode()
    into = BytesIO()
    if kind == "parquet":
        _of_one_type_each(frame).to_parquet(into, index=False)
    else:
        frame.to_excel(into, index=False, engine="xlsxwriter", engine_kwargs=IN_MEMORY)
    return into.getvalue()


def _of_one_type_each(frame: pd.DataFrame) -> pd.DataFrame:
    """The table as Parquet can hold it: numbers beside words are words."""
    kinds = {name: pd.api.types.infer_dtype(frame[name], skipna=True) for name in frame}
    mixed = [name for name, kind in kinds.items() if kind.startswith("mixed")]
    return frame.assign(**{name: frame[name].map(str, na_action="ignore") for name in mixed})


def made(frame: pd.DataFrame, kind: Kind = "csv", delimiter: str = ",") -> tuple[Book, bytes]:
    """The book that init makes of a table, and the file it was made of."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{kind}"
        whole = content(frame, kind, delimiter)
        path.write_bytes(whole)
        proposal = propose(read_source(path), Decisions("bad"), name="mine", margins=guessed, alone=alone)
        return read_folder(lay_down(proposal, Path(folder))), whole


def again(book: Book, frame: pd.DataFrame, kind: Kind = "csv", delimiter: str = ",") -> CustomerFile:
    """What Operations reads of a table in a file of this kind."""
    return batch.read_customers(content(frame, kind, delimiter), f"later.{kind}", book.contract)


def table(columns: dict[str, Sequence[object]]) -> pd.DataFrame:
    """These columns beside an outcome, an input that is always there, an identifier and a protected attribute."""
    k = np.arange(ROWS)
    return pd.DataFrame(
        {
            "Loan No.": 5_000 + k,
            **{name: pd.Series(list(cells), dtype=object).infer_objects() for name, cells in columns.items()},
            "Sex": np.where(k % 3, "female", "male"),
            "steady": (k * 7919) % 1013,
            "bad": np.where((k * 31) % 97 < 30, 1, 0),
        }
    )


# ---- every kind of column -------------------------------------------------------------------------------------------


def chosen(rng: Rng, *words: object) -> Cells:
    return [words[k] for k in rng.integers(0, len(words), ROWS)]


def amounts(rng: Rng, write: Callable[[float], str]) -> Cells:
    return [write(each) for each in np.round(rng.gamma(2, 20_000, ROWS) + 1_000, 2)]


def some(rng: Rng, cells: Cells, *words: object, share: float = 0.1) -> Cells:
    """The cells, some of them replaced by these words."""
    return [words[k % len(words)] if rng.random() < share else cell for k, cell in enumerate(cells)]


def german(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))


def days(rng: Rng) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.Timestamp("2013-01-01") + pd.to_timedelta(rng.integers(0, 2500, ROWS), "D"))


def dates(rng: Rng, layout: str) -> list[str]:
    return list(days(rng).strftime(layout))


def numbers_of(rng: Rng, low: int, high: int) -> Cells:
    return list(rng.integers(low, high, ROWS))


def aged(months: int) -> str:
    return f"{months // 12}yrs {months % 12}mon"


def in_months_or_years(months: int) -> str:
    return f"{months} mths" if months % 12 else f"{months // 12} years"


def crores(value: float) -> str:
    return f"{value // 1000 % 90 + 1:.0f},{value % 90 + 10:.0f},{value % 899 + 100:.0f}"


COLUMNS: dict[str, tuple[str, Callable[[Rng], Cells]]] = {
    "whole": ("income", partial(numbers_of, low=1_000, high=90_000)),
    "floats": ("debt ratio", lambda rng: list(rng.random(ROWS).round(4))),
    "three digits": ("factor", lambda rng: [f"{each:.3f}" for each in rng.uniform(1, 40, ROWS)]),
    "gaps": ("income", lambda rng: some(rng, list(rng.random(ROWS)), None)),
    "gap words": ("income", lambda rng: some(rng, numbers_of(rng, 1, 90_000), "#DIV/0!", "unknown", "n.a.", "-")),
    "odd words": ("score", lambda rng: some(rng, numbers_of(rng, 300, 850), "thin file", "Frozen", share=0.06)),
    "infinite": ("ratio", lambda rng: some(rng, list(rng.random(ROWS)), np.inf, -np.inf, share=0.03)),
    "english": ("Income ($)", partial(amounts, write="{:,.2f}".format)),
    "english, whole": ("Income ($)", partial(amounts, write="{:,.0f}".format)),
    "german": ("Betrag", partial(amounts, write=partial(german, digits=2))),
    "german, whole": ("loan amount", partial(amounts, write=german)),
    "swiss": ("loan amount", partial(amounts, write=lambda each: f"{each:,.2f}".replace(",", "’"))),
    "french": ("montant", partial(amounts, write=lambda each: german(each, 2).replace(".", "\u202f"))),
    "indian": ("loan amount", partial(amounts, write=crores)),
    "money": ("loan amount", partial(amounts, write="${:,.2f}".format)),
    "euros": ("loan amount", partial(amounts, write=lambda each: f"{german(each, 2)} €")),
    "brackets": ("balance", lambda rng: some(rng, amounts(rng, "${:,.2f}".format), "($1,200.00)", "-$90.50", "$-7")),
    "minus behind": ("balance", lambda rng: some(rng, amounts(rng, "{:,.2f}".format), "1,200.00-", "75 CR", "−60")),
    "k and m": ("income", lambda rng: some(rng, [f"{k}k" for k in numbers_of(rng, 1, 90)], "1.2m", "unknown")),
    "percent": ("used", lambda rng: some(rng, [f"{each:.2f}%" for each in rng.uniform(0, 100, ROWS)], None)),
    "percent without": ("used", lambda rng: some(rng, [f"{k}.5 %" for k in numbers_of(rng, 5, 90)], "12.5", "0")),
    "months": ("term", lambda rng: chosen(rng, "36 months", "60 months", "12 months")),
    "years and months": ("time there", lambda rng: list(map(in_months_or_years, numbers_of(rng, 1, 90)))),
    "account age": ("age of account", lambda rng: list(map(aged, numbers_of(rng, 0, 190)))),
    "10+": ("emp length", lambda rng: chosen(rng, "< 1 year", "1 year", "5 years", "9 years", "10+ years", "n/a")),
    "scientific": ("income", lambda rng: [f"{each:.3E}" for each in rng.gamma(2, 20_000, ROWS)]),
    "words": ("purpose", lambda rng: chosen(rng, "car", "house", "holiday", "Car")),
    "words and gaps": ("purpose", lambda rng: chosen(rng, "car", "house", None, "none", "unknown")),
    "rare words": ("dealer", lambda rng: [f"d{min(int(k), 60):02d}" for k in rng.geometric(0.09, ROWS)]),
    "numbers among words": ("grade", lambda rng: chosen(rng, "A", "B", "C", "1", "2", "D4", "x7")),
    "rare numbers among words": (
        "grade",
        lambda rng: some(rng, chosen(rng, "A", "B", "C"), "0", "1", "2", "7", share=0.05),
    ),
    "words like formulas": (
        "band",
        lambda rng: chosen(rng, "=1+1", "@SUM(A1)", "-cmd|' /C calc'!A0", "**b** :red[x]", "naïve 😀", "+x"),
    ),
    "long words": ("text", lambda rng: chosen(rng, "x" * 59 + "ab", "x" * 59 + "ac", "short", "y" * 30)),
    "yes and no": ("homeowner", lambda rng: chosen(rng, "Y", "N")),
    "yes, no and gaps": ("homeowner", lambda rng: chosen(rng, "yes", "no", None)),
    "true and false": ("flag", lambda rng: list(rng.integers(0, 2, ROWS).astype(bool))),
    "true, false and gaps": ("flag", lambda rng: chosen(rng, True, False, None)),
    "0 and 1": ("flag", lambda rng: chosen(rng, 0, 1)),
    "filled or not": ("co-signer", lambda rng: chosen(rng, "yes", None, None)),
    "filled with 0": ("co-signer", lambda rng: chosen(rng, 0, None)),
    "filled with 1,200": ("deposit", lambda rng: chosen(rng, "1,200", None)),
    "years": ("issue year", partial(numbers_of, low=2012, high=2020)),
    "days of Excel and Parquet": ("issue date", lambda rng: list(days(rng))),
    "yyyymmdd": ("origination_date", lambda rng: list(map(int, dates(rng, "%Y%m%d")))),
    "yyyymm": ("vintage", lambda rng: list(map(int, dates(rng, "%Y%m")))),
    "serials": ("issue_date", lambda rng: [(each - pd.Timestamp("1899-12-30")).days for each in days(rng)]),
    "seconds": ("opened_at", lambda rng: [int(each.timestamp()) for each in days(rng)]),
    "serials among days": (
        "issue_date",
        lambda rng: [
            each.to_pydatetime() if each.day % 2 else (each - pd.Timestamp("1899-12-30")).days for each in days(rng)
        ],
    ),
    "months and years in short": ("issue_date", partial(dates, layout="%m/%y")),
    "mmyyyy": ("issue_date", lambda rng: list(map(int, dates(rng, "%m%Y")))),
    "yyyyddd": ("issue_date", lambda rng: list(map(int, dates(rng, "%Y%j")))),
    **{
        layout: ("issue_d", partial(dates, layout=layout))
        for layout in (
            "%d.%m.%Y",
            "%m/%d/%Y",
            "%d/%m/%y",
            "%y/%m/%d",
            "%b-%Y",
            "%b-%y",
            "%Y-%m",
            "%Y-%m-%dT%H:%M:%S.250Z",
            "%d %B %Y",
            "%B %d, %Y",
            "%d%b%Y:%H:%M:%S",
            "%d-%b-%y %I.%M.%S.000000 %p",
            "%Y年%m月%d日",
            "%Y_%m",
            "%YM%m",
            "%G-W%V",
            "%m.%Y",
            "%Y%m%dT%H%M%S",
            "%d%m%Y",
            "%Y-%m-%d %H:%M:%S+02:00",
        )
    },
}

SEVERAL = [list(COLUMNS)[k::12] for k in range(12)]  # every kind once, unlike ones together


@cache
def made_of(column: str) -> tuple[pd.DataFrame, Book, bytes]:
    """A table with a column of one kind, the book that init makes of it, and its file."""
    frame = of_columns([column], np.random.default_rng(len(column)))
    return frame, *made(frame)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_of_every_kind_comes_back_as_it_was(column: str) -> None:
    frame, book, whole = made_of(column)
    assert len(book.contract.record) == 2
    assert not_come_back(book, frame, whole) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("several", SEVERAL, ids=", ".join)
def test_columns_come_back_as_they_were_in_whatever_file(several: list[str], kind: Kind) -> None:
    frame = of_columns(several, np.random.default_rng(len(several)))
    book, whole = made(frame, kind, ";")
    assert not_come_back(book, frame, whole, kind, ";") == []


def of_columns(several: Sequence[str], rng: Rng) -> pd.DataFrame:
    """A table with a column of each of these kinds; the names tell several of one name apart."""
    alike = len({COLUMNS[each][0] for each in several}) < len(several)
    return table({COLUMNS[each][0] + f" {k}" * alike: COLUMNS[each][1](rng) for k, each in enumerate(several)})


def not_come_back(book: Book, frame: pd.DataFrame, whole: bytes, kind: Kind = "csv", delimiter: str = ",") -> list[str]:
    """What is read otherwise than the book holds it: the ``whole`` file, parts and single rows of it, without what no
    model reads and in another order."""
    sheet = batch.read_customers(whole, f"later.{kind}", book.contract)
    other = [f"whole, {bad.line}: {bad.reasons}" for bad in sheet.bad]
    if not np.array_equal(sheet.raw, book.raw, equal_nan=True):
        other.append("whole: the values")
    if sheet.ids.tolist() != book.ids.tolist():
        other.append("whole: the identifiers")
    if sheet.protected != 1:
        other.append("whole: the protected column")
    for part in (frame.iloc[::-7], frame.iloc[[11]], frame.iloc[200:203]):
        few = again(book, part.drop(columns=["Sex", "bad"]), kind, delimiter)
        other += [f"{len(part)} rows, {bad.line}: {bad.reasons}" for bad in few.bad]
        if not np.array_equal(few.raw, book.raw[:, part.index], equal_nan=True):
            other.append(f"{len(part)} rows: the values")
    return other


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(sorted(COLUMNS)), min_size=2, max_size=5, unique=True),
    st.integers(0, 2**32),
    st.sampled_from(KINDS),
    st.sampled_from([",", ";", "\t"]),
)
def test_whatever_init_accepts_operations_accepts_and_reads_alike(
    columns: list[str], seed: int, kind: Kind, delimiter: str
) -> None:
    frame = of_columns(columns, np.random.default_rng(seed))
    book, whole = made(frame, kind, delimiter)
    assert not_come_back(book, frame, whole, kind, delimiter) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.dictionaries(names, columns(), min_size=1, max_size=5), st.integers(0, 99), st.sampled_from(KINDS))
def test_whatever_a_table_holds_comes_back_or_was_never_accepted(
    held: dict[str, pd.Series], seed: int, kind: Kind
) -> None:
    assume("bad" not in {name.strip().casefold() for name in held})
    frame = pd.DataFrame({**held, "bad": np.random.default_rng(seed).integers(0, 2, len(next(iter(held.values()))))})
    with TemporaryDirectory() as folder:
        path = written(frame, Path(folder), kind)
        try:
            proposal = propose(read_source(path), Decisions("bad"), name="mine", margins=guessed, alone=alone)
        except BadInput:
            return
        book = read_folder(lay_down(proposal, Path(folder)))
        sheet = batch.read_customers(path.read_bytes(), path.name, book.contract)
    assert sheet.bad == ()
    assert np.array_equal(sheet.raw, book.raw, equal_nan=True)


# ---- what is not in the file that the book was made of ---------------------------------------------------------------

NAMES = {
    "Annual income (EUR) [gross]": "whole",
    "Loan-Amount ($)": "english",
    "DTI %": "floats",
    "# late 😀": "0 and 1",
    "why": "words",
    "Purpose\nof loan": "words",
    "lambda": "floats",
    "名前": "whole",
    "@SUM(A1)": "months",
    "purpose of loan": "years and months",
}


@pytest.mark.parametrize("kind", KINDS)
def test_columns_are_known_by_the_names_that_the_file_has_for_them(kind: Kind) -> None:
    rng = np.random.default_rng(0)
    frame = table({name: COLUMNS[each][1](rng) for name, each in NAMES.items()}).rename(columns={"Sex": "Sex [m/f]"})
    book, whole = made(frame, kind)
    sheet = batch.read_customers(whole, f"a.{kind}", book.contract)
    assert (sheet.bad, sheet.ignored, sheet.protected) == ((), ("bad",), 1)
    assert np.array_equal(sheet.raw, book.raw, equal_nan=True)
    assert sheet.ids.tolist() == book.ids.tolist()
    shouted = frame.rename(columns={name: f" {name.upper()} " for name in frame})  # type: ignore[attr-defined]
    assert np.array_equal(again(book, shouted, kind).raw, book.raw, equal_nan=True)


def changed(book: Book, old: str, new: str) -> Book:
    """The book after a person edited its contract."""
    text = book.contract.text.decode()
    assert old in text
    return replace(book, contract=read_contract(text.replace(old, new).encode()))


def test_the_file_comes_back_after_a_person_has_written_other_words_and_labels() -> None:
    frame = table({"Purpose": COLUMNS["words"][1](np.random.default_rng(0))})
    book, whole = made(frame)
    book = changed(changed(book, '= "house" }', '= "A house or a flat" }'), 'label = "Purpose"', 'label = "What for"')
    assert not_come_back(book, frame, whole) == []
    labelled = again(book, frame.rename(columns={"Purpose": "what for"}).replace("house", "a house OR a flat"))
    assert np.array_equal(labelled.raw, book.raw)


def test_a_column_is_found_in_a_contract_that_does_not_name_it() -> None:
    frame = table({"Loan-Amount ($)": COLUMNS["whole"][1](np.random.default_rng(0))})
    book, whole = made(frame)
    assert not_come_back(changed(book, 'column = "Loan-Amount ($)"\n', ""), frame, whole) == []


def test_a_word_that_the_first_file_did_not_have_is_of_the_rare_ones_or_refused() -> None:
    rng = np.random.default_rng(0)
    frame = table({"dealer": COLUMNS["rare words"][1](rng), "purpose": chosen(rng, "car", "house")})
    book, _ = made(frame)
    dealer, purpose = (book.contract.record[book.contract.row[name]] for name in ("dealer", "purpose"))
    (rare,) = (code for code, word in zip(sorted(dealer.codes), dealer.words, strict=True) if not word)
    assert dealer.codes[rare].startswith("other (")
    later = again(book, frame.head(3).assign(dealer=["d99", "new", frame["dealer"][2]]))
    assert later.raw[book.contract.row["dealer"]].tolist()[:2] == [rare, rare]
    (bad,) = again(book, frame.head(3).assign(purpose=["car", "boat", "house"])).bad
    assert bad.reasons == (
        "Purpose: “boat” is no number. Enter a code or its words, such as "
        f"{', '.join(f'{code} ({word})' for code, word in purpose.codes.items())}; the template lists all.",
    )


def test_yes_and_no_come_in_every_way_they_are_written() -> None:
    frame = table({"flag": chosen(np.random.default_rng(0), True, False)})
    book, _ = made(frame)
    for yes, no in (("Yes", "no"), ("Y", "N"), ("TRUE", "FALSE"), ("t", "f"), (1, 0), (True, False), ("ja", "nein")):
        for kind in KINDS:
            later = again(book, frame.assign(flag=frame["flag"].map({True: yes, False: no})), kind)
            assert np.array_equal(later.raw, book.raw), (yes, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_years_after_those_of_the_book_are_taken_and_told(kind: Kind) -> None:
    frame = table({"issue_year": COLUMNS["years"][1](np.random.default_rng(0))})
    book, _ = made(frame, kind)
    later = again(book, frame.head(4).assign(issue_year=[2031, 2015, 2016, 2031]), kind)
    assert later.bad == ()
    assert later.raw[book.contract.row["issue_year"]].tolist() == [2031, 2015, 2016, 2031]
    (note,) = (each for each in later.notes if each.startswith("Issue year"))
    years = f"{frame['issue_year'].min()} to {frame['issue_year'].max()}"
    assert note.startswith(f"Issue year: 2 rows lie outside the years of the book, {years};")
    assert survey(book.inputs, book.raw, 0).beyond(later.raw).any(0).tolist() == [True, False, False, True]
    (bad,) = again(book, frame.head(1).assign(issue_year=[3015]), kind).bad
    assert bad.reasons == ("Issue year: “3015” is no year and no day. Enter a number from 1900 to 2100.",)


@pytest.mark.parametrize(
    "cells", [["2031-05-17"], ["17.05.2031"], ["May-31"], ["20310517"], ["203105"], [pd.Timestamp("2031-05-17")]]
)
def test_a_day_stands_for_its_year(cells: list[object]) -> None:
    frame = table({"issue_year": COLUMNS["years"][1](np.random.default_rng(0))})
    book, _ = made(frame)
    for kind in KINDS:
        later = again(book, frame.head(1).assign(issue_year=cells), kind)
        assert later.raw[book.contract.row["issue_year"]].tolist() == [2031]


def test_cells_that_were_counted_as_missing_are_told() -> None:
    name, cells = COLUMNS["odd words"]
    frame = table({name: cells(np.random.default_rng(0))})
    book, _ = made(frame)
    assert again(book, frame.head(60)).notes == ("Score: 3 cells with “thin file”, “Frozen” counted as missing.",)


@pytest.mark.parametrize("column", COLUMNS)
def test_the_template_of_a_proposed_book_can_be_read(column: str) -> None:
    _, book, _ = made_of(column)
    for kind in ("csv", "xlsx"):
        sheet = batch.read_customers(batch.template(book.contract, kind), f"a.{kind}", book.contract)
        assert (len(sheet), sheet.bad) == (1, ())


def test_money_in_another_currency_is_refused() -> None:
    name, cells = COLUMNS["money"]
    frame = table({name: cells(np.random.default_rng(0))})
    book, _ = made(frame)
    later = again(book, frame.head(3).assign(**{name: ["$1,200", "1200", "€1,200"]}))
    assert later.raw[book.contract.row["loan_amount"]].tolist() == [1200, 1200]
    assert "“€1,200” is no number" in later.bad[0].reasons[0]
