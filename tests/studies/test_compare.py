"""Many solves side by side: shared nodes, a trial for each run, whatever happens to it."""

from pathlib import Path

import pytest

from pinnsolve import run, setup
from pinnsolve.errors import DivergedError, ProblemError, Stopped
from pinnsolve.problem import load
from pinnsolve.studies import compare as comparing
from pinnsolve.studies.compare import compare
from pinnsolve.studies.plan import Grid, plan
from tests.studies.test_plan import DISK

QUICK = Grid(
    ("rbf-fd", "dt-pinn", "pinn"),
    derivatives=("autograd",),
    orders=(2, 3),
    optimizers=("lbfgs",),
    seeds=2,
    iterations=3,
    hidden=(6, 6),
)


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "disk.toml"
    path.write_text(DISK)
    return load(path)


@pytest.fixture
def prepared(monkeypatch):
    """The orders whose operators were assembled, each with the number of nodes."""
    seen, assemble = [], setup.assemble

    def watched(problem, nodes, *rest, order):
        seen.append((order, nodes.rows.stop))
        return assemble(problem, nodes, *rest, order=order)

    monkeypatch.setattr(setup, "assemble", watched)
    return seen


def test_every_run_is_a_trial_with_an_error_and_its_course(disk):
    found = compare(plan(disk, QUICK))
    assert [(t.configuration.label, t.seed) for t in found.trials] == [
        ("rbf-fd p = 2", None),
        ("rbf-fd p = 3", None),
        ("dt-pinn p = 2, lbfgs", 0),
        ("dt-pinn p = 3, lbfgs", 0),
        ("pinn autograd, lbfgs", 0),
        ("dt-pinn p = 2, lbfgs", 1),
        ("dt-pinn p = 3, lbfgs", 1),
        ("pinn autograd, lbfgs", 1),
    ]
    assert {trial.status for trial in found.trials} == {"finished"}
    assert all(trial.relative_l2 > 0 for trial in found.trials)
    assert all(trial.nodes == 150 for trial in found.trials)
    for trial in found.trials:
        times = [record.seconds for record in trial.curve]
        assert times == sorted(times)
        assert 0 < times[-1] <= trial.total * (1 + 1e-9)
    direct = {t.configuration.order: t.curve[0].relative_l2 for t in found.trials[:2]}
    floors = {t.configuration.order: t.floor for t in found.trials[2:]}
    assert floors == {**direct, None: None}


@pytest.mark.slow
def test_only_what_uses_operators_is_charged_for_them(disk):
    for trial in compare(plan(disk, QUICK)).trials:
        assert ("operators" in trial.seconds) == (trial.configuration.order is not None)
        assert not {"nodes", "errors", "total"} & set(trial.seconds)


@pytest.mark.slow
def test_nodes_and_operators_are_made_once_for_each_order_and_node_set(disk, prepared):
    grid = Grid(QUICK.methods, ("autograd",), (2, 3), ("lbfgs",), seeds=2, iterations=1,
                hidden=(4,), nodes=(100, 150))  # fmt: skip
    compare(plan(disk, grid))
    del prepared[0]  # of the warming up
    assert [(nodes, order) for order, nodes in prepared] == [
        (100, 2), (100, 3), (150, 2), (150, 3),
    ]  # fmt: skip


@pytest.mark.slow
def test_seeds_give_different_networks_and_the_same_one_when_repeated(disk):
    grid = Grid(("dt-pinn",), optimizers=("lbfgs",), seeds=2, iterations=2, hidden=(6,))
    first, other = compare(plan(disk, grid)).trials
    again, _ = compare(plan(disk, grid)).trials
    assert first.relative_l2 == pytest.approx(again.relative_l2, rel=1e-6)
    assert first.relative_l2 != pytest.approx(other.relative_l2, rel=1e-3)


