"""CSV as it comes: which cells are read from which line, whatever lies around them."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.files import BLOCK_BYTES, LINE_LENGTH_MAX, Lines, Source
from feed.format import CARDS
from feed.problems import Stop
from feed.records import Record, Records

HEADER = ",".join(CARDS.header)  # five columns
OPEN = "opens a quote that its line does not close"
SOURCE = Source(Path("cards.csv"), CARDS)


def read(content: bytes) -> list[Record]:
    raw = cast(BinaryIO, io.BytesIO(content))
    return [record for block in Records(SOURCE, Lines(raw, raw)) for record in block]


def below_header(text: str) -> list[Record]:
    return read(f"{HEADER}\n{text}".encode())


@pytest.mark.parametrize(
    ("_case", "text", "records"),
    [
        ("plain", "a,b,c,d,e\n", [(2, list("abcde"), None)]),
        ("no_last_line_feed", "a,b,c,d,e", [(2, list("abcde"), None)]),
        ("empty_lines_are_counted", "\n\na,b,c,d,e\n\n", [(4, list("abcde"), None)]),
        (
            "carriage_returns",
            "a,b,c,d,e\r\nf,g,h,i,j\r\n",
            [(2, list("abcde"), None), (3, list("fghij"), None)],
        ),
        ("quotes", '"a","b,c","d ""e""",,f\n', [(2, ["a", "b,c", 'd "e"', "", "f"], None)]),
        ("bare_quote", 'a,24" screen,c,d,e\n', [(2, ["a", '24" screen', "c", "d", "e"], None)]),
        (
            "line_break",
            'a,"b\nB",c,d,e\nf,g,h,i,j\n',
            [(2, ["a", "b\nB", "c", "d", "e"], None), (4, list("fghij"), None)],
        ),
        (
            "quote_left_open",
            'a,b,"c,d,e\nf,g,h,i,j\n',
            [
                (2, list("abcde"), (2, OPEN)),
                (3, list("fghij"), None),
            ],
        ),
        (
            "two_open_quotes_hide_no_record",
            'a,b,"c,d,e\nf,g,h,i,j\nk,"l,m,n,o\n',
            [
                (2, list("abcde"), (2, OPEN)),
                (3, list("fghij"), None),
                (4, list("klmno"), (1, OPEN)),
            ],
        ),
        (
            "quote_closed_in_a_later_record",
            'a,b,"c,d,e\nf,g,h",i,j\n',
            [
                (2, list("abcde"), (2, OPEN)),
                (3, ["f", "g", 'h"', "i", "j"], None),
            ],
        ),
        (
            "after_the_quote",
            'a,"b"x,c,d,e\n',
            [(2, ["a", "bx", "c", "d", "e"], (1, "goes on after its closing quote"))],
        ),
        (
            "stray_carriage_return",
            'a,"b",c\r,d,e\n',
            [(2, ["a", "b", "c\r", "d", "e"], (2, "holds a carriage return"))],
        ),
        ("short", "a,b\n", [(2, ["a", "b"], None)]),
    ],
)
def test_records_and_their_lines(_case: str, text: str, records: list[Record]) -> None:
    assert below_header(text) == records


def test_a_line_too_long_is_one_bad_record_and_is_not_kept() -> None:
    [(line, cells, broken), after] = below_header("a," + "x" * 3_000_000 + ",c,d,e\nf,g,h,i,j\n")
    assert (line, cells[0], broken) == (
        2,
        "a",
        (1, f"makes a line of more than {LINE_LENGTH_MAX:,} characters"),
    )
    assert sum(map(len, cells)) < 1_000_000
    assert after == (3, list("fghij"), None)


def test_lines_keep_their_numbers_across_blocks() -> None:
    count = 3 * BLOCK_BYTES // 10
    records = below_header("".join(f"{number},b,c,d,e\n" for number in range(count)))
    assert [(line, cells[0]) for line, cells, _ in records] == [(n + 2, str(n)) for n in range(count)]


