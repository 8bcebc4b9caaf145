"""Asking the real application, as a stranger or as a customer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from gateways import Gateways
from models import Customer
from resolvers.deliveries import Outbox
from resolvers.newsroom import Newsroom
from tests import cast


@dataclass(frozen=True)
class Answer:
    """What came back: the data, the errors, and what became of the session's cookie."""

    data: Any
    errors: list[dict[str, Any]]
    cookie: str | None = None

    def __getitem__(self, name: str) -> Any:
        assert not self.errors, self.errors
        return self.data[name]

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.errors]

    @property
    def refused(self) -> Any:
        """Codes and messages alone: what a client can tell two refusals apart by."""
        return self.data, [(error["extensions"]["code"], error["message"]) for error in self.errors]


Ask = Callable[..., Awaitable[Answer]]


class Asker:
    """`ask(query, as_=customer, **variables)` runs one operation through the whole application."""

    def __init__(self, application: Starlette, gateways: Gateways) -> None:
        self.gateways = gateways
        self._application = application
        self._tokens: dict[int, str] = {}

    async def __call__(self, query: str, as_: Customer | None = None, **variables: Any) -> Answer:
        return await self.with_session(await self.token_of(as_) if as_ else None, query, **variables)

    async def with_session(self, token: str | None, query: str, **variables: Any) -> Answer:
        """Run one operation in the session of a cookie."""
        session = "" if token is None else f"; session={token}"
        response = await self.send([("Cookie", f"device={cast.BROWSER}{session}")], query, **variables)
        body = response.json()
        answer = Answer(body.get("data"), body.get("errors", []), _session_cookie(response))
        assert "INTERNAL_SERVER_ERROR" not in answer.codes, answer.errors
        return answer

    async def send(self, headers: list[tuple[str, str]], query: str, **variables: Any) -> httpx.Response:
        """The answer as it comes over HTTP, to a request with these headers."""
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(self._with_state), base_url="http://portal"
        ) as client:
            return await client.post(
                "/graphql", json={"query": query, "variables": variables}, headers=headers
            )

    async def token_of(self, customer: Customer) -> str:
        """The cookie of the customer's one session here, opened at the first use."""
        if customer.id not in self._tokens:
            self._tokens[customer.id] = await cast.session_token(self.gateways, customer)
        return self._tokens[customer.id]

    async def _with_state(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What the lifespan would have handed down, with the test's own neighbours."""
        state = {
            "gateways": self.gateways,
            "outbox": Outbox(self.gateways),
            "newsroom": Newsroom(self.gateways),
        }
        await self._application({**scope, "state": state}, receive, send)


def _session_cookie(response: httpx.Response) -> str | None:
    """What the answer did to the session's cookie."""
    given = response.headers.get_list("set-cookie")
    return next((cookie for cookie in given if cookie.startswith("session=")), None)
