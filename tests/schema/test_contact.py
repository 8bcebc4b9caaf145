"""How to reach an adviser, asked by anybody."""

from __future__ import annotations

import pytest

from tests.kept import ON_ONE
from tests.schema.asking import Asker

AT = "query($at: DateTime) { contact { openNow(at: $at) nextOpening(at: $at) } }"


@ON_ONE
async def test_the_whole_card(ask: Asker) -> None:
    query = """{ contact { phone openNow nextOpening hours { weekday opens closes }
        postalAddress { lines postalCode city countryCode }
        mediator { name postalAddress { lines postalCode city countryCode } } } }"""
    week = [{"weekday": day, "opens": "08:00", "closes": "20:00"} for day in range(1, 6)]
    assert (await ask(query))["contact"] == {
        "phone": "30 26",
        "openNow": True,
        "nextOpening": "2026-06-15T10:00:00+00:00",
        "hours": [*week, {"weekday": 6, "opens": "09:00", "closes": "18:00"}],
        "postalAddress": {
            "lines": ["Libre Réponse 16 004"],
            "postalCode": "33912",
            "city": "Bordeaux Cedex 9",
            "countryCode": "FR",
        },
        "mediator": {
            "name": "Médiatrice ACI",
            "postalAddress": {
                "lines": ["FCL 9065"],
                "postalCode": "92595",
                "city": "Levallois-Perret Cedex",
                "countryCode": "FR",
            },
        },
    }


@ON_ONE
@pytest.mark.parametrize(
    ("at", "open_now", "opening"),
    [
        ("2026-12-24T19:59:59+01:00", True, "2026-12-24T18:59:59+00:00"),
        ("2026-12-24T20:00:00+01:00", False, "2026-12-26T08:00:00+00:00"),
        ("2026-07-14T12:00:00Z", False, "2026-07-15T06:00:00+00:00"),
        ("2026-03-28T17:00:00Z", False, "2026-03-30T06:00:00+00:00"),
    ],
)
async def test_any_instant_may_be_asked_about(ask: Asker, at: str, open_now: bool, opening: str) -> None:
    found = (await ask(AT, at=at))["contact"]
    assert found["openNow"] is open_now
    if not at.startswith("1900"):
        assert found["nextOpening"] == opening


@ON_ONE
@pytest.mark.parametrize(
    "at", ["2026-12-24T19:00:00", "1899-12-31T23:59:59Z", "2101-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
async def test_an_instant_without_a_zone_or_out_of_bounds_is_refused(ask: Asker, at: str) -> None:
    answer = await ask(AT, at=at)
    assert set(answer.codes) == {"BAD_USER_INPUT"}
    assert answer.data is None


@ON_ONE
@pytest.mark.parametrize("at", ["", "noon", "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z", 0, True])
async def test_what_is_no_instant_is_refused_before_anything_runs(ask: Asker, at: object) -> None:
    answer = await ask(AT, at=at)
    assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])
