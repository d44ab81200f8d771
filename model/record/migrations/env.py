"""What Alembic runs to migrate: over the connection that `migrate` hands it, in the transaction that it is in."""

from alembic import context

from model.record.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"], version_table=VERSION_TABLE, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
