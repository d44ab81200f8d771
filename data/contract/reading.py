"""A contract read from its file, and refused where it does not hold together."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from data.contract.checks import check_agreement
from data.contract.contract import Contract
from data.contract.labels import with_unique_labels
from data.contract.within import MOST_BYTES, check_within
from data.errors import ContractError


def read_contract(text: bytes, source: str = "contract.toml") -> Contract:
    """A contract from its TOML text, checked as a whole.

    Raises
    ------
    ContractError
        If the text is not TOML, lacks a part, or its parts contradict each other.
    """
    if len(text) > MOST_BYTES:
        raise ContractError(f"{source} has {len(text):,} bytes; a contract has at most {MOST_BYTES:,}.")
    try:
        given = tomllib.loads(text.decode())
    except (ValueError, RecursionError) as error:  # a number of too many digits, too many brackets in one another
        raise ContractError(f"{source} is not readable TOML: {str(error)[:200]}.") from error
    try:
        contract = Contract.model_validate(given)
        check_within(given, source)
        contract = with_unique_labels(contract)
        contract._text = text
        check_agreement(contract, source)
    except ContractError:
        raise
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ContractError(f"{source}: {where}: {first['msg']}.") from error
    except Exception as error:  # whatever somebody's contract makes of our code, it costs that book alone
        why = f"{type(error).__name__}: {str(error)[:200]}".removesuffix(": ")
        raise ContractError(f"{source} cannot be worked out ({why}). Put back what was edited last.") from error
    return contract


def load_contract(path: Path) -> Contract:
    """Read and check a contract file."""
    try:
        with path.open("rb") as file:
            return read_contract(file.read(MOST_BYTES + 1), str(path.name))
    except FileNotFoundError as error:
        raise ContractError(f"There is no contract at {path}.") from error