def test_a_run_that_fails_is_told_beside_the_others(disk, monkeypatch):
    solve = run.solve

    def failing(problem, **rest):
        if problem.settings.solver.method == "pinn":
            raise DivergedError("the equations went wild.")
        return solve(problem, **rest)

    monkeypatch.setattr(run, "solve", failing)
    found = compare(plan(disk, QUICK))
    failed = [trial for trial in found.trials if trial.status == "failed"]
    assert {trial.configuration.method for trial in failed} == {"pinn"}
    assert {trial.message for trial in failed} == {"the equations went wild."}
    assert len(found.trials) == 8
    assert failed[0].row()["relative_l2"] is None


@pytest.mark.slow
def test_operators_that_nodes_cannot_carry_fail_the_runs_that_need_them(disk):
    grid = Grid(("rbf-fd", "pinn"), ("autograd",), (2, 6), ("lbfgs",), iterations=1,
                hidden=(4,), nodes=(40,))  # fmt: skip
    found = compare(plan(disk, grid))
    assert [trial.status for trial in found.trials] == ["finished", "failed", "finished"]
    assert "p = 6" in found.trials[1].configuration.label


def test_if_nothing_can_be_run_the_error_is_that_of_the_first(disk):
    with pytest.raises(ProblemError, match="nodes"):
        compare(plan(disk, Grid(("rbf-fd",), orders=(6,), nodes=(40,))))


@pytest.mark.slow
def test_a_comparison_that_is_stopped_keeps_what_it_has(disk):
    def watch(progress):
        if "seed 1" in progress.note and progress.iteration:
            raise Stopped("enough.")

    found = compare(plan(disk, QUICK), watch)
    assert (found.status, found.message) == ("stopped", "enough.")
    assert [t.status for t in found.trials] == ["finished"] * 5 + ["stopped"]
    assert found.trials[-1].relative_l2 > 0
    assert found.planned == 8


@pytest.mark.slow
def test_a_stop_while_warming_up_is_heard(disk):
    def watch(progress):
        if progress.note.startswith("warming up: dt-pinn") and progress.iteration:
            raise Stopped("enough.")

    found = compare(plan(disk, QUICK), watch)
    assert found.status == "stopped"
    assert [trial.configuration.method for trial in found.trials] == ["rbf-fd", "rbf-fd"]


def test_stopped_before_the_first_result_there_is_nothing_to_keep(disk):
    def watch(_):
        raise Stopped("at once.")

    with pytest.raises(Stopped, match="at once"):
        compare(plan(disk, QUICK), watch)


@pytest.mark.slow
def test_the_default_schedule_ends_with_its_time(disk):
    grid = Grid(("dt-pinn",), optimizers=("default",), seconds=1e-9)
    (trial,) = compare(plan(disk, grid)).trials
    assert (trial.status, trial.message) == ("finished", comparing.SPENT)
    assert trial.relative_l2 > 0


@pytest.mark.slow
def test_progress_is_that_of_the_whole_and_names_the_run(disk):
    seen = []
    compare(plan(disk, QUICK), seen.append)
    assert {progress.stage for progress in seen} == {"runs"}
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] <= 1
    assert "dt-pinn p = 3, lbfgs, seed 1, 150 nodes" in {progress.note for progress in seen}


@pytest.mark.slow
def test_a_problem_in_time_is_compared_like_any_other():
    heat = load(
        Path(__file__).parents[2] / "problems" / "disk_heat.toml",
        {"nodes.count": 120, "nodes.time_levels": 5, "output.test_points": 100},
    )
    grid = Grid(("rbf-fd", "dt-pinn"), orders=(2,), optimizers=("lbfgs",), iterations=2,
                hidden=(6,))  # fmt: skip
    direct, trained = compare(plan(heat, grid)).trials
    assert (direct.status, trained.status) == ("finished", "finished")
    assert trained.floor == direct.curve[0].relative_l2
    assert trained.relative_l2 > direct.relative_l2
