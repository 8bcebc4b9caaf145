"""Which keys of a set are used, and for what."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey

from gateways.staff_tokens import ALGORITHMS
from gateways.token_keys import KEYS_MAX, NoKeySet, TokenKeys
from tests.gateways.provider import jwk, key

RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")


def read(*keys: object) -> TokenKeys:
    return TokenKeys.read({"keys": list(keys)})


def uses(keys: TokenKeys, id: str = "one") -> set[str]:
    """The algorithms for which a key of this name is found."""
    return {name for name in (*ALGORITHMS, "HS256", "none") if keys.find(id, name) is not None}


@pytest.mark.parametrize(
    ("kind", "algorithms"),
    [
        ("RS256", set(RSA)),
        ("ES256", {"ES256"}),
        ("ES384", {"ES384"}),
        ("ES512", {"ES512"}),
        ("EdDSA", {"EdDSA", "Ed25519"}),
    ],
)
def test_a_key_is_for_the_algorithms_of_its_kind(kind: str, algorithms: set[str]) -> None:
    keys = read(jwk(key(kind)))

    assert uses(keys) == algorithms
    assert "one" in keys


def test_there_is_a_key_for_every_algorithm_that_may_be_set() -> None:
    keys = read(*(jwk(key(kind)) for kind in ("RS256", "ES256", "ES384", "ES512", "EdDSA")))

    assert uses(keys) == set(ALGORITHMS)


@pytest.mark.parametrize(("kind", "algorithm"), [("RS256", "PS256"), ("ES256", "ES256"), ("EdDSA", "EdDSA")])
def test_a_key_that_names_its_algorithm_is_for_no_other(kind: str, algorithm: str) -> None:
    assert uses(read(jwk(key(kind), alg=algorithm))) == {algorithm}


@pytest.mark.parametrize(
    "members",
    [
        {"use": None},
        {"key_ops": ["verify"]},
        {"use": None, "key_ops": ["verify", "wrapKey"]},
        {"x5c": ["MIIB"], "x5t": "t", "x5u": "https://elsewhere.example", "more": {}},
    ],
)
def test_members_that_change_nothing_are_passed_over(members: dict[str, Any]) -> None:
    assert uses(read(jwk(key("ES256"), **members))) == {"ES256"}


@pytest.mark.parametrize(
    ("_case", "members"),
    [
        ("to encrypt", {"use": "enc"}),
        ("of another use", {"use": ["sig"]}),
        ("to sign only", {"key_ops": ["sign"]}),
        ("operations of another shape", {"key_ops": "verify"}),
        ("for another algorithm", {"alg": "ES384"}),
        ("for an algorithm of another shape", {"alg": 7}),
        ("for encryption by name", {"alg": "ECDH-ES"}),
        ("without a name", {"kid": None}),
        ("an empty name", {"kid": ""}),
        ("a name of another shape", {"kid": 1}),
        ("a name too long", {"kid": "k" * 201}),
        ("no kind", {"kty": None}),
        ("a kind to come", {"kty": "AKP"}),
        ("a kind of another shape", {"kty": ["EC"]}),
        ("a curve we do not use", {"crv": "secp256k1"}),
        ("a curve of another kind", {"crv": "Ed25519"}),
        ("another curve than the point's", {"crv": "P-384"}),
        ("no curve", {"crv": None}),
        ("no point", {"x": None}),
        ("a point of another shape", {"x": 7}),
        ("a point too long", {"x": "A" * 2_000}),
        ("a point in other letters", {"x": "é" * 43}),
        ("a point beside the curve", {"x": "A" * 43, "y": "A" * 42 + "E"}),
        ("a point at infinity", {"x": "AA", "y": "AA"}),
        ("private", {"d": "AQ"}),
    ],
)
def test_a_key_that_is_not_for_us_is_passed_over(_case: str, members: dict[str, Any]) -> None:
    good = jwk(key("ES256", 2), kid="two")
    keys = read(jwk(key("ES256"), **members), good)

    assert uses(keys) == set()
    assert uses(keys, "two") == {"ES256"}


def test_a_private_key_that_was_published_is_everybodys() -> None:
    for kind in ("RS256", "ES256", "EdDSA"):
        assert uses(read({**key(kind).as_dict(private=True), "kid": "one"})) == set()


def test_a_shared_secret_is_no_key() -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "kid": "one"}

    assert uses(read(secret, {**secret, "alg": "HS256"}, {**secret, "alg": "RS256"})) == set()


@pytest.mark.parametrize("curve", ["Ed448", "X25519", "X448"])
def test_other_curves_of_the_family_are_passed_over(curve: Any) -> None:
    assert uses(read(jwk(OKPKey.generate_key(curve)))) == set()


def test_a_curve_of_a_currency_is_passed_over() -> None:
    assert uses(read(jwk(ECKey.generate_key("secp256k1")))) == set()


def _number(value: int) -> str:
    text = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("bits", "exponent", "is_used"),
    [
        (2_048, 65_537, True),
        (8_192, 65_537, True),
        (2_047, 65_537, False),
        (1_024, 65_537, False),
        (8_193, 65_537, False),
        (16_384, 65_537, False),
        (2_048, 1, False),
        (2_048, 3, False),
        (2_048, 65_538, False),
        (2_048, 2**32 + 1, False),
        (2_048, 2**2_040 + 1, False),
    ],
)
def test_a_key_too_small_too_large_or_too_simple_is_passed_over(
    bits: int, exponent: int, is_used: bool
) -> None:
    """One too large is slow to check, and with the exponent one anything is signed."""
    published = {"kty": "RSA", "kid": "one", "n": _number(2**bits - 1), "e": _number(exponent)}

    assert uses(read(published)) == (set(RSA) if is_used else set())


def test_a_key_that_is_listed_twice_is_one_key() -> None:
    once = jwk(key("ES256"))

    assert uses(read(once, dict(once), {**once, "alg": "ES256"})) == {"ES256"}


def test_two_keys_under_one_name_are_none() -> None:
    keys = read(jwk(key("ES256")), jwk(key("ES256", 2)))

    assert uses(keys) == set()
    assert "one" in keys


def test_keys_of_two_kinds_under_one_name_are_told_apart() -> None:
    """As RFC 7517, section 4.5, allows."""
    keys = read(jwk(key("ES256")), jwk(key("RS256"), alg="RS256"), jwk(key("RS256", 2), alg="PS256"))

    assert uses(keys) == {"ES256", "RS256", "PS256"}


@pytest.mark.parametrize("entry", [None, 7, "key", [], {}])
def test_an_entry_that_is_no_key_is_passed_over(entry: object) -> None:
    assert uses(read(entry, jwk(key("ES256")))) == {"ES256"}


def test_a_set_may_be_empty() -> None:
    assert uses(read()) == set()


@pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": None}, {"keys": {}}, {"keys": "one"}])
def test_what_is_no_set_is_told(document: object) -> None:
    with pytest.raises(NoKeySet):
        TokenKeys.read(document)


def test_a_set_has_an_end() -> None:
    assert uses(read(*[jwk(key("ES256"), kid=str(number)) for number in range(KEYS_MAX)]), "0") == {"ES256"}
    with pytest.raises(NoKeySet):
        read(*[{}] * (KEYS_MAX + 1))
