"""How alembic reaches the store: on the engine it is handed, SQLite's foreign keys off while tables are rebuilt."""

from alembic import context

from collector.store import metadata

engine = context.config.attributes["engine"]

with engine.connect() as conn:
    sqlite = conn.dialect.name == "sqlite"
    conn.rollback()
    if sqlite:
        # Batch mode drops and recreates a table; with keys on, that would cascade into its children.
        conn.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=conn,
        target_metadata=metadata,
        render_as_batch=sqlite,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    conn.commit()
    if sqlite:
        conn.connection.driver_connection.execute("PRAGMA foreign_keys=ON")
