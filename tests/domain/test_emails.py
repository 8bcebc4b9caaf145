"""E-mail addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.emails import EMAIL_LENGTH_MAX, BadEmail, Email, email, on_the_wire
from gateways.messages import EMAIL

LONG_DOMAIN = ".".join(["d" * 62] * 3)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        pytest.param("camille@exemple.fr", "camille@exemple.fr", id="plain"),
        pytest.param("  camille@exemple.fr ", "camille@exemple.fr", id="spaces around"),
        pytest.param(
            "Camille.Durand+credit@Exemple.FR", "Camille.Durand+credit@exemple.fr", id="case of the domain"
        ),
        pytest.param("o'neil@sub.exemple.co.uk", "o'neil@sub.exemple.co.uk", id="apostrophe and subdomain"),
        pytest.param("a@b.io", "a@b.io", id="short"),
        pytest.param("a@123.fr", "a@123.fr", id="digits before the last label"),
        pytest.param("ines@Société.fr", "ines@société.fr", id="accent in the domain"),
        pytest.param("ines@socie\u0301te\u0301.fr", "ines@société.fr", id="accents apart are put together"),
        pytest.param("ines@xn--socit-esab.fr", "ines@xn--socit-esab.fr", id="the wire form"),
        pytest.param("ines@उदाहरण.भारत", "ines@उदाहरण.भारत", id="another script"),
        pytest.param(f"{'l' * 64}@exemple.fr", f"{'l' * 64}@exemple.fr", id="longest local part"),
        pytest.param(f"{'l' * 62}@{LONG_DOMAIN}.fr", f"{'l' * 62}@{LONG_DOMAIN}.fr", id="254 characters"),
    ],
)
def test_an_address_is_kept_in_one_form(text: str, address: str) -> None:
    assert email(text) == Email(address)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", BadEmail.EMPTY, id="empty"),
        pytest.param("  ", BadEmail.EMPTY, id="spaces"),
        pytest.param(f"{'l' * 63}@{LONG_DOMAIN}.fr", BadEmail.TOO_LONG, id="255 characters"),
        pytest.param(
            f"{'l' * 60}@{'.'.join(['éàüö' * 9] * 5)}.fr",
            BadEmail.TOO_LONG,
            id="long on the wire",
        ),
        pytest.param("camille.exemple.fr", BadEmail.AT_SIGN, id="no at sign"),
        pytest.param("camille@durand@exemple.fr", BadEmail.AT_SIGN, id="two at signs"),
        pytest.param("@exemple.fr", BadEmail.LOCAL_PART, id="nobody"),
        pytest.param(".camille@exemple.fr", BadEmail.LOCAL_PART, id="dot first"),
        pytest.param("camille.@exemple.fr", BadEmail.LOCAL_PART, id="dot last"),
        pytest.param("cam..ille@exemple.fr", BadEmail.LOCAL_PART, id="two dots"),
        pytest.param("cam ille@exemple.fr", BadEmail.LOCAL_PART, id="space inside"),
        pytest.param('"camille"@exemple.fr', BadEmail.LOCAL_PART, id="quotes"),
        pytest.param("Camille <camille@exemple.fr>", BadEmail.LOCAL_PART, id="with a name"),
        pytest.param("inès@exemple.fr", BadEmail.LOCAL_PART, id="accent before the at sign"),
        pytest.param("a,b@exemple.fr", BadEmail.LOCAL_PART, id="comma"),
        pytest.param(f"{'l' * 65}@exemple.fr", BadEmail.LOCAL_PART, id="local part of 65"),
        pytest.param("camille\r\nBcc: x@exemple.fr", BadEmail.LOCAL_PART, id="a header smuggled in"),
        pytest.param("camille@exemple.fr\r\nBcc:", BadEmail.DOMAIN, id="a header after"),
        pytest.param("camille@", BadEmail.DOMAIN, id="no domain"),
        pytest.param("camille@localhost", BadEmail.DOMAIN, id="no dot"),
        pytest.param("camille@exemple.", BadEmail.DOMAIN, id="dot last in the domain"),
        pytest.param("camille@.fr", BadEmail.DOMAIN, id="dot first in the domain"),
        pytest.param("camille@exemple..fr", BadEmail.DOMAIN, id="empty label"),
        pytest.param("camille@-exemple.fr", BadEmail.DOMAIN, id="hyphen first"),
        pytest.param("camille@exemple-.fr", BadEmail.DOMAIN, id="hyphen last"),
        pytest.param("camille@exe_mple.fr", BadEmail.DOMAIN, id="underscore"),
        pytest.param("camille@127.0.0.1", BadEmail.DOMAIN, id="an address of a machine"),
        pytest.param("camille@exemple.123", BadEmail.DOMAIN, id="a last label of digits"),
        pytest.param("camille@[127.0.0.1]", BadEmail.DOMAIN, id="a literal"),
        pytest.param("camille@exemple.f", BadEmail.DOMAIN, id="last label of one letter"),
        pytest.param(f"camille@{'d' * 64}.fr", BadEmail.DOMAIN, id="label of 64"),
        pytest.param("camille@exem\u200bple.fr", BadEmail.DOMAIN, id="invisible character"),
        pytest.param("camille@exemple\u3002fr", BadEmail.DOMAIN, id="a dot of another script"),
        pytest.param("camille@exem\ud800ple.fr", BadEmail.DOMAIN, id="half a character"),
    ],
)
def test_a_text_that_is_no_address_says_why(text: str, reason: BadEmail) -> None:
    assert email(text) is reason


@given(st.emails() | st.text(max_size=30).map(lambda domain: f"a@{domain}.fr"))
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    found = email(text)
    if isinstance(found, Email):
        assert email(found.address) == found
        assert len(found.address) <= EMAIL_LENGTH_MAX


def test_an_address_does_not_show_when_printed() -> None:
    assert "camille" not in repr(Email("camille@exemple.fr"))
    assert Email("camille@exemple.fr").masked == "c••••@exemple.fr"


def test_what_goes_out_has_an_ascii_domain() -> None:
    assert on_the_wire("jean@société.fr") == "jean@xn--socit-esab.fr"
    assert on_the_wire("jean@exemple.fr") == "jean@exemple.fr"


@given(st.emails())
def test_whatever_is_accepted_can_be_sent(text: str) -> None:
    accepted = email(text)
    if isinstance(accepted, Email):
        assert EMAIL.fullmatch(on_the_wire(accepted.address))
