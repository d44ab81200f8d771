"""Files of whatever kind and width, drawn: init answers or refuses plainly; of what it answers a model is trained,
every page opens, and the file's own rows come back and score as those of the book do.

The suite takes a few small ones; ``HYPOTHESIS_PROFILE=search`` looks through as many as it is given time for.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from data import books
from data.arrays import Array
from data.books import Book
from data.contract import Contract
from model.__main__ import main
from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.release.store import Store
from model.scoring import batch
from model.settings import Settings
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import IN_MEMORY
from tests.pages.conftest import ROOT, begin, markup, put_desk
from tests.support.kept import promoted_anyway
from tests.support.outcomes_of_loans import compared_on_few

READ, SHOWN = (3, 2) if settings().derandomize else (2_000, 100)  # the suite takes the same few each time
NAME, TARGET, ACCOUNT, UNDECIDED = "drawn", "outcome", "account", "Current"
PAGES = ("book", "applicant", "policy", "trust", "operations")
Rng = np.random.Generator
Cells = list[object]


# ---- columns ---------------------------------------------------------------------------------------------------------


def amounts(rng: Rng, n: int) -> Cells:
    return list(np.exp(rng.normal(9, 1, n)).round(int(rng.integers(0, 3))))


def ratios(rng: Rng, n: int) -> Cells:
    return list(rng.beta(2, 5, n).round(int(rng.integers(2, 9))))


def counts(rng: Rng, n: int) -> Cells:
    return list(rng.poisson(rng.choice([0.05, 0.5, 4.0]), n))


def both_signs(rng: Rng, n: int) -> Cells:
    return list((rng.normal(size=n) * 10.0 ** rng.integers(-6, 9)).round(6))


def gapped(rng: Rng, n: int) -> Cells:
    return [None if gap else each for each, gap in zip(both_signs(rng, n), rng.random(n) < 0.4, strict=True)]


def coded(rng: Rng, n: int) -> Cells:
    codes = rng.choice([-9, -8, -7, 99, 9999, 99999999], int(rng.integers(1, 4)))
    return list(np.where(rng.random(n) < 0.15, rng.choice(codes, n), rng.integers(0, 60, n)))


def repeated_codes(rng: Rng, n: int) -> Cells:
    own = rng.beta(2, 5, n).round(3) if rng.random() < 0.3 else rng.integers(0, 120, n)
    return list(np.where(rng.random(n) < 0.1, rng.choice([-9, -8, -7], n), own))


def words(rng: Rng, n: int) -> Cells:
    known = ["owner", "tenant", "with family", "=other", "Müller & Söhne", "a, b; c", '"so"']
    return list(rng.choice(known[: int(rng.integers(1, len(known) + 1))], n))


def gapped_words(rng: Rng, n: int) -> Cells:
    return list(rng.choice(["car", "house", "n/a", "-", "", "Unknown"], n))


def many_words(rng: Rng, n: int) -> Cells:
    return [f"shop {k}" for k in rng.integers(0, n, n)]


def ordered_words(rng: Rng, n: int) -> Cells:
    kinds = (["< 1 year", "1 year", "2 years", "10+ years"], ["low", "medium", "high"], ["A1", "A2", "B1", "C3"])
    return list(rng.choice(kinds[int(rng.integers(len(kinds)))], n))


def terms(rng: Rng, n: int) -> Cells:
    return list(rng.choice([" 36 months", " 60 months"], n))


def percents(rng: Rng, n: int) -> Cells:
    return [f"{each:.2f}%" for each in rng.uniform(3, 30, n)]


def money(rng: Rng, n: int) -> Cells:
    return [f"€ {each:,.2f}" for each in np.exp(rng.normal(9, 1, n))]


DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m", "%Y%m%d", "%b-%Y", "%b-%y", "%d-%b-%y", "%Y/%m", "%Y")
TIMES = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M")


def days(rng: Rng, n: int) -> Cells:
    written = str(rng.choice([*DAYS, *TIMES]))
    return [f"{day:{written}}" for day in calendar_days(rng, n)]


def calendar_days(rng: Rng, n: int) -> Cells:
    return list(pd.Timestamp("2011-01-01") + pd.to_timedelta(rng.integers(0, 3000, n), "D"))


def flags(rng: Rng, n: int) -> Cells:
    kinds = (["Y", "N"], ["yes", "no"], [0, 1], [True, False])
    return list(np.array(kinds[int(rng.integers(len(kinds)))])[rng.integers(0, 2, n)])


def rare(rng: Rng, n: int) -> Cells:
    return list(np.where(rng.random(n) < 0.01, 1, 0))


def constant(rng: Rng, n: int) -> Cells:
    return [7] * n


def empty(rng: Rng, n: int) -> Cells:
    return [None] * n


def numbers(rng: Rng, n: int) -> Cells:
    return list(rng.permutation(n) + 10**6)


KINDS = {
    "Loan Amount": amounts,
    "ratio": ratios,
    "late payments": counts,
    "change": both_signs,
    "gaps": gapped,
    "coded": coded,
    "bureau": repeated_codes,
    "home": words,
    "purpose": gapped_words,
    "shop": many_words,
    "employed": ordered_words,
    "term": terms,
    "rate": percents,
    "income": money,
    "issue_date": days,
    "opened": calendar_days,
    "flag": flags,
    "rare": rare,
    "country": constant,
    "note": empty,
    "reference": numbers,
    "customer": counts,  # names that the pages, the service and the papers use for something of their own
    "PD": ratios,
    "cutoff": amounts,
    "Start": flags,
    "score": coded,
    "=SUM(A1)": both_signs,
    "größe, m²": amounts,
}
LEAKS: dict[str, Callable[[Rng, NDArray[np.bool_]], Cells]] = {
    "recoveries": lambda rng, bad: list(np.where(bad, rng.gamma(2, 100, len(bad)).round(2), 0.0)),
    "last paid": lambda rng, bad: [day if each else None for day, each in zip(days(rng, len(bad)), bad, strict=True)],
    "reason": lambda rng, bad: list(np.where(bad, rng.choice(["job lost", "ill"], len(bad)), "")),
    "stage": lambda rng, bad: list(np.where(rng.random(len(bad)) < 0.9, bad, ~bad) + 1),
}


# ---- files -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layout:
    """How a table is laid down: ``sign`` between its cells, "" for Parquet and "x" for a workbook."""

    sign: str
    decimal: str = "."
    encoding: str = "utf-8"
    title: str = ""
    trailing: bool = False


@dataclass(frozen=True)
class Given:
    """A file, which of its rows have an outcome, (n,), and what init is asked of it."""

    ending: str
    content: bytes
    decided: NDArray[np.bool_]
    asked: tuple[str, ...]


OUTCOMES = (((0, 1), ()), (("Fully Paid", "Charged Off"), ()), (("good", "bad"), ()), ((1, 2), ("--bad", "2")))


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    sign = draw(st.sampled_from([",", ";", "\t", "|", "", "x"]))
    if sign in ("", "x"):
        return Layout(sign)
    return Layout(
        sign=sign,
        decimal=draw(st.sampled_from([".", ","])) if sign != "," else ".",
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "windows-1252", "utf-16"])),
        title=draw(st.sampled_from(["", "", "Loan tape of 2019\n\n"])),
        trailing=draw(st.booleans()),
    )


@st.composite
def files(draw: st.DrawFn) -> Given:
    """A file of a table with an outcome."""
    width, n = draw(st.one_of(st.integers(1, 12), st.integers(1, 120))), draw(st.integers(240, 320))
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=width, max_size=width))
    leaks = draw(st.lists(st.sampled_from(sorted(LEAKS)), max_size=2, unique=True))
    often, outcome = draw(st.sampled_from([0.2, 0.45, 0.1])), draw(st.sampled_from(OUTCOMES))
    numbered, undecided = draw(st.booleans()), draw(st.booleans())
    seed = draw(st.integers(0, 2**32))
    frame, asked = table(np.random.default_rng(seed), n, kinds, leaks, often, outcome, numbered, undecided)
    return laid(frame, draw(layouts()), asked)


def table(
    rng: Rng,
    n: int,
    kinds: Sequence[str],
    leaks: Sequence[str],
    often: float,
    outcome: tuple[tuple[object, object], tuple[str, ...]],
    numbered: bool,
    undecided: bool,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The table, with an outcome that the first numbers tell something of, and what init is asked of it."""
    columns = {f"{kind} {k}" if kind in kinds[:k] else kind: KINDS[kind](rng, n) for k, kind in enumerate(kinds)}
    frame = pd.DataFrame(columns)
    telling = frame.select_dtypes("number").rank(pct=True).fillna(0.5).iloc[:, :5].sum(axis=1)
    bad = rng.random(n) < often * 2 * telling.rank(pct=True).to_numpy()
    frame = frame.assign(**{name: LEAKS[name](rng, bad) for name in leaks})
    (good, wrong), asked = outcome
    cells = pd.Series(np.where(bad, wrong, good))
    if undecided and isinstance(good, str):
        cells = cells.mask(pd.Series(rng.random(n) < 0.1), UNDECIDED)
        asked = ("--bad", str(wrong), "--drop", UNDECIDED)
    frame[TARGET] = cells
    if numbered:
        frame.insert(0, ACCOUNT, np.arange(1, n + 1))
    return frame, asked


