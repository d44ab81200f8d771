"""The house: imports point downwards only, and nothing reaches out of it.

app → pages → command line → api → registry → export → scoring → deployed → record → security → report → validation →
whatif → release → monitoring → finance → engine → data
"""

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
FLOORS = (  # from the ground up
    "data",
    "model.errors",
    "model.settings",
    "model.locks",
    "model.signing",
    "model.engine",
    "model.finance",
    "model.monitoring",
    "model.release",
    "model.whatif",
    "model.validation",
    "model.report",
    "model.security",
    "model.record",
    "model.deployed",
    "model.scoring",
    "model.export",
    "model.registry",
    "model.api",
    "model.bench",
    "model.bench_batch",
    "model.bench_own_book",
    "model.cli",
    "model.__main__",
    "pages",
    "app",
)
ON_THEIR_OWN = ("model.errors", "model.settings")  # floors of one file below which there is the data only
HOUSE = [
    *PROJECT.glob("*.py"),
    *(path for top in ("data", "model", "pages") for path in (PROJECT / top).rglob("*") if path.is_file()),
]
SOURCES = sorted(path for path in HOUSE if path.suffix == ".py")
TEXTS = sorted(
    path for path in HOUSE if path.suffix in {".py", ".toml", ".css", ".html", ".js", ".json", ".md", ".svg"}
)
PAGES = [path for path in SOURCES if path.is_relative_to(PROJECT / "pages")]
PLACES = "work|tmp|home|root|usr|etc|var|opt|mnt|srv|Users"
OUTSIDE = re.compile(rf"(?<![\w.:/<])/(?:{PLACES})/|(?<!\w)~/|\.\./|\b[A-Z]:\\")
DRAWERS = {"streamlit", "plotly", "matplotlib", "altair"}
VAGUE = re.compile(r"(?:^|_)(?:utils?|helpers?|commons?|managers?|misc)(?:_|$)", re.IGNORECASE)


def name_of(path: Path) -> str:
    """The module's dotted name."""
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


Nodes = Mapping[Path, list[ast.AST]]


@pytest.fixture(scope="module")
def nodes() -> Nodes:
    """Every source parsed once: all its nodes, the module itself first."""
    return {path: list(ast.walk(ast.parse(path.read_text()))) for path in SOURCES}


def imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Every module that the nodes of a file import, as dotted names; ``from a import b`` gives ``a.b`` too."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{ast.unparse(node)} is relative"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offenders(paths: Iterable[Path], found: Callable[[Path], Collection[object]]) -> dict[str, Collection[object]]:
    """What is found where nothing should be, by the file it stands in."""
    return {str(path.relative_to(PROJECT)): what for path in paths if (what := found(path))}


def floor(module: str) -> int | None:
    """How high a module of this project lives; None for others."""
    found = [k for k, each in enumerate(FLOORS) if module == each or module.startswith(f"{each}.")]
    return found[0] if found else None


def ours(module: str) -> bool:
    return module.split(".")[0] in {"data", "model", "pages", "app"}


def test_every_module_has_a_floor():
    homeless = [name_of(path) for path in SOURCES if floor(name_of(path)) is None and name_of(path) != "model"]
    assert homeless == []
    assert len(SOURCES) > 30


def may_import(own: int | None, imported: str) -> bool:
    """Whether a module of a floor, or of none as the package model itself, may import another."""
    reached = floor(imported)
    if own is None:
        return not ours(imported)
    if reached is None:
        return True
    return reached <= own and (FLOORS[own] not in ON_THEIR_OWN or reached == own or FLOORS[reached] == "data")


def test_imports_point_downwards_only(nodes: Nodes):
    """And what is on its own imports the data only."""

    def upwards(path: Path) -> list[str]:
        return [each for each in imports(nodes[path]) if not may_import(floor(name_of(path)), each)]

    assert offenders(SOURCES, upwards) == {}


@pytest.mark.parametrize(
    ("module", "imported", "may"),
    [
        ("model", "model.errors", False),
        ("model", "json", True),
        ("data.books", "model.errors", False),
        ("model.release.store", "model.release.checks", True),
        ("model.release.store", "data.books", True),
        ("model.release.store", "model.whatif.saved", False),
        ("model.settings", "data.errors", True),
        ("model.settings", "model.errors", False),
        ("pages.book.page", "app", False),
    ],
)
def test_import_that_points_upwards_is_recognised(module: str, imported: str, may: bool):
    assert may_import(floor(module), imported) is may


def test_only_pages_and_app_draw(nodes: Nodes):
    """Streamlit is for pages and app.py; figures of the report are plain data, so nothing below draws at all."""
    below = [path for path in SOURCES if name_of(path) != "app" and not name_of(path).startswith("pages")]
    assert offenders(below, lambda path: {each.split(".")[0] for each in imports(nodes[path])} & DRAWERS) == {}


def test_nothing_outside_the_tests_imports_the_tests(nodes: Nodes):
    assert offenders(SOURCES, lambda path: {each.split(".")[0] for each in imports(nodes[path])} & {"tests"}) == {}


def test_no_file_names_a_path_outside_the_project():
    assert offenders(TEXTS, lambda path: OUTSIDE.findall(path.read_text())) == {}


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ('open("/tmp/x")', True),
        ("path = ~/books", True),
        ("see ../elsewhere", True),
        (r"C:\books", True),
        ("a/b/c", False),
        ("https://example.org/home/page", False),
        ("HOME/releases/tmp/x", False),
        ("</svg>", False),
    ],
)
def test_path_outside_the_project_is_recognised(text: str, outside: bool):
    assert bool(OUTSIDE.search(text)) is outside


