from __future__ import annotations

import os
import secrets
import subprocess
import sys
import uuid
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from redis.asyncio import Redis

from gateways import open_gateways, open_vault, utc_now
from gateways.apprise_messages import AppriseMessages
from gateways.local_staff_tokens import LocalStaffTokens
from gateways.mistakes import SettingsMistakes
from gateways.provider_staff_tokens import ProviderStaffTokens
from gateways.rate_limits import Limit, MemoryRateLimits, RateLimitsUnavailable, RedisRateLimits
from gateways.settings import Settings
from gateways.staff_tokens import BadToken, StaffTokensUnavailable
from gateways.terminal_messages import TerminalMessages
from tests.gateways.test_settings import PRODUCTION

pytestmark = pytest.mark.anyio


def quick(folder: Path, **fields: Any) -> Settings:
    return Settings(data_directory=folder, digest_memory_kib=64, digest_passes=1, **fields)


async def test_development_opens_with_nothing_around(tmp_path: Path) -> None:
    async with open_gateways(quick(tmp_path)) as gateways:
        assert isinstance(gateways.messages, TerminalMessages)
        assert isinstance(gateways.rate_limits, MemoryRateLimits)
        assert isinstance(gateways.random, secrets.SystemRandom)
        assert gateways.clock().tzinfo is UTC
        assert gateways.settings.data_directory == tmp_path


async def test_codes_of_development_survive_a_restart(tmp_path: Path) -> None:
    digest = await open_vault(quick(tmp_path)).digest("135790")

    assert await open_vault(quick(tmp_path)).matches("135790", digest)


async def test_costs_of_the_settings_are_those_of_the_vault(tmp_path: Path) -> None:
    digest = await open_vault(quick(tmp_path)).digest("135790")

    assert "$m=64,t=1,p=1$" in digest


async def test_services_that_are_named_are_used(tmp_path: Path) -> None:
    settings = quick(
        tmp_path, sms_url="json://host/{to}", email_url="json://host/{to}", redis_url="redis://h"
    )
    async with open_gateways(settings) as gateways:
        assert isinstance(gateways.messages, AppriseMessages)
        assert isinstance(gateways.rate_limits, RedisRateLimits)


async def test_no_connection_is_left_open(tmp_path: Path, redis_url: str, redis_client: Redis) -> None:
    name = f"test-{uuid.uuid4().hex}"
    async with open_gateways(quick(tmp_path, redis_url=f"{redis_url}?client_name={name}")) as gateways:
        await gateways.rate_limits.forget(Limit(name, 1, 60))
        during = await redis_client.client_list()

    assert name in str(during)
    with anyio.fail_after(5):
        while name in str(await redis_client.client_list()):
            await anyio.sleep(0.01)


async def test_redis_down_does_not_keep_the_server_from_starting(tmp_path: Path) -> None:
    async with open_gateways(quick(tmp_path, redis_url="redis://127.0.0.1:1")) as gateways:
        with pytest.raises(RateLimitsUnavailable):
            await gateways.rate_limits.take(Limit("code", 1, 60), "camille")


async def test_a_service_that_apprise_does_not_know_is_a_mistake_of_the_settings(tmp_path: Path) -> None:
    settings = quick(tmp_path, sms_url="json://host/{to}", email_url="nosuch://secret@host/{to}")
    with pytest.raises(SettingsMistakes, match=r"PORTAL_EMAIL_URL is no URL that Apprise knows$"):
        async with open_gateways(settings):
            pass


async def test_development_believes_its_own_staff_tokens(tmp_path: Path) -> None:
    async with open_gateways(quick(tmp_path)) as gateways:
        assert isinstance(gateways.staff_tokens, LocalStaffTokens)
        token = gateways.staff_tokens.signed("dev", [], timedelta(minutes=1))
        assert (await gateways.staff_tokens.verify(token)).subject == "dev"


async def test_a_provider_that_is_set_is_the_one_that_is_believed(tmp_path: Path) -> None:
    """It is not asked at start, when it may be down."""
    own = LocalStaffTokens(tmp_path, audience="portal", clock=utc_now).signed("dev", [], timedelta(minutes=1))
    async with open_gateways(quick(tmp_path, staff_issuer="http://127.0.0.1:9")) as gateways:
        assert isinstance(gateways.staff_tokens, ProviderStaffTokens)
        with pytest.raises(StaffTokensUnavailable):
            await gateways.staff_tokens.verify(own)


async def test_production_without_a_provider_believes_nobody(tmp_path: Path) -> None:
    local = LocalStaffTokens(tmp_path, audience="portal", clock=utc_now)
    settings = Settings.read({**PRODUCTION, "PORTAL_DATA_DIRECTORY": str(tmp_path)})
    async with open_gateways(settings) as gateways:
        with pytest.raises(BadToken):
            await gateways.staff_tokens.verify(local.signed("dev", [], timedelta(minutes=1)))


def test_what_development_does_without_is_not_imported() -> None:
    code = "import sys, gateways, gateways.logs; print(*sorted({n.split('.')[0] for n in sys.modules}))"
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    run = [sys.executable, "-c", code]
    loaded = subprocess.run(run, env=environ, capture_output=True, text=True, check=True).stdout.split()

    assert "gateways" in loaded
    assert not {"apprise", "redis", "limits", "requests", "httpx", "joserfc"} & set(loaded)
