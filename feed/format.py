"""The format of the feed, as data: the README's tables, the checks and the SQL are made from it.

A directory holds UTF-8 CSV files (RFC 4180: commas, double quotes, a header line), one per entity, each plain
or compressed (`customers.csv` or `customers.csv.gz`). A header names every column once, in any order. An
empty cell means that there is none.
"""

from __future__ import annotations

from dataclasses import replace

import models
from domain import addresses
from feed.columns import Column, Derived, Entity, Parent
from feed.identities import AccountNumber, Country, EmailAddress, FileNumber, Iban, PhoneNumber
from feed.kinds import Amount, Choice, Code, Count, Currency, Day, Kind, Label, Rate, Text

SMALL_MAX = 32_767  # a SMALLINT
INT_MAX = 2_147_483_647  # an INTEGER

AMOUNT, NOT_NEGATIVE, ABOVE_ZERO = Amount(), Amount(cents_min=0), Amount(cents_min=1)


def _must(name: str, kind: Kind, meaning: str, to: str | None = "") -> Column:
    return Column(name, kind, meaning, required=True, to=to)


def _cents(name: str, meaning: str, kind: Amount = AMOUNT, default: str | None = None) -> Column:
    return Column(name, kind, meaning, default=default, to=f"{name}_cents")


def _must_cents(name: str, meaning: str, kind: Amount = AMOUNT) -> Column:
    return Column(name, kind, meaning, required=True, to=f"{name}_cents")


def _personal(
    name: str, kind: Kind, meaning: str, edited_as: str | None = None, to: str | None = ""
) -> Column:
    return Column(name, kind, meaning, personal=True, edited_as=edited_as, to=to)


CUSTOMER = _must("customer", Label(40), "The lender's number of the customer", to=None)
CONTRACT = _must("contract", FileNumber(), "The file number of the contract", to=None)

ADDRESS_LINE = Text(addresses.LINE_LENGTH_MAX)

CUSTOMERS = Entity(
    "customers",
    models.Customer,
    "People with at least one contract",
    "customer",
    (
        replace(CUSTOMER, to="reference"),
        Column("title", Choice(models.Title), "Madame or Monsieur"),
        Column("first_names", Text(120), "All first names", required=True, personal=True),
        Column("last_name", Text(120), "Last name", required=True, personal=True),
        _personal("birth_date", Day(), "Day of birth"),
        _personal("email", EmailAddress(), "E-mail address", "email"),
        _personal("phone", PhoneNumber(), "Phone, a mobile to receive codes", "phone"),
        _personal("address_line_1", ADDRESS_LINE, "Postal address, line 1", "address", to=None),
        _personal("address_line_2", ADDRESS_LINE, "Postal address, line 2", "address", to=None),
        _personal("address_line_3", ADDRESS_LINE, "Postal address, line 3", "address", to=None),
        _personal("address_line_4", ADDRESS_LINE, "Postal address, line 4", "address", to=None),
        _personal("postal_code", Text(addresses.POSTAL_CODE_LENGTH_MAX), "Postal code", "address"),
        _personal("city", ADDRESS_LINE, "City", "address"),
        _personal("country_code", Country(), "Country", "address"),
        Column("locale", Choice(models.Locale), "Language", default="FR_FR", edited_as="locale"),
    ),
    derived=(Derived("address_lines", "json", edited_as="address"), Derived("fed_digest", "text")),
)

CONTRACTS = Entity(
    "contracts",
    models.Contract,
    "Credit agreements",
    "contract",
    (
        CUSTOMER,
        replace(CONTRACT, to="file_number"),
        Column("account_number", AccountNumber(), "Number of a revolving credit or card account"),
        _must("kind", Choice(models.ContractKind), "Product"),
        _must("status", Choice(models.ContractStatus), "State"),
        _must("label", Label(80), "Commercial name"),
        _must("currency", Currency(), "Currency of every amount of the contract"),
        _must("signed_on", Day(), "Day of signature"),
        Column("closed_on", Day(), "Day it ended, if it did"),
        Column("ends_on", Day(), "Day of a loan's last instalment"),
        Column("borrowing_rate", Rate(), "Borrowing rate", to="borrowing_rate_yearly"),
        Column("apr", Rate(), "Annual percentage rate of charge (TAEG)", to="apr_yearly"),
        _cents("credit_limit", "Limit of a revolving credit or card account", NOT_NEGATIVE),
        _cents("principal", "Amount lent, for loans", ABOVE_ZERO),
        _must_cents("outstanding", "Principal still to be repaid"),
        _cents("overdue", "Sum of the instalments missed", NOT_NEGATIVE, default="0"),
        Column("months", Count(1, 1200), "Agreed duration of a loan in months"),
        _cents("instalment", "Agreed monthly instalment", NOT_NEGATIVE),
        Column("debit_day", Count(1, 31), "Day of the month the instalment is collected"),
        _personal("iban", Iban(), "Account it is collected from"),
        Column("insurance_label", Label(80), "Name of the payment insurance"),
        _cents("insurance_monthly", "Cost of the insurance for a month", NOT_NEGATIVE),
        Column(
            "statement_delivery",
            Choice(models.StatementDelivery),
            "How statements reach the customer",
            default="PAPER",
            edited_as="statement_delivery",
        ),
    ),
    derived=(Derived("regime", "text"), Derived("fed_digest", "text")),
)

