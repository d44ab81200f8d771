"""The contract of a book in the making: written from what was decided, read back after somebody edited it by hand, and
its questions answered one by one.

``contract.toml`` is the record. Whoever changes it here has seen it in one state, by its digest, and changes nothing if
it is in another.
"""

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from data.books import CONTRACT, OWN
from data.contract import load_contract
from data.contract.toml import Way, decoded, rewritten
from data.errors import BookError
from data.json_types import Json
from data.proposing.money import AmountCandidate
from data.proposing.outline import ColumnOutline, outline_of
from data.proposing.proposal import lay_down, propose
from data.proposing.quality import FileQuality, quality_of
from data.proposing.record import decisions_in
from model.errors import EditConflict
from model.monitoring.discrimination import single_input_auc
from model.release.begun import BegunBook, BegunBooks
from model.release.boosting import proposed_boosting
from model.release.fitted_margins import fitted_margins

OUTLINES, QUALITY, AMOUNTS = "columns.json", "quality.json", "amounts.json"
_QUESTION = re.compile(r"[ \t]*#[ \t]*QUESTION:[ \t]*(?P<title>[^.?\n]*)[.?]?[ \t]*(?P<rest>[^\n]*)\n?")

Doing = Callable[[str], object]


@dataclass(frozen=True)
class StandingQuestion:
    """A question that stands in a contract, not answered yet: its ``title`` and what it asks."""

    title: str
    ask: str


@dataclass(frozen=True)
class WrittenContract:
    """The contract.toml of a book as it stands: its ``text`` and ``digest``, the ``questions`` left in it."""

    text: str
    digest: str
    questions: tuple[StandingQuestion, ...]

    @property
    def values(self) -> Mapping[str, Json]:
        """What stands in it."""
        return tomllib.loads(self.text)

    def value(self, table: str, key: str) -> Json:
        """What stands at a key of a table; None where nothing does."""
        found: Json = dict(self.values.get(table) or {}).get(key)
        return found


def contract_folder(begun: BegunBooks, name: str) -> Path:
    """Where the book will lie, or lies."""
    return begun.home / OWN / name


def is_written(begun: BegunBooks, name: str) -> bool:
    """Whether a contract was written."""
    return (contract_folder(begun, name) / CONTRACT).is_file()


def written_contract(begun: BegunBooks, name: str) -> WrittenContract:
    """The contract of a book in the making.

    Raises
    ------
    BookError, ContractError
        If there is none, or it cannot be read.
    """
    try:
        content = (contract_folder(begun, name) / CONTRACT).read_bytes()
    except OSError as error:
        raise BookError(f"The contract of the book {name} cannot be read: {error.strerror or error}.") from None
    text = decoded(content, CONTRACT)
    asked = tuple(StandingQuestion(each["title"].strip(), each["rest"].strip()) for each in _QUESTION.finditer(text))
    return WrittenContract(text, hashlib.sha256(content).hexdigest(), asked)


def write_contract(begun: BegunBooks, name: str, doing: Doing = lambda step: None) -> BegunBook:
    """Propose a book from its file with what was decided, and write it to the books; what a person wrote in its
    contract stays.

    Raises
    ------
    BadInput, BookError, ContractError
        If no book can be made with these decisions; nothing is changed then.
    """
    seen = begun.open(name)
    doing("Reading the cells of the file")
    source = begun.looked_at(name).source
    doing(f"Proposing the book from {len(source.frame):,} rows")
    proposal = propose(source, seen.decisions, name, fitted_margins, single_input_auc, proposed_boosting)
    doing("Writing the book")
    lay_down(proposal, begun.home, is_written(begun, name))
    outlines = [each.as_dict() for each in outline_of(proposal)]
    _put(begun.root / name / OUTLINES, json.dumps(outlines, ensure_ascii=False).encode())
    quality = quality_of(source, proposal.columns, seen.decisions.target)
    _put(begun.root / name / QUALITY, json.dumps(quality.as_dict(), ensure_ascii=False).encode())
    amounts = [asdict(each) for each in proposal.candidates]
    _put(begun.root / name / AMOUNTS, json.dumps(amounts, ensure_ascii=False).encode())
    return begun.note_proposed(name, seen.decisions, written_contract(begun, name).digest)


def column_outlines(begun: BegunBooks, name: str) -> Mapping[str, ColumnOutline]:
    """What the proposal made of each column, by its name in the file; empty before there is one."""
    try:
        given = json.loads((begun.root / name / OUTLINES).read_bytes())
        return {each["given"]: ColumnOutline.of(each) for each in given}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def amount_candidates(begun: BegunBooks, name: str) -> tuple[AmountCandidate, ...]:
    """The columns that may be what is owed, the likeliest first; () before the book was proposed."""
    try:
        return tuple(AmountCandidate(**each) for each in json.loads((begun.root / name / AMOUNTS).read_bytes()))
    except (OSError, ValueError, TypeError):
        return ()


def file_quality(begun: BegunBooks, name: str) -> FileQuality | None:
    """The quality of the file, as it was found when the book was proposed; None before that."""
    try:
        return FileQuality.of(json.loads((begun.root / name / QUALITY).read_bytes()))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def with_hand_edits(begun: BegunBooks, name: str) -> BegunBook:
    """A book in the making with what somebody decided by hand in its contract since it was written here.

    Raises
    ------
    BadInput, ContractError
        If what stands there cannot be read as a decision.
    """
    found = begun.open(name)
    if found.proposed is None or not is_written(begun, name):
        return found
    now = written_contract(begun, name)
    if now.digest == found.contract:
        return found
    return begun.take_over(name, decisions_in(contract_folder(begun, name)), now.digest)


def answer_questions(
    begun: BegunBooks,
    name: str,
    seen: WrittenContract,
    values: Mapping[Way, Json],
    answered: Sequence[str] = (),
    who: str = "",
) -> BegunBook:
    """Write some ``values`` to a contract, comments kept, and take away the lines of the questions ``answered``, by
    their titles.

    Raises
    ------
    EditConflict
        If somebody changed the contract since it was ``seen``; nothing is written then.
    ContractError
        If it would contradict itself with them; nothing is written then.
    """
    with begun.changing(name):
        now = written_contract(begun, name)
        if now.digest != seen.digest:
            raise EditConflict(
                "The contract was changed by somebody else while it was open here. What stands here now is theirs; "
                "nothing of yours was written: answer again if yours is right."
            )
        text = rewritten(now.text, values)
        text = _QUESTION.sub(lambda each: "" if each["title"].strip() in answered else each[0], text)
        folder = contract_folder(begun, name)
        before = (folder / CONTRACT).read_bytes()
        _put(folder / CONTRACT, text.encode())
        try:
            load_contract(folder / CONTRACT)
        except BaseException:
            _put(folder / CONTRACT, before)
            raise
        places = (
            *(("contract", ".".join(map(str, way))) for way in values),
            *(("answered", each) for each in answered),
        )
        return begun.note_written(name, hashlib.sha256(text.encode()).hexdigest(), who, tuple(places))


def _put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)
