"""The subscription `news`: what is told, to whom, how often, and when it ends."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

import models
from domain.assurance import Assurance
from gateways import Gateways
from models import Contract, Customer, Operation
from models.ids import new_id
from resolvers import sessions
from resolvers.context import Context
from resolvers.newsroom import FOLLOWERS_OF_CUSTOMER_MAX, Newsroom
from resolvers.revocations import close_other_sessions
from schema.news import cursor, place_of
from tests import cast
from tests.conftest import NOON, Clock
from tests.following import Pauses, Stream, told_of, words
from tests.levels import SIGNED_IN, signed_in_at
from tests.recording import recorded

BEGUN = "NewsBegun"


@dataclass
class Scene:
    """Camille with a contract, the streams that are open, and the watcher, who looks when told to."""

    gateways: Gateways
    pauses: Pauses
    newsroom: Newsroom
    camille: Customer
    credit: Contract
    streams: list[Stream] = field(default_factory=list)

    async def context(self, owner: Customer | None = None, known: Assurance | None = None) -> Context:
        who = owner or self.camille
        if known is None:
            made = await cast.signed_in(self.gateways, who)
        else:
            made = await signed_in_at(self.gateways, who, known)
        made.newsroom = self.newsroom
        return made

    async def follow(self, context: Context | None = None, **variables: Any) -> Stream:
        stream = Stream(context or await self.context(), **variables)
        self.streams.append(stream)
        return stream

    async def bought(self, label: str, **columns: Any) -> Operation:
        """An operation of Camille's that has come in."""
        row = await cast.operation(self.credit, label=label, **columns)
        await told_of(row)
        return row

    async def close(self) -> None:
        for stream in self.streams:
            await stream.close()
        assert (self.newsroom.count, self.pauses.count) == (0, 0)


@pytest.fixture
async def scene(database: str, gateways: Gateways) -> AsyncIterator[Scene]:
    pauses = Pauses()
    camille = await cast.camille()
    made = Scene(gateways, pauses, Newsroom(gateways, pauses), camille, await cast.contract(camille))
    yield made
    await made.close()


async def test_what_comes_in_is_told_once_and_in_order(scene: Scene) -> None:
    await scene.bought("Avant")
    stream = await scene.follow()
    assert words(await stream.told()) == [BEGUN]

    await scene.bought("Boulangerie")
    await told_of(await cast.statement(scene.credit, 3))
    await scene.bought("Pharmacie")
    await scene.newsroom.look()

    assert words(await stream.told()) == ["Boulangerie", "statement 3", "Pharmacie"]
    await scene.newsroom.look()
    assert await stream.told() == []


async def test_nothing_is_read_until_the_watcher_has_found_something(scene: Scene) -> None:
    stream = await scene.follow()
    await stream.told()
    await scene.bought("Boulangerie")
    assert await stream.told() == []
    await scene.newsroom.look()
    assert words(await stream.told()) == ["Boulangerie"]


async def test_who_comes_back_has_missed_nothing_and_gets_nothing_twice(scene: Scene) -> None:
    first = await scene.follow()
    await first.told()
    for label in ("Un", "Deux"):
        await scene.bought(label)
    await scene.newsroom.look()
    un = await first.next()
    await first.close()
    await scene.bought("Trois")

    again = await scene.follow(after=un["cursor"])

    assert words(await again.told()) == [BEGUN, "Deux", "Trois"]


async def test_who_left_before_any_news_has_a_place_to_come_back_to(scene: Scene) -> None:
    first = await scene.follow()
    (begun,) = await first.told()
    await first.close()
    await scene.bought("Entre")

    again = await scene.follow(after=begun["cursor"])

    told = await again.told()
    assert words(told) == [BEGUN, "Entre"]
    assert told[0]["cursor"] == begun["cursor"]


