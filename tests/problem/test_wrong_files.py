"""Every wrong file, through the command line: what the user is told, and that nothing is left."""

import pytest

from pinnsolve.cli.app import main
from tests.problem.wrong_files import AT_LOADING, LATER_ON, RIGHT, Wrong


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def assert_refused(command, text, code, folder, capsys):
    (folder / "problem.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(command) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert "internal error" not in err
    assert [path.name for path in folder.iterdir()] == ["problem.toml"]
    return err


@pytest.mark.parametrize("wrong", [*AT_LOADING, *LATER_ON], ids=lambda wrong: wrong.name)
def test_a_wrong_file_is_refused(wrong: Wrong, folder, capsys):
    err = assert_refused(["check", "problem.toml"], wrong.text, wrong.code, folder, capsys)
    wrong.assert_told(err)


@pytest.mark.slow
@pytest.mark.parametrize("wrong", LATER_ON, ids=lambda wrong: wrong.name)
def test_a_wrong_file_is_refused_before_anything_is_written(wrong: Wrong, folder, capsys):
    command = ["solve", "problem.toml", "--out", "results", "--quiet"]
    wrong.assert_told(assert_refused(command, wrong.text, wrong.code, folder, capsys))


def test_bytes_that_are_no_text_are_refused(folder, capsys):
    err = assert_refused(["check", "problem.toml"], b"title = '\xff'", 2, folder, capsys)
    assert "problem.toml:1: is not text in UTF-8: byte 9 is 0xff." in err


def test_a_wrong_override_is_refused(folder, capsys):
    command = ["check", "problem.toml", "--set", "solver.order=9"]
    err = assert_refused(command, RIGHT, 2, folder, capsys)
    assert "--set solver.order=9: [solver] order must be at most 6, but is 9." in err


def test_a_folder_and_a_missing_file_are_errors_of_files(folder, capsys):
    (folder / "poisson.toml").touch()
    assert main(["check", "poison.toml"]) == 6
    assert "Did you mean poisson.toml?" in capsys.readouterr().err
    assert main(["check", "."]) == 6
    assert "is a folder" in capsys.readouterr().err


def test_a_list_whose_only_entry_is_wrong_is_told_once(folder, capsys):
    text = RIGHT + '\n[output]\nformats = ["vtk"]\n'
    err = assert_refused(["check", "problem.toml"], text, 2, folder, capsys)
    assert 'unknown formats "vtk". Did you mean "vtu"? Known: hdf, vtu.' in err
    assert "at least 1 entry" not in err
