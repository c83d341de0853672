"""How Alembic runs here: on the connection that `frontoffice.schema` has opened."""

from alembic import context

import frontoffice.schema  # noqa: F401  (knows every table)
from frontoffice.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=True,
    user_module_prefix="frontoffice.db.",
)
with context.begin_transaction():
    context.run_migrations()