async def test_a_row_drawn_early_and_committed_late_is_told(scene: Scene) -> None:
    """A load draws ids when it reads its files: the last to be readable may have the smallest."""
    early = new_id()
    stream = await scene.follow()
    await stream.told()
    await scene.bought("Drawn late")
    await scene.newsroom.look()
    assert words(await stream.told()) == ["Drawn late"]

    late = await scene.bought("Drawn early", id=early)
    await scene.newsroom.look()

    assert words(await stream.told()) == ["Drawn early"]
    assert late.id == early


async def test_five_hundred_at_once_come_in_pages(scene: Scene) -> None:
    stream = await scene.follow()
    await stream.told()
    rows = [cast.operation_row(scene.credit, label=f"Achat {number}") for number in range(500)]
    await Operation.bulk_create(rows)
    came = [models.News(customer_id=row.customer_id, operation_id=row.id, at=NOON) for row in rows]
    await models.News.bulk_create(came)
    async with recorded() as sent:
        await scene.newsroom.look()
        told = await stream.told()
    assert words(told) == [f"Achat {number}" for number in range(500)]
    # One look, six pages, of which the last is empty, and for each event its session and its row; at the end
    # the session once more, before the stream waits.
    assert len([sql for sql in sent.statements if "news" in sql]) == 7
    assert len(sent.statements) == 7 + 2 * 500 + 1


async def test_a_correction_is_no_news_and_news_are_told_as_they_are_now(scene: Scene) -> None:
    stream = await scene.follow()
    await stream.told()
    row = await scene.bought("Faute")
    await scene.bought("Suite")
    await scene.newsroom.look()
    assert (await stream.next())["operation"] == {"label": "Faute"}
    await Operation.owned_by(row.customer_id).filter(label__in=["Faute", "Suite"]).update(label="Juste")
    await scene.newsroom.look()
    assert words(await stream.told()) == ["Juste"]


async def test_an_event_is_answered_with_nothing_read_for_the_one_before(scene: Scene) -> None:
    query = """subscription { news { ... on NewOperation { operation { label contract { label } } } } }"""
    stream = await scene.follow(query=query)
    await stream.told()
    told = []
    for label in ("Avant", "Après"):
        await Contract.owned_by(scene.camille.id).filter(id=scene.credit.id).update(label=label)
        await scene.bought("Achat")
        await scene.newsroom.look()
        told += await stream.told()
    assert [event["operation"]["contract"]["label"] for event in told] == ["Avant", "Après"]


async def test_another_customers_news_are_never_told(scene: Scene) -> None:
    marc = await cast.marc()
    theirs = await scene.follow(await scene.context(marc))
    hers = await scene.follow()
    assert words(await theirs.told()) == words(await hers.told()) == [BEGUN]
    await scene.bought("À Camille")
    await told_of(await cast.operation(await cast.contract(marc), label="À Marc"))
    await scene.newsroom.look()
    assert (words(await hers.told()), words(await theirs.told())) == (["À Camille"], ["À Marc"])


@pytest.mark.parametrize("known", [Assurance.STRONG, Assurance.STRONG_IN_SESSION])
async def test_old_operations_are_told_to_sessions_that_may_see_them(scene: Scene, known: Assurance) -> None:
    stream = await scene.follow(await scene.context(known=known))
    await stream.told()
    old, first = cast.TODAY - timedelta(days=91), cast.TODAY - timedelta(days=90)
    await scene.bought("Vieux", occurred_on=old, booked_on=old)
    await scene.bought("Limite", occurred_on=first, booked_on=first)
    await scene.newsroom.look()
    shown = ["Limite"] if known is Assurance.STRONG else ["Vieux", "Limite"]
    assert words(await stream.told()) == shown


@pytest.mark.parametrize("known", SIGNED_IN)
async def test_a_session_must_be_sure_enough(scene: Scene, known: Assurance) -> None:
    stream = await scene.follow(await scene.context(known=known))
    if known.suffices(Assurance.STRONG):
        assert words(await stream.told()) == [BEGUN]
        return
    assert await stream.told() == ["STEP_UP_REQUIRED", "end"]


