"""``pinnsolve status``: what it says and the exit code it leaves, in each state of a run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pinnsolve.cli.app import main
from pinnsolve.errors import ProblemError
from pinnsolve.progress import Progress
from pinnsolve.storage.checkpoint import write_checkpoint
from pinnsolve.storage.lock import locked
from pinnsolve.storage.status import reporting

pytestmark = pytest.mark.usefixtures("no_pictures")

ROOT = Path(__file__).parents[2]
HERE = Progress("training: adam", 0.25, 12, 3e-9, 1e-4)


@pytest.fixture
def ended(tmp_path):
    """Let a run end in a way."""

    def end(outcome):
        with reporting(tmp_path) as watch:
            watch(HERE)
            watch.end(outcome, "so it went.")
        return str(tmp_path)

    return end


@pytest.mark.parametrize(
    ("outcome", "code", "line"),
    [
        ("finished", 0, "finished."),
        ("accuracy missed", 3, "accuracy missed."),
        ("diverged", 4, "diverged."),
        ("stopped", 75, "stopped: so it went."),
    ],
)
def test_a_run_that_has_ended_leaves_its_exit_code(ended, outcome, code, line, capsys):
    folder = ended(outcome)
    assert main(["status", folder]) == code
    first, stage, *_ = capsys.readouterr().out.splitlines()
    assert first == f"{folder}: {line}"
    assert stage.split(maxsplit=1) == [
        "stage", "training: adam, 25 %, iteration 12, loss 3.0e-09, relative L2 1.0e-04",
    ]  # fmt: skip


def test_a_run_at_work_is_0_and_tells_how_far_it_is(tmp_path, capsys):
    with locked(tmp_path), reporting(tmp_path) as watch:
        watch(HERE)
        watch.end("")  # writes what is known now
        write_checkpoint(tmp_path, {"i": 1}, "")
        assert main(["status", str(tmp_path)]) == 0
    first, stage, time, checkpoint = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{tmp_path}: running, process ")
    assert stage == (
        "stage       training: adam, 25 %, iteration 12, loss 3.0e-09, relative L2 1.0e-04"
    )
    assert time.startswith("time        ")
    assert ", last heard of " in time
    assert checkpoint.startswith("checkpoint  ")
    assert checkpoint.endswith(" ago")


def test_a_killed_run_is_75_with_a_checkpoint_and_6_without(tmp_path, capsys):
    with reporting(tmp_path):  # holds no lock
        assert main(["status", str(tmp_path)]) == 6
        assert "go on" not in capsys.readouterr().out
        write_checkpoint(tmp_path, {"i": 1}, "")
        assert main(["status", str(tmp_path)]) == 75
    out = capsys.readouterr().out
    assert out.startswith(f"{tmp_path}: killed; it was process ")
    assert out.endswith(f"go on       pinnsolve resume {tmp_path}\n")


def test_a_stopped_run_can_go_on_from_its_checkpoint(ended, tmp_path, capsys):
    folder = ended("stopped")
    assert main(["status", folder]) == 75
    assert "go on" not in capsys.readouterr().out
    write_checkpoint(tmp_path, {"i": 1}, "")
    assert main(["status", folder]) == 75
    assert capsys.readouterr().out.splitlines()[-1] == f"go on       pinnsolve resume {folder}"


def test_a_run_that_failed_leaves_the_code_of_its_error(tmp_path, capsys):
    with pytest.raises(ProblemError), reporting(tmp_path):
        raise ProblemError
    assert main(["status", str(tmp_path)]) == 2
    assert capsys.readouterr().out.startswith(f"{tmp_path}: failed: ProblemError")


def test_json_is_for_programs(ended, capsys):
    folder = ended("accuracy missed")
    assert main(["status", folder, "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["folder"], told["state"], told["exit_code"]) == (folder, "finished", 3)
    assert (told["outcome"], told["stage"], told["loss"]) == (
        "accuracy missed", "training: adam", 3e-9,
    )  # fmt: skip
    assert (told["checkpoint_age"], told["go_on"]) == (None, "")


def test_no_run_is_6(tmp_path, capsys):
    assert main(["status", str(tmp_path)]) == 6
    assert capsys.readouterr().err.startswith(f"pinnsolve: there is no run in {tmp_path}: ")


def test_the_help_tells_the_exit_codes(capsys):
    main(["status", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert [code for code in ("0", "3", "4", "6", "75") if f" {code} " not in text] == []


def test_it_loads_nothing_heavy(ended):
    code = (
        "import sys\nfrom pinnsolve.cli.app import main\n"
        f"main(['status', {ended('finished')!r}]); main(['status', '--json', {ended('')!r}])\n"
        "print(*{'torch', 'numpy', 'scipy', 'sympy', 'h5py', 'rich'} & set(sys.modules), 'none',"
        " file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ran.stderr == "none\n"
