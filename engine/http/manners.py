"""How requests with plain heads are answered: worked out once by the rules of the ordinary way, and kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

from engine.connections.cycles import written
from engine.connections.observing import REQUEST_ID
from engine.connections.security_headers import RawHeaders, lacking
from engine.errors import Refusal
from engine.http.bodies import check_content_type
from engine.http.memos import Memo
from engine.http.negotiation import accept
from engine.http.origins import Origins
from engine.http.responses import Reply

# With any of these a request is not plain. What other headers say changes nothing in how it is answered.
UNUSUAL = frozenset({b"authorization", b"content-encoding", b"graphql-cost", b"transfer-encoding"})
# What decides how a plain request is answered, beside its scheme. The host counts beside an origin alone.
DECIDING = (b"accept", b"content-type", b"origin", b"sec-fetch-site")
MANNERS_KEPT_MAX = 500
DECIDING_BYTES_MAX = 1_024
LENGTH_DIGITS_MAX = 9
ID = REQUEST_ID.lower().encode()

Decided = tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True)
class Manner:
    """The media type of an answer, and its headers before and after those that differ each time."""

    media_type: str
    origin_headers: dict[str, str]
    added: RawHeaders
    before_length: RawHeaders
    after_length: RawHeaders
    after_id: RawHeaders
    written: tuple[bytes, bytes, bytes]  # what comes before the length, before the id, and after it

    @classmethod
    def of(cls, media_type: str, origin_headers: dict[str, str], added: RawHeaders) -> Manner:
        """Take apart the headers of an answer."""
        whole = Reply(200, b"", media_type).start({**origin_headers, "Content-Length": "0"})["headers"]
        at = [name for name, _ in whole].index(b"content-length")
        before, after, after_id = whole[:at], whole[at + 1 :], lacking(whole, added)
        lines = (
            written(before) + b"content-length: ",
            b"\r\n" + written(after) + ID + b": ",
            b"\r\n" + written(after_id),
        )
        return cls(media_type, origin_headers, added, before, after, after_id, lines)

    def head(self, length: int, request_id: str) -> bytes:
        """`headers` as they go over the wire, without cookies."""
        before_length, before_id, after_id = self.written
        return b"%s%d%s%s%s" % (before_length, length, before_id, request_id.encode(), after_id)

    def headers(self, length: int, cookies: RawHeaders, request_id: str) -> RawHeaders:
        """Headers of an answer with data, in the order of the ordinary way."""
        return [
            *self.before_length,
            (b"content-length", b"%d" % length),
            *self.after_length,
            *cookies,
            (ID, request_id.encode()),
            *self.after_id,
        ]

    def headers_of(self, reply: Reply, cookies: RawHeaders, request_id: str) -> RawHeaders:
        """Headers of any other answer."""
        extra = {**self.origin_headers, "Content-Length": str(len(reply.body))}
        given = [*reply.start(extra)["headers"], *cookies, (ID, request_id.encode())]
        return [*given, *lacking(given, self.added)]


class Manners:
    """The manners that were worked out last, by what decided them."""

    def __init__(self, origins: Origins, added: RawHeaders) -> None:
        self._origins = origins
        self._added = added
        self._kept: Memo[tuple[str, Decided], Manner] = Memo(MANNERS_KEPT_MAX)

    def of(self, scope: Scope, headers: dict[bytes, bytes], body_bytes_max: int) -> Manner | None:
        """How to answer a head, None where it is not plain."""
        length = headers.get(b"content-length", b"")
        if len(headers) != len(scope["headers"]) or not UNUSUAL.isdisjoint(headers):
            return None
        if not length.isdigit() or len(length) > LENGTH_DIGITS_MAX or int(length) > body_bytes_max:
            return None
        scheme = scope.get("scheme", "http")
        decided = tuple(map(headers.get, DECIDING))
        if b"origin" in headers:
            decided += (headers.get(b"host"),)
        manner = self._kept.get((scheme, decided))
        if manner is None:
            manner = self._worked_out(scheme, headers)
            if manner is not None and _size(decided) <= DECIDING_BYTES_MAX:
                self._kept.keep((scheme, decided), manner)
        return manner

    def _worked_out(self, scheme: str, by_name: dict[bytes, bytes]) -> Manner | None:
        headers = Headers(raw=list(by_name.items()))
        accepted = accept(headers.get("accept"))
        if accepted.json_type is None or accepted.wants_events:
            return None
        try:
            self._origins.check(scheme, headers)
            check_content_type(headers)
        except Refusal:
            return None
        return Manner.of(accepted.json_type, self._origins.cors_headers(headers), self._added)


def is_plain(scope: Scope, path: str) -> bool:
    """Whether a request may be plain, as far as its first line tells."""
    return (
        scope["type"] == "http"
        and scope["method"] == "POST"
        and scope["path"] == path
        and not scope.get("root_path")
    )


def _size(values: Iterable[bytes | None]) -> int:
    return sum(len(value) for value in values if value is not None)
