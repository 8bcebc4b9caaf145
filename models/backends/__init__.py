"""Our own Tortoise database engines, schema editors and migration runner, on SQLite and PostgreSQL."""
