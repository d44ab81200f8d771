"""What is known here around the model that answers: the releases it can be compared with, who passed over which of its
gates, its card. Whatever takes long is worked out once a model."""

from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.release.release import Release
from model.release.window import Window
from model.report.release.card import ModelCard
from model.report.release.card_of_store import release_card
from model.report.trust.briefing import ReleaseContext
from model.report.trust.later import OtherEvidence, release_labels
from model.validation.backtests import Sides, release_pair
from model.validation.effects import ModelEffects
from model.validation.validation import Validation


def release_context(models: DeployedModels, model: DeployedModel, withheld: str = "") -> ReleaseContext:
    """What is known around one of ``models``; ``withheld``: why figures by protected attribute are not for whoever
    asks, if so."""
    release, store = model.release, models.store(model.contract.book.name)
    if release is None:
        return ReleaseContext(model.deployed)
    return ReleaseContext(
        model.deployed,
        lambda: other_evidence(models, model),
        lambda: {gate for each in store.history(release.id) for gate in each.gates},
        lambda: known_card(models, model, release, by_group=not withheld),
    )


def known_effects(model: DeployedModel) -> ModelEffects:
    """What a model looks at."""
    return model.validation().once("effects", lambda: ModelEffects(model.whole))


def other_evidence(models: DeployedModels, model: DeployedModel) -> OtherEvidence:
    """Every other release that was trained on the same data."""
    book = model.contract.book.name
    store = models.store(book)
    manifests = {each: store.manifest(each) for each in models.comparable(book) if each != model.id}
    return OtherEvidence(release_labels(manifests, store.aliases()), lambda other: beside_release(models, model, other))


def beside_release(models: DeployedModels, model: DeployedModel, other: str) -> tuple[Sides, Window]:
    """A model beside another release of the same snapshot, and the window that one was fitted to."""
    proof = model.validation()

    def work() -> tuple[Sides, Window]:
        second = models.release(model.contract.book.name, other)
        assert second.release is not None
        return release_pair(proof, Validation.of(second.release, second.book)), second.release.window

    return proof.once(("beside", other), work)


def known_card(models: DeployedModels, model: DeployedModel, release: Release, *, by_group: bool) -> ModelCard:
    """The card of a release as it stands while no alias moves."""
    store = models.store(model.contract.book.name)
    state = (len(store.history()), *store.aliases().items())

    def work() -> ModelCard:
        return release_card(store, release, store.home, model.book, by_group)

    return model.validation().once(("card", state, by_group), work)
