"""Following a folder: what is noted of a source that stays as it is, and of one that is out of reach for a while."""

from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput, CitewellError, LibraryBusy
from citewell.corpus.looking import Look, look
from citewell.index.sync import Synced
from citewell.service import syncing


class Folder:
    """Looks as they come, an error or None for one as before; then it is interrupted."""

    def __init__(self, tmp_path: Path, *looks: str | None) -> None:
        self._there = tmp_path / "notes"
        self._there.mkdir()
        (self._there / "a.txt").write_text("The sun.")
        self._coming = iter(looks)
        self.done: list[str] = []

    def looked(self) -> Look:
        fault = next(self._coming, "over")
        if fault == "over":
            raise KeyboardInterrupt
        if fault is not None:
            raise BadInput(fault)
        return look(self._there, self._there.parent / "library")

    def synced(self, _: Look) -> Synced:
        self.done.append("synced")
        return Synced("notes", False, (), 1)

    def noted(self, _: Look) -> None:
        self.done.append("noted")

    def missed(self, error: CitewellError) -> None:
        self.done.append(f"missed: {error}")

    def followed(self) -> list[str]:
        with pytest.raises(KeyboardInterrupt):
            syncing._follow(self.looked, self.synced, self.noted, self.missed, as_json=True)
        return self.done


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def test_that_nothing_changed_is_noted_after_an_hour_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Folder(tmp_path, None, None, None).followed() == ["synced"]
    monkeypatch.setattr(syncing, "_NOTED", -1.0)
    (tmp_path / "later").mkdir()
    assert Folder(tmp_path / "later", None, None, None).followed() == ["synced", "noted", "noted"]


def test_a_folder_out_of_reach_is_noted_once_and_again_when_it_is_back(tmp_path: Path) -> None:
    folder = Folder(tmp_path, None, "gone", "gone", None, None, "gone again", None)
    assert folder.followed() == ["synced", "missed: gone", "noted", "missed: gone again", "noted"]


def test_a_library_that_another_process_writes_to_is_no_fault_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Folder(tmp_path, None, None, None)
    mirrored = folder.synced

    def synced(now: Look) -> Synced:
        if len(folder.done) == 1:
            folder.done.append("busy")
            raise LibraryBusy(tmp_path)
        return mirrored(now)

    def looked() -> Look:
        (tmp_path / "notes" / f"{len(folder.done)}.txt").write_text("The moon.")
        return Folder.looked(folder)

    monkeypatch.setattr(folder, "synced", synced)
    monkeypatch.setattr(folder, "looked", looked)
    assert folder.followed() == ["synced", "busy", "synced"]
    assert "Another process is writing" in capsys.readouterr().err
