"""Alembic's entry: migrates the connection that `inbound migrate` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
# The caller holds the transaction: all of a migration happens, or nothing.
context.configure(connection=connection)
with context.begin_transaction():
    context.run_migrations()
