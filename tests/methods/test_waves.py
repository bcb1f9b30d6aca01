"""Waves from the problem file to the solution: what they solve to rounding, and what is refused."""

import numpy as np
import pytest

from pinnsolve import load_solution, solve, write
from pinnsolve.checks.memory import forecast
from pinnsolve.conditions.pointwise import conditions_in_time
from pinnsolve.errors import ProblemError
from pinnsolve.methods import METHODS
from pinnsolve.networks.build import network
from pinnsolve.networks.products import grid
from pinnsolve.setup import Setup
from tests.posing import DISK, SQUARE, manufactured, pose
from tests.training.taking_up import bits, from_file

RING = [("left right", "periodic")]
WAVES = '[network]\nfeatures = "waves"\n'
QUICK = {"output.test_points": 500, "solver.baseline": "never", "solver.device": "cpu"}


def evolving(folder, *equations, on=RING, fields, initial=("u",), more="", **parts):
    """Return a problem in time whose exact solution is given, solved by waves."""
    sources = [name for name in "fg" if any(e.endswith(f"+ {name}") for e in equations)]
    start = "".join(f'{name} = "manufactured"\n' for name in initial)
    more = manufactured(*sources, **fields) + f"[initial]\n{start}{WAVES}{more}"
    domain = "shape = 'interval'\nbounds = [0, 2]\ntime = [0, 0.7]"
    given = {"domain": domain, "count": 20, "method": "pinn", **parts}
    problem = pose(folder, *equations, on=on, more=more, **given)
    return problem.replace({"nodes.time_levels": 8, **QUICK})


def worst(problem):
    return max(solve(problem).accuracy.errors.relative_l2.values())


# exactly what products hold, of a nonlinear equation; and of second order in time
EXACT = [
    (["u_t + u*u_x = 0.1*u_xx + f"], {"u": "1 + (t^3 - 2*t)*cos(3*pi*x) + t^2*sin(pi*x)"}, ("u",)),
    (["u_tt = u_xx + f"], {"u": "t^3*cos(2*pi*x) - t*sin(pi*x)"}, ("u", "u_t")),
    (["u_t = v_x + f", "v_t = u_x + u*v + g"], {"u": "t*cos(2*pi*x)", "v": "t*sin(pi*x)"}, "uv"),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "fields", "initial"), EXACT)
def test_waves_times_polynomials_in_time_are_found_to_rounding(
    tmp_path, equations, fields, initial
):
    assert worst(evolving(tmp_path, *equations, fields=fields, initial=initial)) < 1e-12


@pytest.mark.parametrize(("u", "parity"), [("t*cos(2*pi*x) + t^2", "even"), ("t*sin(pi*x)", "odd")])
def test_symmetry_halves_the_products_and_keeps_the_solution(tmp_path, u, parity):
    whole = evolving(tmp_path, "u_t = u_xx - u^3 + f", fields={"u": u})
    half = whole.replace({"network.symmetry.u": parity})
    sizes = [network(Setup(p)).head.in_features for p in (whole, half)]
    assert sizes[1] < 0.6 * sizes[0]
    assert worst(half) < 1e-12


@pytest.mark.parametrize("end", ["", " hard"])
def test_an_end_may_have_a_condition_instead_of_a_period(tmp_path, end):
    u = "(1 + t)*sin(x)"
    problem = evolving(tmp_path, "u_t = u_xx + f", on=[("all", f"u = {u}{end}")], fields={"u": u})
    assert worst(problem) < 1e-9


STEADY = [
    ([*RING, ("bottom top", "periodic")], "exp(sin(2*pi*x))*cos(2*pi*y)"),
    ([*RING, ("bottom top", "u = exp(sin(2*pi*x))*cos(2*y)")], "exp(sin(2*pi*x))*cos(2*y)"),
]


@pytest.mark.parametrize(("on", "u"), STEADY)
def test_smooth_solutions_of_steady_problems_are_found_to_many_digits(tmp_path, on, u):
    more = manufactured("f", u=u) + WAVES
    problem = pose(tmp_path, "laplace(u) - u = f", on=on, more=more, method="pinn", count=500)
    assert worst(problem.replace(QUICK)) < 1e-7  # eight waves of exp(sin): 2^-8 / 8!


