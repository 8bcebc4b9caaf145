"""Sessions in which the customer is known as surely as a test needs."""

from __future__ import annotations

from datetime import timedelta

from domain.assurance import Assurance
from gateways import Gateways
from models import Customer, Session
from resolvers import sessions
from resolvers.context import Context
from tests import cast
from tests.cast import BROWSER

BEGUN = timedelta(minutes=20)  # that long ago, and busy since
STRONG_AGO = {
    Assurance.PROVISIONAL: None,
    Assurance.CODE_ONLY: timedelta(days=180),
    Assurance.STRONG: timedelta(days=1),
    Assurance.STRONG_IN_SESSION: timedelta(minutes=5),
    Assurance.STRONG_RECENT: timedelta(0),
}
SIGNED_IN = [known for known in Assurance if known is not Assurance.PROVISIONAL]


async def token_at(gateways: Gateways, owner: Customer, known: Assurance) -> str:
    """The cookie of a new session of this assurance, on the browser that the customer trusts."""
    now, ago = gateways.clock(), STRONG_AGO[known]
    opened = await sessions.open_session(
        gateways,
        owner.id,
        strong_at=None if ago is None else now - ago,
        sms_at=now - ago if ago is not None and known.suffices(Assurance.STRONG_IN_SESSION) else None,
        code_at=None,
        device_id=(await cast.device(gateways, owner)).id,
        provisional=known is Assurance.PROVISIONAL,
    )
    await Session.owned_by(owner.id).filter(id=opened.row.id).update(created_at=now - BEGUN)
    return opened.cookie.token


async def signed_in_at(gateways: Gateways, owner: Customer, known: Assurance) -> Context:
    """The context of an operation in such a session."""
    token = await token_at(gateways, owner, known)
    return Context(gateways=gateways, address="192.0.2.1", session_token=token, device_token=BROWSER)
