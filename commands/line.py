"""What every command shares: settings read once, ends told in plain words."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer

from gateways.mistakes import SettingsMistakes
from gateways.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

FAILED, WRONG_SETTINGS, INTERRUPTED = 1, 2, 130
CONNECT_FAILED = re.compile(r"\[Errno (\d+)\] Connect call failed")


def stop(message: str, code: int = FAILED) -> NoReturn:
    """Say in plain words why the command ends."""
    print(message, file=sys.stderr)
    raise typer.Exit(code)


def read_settings(**overrides: object) -> Settings:
    """The environment's settings; all that is wrong with them in one message."""
    given = {f"PORTAL_{name.upper()}": str(value) for name, value in overrides.items() if value is not None}
    os.environ.update(given)  # so that the worker processes read the same
    try:
        return Settings.read(os.environ)
    except SettingsMistakes as mistakes:
        stop(str(mistakes), WRONG_SETTINGS)


def plainly(command: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Run an async command; what a neighbour refuses is a sentence, not a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        from tortoise.exceptions import ConfigurationError

        from gateways.peppers import Damaged
        from models.backends.errors import DatabaseTrouble
        from models.backends.migrating import MigrationFailed

        try:
            return asyncio.run(command(*args, **kwargs))
        except (DatabaseTrouble, MigrationFailed, ConfigurationError) as error:
            stop(f"Database: {_reason(error)}")
        except SettingsMistakes as mistakes:
            stop(str(mistakes), WRONG_SETTINGS)
        except Damaged as damaged:
            stop(str(damaged))
        except BrokenPipeError:
            # Whoever read what is printed has seen enough; what is left is not to fail again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FAILED) from None
        except OSError as error:
            stop(f"{error.filename or 'System'}: {error.strerror or error}")
        except KeyboardInterrupt:
            stop("Interrupted.", INTERRUPTED)

    return run


def _reason(error: Exception) -> str:
    """A refused connection in words; asyncio tells it by a number and a tuple."""
    refused = CONNECT_FAILED.match(str(error))
    if refused is None:
        return str(error)
    return f"no answer at the address of PORTAL_DATABASE_URL ({os.strerror(int(refused[1])).lower()})"
