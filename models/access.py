"""Getting in: the flow a person walks, the keypads shown, the tries counted."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.expressions import F
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model
from tortoise.transactions import in_transaction

from domain import attempts
from domain.access import AccessPurpose as AccessPurpose
from domain.access import AccessStage as AccessStage
from domain.attempts import Counted, Locked
from models.ids import new_id


class AccessFlow(Model):
    """One walk to a session, or to a surer one. Unknown identifiers have a flow too, with no customer."""

    id = fields.BigIntField(primary_key=True, generated=False, default=new_id)
    token_digest = fields.CharField(64, unique=True)
    purpose = fields.CharEnumField(AccessPurpose, max_length=20)
    stage = fields.CharEnumField(AccessStage, max_length=12)
    subject_key = fields.CharField(
        64, description="Keyed digest of the customer, or of an unknown identifier"
    )
    customer_id = fields.BigIntField(null=True)
    device_digest = fields.CharField(64, default="", description="Digest of the cookie it was begun with")
    device_id = fields.BigIntField(null=True, description="The customer's trusted device it was begun on")
    session_id = fields.BigIntField(null=True, description="The session it makes surer, or its own one")
    wary = fields.BooleanField(default=False, description="Begun under attack: the phone comes first")
    accessible = fields.BooleanField(default=False, description="Keypads carry labels")
    tries = fields.SmallIntField(default=0, description="Answers given, of any kind")
    code_at = fields.DatetimeField(null=True, description="When the secret code was right")
    sms_at = fields.DatetimeField(null=True, description="When a code sent by SMS was right")
    sms_address = fields.CharField(16, null=True, description="Where codes go, null when none leaves")
    sms_digest = fields.CharField(64, null=True)
    sms_reference = fields.CharField(4, null=True)
    sms_expires_at = fields.DatetimeField(null=True)
    sms_length = fields.SmallIntField(default=6, description="Digits of the code sent")
    sms_tries = fields.SmallIntField(default=0)
    sms_count = fields.SmallIntField(default=0)
    sms_resend_at = fields.DatetimeField(null=True)
    trusting = fields.BooleanField(default=True, description="The device is to be trusted in the end")
    wrong_codes = fields.IntField(default=0, description="Wrong codes before the right one, to be told")
    phone_tries = fields.SmallIntField(default=0)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "access_flow"
        indexes = (("expires_at",), ("customer_id", "expires_at"))
        constraints = (
            CheckConstraint(check="expires_at > created_at", name="access_flow_has_a_life"),
            CheckConstraint(check="tries >= 0", name="access_flow_tries_not_negative"),
        )

    @classmethod
    async def close_all(cls, customer_id: int, now: datetime) -> None:
        """End every open walk of a customer."""
        hers = cls.filter(customer_id=customer_id, expires_at__gt=now)
        await hers.exclude(stage=AccessStage.DONE).update(stage=AccessStage.CLOSED)


class SmsOrder(Model):
    """An SMS that a step asked for. It becomes a delivery after the answer, or nothing where none leaves.

    Both are written alike and at once, so that the time of the answer does not tell which it is.
    """

    id = fields.BigIntField(primary_key=True, generated=False, default=new_id)
    customer_id = fields.BigIntField(null=True)
    address = fields.CharField(16, null=True, description="E.164, null where none leaves")
    body = fields.CharField(320)
    useless_at = fields.DatetimeField()

    class Meta:
        table = "sms_order"


class Keypad(Model):
    """Ten shuffled keys shown once. The layout tells which digit lies at each position."""

    id = fields.BigIntField(primary_key=True, generated=False, default=new_id)
    token_digest = fields.CharField(64, unique=True)
    flow: fields.ForeignKeyRelation[AccessFlow] = fields.ForeignKeyField(
        "models.AccessFlow", "keypads", on_delete=fields.CASCADE
    )
    flow_id: int
    layout = fields.CharField(10)
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "keypad"
        indexes = (("flow_id",),)
        constraints = (CheckConstraint(check="length(layout) = 10", name="keypad_ten_keys"),)

    @classmethod
    async def keep_latest(cls, flow_id: int, count: int) -> None:
        """Remove a flow's keypads but the latest ones."""
        latest = await cls.filter(flow_id=flow_id).order_by("-id").limit(count).values_list("id", flat=True)
        await cls.filter(flow_id=flow_id).exclude(id__in=list(latest)).delete()

    async def use(self, now: datetime) -> bool:
        """True for the one caller who uses it first, and in time."""
        return await Keypad.filter(id=self.id, used_at=None, expires_at__gt=now).update(used_at=now) == 1


class AttemptTally(Model):
    """Consecutive failures of one subject: a customer, one of her devices, or an identifier nobody has."""

    subject_key = fields.CharField(64, primary_key=True, generated=False)
    customer_id = fields.BigIntField(null=True)
    failures = fields.IntField(default=0)
    locked_until = fields.DatetimeField(null=True)
    warned_failures = fields.IntField(default=0, description="Failures the customer was last warned of")
    updated_at = fields.DatetimeField()

    class Meta:
        table = "attempt_tally"
        indexes = (("updated_at",), ("customer_id",))
        constraints = (CheckConstraint(check="failures >= 0", name="attempt_tally_not_negative"),)

    @classmethod
    async def count_try(cls, subject_key: str, customer_id: int | None, now: datetime) -> Counted | Locked:
        """Take one try and commit it, before the code is looked at: parallel tries each take their own."""
        async with in_transaction():
            fresh = cls(subject_key=subject_key, customer_id=customer_id, updated_at=now)
            # A row that is there is locked by writing its key over itself: housekeeping cannot remove it now.
            await cls.bulk_create([fresh], on_conflict=["subject_key"], update_fields=["subject_key"])
            tally = await cls.select_for_update().get(subject_key=subject_key)
            counted = attempts.count_try(tally.failures, tally.locked_until, now)
            if isinstance(counted, Counted):
                await cls.filter(subject_key=subject_key).update(
                    failures=counted.failures, locked_until=counted.locked_until, updated_at=now
                )
        return counted

    @classmethod
    async def add_failure(cls, subject_key: str, now: datetime) -> None:
        """Count a failure that locks nothing."""
        await cls.bulk_create([cls(subject_key=subject_key, updated_at=now)], ignore_conflicts=True)
        await cls.filter(subject_key=subject_key).update(failures=F("failures") + 1, updated_at=now)

    @classmethod
    async def failures_of(cls, subject_key: str) -> int:
        """How often in a row it failed."""
        found = await cls.get_or_none(subject_key=subject_key)
        return 0 if found is None else found.failures

    @classmethod
    async def take_back(cls, subject_key: str, failures: int) -> None:
        """Forget some of the failures: whoever made them turned out to be the customer."""
        of_subject = cls.filter(subject_key=subject_key)
        await of_subject.filter(failures__lt=failures).update(failures=0, warned_failures=0)
        await of_subject.filter(failures__gte=failures).update(failures=F("failures") - failures)
        await of_subject.filter(warned_failures__gt=F("failures")).update(warned_failures=F("failures"))

    @classmethod
    async def clear(cls, subject_key: str) -> None:
        """Forget the failures. The row stays: another try may be about to lock it."""
        await cls.filter(subject_key=subject_key).update(failures=0, locked_until=None, warned_failures=0)

    @classmethod
    async def clear_all(cls, customer_id: int) -> None:
        """Forget the failures of a customer on every device."""
        hers = cls.filter(customer_id=customer_id)
        await hers.update(failures=0, locked_until=None, warned_failures=0)
