"""Books of many inputs: trained in a breath, every gate of parity passed, every page and every panel opens."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from model.__main__ import main
from model.deployed.desk import desk
from model.release import parity
from model.release.release import Release
from model.release.store import Store
from model.whatif.customer.weights import field_weights
from tests.data.files.reading import in_this_process as in_this_process
from tests.pages.conftest import Open, markup
from tests.support.kept import KeptReleases, promoted_anyway

WIDTHS = (23, 60)
PAGES = ("book", "applicant", "policy", "trust", "operations")


def frame(width: int, n: int = 400) -> pd.DataFrame:
    """Ratios of which a few tell, two of them only together, with gaps in every fifth."""
    rng = np.random.default_rng(width)
    values = rng.normal(size=(n, width)).round(3)
    odds = values[:, :4].sum(1) + 1.5 * (values[:, 4] * values[:, 5] > 0) - 1.5
    table = pd.DataFrame(values, columns=[f"ratio_{k:02}" for k in range(width)])
    table.iloc[::9, ::5] = np.nan
    return table.assign(account=np.arange(1, n + 1), bad=(rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int))


def trained(home: Path, kept: KeptReleases, width: int) -> Release:
    """The book as init proposes it, read by a person, fitted with few trees."""
    name = f"wide_{width}"
    file = home / f"{name}.csv"
    frame(width).to_csv(file, index=False)
    words = ("init", str(file), "--target", "bad", "--id", "account", "--book", name)
    result = CliRunner().invoke(main, words, env={"WHATIF_HOME": str(home)}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    contract = home / "books" / name / "contract.toml"
    text = re.sub(r" *# QUESTION: .*", "", contract.read_text().replace("reviewed = false", "reviewed = true"))
    contract.write_text(f"{text}\n[training]\niterations = 15\n")
    return kept.champion(home, name, promoted_anyway)


@pytest.fixture(scope="module")
def wide(kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("wide")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, "SHAP_ROWS", 20)
        for width in WIDTHS:
            trained(home, kept, width)
    return home


@pytest.mark.parametrize("width", WIDTHS)
def test_release_of_a_wide_book_passes_parity_and_says_the_same_when_verified(wide: Path, width: int):
    store = Store(wide, f"wide_{width}")
    release = store.load()
    assert release.scorer.tables.n_inputs == width
    found = [gate for gate in release.report.gates if gate.kind == "parity"]
    assert {gate.name for gate in found} == {"margins", "additivity", "oracle", "shap"}
    assert all(gate.passed for gate in found)
    assert store.verify().passed


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_and_panel_of_a_wide_book_opens(
    open_app: Open, wide: Path, page: str, width: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WHATIF_HOME", str(wide))
    name = f"wide_{width}"
    number = int(desk.model(name).book.ids[3])  # read in before: a page that waits for it shows nothing
    address = {"customer": number} if page == "applicant" else {}
    at = open_app(page, book=name, **address)
    assert f"Wide {width} · 400 customers" in markup(at)
    for key in filter(None, (re.search(r"-(_\w+)$", each.proto.id or "") for each in at.expander)):
        at.session_state[key[1]] = True
        at.run()
        assert not at.exception, key[1]
        assert not at.error, key[1]


def test_of_a_wide_record_the_weightiest_fields_are_shown_and_any_other_is_found_by_its_name(
    open_app: Open, wide: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WHATIF_HOME", str(wide))
    model = desk.model("wide_60")
    levers, weights = {each.name for each in model.contract.levers}, field_weights(model.whole)
    free = [each for each in model.contract.record if each.name not in levers and each.mutability != "never"]
    lightest = sorted(free, key=lambda field: -weights[model.contract.row[field.name]])[-1]
    address = {"book": "wide_60", "customer": int(model.book.ids[3]), lightest.name: 0.5}
    at = open_app("applicant", ["_statement"], **address)

    def fields() -> list[str]:
        (panel,) = (each for each in at.expander if each.label == "The record")
        return [each.label for each in panel.number_input]

    def sought(text: str) -> list[str]:
        (find,) = (each for each in at.text_input if each.label == "Find a field")
        find.set_value(text).run()
        assert not at.exception
        return fields()

    first = fields()
    assert len(first) == 13
    assert lightest.label in first  # which was edited
    assert any(each.value.startswith("The 12 of ") for each in at.caption)
    (other,) = sought("RATIO 5")[-1:]
    assert sought("no such") == []
    assert sought("") == first
    (every,) = (each for each in at.toggle if each.label.startswith("All "))
    every.set_value(True).run()
    assert len(fields()) > 40
    assert other in fields()
