"""The subscription `news` by graphql-ws and graphql-sse, from a feed that is loaded while they follow."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.money import decimal_text
from feed.sample.demo import DEMO_CODE
from feed.sample.rows import OperationRow
from tests.clients.conftest import Drive, on_both
from tests.clients.sample import bare
from tests.journeys.browser import Browser
from tests.journeys.personal import sample_customer
from tests.journeys.portal import PORTAL, Portal, environment

pytestmark = pytest.mark.anyio

SCRIPT = "following.js"
FOLLOWER = "Œuvrard"
on_each = pytest.mark.parametrize("by", ["webSockets", "eventStreams"])


@pytest.fixture(scope="module")
async def follower(portal: Portal) -> AsyncIterator[Browser]:
    async with Browser(portal) as browser:
        number = sample_customer(FOLLOWER).sign_in_numbers[0]
        assert (await browser.sign_in(number, DEMO_CODE, surely=True))["__typename"] == "SignedIn"
        yield browser


def bought(label: str) -> OperationRow:
    """One more operation like the follower's last one."""
    last = sample_customer(FOLLOWER).histories[0].operations[-1]
    return replace(last, operation=label, statement=None, label=label, amount=4_210)


def write_feed(folder: Path, row: OperationRow) -> None:
    folder.mkdir()
    cells = ["" if getattr(row, name) is None else getattr(row, name) for name in row.header()]
    written = [write(value) if value != "" else "" for write, value in zip(row.writers(), cells, strict=True)]
    with (folder / row.FILE).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([row.header(), written])


@on_both
@on_each
async def test_an_operation_is_told_as_it_comes_in_and_again_to_who_was_cut_off(
    drive: Drive, portal: Portal, url: str, follower: Browser, tmp_path: Path, by: str
) -> None:
    row = bought(f"CB Librairie du Port {by}")
    write_feed(tmp_path / "feed", row)
    names = {
        name: value for name, value in environment(portal.settings).items() if name.startswith("PORTAL_")
    }
    load = {"words": [str(PORTAL), "load", str(tmp_path / "feed")], "cwd": str(tmp_path), "env": names}
    seen = await drive(SCRIPT, "news", url=url, cookie=follower.cookie, by=by, load=load)

    begun, came = seen["told"]
    assert begun["__typename"] == "NewsBegun"
    assert came["__typename"] == "NewOperation"
    contract = next(
        history.contract
        for history in sample_customer(FOLLOWER).histories
        if history.contract.contract == row.contract
    )
    assert bare(came["operation"]) == {
        "label": row.label,
        "amount": decimal_text(4_210),
        "occurredOn": str(row.occurred_on),
        "contract": {"label": contract.label},
    }
    assert [one["__typename"] for one in seen["again"]] == ["NewsBegun", "NewOperation"]
    assert seen["again"][1]["operation"] == came["operation"]


@on_each
async def test_queries_are_answered_once_and_refused_with_their_codes(
    drive: Drive, url: str, demo: Browser, by: str
) -> None:
    seen = await drive(SCRIPT, "queries", url=url, cookie=demo.cookie, by=by)

    assert seen["contact"] == [{"data": {"contact": {"phone": "30 26"}}}]
    assert seen["customer"] == [{"data": {"customer": {"firstNames": "Camille"}}}]
    assert codes(seen["refused"]) == ["GRAPHQL_VALIDATION_FAILED"]


@on_each
async def test_a_stranger_follows_nothing(drive: Drive, url: str, by: str) -> None:
    seen = await drive(SCRIPT, "stranger", url=url, by=by)

    assert codes(seen) == ["UNAUTHENTICATED"]


def codes(outcome: Any) -> list[str]:
    """Of the errors that a client was told, thrown or as results."""
    if isinstance(outcome, list):
        (outcome,) = outcome
    errors = outcome.get("refused") or outcome.get("errors")
    return outcome.get("codes") or [error["extensions"]["code"] for error in errors]
