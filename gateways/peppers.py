"""Peppers: the secret keys that codes and lookups are mixed with, kept out of the database."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECRET_LENGTH_MIN = 32
DEVELOPMENT_FILE = "development-secrets.json"


class Damaged(ValueError):
    """The file of a developer's machine cannot be read."""


@dataclass(frozen=True, slots=True)
class Pepper:
    """One secret and the id that digests made with it begin with."""

    id: str
    secret: bytes = field(repr=False)


def parse_peppers(text: str) -> tuple[Pepper, ...]:
    """Read `2026b:secret,2026a:secret`, newest first. The message of a refusal repeats no secret."""
    peppers = tuple(_parse_one(part.strip(), place) for place, part in enumerate(text.split(","), start=1))
    check_peppers(peppers)
    return peppers


def check_peppers(peppers: Sequence[Pepper]) -> None:
    """Refuse twice the same id, twice the same secret, a malformed id, a short secret."""
    for place, pepper in enumerate(peppers, start=1):
        if not re.fullmatch(r"[0-9A-Za-z]{1,12}", pepper.id):
            raise ValueError(f"needs an id of 1 to 12 letters or digits in pepper {place}, as 2026a:secret")
        if len(pepper.secret) < SECRET_LENGTH_MIN:
            raise ValueError(
                f"needs {SECRET_LENGTH_MIN} characters or more after the colon of pepper {place}"
            )
    for things in ({pepper.id for pepper in peppers}, {pepper.secret for pepper in peppers}):
        if len(things) < len(peppers):
            raise ValueError("must not hold the same id or the same secret twice")


def kept_peppers(folder: Path) -> tuple[Pepper, ...]:
    """The peppers of a developer's machine, made once, so that codes survive a restart."""
    path = folder / DEVELOPMENT_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_once(path, json.dumps({"peppers": f"dev:{secrets.token_urlsafe(32)}"}))
    try:
        return parse_peppers(json.loads(path.read_text())["peppers"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        advice = "delete it to have it made again (the codes made with it are then lost)"
        raise Damaged(f"{path} is damaged: {advice}") from error


def _parse_one(text: str, place: int) -> Pepper:
    id, colon, secret = text.partition(":")
    if not colon:
        raise ValueError(f"needs an id, a colon and a secret in pepper {place}, as in 2026a:secret")
    return Pepper(id, secret.encode())


def write_once(path: Path, text: str) -> None:
    """Write a file that only its owner reads, unless it is there already."""
    # Written aside and linked: of two processes starting together one wins and none reads half a file.
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink(missing_ok=True)
