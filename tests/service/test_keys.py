"""Keys: made once, shown once, kept hashed, revoked at once."""

import json
import stat
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput, CorruptLibrary
from citewell.index.backup import backup, restore
from citewell.service.key_rows import FILE
from citewell.service.keys import Keys
from citewell.service.limits import Limits
from tests.service.command import citewell
from tests.service.conftest import make_library


def test_a_key_is_found_by_how_it_is_written(tmp_path: Path) -> None:
    made, token = Keys(tmp_path).create("Ann", ["write", "read"])
    assert Keys(tmp_path).find(token) == made
    assert (made.number, made.name, made.scopes, made.revoked) == (1, "Ann", ("read", "write"), None)


def test_what_is_kept_does_not_tell_the_key_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    _, token = Keys(tmp_path).create("Ann", ["read"])
    content = (tmp_path / FILE).read_text("utf-8")
    assert token.split("_", 2)[2] not in content
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x",
        "cw_",
        "cw__",
        "cw_nothing_nothing",
        "{id}",
        "{token}x",
        "{token} ",
        "{short}",
        "CW{rest}",
        "é",
        "\udcff",
    ],
)
def test_nothing_else_is_a_key(tmp_path: Path, wrong: str) -> None:
    keys = Keys(tmp_path)
    made, token = keys.create("Ann", ["admin"])
    parts = {"id": f"cw_{made.id}_", "token": token, "short": token[:-1], "rest": token[2:]}
    assert keys.find(wrong.format(**parts)) is None


def test_a_revoked_key_is_none_at_once_in_every_process_and_others_stay(tmp_path: Path) -> None:
    serving, commanding = Keys(tmp_path), Keys(tmp_path)
    (first, token), (second, other) = (commanding.create(name, ["read"]) for name in ("Ann", "Bob"))
    assert serving.find(token) == first
    revoked = commanding.revoke(first.id)
    assert serving.find(token) is None
    assert serving.find(other) == second
    assert commanding.revoke(first.id) == revoked  # nothing happens twice


def test_keys_are_needed_from_the_first_on_for_good(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    assert not keys.needed
    made, _ = keys.create("Ann", ["read"])
    assert keys.needed
    keys.revoke(made.id)
    assert keys.needed


def test_a_damaged_file_lets_nobody_in(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    _, token = keys.create("Ann", ["read"])
    (tmp_path / FILE).write_text("{", "utf-8")
    for look in (lambda: keys.find(token), lambda: keys.needed, lambda: keys.all()):
        with pytest.raises(CorruptLibrary, match="nobody is let in"):
            look()


def test_keys_made_at_once_are_all_kept(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda n: Keys(tmp_path).create(str(n), ["read"])[1], range(24)))
    keys = Keys(tmp_path)
    assert sorted(found.number for token in made if (found := keys.find(token))) == list(range(1, 25))


def test_a_key_needs_a_scope_and_only_a_key_can_be_revoked(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="needs a scope"):
        Keys(tmp_path).create("Ann", [])
    with pytest.raises(BadInput, match="citewell keys list"):
        Keys(tmp_path).revoke("nothing")


@pytest.mark.parametrize(
    ("scopes", "may"),
    [(["read"], ["read"]), (["write"], ["write"]), (["admin"], ["read", "write", "admin"])],
)
def test_a_key_may_what_its_scopes_say(tmp_path: Path, scopes: list[str], may: list[str]) -> None:
    made, _ = Keys(tmp_path).create("", scopes)  # type: ignore[arg-type]
    assert [scope for scope in ("read", "write", "admin") if made.may(scope)] == may


def test_the_command_makes_lists_and_revokes(tmp_path: Path) -> None:
    make_library(tmp_path).close()
    made = json.loads(
        citewell("keys", "create", "--scope", "read", "--name", "Ann", "--library", tmp_path, "--json").out
    )
    assert Keys(tmp_path).find(made["key"])
    assert citewell("keys", "revoke", made["id"], "--library", tmp_path).out == f"revoked  {made['id']}\n"
    listed = citewell("keys", "list", "--library", tmp_path, "--json").out
    (key,) = json.loads(listed)["keys"]
    assert (key["id"], key["name"], key["scopes"]) == (made["id"], "Ann", ["read"])
    assert key["revoked"] is not None
    assert made["key"].split("_", 2)[2] not in listed
    assert "sha256" not in listed
    said = citewell("keys", "create", "--scope", "all", "--library", tmp_path).refusal
    assert said == "'all' is no scope. There are: read, write, admin."


# -- limits ---------------------------------------------------------------------------------------------------


def limits(rate: float = 60, burst: int = 3) -> tuple[Limits, list[float]]:
    now = [1000.0]
    return Limits(rate, burst, 4, clock=lambda: now[0]), now


def test_a_bucket_holds_a_burst_and_refills_at_the_rate() -> None:
    bucket, now = limits()
    assert [bucket.take(0).requests for _ in range(3)] == [2, 1, 0]
    assert bucket.take(0).wait == pytest.approx(1.0)
    now[0] += 1
    assert bucket.take(0).wait is None
    now[0] += 100
    assert bucket.take(0).requests == 2


def test_a_refused_request_costs_nothing() -> None:
    bucket, now = limits()
    bucket.take(0, 3)
    for _ in range(10):
        assert bucket.take(0).wait == pytest.approx(1.0)
    now[0] += 2
    assert bucket.take(0, 2).wait is None


def test_each_key_has_a_bucket_of_its_own() -> None:
    bucket, _ = limits()
    bucket.take(0, 3)
    assert bucket.take(1).requests == 2


def test_many_at_once_take_no_more_than_there_is() -> None:
    bucket, _ = limits(burst=50)
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: bucket.take(2).wait is None, range(200)))
    assert sum(taken) == 50


def test_the_headers_say_the_quota_and_what_is_left() -> None:
    bucket, _ = limits()
    assert bucket.headers(bucket.take(0)) == {
        "RateLimit-Policy": '"key";q=3;w=3',
        "RateLimit": '"key";r=2;t=1',
    }


def test_a_backup_holds_no_key_and_a_restored_library_none_that_was_revoked(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    keys = Keys(library.folder)
    first, token = keys.create("Ann", ["admin"])
    backup(library, tmp_path / "backup.zip")
    with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
        assert not [name for name in archive.namelist() if name.startswith(("keys", "service"))]
    keys.revoke(first.id)
    restore(library, tmp_path / "backup.zip")
    assert keys.find(token) is None
    assert keys.needed
    library.close()
