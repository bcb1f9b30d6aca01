"""Where a run stands, in each state that it can be in."""

import errno
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from pinnsolve.errors import DivergedError, FileError, Stopped
from pinnsolve.progress import Progress
from pinnsolve.storage.checkpoint import write_checkpoint
from pinnsolve.storage.lock import locked
from pinnsolve.storage.status import INTERVAL, Reporter, Status, reporting, standing

HERE = Progress("training: adam", 0.25, 12, 3e-9, 1e-4, "a note")
RUN = """
import sys, time
from pathlib import Path
from pinnsolve.progress import Progress
from pinnsolve.storage.folder import claimed
from pinnsolve.storage.status import reporting
with claimed(Path(sys.argv[1])) as claim, reporting(claim.folder) as watch:
    print("running", flush=True)
    while True:
        watch(Progress("training: adam", 0.5, 7))
        time.sleep(0.01)
"""


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""
    now = [1000.0]
    monkeypatch.setattr("pinnsolve.storage.status.time.monotonic", lambda: now[0])
    return now


def test_a_run_at_work_is_running(tmp_path):
    with locked(tmp_path), reporting(tmp_path) as watch:
        watch(HERE)
        found = standing(tmp_path)
        assert found.state == "running"
        assert found.status.pid == os.getpid()
        assert found.status.outcome == ""
        assert found.checkpoint_age is None
        write_checkpoint(tmp_path, {"i": 1}, "")
        assert standing(tmp_path).checkpoint_age >= 0


def test_it_is_written_once_a_second_and_passed_on_always(tmp_path, clock):
    heard = []
    watch = Reporter(tmp_path, heard.append)
    began = (tmp_path / "status.json").read_bytes()
    for _ in range(50):
        watch(HERE)
    assert (tmp_path / "status.json").read_bytes() == began
    clock[0] += INTERVAL
    watch(HERE)
    assert heard == [HERE] * 51
    told = json.loads((tmp_path / "status.json").read_text())
    assert told["stage"] == "training: adam"
    assert told["seconds"] == INTERVAL
    assert (told["fraction"], told["iteration"], told["loss"], told["relative_l2"]) == (
        0.25, 12, 3e-9, 1e-4,
    )  # fmt: skip
    assert os.listdir(tmp_path) == ["status.json"]


def test_a_loss_that_is_not_finite_is_none(tmp_path, clock):
    watch = Reporter(tmp_path)
    clock[0] += INTERVAL
    watch(Progress("training", loss=float("nan"), relative_l2=float("inf")))
    status = standing_of(tmp_path)
    assert (status.loss, status.relative_l2) == (None, None)


def standing_of(folder):
    return standing(folder).status


@pytest.mark.parametrize("outcome", ["finished", "accuracy missed", "diverged"])
def test_a_run_that_has_ended_is_finished(tmp_path, outcome):
    with locked(tmp_path), reporting(tmp_path) as watch:
        watch(HERE)
        watch.end(outcome, "so it went.")
    found = standing(tmp_path)
    assert found.state == "finished"
    assert (found.status.outcome, found.status.message) == (outcome, "so it went.")
    assert found.status.stage == "training: adam"


def test_a_run_that_was_stopped_can_tell(tmp_path):
    with pytest.raises(Stopped), locked(tmp_path), reporting(tmp_path):
        raise Stopped("SIGTERM was received.")
    found = standing(tmp_path)
    assert (found.state, found.status.exit_code) == ("stopped", 75)
    assert found.status.message == "SIGTERM was received."


@pytest.mark.parametrize(
    ("error", "code"),
    [(DivergedError("gone."), 4), (ZeroDivisionError("x"), 1), (KeyboardInterrupt(), 130),
     (MemoryError(), 5)],
)  # fmt: skip
def test_a_run_that_failed_tells_why(tmp_path, error, code):
    with pytest.raises(type(error)), reporting(tmp_path):
        raise error
    found = standing(tmp_path)
    assert (found.state, found.status.exit_code) == ("failed", code)
    assert found.status.message == (str(error) or type(error).__name__)


