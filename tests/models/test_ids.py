"""Ids made here: increasing, unique, and in time's order."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from models.ids import EPOCH_MS, RANDOM_BITS, new_id

MANY = 20_000


def test_each_id_is_larger_than_the_one_before() -> None:
    drawn = [new_id() for _ in range(MANY)]
    assert all(sooner < later for sooner, later in zip(drawn, drawn[1:], strict=False))


def test_an_id_fits_a_signed_column_and_tells_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000 - EPOCH_MS
    drawn = new_id()
    after = time.time_ns() // 1_000_000 - EPOCH_MS
    assert 0 < drawn < 2**63
    # Many ids of one millisecond run ahead of the clock by as many steps, never by a millisecond's worth.
    assert before <= drawn >> RANDOM_BITS <= after + 1


def test_threads_never_draw_the_same_id() -> None:
    with ThreadPoolExecutor(8) as threads:
        drawn = list(threads.map(lambda _: [new_id() for _ in range(MANY // 8)], range(8)))
    ids = [row_id for part in drawn for row_id in part]
    assert len(set(ids)) == MANY
    assert all(part == sorted(part) for part in drawn)