OF_CONTRACT = Parent("contract", "contracts", "contract_id")

CARDS = Entity(
    "cards",
    models.Card,
    "Cards of revolving credits and card accounts",
    "number",
    (
        CUSTOMER,
        CONTRACT,
        _must("number", AccountNumber(), "Number of the card"),
        _must("expires_on", Day(), "Last day of validity"),
        _must("status", Choice(models.CardStatus), "State"),
    ),
    parents=(OF_CONTRACT,),
)

INSTALMENTS = Entity(
    "instalments",
    models.Instalment,
    "Instalments of contracts: paid, missed and to come",
    "number",
    (
        CUSTOMER,
        CONTRACT,
        _must("number", Count(1, SMALL_MAX), "Position in the schedule, from 1"),
        _must("due_on", Day(), "Day it falls due"),
        _must("status", Choice(models.InstalmentStatus), "State"),
        Column("paid_on", Day(), "Day it was paid, if it was"),
        _must_cents("principal", "Part that repays principal"),
        _must_cents("interest", "Part that is interest"),
        _cents("insurance", "Part that is insurance", default="0"),
        _cents("fees", "Part that is fees", default="0"),
        _must_cents("outstanding_after", "Principal left once it is paid", NOT_NEGATIVE),
    ),
    parents=(OF_CONTRACT,),
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
        _must("number", Count(1, INT_MAX), "Position within the contract, from 1"),
        _must("opened_on", Day(), "First day of the period"),
        _must("closed_on", Day(), "Last day of the period"),
        Column("payment_on", Day(), "Day the instalment is collected, after the period"),
        _must_cents("opening_balance", "Balance on the first day"),
        _must_cents("closing_balance", "Balance on the last day"),
        _cents("credit_limit", "Credit limit on the last day"),
        _cents("available", "Part of the limit that can still be drawn", NOT_NEGATIVE),
        _cents("instalment", "Instalment asked for"),
        _cents("instalment_interest", "Part of the instalment that is interest"),
        _cents("insurance", "Cost of the insurance"),
        _cents("total_due", "Instalment and what is overdue, together"),
        Column("apr", Rate(), "Annual percentage rate of charge on the last day", to="apr_yearly"),
    ),
    parents=(OF_CONTRACT,),
)

OPERATIONS = Entity(
    "operations",
    models.Operation,
    "What moved on contracts; a positive amount raises what the customer owes",
    "operation",
    (
        CUSTOMER,
        CONTRACT,
        _must("operation", Text(40), "The lender's number of it, within the contract", to="reference"),
        Column("statement", Count(1, INT_MAX), "Number of the contract's statement that lists it", to=None),
        Column("card", AccountNumber(), "Number of the contract's card that made it", to=None),
        _must("kind", Choice(models.OperationKind), "What it is"),
        _must("status", Choice(models.OperationStatus), "State"),
        _must("occurred_on", Day(), "Day it happened"),
        Column("booked_on", Day(), "Day it was booked; empty while pending"),
        _must("label", Label(140), "Words that name it"),
        Column("merchant", Label(80), "Merchant"),
        Column("category", Code(24), "Category, such as GROCERIES"),
        _must_cents("amount", "Signed amount"),
        _cents("principal", "Part that is principal"),
        _cents("interest", "Part that is interest"),
        _cents("insurance", "Part that is insurance"),
        _cents("fees", "Part that is fees"),
    ),
    parents=(
        OF_CONTRACT,
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
