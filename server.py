"""The ASGI application: routes, middleware, lifespan. `portal` is its command line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypedDict

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.networks import network_of
from engine.connections.observing import Observed, Seen, SeenSocket
from engine.connections.security_headers import SecurityHeaders, security_headers
from engine.documents.trusted import TrustedDocuments
from engine.endpoint import Endpoint
from engine.errors import MASKED_MESSAGE, Code, Refusal
from engine.execution.answering import Rules
from engine.http.bearer import INVALID_TOKEN, bearer_token
from engine.http.express import Express
from engine.limits import Limits, OverloadLimits
from engine.sharing import interpreter
from gateways import Gateways, open_gateways
from gateways.logs import begin_request, configure_logs, tell, tells_of_requests
from gateways.rate_limits import Limit, RateLimitsUnavailable
from gateways.settings import Settings
from gateways.staff_tokens import BadToken, StaffTokensUnavailable
from gateways.vault import VaultBusy
from models.backends.errors import DatabaseTrouble
from models.backends.migrating import pending_migrations
from models.backends.opening import open_database
from models.owned import one_customer
from resolvers.context import Context
from resolvers.deliveries import Outbox
from resolvers.housekeeping import Housekeeping
from resolvers.newsroom import Newsroom
from resolvers.sessions import Cookie
from schema import budget, graphiql
from schema.gate import SessionGate
from schema.root import build_schema

RETRY_AFTER_SECONDS = 2
READY_SECONDS_MAX = 2
OUTBOX_SECONDS_MAX = 2  # on shutdown, beside what one message may take; longer only where the database hangs
OWN_DOCUMENTS = Path(__file__).parent / "web" / "trusted-documents.json"
PROBE = Limit("readiness", count=1_000, seconds=1)
ADDRESSES_REMEMBERED_MAX = 4_096

_log = structlog.get_logger("server")
_network_of = lru_cache(ADDRESSES_REMEMBERED_MAX)(network_of)  # a client comes more than once


class Flags(TypedDict):
    """How every cookie is set."""

    secure: bool
    httponly: bool
    samesite: Literal["strict"]


class State(TypedDict):
    """What the lifespan hands to every request."""

    gateways: Gateways
    outbox: Outbox
    newsroom: Newsroom
    stop_streams: Callable[[], None]


def create_app(settings: Settings) -> Starlette:
    """The application for these settings. Its lifespan opens the database, the neighbours and the workers."""
    development = not settings.is_production
    endpoint = Endpoint(
        build_schema(),
        context_reader(settings),
        graphiql=development,
        graphiql_intro=graphiql.INTRO,
        introspection=development,
        suggestions=development,
        allowed_origins=settings.origins,
        limits=Limits(
            body_bytes_max=settings.body_bytes_max,
            operation_seconds_max=settings.operation_seconds_max,
            overload=OverloadLimits(lag_seconds_max=settings.lag_milliseconds_max / 1000),
        ),
        rules=Rules(caller_of=caller_of, may_ask_freely=may_ask_freely(settings), charge=budget.charge),
        trusted=TrustedDocuments.read([OWN_DOCUMENTS, *settings.trusted_documents]),
        compiled=settings.compiled_queries,
        gate=SessionGate(),
        translate=translated,
        on_error=report_error,
        begin=begin_request,
    )
    return Starlette(
        routes=[*endpoint.routes(), Route("/health/live", live), Route("/health/ready", ready)],
        middleware=[
            Middleware(
                Express,
                endpoint=endpoint,
                added=security_headers(over_https=settings.is_production),
                begin=begin_request,
                report=report_request if tells_of_requests(settings) else None,
                around=one_customer,
            ),
            Middleware(SecurityHeaders, over_https=settings.is_production),
            Middleware(Observed, begin=begin_request, report=report_request, report_socket=report_socket),
            Middleware(ForOneCustomer),
        ],
        exception_handlers={HTTPException: refused, Exception: crashed},
        lifespan=lifespan_of(settings, endpoint.open_streams.stop, endpoint.answering.prepare),
    )


class ForOneCustomer:
    """ASGI middleware: what answers a request can read the rows of one customer only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":  # begins the work in the background, which is for all customers
            await self._app(scope, receive, send)
            return
        with one_customer():
            await self._app(scope, receive, send)


