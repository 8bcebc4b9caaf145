"""What a token must be, told by a provider's tokens that lack one thing each."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from domain.staff import Staff, StaffScope
from gateways.provider_staff_tokens import ProviderStaffTokens
from gateways.staff_tokens import BadToken, NoStaffTokens
from gateways.token_rules import TOKEN_LENGTH_MAX, TokenRules
from tests.conftest import NOON, Clock
from tests.gateways.provider import AUDIENCE, SUBJECT, Provider, jwk, key, listening, signed

SAFE = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
WRONG_CLAIM = "its claim {} is wrong or missing"
NO_TOKEN = "it is no signed token"
OTHER_KEY = "its key is unknown, or is not for its algorithm"

Change = Callable[[Provider], str]


@pytest.fixture
def provider(clock: Clock) -> Iterator[Provider]:
    with listening(clock) as provider:
        yield provider


@asynccontextmanager
async def tokens_of(
    provider: Provider, clock: Clock, algorithms: tuple[str, ...] = SAFE
) -> AsyncIterator[ProviderStaffTokens]:
    tokens = ProviderStaffTokens(
        issuer=provider.issuer, audience=AUDIENCE, algorithms=algorithms, clock=clock
    )
    try:
        yield tokens
    finally:
        await tokens.close()


async def verified(provider: Provider, clock: Clock, token: str) -> Staff:
    async with tokens_of(provider, clock) as tokens:
        return await tokens.verify(token)


async def refused(provider: Provider, clock: Clock, token: str, algorithms: tuple[str, ...] = SAFE) -> str:
    """Why a token is refused. No word of it is repeated."""
    async with tokens_of(provider, clock, algorithms) as tokens:
        with pytest.raises(BadToken) as caught:
            await tokens.verify(token)
    told = str(caught.value)
    assert not any(part and part in told for part in token.split(".") if len(part) > 8)
    assert caught.value.__cause__ is None
    return told


async def test_who_it_is_and_what_she_may(provider: Provider, clock: Clock) -> None:
    token = provider.token(scope="openid unlock analytics profile")

    assert await verified(provider, clock, token) == Staff(
        subject=SUBJECT,
        scopes=frozenset({StaffScope.UNLOCK, StaffScope.ANALYTICS}),
        expires_at=NOON + timedelta(minutes=5),
    )


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"])
async def test_every_algorithm_that_is_set_is_read(provider: Provider, clock: Clock, algorithm: str) -> None:
    signer = key(algorithm)
    provider.keys = [jwk(signer, alg=algorithm)]
    token = provider.token({"alg": algorithm}, signer)

    async with tokens_of(provider, clock, (algorithm,)) as tokens:
        assert (await tokens.verify(token)).subject == SUBJECT


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": "unlock"}, {"unlock"}),
        ({"scope": ["unlock", "adviser", "other"]}, {"unlock", "adviser"}),
        ({"scope": None, "scp": ["analytics"]}, {"analytics"}),
        ({"scope": "unlocks UNLOCK unlock:all"}, set()),
        ({"scope": ""}, set()),
        ({"scope": None}, set()),
    ],
)
async def test_scopes_that_are_not_ours_are_nothing(
    provider: Provider, clock: Clock, claims: dict[str, Any], scopes: set[str]
) -> None:
    assert (await verified(provider, clock, provider.token(**claims))).scopes == scopes


@pytest.mark.parametrize("type", ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "jwt", None])
async def test_types_of_access_tokens_are_read(provider: Provider, clock: Clock, type: str | None) -> None:
    assert (await verified(provider, clock, provider.token({"typ": type}))).subject == SUBJECT


async def test_an_access_token_may_be_for_others_too(provider: Provider, clock: Clock) -> None:
    token = provider.token(aud=["account", AUDIENCE])

    assert (await verified(provider, clock, token)).subject == SUBJECT


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(NOON.timestamp()) - 59},
        {"nbf": int(NOON.timestamp()) + 60},
        {"iat": int(NOON.timestamp()) + 60},
        {"iat": None, "nbf": None},
        {"exp": int(NOON.timestamp()) + 86_400},
        {"exp": NOON.timestamp() + 0.5},
    ],
)
async def test_clocks_may_differ_by_a_minute(
    provider: Provider, clock: Clock, claims: dict[str, Any]
) -> None:
    assert (await verified(provider, clock, provider.token(**claims))).subject == SUBJECT


async def test_what_a_header_says_beyond_is_not_heeded(provider: Provider, clock: Clock) -> None:
    """Least of all where it says that the key is."""
    elsewhere = f"{provider.address}/elsewhere"
    forged = {"jku": elsewhere, "x5u": elsewhere, "x5c": ["MIIB"], "jwk": jwk(key("ES256", 2)), "mine": 1}

    assert (await verified(provider, clock, provider.token(forged))).subject == SUBJECT
    forger = key("ES256", 2)
    assert await refused(provider, clock, provider.token(forged, forger)) == "its signature is wrong"
    assert "/elsewhere" not in provider.asked


@pytest.mark.parametrize(
    ("_case", "claims", "words"),
    [
        ("another issuer", {"iss": "https://elsewhere.example"}, WRONG_CLAIM.format("iss")),
        ("the issuer, nearly", {"iss": "http://127.0.0.1"}, WRONG_CLAIM.format("iss")),
        ("issuers", {"iss": ["http://127.0.0.1"]}, WRONG_CLAIM.format("iss")),
        ("no issuer", {"iss": None}, WRONG_CLAIM.format("iss")),
        ("another audience", {"aud": "other"}, WRONG_CLAIM.format("aud")),
        ("other audiences", {"aud": ["other", "portals"]}, WRONG_CLAIM.format("aud")),
        ("no audience", {"aud": None}, WRONG_CLAIM.format("aud")),
        ("an empty audience", {"aud": []}, WRONG_CLAIM.format("aud")),
        ("an audience of another shape", {"aud": [AUDIENCE, 7]}, WRONG_CLAIM.format("aud")),
        ("expired", {"exp": int(NOON.timestamp()) - 60}, WRONG_CLAIM.format("exp")),
        ("never expires", {"exp": None}, WRONG_CLAIM.format("exp")),
        ("expires in words", {"exp": "tomorrow"}, WRONG_CLAIM.format("exp")),
        ("expires at no number", {"exp": float("nan")}, WRONG_CLAIM.format("exp")),
        ("expires at no end", {"exp": float("inf")}, WRONG_CLAIM.format("exp")),
        ("expires in truth", {"exp": True}, WRONG_CLAIM.format("exp")),
        ("lives for two days", {"exp": int(NOON.timestamp()) + 172_800}, "it lives too long"),
        ("lives for ever", {"exp": 10**30}, "it lives too long"),
        ("not yet", {"nbf": int(NOON.timestamp()) + 61}, WRONG_CLAIM.format("nbf")),
        ("made in the future", {"iat": int(NOON.timestamp()) + 61}, WRONG_CLAIM.format("iat")),
        ("made in words", {"iat": "today"}, WRONG_CLAIM.format("iat")),
        ("nobody", {"sub": None}, WRONG_CLAIM.format("sub")),
        ("an empty name", {"sub": ""}, WRONG_CLAIM.format("sub")),
        ("a number for a name", {"sub": 7}, WRONG_CLAIM.format("sub")),
        ("a name too long", {"sub": "a" * 256}, WRONG_CLAIM.format("sub")),
        ("a name with a line", {"sub": "a\nb"}, WRONG_CLAIM.format("sub")),
        ("half a character", {"sub": "a\ud800"}, WRONG_CLAIM.format("sub")),
        ("a scope of another shape", {"scope": {"unlock": True}}, WRONG_CLAIM.format("scope")),
        ("scopes of another shape", {"scope": ["unlock", 7]}, WRONG_CLAIM.format("scope")),
    ],
)
async def test_a_claim_that_is_wrong_is_refused(
    provider: Provider, clock: Clock, _case: str, claims: dict[str, Any], words: str
) -> None:
    assert await refused(provider, clock, provider.token(**claims)) == words


@pytest.mark.parametrize(
    "claims",
    [{"aud": ["client", AUDIENCE]}, {"nonce": "n"}, {"at_hash": "h"}, {"c_hash": "h"}, {"s_hash": "h"}],
)
async def test_a_token_that_tells_a_client_who_signed_in_lets_nobody_in(
    provider: Provider, clock: Clock, claims: dict[str, Any]
) -> None:
    told = await refused(provider, clock, provider.token({"typ": "JWT"}, **claims))

    assert told == "it was made for a client"
    assert await refused(provider, clock, provider.token({"typ": "JWT"}, aud="client")) == WRONG_CLAIM.format(
        "aud"
    )


@pytest.mark.parametrize(
    ("_case", "header", "words"),
    [
        ("an unknown key", {"kid": "two"}, OTHER_KEY),
        ("a file for a key", {"kid": "../../dev/null"}, OTHER_KEY),
        ("a statement for a key", {"kid": "one' OR 1=1 --"}, OTHER_KEY),
        ("the key in other letters", {"kid": "ONE"}, OTHER_KEY),
        ("no key", {"kid": None}, "it names no key"),
        ("another type", {"typ": "logout+jwt"}, "it is a token of another type"),
        ("an id token's type", {"typ": "id+jwt"}, "it is a token of another type"),
        ("an empty type", {"typ": ""}, "it is a token of another type"),
        ("something critical", {"crit": ["exp"], "exp": 1}, "it wants something understood that is not"),
        (
            "a payload that is not encoded",
            {"crit": ["b64"], "b64": True},
            "it wants something understood that is not",
        ),
    ],
)
async def test_a_header_that_is_wrong_is_refused(
    provider: Provider, clock: Clock, _case: str, header: dict[str, Any], words: str
) -> None:
    claims = provider.token().split(".")[1]
    # By hand: the library does not sign all of these.
    top = {"alg": "ES256", "kid": "one", "typ": "at+jwt", **header}
    first = _encoded({name: value for name, value in top.items() if value is not None})

    assert await refused(provider, clock, f"{first}.{claims}.{'A' * 86}") == words


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "HS256", "RS1", "ES256K", "", "dir"])
async def test_an_algorithm_that_is_not_set_is_refused_before_a_key_is_looked_for(
    provider: Provider, clock: Clock, algorithm: str
) -> None:
    claims = provider.token().split(".")[1]
    forged = f"{_encoded({'alg': algorithm, 'kid': 'one'})}.{claims}.AAAA"

    assert await refused(provider, clock, forged) == "its algorithm is not allowed"
    assert provider.asked == []


@pytest.mark.parametrize("algorithm", [None, 7, ["ES256"], {"ES256": 1}])
async def test_an_algorithm_of_another_shape_is_none(
    provider: Provider, clock: Clock, algorithm: object
) -> None:
    claims = provider.token().split(".")[1]
    forged = f"{_encoded({'alg': algorithm, 'kid': 'one'})}.{claims}.AAAA"

    assert await refused(provider, clock, forged) == "it names no algorithm"


async def test_a_known_algorithm_that_is_not_set_is_refused(provider: Provider, clock: Clock) -> None:
    told = await refused(provider, clock, provider.token(), ("RS256",))

    assert told == "its algorithm is not allowed"


async def test_nothing_set_is_nothing_allowed(provider: Provider, clock: Clock) -> None:
    """The library would take its recommended ones, a shared secret among them."""
    assert await refused(provider, clock, provider.token(), ()) == "its algorithm is not allowed"
    assert await refused(provider, clock, provider.token(), ("HS256", "none")) == (
        "its algorithm is not allowed"
    )


@pytest.mark.parametrize("form", ["PEM", "DER"])
async def test_a_public_key_is_no_shared_secret(provider: Provider, clock: Clock, form: Any) -> None:
    """CVE-2015-9235 and its kin: signed with what everybody knows. By hand: the library knows better."""
    public = key("RS256").as_bytes(form, private=False)  # type: ignore[union-attr]
    provider.keys = [jwk(key("RS256"))]
    claims = {"iss": provider.issuer, "aud": AUDIENCE, "sub": SUBJECT, "exp": int(NOON.timestamp()) + 60}
    text = f"{_encoded({'alg': 'HS256', 'kid': 'one'})}.{_encoded(claims)}"
    forged = f"{text}.{_encoded(hmac.digest(public, text.encode(), 'sha256'))}"

    assert await refused(provider, clock, forged) == "its algorithm is not allowed"
    assert await refused(provider, clock, forged, ("HS256", "RS256")) == "its algorithm is not allowed"


async def test_a_signature_by_another_key_is_wrong(provider: Provider, clock: Clock) -> None:
    assert await refused(provider, clock, provider.token(signer=key("ES256", 2))) == "its signature is wrong"


async def test_a_key_signs_in_the_way_it_is_for(provider: Provider, clock: Clock) -> None:
    """An elliptic key named by a token that says RSA, and a curve named by a token that says another."""
    provider.keys = [
        jwk(key("ES256")),
        jwk(key("RS256"), kid="rsa", alg="RS256"),
        jwk(key("ES384"), kid="384"),
    ]
    everything = (*SAFE, "ES384")
    for header, signer in [
        ({"alg": "RS256"}, key("RS256")),
        ({"alg": "PS256", "kid": "rsa"}, key("RS256")),
        ({"alg": "ES384"}, key("ES384")),
        ({"alg": "ES256", "kid": "384"}, key("ES256")),
        ({"alg": "EdDSA"}, key("EdDSA")),
    ]:
        assert await refused(provider, clock, provider.token(header, signer), everything) == OTHER_KEY


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_token_that_was_touched_is_wrong(provider: Provider, clock: Clock, place: int) -> None:
    """Swapped for the same part of another token that is right."""
    first, second = provider.token(), provider.token({"typ": "JWT"}, scope="unlock analytics")
    parts = first.split(".")
    parts[place] = second.split(".")[place]

    assert await refused(provider, clock, ".".join(parts)) == "its signature is wrong"


@pytest.mark.parametrize("signature", ["A" * 86, "A" * 2, "A" * 171, "MAYCAQACAQA"])
async def test_no_signature_is_empty_or_all_zero(provider: Provider, clock: Clock, signature: str) -> None:
    """CVE-2022-21449, and lengths that the curve does not have."""
    body = provider.token().rpartition(".")[0]

    assert await refused(provider, clock, f"{body}.{signature}") == "its signature is wrong"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d.e",
        "e30.e30.",
        "e30..AAAA",
        "é.é.é",
        "a b.c.d",
        "a.b.c\n",
        "ey\0.b.c",
        "AAAA.AAAA.AAAA",
        "bnVsbA.AAAA.AAAA",
        f"{'W' * 4_000}.AAAA.AAAA",
        '{"payload": "e30", "signatures": []}',
    ],
)
async def test_what_is_no_token_is_refused(provider: Provider, clock: Clock, token: str) -> None:
    assert await refused(provider, clock, token) == NO_TOKEN
    assert provider.asked == []


@pytest.mark.parametrize(
    "header", [b"[]", b'"alg"', b'"alg b64 crit kid"', b"7", b"null", b"[" * 3_000, b"\xff"]
)
async def test_a_header_that_is_no_object_is_no_token(
    provider: Provider, clock: Clock, header: bytes
) -> None:
    assert await refused(provider, clock, f"{_encoded(header)}.AAAA.AAAA") == NO_TOKEN


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"x", b"[" * 3_000, b"\xff"])
async def test_a_payload_that_is_no_object_is_no_token(
    provider: Provider, clock: Clock, payload: bytes
) -> None:
    token = signed({"alg": "ES256", "kid": "one"}, payload, key("ES256"))

    assert await refused(provider, clock, token) == NO_TOKEN


async def test_a_token_that_is_too_long_is_not_read(provider: Provider, clock: Clock) -> None:
    token = provider.token(more="x" * 6_500)
    assert len(token) > TOKEN_LENGTH_MAX

    assert await refused(provider, clock, token) == "it is too long"
    assert provider.asked == []


async def test_a_header_that_is_too_long_is_not_read(provider: Provider, clock: Clock) -> None:
    token = f"{_encoded({'alg': 'ES256', 'kid': 'one', 'x5c': ['x' * 4_000]})}.e30.{'A' * 86}"

    assert await refused(provider, clock, token) == "its signature is wrong"


async def test_without_a_provider_nobody_is_staff() -> None:
    with pytest.raises(BadToken, match="^no provider of staff tokens is set$"):
        await NoStaffTokens().verify("a.b.c")


_rules = TokenRules(issuer="i", audience="a", algorithms=SAFE, clock=lambda: datetime.now(UTC))
_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", fullmatch=True))
def test_whatever_a_stranger_sends_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadToken):
        _rules.named(text)


@given(
    st.fixed_dictionaries(
        {"alg": st.just("ES256"), "kid": st.just("one")},
        optional={
            name: _json_values
            for name in ("typ", "b64", "jku", "jwk", "x5c", "x5u", "cty", "x5t#S256", "zip")
        },
    )
)
def test_whatever_a_header_holds_only_a_signature_counts(header: dict[str, Any]) -> None:
    public = ECKey.import_key(key("ES256").as_dict(private=False))
    token = f"{_encoded(header)}.e30.{'A' * 86}"
    with pytest.raises(BadToken):
        _rules.staff(token, _rules.named(token), public)


def _encoded(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