def laid(frame: pd.DataFrame, layout: Layout, asked: tuple[str, ...]) -> Given:
    """The table as a file."""
    into, decided = BytesIO(), (frame[TARGET] != UNDECIDED).to_numpy()
    if layout.sign == "":
        frame.to_parquet(into, index=False)
        return Given("parquet", into.getvalue(), decided, asked)
    if layout.sign == "x":
        frame.to_excel(into, index=False, engine="xlsxwriter", engine_kwargs=IN_MEMORY)
        return Given("xlsx", into.getvalue(), decided, asked)
    text = frame.to_csv(index=False, sep=layout.sign, decimal=layout.decimal)
    if layout.trailing:
        text = text.replace("\n", f"{layout.sign}\n")
    return Given("csv", (layout.title + text).encode(layout.encoding, errors="replace"), decided, asked)


# ---- from a file to every page ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """The slow comparisons of a training on few rows."""
    with compared_on_few():
        yield


def proposed(home: Path, given: Given) -> Book | None:
    """The book that init makes of a file; None where it refuses, in a sentence and leaving nothing behind."""
    file = home / f"{NAME}.{given.ending}"
    file.write_bytes(given.content)
    words = ("init", str(file), "--target", TARGET, "--book", NAME, *given.asked)
    result = CliRunner().invoke(main, words, env={"WHATIF_HOME": str(home)}, catch_exceptions=False)
    if result.exit_code:
        assert result.exit_code == 2, result.stderr
        assert re.fullmatch(r"Error: .{10,}", result.stderr.splitlines()[-1]), result.stderr
        assert not list(home.glob("books/*"))
        return None
    return books.read_book(NAME, home)


