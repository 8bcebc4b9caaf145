"""The watcher and the streams it wakes: what they cost, what they survive, what they leave behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import models
from feed.load import load
from feed.report import Summary
from gateways import Gateways
from models.backends.opening import in_fresh_context
from resolvers import newsroom as newsroom_module
from resolvers.context import Context
from resolvers.newsroom import Newsroom, wait_at_most
from tests import cast
from tests.feed.feeds import whole, write
from tests.feed.test_news import bought, february
from tests.following import Pauses, Stream, told_of, words
from tests.recording import recorded
from tests.resolvers.losing import losable_database

BEGUN = "NewsBegun"


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
async def newsroom(database: str, gateways: Gateways, pauses: Pauses) -> AsyncIterator[Newsroom]:
    """The watcher, who looks when told to; nobody follows any more when the test ends."""
    made = Newsroom(gateways, pauses)
    yield made
    assert (made.count, made._followers, pauses.count) == (0, {}, 0)


async def signed_in(newsroom: Newsroom, gateways: Gateways, owner: models.Customer) -> Context:
    context = await cast.signed_in(gateways, owner)
    context.newsroom = newsroom
    return context


async def streams_of(newsroom: Newsroom, gateways: Gateways, customers: int, each: int) -> list[Stream]:
    """Open and quiet streams of new customers."""
    streams = []
    for _ in range(customers):
        context = await signed_in(newsroom, gateways, await cast.customer())
        streams += [Stream(context) for _ in range(each)]
    for stream in streams:
        assert words(await stream.told()) == [BEGUN]
    return streams


async def close(streams: list[Stream]) -> None:
    for stream in streams:
        await stream.close()


@pytest.mark.parametrize(("customers", "each"), [(1, 1), (1, 5), (7, 3)])
async def test_a_look_is_one_statement_however_many_follow(
    newsroom: Newsroom, gateways: Gateways, customers: int, each: int
) -> None:
    streams = await streams_of(newsroom, gateways, customers, each)
    async with recorded() as sent:
        await newsroom.look()
    assert len(sent.statements) == 1
    await close(streams)


async def test_many_customers_are_asked_about_some_at_a_time(
    newsroom: Newsroom, gateways: Gateways, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = await streams_of(newsroom, gateways, 7, 1)
    monkeypatch.setattr(newsroom_module, "CUSTOMERS_AT_ONCE_MAX", 3)
    async with recorded() as sent:
        await newsroom.look()
    assert len(sent.statements) == 3
    await close(streams)


async def test_nobody_is_asked_about_who_has_not_read_yet(newsroom: Newsroom, gateways: Gateways) -> None:
    """A slow reader costs the watcher nothing, and keeps nothing here."""
    owner = await cast.camille()
    stream = Stream(await signed_in(newsroom, gateways, owner))
    assert words([await stream.next()]) == [BEGUN]
    credit = await cast.contract(owner)
    for label in ("Un", "Deux"):
        await told_of(await cast.operation(credit, label=label))
    async with recorded() as sent:
        await newsroom.look()
    assert sent.statements == []
    assert words(await stream.told()) == ["Un", "Deux"]
    await stream.close()


async def test_streams_that_wait_hold_no_connection(newsroom: Newsroom, gateways: Gateways) -> None:
    streams = await streams_of(newsroom, gateways, 3, 10)
    async with asyncio.timeout(10), recorded():  # takes every connection there is
        assert newsroom.count == 30
    await close(streams)


async def test_each_stream_comes_from_its_own_place(newsroom: Newsroom, gateways: Gateways) -> None:
    owner = await cast.camille()
    credit, context = await cast.contract(owner), await signed_in(newsroom, gateways, owner)
    early = Stream(context)
    (begun,) = await early.told()
    await told_of(await cast.operation(credit, label="Un"))
    late = Stream(await signed_in(newsroom, gateways, owner))
    assert words(await late.told()) == [BEGUN]
    await told_of(await cast.operation(credit, label="Deux"))
    behind = Stream(await signed_in(newsroom, gateways, owner), after=begun["cursor"])
    assert words(await behind.told()) == [BEGUN, "Un", "Deux"]
    await newsroom.look()
    assert words(await early.told()) == ["Un", "Deux"]
    assert words(await late.told()) == ["Deux"]
    assert await behind.told() == []
    await close([early, late, behind])


async def test_the_watcher_looks_only_while_somebody_follows(
    newsroom: Newsroom, gateways: Gateways, pauses: Pauses
) -> None:
    async with recorded() as sent:
        working = asyncio.create_task(newsroom.run())
        await asyncio.sleep(0)
    assert (sent.statements, pauses.count) == ([], 0)

    (stream,) = await streams_of(newsroom, gateways, 1, 1)
    owner = await models.Customer.get(id=next(iter(newsroom._followers)))
    await told_of(await cast.operation(await cast.contract(owner), label="Vu"))
    assert pauses.count == 2  # the watcher's and the stream's
    pauses.end()
    while not (told := await stream.told()):
        await asyncio.sleep(0)
    assert words(told) == ["Vu"]

    await stream.close()
    newsroom.leave()
    await asyncio.wait_for(working, 10)


async def test_the_watcher_leaves_when_told_with_nobody_there(newsroom: Newsroom) -> None:
    working = asyncio.create_task(newsroom.run())
    await asyncio.sleep(0)
    newsroom.leave()
    await asyncio.wait_for(working, 10)


async def test_a_pause_ends_by_itself_or_by_its_event() -> None:
    event = asyncio.Event()
    await wait_at_most(event, 0.001)
    event.set()
    await asyncio.wait_for(wait_at_most(event, 600), 10)


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_a_stream_that_is_cancelled_anywhere_leaves_nothing(
    newsroom: Newsroom, gateways: Gateways, turns: int
) -> None:
    """So many turns of the loop after it was asked for the first event, and after it was woken."""
    owner = await cast.camille()
    credit, context = await cast.contract(owner), await signed_in(newsroom, gateways, owner)
    begun, woken = Stream(context), Stream(context)
    begun.begin()
    for _ in range(turns):
        await asyncio.sleep(0)
    await begun.close()
    await woken.told()
    await told_of(await cast.operation(credit))
    await newsroom.look()
    woken.begin()
    for _ in range(turns):
        await asyncio.sleep(0)
    await woken.close()
    async with asyncio.timeout(10), recorded():  # takes every connection there is
        assert newsroom.count == 0


async def test_a_database_that_goes_away_is_waited_for(
    kept_url: str, gateways: Gateways, pauses: Pauses, capsys: pytest.CaptureFixture[str]
) -> None:
    async with losable_database(kept_url) as losable:
        newsroom = Newsroom(gateways, pauses)
        owner = await cast.camille()
        stream = Stream(await signed_in(newsroom, gateways, owner))
        await stream.told()
        losable.lose()
        for _ in range(3):
            await in_fresh_context(newsroom.look)
        losable.restore()
        await told_of(await cast.operation(await cast.contract(owner), label="Après"))
        await newsroom.look()
        assert words(await stream.told()) == ["Après"]
        await stream.close()
    assert newsroom.count == 0


async def test_what_a_load_brings_is_told(
    newsroom: Newsroom, gateways: Gateways, database: str, tmp_path: Path
) -> None:
    """By another connection, as another process would; the first load of a customer is not."""
    number = 900 + int(database.startswith("postgres"))
    await _load(tmp_path / "first", database, whole(number))
    owner = await models.Customer.get(reference=f"C{number}")
    stream = Stream(await signed_in(newsroom, gateways, owner))
    assert words(await stream.told()) == [BEGUN]

    next_day = {
        "operations": [
            bought(3, "2026-06-12", customer=number, label="Trois"),
            bought(2, "2026-06-11", customer=number, label="Deux"),
        ],
        "statements": [
            {**february(number), "opened_on": "2026-05-12", "closed_on": "2026-06-11", "payment_on": ""}
        ],
    }
    for directory in ("second", "same again"):
        await _load(tmp_path / directory, database, next_day)
    next_day["operations"][0] |= {"label": "Corrigé"}
    await newsroom.look()
    assert words(await stream.told()) == ["Deux", "statement 2", "Trois"]

    await _load(tmp_path / "corrected", database, next_day)
    await newsroom.look()
    assert await stream.told() == []
    await stream.close()


async def _load(directory: Path, url: str, feed: dict[str, list[dict[str, Any]]]) -> None:
    write(directory, feed)
    now = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
    outcome = await load(directory, url, now=now, report=directory / "report.csv")
    assert isinstance(outcome, Summary), outcome
    assert outcome.customers_refused == 0
