"""``pinnsolve resume``: a run that was cut comes to the bits of one that was not.

The clock of the time limit counts reports of progress here, so that a run is cut at the same place
on every machine.
"""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pinnsolve import load_solution
from pinnsolve.cli import shipped
from pinnsolve.cli.app import main
from pinnsolve.errors import DivergedError, FileError
from pinnsolve.storage.folder import CHECKPOINT, PREVIOUS
from pinnsolve.storage.lock import locked
from pinnsolve.storage.status import reporting
from tests.cli.test_app import DISK
from tests.lanes import studied

pytestmark = pytest.mark.usefixtures("no_pictures")

RUN, WHOLE = Path("runs/disk"), Path("whole")
NETWORK = DISK.replace('method = "rbf-fd"', 'method = "dt-pinn"') + (
    'formats = ["hdf"]\ncheckpoint = 1e-9\n[network]\nhidden = [6, 8]\n'
)  # after every step
WAVES = NETWORK.replace("dt-pinn", "pinn").replace("count = 200", "count = 80")


def phase(optimizer, iterations):
    return f'[[training]]\noptimizer = "{optimizer}"\niterations = {iterations}\n'


ADAM, ENDLESS = phase("adam", 600), phase("adam", 100_000_000)
LBFGS = phase("lbfgs", 80)  # nine reports, after nineteen before the training
HEAT = (shipped.folder() / "disk_heat.toml").read_text()
EVOLVING = """
[domain]
shape = "interval"
bounds = [-1, 1]
time = [0, 0.1]
[unknowns]
fields = ["u"]
[pde]
equations = ["u_t + u*u_x = 0.1*u_xx"]
[[boundary]]
on = ["left", "right"]
periodic = true
hard = true
[initial]
u = "-sin(pi*x)"
[solver]
method = "neural-ivp"
[network]
hidden = [4]
[evolution]
samples = 100
rtol = 1e-2
restarts = 1
output_times = 3
[output]
checkpoint = 1e-9
"""  # a fit, steps in time at points that are drawn anew, another fit, and further steps
DENSITY = """
[domain]
shape = "unbounded"
dimension = 2
time = [0, 0.2]
[unknowns]
fields = ["u"]
[pde]
equations = ["u_t = 0.05*laplace(u) + div(X*u)"]
[initial]
u = "exp(-20*dot(X, X))*(1 + x^2)"
[solver]
method = "neural-ivp"
[network]
ansatz = { u = "exp" }
polynomial = 2
hidden = [4]
[evolution]
samples = 200
rtol = 1e-2
output_times = 3
[output]
checkpoint = 1e-9
"""  # particles beside the weights
TASKS = {
    "adam": NETWORK + ADAM,
    "lbfgs": NETWORK + LBFGS,
    "gauss-newton": NETWORK + phase("gauss-newton", 5),
    "several": NETWORK + ADAM + phase("gauss-newton", 2) + phase("lbfgs", 20),
    "dt-pinn": NETWORK,
    "pinn": WAVES,
    "rbf-fd": DISK,
    "rbf-fd in time": HEAT,
    "neural-ivp": EVOLVING,
}
SETTINGS = {"rbf-fd in time": ["solver.method=rbf-fd", "nodes.count=60", "solver.order=2",
                               "nodes.time_levels=5", "output.checkpoint=1e-9"]}  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def _reports_for_seconds(monkeypatch):
    """Let the time limit be one of reports."""
    reports = SimpleNamespace(monotonic=itertools.count().__next__)
    monkeypatch.setattr("pinnsolve.cli.interruption.time", reports)


def solve(text, *arguments):
    Path("disk.toml").write_text(text)
    return main(["solve", "disk.toml", "-q", "--accept", *arguments])


def resume(*arguments):
    return main(["resume", str(RUN), "-q", "--accept", *arguments])


def status(capsys):
    """Return the exit code of ``status``, and what it says."""
    capsys.readouterr()
    code = main(["status", str(RUN), "--json"])
    return code, json.loads(capsys.readouterr().out)


def bits(run):
    """Return the fields that a run has found, as bytes."""
    state = load_solution(run).answer.state()
    return {name: np.asarray(value).tobytes() for name, value in state.items()}