async def test_a_stranger_and_who_may_only_choose_a_code_follow_nothing(scene: Scene) -> None:
    provisional = await scene.context(known=Assurance.PROVISIONAL)
    stranger = Context(gateways=scene.gateways, address="192.0.2.1", newsroom=scene.newsroom)
    for context in (provisional, stranger):
        stream = await scene.follow(context)
        assert await stream.told() == ["UNAUTHENTICATED", "end"]


async def test_signing_out_ends_the_stream_at_once(scene: Scene) -> None:
    context = await scene.context()
    stream = await scene.follow(context)
    await stream.told()
    asking = Context(
        gateways=scene.gateways,
        address="192.0.2.1",
        session_token=context.session_token,
        newsroom=scene.newsroom,
    )
    await sessions.sign_out(asking, everywhere=False)
    assert await stream.told() == ["UNAUTHENTICATED", "end"]
    assert scene.newsroom.count == 0


async def test_closing_the_others_ends_their_streams_and_no_other(scene: Scene) -> None:
    mine, another = await scene.context(), await scene.context()
    kept, lost = await scene.follow(mine), await scene.follow(another)
    await kept.told(), await lost.told()
    asking = Context(
        gateways=scene.gateways,
        address="192.0.2.1",
        session_token=mine.session_token,
        newsroom=scene.newsroom,
    )
    await close_other_sessions(asking)
    assert await lost.told() == ["UNAUTHENTICATED", "end"]
    assert await kept.told() == []


async def test_a_session_closed_elsewhere_ends_the_stream_at_the_next_pause(scene: Scene) -> None:
    stream = await scene.follow()
    await stream.told()
    await models.Session.close_all(scene.camille.id, scene.gateways.clock())
    assert await stream.told() == []
    scene.pauses.end()
    assert await stream.told() == ["UNAUTHENTICATED", "end"]


async def test_no_event_is_told_once_the_session_has_ended(scene: Scene) -> None:
    stream = await scene.follow()
    await stream.told()
    await scene.bought("Un")
    await scene.bought("Deux")
    await scene.newsroom.look()
    assert words([await stream.next()]) == ["Un"]
    await models.Session.close_all(scene.camille.id, scene.gateways.clock())
    assert await stream.told() == ["UNAUTHENTICATED", "end"]


async def test_following_keeps_no_session_alive(scene: Scene, clock: Clock) -> None:
    """Neither does coming back, nor news, nor fields that look at who asks."""
    context = await scene.context()
    seen_at = (await models.Session.owned_by(scene.camille.id).get()).seen_at
    stream = await scene.follow(context)
    clock.now += timedelta(minutes=2)
    (begun,) = await stream.told()
    await scene.bought("Achat")
    await scene.newsroom.look()
    await stream.told()
    await stream.close()
    again = await scene.follow(context, after=begun["cursor"])
    clock.now += timedelta(minutes=2)
    assert words(await again.told()) == [BEGUN, "Achat"]
    assert (await models.Session.owned_by(scene.camille.id).get()).seen_at == seen_at
    clock.now += timedelta(minutes=1)
    scene.pauses.end()
    assert await again.told() == ["UNAUTHENTICATED", "end"]


async def test_a_session_that_is_used_meanwhile_lives_on_with_its_stream(scene: Scene, clock: Clock) -> None:
    context = await scene.context()
    stream = await scene.follow(context)
    await stream.told()
    for _ in range(3):
        clock.now += timedelta(minutes=4)
        used = Context(gateways=scene.gateways, address="", session_token=context.session_token)
        assert await used.viewer() is not None
        scene.pauses.end()
        assert await stream.told() == []


