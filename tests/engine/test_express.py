"""The express lane: the same answers as on the ordinary way, under the same limits."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message

from engine.connections.observing import Observed, Seen
from engine.connections.security_headers import SecurityHeaders, security_headers
from engine.documents.trusted import TrustedDocument, TrustedDocuments
from engine.endpoint import Endpoint
from engine.errors import Refusal
from engine.execution.answering import Rules
from engine.http.express import Express
from engine.limits import Limits, OverloadLimits
from tests.engine.serving import Answer, served
from tests.engine.small_schema import SECRET, Stage, endpoint

pytestmark = pytest.mark.anyio

Header = tuple[bytes, bytes]
LISTED = "https://listed.test"
TRUSTED = "query Trusted($at: Int) { shelf(at: $at) { label } }"
TRUSTED_ID = hashlib.sha256(TRUSTED.encode()).hexdigest()
NEW_TYPE = "application/graphql-response+json"


def post(body: bytes, *, without: str = "", more: Any = None, **changed: str) -> list[Header]:
    """A plain head for a body; `changed` names headers with underscores."""
    head = {
        "host": "portal.test",
        "accept": NEW_TYPE,
        "content-type": "application/json",
        "content-length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    head.pop(without, None)
    return [(name.encode(), value.encode("latin-1")) for name, value in head.items()] + (more or [])


@dataclass(frozen=True)
class Given:
    """One request, and whether it is one for the lane."""

    case: str
    body: bytes
    headers: list[Header]
    takes: bool
    chunks: list[bytes] | None = None
    method: str = "POST"
    path: str = "/graphql"

    def __str__(self) -> str:
        return self.case


def body_of(query: str | None = "{ hello }", **parameters: Any) -> bytes:
    return json.dumps({"query": query, **parameters} if query is not None else parameters).encode()


def headed(case: str, takes: bool, *, without: str = "", more: Any = None, **changed: Any) -> Given:
    body = body_of()
    return Given(case, body, post(body, without=without, more=more, **changed), takes)


def bodied(case: str, takes: bool, body: bytes, **changed: Any) -> Given:
    return Given(case, body, post(body, **changed), takes)


HELLO = body_of()
BIG = body_of("{ hello }", variables={"x": "y" * 5_000})
TOO_BIG = body_of("{ hello }", variables={"x": "y" * 20_000})
GIVEN = [
    headed("plain", True),
    headed("no Accept", True, without="accept"),
    headed("empty Accept", True, accept=" "),
    headed("Accept anything", True, accept="*/*"),
    headed("Accept JSON", True, accept="application/json"),
    headed("Accept by weight", True, accept=f"application/json;q=0.5, {NEW_TYPE};q=0.9, text/html;q=0.1"),
    headed("Accept in capitals", True, accept="APPLICATION/JSON; charset=UTF-8"),
    headed("Accept a page, but JSON more", True, accept="text/html;q=0.2,*/*"),
    headed("Accept a page", False, accept="text/html"),
    headed("Accept a picture", False, accept="image/png"),
    headed("Accept nothing of ours by weight", False, accept="application/json;q=0"),
    headed("Accept events", False, accept="text/event-stream"),
    headed("Accept events or JSON", True, accept="application/json, text/event-stream"),
    headed("Accept in two lines", False, more=[(b"accept", b"application/json")]),
    headed("Accept in odd letters", True, accept="application/json, \xe9\xff"),
    headed("a long Accept", True, accept=", ".join(["application/json"] * 200)),
    headed("charset utf-8", True, content_type="application/json; charset=utf-8"),
    headed("charset in capitals", True, content_type='Application/JSON;Charset="UTF-8"'),
    headed("charset latin-1", False, content_type="application/json; charset=latin-1"),
    headed("text", False, content_type="text/plain"),
    headed("a form", False, content_type="application/x-www-form-urlencoded"),
    headed("no Content-Type", False, without="content-type"),
    headed("Content-Type twice", False, more=[(b"content-type", b"application/json")]),
    headed("gzip", False, content_encoding="gzip"),
    headed("identity", False, content_encoding="identity"),
    headed("no Host", True, without="host"),
    headed("own origin", True, origin="http://portal.test"),
    headed("own origin from https, behind a proxy", True, origin="https://portal.test"),
    headed("own name on another port", False, origin="http://portal.test:8080"),
    headed("listed origin", True, origin=LISTED),
    headed("listed origin in capitals", True, origin=LISTED.upper()),
    headed("foreign origin", False, origin="https://evil.test"),
    headed("no origin to speak of", False, origin="null"),
    headed("own origin for another host", False, origin="http://portal.test", host="other.test"),
    headed("same site", False, sec_fetch_site="same-site"),
    headed("same origin, says the browser", True, sec_fetch_site="same-origin"),
    headed("cross site", False, sec_fetch_site="cross-site"),
    headed("bearer", False, authorization="Bearer x"),
    headed("basic", False, authorization="Basic eDp5"),
    headed("cost", False, graphql_cost="report"),
    headed("a cookie", True, cookie="session=abc; device=def"),
    headed("crooked cookies", True, cookie=';=; a; b="; session="a\\"b; =x'),
    headed("cookies twice", False, cookie="a=b", more=[(b"cookie", b"c=d")]),
    headed("headers nobody knows", True, x_requested_with="XMLHttpRequest", cache_control="no-cache"),
    headed("sets a cookie", True, user_agent="sets cookies"),
    headed("context refuses", True, user_agent="refused"),
    headed("context breaks", True, user_agent="broken"),
    headed("no Content-Length", False, without="content-length"),
    headed("length is no number", False, content_length="x"),
    headed("length is too much", False, content_length="10001"),
    headed("length is far too much", False, content_length="9" * 30),
    headed("coded in chunks", False, without="content-length", transfer_encoding="chunked"),
    Given("two pieces", HELLO, post(HELLO), False, [HELLO[:5], HELLO[5:]]),
    Given("an empty piece behind", HELLO, post(HELLO), True, [HELLO, b""]),
    Given("longer than it said", TOO_BIG, post(HELLO), False),
    bodied("long", True, BIG),
    bodied("too long", False, TOO_BIG),
    bodied("empty", False, b""),
    bodied("no JSON", False, b"{hello}"),
    bodied("no UTF-8", False, b'{"query": "{ hello } #\xff"}'),
    bodied("a key twice", False, b'{"query": "{ hello }", "query": "{ hello }"}'),
    bodied("a key twice in escapes", False, b'{"query": "{ hello }", "\\u0071uery": "{ hello }"}'),
    bodied("a batch", False, b"[" + HELLO + b"]"),
    bodied("null", False, b"null"),
    bodied("nothing asked", False, b"{}"),
    bodied("nested far", False, b'{"query": "{ hello }", "variables": {"a":' + b"[" * 5_000),
    bodied("spaces around", True, b"  " + HELLO + b" \n"),
    bodied("variables are a list", False, body_of(variables=[])),
    bodied("variables are null", True, body_of(variables=None)),
    bodied("extensions unknown", True, body_of(extensions={"x": 1})),
    bodied("cost by extension", False, body_of(extensions={"cost": True})),
    bodied("operation name", True, body_of("query A { hello } query B { hello }", operationName="B")),
    bodied("no such operation", False, body_of("query A { hello }", operationName="B")),
    bodied("no clear operation", False, body_of("query A { hello } query B { hello }")),
    bodied("variables", True, body_of("query ($n: String!) { hello(name: $n) }", variables={"n": "é"})),
    bodied("variables do not fit", False, body_of("query ($n: String!) { hello(name: $n) }")),
    bodied("a bug", True, body_of("{ broken }")),
    bodied("a bug that leaves nothing", True, body_of("{ hollow }")),
    bodied("a bug under the old type", True, body_of("{ hollow }"), accept="application/json"),
    bodied("a refusal", True, body_of("{ refused }")),
    bodied("a neighbour is away", True, body_of("{ unavailable }")),
    bodied("away under the old type", True, body_of("{ unavailable }"), accept="*/*"),
    bodied("a part is away", True, body_of("{ hello flaky }")),
    bodied("not allowed", True, body_of("{ guarded }")),
    bodied("too dear", False, body_of("{ shelves { label } }")),
    bodied("no such field", False, body_of("{ nothing }")),
    bodied("no document", False, body_of("{ hello")),
    bodied("mutation", False, body_of("mutation { signIn }")),
    bodied("subscription", False, body_of("subscription { ticks }")),
    bodied("trusted", True, body_of(TRUSTED)),
    bodied("trusted by id", True, body_of(None, documentId=TRUSTED_ID)),
    bodied("trusted by the draft's id", True, body_of(None, documentId=f"sha256:{TRUSTED_ID}")),
    bodied(
        "trusted as Apollo asks",
        True,
        body_of(None, extensions={"persistedQuery": {"version": 1, "sha256Hash": TRUSTED_ID}}),
    ),
    bodied("id and text", True, body_of(TRUSTED, documentId=TRUSTED_ID)),
    bodied("id of another text", False, body_of("{ hello }", documentId=TRUSTED_ID)),
    bodied("unknown id", False, body_of(None, documentId="0" * 64)),
    bodied("not trusted, and not free", False, HELLO, user_agent="may ask what is trusted"),
    bodied("trusted, and not free", True, body_of(TRUSTED), user_agent="may ask what is trusted"),
    Given("GET", b"", post(b"", without="content-type"), False, method="GET"),
    Given("HEAD", b"", post(b""), False, method="HEAD"),
    Given("PUT", HELLO, post(HELLO), False, method="PUT"),
    Given("OPTIONS", b"", post(b"", origin=LISTED), False, method="OPTIONS"),
    Given("another path", HELLO, post(HELLO), False, path="/other"),
    Given("a path below", HELLO, post(HELLO), False, path="/graphql/"),
]


@dataclass
class Ways:
    """One endpoint, with the lane around it and without."""

    stage: Stage
    endpoint: Endpoint
    seen: list[Seen] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        over_https = True
        self.ordinary = Starlette(
            routes=self.endpoint.routes(),
            middleware=[
                Middleware(SecurityHeaders, over_https=over_https),
                Middleware(
                    Observed,
                    begin=self.begun.append,
                    report=self.seen.append,
                    report_socket=lambda _seen: None,
                ),
            ],
        )
        self.express = Express(
            self.ordinary,
            endpoint=self.endpoint,
            added=security_headers(over_https=over_https),
            begin=self.begun.append,
            report=self.seen.append,
        )

    async def both(self, given: Given) -> tuple[Any, Any, int]:
        """The answers without the lane and with it, and how often it was taken."""
        before = self.express.answered
        ordinary = await asked(self.ordinary, given)
        return ordinary, await asked(self.express, given), self.express.answered - before


def limited(**limits: Any) -> Limits:
    """Limits, of which no busy machine breaks that of the loop's lag."""
    return Limits(**limits, overload=OverloadLimits(lag_seconds_max=60))


