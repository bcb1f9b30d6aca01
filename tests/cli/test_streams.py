"""Channels that are closed, full or of few characters cost the text, never the run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pinnsolve.cli import terminal
from tests.posing import manufactured, text_of

ROOT = Path(__file__).parents[2]
PINNSOLVE = f"{sys.executable} -m pinnsolve"
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no full device")


def shell(command, folder, **variables):
    """Run a command in a shell; return its exit code, output and errors."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **variables}
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@needs_full
def test_a_result_that_cannot_be_written_is_told(tmp_path):
    assert shell(f"{PINNSOLVE} schema > /dev/full", tmp_path) == (
        6,
        "",
        "pinnsolve: cannot write to standard output: No space left on device. What was written to "
        "files is whole.\n",
    )


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("schema >&-", 0),
        ("check nowhere.toml 2>&-", 6),
        ("check nowhere.toml <&- >&- 2>&-", 6),
        pytest.param("check nowhere.toml 2> /dev/full", 6, marks=needs_full),
    ],
)
def test_a_channel_that_takes_nothing_changes_no_exit_code(command, code, tmp_path):
    assert shell(f"{PINNSOLVE} {command}", tmp_path) == (code, "", "")
    assert list(tmp_path.iterdir()) == []


def test_a_run_with_closed_channels_and_few_characters_is_whole(tmp_path):
    text = text_of("laplace(u) = f", on=[("all", "u = 0")], count=100,
                   more=manufactured("f", u="x*y*(1-x)*(1-y)"))  # fmt: skip
    (tmp_path / "a.toml").write_text(text.replace("[domain]", 'title = "Δ"\n[domain]', 1))
    command = f"{PINNSOLVE} solve a.toml --out few <&- 2>&-"
    code, out, _ = shell(command, tmp_path, LC_ALL="C", PYTHONIOENCODING="ascii")
    assert code == 0
    assert out.splitlines()[0] == r"\u0394"
    assert json.loads((tmp_path / "few" / "metrics.json").read_text())["status"] == "finished"
    assert (tmp_path / "few" / "solution.hdf").read_bytes().startswith(b"\x89HDF")


def test_what_a_library_prints_by_itself_goes_nowhere(tmp_path):
    work = "import os, sys, warnings; from pinnsolve.cli.streams import prepare_streams as p; p();"
    work += "os.write(1, b'LAPACK'); os.write(2, b'SuperLU'); warnings.warn('NumPy', stacklevel=1);"
    work += "print('ours'); print('mine', file=sys.stderr)"
    assert shell(f'{sys.executable} -c "{work}"', tmp_path) == (0, "ours\n", "mine\n")


def test_control_characters_are_not_sent_to_a_terminal(capsys):
    terminal.say("a\x1b[31mred\nb\tc\x07")
    terminal.tell("\x1b]0;title\x07\u202e")
    assert capsys.readouterr() == ("a�[31mred\nb c�\n", "pinnsolve: �]0;title��\n")


def test_json_is_escaped_where_it_cannot_be_encoded(capsys, monkeypatch):
    terminal.say_json("Δ\U0001f600")
    assert capsys.readouterr().out == '"Δ\U0001f600"\n'
    monkeypatch.setattr("pinnsolve.cli.terminal.sys.stdout", _Ascii())
    terminal.say_json("Δ\U0001f600")
    assert terminal.sys.stdout.text == '"\\u0394\\ud83d\\ude00"\n'


class _Ascii:
    encoding = "ascii"
    text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass
