"""Files of customers: every kind of file and of trouble, and what is made of them."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO, StringIO
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from data.books import Book
from data.contract import Contract
from data.errors import BadInput
from data.files.kinds import Kind
from model.engine.scorer import Reasons, TableScorer
from model.engine.tables import probability
from model.finance.loss import expected_loss
from model.report import numbers
from model.report.customer import words as customer_words
from model.report.operations.upload import ScoredFile, sentence
from model.scoring import batch, files, values
from model.scoring.batch import CustomerFile
from model.whatif.customer.decision import decide, explain
from model.whatif.customer.scenario import CustomerScenario
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import IN_MEMORY
from tests.support.records import BOOK, CONTRACT

KINDS: tuple[Kind, ...] = ("csv", "xlsx", "parquet")
FEW = 500


def table(rows: int = 5) -> pd.DataFrame:
    """The book's first customers as a file has them."""
    found = pd.DataFrame(BOOK.raw[:, :rows].T.astype(int), columns=[each.name for each in CONTRACT.record])
    found.insert(0, CONTRACT.book.id, BOOK.ids[:rows])
    return found


def file(frame: pd.DataFrame, kind: Kind) -> bytes:
    """A table as a file of this kind."""
    if kind == "csv":
        return frame.to_csv(index=False).encode()
    into = BytesIO()
    if kind == "parquet":
        frame.to_parquet(into, index=False)
    else:
        frame.to_excel(into, index=False, engine="xlsxwriter", engine_kwargs=IN_MEMORY)
    return into.getvalue()


def read(frame: pd.DataFrame, kind: Kind = "csv") -> CustomerFile:
    return batch.read_customers(file(frame, kind), f"customers.{kind}", CONTRACT)


def put(values: Mapping[str, object], row: int = 2, kind: Kind = "csv") -> CustomerFile:
    """The table read with other values in one row."""
    frame = table().astype(object)
    for name, value in values.items():
        frame.loc[row, name] = value
    return read(frame, kind)


def only(sheet: CustomerFile) -> files.BadRow:
    """The one row refused."""
    assert len(sheet.bad) == 1
    assert len(sheet) == 4
    return sheet.bad[0]


def scored(scorer: TableScorer, sheet: CustomerFile) -> ScoredFile:
    return batch.score(scorer, sheet, CustomerScenario().values(CONTRACT), "r1")


def results(scorer: TableScorer, sheet: CustomerFile) -> pd.DataFrame:
    """As they stand in a file."""
    return batch.results(scored(scorer, sheet))


# ---- every kind of file ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_books_customers_come_back_from_a_file_with_the_very_same_pd(
    scorer: TableScorer, book: Book, kind: Kind
) -> None:
    sheet = read(table(FEW), kind)
    assert sheet.bad == ()
    assert np.array_equal(sheet.raw, book.raw[:, :FEW])
    assert np.array_equal(sheet.ids, book.ids[:FEW])
    assert sheet.rows.tolist() == list(range(2, FEW + 2))
    expected = probability(scorer.margins(book.raw))[:FEW]
    assert results(scorer, sheet)["PD"].to_numpy().tobytes() == expected.tobytes()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_csv_is_read_with_any_delimiter_and_byte_order_mark(delimiter: str, mark: bytes) -> None:
    content = mark + table().to_csv(index=False, sep=delimiter).encode()
    assert len(batch.read_customers(content, "A.CSV", CONTRACT)) == 5


def test_a_semicolon_file_has_decimal_commas() -> None:
    frame = table().astype({"bill_1": float})
    frame["bill_1"] += 0.25
    content = frame.to_csv(index=False, sep=";", decimal=",").encode()
    sheet = batch.read_customers(content, "a.csv", CONTRACT)
    assert np.array_equal(sheet.raw[CONTRACT.row["bill_1"]], frame["bill_1"])


def test_every_number_of_a_csv_is_read_as_python_reads_it() -> None:
    values = np.random.default_rng(0).uniform(-340_000, 1_700_000, 400)
    frame = pd.concat([table()] * 80, ignore_index=True).astype({"bill_1": float})
    frame["bill_1"] = values
    assert read(frame).raw[CONTRACT.row["bill_1"]].tobytes() == values.tobytes()


def test_columns_go_by_label_or_name_in_any_order_and_case() -> None:
    labels = {each.name: f" {each.label.upper()} " for each in CONTRACT.record[::2]}
    frame = table().rename(columns=labels).iloc[:, ::-1]
    for kind in KINDS:
        assert np.array_equal(read(frame, kind).raw, BOOK.raw[:, :5])