@pytest.mark.parametrize("before", range(20))
def test_a_line_break_in_quotes_may_fall_between_two_blocks(before: int) -> None:
    length = 2 * BLOCK_BYTES - before - len(HEADER) - 1
    filler = "x,,,,\n"
    text = filler * (length // len(filler)) + "\n" * (length % len(filler))
    *_, broken, after = below_header(text + 'a,"b\nB",c,d,e\nf,g,h,i,j\n')
    assert broken[1:] == (["a", "b\nB", "c", "d", "e"], None)
    assert after == (broken[0] + 2, list("fghij"), None)


@given(st.text(alphabet='a,"\n\r;é\0 ', max_size=200))
def test_whatever_is_written_is_read_line_by_line(text: str) -> None:
    records = below_header(text)
    places = [line for line, _, _ in records]
    assert places == sorted(set(places))
    broken_off = {line for line, cells, broken in records if broken or len(cells) != len(CARDS.header)}
    lines = text.replace("\r\n", "\n").split("\n")
    for line, content in enumerate(lines, start=2):
        if content.count(",") >= len(CARDS.header) - 1 and '"' not in content:
            assert line in places, "a record is hidden inside another one"
    assert broken_off <= set(range(2, len(lines) + 2))


@given(st.binary(max_size=300))
def test_whatever_bytes_come_are_read_or_told(content: bytes) -> None:
    for stray in (content, f"{HEADER}\n".encode() + content):
        with suppress(Stop):
            read(stray)


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert read(b"\xef\xbb\xbf" + f"{HEADER}\na,b,c,d,e\n".encode()) == [(2, list("abcde"), None)]


def test_columns_may_come_in_any_order_and_with_blanks() -> None:
    raw = cast(BinaryIO, io.BytesIO(b"status, number ,expires_on,contract,customer\n"))
    assert Records(SOURCE, Lines(raw, raw)).header == [
        "status",
        "number",
        "expires_on",
        "contract",
        "customer",
    ]


@pytest.mark.parametrize(
    ("_case", "content", "problems"),
    [
        ("empty", b"", ["cards.csv, line 1: is empty: its first line must name the columns"]),
        ("only_a_line_feed", b"\n", ["cards.csv, line 1: is empty: its first line must name the columns"]),
        ("utf_16", HEADER.encode("utf-16"), ["cards.csv, line 1: is UTF-16: the feed is UTF-8 text"]),
        (
            "compressed",
            b"\x1f\x8b\x08",
            ["cards.csv, line 1: is compressed, so its name must end in .gz: the feed is UTF-8 text"],
        ),
        (
            "semicolons",
            HEADER.replace(",", ";").encode(),
            ["cards.csv, line 1: is divided by semicolons: a comma ends a cell, a line feed a line"],
        ),
        (
            "carriage_returns_alone",
            f"{HEADER}\ra,b,c,d,e\r".encode(),
            ["cards.csv, line 1: is divided by carriage returns: a comma ends a cell, a line feed a line"],
        ),
        (
            "missing",
            b"customer,contract,status\n",
            [
                "cards.csv, line 1: number is missing from the header",
                "cards.csv, line 1: expires_on is missing from the header",
            ],
        ),
        (
            "unknown_and_twice",
            f"{HEADER},colour,number\n".encode(),
            [
                "cards.csv, line 1: number is named twice",
                'cards.csv, line 1: "colour" is no column of cards.csv',
            ],
        ),
        (
            "latin_1",
            b"customer,contract,num\xe9ro,expires_on,status\n",
            [
                'cards.csv, line 1: "num\\xe9ro" is no column of cards.csv',
                "cards.csv, line 1: number is missing from the header",
            ],
        ),
    ],
)
def test_headers_that_stop_the_load(_case: str, content: bytes, problems: list[str]) -> None:
    with pytest.raises(Stop) as stop:
        read(content)
    assert [str(problem) for problem in stop.value.problems] == problems
