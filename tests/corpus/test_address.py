"""Web addresses: one way to write each, and which hosts are allowed by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.corpus.address import (
    Allowed,
    address_of,
    host_and_port,
    looks_like_address,
    origin_of,
)
from citewell.corpus.errors import BadInput


@pytest.mark.parametrize(
    ("given_", "written"),
    [
        ("HTTPS://Example.ORG:443", "https://example.org/"),
        ("http://example.org:80/A?b=C#d", "http://example.org/A?b=C"),
        ("http://example.org:443/", "http://example.org:443/"),
        (" https://example.org/a b\n", "https://example.org/a%20b"),
        ("https://Bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://example.org./", "https://example.org/"),
        ("http://[::1]:8000/a;b", "http://[::1]:8000/a;b"),
        ("http://a.example/b/../c", "http://a.example/c"),
    ],
)
def test_one_way_to_write_it(given_: str, written: str) -> None:
    assert address_of(given_) == written
    assert address_of(written) == written


@pytest.mark.parametrize(
    ("given_", "reason"),
    [
        ("file:///etc/passwd", "not file:"),
        ("ftp://example.org/", "not ftp:"),
        ("gopher://example.org/", "not gopher:"),
        ("javascript:alert(1)", "not javascript:"),
        ("example.org/a", "not this:"),
        ("", "not this:"),
        ("http://me@example.org/", "name or password"),
        ("http://me:secret@example.org/", "name or password"),
        ("http://", "no web address"),
        ("http:///a", "no web address"),
        ("http://./", "no web address"),
        ("http://[::1/", "no web address"),
        ("http://example.org:0/", "no web address"),
        ("http://example.org:65536/", "no web address"),
        ("http://example.org:x/", "no web address"),
        ("http://exa\0mple.org/", "no web address"),
        ("http://example.org/\ud800", "no web address"),
        ("http://１２７.0.0.1/", "no web address"),
        ("http://example.org/" + "a" * 5_000, "at most 4,000"),
        ("http://example.org/" + "a" * 70_000, "no web address"),
    ],
)
def test_what_is_no_address(given_: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        address_of(given_)


@given(st.text())
def test_anything_is_an_address_or_a_reason(given_: str) -> None:
    for text in (given_, f"http://{given_}", f"http://example.org/{given_}"):
        try:
            written = address_of(text)
        except ValueError:
            continue
        assert written.startswith(("http://", "https://"))
        assert address_of(written) == written
        assert "@" not in origin_of(written)
        assert "#" not in written


@given(st.text())
def test_a_link_leads_to_an_address_or_is_a_reason(link: str) -> None:
    try:
        written = address_of(link, "https://example.org/a/b")
    except ValueError:
        return
    assert address_of(written) == written


def test_parts() -> None:
    assert host_and_port("https://example.org/a") == ("example.org", 443)
    assert host_and_port("http://[::1]:8000/a") == ("::1", 8000)
    assert origin_of("http://example.org:8080/a/b?c") == "http://example.org:8080"


@pytest.mark.parametrize("given_", ["https://a", "HTTP://a", "file:///a", "git+ssh://a"])
def test_what_is_meant_as_an_address(given_: str) -> None:
    assert looks_like_address(given_)


@pytest.mark.parametrize("given_", ["a/b.txt", "a:b", "C:\\a", "/http://a", "c://a"])
def test_what_is_meant_as_a_file(given_: str) -> None:
    assert not looks_like_address(given_)


def test_hosts_are_allowed_by_name() -> None:
    allowed = Allowed.of(["Wiki.Example", "127.0.0.1:8080", "[::1]:80", "bücher.example"])
    assert ("wiki.example", 80) in allowed
    assert ("wiki.example", 8080) in allowed
    assert ("127.0.0.1", 8080) in allowed
    assert ("127.0.0.1", 80) not in allowed
    assert ("::1", 80) in allowed
    assert ("xn--bcher-kva.example", 443) in allowed
    assert ("a.wiki.example", 80) not in allowed
    assert ("example", 80) not in allowed


@pytest.mark.parametrize("name", ["", "a b", "http://a", "a:0", "a:65536", "a:x", "a/b", "me@a", "*:"])
def test_what_names_no_host(name: str) -> None:
    with pytest.raises(BadInput, match="--allow-host"):
        Allowed.of([name])
