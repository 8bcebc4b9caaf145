"""Messages to the phone and the e-mail address that are on file, in the transaction of what they tell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gateways.letters import Letter
from models import Channel, Customer, Delivery


async def tell(customer: Customer, letter: Letter, now: datetime, by: Iterable[Channel] = Channel) -> None:
    """Queue a letter to a customer by each of these channels that leads somewhere."""
    addresses = {Channel.SMS: customer.phone, Channel.EMAIL: customer.email}
    for channel in by:
        if address := addresses[channel]:
            await Delivery.queue(
                customer.id, channel, address, letter.body, now, subject=letter.subject
            ).save()