def ways(**options: Any) -> Ways:
    stage = Stage()

    async def get_context(connection: HTTPConnection, response: Response) -> Stage:
        match connection.headers.get("user-agent"):
            case "sets cookies":
                response.set_cookie("session", "token", httponly=True)
                response.headers["X-Said"] = "twice"
            case "refused":
                response.delete_cookie("session")
                raise Refusal("Only at noon", "TOO_EARLY", headers={"Retry-After": "7"})
            case "broken":
                raise RuntimeError(SECRET)
        stage.seen.append(connection)
        return stage

    def may_ask_freely(_stage: Stage) -> bool:
        return stage.seen[-1].headers.get("user-agent") != "may ask what is trusted"

    made = endpoint(
        stage,
        allowed_origins=[LISTED],
        trusted=TrustedDocuments([TrustedDocument(TRUSTED_ID, TRUSTED, "Trusted", "test")]),
        **{
            "limits": limited(body_bytes_max=10_000, cost_max=100),
            "rules": Rules(may_ask_freely=may_ask_freely),
            **options,
        },
    )
    made.answering._get_context = get_context
    return Ways(stage, made)


async def asked(app: ASGIApp, given: Given) -> tuple[int, list[Header], bytes]:
    """Status, headers and body of an answer, with every id of a request as the same one."""
    chunks = [given.body] if given.chunks is None else given.chunks
    messages: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        for number, chunk in enumerate(chunks, 1)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": given.method,
        "scheme": "http",
        "path": given.path,
        "query_string": b"",
        "headers": list(given.headers),
        "client": ("192.0.2.1", 50_000),
    }
    await app(scope, receive, send)
    start, *parts = sent
    headers = dict(start["headers"])
    id = headers[b"x-request-id"]
    assert len(id) == 16
    anonymous = [(name, value.replace(id, b"<id>")) for name, value in start["headers"]]
    body = b"".join(part["body"] for part in parts)
    return start["status"], anonymous, body.replace(id, b"<id>")


