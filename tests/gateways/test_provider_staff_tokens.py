"""Keys fetched from a real provider: found, kept, rotated, and missed while it is down, slow or wrong."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from gateways.provider_staff_tokens import BYTES_MAX, ProviderStaffTokens
from gateways.staff_tokens import BadToken, StaffTokensUnavailable
from tests.conftest import Clock
from tests.gateways.provider import (
    AUDIENCE,
    DISCOVERY,
    KEYS,
    SUBJECT,
    Provider,
    certificate_in,
    jwk,
    key,
    listening,
)

LIFE = 86_000  # of tokens that must outlive what is done to the provider


@pytest.fixture
def provider(clock: Clock) -> Iterator[Provider]:
    with listening(clock) as provider:
        yield provider


def opened(provider: Provider, clock: Clock) -> ProviderStaffTokens:
    return ProviderStaffTokens(
        issuer=provider.issuer,
        audience=AUDIENCE,
        algorithms=("ES256",),
        clock=clock,
        fetch_seconds_max=5,
    )


@pytest.fixture
async def tokens(provider: Provider, clock: Clock) -> AsyncIterator[ProviderStaffTokens]:
    tokens = opened(provider, clock)
    yield tokens
    await tokens.close()


def lasting(provider: Provider, clock: Clock, **changes: Any) -> str:
    return provider.token(exp=int(clock().timestamp()) + LIFE, **changes)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what is done in the background."""
    with anyio.fail_after(10):
        while not await holds():
            await anyio.sleep(0.01)


async def believed(tokens: ProviderStaffTokens, token: str) -> bool:
    try:
        return (await tokens.verify(token)).subject == SUBJECT
    except BadToken:
        return False


async def unavailable(tokens: ProviderStaffTokens, token: str) -> bool:
    try:
        await tokens.verify(token)
    except StaffTokensUnavailable:
        return True
    return False


async def test_nothing_is_fetched_before_it_is_needed_and_nothing_twice(
    provider: Provider, clock: Clock, tokens: ProviderStaffTokens
) -> None:
    assert provider.asked == []

    for _ in range(3):
        assert await believed(tokens, provider.token())
    clock.now += timedelta(minutes=9, seconds=59)
    assert await believed(tokens, provider.token())

    assert provider.asked == [DISCOVERY, KEYS]


async def test_those_who_ask_together_fetch_once(provider: Provider, tokens: ProviderStaffTokens) -> None:
    provider.may_answer.clear()
    asking = [asyncio.create_task(tokens.verify(provider.token())) for _ in range(20)]
    await until(lambda: _is(bool(provider.asked)))
    provider.may_answer.set()

    assert {staff.subject for staff in await asyncio.gather(*asking)} == {SUBJECT}
    assert provider.asked == [DISCOVERY, KEYS]


async def test_one_who_leaves_does_not_stop_the_others(
    provider: Provider, tokens: ProviderStaffTokens
) -> None:
    provider.may_answer.clear()
    leaving = asyncio.create_task(tokens.verify(provider.token()))
    staying = asyncio.create_task(tokens.verify(provider.token()))
    await until(lambda: _is(bool(provider.asked)))
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    provider.may_answer.set()

    assert (await staying).subject == SUBJECT


async def test_a_key_that_was_taken_back_is_gone_after_ten_minutes(
    provider: Provider, clock: Clock, tokens: ProviderStaffTokens
) -> None:
    token = lasting(provider, clock)
    assert await believed(tokens, token)
    provider.rotate("two", 2)
    clock.now += timedelta(minutes=10)

    # The first one to ask is answered from what is kept, and has new keys fetched behind her back.
    assert await believed(tokens, token)
    await until(lambda: _is(provider.fetched == 2))
    await until(lambda: _not(believed(tokens, token)))


async def test_taking_all_keys_back_is_an_answer(
    provider: Provider, clock: Clock, tokens: ProviderStaffTokens
) -> None:
    token = lasting(provider, clock)
    assert await believed(tokens, token)
    provider.keys = []
    clock.now += timedelta(minutes=10)

    await until(lambda: _not(believed(tokens, token)))


async def test_a_new_key_is_found_at_once(
    provider: Provider, clock: Clock, tokens: ProviderStaffTokens
) -> None:
    old = provider.token()
    assert await believed(tokens, old)
    fresh = provider.rotate("two", 2)

    assert await believed(tokens, provider.token({"kid": "two"}, fresh))
    assert not await believed(tokens, old)
    assert provider.fetched == 2


