"""The format of the feed, as data: the README's tables, the checks and the SQL are made from it.

A directory holds UTF-8 CSV files (RFC 4180: commas, double quotes, a header line), one per entity, each plain
or compressed (`customers.csv` or `customers.csv.gz`). A header names every column once, in any order. An
empty cell means that there is none.
"""

from __future__ import annotations

import models
from domain import addresses
from feed.columns import Column, Derived, Entity, Parent
from feed.kinds import (
    AccountNumber,
    Amount,
    Choice,
    Code,
    Count,
    Country,
    Currency,
    Day,
    EmailAddress,
    FileNumber,
    Iban,
    Label,
    PhoneNumber,
    Rate,
    Text,
)

SMALL_MAX = 32_767  # a SMALLINT
INT_MAX = 2_147_483_647  # an INTEGER

CUSTOMER = Column("customer", Label(40), "The lender's number of the customer", required=True)
CONTRACT = Column("contract", FileNumber(), "The file number of the contract", required=True)

AMOUNT, NOT_NEGATIVE = Amount(), Amount(cents_min=0)


def _cents(
    name: str, meaning: str, kind: Amount = AMOUNT, *, required: bool = False, default: str | None = None
) -> Column:
    return Column(name, kind, meaning, required=required, default=default, to=f"{name}_cents")


CUSTOMERS = Entity(
    "customers",
    models.Customer,
    "People with at least one contract",
    "customer",
    (
        Column("customer", CUSTOMER.kind, CUSTOMER.meaning, required=True, to="reference"),
        Column("title", Choice(models.Title), "Madame or Monsieur", to="title"),
        Column("first_names", Text(120), "All first names", required=True, to="first_names", personal=True),
        Column("last_name", Text(120), "Last name", required=True, to="last_name", personal=True),
        Column("birth_date", Day(), "Day of birth", to="birth_date", personal=True),
        Column("email", EmailAddress(), "E-mail address", to="email", personal=True, edited_as="email"),
        Column(
            "phone",
            PhoneNumber(),
            "Phone, a mobile to receive codes",
            to="phone",
            personal=True,
            edited_as="phone",
        ),
        *(
            Column(
                f"address_line_{n}",
                Text(addresses.LINE_LENGTH_MAX),
                f"Postal address, line {n}",
                personal=True,
                edited_as="address",
            )
            for n in (1, 2, 3, 4)
        ),
        Column(
            "postal_code",
            Text(addresses.POSTAL_CODE_LENGTH_MAX),
            "Postal code",
            to="postal_code",
            personal=True,
            edited_as="address",
        ),
        Column(
            "city", Text(addresses.LINE_LENGTH_MAX), "City", to="city", personal=True, edited_as="address"
        ),
        Column("country_code", Country(), "Country", to="country_code", personal=True, edited_as="address"),
        Column("locale", Choice(models.Locale), "Language", default="FR_FR", to="locale", edited_as="locale"),
    ),
    derived=(
        Derived("address_lines", "json", edited_as="address"),
        Derived("fed_digest", "text"),
    ),
)

CONTRACTS = Entity(
    "contracts",
    models.Contract,
    "Credit agreements",
    "contract",
    (
        CUSTOMER,
        Column("contract", FileNumber(), CONTRACT.meaning, required=True, to="file_number"),
        Column(
            "account_number",
            AccountNumber(),
            "Number of a revolving credit or card account",
            to="account_number",
        ),
        Column("kind", Choice(models.ContractKind), "Product", required=True, to="kind"),
        Column("status", Choice(models.ContractStatus), "State", required=True, to="status"),
        Column("label", Label(80), "Commercial name", required=True, to="label"),
        Column(
            "currency", Currency(), "Currency of every amount of the contract", required=True, to="currency"
        ),
        Column("signed_on", Day(), "Day of signature", required=True, to="signed_on"),
        Column("closed_on", Day(), "Day it ended, if it did", to="closed_on"),
        Column("ends_on", Day(), "Day of a loan's last instalment", to="ends_on"),
        Column("borrowing_rate", Rate(), "Borrowing rate", to="borrowing_rate_yearly"),
        Column("apr", Rate(), "Annual percentage rate of charge (TAEG)", to="apr_yearly"),
        _cents("credit_limit", "Limit of a revolving credit or card account", NOT_NEGATIVE),
        _cents("principal", "Amount lent, for loans", Amount(cents_min=1)),
        _cents("outstanding", "Principal still to be repaid", required=True),
        _cents("overdue", "Sum of the instalments missed", NOT_NEGATIVE, default="0"),
        Column("months", Count(1, 1200), "Agreed duration of a loan in months", to="months"),
        _cents("instalment", "Agreed monthly instalment", NOT_NEGATIVE),
        Column("debit_day", Count(1, 31), "Day of the month the instalment is collected", to="debit_day"),
        Column("iban", Iban(), "Account it is collected from", to="iban", personal=True),
        Column("insurance_label", Label(80), "Name of the payment insurance", to="insurance_label"),
        _cents("insurance_monthly", "Cost of the insurance for a month", NOT_NEGATIVE),
        Column(
            "statement_delivery",
            Choice(models.StatementDelivery),
            "How statements reach the customer",
            default="PAPER",
            to="statement_delivery",
            edited_as="statement_delivery",
        ),
    ),
    derived=(Derived("regime", "text"), Derived("fed_digest", "text")),
)

