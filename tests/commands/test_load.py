"""`portal load` in a process of its own: a small feed, what it tells on a pipe, and Ctrl-C."""

from __future__ import annotations

import csv
import signal
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from feed.sample.customers import sample_customers
from feed.sample.writing import write_customers
from tests.commands.conftest import Type
from tests.journeys.portal import PORTAL, environment

MANY = 25_000


@dataclass(frozen=True)
class Machine:
    """A folder with a migrated database."""

    folder: Path

    def load(self, directory: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [PORTAL, "load", directory],
            cwd=self.folder,
            env=environment({"data_directory": self.folder / "data"}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def count(self, table: str) -> int:
        with closing(sqlite3.connect(self.folder / "data" / "portal.sqlite3")) as database:
            return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture
def machine(type_: Type, tmp_path: Path) -> Machine:
    assert type_("migrate").exit_code == 0
    return Machine(tmp_path)


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """Five customers as a lender's system would write them."""
    directory = tmp_path / "feed"
    directory.mkdir()
    write_customers(directory, list(sample_customers(date(2026, 6, 15)))[:5])
    return directory


def ended(process: subprocess.Popen[str]) -> tuple[int, list[str], list[str]]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out.splitlines(), err.splitlines()


def test_a_feed_is_loaded_with_its_progress_on_a_pipe_and_again_without_a_change(
    machine: Machine, feed: Path
) -> None:
    code, told, progress = ended(machine.load(feed))
    assert (code, told[-1]) == (0, "5 customers loaded, 0 refused")
    assert told[0].split() == ["read", "inserted", "changed", "unchanged", "refused"]
    assert told[1].split() == ["customers", "5", "5", "0", "0", "0"]
    assert "reading operations.csv, 100 %" in progress
    assert progress[-1] == "loading customers, 100 %"
    assert not [line for line in progress if "\x1b" in line]

    again = ended(machine.load(feed))

    assert (again[0], again[1][1].split()) == (0, ["customers", "5", "0", "0", "5", "0"])
    assert machine.count("customer") == 5


def test_a_bad_row_is_told_with_its_place_and_fails_the_command(machine: Machine, feed: Path) -> None:
    customers = feed / "customers.csv"
    header, *rows = csv.reader(customers.read_text("utf-8").splitlines())
    rows[2][header.index("birth_date")] = "1980-13-01"
    with customers.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows([header, *rows])

    code, told, _ = ended(machine.load(feed))

    assert (code, told[0]) == (1, "customers.csv, line 4: birth_date is not a day of the calendar")
    assert told[-2:] == [
        "4 customers loaded, 1 refused",
        "1 errors and 0 warnings, all in feed-report.csv",
    ]
    assert (machine.folder / "feed-report.csv").exists()
    assert machine.count("customer") == 4


@pytest.mark.parametrize("report", ["feed/customers.csv", "feed"])
def test_a_report_replaces_nothing_but_a_report(
    machine: Machine, feed: Path, type_: Type, report: str
) -> None:
    before = (feed / "customers.csv").read_bytes()
    result = type_("load", str(feed), "--report", report)
    told = f"{report}: is there already, and is no report of a load\nNothing was loaded.\n"
    assert (result.exit_code, result.stdout) == (1, told)
    assert (feed / "customers.csv").read_bytes() == before
    assert machine.count("customer") == 0


def test_a_reader_that_has_seen_enough_is_no_error(machine: Machine, feed: Path) -> None:
    process = machine.load(feed)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process, process.stderr:
        *progress, last = process.stderr.read().splitlines()
    assert (process.returncode, last) == (1, "loading customers, 100 %")
    assert machine.count("customer") == 5


def test_a_terminal_without_accents_shows_what_it_can(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    code, told, progress = ended(machine.load(Path("relevés")))
    assert (code, told, progress) == (
        1,
        ["relev?s: cannot be read: No such file or directory", "Nothing was loaded."],
        [],
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        ("notes.txt", "holds no file of the feed, such as customers.csv"),
        ("custommers.csv", "custommers.csv: is no file of the feed"),
    ],
)
def test_a_folder_without_a_feed_is_told(
    type_: Type, machine: Machine, name: str | None, told: str, tmp_path: Path
) -> None:
    directory = tmp_path / "elsewhere"
    if name is not None:
        directory.mkdir()
        (directory / name).touch()
    result = type_("load", str(directory))
    assert (result.exit_code, told in result.stdout, result.stdout.splitlines()[-1]) == (
        1,
        True,
        "Nothing was loaded.",
    )


def test_a_database_without_tables_is_told(type_: Type, feed: Path) -> None:
    result = type_("load", str(feed))
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "Nothing was loaded.")
    assert "portal migrate" in result.stdout


@pytest.fixture
def big_feed(tmp_path: Path) -> Path:
    """Many customers with a loan each, so that there is time to interrupt."""
    directory = tmp_path / "big"
    directory.mkdir()
    people = "customer,title,first_names,last_name,birth_date,email,phone,address_line_1,address_line_2,"
    people += "address_line_3,address_line_4,postal_code,city,country_code,locale"
    loans = "customer,contract,account_number,kind,status,label,currency,signed_on,closed_on,ends_on,"
    loans += "borrowing_rate,apr,credit_limit,principal,outstanding,overdue,months,instalment,debit_day,iban,"
    loans += "insurance_label,insurance_monthly,statement_delivery"
    loan = "PERSONAL_LOAN,ACTIVE,Prêt,EUR,2024-01-02,,2027-01-02,0.05,0.0512,,1000.00,800.00,0,36,30.00,5,,,,"
    with (directory / "customers.csv").open("w", encoding="utf-8") as text:
        print(people, file=text)
        text.writelines(f"K{n:06},MS,Anne,Un,,,,1 rue,,,,33000,Bordeaux,FR,FR_FR\n" for n in range(MANY))
    with (directory / "contracts.csv").open("w", encoding="utf-8") as text:
        print(loans, file=text)
        text.writelines(f"K{n:06},PP-{n:06},,{loan}PAPER\n" for n in range(MANY))
    return directory


def test_ctrl_c_leaves_whole_customers_and_the_next_load_goes_on(machine: Machine, big_feed: Path) -> None:
    process = machine.load(big_feed)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("loading customers,"):
            break
    process.send_signal(signal.SIGINT)
    code, told, last = ended(process)

    assert (code, told, last[-1]) == (130, [], "Interrupted.")
    loaded = machine.count("customer")
    assert 0 < loaded < MANY
    assert machine.count("contract") == machine.count("customer_reference") == loaded

    code, told, _ = ended(machine.load(big_feed))
    assert (code, told[-1]) == (0, f"{MANY:,} customers loaded, 0 refused")
    assert machine.count("contract") == MANY
