"""Long steps that begin with data: as from initial values, and what is wrong with them."""

import pytest

from pinnsolve import solve
from pinnsolve.errors import ProblemError
from tests.posing import INTERVAL, SQUARE, pose

HEAT = """
[functions]
f = "manufactured"
g = "manufactured"
[exact]
u = "{exact}"
[time_discrete]
step = [0.5, 1.0]
stages = 6
{begins}
"""
SEEN = """
[[data]]
from = "exact"
fields = ["u"]
count = {count}
at = {{ t = 0.5 }}
noise = {noise}
"""


def posed(folder, begins, domain=INTERVAL, on="u = g", exact="x^2*cos(t)"):
    on = "all", on
    more = HEAT.format(exact=exact, begins=begins)
    problem = pose(folder, "u_t = 0.1*laplace(u) + f", domain=domain, count=60, on=[on], more=more)
    return problem.replace({"nodes.time_levels": 3, "output.test_points": 1000})


def error(problem):
    return solve(problem).accuracy.errors.relative_l2_nodes["u"]


def test_a_snapshot_without_noise_is_as_good_as_initial_values(tmp_path):
    begun = error(posed(tmp_path, '[initial]\nu = "manufactured"'))
    seen = error(posed(tmp_path, SEEN.format(count=100, noise=0)))
    assert abs(seen - begun) < 1e-7  # what is smooth is known between 100 points


def test_in_the_plane_too(tmp_path):
    found = solve(posed(tmp_path, SEEN.format(count=150, noise=0), SQUARE, exact="x*y*cos(t)"))
    assert found.accuracy.errors.relative_l2_nodes["u"] < 1e-5


def test_noise_is_honoured(tmp_path):
    found = solve(posed(tmp_path, SEEN.format(count=200, noise=0.1)))
    # a dozen coefficients keep a quarter of the noise, and diffusion leaves less
    assert found.accuracy.errors.relative_l2_nodes["u"] < 0.02
    (fit,) = found.data
    assert abs(fit.estimate / (0.1 * fit.spread) - 1) < 0.15
    assert fit.is_white


def test_across_periodic_sides_values_go_on(tmp_path):
    problem = pose(
        tmp_path,
        "u_t = 0.05*u_xx",
        domain=INTERVAL,
        count=60,
        order=4,
        on=[("left right", "periodic")],
        more=SEEN.format(count=60, noise=0)
        + '[exact]\nu = "exp(-pi^2*t/5)*cos(2*pi*x - 1)"\n[time_discrete]\nstep=[0.5, 1]\nstages=6',
    )
    assert error(problem.replace({"nodes.time_levels": 3})) < 1e-4


@pytest.mark.parametrize(
    ("begins", "says"),
    [
        (
            SEEN.format(count=9, noise=0).replace("t = 0.5", "x = 0.5"),
            "what long steps are compared with is of one instant.",
        ),
        (
            SEEN.format(count=9, noise=0).replace("t = 0.5", "t = 0.2"),
            "t = 0.2 is not among the instants from 0.5 to 1 of [time_discrete].",
        ),
        (
            SEEN.format(count=9, noise=0) + '[initial]\nu = "x"',
            'the initial value of "u" is given in [initial] already.',
        ),
        (
            SEEN.format(count=9, noise=0).replace('"u"', '"2*u"'),
            'nothing says what "u" is when the first step begins.',
        ),
    ],
)
def test_what_is_no_snapshot_is_refused(begins, says, tmp_path):
    with pytest.raises(ProblemError) as refused:
        posed(tmp_path, begins)
    assert says in str(refused.value)


def test_too_few_points_are_told(tmp_path):
    with pytest.raises(ProblemError) as refused:
        solve(posed(tmp_path, SEEN.format(count=1, noise=0)))
    assert (
        'no function is determined by 1 values of "u": the points are too few, or lie on a line.'
    ) in str(refused.value)
