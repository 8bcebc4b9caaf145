"""What `portal serve` hands to uvicorn."""

from __future__ import annotations

import pickle
import resource
from ipaddress import ip_network

import pytest

from commands.serving import Callers, _options, allow_open_files
from gateways.settings import Settings

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"))


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::3", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::4", "2001:db8:1:2::/64"),
        ("10.1.2.3", None),
        ("2001:db8:ffff::1", None),
        ("a socket", "a socket"),
    ],
)
def test_connections_are_counted_by_network_and_those_of_a_proxy_are_not(
    address: str, key: str | None
) -> None:
    assert Callers(PROXIES)(address) == key


def test_the_door_has_the_limits_of_the_settings_in_every_process() -> None:
    settings = Settings(
        connections_max=20,
        connections_of_address_max=3,
        header_bytes_max=5_000,
        header_seconds_max=4,
        trusted_proxies=PROXIES[:1],
    )
    gate = pickle.loads(pickle.dumps(_options(settings)["http"]))
    limits = gate.limits
    assert (limits.connections_max, limits.connections_of_address_max) == (20, 3)
    assert (limits.header_bytes_max, limits.header_seconds_max) == (5_000, 4)
    assert all(gate.enter("203.0.113.7") for _ in range(3))
    assert gate.enter("203.0.113.7") is None
    assert all(gate.enter("10.1.2.3") for _ in range(17))
    assert gate.enter("10.1.2.3") is None


def test_as_many_files_as_connections_may_be_open() -> None:
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 10, hard))
        allow_open_files(soft - 5)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft - 5, hard)
        allow_open_files(20)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft - 5, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
