"""Text files as exporters write them: the table is found, and what was taken for granted is told."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import BadInput
from data.files.series import given_cells
from data.files.table import FileTable, read_table
from tests.data.files.reading import in_this_process as in_this_process

WANTED = ("Loan_ID ", "default")
HEADER = ["loan_id", "income", "rate", "default"]
ROWS = [["1001", "90427", "0.5", "1"], ["1002", "63882", "0.25", "0"], ["1003", "68786", "", "0"]]
LINES = [",".join(row) for row in [HEADER, *ROWS]]
BARRED = [f"|{line.replace(',', '|')}|" for line in LINES]


def text(delimiter: str = ",", end: str = "\n") -> str:
    return end.join(delimiter.join(row) for row in [HEADER, *ROWS]) + end


def read(content: bytes | str, wanted: tuple[str, ...] = WANTED) -> FileTable:
    return read_table(content.encode() if isinstance(content, str) else content, "a.csv", wanted)


def cells(table: FileTable) -> list[list[str]]:
    return table.frame.to_numpy().tolist()


def same(table: FileTable) -> bool:
    """Whether the table is that of `HEADER` and `ROWS`."""
    return (list(table.header), cells(table)) == (HEADER, ROWS)


@pytest.mark.parametrize("wanted", [WANTED, ()])
@pytest.mark.parametrize("delimiter", list(",;\t|^~"))
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_is_read_whatever_parts_its_cells_and_lines(delimiter: str, end: str, wanted: tuple[str, ...]):
    table = read(text(delimiter, end), wanted)
    assert same(table)
    assert table.delimiter == delimiter
    assert table.lines.tolist() == [2, 3, 4]
    assert (table.notes, table.odd) == ((), ())


PASSED_OVER = {  # what exporters write around a table, and the lines its rows then have
    "cells in quotes": ('"' + text().replace(",", '","').replace("\n", '"\n"')[:-1], [2, 3, 4]),
    "a blank before each quote": ('"' + text().replace(",", '", "').replace("\n", '"\n"')[:-1], [2, 3, 4]),
    "a mark of the byte order": ("\ufeff" + text(), [2, 3, 4]),
    "blank lines between": ("\n\n" + text(end="\n\n"), [5, 7, 9]),
    "rows of delimiters": (text() + ",,,\n , ,\t,\n,,,\n", [2, 3, 4]),
    "a delimiter at each end": (text().replace("\n", ",\n"), [2, 3, 4]),
    "a delimiter at each end but the header's": ("\n".join([LINES[0], *(f"{line}," for line in LINES[1:])]), [2, 3, 4]),
    "several of them": (text().replace("\n", ",,,\n"), [2, 3, 4]),
    "a delimiter at each beginning": ("\n".join(f",{line}" for line in LINES), [2, 3, 4]),
    "bars at both ends and lines drawn": (
        "\n".join(["+---+---+", BARRED[0], "|---|---|", *BARRED[1:], "+---+---+", ""]),
        [4, 5, 6],
    ),
    "a line of dashes under the header": ("\n".join([LINES[0], "-------,------,----,-------", *LINES[1:]]), [3, 4, 5]),
    "a separator named": ("sep=,\n" + text(), [3, 4, 5]),
    "a separator named in quotes": ('"sep=,"\r\n' + text(end="\r\n"), [3, 4, 5]),
    "the end of an old system": (text() + "\x1a", [2, 3, 4]),
    "an end filled with nothing": (text() + "\0" * 400, [2, 3, 4]),
    "no end of the last line": (text()[:-1], [2, 3, 4]),
}


@pytest.mark.parametrize("habit", PASSED_OVER)
def test_what_exporters_write_around_a_table_is_passed_over(habit: str):
    content, lines = PASSED_OVER[habit]
    table = read(content)
    assert same(table)
    assert table.lines.tolist() == lines
    assert (table.notes, table.odd) == ((), ())


TOLD = {  # what exporters write that may mean something, the lines, and the note
    "titles": (
        "Portfolio as of 31 Dec\nby Risk, confidential\n\n" + text(),
        [5, 6, 7],
        "The header was taken from line 4; what stands above it was not read.",
    ),
    "a title with as many delimiters": (
        "Portfolio,,,\n\n" + text(),
        [4, 5, 6],
        "The header was taken from line 3; what stands above it was not read.",
    ),
    "groups of columns above the header": (
        "Loan,Customer,,Outcome\n" + text(),
        [3, 4, 5],
        "The header was taken from line 2; what stands above it was not read.",
    ),
    "a total": (text() + "Total,223095,0.75,1\n", [2, 3, 4], "Line 5 was left out: it begins with “Total”, taken for"),
    "a total in German": (text() + ",,,\nSumme:,223095,,\n", [2, 3, 4], "Line 6 was left out: it begins with “Summe:”"),
    "a total behind a blank": (text() + ",GRAND TOTAL,0.75,1\n", [2, 3, 4], "it begins with “GRAND TOTAL”"),
    "a total of a part": (
        "\n".join([*LINES[:3], "Subtotal,,0.75,", LINES[3]]),
        [2, 3, 5],
        "Line 4 was left out: it begins with “Subtotal”",
    ),
    "a source": (text() + "\nSource: core banking\n", [2, 3, 4], "it holds “Source: core banking” and nothing else"),
    "rows counted": (text() + "(3 rows affected)\n", [2, 3, 4], "it holds “(3 rows affected)” and nothing else"),
    "a remark between": (
        "\n".join([*LINES[:2], "Branch: north,,,", *LINES[2:]]),
        [2, 4, 5],
        "Line 3 was left out: it holds “Branch: north”",
    ),
    "units": (
        "\n".join([LINES[0], "no.,EUR,%,flag", *LINES[1:]]),
        [3, 4, 5],
        "Line 2 was left out: it holds “no., EUR, %, flag”",
    ),
    "two files after each other": (text() + LINES[0], [2, 3, 4], "The header stands again on line 5; passed over."),
    "a header on every page": (
        "\n".join([*LINES[:2], "", LINES[0], LINES[2], LINES[0], LINES[3]]),
        [2, 5, 7],
        "The header stands again on lines 4, 6; passed over.",
    ),
}


@pytest.mark.parametrize("title", ["default", "Default,,,", "DEFAULT;\n"])
def test_a_title_that_is_the_name_of_a_column_is_no_header(title: str):
    table = read(f"{title}\n\n{text()}", ("default",))
    assert same(table)
    assert "what stands above it was not read" in table.notes[0]


@pytest.mark.parametrize("habit", TOLD)
def test_what_is_taken_for_no_row_of_the_table_is_told(habit: str):
    content, lines, note = TOLD[habit]
    table = read(content)
    assert same(table)
    assert table.lines.tolist() == lines
    (told,) = table.notes
    assert note in told
    assert table.odd == ()


def test_cells_that_a_row_ends_without_are_empty_and_told():
    table = read("\n".join([LINES[0], "1001,90427,0.5,1", "1002,63882", "1003"]))
    assert cells(table)[1:] == [["1002", "63882", "", ""], ["1003", "", "", ""]]
    assert table.notes == (
        "2 rows are shorter than the header (lines 3, 4): the cells that are not there were taken as empty.",
    )


def test_a_row_with_more_cells_than_the_header_is_odd():
    table = read(text() + "1004,1,2,3,4,5\n")
    assert same(table)
    assert [(each.line, each.why) for each in table.odd] == [(5, "The row has 6 values where the file has 4 columns.")]


@pytest.mark.parametrize("cell", ['="{}"', '"=""{}"""'])
def test_formulas_that_keep_texts_texts_are_the_texts(cell: str):
    lines = [",".join(cell.format(value) for value in row) for row in [HEADER, *ROWS]]
    table = read("\n".join(lines))
    assert list(table.header) == HEADER
    assert [given_cells(table.frame[k]).texts for k in (0, 2)] == [("1001", "1002", "1003"), ("0.5", "0.25", "")]