async def test_a_step_up_puts_another_token_in_place_and_the_old_one_follows_no_more(scene: Scene) -> None:
    context = await scene.context()
    stream = await scene.follow(context)
    (begun,) = await stream.told()
    row, now = await models.Session.owned_by(scene.camille.id).get(), scene.gateways.clock()
    cookie = await sessions.strengthen(scene.gateways, row, code_at=now, sms_at=now)
    assert cookie is not None
    scene.pauses.end()
    assert await stream.told() == ["UNAUTHENTICATED", "end"]
    context.session_token = cookie.token
    assert words(await (await scene.follow(context, after=begun["cursor"])).told()) == [BEGUN]


async def test_a_session_follows_until_it_is_not_sure_enough_any_more(scene: Scene) -> None:
    context = await scene.context(known=Assurance.STRONG)
    stream = await scene.follow(context)
    await stream.told()
    strong_at = scene.gateways.clock() - timedelta(days=181)
    await models.Session.owned_by(scene.camille.id).filter(closed_at=None).update(strong_at=strong_at)
    scene.pauses.end()
    assert await stream.told() == ["STEP_UP_REQUIRED", "end"]


async def test_ten_streams_of_a_customer_and_no_more(scene: Scene) -> None:
    marc, context = await cast.marc(), await scene.context()
    for _ in range(FOLLOWERS_OF_CUSTOMER_MAX):
        assert words(await (await scene.follow(context)).told()) == [BEGUN]
    assert await (await scene.follow(context)).told() == ["TOO_MANY_REQUESTS", "end"]
    assert words(await (await scene.follow(await scene.context(marc))).told()) == [BEGUN]
    await scene.streams[0].close()
    assert words(await (await scene.follow(context)).told()) == [BEGUN]


async def test_as_many_streams_as_the_process_may_keep(scene: Scene) -> None:
    settings = scene.gateways.settings.model_copy(update={"news_followers_max": 2})
    scene.newsroom = Newsroom(replace(scene.gateways, settings=settings), scene.pauses)
    for owner in (scene.camille, await cast.marc()):
        assert words(await (await scene.follow(await scene.context(owner))).told()) == [BEGUN]
    full = await scene.follow(await scene.context(await cast.ines()))
    assert await full.told() == ["TOO_MANY_REQUESTS", "end"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: "",
        lambda good: good[:-1],
        lambda good: good + "=",
        lambda good: good + "A",
        lambda good: good.replace("b", "c", 1),
        lambda good: good[:-1] + chr(ord(good[-1]) + 1),
        lambda good: base64.urlsafe_b64encode(b"n" + b"\xff" * 12).decode().rstrip("="),
        lambda good: "é" * 18,
        lambda good: "1" * 10_000,
    ],
)
async def test_a_cursor_has_one_spelling(scene: Scene, spoil: Any) -> None:
    stream = await scene.follow()
    (begun,) = await stream.told()
    good = begun["cursor"]
    assert cursor(place_of(good)) == good
    refused = await scene.follow(after=spoil(good))
    assert await refused.told() == ["BAD_USER_INPUT", "end"]


async def test_a_cursor_is_good_for_thirty_days(scene: Scene, clock: Clock) -> None:
    (begun,) = await (await scene.follow()).told()
    clock.now += timedelta(days=30)
    fresh = await scene.context()
    assert words(await (await scene.follow(fresh, after=begun["cursor"])).told()) == [BEGUN]
    clock.now += timedelta(seconds=1)
    assert await (await scene.follow(fresh, after=begun["cursor"])).told() == ["BAD_USER_INPUT", "end"]


async def test_a_stranger_does_not_hear_that_a_cursor_is_bad(scene: Scene) -> None:
    stranger = Context(gateways=scene.gateways, address="", newsroom=scene.newsroom)
    assert await (await scene.follow(stranger, after="?")).told() == ["UNAUTHENTICATED", "end"]


async def test_who_is_told_to_leave_ends_all_streams(scene: Scene) -> None:
    stream = await scene.follow()
    await stream.told()
    scene.newsroom.leave()
    assert await stream.told() == ["end"]
    assert scene.newsroom.count == 0