@pytest.mark.parametrize("kind", KINDS)
def test_a_code_may_be_written_in_words(kind: Kind) -> None:
    frame = table().astype({"status_1": str, "status_6": str})
    frame["status_1"] = ["2 months late", "1  Month Late", "paid in full", "CARD NOT USED", "minimum paid"]
    frame["status_6"] = "3"
    sheet = read(frame.assign(status_2=0, status_3=0, status_4=0, status_5=0), kind)
    assert sheet.raw[CONTRACT.row["status_1"]].tolist() == [2, 1, -1, -2, 0]
    assert set(sheet.raw[CONTRACT.row["status_6"]]) == {3}


@pytest.mark.parametrize("kind", KINDS)
def test_without_identifiers_customers_go_by_their_line(kind: Kind) -> None:
    sheet = read(table().drop(columns=CONTRACT.book.id), kind)
    assert sheet.ids.tolist() == sheet.rows.tolist() == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_without_identifier_is_called_by_its_line_and_never_like_a_customer_of_the_book(
    scorer: TableScorer, kind: Kind
) -> None:
    frame = table().drop(columns=CONTRACT.book.id)
    frame.loc[1, "status_1"] = 11
    sheet = read(frame, kind)
    found = results(scorer, sheet)
    assert found["Customer"].tolist() == ["line 2", "line 4", "line 5", "line 6"]
    assert found["Line"].tolist() == [2, 4, 5, 6]
    assert [(bad.line, bad.id) for bad in sheet.bad] == [(3, "line 3")]
    named = results(scorer, read(table(), kind))
    assert named["Customer"].tolist() == BOOK.ids[: len(named)].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_identifiers_keep_their_zeros_and_letters(kind: Kind) -> None:
    frame = table()
    frame[CONTRACT.book.id] = ["007", "A-1", "12", "x", "Ünal"]
    assert read(frame, kind).ids.tolist() == ["007", "A-1", "12", "x", "Ünal"]


LONG = [str(4_000_000_000_000_000 + k) for k in range(5)]  # as cards are numbered; a spreadsheet keeps 15 digits


@pytest.mark.parametrize("given", KINDS)
@pytest.mark.parametrize("made_as", KINDS)
@pytest.mark.parametrize("names", [LONG, ["007", "08", "9", "10", "0"], ["4000000000000000", *map(str, range(4))]])
def test_a_long_identifier_and_one_with_zeros_keep_every_digit_in_every_output(
    scorer: TableScorer, names: list[str], given: Kind, made_as: Kind
) -> None:
    frame = table()
    frame[CONTRACT.book.id] = names
    sheet = read(frame, given)
    assert sheet.ids.tolist() == names
    content = BytesIO(batch.results_file(scored(scorer, sheet), made_as))
    if made_as == "csv":
        back = [row[0] for row in csv.reader(StringIO(content.getvalue().decode("utf-8-sig")))][1:]
    else:
        back = made(content, made_as)["Customer"].tolist()
    assert back == names


def test_a_long_identifier_keeps_every_digit_of_a_parquet_file_that_holds_numbers() -> None:
    frame = table()
    frame[CONTRACT.book.id] = np.arange(5) + 900_000_000_000_000_001
    sheet = read(frame, "parquet")
    assert sheet.ids.tolist() == [str(900_000_000_000_000_001 + k) for k in range(5)]
    assert sheet.notes == ()
    gap = frame.astype({CONTRACT.book.id: "Int64"})
    gap.loc[1, CONTRACT.book.id] = pd.NA
    assert read(gap, "parquet").ids.tolist()[:3] == ["900000000000000001", "line 3", "900000000000000003"]


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_identifiers_that_the_file_itself_has_rounded_are_told(kind: Kind) -> None:
    frame = table()
    frame[CONTRACT.book.id] = np.arange(5) + 4_123_456_789_012_345.0
    (note,) = read(frame, kind).notes
    assert note.startswith("Identifiers of more than 15 digits are numbers in the file (4123456789012345 on line 2)")


@pytest.mark.parametrize("text", ["4.0E+15", "4,12E+15", "4E15"])
def test_identifiers_that_a_spreadsheet_shortened_are_told(text: str) -> None:
    frame = table().astype({CONTRACT.book.id: object})
    frame.loc[3, CONTRACT.book.id] = text
    (note,) = read(frame).notes
    assert f"({text} on line 5)" in note


@pytest.mark.parametrize("kind", KINDS)
def test_a_customer_who_stands_twice_is_told_with_the_lines(scorer: TableScorer, kind: Kind) -> None:
    frame = pd.concat([table(), table(2), table(1)], ignore_index=True)
    sheet = read(frame, kind)
    assert sheet.repeated == ((str(BOOK.ids[0]), (2, 7, 9)), (str(BOOK.ids[1]), (3, 8)))
    told = batch.repetition(CONTRACT, sheet)
    assert told == (
        "2 customers stand in the file more than once, and every row counts: "
        f"{BOOK.ids[0]} on lines 2, 7, 9; {BOOK.ids[1]} on lines 3, 8."
    )
    assert "8 of 8 rows, which are 5 customers, scored" in sentence(scored(scorer, sheet))
    assert batch.repetition(CONTRACT, read(table(), kind)) == ""