def test_every_name_says_what_it_holds(nodes: Nodes):
    def vague(path: Path) -> list[str]:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        defined = [node.name for node in nodes[path] if isinstance(node, kinds)]
        words = [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name) for name in (path.stem, path.parent.name, *defined)]
        return [word for word in words if VAGUE.search(word)]

    assert offenders(SOURCES, vague) == {}


@pytest.mark.parametrize(
    ("way", "homes"),
    [
        (r"\.to_csv\(|csv\.(?:writer|DictWriter)\(", {"model.report.spreadsheet"}),
        (r"\.to_excel\(|xlsxwriter\.Workbook\(", {"model.scoring.batch", "model.export.workbook.sheets"}),
        (r"download_button\(", {"pages.shared.widgets"}),
        (r"\bst\.(?:dataframe|data_editor|table)\(", {"pages.shared.draw"}),
    ],
)
def test_what_people_take_along_leaves_by_one_module(way: str, homes: set[str]):
    """So that nothing leaves on a way on which a text could become a formula."""
    found = {name_of(path) for path in SOURCES for line in re.findall(way, path.read_text())}
    assert found == homes


def public(nodes: Nodes, kind: type | tuple[type, ...]) -> dict[str, list[str]]:
    """The modules that define each public name of a kind at their top, by the name."""
    found: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in nodes[path][0].body:  # type: ignore[attr-defined]
            if isinstance(node, kind) and not node.name.startswith("_"):  # type: ignore[attr-defined]
                found.setdefault(node.name, []).append(name_of(path))  # type: ignore[attr-defined]
    return found


def test_no_two_public_classes_share_a_name(nodes: Nodes):
    assert {name: places for name, places in public(nodes, ast.ClassDef).items() if len(places) > 1} == {}


def test_no_public_function_has_the_name_of_more_than_one_other(nodes: Nodes):
    """But for main, where a program or a page begins."""
    named = public(nodes, (ast.FunctionDef, ast.AsyncFunctionDef))
    assert {name: places for name, places in named.items() if len(places) > 2 and name != "main"} == {}


def test_pages_hold_no_arithmetic_and_no_table(nodes: Nodes):
    """What a page says is a value from below: numbers, tables and words are made there."""
    reckoning = {"numpy", "pandas", "scipy"}
    assert PAGES
    assert offenders(PAGES, lambda path: {each.split(".")[0] for each in imports(nodes[path])} & reckoning) == {}


def test_the_formatters_layout_is_taken_as_it_falls():
    every = sorted({*SOURCES, *(PROJECT / "tests").rglob("*.py")})
    assert offenders(every, lambda path: re.findall(r"#\s*fmt:\s*(?:skip|off)", path.read_text())) == {}


def test_no_conditional_expression_stands_inside_another(nodes: Nodes):
    def nested(path: Path) -> list[int]:
        outer = [node for node in nodes[path] if isinstance(node, ast.IfExp)]
        inside = [(node, each) for node in outer for each in ast.walk(node) if each is not node]
        return [node.lineno for node, each in inside if isinstance(each, ast.IfExp)]

    assert offenders(SOURCES, nested) == {}


def test_no_two_pieces_of_work_on_a_page_are_followed_under_one_name():
    """Each may show a button to cancel it at the same time, and Streamlit tells buttons apart by their names."""
    named: dict[tuple[str, str], int] = {}
    for path in SOURCES:
        for text in re.findall(r"\bfollow(?:ed)?\(\s*\"([^\"]+)\"", path.read_text()):
            key = (path.parent.name, text)
            named[key] = named.get(key, 0) + 1
    assert named
    assert {key for key, count in named.items() if count > 1} == set()


def test_unchecked_types_are_few(nodes: Nodes):
    """At most three in a thousand lines, but for charts, which are plain dicts."""
    own = [path for path in SOURCES if "charts" not in path.stem]
    lines = sum(path.read_text().count("\n") for path in own)
    found = [node for path in own for node in nodes[path] if isinstance(node, ast.Name)]
    assert sum(node.id == "Any" for node in found) <= 3 * lines / 1000


def test_floors_below_pages_keep_no_state_of_a_visitor():
    """Same input, same output: no session state and no global random state below the pages."""
    below = [path for path in SOURCES if name_of(path).startswith(("data", "model"))]
    state = re.compile(r"session_state|np\.random\.(?!default_rng)|random\.seed")
    assert [name_of(path) for path in below if state.search(path.read_text())] == []


DRAWN_OPTIONS = {"pills", "radio", "segmented_control", "select_slider", "tabs", "multiselect", "menu_button"}


def test_options_that_streamlit_reads_as_markdown_are_written_literally(nodes: Nodes):
    """A browser sends an option back as it was drawn, so that who names options says how they are written; every other
    text is made literal where it leaves, in pages/shared/as_written.py."""
    found = []
    for path in PAGES:
        for node in nodes[path]:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in DRAWN_OPTIONS:
                told = [each.value for each in node.keywords if each.arg == "format_func"]
                if not (told and "literal" in ast.unparse(told[0])):
                    found.append(f"{name_of(path)}:{node.lineno}")
    assert found == []


def test_nothing_is_drawn_but_by_what_makes_texts_literal():
    """No page sends a message past it, and none has Streamlit draw markup but st.html, whose texts are escaped."""
    around = re.compile(
        r"unsafe_allow_html|\b_enqueue\b|enqueue_message|components\.v1|st\.(?:iframe|graphviz_chart|latex)\b"
    )
    assert [name_of(path) for path in PAGES if around.search(path.read_text())] == []
    assert [name_of(path) for path in PAGES if "ScriptRunContext" in path.read_text()] == ["pages.shared.as_written"]
    drawn = [path for path in PAGES if re.search(r"\bst\.html\(", path.read_text())]
    assert [name_of(path) for path in drawn] == ["pages.shared.widgets"]
