"""The servers of the sitting: how each is started, and how each is asked the same.

All run two processes with the same number of database connections each. Ours checks a session on every
request; to the others a header says who asks, and they check nothing.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import node, questions
from benchmarks.peers import postgraphile as postgraphile_questions
from benchmarks.portfolio import customer_id, secret_of
from benchmarks.questions import Money, as_cents, as_text

PROCESSES = 2
POOL = 10  # database connections of each process
LONG = 0  # the customer with the long history


@dataclass(frozen=True)
class Question:
    """One request, in no server's words: an operation, who asks, and for a page where it begins."""

    operation: str
    customer: int
    after: str | None = None
    day: str | None = None  # of PLACE


@dataclass(frozen=True)
class Contestant:
    """A server as it is run."""

    name: str
    title: str
    command: list[str]
    environ: Mapping[str, str]
    request: Callable[[Question], bytes]
    money: Money = as_text
    has_sessions: bool = False


def http(path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
    """The bytes of a POST of JSON over a kept connection."""
    packed = json.dumps(body, separators=(",", ":")).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(packed)}")
    return "\r\n".join([*lines, "", ""]).encode() + packed


def cookie_of(number: int, *, secure: bool) -> str:
    """The cookie of a customer's session, as the server sets it."""
    customer = base64.urlsafe_b64encode(customer_id(number).to_bytes(8, "big")).rstrip(b"=").decode()
    return f"{'__Host-' if secure else ''}session={customer}.{secret_of(number)}"


def variables(question: Question) -> dict[str, Any]:
    """The GraphQL variables of a question, in our schema's words."""
    match question.operation:
        case "PAGE":
            return questions.page_variables(question.after)
        case "PLACE" if question.day is not None:
            return questions.place_variables(question.day)
        case _:
            return {}


def _with_variables(body: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {**body, "variables": given} if given else body


def _customer(question: Question) -> dict[str, str]:
    return {"x-customer": str(customer_id(question.customer))}


# Ours


def manifest(folder: Path) -> Path:
    """The trusted documents of the sitting, as a client's build would write them."""
    operations = [
        {"id": questions.digest(text), "name": name.capitalize(), "type": "query", "body": text}
        for name, text in questions.TEXTS.items()
    ]
    path = folder / "trusted-documents.json"
    format = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}
    path.write_text(json.dumps(format), encoding="utf-8")
    return path


def ours(url: str, port: int, folder: Path, redis_url: str | None) -> Contestant:
    """`portal serve` in production, or in development where there is no Redis to count budgets in."""
    secure = redis_url is not None
    production = {
        "PORTAL_ENV": "production",
        "PORTAL_REDIS_URL": redis_url or "",
        "PORTAL_PEPPERS": f"bench:{'pepper' * 6}",
        "PORTAL_PUBLIC_URL": "https://portal.example.org",
        "PORTAL_SMS_URL": "json://127.0.0.1:9/{to}",
        "PORTAL_EMAIL_URL": "json://127.0.0.1:9/{to}",
    }
    environ = {
        "PORTAL_PORT": str(port),
        "PORTAL_WORKERS": str(PROCESSES),
        "PORTAL_DATABASE_URL": url,
        "PORTAL_DATABASE_POOL_MAX": str(POOL),
        "PORTAL_DATA_DIRECTORY": str(folder),
        "PORTAL_TRUSTED_DOCUMENTS": str(manifest(folder)),
        "PORTAL_LOG_LEVEL": "warning",
        # One customer asks for all pages, more than any person would in a minute.
        "PORTAL_BUDGET_OF_CUSTOMERS": "1000000000",
        **(production if secure else {}),
    }

    def request(question: Question) -> bytes:
        body = {"documentId": f"sha256:{questions.digest(questions.TEXTS[question.operation])}"}
        headers = {"Cookie": cookie_of(question.customer, secure=secure)}
        return http("/graphql", _with_variables(body, variables(question)), headers)

    title = "ours" if secure else "ours (development: there is no Redis)"
    portal = str(Path(sys.executable).with_name("portal"))
    return Contestant("ours", title, [portal, "serve"], environ, request, has_sessions=True)