def test_a_customer_who_stands_twice_is_told_when_one_of_the_rows_is_refused() -> None:
    frame = pd.concat([table(), table(1).assign(limit=5)], ignore_index=True)
    assert read(frame).repeated == ((str(BOOK.ids[0]), (2, 7)),)


@pytest.mark.parametrize("kind", KINDS)
def test_other_columns_are_named_and_protected_attributes_are_not(kind: Kind) -> None:
    frame = table().assign(branch="north", Sex="secret-female", marital_status=1, **{"Marital status": "secret"})
    sheet = read(frame, kind)
    assert sheet.ignored == ("branch", "marital_status")
    assert sheet.protected == 2
    assert "secret" not in repr(sheet)
    assert len(sheet) == 5


def test_lines_are_those_of_the_file() -> None:
    text = file(table(), "csv").decode().splitlines()
    text[3] = text[3].replace(",", ',"', 1).replace(",", '",', 2).replace('",', ",", 1)
    text = [*text[:2], "", text[2], ",".join(["1"] * 23), ",".join(["oops"] * 20), text[4]]
    sheet = batch.read_customers("\r\n".join(text).encode(), "a.csv", CONTRACT)
    assert sheet.rows.tolist() == [2, 4, 7]
    assert [row.line for row in sheet.bad] == [5, 6]
    assert "23 values where the file has 20 columns" in sheet.bad[0].reasons[0]


def test_cells_that_a_row_ends_without_are_empty_and_told() -> None:
    text = file(table().assign(comment=["vip", "", "", "", "x"]), "csv").decode().splitlines()
    sheet = batch.read_customers("\n".join(line.rstrip(",") for line in text).encode(), "a.csv", CONTRACT)
    assert (sheet.bad, len(sheet), sheet.ignored) == ((), 5, ("comment",))
    assert sheet.notes == (
        "3 rows are shorter than the header (lines 3, 4, 5): the cells that are not there were taken as empty.",
    )
    (bad,) = batch.read_customers("\n".join([*text[:3], "1,20000"]).encode(), "a.csv", CONTRACT).bad
    assert (bad.line, len(bad.reasons)) == (4, 18)


def test_an_uploads_table_is_found_behind_titles_or_a_cover_and_its_place_told() -> None:
    content = b"Credit cards\nmade by Risk\n\n" + file(table(), "csv")
    sheet = batch.read_customers(content, "a.csv", CONTRACT)
    assert sheet.rows.tolist() == [5, 6, 7, 8, 9]
    assert sheet.notes == ("The header was taken from line 4; what stands above it was not read.",)
    into = BytesIO()
    with pd.ExcelWriter(into, engine="xlsxwriter") as book:
        pd.DataFrame([["Credit cards"], ["made by Risk"]]).to_excel(book, sheet_name="Cover", header=False, index=False)
        table().to_excel(book, sheet_name="Data", index=False, startrow=4, startcol=2)
    sheet = batch.read_customers(into.getvalue(), "a.xlsx", CONTRACT)
    assert np.array_equal(sheet.raw, BOOK.raw[:, :5])
    assert sheet.rows.tolist() == [6, 7, 8, 9, 10]
    assert sheet.notes[0] == "Read from the sheet “Data”, its header taken from row 5."


def test_columns_that_are_not_found_are_told_with_where_they_were_looked_for() -> None:
    content = b"Credit cards\n\n" + file(table()[["customer", "limit", "bill_1"]], "csv")
    with pytest.raises(BadInput, match=r"lacks 17 of .* Its column names were taken from line 3\.$"):
        batch.read_customers(content, "a.csv", CONTRACT)
    into = BytesIO()
    pd.DataFrame({"note": [1, 2]}).to_excel(into, sheet_name="Cover", index=False, engine="xlsxwriter")
    with pytest.raises(BadInput, match="taken from row 1 of the sheet “Cover”"):
        batch.read_customers(into.getvalue(), "a.xlsx", CONTRACT)


def test_blank_lines_of_a_sheet_are_counted_and_passed_over() -> None:
    frame = pd.concat([table(2), pd.DataFrame([{}]), table(2)]).astype(object)
    sheet = read(frame, "xlsx")
    assert sheet.rows.tolist() == [2, 3, 5, 6]