def content(folder):
    """Return all files of a folder as bytes."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def stopped():
    """A training that was stopped, and its folder."""
    assert solve(NETWORK + LBFGS, "--time-limit", "24") == 75
    return RUN


@pytest.mark.slow
@pytest.mark.parametrize("task", studied(TASKS, {"adam", "rbf-fd", "rbf-fd in time"}))
def test_a_run_that_is_stopped_again_and_again_comes_to_the_same_bits(task):
    """A direct solution may be one step, which leaves nothing to resume: it begins anew."""
    chance = random.Random(task)
    settings = [f"--set={setting}" for setting in SETTINGS.get(task, [])]
    assert solve(TASKS[task], *settings, "--out", str(WHOLE)) == 0
    for n in itertools.count():
        limit = str(chance.randint(8, 40) * 1.5**n)  # in the end it is beyond all reports
        has_begun = RUN.exists()
        code = (
            resume("--time-limit", limit)
            if has_begun
            else solve(TASKS[task], *settings, "--time-limit", limit)
        )
        if code == 0:
            break
        assert code == 75
        assert not RUN.exists() or main(["status", str(RUN)]) == 75
    assert main(["status", str(RUN)]) == 0
    assert bits(RUN) == bits(WHOLE)
    one, other = load_solution(RUN), load_solution(WHOLE)
    assert one.problem.name == other.problem.name == "disk"
    assert one.course.iterations == other.course.iterations
    assert one.accuracy.errors == other.accuracy.errors


def test_what_stops_leaves_a_checkpoint_and_what_finishes_none(capsys):
    assert solve(NETWORK + LBFGS, "--time-limit", "24") == 75
    assert capsys.readouterr().err == f"pinnsolve: to go on: pinnsolve resume {RUN}\n"
    assert {CHECKPOINT, PREVIOUS, "metrics.json", "solution.hdf"} <= set(os.listdir(RUN))
    code, told = status(capsys)
    assert (code, told["state"], told["go_on"]) == (75, "stopped", f"pinnsolve resume {RUN}")
    assert resume() == 0
    assert not {CHECKPOINT, PREVIOUS} & set(os.listdir(RUN))
    code, told = status(capsys)
    assert (code, told["state"], told["go_on"]) == (0, "finished", "")
    assert json.loads((RUN / "metrics.json").read_text())["iterations"] == 80


def test_a_run_that_has_ended_is_left_as_it_is(capsys):
    assert solve(DISK, "--set", "solver.accuracy=1e-15") == 3
    before = content(RUN)
    capsys.readouterr()
    assert resume() == 3
    message = f"pinnsolve: the run in {RUN} has ended: accuracy missed.\n"
    assert capsys.readouterr().err == message
    assert content(RUN) == before
    assert solve(DISK, "--overwrite") == 0
    assert resume() == 0


def test_what_is_told_of_a_resumed_run_is_what_solve_tells(stopped, capsys):
    capsys.readouterr()
    assert main(["resume", str(stopped), "--accept", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["problem"], told["status"]) == ("disk", "finished")
    assert told["files"] == [str(RUN / name) for name in (
        "problem.toml", "solution.hdf", "report.html", "metrics.json")]  # fmt: skip


def test_of_a_torn_checkpoint_the_one_before_is_taken(stopped, capsys):
    newest = stopped / CHECKPOINT
    newest.write_bytes(newest.read_bytes()[:-100])
    capsys.readouterr()
    assert resume() == 0
    err = capsys.readouterr().err
    assert err.startswith(f"pinnsolve: warning: cannot read the checkpoint {newest}: it")
    assert err.endswith(f"The one before it, {stopped / PREVIOUS}, is taken.\n")
    assert solve(NETWORK + LBFGS, "--out", str(WHOLE)) == 0
    assert bits(RUN) == bits(WHOLE)


def test_a_byte_that_was_flipped_never_goes_unnoticed(stopped, capsys):
    """That every byte counts is tested where checkpoints are; here, that the command looks."""
    (stopped / PREVIOUS).unlink()
    newest, chance = stopped / CHECKPOINT, random.Random(0)
    whole = newest.read_bytes()
    for place in chance.sample(range(len(whole)), 200):
        newest.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        before = content(stopped)
        assert resume() == 6
        assert content(stopped) == before
    assert f"cannot read the checkpoint {newest}: " in capsys.readouterr().err


def test_what_cannot_be_taken_up_is_6_and_stays_as_it_is(stopped, capsys):
    def refusal():
        before = content(stopped)
        capsys.readouterr()
        assert resume() == 6
        assert content(stopped) == before
        return capsys.readouterr().err

    told = (stopped / "status.json").read_bytes()
    (stopped / "status.json").write_text("{")
    assert "status.json: it is not JSON, or damaged." in refusal()
    (stopped / "status.json").write_bytes(told)
    for name in (CHECKPOINT, PREVIOUS):
        (stopped / name).unlink()
    assert refusal() == f"pinnsolve: there is no checkpoint in {stopped}.\n"
    assert main(["resume", "."]) == 6
    assert capsys.readouterr().err.startswith("pinnsolve: there is no run in .: ")
    assert main(["resume", "nowhere"]) == 6
    assert capsys.readouterr().err == "pinnsolve: there is no folder nowhere.\n"


def test_two_at_once_are_refused(stopped, capsys):
    with locked(stopped):
        assert resume() == 6
        assert "another run is at work in" in capsys.readouterr().err
        with reporting(stopped):
            assert resume() == 6
            assert f"the run in {stopped} is at work: process" in capsys.readouterr().err


def test_values_that_have_changed_are_refused(capsys):
    Path("f.csv").write_text("x,y,f\n0,0,0\n1,0,0\n0,1,0\n")
    table = NETWORK.replace('f = "manufactured"', 'f = { file = "f.csv", column = "f" }')
    assert solve(table + LBFGS, "--time-limit", "24") == 75
    Path("f.csv").write_text("x,y,f\n0,0,0\n1,0,0\n0,1,1\n")
    capsys.readouterr()
    assert resume() == 6
    message = f"pinnsolve: the run cannot be taken up: {Path('f.csv').absolute()} is not what"
    assert capsys.readouterr().err.startswith(message)
    Path("f.csv").write_text("x,y,f\n0,0,0\n1,0,0\n0,1,0\n")
    assert resume() == 0


def test_a_full_disk_costs_checkpoints_and_not_the_results(monkeypatch, capsys):
    def fill(*_):
        raise FileError("cannot write: the disk is full.")

    monkeypatch.setattr("pinnsolve.storage.checkpoint.write_checkpoint", fill)
    assert solve(NETWORK + LBFGS) == 0
    warning = "a checkpoint was not written: cannot write: the disk is full."
    assert capsys.readouterr().err.count(warning) == 1
    assert warning in json.loads((RUN / "metrics.json").read_text())["warnings"]
    assert bits(RUN)
    assert solve(NETWORK + LBFGS, "--overwrite", "--time-limit", "24") == 75
    assert "to go on" not in capsys.readouterr().err
    assert resume() == 6


def test_none_are_kept_where_none_are_wanted(capsys):
    assert solve(NETWORK.replace("1e-9", "0") + LBFGS, "--time-limit", "24") == 75
    assert not {CHECKPOINT, PREVIOUS} & set(os.listdir(RUN))
    code, told = status(capsys)
    assert (code, told["go_on"]) == (75, "")


def test_an_overwritten_folder_is_the_new_run_s_from_its_first_checkpoint():
    assert solve(DISK) == 0
    assert solve(NETWORK + LBFGS, "--overwrite", "--time-limit", "24") == 75
    assert {CHECKPOINT, PREVIOUS} <= set(os.listdir(RUN))
    assert 'method = "dt-pinn"' in (RUN / "problem.toml").read_text()
    assert resume() == 0
    assert json.loads((RUN / "metrics.json").read_text())["method"] == "dt-pinn"


def test_a_run_that_has_diverged_leaves_nothing_to_go_on_from(stopped, monkeypatch, capsys):
    def diverge(*_, **__):
        raise DivergedError("it is not finite.")

    wild = NETWORK + phase("adam", 100) + "learning_rate = 1e200\n"
    assert solve(wild, "--out", str(WHOLE)) == 4
    assert not {CHECKPOINT, PREVIOUS} & set(os.listdir(WHOLE))
    assert main(["resume", str(WHOLE)]) == 4
    monkeypatch.setattr("pinnsolve.run.solve", diverge)
    assert resume() == 4
    assert not {CHECKPOINT, PREVIOUS} & set(os.listdir(stopped))
    code, told = status(capsys)
    assert (code, told["state"], told["go_on"]) == (4, "failed", "")


@pytest.mark.slow
def test_signals_ask_for_a_checkpoint_and_for_the_end(capsys):
    Path("disk.toml").write_text(NETWORK.replace("1e-9", "1e9") + ENDLESS)
    command = [sys.executable, "-m", "pinnsolve", "solve", "disk.toml"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env) as process:
        for line in process.stderr:
            if "training" in line:
                break
        code, told = status(capsys)
        assert (code, told["state"], told["checkpoint_age"]) == (0, "running", None)
        process.send_signal(signal.SIGUSR1)
        for line in process.stderr:
            if "checkpoint" in line:
                break
        assert line == f"pinnsolve: SIGUSR1: a checkpoint was written to {RUN}.\n"
        code, told = status(capsys)
        assert (code, told["state"]) == (0, "running")
        assert told["checkpoint_age"] is not None
        process.send_signal(signal.SIGTERM)
        assert process.stderr.read().endswith(f"to go on: pinnsolve resume {RUN}\n")
        assert process.wait() == 75
    assert status(capsys)[0] == 75
    assert resume("--time-limit", "24") == 75


CHAIN = """
import json, os, random, signal, sys, time
from pathlib import Path
import pinnsolve.run, pinnsolve.storage.checkpoint as checkpoints
import pinnsolve.output.report.report, pinnsolve.training.schedule, pinnsolve.objectives.nodal
from pinnsolve.cli.app import main

