from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import threading
from datetime import UTC, datetime, timedelta

import pytest

from gateways.peppers import Pepper
from gateways.vault import Vault, VaultBusy

pytestmark = pytest.mark.anyio

OLD = Pepper("2025a", b"o" * 32)
NEW = Pepper("2026a", b"n" * 32)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def quick(*peppers: Pepper, passes: int = 1, waiting_max: int = 200) -> Vault:
    return Vault(peppers, memory_kib=64, passes=passes, threads_max=1, waiting_max=waiting_max)


async def test_only_the_code_matches_its_digest() -> None:
    vault = quick(NEW)
    digest = await vault.digest("135790")

    assert await vault.matches("135790", digest)
    assert not await vault.matches("135791", digest)
    assert not await vault.matches("", digest)


async def test_a_digest_says_its_pepper_and_costs_and_nothing_twice() -> None:
    vault = Vault([NEW])
    first, second = await vault.digest("135790"), await vault.digest("135790")

    assert re.fullmatch(r"2026a\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}", first)
    assert first != second
    assert len(first) < 200


async def test_a_leaked_table_is_worth_nothing_without_the_pepper() -> None:
    digest = await quick(NEW).digest("135790")

    assert not await quick(Pepper("2026a", b"x" * 32)).matches("135790", digest)


async def test_codes_survive_a_new_pepper_and_ask_to_be_made_again() -> None:
    before, after = quick(OLD), quick(NEW, OLD)
    digest = await before.digest("135790")

    assert await after.matches("135790", digest)
    assert after.needs_rehash(digest)
    assert not before.needs_rehash(digest)
    assert (await after.digest("135790")).startswith("2026a$")


async def test_codes_made_at_other_costs_ask_to_be_made_again() -> None:
    digest = await quick(NEW).digest("135790")

    assert await quick(NEW, passes=2).matches("135790", digest)
    assert quick(NEW, passes=2).needs_rehash(digest)


@pytest.mark.parametrize("digest", ["", "2026a", "2026a$argon2id$v=19$m=64", "gone$argon2id$x", "2026a$é"])
async def test_an_unreadable_digest_matches_nothing(digest: str) -> None:
    vault = quick(NEW)

    assert not await vault.matches("135790", digest)
    assert vault.needs_rehash(digest)


async def test_nothing_matches_the_decoy_which_costs_as_much_as_a_digest() -> None:
    vault = quick(NEW)

    assert not await vault.matches("135790", vault.decoy)
    assert vault.decoy.split("$")[:4] == (await vault.digest("135790")).split("$")[:4]


class CountingVault(Vault):
    """Counts the digests it pays for."""

    paid = 0

    def _verify(self, encoded: bytes, peppered: bytes) -> bool:
        self.paid += 1
        return super()._verify(encoded, peppered)


@pytest.mark.parametrize("whose", ["known", "unknown", "made with a pepper that is gone"])
async def test_every_account_costs_one_digest(whose: str) -> None:
    vault = CountingVault([NEW], memory_kib=64, passes=1)
    digests = {"known": await vault.digest("135790"), "unknown": vault.decoy}

    assert not await vault.matches("000000", digests.get(whose) or await quick(OLD).digest("000000"))
    assert vault.paid == 1


async def test_a_code_of_any_characters_is_only_wrong() -> None:
    vault = quick(NEW)

    for code in ("\ud800", "\x00", "é" * 10_000):
        assert not await vault.matches(code, vault.decoy)
        assert await vault.matches(code, await vault.digest(code))


class SlowVault(Vault):
    """Checks nothing until told to, and sees how many check at the same time."""

    running = most = 0

    def __init__(self) -> None:
        super().__init__([NEW], memory_kib=64, passes=1, threads_max=1, waiting_max=3)
        self.go_on = threading.Event()

    def _verify(self, encoded: bytes, peppered: bytes) -> bool:
        self.running += 1
        self.most = max(self.most, self.running)
        self.go_on.wait(20)
        self.running -= 1
        return True


async def test_digests_wait_for_their_turn_and_a_crowd_is_sent_away() -> None:
    vault = SlowVault()
    tasks = [asyncio.create_task(vault.matches("135790", vault.decoy)) for _ in range(4)]
    while not vault.running:
        await asyncio.sleep(0.01)

    with pytest.raises(VaultBusy):
        await vault.matches("135790", vault.decoy)
    with pytest.raises(VaultBusy):
        await vault.digest("135790")

    vault.go_on.set()
    assert await asyncio.gather(*tasks) == [True] * 4
    assert vault.most == 1


def test_a_vault_without_pepper_does_not_open() -> None:
    with pytest.raises(ValueError, match="needs a pepper"):
        Vault([])
    with pytest.raises(ValueError, match="32 characters"):
        Vault([Pepper("a", b"short")])


