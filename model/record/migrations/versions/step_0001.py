"""Scenarios under a name, and every version of each."""

import sqlalchemy as sa
from alembic import op

from model.errors import StoreError

revision = "0001"
down_revision = None

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # ordered by code point, as in SQLite


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "scenario",
        sa.Column("id", _text, primary_key=True),
        sa.Column("book", _text, nullable=False),
        sa.Column("subject", _text, nullable=False),
        sa.Column("name", _text, nullable=False),
        sa.Column("named", _text, nullable=False),  # the name without regard to its case
        sa.Column("state", _text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("changed_at", _text, nullable=False),
        sa.Column("changed_by", _text, nullable=False),
        sa.Column("content", _text, nullable=False),
    )
    in_use = sa.text("state <> 'archived'")
    op.create_index(
        "scenario_named", "scenario", ["book", "named"], unique=True, sqlite_where=in_use, postgresql_where=in_use
    )
    op.create_index("scenario_listed", "scenario", ["book", "changed_at", "id"])
    op.create_table(
        "scenario_change",
        sa.Column("id", _text, sa.ForeignKey("scenario.id"), primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True),
        sa.Column("at", _text, nullable=False),
        sa.Column("who", _text, nullable=False),
        sa.Column("what", _text, nullable=False),
        sa.Column("state", _text, nullable=False),
        sa.Column("content", _text, nullable=False),
    )


def downgrade() -> None:
    """Refused: what people saved would be lost."""
    raise StoreError("Saved scenarios are not thrown away. Put an older copy of the database back instead.")
