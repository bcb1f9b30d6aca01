import errno
import json
import os
import subprocess
import sys
import tomllib

import numpy as np
import pytest

from pinnsolve.errors import FileError
from pinnsolve.output.metrics import plain
from pinnsolve.output.run_directory import write_run
from pinnsolve.output.vtk import pvd
from pinnsolve.output.vtk.grid import grid
from pinnsolve.problem import load
from pinnsolve.storage.lock import locked

pytestmark = pytest.mark.usefixtures("no_pictures")

ALL = ["metrics.json", "problem.toml", "report.html", "solution.hdf", "solution.vtu"]


def test_a_run_leaves_five_files_and_nothing_else(case, tmp_path):
    made = case()
    paths = write_run(made.solution, made.domain, tmp_path / "runs" / "disk", ("hdf", "vtu"))
    assert sorted(path.name for path in paths) == ALL
    assert sorted(os.listdir(tmp_path / "runs" / "disk")) == ALL
    metrics = json.loads((tmp_path / "runs" / "disk" / "metrics.json").read_text())
    assert metrics["relative_l2"] == {"u": 1e-5, "v": 2e-5}
    assert (
        tomllib.loads((tmp_path / "runs" / "disk" / "problem.toml").read_text())["title"]
        == "A test"
    )


def test_the_problem_that_is_written_gives_the_same_problem(case, tmp_path):
    made = case()
    write_run(made.solution, made.domain, tmp_path / "run", ())
    again = load(tmp_path / "run" / "problem.toml")
    assert [e.text for e in again.equations] == [e.text for e in made.problem.equations]
    assert again.settings == made.problem.settings


@pytest.mark.slow
def test_an_earlier_run_is_not_lost(case, tmp_path):
    made = case()
    for name in ("disk", "disk-2", "disk-3"):
        paths = write_run(made.solution, made.domain, tmp_path / "disk", ("hdf",))
        assert {path.parent for path in paths} == {tmp_path / name}


@pytest.mark.slow
def test_overwriting_leaves_nothing_of_the_earlier_run(case, tmp_path):
    made = case()
    write_run(made.solution, made.domain, tmp_path / "disk", ("hdf", "vtu"))
    (tmp_path / "disk" / "notes.txt").touch()
    write_run(made.solution, made.domain, tmp_path / "disk", ("hdf",), overwrite=True)
    assert os.listdir(tmp_path) == ["disk", "made_up.toml"] or "disk-2" not in os.listdir(tmp_path)
    assert sorted(os.listdir(tmp_path / "disk")) == sorted({*ALL, "notes.txt"} - {"solution.vtu"})


def test_a_folder_that_is_overwritten_looks_whole_only_when_it_is(case, tmp_path, monkeypatch):
    made = case()
    write_run(made.solution, made.domain, tmp_path / "disk", ("hdf",))

    def fill_the_disk(*_):
        assert not (tmp_path / "disk" / "metrics.json").exists()
        raise FileError("the disk is full.")

    monkeypatch.setattr("pinnsolve.output.report.report.write", fill_the_disk)
    with pytest.raises(FileError):
        write_run(made.solution, made.domain, tmp_path / "disk", ("hdf",), overwrite=True)
    assert "metrics.json" not in os.listdir(tmp_path / "disk")


def test_a_folder_in_which_a_run_is_at_work_is_not_overwritten(case, tmp_path):
    made = case()
    with locked(tmp_path):
        paths = write_run(made.solution, made.domain, tmp_path, ("hdf",))  # its own
        assert {path.parent for path in paths} == {tmp_path}
    code = "import sys; from pathlib import Path; from pinnsolve.storage.lock import locked\n"
    code += "with locked(Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], **pipes) as other:
        other.stdout.readline()
        with pytest.raises(FileError, match=rf"another run is at work in .*: process {other.pid}"):
            write_run(made.solution, made.domain, tmp_path, ("hdf",), overwrite=True)
        other.stdin.close()


