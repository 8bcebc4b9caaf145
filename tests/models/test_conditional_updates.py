"""Updates that only one of many may win, raced by twenty tasks on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from secrets import token_hex
from typing import Any

import models
from domain.attempts import Counted, Locked
from models import AttemptTally, Confirmation, Keypad
from models.ids import new_id
from tests import cast
from tests.conftest import NOON
from tests.models.scene import Scene, flow, keypad

RACERS = 20
SECOND = timedelta(seconds=1)
HALF_HOUR = timedelta(minutes=30)


async def race(start: Callable[[], Awaitable[Any]]) -> list[Any]:
    """What twenty tasks got that started together."""

    async def run() -> Any:
        return await start()

    return list(await asyncio.gather(*(asyncio.create_task(run()) for _ in range(RACERS))))


async def test_one_of_many_uses_a_keypad(scene: Scene) -> None:
    row = await keypad(scene.flow)
    won = await race(lambda: row.use(NOON))
    assert sorted(won) == [False] * 19 + [True]
    assert (await Keypad.get(id=row.id)).used_at == NOON


async def test_a_keypad_is_of_no_use_once_it_expires(scene: Scene) -> None:
    row = await keypad(scene.flow, expires_at=NOON)
    assert not await row.use(NOON)
    assert await row.use(NOON - SECOND)
    assert not await row.use(NOON - SECOND)


async def test_a_confirmation_grants_five_tries_to_twenty(scene: Scene) -> None:
    row = await cast.confirmation(scene.gateways, scene.camille)
    granted = await race(lambda: row.add_try(5, NOON))
    assert granted.count(True) == 5
    assert (await Confirmation.owned_by(scene.camille.id).get(id=row.id)).tries == 5


async def test_a_used_or_expired_confirmation_grants_no_try(scene: Scene) -> None:
    used = await cast.confirmation(scene.gateways, scene.camille, used_at=NOON)
    expired = await cast.confirmation(scene.gateways, scene.camille)
    assert not await used.add_try(5, NOON)
    assert not await expired.add_try(5, expired.expires_at)
    assert await expired.add_try(5, expired.expires_at - SECOND)


async def test_one_of_many_uses_a_confirmation(scene: Scene) -> None:
    row = await cast.confirmation(scene.gateways, scene.camille)
    assert sorted(await race(lambda: row.use(NOON))) == [False] * 19 + [True]


async def test_anothers_confirmation_of_the_same_id_is_left_alone(scene: Scene) -> None:
    ours = await cast.confirmation(scene.gateways, scene.camille)
    theirs = await cast.confirmation(scene.gateways, scene.marc, id=ours.id)
    assert await ours.add_try(5, NOON)
    assert await ours.use(NOON)
    untouched = await Confirmation.owned_by(scene.marc.id).get(id=theirs.id)
    assert (untouched.tries, untouched.used_at) == (0, None)


async def test_parallel_tries_each_take_their_own(database: str) -> None:
    subject = token_hex(32)
    outcomes = await race(lambda: AttemptTally.count_try(subject, None, NOON))
    counted = [outcome for outcome in outcomes if isinstance(outcome, Counted)]
    assert sorted(outcome.attempts_left for outcome in counted) == [0, 1, 2, 3, 4]
    assert outcomes.count(Locked(NOON + HALF_HOUR)) == 15
    row = await AttemptTally.get(subject_key=subject)
    assert (row.failures, row.locked_until) == (5, NOON + HALF_HOUR)


async def test_failures_may_be_forgotten_while_others_are_counted(database: str) -> None:
    subject, turns = token_hex(32), iter(range(RACERS))

    async def count_or_clear() -> Any:
        if next(turns) % 2:
            return await AttemptTally.clear(subject)
        return await AttemptTally.count_try(subject, None, NOON)

    outcomes = await race(count_or_clear)
    assert all(isinstance(outcome, Counted | Locked | None) for outcome in outcomes)
    await AttemptTally.clear(subject)
    assert await AttemptTally.count_try(subject, None, NOON) == Counted(1, None, 4)


async def test_forgetting_opens_a_locked_subject_and_no_other(database: str) -> None:
    locked, other = token_hex(32), token_hex(32)
    for subject in (locked, other):
        for _ in range(5):
            await AttemptTally.count_try(subject, None, NOON)
    await AttemptTally.clear(locked)
    assert await AttemptTally.count_try(locked, None, NOON) == Counted(1, None, 4)
    assert await AttemptTally.count_try(other, None, NOON) == Locked(NOON + HALF_HOUR)


async def test_forgetting_all_of_a_customer_opens_every_subject_of_hers_and_no_other(database: str) -> None:
    hers, others, account, device, marcs = new_id(), new_id(), token_hex(32), token_hex(32), token_hex(32)
    for subject, customer_id in ((account, hers), (device, hers), (marcs, others)):
        for _ in range(5):
            await AttemptTally.count_try(subject, customer_id, NOON)
    await AttemptTally.clear_all(hers)
    for subject in (account, device):
        assert await AttemptTally.count_try(subject, hers, NOON) == Counted(1, None, 4)
    assert await AttemptTally.count_try(marcs, others, NOON) == Locked(NOON + HALF_HOUR)


async def test_failures_that_lock_nothing_are_each_counted(database: str) -> None:
    subject = token_hex(32)
    assert await AttemptTally.failures_of(subject) == 0
    await race(lambda: AttemptTally.add_failure(subject, NOON))
    assert await AttemptTally.failures_of(subject) == RACERS
    assert (await AttemptTally.get(subject_key=subject)).locked_until is None


async def test_only_the_latest_keypads_of_a_walk_are_kept(scene: Scene) -> None:
    rows = [await keypad(scene.flow) for _ in range(6)]
    other = await keypad(await flow())
    await Keypad.keep_latest(scene.flow.id, 4)
    assert await Keypad.filter(flow_id=scene.flow.id).order_by("id") == rows[2:]
    assert await Keypad.filter(id=other.id).exists()


async def test_parallel_tries_of_different_subjects_do_not_meet(database: str) -> None:
    subjects = [token_hex(32) for _ in range(RACERS)]
    outcomes = await asyncio.gather(
        *(asyncio.create_task(AttemptTally.count_try(subject, None, NOON)) for subject in subjects)
    )
    assert outcomes == [Counted(failures=1, locked_until=None, attempts_left=4)] * RACERS


async def test_a_try_stays_counted_when_what_follows_fails(database: str) -> None:
    subject = token_hex(32)
    assert await AttemptTally.count_try(subject, None, NOON) == Counted(1, None, 4)
    found = await models.AttemptTally.get(subject_key=subject)
    assert (found.failures, found.updated_at) == (1, NOON)
