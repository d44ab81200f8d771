"""The READMEs keep their word: every command in them is run or could be, and every path, link, setting, verb and
version is one that there is.

What a fence in bash says is run here (``data/README.md``, as one visitor after the other would type it), is run by
``.ci/run`` word for word, or is held against what it calls: verbs and their options, tests that are found, paths of the
service. A command that none of these knows fails.
"""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest
from packaging.requirements import Requirement
from streamlit import config

from data.contract import Contract
from model.__main__ import VERBS, main
from model.api import openapi, process
from model.api import routes as rest
from model.api.service import Service
from model.deployed import mapping
from model.settings import Settings
from tests.support.inside import Client
from tests.test_architecture import FLOORS, PROJECT, SOURCES

DOCUMENTS = sorted(
    [
        *PROJECT.glob("*.md"),
        *PROJECT.glob(".github/*.md"),
        *(path for top in ("data", "model", "pages", "tests") for path in (PROJECT / top).rglob("*.md")),
    ]
)
RUN_HERE = PROJECT / "data" / "README.md"
REFUSED = "train --book breast_cancer"  # its command ends with 1, and says why
CI = (PROJECT / ".ci" / "run").read_text()
MOST_LINES = 150  # of the README itself

FENCE = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SETTING = re.compile(r"([A-Z][A-Z_]*)=")
INSTALLED = re.compile(r'pip install "?([a-z][\w.=<>,-]*)')
HOUSE_PATH = re.compile(r"(?:data|model|pages|tests|\.github|\.ci|\.streamlit)/[\w./-]+")
NOT_SHIPPED = {".streamlit/secrets.toml"}  # whoever runs the dashboard writes it
OF_TESTS = {
    "WHATIF_TEST_DEPLOY",
    "WHATIF_TEST_MLFLOW",
    "WHATIF_TEST_MLSERVER",
    "WHATIF_TEST_KSERVE",
    "WHATIF_TEST_SPARK",
    "WHATIF_TEST_KAFKA",
}


def name_of(path: Path) -> str:
    """A document by its path in the project."""
    return path.relative_to(PROJECT).as_posix()


def fences(document: Path, language: str) -> list[str]:
    """What the fences in one language hold."""
    return [text for kind, text in FENCE.findall(document.read_text()) if kind == language]


def prose(document: Path) -> str:
    """A document without its fences."""
    return FENCE.sub("", document.read_text())


def lines_of(text: str) -> list[str]:
    """The lines of a shell's text, those that go on joined."""
    return [line for line in text.replace("\\\n", "").splitlines() if line.strip()]


@dataclass(frozen=True)
class Command:
    """One command of a document: the settings before it, and its words."""

    document: str
    settings: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """Its words as one types them."""
        return shlex.join(self.words)


def commands(document: Path) -> list[Command]:
    """Every command of a document, those joined by && apart."""
    found = []
    for line in (line for text in fences(document, "bash") for line in lines_of(text)):
        words = [*shlex.split(line, comments=True), "&&"]
        while words:
            end = words.index("&&")
            one, words = words[:end], words[end + 1 :]
            settings = [word for k, word in enumerate(one) if all(SETTING.match(before) for before in one[: k + 1])]
            found.append(Command(name_of(document), tuple(settings), tuple(one[len(settings) :])))
    return found


