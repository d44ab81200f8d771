"""A contract read from its file, and refused where it does not hold together."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from data.contract.checks import check_agreement
from data.contract.contract import Contract
from data.contract.labels import with_unique_labels
from data.errors import ContractError


def read_contract(text: bytes, source: str = "contract.toml") -> Contract:
    """A contract from its TOML text, checked as a whole.

    Raises
    ------
    ContractError
        If the text is not TOML, lacks a part, or its parts contradict each other.
    """
    try:
        contract = Contract.model_validate(tomllib.loads(text.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(f"{source} is not readable TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ContractError(f"{source}: {where}: {first['msg']}.") from error
    contract = with_unique_labels(contract)
    contract._text = text
    check_agreement(contract, source)
    return contract


def load_contract(path: Path) -> Contract:
    """Read and check a contract file."""
    try:
        return read_contract(path.read_bytes(), str(path.name))
    except FileNotFoundError as error:
        raise ContractError(f"There is no contract at {path}.") from error