def test_what_fails_after_the_end_does_not_change_it(tmp_path):
    def work():
        with reporting(tmp_path) as watch:
            watch.end("finished")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert standing(tmp_path).state == "finished"


def test_a_run_that_was_killed_is_neither_running_nor_finished(tmp_path):
    folder = tmp_path / "run"
    command = [sys.executable, "-c", RUN, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        assert standing(folder).state == "running"
        assert standing(folder).status.pid == process.pid
        process.send_signal(signal.SIGKILL)
        process.wait()
    found = standing(folder)
    assert (found.state, found.status.pid) == ("killed", process.pid)


def test_a_run_without_a_status_is_known_by_its_metrics(tmp_path):
    metrics = {"status": "accuracy missed", "seconds": {"total": 2.5}, "relative_l2": {"u": 1e-3}}
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    found = standing(tmp_path)
    assert found.state == "finished"
    assert found.status == Status(outcome="accuracy missed", seconds=2.5)


def test_a_checkpoint_without_a_status_is_that_of_a_run_that_was_killed(tmp_path):
    write_checkpoint(tmp_path, {"i": 1}, "")
    assert standing(tmp_path).state == "killed"


def test_no_run_is_an_error(tmp_path):
    with pytest.raises(FileError, match=r"^there is no run in .*: neither status\.json nor"):
        standing(tmp_path)
    with pytest.raises(FileError, match=r"^there is no folder .*nowhere\.$"):
        standing(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "it is not JSON, or damaged"),
        ("[" * 10_000, "it is not JSON, or damaged"),
        ("[]", "it does not say where a run stands"),
        ('{"stage": 3}', "its stage is no such thing"),
        ('{"pid": 1.5}', "its pid is no such thing"),
        ('{"loss": NaN}', "its loss is no such thing"),
        ('{"loss": 1e999}', "its loss is no such thing"),
        ('{"loss": true}', "its loss is no such thing"),
        (" " * 100_000, "it is larger than 65,536 bytes"),
    ],
)
def test_a_status_that_makes_no_sense_is_an_error(tmp_path, content, message):
    (tmp_path / "status.json").write_text(content)
    with pytest.raises(FileError, match=message) as caught:
        standing(tmp_path)
    assert caught.value.exit_code == 6


def test_a_status_cannot_write_to_a_terminal(tmp_path):
    (tmp_path / "status.json").write_text(json.dumps({"stage": "\x1b[2Jx\ny"}))
    assert standing_of(tmp_path).stage == " [2Jx y"


def test_a_full_disk_costs_the_status_and_not_the_run(tmp_path, clock, monkeypatch):
    with reporting(tmp_path) as watch:
        before = (tmp_path / "status.json").read_bytes()

        def fill(*_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "replace", fill)
        monkeypatch.setattr(os, "fsync", fill)
        heard = []
        watch.watch = heard.append
        for _ in range(3):
            clock[0] += INTERVAL
            watch(HERE)
        watch.end("finished")
        assert heard == [HERE] * 3
        assert os.listdir(tmp_path) == ["status.json"]
        assert (tmp_path / "status.json").read_bytes() == before


def test_a_folder_that_is_gone_costs_the_status_and_not_the_run(tmp_path):
    with reporting(tmp_path / "gone") as watch:
        watch(HERE)
        watch.end("finished")


def test_a_status_never_goes_through_a_link(tmp_path):
    (tmp_path / "precious").write_text("precious")
    for name in (".status.json.part", "status.json"):
        (tmp_path / name).symlink_to(tmp_path / "precious")
    with reporting(tmp_path) as watch:
        watch.end("finished")
    assert (tmp_path / "precious").read_text() == "precious"
    assert standing(tmp_path).state == "finished"


def test_the_age_of_the_last_checkpoint_is_that_of_the_newer(tmp_path):
    with reporting(tmp_path):
        for i in range(2):
            write_checkpoint(tmp_path, {"a": np.zeros(3), "i": i}, "")
        os.utime(tmp_path / "checkpoint.previous", (0, 0))
        assert standing(tmp_path).checkpoint_age < 1e6
        (tmp_path / "checkpoint").unlink()
        assert standing(tmp_path).checkpoint_age > 1e6
