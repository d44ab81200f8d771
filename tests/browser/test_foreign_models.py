"""The dashboard in a real browser on models that other makers' servers run: MLflow and MLServer, each with a model of
its own, trained there."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from data.arrays import Array
from data.books import Book
from model.release.release import Release
from model.report import numbers
from model.report.numbers import Unit
from tests.browser import server as dashboard
from tests.browser.conftest import Visit, book_ready, press, probability, ready, settled
from tests.browser.server import Server, serving
from tests.support.servers import HERE, SNAPSHOT, ModelServer, environment, mlflow, mlserver, python_of

pytestmark = [pytest.mark.browser, pytest.mark.servers]

SERVERS: dict[str, Callable[[Path], AbstractContextManager[ModelServer]]] = {"mlflow": mlflow, "mlserver": mlserver}
LOAD = {
    "mlflow": "import mlflow; model = mlflow.sklearn.load_model(str(folder / 'model'))",
    "mlserver": "import joblib; model = joblib.load(folder / 'model.joblib')",
}
EVERYBODY = """
import sys
from pathlib import Path
sys.path.insert(0, ".")
import numpy as np
import pandas as pd
from train_{kind} import columns
snapshot, folder = map(Path, sys.argv[1:])
{load}
np.save(folder / "everybody.npy", model.predict_proba(columns(pd.read_parquet(snapshot)))[:, 1])
"""
LGD, CCF = 0.8, 0.5  # the contract's, over which the book's expected loss is summed


@dataclass(frozen=True)
class Deployed:
    """A dashboard on a model ``server``."""

    kind: str
    server: ModelServer
    pages: Server

    @property
    def customers(self) -> dict[int, float]:
        """What the model itself said of some customers where it was trained: PD by number."""
        return dict(zip(self.server.customers.tolist(), self.server.pd.tolist(), strict=True))

    def everybody(self) -> Array:
        """What the model itself says of the whole book, in the environment where it was trained, PD (n,)."""
        python, folder = python_of(f"WHATIF_TEST_{self.kind.upper()}"), self.server.log.parent
        script = EVERYBODY.format(kind=self.kind, load=LOAD[self.kind])
        command = [str(python), "-c", script, str(SNAPSHOT), str(folder)]
        subprocess.run(command, cwd=HERE, env=environment(python), check=True, capture_output=True)
        return np.asarray(np.load(folder / "everybody.npy"))


@pytest.fixture(scope="module", params=SERVERS)
def deployed(
    request: pytest.FixtureRequest, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """A dashboard that has a release of its own at home, and is pointed at another maker's server."""
    plain, folder = dashboard._start, tmp_path_factory.mktemp(request.param)
    with SERVERS[request.param](folder) as there, pytest.MonkeyPatch.context() as patched:
        own = {
            "WHATIF_MODEL_URL": there.url,
            "WHATIF_MODEL_MAPPING": str(there.mapping),
            "WHATIF_MODEL_TIMEOUT": "60",
        }
        patched.setattr(dashboard, "_start", lambda command, env, output: plain(command, env | own, output))
        with serving(home, folder) as pages:
            yield Deployed(request.param, there, pages)


@pytest.fixture
def somebody(deployed: Deployed, book: Book) -> int:
    """A customer with a probability unlike most, whose limit may still rise."""
    limits = book.raw[book.contract.row["limit"]]
    for number, pd in deployed.customers.items():
        if 0.25 < pd < 0.6 and 40_000 <= limits[book.position(number)] <= 200_000:
            return number
    raise AssertionError("No customer has such a probability.")


def loss_shown(page: Page) -> Locator:
    """The expected loss, the third of the numbers."""
    return page.locator(".wi-number .wi-value").nth(2)


def nothing_of_ours(page: Page, release: Release) -> None:
    """Neither a release of ours nor anything of a server's inside stands on the page."""
    text = page.inner_text("body")
    for word in ("Traceback", 'File "', ".py", release.id[:6], "release ", "Checked live"):
        assert word not in text


def test_customer_page_shows_the_models_own_probability(
    deployed: Deployed, somebody: int, visit: Visit, release: Release
) -> None:
    page = visit(f"/applicant?customer={somebody}", deployed.pages)
    ready(page)
    expect(probability(page)).to_have_text(numbers.percent(deployed.customers[somebody]))
    expect(page.get_by_text("The server gives no reasons, so the model was asked about")).to_be_visible()
    nothing_of_ours(page, release)


def test_one_lever_moved_changes_the_probability_on_the_customer_page(
    deployed: Deployed, somebody: int, visit: Visit, release: Release
) -> None:
    page = visit(f"/applicant?customer={somebody}", deployed.pages)
    ready(page)
    before = probability(page).inner_text()
    press(page, "Months late now", "End")
    expect(probability(page)).not_to_have_text(before)
    settled(page)
    nothing_of_ours(page, release)


def test_book_page_sums_the_models_own_probabilities(
    deployed: Deployed, visit: Visit, release: Release, book: Book
) -> None:
    page = visit("/", deployed.pages)
    book_ready(page)
    loss = float((deployed.everybody() * LGD * book.contract.exposures(book.raw, {"ccf": CCF}).ead).sum())
    expect(loss_shown(page)).to_have_text(Unit.of(loss).text(loss, book.contract.book.currency))
    expect(page.get_by_text(f"was asked live about all {len(book):,} customers.")).to_be_visible()
    nothing_of_ours(page, release)


def test_one_lever_moved_changes_the_loss_on_the_book_page(deployed: Deployed, visit: Visit, release: Release) -> None:
    page = visit("/", deployed.pages)
    book_ready(page)
    before = loss_shown(page).inner_text()
    press(page, "Balances", "End")
    expect(loss_shown(page)).not_to_have_text(before)
    book_ready(page)
    nothing_of_ours(page, release)
