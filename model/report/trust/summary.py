"""How far a model can be trusted, in a few words and a sign: what the frame of every page says beside its light."""

from collections.abc import Mapping
from dataclasses import dataclass

from model.report.trust.words import MARKS
from model.validation.validation import SubsetMetrics, Validation, Verdict

RANKS: Mapping[Verdict, str] = {
    "holds": "ranks well",
    "watch": "ranks fairly",
    "does not hold": "ranks poorly",
    "": "ranking not judged",
}
WORST_FIRST: tuple[Verdict, ...] = ("does not hold", "watch", "", "holds")


@dataclass(frozen=True)
class TrustSummary:
    """What is thought of a model in ``words``, and the ``verdict`` that they come to: the worse of how it ranks and of
    how what it predicts agrees with what became of it."""

    words: str
    verdict: Verdict

    @property
    def mark(self) -> str:
        """The verdict's sign."""
        return MARKS[self.verdict] or "○"


NOT_VALIDATED = TrustSummary("not validated here", "")


def trust_summary(proof: Validation) -> TrustSummary:
    """By the evidence that a model is judged by; worked out once for it, 0.6 s for 816,000 records."""
    return proof.once("summary", lambda: _summary(proof, proof.measured())) if proof.tested else NOT_VALIDATED


def _summary(proof: Validation, found: SubsetMetrics) -> TrustSummary:
    ranks, predicts = proof.ranks(found.auc), proof.calibrated(found.whole)
    words = f"{RANKS[ranks]}, {_predicts(predicts, found.gap)}"
    return TrustSummary(words, min((ranks, predicts), key=WORST_FIRST.index))


def _predicts(verdict: Verdict, gap: float) -> str:
    """Whether predictions came true: ``gap`` is the observed rate less the predicted one."""
    if not verdict:
        return "predictions not judged"
    if verdict == "holds":
        return "predicts accurately"
    return f"predicts {'too' if verdict == 'does not hold' else 'a little'} {'low' if gap > 0 else 'high'}"
