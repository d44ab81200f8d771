"""A saved scenario opened again: the very numbers of saving, and what has changed since."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from model.deployed.desk import DeployedModels
from model.deployed.saved import measured, measured_anew, opened
from model.record import database
from model.record.scenarios import ScenarioStore
from model.release.store import Store
from model.security.people import Person
from model.settings import Settings
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.saved import SavedScenario
from tests.support.forging import shifted

ADA = Person("Ada", "analyst")
DAY = date(2026, 3, 1)
QUERIES = {
    "book": {"balances": "20", "unemployment": "3"},
    "customer": {"customer": "12345", "balances": "-20", "under.unemployment": "3"},
    "policy": {"cutoff": "540", "lgd": "0.7", "under.balances": "20"},
}


@pytest.fixture
def models(own_home: Path) -> Iterator[DeployedModels]:
    own = DeployedModels(lambda: Settings(home=own_home))
    yield own
    own.close()


@pytest.fixture
def scenarios(own_home: Path) -> Iterator[ScenarioStore]:
    made = database.engine(Settings(home=own_home))
    yield ScenarioStore(made)
    made.dispose()


def kept(models: DeployedModels, scenarios: ScenarioStore, subject: str = "book", **query: str) -> SavedScenario:
    model = models.model("cards")
    assert model is not None
    new = SavedScenario(f"A {subject}", "cards", subject, (), owner="Ada")
    return scenarios.save(measured(model, new, query or QUERIES[subject], DAY, None), ADA)


@pytest.mark.parametrize("subject", QUERIES)
def test_numbers_are_the_same_to_the_last_bit_on_reopening_and_another_champion_is_told_with_both(
    models: DeployedModels, scenarios: ScenarioStore, own_home: Path, subject: str
):
    saved = kept(models, scenarios, subject)
    fresh = DeployedModels(lambda: Settings(home=own_home))  # after a restart
    found = opened(fresh, fresh.model("cards"), scenarios.find(saved.id), day=DAY, find=scenarios.find)
    assert found.now == found.then == saved.numbers
    assert (found.another_model, found.reproduced, found.base_changed, found.complaints) == (False, True, False, ())
    assert len(saved.numbers) >= 4
    store = Store(own_home, "cards")
    after = store.promote(shifted(store, 0.5), why="newer data")
    found = opened(fresh, fresh.model("cards"), saved, day=DAY, find=scenarios.find)
    assert (found.another_model, found.model, found.reproduced) == (True, after, True)
    assert found.then == saved.numbers != found.now
    (own_home / "releases" / "cards" / saved.release).rename(own_home / "elsewhere")
    found = opened(fresh, fresh.model("cards"), saved, day=DAY, find=scenarios.find)
    assert (found.then, found.reproduced) == (None, None)
    assert found.gone == f"The model {saved.release[:6]} that it was saved under is no longer kept here."
    fresh.close()


def test_numbers_are_those_of_the_page_and_an_overlay_counts_as_of_the_day_of_saving(
    models: DeployedModels, scenarios: ScenarioStore
):
    until = {"overlay_pd": "20", "overlay_owner": "CRO", "overlay_reason": "strike", "overlay_until": DAY.isoformat()}
    saved, model = kept(models, scenarios, **until), models.model("cards")
    scenario = BookScenario.from_query(model.contract, until)[0]
    assert dict(saved.numbers)["loss"] == BookResult.of(model.whole, scenario, DAY).now.loss
    found = opened(models, model, saved, day=DAY + timedelta(1), find=scenarios.find)
    assert found.then == saved.numbers != found.now


def test_variant_of_a_base_that_changed_is_told_and_handed_over_as_it_stands(
    models: DeployedModels, scenarios: ScenarioStore
):
    model, base = models.model("cards"), kept(models, scenarios, unemployment="3")
    new = SavedScenario("Variant", "cards", "book", (), owner="Ada")
    on = measured(model, new, {"unemployment": "3", "balances": "20"}, DAY, dict(base.query))
    variant = scenarios.save(replace(on, stands_on=base.id), ADA)
    assert variant.own == (("balances", "20"),)
    scenarios.save(measured(model, base, {"unemployment": "4"}, DAY, None), ADA)
    found = opened(models, model, variant, day=DAY, find=scenarios.find)
    assert (dict(found.query), found.base_changed) == ({"balances": "20", "unemployment": "4"}, True)
    assert [each.name for each in found.below] == ["A book"]
    assert found.then == variant.numbers != found.now
    handed = scenarios.submit(measured_anew(model, variant, DAY, scenarios.find), ADA)
    assert (handed.query, handed.numbers, handed.stands_on) == (found.query, found.now, base.id)
    assert not handed.follows


def test_what_means_nothing_here_is_not_kept(models: DeployedModels):
    new = SavedScenario("A", "cards", "customer", (), owner="Ada")
    found = measured(models.model("cards"), new, {"customer": "7", "sex": "2", "nothing": "1"}, DAY, None)
    assert found.query == (("customer", "7"),)
    assert 0 < dict(found.numbers)["pd"] < 1
