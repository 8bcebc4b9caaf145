from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateways.peppers import DEVELOPMENT_FILE, Pepper, kept_peppers, parse_peppers, write_once

LONG = "k" * 32


def test_newest_first_and_colons_belong_to_the_secret() -> None:
    assert parse_peppers(f"2026a:{LONG}:x, 2025b:{LONG}") == (
        Pepper("2026a", f"{LONG}:x".encode()),
        Pepper("2025b", LONG.encode()),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LONG, "needs an id, a colon and a secret in pepper 1"),
        (f"a:{LONG},", "needs an id, a colon and a secret in pepper 2"),
        (f"a b:{LONG}", "needs an id of 1 to 12 letters or digits in pepper 1"),
        (f"a:{LONG},b:{LONG[1:]}", "needs 32 characters or more after the colon of pepper 2"),
        (f"a:{LONG},a:{LONG}2", "must not hold the same id or the same secret twice"),
        (f"a:{LONG},b:{LONG}", "must not hold the same id or the same secret twice"),
    ],
)
def test_a_refusal_says_where_and_repeats_no_secret(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        parse_peppers(text)

    assert "kkk" not in str(caught.value)


def test_a_pepper_that_is_printed_by_mistake_keeps_its_secret() -> None:
    assert repr(Pepper("a", LONG.encode())) == "Pepper(id='a')"


def test_development_makes_its_pepper_once_and_for_itself(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    first = kept_peppers(folder)

    assert kept_peppers(folder) == first
    assert kept_peppers(tmp_path / "other") != first
    assert (folder / DEVELOPMENT_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == [DEVELOPMENT_FILE]


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: kept_peppers(tmp_path), range(64)))

    assert len(made) == 1


def test_the_first_of_two_that_write_together_wins(tmp_path: Path) -> None:
    write_once(tmp_path / "file", "first")
    write_once(tmp_path / "file", "second")

    assert (tmp_path / "file").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", json.dumps({"peppers": 3})])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / DEVELOPMENT_FILE).write_text(text)

    with pytest.raises(ValueError, match=f"{DEVELOPMENT_FILE} is damaged: delete it"):
        kept_peppers(tmp_path)

    assert (tmp_path / DEVELOPMENT_FILE).read_text() == text
