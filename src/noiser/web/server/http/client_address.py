"""Addresses: whom a connection counts for."""

import ipaddress

IPV6_PREFIX = 64
"""Bits of an IPv6 network that one client has for itself, as providers hand them out (RFC 6177)."""


def client_at(host: str) -> str | None:
    """Name the client that an address belongs to; None is this machine.

    A reverse proxy on this machine brings everybody's connections from its own address, so those
    count for nobody; it has limits of its own.

    Args:
        host: A numeric address, of a connection's other end.

    Returns:
        The IPv4 address, or the network of the IPv6 address.

    Example:
        >>> client_at("203.0.113.7"), client_at("2001:db8:1:2:3::4"), client_at("127.0.0.1")
        ('203.0.113.7', '2001:db8:1:2::/64', None)
    """
    address = ipaddress.ip_address(host.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return None
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), IPV6_PREFIX), strict=False))
