import errno
import os

import pytest

from pinnsolve.errors import FileError
from pinnsolve.storage.files import replacing, write_file


def test_a_file_is_written_as_a_whole_with_its_folder(tmp_path):
    path = tmp_path / "a" / "b" / "file.txt"
    write_file(path, b"one")
    write_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["file.txt"]


def test_a_file_may_be_read_by_those_who_may_read_others(tmp_path):
    path, other = tmp_path / "file.txt", tmp_path / "other.txt"
    write_file(path, b"")
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode


def test_what_fails_half_way_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    write_file(path, b"old")

    def fill(unfinished):
        unfinished.write_bytes(b"ne")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(FileError) as caught, replacing(path) as unfinished:
        fill(unfinished)
    assert str(caught.value) == (
        f"cannot write {path}: the disk is full. Free some space, or choose another directory."
    )
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file.txt"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
def test_a_full_disk_is_said_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(type(tmp_path), "with_name", lambda _, __: type(tmp_path)("/dev/full"))
    monkeypatch.setattr(type(tmp_path), "unlink", lambda _: None)  # not the device, by no means
    with pytest.raises(FileError, match=r"file\.txt: the disk is full\. Free some space"):
        write_file(tmp_path / "file.txt", b"content")


def test_a_file_where_a_folder_should_be_is_said_in_words(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(FileError) as caught:
        write_file(tmp_path / "runs" / "disk" / "file.txt", b"")
    assert str(caught.value) == (
        f"cannot create the folder {tmp_path / 'runs' / 'disk'}: part of the path is a file, not "
        "a folder. Choose another directory."
    )


def test_a_folder_where_a_file_should_be_is_said_in_words(tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(FileError) as caught:
        write_file(tmp_path / "report.html", b"")
    assert str(caught.value) == (
        f"cannot write {tmp_path / 'report.html'}: a folder of this name is in the way. "
        "Choose another directory."
    )
