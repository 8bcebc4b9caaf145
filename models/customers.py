"""The customer, and the numbers by which one is found."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Self

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.ids import new_id
from models.owned import check_owner


class Title(StrEnum):
    MS = "MS"
    MR = "MR"


class Locale(StrEnum):
    FR_FR = "FR_FR"
    EN_GB = "EN_GB"


class Customer(Model):
    """A person with at least one contract."""

    owner: ClassVar[str] = "id"  # the column that says whose the row is

    id = fields.BigIntField(primary_key=True, generated=False, default=new_id)
    reference = fields.CharField(40, description="The lender's own number of the customer")
    title = fields.CharEnumField(Title, null=True, max_length=8)
    first_names = fields.CharField(120)
    last_name = fields.CharField(120)
    birth_date = fields.DateField(null=True)
    email = fields.CharField(254, null=True)
    email_verified_at = fields.DatetimeField(null=True)
    phone = fields.CharField(16, null=True, description="E.164")
    phone_verified_at = fields.DatetimeField(null=True)
    phone_changed_at = fields.DatetimeField(null=True, description="When it took the place of another")
    former_phone = fields.CharField(16, null=True, description="The one before, in E.164")
    address_lines = fields.JSONField[list[str]](default=list)
    postal_code = fields.CharField(12, null=True)
    city = fields.CharField(80, null=True)
    country_code = fields.CharField(2, null=True, description="ISO 3166-1 alpha-2")
    locale = fields.CharEnumField(Locale, default=Locale.FR_FR, max_length=8)
    version = fields.IntField(default=1, description="Raised by each change the customer makes")
    created_at = fields.DatetimeField()
    fed_digest = fields.CharField(32, null=True, description="Digest of the last feed row, to tell a change")

    class Meta:
        table = "customer"
        constraints = (
            CheckConstraint(check="version >= 1", name="customer_version_positive"),
            CheckConstraint(check="phone IS NULL OR phone LIKE '+%'", name="customer_phone_international"),
        )

    @classmethod
    def _init_from_db(cls, **columns: Any) -> Self:
        check_owner(cls, columns.get("id"))
        return super()._init_from_db(**columns)


class CustomerReference(Model):
    """Lookup: the lender's number of a customer. Unique over all customers, so kept apart from them."""

    reference = fields.CharField(40, primary_key=True, generated=False)
    customer_id = fields.BigIntField()

    class Meta:
        table = "customer_reference"


class Identifier(Model):
    """Lookup: what a customer types to sign in. Unique over all customers, so kept apart from them."""

    number = fields.CharField(
        24, primary_key=True, generated=False, description="17 digits, or a file number"
    )
    customer_id = fields.BigIntField()
    contract_id = fields.BigIntField()

    class Meta:
        table = "identifier"
        indexes = (("customer_id", "contract_id"),)
