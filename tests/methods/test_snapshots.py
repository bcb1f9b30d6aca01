"""A beginning and unknown constants from two snapshots, the equation between held exactly."""

import numpy as np
import pytest

from pinnsolve import solve
from pinnsolve.errors import ProblemError
from pinnsolve.methods.snapshots import start
from pinnsolve.progress import unwatched
from pinnsolve.setup import Setup
from pinnsolve.timestepping.collocation import collocation
from tests.posing import INTERVAL, pose

DECAY = """
[unknowns.parameters]
k = {{ initial = -1.0, transform = "exp", true = 0.1 }}
[exact]
u = "exp(-0.1*pi^2*t)*sin(pi*x)"
[time_discrete]
step = [0, 1]
stages = 6
[[data]]
from = "exact"
fields = ["u"]
count = 60
noise = {noise}
at = {{ t = 0.0 }}
{later}
"""
LATER = """
[[data]]
from = "exact"
fields = ["u"]
count = 60
noise = {noise}
seed = 1
at = {{ t = 1.0 }}
"""
HUMP = """
[unknowns.parameters]
c = { initial = 0.0, true = 0.3 }
[exact]
u = "exp(8*(cos(2*pi*(x - 0.3*t)) - 1))"
[time_discrete]
step = [0, 1]
stages = 24
"""
SEEN = """
[[data]]
from = "exact"
fields = ["u"]
count = 60
at = {{ t = {t} }}
"""


def decaying(folder, noise=0.0, later=LATER):
    more = DECAY.format(noise=noise, later=later.format(noise=noise))
    problem = pose(
        folder, "u_t = k*u_xx", domain=INTERVAL, count=30, order=4, on=[("all", "u = 0")], more=more
    )
    return problem.replace({"nodes.time_levels": 3, "output.test_points": 1000})


def test_without_noise_the_constant_is_as_exact_as_the_differences(tmp_path):
    found = solve(decaying(tmp_path)).constants["k"]
    assert found.is_determined
    assert abs(found.found / 0.1 - 1) < 1e-4
    # what errors of the differences do looks like another constant, and leaves no misfit
    assert abs(found.found - 0.1) > 5 * found.standard_error
    assert found.interval[0] < 0.1 < found.interval[1]


def test_with_noise_the_interval_holds_it_and_is_no_wider_than_it_must_be(tmp_path):
    solution = solve(decaying(tmp_path, 0.02).replace({"output.profile": ["k"]}))
    found = solution.constants["k"]
    assert found.interval[0] < 0.1 < found.interval[1]
    # d ln(amplitude)/dk = -pi^2, and each amplitude is known to sigma (2/n)^(1/2) relative
    spread = np.sqrt(np.mean([fit.spread**2 for fit in solution.data]))
    sigma = 0.02 * spread * np.sqrt(2 / 60) * np.sqrt(1 + np.exp(0.2 * np.pi**2)) / np.pi**2
    assert 0.3 * sigma < found.standard_error < 3 * sigma
    assert all(fit.is_white for fit in solution.data)
    # its logarithm is what is sought: nearly linear over three errors of some percent
    assert found.profile.rises == pytest.approx((9, 4, 1, 0, 1, 4, 9), rel=0.2, abs=1e-9)
    assert found.profile.interval[0] < 0.1 < found.profile.interval[1]


def test_derivatives_of_the_rows_are_those_of_differences(tmp_path):
    search = start(Setup(decaying(tmp_path, 0.02))).search
    u = search.first
    at = search.evaluated(u, (), unwatched)
    for j in (0, 2, len(u) - 1):
        step = 1e-4 * np.eye(len(u))[j]
        up, down = (search.evaluated(u + s * step, (), unwatched).residual for s in (1, -1))
        np.testing.assert_allclose(at.derivative[:, j], (up - down) / 2e-4, atol=1e-4)


def test_fewer_stages_lead_to_the_slopes_of_all(tmp_path):
    problem = decaying(tmp_path).replace({"time_discrete.stages": 24})
    search = start(Setup(problem)).search
    few = search.coarse()
    assert (few.stages, few.coarse()) == (8, few)
    before, after = (collocation(own.stages).c for own in (few, search))
    slopes = np.multiply.outer(before**7, np.ones((1, 2)))  # of eight stages, a polynomial's
    (found,) = search.interpolated([slopes])
    np.testing.assert_allclose(found[:, 0, 0], after**7, atol=1e-13)


def test_a_search_taken_up_continues_to_the_bit(tmp_path):
    setup = Setup(decaying(tmp_path, 0.02).replace({"time_discrete.stages": 24}))
    whole, again = start(setup), start(setup)
    for _ in range(2):
        whole.step()
    again.restore(whole.state())
    for process in (whole, again):
        while not process.step().done:  # with fewer stages first, with all at the end
            pass
    assert whole.at.slopes[0].shape[0] == 24
    np.testing.assert_array_equal(again.unknowns, whole.unknowns)


@pytest.mark.study
def test_where_no_step_leads_on_the_search_looks_around(tmp_path):
    # a hump that has gone as far as five times its width: from no speed all slopes are those of
    # humps that do not meet
    problem = pose(
        tmp_path,
        "u_t + c*u_x = 0",
        domain=INTERVAL,
        count=60,
        order=4,
        on=[("left right", "periodic")],
        more=HUMP + SEEN.format(t=0.0) + SEEN.format(t=1.0),
    )
    process = start(Setup(problem.replace({"nodes.time_levels": 3})))
    while not (step := process.step()).done:
        pass
    assert step.done.startswith("converged")
    (c,) = process.search.constants(process.unknowns).values()
    assert c == pytest.approx(0.3, abs=1e-3)  # as exact as the differences


def test_nothing_to_find_constants_from_is_refused(tmp_path):
    with pytest.raises(ProblemError) as refused:
        decaying(tmp_path, later="")
    assert "nothing is seen of what the unknown parameters do." in str(refused.value)
    assert "Add data of a later instant, as at = { t = 1 }." in str(refused.value)