async def test_strangers_cannot_have_keys_fetched_at_will(
    provider: Provider, clock: Clock, tokens: ProviderStaffTokens
) -> None:
    strange = [provider.token({"kid": f"stranger-{number}"}) for number in range(50)]
    assert not await believed(tokens, strange[0])
    assert provider.fetched == 1  # they were fetched this moment

    assert [await believed(tokens, token) for token in strange] == [False] * 50
    clock.now += timedelta(seconds=29)
    assert [await believed(tokens, token) for token in strange] == [False] * 50
    assert provider.fetched == 2
    clock.now += timedelta(seconds=1)
    together = await asyncio.gather(*(believed(tokens, token) for token in strange))
    assert (together, provider.fetched) == ([False] * 50, 3)
    assert await believed(tokens, provider.token())


async def test_a_known_key_for_another_algorithm_has_nothing_fetched(
    provider: Provider, tokens: ProviderStaffTokens
) -> None:
    provider.keys = [jwk(key("RS256"))]
    for _ in range(3):
        assert not await believed(tokens, provider.token())

    assert provider.fetched == 1


async def test_a_provider_that_is_down_for_an_hour_is_not_missed(
    provider: Provider, clock: Clock, tokens: ProviderStaffTokens
) -> None:
    token = lasting(provider, clock)
    assert await believed(tokens, token)
    provider.down()

    for _ in range(12):
        clock.now += timedelta(minutes=5)
        assert await believed(tokens, token)

    provider.up()
    fresh = provider.rotate("two", 2)
    clock.now += timedelta(seconds=30)
    assert await believed(tokens, lasting(provider, clock, header={"kid": "two"}, signer=fresh))


async def test_keys_of_a_provider_that_is_down_for_a_day_are_worth_nothing(
    provider: Provider, clock: Clock, tokens: ProviderStaffTokens
) -> None:
    assert await believed(tokens, provider.token())
    provider.down()

    clock.now += timedelta(hours=24) - timedelta(seconds=1)
    assert await believed(tokens, provider.token())
    clock.now += timedelta(seconds=6)
    assert await unavailable(tokens, provider.token())

    provider.up()
    clock.now += timedelta(seconds=5)
    assert await believed(tokens, provider.token())


async def test_while_keys_were_never_had_it_is_asked_again_now_and_then(
    provider: Provider, clock: Clock, tokens: ProviderStaffTokens
) -> None:
    provider.status = 503
    for _ in range(5):
        assert await unavailable(tokens, provider.token())
    assert provider.asked == [DISCOVERY]

    clock.now += timedelta(seconds=5)
    assert await unavailable(tokens, provider.token())
    assert provider.asked == [DISCOVERY] * 2

    provider.status = 200
    assert await unavailable(tokens, provider.token())
    clock.now += timedelta(seconds=5)
    assert await believed(tokens, provider.token())


async def test_a_token_that_is_none_is_refused_without_the_provider(
    provider: Provider, tokens: ProviderStaffTokens
) -> None:
    provider.down()
    for token in ("", "a.b.c", provider.token({"typ": "id+jwt"})):
        assert not await believed(tokens, token)

    assert provider.asked == []


async def test_a_clock_that_is_put_back_stops_nothing(
    provider: Provider, clock: Clock, tokens: ProviderStaffTokens
) -> None:
    assert await believed(tokens, provider.token())
    assert not await believed(tokens, provider.token({"kid": "stranger"}))
    clock.now -= timedelta(days=2)

    assert await believed(tokens, provider.token())
    fresh = provider.rotate("two", 2)
    await until(lambda: believed(tokens, provider.token({"kid": "two"}, fresh)))


@pytest.mark.parametrize("path", ["", "/", "/realms/staff", "/realms/staff/"])
async def test_an_issuer_may_have_a_path(clock: Clock, path: str) -> None:
    """It is compared as it is written, and its last slash is not written twice."""
    with listening(clock, path) as provider:
        tokens = opened(provider, clock)
        try:
            assert await believed(tokens, provider.token())
        finally:
            await tokens.close()

    assert provider.asked[0] == f"{path.rstrip('/')}{DISCOVERY}"


