"""What can be down, slow or paid for: one file for each neighbour, and all of them opened here."""

from __future__ import annotations

import random
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from gateways.apprise_messages import AppriseMessages, UnknownService
from gateways.budgets import Budgets, MemoryBudgets, RedisBudgets
from gateways.local_staff_tokens import LocalStaffTokens
from gateways.messages import Messages
from gateways.mistakes import Mistake, SettingsMistakes, variable
from gateways.peppers import kept_peppers
from gateways.rate_limits import MemoryRateLimits, RateLimits, RedisRateLimits
from gateways.settings import Settings
from gateways.staff_tokens import NoStaffTokens, StaffTokens
from gateways.terminal_messages import TerminalMessages
from gateways.vault import Vault

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Gateways:
    """Everything outside the process, and time and chance, handed to whoever needs them."""

    settings: Settings
    messages: Messages
    vault: Vault
    rate_limits: RateLimits
    budgets: Budgets
    staff_tokens: StaffTokens
    clock: Clock
    random: random.Random


def utc_now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_gateways(settings: Settings, *, clock: Clock = utc_now) -> AsyncIterator[Gateways]:
    """Open what the settings name, and close it in the end."""
    shared = None if settings.redis_url is None else RedisRateLimits(settings.redis_url)
    budgets = None if settings.redis_url is None else RedisBudgets(settings.redis_url)
    staff_tokens = open_staff_tokens(settings, clock)
    try:
        yield Gateways(
            settings=settings,
            messages=_messages(settings),
            vault=open_vault(settings),
            rate_limits=shared or MemoryRateLimits(),
            budgets=budgets or MemoryBudgets(),
            staff_tokens=staff_tokens,
            clock=clock,
            random=secrets.SystemRandom(),
        )
    finally:
        await staff_tokens.close()
        for redis in (shared, budgets):
            if redis is not None:
                await redis.close()


def open_vault(settings: Settings) -> Vault:
    """The vault of the settings. Development makes its pepper at the first start and keeps it."""
    return Vault(
        settings.peppers or kept_peppers(settings.data_directory),
        memory_kib=settings.digest_memory_kib,
        passes=settings.digest_passes,
        threads_max=settings.digest_threads_max,
    )


def open_staff_tokens(settings: Settings, clock: Clock = utc_now) -> StaffTokens:
    """Tokens of the provider that is set. Without one development believes its own, production none."""
    if settings.staff_issuer is not None:
        # Imported here: whoever asks no provider does not pay for asking.
        from gateways.provider_staff_tokens import ProviderStaffTokens

        return ProviderStaffTokens(
            issuer=settings.staff_issuer,
            audience=settings.staff_audience,
            algorithms=settings.staff_algorithms,
            clock=clock,
        )
    if settings.is_production:
        return NoStaffTokens()
    return LocalStaffTokens(settings.data_directory, audience=settings.staff_audience, clock=clock)


def _messages(settings: Settings) -> Messages:
    if settings.sms_url is None or settings.email_url is None:
        return TerminalMessages(settings.data_directory)
    try:
        return AppriseMessages(settings.sms_url, settings.email_url, seconds_max=settings.message_seconds_max)
    except UnknownService as error:
        name = variable(f"{error.channel.lower()}_url")
        raise SettingsMistakes([Mistake(name, "is no URL that Apprise knows")]) from None
