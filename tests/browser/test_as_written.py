"""What a browser makes of hostile texts: themselves."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.server import serving
from tests.support.hostile_texts import TEXTS

pytestmark = pytest.mark.browser

MADE = "strong, em, del, code, a, img, h1, h2, h4, ul, ol, blockquote, .katex, [data-testid=stIconMaterial]"


def test_hostile_texts_are_drawn_as_they_are_written(browser: Browser, home: Path, tmp_path: Path):
    with serving(home, tmp_path, script="tests/support/hostile_page.py") as running:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda each: asked.append(each.url))
        page.goto(running.url)
        page.locator("[data-testid=stPlotlyChart] .xtick").first.wait_for()
        for k, text in enumerate(TEXTS):
            place = page.locator(f".st-key-drawn-{k}")
            texts = place.locator("[data-testid=stMarkdownContainer]")
            drawn = [" ".join(each.split()) for each in texts.all_inner_texts()]
            wanted = " ".join(text.split())
            assert len(drawn) >= 14
            assert {each.replace("\N{WORD JOINER}", "") for each in drawn} == {wanted}
            inside = texts.locator(MADE)
            assert inside.count() == 0, inside.first.evaluate("each => each.outerHTML")
        chart = page.locator("[data-testid=stPlotlyChart]")
        assert {"<a href='https://evil.example'>x</a>", "<b>y</b>"} <= {*chart.locator("text").all_text_contents()}
        assert chart.locator("svg a").count() == 0
        assert not [each for each in asked if re.search("evil", each)]
