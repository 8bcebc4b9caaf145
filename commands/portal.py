"""The commands of `portal`."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from commands.line import FAILED, plainly, read_settings, stop

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


PRINTED_SCHEMA = Path(__file__).parent.parent / "schema" / "portal.graphql"


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
def sdl(
    check: Annotated[bool, typer.Option(help="Only compare, and fail when the file is out of date")] = False,
) -> None:
    """Print the schema into schema/portal.graphql."""
    from schema.root import print_schema

    printed = print_schema()
    if not check:
        PRINTED_SCHEMA.write_text(printed, encoding="utf-8")
    elif not PRINTED_SCHEMA.exists() or PRINTED_SCHEMA.read_text(encoding="utf-8") != printed:
        stop("schema/portal.graphql is out of date: run `portal sdl`")
