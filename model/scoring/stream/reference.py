"""What a stream is held against: the book, and what the model that decides was trained on."""

import numpy as np

from model.deployed.model import DeployedModel
from model.engine.tables import probability
from model.finance.scorecard import reaches
from model.monitoring.stream import StreamReference
from model.whatif.customer.decision import score_scale


def stream_reference(model: DeployedModel) -> StreamReference | None:
    """What the stream of a book is held against; None where the model's training is not known here."""
    release, contract = model.release, model.contract
    if release is None:
        return None
    margins = model.whole.margins
    scores = score_scale(contract).score(margins)
    vintages, trained = model.sample.vintages, "outcomes" not in release.manifest
    own = margins if vintages is None or not trained else margins[release.window.among(vintages)]
    granted = float(np.mean(reaches(scores, contract.score.cutoff)))
    return StreamReference(release.id, granted, float(np.mean(probability(own))), trained, release.snapshot)
