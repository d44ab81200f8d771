"""How the tables of saved scenarios came to be what they are, step by step, and the way from any step to the latest.

The record of calls is not among them: its tables stay as `model.record.schema` makes them.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy import inspect as database_of

from model.errors import StoreError
from model.record.schema import lock_tables

VERSION_TABLE = "whatif_schema"  # not Alembic's usual one: a database may be shared with another product
LATEST = "0001"
KNOWN = ("0001",)


def revision(connection: Connection) -> str:
    """The step at which a database stands, "" before the first."""
    if not database_of(connection).has_table(VERSION_TABLE):
        return ""
    return str(connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) or "")


def migrate(connection: Connection) -> None:
    """Bring a database to the latest step, in the transaction that the ``connection`` is in; of several processes one
    does it.

    Raises
    ------
    StoreError
        If a newer version of this product made it.
    """
    lock_tables(connection)
    at = revision(connection)
    if at == LATEST:
        return
    if at and at not in KNOWN:
        raise StoreError(
            f"The saved scenarios are kept in a form ({at}) that this version does not know; a newer version of this "
            "product made it. Use that version, or another database."
        )
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, LATEST)
