"""What the application sees of a plain request: as Starlette shows it, made as far as it is looked at."""

from __future__ import annotations

from starlette.datastructures import Address, Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope


class PlainHeaders(Headers):
    """Headers of which none comes twice, found by their names at once."""

    def __init__(self, raw: list[tuple[bytes, bytes]], by_name: dict[bytes, bytes]) -> None:
        self._list = raw
        self._by_name = by_name

    def __getitem__(self, key: str) -> str:
        return self._by_name[key.lower().encode("latin-1")].decode("latin-1")

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower().encode("latin-1") in self._by_name

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """The value of a header."""
        value = self._by_name.get(key.lower().encode("latin-1"))
        return default if value is None else value.decode("latin-1")

    def getlist(self, key: str) -> list[str]:
        """The value of a header, as one or none."""
        value = self._by_name.get(key.lower().encode("latin-1"))
        return [] if value is None else [value.decode("latin-1")]


class PlainConnection(HTTPConnection):
    """One request with plain headers."""

    def __init__(self, scope: Scope, by_name: dict[bytes, bytes]) -> None:
        self.scope = scope
        self._headers = PlainHeaders(scope["headers"], by_name)
        client = scope.get("client")
        self._client = None if client is None else Address(*client)

    @property
    def client(self) -> Address | None:
        """Where the request comes from."""
        return self._client


class Carrier(Response):
    """A response without content: the headers and cookies that the application sets on it are all it has."""

    def __init__(self) -> None:
        self.status_code = 200
        self.body = b""
        self.background = None
        self.raw_headers = []
