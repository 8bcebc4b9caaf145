"""`portal audit` as a person sees it: chains that hold, chains that do not, and anchors."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from commands.auditing import TOLD_MAX
from gateways import open_vault, utc_now
from gateways.settings import Settings
from models import AuditEvent, AuditHead
from models.backends.opening import open_database
from tests import cast
from tests.commands.conftest import Type
from tests.commands.test_portal import NO_ANSWER, REFUSED

HOUR = timedelta(hours=1)
ANCHOR = re.compile(r"Anchor, to be kept elsewhere: ([0-9]{8}T[0-9]{6}Z-[0-9a-f]{64})")
NO_ANCHOR = "An anchor is what `portal audit` prints, such as 20261123T091500Z- and 64 more characters.\n"


class Log:
    """The access log of a few customers, written with the vault of the command's own settings."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        settings = Settings(
            data_directory=folder / "data", database_url=url, digest_memory_kib=8, digest_passes=1
        )
        self._seal = open_vault(settings).seal
        self.customers: list[int] = []

    def do(self, work: Callable[[], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            async with open_database(self.url):
                return await work()

        return asyncio.run(run())

    def write(self, count: int, customer_id: int | None = None) -> int:
        """So many facts of a customer, a new one if none is named."""

        async def work() -> int:
            owner = customer_id or (await cast.ines()).id
            at = utc_now() - HOUR
            rows = [AuditEvent(customer_id=owner, kind="SIGNED_IN", at=at) for _ in range(count)]
            await AuditEvent.append(owner, rows, self._seal)
            return owner

        return int(self.do(work))

    def delete(self, customer_id: int, *numbers: int) -> None:
        self.do(lambda: AuditEvent.filter(customer_id=customer_id, number__in=numbers).delete())


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Log:
    return Log(database_url, tmp_path)


def test_chains_that_hold_are_counted_and_an_anchor_is_printed(type_: Type, log: Log) -> None:
    log.write(3)
    log.write(1)

    result = type_("audit", database_url=log.url)

    first, second = result.stdout.splitlines()
    assert (result.exit_code, first) == (0, "4 facts of 2 customers: every chain holds")
    assert ANCHOR.fullmatch(second)
    assert result.stderr == "checking access logs, 100 %\n"


def test_an_empty_log_holds(type_: Type, log: Log) -> None:
    result = type_("audit", database_url=log.url)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        0,
        "0 facts of 0 customers: every chain holds",
    )


def test_every_break_is_told_by_customer_and_number(type_: Type, log: Log) -> None:
    first, second, third = log.write(5), log.write(2), log.write(1)
    log.delete(first, 2, 3)
    log.do(lambda: AuditEvent.filter(customer_id=first, number=5).update(kind="SIGNED_OUT"))
    log.do(lambda: AuditHead.filter(customer_id=second).update(last_number=9))

    result = type_("audit", database_url=log.url)

    assert (result.exit_code, result.stdout.splitlines()) == (
        1,
        [
            f"customer {first}, facts 2 to 3: missing",
            f"customer {first}, fact 5: changed after being sealed",
            f"customer {second}: the head and the facts do not fit",
            "6 facts of 3 customers: 3 breaks",
        ],
    )
    assert str(third) not in result.stdout


def test_after_a_hundred_breaks_the_rest_is_counted(type_: Type, log: Log) -> None:
    customer = log.write(2 * TOLD_MAX + 20)
    log.delete(customer, *range(2, 2 * TOLD_MAX + 20, 2))
    told = type_("audit", database_url=log.url).stdout.splitlines()
    assert len(told) == TOLD_MAX + 2
    assert told[-2:] == ["… and 9 more", "111 facts of 1 customer: 109 breaks"]


def test_a_pepper_that_was_taken_away_is_named_as_the_reason(type_: Type, log: Log) -> None:
    customer = log.write(2)
    result = type_("audit", database_url=log.url, peppers=f"other:{'x' * 32}")
    told = "sealed with a pepper that PORTAL_PEPPERS no longer has"
    assert (result.exit_code, result.stdout.splitlines()[:2]) == (
        1,
        [f"customer {customer}: {told}", f"customer {customer}, facts 1 to 2: {told}"],
    )


def test_facts_in_no_chain_are_counted_and_break_none(type_: Type, log: Log) -> None:
    async def unsealed() -> None:
        owner = await cast.ines()
        await AuditEvent.create(customer_id=owner.id, kind="SIGNED_IN", at=utc_now())

    log.do(unsealed)
    result = type_("audit", database_url=log.url)
    assert (result.exit_code, result.stdout.splitlines()[:2]) == (
        0,
        [
            "0 facts of 0 customers: every chain holds",
            "1 fact in no chain: from before there were seals, or forged",
        ],
    )


def anchor_of(printed: str) -> str:
    [anchor] = ANCHOR.findall(printed)
    return str(anchor)


def test_an_anchor_still_fits_when_the_log_went_on(type_: Type, log: Log) -> None:
    customer = log.write(3)
    anchor = anchor_of(type_("audit", database_url=log.url).stdout)

    async def go_on() -> None:
        later = utc_now()
        await AuditEvent.append(
            customer, [AuditEvent(customer_id=customer, kind="SIGNED_OUT", at=later)], log._seal
        )

    log.do(go_on)
    result = type_("audit", "--anchor", anchor, database_url=log.url)

    told = result.stdout.splitlines()
    assert (result.exit_code, told[0]) == (0, "4 facts of 1 customer: every chain holds")
    assert re.fullmatch(r"All that was there on \d{4}-\d\d-\d\d at \d\d:\d\d:\d\d UTC is there", told[1])


def test_a_database_rolled_back_is_told_by_its_anchor(type_: Type, log: Log) -> None:
    customer = log.write(3)
    old = log.do(lambda: AuditHead.get(customer_id=customer))
    log.write(2, customer)
    anchor = anchor_of(type_("audit", database_url=log.url).stdout)
    log.delete(customer, 4, 5)
    columns = {name: value for name, value in cast.columns_of(old).items() if name != "customer_id"}
    log.do(lambda: AuditHead.filter(customer_id=customer).update(**columns))

    assert type_("audit", database_url=log.url).exit_code == 0
    result = type_("audit", "--anchor", anchor, database_url=log.url)

    told = result.stdout.splitlines()
    assert (result.exit_code, told[0], len(told)) == (1, "3 facts of 1 customer: every chain holds", 2)
    assert re.fullmatch(r"What was there on .* UTC is not what is there now", told[1])


def test_a_text_that_is_no_anchor_is_told_before_anything_is_read(type_: Type, tmp_path: Path) -> None:
    result = type_("audit", "--anchor", "yesterday")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", NO_ANCHOR)
    assert not (tmp_path / "data").exists()


def test_a_database_that_is_down_is_a_sentence(type_: Type) -> None:
    result = type_("audit", database_url=REFUSED)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", NO_ANSWER)


def test_a_database_without_tables_is_told(type_: Type) -> None:
    result = type_("audit")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith("run `portal migrate` first.\n")
