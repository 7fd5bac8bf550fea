"""`citewell add` and `citewell sync` of addresses, as they are typed."""

import json
from pathlib import Path

import pytest

from tests.corpus.samples import HTML, WORDS
from tests.service.command import citewell
from tests.site import Site, answer


def test_files_and_addresses_are_added_together(site: Site, tmp_path: Path) -> None:
    (tmp_path / "winds.txt").write_text("The winds of spring are strong.")
    page = site.put("/tides", HTML)
    sources = ("ftp://example.org/", page, "winds.txt", site.url("/none"))
    done = citewell("add", *sources, "--allow-host", site.host, folder=tmp_path)
    assert (done.code, done.err) == (1, "")
    assert [line.split()[:2] for line in done.out.splitlines()] == [
        ["added", "winds.txt"],
        ["refused", "ftp://example.org/"],
        ["added", page],
        ["refused", site.url("/none")],
        ["2", "added,"],
    ]
    again = json.loads(citewell("add", page, "--allow-host", site.host, "--json", folder=tmp_path).out)
    assert [(file["file"], file["result"]) for file in again["files"]] == [(page, "unchanged")]
    answered = citewell("ask", "How often does the tide turn?", "--k", "1", folder=tmp_path)
    assert WORDS in answered.out
    assert page in answered.out


def test_a_host_that_is_not_public_is_read_only_if_it_is_allowed(site: Site, tmp_path: Path) -> None:
    page = site.put("/tides", HTML)
    done = citewell("add", page, folder=tmp_path)
    assert done.code == 1
    assert f"which is loopback; if it may be read: --allow-host {site.host}" in done.out
    assert site.asked == []
    wrong = citewell("add", page, "--allow-host", "http://a/b", folder=tmp_path)
    assert wrong.refusal == "--allow-host 'http://a/b' names no host: write NAME or NAME:PORT."


def test_a_sitemap_is_planned_then_mirrored(site: Site, tmp_path: Path) -> None:
    page = site.put("/tides", HTML)
    address = site.put("/sitemap.xml", f"<urlset><url><loc>{page}</loc></url></urlset>", "text/xml")
    allowed = ("--allow-host", site.host)
    planned = citewell("sync", address, "--dry-run", *allowed, folder=tmp_path)
    assert (planned.code, planned.out) == (0, f"add        {page}\n1 add, 0 unchanged; nothing was done\n")
    assert not (tmp_path / "library").exists()
    done = json.loads(citewell("sync", address, "--json", *allowed, folder=tmp_path).out)
    assert [(file["file"], file["result"]) for file in done["files"]] == [(page, "added")]
    assert citewell("sync", address, *allowed, folder=tmp_path).out == "1 unchanged\n"
    site.pages["/sitemap.xml"] = answer("", "500 Ouch")
    lost = citewell("sync", address, *allowed, folder=tmp_path)
    assert lost.refusal == f"{address}: the server answers 500: try again later. Nothing was changed."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("http://a.example/", "--watch"), "--watch is for a folder, not for an address."),
        (("http://a.example/", "--map", "text=body"), "--map is for a folder, not for an address."),
        (("ftp://a.example/",), "ftp://a.example/: only http and https addresses are read, not ftp:."),
    ],
)
def test_what_an_address_cannot_have(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    assert citewell("sync", *options, folder=tmp_path).refusal == said
    assert not (tmp_path / "library").exists()
