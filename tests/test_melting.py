"""A conductivity that jumps where the field passes a value: solved, estimated, kept and shown."""

import numpy as np
import pytest
from scipy.linalg import solve_banded

from pinnsolve import load, load_solution, solve, write
from pinnsolve.cli import shipped
from pinnsolve.errors import ProblemError
from tests.posing import INTERVAL, SQUARE, manufactured, pose, written

FRONT = "3*exp(2*x - 2)*cos(2*y) - 4*(1 - x) + 1"  # harmonic; u passes 1/2 on a curve


def melting(folder, contrast, **kinds):
    """Return a problem in the square whose potential is known, and harmonic."""
    more = f"""
[constants]
K = {contrast}
[functions]
w = "{FRONT}"
ue = "0.5 + min(w, 0) + max(w, 0)/K"
[exact]
u = "ue"
"""
    flux = "div((1 + (K - 1)*heaviside(u - 0.5))*grad(u)) = 0"
    kinds = {"domain": SQUARE, "order": 4, "count": 1200, **kinds}
    return pose(folder, flux, on=[("all", "u = ue")], more=more, **kinds)


@pytest.mark.parametrize("contrast", [10.0, 1e6, 1e-3])
def test_the_error_is_that_of_a_smooth_problem_whatever_the_jump(contrast, tmp_path):
    solution = solve(melting(tmp_path, contrast))
    error = solution.accuracy.errors.relative_l2["u"]
    assert error < 2e-8  # 4e-9 to 7e-9; with 2,400 nodes 1.4e-9
    assert solution.verdict.word == "resolved"
    assert error / 3 < solution.accuracy.estimate.total["u"] < 3 * error


CASE = """
title = "conductivity that jumps with the temperature"
[domain]
shape = "interval"
bounds = [0, 1]
[nodes]
count = 100
[unknowns]
fields = ["u"]
[pde]
equations = ["d((1 + 9*heaviside(u - 0.5))*u_x, x) = 0"]
[[boundary]]
on = "left"
condition = "u = 0"
[[boundary]]
on = "right"
condition = "u = 1"
[solver]
method = "rbf-fd"
order = 4
"""


@pytest.mark.parametrize("count", [100, 2400])
def test_on_a_line_the_flux_is_the_mean_conductivity(count, tmp_path):
    """K(1) - K(0) = 5.5: the flux is that, and u has two slopes that meet at x = 1/11."""
    solution = solve(written(tmp_path, CASE, {"nodes.count": count}))
    x = np.linspace(0, 1, 101)
    u = np.where(x < 1 / 11, 5.5 * x, 0.45 + 0.55 * x)
    # rounding in second differences is amplified by the square of the number of nodes
    assert abs(solution(x)[:, 0] - u).max() < 1e-10
    assert solution.accuracy.estimate.total["u"] < 1e-9
    slopes = solution.derivative("u_x", [0.05, 0.5])
    assert slopes == pytest.approx([5.5, 0.55])
    flux = solution.derivative("(1 + 9*heaviside(u - 0.5))*u_x", x)
    assert flux == pytest.approx(np.full(101, 5.5))


@pytest.mark.parametrize("method", ["dt-pinn", "pinn"])
def test_networks_solve_for_the_potential_too(method, tmp_path):
    problem = melting(tmp_path, 10.0, method=method, count=400, order=4)
    solution = solve(problem.replace({"network.hidden": [40, 200]}))
    error = solution.accuracy.errors.relative_l2["u"]
    assert error < 1e-6
    assert solution.accuracy.baseline.overall_l2 < 1e-6
    assert error / 3 < solution.accuracy.estimate.total["u"] < 3 * error


def test_other_terms_may_hold_the_field(tmp_path):
    """Newton's method finds the potential; sources and values are made of an exact solution."""
    made = manufactured(
        "f", "g", "r", u="min(3*x - 1.5 + cos(2*y), 0) + max(3*x - 1.5 + cos(2*y), 0)/10"
    )
    solution = solve(
        pose(
            tmp_path,
            "div((1 + 9*heaviside(u))*grad(u)) - u^3 = f",
            on=[("left top", "u = g"), ("right bottom", "(1 + 9*heaviside(u))*dn(u) + u = r")],
            domain=SQUARE,
            more=made,
            order=4,
            count=600,
        )
    )
    error = solution.accuracy.errors.relative_l2["u"]
    assert error < 1e-6
    assert error / 3 < solution.accuracy.estimate.total["u"] < 3 * error


