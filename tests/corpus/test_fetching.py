"""What is fetched from the web and what is not, from a server that misbehaves on purpose."""

import gzip
import socket
import ssl
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from citewell.corpus.address import Allowed
from citewell.corpus.connecting import Unfetched
from citewell.corpus.fetching import Fetched, Fetcher
from citewell.corpus.request import Patience
from citewell.corpus.visit import NO_VALIDATORS, Validators
from tests.site import Asked, Reply, Site, answer, endless, in_turn, packed, redirect, served

MOST = 1_000_000


@pytest.fixture
def waited() -> list[float]:
    """The seconds that a fetcher would have waited."""
    return []


@pytest.fixture
def fetcher(site: Site, waited: list[float]) -> Iterator[Fetcher]:
    """It may read the site."""
    with Fetcher(Allowed.of([site.host]), pause=0.0, sleep=waited.append) as fetcher:
        yield fetcher


@pytest.fixture
def hasty(site: Site) -> Iterator[Fetcher]:
    """Without patience."""
    with Fetcher(Allowed.of([site.host]), Patience(0.5, 0.5, 0.8), pause=0.0) as fetcher:
        yield fetcher


def got(fetcher: Fetcher, site: Site, path: str = "/a", former: Validators = NO_VALIDATORS) -> Fetched:
    found = fetcher.fetch(site.url(path), MOST, former)
    assert found is not None
    return found


def refusal(fetcher: Fetcher, address: str) -> str:
    with pytest.raises(Unfetched) as refused:
        fetcher.fetch(address, MOST)
    return str(refused.value)


def test_a_page_comes_with_its_type_and_validators(fetcher: Fetcher, site: Site) -> None:
    site.pages["/a"] = answer(
        "<p>sun", Content_Type="Text/HTML; charset=UTF-8", ETag='"1"', Last_Modified="then"
    )
    assert got(fetcher, site) == Fetched(
        site.url("/a"), b"<p>sun", "text/html", "utf-8", Validators(site.url("/a"), '"1"', "then")
    )


def test_a_request_says_who_asks_and_nothing_else(fetcher: Fetcher, site: Site) -> None:
    site.pages["/a?b=%20c"] = answer("x", Set_Cookie="a=b")
    got(fetcher, site, "/a?b=%20c")
    got(fetcher, site, "/a?b=%20c")
    headers = site.asked[-1].headers
    assert set(headers) == {"host", "user-agent", "accept-encoding"}
    assert headers["user-agent"].startswith("citewell/")
    assert headers["host"] == site.host


def test_the_environment_has_no_say(
    fetcher: Fetcher, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("NETRC", str(netrc))
    site.pages["/a"] = answer("x")
    got(fetcher, site)
    assert "authorization" not in site.asked[-1].headers


# -- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Again", "308 For good"])
def test_redirects_are_followed(fetcher: Fetcher, site: Site, status: str) -> None:
    site.pages |= {"/a": redirect("b/c?d#e", status), "/b/c?d": answer("there")}
    found = got(fetcher, site)
    assert (found.address, found.content) == (site.url("/b/c?d"), b"there")


def test_loops_of_redirects_end(fetcher: Fetcher, site: Site) -> None:
    site.pages |= {"/a": redirect("/b"), "/b": redirect("/a")}
    assert refusal(fetcher, site.url("/a")) == "more than 10 redirects"
    assert len(site.paths) == 11


def test_ten_redirects_are_followed(fetcher: Fetcher, site: Site) -> None:
    site.pages |= {f"/{number}": redirect(f"/{number + 1}") for number in range(10)}
    site.pages["/10"] = answer("there")
    assert got(fetcher, site, "/0").content == b"there"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("file:///etc/passwd", "not file:"),
        ("javascript:alert(1)", "not javascript:"),
        ("data:text/plain,x", "not data:"),
        ("ftp://example.org/", "not ftp:"),
        ("//me:secret@example.org/", "a name or password"),
        ("http://[::1/", "no web address"),
        ("http://example.org:99999/", "no web address"),
    ],
)
def test_redirects_lead_to_the_web_only(fetcher: Fetcher, site: Site, location: str, reason: str) -> None:
    site.pages["/a"] = redirect(location)
    assert reason in refusal(fetcher, site.url("/a"))


