"""Where a release comes from: whatever makes its tables is in the hash of the code."""

import ast
import shutil
from pathlib import Path

import pytest

from model.release.origin import PROJECT, code, sources
from tests.test_architecture import imports, name_of

SAYS_NOTHING_OF_TABLES = {"model", "model.errors", "model.settings", "model.locks"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The hashed sources, elsewhere."""
    for path in sources():
        own = tmp_path / path.relative_to(PROJECT)
        own.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, own)
    return tmp_path


def file_of(module: str) -> Path | None:
    """The file of a module of this project; None for others."""
    parts = PROJECT.joinpath(*module.split("."))
    found = (parts.with_suffix(".py"), parts / "__init__.py")
    return next((path for path in found if path.is_file()), None)


def test_every_module_that_training_imports_is_hashed():
    hashed, waiting, seen = set(sources()), ["model.release.build"], set[str]()
    while waiting:
        module = waiting.pop()
        path = file_of(module)
        if path is None or module in seen or module in SAYS_NOTHING_OF_TABLES:
            continue
        seen.add(module)
        assert path in hashed, f"{module} is no part of the code's hash"
        waiting += imports(ast.walk(ast.parse(path.read_text())))
    assert len(seen) > 30


def test_a_changed_line_anywhere_changes_the_hash(copy: Path):
    before = code(copy)
    assert before == code()
    for path in sources(copy):
        text = path.read_text()
        path.write_text(f"{text}# changed\n")
        assert code(copy) != before, name_of(PROJECT / path.relative_to(copy))
        path.write_text(text)


def test_a_file_that_moves_changes_the_hash(copy: Path):
    before = code(copy)
    (copy / "data" / "books.py").rename(copy / "data" / "files" / "books.py")
    assert code(copy) != before
