"""How often anything may be tried: by whom, from where, and by everybody together.

A try is counted before anything is compared. On a trusted device, in a session, or after a code by SMS,
somebody was proven to be there: then only the device's own tries count here, so that strangers who share a
customer's network, or who attack the site, shut out nobody who is known. What one account may take is counted
in its tally, in the database.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.networks import network_of
from domain.refusals import TemporarilyUnavailable, Throttled
from gateways.rate_limits import Limit, RateLimitsUnavailable
from gateways.settings import Settings
from models import AccessFlow
from resolvers.context import Context

RETRY_AFTER_SECONDS = 5
TEN_MINUTES, HOUR, DAY = 600, 3_600, 86_400
FLOWS_OF_SUBJECT = Limit("access-flow-subject", count=30, seconds=TEN_MINUTES)
FLOWS_OF_DEVICE = Limit("access-flow-device", count=60, seconds=TEN_MINUTES)
TRIES_OF_DEVICE = Limit("access-try-device", count=30, seconds=TEN_MINUTES)


@dataclass(frozen=True)
class PhoneFirst(Throttled):
    """On an unknown device this code is not looked at now: prove the phone first, or come back later."""


def flows_of_network(settings: Settings) -> Limit:
    """Walks begun from one network."""
    return Limit("access-flow-network", count=settings.access_flows_of_address_max, seconds=TEN_MINUTES)


def tries_of_network(settings: Settings) -> Limit:
    """Secret codes tried from one network."""
    return Limit("access-try-network", count=settings.access_tries_of_address_max, seconds=TEN_MINUTES)


def tries_of_code(settings: Settings) -> Limit:
    """Tries of one and the same secret code, on whatever accounts and from wherever."""
    return Limit("access-try-code", count=settings.access_tries_of_code_max, seconds=HOUR)


def failures_of_site(settings: Settings) -> Limit:
    """Wrong secret codes on the whole site."""
    return Limit("access-failure", count=settings.access_failures_max, seconds=TEN_MINUTES)


def sms_of_network(settings: Settings) -> Limit:
    """SMS asked for from one network."""
    return Limit("access-sms-network", count=settings.sms_of_address_max, seconds=DAY)


def sms_of_site(settings: Settings) -> Limit:
    """SMS that leave, to whomever."""
    return Limit("access-sms-site", count=settings.sms_of_site_max, seconds=HOUR)


def sms_failures_of_site(settings: Settings) -> Limit:
    """Wrong codes of SMS on the whole site."""
    return Limit("access-sms-failure", count=settings.sms_failures_max, seconds=DAY)


async def throttled(context: Context, limit: Limit, *keys: str) -> Throttled | TemporarilyUnavailable | None:
    """None when the try is granted. Closed when nobody can count: these limits guard codes and messages."""
    try:
        seconds = await context.gateways.rate_limits.take(limit, *keys)
    except RateLimitsUnavailable:
        return TemporarilyUnavailable(RETRY_AFTER_SECONDS)
    return Throttled(seconds) if seconds else None


async def flow_refused(
    context: Context, subject_key: str, *, trusted: bool = False
) -> Throttled | TemporarilyUnavailable | None:
    """Count a walk that begins; `trusted` says that it begins on a device of the customer's own."""
    token, settings, network = context.device_token, context.gateways.settings, network_of(context.address)
    if token and (
        refused := await throttled(context, FLOWS_OF_DEVICE, _device_key(context, token.partition(".")[0]))
    ):
        return refused
    if trusted:
        return None
    if refused := await throttled(context, flows_of_network(settings), network):
        return refused
    return await throttled(context, FLOWS_OF_SUBJECT, subject_key, network)


async def try_refused(
    context: Context, flow: AccessFlow, code: str
) -> Throttled | TemporarilyUnavailable | None:
    """Count a try of a secret code, before it is looked at.

    `PhoneFirst` where only an unknown device is in the way: too many codes fail on the whole site, though the
    walk was begun before, or this one is sprayed. Whoever has the phone need not wait for the attack to end.
    """
    settings, device = context.gateways.settings, flow.device_digest
    if device and (refused := await throttled(context, TRIES_OF_DEVICE, device)):
        return refused
    if _is_proven(flow):
        return None
    if refused := await _spent(context, failures_of_site(settings)):
        return _phone_first(refused)
    if refused := await throttled(context, tries_of_network(settings), network_of(context.address)):
        return refused
    sprayed = context.gateways.vault.keyed("sprayed", code).hex()
    return _phone_first(await throttled(context, tries_of_code(settings), sprayed))


async def note_failure(context: Context, flow: AccessFlow) -> None:
    """A secret code was wrong: on an unknown device it counts for the whole site."""
    if not _is_proven(flow):
        await throttled(context, failures_of_site(context.gateways.settings))


async def is_wary(context: Context) -> bool | TemporarilyUnavailable:
    """Whether so many codes were wrong lately that unknown devices have to prove the phone first."""
    match await _spent(context, failures_of_site(context.gateways.settings)):
        case TemporarilyUnavailable() as unavailable:
            return unavailable
        case refused:
            return refused is not None


async def sms_refused(
    context: Context, *, leaves: bool = True, proven: bool = False
) -> Throttled | TemporarilyUnavailable | None:
    """Count an SMS that is asked for; `proven` where somebody known asks, on a device or in a session.

    All are counted and answered alike, but only those that leave count against what the site may send: a
    stranger who asks for SMS to numbers on no file neither learns that, nor uses up what customers need.
    """
    settings = context.gateways.settings
    if not proven and (
        refused := await throttled(context, sms_of_network(settings), network_of(context.address))
    ):
        return refused
    if refused := await _spent(context, sms_of_site(settings), "leaves"):
        return refused
    refused = await throttled(context, sms_of_site(settings), "leaves" if leaves else "stays")
    return refused if leaves or isinstance(refused, TemporarilyUnavailable) else None


async def note_sms_failure(context: Context) -> None:
    """A code sent by SMS, or one that nobody was sent, was wrong."""
    await throttled(context, sms_failures_of_site(context.gateways.settings))


async def sms_is_wary(context: Context) -> bool | TemporarilyUnavailable:
    """Whether so many codes of SMS were wrong today that new ones are to be long."""
    match await _spent(context, sms_failures_of_site(context.gateways.settings)):
        case TemporarilyUnavailable() as unavailable:
            return unavailable
        case refused:
            return refused is not None


async def _spent(context: Context, limit: Limit, *keys: str) -> Throttled | TemporarilyUnavailable | None:
    try:
        seconds = await context.gateways.rate_limits.spent(limit, *keys)
    except RateLimitsUnavailable:
        return TemporarilyUnavailable(RETRY_AFTER_SECONDS)
    return Throttled(seconds) if seconds else None


def _phone_first(
    refused: Throttled | TemporarilyUnavailable | None,
) -> Throttled | TemporarilyUnavailable | None:
    return PhoneFirst(refused.retry_after_seconds) if isinstance(refused, Throttled) else refused


def _is_proven(flow: AccessFlow) -> bool:
    return flow.device_id is not None or flow.session_id is not None or flow.sms_at is not None


def _device_key(context: Context, token: str) -> str:
    return context.gateways.vault.token_digest(token).hex()