@pytest.mark.parametrize(
    "place",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "0", "localhost", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254",
        "100.64.0.1", "[fe80::1]", "[fd00::1]", "224.0.0.1", "255.255.255.255", "[2002:7f00:1::]", "168.63.129.16",
    ],
)  # fmt: skip
def test_redirects_lead_to_public_addresses_only(fetcher: Fetcher, site: Site, place: str) -> None:
    """In any spelling; the host that was allowed is so with its own port only."""
    with served() as inner:
        inner.pages["/secret"] = answer("secret")
        site.pages["/a"] = redirect(f"http://{place}:{inner.port}/secret")
        said = refusal(fetcher, site.url("/a"))
        assert "its robots.txt: " in said
        assert "--allow-host" in said
        assert inner.asked == []


def test_a_redirect_without_a_place_is_no_page(fetcher: Fetcher, site: Site) -> None:
    site.pages["/a"] = answer("", "302 Found")
    assert "answers 302" in refusal(fetcher, site.url("/a"))


# -- names and addresses ---------------------------------------------------------------------------------------------


def test_a_name_that_is_public_first_and_private_then_is_looked_up_once(site: Site) -> None:
    """The address that was checked is the one that is connected to: a second look-up would give the private one."""
    answers = [["192.0.2.1"], ["127.0.0.1"]]
    with Fetcher(resolve=lambda host, port: answers.pop(0), patience=Patience(0.2, 0.2, 0.5)) as fetcher:
        assert "192.0.2.1, which is reserved" in refusal(fetcher, f"http://rebound.test:{site.port}/a")
    assert len(answers) == 1
    assert site.asked == []


def test_a_name_is_connected_to_at_the_address_that_was_checked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        tried.append(address)
        raise OSError("not from a test")

    monkeypatch.setattr(socket, "create_connection", connect)
    with Fetcher(resolve=lambda host, port: ["93.184.216.34", "2606:2800:21f::1"]) as fetcher:
        refusal(fetcher, "http://public.test/a")
    assert tried == [("93.184.216.34", 80), ("2606:2800:21f::1", 80)]


def test_every_hop_is_looked_up_and_checked(site: Site) -> None:
    site.pages["/a"] = redirect(f"http://inner.test:{site.port}/b")
    site.pages["/b"] = answer("secret")
    with Fetcher(Allowed.of(["outer.test"]), pause=0, resolve=lambda host, port: ["127.0.0.1"]) as fetcher:
        assert "inner.test is at 127.0.0.1, which is loopback" in refusal(
            fetcher, f"http://outer.test:{site.port}/a"
        )
    assert site.paths == ["/a"]


def test_one_private_address_of_several_is_enough_to_refuse(site: Site) -> None:
    both = ["93.184.216.34", "127.0.0.1"]
    with Fetcher(resolve=lambda host, port: both) as fetcher:
        assert "which is loopback" in refusal(fetcher, "http://mixed.test/")


def test_an_unknown_name_is_said_so(site: Site) -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise socket.gaierror

    with Fetcher(resolve=nowhere) as fetcher:
        assert refusal(fetcher, "http://nowhere.test/").endswith("no host nowhere.test is known")
    with Fetcher(resolve=lambda host, port: []) as fetcher:
        assert refusal(fetcher, "http://nowhere.test/").endswith("nowhere.test has no address")


def test_a_certificate_is_that_of_the_name_and_not_of_the_address(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=right.test",
         "-addext", "subjectAltName=DNS:right.test", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve_tls, args=(listening, own), daemon=True).start()
        port = listening.getsockname()[1]
        with Fetcher(
            Allowed.of(["right.test", "wrong.test"]), pause=0, resolve=lambda *_: ["127.0.0.1"], tls=trusting
        ) as fetcher:
            found = fetcher.fetch(f"https://right.test:{port}/a", MOST)
            assert found is not None
            assert found.content == b"safe"
            assert "certificate" in refusal(fetcher, f"https://wrong.test:{port}/a")
            assert "from https to http" in refusal(fetcher, f"https://right.test:{port}/down")


def _serve_tls(listening: socket.socket, own: ssl.SSLContext) -> None:
    pages = {b"/a": answer("safe"), b"/down": redirect("http://right.test/")}
    while True:
        try:
            connection, _ = listening.accept()
            with own.wrap_socket(connection, server_side=True) as secured:
                path = secured.recv(65_536).split()[1]
                secured.sendall(pages.get(path, answer("", "404 Not Found")))
        except ssl.SSLError:
            continue
        except OSError:
            return


