"""Redis, and a service on the other end of a real socket for what leaves by HTTP."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def redis_url() -> str:
    return os.environ.get("PORTAL_TEST_REDIS_URL", "redis://127.0.0.1:6379")


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        try:
            await client.ping()
        except RedisError:
            pytest.skip(f"no Redis at {redis_url}: set PORTAL_TEST_REDIS_URL")
        yield client


@dataclass
class Service:
    """Answers `status` to each request, once `may_answer` is set, and keeps what it was sent."""

    address: str = ""
    status: int = 200
    may_answer: threading.Event = field(default_factory=threading.Event)
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"json://{self.address}/{{to}}?+Idempotency-Key={{id}}&:to={{to}}"


class _Server(ThreadingHTTPServer):
    service: Service


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        service = self.server.service
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        service.requests.append({"path": self.path, "id": self.headers["Idempotency-Key"], **body})
        service.may_answer.wait(20)
        self.send_response(service.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    service.may_answer.set()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.service = service
        service.address = f"127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield service
        service.may_answer.set()
        server.shutdown()
        thread.join()
