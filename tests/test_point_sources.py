"""Point sources against solutions that are known: rod, disk, plate; and sources that are refused.

Away from a source that is spread over some spacings the error falls as ``w^4``, as the square of
the spacing, by four on twice as many nodes across. In the plane the nodes around the source make a
part of it, by chance: of that half is asked for.
"""

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss
from scipy.special import i0, k0

from pinnsolve import check, solve
from pinnsolve.errors import ProblemError
from pinnsolve.problem.sources import is_far
from tests.posing import DISK, INTERVAL, SQUARE, pose

A, B = 0.31, 0.12
PLACE = "[constants]\na = 0.31\nb = 0.12\n"
FAR = f"(x - {A / (A**2 + B**2):.15g})^2 + (y - {B / (A**2 + B**2):.15g})^2"
GREEN = f"(log({A**2 + B**2:.15g}*({FAR})) - log((x - a)^2 + (y - b)^2))/(4*pi)"
KINKED = '[exact]\nu = "min(0.7*x, 0.3*(1 - x))"\n'
WARM = '[initial]\nu = "0"\n'


def of_rod(folder, equation="-u_xx = delta(x - 0.3)", **parts):
    """Return a rod that is heated in one point."""
    given = {"domain": INTERVAL, "on": [("all", "u = 0")], "order": 4, "count": 100, **parts}
    return pose(folder, equation, **given)


def of_disk(folder, equation="-laplace(u) = delta(x - a, y - b)", more="", **parts):
    """Return a disk with a source away from its middle."""
    given = {"domain": DISK, "on": [("all", "u = 0")], "order": 4, **parts}
    return pose(folder, equation, more=PLACE + more, **given)


def test_a_rod_with_a_point_source_is_piecewise_linear(tmp_path):
    coarse, fine = (solve(of_rod(tmp_path, count=n, more=KINKED)).accuracy for n in (50, 100))
    assert fine.errors.worst < min(2e-4, coarse.errors.worst / 4)
    assert coarse.errors.worst < 2 * coarse.estimate.worst
    assert fine.errors.worst < 2 * fine.estimate.worst


def test_a_disk_with_a_point_source_has_greens_function(tmp_path):
    more = f'[exact]\nu = "{GREEN}"\n'
    coarse, fine = (solve(of_disk(tmp_path, count=n, more=more)) for n in (400, 1600))
    measured = [s.accuracy.errors.worst for s in (coarse, fine)]
    assert measured[1] < min(6e-4, measured[0] / 2)
    for error, solution in zip(measured, (coarse, fine), strict=True):
        assert error / 2 < solution.accuracy.estimate.worst < 4 * error
        assert not solution.outcome.warnings
    told = fine.metrics()["sources"]
    assert told == [{"at": "(0.31, 0.12)", "width": pytest.approx(0.29, rel=0.1)}]


def test_errors_beside_a_source_count_reaction_too(tmp_path):
    """With a source that is no solution of Laplace's equation spreading is an error of its own."""
    solution = solve(of_disk(tmp_path, "-laplace(u) + 9*u = delta(x, y)", count=800))
    far = is_far(solution.problem, solution.sample.x)
    r, u = np.hypot(*solution.sample.x[far].T), solution.sample.values[far, 0]
    green = (k0(3 * r) - k0(3) / i0(3) * i0(3 * r)) / (2 * np.pi)
    error = np.linalg.norm(u - green) / np.linalg.norm(green - green.mean())
    assert error < 3e-3
    assert error / 2 < solution.accuracy.estimate.worst < 8 * error


REFUSED = {
    "-laplace(u) = delta(x - 2, y)": "the point source lies outside of the domain: (2, 0).",
    "-laplace(u) = delta(x - 1, y)": "the point source lies on the boundary of the domain: (1, 0).",
    "-laplace(u) = delta(x - 0.98, y)": "is 0.02 away from the boundary, and the nodes around it",
    "-laplace(u) = delta(x - a, y) + delta(x - 0.31, y)": "stands at the place of another.",
    "-laplace(u) = u*delta(x, y)": "the strength of a point source depends on a field",
    "-laplace(u) = delta(x, y)^2": "a point source stands in a function, or in a product",
}


@pytest.mark.parametrize("equation", REFUSED)
def test_sources_that_cannot_be_spread_are_refused_with_their_line(tmp_path, equation):
    with pytest.raises(ProblemError) as caught:
        check(of_disk(tmp_path, equation, count=300))
    assert REFUSED[equation] in str(caught.value)
    assert f'equations = ["{equation}"]' in str(caught.value)


def test_a_moving_source_must_stay_inside_and_levels_must_follow_it(tmp_path):
    def moving(v):
        domain = f"{INTERVAL}\ntime = [0, 1]"
        return of_rod(tmp_path, f"u_t = u_xx + delta(x - 0.2 - {v}*t)", domain=domain, more=WARM)

    with pytest.raises(ProblemError, match=r"boundary of the domain: \(1\) at t = 0\.8\."):
        check(moving(1))
    warned = " ".join(check(moving(0.6)).warnings)
    assert "moves by" not in warned
    assert "Raise nodes.time_levels" in " ".join(
        check(moving(0.6).replace({"nodes.time_levels": 5})).warnings
    )


def plate(x, t, k=0.05):
    """Return the temperature of an insulated plate: images of the heat kernel, over all delays."""
    nodes, weights = leggauss(200)
    low, high = np.log(1e-7), np.log(t)
    delay = np.exp((high - low) / 2 * nodes + (high + low) / 2)
    at = 0.5 + t - delay

    def along(z, place, length):
        images = [2 * m * length + s * place for m in range(-3, 4) for s in (1, -1)]
        return sum(np.exp(-((z[:, None] - image) ** 2) / (4 * k * delay)) for image in images)

    heat = along(x[:, 0], at, 2.0) * along(x[:, 1], np.full_like(delay, 0.5), 1.0)
    return heat / (4 * np.pi * k) @ weights * (high - low) / 2


@pytest.mark.study
def test_a_laser_moves_over_a_plate(tmp_path):
    domain = SQUARE.replace("[1, 1]", "[2, 1]") + "\ntime = [0, 1]"
    equation = "u_t = 0.05*laplace(u) + delta(x - 0.5 - t, y - 0.5)"
    insulated = [("all", "dn(u) = 0")]
    problem = pose(
        tmp_path, equation, on=insulated, domain=domain, count=1000, order=4, more=WARM
    ).replace({"nodes.time_levels": 6})
    solution = solve(problem)
    x, t = solution.sample.x, 1.0
    far = np.hypot(x[:, 0] - 1.5, x[:, 1] - 0.5) > solution.problem.sources[0].width.value
    u, exact = solution.sample.values[-1, far, 0], plate(x, t)[far]
    error = np.linalg.norm(u - exact) / np.linalg.norm(exact - exact.mean())
    assert error < 1e-2
    assert error < solution.accuracy.estimate.worst < 4 * error


@pytest.mark.study
@pytest.mark.parametrize("method", ["pinn", "dt-pinn"])
def test_networks_take_point_sources(tmp_path, method):
    more = f'[exact]\nu = "{GREEN}"\n'
    solution = solve(of_disk(tmp_path, count=500, more=more, method=method))
    assert solution.accuracy.errors.worst < 3e-3
    assert solution.accuracy.errors.worst < 2 * solution.accuracy.estimate.worst