@pytest.fixture(scope="module")
def both_ways() -> Ways:
    return ways()


@pytest.mark.parametrize("given", GIVEN, ids=str)
async def test_the_lane_answers_as_the_ordinary_way_does(both_ways: Ways, given: Given) -> None:
    await asked(both_ways.ordinary, given)  # from here on its document is known
    for _ in range(2):  # as the lane sees it first, and as it remembers it
        ordinary, swift, taken = await both_ways.both(given)
        assert swift == ordinary
        assert taken == given.takes


async def test_a_document_is_known_once_the_ordinary_way_answered_it() -> None:
    made, given = ways(), bodied("", True, HELLO)
    for expected in (0, 1, 2):
        assert (await asked(made.express, given))[0] == 200
        assert made.express.answered == expected


async def test_a_document_that_was_forgotten_is_learned_anew() -> None:
    made = ways(limits=limited(documents_cached_max=1))
    one, other = bodied("", True, HELLO), bodied("", True, body_of("{ __typename }"))
    counts = []
    for given in (one, one, other, one, one, other):
        assert (await asked(made.express, given))[0] == 200
        counts.append(made.express.answered)
    assert counts == [0, 1, 1, 1, 2, 2]


async def test_each_request_is_begun_and_told_of_once() -> None:
    made = ways()
    for body in (HELLO, HELLO, body_of("{ broken }"), body_of("{ broken }"), b"{"):
        made.seen.clear()
        made.begun.clear()
        status, _, _ = await asked(made.express, bodied("", True, body))
        (seen,) = made.seen
        assert (seen.method, seen.route, seen.status) == ("POST", "/graphql", status)
        assert len(made.begun) == 1
    assert made.express.answered == 2


