"""The app as AppTest runs it, on the shared release."""

import importlib
import json
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from plotly import graph_objects
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, local_script_runner
from streamlit.util import calc_hash

import pages
from model.deployed import desk as client
from model.report import charts
from model.settings import Settings
from pages.shared import draw

ROOT = Path(__file__).parents[2]
Open = Callable[..., AppTest]


def script(page: str) -> str:
    """The file of a page, by its name in addresses."""
    return f"{'customer' if page == 'applicant' else page}/page.py"


def begin(at: AppTest, page: str) -> AppTest:
    """Have an app that has not run yet begin with a page: before, Streamlit knows pages by their file's name only."""
    at._page_hash = calc_hash(page)
    return at


@pytest.fixture(scope="session", autouse=True)
def _components_sought_once() -> Iterator[None]:
    """AppTest looks through every installed package for components before each run: two thirds of the run's time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session", autouse=True)
def _scripts_compiled_once() -> Iterator[None]:
    """AppTest compiles the router and the page anew at each run, a server once: the app's own files, which stay as they
    are; what a test writes as a script is compiled each time."""
    one, compiled = ScriptCache(), ScriptCache.get_bytecode

    def get_bytecode(own: ScriptCache, path: str) -> Any:
        return compiled(one if Path(path).is_relative_to(ROOT / "pages") else own, path)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ScriptCache, "get_bytecode", get_bytecode)
        yield


@pytest.fixture(scope="session", autouse=True)
def _end_of_a_run_awaited() -> Iterator[None]:
    """AppTest looks a thousand times a second whether a run has ended, each time at the cost of the run."""
    looked = local_script_runner.require_widgets_deltas

    def awaited(runner: local_script_runner.LocalScriptRunner, timeout: float = 3) -> None:
        assert runner._script_thread is not None
        runner._script_thread.join(timeout)
        if not runner.script_stopped():
            looked(runner, 0)  # which tells that it took too long

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(local_script_runner, "require_widgets_deltas", awaited)
        yield


@pytest.fixture(scope="session", autouse=True)
def _every_part_of_a_chart_checked() -> Iterator[None]:
    """A page draws charts as they were made; here each that is drawn must be one that plotly knows, part by part."""
    made = draw.Checked.to_dict

    def checked(self: draw.Checked) -> charts.Figure:
        figure: charts.Figure = graph_objects.Figure(**made(self)).to_dict()
        assert figure["data"], "a chart of nothing"
        return figure

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(draw.Checked, "to_dict", checked)
        yield


@pytest.fixture
def open_app(home: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a page of the app at an address: ``open_app("applicant", customer=12345, balances=-20)``; with panels
    unfolded from the first run on if they are named: ``open_app("policy", ["_swap"], cutoff=531)``."""
    monkeypatch.setenv("WHATIF_HOME", str(home))

    def run(page: str = "book", panels: Sequence[str] = (), /, **address: object) -> AppTest:
        at = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=60)
        begin(at, page)
        for panel in panels:
            at.session_state[panel] = True
        for name, value in address.items():
            at.query_params[name] = str(value)
        at.run()
        assert not at.exception
        assert all(at.session_state[panel] for panel in panels)  # Trust folds them when somebody comes to it
        return at

    return run


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> client.DeployedModels:
    """A desk of its own over an empty home, in place of the process's."""
    own = client.DeployedModels(lambda: Settings(home=tmp_path))
    monkeypatch.setattr(client, "desk", own)
    monkeypatch.setattr("pages.shared.deployed.desk", own)
    return own


UNSEEN = ("<style>", "<script>", "<div hidden><style>")  # what markup begins with that nobody reads


def put_desk(monkeypatch: pytest.MonkeyPatch, own: client.DeployedModels) -> None:
    """Have every page ask a desk of the test's own. Modules that hold the process's desk are read in before, for one
    that is read in meanwhile would hold the test's ever after."""
    names = [each.name for each in pkgutil.walk_packages(pages.__path__, "pages.")]
    modules = [importlib.import_module(each) for each in names if not each.endswith((".page", ".main"))]
    for module in (*(each for each in modules if hasattr(each, "desk")), client):
        monkeypatch.setattr(module, "desk", own)


def markup(at: AppTest) -> str:
    """Everything written as markup, in order, but the style sheet and the scripts that come with it."""
    return unescape("\n".join(each.value for each in at.html if not each.value.startswith(UNSEEN)))


def answers(at: AppTest) -> str:
    """The markup below the frame, whose model badge tells how many milliseconds the last call took."""
    return markup(at).split("live, ", 1)[1].split("</div>", 1)[1]


def shown(at: AppTest, label: str) -> str:
    """One number of the headline, as text."""
    part = markup(at).split(f"<div class='wi-label'>{label}</div><div class='wi-value'>")[1]
    return part.split("</div>")[0]


def figure(at: AppTest, key: str) -> dict:
    """One chart, as it is sent."""
    return json.loads(at.get_by_key(key).proto.spec)


def sentence(at: AppTest) -> str:
    """The first sentence, as markup."""
    found = re.search(r"<p class='wi-sentence[^>]*>(.*?)</p>", markup(at))
    assert found is not None
    return found[1]


def links(at: AppTest) -> list[Any]:
    """The links to pages below the frame, which has one to Trust."""
    return [each.proto for each in at.get("page_link") if each.proto.page != "trust"]


def opened(at: AppTest, panel: str) -> AppTest:
    """With a panel unfolded."""
    at.session_state[panel] = True
    return at.run()


def address(at: AppTest) -> dict[str, str]:
    """What the address says, by name."""
    return {name: str(value[0] if isinstance(value, list) else value) for name, value in at.query_params.items()}
