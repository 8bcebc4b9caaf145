"""What a document costs that the server never saw: parsed, validated, priced, planned and run.

Each is about a dashboard in size, with another choice of fields and under another name, and is sent alone
on a kept connection. Sent a second time it is known: the difference is the price of the first sight.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import contestants, portfolio
from benchmarks.contestants import cookie_of
from benchmarks.portfolio import Scale
from benchmarks.running import Failed, running
from benchmarks.start import free_port

DOCUMENTS, QUICK_DOCUMENTS = 500, 200
WARMING = 30  # documents before, which are not counted
REMEMBERED = 60  # of the last ones, which are surely known still
CUSTOMER = 2  # who has two contracts
CUSTOMER_FIELDS = ("id", "title", "firstNames", "lastName", "birthDate", "locale", "version")
CONTRACT_FIELDS = [
    "id",
    "version",
    "kind",
    "status",
    "regime",
    "label",
    "currency",
    "signedOn",
    "closedOn",
    "apr",
    "borrowingRate",
    "outstandingPrincipal",
    "overdue",
    "maskedNumber",
    "statementDelivery",
]
STATEMENT_FIELDS = [
    "id",
    "number",
    "openedOn",
    "closedOn",
    "paymentOn",
    "openingBalance",
    "closingBalance",
    "creditLimit",
    "availableCredit",
    "instalment",
    "insurance",
    "totalDue",
    "apr",
]
OPERATION_FIELDS = [
    "id",
    "kind",
    "status",
    "occurredOn",
    "bookedOn",
    "label",
    "merchant",
    "category",
    "amount",
    "principal",
    "interest",
    "insurance",
    "fees",
]


def measure(scale: Scale, documents: int) -> dict[str, float]:
    """Milliseconds of documents at first sight, and of the same sent again."""
    asyncio.run(portfolio.seed(scale))
    url, port = portfolio.url_of(scale), free_port()
    draw = random.Random(1)
    texts = [_text(number, draw) for number in range(WARMING + documents)]
    with tempfile.TemporaryDirectory(prefix="portal-first-sight-") as folder:
        # In production customers ask what is in a manifest, so nobody but staff has anything new to say.
        contestant = contestants.ours(url, port, Path(folder), None)
        with running(contestant, port):
            first, again = _latencies(port, texts), _latencies(port, texts[-REMEMBERED:])
    first = first[WARMING:]
    return {
        "first_sight_median_ms": round(statistics.median(first), 2),
        "first_sight_p99_ms": round(statistics.quantiles(first, n=100)[98], 2),
        "known_median_ms": round(statistics.median(again), 2),
        "known_p99_ms": round(statistics.quantiles(again, n=100)[98], 2),
        "documents": len(first),
    }


def _text(number: int, draw: random.Random) -> str:
    def some(fields: tuple[str, ...] | list[str]) -> str:
        return " ".join(draw.sample(fields, len(fields) * 2 // 3))

    return f"""query New{number} {{ customer {{ {some(CUSTOMER_FIELDS)} contracts {{ {some(CONTRACT_FIELDS)}
        statements(first: {draw.randint(1, 3)}) {{ nodes {{ {some(STATEMENT_FIELDS)} }} }}
        operations(first: {draw.randint(10, 20)}) {{ edges {{ cursor node {{ {some(OPERATION_FIELDS)} }} }}
        pageInfo {{ hasNextPage endCursor }} }} }} }} }}"""


def _latencies(port: int, texts: list[str]) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json", "Cookie": cookie_of(CUSTOMER, secure=False)}
    found = []
    for text in texts:
        body = json.dumps({"query": text}).encode()
        begun = time.perf_counter()
        connection.request("POST", "/graphql", body, headers)
        answer = connection.getresponse().read()
        found.append((time.perf_counter() - begun) * 1000)
        if not answer.startswith(b'{"data":{"customer":{'):
            raise Failed(f"a new document was answered {answer[:300]!r}")
    connection.close()
    return found