async def test_a_bug_is_masked_and_reported_once_under_the_id_of_the_answer() -> None:
    made, given = ways(), bodied("", True, body_of("{ broken }"))
    await asked(made.ordinary, given)
    made.stage.reported.clear()
    _, _, body = await asked(made.express, given)
    assert SECRET not in body.decode()
    ((error, id),) = made.stage.reported
    assert (str(error), id) == (SECRET, made.begun[-1])
    assert made.express.answered == 1


@pytest.mark.parametrize("query", ["{ hello }", "{ broken }", "query ($n: String!) { hello(name: $n) }"])
async def test_whatever_comes_of_it_an_operation_is_charged_once(query: str) -> None:
    charged = []

    async def charge(_context: object, points: int) -> None:
        charged.append(points)

    made, given = ways(rules=Rules(charge=charge)), bodied("", True, body_of(query))
    await asked(made.ordinary, given)
    await asked(made.express, given)
    is_taken = "$n" not in query  # a variable is missing: what is refused is refused by the ordinary way
    assert (len(charged), made.express.answered) == (2, int(is_taken))


async def test_whom_the_budget_refuses_is_told_so() -> None:
    async def charge(_context: object, _points: int) -> None:
        raise Refusal("Nothing is left", "TOO_MANY_REQUESTS", retry_after_seconds=9)

    made = ways(rules=Rules(charge=charge))
    await asked(made.ordinary, bodied("", True, HELLO))
    ordinary, swift, taken = await made.both(bodied("", True, HELLO))
    assert (swift, swift[0], taken) == (ordinary, 429, 1)


async def test_the_deadline_holds() -> None:
    made = ways(limits=limited(operation_seconds_max=0.2))
    given = bodied("", True, body_of("{ hello endless }"))
    await asked(made.ordinary, given)
    ordinary, swift, taken = await made.both(given)
    assert (swift, swift[0], taken) == (ordinary, 504, 1)
    assert set(made.stage.stopped) == {"endless"}
    assert made.stage.reported == []


async def test_a_late_loop_sheds_as_ever() -> None:
    made = ways(limits=Limits(overload=OverloadLimits(lag_seconds_max=0.01)))
    given = bodied("", True, HELLO)
    for _ in range(2):
        assert (await asked(made.express, given))[0] == 200
    time.sleep(0.2)
    await asyncio.sleep(0.01)
    ordinary, swift, taken = await made.both(given)
    assert (swift, swift[0], taken) == (ordinary, 503, 0)
    while made.endpoint.answering.is_late:
        await asyncio.sleep(0.01)
    assert (await made.both(given))[2] == 1


async def test_a_place_is_taken_and_given_back() -> None:
    made, given = ways(), bodied("", True, body_of("{ endless }"))
    overload = made.endpoint.answering._overload
    known = asyncio.create_task(asked(made.express, given))
    await made.stage.entered.wait()
    running = asyncio.create_task(asked(made.express, given))
    while overload.running < 2:
        await asyncio.sleep(0)
    for task in (known, running):
        task.cancel()
    await asyncio.gather(known, running, return_exceptions=True)
    assert (overload.running, made.stage.stopped) == (0, ["endless", "endless"])


