"""What may go wrong between us and the database, in the words of both engines."""

from __future__ import annotations

from tortoise.exceptions import OperationalError, TransactionManagementError


class DatabaseTrouble(OperationalError):
    """The statement was right, the database could not serve it: the same request may succeed later."""


class DatabaseUnavailable(DatabaseTrouble):
    """Down, starting, read-only after a fail-over, out of reach, or without a free connection."""


class DatabaseBusy(DatabaseTrouble):
    """Lost against another writer (locked file, deadlock, serialization): run the whole transaction again."""


class DatabaseFull(DatabaseTrouble):
    """No space is left where the database lives: nothing was written."""


class TransactionMisuse(TransactionManagementError):
    """A bug of ours: a statement came through a transaction that was over, broken, or another task's."""
