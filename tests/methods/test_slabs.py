"""Slabs of time: what they find, how the end of one becomes the beginning of the next."""

from itertools import pairwise

import numpy as np
import pytest

from pinnsolve import load_solution, solve, write
from pinnsolve.conditions.slabs import in_slab
from pinnsolve.diffop import Term, partial
from pinnsolve.errors import ProblemError, Stopped
from pinnsolve.methods import METHODS
from pinnsolve.references.exact import exact_fields
from pinnsolve.setup import Setup
from pinnsolve.solution.slabs import Slabs
from tests.lanes import studied
from tests.methods.test_waves import QUICK, evolving, worst
from tests.posing import INTERVAL, pose
from tests.training.taking_up import bits, from_file

CUBIC = {"u": "1 + (t^3 - 2*t)*cos(3*pi*x) + t^2*sin(pi*x)"}
FRONT = {"u": "tanh(30*(t - 0.2))*cos(pi*x)"}
BURGERS, HEAT, WAVE = "u_t + u*u_x = 0.1*u_xx + f", "u_t = u_xx + f", "u_tt = u_xx + f"


def started(problem):
    return METHODS[problem.settings.solver.method].start(Setup(problem))


@pytest.mark.parametrize("slabs", [1, 3, "auto"])
def test_what_each_slab_holds_exactly_is_exact_in_any_number_of_them(tmp_path, slabs):
    problem = evolving(tmp_path, BURGERS, fields=CUBIC)
    assert worst(problem.replace({"solver.slabs": slabs})) < 1e-12


def test_of_second_order_in_time_the_pace_is_handed_over_too(tmp_path):
    fields = {"u": "t^3*cos(2*pi*x) - t*sin(pi*x)"}
    problem = evolving(tmp_path, WAVE, fields=fields, initial=("u", "u_t"))
    assert worst(problem.replace({"solver.slabs": 4})) < 1e-12


def test_a_slab_begins_with_all_that_the_last_one_ends_with(tmp_path):
    fields = {"u": "t^3*cos(2*pi*x) - t*sin(pi*x)"}
    problem = evolving(tmp_path, WAVE, fields=fields, initial=("u", "u_t"))
    slab = in_slab(problem, (0.2, 0.5), exact_fields(problem))
    x = np.linspace(0, 2, 9)
    points = np.column_stack([x, np.full(9, 0.2)])
    expected = 0.008 * np.cos(2 * np.pi * x) - 0.2 * np.sin(np.pi * x)
    pace = 0.12 * np.cos(2 * np.pi * x) - np.sin(np.pi * x)
    for name, order, values in (("u", 0, expected), ("u_t", 1, pace)):
        residual = slab.begins[name].bind(points)
        (term,) = residual.terms
        assert term == Term(0, partial((0, order)))
        np.testing.assert_allclose(residual({term: values}), 0, atol=1e-14)
        np.testing.assert_allclose(slab.initial[0][order](x[:, None]), values, atol=1e-14)
    assert slab.times is not None
    np.testing.assert_allclose(slab.times[[0, -1]], (0.2, 0.5))


def test_the_hand_over_keeps_the_order_of_the_polynomials(tmp_path):
    # eight in each slab, which leave 2^-8 at half the length where diffusion is slow within it
    problem = evolving(tmp_path, HEAT, fields={"u": "exp(sin(12*t))*cos(pi*x)"}, count=8)
    errors = [worst(problem.replace({"solver.slabs": n})) for n in (2, 4, 8)]
    for coarse, fine in pairwise(errors):
        assert fine < 2**-6 * coarse


def test_slabs_are_short_where_much_happens_and_long_elsewhere(tmp_path):
    problem = evolving(tmp_path, HEAT, fields=FRONT, count=8).replace({"solver.slabs": "auto"})
    solution = solve(problem)
    assert solution.accuracy.errors.relative_l2["u"] < 1e-5
    lengths = np.diff(solution.answer.ends)
    assert lengths.max() > 7 * lengths.min()
    begin = solution.answer.ends[np.argmin(lengths)]
    assert abs(begin - 0.2) < 0.1


@pytest.mark.parametrize(
    ("features", "slabs"),
    [
        ("mlp", 3),
        ("mlp", "auto"),
        ("grown", 3),
        pytest.param("grown", "auto", marks=pytest.mark.study),
    ],
)
def test_any_features_will_do(tmp_path, features, slabs):
    problem = evolving(tmp_path, "u_t + u_x = 0.1*u_xx + f", fields={"u": "sin(pi*(x - 3*t))"})
    problem = problem.replace({"network.features": features})
    assert worst(problem.replace({"solver.slabs": slabs})) < 0.5 * worst(problem)


def test_networks_with_rbf_fd_derivatives_have_slabs_too(tmp_path):
    fields = {"u": "sin(pi*(x - 3*t))"}
    problem = evolving(tmp_path, "u_t + u_x = 0.1*u_xx + f", fields=fields, count=40)
    problem = problem.replace({"solver.method": "dt-pinn", "network.features": "mlp"})
    assert worst(problem.replace({"solver.slabs": 3})) < 0.3 * worst(problem)


