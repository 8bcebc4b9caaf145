"""The commands of `portal`."""

from __future__ import annotations

import sys
from importlib import metadata
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from commands.line import FAILED, plainly, read_settings, stop
from domain.staff import StaffScope

portal = typer.Typer(
    help="The customer area's server and its tools.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@portal.callback()
def show_what_can_be_shown() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that lacks a character shows a question mark
            stream.reconfigure(errors="replace")


@portal.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one")] = None,
) -> None:
    """Serve. In development, migrate first and fill an empty database with sample customers."""
    settings = read_settings(host=host, port=port)
    from commands.serving import bound, check, prepare, run

    with bound(settings) as listening:
        demo = plainly(check if settings.is_production else prepare)(settings)
        run(settings, listening, demo)


@portal.command()
@plainly
async def migrate() -> None:
    """Bring the database's tables up to date; run it before a new version serves."""
    from models.backends import migrating

    done = await migrating.migrate(read_settings().database_url, print)
    if not done:
        print("Nothing to do: the database is up to date.")
    else:
        print("1 migration applied." if len(done) == 1 else f"{len(done)} migrations applied.")


@portal.command()
@plainly
async def migration(name: Annotated[str, typer.Argument(help="What it changes, such as add_notes")]) -> None:
    """Write the migration that brings the tables to the models. For developers."""
    from models.backends.migrating import make_migration

    path = await make_migration(name)
    print(
        f"Wrote {path.name}: read it before you commit it." if path else "The tables fit the models already."
    )


@portal.command()
@plainly
async def sample() -> None:
    """Fill an empty database with about sixty invented customers."""
    from commands.samples import open_samples

    for line in await open_samples(read_settings()):
        print(line)


@portal.command()
@plainly
async def load(
    directory: Annotated[Path, typer.Argument(help="Folder with the feed's CSV files")],
    report: Annotated[Path, typer.Option(help="Where every refused row is written")] = Path(
        "feed-report.csv"
    ),
) -> None:
    """Load a lender's customers, contracts, statements and operations from CSV files."""
    from commands.loading import load_and_tell

    if not await load_and_tell(read_settings(), directory, report):
        raise typer.Exit(FAILED)


@portal.command()
@plainly
async def audit(
    anchor: Annotated[
        str | None, typer.Option(help="One printed before, to tell whether all of then is still there")
    ] = None,
) -> None:
    """Check every customer's access log, and print an anchor to keep where the database is not."""
    from commands.auditing import audit_and_tell

    if not await audit_and_tell(read_settings(), anchor):
        raise typer.Exit(FAILED)


@portal.command("sign-in")
@plainly
async def sign_in(
    identifier: Annotated[
        str | None, typer.Argument(help="17 digits or a file number; the demo customer by default")
    ] = None,
) -> None:
    """Open a session for a sample customer and print its cookie. Development, embedded database only."""
    from commands.samples import open_session

    print(await open_session(read_settings(), identifier))


@portal.command()
@plainly
async def token(
    scope: Annotated[
        list[StaffScope] | None, typer.Option(help="What it may do; once for each, nothing without")
    ] = None,
    subject: Annotated[str, typer.Option(help="Whom it is for")] = "developer",
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long it is good")] = 60,
) -> None:
    """Print a bearer token of a member of staff, signed with a local key. Development only."""
    from commands.tokens import sign

    print(await sign(read_settings(), subject, scope or [], minutes))


@portal.command("simulate-botnet")
def simulate_botnet(
    addresses: Annotated[
        int, typer.Option(min=1, max=100_000_000, help="Addresses: of IPv4, or /64 networks of IPv6")
    ],
    accounts: Annotated[int, typer.Option(min=1, max=100_000_000, help="Customers, all known")] = 1_000_000,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it goes on")] = 30,
    targets: Annotated[int, typer.Option(min=1, help="Accounts of an attack on a few")] = 100,
) -> None:
    """Tell what a botnet would gain against these settings. Asks nobody, changes nothing."""
    settings = read_settings()
    from commands.botnet import simulate_and_tell
    from commands.siege import Plan

    simulate_and_tell(settings, Plan(addresses, accounts, days), targets)


@portal.command()
def sdl(
    check: Annotated[
        bool, typer.Option("--check", help="Only compare: the file, the last release, the changelog")
    ] = False,
    release: Annotated[
        bool, typer.Option("--release", help="Keep the schema as the one of this version")
    ] = False,
) -> None:
    """Print the schema into schema/portal.graphql."""
    from commands import sdl as schema_files
    from schema.root import print_schema

    if check and release:
        raise typer.BadParameter("give --check or --release, not both")
    files, version = schema_files.SchemaFiles.of(schema_files.PROJECT), metadata.version("credit-portal")
    mistakes: list[str] = []
    if check:
        outcome = schema_files.check(files, print_schema(), version)
        mistakes = outcome.mistakes
        for warning in outcome.warnings:
            print(warning, file=sys.stderr)
    elif release:
        mistakes = schema_files.release(files, print_schema(), version)
    else:
        schema_files.write(files, print_schema())
    if mistakes:
        stop("\n".join(mistakes))


@portal.command()
def documents(
    check: Annotated[
        bool, typer.Option("--check", help="Only compare with the manifest that is there")
    ] = False,
) -> None:
    """Collect the web client's operations into web/trusted-documents.json."""
    from commands import documents as operations
    from engine.documents.trusted import ManifestError

    try:
        collected = operations.collect(operations.WEB)
    except (operations.DocumentsWrong, ManifestError) as error:
        stop(str(error))
    manifest = operations.WEB / operations.MANIFEST
    if not check:
        manifest.write_text(collected, encoding="utf-8")
    elif not manifest.exists() or manifest.read_text(encoding="utf-8") != collected:
        stop("web/trusted-documents.json is out of date: run `portal documents`")
