"""Expected loss, in numbers a CFO can check."""

import numpy as np
import pytest

from data.errors import OutOfRange
from model.finance.loss import expected_loss


@pytest.mark.parametrize(
    ("pd", "lgd", "ead", "loss"),
    [(0.02, 0.50, 500e6, 5e6), (0.005, 0.25, 1e6, 1250), (0, 0.5, 1e6, 0), (1, 1, 1e6, 1e6), (0.3, 0.4, 0, 0)],
)
def test_expected_loss_is_the_worked_amount(pd: float, lgd: float, ead: float, loss: float):
    assert expected_loss(pd, lgd, ead) == pytest.approx(loss, abs=1e-6)


def test_expected_loss_of_a_book_is_loan_by_loan():
    found = expected_loss(np.array([0.01, 0.02]), 0.5, np.array([100.0, 1000.0]))
    np.testing.assert_allclose(found, [0.5, 10], rtol=1e-15)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((35, 0.5, 100), r"PD must be between 0 and 1 \(enter 35 % as 0.35\); 35.0 was given"),
        ((-0.1, 0.5, 100), "PD must be between 0 and 1"),
        ((float("nan"), 0.5, 100), "PD must be between 0 and 1 .*; nan was given"),
        ((0.1, 1.2, 100), "LGD must be between 0 and 1 .*; 1.2 was given"),
        ((0.1, 0.5, -1), "EAD must be 0 or more; -1.0 was given"),
        ((np.array([0.1, 7.0]), 0.5, 100), "PD must be .*; 7.0 was given"),
    ],
)
def test_impossible_value_is_refused_with_its_name_and_what_is_allowed(arguments: tuple[float, ...], told: str):
    with pytest.raises(OutOfRange, match=told):
        expected_loss(*arguments)