def test_lookups_are_stable_and_apart() -> None:
    vault = quick(NEW)
    one = vault.keyed("identifier", "30601234567890123")

    assert one == quick(NEW).keyed("identifier", "30601234567890123")
    assert len(one) == 32
    assert one not in (
        vault.keyed("throttle", "30601234567890123"),
        vault.keyed("identifier", "30601234567890124"),
        quick(OLD).keyed("identifier", "30601234567890123"),
        hmac.digest(NEW.secret, b"30601234567890123", "sha256"),
    )


def test_adding_a_pepper_moves_no_lookup() -> None:
    assert quick(NEW, OLD).keyed("throttle", "x") == quick(OLD).keyed("throttle", "x")
    assert quick(NEW, OLD).sms_digest(7, "123456") == quick(OLD).sms_digest(7, "123456")


def test_a_text_code_is_worth_nothing_in_another_confirmation() -> None:
    vault = quick(NEW)

    assert vault.sms_digest(1, "123456") == vault.sms_digest("1", "123456")
    assert len(vault.sms_digest(1, "123456")) == 32
    assert vault.sms_digest(1, "23456") != vault.sms_digest(12, "3456")
    assert vault.sms_digest(1, "123456") != vault.keyed("sms", "123456")


def test_tokens_are_long_and_stored_as_their_sha256() -> None:
    tokens = {Vault.token() for _ in range(1_000)}

    assert len(tokens) == 1_000
    assert {len(token) for token in tokens} == {43}
    assert Vault.token_digest("abc") == hashlib.sha256(b"abc").digest()
    assert len(Vault.token_digest("\ud800")) == 32


def test_a_signed_link_says_its_text_until_it_expires() -> None:
    vault = quick(NEW)
    token = vault.sign("statement", "42.été/7", NOON + timedelta(minutes=2))

    assert re.fullmatch(r"[\w-]+", token)
    assert vault.unsign("statement", token, NOON) == "42.été/7"
    assert vault.unsign("statement", token, NOON + timedelta(seconds=119)) == "42.été/7"
    assert vault.unsign("statement", token, NOON + timedelta(minutes=2)) is None


def test_a_link_signed_before_a_rotation_still_works_after_it() -> None:
    token = quick(OLD).sign("statement", "42", NOON + timedelta(minutes=2))

    assert quick(NEW, OLD).unsign("statement", token, NOON) == "42"
    assert quick(NEW).unsign("statement", token, NOON) is None


def test_a_changed_or_foreign_link_says_nothing() -> None:
    vault = quick(NEW)
    token = vault.sign("statement", "42", NOON + timedelta(minutes=2))
    changed = [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(len(token) - 1)]

    assert vault.unsign("consent", token, NOON) is None
    assert {vault.unsign("statement", wrong, NOON) for wrong in changed} == {None}
    for wrong in ("", "a", "é", "=", token + "A", token[:-1], token[:43], "\ud800", "A" * 43):
        assert vault.unsign("statement", wrong, NOON) is None


def test_a_seal_says_its_pepper_and_holds_for_its_text_alone() -> None:
    seal = quick(NEW, OLD).seal
    made = seal("été\ud800")

    assert re.fullmatch(r"2026a\$[0-9a-f]{64}", made)
    assert made == quick(NEW).seal("été\ud800")
    assert seal.holds("été\ud800", made) is True
    assert seal.holds("été", made) is False
    assert seal("") != seal("\x00")


def test_a_seal_is_of_use_for_nothing_else() -> None:
    vault = quick(NEW)
    hexed = vault.seal("7").partition("$")[2]

    assert hexed not in (
        vault.keyed("audit", "7").hex(),
        vault.sms_digest("audit", "7").hex(),
        hmac.digest(NEW.secret, b"7", "sha256").hex(),
    )


def test_seals_survive_a_new_pepper_and_nobody_can_tell_once_theirs_is_gone() -> None:
    made = quick(OLD).seal("7")

    assert quick(NEW, OLD).seal.holds("7", made) is True
    assert quick(NEW, OLD).seal.holds("8", made) is False
    assert quick(NEW).seal.holds("7", made) is None
    assert quick(Pepper(OLD.id, b"x" * 32)).seal.holds("7", made) is False
    assert quick(NEW, OLD).seal.holds("7", made.replace(OLD.id, NEW.id)) is False


@pytest.mark.parametrize(
    "seal", ["", "2026a", "$" + "0" * 64, "2026a$", "2026a$" + "A" * 64, "2026a$" + "0" * 63, "é$" + "0" * 64]
)
def test_what_has_not_the_form_of_a_seal_holds_for_nothing(seal: str) -> None:
    assert quick(NEW).seal.holds("7", seal) is False
    assert quick(NEW).seal.holds("7", f"{seal}\n") is False


def test_the_longest_seal_fits_its_column() -> None:
    assert len(quick(Pepper("a" * 12, b"n" * 32)).seal("x" * 10_000)) == 77