# ---- every kind of trouble with a row -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_refused_with_every_reason(kind: Kind) -> None:
    frame = table().astype({"bill_2": str, "limit": float, "status_1": str})
    frame.loc[3, ["bill_2", "limit", "status_1"]] = ["a lot", np.nan, "9"]
    bad = only(read(frame, kind))
    assert (bad.line, bad.id) == (5, str(BOOK.ids[3]))
    limit, status, bill = bad.reasons
    assert limit.startswith("Credit limit is missing.")
    assert status.startswith("Status, September must be one of -2 (card not used)")
    assert status.endswith("9 was given.")
    assert bill == f"Bill, August: “a lot” is no number. Enter a number {values.allowed(CONTRACT.field('bill_2'))}."


def test_a_value_outside_its_range_is_refused_with_the_contracts_words() -> None:
    assert only(put({"limit": 5})).reasons == ("Credit limit must be 1,000 to 1,000,000 NT$; 5 was given.",)


def test_a_broken_rule_is_told_in_the_contracts_words() -> None:
    bad = only(put({"status_1": 8, "status_2": 0}))
    assert bad.reasons == (CONTRACT.constraints[0].message,)


def test_a_rule_is_not_judged_on_values_that_cannot_be_used() -> None:
    bad = only(put({"status_1": 8, "status_2": "?"}))
    assert len(bad.reasons) == 1
    assert "no number" in bad.reasons[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1500", 1500),
        ("1500.0", 1500),
        ("+1500", 1500),
        ("1.5e3", 1500),
        (" 1500 ", 1500),
        ("−1500", -1500),
        ("-1500", -1500),
        ("1,234,567", 1_234_567),
        ("1,234.50", 1234.5),
        ("1 234 567", 1_234_567),
        ("12\N{NO-BREAK SPACE}345", 12_345),
        ("1'234.5", 1234.5),
        (".5", 0.5),
        ("5.", 5),
        ("1\N{NARROW NO-BREAK SPACE}234,5", 1234.5),
        ("1,5", 1.5),
        ("1.234.567", 1_234_567),
        ("12,34,567", 1_234_567),
        ("(123,500.0)", -123_500),
        ("1500-", -1500),
        ("1.5k", 1500),
        ("NT$ 1500", 1500),
        ("-NT$1500", -1500),
        ("> 1500", 1501),
        ("1500+", 1500),
        ("1500 CR", -1500),
    ],
)
def test_numbers_are_taken_as_people_write_them(text: str, value: float) -> None:
    sheet = put({"bill_1": text})
    assert sheet.bad == ()
    assert sheet.raw[CONTRACT.row["bill_1"], 2] == value


@pytest.mark.parametrize("text", ["12e", "1,5,3", "12,34,56", "1.23.567", "0x10", "1_000", "٣", "inf", "1e999", "=1"])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert "is no number" in only(put({"bill_1": text})).reasons[0]


def test_a_number_with_two_readings_is_refused() -> None:
    bad = only(put({"bill_1": "1,234"}))
    assert bad.reasons == (
        "Bill, September: “1,234” can be read as 1234 or as 1.234. Write it without thousands separators.",
    )


@pytest.mark.parametrize(("text", "value"), [("1,5", 1.5), ("1.234,5", 1234.5), ("1.234.567", 1_234_567), ("2.5", 2.5)])
def test_a_semicolon_file_is_read_by_its_own_conventions(text: str, value: float) -> None:
    frame = table().astype(object)
    frame.loc[2, "bill_1"] = text
    sheet = batch.read_customers(frame.to_csv(index=False, sep=";").encode(), "a.csv", CONTRACT)
    assert sheet.bad == ()
    assert sheet.raw[CONTRACT.row["bill_1"], 2] == value


def test_a_point_with_two_readings_is_refused_in_a_semicolon_file() -> None:
    frame = table().astype(object)
    frame.loc[2, "bill_1"] = "1.234"
    sheet = batch.read_customers(frame.to_csv(index=False, sep=";").encode(), "a.csv", CONTRACT)
    assert "can be read as 1234 or as 1.234" in only(sheet).reasons[0]


@pytest.mark.parametrize("value", [True, pd.Timestamp("2005-09-01"), "#DIV/0!"])
def test_cells_of_excel_that_hold_no_number_are_refused(value: object) -> None:
    assert "is no number" in only(put({"bill_1": value}, kind="xlsx")).reasons[0]


def test_an_infinite_number_is_refused() -> None:
    frame = table().astype({"bill_1": float})
    frame.loc[2, "bill_1"] = np.inf
    assert "an infinite number" in only(read(frame, "parquet")).reasons[0]


