"""A contract read from its file, or from the two of a proposed book, and refused where it does not hold together."""

import tomllib
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from data.contract.checks import disagreements
from data.contract.contract import Contract
from data.contract.counted import without_money
from data.contract.labels import with_unique_labels, with_words_for_none
from data.contract.layers import SOURCE, laid_over
from data.contract.toml import decoded, toml_text
from data.contract.whereabouts import TomlFile, Whereabouts
from data.contract.within import MOST_BYTES, troubles_within
from data.errors import ContractError
from data.json_types import JsonObject

PROPOSED = "proposed.toml"  # beside a contract.toml that holds what a person decided
QUESTION = "# QUESTION: "
MOST_TOLD = 100


@lru_cache(maxsize=32)  # 13 ms for that of the cards, which each load of a release reads
def read_contract(text: bytes, source: str = "contract.toml") -> Contract:
    """A contract from its TOML text, checked as a whole; the same one for the same text.

    Raises
    ------
    ContractError
        If the text is not TOML, lacks a part, or its parts contradict each other.
    """
    file = _file(text, source)
    return _first(file.contents, text, Whereabouts((file,), source))


def load_contract(path: Path) -> Contract:
    """Read and check a contract file: as it is, or laid over the ``proposed.toml`` beside it."""
    found = _layers(path)
    if isinstance(found, TomlFile):
        return _first(found.contents, _content(path), Whereabouts((found,), found.name))
    contents, where = found
    return _first(contents, _merged(contents, where.files[0]), where)


def contract_problems(path: Path) -> tuple[str, ...]:
    """Everything that is wrong with a contract file, each by file, line and name; () where it can be used."""
    try:
        found = _layers(path)
        if isinstance(found, TomlFile):
            contents, where = found.contents, Whereabouts((found,), found.name)
        else:
            contents, where = found
        return tuple(islice(_problems(contents, where), MOST_TOLD))
    except ContractError as error:
        return (str(error),)


def proposal_text(path: Path) -> bytes | None:
    """What stands in the ``proposed.toml`` beside a contract; None where there is none."""
    beside = path.with_name(PROPOSED)
    return beside.read_bytes() if beside.is_file() else None


def _layers(path: Path) -> TomlFile | tuple[JsonObject, Whereabouts]:
    """A contract that is one file; or the contents of two, and where they stand, what a person wrote first."""
    own = _file(_content(path), path.name)
    below = proposal_text(path)
    if below is None:
        if SOURCE in own.contents:
            raise ContractError(f"{own.name} says what was decided of a file, but {PROPOSED} beside it is absent.")
        return own
    where = Whereabouts((own, _file(below, PROPOSED)), own.name)
    try:
        return laid_over(where.files[1].contents, own.contents), where
    except ContractError as error:
        raise ContractError(where.told(str(error))) from error


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise ContractError(f"There is no contract at {path}.") from error


def _file(content: bytes, source: str) -> TomlFile:
    """A file of TOML.

    Raises
    ------
    ContractError
        If it is none, or too large.
    """
    if len(content) > MOST_BYTES:
        raise ContractError(f"{source} has {len(content):,} bytes; a contract has at most {MOST_BYTES:,}.")
    text = decoded(content, source)
    try:
        return TomlFile(source, text, tomllib.loads(text))
    except (ValueError, RecursionError) as error:  # a number of too many digits, too many brackets in one another
        raise ContractError(f"{source} is not readable TOML: {str(error)[:200]}.") from error


def _merged(contents: JsonObject, own: TomlFile) -> bytes:
    """Two files as one, for a release to keep: what still is to be answered stays marked."""
    lines = (line.strip() for line in own.text.splitlines())
    open_ = [line for line in lines if line.startswith(QUESTION)]
    head = [f"# {own.name} laid over {PROPOSED}.", *open_]
    return ("\n".join(head) + "\n\n" + toml_text(contents)).encode()


def _first(contents: JsonObject, text: bytes, where: Whereabouts) -> Contract:
    """The contract, or the first thing that is wrong with it."""
    contract = list[Contract]()
    for problem in _problems(contents, where, contract):
        raise ContractError(problem)
    contract[0]._text = text
    return contract[0]


def _problems(contents: JsonObject, where: Whereabouts, made: list[Contract] | None = None) -> Iterator[str]:
    """What is wrong, one after another, told with where it stands; into ``made`` the contract, where nothing is."""
    found = False
    try:
        try:
            contract = Contract.model_validate(contents)
        except ValidationError as error:
            for each in error.errors():
                yield where.at(tuple(each["loc"]), each["msg"], contents)
            return
        for way, what in troubles_within(contents):
            found = True
            yield where.at(way, what, contents)
        if found:
            return
        contract = without_money(with_unique_labels(contract))
        for what in disagreements(contract):
            found = True
            yield where.told(what)
    except ContractError:
        raise
    except Exception as error:  # whatever somebody's contract makes of our code, it costs that book alone
        if found:
            return
        why = f"{type(error).__name__}: {str(error)[:200]}".removesuffix(": ")
        yield f"{where.source} cannot be worked out ({why}). Put back what was edited last."
        return
    if made is not None and not found:
        made.append(with_words_for_none(contract))