def uploaded(contract: Contract, given: Given) -> Array:
    """The file's rows with an outcome, (fields, n), as an upload is read: a row without may hold what no other does, a
    word that no model has learned from."""
    sheet = batch.read_customers(given.content, f"again.{given.ending}", contract)
    refused = {each.line: each for each in sheet.bad}
    first = min([*sheet.rows.tolist(), *refused])
    assert not [each for line, each in refused.items() if given.decided[line - first]]
    return sheet.raw[:, given.decided[sheet.rows - first]]


def read_by_somebody(home: Path) -> None:
    """Have the contract be read, and the model be made of few trees."""
    contract = home / "books" / NAME / "contract.toml"
    text = re.sub(r" *# QUESTION: .*", "", contract.read_text().replace("reviewed = false", "reviewed = true"))
    contract.write_text(f"{text}\n[training]\niterations = 5\n")


def trained_and_shown(home: Path, customer: int) -> DeployedModel:
    """The model that is trained of the book, after every page of it has opened."""
    read_by_somebody(home)
    promoted_anyway(Store(home, NAME))
    own = DeployedModels(lambda: Settings(home=home))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHATIF_HOME", str(home))
        put_desk(patch, own)
        own.model(NAME).scored_book()  # so that no page waits for it, and shows nothing
        for page in PAGES:
            opened(page, customer)
    return own.model(NAME)


def opened(page: str, customer: int) -> None:
    """A page of the book opens, and has nothing to complain of."""
    at = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=120)
    begin(at, page)
    at.query_params["book"] = NAME
    if page == "applicant":
        at.query_params["customer"] = str(customer)
    at.run()
    assert "wi-waiting" not in markup(at)
    assert not at.exception, (page, [each.value for each in at.exception])
    assert not at.error, (page, [each.value for each in at.error])


@settings(max_examples=READ, suppress_health_check=[HealthCheck.too_slow])
@given(file=files())
def test_a_file_is_refused_plainly_or_becomes_a_book_that_reads_its_rows_again(file: Given) -> None:
    with TemporaryDirectory() as folder:
        book = proposed(Path(folder), file)
        assert book is None or np.array_equal(uploaded(book.contract, file), book.raw, equal_nan=True)


@settings(max_examples=SHOWN, suppress_health_check=[HealthCheck.too_slow])
@given(file=files())
def test_a_book_made_of_a_file_trains_shows_and_scores_its_rows_again(file: Given) -> None:
    with TemporaryDirectory() as folder:
        home = Path(folder)
        book = proposed(home, file)
        assume(book is not None)
        assert book is not None
        model = trained_and_shown(home, int(book.ids[0]))
        again: Array = model.scorer.margins(uploaded(model.contract, file))
        assert np.array_equal(again, model.scorer.margins(model.book.raw))
