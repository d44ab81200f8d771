"""The tables of the operations page: health, what is deployed, releases, who moved what, differences, calls."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from data.contract import Contract
from data.json_types import Json
from model.monitoring.live import Differences
from model.release.register import Moved
from model.report import spreadsheet
from model.report.briefing import DISTANCE, Cell, Column, Table
from model.report.language import records_heading
from model.report.operations import words
from model.report.operations.status import BookReleases, KnownRelease, OperationsStatus, RecentCalls, RemoteServer
from model.report.operations.words import Check
from model.report.release import words as release_words
from model.signing import UNSIGNED

DIGEST_WIDTH = 480  # pixels of a sha256
ID_WIDTH = 270
CALL = ("Call", "When, UTC", "Kind", "Who", "Via", "Book", "Release", "Records", "Took, ms")


def health(checks: Sequence[Check]) -> Table:
    """What was checked, and what was found."""
    rows = tuple((each.name, each.marked, each.found) for each in checks)
    return Table("health", "What was checked, and what was found", _texts("Check", "State", "Found"), rows)


def identity(status: OperationsStatus) -> Table:
    """What tells the deployed model from any other."""
    contract = status.contract
    rows = [("Book", contract.book.title)]
    if status.release is not None:
        rows += _of_release(status.release, status.server, status.aliases)
    if status.server is not None:
        rows += _of_server(status.server)
    rows += [("Contract", f"version {contract.version}"), ("Contract, sha256", contract.hash)]
    trained = {} if status.release is None else {"Trained": spreadsheet.moment(str(status.release.manifest["created"]))}
    columns = (Column("What"), Column("Value", place="screen"), Column("Value", place="file"))
    filed = tuple((what, value, trained.get(what, value)) for what, value in rows)
    return Table("deployed", "Release, hashes, contract of the deployed model", columns, filed)


def _of_release(
    release: KnownRelease, server: RemoteServer | None, aliases: Mapping[str, str]
) -> list[tuple[str, str]]:
    name = str(release.manifest["id"])
    return [
        ("Release", name),
        ("Role", words.roles(name, aliases) if server is None else "as its server has it"),
        ("Trained", words.trained(release.manifest)),
        ("Fitted to", release_words.window(release.manifest)),
        ("Artefact, sha256", release.artefact),
        ("Signature", release_words.signature(release.signature)),
    ]


def _of_server(server: RemoteServer) -> list[tuple[str, str]]:
    return [
        ("Server", server.host),
        ("Protocol", words.PROTOCOLS[server.protocol]),
        ("Name there", server.name),
        ("Version there", server.version or "not told"),
        ("Reasons", "from the server" if server.gives_reasons else "asked through predictions, by concept"),
        *([("Digits", words.precision(server.cost))] if server.cost else []),
        *([("Repeats itself", words.repeating(server.spread))] if server.spread is not None else []),
    ]


def releases_table(known: BookReleases) -> Table:
    """All releases of a book, the newest first."""
    columns = (
        *_texts("Release", "Role"),
        Column("Trained", place="screen"),
        Column("Trained, UTC", place="file"),
        *_texts("Fitted to", "Gates", "Signature", "Contract"),
        Column(records_heading(known.contract), digits=0),
        Column("Data, sha256", width=DIGEST_WIDTH),
    )
    rows = tuple(_release_row(each, known) for each in reversed(known.manifests))
    return Table("releases", "All releases, the newest first", columns, rows)


def _release_row(manifest: Mapping[str, Json], known: BookReleases) -> tuple[Cell, ...]:
    name = str(manifest["id"])
    return (
        name,
        words.roles(name, known.aliases) or "–",
        words.trained(manifest),
        spreadsheet.moment(str(manifest["created"])),
        release_words.window(manifest),
        release_words.state(known.reports[name]),
        release_words.signature(known.signatures.get(name, UNSIGNED)),
        str(manifest["contract_version"]),
        int(manifest["rows"]),
        str(manifest["data_sha256"]),
    )


def moves(history: Sequence[Moved], labels: Mapping[str, str]) -> Table:
    """Who moved which alias, when and why, and which gates, by their ``labels``, were passed over for what reason."""
    when, *others = release_words.MOVED
    columns = (Column(when, place="screen"), Column(f"{when}, UTC", place="file"), *_texts(*others))
    moments = [spreadsheet.moment(each.at) for each in reversed(history)]
    told = zip(release_words.moved_rows(history, labels), moments, strict=True)
    rows = tuple((first, at, *rest) for (first, *rest), at in told)
    return Table("alias-history", "Every time an alias moved, the newest first", columns, rows)


def differences_table(contract: Contract, found: Differences) -> Table:
    """The calls in which champion and challenger differ most."""
    columns = (
        Column("When", place="screen"),
        Column("When, UTC", place="file"),
        Column(records_heading(contract), digits=0),
        Column("Largest difference of PD", place="screen"),
        Column("Largest difference of PD", DISTANCE, 2, place="file"),
        Column("Call"),
    )
    rows = tuple(
        (
            *(words.moment(datetime.fromisoformat(at), exact=True), spreadsheet.moment(at), customers),
            *(words.pd_points(most), most, call),
        )
        for call, at, customers, most in found.calls
    )
    title = "The calls in which champion and challenger differ most"
    return Table("challenger-differences", title, columns, rows)


def calls(found: RecentCalls) -> Table:
    """Recorded calls as they are read on the screen, and as they stand on record in the file."""
    shown = ("When", "Who", "What", "Book", "Records", "Release", "Took")
    columns = (
        *(Column(each, place="screen") for each in shown),
        Column("Call", place="screen", width=ID_WIDTH),
        *(Column(each, place="file") for each in CALL),
    )
    rows = []
    for each in found.calls:
        told = found.books[each.book]
        row: tuple[Cell, ...] = (
            words.moment(each.at, exact=True),
            each.who,
            words.kind(each, told),
            told.title,
            f"{each.rows:,}" if each.rows else "whole book",
            each.release,
            words.milliseconds(each.duration_ms),
            each.id,
        )
        exact: tuple[Cell, ...] = (
            each.id,
            spreadsheet.moment(each.at),
            each.kind,
            each.who,
            each.via,
            each.book,
            each.release,
            each.rows,
            each.duration_ms,
        )
        rows.append(row + exact)
    return Table("calls", "The latest calls, the newest first", columns, tuple(rows))


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)
