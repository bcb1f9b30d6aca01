"""Densities on particles: what they find, what the estimate says, and what is refused."""

import numpy as np
import pytest

from pinnsolve import load_solution, solve
from pinnsolve.checks.preflight import check, preflight
from pinnsolve.cli.summary import summary
from pinnsolve.conditions.densities import Density
from pinnsolve.errors import ProblemError
from pinnsolve.methods import METHODS
from pinnsolve.run import write
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, pose

SPACE = (
    'shape = "unbounded"\ndimension = {dim}\nlower = {lower}\nupper = {upper}\ntime = [0, {end}]'
)
NETWORK = '[network]\nansatz = {{ u = "exp" }}\npolynomial = {degree}\nhidden = [{hidden}]\n'
EVOLUTION = "[evolution]\nsamples = {samples}\noutput_times = 3\nrtol = {rtol}\n"
HUMP = "exp(-((x + t)^2 + (y + t)^2)/0.005)"


def density(
    tmp_path,
    equation,
    initial,
    exact="",
    *,
    dim=1,
    lower=-2,
    upper=2,
    end=0.5,
    degree=2,
    hidden="",
    samples=200,
    rtol=1e-5,
    functions="",
):
    """Return a density in all of space."""
    more = f'[functions]\n{functions}\n[initial]\nu = "{initial}"\n'
    more += f'[exact]\nu = "{exact}"\n' if exact else ""
    more += NETWORK.format(degree=degree, hidden=hidden)
    more += EVOLUTION.format(samples=samples, rtol=rtol)
    domain = SPACE.format(dim=dim, lower=lower, upper=upper, end=end)
    settings = {"domain": domain, "on": [], "count": 60, "method": "neural-ivp"}
    return pose(tmp_path, equation, more=more, **settings)


@pytest.mark.usefixtures("no_pictures")
def test_a_narrow_hump_is_carried_exactly_and_read_back_to_the_bit(tmp_path):
    """The logarithm of a normal density is a polynomial of degree two, wherever it is carried."""
    narrow = {"dim": 2, "lower": -0.5, "upper": 0.5, "end": 0.25}
    problem = density(tmp_path, "u_t = u_x + u_y", HUMP.replace("+ t", "+ 0"), HUMP, **narrow)
    solution = solve(problem)
    assert solution.accuracy.errors.relative_l2_at_end["u"] < 1e-10
    assert solution.verdict.word == "resolved"
    assert "the particles, at the end" in "\n".join(summary(solution, []))
    write(solution, tmp_path / "run")
    x = np.random.default_rng(0).normal([-0.2, -0.2, 0.2], [0.05, 0.05, 0.01], (40, 3))
    np.testing.assert_array_equal(load_solution(tmp_path / "run")(x), solution(x))
    # derivatives are those of the exponential, by the chain rule
    carried = solution.derivative("u_x", x) + solution.derivative("u_y", x)
    np.testing.assert_allclose(solution.derivative("u_t", x), carried, atol=1e-7)


OU = "exp(-((x - exp(-t))^2 + y^2)/(2*q))/(2*pi*q)"
SPREAD = 'q = "0.1 - 0.06*exp(-2*t)"'


def diffusing(tmp_path, **settings):
    """Return a normal density that diffuses in a trap, into which it falls."""
    initial = "exp(-((x - 1)^2 + y^2)/0.08)/(0.08*pi)"
    equation = "u_t = 0.1*laplace(u) + div(X*u)"
    return density(tmp_path, equation, initial, OU, dim=2, functions=SPREAD, **settings)


def test_a_normal_density_diffuses_to_the_error_of_the_steps(tmp_path):
    solution = solve(diffusing(tmp_path, end=0.2))
    error = solution.accuracy.errors.relative_l2["u"]
    assert error < 1e-4  # ten times the tolerance of a step
    assert error < solution.accuracy.estimate.total["u"] < 0.05


def test_moments_and_marginals_are_sums_over_particles_with_intervals(tmp_path):
    asked = {"evolution.moments": 2, "output.marginals": [["x"]], "output.slices": [["x", "y"]]}
    solution = solve(diffusing(tmp_path, end=0.2).replace(asked))
    told, q = solution.observables.moments["u"], 0.1 - 0.06 * np.exp(-0.4)
    truth = {"mass": 1.0, "mean x": np.exp(-0.2), "mean y": 0.0, "variance x": q, "variance y": q}
    for name, value in truth.items():
        own = told[name]
        assert abs(own.values[-1] - value) < 2 * own.half_widths[-1] + 1e-3  # and the steps' error
        assert own.half_widths[-1] < 0.03
        np.testing.assert_allclose(own.truth[-1], own.values[-1], atol=1e-3)  # at the same points
    plane, table = solution.observables.tables
    is_far = np.linalg.norm(plane.x - [np.exp(-0.2), 0], axis=1) > 6 * np.sqrt(q)
    assert np.isnan(plane.values[-1, is_far]).all()  # where no particle is nothing is known
    assert np.nanmax(plane.values[-1]) == pytest.approx(1 / (2 * np.pi * q), rel=0.05)
    cell = table.axes[0][1] - table.axes[0][0]
    np.testing.assert_allclose(table.values.sum(axis=1) * cell, 1.0, atol=0.03)