# -- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param(endless(b"x" * 65_536), "bytes come", id="a stream without end"),
        pytest.param(endless(b"A: b\r\n" * 1_000, 0.0, b"HTTP/1.1 200 OK\r\n"), "HTTP", id="too many headers"),
        pytest.param(endless(b"A" * 65_536, 0.0, b"HTTP/1.1 200 OK\r\n"), "HTTP", id="too long a header"),
        pytest.param(
            endless(b"HTTP/1.1 103 Early\r\nA: " + b"b" * 10_000 + b"\r\n\r\n", 0.0, b""), "bytes come", id="hints without end"
        ),
        pytest.param(
            endless(b"3e8\r\n" + b"x" * 1_000 + b"\r\n", 0.0, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "bytes come", id="chunks without end",
        ),
        pytest.param(
            endless(b"9" * 1_000, 0.0, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "HTTP", id="a chunk of any size",
        ),
        pytest.param(packed(b"\0" * 30_000_000), "bytes come", id="a bomb"),
        pytest.param(
            answer(zlib.compress(b"\0" * 30_000_000), Content_Encoding="deflate"), "bytes come", id="another bomb"
        ),
        pytest.param(
            answer(gzip.compress(packed(b"\0" * 10_000)), Content_Encoding="gzip, gzip"), "not asked for",
            id="packed twice",
        ),
        pytest.param(answer(b"x", Content_Encoding="br"), "not asked for", id="packed otherwise"),
        pytest.param(answer(b"no gzip", Content_Encoding="gzip"), "damaged", id="not packed at all"),
        pytest.param(
            answer(gzip.compress(b"sun" * 1_000)[:-9], Content_Encoding="gzip"), "broken off", id="half of a packing"
        ),
        pytest.param(answer(b"x" * 10, Content_Length="100"), "HTTP", id="less than was said"),
        pytest.param(answer(b"x", Content_Length="2000000"), "2,000,000 bytes", id="too much is said"),
        pytest.param(answer(b"x", Content_Length="-1"), "HTTP", id="a length below nothing"),
        pytest.param(answer(b"x", Content_Length="1, 2"), "HTTP", id="two lengths"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", "HTTP", id="another protocol"),
        pytest.param(b"", "HTTP", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA b\r\n\r\n", "HTTP", id="a header that is none"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", "HTTP", id="a status that is none"),
        pytest.param(b"\xff\xfe" * 500, "HTTP", id="rubbish"),
        pytest.param(answer("x", "204 No Content"), "answers 204", id="no content"),
        pytest.param(answer("x", "304 Not Modified"), "answers 304", id="unchanged, which was not asked"),
        pytest.param(answer("x", "206 Partial"), "answers 206", id="a part"),
        pytest.param(answer("x", "401 Who"), "wants a password", id="401"),
        pytest.param(answer("x", "500 Ouch"), "answers 500: try again later", id="500"),
        pytest.param(answer("x", "999 What"), "answers 999", id="a status of its own"),
    ],
)  # fmt: skip
def test_what_a_server_does_wrong_is_a_reason(
    fetcher: Fetcher, site: Site, reply: Reply, reason: str
) -> None:
    site.pages["/a"] = reply
    assert reason in refusal(fetcher, site.url("/a"))


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(endless(b"x", 0.05), id="a slow drip of the body"),
        pytest.param(endless(b"a", 0.05, b"HTTP/1.1 200 OK\r\nA: "), id="a slow drip of a header"),
        pytest.param(endless(b"HTTP/1.1 103 Early\r\n\r\n", 0.05, b""), id="hint upon hint"),
        pytest.param(endless(b"", 0.1, b""), id="silence"),
    ],
)
@pytest.mark.parametrize("path", ["/a", "/robots.txt"])
def test_a_server_that_takes_its_time_is_left(hasty: Fetcher, site: Site, reply: Reply, path: str) -> None:
    site.pages[path] = reply
    said = refusal(hasty, site.url("/a"))
    assert said.endswith("127.0.0.1 does not answer in time; try again later")
    assert said.startswith("its robots.txt") is (path != "/a")