def test_a_condition_that_is_built_in_holds_in_every_slab(tmp_path):
    u = "(1 + t)*sin(3*x)"
    problem = evolving(tmp_path, HEAT, on=[("all", f"u = {u} hard")], fields={"u": u}, count=40)
    solution = solve(problem.replace({"solver.slabs": 3}))
    assert solution.accuracy.errors.relative_l2["u"] < 1e-8
    ends = np.array([[x, t] for x in (0.0, 2.0) for t in np.linspace(0, 0.7, 9)])
    expected = (1 + ends[:, 1]) * np.sin(3 * ends[:, 0])
    np.testing.assert_allclose(solution.answer(ends)[:, 0], expected, atol=1e-14)


SCHEDULE = [{"optimizer": "head", "iterations": 3}, {"optimizer": "gauss-newton", "iterations": 2}]
WORK = {
    "waves": (BURGERS, CUBIC, {"solver.slabs": 2}),
    "halved": (HEAT, FRONT, {"solver.slabs": "auto", "nodes.count": 6}),
    "layers": (
        BURGERS,
        CUBIC,
        {"network.features": "mlp", "solver.slabs": 2, "nodes.count": 8, "training": SCHEDULE},
    ),
    "grown": (HEAT, CUBIC, {"network.features": "grown", "solver.slabs": 2, "nodes.count": 8}),
}


@pytest.mark.parametrize("name", studied(WORK, set(WORK) - {"grown"}))
def test_every_step_is_the_same_from_what_was_kept_before_it(tmp_path, name):
    """By induction the whole is the same wherever it is cut, between slabs too."""
    equation, fields, overrides = WORK[name]
    problem = evolving(tmp_path, equation, fields=fields).replace(overrides)
    process, steps = started(problem), []
    while not steps or not steps[-1].done:
        before = from_file(process.state())
        steps.append(process.step())
        again = started(problem)
        again.restore(before)
        assert again.step() == steps[-1]
        assert bits(again.state()) == bits(process.state())
    assert len([step for step in steps if step.ended]) >= 2
    last = from_file(process.state())
    again.restore(last)
    x = np.random.default_rng(0).random((20, 2))
    np.testing.assert_array_equal(again.answer()(x), process.answer()(x))


def test_progress_tells_the_slab(tmp_path):
    seen = []
    problem = evolving(tmp_path, HEAT, fields=CUBIC, count=8).replace({"solver.slabs": 3})
    solve(problem, watch=seen.append)
    training = [progress for progress in seen if progress.stage == "training: head"]
    notes = list(dict.fromkeys(progress.note for progress in training))
    assert notes == ["slab 1 of 3", "slab 2 of 3", "slab 3 of 3"]
    fractions = [progress.fraction for progress in training]
    assert fractions == sorted(fractions)


def test_what_was_written_is_read_to_the_bit(tmp_path):
    problem = evolving(tmp_path, HEAT, fields=CUBIC, count=8).replace({"solver.slabs": 3})
    solution = solve(problem)
    write(solution, tmp_path / "run")
    found = load_solution(tmp_path / "run")
    x = np.random.default_rng(0).random((50, 2)) * [2, 0.7]
    np.testing.assert_array_equal(found(x), solution(x))
    terms = {Term(0, partial((2, 0))), Term(0, partial((0, 1)))}
    for term, values in solution.answer.jet(x, terms).items():
        np.testing.assert_array_equal(found.answer.jet(x, terms)[term], values)


def test_work_that_is_stopped_stays_as_it_is_after_the_last_slab(tmp_path):
    def watch(progress):
        if progress.note == "slab 2 of 4":
            raise Stopped("enough")

    problem = evolving(tmp_path, HEAT, fields=CUBIC, count=8).replace({"solver.slabs": 4})
    solution = solve(problem, watch=watch)
    assert solution.outcome.status == "stopped"
    assert isinstance(solution.answer, Slabs)
    x = np.linspace(0, 2, 7)
    there, later = (np.column_stack([x, np.full(7, t)]) for t in (0.35, 0.6))
    np.testing.assert_array_equal(solution.answer(there), solution.answer(later))


REFUSED = [
    (
        {"solver.method": "rbf-fd", "network.features": "mlp"},
        'method "rbf-fd" has no slabs of time.',
        'Set method = "dt-pinn" or method = "pinn", or remove slabs.',
    ),
    (
        {"unknowns.parameters": {"k": {"initial": 1.0}}},
        "unknown parameters are those of all of time, and not of a slab.",
        "Remove slabs.",
    ),
    ({"solver.slabs": 0}, "[solver] slabs must be from 1 to 10,000, but is 0.", ""),
    (
        {"solver.slabs": "many"},
        '[solver] slabs must be a number or "auto", but is the string "many".',
        "",
    ),
]


@pytest.mark.parametrize(("overrides", "message", "remedy"), REFUSED)
def test_slabs_that_cannot_be_are_refused(tmp_path, overrides, message, remedy):
    problem = evolving(tmp_path, "u_t = u_xx", fields={"u": "exp(-pi^2*t)*sin(pi*x)"})
    with pytest.raises(ProblemError) as refused:
        problem.replace({"solver.slabs": 2, **overrides})
    fault = refused.value.faults[0]
    assert (fault.message, fault.remedy) == (message, remedy)


def test_a_steady_problem_has_none(tmp_path):
    parts = {"on": [("all", "u = 0")], "domain": INTERVAL, "method": "pinn"}
    problem = pose(tmp_path, "u_xx = 1", **parts)
    with pytest.raises(ProblemError) as refused:
        problem.replace({"solver.slabs": 2, **QUICK})
    (fault,) = refused.value.faults
    assert fault.message == "a steady problem has no slabs of time."
    assert fault.remedy == "Add time = [0.0, 1.0] to [domain], or remove it."