def test_a_residual_beyond_its_limit_ends_a_density_at_the_last_good_instant(tmp_path):
    """A hump that two wells draw apart: a polynomial of degree two leaves ever more."""
    problem = density(tmp_path, "u_t = 0.02*u_xx - d((x - x^3)*u, x)", "exp(-20*x^2)", end=1)
    solution = solve(problem.replace({"evolution.residual_limit": 0.12}))  # 0.11 at 0.5, then 0.14
    assert solution.outcome.status == "diverged"
    assert "more than residual_limit = 0.12, at t = 0.5" in solution.outcome.message
    assert solution.course.series["residual"][:, 1].max() < 0.14
    assert solution.sample.times.tolist() == [0.0, 0.5]  # output is at 0, 0.5 and 1
    assert np.isfinite(solution.sample.values).all()


def test_the_integral_of_a_density_that_is_no_product_is_found_by_points_that_hold_it():
    def log(x):
        return 1 - 4 * (x[:, 0] ** 2 + x[:, 0] * x[:, 1] + x[:, 1] ** 2)

    density = Density(log, np.full(2, -2.0), np.full(2, 2.0))
    assert not density.is_product
    # the determinant of the form is 12
    assert density.mass == pytest.approx(np.e * np.pi / np.sqrt(12), rel=1e-3)


def test_a_network_beside_the_polynomial_does_not_disturb_it(tmp_path):
    solution = solve(diffusing(tmp_path, hidden="6", rtol=1e-2, end=0.1, samples=200))
    error = solution.accuracy.errors.relative_l2["u"]
    assert error < 0.02
    assert solution.accuracy.estimate.total["u"] > error


QUARTIC = ("u_t + u_x = 0", "exp(-x^4)", "exp(-(x - t)^4)")


@pytest.mark.parametrize(("degree", "word"), [(2, "not resolved"), (4, "resolved")])
def test_a_polynomial_of_too_low_a_degree_is_told_without_the_truth(tmp_path, degree, word):
    measured = solve(density(tmp_path, *QUARTIC, degree=degree))
    blind = solve(density(tmp_path, *QUARTIC[:2], degree=degree))
    assert measured.verdict.word == blind.verdict.word == word
    error, estimate = measured.accuracy.errors.worst, blind.accuracy.estimate.worst
    assert error <= max(1.2 * estimate, 1e-10)  # points that nothing was fitted to tell the error
    assert estimate < 3 * error + 1e-3


def test_a_density_that_is_left_goes_on_to_the_same_bits(tmp_path):
    problem = diffusing(tmp_path, hidden="4", rtol=1e-2, end=0.1, samples=100)
    whole, first, second = (METHODS["neural-ivp"].start(Setup(problem)) for _ in range(3))
    total = 1
    while not whole.step().done:
        total += 1
    for _ in range(total // 2):
        first.step()
    second.restore(first.state())
    while not second.step().done:
        pass
    expected, found = whole.answer().state(), second.answer().state()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)
    np.testing.assert_array_equal(whole.lost, second.lost)


def test_a_cube_of_twenty_dimensions_has_no_nodes_to_be_too_close(tmp_path):
    problem = density(tmp_path, "u_t + div(u*X) = 0", "exp(-9*dot(X, X))", dim=20, degree=1)
    assert len(Setup(problem).nodes.x) == 60


def test_a_check_tells_of_the_polynomial_and_forecasts_its_memory(tmp_path):
    problem = density(tmp_path, "u_t + div(u*X) = 0", "exp(-9*dot(X, X))", dim=6, degree=4)
    found = check(problem)
    assert any("a polynomial of 210 coefficients" in line for line in found.lines)
    assert found.warnings == ()
    more = check(problem.replace({"network.polynomial": 8, "evolution.samples": 20000}))
    # two matrices of 60,000 points by 3003 columns, and three of the columns
    assert more.figures["memory_bytes"] - found.figures["memory_bytes"] > 2.5e9