CARDS = Entity(
    "cards",
    models.Card,
    "Cards of revolving credits and card accounts",
    "number",
    (
        CUSTOMER,
        CONTRACT,
        Column("number", AccountNumber(), "Number of the card", required=True, to="number"),
        Column("expires_on", Day(), "Last day of validity", required=True, to="expires_on"),
        Column("status", Choice(models.CardStatus), "State", required=True, to="status"),
    ),
    parents=(Parent("contract", "contracts", "contract_id"),),
)

INSTALMENTS = Entity(
    "instalments",
    models.Instalment,
    "Instalments of contracts: paid, missed and to come",
    "number",
    (
        CUSTOMER,
        CONTRACT,
        Column("number", Count(1, SMALL_MAX), "Position in the schedule, from 1", required=True, to="number"),
        Column("due_on", Day(), "Day it falls due", required=True, to="due_on"),
        Column("status", Choice(models.InstalmentStatus), "State", required=True, to="status"),
        Column("paid_on", Day(), "Day it was paid, if it was", to="paid_on"),
        _cents("principal", "Part that repays principal", required=True),
        _cents("interest", "Part that is interest", required=True),
        _cents("insurance", "Part that is insurance", default="0"),
        _cents("fees", "Part that is fees", default="0"),
        _cents("outstanding_after", "Principal left once it is paid", NOT_NEGATIVE, required=True),
    ),
    parents=(Parent("contract", "contracts", "contract_id"),),
    derived=(Derived("payment_cents", "whole"),),
)

STATEMENTS = Entity(
    "statements",
    models.Statement,
    "Periodic statements of contracts",
    "number",
    (
        CUSTOMER,
        CONTRACT,
        Column(
            "number", Count(1, INT_MAX), "Position within the contract, from 1", required=True, to="number"
        ),
        Column("opened_on", Day(), "First day of the period", required=True, to="opened_on"),
        Column("closed_on", Day(), "Last day of the period", required=True, to="closed_on"),
        Column("payment_on", Day(), "Day the instalment is collected, after the period", to="payment_on"),
        _cents("opening_balance", "Balance on the first day", required=True),
        _cents("closing_balance", "Balance on the last day", required=True),
        _cents("credit_limit", "Credit limit on the last day"),
        _cents("available", "Part of the limit that can still be drawn", NOT_NEGATIVE),
        _cents("instalment", "Instalment asked for"),
        _cents("instalment_interest", "Part of the instalment that is interest"),
        _cents("insurance", "Cost of the insurance"),
        _cents("total_due", "Instalment and what is overdue, together"),
        Column("apr", Rate(), "Annual percentage rate of charge on the last day", to="apr_yearly"),
    ),
    parents=(Parent("contract", "contracts", "contract_id"),),
)

OPERATIONS = Entity(
    "operations",
    models.Operation,
    "What moved on contracts; a positive amount raises what the customer owes",
    "operation",
    (
        CUSTOMER,
        CONTRACT,
        Column(
            "operation",
            Text(40),
            "The lender's number of the operation, within the contract",
            required=True,
            to="reference",
        ),
        Column("statement", Count(1, INT_MAX), "Number of the statement of the same contract that lists it"),
        Column("card", AccountNumber(), "Number of the card of the same contract that made it"),
        Column("kind", Choice(models.OperationKind), "What it is", required=True, to="kind"),
        Column("status", Choice(models.OperationStatus), "State", required=True, to="status"),
        Column("occurred_on", Day(), "Day it happened", required=True, to="occurred_on"),
        Column("booked_on", Day(), "Day it was booked; empty while pending", to="booked_on"),
        Column("label", Label(140), "Words that name it", required=True, to="label"),
        Column("merchant", Label(80), "Merchant", to="merchant"),
        Column("category", Code(24), "Category, such as GROCERIES", to="category"),
        _cents("amount", "Signed amount", required=True),
        _cents("principal", "Part that is principal"),
        _cents("interest", "Part that is interest"),
        _cents("insurance", "Part that is insurance"),
        _cents("fees", "Part that is fees"),
    ),
    parents=(
        Parent("contract", "contracts", "contract_id"),
        Parent("statement", "statements", "statement_id"),
        Parent("card", "cards", "card_id"),
    ),
    derived=(Derived("search_text", "text"),),
)

ENTITIES = (CUSTOMERS, CONTRACTS, CARDS, INSTALMENTS, STATEMENTS, OPERATIONS)
BY_NAME = {entity.name: entity for entity in ENTITIES}


def as_markdown() -> str:
    """The tables of the README."""
    return "\n".join(line for entity in ENTITIES for line in _table(entity))


def _table(entity: Entity) -> list[str]:
    rows = [f"| `{c.name}` | {c.meaning} | {c.kind.words}{_emptiness(c)} |" for c in entity.columns]
    return [
        f"**`{entity.file}`** {entity.meaning}",
        "",
        "| column | meaning | cells |",
        "|---|---|---|",
        *rows,
        "",
    ]


def _emptiness(column: Column) -> str:
    if column.required:
        return "; required"
    return f"; empty is {column.default}" if column.default else ""