def test_a_body_may_be_packed(fetcher: Fetcher, site: Site) -> None:
    words = b"sun and moon " * 1_000
    raw = zlib.compressobj(wbits=-15)
    site.pages |= {
        "/gzip": packed(words),
        "/zlib": answer(zlib.compress(words), Content_Encoding="deflate"),
        "/raw": answer(raw.compress(words) + raw.flush(), Content_Encoding="deflate"),
        "/parts": answer(gzip.compress(words[:9]) + gzip.compress(words[9:]), Content_Encoding="x-gzip"),
        "/padded": answer(gzip.compress(words) + b"\0" * 99, Content_Encoding="gzip"),
        "/identity": answer(words, Content_Encoding="Identity"),
    }
    assert {got(fetcher, site, path).content for path in list(site.pages)} == {words}


def test_as_many_bytes_as_are_taken_are_taken(fetcher: Fetcher, site: Site) -> None:
    site.pages |= {"/a": answer(b"x" * MOST), "/b": packed(b"x" * MOST), "/c": packed(b"x" * (MOST + 1))}
    assert len(got(fetcher, site).content) == len(got(fetcher, site, "/b").content) == MOST
    assert "1,000,000 bytes" in refusal(fetcher, site.url("/c"))


def test_what_is_not_there_any_longer_is_told_from_what_cannot_be_read(fetcher: Fetcher, site: Site) -> None:
    site.pages |= {"/410": answer("", "410 Gone"), "/403": answer("", "403 No")}
    for path, gone in (("/404", True), ("/410", True), ("/403", False)):
        with pytest.raises(Unfetched) as refused:
            fetcher.fetch(site.url(path), MOST)
        assert refused.value.gone is gone


@pytest.mark.parametrize("end", [socket.socket.close, lambda to: to.shutdown(socket.SHUT_WR)])
def test_a_server_that_ends_what_was_to_be_kept_open_is_connected_to_again(
    fetcher: Fetcher, site: Site, end: Callable[[socket.socket], None]
) -> None:
    def reply(_: Asked, to: socket.socket) -> None:
        to.sendall(answer("x", Connection="keep-alive"))
        end(to)

    site.pages["/a"] = reply
    assert [got(fetcher, site).content for _ in range(20)] == [b"x"] * 20


# -- conditional requests --------------------------------------------------------------------------------------------


def test_what_is_unchanged_does_not_come_again(fetcher: Fetcher, site: Site) -> None:
    site.put("/a", "sun")
    former = got(fetcher, site).validators
    assert fetcher.fetch(site.url("/a"), MOST, former) is None
    assert site.asked[-1].headers["if-modified-since"] == former.modified
    site.put("/a", "moon")
    assert got(fetcher, site, former=former).content == b"moon"


def test_validators_are_those_of_one_address(fetcher: Fetcher, site: Site) -> None:
    site.pages["/a"] = redirect("/b")
    site.put("/b", "sun")
    site.put("/c", "sun")
    former = got(fetcher, site).validators
    assert fetcher.fetch(site.url("/a"), MOST, former) is None
    site.pages["/a"] = redirect("/c")
    assert got(fetcher, site, former=former).content == b"sun"


@pytest.mark.parametrize("etag", ['"' + "x" * 2_000 + '"', "\x80"])
def test_validators_that_cannot_be_sent_back_are_none(fetcher: Fetcher, site: Site, etag: str) -> None:
    site.pages["/a"] = answer("x", ETag=etag)
    assert got(fetcher, site).validators.etag == ""


# -- robots.txt, and how often a server is asked ---------------------------------------------------------------------


def test_robots_are_heeded(fetcher: Fetcher, site: Site) -> None:
    site.pages |= {"/a": answer("x"), "/b/c": answer("x"), "/d": redirect("/b/c")}
    site.pages["/robots.txt"] = answer("User-agent: *\nDisallow: /\n\nUser-agent: citewell\nDisallow: /b\n")
    assert got(fetcher, site).content == b"x"
    assert "the robots.txt of 127.0.0.1 does not let it be read" in refusal(fetcher, site.url("/b/c"))
    assert "does not let it" in refusal(fetcher, site.url("/d"))
    assert [each.path for each in site.asked] == ["/robots.txt", "/a", "/d"]


