"""Profile edits: the address at once, phone and e-mail by a code sent to the new one."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TypeAlias

from tortoise.expressions import F
from tortoise.transactions import in_transaction

import models
from domain import emails, phones, privacy, sms_codes
from domain.addresses import Address, checked_address
from domain.assurance import Assurance
from domain.emails import Email
from domain.phones import Phone
from domain.refusals import (
    ConfirmationOver,
    InvalidField,
    InvalidInput,
    NotSignedIn,
    VersionConflict,
    WrongCode,
)
from gateways import letters
from gateways.letters import Letter
from gateways.rate_limits import Limit
from models import Channel, Confirmation, ContactPoint, Delivery
from resolvers import sessions
from resolvers.context import Context, Viewer
from resolvers.notices import tell
from resolvers.provisional_codes import recovers_from
from resolvers.step_up import NotSure, sure
from resolvers.throttles import throttled

CONFIRMATIONS = Limit("contact-change", count=5, seconds=3600)


@dataclass(frozen=True)
class ConfirmationSent:
    """A code left for the new phone or address; the old ones were warned."""

    confirmation: Confirmation


Requested: TypeAlias = ConfirmationSent | NotSure | InvalidInput
Confirmed: TypeAlias = models.Customer | NotSure | WrongCode | ConfirmationOver | InvalidInput
Edited: TypeAlias = models.Customer | NotSure | InvalidInput | VersionConflict


async def read(customer_id: int) -> models.Customer:
    """The signed-in customer's own row."""
    return await models.Customer.get(id=customer_id)


async def pending_changes(context: Context, customer_id: int) -> list[Confirmation]:
    """Changes of phone or e-mail that still wait for their code, the latest first."""
    waiting = Confirmation.owned_by(customer_id).filter(used_at=None, expires_at__gt=context.now)
    return await waiting.order_by("-created_at", "-id")


async def change_address(
    context: Context, expected_version: int, lines: list[str], postal_code: str, city: str, country_code: str
) -> Edited:
    """Change the postal address at once, unless the profile changed since the client read it."""
    viewer = await sure(context)
    if not isinstance(viewer, Viewer):
        return viewer
    address = checked_address(lines, postal_code, city, country_code)
    if not isinstance(address, Address):
        return InvalidInput(tuple(InvalidField(bad.field, f"ADDRESS_{bad.rule}") for bad in address))
    async with in_transaction():
        mine = models.Customer.filter(id=viewer.customer_id)
        changed = await mine.filter(version=expected_version).update(
            address_lines=list(address.lines),
            postal_code=address.postal_code,
            city=address.city,
            country_code=address.country_code,
            version=F("version") + 1,
        )
        if changed:
            await sessions.record(context, viewer.session, "ADDRESS_CHANGED")
    customer = await read(viewer.customer_id)
    return customer if changed else VersionConflict(customer.version)


async def request_phone_change(context: Context, text: str) -> Requested:
    """Send a code to a new phone number, which must be able to take an SMS."""
    given = phones.phone(text)
    if not isinstance(given, Phone):
        return await _refused(context, InvalidField("phone", f"PHONE_{given.name}"))
    if not given.takes_sms:
        return await _refused(context, InvalidField("phone", "PHONE_NOT_MOBILE"))
    return await _request(context, ContactPoint.PHONE, given.e164)


async def request_email_change(context: Context, text: str) -> Requested:
    """Send a code to a new e-mail address."""
    given = emails.email(text)
    if not isinstance(given, Email):
        return await _refused(context, InvalidField("email", f"EMAIL_{given.name}"))
    return await _request(context, ContactPoint.EMAIL, given.address)


async def confirm_contact_change(context: Context, confirmation_id: int | None, code: str) -> Confirmed:
    """Make the change whose code this is. Each try is counted before it is compared; the code works once."""
    viewer = await sure(context)
    if not isinstance(viewer, Viewer):
        return viewer
    if not sms_codes.is_code(code):
        return InvalidInput((InvalidField("code", "SMS_CODE_MALFORMED"),))
    waiting = await Confirmation.owned_by(viewer.customer_id).get_or_none(id=confirmation_id)
    if waiting is None or not await waiting.add_try(sms_codes.TRIES_MAX, context.now):
        return ConfirmationOver()
    digest = context.gateways.vault.sms_digest(str(waiting.id), code).hex()
    if not hmac.compare_digest(digest, waiting.code_digest):
        left = sms_codes.TRIES_MAX - waiting.tries - 1
        return WrongCode(left) if left > 0 else ConfirmationOver()
    return await _change(context, waiting, viewer)


