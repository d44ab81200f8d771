"""From a server's metadata and a mapping to how its questions are written."""

from dataclasses import replace

from data.contract import Contract
from data.errors import ContractError
from model.deployed.about import About
from model.deployed.mapping import FieldMapping, agree, default_mapping, load
from model.deployed.questions import Form
from model.deployed.tensors import Tensor, laid_out
from model.settings import Settings

ALL_IN_ONE = "input-0"  # what the tensor of all columns is called where a server names none


def wanted_mapping(settings: Settings, contract: Contract, about: About) -> FieldMapping:
    """The mapping that the settings name, or the one that goes without saying, held against what the server lists.

    Raises
    ------
    BadInput, ContractError, Refused
        If there is none, or it is not what the server takes and gives.
    """
    if settings.model_mapping is None:
        stacked = len(about.takes) == 1 and len(about.takes[0].shape) > 1 and about.takes[0].shape[-1] != 1
        known = {*contract.row, *(each.name for each in contract.inputs)}
        whole = stacked and about.takes[0].name not in known  # one tensor of all raw fields, in order
        mapping = default_mapping(contract, () if whole else about.inputs)
    else:
        mapping = load(settings.model_mapping, contract)
    tensors = laid_out(about, mapping)
    agree(mapping, about.inputs, tuple(each.name for each in tensors))
    output = mapping.output
    if output.name not in about.outputs and not output.called:
        candidates = about.floats if settings.model_mapping else about.floats or about.outputs
        if len(candidates) == 1:
            mapping = replace(mapping, output=output.model_copy(update={"name": candidates[0]}))
    if about.outputs and mapping.output.name not in about.outputs:
        raise ContractError(
            f"The deployed model has no output {mapping.output.name}; it has {', '.join(about.outputs[:6])}. "
            "Name the one that holds probabilities under [output] in a mapping, and that in WHATIF_MODEL_MAPPING."
        )
    return mapping


def forms(about: About, mapping: FieldMapping) -> tuple[Form, ...]:
    """The forms of a question that the server may take, the likeliest first."""
    tensors = laid_out(about, mapping)
    stacked = any(len(each.columns) > 1 for each in tensors)
    first = Form(
        tensors,
        pandas=not (about.ours or about.binary or stacked),
        binary=about.binary,
        words=mapping.words,
        types=mapping.types,
    )
    if about.ours:
        return (first,)
    if about.protocol == "kserve":
        return first, replace(first, objects=True)
    if about.protocol == "mlflow":
        return first, replace(first, table="inputs"), replace(first, table="instances")
    others = [replace(first, pandas=False), replace(first, pandas=True, binary=False), replace(first, binary=False)]
    if not (tensors or about.takes):
        whole = Tensor(ALL_IN_ONE, mapping.names, shape=(-1, len(mapping.names)))
        others.append(Form((whole,), pandas=False))
    if not (about.outputs or mapping.output.called):  # what it calls its output, nobody said
        others += [replace(each, named=False) for each in (first, *others)]
    return _different((first, *others))


def _different(given: tuple[Form, ...]) -> tuple[Form, ...]:
    found: list[Form] = []
    for each in given:
        if each not in found:
            found.append(each)
    return tuple(found)