@pytest.mark.parametrize(
    ("robots", "is_read"),
    [
        (answer("", "404 Not Found"), True),
        (answer("", "403 No"), True),
        (answer("", "500 Ouch"), False),
        (answer("", "503 Busy"), False),
        (answer("", "429 Often"), False),
        (redirect("/elsewhere"), True),  # which is not there
        (redirect("/robots.txt"), False),
        (redirect("file:///etc/robots.txt"), False),
        (answer("x" * 6_000_000), False),
        (endless(b"#" * 65_536), False),
        (b"rubbish", False),
        (answer("User-agent: *\nDisallow: /" + "\n# more" * 100_000), False),
        (answer("# more\n" * 100_000 + "User-agent: *\nDisallow: /"), True),  # behind what is heeded
        (answer(b"\xef\xbb\xbfUser-agent: *\nDisallow: /"), False),
        (answer(b"\xff\xfe\0" * 1_000), True),
        (answer("User-agent: *\nDisallow: /\nAllow: /a$"), True),
    ],
)
def test_what_robots_may_answer(fetcher: Fetcher, site: Site, robots: Reply, is_read: bool) -> None:
    site.pages |= {"/robots.txt": robots, "/a": answer("x")}
    if is_read:
        assert got(fetcher, site).content == b"x"
    else:
        assert "robots.txt" in refusal(fetcher, site.url("/a"))
        assert "/a" not in site.paths


def test_robots_are_read_once(fetcher: Fetcher, site: Site) -> None:
    site.pages |= {"/a": answer("x"), "/b": answer("x"), "/robots.txt": answer("", "500 Ouch")}
    for path in ("/a", "/b"):
        refusal(fetcher, site.url(path))
    assert [each.path for each in site.asked] == ["/robots.txt"]


@pytest.mark.parametrize(("said", "seconds"), [("3", 3), ("1000000", 30), ("-3", 0.25), ("soon", 0.25)])
def test_a_server_is_asked_as_often_as_it_wants(
    site: Site, waited: list[float], said: str, seconds: float
) -> None:
    site.pages |= {"/a": answer("x"), "/robots.txt": answer(f"User-agent: *\nCrawl-delay: {said}\n")}
    with Fetcher(Allowed.of([site.host]), sleep=waited.append) as fetcher:
        got(fetcher, site)
    (pause,) = waited
    assert pause == pytest.approx(seconds, abs=0.2)


def test_a_host_is_asked_by_one_at_a_time(fetcher: Fetcher, site: Site) -> None:
    asking: list[int] = []
    most: list[int] = []

    def slow(_: Asked, to: socket.socket) -> None:
        asking.append(1)
        most.append(len(asking))
        time.sleep(0.05)
        asking.pop()
        to.sendall(answer("x"))

    site.pages |= {f"/{number}": slow for number in range(6)}
    threads = [threading.Thread(target=got, args=(fetcher, site, f"/{number}")) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


@pytest.mark.parametrize("status", ["429 Often", "503 Busy"])
def test_a_busy_server_is_asked_once_more(
    fetcher: Fetcher, site: Site, waited: list[float], status: str
) -> None:
    busy = answer("", status, Retry_After="7")
    site.pages |= {"/a": in_turn(busy, answer("x")), "/b": busy}
    assert got(fetcher, site).content == b"x"
    assert waited == [7]
    assert f"answers {status[:3]}" in refusal(fetcher, site.url("/b"))
    assert site.paths == ["/a", "/a", "/b", "/b"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [("", "try again"), ("soon", "try again"), ("3600", "in 3,600 seconds"), ("9" * 5_000, "in 999,999,999"),
     ("Fri, 31 Dec 2100 23:59:59 GMT", "wants to be asked again in")],
)  # fmt: skip
def test_a_server_that_is_busy_for_long_is_not_waited_for(
    fetcher: Fetcher, site: Site, waited: list[float], said: str, reason: str
) -> None:
    site.pages["/a"] = answer("", "503 Busy", Retry_After=said)
    assert reason in refusal(fetcher, site.url("/a"))
    assert (waited, site.paths) == ([], ["/a"])


def test_a_date_to_be_asked_again_may_be_past(fetcher: Fetcher, site: Site) -> None:
    busy = answer("", "503 Busy", Retry_After="Fri, 31 Dec 1999 23:59:59 GMT")
    site.pages["/a"] = in_turn(busy, answer("x"))
    assert got(fetcher, site).content == b"x"
