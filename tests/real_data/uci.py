"""The UCI set "default of credit card clients" as a feed: `python -m tests.real_data.uci SOURCE TARGET`.

Thirty thousand card accounts of a bank in Taiwan, with six monthly bills (April to September 2005) and what
was paid in each of these months (Yeh and Lien, 2009; CC BY 4.0).

| source | feed |
|---|---|
| ID | customer, contract and card; names, phone, e-mail, 3060 numbers, day of signature invented from it |
| SEX, AGE | title; a day of birth that makes the age right on 30 September 2005 |
| LIMIT_BAL | credit limit, of the account and on every statement |
| BILL_AMT6 … BILL_AMT1 | closing balances of statements 1 (April) to 6 (September); some are negative |
| PAY_AMT6 … PAY_AMT1 | an operation that repays, on the 10th of the month |
| what leads from one bill to the next | another operation: purchases, or a refund where it is negative |
| PAY_0 | LATE when the September payment is one month late or more |

Nothing tells what was owed before April: the first opening balance is the first bill and what was paid.
Dropped, for a feed has no place for them: EDUCATION, MARRIAGE, the payment delays of April to August (PAY_2
to PAY_6), and the outcome of October (next_payment).
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from tests.real_data.inventing import AccountNumbers, day_between, phone_number, picked
from tests.real_data.writing import FeedWriter, month_end, units

FILE = "UCI_Credit_Card.csv"
YEAR, FIRST_MONTH, MONTHS = 2005, 4, 6
LAST_DAY = date(2005, 9, 30)
SURNAMES = ("Chen", "Lin", "Huang", "Chang", "Lee", "Wang", "Wu", "Liu", "Tsai", "Yang", "Hsu", "Cheng")
FIRST_NAMES = {
    "1": ("Chia-hao", "Chih-ming", "Chun-chieh", "Kuan-yu", "Po-han", "Tsung-han", "Wen-hsiung", "Yi-cheng"),
    "2": ("Chia-ling", "Hsin-yi", "Mei-ling", "Shu-fen", "Shu-chen", "Ya-ting", "Yi-chun", "Yu-ting"),
}


@dataclass
class Counts:
    """What was made of the source, and what of it was left out."""

    customers: int = 0
    limits: int = 0
    first_bills: int = 0
    statements: int = 0
    payments: int = 0
    paid: int = 0
    purchases: int = 0
    refunds: int = 0
    dropped: dict[str, int] = field(
        default_factory=lambda: {"EDUCATION": 0, "MARRIAGE": 0, "PAY_2 to PAY_6": 0, "next_payment": 0}
    )


@dataclass(frozen=True)
class Known:
    """A customer whose source row is written out here, to compare an answer with."""

    reference: str
    file_number: str
    status: str
    credit_limit: str
    closing_balances: tuple[str, ...]  # April to September
    operations: tuple[tuple[str, str, str], ...]  # day, kind, amount


KNOWN = (
    Known(
        "UCI-1",
        "UCI-00001",
        "LATE",
        "20000.00",
        ("0.00", "0.00", "0.00", "689.00", "3102.00", "3913.00"),
        (
            ("2005-07-20", "PURCHASE", "689.00"),
            ("2005-08-10", "INSTALMENT", "-689.00"),
            ("2005-08-20", "PURCHASE", "3102.00"),
            ("2005-09-20", "PURCHASE", "811.00"),
        ),
    ),
    Known(
        "UCI-8",
        "UCI-00008",
        "ACTIVE",
        "100000.00",
        ("567.00", "-159.00", "221.00", "601.00", "380.00", "11876.00"),
        (
            ("2005-04-10", "INSTALMENT", "-1542.00"),
            ("2005-05-10", "INSTALMENT", "-1687.00"),
            ("2005-05-20", "PURCHASE", "961.00"),
            ("2005-06-10", "INSTALMENT", "-581.00"),
            ("2005-06-20", "PURCHASE", "961.00"),
            ("2005-07-20", "PURCHASE", "380.00"),
            ("2005-08-10", "INSTALMENT", "-601.00"),
            ("2005-08-20", "PURCHASE", "380.00"),
            ("2005-09-10", "INSTALMENT", "-380.00"),
            ("2005-09-20", "PURCHASE", "11876.00"),
        ),
    ),
)


def convert(source: Path, target: Path) -> Counts:
    """Write the feed into a folder and say what it holds."""
    counts, numbers = Counts(), AccountNumbers()
    with FeedWriter(target) as feed, (source / FILE).open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            _customer(feed, row)
            _account(feed, row, numbers)
            _history(feed, row, counts)
            _count(row, counts)
    return counts


def _keys(row: dict[str, str]) -> dict[str, str]:
    return {"customer": f"UCI-{row['ID']}", "contract": f"UCI-{int(row['ID']):05d}"}


def _customer(feed: FeedWriter, row: dict[str, str]) -> None:
    key, age = row["ID"], int(row["AGE"])
    feed.row(
        "customers",
        customer=f"UCI-{key}",
        title={"1": "MR", "2": "MS"}[row["SEX"]],
        first_names=picked(FIRST_NAMES[row["SEX"]], "first name", "uci", key),
        last_name=picked(SURNAMES, "last name", "uci", key),
        birth_date=day_between(date(2004 - age, 10, 1), date(2005 - age, 9, 30), "birth", "uci", key),
        email=f"uci-{key}@customers.example",
        phone=phone_number(int(key) - 1),
        locale="EN_GB",
    )


def _account(feed: FeedWriter, row: dict[str, str], numbers: AccountNumbers) -> None:
    key, keys = row["ID"], _keys(row)
    feed.row(
        "contracts",
        **keys,
        account_number=numbers.of("account", "uci", key),
        kind="CARD_ACCOUNT",
        status="LATE" if int(row["PAY_0"]) > 0 else "ACTIVE",
        label="Credit card",
        currency="TWD",
        signed_on=day_between(date(1998, 1, 1), date(2005, 3, 31), "signature", "uci", key),
        credit_limit=units(int(row["LIMIT_BAL"])),
        outstanding=units(int(row["BILL_AMT1"])),
        debit_day=10,
        statement_delivery=picked(("PAPER", "ELECTRONIC"), "delivery", "uci", key),
    )
    feed.row(
        "cards", **keys, number=numbers.of("card", "uci", key), expires_on=date(2008, 12, 31), status="ACTIVE"
    )


def _history(feed: FeedWriter, row: dict[str, str], counts: Counts) -> None:
    limit = int(row["LIMIT_BAL"])
    opening = int(row["BILL_AMT6"]) + int(row["PAY_AMT6"])
    for number in range(1, MONTHS + 1):
        column, month = MONTHS + 1 - number, FIRST_MONTH + number - 1
        bill, paid = int(row[f"BILL_AMT{column}"]), int(row[f"PAY_AMT{column}"])
        closed_on = month_end(YEAR, month)
        feed.row(
            "statements",
            **_keys(row),
            number=number,
            opened_on=closed_on.replace(day=1),
            closed_on=closed_on,
            payment_on=closed_on + timedelta(days=10),
            opening_balance=units(opening),
            closing_balance=units(bill),
            credit_limit=units(limit),
            available=units(max(0, limit - bill)),
        )
        _operations(feed, row, number, closed_on, paid, bill - opening + paid, counts)
        opening = bill


def _operations(
    feed: FeedWriter, row: dict[str, str], number: int, closed_on: date, paid: int, moved: int, counts: Counts
) -> None:
    shared = {**_keys(row), "statement": number, "status": "BOOKED"}
    if paid:
        day = closed_on.replace(day=10)
        feed.row(
            "operations",
            **shared,
            operation=f"{day:%Y-%m}-PAID",
            kind="INSTALMENT",
            occurred_on=day,
            booked_on=day,
            label="Payment received",
            amount=units(-paid),
        )
        counts.payments += 1
        counts.paid += paid
    if moved:
        day, is_purchase = closed_on.replace(day=20), moved > 0
        feed.row(
            "operations",
            **shared,
            operation=f"{day:%Y-%m}-MOVED",
            occurred_on=day,
            booked_on=day,
            kind="PURCHASE" if is_purchase else "REFUND",
            amount=units(moved),
            label="Purchases and charges of the month" if is_purchase else "Refunds of the month",
        )
        counts.purchases += is_purchase
        counts.refunds += not is_purchase


def _count(row: dict[str, str], counts: Counts) -> None:
    counts.customers += 1
    counts.limits += int(row["LIMIT_BAL"])
    counts.first_bills += int(row["BILL_AMT1"])
    counts.statements += MONTHS
    counts.dropped["EDUCATION"] += 1
    counts.dropped["MARRIAGE"] += 1
    counts.dropped["PAY_2 to PAY_6"] += 5
    counts.dropped["next_payment"] += int(row["next_payment"])


if __name__ == "__main__":
    print(convert(Path(sys.argv[1]), Path(sys.argv[2])))
