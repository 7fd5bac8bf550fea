"""Which IP addresses the public web is at: all others are somebody's own machines, and nothing is fetched from them.

The tables are those of IANA's special-purpose registries (RFC 6890), with what translates to another address.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC_4 = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "private to a carrier"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "of a cloud's own services"),  # public by its number only
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "reserved"),
        ("198.51.100.0/24", "reserved"),
        ("203.0.113.0/24", "reserved"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_UNICAST = IPv6Network("2000::/3")  # all that was ever given out
_NOT_PUBLIC_6 = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("::1/128", "loopback"),
        ("::/128", "unspecified"),
        ("::ffff:0:0/96", "an IPv4 address in another form"),
        ("::/96", "an IPv4 address in another form"),
        ("64:ff9b::/96", "translated to IPv4"),
        ("64:ff9b:1::/48", "translated to IPv4"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "reserved"),
        ("2002::/16", "translated to IPv4"),
        ("3fff::/20", "reserved"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
)


def why_not_public(address: str) -> str | None:
    """What kind of address it is if it is not one of the public web. Raises ValueError for what is no IP address."""
    found: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(found, IPv4Address):
        return next((kind for network, kind in _NOT_PUBLIC_4 if found in network), None)
    plain = IPv6Address(int(found))  # without the name of an interface
    kinds = (kind for network, kind in _NOT_PUBLIC_6 if plain in network)
    return next(kinds, None if plain in _UNICAST else "reserved")
