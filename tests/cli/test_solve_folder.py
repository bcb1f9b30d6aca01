"""The folder of a solve, from its first moment to its last."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pinnsolve.cli.app import main
from pinnsolve.errors import FileError, NodesError
from pinnsolve.storage.lock import is_mine
from tests.cli.test_app import DISK

pytestmark = pytest.mark.usefixtures("no_pictures")

RUN = Path("runs/disk")
TRAINING = DISK.replace('method = "rbf-fd"', 'method = "dt-pinn"') + (
    '[network]\nhidden = [8]\n[[training]]\noptimizer = "adam"\niterations = 100_000_000\n'
)


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (tmp_path / "disk.toml").write_text(DISK)


def solve(*arguments):
    return main(["solve", "disk.toml", "-q", *arguments])


@pytest.fixture
def refused(monkeypatch):
    """Let every solve be refused once it has begun."""

    def solve(*_, **__):
        assert is_mine(RUN)
        raise NodesError("too few nodes.")

    monkeypatch.setattr("pinnsolve.run.solve", solve)


def test_a_solve_leaves_its_results_and_how_it_ended():
    assert solve() == 0
    assert sorted(os.listdir(RUN)) == [
        "metrics.json", "problem.toml", "report.html", "solution.hdf", "solution.vtu",
        "status.json",
    ]  # fmt: skip
    assert json.loads((RUN / "status.json").read_text())["outcome"] == "finished"
    assert main(["status", str(RUN)]) == 0


def test_the_problem_is_there_before_the_work_begins(monkeypatch):
    def solve_in_vain(problem, **_):
        assert sorted(os.listdir(RUN)) == [".lock", "problem.toml", "status.json"]
        assert (RUN / "problem.toml").read_text() == problem.to_toml()
        assert main(["status", str(RUN)]) == 0
        raise NodesError("too few nodes.")

    monkeypatch.setattr("pinnsolve.run.solve", solve_in_vain)
    assert solve() == 2


@pytest.mark.usefixtures("refused")
def test_a_solve_that_is_refused_leaves_no_folder():
    assert solve() == 2
    assert not RUN.exists()


@pytest.mark.usefixtures("refused")
def test_a_solve_that_is_refused_leaves_earlier_results_alone():
    RUN.mkdir(parents=True)
    for name in ("metrics.json", "problem.toml", "solution.hdf"):
        (RUN / name).write_text("precious")
    assert solve("--overwrite") == 2
    assert {path.read_text() for path in RUN.iterdir() if path.name != "status.json"} == {
        "precious"
    }


def test_a_solve_does_not_touch_the_folder_of_one_that_is_at_work(tmp_path):
    (tmp_path / "disk.toml").write_text(TRAINING)
    command = [sys.executable, "-m", "pinnsolve", "solve", "disk.toml"]
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root}
    ) as other:
        assert other.stderr.readline().startswith("pinnsolve: ")  # its first report of progress
        assert main(["status", str(RUN)]) == 0
        (tmp_path / "disk.toml").write_text(DISK)
        assert solve("--overwrite") == 6
        assert solve() == 0
        assert (tmp_path / "runs" / "disk-2" / "metrics.json").exists()
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert main(["status", str(RUN)]) == 6  # it had written no checkpoint
    assert solve("--overwrite") == 0
    assert main(["status", str(RUN)]) == 0


def test_a_disk_that_is_full_at_the_end_does_not_cost_the_results(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("pinnsolve.cli.solving.tempfile.mkdtemp", lambda **_: str(tmp_path / "tmp"))
    monkeypatch.setattr("pinnsolve.output.run_directory.write_file", full(tmp_path / "runs"))
    assert solve() == 6
    out, err = capsys.readouterr()
    fault = "cannot write runs/disk/problem.toml: the disk is full."
    told = f"{fault} The results are in {tmp_path / 'tmp' / 'disk'} instead: move them from there."
    assert err == f"pinnsolve: {told}\n"
    assert str(tmp_path / "tmp" / "disk") in out
    assert (tmp_path / "tmp" / "disk" / "metrics.json").exists()
    assert not (RUN / "metrics.json").exists()
    assert json.loads((RUN / "status.json").read_text())["message"] == told


def test_results_that_can_be_kept_nowhere_are_an_error_of_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("pinnsolve.cli.solving.tempfile.mkdtemp", lambda **_: str(tmp_path / "tmp"))
    monkeypatch.setattr("pinnsolve.output.run_directory.write_file", full(tmp_path))
    assert solve() == 6
    fault = "cannot write {}/disk/problem.toml: the disk is full."
    assert capsys.readouterr().err == (
        f"pinnsolve: {fault.format('runs')} Nor could the results be kept elsewhere: "
        f"{fault.format(tmp_path / 'tmp')}\n"
    )


def full(disk):
    """Return a way to write files that fails on a disk."""

    def write(path, content):
        if path.absolute().is_relative_to(disk):
            raise FileError(f"cannot write {path}: the disk is full.")
        path.write_bytes(content)

    return write