IN_SPACE = SPACE.format(dim=1, lower=-2, upper=2, end=1)
EXP = '[network]\nansatz = { u = "exp" }\n'
PLAIN = '[initial]\nu = "exp(-x^2)"\n'
REFUSED = {
    "boundary": (
        {"on": [("left", "u = 0")]},
        PLAIN + EXP,
        "a domain without bounds has no boundary, on which a condition could hold. Remove it.",
    ),
    "walls": (
        {"domain": INTERVAL + "\ntime = [0, 1]", "on": [("left", "u = 0 hard")]},
        PLAIN + EXP,
        "an exponential is positive everywhere, and has no walls. "
        'Write shape = "unbounded", with a box that holds the initial values.',
    ),
    "no density": (
        {},
        PLAIN,
        "a network that is no exponential does not vanish far away. "
        'Write ansatz = { u = "exp" } in [network], for a density u.',
    ),
    "method": (
        {"method": "pinn"},
        PLAIN,
        'method "pinn" needs a domain with a boundary. Set method = "neural-ivp" in [solver].',
    ),
    "sampling": (
        {},
        PLAIN + EXP + '[evolution]\nsampling = "uniform"',
        "the logarithm of a density evolves on particles. "
        'Write sampling = "particles", or leave it out.',
    ),
    "no layers": (
        {"domain": INTERVAL + "\ntime = [0, 1]", "on": [("left", "u = 0 hard")]},
        PLAIN + "[network]\nhidden = []",
        "a network needs a hidden layer. Write hidden = [50, 50], or leave it out.",
    ),
    "powers": (
        {"domain": INTERVAL + "\ntime = [0, 1]", "on": [("left", "u = 0 hard")]},
        PLAIN + "[network]\npowers = 4",
        'powers is of exponentials alone. Write ansatz = { u = "exp" } in [network], for a '
        "density u.",
    ),
    "too many": (
        {"domain": SPACE.format(dim=20, lower=-2, upper=2, end=1)},
        '[initial]\nu = "exp(-dot(X, X))"\n' + EXP + "polynomial = 8",
        "a polynomial of degree 8 in 20 coordinates has 3,108,105 coefficients, of which 10,000 "
        "are possible. Lower it; powers adds few.",
    ),
    "dimension": (
        {"domain": IN_SPACE.replace("= -2", "= [-2, -2]")},
        PLAIN + EXP,
        "[domain] lower must have 1 numbers, as dimension says, but has 2. "
        "Give a number for each coordinate, or one for all.",
    ),
    "coordinates": (
        {"domain": IN_SPACE + '\ncoordinates = ["x", "v"]'},
        PLAIN + EXP,
        "the domain has 1 coordinates, but 2 names. Give each coordinate a name.",
    ),
    "no dimension": (
        {"domain": 'shape = "unbounded"\ntime = [0, 1]'},
        PLAIN + EXP,
        "[domain] lower is a number, but nothing says how many coordinates there are. "
        "Add dimension = 3, or write a list.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_density_is_refused_with_a_remedy(tmp_path, name):
    settings, more, message = REFUSED[name]
    equation = "u_t + div(u*X) = 0" if "dim" in settings.get("domain", "") else "u_t + u_x = 0"
    stated = {"domain": IN_SPACE, "on": [], "method": "neural-ivp", **settings}
    with pytest.raises(ProblemError) as caught:
        pose(tmp_path, equation, more=more, **stated)
    assert message in [f"{fault.message} {fault.remedy}" for fault in caught.value.faults]


UNFIT = {
    "u_t + u_x = -u": (
        "exp(-2*x^2)",
        'particles carry what is conserved, but "u_t + u_x = -u" does not conserve the integral of '
        "the field. Write it as u_t + div(b*u) = 0, or u_t = div(D*grad(u)) - div(h*u).",
    ),
    "u_t + u*u_x = 0": (
        "exp(-2*x^2)",
        'particles carry what is conserved, but "u_t + u*u_x = 0" is not linear. '
        "Write it as u_t + div(b*u) = 0, or u_t = div(D*grad(u)) - div(h*u).",
    ),
    "u_t + u_x = 0": (
        "(1.5 - abs(x - 1))*exp(-x^2)",
        "u is -0.1684 at x = -1.184, but an exponential is positive. "
        "Leave out ansatz, or change it.",
    ),
    "u_t - u_x = 0": (
        "exp(-x^2/4)",
        "the box does not hold the initial values: at an end of x they are still 37 % of their "
        "largest. Widen lower and upper.",
    ),
}


@pytest.mark.parametrize("equation", UNFIT)
def test_what_particles_cannot_carry_is_refused_before_any_work(tmp_path, equation):
    initial, message = UNFIT[equation]
    with pytest.raises(ProblemError) as caught:
        preflight(Setup(density(tmp_path, equation, initial)))
    assert message in [f"{fault.message} {fault.remedy}" for fault in caught.value.faults]
