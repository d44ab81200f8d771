"""Which column of a file is which field of the contract.

A field is known by what the file that its book was made of called it, by its name or by its label, in whatever case.
Of any other column the name is kept and nothing else, and of a protected attribute not even that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from data.contract import Contract, Field
from data.errors import BadInput
from data.files.escapes import bare
from data.files.names import Header, plain
from data.proposing.hints import tokens
from model.scoring.values import quoted, short


@dataclass(frozen=True)
class Columns:
    """Where in the file each field of the record stands, and the identifier if there is one."""

    fields: tuple[int, ...]
    id: int | None
    ignored: tuple[str, ...]
    protected: int


def wanted(contract: Contract) -> set[str]:
    """Names that a file's header is likely to hold."""
    return set(_known(contract)) | _identifiers(contract)


def matched(table: Header, contract: Contract) -> Columns:
    """Where each field stands in a table.

    Raises
    ------
    BadInput
        If a field has no column, or more than one.
    """
    found = _Found(table.names, table.header, contract)
    found.take_own()
    found.take_known()
    found.take_as_proposed()
    found.check_once()
    absent = [field for k, field in enumerate(contract.record) if k not in found.places]
    told = tuple(short(table.header[place]) for place in found.ignored)
    if absent:
        where = f" Its column names were taken from {table.whence}." if table.whence else ""
        raise BadInput(_absent(contract, absent, told) + where)
    return Columns(
        tuple(found.places[k][0] for k in range(len(contract.record))), found.identity, told, found.protected
    )


class _Found:
    """Which columns were found so far; those of no field that have a name are ``ignored``."""

    def __init__(self, names: Sequence[str], header: Sequence[str], contract: Contract) -> None:
        self.contract = contract
        self.names, self.header = tuple(map(bare, names)), tuple(map(bare, header))  # files from here are escaped
        self.places: dict[int, list[int]] = {}
        self.identity: int | None = None
        self.ignored: list[int] = []
        self.protected = 0

    def take_own(self) -> None:
        """The columns that are called as in the file that the book was made of."""
        places = {plain(name): place for place, name in enumerate(self.names)}
        for k, field in enumerate(self.contract.record):
            place = places.get(plain(field.column)) if field.column else None
            if place is not None:
                self.places[k] = [place]
        own = self.contract.book.id_column
        self.identity = places.get(plain(own)) if own else None

    def take_known(self) -> None:
        """Those of fields that have none yet by their names and labels, and of protected attributes only their
        number."""
        known, hidden, named = _known(self.contract), _hidden(self.contract), _identifiers(self.contract)
        own = {place for places in self.places.values() for place in places} | {self.identity}
        closed = set(self.places)
        for place, (name, given) in enumerate(zip(map(plain, self.names), map(plain, self.header), strict=True)):
            field = known.get(name, known.get(given))  # the second of a name may be a field of its own
            if place in own:
                continue
            if field is not None and field not in closed and given not in hidden:
                self.places.setdefault(field, []).append(place)
            elif given in named and self.identity is None:
                self.identity = place
            elif given in hidden:
                self.protected += 1
            elif given:
                self.ignored.append(place)

    def take_as_proposed(self) -> None:
        """For a field without a column, the one that a proposal would have named so: Loan-Amount ($), loan_amount."""
        for k, field in enumerate(self.contract.record):
            alike = [place for place in self.ignored if "_".join(tokens(self.header[place])) == field.name]
            if k not in self.places and len(alike) == 1:
                self.places[k] = alike
                self.ignored.remove(alike[0])

    def check_once(self) -> None:
        """Raise a BadInput where a field has more than one column."""
        twice = [k for k, found in self.places.items() if len(found) > 1]
        if twice:
            told = ", ".join(
                f"{self.contract.record[k].label} "
                f"({' and '.join(quoted(self.header[place]) for place in self.places[k])})"
                for k in twice[:3]
            )
            raise BadInput(f"The file holds more than one column of the same field: {told}. Keep one of each.")


def _known(contract: Contract) -> dict[str, int]:
    """The rows of the record by every name a column may have."""
    labels = {plain(field.label): k for k, field in enumerate(contract.record)}
    names = {plain(field.name): k for k, field in enumerate(contract.record)}
    return labels | names | {plain(field.column): k for k, field in enumerate(contract.record) if field.column}


def _hidden(contract: Contract) -> set[str]:
    """What a column with a protected attribute may be called."""
    own = {plain(text) for each in contract.protected() for text in (each.name, each.label, each.column) if text}
    return own - {plain(field.name) for field in contract.record}


def _identifiers(contract: Contract) -> set[str]:
    book = contract.book
    return {plain(text) for text in (book.id, book.id_column, book.record, f"{book.record} number") if text}


def _absent(contract: Contract, absent: Sequence[Field], ignored: Sequence[str]) -> str:
    """What columns are missing, and which of the file's may have been meant."""
    told = ", ".join(f"{field.name} ({field.label})" for field in absent[:4])
    more = f" and {len(absent) - 4} more" if len(absent) > 4 else ""
    spare = {plain(name): name for name in ignored}
    likely = []
    for field in absent:
        near = get_close_matches(plain(field.name), spare, 1, 0.7) or get_close_matches(plain(field.label), spare, 1)
        if near:
            likely.append(f"{quoted(spare.pop(near[0]))} to {field.name}")
    way = f"Rename {', '.join(likely[:4])}" if likely else "Add them under these names"
    way += ", add the others" if 0 < len(likely) < len(absent) else ""
    return (
        f"The file lacks {len(absent)} of the {len(contract.record)} columns needed: {told}{more}. {way}, or start "
        "from the template."
    )