async def test_a_server_that_stops_says_so() -> None:
    made, given = ways(), bodied("", True, body_of("{ endless }"))
    sent: list[Message] = []

    async def answer(app: ASGIApp) -> None:
        made.stage.entered.clear()
        body = [{"type": "http.request", "body": given.body}]

        async def receive() -> Message:
            if not body:
                await asyncio.Event().wait()
            return body.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b""}
        task = asyncio.ensure_future(app({**scope, "headers": given.headers}, receive, send))
        await made.stage.entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    await answer(made.ordinary)
    await answer(made.express)
    ordinary, swift = sent[:2], sent[2:]
    assert (ordinary[0]["status"], ordinary[1]) == (503, swift[1])
    assert _named(ordinary[0]) == _named(swift[0])
    assert (made.express.answered, made.seen[-1].status) == (1, 503)


def _named(start: Message) -> dict[bytes, bytes]:
    return {name: value for name, value in start["headers"] if name != b"x-request-id"}


async def test_a_body_that_does_not_come_is_waited_for_as_long_as_ever() -> None:
    made = ways(limits=limited(body_seconds_max=0.02))
    given = Given("", HELLO, post(HELLO), False, [])
    ordinary, swift, taken = await made.both(given)
    assert (swift, swift[0], taken) == (ordinary, 408, 0)


async def test_a_body_that_comes_later_is_read() -> None:
    made, come = ways(), asyncio.Event()

    async def receive() -> Message:
        await asyncio.sleep(0)
        await come.wait()
        return {"type": "http.request", "body": HELLO, "more_body": False}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b""}
    task = asyncio.create_task(made.express({**scope, "headers": post(HELLO)}, receive, send))
    await asyncio.sleep(0.01)
    come.set()
    await task
    assert (sent[0]["status"], sent[1]["body"]) == (200, b'{"data":{"hello":"hello you"}}')


def raw(given: Given, more: bytes = b"") -> bytes:
    lines = b"".join(b"%s: %s\r\n" % header for header in given.headers)
    return b"POST /graphql HTTP/1.1\r\n" + lines + more + b"\r\n" + given.body


def shown(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    headers = dict(answer.headers)
    id = headers.pop("x-request-id")
    headers.pop("date")
    assert len(id) == 16
    return answer.status, headers, answer.body


@pytest.fixture
def made() -> Ways:
    return ways()


def _answers(app: Callable[..., Any], requests: list[bytes]) -> list[tuple[int, dict[str, str], bytes]]:
    """What is answered to requests on one connection, each sent when the one before is answered."""
    with served(application=app) as server:
        client = server.client()
        try:
            return [shown(client.send(request).answer()) for request in requests]
        finally:
            client.close()


def test_on_a_real_server_a_connection_is_kept_and_each_request_answered_alike(made: Ways) -> None:
    one, other = bodied("", True, HELLO), bodied("", True, HELLO.replace(b"hello", b"total"))
    setting = bodied("", True, HELLO, user_agent="sets cookies")
    requests = [raw(given) for given in (one, one, one, setting, setting, setting, other, one)]
    assert _answers(made.ordinary, requests) == _answers(made.express, requests)
    assert made.express.answered == 7


def test_on_a_real_server_pipelined_requests_are_answered_in_their_order(made: Ways) -> None:
    bodies = [body_of("query ($n: String!) { hello(name: $n) }", variables={"n": str(n)}) for n in range(9)]
    requests = b"".join(raw(bodied("", True, body)) for body in bodies)
    with served(application=made.express) as server:
        client = server.client().send(requests)
        answers = [client.answer() for _ in bodies]
        client.send(requests[:-5])
        answers += [client.answer() for _ in bodies[1:]]
        client.send(requests[-5:])
        answers.append(client.answer())
        client.close()
    said = [answer.json["data"]["hello"] for answer in answers]
    assert said == [f"hello {n}" for n in range(9)] * 2
    assert len({answer.headers["x-request-id"] for answer in answers}) == 18
    assert made.express.answered >= 10


def test_on_a_real_server_a_client_that_wants_to_leave_is_left(made: Ways) -> None:
    given = bodied("", True, HELLO)
    with served(application=made.express) as server:
        for _ in range(2):
            client = server.client().send(raw(given)).send(raw(given, b"Connection: close\r\n"))
            assert client.answer().status == 200
            last = client.answer()
            assert (last.headers["connection"], client.is_closed()) == ("close", True)
            client.close()
