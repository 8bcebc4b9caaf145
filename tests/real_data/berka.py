"""The Berka set of PKDD'99 as a feed: `python -m tests.real_data.berka SOURCE TARGET`.

A Czech bank's accounts, loans, cards and transactions of 1993 to 1998. Who has a loan becomes a customer,
with two contracts: the loan, and the account it is paid from.

| source | feed |
|---|---|
| loan.asc, status | PERSONAL_LOAN in CZK: A is CLOSED, C is ACTIVE, B and D (not paid as agreed) are LATE |
| loan.asc, amounts | the schedule; amount = duration x payments, so that it bears no interest |
| account.asc | CARD_ACCOUNT in CZK, signed on the day it was opened |
| client.asc of the owner | title, birth (the months of women are written 50 higher), city of the district |
| card.asc | cards of the account, valid for four years |
| transactions of these accounts | operations: money out is positive, money in is negative |
| months since the account was opened | statements whose balances are the sums of the operations |

Transactions come as the official `trans.asc` (1,056,320 rows), as extracts of it, with Czech or English
labels, or several at once: no trans_id is taken twice. The data say that a loan is late and not since when:
one to three instalments are missed, by SHA-256 of its number. Names, phones, e-mails, streets and 3060
numbers are invented.

Dropped, and counted: accounts without a loan, with their cards and transactions; second persons of an account
(DISPONENT); permanent orders. Not read: what is known of districts besides their name, how often statements
were sent, and the balance after each transaction, which drifts from the sum of the amounts by rounding.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from domain.money import decimal_text, parse_decimal_text
from tests.real_data.berka_source import Account, Row, accounts_with_loan, day, read, transactions
from tests.real_data.inventing import drawn, phone_number, picked
from tests.real_data.writing import FeedWriter, month_end, units

LAST_DAY = date(1998, 12, 31)
MISSED_MAX = 3
CARD_YEARS = 4
FIRST_PHONE = 30_000  # after those of the other set

KINDS = {
    "insurance payment": "INSURANCE",
    "payment for statement": "FEE",
    "interest credited": "INTEREST",
    "sanction interest if negative balance": "INTEREST",
    "credit card withdrawal": "CASH_ADVANCE",
    "withdrawal in cash": "CASH_ADVANCE",
    "remittance to another bank": "DRAWDOWN",
    "credit in cash": "EARLY_REPAYMENT",
    "collection from another bank": "EARLY_REPAYMENT",
}
SURNAMES = (
    "Novák",
    "Svoboda",
    "Dvořák",
    "Černý",
    "Procházka",
    "Kučera",
    "Veselý",
    "Horák",
    "Němec",
    "Pokorný",
)
FIRST_NAMES = {
    "MR": ("Jan", "Jiří", "Josef", "Karel", "Milan", "Pavel", "Petr", "Tomáš", "Václav", "Zdeněk"),
    "MS": ("Alena", "Anna", "Eva", "Hana", "Jana", "Jaroslava", "Lenka", "Marie", "Věra", "Zdeňka"),
}
STREETS = ("Dlouhá", "Husova", "Jiráskova", "Komenského", "Lipová", "Nádražní", "Palackého", "Zahradní")


@dataclass
class Counts:
    """What was made of the source, and what of it was left out."""

    loans: int = 0
    lent: int = 0
    cards: int = 0
    instalments: int = 0
    missed: int = 0
    statements: int = 0
    operations: int = 0
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Known:
    """A loan whose source row is written out here, to compare an answer with."""

    reference: str
    file_number: str
    status: str
    principal: str
    months: int
    instalment: str
    signed_on: str


KNOWN = (
    Known("BERKA-2166", "BERKA-L5314", "LATE", "96396.00", 12, "8033.00", "1993-07-05"),
    Known("BERKA-2181", "BERKA-L5316", "CLOSED", "165960.00", 36, "4610.00", "1993-07-11"),
)


def convert(source: Path, target: Path) -> Counts:
    """Write the feed into a folder and say what it holds."""
    counts = Counts()
    loans = list(read(source / "loan.asc"))
    accounts = accounts_with_loan(source, {loan["account_id"] for loan in loans}, counts.dropped)
    districts = {row["A1"]: row["A2"] for row in read(source / "district.asc")}
    counts.dropped["permanent orders"] = sum(1 for _ in read(source / "order.asc"))
    with FeedWriter(target) as feed:
        for position, account in enumerate(accounts.values()):
            _customer(feed, account, districts, FIRST_PHONE + position)
        for loan in loans:
            _loan(feed, loan, accounts[loan["account_id"]], counts)
        for row in transactions(source, counts.dropped):
            _operation(feed, row, accounts, counts)
        for account in accounts.values():
            _account(feed, account, counts)
            _statements(feed, account, counts)
    return counts


def months_after(start: date, months: int) -> date:
    """The same day some months later, or the last one of a shorter month."""
    years, month = divmod(start.month - 1 + months, 12)
    last = month_end(start.year + years, month + 1)
    return last.replace(day=min(start.day, last.day))


def _customer(feed: FeedWriter, account: Account, districts: dict[str, str], position: int) -> None:
    key, birth = account.owner["client_id"], account.owner["birth_number"]
    title = "MS" if int(birth[2:4]) > 50 else "MR"
    surname = picked(SURNAMES, "surname", "berka", key)
    if title == "MS":
        surname = surname.removesuffix("a").removesuffix("ý") + ("á" if surname[-1] in "aý" else "ová")
    street = picked(STREETS, "street", "berka", key)
    feed.row(
        "customers",
        customer=account.keys["customer"],
        title=title,
        first_names=picked(FIRST_NAMES[title], "first name", "berka", key),
        last_name=surname,
        birth_date=day(f"{birth[:2]}{int(birth[2:4]) % 50:02d}{birth[4:]}"),
        email=f"berka-{key}@customers.example",
        phone=phone_number(position),
        address_line_1=f"{street} {drawn('house', 'berka', key) % 99 + 1}",
        city=districts[account.owner["district_id"]],
        country_code="CZ",
        locale="EN_GB",
    )


def _loan(feed: FeedWriter, loan: Row, account: Account, counts: Counts) -> None:
    keys = {**account.keys, "contract": f"BERKA-L{loan['loan_id']}"}
    months, signed_on, amount = int(loan["duration"]), day(loan["date"]), int(loan["amount"])
    payment = amount // months
    days = [months_after(signed_on, number) for number in range(1, months + 1)]
    due = sum(1 for on in days if on <= LAST_DAY)
    missed = drawn("missed", "berka", loan["loan_id"]) % MISSED_MAX + 1 if loan["status"] in "BD" else 0
    paid = max(0, due - missed)
    feed.row(
        "contracts",
        **keys,
        kind="PERSONAL_LOAN",
        status={"A": "CLOSED", "B": "LATE", "C": "ACTIVE", "D": "LATE"}[loan["status"]],
        label="Loan",
        currency="CZK",
        signed_on=signed_on,
        closed_on=days[-1] if loan["status"] == "A" else "",
        ends_on=days[-1],
        principal=units(amount),
        outstanding=units(amount - paid * payment),
        overdue=units((due - paid) * payment),
        months=months,
        instalment=units(payment),
        debit_day=signed_on.day,
    )
    for number, on in enumerate(days, start=1):
        status = "PAID" if number <= paid else "MISSED" if number <= due else "UPCOMING"
        feed.row(
            "instalments",
            **keys,
            number=number,
            due_on=on,
            status=status,
            paid_on=on if status == "PAID" else "",
            principal=units(payment),
            interest="0.00",
            outstanding_after=units(amount - number * payment),
        )
    counts.loans += 1
    counts.lent += amount
    counts.instalments += months
    counts.missed += due - paid


def _operation(feed: FeedWriter, row: Row, accounts: dict[str, Account], counts: Counts) -> None:
    account = accounts.get(row["account_id"])
    if account is None:
        counts.dropped["transactions of other accounts"] += 1
        return
    on, operation, symbol = day(row["date"]), row["operation"], row["k_symbol"]
    amount = parse_decimal_text(row["amount"])
    assert isinstance(amount, int)
    amount = -amount if row["type"] == "credit" else amount
    number, by_card = account.statement_of(on), operation == "credit card withdrawal"
    label = ": ".join(word for word in (operation, symbol) if word)
    feed.row(
        "operations",
        **account.keys,
        operation=row["trans_id"],
        statement=number,
        card=account.card_number if by_card and account.card and day(account.card["issued"]) <= on else "",
        kind=KINDS.get(symbol) or KINDS[operation],
        status="BOOKED",
        occurred_on=on,
        booked_on=on,
        label=label[0].upper() + label[1:],
        merchant=" ".join(part for part in (row["bank"], row["account"]) if part.strip("0")),
        amount=decimal_text(amount),
    )
    account.moved[number] += amount
    counts.operations += 1


def _account(feed: FeedWriter, account: Account, counts: Counts) -> None:
    feed.row(
        "contracts",
        **account.keys,
        account_number=account.number,
        kind="CARD_ACCOUNT",
        status="ACTIVE",
        label="Current account",
        currency="CZK",
        signed_on=account.opened_on,
        outstanding=decimal_text(sum(account.moved.values())),
    )
    if account.card is not None:
        feed.row(
            "cards",
            **account.keys,
            number=account.card_number,
            expires_on=months_after(day(account.card["issued"]), 12 * CARD_YEARS),
            status="ACTIVE",
        )
        counts.cards += 1


def _statements(feed: FeedWriter, account: Account, counts: Counts) -> None:
    balance = 0
    for number in range(1, max(account.moved, default=0) + 1):
        month = months_after(account.opened_on.replace(day=1), number - 1)
        closing = balance + account.moved[number]
        feed.row(
            "statements",
            **account.keys,
            number=number,
            opened_on=max(month, account.opened_on),
            closed_on=month_end(month.year, month.month),
            opening_balance=decimal_text(balance),
            closing_balance=decimal_text(closing),
        )
        balance = closing
        counts.statements += 1


if __name__ == "__main__":
    print(convert(Path(sys.argv[1]), Path(sys.argv[2])))