def test_row_names_as_r_writes_them_are_a_column_without_a_name():
    table = read("\n".join([LINES[0], *(f"r{k},{line}" for k, line in enumerate(LINES[1:]))]))
    assert table.header == ("", *HEADER)
    assert [row[0] for row in cells(table)] == ["r0", "r1", "r2"]
    assert "a cell more than the header" in table.notes[0]
    assert read("\n".join(f"{'' if k == 0 else k},{line}" for k, line in enumerate(LINES))).header == ("", *HEADER)


def test_a_name_in_several_lines_is_one_line_and_rows_keep_their_lines():
    table = read('"Loan\nID",income,"note",default\n1,2,"two\nlines",1\n2,3,x,0\n', ("loan id",))
    assert table.header == ("Loan ID", "income", "note", "default")
    assert table.lines.tolist() == [3, 5]
    assert cells(table)[0] == ["1", "2", "two\nlines", "1"]


@pytest.mark.parametrize("inside", [",", ";", "\t", "|"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_sign_within_quotes_parts_no_cells(delimiter: str, inside: str):
    into = StringIO()
    header = [
        "loan_id",
        f"amount{inside} total{inside} drawn{inside} EUR",
        f"debt{inside} all{inside} ratio",
        "default",
    ]
    csv.writer(into, delimiter=delimiter).writerows([header, *ROWS])
    for wanted in (("default", "loan_id"), ("default",)):
        table = read(into.getvalue(), wanted)
        assert list(table.header) == [" ".join(name.split()) for name in header]
        assert cells(table) == ROWS


@pytest.mark.parametrize("wanted", [("default",), ()])
def test_decimal_commas_are_no_delimiters(wanted: tuple[str, ...]):
    rows = [["1", "0,5", "1,25", "1"], ["2", "0,25", "7,5", "0"], ["3", "0,1", "12", "0"]]
    table = read("\n".join(";".join(row) for row in [HEADER, *rows]), wanted)
    assert (list(table.header), cells(table), table.delimiter) == (HEADER, rows, ";")


def test_names_may_repeat_and_be_absent_but_each_column_has_a_name_of_its_own():
    table = read("id,Income,income , INCOME,,default\n1,2,3,4,5,6\n")
    assert table.header == ("id", "Income", "income", "INCOME", "", "default")
    assert table.names == ("id", "Income", "income (2)", "INCOME (3)", "column 5", "default")
    assert read("a,a,a (2),default\n1,2,3,4\n").names == ("a", "a (3)", "a (2)", "default")


# ---- text -----------------------------------------------------------------------------------------------------------

NAMED = "loan_id,Größe,café,default\n1,weiß,crème brûlée,0\n2,“quoted”,5 €,1\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"],
)
def test_text_is_read_in_the_encodings_that_are_plain(encoding: str):
    table = read(NAMED.encode(encoding))
    assert table.header == ("loan_id", "Größe", "café", "default")
    assert cells(table)[1] == ["2", "“quoted”", "5 €", "1"]
    told = ("The text is not UTF-8; it was read as Windows-1252.",) if encoding == "cp1252" else ()
    assert table.notes == told


