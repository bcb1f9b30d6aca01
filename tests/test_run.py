"""One solve from end to end, by every method; the promises of `pinnsolve.solve`."""

import itertools
import json
from dataclasses import replace

import h5py
import numpy as np
import pytest

import pinnsolve
from pinnsolve import load, run, solve
from pinnsolve.cli import shipped
from pinnsolve.errors import FileError, ProblemError, Stopped

pytestmark = pytest.mark.usefixtures("no_pictures")

SMALL = """
title = "A small problem"
[domain]
shape = "disk"
center = [0, 0]
radius = 1
[nodes]
count = 250
[unknowns]
fields = ["u"]
[functions]
f = "manufactured"
g = "manufactured"
[pde]
equations = ["laplace(u) + x*u = f"]
[[boundary]]
on = "all"
condition = "dn(u) + u = g"
[exact]
u = "1 + sin(x)*cos(y)"
[output]
test_points = 500
"""
METHODS = ("rbf-fd", "dt-pinn", "pinn")


@pytest.fixture
def problem(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return load(path)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_solves_a_small_problem(problem, method):
    solution = solve(problem, method=method)
    assert solution.outcome.status == "finished"
    assert solution.method == method
    # the discretisation error of order 4 at this spacing is a few 1e-5
    assert solution.accuracy.errors.relative_l2["u"] < 1e-4
    assert solution.accuracy.errors.test_points == 500


@pytest.mark.parametrize("method", METHODS)
def test_a_solution_can_be_called_at_points(problem, method):
    solution = solve(problem, method=method)
    points = np.array([[0.0, 0.0], [0.3, -0.5]])
    exact = 1 + np.sin(points[:, 0]) * np.cos(points[:, 1])
    np.testing.assert_allclose(solution(points)[:, 0], exact, atol=2e-4)
    x = solution.sample.nodes.x[solution.sample.nodes.rows]
    np.testing.assert_allclose(solution(x), solution.sample.values, atol=1e-9)


@pytest.mark.slow
def test_equal_seeds_give_equal_solutions(problem):
    first, again, other = (solve(problem, seed=seed).sample.values for seed in (1, 1, 2))
    # summation order inside the linear algebra may depend on where arrays lie in memory
    np.testing.assert_allclose(first, again, rtol=1e-9)
    assert not np.array_equal(first, other)


def test_a_network_is_held_against_the_direct_solution(problem):
    trained, directly = solve(problem), solve(problem, method="rbf-fd")
    np.testing.assert_allclose(trained.accuracy.baseline.values, directly.sample.values)
    assert trained.accuracy.baseline.relative_l2 == directly.accuracy.errors.relative_l2_nodes
    assert directly.accuracy.baseline is None


def test_the_report_says_which_phase_did_the_work(problem):
    phases = solve(problem.replace({"network.features": "mlp"})).course.phases
    assert [phase.optimizer for phase in phases] == ["head", "gauss-newton", "head"]
    for before, after in itertools.pairwise(phases):
        assert after.loss_before == before.loss_after
        assert after.loss_after <= after.loss_before
    assert all(phase.message for phase in phases)


def test_metrics_are_plain_json(problem):
    metrics = json.loads(json.dumps(solve(problem).metrics()))
    assert set(metrics) >= {
        "problem", "method", "derivatives", "status", "relative_l2", "max_error",
        "relative_l2_nodes", "test_points", "parameters", "seconds", "iterations", "baseline",
        "device", "precision", "seed", "versions",
    }  # fmt: skip
    assert set(metrics["seconds"]) >= {"total", "nodes", "operators", "training"}
    assert set(metrics["baseline"]) >= {"method", "relative_l2", "seconds"}


def test_a_missed_accuracy_is_a_status_with_a_remedy(problem):
    solution = solve(problem, accuracy=1e-12)
    assert solution.outcome.status == "accuracy missed"
    assert "1.0e-12 was asked for. Raise nodes.count or solver.order" in solution.outcome.message
    assert solution.verdict.word == "not resolved"


def test_an_accuracy_that_is_reached_is_finished(problem):
    assert solve(problem, accuracy=1e-2).outcome.status == "finished"


def test_without_an_exact_solution_the_accuracy_is_judged_by_the_estimate(tmp_path):
    path = tmp_path / "open.toml"
    text = SMALL.split("[exact]")[0].replace('"manufactured"', '"x"')
    path.write_text(text + "[solver]\naccuracy = 1e-3\n")
    solution = solve(path)
    assert solution.accuracy.errors is None
    assert solution.outcome.status == "finished"
    assert solution.verdict.word == "resolved"
    assert solution.verdict.reason.startswith("the estimated relative error is ")
    assert solution.verdict.reason.endswith("; 0.1 % was asked for.")


@pytest.mark.gpu
@pytest.mark.parametrize("method", ["dt-pinn", "pinn"])
def test_both_devices_solve_alike(problem, method):
    on_cpu, on_gpu = (solve(problem, method=method, device=d) for d in ("cpu", "cuda"))
    assert on_gpu.provenance.device != "cpu"
    # the head's weights differ by rounding along nearly dependent features, the field does not
    np.testing.assert_allclose(on_gpu.sample.values, on_cpu.sample.values, atol=1e-6)


def test_stopping_keeps_the_network(problem):
    def watch(progress):
        if progress.stage == "training: head" and progress.iteration == 2:
            raise Stopped("enough.")

    solution = solve(problem.replace({"network.features": "mlp"}), watch=watch)
    assert solution.outcome.status == "stopped"
    assert solution.outcome.message == "enough."
    assert solution.accuracy.errors.relative_l2["u"] < 1  # the features had been drawn and fitted
    assert solution.course.phases[-1].message == "stopped"


def test_divergence_keeps_the_last_finite_network(problem):
    wild = problem.replace(
        {"training": [{"optimizer": "adam", "learning_rate": 1e300, "iterations": 50}]}
    )
    solution = solve(wild)
    assert solution.outcome.status == "diverged"
    assert "training by adam left the finite numbers at iteration" in solution.outcome.message
    assert np.isfinite(solution.sample.values).all()
    assert all(np.isfinite(weights).all() for weights in solution.answer.state().values())


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs", "gauss-newton"])
def test_the_file_decides_the_phases(problem, optimizer):
    chosen = problem.replace(
        {"training": [{"optimizer": optimizer, "iterations": 3}], "network.hidden": [8, 8]}
    )
    solution = solve(chosen)
    assert [phase.optimizer for phase in solution.course.phases] == [optimizer]
    assert solution.course.phases[0].loss_after < solution.course.phases[0].loss_before


def test_a_request_to_stop_does_not_cost_what_has_been_computed(problem, tmp_path):
    seen = []

    def stop(progress):
        seen.append(progress.stage)
        raise Stopped("SIGINT was received.")

    solution = solve(problem, method="rbf-fd")
    paths = run.write(solution, tmp_path / "out", watch=stop)
    assert set(seen) == {"output"}
    assert paths
    assert all(path.stat().st_size for path in paths)


def test_single_precision_is_coarser_but_right(problem):
    solution = solve(problem, precision="float32")
    assert solution.provenance.precision == "float32"
    assert solution.accuracy.errors.relative_l2["u"] < 1e-2


def test_a_problem_without_a_unique_solution_is_refused(tmp_path):
    path = tmp_path / "twice.toml"
    path.write_text(
        SMALL.replace('f = "manufactured"\ng = "manufactured"', "")
        .replace('fields = ["u"]', 'fields = ["u", "v"]')
        .replace('"laplace(u) + x*u = f"', '"laplace(u) + v = 1", "2*laplace(u) + 2*v = 2"')
        .replace('condition = "dn(u) + u = g"', 'condition = "u = 0"')
        .replace(
            '[exact]\nu = "1 + sin(x)*cos(y)"', '[[boundary]]\non = "all"\ncondition = "v = 0"'
        )
    )
    with pytest.raises(ProblemError, match=r"twice.toml:\d+: the discrete problem has no unique"):
        solve(path)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("equation", ["div(u*grad(u)) = f", "laplace(u) = log(u) + f"])
def test_equations_that_have_no_value_or_slope_at_zero(tmp_path, method, equation):
    path = tmp_path / "log.toml"
    path.write_text(
        SMALL.replace("laplace(u) + x*u = f", equation)
        .replace("dn(u) + u = g", "u = g")
        .replace("1 + sin(x)*cos(y)", "2 + sin(x)*cos(y)")
    )
    assert solve(path, method=method).accuracy.errors.relative_l2["u"] < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_nonlinear_problem_without_a_slope_at_zero_is_not_left_there(tmp_path, method):
    path = tmp_path / "radiation.toml"
    path.write_text(
        SMALL.replace("laplace(u) + x*u = f", "-div((1 + u**2)*grad(u)) = f").replace(
            "dn(u) + u = g", "(1 + u**2)*dn(u) + u**4 = g"
        )
    )
    # at zero the radiation u^4 has no slope, and nothing there fixes the level of u
    assert solve(path, method=method).accuracy.errors.relative_l2["u"] < 1e-3


def equal_to_the_bit(first, second):
    """Return whether two solutions are the same functions."""
    points = np.random.default_rng(0).uniform(0.3, 0.7, (40, first.sample.nodes.dim))
    if first.sample.times is not None:
        points = np.column_stack([points, np.linspace(*first.problem.time, len(points))])
    return np.array_equal(first.sample.values, second.sample.values) and np.array_equal(
        first(points), second(points)
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_written_solution_is_read_back_to_the_bit(problem, tmp_path, method):
    solution = solve(problem, method=method)
    run.write(solution, tmp_path / "out")
    again = pinnsolve.load_solution(tmp_path / "out")
    assert equal_to_the_bit(solution, again)
    written = replace(solution.course, seconds=again.course.seconds, series={})
    assert again.course == written  # of the series what they tell of growth
    assert again.outcome == solution.outcome
    assert again.accuracy.errors == solution.accuracy.errors
    assert again.provenance == solution.provenance
    assert again.problem.settings == solution.problem.settings


@pytest.mark.parametrize("method", METHODS)
def test_a_written_solution_in_time_is_read_back_to_the_bit(tmp_path, method):
    changes = {"nodes.count": 60, "nodes.time_levels": 5, "network.hidden": [20]}
    heat = load(shipped.folder() / "disk_heat.toml", {**changes, "solver.order": 2})
    solution = solve(heat, method=method)
    run.write(solution, tmp_path / "out")
    assert equal_to_the_bit(solution, pinnsolve.load_solution(tmp_path / "out"))


def test_a_written_network_with_all_that_may_be_built_in_is_read_back_to_the_bit(tmp_path):
    path = tmp_path / "hard.toml"
    path.write_text(SMALL.replace('"dn(u) + u = g"', '"u = g"\nhard = true'))
    waves = {"network.embedding": "fourier", "network.hidden": [8, 16]}
    solution = solve(load(path, {"solver.method": "pinn", **waves}))
    run.write(solution, tmp_path / "out")
    assert equal_to_the_bit(solution, pinnsolve.load_solution(tmp_path / "out"))


def test_weights_of_another_network_are_refused(problem, tmp_path):
    run.write(solve(problem), tmp_path / "out")
    path = tmp_path / "out" / "solution.hdf"
    other = problem.replace({"network.hidden": [7], "solver.method": "dt-pinn"})
    with h5py.File(path, "a") as file:
        del file["provenance/problem"]
        file["provenance/problem"] = other.to_toml()
    with pytest.raises(FileError, match="those of another network than the problem's"):
        pinnsolve.load_solution(path)
