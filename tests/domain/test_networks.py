"""Which network an address belongs to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.networks import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        pytest.param("192.0.2.1", "192.0.2.1", id="IPv4"),
        pytest.param("2001:db8:1:2::1", "2001:db8:1:2::/64", id="IPv6"),
        pytest.param("2001:0DB8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64", id="its last neighbour"),
        pytest.param("2001:db8:1:3::1", "2001:db8:1:3::/64", id="the network next to it"),
        pytest.param("fe80::1%eth0", "fe80::/64", id="with a zone"),
        pytest.param("::1", "::/64", id="this machine"),
        pytest.param("::ffff:192.0.2.1", "192.0.2.1", id="IPv4 mapped"),
        pytest.param("::ffff:c000:201", "192.0.2.1", id="IPv4 mapped, in hexadecimal"),
        pytest.param("2002:c000:0201:7::9", "192.0.2.1", id="6to4"),
        pytest.param("", "", id="none"),
        pytest.param("testclient", "testclient", id="a name"),
        pytest.param("192.0.2.1:443", "192.0.2.1:443", id="with a port"),
        pytest.param("192.0.2.256", "192.0.2.256", id="out of range"),
        pytest.param("\ud800", "\ud800", id="no text at all"),
    ],
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    assert network_of(address) == network


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_ipv4_address_counts_alone_however_it_is_written(address: IPv4Address) -> None:
    assert network_of(str(address)) == network_of(f"::ffff:{address}") == str(address)


@given(st.integers(0x2400 << 112, (0x2500 << 112) - 1).map(IPv6Address), st.integers(0, 2**64 - 1))
def test_all_of_a_64_count_as_one(address: IPv6Address, host: int) -> None:
    neighbour = IPv6Address(int(address) >> 64 << 64 | host)
    found = network_of(str(address))
    assert network_of(str(neighbour)) == found
    assert address in ip_network(found)
    assert neighbour in ip_network(found)
