"""The app for a phone as a visitor has it: opened from a folder that is served, as large as a phone or a tablet."""

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LIMIT
from tests.support.phones import FolderServer

PHONE, TABLET = (390, 844), (820, 1180)
READY = """async () => {
  const found = await navigator.serviceWorker.ready;
  return found.active.state === 'activated' && navigator.serviceWorker.controller !== null;
}"""


@dataclass
class PhoneVisit:
    """One visitor's phone: what it asked for, and what it complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def ready(self) -> None:
        """Until the answer stands and the package is on the phone."""
        self.answered()
        self.until(READY)

    def answered(self) -> None:
        """Until the answer stands."""
        expect(self.page.locator("#numbers .value").first).not_to_be_empty()
        expect(self.page.locator("#answers")).to_be_visible()

    def until(self, script: str) -> None:
        """Until a script says yes; by evaluating it, as the page's policy forbids what waits by text."""
        for _ in range(LIMIT // 50):
            if self.page.evaluate(script):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"It never came to be: {script}")

    def numbers(self) -> list[str]:
        """Probability, score, decision, expected loss."""
        return self.page.locator("#numbers .value").all_inner_texts()

    def badge(self) -> str:
        """Which model, how long good, whether signed."""
        return self.page.locator("#badge").inner_text()

    def refused(self) -> str:
        """Why no numbers are shown."""
        expect(self.page.locator("#refused")).to_be_visible()
        assert self.page.locator("#answers").is_hidden()
        assert self.numbers() == []
        return self.page.locator("#refused").inner_text()

    def frame(self) -> None:
        """Until the browser has drawn what was touched."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def foreign(self, host: str) -> list[str]:
        """Requests to anywhere else than where the package lies."""
        return [each for each in self.requests if urlsplit(each).netloc != host]


def visit_phone(
    browser: Browser,
    server: FolderServer,
    size: tuple[int, int] = PHONE,
    theme: Literal["light", "dark"] = "light",
) -> PhoneVisit:
    """A phone that opens the app the first time."""
    how: dict[str, Any] = {"viewport": {"width": size[0], "height": size[1]}, "color_scheme": theme}
    context = browser.new_context(**how, has_touch=True, reduced_motion="reduce")
    context.set_default_timeout(LIMIT)
    seen = PhoneVisit(context.new_page())
    seen.page.on("request", lambda sent: seen.requests.append(sent.url))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("console", lambda said: said.type in ("error", "warning") and seen.complaints.append(said.text))
    seen.page.goto(server.url)
    return seen
