"""The trust page."""

import re

from tests.pages.conftest import Open, markup


def test_the_trust_page_shows_every_test_with_figure_threshold_and_verdict(open_app: Open) -> None:
    at = open_app()
    at.switch_page("trust.py").run()
    assert not at.exception
    gates = at.dataframe[0].value
    assert len(gates) == 8
    assert set(gates["Verdict"]) == {"passed"}
    told = re.search(r"(\d+) of (\d+) tests were passed", markup(at))
    assert told is not None
    assert told[1] == told[2] == "8"


def test_the_cost_of_the_constraints_equals_the_table_beneath_it(open_app: Open) -> None:
    at = open_app()
    at.switch_page("trust.py").run()
    auc = at.dataframe[1].value["AUC"].astype(float)
    told = re.search(r"cost: ([\d.]+) of AUC", markup(at))
    assert told is not None
    assert abs(float(told[1]) - (auc.iloc[-1] - auc.iloc[0])) < 1.5e-4
