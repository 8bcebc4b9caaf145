"""Which network an address belongs to: whoever has one address of it has them all."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

HOST_BITS = 64


def network_of(address: str) -> str:
    """The key to count an address by: IPv4 as it is, IPv6 by its /64, the least that one home is given.

    Sources: RFC 6177 for the /64. An IPv4 address written as IPv6 (RFC 4291, 2.5.5.2; 6to4, RFC 3056) counts
    as IPv4. What is no address counts as itself.
    """
    try:
        read = ip_address(address)
    except ValueError:
        return address
    if not isinstance(read, IPv6Address):
        return str(read)
    inner = read.ipv4_mapped or read.sixtofour
    if inner is not None:
        return str(inner)
    return str(IPv6Network((int(read) >> HOST_BITS << HOST_BITS, 128 - HOST_BITS)))