def test_linear_conductivities_on_both_sides(tmp_path):
    """Of ice and water, with u = U(w) by the root of a square on each side."""
    more = """
[functions]
w = "8*x - 5 + 2*cos(2*y)*cosh(2*x)/cosh(2)"
ice = "2*min(w, 0)/(2.2 + sqrt(2.2^2 - 0.02*min(w, 0)))"
water = "2*max(w, 0)/(0.6 + sqrt(0.36 + 0.2*max(w, 0)))"
[pde.definitions]
k = "heaviside(-u)*(2.2 - 0.01*u) + heaviside(u)*(0.6 + 0.1*u)"
[exact]
u = "ice + water"
"""
    stated = [("all", "u = ice + water")]
    kinds = {"domain": SQUARE, "order": 4, "count": 600, "more": more}
    solution = solve(pose(tmp_path, "div(k*grad(u)) = 0", on=stated, **kinds))
    assert solution.accuracy.errors.relative_l2["u"] < 1e-7


def test_what_is_written_is_read_back(tmp_path):
    problem = load(
        shipped.folder() / "melting.toml", {"nodes.count": 300, "output.test_points": 500}
    )
    solution = solve(problem)
    write(solution, tmp_path / "run")
    again = load_solution(tmp_path / "run")
    x = np.random.default_rng(0).uniform(0, 1, (200, 2))
    assert (again(x) == solution(x)).all()
    assert (again.sample.values == solution.sample.values).all()
    assert again.derivative("k*u_x", x) == pytest.approx(solution.derivative("k*u_x", x))
    report = (tmp_path / "run" / "report.html").read_text()
    assert "the conductivity jumps where u = 0" in report


def test_a_front_that_moves(tmp_path):
    exact = "min(2*x - 1 + 0.8*sin(2*t), 0) + max(2*x - 1 + 0.8*sin(2*t), 0)/5"
    solution = solve(
        pose(
            tmp_path,
            "u_t = d((1 + 4*heaviside(u))*u_x, x) + f",
            on=[("all", f"u = {exact}")],
            domain=f"{INTERVAL}\ntime = [0, 0.2]",
            more=f'{manufactured("f", u=exact)}\n[initial]\nu = "manufactured"',
            order=4,
            count=20,
        ).replace({"nodes.time_levels": 3, "output.test_points": 1000})
    )
    # at the levels: between three of them the polynomial in time decides
    assert solution.accuracy.errors.relative_l2_nodes["u"] < 1e-6  # 4e-8


def enthalpy_free(count, steps, end):
    """Return where and what ``u_t = K(u)_xx``, K' = 1 and beyond 1/2 ten, is: BDF2, many nodes."""
    x = np.linspace(0, 1, count + 1)
    u, before, dt = x.copy(), x.copy(), end / steps
    for step in range(steps):
        c, known = (1.0, u) if step == 0 else (1.5, 2 * u - before / 2)
        v = u.copy()
        for _ in range(40):
            w, k = v + 9 * np.maximum(v - 0.5, 0), 1 + 9 * (v > 0.5)
            r = c * v[1:-1] - known[1:-1] - dt * count**2 * np.diff(w, 2)
            bands = np.zeros((3, count - 1))
            bands[0, 1:], bands[2, :-1] = -dt * count**2 * k[2:-1], -dt * count**2 * k[1:-2]
            bands[1] = c + 2 * dt * count**2 * k[1:-1]
            change = solve_banded((1, 1), bands, r)
            v[1:-1] -= change
            if np.abs(change).max() < 1e-12:
                break
        u, before = v, u
    return x, u


@pytest.mark.study
def test_a_front_that_starts_at_a_kink_is_followed(tmp_path):
    """The temperature is linear when time begins, the flux jumps at 1/2, where the front starts."""
    solution = solve(
        pose(
            tmp_path,
            "u_t = d((1 + 9*heaviside(u - 0.5))*u_x, x)",
            on=[("left", "u = 0"), ("right", "u = 1")],
            domain=f"{INTERVAL}\ntime = [0, 0.01]",
            more='[initial]\nu = "x"',
            order=2,
            count=21,
        ).replace({"nodes.time_levels": 4})
    )
    x, u = enthalpy_free(1000, 400, 0.01)  # 1e-5 from one of three times as many
    found = solution(np.column_stack([x, np.full(len(x), 0.01)]))[:, 0]
    error = np.linalg.norm(found - u) / np.linalg.norm(u - u.mean())
    assert error < 1e-2  # of order two in the spacing: 3e-3 and 7e-4 on 31 and 61 nodes
    assert error / 5 < solution.accuracy.estimate.total["u"] < 5 * error


def test_beside_other_regions_the_reason_and_the_remedies_are_told(tmp_path):
    regions = """
[[region]]
name = "ice"
where = "x < 0.5"
equations = ["div((1 + 9*heaviside(u - 0.5))*grad(u)) = 0"]
[[region]]
name = "wall"
"""
    with pytest.raises(ProblemError) as caught:
        pose(tmp_path, "laplace(u) = 0", on=[("all", "u = x")], more=regions)
    message = str(caught.value)
    assert (
        "the conductivity jumps where the field passes certain values. In one material" in message
    )
    assert "of several regions each has another integral, which is not continuous" in message
    assert "Smooth the jump, as (1 + tanh((u - 0.5)/0.05))/2 does" in message
    assert "Or leave out [[region]]: one conductivity of the field, in all of the" in message
