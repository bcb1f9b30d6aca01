"""The forecast of memory: how near the truth it is, and what is refused because of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pinnsolve import load, solve
from pinnsolve.checks import memory as forecasts
from pinnsolve.checks.memory import forecast
from pinnsolve.cli.app import main
from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.errors import MemoryLimitError
from pinnsolve.rbffd import pardiso
from pinnsolve.setup import Setup
from tests.posing import pose

ROOT = Path(__file__).parents[2]
STATUS = Path("/proc/self/status")
PEAK = (
    "import sys; from pinnsolve.cli.app import main; main(sys.argv[1:]); print(open({!r}).read())"
)


@pytest.fixture
def disk():
    return load(ROOT / "problems/disk_poisson.toml", {"solver.device": "cpu"})


@pytest.fixture
def free(monkeypatch):
    """Let there be so much memory, in GiB."""
    return lambda gib: monkeypatch.setattr(
        forecasts, "memory", lambda: {"total": 64.0, "free": gib}
    )


def stages(problem, overrides=None):
    problem = problem.replace(overrides or {})
    nodes = Setup(problem).nodes
    return forecast(problem, nodes, nodal_conditions(problem, nodes))


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="the peak is read from /proc")
@pytest.mark.parametrize(
    ("name", "method", "count"),
    [
        pytest.param("ball_poisson", "rbf-fd", 4000, marks=pytest.mark.study),
        pytest.param("disk_poisson", "dt-pinn", 6000, marks=pytest.mark.study),
        ("disk_poisson", "pinn", 400),
    ],
)
def test_the_forecast_is_near_the_truth(tmp_path, name, method, count):
    if method != "rbf-fd" and torch.version.cuda:
        pytest.skip("what CUDA's libraries take is another matter")
    path = ROOT / f"problems/{name}.toml"
    forecast = max(stages(load(path), {"solver.method": method, "nodes.count": count}).values())
    arguments = ["solve", str(path), "--method", method, f"--set=nodes.count={count}", "--quiet"]
    ran = subprocess.run(
        [sys.executable, "-c", PEAK.format(str(STATUS)), *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    measured = 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", ran.stdout)[1])
    assert forecast / 1.3 < measured < 1.3 * forecast  # libraries differ between machines


def test_each_stage_of_the_schedule_is_forecast(disk):
    parts = {"direct solution", "report"}
    assert stages(disk, {"solver.method": "rbf-fd"}).keys() == parts
    parts |= {"evaluation", "training: grow"}
    for method in ("dt-pinn", "pinn"):
        assert stages(disk, {"solver.method": method}).keys() == parts
    optimizers = ("adam", "lbfgs", "gauss-newton")
    chosen = {"training": [{"optimizer": name} for name in optimizers]}
    parts = parts - {"training: grow"} | {f"training: {name}" for name in optimizers}
    assert stages(disk, chosen).keys() == parts


def test_factors_of_many_unknowns_by_nested_dissection_need_less(disk, monkeypatch):
    many = {"nodes.count": 30_000, "solver.method": "rbf-fd"}
    monkeypatch.setattr(pardiso, "is_available", lambda: False)
    by_superlu = stages(disk, many)["direct solution"]
    monkeypatch.setattr(pardiso, "is_available", lambda: True)
    assert stages(disk, many)["direct solution"] < by_superlu


def test_what_lies_on_a_gpu_is_not_counted(disk):
    assert stages(disk, {"solver.device": "cuda"}).keys() == {"direct solution", "report"}


def test_numbers_of_half_the_size_need_half_the_room(disk):
    def saved(hidden, optimizer):
        chosen = {"training": [{"optimizer": optimizer}], "network.hidden": hidden}
        double, single = (
            stages(disk, {**chosen, "solver.precision": precision})[f"training: {optimizer}"]
            for precision in ("float64", "float32")
        )
        return double - single

    assert saved([200, 1600], "adam") == pytest.approx(saved([200, 800], "adam") * 1800 / 1000)
    assert saved([200, 800], "head") == 0  # least squares are in double precision


@pytest.mark.slow
def test_the_head_takes_the_features_the_matrix_and_blocks_of_it(disk):
    # beyond a block, nodes add their features and their rows alone
    few, many = (
        stages(disk, {"nodes.count": n, "network.hidden": [400]})["training: head"]
        for n in (20000, 40000)
    )
    assert many - few == pytest.approx(2 * 20000 * 401 * 8, rel=0.2)


def test_every_instant_counts():
    settings = {"solver.device": "cpu", "network.features": "mlp"}
    heat = load(ROOT / "problems/disk_heat.toml", settings)
    at = {n: stages(heat, {"nodes.time_levels": n})["training: head"] for n in (20, 40, 60)}
    assert at[60] - at[40] == pytest.approx(at[40] - at[20], rel=0.01)
    assert at[40] - at[20] > 20 * 828 * 800 * 8


@pytest.mark.parametrize(
    ("overrides", "gib", "says"),
    [
        ({}, 0.4, "dt-pinn on 1663 nodes needs about 600 MiB of memory (evaluation), but 410 MiB "
         "are free. Lower network.hidden."),
        ({"nodes.count": 9000}, 0.4, "dt-pinn on 9000 nodes needs about 1.5 GiB of memory "
         "(training: grow), but 410 MiB are free. Take fewer nodes or a smaller "
         "network.hidden; rbf-fd needs 230 MiB."),
        ({"solver.method": "rbf-fd", "nodes.count": 9000}, 0.2, "rbf-fd on 9000 nodes needs about "
         "230 MiB of memory (direct solution), but 200 MiB are free. Take fewer nodes, or lower "
         "solver.order."),
    ],
)  # fmt: skip
def test_what_will_not_fit_is_refused_before_any_work(disk, free, overrides, gib, says):
    free(gib)
    with pytest.raises(MemoryLimitError) as refused:
        solve(disk.replace(overrides))
    assert says in str(refused.value)


def test_the_refusal_shows_the_place_and_has_an_exit_code(tmp_path, free, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pose(tmp_path, "laplace(u) = 1", on=[("all", "u = 0")])
    free(0.1)
    assert main(["solve", "problem.toml", "--quiet"]) == 5
    assert capsys.readouterr().err == (
        "pinnsolve: problem.toml:6: rbf-fd on 300 nodes needs about 230 MiB of memory (report), "
        "but 100 MiB are free. Close other programs, or use a machine with more.\n"
        "   6 | count = 300\n"
        "     |         ^^^\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["problem.toml"]


def test_what_fits_is_let_through(disk, free):
    free(1.0)
    assert solve(disk, method="rbf-fd").outcome.status == "finished"


def test_nothing_is_refused_where_the_memory_is_not_known(disk, monkeypatch):
    monkeypatch.setattr(forecasts, "memory", lambda: {"total": None, "free": None})
    assert solve(disk, method="rbf-fd").outcome.status == "finished"