async def _refused(context: Context, bad: InvalidField) -> NotSignedIn | InvalidInput:
    return NotSignedIn() if await context.viewer() is None else InvalidInput((bad,))


async def _request(context: Context, point: ContactPoint, target: str) -> Requested:
    viewer = await sure(context, Assurance.STRONG_RECENT)
    if not isinstance(viewer, Viewer):
        return viewer
    refused = await throttled(context, CONFIRMATIONS, str(viewer.customer_id))
    if refused:
        return refused
    customer = await read(viewer.customer_id)
    code = sms_codes.new_code(context.gateways.random)
    waiting = Confirmation(
        customer_id=customer.id,
        point=point,
        target=target,
        code_digest="",
        reference=sms_codes.new_reference(context.gateways.random),
        created_at=context.now,
        expires_at=context.now + sms_codes.LIFE,
    )
    waiting.code_digest = context.gateways.vault.sms_digest(str(waiting.id), code).hex()
    async with in_transaction():
        await models.Customer.select_for_update(no_key=True).get(id=customer.id)  # one after the other
        open_ones = Confirmation.owned_by(customer.id).filter(point=point, used_at=None)
        await open_ones.update(used_at=context.now)
        await waiting.save()
        await _send_code(context, customer, waiting, code)
        await tell(customer, _changing(customer, waiting), context.now)
        await sessions.record(context, viewer.session, f"{point}_CHANGE_REQUESTED")
    context.wake_outbox()
    return ConfirmationSent(waiting)


async def _change(context: Context, waiting: Confirmation, viewer: Viewer) -> Confirmed:
    before = await read(waiting.customer_id)
    columns: dict[str, object] = {"email": waiting.target, "email_verified_at": context.now}
    if waiting.point is ContactPoint.PHONE:
        columns = {"phone": waiting.target, "phone_verified_at": context.now}
        if before.phone not in (None, waiting.target):
            columns |= {"phone_changed_at": context.now}
            if recovers_from(context, before.phone_changed_at) is None:
                columns |= {"former_phone": before.phone}  # the last one that had time to be the customer's
    async with in_transaction():
        if not await waiting.use(context.now):
            return ConfirmationOver()
        await models.Customer.filter(id=before.id).update(**columns, version=F("version") + 1)
        after = await read(before.id)
        done = letters.contact_changed(before.locale)
        await tell(before, done, context.now)
        await tell(after, done, context.now, [_channel(waiting.point)])
        await sessions.record(context, viewer.session, f"{waiting.point}_CHANGED")
    context.wake_outbox()
    return after


async def _send_code(context: Context, customer: models.Customer, waiting: Confirmation, code: str) -> None:
    minutes = int(sms_codes.LIFE.total_seconds() // 60)
    letter = letters.confirmation_code(customer.locale, code, waiting.reference, minutes)
    channel = _channel(waiting.point)
    delivery = Delivery.queue(
        customer.id,
        channel,
        waiting.target,
        letter.body,
        context.now,
        subject=letter.subject,
        useless_at=waiting.expires_at,
    )
    await delivery.save()


def _changing(customer: models.Customer, waiting: Confirmation) -> Letter:
    if waiting.point is ContactPoint.PHONE:
        return letters.phone_changing(customer.locale, masked(waiting))
    return letters.email_changing(customer.locale, masked(waiting))


def masked(waiting: Confirmation) -> str:
    """What may be shown of the number or address a change is about."""
    if waiting.point is ContactPoint.PHONE:
        return privacy.mask_phone(waiting.target)
    return privacy.mask_email(waiting.target)


def _channel(point: ContactPoint) -> Channel:
    return Channel.SMS if point is ContactPoint.PHONE else Channel.EMAIL
