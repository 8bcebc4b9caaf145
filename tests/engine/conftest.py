"""A database for each module, where a test of the endpoint needs one."""

from __future__ import annotations

from tests.kept import database, database_url, kept_url

__all__ = ["database", "database_url", "kept_url"]
