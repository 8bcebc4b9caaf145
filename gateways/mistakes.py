"""Every mistake of the environment in one message, in plain words and without a secret."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

PREFIX = "PORTAL_"
TEST_PREFIX = "PORTAL_TEST_"
SHOWN_LENGTH_MAX = 60

WORDS = {
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "ip_any_network": "must be addresses or networks such as 127.0.0.1 or 10.0.0.0/8, parted by commas",
}


class Mistake(NamedTuple):
    """One setting that is missing, malformed or unknown. `words` go on from the setting's name."""

    name: str
    words: str


class SettingsMistakes(Exception):
    """The environment cannot be used. The text names every mistake, one a line."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        count = len(self.mistakes)
        head = "1 setting is wrong:" if count == 1 else f"{count} settings are wrong:"
        super().__init__("\n  ".join([head, *(f"{name} {words}" for name, words in self.mistakes)]))


class Disagreement(ValueError):
    """Fields that are right alone and wrong together."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(f"{name} {words}" for name, words in self.mistakes))


def variable(field: str) -> str:
    """The name in the environment of a field of the settings."""
    return PREFIX + field.upper()


def unknown_names(environ: Mapping[str, str], fields: Iterable[str]) -> Iterator[Mistake]:
    """Names that begin like ours and are none, each with the nearest one."""
    known = [variable(field) for field in fields]
    for name in environ:
        if name.upper().startswith(PREFIX) and not name.upper().startswith(TEST_PREFIX):
            if name.upper() in known:
                continue
            near = get_close_matches(name.upper(), known, n=1)
            yield Mistake(name, f"is unknown: did you mean {near[0]}?" if near else "is unknown")


def wrong_fields(error: ValidationError, secret: Collection[str]) -> dict[str, Mistake]:
    """What pydantic refused, by field. A field that only waits for another one is no mistake of its own."""
    found: dict[str, Mistake] = {}
    for detail in error.errors(include_url=False):
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, Disagreement):
            found |= {mistake.name.removeprefix(PREFIX).lower(): mistake for mistake in cause.mistakes}
        elif detail["type"] != "default_factory_not_called":
            field = str(detail["loc"][0])
            found.setdefault(field, Mistake(variable(field), _words(detail, secret=field in secret)))
    return found


def _words(detail: ErrorDetails, *, secret: bool) -> str:
    context = detail.get("ctx", {})
    if detail["type"] == "value_error":
        words = str(context["error"])
    else:
        words = WORDS.get(detail["type"], "is malformed").format_map(context)
    value = detail["input"]
    shown = isinstance(value, str | int) and len(str(value)) <= SHOWN_LENGTH_MAX and not secret
    return f"{words}, not {str(value)!r}" if shown else words
