"""The files of the Berka set, as their rows, and the accounts that have a loan."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tests.real_data.inventing import AccountNumbers

TRANS_ID_MAX = 4_000_000

# The official labels and their English names.
ENGLISH = {
    "PRIJEM": "credit",
    "VYDAJ": "withdrawal",
    "VYBER": "withdrawal in cash",
    "VYBER KARTOU": "credit card withdrawal",
    "VKLAD": "credit in cash",
    "PREVOD Z UCTU": "collection from another bank",
    "PREVOD NA UCET": "remittance to another bank",
    "POJISTNE": "insurance payment",
    "insurrance payment": "insurance payment",
    "SLUZBY": "payment for statement",
    "UROK": "interest credited",
    "SANKC. UROK": "sanction interest if negative balance",
    "SIPO": "household",
    "DUCHOD": "old-age pension",
    "UVER": "loan payment",
}
Row = dict[str, str]


@dataclass
class Account:
    """An account with a loan, and what its transactions add up to."""

    row: Row
    owner: Row
    number: str
    card: Row | None = None
    card_number: str = ""
    moved: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))  # cents by statement

    @property
    def opened_on(self) -> date:
        return day(self.row["date"])

    @property
    def keys(self) -> dict[str, str]:
        return {
            "customer": f"BERKA-{self.owner['client_id']}",
            "contract": f"BERKA-A{self.row['account_id']}",
        }

    def statement_of(self, on: date) -> int:
        """The number of the statement of a day: one for each month since the account was opened."""
        return 12 * (on.year - self.opened_on.year) + on.month - self.opened_on.month + 1


def read(path: Path) -> Iterator[Row]:
    """The rows of one of the source's files."""
    with path.open(encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text, delimiter=";")


def day(text: str) -> date:
    """930705 is 5 July 1993."""
    return date(1900 + int(text[:2]), int(text[2:4]), int(text[4:6]))


def accounts_with_loan(source: Path, with_loan: set[str], dropped: Counter[str]) -> dict[str, Account]:
    """Accounts by their number in the source, with their owner and card."""
    numbers = AccountNumbers()
    clients = {row["client_id"]: row for row in read(source / "client.asc")}
    holders = {row["disp_id"]: row for row in read(source / "disp.asc")}
    owners = {row["account_id"]: row["client_id"] for row in holders.values() if row["type"] == "OWNER"}
    dropped["second persons"] = len(holders) - len(owners)
    accounts = {}
    for row in read(source / "account.asc"):
        key = row["account_id"]
        if key in with_loan:
            accounts[key] = Account(row, clients[owners[key]], numbers.of("account", "berka", key))
        else:
            dropped["accounts without a loan"] += 1
    for card in read(source / "card.asc"):
        account = accounts.get(holders[card["disp_id"]]["account_id"])
        if account is None:
            dropped["cards of other accounts"] += 1
        else:
            account.card, account.card_number = card, numbers.of("card", "berka", card["card_id"])
    return accounts


def transactions(source: Path, dropped: Counter[str]) -> Iterator[Row]:
    """The rows of every file of transactions that is there, each trans_id once, with English labels."""
    seen = bytearray(TRANS_ID_MAX // 8 + 1)
    for path in sorted(source.glob("trans*")):
        for row in read(path):
            byte, bit = divmod(int(row["trans_id"]), 8)
            if seen[byte] >> bit & 1:
                dropped["transactions repeated"] += 1
                continue
            seen[byte] |= 1 << bit
            for column in ("type", "operation", "k_symbol"):
                row[column] = ENGLISH.get(row[column], row[column].strip())
            yield row