def test_latin_1_is_read_as_part_of_windows_1252():
    table = read("loan_id,Straße,default\n1,Zürich,0\n2,Malmö,1\n".encode("latin-1"))
    assert cells(table)[0][1] == "Zürich"
    assert len(table.notes) == 1


@pytest.mark.parametrize(
    ("word", "encoding"),
    [
        ("Größe", "cp437"),
        ("Größe", "cp850"),
        ("Größe", "mac_roman"),
        ("Клиент", "cp1251"),
        ("Πελάτης", "cp1253"),
        ("顧客番号", "shift_jis"),
        ("客户编号", "gbk"),
        ("고객", "euc_kr"),
        ("łódź", "cp1250"),
        ("żółć", "iso-8859-2"),
    ],
)
def test_text_of_another_code_page_is_refused_rather_than_read_wrongly(word: str, encoding: str):
    with pytest.raises(BadInput, match=r"neither UTF-8 nor plainly Windows-1252\. Save it as “CSV UTF-8”"):
        read(f"loan_id,{word},default\n1,{word},0\n".encode(encoding))


def test_nul_within_text_is_a_blank_and_told():
    table = read(text().replace("63882", "638\082").replace("1002", "1002\0"))
    assert cells(table)[1] == ["1002 ", "638 82", "0.25", "0"]
    assert table.notes == ("2 NUL characters were read as blanks.",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (text() + '"open', "Line 5 of the file is no line of CSV"),
        (text() + 'a"b,"c"d,1,2\n', "is no line of CSV"),
        ("\n \n", "is empty"),
        ("sep=;\n", "is empty"),
        ("\0\1\2\3" * 100 + "a", "characters that no CSV file has"),
    ],
)
def test_what_is_no_csv_is_refused(content: str, told: str):
    with pytest.raises(BadInput, match=told):
        read(content)


