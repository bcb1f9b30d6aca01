"""A run has a folder of its own from its first moment, and leaves none behind for nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pinnsolve.errors import FileError, ProblemError
from pinnsolve.storage.checkpoint import write_checkpoint
from pinnsolve.storage.folder import Claim, begin, claimed
from pinnsolve.storage.lock import is_mine
from pinnsolve.storage.status import reporting, standing


def fails(folder, error, expected=None, files=(), overwrite=False):
    """Claim a folder for a run that leaves some files and fails."""
    with claimed(folder, overwrite) as claim, reporting(claim.folder):
        assert expected is None or claim == expected
        if claim.is_fresh:
            begin(claim.folder, "")
        for name in files:
            (claim.folder / name).touch()
        raise error


def test_a_folder_is_made_and_taken(tmp_path):
    wanted = tmp_path / "runs" / "disk"
    with claimed(wanted) as claim:
        assert claim == Claim(wanted, is_fresh=True, is_made=True)
        assert is_mine(wanted)
        begin(wanted, "title = 1")
    assert os.listdir(wanted) == ["problem.toml"]
    assert not is_mine(wanted)


def test_a_folder_that_is_filled_or_claimed_is_left_to_others(tmp_path):
    wanted = tmp_path / "disk"
    wanted.mkdir()
    (wanted / "metrics.json").touch()
    (tmp_path / "disk-2").touch()  # a file is no folder to write into
    with claimed(wanted) as third:
        assert third.folder == tmp_path / "disk-3"  # still empty
        with claimed(wanted) as fourth:
            assert fourth.folder == tmp_path / "disk-4"


def test_an_empty_folder_is_taken_but_not_removed(tmp_path):
    with pytest.raises(ProblemError):
        fails(tmp_path, ProblemError(), Claim(tmp_path, is_fresh=True, is_made=False))
    assert os.listdir(tmp_path) == []


def test_a_folder_in_which_nothing_came_about_is_removed(tmp_path):
    with pytest.raises(ProblemError):
        fails(tmp_path / "disk", ProblemError())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["checkpoint", "solution.hdf", "notes.txt"])
def test_a_folder_with_something_in_it_is_kept(tmp_path, name):
    wanted = tmp_path / "disk"
    with pytest.raises(MemoryError):
        fails(wanted, MemoryError(), files=[name])
    assert sorted(os.listdir(wanted)) == sorted([name, "problem.toml", "status.json"])


def test_a_folder_that_is_overwritten_keeps_what_it_has_until_there_is_more(tmp_path):
    wanted = tmp_path / "disk"
    wanted.mkdir()
    for name in ("metrics.json", "problem.toml", "solution.hdf"):
        (wanted / name).write_text("precious")
    expected = Claim(wanted, is_fresh=False, is_made=False)
    with pytest.raises(ProblemError):
        fails(wanted, ProblemError(), expected, overwrite=True)
    (wanted / "status.json").unlink()
    assert {path.read_text() for path in wanted.iterdir()} == {"precious"}


def test_a_run_that_begins_takes_what_an_earlier_one_would_be_known_by(tmp_path):
    for i in range(2):
        write_checkpoint(tmp_path, {"i": i}, "")
    for name in ("metrics.json", "problem.toml", "solution.hdf"):
        (tmp_path / name).write_text("old")
    begin(tmp_path, "new")
    assert sorted(os.listdir(tmp_path)) == ["problem.toml", "solution.hdf"]
    assert (tmp_path / "problem.toml").read_text() == "new"


def test_a_run_at_work_is_not_overwritten(tmp_path):
    with claimed(tmp_path / "disk") as claim:
        with (
            pytest.raises(FileError, match=r"another run is at work in .*disk: process \d+ on"),
            claimed(claim.folder, overwrite=True),
        ):
            pass
        assert is_mine(claim.folder)


def test_what_a_killed_process_was_writing_is_removed(tmp_path):
    for name in (".checkpoint.part", ".status.json.part", ".lock", ".mine.part"):
        (tmp_path / name).touch()
    with claimed(tmp_path, overwrite=True):
        assert sorted(os.listdir(tmp_path)) == [".lock", ".mine.part"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_in_the_way_is_said_in_words(tmp_path, overwrite):
    (tmp_path / "runs").write_text("")
    with (
        pytest.raises(FileError, match="part of the path is a file, not a folder"),
        claimed(tmp_path / "runs" / "disk", overwrite),
    ):
        pass
    if overwrite:
        with pytest.raises(FileError, match="is in the way"), claimed(tmp_path / "runs", True):
            pass


def test_a_problem_file_of_the_users_own_is_not_replaced(tmp_path):
    (tmp_path / "problem.toml").write_text("# mine")
    with (
        pytest.raises(FileError, match="is of no run, and a run here would replace"),
        claimed(tmp_path, overwrite=True),
    ):
        pass
    (tmp_path / "metrics.json").touch()
    with claimed(tmp_path, overwrite=True) as claim:
        assert claim.folder == tmp_path


def test_the_current_folder_is_taken_if_it_is_empty_and_has_no_second(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with claimed(Path()) as claim:
        assert claim.is_fresh
        (tmp_path / "mine.toml").touch()
    with pytest.raises(FileError, match=r"\. is not empty. Name a folder in it"), claimed(Path()):
        pass


CLAIM = """
import sys
from pathlib import Path
from pinnsolve.storage.folder import begin, claimed
from pinnsolve.storage.status import reporting
sys.stdin.readline()
with claimed(Path(sys.argv[1])) as claim, reporting(claim.folder) as watch:
    begin(claim.folder, "")
    print(claim.folder, flush=True)
    sys.stdin.readline()
    watch.end("finished")
"""


@pytest.mark.parametrize("exists", [False, True])
def test_processes_that_start_at_the_same_moment_get_folders_of_their_own(tmp_path, exists):
    wanted = tmp_path / "disk"
    if exists:
        wanted.mkdir()
    command = [sys.executable, "-c", CLAIM, str(wanted)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    many = [subprocess.Popen(command, **pipes) for _ in range(5)]
    for process in many:
        process.stdin.write("go\n")
        process.stdin.flush()
    folders = {process.stdout.readline().strip() for process in many}
    assert len(folders) == 5
    assert str(wanted) in folders
    many[0].send_signal(signal.SIGKILL)
    for process in many:
        process.communicate("go\n" if process is not many[0] else None)
    states = sorted(standing(path).state for path in tmp_path.iterdir())
    assert states == ["finished"] * 4 + ["killed"]
