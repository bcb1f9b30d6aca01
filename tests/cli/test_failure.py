"""Each way to fail has its message and its exit code."""

import errno
import json

import pytest
import torch
import typer

from pinnsolve import errors
from pinnsolve.cli.app import main
from pinnsolve.cli.failure import report
from tests.posing import DISK, text_of

pytestmark = pytest.mark.usefixtures("no_pictures")

OUT_OF_MEMORY = (
    "pinnsolve: out of memory. Lower nodes.count, solver.order or network.hidden; "
    "pinnsolve check FILE says what each part takes.\n"
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ProblemError(errors.Fault((), "no equation.", place="a.toml:3")), 2),
        (errors.NodesError("too few nodes."), 2),
        (errors.SingularError("no unique solution."), 2),
        (errors.DivergedError("the loss is not finite."), 4),
        (errors.MemoryLimitError("80 GiB wanted, 23 GiB found."), 5),
        (errors.FileError("cannot write a.hdf."), 6),
        (errors.Stopped("SIGTERM was received."), 75),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_users_fault_is_its_message_without_a_traceback(error, code, capsys):
    assert report(error, []) == code
    assert capsys.readouterr() == ("", f"pinnsolve: {error}\n")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_out_of_memory_says_what_to_lower(error, capsys):
    assert report(error, []) == 5
    assert capsys.readouterr().err == OUT_OF_MEMORY


def test_a_file_that_the_system_refuses_is_named(capsys):
    assert report(PermissionError(errno.EACCES, "Permission denied", "a.toml"), []) == 6
    assert capsys.readouterr().err == "pinnsolve: a.toml: Permission denied.\n"


def test_faults_are_json_for_programs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = text_of("laplace(u) = wave", on=[("surface", "u = 0")], domain=DISK)
    (tmp_path / "a.toml").write_text(text.replace("order = 3", "order = 9"))
    assert main(["check", "a.toml", "--json", "--set", "nodes.count=-1"]) == 2
    written = json.loads(capsys.readouterr().out)
    place = {"file": "a.toml", "line": 9, "column": 28, "place": "a.toml:9"}
    assert written["exit_code"] == 2
    count, wave, order = written["faults"]
    assert count == {
        "file": None,
        "line": None,
        "column": None,
        "place": "--set nodes.count=-1",
        "key": "nodes.count",
        "message": "[nodes] count must be at least 1, but is -1.",
        "remedy": "",
    }
    assert wave.items() >= place.items()
    assert wave["message"] == 'unknown name "wave".'
    assert wave["remedy"].startswith("Known: ")
    assert (order["key"], order["column"]) == ("solver.order", 9)


def test_text_that_is_no_toml_has_its_place_in_json(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.toml").write_text("[domain]\nshape = disk\n")
    assert main(["solve", "a.toml", "--json"]) == 2
    (fault,) = json.loads(capsys.readouterr().out)["faults"]
    assert (fault["file"], fault["line"], fault["column"]) == ("a.toml", 2, 9)
    assert fault["message"] == "not valid TOML: invalid value."


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.FileError("cannot write a.hdf."), 6),
        (errors.DivergedError("the loss is not finite."), 4),
        (MemoryError(), 5),
        (typer.BadParameter("no such option."), 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_fails_is_json_for_programs(error, code, capsys):
    assert report(error, ["solve", "--json"]) == code
    out, err = capsys.readouterr()
    written = json.loads(out)
    assert written["exit_code"] == code
    (fault,) = written["faults"]
    assert err == f"pinnsolve: {fault['message']}\n"
    assert fault["file"] is None


def test_an_interrupt_is_130(capsys):
    assert report(KeyboardInterrupt(), []) == 130
    assert capsys.readouterr() == ("", "")


def test_a_bug_leaves_a_file_to_report(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IndexError) as bug:
        [][1]
    assert report(bug.value, ["solve", "disk.toml"]) == 1
    (file,) = tmp_path.glob("pinnsolve-crash-*.txt")
    assert capsys.readouterr().err == (
        "pinnsolve: internal error: IndexError: list index out of range\n"
        "This is a fault of pinnsolve, not of yours. "
        f"Please report it with the file {file}.\n"
    )
    assert "Traceback" in file.read_text()
    assert "['solve', 'disk.toml']" in file.read_text()


def test_a_bug_is_shown_where_no_file_can_be_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("pinnsolve.cli.failure.Path.cwd", lambda: tmp_path / "gone")
    monkeypatch.setattr("pinnsolve.cli.failure.tempfile.gettempdir", lambda: str(tmp_path / "gone"))
    assert report(ZeroDivisionError("division by zero"), []) == 1
    assert "ZeroDivisionError: division by zero" in capsys.readouterr().err