def test_a_long_text_is_cut_before_it_is_repeated() -> None:
    bad = only(put({"bill_1": "<b>\x07" + "x" * 500}))
    assert len(bad.reasons[0]) < 200
    assert "\x07" not in bad.reasons[0]


def test_a_field_that_may_be_missing_may_be_empty() -> None:
    fields = tuple(replace_missing(each) for each in CONTRACT.fields)
    contract = CONTRACT.model_copy(update={"fields": fields})
    contract.__dict__.pop("record", None)
    contract.__dict__.pop("row", None)
    frame = table().astype(object)
    frame.loc[2, "limit"] = "n/a"
    sheet = batch.read_customers(file(frame, "csv"), "a.csv", contract)
    assert sheet.bad == ()
    assert np.isnan(sheet.raw[contract.row["limit"], 2])


def replace_missing(field):  # type: ignore[no-untyped-def]
    return field.model_copy(update={"missing": True}) if field.name == "limit" else field


# ---- every kind of trouble with a file ------------------------------------------------------------------------------


def zipped(parts: Mapping[str, bytes]) -> bytes:
    into = BytesIO()
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return into.getvalue()


def sheet_xml(cell: bytes) -> bytes:
    """A workbook whose sheet holds one more cell."""
    content = file(table(1), "xlsx")
    with ZipFile(BytesIO(content)) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace(b"</row></sheetData>", cell + b"</row></sheetData>")
    return zipped(parts)


def nested() -> bytes:
    return file(table().assign(limit=[[1.0]] * 5), "parquet")


REFUSED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "another kind": (lambda: b"x", "customers.pdf", "Save it as CSV"),
    "no ending": (lambda: b"x", "customers", "Save it as CSV"),
    "empty": (lambda: b"", "a.csv", "The file is empty"),
    "blank": (lambda: b"\xef\xbb\xbf \r\n\r\n", "a.csv", "The file is empty"),
    "a blank of another kind": (lambda: "\u2003\n".encode(), "a.csv", "lacks 19 of the 19 columns"),
    "too large": (lambda: b"x" * (files.MOST_BYTES + 1), "a.csv", "at most 50 MB"),
    "excel as csv": (lambda: file(table(), "xlsx"), "a.csv", "content is an Excel workbook. Give it the ending .xlsx"),
    "parquet as excel": (lambda: file(table(), "parquet"), "a.xlsx", "content is a Parquet file"),
    "csv as parquet": (lambda: file(table(), "csv"), "a.parquet", "content is a text file"),
    "a password": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.xlsx", "password"),
    "encrypted parquet": (lambda: b"PARE" + b"\0" * 600, "a.parquet", "password"),
    "damaged excel": (lambda: file(table(), "xlsx")[:900], "a.xlsx", "cannot be read"),
    "no workbook": (lambda: zipped({"word/document.xml": b"<w/>"}), "a.xlsx", "cannot be read"),
    "damaged parquet": (lambda: file(table(), "parquet")[:-40], "a.parquet", "cannot be read"),
    "another code page": (lambda: file(table(), "csv").replace(b"customer", b"k\x84ufer"), "a.csv", "UTF-8"),
    "half of utf-16": (lambda: file(table(), "csv").decode().encode("utf-16") + b"x", "a.csv", "UTF-8"),
    "binary": (lambda: file(table(), "csv") + bytes(range(20)) * 200 + b"\0" * 400 + b"x", "a.csv", "no CSV file has"),
    "an open quote": (lambda: file(table(), "csv") + b'"', "a.csv", "is no line of CSV"),
    "one long line": (lambda: b"x" * 2_000_000, "a.csv", "characters long"),
    "many columns": (lambda: b"a," * 5_000, "a.csv", "at most 2,000"),
    "no customer": (lambda: file(table(0), "csv"), "a.csv", "no customer"),
    "no customer in excel": (lambda: file(table(0), "xlsx"), "a.xlsx", "no customer"),
    "no customer in parquet": (lambda: file(table(0), "parquet"), "a.parquet", "no customer"),
    "an empty sheet": (lambda: file(pd.DataFrame(), "xlsx"), "a.xlsx", "The sheet “Sheet1” of the workbook is empty"),
    "a cell far out": (lambda: sheet_xml(b'<c r="XFD1048576"><v>1</v></c>'), "a.xlsx", "row 1,048,576 and col"),
    "lists": (nested, "a.parquet", "write numbers"),
    "one name twice": (lambda: file(table(), "csv").replace(b"bill_2", b"bill_1"), "a.csv", "more than one column"),
    "twice": (lambda: file(table().assign(**{"BILL, May": 1}), "csv"), "a.csv", "more than one column"),
}


