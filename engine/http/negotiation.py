"""Which media type a response takes: `Accept` with its q values (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"
EVENT_STREAM = "text/event-stream"

ACCEPT_LENGTH_MAX = 4_096
RANGES_MAX = 64
CACHED_MAX = 256


class MediaRange(NamedTuple):
    """One element of an `Accept` header."""

    type: str
    q: float

    def specificity(self) -> int:
        """2 for a full type, 1 for `application/*`, 0 for `*/*`: the most specific range decides q."""
        return 0 if self.type == "*/*" else 1 if self.type.endswith("/*") else 2

    def matches(self, media_type: str) -> bool:
        """Whether the range covers a media type."""
        return self.type in ("*/*", media_type, media_type.split("/")[0] + "/*")


class Preference(NamedTuple):
    """How much a client wants one media type. Compares as the client would choose."""

    q: float
    specificity: int


class Accepted(NamedTuple):
    """The answer to an `Accept` header: the JSON type, None for none, and what is wanted more than JSON."""

    json_type: str | None
    wants_html: bool
    wants_events: bool = False


def split_parameters(value: str) -> tuple[str, dict[str, str]]:
    """A media type in lower case and its parameters (RFC 9110, 8.3.1)."""
    media_type, *rest = value.split(";")
    parameters: dict[str, str] = {}
    for part in rest:
        name, _, content = part.partition("=")
        parameters[name.strip().lower()] = content.strip().strip('"').lower()
    return media_type.strip().lower(), parameters


def accept(header: str | None) -> Accepted:
    """Negotiate one `Accept` header. None means JSON, as clients that send none expect."""
    if header is None or not header.strip():
        return Accepted(JSON, wants_html=False)
    return _accept(header[:ACCEPT_LENGTH_MAX])


@lru_cache(maxsize=CACHED_MAX)
def _accept(header: str) -> Accepted:
    ranges = list(_ranges(header))
    html, events = _preference(ranges, HTML), _preference(ranges, EVENT_STREAM)
    json, graphql = _preference(ranges, JSON), _preference(ranges, GRAPHQL_RESPONSE)
    best = max(json, graphql)
    json_type = None if best.q == 0 else _choose(json, graphql)
    # Clients that take either name both for all they ask, so events are for those who want them more.
    wants_events = events.specificity == 2 and events.q > 0 and events > best
    return Accepted(json_type, html.specificity == 2 and html.q > best.q, wants_events)


def _choose(json: Preference, graphql: Preference) -> str:
    """The higher q wins. Named both alike, the newer type wins; under a wildcard, plain JSON."""
    if json.q != graphql.q:
        return JSON if json.q > graphql.q else GRAPHQL_RESPONSE
    return GRAPHQL_RESPONSE if graphql.specificity == 2 else JSON


def _preference(ranges: list[MediaRange], media_type: str) -> Preference:
    matching = [(range_.specificity(), range_.q) for range_ in ranges if range_.matches(media_type)]
    specificity, q = max(matching, default=(0, 0.0))
    return Preference(q, specificity)


def _ranges(header: str) -> Iterator[MediaRange]:
    for element in header.split(",")[:RANGES_MAX]:
        media_type, parameters = split_parameters(element)
        q = _quality(parameters.get("q", "1"))
        if q is not None and parameters.get("charset", "utf-8") in ("utf-8", "utf8", "*"):
            yield MediaRange(media_type, q)


def _quality(text: str) -> float | None:
    """A weight from 0 to 1 (RFC 9110, 12.4.2); anything else is no preference at all."""
    if len(text) > 5 or not text.replace(".", "", 1).isdecimal() or not text.isascii():
        return None
    q = float(text)
    return q if q <= 1 else None
