"""What a browser is called: by what it says of itself, short, and never more than that."""

from __future__ import annotations

import pytest

from domain.browsers import NAME_LENGTH_MAX, USER_AGENT_LENGTH_MAX, label

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "called"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0",
            "Firefox, Windows",
        ),
        (f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36", "Chrome, Linux"),
        (f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {CHROME} Mobile Safari/537.36", "Chrome Mobile, Android"),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {WEBKIT} Version/18.5 Mobile/15E148 "
            "Safari/604.1",
            "Mobile Safari, iOS",
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.5 Safari/605.1.15",
            "Safari, Mac OS X",
        ),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/140.0.0.0", "Edge, Windows"),
        ("curl/8.9.1", "curl"),
    ],
)
def test_the_usual_browsers(user_agent: str, called: str) -> None:
    assert label(user_agent) == called


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        " ",
        "x",
        "Camille Durand, 06 12 34 56 01",
        "30600000000000017",
        "\0",
        "\ud800",
        "é" * 1_000,
        "(" * 10_000,
    ],
)
def test_what_is_no_browser_has_no_name(user_agent: str) -> None:
    assert label(user_agent) == ""


@pytest.mark.parametrize(
    ("user_agent", "called"),
    [
        ("Appelez le 0899123456/1.0 CFNetwork/1 Darwin/24", "iOS"),
        ("http://evil.example/1.0 CFNetwork/1 Darwin/24", "iOS"),
        ("<b>Alerte</b>/1.0 CFNetwork/1 Darwin/24", "iOS"),
        ("Votre acces est ferme pour toujours/1.0 CFNetwork/1 Darwin/24", "iOS"),
        ("Banque Mobile/1.0 CFNetwork/1 Darwin/24", "Banque Mobile, iOS"),
    ],
)
def test_an_app_that_calls_itself_a_sentence_is_not_quoted(user_agent: str, called: str) -> None:
    assert label(user_agent) == called


def test_a_name_is_short() -> None:
    assert 2 * NAME_LENGTH_MAX + len(", ") <= 80, "what a column holds"
    assert label("Mozilla/5.0 (Windows NT 10.0) Firefox/" + "9" * 100_000) == "Windows"
    assert label(" " * USER_AGENT_LENGTH_MAX + "Firefox/142.0") == ""


@pytest.mark.parametrize("hostile", ["a" * 100_000, "(;" * 50_000, "Mozilla/" * 20_000, "Android " * 20_000])
def test_a_long_one_is_cut_before_it_is_read(hostile: str) -> None:
    assert label(hostile) == label(hostile[:USER_AGENT_LENGTH_MAX])
