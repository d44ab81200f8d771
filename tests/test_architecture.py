"""The house: imports point downwards only, and nothing reaches out of it.

app → pages → command line → api → registry → export → scoring → deployed → record → security → report → validation →
whatif → release → monitoring → finance → engine → data
"""

import ast
import re
from collections.abc import Iterator
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
PLACES = "work|tmp|home|root|usr|etc|var|opt|mnt|srv|Users"
OUTSIDE = re.compile(rf"(?<![\w.:/<])/(?:{PLACES})/|(?<!\w)~/|\.\./|\b[A-Z]:\\")
DRAWERS = {"streamlit", "plotly", "matplotlib", "altair"}
VAGUE = re.compile(r"(?:^|_)(?:utils?|helpers?|commons?|managers?|misc)(?:_|$)", re.IGNORECASE)


def name_of(path: Path) -> str:
    """The module's dotted name."""
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, wherever in it, as dotted names; ``from a import b`` gives ``a.b`` too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


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


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_point_downwards_only(path: Path):
    own = floor(name_of(path))
    if own is None:
        assert [each for each in imports(path) if ours(each)] == []  # the package model itself
        return
    for imported in imports(path):
        reached = floor(imported)
        if reached is None:
            continue
        assert reached <= own, f"{name_of(path)} imports {imported}, which stands above it"
        if FLOORS[own] in ON_THEIR_OWN and reached < own:
            assert FLOORS[reached] == "data", f"{name_of(path)} may import the data only, not {imported}"


@pytest.mark.parametrize("path", [p for p in SOURCES if name_of(p) != "app"], ids=name_of)
def test_only_pages_and_app_draw(path: Path):
    """Streamlit is for pages and app.py; figures of the report are plain data, so nothing below draws at all."""
    drawers = {each.split(".")[0] for each in imports(path)} & DRAWERS
    assert name_of(path).startswith("pages") or not drawers


def test_nothing_outside_the_tests_imports_the_tests():
    assert [name_of(path) for path in SOURCES if any(each.split(".")[0] == "tests" for each in imports(path))] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_file_names_a_path_outside_the_project(path: Path):
    assert OUTSIDE.findall(path.read_text()) == []


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


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_name_says_what_it_holds(path: Path):
    defined = [
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    words = [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name) for name in (path.stem, path.parent.name, *defined)]
    assert [word for word in words if VAGUE.search(word)] == []


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


def public(kind: type | tuple[type, ...]) -> dict[str, list[str]]:
    """The modules that define each public name of a kind at their top, by the name."""
    found: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, kind) and not node.name.startswith("_"):  # type: ignore[attr-defined]
                found.setdefault(node.name, []).append(name_of(path))  # type: ignore[attr-defined]
    return found


def test_no_two_public_classes_share_a_name():
    assert {name: places for name, places in public(ast.ClassDef).items() if len(places) > 1} == {}


def test_no_public_function_has_the_name_of_more_than_one_other():
    """But for main, where a program or a page begins."""
    named = public((ast.FunctionDef, ast.AsyncFunctionDef))
    assert {name: places for name, places in named.items() if len(places) > 2 and name != "main"} == {}


@pytest.mark.parametrize("path", [p for p in SOURCES if name_of(p).startswith("pages")], ids=name_of)
def test_pages_hold_no_arithmetic_and_no_table(path: Path):
    """What a page says is a value from below: numbers, tables and words are made there."""
    assert {each.split(".")[0] for each in imports(path)} & {"numpy", "pandas", "scipy"} == set()


@pytest.mark.parametrize("path", sorted({*SOURCES, *(PROJECT / "tests").rglob("*.py")}), ids=name_of)
def test_the_formatters_layout_is_taken_as_it_falls(path: Path):
    assert not re.search(r"#\s*fmt:\s*(?:skip|off)", path.read_text())


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_conditional_expression_stands_inside_another(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.IfExp):
            inner = [each for part in (node.test, node.body, node.orelse) for each in ast.walk(part)]
            assert not any(isinstance(each, ast.IfExp) for each in inner), f"{path.name}:{node.lineno}"


def test_no_two_pieces_of_work_on_a_page_are_followed_under_one_name():
    """Each may show a button to cancel it at the same time, and Streamlit tells buttons apart by their names."""
    named: dict[tuple[str, str], int] = {}
    for path in SOURCES:
        for text in re.findall(r"\bfollow(?:ed)?\(\s*\"([^\"]+)\"", path.read_text()):
            key = (path.parent.name, text)
            named[key] = named.get(key, 0) + 1
    assert named
    assert {key for key, count in named.items() if count > 1} == set()


def test_unchecked_types_are_few():
    """At most three in a thousand lines, but for charts, which are plain dicts."""
    own = [path for path in SOURCES if "charts" not in path.stem]
    lines = sum(path.read_text().count("\n") for path in own)
    found = [node for path in own for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)]
    assert sum(node.id == "Any" for node in found) <= 3 * lines / 1000


def test_floors_below_pages_keep_no_state_of_a_visitor():
    """Same input, same output: no session state and no global random state below the pages."""
    below = [path for path in SOURCES if name_of(path).startswith(("data", "model"))]
    state = re.compile(r"session_state|np\.random\.(?!default_rng)|random\.seed")
    assert [name_of(path) for path in below if state.search(path.read_text())] == []


DRAWN_OPTIONS = {"pills", "radio", "segmented_control", "select_slider", "tabs", "multiselect", "menu_button"}
PAGES = [path for path in SOURCES if name_of(path).startswith("pages")]


def test_options_that_streamlit_reads_as_markdown_are_written_literally():
    """A browser sends an option back as it was drawn, so that who names options says how they are written; every other
    text is made literal where it leaves, in pages/shared/as_written.py."""
    found = []
    for path in PAGES:
        for node in ast.walk(ast.parse(path.read_text())):
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
