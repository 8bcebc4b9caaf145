"""GraphQL over server-sent events: graphql-sse's protocol in its mode of distinct connections.

Whatever the operation, its results are events of one response. What fails once there is an operation is an
event too, under status 200, as the protocol wants it; what is refused before is an HTTP refusal in JSON.
A stream that ends without `complete` was ended by the server, and the client may begin another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from dataclasses import replace

import orjson
from starlette.types import Send

from engine.execution.answering import Answering, Results
from engine.execution.operations import Result
from engine.http.negotiation import EVENT_STREAM
from engine.http.responses import RawHeaders, Reply
from engine.limits import StreamLimits
from engine.streams.open_streams import OpenStreams
from engine.tasks import end_tasks

# A proxy that keeps answers back until they are whole would keep back all of it.
REPLY = Reply(200, media_type=EVENT_STREAM, headers={"X-Accel-Buffering": "no"})
HEARTBEAT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"


class NotRead(Exception):
    """The client does not read what it is sent."""


class EventStreams:
    """Answers requests as event streams."""

    def __init__(self, answering: Answering, limits: StreamLimits, open_streams: OpenStreams) -> None:
        self._answering = answering
        self._limits = limits
        self._open_streams = open_streams

    async def send(
        self,
        outcome: Result | Results,
        request_id: str,
        send: Send,
        cors_headers: Mapping[str, str],
        raw_headers: RawHeaders,
    ) -> None:
        """Send one outcome, however long that takes."""
        stream = _EventStream(send, self._limits, self._answering, request_id)
        start = replace(REPLY, raw_headers=raw_headers).start(cors_headers)
        if isinstance(outcome, Result):
            events = stream.event(outcome) + COMPLETE
            await send(start)
            await send({"type": "http.response.body", "body": events})
            return
        stopped = asyncio.get_running_loop().create_future()

        def stop() -> None:
            if not stopped.done():
                stopped.set_result(None)

        with self._open_streams.opened(stop):
            await send(start)
            await stream.run(outcome, stopped)


class _EventStream:
    """The events of one response."""

    def __init__(self, send: Send, limits: StreamLimits, answering: Answering, request_id: str) -> None:
        self._send = send
        self._limits = limits
        self._answering = answering
        self._request_id = request_id
        self._sent_at = 0.0

    async def run(self, results: Results, stopped: asyncio.Future[None]) -> None:
        """Send results until there are no more, they are not read, the time is over or `stopped` is done.

        However it ends, the source has ended when this returns.
        """
        await self._put(HEARTBEAT)
        pump, pulse = asyncio.create_task(self._pump(results)), asyncio.create_task(self._beat())
        seconds = self._limits.open_seconds_max
        try:
            await asyncio.wait({pump, pulse, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_tasks(pump, pulse)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.send_seconds_max):
                await self._send({"type": "http.response.body", "body": b""})

    async def _pump(self, results: Results) -> None:
        """One task takes all the results, and is the one in which the source ends."""
        try:
            async with aclosing(results):
                async for result in results:
                    await self._put(self.event(result))
                    await asyncio.sleep(0)  # neither source nor client may ever have to be waited for
            await self._put(COMPLETE)
        except NotRead:
            return
        except Exception as error:
            self._answering.told(error, self._request_id)

    async def _beat(self) -> None:
        """Say that the stream is alive where nothing else was said for a while."""
        clock, seconds = asyncio.get_running_loop().time, self._limits.heartbeat_seconds
        with suppress(NotRead):
            while True:
                await asyncio.sleep(self._sent_at + seconds - clock())
                if clock() >= self._sent_at + seconds:
                    await self._put(HEARTBEAT)

    async def _put(self, events: bytes) -> None:
        """The server waits in `send` while the client does not read."""
        try:
            async with asyncio.timeout(self._limits.send_seconds_max):
                await self._send({"type": "http.response.body", "body": events, "more_body": True})
        except TimeoutError:
            raise NotRead from None
        self._sent_at = asyncio.get_running_loop().time()

    def event(self, result: Result) -> bytes:
        """One result, on one line of JSON."""
        try:
            data = orjson.dumps(result.body)
        except TypeError as error:  # a value that no JSON can hold is a bug
            data = orjson.dumps(Result.failed(self._answering.told(error, self._request_id)).body)
        return b"event: next\ndata: " + data + b"\n\n"