def lifespan_of(
    settings: Settings,
    stop_streams: Callable[[], None] = lambda: None,
    prepare: Callable[[], None] = lambda: None,
) -> Callable[[Starlette], AbstractAsyncContextManager[State]]:
    """Opens what requests need, and closes it once the last of them is answered.

    The server ends the streams that are open with `stop_streams`, or it would wait for them. `prepare` is
    called once the models are ready.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[State]:
        database = open_database(settings.database_url, pool_max=settings.database_pool_max)
        async with database, open_gateways(settings) as gateways:
            prepare()
            outbox, housekeeping, newsroom = Outbox(gateways), Housekeeping(gateways), Newsroom(gateways)
            workers = (outbox, housekeeping, newsroom)
            working = {asyncio.create_task(worker.run()) for worker in workers}
            try:
                yield State(gateways=gateways, outbox=outbox, newsroom=newsroom, stop_streams=stop_streams)
            finally:
                for worker in workers:
                    worker.leave()
                await asyncio.wait(working, timeout=settings.message_seconds_max + OUTBOX_SECONDS_MAX)

    return lifespan


def context_reader(settings: Settings) -> Callable[[HTTPConnection, Response], Awaitable[Context]]:
    """Makes the context of each operation, and turns its session into a cookie."""
    # The __Host- prefix binds a cookie to this host and to https, which development does not have.
    secure = settings.is_production
    prefix = "__Host-" if secure else ""
    session, device = f"{prefix}session", f"{prefix}device"

    async def read(connection: HTTPConnection, response: Response) -> Context:
        def setter(name: str) -> Callable[[Cookie], None]:
            def put(cookie: Cookie) -> None:
                flags: Flags = {"secure": secure, "httponly": True, "samesite": "strict"}
                if cookie.token:
                    response.set_cookie(name, cookie.token, cookie.seconds, **flags)
                else:
                    response.delete_cookie(name, **flags)

            return put

        gateways: Gateways = connection.state.gateways
        token = bearer_token(connection.headers)
        staff = None if token is None else await gateways.staff_tokens.verify(token)
        # Staff are no customers, whatever cookies their browser has as well.
        cookies = connection.cookies if staff is None else {}
        return Context(
            gateways=gateways,
            address=connection.client.host if connection.client else "",
            session_token=cookies.get(session),
            device_token=cookies.get(device),
            staff=staff,
            user_agent=connection.headers.get("user-agent", ""),
            set_session=setter(session),
            set_device=setter(device),
            wake_outbox=connection.state.outbox.wake,
            newsroom=connection.state.newsroom,
        )

    return read


def caller_of(connection: HTTPConnection) -> str:
    """Whose turn it is, known before anything is read: the network it comes from."""
    return _network_of(connection.client.host) if connection.client else ""


def may_ask_freely(settings: Settings) -> Callable[[Context], bool]:
    """Who may send a document that is in no manifest."""
    match settings.free_documents:
        case "everyone":
            return lambda _context: True
        case "staff":
            return lambda context: context.staff is not None
        case "nobody":
            return lambda _context: False


def translated(exception: BaseException) -> Refusal | None:
    """Words for a token that is not believed, and a neighbour that does not answer; others are bugs."""
    if isinstance(exception, BadToken):
        return Refusal(f"The token is refused: {exception}", Code.UNAUTHENTICATED, headers=INVALID_TOKEN)
    if isinstance(exception, DatabaseTrouble | RateLimitsUnavailable | StaffTokensUnavailable | VaultBusy):
        return Refusal(
            "Temporarily unavailable, try again",
            Code.SERVICE_UNAVAILABLE,
            retry_after_seconds=RETRY_AFTER_SECONDS,
        )
    return None


async def live(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """The database answers and has all migrations. Counters that are down are told: only sign-in waits."""
    gateways: Gateways = request.state.gateways
    found = {"database": "ok", "migrations": "ok", "rate_limits": "ok"}
    try:
        async with asyncio.timeout(READY_SECONDS_MAX):
            pending = await pending_migrations()
        if pending:
            found["migrations"] = f"{len(pending)} pending: run `portal migrate`"
    except (DatabaseTrouble, TimeoutError):
        found |= {"database": "unavailable", "migrations": "unknown"}
    try:
        await gateways.rate_limits.take(PROBE)
    except RateLimitsUnavailable:
        found["rate_limits"] = "unavailable"
    is_ready = found["database"] == found["migrations"] == "ok"
    return JSONResponse(
        {"status": "ok" if is_ready else "unavailable", **found}, status_code=200 if is_ready else 503
    )


async def refused(_request: Request, exception: Exception) -> Response:
    """What no route answers, in the shape of every other refusal."""
    assert isinstance(exception, HTTPException)
    error = {"message": exception.detail, "extensions": {"code": exception.detail.upper().replace(" ", "_")}}
    return JSONResponse({"errors": [error]}, status_code=exception.status_code, headers=exception.headers)


async def crashed(request: Request, _exception: Exception) -> Response:
    """A bug outside the endpoint: masked, in the same shape. The server reports it."""
    extensions = {"code": Code.INTERNAL_SERVER_ERROR, "requestId": request.state.request_id}
    body = {"errors": [{"message": MASKED_MESSAGE, "extensions": extensions}]}
    headers = security_headers(over_https=request.url.scheme == "https")
    return JSONResponse(body, 500, headers={name.decode(): value.decode() for name, value in headers})


def report_request(seen: Seen) -> None:
    tell("answered", method=seen.method, route=seen.route, status=seen.status, duration_ms=seen.duration_ms)


def report_socket(seen: SeenSocket) -> None:
    _log.info(
        "socket closed",
        route=seen.route,
        status=seen.status,
        count=seen.operations,
        duration_ms=seen.duration_ms,
    )


def report_error(exception: BaseException, request_id: str) -> None:
    _log.error("request failed", request_id=request_id, exc_info=exception)


def app() -> Starlette:
    """For `uvicorn --factory server:app`: the application of the environment's settings."""
    settings = Settings.read(os.environ)
    configure_logs(settings)
    made = create_app(settings)
    interpreter.settle()
    return made


def main() -> None:
    """The `portal` command."""
    from commands.portal import portal

    portal()


if __name__ == "__main__":
    main()
