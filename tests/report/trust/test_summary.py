"""A model in a few words: the worse of how it ranks and of how its predictions came true, worked out once."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from data.arrays import Array
from data.books import Book
from model.release.release import Release
from model.report.trust import words
from model.report.trust.summary import NOT_VALIDATED, trust_summary
from model.validation.validation import Subset, Validation


@pytest.fixture(scope="module")
def proof(release: Release, book: Book) -> Validation:
    return Validation.of(release, book)


def of(proof: Validation, change: Callable[[Array], Array]) -> Validation:
    """The same records under other predictions."""
    return replace(proof, pd=np.clip(change(proof.pd), 1e-6, 1 - 1e-6), _known={})


@pytest.mark.parametrize(
    ("change", "told", "mark"),
    [
        (lambda pd: pd, "ranks well, predicts accurately", "✓"),
        (lambda pd: 0.97 * pd, "ranks well, predicts a little low", "◐"),
        (lambda pd: 0.5 * pd, "ranks well, predicts too low", "✗"),
        (lambda pd: 1.5 * pd, "ranks well, predicts too high", "✗"),
        (lambda pd: np.random.default_rng(1).permutation(pd), "ranks poorly, predicts accurately", "✗"),
    ],
)
def test_the_verdict_is_the_worse_of_ranking_and_calibration(
    proof: Validation, change: Callable[[Array], Array], told: str, mark: str
) -> None:
    found = trust_summary(of(proof, change))
    assert (found.words, found.mark) == (told, mark)


def test_a_model_without_evidence_here_is_told_as_not_validated(proof: Validation) -> None:
    assert trust_summary(replace(proof, window=None, _known={})) == NOT_VALIDATED
    assert (NOT_VALIDATED.words, NOT_VALIDATED.mark) == ("not validated here", "○")


def test_it_is_worked_out_once(proof: Validation, monkeypatch: pytest.MonkeyPatch) -> None:
    own = of(proof, lambda pd: pd)
    first = trust_summary(own)
    monkeypatch.setattr(Validation, "measured", None)
    assert trust_summary(own) is first


def test_where_calibration_fails_the_headline_says_what_was_said_and_what_became(proof: Validation) -> None:
    low, main = of(proof, lambda pd: 0.5 * pd), Subset()
    found = low.measured()
    told = words.trust_verdict(low, main, found, [])
    assert f"; the model said {words.share(found.predicted)} where {words.share(found.observed.value)} missed; " in told
    own = replace(low, vintage=np.where(np.arange(len(low)) % 2, 2006.0, 2007.0), _known={})
    assert "; in 2006–2007 the model said " in words.trust_verdict(own, main, own.measured(), [])
    one = Subset("2006")
    assert "in 2006 the model said " in words.trust_verdict(own, one, own.measured(one), [])