@pytest.fixture(scope="module")
def client(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """The service, by the paths it has; nothing is recorded."""
    own = shutil.copytree(home, tmp_path_factory.mktemp("told") / "home", ignore=shutil.ignore_patterns("lock"))
    return Client(rest.create(Service(Settings(home=own), audit=None), open_here=True))


COMMANDS = [each for document in DOCUMENTS if document != RUN_HERE for each in commands(document)]


# ---- commands that are run here --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> dict[str, "CompletedProcess[str]"]:
    """The commands of ``data/README.md``, one after the other in an empty home; what each said, by its line."""
    place = tmp_path_factory.mktemp("visit")
    (place / "data").symlink_to(PROJECT / "data")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WHATIF_")}
    environment |= {"WHATIF_HOME": str(place / "home"), "PYTHONPATH": str(PROJECT)}
    said = {}
    for line in (line for text in fences(RUN_HERE, "bash") for line in lines_of(text)):
        typed = line.replace(".venv/bin/python", shlex.quote(sys.executable))
        command = ["bash", "-euo", "pipefail", "-c", typed]
        said[line] = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    return said


def answer_to(visit: Mapping[str, "CompletedProcess[str]"], part: str) -> "CompletedProcess[str]":
    """What was said to the one command that holds ``part``."""
    (found,) = [said for line, said in visit.items() if part in line]
    return found


def remark(visit: Mapping[str, "CompletedProcess[str]"], part: str) -> str:
    """The remark behind the command that holds ``part``."""
    (found,) = [line.partition("# ")[2] for line in visit if part in line]
    assert found
    return found


def test_every_command_of_a_book_of_your_own_ends_as_it_is_told_to(visit: dict[str, "CompletedProcess[str]"]):
    assert len(visit) == 5
    ended = {line: (said.returncode, said.stderr[-2000:]) for line, said in visit.items()}
    assert {line for line, (status, _) in ended.items() if status} == {line for line in visit if REFUSED in line}, ended
    assert all("Traceback" not in told for _, told in ended.values())


def test_init_prints_what_is_shown_of_it(visit: dict[str, "CompletedProcess[str]"]):
    (shown,) = [text for text in fences(RUN_HERE, "text") if text.startswith("Proposed the book")]
    wanted = [line for line in shown.splitlines() if line.strip("…")]
    printed = answer_to(visit, "init data/cards").stdout.splitlines()
    assert [line for line in printed if line in wanted] == wanted


def test_the_proposed_book_of_cards_ranks_as_told_and_passes_every_gate(visit: dict[str, "CompletedProcess[str]"]):
    told = re.fullmatch(r"works at once: AUC (0\.\d{3}), every gate passed", remark(visit, "train --book my_cards"))
    printed = answer_to(visit, "train --book my_cards").stdout
    found = re.search(r"^ *passed +Ranks well: AUC +(0\.\d+)", printed, re.MULTILINE)
    assert told is not None
    assert found is not None
    assert f"{float(found[1]):.3f}" == told[1]
    assert "FAILED" not in printed


def test_the_tumours_are_refused_for_the_reason_told(visit: dict[str, "CompletedProcess[str]"]):
    share = re.search(r"(\d+\.\d)% of them bad", remark(visit, "init breast_cancer"))
    auc = re.search(r"an AUC of (0\.\d+) is above (0\.\d+)", remark(visit, REFUSED))
    assert share is not None
    assert auc is not None
    assert f"{share[1]}% of them bad" in answer_to(visit, "init breast_cancer").stdout
    printed = answer_to(visit, REFUSED).stdout
    failed = re.findall(r"^ *FAILED +.* AUC +(0\.\d+) +at most (0\.\d+)", printed, re.MULTILINE)
    assert [(f"{float(figure):.3f}", f"{float(bound):.2f}") for figure, bound in failed] == [(auc[1], auc[2])]


# ---- commands that are held against what they call -------------------------------------------------------------------


def model_verb(words: Sequence[str]) -> None:
    """A verb and its options as the command line reads them, without doing what it does."""
    command, name, rest = main.commands[words[0]].chosen(), words[0], list(words[1:])  # type: ignore[attr-defined]
    while isinstance(command, click.Group):
        name, *rest = rest
        command = command.commands[name]
    command.make_context(name, rest).close()


class Found:
    """A plugin that notes which tests pytest finds, and what kept it from finding others."""

    def __init__(self) -> None:
        self.tests: list[str] = []
        self.failed: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append(report.longreprtext)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.tests += [item.nodeid for item in session.items]


OF_THIS_RUN = ("cacheprovider", "faulthandler", "unraisableexception", "threadexception")  # one of each is enough


def collected(words: Sequence[str]) -> None:
    """Tests that pytest finds, if it is told to find them only; those of the whole suite .ci/run runs. It looks in this
    process, which has read in most of them."""
    found = Found()
    options = ["-n", "0", "--collect-only", "--capture=no", *(f"-pno:{name}" for name in OF_THIS_RUN)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(PROJECT)
        for name in (each for each in os.environ if each.startswith("PYTEST_")):
            patch.delenv(name)
        ended = pytest.main([*words, *options], [found])
    assert (ended, found.failed) == (pytest.ExitCode.OK, []), words
    assert found.tests


def python_module(words: Sequence[str]) -> None:
    """A module that Python runs."""
    assert words[0] == "-m", words
    if words[1] == "model":
        model_verb(words[2:])
    elif words[1] == "pytest":
        collected(words[2:])
    else:
        assert unknown_to_module(words[1], words[2:]) == set(), words


def unknown_to_module(module: str, words: Sequence[str]) -> set[str]:
    """The options given to a module of this project, which there must be, that do not stand in it."""
    found = importlib.util.find_spec(module)
    assert found is not None, f"there is no module {module}"
    assert found.origin is not None
    source = Path(found.origin).read_text()
    return {word for word in words if word.startswith("--") and f'"{word}"' not in source}


def streamlit_program(words: Sequence[str]) -> None:
    """``streamlit run`` of a file that there is, with options that Streamlit has; it starts a server, as those of the
    browser tests do."""
    assert words[0] == "run"
    assert (PROJECT / words[1]).is_file()
    for option in (word for word in words[2:] if word.startswith("--")):
        config.get_option(option.removeprefix("--"))


def packages(words: Sequence[str]) -> None:
    """What pip installs from is a lock file that there is."""
    assert words[0] == "install"
    assert (PROJECT / words[list(words).index("-r") + 1]).is_file()


CHECKS: Mapping[str, Callable[[Sequence[str]], None]] = {
    ".venv/bin/python": python_module,
    ".venv/bin/streamlit": streamlit_program,
    ".venv/bin/pip": packages,
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: f"{each.document}: {each.text}")
def test_every_command_is_run_or_calls_what_there_is(command: Command, client: Client):
    names = {SETTING.match(each)[1] for each in command.settings}  # type: ignore[index]
    assert names <= {f"WHATIF_{name.upper()}" for name in Settings.model_fields} | OF_TESTS
    program, *words = command.words
    if program == "curl":
        assert served(client, words[-1]) == 200
    elif not run_by_ci(command):
        assert program in CHECKS, f"nobody runs {command.text}, of {command.document}"
        CHECKS[program](words)


def run_by_ci(command: Command) -> bool:
    """Whether .ci/run runs a command word for word, makes the environment it asks for, or is it."""
    of_readme = command.document == "README.md" and command.words[0] in ("python3", ".venv/bin/python")
    return of_readme or command.text in map(str.strip, CI.splitlines()) or command.words == (".ci/run",)


def served(client: Client, address: str) -> int:
    """What the service answers at an address that is told with the port of ``serve``."""
    host, _, path = address.partition("/")
    ports = [each.words[each.words.index("--port") + 1] for each in COMMANDS if "serve" in each.words]
    assert [host] == [f"localhost:{port}" for port in ports]
    return int(client.get(f"/{path}").status_code)


def test_ci_runs_the_test_command_that_the_readme_shows():
    (line,) = [line for line in CI.splitlines() if "README.md" in line]
    script = line.replace("bash -euo pipefail -c", "printf %s", 1)
    printed = subprocess.run(["bash", "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    run, test = fences(PROJECT / "README.md", "bash")
    assert printed.strip() == test.strip()
    assert test.strip().endswith(".venv/bin/python -m pytest")
    assert run.strip().endswith(".venv/bin/streamlit run app.py")


def test_a_command_that_nobody_runs_is_found():
    strange = Command("README.md", (), ("make", "all"))
    assert not run_by_ci(strange)
    assert strange.words[0] not in CHECKS
    with pytest.raises(click.UsageError, match="No such option"):
        model_verb(["train", "--fast"])
    with pytest.raises(KeyError):
        model_verb(["forecast"])
    with pytest.raises(AssertionError, match="no module"):
        python_module(["-m", "bench_nothing"])


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_in_a_sentence_calls_what_there_is(document: Path):
    spans = [" ".join(span.split()) for span in SPAN.findall(prose(document))]
    for call in (span.partition("python -m ")[2] for span in spans if span.startswith("python -m ")):
        words = re.sub(r"[\[\]]", "", call).split()
        if words[0] != "model":
            assert unknown_to_module(words[0], words[1:]) == set(), words
        elif words[1:] != ["VERB"]:
            assert unknown_options(words[1:]) == set(), words


def unknown_options(words: Sequence[str]) -> set[str]:
    """The options given to a verb, which there must be, that it does not have."""
    command: click.Command = main.commands[words[0]].chosen()  # type: ignore[attr-defined]
    if isinstance(command, click.Group):
        command = command.commands[words[1]]
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    return {word for word in words if word.startswith("--")} - known


def test_whoever_is_told_to_install_a_library_is_told_one_that_this_project_names():
    """Not one of its own name, which is on no public index, so that anybody could take it there."""
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {Requirement(each).name: each for some in extras.values() for each in some}
    told = {each for path in (*DOCUMENTS, *SOURCES) for each in INSTALLED.findall(path.read_text())}
    extra = {"authlib", "confluent-kafka", "cryptography", "deltalake", "mlflow-skinny", "pg8000", "pyspark"}
    assert {Requirement(each).name for each in told} == extra
    for each in told:
        assert each in (Requirement(each).name, named[Requirement(each).name])


def test_the_command_line_is_told_verb_by_verb():
    text = (PROJECT / "model" / "cli" / "README.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    calls = [re.sub(r"[\[\]]", "", call).split() for row in rows for call in SPAN.findall(row)]
    assert {words[0] for words in calls} == set(VERBS)
    for words in calls:
        assert unknown_options(words) == set(), words


# ---- what else stands in them ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_fence_says_in_which_language_it_is(document: Path):
    assert {kind for kind, _ in FENCE.findall(document.read_text())} <= {"bash", "python", "text", "toml"}
    assert prose(document).count("```") == 0


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document: Path):
    for link in LINK.findall(prose(document)):
        path, _, anchor = link.partition("#")
        target = PROJECT / path.removeprefix("/") if path.startswith("/") else document.parent / path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_path_of_the_house_is_one(document: Path):
    spans = {span for span in SPAN.findall(prose(document)) if HOUSE_PATH.fullmatch(span)}
    assert {span for span in spans - NOT_SHIPPED if not (PROJECT / span).exists()} == set()


def test_every_document_is_reached_from_the_readme():
    reached = set(LINK.findall((PROJECT / "README.md").read_text()))
    assert {f"/{name_of(each)}" for each in DOCUMENTS} - {"/README.md"} <= reached


def test_the_readme_stays_short():
    assert len((PROJECT / "README.md").read_text().splitlines()) <= MOST_LINES


def test_every_setting_is_told_and_none_that_there_is_not():
    known = {f"WHATIF_{name.upper()}" for name in Settings.model_fields}
    table = (PROJECT / "model" / "README.md").read_text().partition("## Settings")[2].partition("\n## ")[0]
    told: set[str] = set()
    for row in (line.split("|")[1] for line in table.splitlines() if line.startswith("| `WHATIF_")):
        first, *others = SPAN.findall(row)
        told |= {first, *(f"{first.rpartition('_')[0]}{each}" if each[0] == "_" else each for each in others)}
    assert told == known
    named = {name for document in DOCUMENTS for name in re.findall(r"WHATIF_[A-Z_]+\b", document.read_text())}
    assert named <= known | OF_TESTS


def test_the_house_is_drawn_as_it_is_built():
    (drawn,) = fences(PROJECT / "model" / "README.md", "text")
    storeys = re.findall(r"^ +(?:model/ ─ )?([a-z]+)(?:/|\.py) ", drawn, re.MULTILINE)
    alone = {
        "errors",
        "settings",
        "locks",
        "signing",
        "bench",
        "bench_batch",
        "bench_own_book",
        "__main__",
    }  # floors of one file
    built = [each.rpartition(".")[2] for each in reversed(FLOORS)]
    assert storeys == [each for each in built if each not in alone]


def test_every_path_of_the_service_is_told(client: Client):
    document = client.get("/openapi.json").json()
    text = (PROJECT / "model" / "api" / "README.md").read_text()
    words = {re.split(r"[/:]", path.replace("/{which}", "").replace("/{name}", ""))[-1] for path in document["paths"]}
    assert {word for word in words if word not in text} == set()


def test_every_part_of_a_contract_is_told():
    table = (PROJECT / "data" / "README.md").read_text().partition("## The contract")[2].partition("\n## ")[0]
    told = {span.strip("[]").partition(".")[0] for span in SPAN.findall(table) if span.startswith("[")}
    shipped = [tomllib.loads(path.read_text()) for path in (PROJECT / "data").glob("*/contract.toml")]
    assert len(shipped) == 2
    assert told == {name for each in shipped for name, part in each.items() if not isinstance(part, str | bool)}


def test_the_mapping_of_a_model_elsewhere_is_one_that_is_read(contract: Contract):
    (text,) = fences(PROJECT / "model" / "deployed" / "README.md", "toml")
    found = mapping.read_mapping(text.encode(), contract)
    assert found.names == ("LIMIT_BAL", "PAY_0", "utilisation")
    assert (found.output.name, found.output.column, found.output.kind) == ("predict_proba", 1, "probability")


def test_a_briefing_is_read_without_a_page(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("WHATIF_HOME", str(home))
    program, _ = fences(PROJECT / "model" / "README.md", "python")
    exec(program, {})
    sentence, tiles, row = capsys.readouterr().out.splitlines()
    assert sentence.endswith(".")
    assert "Approval rate" in tiles
    assert row.startswith("(")


def test_a_scenario_is_saved_and_opened_without_a_page(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    _, program = fences(PROJECT / "model" / "README.md", "python")
    exec(program, {})
    process.close()
    opened, listed = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"[0-9a-f]{12} True \d+\.\d+", opened)
    assert listed == "['Mild recession']"


def test_the_version_is_the_same_wherever_it_stands():
    changes = (PROJECT / ".github" / "CHANGELOG.md").read_text()
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["version"] == openapi.VERSION == re.findall(r"^## (.+)$", changes, re.MULTILINE)[0]
    assert (PROJECT / project["readme"]).is_file()