# The others


def bare(url: str, port: int) -> Contestant:
    """The floor, which knows no GraphQL."""
    paths = {"DASHBOARD": "/dashboard", "PROFILE": "/profile"}

    def request(question: Question) -> bytes:
        filter: dict[str, Any] = {"kinds": questions.KINDS, "amountMinCents": questions.AMOUNT_MIN_CENTS}
        body: dict[str, Any] = {
            "PAGE": {"after": question.after, **filter},
            "PLACE": {"to": question.day},
        }.get(question.operation, {})
        return http(paths.get(question.operation, "/page"), body, _customer(question))

    return Contestant("bare", "floor: bare ASGI, SQL's JSON", *_uvicorn("bare", url, port), request)


def idiomatic(url: str, port: int) -> Contestant:
    """Strawberry, Tortoise and DataLoaders as their documentation shows them."""

    def request(question: Question) -> bytes:
        body = {"query": questions.TEXTS[question.operation]}
        return http("/graphql", _with_variables(body, variables(question)), _customer(question))

    return Contestant("idiomatic", "Strawberry + Tortoise", *_uvicorn("idiomatic", url, port), request)


def mercurius(url: str, port: int) -> Contestant:
    """Mercurius with graphql-jit."""

    def request(question: Question) -> bytes:
        body = {"persisted": True, "query": questions.digest(questions.TEXTS[question.operation])}
        return http("/graphql", _with_variables(body, variables(question)), _customer(question))

    documents = {questions.digest(text): text for text in questions.TEXTS.values()}
    environ = {**_node_environ(url, port), "DOCUMENTS": json.dumps(documents)}
    command = node.command("mercurius.mjs")
    return Contestant("mercurius", "Mercurius + graphql-jit", command, environ, request)


def postgraphile(url: str, port: int) -> Contestant:
    """PostGraphile, whose schema is the tables': the customer is a variable, and amounts are cents."""

    def request(question: Question) -> bytes:
        given: dict[str, Any] = {"customer": str(customer_id(question.customer))}
        match question.operation:
            case "PAGE":
                given |= {"after": question.after, "kinds": questions.KINDS}
                given["amountMinCents"] = questions.AMOUNT_MIN_CENTS
            case "PLACE":
                given["to"] = question.day
        return http("/graphql", {"documentId": ids[question.operation], "variables": given}, {})

    texts = postgraphile_questions.TEXTS
    ids = {name: questions.digest(text) for name, text in texts.items()}
    documents = {questions.digest(text): text for text in texts.values()}
    environ = {**_node_environ(url, port), "DOCUMENTS": json.dumps(documents), "GRAPHILE_ENV": "production"}
    command = node.command("postgraphile.mjs")
    return Contestant("postgraphile", "PostGraphile 5", command, environ, request, money=as_cents)


def _uvicorn(module: str, url: str, port: int) -> tuple[list[str], dict[str, str]]:
    options = {
        "--port": str(port),
        "--workers": str(PROCESSES),
        "--loop": "uvloop",
        "--http": "httptools",
        "--log-level": "warning",
    }
    words = [word for option in options.items() for word in option]
    app = f"benchmarks.peers.{module}:app"
    command = [sys.executable, "-m", "uvicorn", "--factory", app, "--no-access-log", *words]
    return command, {"DATABASE_URL": url, "POOL": str(POOL)}


def _node_environ(url: str, port: int) -> dict[str, str]:
    return {
        "NODE_ENV": "production",
        "DATABASE_URL": url,
        "POOL": str(POOL),
        "PORT": str(port),
        "WORKERS": str(PROCESSES),
    }
