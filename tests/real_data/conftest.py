"""Both data sets converted once, and loaded once into a database of each kind."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feed.load import Stopped, load
from feed.report import Summary
from models.backends.migrating import migrate
from tests.real_data import berka, uci
from tests.real_data.sources import source
from tests.servers import database_on_server

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Feeds:
    """Where the feeds lie, and what the converters say of them."""

    cards: Path
    cards_made: uci.Counts
    loans: Path
    loans_made: berka.Counts


@dataclass(frozen=True)
class Loaded:
    """A database with both sets in it, and what the loads said."""

    url: str
    cards: Summary
    loans: Summary


@pytest.fixture(scope="session")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> Feeds:
    """The feeds of both sets."""
    folder = tmp_path_factory.mktemp("real")
    cards_made = uci.convert(source("uci_default_credit"), folder / "uci")
    return Feeds(
        folder / "uci", cards_made, folder / "berka", berka.convert(source("berka"), folder / "berka")
    )


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def loaded(
    request: pytest.FixtureRequest, feeds: Feeds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Loaded]:
    """A database that holds both sets, read by many tests and written by none."""
    folder = tmp_path_factory.mktemp("loaded")
    if request.param == "sqlite":
        file = folder / "portal.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield _load(f"sqlite://{file}", feeds, folder)
        return
    with database_on_server() as url:
        asyncio.run(migrate(url, lambda _line: None))
        yield _load(url, feeds, folder)


def _load(url: str, feeds: Feeds, folder: Path) -> Loaded:
    summaries = [
        asyncio.run(load(feed, url, now=NOW, report=folder / f"{feed.name}.csv"))
        for feed in (feeds.cards, feeds.loans)
    ]
    for summary in summaries:
        assert not isinstance(summary, Stopped), summary.problems
    return Loaded(url, *summaries)  # type: ignore[arg-type]
