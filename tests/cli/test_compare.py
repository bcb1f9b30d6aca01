"""The command `compare`: rows, table, files, exit codes."""

import json
import os
from contextlib import nullcontext

import pytest

from pinnsolve.cli.app import main
from pinnsolve.errors import Stopped
from tests.studies.test_plan import DISK

FLAGS = "--optimizers=lbfgs --iterations=3 --hidden=6,6 --derivatives=autograd --seeds=2"
QUICK = tuple(FLAGS.split())


@pytest.fixture(autouse=True)
def disk(tmp_path, monkeypatch):
    """A small problem in an empty current folder, with threads already decided."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (tmp_path / "disk.toml").write_text(DISK)
    return tmp_path


@pytest.mark.slow
def test_json_is_a_row_for_each_run(capsys):
    assert main(["compare", "disk.toml", "--json", "--orders", "2,3", *QUICK]) == 0
    out, err = capsys.readouterr()
    rows = json.loads(out)
    assert err == ""
    assert [(row["method"], row["order"], row["seed"]) for row in rows] == [
        ("rbf-fd", 2, None), ("rbf-fd", 3, None),
        ("dt-pinn", 2, 0), ("dt-pinn", 3, 0), ("pinn", None, 0),
        ("dt-pinn", 2, 1), ("dt-pinn", 3, 1), ("pinn", None, 1),
    ]  # fmt: skip
    expected = {
        "method", "derivatives", "optimizer", "order", "seed", "relative_l2", "seconds",
        "iterations", "seconds_to", "nodes", "precision", "status", "message",
    }  # fmt: skip
    assert expected <= set(rows[0])
    assert rows[-1]["derivatives"] == "autograd"
    assert rows[-1]["optimizer"] == "lbfgs"
    assert rows[0]["seconds_to"]["1e-01"] == rows[0]["seconds"]
    assert rows[-1]["seconds_to"]["1e-12"] is None


@pytest.mark.slow
def test_the_table_has_a_line_for_each_configuration_and_the_files_are_named(capsys):
    assert main(["compare", "disk.toml", *QUICK]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    starts = ("rbf-fd p = 3 ", "dt-pinn p = 3, lbfgs ", "pinn autograd, lbfgs ")
    assert [[line.startswith(start) for line in lines].count(True) for start in starts] == [1] * 3
    assert "Sooner than pinn autograd, lbfgs." in out
    assert lines[-1] == "runs/disk-compare: compare.html, compare.json, problem.toml"
    assert err.startswith(
        "pinnsolve: 5 runs, 4 of them trainings of at most 30.0 s each: 2 min 0 s in all, "
    )
    assert set(os.listdir("runs/disk-compare")) == {"compare.html", "compare.json", "problem.toml"}


@pytest.mark.slow
def test_several_node_sets_are_told_apart(capsys):
    command = "compare disk.toml -q --methods rbf-fd --nodes 100,200 --orders 2 --out here"
    assert main(command.split()) == 0
    out = capsys.readouterr().out
    assert "rbf-fd p = 2, 100 nodes" in out
    assert "rbf-fd p = 2, 200 nodes" in out


@pytest.mark.slow
def test_the_time_limit_keeps_what_there_is(capsys, monkeypatch):
    def stop(progress):
        if "seed 0" in progress.note and progress.iteration:
            raise Stopped("the time limit of 1 s was reached.")

    monkeypatch.setattr("pinnsolve.cli.solving.interruption", lambda *_: nullcontext(stop))
    assert main(["compare", "disk.toml", "-q", "--time-limit", "1", *QUICK]) == Stopped.exit_code
    out = capsys.readouterr().out
    assert "2 runs on " in out
    assert "stopped after them, of 5: the time limit of 1 s was reached." in out
    assert "compare.html" in os.listdir("runs/disk-compare")


def test_a_bug_in_one_run_is_reported_after_the_others_are_written(capsys, monkeypatch):
    from pinnsolve import run

    solve = run.solve

    def faulty(problem, **rest):
        if problem.settings.solver.method == "pinn":
            raise ZeroDivisionError("division by zero")
        return solve(problem, **rest)

    monkeypatch.setattr(run, "solve", faulty)
    assert main(["compare", "disk.toml", "-q", *QUICK]) == 1
    out, err = capsys.readouterr()
    assert "pinn autograd, lbfgs: failed: ZeroDivisionError: division by zero" in out
    assert "internal error: ZeroDivisionError" in err
    assert "compare.html" in os.listdir("runs/disk-compare")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--methods pin", '--methods: there is no method "pin". Did you mean "pinn"?'),
        ("--optimizers sgd", '--optimizers: there is no optimizer "sgd". Known: adam, '),
        ("--orders 2,x", '--orders: "x" is not a whole number above zero.'),
        ("--orders 9", "[solver] order must be at most 6, but is 9."),
        ("--seeds 0", "invalid value for '--seeds'"),
        ("--derivatives magic", "derivatives"),
        ("--reference x", '--reference: there is no configuration "x". Known: dt-pinn p = 3, '),
        ("--precision float16", "precision"),
    ],
)
def test_wrong_options_are_2_before_any_work(arguments, message, capsys, disk):
    assert main(["compare", "disk.toml", *arguments.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err
    assert os.listdir(disk) == ["disk.toml"]
