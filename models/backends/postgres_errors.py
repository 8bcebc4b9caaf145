"""The errors of asyncpg in the words of the rest of the program."""

from __future__ import annotations

import asyncpg  # type: ignore[import-untyped]
from asyncpg.exceptions import _base as asyncpg_base  # type: ignore[import-untyped]
from tortoise.exceptions import IntegrityError, OperationalError

from models.backends.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseTrouble,
    DatabaseUnavailable,
    TransactionMisuse,
)

# The first match counts, so the narrower come first.
_KINDS: tuple[tuple[type[Exception], type[Exception]], ...] = (
    (DatabaseTrouble, DatabaseTrouble),
    (asyncpg.IntegrityConstraintViolationError, IntegrityError),
    (asyncpg.DiskFullError, DatabaseFull),
    (asyncpg.TransactionRollbackError, DatabaseBusy),
    (asyncpg.LockNotAvailableError, DatabaseBusy),
    (asyncpg.QueryCanceledError, DatabaseBusy),
    (asyncpg.ReadOnlySQLTransactionError, DatabaseUnavailable),
    (asyncpg.PostgresConnectionError, DatabaseUnavailable),
    (asyncpg.OperatorInterventionError, DatabaseUnavailable),
    (asyncpg.InsufficientResourcesError, DatabaseUnavailable),
    (asyncpg.InvalidCatalogNameError, DatabaseUnavailable),
    (asyncpg.InvalidAuthorizationSpecificationError, DatabaseUnavailable),
    (asyncpg.InvalidTransactionStateError, TransactionMisuse),
    (asyncpg.PostgresError, OperationalError),
    (asyncpg_base.DataError, OperationalError),
    (asyncpg.InterfaceError, DatabaseUnavailable),
    (asyncpg.InternalClientError, DatabaseUnavailable),
    (OSError, DatabaseUnavailable),  # ConnectionError and TimeoutError are kinds of OSError
)
_ASTRAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
    ConnectionError,
)
KNOWN = tuple(known for known, _ in _KINDS)


def translated(error: Exception) -> Exception:
    """The error as the rest of the program knows it."""
    if isinstance(error, DatabaseTrouble):
        return error
    kind = next(kind for known, kind in _KINDS if isinstance(error, known))
    if kind is OperationalError or kind is IntegrityError:
        return kind(error)
    return kind(str(error) or "the database did not answer in time")


def leads_astray(error: Exception) -> bool:
    """What a restart or a fail-over brings: the other idle connections lead to the old server too.

    A statement that was cancelled, for its time was over, says nothing about its server.
    """
    return isinstance(error, _ASTRAY) and not isinstance(error, asyncpg.QueryCanceledError)