IN_TIME = sorted({*ALL, "solution.pvd", "solution"} - {"solution.vtu"})


def levels(folder):
    return sorted(path.name for path in (folder / "solution").iterdir())


@pytest.mark.slow
def test_a_run_in_time_leaves_a_list_and_a_file_for_each_level(case_in_time, tmp_path):
    made = case_in_time(levels=3)
    for name in ("disk", "disk-2"):
        paths = write_run(made.solution, made.domain, tmp_path / "disk", ("hdf", "vtu"))
        assert sorted(path.name for path in paths) == sorted({*IN_TIME} - {"solution"})
        assert sorted(os.listdir(tmp_path / name)) == IN_TIME
        assert levels(tmp_path / name) == ["0000.vtu", "0001.vtu", "0002.vtu"]
    metrics = json.loads((tmp_path / "disk" / "metrics.json").read_text())
    assert metrics["time_levels"] == 3
    assert metrics["time"] == [1.0, 3.0]
    assert metrics["relative_l2_at_end"] == {"u": 3e-5, "v": 3e-5}


@pytest.mark.slow
def test_overwriting_leaves_no_levels_of_the_earlier_run(case, case_in_time, tmp_path):
    long, short, still = case_in_time(levels=5), case_in_time(levels=2), case()
    for made, expected in ((long, 5), (short, 2)):
        write_run(made.solution, made.domain, tmp_path / "disk", ("vtu",), overwrite=True)
        assert len(levels(tmp_path / "disk")) == expected
    write_run(still.solution, still.domain, tmp_path / "disk", ("hdf", "vtu"), overwrite=True)
    assert sorted(os.listdir(tmp_path / "disk")) == ALL
    write_run(long.solution, long.domain, tmp_path / "disk", ("hdf", "vtu"), overwrite=True)
    assert sorted(os.listdir(tmp_path / "disk")) == IN_TIME


@pytest.mark.slow
def test_files_of_others_beside_the_levels_are_left_alone(case, case_in_time, tmp_path):
    made, still = case_in_time(), case()
    write_run(made.solution, made.domain, tmp_path / "disk", ("vtu",))
    (tmp_path / "disk" / "solution" / "mine.vtu").touch()
    write_run(still.solution, still.domain, tmp_path / "disk", ("vtu",), overwrite=True)
    assert levels(tmp_path / "disk") == ["mine.vtu"]
    assert not (tmp_path / "disk" / "solution.pvd").exists()


def test_a_series_that_cannot_be_written_leaves_the_earlier_one_whole(
    case_in_time, tmp_path, monkeypatch
):
    made = case_in_time(levels=4)
    drawn = grid(made.solution, made.domain)
    pvd.write(tmp_path / "solution.pvd", made.solution, drawn)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}

    def fill_the_disk(path, _):
        path.write_text("half")
        if "0002" in path.name:
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(pvd, "write_grid", fill_the_disk)
    with pytest.raises(FileError, match=r"solution/0002\.vtu: the disk is full"):
        pvd.write(tmp_path / "solution.pvd", made.solution, drawn)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_a_file_in_the_way_of_the_directory_is_said_in_words(case, tmp_path):
    made = case()
    (tmp_path / "runs").write_text("")
    with pytest.raises(FileError, match="part of the path is a file, not a folder"):
        write_run(made.solution, made.domain, tmp_path / "runs" / "disk", ("hdf",))


def test_metrics_are_made_of_what_json_knows():
    made = plain({"a": np.float32(0.5), "b": [np.int64(3), float("nan")], "c": (float("inf"), "x")})
    assert made == {"a": 0.5, "b": [3, None], "c": [None, "x"]}
    assert type(made["b"][0]) is int


@pytest.mark.slow
def test_importing_the_writers_is_light():
    heavy = "{'matplotlib', 'meshio', 'vtkmodules', 'torch'}"
    code = f"import sys, pinnsolve.output.run_directory; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
