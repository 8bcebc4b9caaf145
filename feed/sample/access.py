"""How the sample's customers stand with the portal: what no lender's feed can carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from tortoise.models import Model
from tortoise.transactions import in_transaction

from domain import sms_codes
from domain.attempts import FAILURES_MAX, Notice, account, lock_after, notice_of
from domain.audit import AuditKind
from feed.sample import numbers
from feed.sample.cast import Access
from feed.sample.customers import SampleCustomer
from gateways import Gateways
from models import (
    AccessFlow,
    AccessPurpose,
    AccessStage,
    AttemptTally,
    AuditEvent,
    Confirmation,
    ContactPoint,
    Credential,
    Customer,
    Device,
    Session,
)

VISITS_MAX, VISITED_DAYS = 6, 40
VISIT = timedelta(minutes=7)
BROWSERS = ("Firefox, Windows", "Chrome, Windows", "Safari, Mac OS X", "Mobile Safari, iOS")
THREE_ROUNDS = 15  # of five wrong codes: locked for the longest time
FLOW_LIFE = timedelta(minutes=15)


@dataclass(slots=True)
class Standings:
    """The rows to write, in one transaction."""

    gateways: Gateways
    now: datetime
    rows: dict[type[Model], list[Model]] = field(default_factory=dict)
    events: dict[int, list[AuditEvent]] = field(default_factory=dict)  # by customer, as are the browsers
    browsers: dict[int, str] = field(default_factory=dict)
    connected: list[int] = field(default_factory=list)

    def add(self, customer: SampleCustomer, customer_id: int, digest: str | None) -> None:
        """Give one customer the standing of the role."""
        chance = Random(f"access of {customer.row.customer}")
        self.browsers[customer_id] = Random(f"browser of {customer.row.customer}").choice(BROWSERS)
        if digest is not None:
            self._choose_code(customer, customer_id, digest, chance)
        match customer.role.access:
            case Access.SEEN_RECENTLY:
                self._visit(customer_id, chance)
            case Access.LOCKED_OUT:
                self._lock(customer_id, FAILURES_MAX)
            case Access.LOCKED:
                self._lock(customer_id, THREE_ROUNDS)
            case Access.PROVISIONAL:
                self._recover(customer_id)
            case Access.PHONE_CHANGING:
                self._change_phone(customer_id, chance)
            case Access.CODE_CHOSEN | Access.NEVER_CONNECTED:
                pass

    async def save(self) -> None:
        """Write all of it, or nothing."""
        async with in_transaction():
            await Customer.filter(id__in=self.connected).update(phone_verified_at=self.now)
            for table, rows in self.rows.items():
                await table.bulk_create(rows)
            for customer_id, events in self.events.items():
                await AuditEvent.append(customer_id, events, self.gateways.vault.seal)

    def _keep(self, *rows: Model) -> None:
        for row in rows:
            self.rows.setdefault(type(row), []).append(row)

    def _happened(
        self,
        customer_id: int,
        kind: AuditKind,
        at: datetime,
        session: Session | None = None,
        **details: object,
    ) -> None:
        event = AuditEvent(
            customer_id=customer_id,
            kind=kind,
            at=at,
            session_id=None if session is None else session.id,
            label="" if kind is AuditKind.ACCESS_LOCKED else self.browsers[customer_id],
            details=details,
        )
        self.events.setdefault(customer_id, []).append(event)

    def _choose_code(self, customer: SampleCustomer, customer_id: int, digest: str, chance: Random) -> None:
        """After the first signature, and before any visit."""
        signed_on = min(history.contract.signed_on for history in customer.histories)
        age = (self.now.date() - signed_on).days
        at = self.now - timedelta(days=chance.randint(min(VISITED_DAYS + 1, age), age))
        self.connected.append(customer_id)
        self._keep(Credential(customer_id=customer_id, code_digest=digest, chosen_at=at))
        self._happened(customer_id, AuditKind.CODE_CHOSEN, at, purpose=AccessPurpose.FIRST_CONNECTION)

    def _visit(self, customer_id: int, chance: Random) -> None:
        """Some visits of the last weeks on one device, each a session that was signed out of."""
        minutes = [
            chance.randrange(60, VISITED_DAYS * 24 * 60) for _ in range(chance.randrange(2, VISITS_MAX))
        ]
        visits = [self.now - timedelta(minutes=ago) for ago in sorted(minutes, reverse=True)]
        device = Device(
            customer_id=customer_id,
            token_digest=self._unknown_token(),
            label=self.browsers[customer_id],
            created_at=visits[0],
            strong_at=visits[0],
            seen_at=visits[-1],
        )
        self._keep(device)
        for at in visits:
            session = Session(
                customer_id=customer_id,
                token_digest=self._unknown_token(),
                device_id=device.id,
                label=device.label,
                strong_at=device.strong_at,
                code_at=at,
                created_at=at,
                seen_at=at + VISIT,
                expires_at=at + timedelta(seconds=self.gateways.settings.session_seconds_max),
                closed_at=at + VISIT,
            )
            self._keep(session)
            mistyped = int(chance.randrange(8) == 0)
            given = {"purpose": AccessPurpose.SIGN_IN, "wrong_codes_before": mistyped}
            self._happened(customer_id, AuditKind.SIGNED_IN, at, session, **given)
            if at == visits[0]:
                self._happened(customer_id, AuditKind.DEVICE_TRUSTED, at, session)
            self._happened(customer_id, AuditKind.SIGNED_OUT, at + VISIT, session, sessions_closed=1)

    def _lock(self, customer_id: int, failures: int) -> None:
        wait = lock_after(failures)
        locked_until = None if wait is None or failures >= FAILURES_MAX else self.now + wait
        tally = AttemptTally(
            subject_key=self._subject_key(customer_id),
            customer_id=customer_id,
            failures=failures,
            warned_failures=failures,  # so that nobody is written to of an invented lock
            locked_until=locked_until,
            updated_at=self.now,
        )
        self._keep(tally)
        notice = notice_of(failures, locked_until, self.now) or Notice.LOCKED
        self._happened(customer_id, AuditKind.ACCESS_LOCKED, self.now, notice=notice.name)

    def _recover(self, customer_id: int) -> None:
        """The code sent by SMS was right, and the new secret code is still to be chosen."""
        flow = AccessFlow(
            token_digest=self._unknown_token(),
            purpose=AccessPurpose.FORGOTTEN_CODE,
            stage=AccessStage.NEW_CODE,
            subject_key=self._subject_key(customer_id),
            customer_id=customer_id,
            created_at=self.now,
            expires_at=self.now + FLOW_LIFE,
        )
        self._keep(flow)

    def _change_phone(self, customer_id: int, chance: Random) -> None:
        waiting = Confirmation(
            customer_id=customer_id,
            point=ContactPoint.PHONE,
            target=numbers.phone(numbers.MOBILE_STARTS["FR"], chance),
            code_digest="",
            reference=sms_codes.new_reference(chance),
            created_at=self.now,
            expires_at=self.now + sms_codes.LIFE,
        )
        code = sms_codes.new_code(self.gateways.random)
        waiting.code_digest = self.gateways.vault.sms_digest(str(waiting.id), code).hex()
        self._keep(waiting)
        self._happened(customer_id, AuditKind.PHONE_CHANGE_REQUESTED, self.now)

    def _unknown_token(self) -> str:
        vault = self.gateways.vault
        return vault.token_digest(vault.token()).hex()

    def _subject_key(self, customer_id: int) -> str:
        """The key under which the access machine counts this customer's wrong codes."""
        return self.gateways.vault.keyed("subject", account(customer_id)).hex()
