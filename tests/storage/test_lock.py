import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pinnsolve.errors import FileError
from pinnsolve.storage import lock

HOLD = """
import sys, time
from pathlib import Path
from pinnsolve.storage.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_lock_is_held_and_leaves_nothing(tmp_path):
    assert lock.holder(tmp_path) is None
    with lock.locked(tmp_path):
        assert lock.is_mine(tmp_path)
        assert lock.holder(tmp_path).pid == os.getpid()
    assert not lock.is_mine(tmp_path)
    assert lock.holder(tmp_path) is None
    assert os.listdir(tmp_path) == []


def test_a_second_run_is_refused_and_told_by_whom(tmp_path, other):
    with pytest.raises(FileError) as caught, lock.locked(tmp_path):
        pass
    assert str(caught.value).startswith(
        f"another run is at work in {tmp_path}: process {other.pid} on "
    )
    since = json.loads((tmp_path / lock.NAME).read_text())["since"]
    assert f", since {since}. Wait until it ends, or choose another" in str(caught.value)
    assert lock.holder(tmp_path).pid == other.pid


def test_a_killed_process_holds_nothing(tmp_path, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert (tmp_path / lock.NAME).exists()
    assert lock.holder(tmp_path) is None
    with lock.locked(tmp_path):
        assert lock.holder(tmp_path).pid == os.getpid()


def test_one_process_cannot_lock_twice(tmp_path):
    with lock.locked(tmp_path):
        with pytest.raises(FileError, match=f"process {os.getpid()} on"), lock.locked(tmp_path):
            pass
        assert lock.is_mine(tmp_path)


def test_asking_who_holds_it_is_in_nobodys_way(tmp_path):
    for _ in range(100):
        with lock.locked(tmp_path):
            assert lock.holder(tmp_path) is not None


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b'{"pid": "1", "host": 2, "since": 3}', b"[" * 4000]
)
def test_a_signature_that_cannot_be_read_is_nobodys(tmp_path, content):
    with lock.locked(tmp_path):
        (tmp_path / lock.NAME).write_bytes(content)
        assert lock.holder(tmp_path) == lock.Holder()
        assert "another process" in lock.refusal(tmp_path)


def test_a_link_is_no_lock(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / lock.NAME).symlink_to(tmp_path / "precious")
    with pytest.raises(FileError, match="it is a link to another file"), lock.locked(tmp_path):
        pass
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path):
    with pytest.raises(FileError, match="cannot lock"), lock.locked(Path(tmp_path / "nowhere")):
        pass


def test_of_many_that_try_at_once_one_gets_it(tmp_path):
    code = """
import sys, time
from pathlib import Path
from pinnsolve.storage.lock import acquire
print(acquire(Path(sys.argv[1])) is not None, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    many = [subprocess.Popen(command, **pipes) for _ in range(6)]
    got = [process.stdout.readline() for process in many]
    for process in many:
        process.communicate()
    assert sorted(got) == ["False\n"] * 5 + ["True\n"]