KILLS = int(sys.argv[1])
chance, kills, folders, lost = random.Random(0), 0, 0, 0
write = checkpoints.write_checkpoint

def seconds(state):
    return json.loads(state["course/json"])["seconds"]

def child(command):  # a copy of this process, in which all is imported already
    ear, mouth = os.pipe()
    if pid := os.fork():
        os.close(mouth)
        return pid, os.fdopen(ear)
    def telling(folder, state, problem):
        write(folder, state, problem)
        os.write(mouth, f"{seconds(state)!r}\\n".encode())
    checkpoints.write_checkpoint = telling
    os._exit(main([*command, "-q", "--accept"]))

def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

assert ended(child(["solve", "disk.toml", "--out", "whole"])[0]) == 0
while kills < KILLS:
    folders += 1
    run = f"cut-{folders}"
    command = ["solve", "disk.toml", "--out", run]
    while True:
        pid, told = child(command)
        heard = [told.readline() for _ in range(chance.randint(1, 4) if kills < KILLS else 0)]
        if kills < KILLS:
            time.sleep(chance.uniform(0, 0.02))
            os.kill(pid, signal.SIGKILL)
        heard = [float(line) for line in [*heard, *told] if line]
        code = ended(pid)
        if code == 0:
            break
        assert code == -signal.SIGKILL, code
        kills += 1
        if main(["status", run]) == 0:
            break  # killed after its end
        assert main(["status", run]) == 75
        if heard:
            found = seconds(checkpoints.latest(Path(run))[0].state)
            lost += found < heard[-1]
        command = ["resume", run]
    assert main(["status", run]) == 0
print(json.dumps({"kills": kills, "folders": folders, "lost": lost}))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "task"),
    [
        (2, "adam"),
        pytest.param(30, "adam", marks=pytest.mark.study),
        pytest.param(30, "neural-ivp", marks=pytest.mark.study),
        pytest.param(30, "density", marks=pytest.mark.study),
    ],
)
def test_kills_at_any_moment_lose_no_checkpoint_and_no_bit(n, task):
    """So no more is lost than what was done since the last one was written: an interval."""
    texts = {"adam": NETWORK + phase("adam", 1000), "neural-ivp": EVOLVING, "density": DENSITY}
    text = texts[task]
    Path("disk.toml").write_text(text.replace("1e-9", "0.02"))
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", CHAIN, str(n)]
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert (told["kills"], told["lost"]) == (n, 0)
    for n in range(told["folders"]):
        assert bits(Path(f"cut-{n + 1}")) == bits(WHOLE)