WRONG: list[tuple[str, Callable[[Provider], object]]] = [
    ("of another issuer", lambda p: p.discovery.update(issuer="https://elsewhere.example")),
    ("of the issuer with a slash more", lambda p: p.discovery.update(issuer=f"{p.issuer}/")),
    ("of no issuer", lambda p: p.discovery.update(issuer=None)),
    ("without keys", lambda p: p.discovery.update(jwks_uri=None)),
    ("with keys at a file", lambda p: p.discovery.update(jwks_uri="file:///etc/passwd")),
    ("with keys at no address", lambda p: p.discovery.update(jwks_uri="http://[::1")),
    ("with keys nowhere", lambda p: p.discovery.update(jwks_uri="http://")),
    ("with keys in a strange place", lambda p: p.discovery.update(jwks_uri="http://exa\nmple/")),
    ("with keys of another shape", lambda p: p.discovery.update(jwks_uri=[f"{p.address}{KEYS}"])),
    ("no JSON", lambda p: p.bodies.update({DISCOVERY: b"<html>"})),
    ("nested a million times", lambda p: p.bodies.update({DISCOVERY: b"[" * 400_000})),
    ("a list", lambda p: p.bodies.update({DISCOVERY: b"[]"})),
    ("empty", lambda p: p.bodies.update({DISCOVERY: b""})),
    ("too long", lambda p: p.bodies.update({DISCOVERY: b" " * (BYTES_MAX + 1)})),
    ("keys that are no JSON", lambda p: p.bodies.update({KEYS: b"<html>"})),
    ("keys that are no set", lambda p: p.bodies.update({KEYS: b'{"keys": {}}'})),
    ("keys that are too long", lambda p: p.bodies.update({KEYS: b" " * (BYTES_MAX + 1) + b'{"keys": []}'})),
    ("keys without end", lambda p: p.bodies.update({KEYS: b" " * 50_000_000})),
    ("compressed", lambda p: p.headers.update({"Content-Encoding": "gzip"})),
    ("not found", lambda p: setattr(p, "status", 404)),
    ("created", lambda p: setattr(p, "status", 201)),
    ("down", lambda p: p.down()),
]


@pytest.mark.parametrize(("_case", "spoil"), WRONG, ids=[case for case, _ in WRONG])
async def test_a_provider_that_answers_wrongly_is_as_good_as_down(
    provider: Provider,
    clock: Clock,
    tokens: ProviderStaffTokens,
    _case: str,
    spoil: Callable[[Provider], object],
) -> None:
    """Before the first keys nobody is let in; after them nobody is kept out."""
    assert await believed(tokens, provider.token())
    spoil(provider)
    clock.now += timedelta(minutes=10)
    assert await believed(tokens, provider.token())

    others = opened(provider, clock)
    with capture_logs() as logs:
        assert await unavailable(others, provider.token())
    await others.close()
    assert logs
    for line in logs:
        assert line["event"] == "keys of staff tokens not fetched"
        assert line["reason"].isidentifier()
        assert set(line) == {"event", "log_level", "reason"}


async def test_a_provider_that_leads_elsewhere_is_not_followed(
    provider: Provider, tokens: ProviderStaffTokens
) -> None:
    provider.status, provider.headers = 302, {"Location": f"{provider.address}/elsewhere"}

    assert await unavailable(tokens, provider.token())
    assert provider.asked == [DISCOVERY]


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(tmp_path: Path, clock: Clock) -> None:
    with listening(clock, certificate=certificate_in(tmp_path)) as provider:
        tokens = opened(provider, clock)
        assert await unavailable(tokens, provider.token())
        await tokens.close()

    assert provider.asked == []


async def test_the_keys_of_a_safe_issuer_come_from_a_safe_address(
    provider: Provider, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document over TLS must not lead to keys that anyone on the way can replace."""
    certificate = certificate_in(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with listening(clock, certificate=certificate) as safe:
        tokens = opened(safe, clock)
        safe.discovery = {"jwks_uri": f"{provider.address}{KEYS}"}
        assert await unavailable(tokens, safe.token())
        assert provider.asked == []

        safe.discovery = {}
        clock.now += timedelta(seconds=5)
        assert await believed(tokens, safe.token())
        await tokens.close()


async def test_a_provider_that_is_slow_is_not_waited_for_long(provider: Provider, clock: Clock) -> None:
    tokens = ProviderStaffTokens(
        issuer=provider.issuer,
        audience=AUDIENCE,
        algorithms=("ES256",),
        clock=clock,
        fetch_seconds_max=0.05,
    )
    provider.may_answer.clear()
    assert await unavailable(tokens, provider.token())

    provider.may_answer.set()
    clock.now += timedelta(seconds=5)
    await until(lambda: _available(tokens, provider, clock))
    assert await believed(tokens, provider.token())
    await tokens.close()


async def test_closing_leaves_nothing_behind(provider: Provider, clock: Clock) -> None:
    tokens = opened(provider, clock)
    assert await believed(tokens, provider.token())
    provider.may_answer.clear()
    clock.now += timedelta(minutes=10)
    assert await believed(tokens, provider.token())
    await until(lambda: _is(len(provider.asked) == 3))

    await tokens.close()

    gc.collect()  # a connection left open would warn here, and a warning is an error
    assert [task.get_coro() for task in asyncio.all_tasks() if "_refresh" in str(task.get_coro())] == []


async def _is(value: bool) -> bool:
    return value


async def _not(wanted: Awaitable[bool]) -> bool:
    return not await wanted


async def _available(tokens: ProviderStaffTokens, provider: Provider, clock: Clock) -> bool:
    clock.now += timedelta(seconds=5)
    return not await unavailable(tokens, provider.token())
