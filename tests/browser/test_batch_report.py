"""The report of a batch as its reader opens it: offline, its charts drawn and to be pointed at, light and dark, wide
and narrow."""

from pathlib import Path
from typing import Literal

import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from data import books
from data.books import Book
from model.export.batch.page import write_batch_page
from model.release.release import Release
from model.scoring.job.job import run_job
from model.scoring.job.report import batch_numbers
from model.scoring.job.scorer import JobScorer
from model.scoring.job.terms import JobTerms
from model.whatif.book.scored import ScoredBook
from tests.browser.conftest import violations
from tests.support.records import TODAY

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(release: Release, book: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("batch")
    records = pd.read_parquet(books.SHIPPED / "cards" / "cards.parquet").head(3_000)
    records.loc[:9, "status_1"] = 77
    records.to_parquet(place / "applications of a rather long name, of the third quarter.parquet")
    terms = JobTerms(scenario=(("preset", "fed_2026_severely_adverse"), ("severity", "50")), day=TODAY.isoformat())
    scorer = JobScorer(release, terms, ScoredBook.of(release.scorer, book).annual)
    done = run_job(next(place.iterdir()), place / "out.parquet", scorer)
    write_batch_page(place / "report.html", batch_numbers(done.manifest, release, TODAY))
    return place / "report.html"


@pytest.mark.parametrize(("wide", "theme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_it_is_read_offline_and_its_charts_are_drawn(
    browser: Browser, report: Path, wide: int, theme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(offline=True, viewport={"width": wide, "height": 800}, color_scheme=theme)
    page = context.new_page()
    asked, said = list[str](), list[str]()
    page.on("request", lambda sent: asked.append(sent.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(report.as_uri())
    charts = page.locator("[data-chart] .main-svg:first-child")
    expect(charts.first).to_be_visible()
    assert charts.count() == page.locator("[data-chart]").count() > 8
    folded = page.get_by_text("How what has hardly moved is distributed")
    folded.click()
    inside = page.locator("details.whole[open] .main-svg:first-child").first
    expect(inside).to_be_visible()
    assert (inside.bounding_box() or {"width": 0})["width"] > 250
    plot = page.locator("[data-chart=scores] .nsewdrag").first
    box = plot.bounding_box() or {"width": 0, "height": 0}
    plot.hover(position={"x": box["width"] * 0.62, "y": box["height"] - 6})  # at the foot of a high bar
    expect(page.locator("[data-chart=scores] .hoverlayer .hovertext").first).to_be_visible()
    expect(page.get_by_text("10 rows refused, most for status, september")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    assert [each for each in asked if not each.startswith(("data:", "blob:"))] == [report.as_uri()]
    assert said == []
    assert violations(page) == []
    context.close()