@pytest.mark.parametrize("trouble", REFUSED)
def test_a_file_that_cannot_be_used_is_refused_with_what_to_do(trouble: str) -> None:
    make, name, told = REFUSED[trouble]
    with pytest.raises(BadInput) as refused:
        batch.read_customers(make(), name, CONTRACT)
    assert told in str(refused.value)


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_UNPACKED", 10_000)
    for kind in ("xlsx", "parquet"):
        with pytest.raises(BadInput, match="unpacks to"):
            read(table(FEW), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_rows_are_refused(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_ROWS", 4)
    with pytest.raises(BadInput, match="more than 4 rows"):
        read(table(), kind)


def test_a_missing_column_is_named_with_the_one_that_was_likely_meant() -> None:
    frame = table().rename(columns={"bill_3": "bil_3", "paid_2": "Paid in August"})
    with pytest.raises(BadInput) as refused:
        read(frame)
    told = str(refused.value)
    assert "lacks 2 of the 19 columns needed: bill_3 (Bill, July), paid_2 (Paid, August)" in told
    assert "Rename “bil_3” to bill_3" in told
    assert "template" in told


def test_a_repeated_text_of_a_small_parquet_file_is_cut_before_it_is_repeated() -> None:
    frame = table(FEW).astype({"bill_1": str})
    frame["bill_1"] = "x" * 1_000_000
    content = file(frame, "parquet")
    assert len(content) < 2_000_000
    sheet = batch.read_customers(content, "a.parquet", CONTRACT)
    assert len(sheet.bad) == FEW


# ---- any bytes ------------------------------------------------------------------------------------------------------


def survives(content: bytes, name: str) -> bool:
    """Read, or refused as BadInput; anything else is raised."""
    try:
        sheet = batch.read_customers(content, name, CONTRACT)
    except BadInput:
        return True
    CONTRACT.check(sheet.raw)
    return not CONTRACT.broken(sheet.raw) and not np.isinf(sheet.raw).any()


@given(st.one_of(st.binary(max_size=400), st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_are_read_or_refused_as_csv(content: bytes) -> None:
    assert survives(content, "a.csv")


@settings(max_examples=40)
@given(
    st.sampled_from(",;\t"),
    st.lists(st.lists(st.text(max_size=8) | st.floats().map(str), min_size=20, max_size=20), min_size=1, max_size=4),
)
def test_any_cells_are_read_or_refused_row_by_row(delimiter: str, rows: list[list[str]]) -> None:
    into = StringIO()
    writer = csv.writer(into, delimiter=delimiter)
    writer.writerows([table(0).columns, *rows])
    assert survives(into.getvalue().encode("utf-8", "replace"), "a.csv")


WHOLE: dict[str, bytes] = {kind: file(table(3), kind) for kind in ("xlsx", "parquet")}


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_any_damage_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[kind])
    for place in data.draw(st.lists(st.integers(4, len(content) - 1), min_size=1, max_size=12)):
        content[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(4, len(content)))
    assert survives(bytes(content[:end]) if data.draw(st.booleans()) else bytes(content), f"a.{kind}")


@given(st.sampled_from([(b"PK\x03\x04", "xlsx"), (b"PAR1", "parquet"), (b"", "xlsx"), (b"", "parquet")]), st.binary())
def test_any_bytes_are_read_or_refused_as_excel_or_parquet(head: tuple[bytes, str], content: bytes) -> None:
    assert survives(head[0] + content, f"a.{head[1]}")


# ---- results --------------------------------------------------------------------------------------------------------


def test_results_say_what_the_customers_own_page_says(scorer: TableScorer) -> None:
    assumptions = CustomerScenario().values(CONTRACT)
    found = results(scorer, read(table(60)))
    for k in range(60):
        record = BOOK.raw[:, k : k + 1]
        own, bars = decide(scorer, record, assumptions), customer_words.reasons(explain(scorer, record))
        row = found.iloc[k]
        assert row["PD"] == own.pd
        assert row["Score"] == numbers.whole_score(own.score)
        assert row["Decision"] == ("Granted" if own.granted else "Not granted")
        assert row["Expected loss, NT$"] == pytest.approx(own.expected_loss, rel=1e-12)
        assert row["Known territory"] == ("outside" if own.level == "outside" else "known")
        assert [row[f"Points {j}"] for j in (1, 2, 3)] == [bar.points for bar in bars[:3]]
        assert [row[f"Reason {j}"] for j in (1, 2, 3)] == [bar.label if bar.points else "" for bar in bars[:3]]


def test_reasons_add_up_to_the_score(scorer: TableScorer) -> None:
    found = results(scorer, read(table(FEW)))
    parts = found[["Average customer", "Points 1", "Points 2", "Points 3", "Everything else"]]
    assert (parts.sum(axis=1) == found["Score"]).all()
    assert found["Average customer"].nunique() == 1
    assert set(found["Release"]) == {"r1"}


def test_points_are_rounded_as_everywhere_else() -> None:
    rng = np.random.default_rng(1)
    parts = rng.normal(0, 20, (6, 300))
    total = np.floor(parts.sum(0) + rng.uniform(0, 1, 300)).astype(np.int64)
    own = batch._summing(parts, total)
    for k in range(300):
        assert own[:, k].tolist() == numbers.summing(parts[:, k].tolist(), int(total[k]))


def test_reasons_by_concept_are_the_same_as_by_input(scorer: TableScorer) -> None:
    class ByConcept:
        contract, territory = scorer.contract, scorer.territory

        def margins(self, raw: np.ndarray) -> np.ndarray:
            return scorer.margins(raw)

        def reasons(self, raw: np.ndarray) -> Reasons:
            own = scorer.reasons(raw)
            concepts = [each.name for each in CONTRACT.concepts]
            values = np.zeros((len(concepts), raw.shape[1]))
            for each, phi in zip(CONTRACT.inputs, own.values, strict=True):
                values[concepts.index(each.concept)] += phi
            return replace(own, parts=tuple(concepts), values=values, error=values * 0, by_input=False)

    sheet = read(table(50))
    by_concept = batch.score(ByConcept(), sheet, CustomerScenario().values(CONTRACT), "r1")
    pd.testing.assert_frame_equal(batch.results(by_concept), results(scorer, sheet))


def test_expected_loss_follows_the_assumptions(scorer: TableScorer) -> None:
    sheet = read(table())
    assumptions = CustomerScenario().values(CONTRACT) | {"lgd": 0.5, "ccf": 0.0, "cutoff": 300.0}
    found = batch.results(batch.score(scorer, sheet, assumptions, "r1"))
    ead = CONTRACT.exposures(sheet.raw, assumptions).ead
    assert found["Expected loss, NT$"].to_numpy() == pytest.approx(expected_loss(found["PD"].to_numpy(), 0.5, ead))
    assert set(found["Decision"]) == {"Granted"}


def test_scoring_can_be_followed_and_stopped(scorer: TableScorer, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stop(BaseException):
        pass

    monkeypatch.setattr(batch, "ROWS", 100)
    sheet, heard = read(table(FEW)), []
    whole = batch.score(
        scorer, sheet, assumptions=CustomerScenario().values(CONTRACT), release="r1", progress=heard.append
    )
    assert heard == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert whole.lines.tolist() == sheet.rows.tolist()

    def stop(share: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        batch.score(scorer, sheet, assumptions=CustomerScenario().values(CONTRACT), release="r1", progress=stop)


def test_a_sheet_without_a_good_row_gives_no_result(scorer: TableScorer) -> None:
    sheet = read(table().assign(limit=-1))
    found = results(scorer, sheet)
    assert found.empty
    assert len(found.columns) == len(results(scorer, read(table())).columns)
    assert sentence(scored(scorer, sheet)) == (
        "0 of 5 customers scored; 5 rows refused. No customer can be scored before the rows below are put right."
    )
    for kind in KINDS:
        assert batch.results_file(scored(scorer, sheet), kind)


def test_the_finding_counts_what_the_tables_hold(scorer: TableScorer) -> None:
    sheet = put({"limit": "?"})
    found = results(scorer, sheet)
    granted, mean = int((found["Decision"] == "Granted").sum()), numbers.percent(found["PD"].mean())
    told = sentence(scored(scorer, sheet))
    assert told == f"4 of 5 customers scored; 1 row refused; {granted} would be granted, mean PD {mean}."
    assert "no rows refused" in sentence(scored(scorer, read(table())))


def test_decisions_are_told_in_the_words_of_the_contract(scorer: TableScorer) -> None:
    book = CONTRACT.book.model_copy(update={"granted": "would be approved", "declined": "would not be approved"})
    approving = CONTRACT.model_copy(update={"book": book})
    sheet = read(table())
    found = scored(replace(scorer, contract=approving), sheet)
    frame = batch.results(found)
    assert set(frame["Decision"]) == {"Approved", "Not approved"}
    count = int((frame["Decision"] == "Approved").sum())
    assert f"; {count} would be approved, mean PD" in sentence(found)


# ---- files made -----------------------------------------------------------------------------------------------------


def made(content: BytesIO, kind: Kind) -> pd.DataFrame:
    """Results written, and read again."""
    if kind == "csv":
        return pd.read_csv(content, keep_default_na=False)
    if kind == "parquet":
        return pd.read_parquet(content)
    with CalamineWorkbook.from_filelike(content) as workbook:
        head, *rows = workbook.get_sheet_by_name("Results").to_python(skip_empty_area=False)
    return pd.DataFrame(rows, columns=head)


@pytest.mark.parametrize("kind", KINDS)
def test_results_are_written_with_every_digit(scorer: TableScorer, kind: Kind) -> None:
    sheet = put({"limit": "?"})
    found = results(scorer, sheet)
    back = made(BytesIO(batch.results_file(scored(scorer, sheet), kind)), kind)
    head = "PD" if kind == "parquet" else "PD, %"
    assert list(back.columns) == [head if each == "PD" else each for each in found.columns]
    back = back.rename(columns={head: "PD"})
    if kind == "csv":  # in percent, as people read it; a workbook shows the fraction so
        assert back["PD"].tolist() == pytest.approx((100 * found["PD"]).tolist(), rel=1e-14)
        back["PD"] = found["PD"]
    for name in found.columns:
        exact = kind != "xlsx" or not pd.api.types.is_float_dtype(found[name])
        assert back[name].tolist() == (found[name].tolist() if exact else pytest.approx(found[name], rel=1e-15)), name


def test_a_workbook_holds_the_refused_rows_on_its_second_sheet(scorer: TableScorer) -> None:
    sheet = put({"limit": "?", "bill_1": 1e9})
    with CalamineWorkbook.from_filelike(BytesIO(batch.results_file(scored(scorer, sheet), "xlsx"))) as workbook:
        assert workbook.sheet_names == ["Results", "Refused rows"]
        head, row = workbook.get_sheet_by_index(1).to_python()
    assert head == ["Line", "Customer", "Reasons"]
    assert row[:2] == [4, str(BOOK.ids[2])]
    assert row[2] == " ".join(sheet.bad[0].reasons)


EVIL = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x","y")']


def test_no_text_of_a_file_becomes_a_formula(scorer: TableScorer) -> None:
    frame = table()
    frame[CONTRACT.book.id] = EVIL
    frame = frame.astype({"limit": object})
    frame.loc[4, "limit"] = "=2+2"
    sheet = read(frame)
    found = scored(scorer, sheet)
    rows = list(csv.reader(StringIO(batch.results_file(found, "csv").decode())))
    assert [row[0] for row in rows[1:]] == [f"'{each}" for each in EVIL[:4]]
    refused = batch.written_refused(CONTRACT, sheet.bad).decode()
    assert not any(cell.startswith(tuple("=+-@")) for row in csv.reader(StringIO(refused)) for cell in row)
    with ZipFile(BytesIO(batch.results_file(found, "xlsx"))) as archive:
        sheets = [archive.read(each) for each in archive.namelist() if each.startswith("xl/worksheets/")]
        assert not any(b"<f>" in each or b"hyperlink" in each for each in sheets)
    with CalamineWorkbook.from_filelike(BytesIO(batch.results_file(found, "xlsx"))) as workbook:
        assert [row[0] for row in workbook.get_sheet_by_index(0).to_python()[1:]] == EVIL[:4]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_where_there_is_nothing_a_cell_is_empty(kind: Kind) -> None:
    frame = pd.DataFrame({"end": [1.5, np.nan, np.inf], "word": ["=a", None, "b"]})
    back = made(BytesIO(batch._file(frame, frame, kind)), kind)
    assert [str(each) for each in back["end"]] == ["1.5", "", ""]
    assert back["word"].tolist() == ["'=a" if kind == "csv" else "=a", "", "b"]


def test_the_same_results_make_the_same_workbook(scorer: TableScorer) -> None:
    sheet = read(table())
    found = scored(scorer, sheet)
    assert batch.results_file(found, "xlsx") == batch.results_file(found, "xlsx")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_can_be_scored_as_it_is(scorer: TableScorer, kind: Kind) -> None:
    assert kind != "parquet"
    sheet = batch.read_customers(batch.template(CONTRACT, kind), f"t.{kind}", CONTRACT)
    assert (len(sheet), sheet.bad, sheet.ignored) == (1, (), ())
    assert 0 < results(scorer, sheet)["PD"].iloc[0] < 1


def test_the_template_explains_every_column(contract: Contract) -> None:
    with CalamineWorkbook.from_filelike(BytesIO(batch.template(contract))) as workbook:
        customers, about = (workbook.get_sheet_by_index(k).to_python() for k in (0, 1))
    assert [row[0] for row in about[1:]] == customers[0]
    rows = {row[0]: row for row in about}
    assert rows["limit"][1:4] == ["Credit limit", "NT$", "from NT$\xa01,000 to NT$\xa01,000,000"]
    assert rows["status_6"][1:3] == ["Status, April", "code"]
    assert "2 = 2 months late" in rows["status_6"][3]
    assert not {each.name for each in contract.protected()} & set(customers[0])
