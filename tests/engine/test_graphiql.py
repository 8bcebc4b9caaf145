"""GraphiQL: our own files only, in development only."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from engine.graphiql.page import MEDIA_TYPES
from tests.engine.small_schema import client, codes

pytestmark = pytest.mark.anyio

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


class _Page(HTMLParser):
    """The addresses and inline scripts of a page, and the attributes of its one editor."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline_scripts = 0
        self.editor: dict[str, str | None] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.addresses += [v for n, v in attrs if n in ("src", "href") and v is not None]
        self.inline_scripts += tag == "script" and "src" not in attributes
        if attributes.get("id") == "graphiql":
            self.editor = attributes


async def test_the_page_asks_only_its_own_server() -> None:
    intro = '# Sign in as "1" & <2>\n{ hello }'
    async with client(graphiql=True, graphiql_intro=intro) as http:
        response = await http.get("/graphql", headers=BROWSER)
        page = _Page(response.text)
        scripts = [address for address in page.addresses if not address.startswith("data:")]
        found = [await http.get(address) for address in scripts]

    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.inline_scripts == 0
    assert sorted(scripts) == sorted(f"/graphql/assets/{name}" for name in MEDIA_TYPES)
    assert [asset.status_code for asset in found] == [200] * len(MEDIA_TYPES)
    assert (page.editor["data-endpoint"], page.editor["data-intro"]) == ("/graphql", intro)


async def test_the_page_forbids_other_hosts_frames_and_inline_scripts() -> None:
    async with client(graphiql=True) as http:
        response = await http.get("/graphql", headers=BROWSER)
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; ")
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["cache-control"] == "no-store"


async def test_a_link_from_another_site_opens_the_page_but_runs_nothing() -> None:
    link = {**BROWSER, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with client(graphiql=True) as http:
        page = await http.get("/graphql", params={"query": "{ hello }"}, headers=link)
    async with client() as http:
        nothing = await http.get("/graphql", params={"query": "{ hello }"}, headers=link)
    assert (page.status_code, "hello you" in page.text) == (200, False)
    assert (nothing.status_code, codes(nothing)) == (403, ["FORBIDDEN"])


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html"])
async def test_programs_get_json_where_browsers_get_the_page(accept: str) -> None:
    async with client(graphiql=True) as http:
        response = await http.get("/graphql", params={"query": "{ hello }"}, headers={"Accept": accept})
    assert response.json() == {"data": {"hello": "hello you"}}


async def test_without_graphiql_there_is_neither_page_nor_file() -> None:
    async with client() as http:
        page = await http.get("/graphql", headers=BROWSER)
        only_html = await http.get("/graphql", headers={"Accept": "text/html"})
        asset = await http.get("/graphql/assets/start.js")
    assert (page.status_code, codes(page)) == (400, ["BAD_REQUEST"])
    assert (only_html.status_code, asset.status_code) == (406, 404)


@pytest.mark.parametrize("name", ["NOTICE.md", "page.html", "../page.py", "..%2fpage.py", "start.js.map"])
async def test_no_other_file_is_served(name: str) -> None:
    async with client(graphiql=True) as http:
        response = await http.get(f"/graphql/assets/{name}")
    assert response.status_code == 404


def test_the_packages_files_are_those_of_the_notice() -> None:
    folder = files("engine.graphiql")
    notice = folder.joinpath("NOTICE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|.*`licences/([^`]+)` \| `([0-9a-f]{64})` \|$", notice, re.MULTILINE)
    assert {name for name, _, _ in rows} == set(MEDIA_TYPES) - {"start.js", "start.css"}
    for name, licence, digest in rows:
        content = folder.joinpath("assets", name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        assert folder.joinpath("licences", licence).is_file()
