"""Which IP addresses are public: held against the standard library's registries, which know less."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citewell.corpus.public import why_not_public

_NETWORKS = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
    "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
    "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2000::/3",
]  # fmt: skip
ADDRESSES = st.one_of(st.ip_addresses(), *(st.ip_addresses(network=network) for network in _NETWORKS))
_OURS = ("168.63.129.16/", "192.0.0.", "192.88.99.")  # though the standard library lets some of them pass


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "93.184.216.34", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1"],
)
def test_public(address: str) -> None:
    assert why_not_public(address) is None


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"), ("127.255.255.254", "loopback"), ("::1", "loopback"),
        ("10.1.2.3", "private"), ("172.31.255.255", "private"), ("192.168.0.1", "private"), ("fd00:ec2::254", "private"),
        ("fec0::1", "private"), ("100.127.255.255", "private to a carrier"), ("100.100.100.200", "private to a carrier"),
        ("169.254.169.254", "link-local"), ("fe80::1", "link-local"), ("fe80::1%eth0", "link-local"),
        ("0.0.0.0", "unspecified"), ("0.1.2.3", "unspecified"), ("::", "unspecified"),
        ("224.0.0.251", "multicast"), ("ff02::1", "multicast"),
        ("255.255.255.255", "reserved"), ("192.0.2.7", "reserved"), ("198.19.0.1", "reserved"), ("192.88.99.1", "reserved"),
        ("2001:db8::1", "reserved"), ("2001:0:1::1", "reserved"), ("4000::1", "reserved"), ("5f00::1", "reserved"),
        ("::ffff:8.8.8.8", "an IPv4 address in another form"), ("::7f00:1", "an IPv4 address in another form"),
        ("64:ff9b::a00:1", "translated to IPv4"), ("64:ff9b:1::a00:1", "translated to IPv4"),
        ("2002:7f00:1::", "translated to IPv4"), ("168.63.129.16", "of a cloud's own services"),
    ],
)  # fmt: skip
def test_not_public(address: str, kind: str) -> None:
    assert why_not_public(address) == kind


@given(ADDRESSES)
@settings(max_examples=500, deadline=None)
def test_what_is_public_is_so_for_the_standard_library_too(address: IPv4Address | IPv6Address) -> None:
    if why_not_public(str(address)) is None:
        assert address.is_global
        kinds = ("private", "loopback", "link_local", "multicast", "reserved", "unspecified")
        assert [kind for kind in kinds if getattr(address, f"is_{kind}")] == []


@given(ADDRESSES)
@settings(max_examples=500, deadline=None)
def test_what_is_an_ipv4_address_within_is_not_public(address: IPv4Address | IPv6Address) -> None:
    if isinstance(address, IPv6Address) and (address.ipv4_mapped or address.sixtofour or address.teredo):
        assert why_not_public(str(address)) is not None


@given(st.one_of(st.ip_addresses(v=4), *(st.ip_addresses(network=each) for each in _NETWORKS if "." in each)))
@settings(max_examples=500, deadline=None)
def test_nothing_else_of_ipv4_is_refused(address: IPv4Address | IPv6Address) -> None:
    known = address.is_multicast or address.is_reserved or f"{address}/".startswith(_OURS)
    assert (why_not_public(str(address)) is None) == (address.is_global and not known)


@given(st.ip_addresses(v=6, network="2a00::/12"))
def test_nothing_else_of_ipv6_is_refused(address: IPv4Address | IPv6Address) -> None:
    assert why_not_public(str(address)) is None


@given(st.ip_addresses(v=4))
def test_an_address_mapped_into_ipv6_is_never_public(address: IPv4Address | IPv6Address) -> None:
    for written in (f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}"):
        assert why_not_public(written) is not None
        assert ip_address(written).version == 6
