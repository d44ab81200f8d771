"""Where one visitor cuts, and under which assumptions: a `PolicyScenario`; see `pages.shared.page_state`."""

from typing import Any

from data.contract import Contract
from model.deployed.model import DeployedModel
from model.settings import settings
from model.whatif.book.scenario import NOTHING, UNDER, BookScenario
from model.whatif.policy.scenario import CUTOFF, PolicyScenario
from pages.shared import carried
from pages.shared.page_state import Memory


def widget_scale(contract: Contract, name: str) -> float:
    """Assumptions that are fractions are shown and entered in percent."""
    return 0.01 if name != CUTOFF and contract.assumption(name).unit == "%" else 1.0


def _moved(model: DeployedModel, name: str, value: Any) -> PolicyScenario:
    if name == UNDER:
        return asked_under(model.contract, carried.of_book() if value else NOTHING)
    told = None if value is None else round(float(value) * widget_scale(model.contract, name), 12)
    return memory.current().with_value(model.contract, name, told)


def shown_value(contract: Contract, name: str) -> float:
    """Where an assumption stands, in the unit its widget shows."""
    return memory.current().stress(contract).number(contract, name) / widget_scale(contract, name)


def asked_under(contract: Contract, under: BookScenario) -> PolicyScenario:
    """The policy under a scenario of the book."""
    return memory.current().asked_under(contract, under)


def reset_policy() -> None:
    """Today's cut-off under the contract's assumptions and no scenario."""
    memory.change(PolicyScenario())


memory = Memory[PolicyScenario](
    "policy",
    lambda model, address: PolicyScenario.from_query(model.contract, address, settings().url_state),
    lambda policy: policy.to_query(settings().url_state),
    _moved,
)