# ---- whatever is given ----------------------------------------------------------------------------------------------

word = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\x00\ufeff"), min_size=1, max_size=6)


@given(
    st.lists(st.tuples(word, word, word, word), min_size=3, max_size=12),
    st.sampled_from(",;\t|"),
    st.booleans(),
    st.lists(word, max_size=3),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_any_table_comes_back_from_whatever_it_is_wrapped_in(
    body: list[tuple[str, ...]], delimiter: str, quoted: bool, titles: list[str], encoding: str
):
    rows = [[f"{k}x", *(f"v{cell}9" for cell in row)] for k, row in enumerate(body)]
    into = StringIO()
    writer = csv.writer(into, delimiter=delimiter, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    writer.writerows([["loan_id", "a", "b", "c", "default"], *rows])
    above = "".join(f"Title {''.join(filter(str.isalnum, each))}\n" for each in titles)
    table = read((above + into.getvalue()).encode(encoding))
    assert table.header == ("loan_id", "a", "b", "c", "default")
    assert cells(table) == rows
    assert (table.notes != ()) == bool(titles)


RECORDS = [  # the first one lies within the others
    ["A11", "24", "4870", "own", "2"],
    ["A11", "6", "1169", "own", "1"],
    ["A12", "48", "5951", "own", "2"],
    ["A14", "12", "2096", "free", "1"],
    ["A11", "42", "7882", "rent", "1"],
    ["A14", "36", "9055", "free", "1"],
    ["A12", "30", "948", "rent", "1"],
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", "   "])
def test_a_file_without_a_header_loses_no_record(delimiter: str):
    """As the archives of machine learning and Freddie Mac publish theirs, some with blanks between."""
    table = read("\n".join(delimiter.join(row) for row in RECORDS) + "\n", ("class",))
    assert cells(table) == RECORDS
    assert table.names == tuple(f"column {k}" for k in range(1, 6))
    assert table.lines.tolist() == list(range(1, 8))
    assert table.notes == (
        "The file has no header: its first row holds values as the others do, so its columns are called column 1 to "
        "column 5.",
    )


@pytest.mark.parametrize(
    "header",
    [
        ["status", "months", "amount", "housing", "class"],
        ["1", "2", "3", "4", "5"],
        ["who", "30", "60", "90", "120"],
        ["A11", "2019", "2020", "own", "2021"],
    ],
)
def test_names_are_no_record_though_they_hold_numbers(header: list[str]):
    table = read("\n".join(",".join(row) for row in [header, *RECORDS]), ("no such",))
    assert (list(table.header), cells(table)) == (header, RECORDS)


def test_attributes_named_before_the_data_are_its_header():
    """A file of Weka's or KEEL's."""
    head = "% of a bank\n@relation 'loans'\n\n@attribute status {A11, A12, A14}\n@ATTRIBUTE 'months left' numeric\n"
    head += "@attribute amount real\n@attribute housing {own,rent,free}\n@attribute class {1,2}\n@data\n"
    table = read(head + "\n".join(",".join(row) for row in RECORDS), ("class",))
    assert table.header == ("status", "months left", "amount", "housing", "class")
    assert cells(table) == RECORDS
    assert table.notes == ()


def test_names_below_numbered_columns_are_the_header():
    """As the card clients of Taiwan come: X1 to X23, and what they mean below."""
    rows = [["", "X1", "X2", "X3", "Y"], ["id", "limit", "sex", "age", "default"], *(["7", "20", "2", "24", "1"],) * 6]
    table = read("\n".join(",".join(row) for row in rows), ())
    assert table.header == ("id", "limit", "sex", "age", "default")
    assert len(table.frame) == 6


def test_blanks_between_words_part_no_cells():
    table = read("name\nJohn Smith\nMary Ann Jones\nEva May\nJoe Do\n", ())
    assert cells(table) == [["John Smith"], ["Mary Ann Jones"], ["Eva May"], ["Joe Do"]]
