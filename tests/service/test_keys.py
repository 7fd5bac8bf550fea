"""Keys: made once, shown once, kept hashed, revoked at once."""

import json
import stat
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput, CorruptLibrary, TruthAway
from citewell.corpus.server import Server
from citewell.corpus.store import Store
from citewell.index.backup import backup, restore
from citewell.service.key_rows import FILE
from citewell.service.keys import Keys
from citewell.service.limits import Limits
from tests.postgres import Postgres
from tests.service.command import citewell
from tests.service.conftest import make_library
from tests.truths import said

Opens = Callable[[], Keys]


@pytest.fixture
def opens(truth: Path | Server, tmp_path: Path) -> Iterator[Opens]:
    """The keys of one library as each process opens them: in its folder, or beside a truth on a server."""
    with ExitStack() as opened:

        def open_them() -> Keys:
            if isinstance(truth, Path):
                return Keys(tmp_path)
            return Keys(opened.enter_context(closing(Store(truth, create=True))).database)

        yield open_them


def test_a_key_is_found_by_how_it_is_written(opens: Opens) -> None:
    made, token = opens().create("Ann", ["write", "read"])
    assert opens().find(token) == made
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
def test_nothing_else_is_a_key(opens: Opens, wrong: str) -> None:
    keys = opens()
    made, token = keys.create("Ann", ["admin"])
    parts = {"id": f"cw_{made.id}_", "token": token, "short": token[:-1], "rest": token[2:]}
    assert keys.find(wrong.format(**parts)) is None


def test_a_revoked_key_is_none_at_once_in_every_process_and_others_stay(opens: Opens) -> None:
    serving, commanding = opens(), opens()
    (first, token), (second, other) = (commanding.create(name, ["read"]) for name in ("Ann", "Bob"))
    assert serving.find(token) == first
    revoked = commanding.revoke(first.id)
    assert serving.find(token) is None
    assert serving.find(other) == second
    assert commanding.revoke(first.id) == revoked  # nothing happens twice


def test_keys_are_needed_from_the_first_on_for_good(opens: Opens) -> None:
    keys = opens()
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


def test_keys_made_at_once_are_all_kept(opens: Opens) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda n: opens().create(str(n), ["read"])[1], range(24)))
    keys = opens()
    assert sorted(found.number for token in made if (found := keys.find(token))) == list(range(1, 25))


def test_a_key_needs_a_scope_and_only_a_key_can_be_revoked(opens: Opens) -> None:
    with pytest.raises(BadInput, match="needs a scope"):
        opens().create("Ann", [])
    with pytest.raises(BadInput, match="citewell keys list"):
        opens().revoke("nothing")


@pytest.mark.parametrize(
    ("scopes", "may"),
    [(["read"], ["read"]), (["write"], ["write"]), (["admin"], ["read", "write", "admin"])],
)
def test_a_key_may_what_its_scopes_say(opens: Opens, scopes: list[str], may: list[str]) -> None:
    opens().create("", scopes)  # type: ignore[arg-type]
    (made,) = opens().all()
    assert [scope for scope in ("read", "write", "admin") if made.may(scope)] == may


def test_keys_are_taken_over_beside_others_and_revoked_ones_stay_revoked(
    opens: Opens, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    old, new = Keys(tmp_path / "old"), opens()
    new.take_over(old)
    assert not new.needed
    (ann, anns), (bob, bobs), (_, eves) = (old.create(name, ["read"]) for name in ("Ann", "Bob", "Eve"))
    new.take_over(old)
    assert new.all() == old.all()
    _, mine = new.create("mine", ["admin"])
    _, late = old.create("late", ["read"])
    old.revoke(ann.id)
    new.revoke(bob.id)
    for _ in range(2):
        new.take_over(old)
        assert [new.find(token) is not None for token in (anns, bobs, eves, mine, late)] == [
            *(False, False, True, True, True)
        ]
        assert [key.number for key in new.all()] == [1, 2, 3, 4, 5]
    assert opens().all() == new.all()
    assert old.find(bobs)


def test_who_only_looks_at_keys_on_a_server_makes_no_table(postgres: Postgres, tmp_path: Path) -> None:
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    with closing(Store(postgres.server(tmp_path), create=True)) as store:
        before = store.database.rows(tables)
        looking = Keys(store.database)
        assert (looking.all(), looking.needed, looking.find("cw_x_y")) == ((), False, None)
        assert store.database.rows(tables) == before
        _, token = Keys(store.database).create("Ann", ["read"])
        assert looking.find(token)


def test_keys_on_a_server_are_hashed_and_in_no_folder(postgres: Postgres, tmp_path: Path) -> None:
    server = postgres.server(tmp_path)
    with closing(Store(server, create=True)) as store:
        _, token = Keys(store.database).create("Ann", ["read"])
        assert token.split("_", 2)[2] not in str(store.database.rows("SELECT * FROM keys"))
    assert list(tmp_path.iterdir()) == []


def test_keys_on_a_server_that_is_away_let_nobody_in(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.corpus.postgres_readers.RETRIES", 0.2)
    with closing(Store(postgres.server(tmp_path), create=True)) as store:
        keys = Keys(store.database)
        _, token = keys.create("Ann", ["read"])
        assert keys.find(token)
        postgres.stop()
        try:
            for look in (lambda: keys.find(token), lambda: keys.needed):
                with pytest.raises(TruthAway):
                    look()
        finally:
            postgres.start()
        assert keys.find(token)


def test_the_command_keeps_keys_with_the_truth(postgres: Postgres, tmp_path: Path) -> None:
    address, _ = said(server := postgres.server(tmp_path))
    (tmp_path / "citewell.toml").write_text(f"truth = {json.dumps(address)}\n")
    assert citewell("keys", "list", folder=tmp_path).refusal.startswith("No library at postgresql://")
    with closing(Store(server, create=True)) as store:
        made = json.loads(citewell("keys", "create", "--scope", "read", "--json", folder=tmp_path).out)
        assert Keys(store.database).find(made["key"])
        assert citewell("keys", "revoke", made["id"], folder=tmp_path).code == 0
        assert Keys(store.database).find(made["key"]) is None
        assert made["id"] in citewell("keys", "list", folder=tmp_path).out
    assert [path.name for path in tmp_path.iterdir()] == ["citewell.toml"]


def test_standard_output_has_the_key_alone(tmp_path: Path) -> None:
    make_library(tmp_path).close()
    ran = citewell("keys", "create", "--scope", "read", "--library", tmp_path)
    assert Keys(tmp_path).find(ran.out.removesuffix("\n"))
    assert ran.err == "Keep it: it is not shown again.\n"


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