def test_any_phase_may_train_the_head(tmp_path):
    problem = evolving(tmp_path, "u_t = u_xx + f", fields={"u": "t*sin(pi*x)"}, count=8)
    phases = [{"optimizer": "lbfgs", "iterations": 20}, {"optimizer": "gauss-newton"}]
    assert worst(problem.replace({"training": phases})) < 1e-9


def test_what_was_written_is_read_to_the_bit(tmp_path):
    problem = evolving(tmp_path, "u_t = u_xx + f", fields={"u": "t*sin(pi*x)"}, count=8)
    solution = solve(problem)
    write(solution, tmp_path / "run")
    x = np.random.default_rng(0).random((20, 2))
    np.testing.assert_array_equal(load_solution(tmp_path / "run")(x), solution(x))


def test_every_step_is_the_same_from_what_was_kept_before_it(tmp_path):
    problem = evolving(tmp_path, "u_t + u*u_x = 0.1*u_xx + f", fields={"u": "1 + t*sin(pi*x)"})

    def start():
        return METHODS["pinn"].start(Setup(problem))

    process, done = start(), ""
    while not done:
        before = from_file(process.state())
        step = process.step()
        done = step.done
        again = start()
        again.restore(before)
        assert again.step() == step
        assert bits(again.state()) == bits(process.state())


OTHER = 'Write features = "grown".'
REFUSED = [
    (
        {"solver.method": "dt-pinn"},
        'method "dt-pinn" has no features that are waves.',
        'Set method = "pinn" in [solver], or remove features.',
    ),
    (
        {"network.hidden": [9]},
        "features that are waves have no hidden layers.",
        "Remove hidden.",
    ),
    (
        {"network.embedding": "fourier"},
        "features that are waves take no embedding.",
        "Remove it.",
    ),
    (
        {"solver.accelerate": "compile"},
        "features that are waves have no layers to accelerate.",
        "Remove it.",
    ),
    (
        {"training": [{"optimizer": "grow"}]},
        "features that are waves do not grow.",
        'Write features = "grown", or choose another optimizer.',
    ),
]


@pytest.mark.parametrize(("overrides", "message", "remedy"), REFUSED)
def test_what_waves_do_not_take_is_refused(tmp_path, overrides, message, remedy):
    problem = evolving(tmp_path, "u_t = u_xx", fields={"u": "exp(-pi^2*t)*sin(pi*x)"})
    with pytest.raises(ProblemError) as refused:
        problem.replace(overrides)
    (fault,) = refused.value.faults
    assert (fault.message, fault.remedy) == (message, remedy)


@pytest.mark.parametrize(
    ("domain", "message", "remedy"),
    [
        (DISK, "products of waves and polynomials need an interval, a rectangle or a box.", OTHER),
        (
            SQUARE,
            "2 coordinates have no period, and waves without data take one such at most.",
            f"Join opposite sides with periodic = true, or {OTHER.lower()}",
        ),
    ],
)
def test_domains_that_are_no_product_are_refused(tmp_path, domain, message, remedy):
    parts = {"domain": domain, "more": WAVES, "method": "pinn"}
    with pytest.raises(ProblemError) as refused:
        pose(tmp_path, "laplace(u) = 1", on=[("all", "u = 0")], **parts)
    (fault,) = refused.value.faults
    assert (fault.message, fault.remedy) == (message, remedy)


def test_the_forecast_counts_the_products_and_not_the_nodes(tmp_path):
    problem = evolving(tmp_path, "u_t = u_xx", fields={"u": "exp(-pi^2*t)*sin(pi*x)"})
    heads = []
    for count in (100, 200):
        own = problem.replace({"nodes.count": count})
        nodes = Setup(own).nodes
        found = conditions_in_time(own, nodes, grid(own, nodes).points).conditions
        heads.append(forecast(own, nodes, found)["training: head"])
    sizes = [
        network(Setup(problem.replace({"nodes.count": n}))).head.in_features for n in (100, 200)
    ]
    # the least-squares matrix, four of its size and one for each of three terms
    entries = 8 * 1.4 * np.square(sizes)
    assert heads[1] - heads[0] == pytest.approx(7 * (entries[1] - entries[0]), rel=0.1)
