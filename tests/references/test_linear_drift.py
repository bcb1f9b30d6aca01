"""Linear Fokker-Planck equations: densities and moments against formulas, and what is refused."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal

from pinnsolve.errors import ProblemError
from pinnsolve.references import linear_drift
from pinnsolve.references.affine_flow import Flow
from pinnsolve.references.linear_drift import Density
from pinnsolve.references.separable import product
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, SQUARE, pose

BOX = 'shape = "box"\nlower = [-2, -2, -2]\nupper = [2, 2, 2]\ntime = [0, 1]'
DRIFT = "u_t = 0.02*laplace(u) + 0.01*d(u, x, y) - div([0.1 - x + y/2, -2*y, -x/3 - z]*u)"


def spreading(tmp_path, equation=DRIFT, initial="exp(-8*dot(X, X))", domain=BOX, more=""):
    """Return a density between walls that it does not reach."""
    more = f'[initial]\nu = "{initial}"\n[reference]\nsolver = "linear-drift"\n{more}'
    return pose(tmp_path, equation, domain=domain, on=[("all", "u = 0")], count=200, more=more)


def test_flows_follow_one_another_and_spread_as_their_equations_say():
    A, b = np.array([[0.0, 1.0], [-3.0, -0.4]]), np.array([0.3, -1.0])
    flow = Flow(A, b, np.array([[0.1, 0.02], [0.02, 0.3]]))
    spread = flow.after(np.array([0.7, 1.6, 2.3]))
    first, second, both = range(3)
    E, m, S = spread.E, spread.m, spread.covariance
    np.testing.assert_allclose(E[second] @ E[first], E[both], atol=1e-13)
    np.testing.assert_allclose(E[second] @ m[first] + m[second], m[both], atol=1e-13)
    S_both = E[second] @ S[first] @ E[second].T + S[second]
    np.testing.assert_allclose(S_both, S[both], atol=1e-13)
    h = 1e-4
    near = flow.after(np.array([1.6 - h, 1.6 + h])).covariance
    rate = A @ S[second] + S[second] @ A.T + 2 * flow.a
    np.testing.assert_allclose((near[1] - near[0]) / (2 * h), rate, atol=1e-6)  # h^2, some tens


def test_a_gaussian_stays_the_gaussian_that_its_moments_say(tmp_path):
    """With drift and diffusion that mix all coordinates: the sum over samples and the product."""
    setup = Setup(spreading(tmp_path))
    found = linear_drift.reference(setup)
    moments = found.fields.moments(np.array([0.0, 0.6]))
    assert moments.mass == pytest.approx([(np.pi / 8) ** 1.5] * 2)
    gaussian = multivariate_normal(moments.mean[1], moments.covariance[1])
    x = gaussian.rvs(200, random_state=0)
    truth = moments.mass[1] * gaussian.pdf(x)
    points = np.column_stack([x, np.full(len(x), 0.6)])
    far = np.abs(found.fields(points)[:, 0] / truth - 1).mean()
    assert far < 1e-3
    own = found.fields
    plain = Density(own.drift, own.initial, None, 0.0, 4096, 1)  # some hundredths, as all samples
    assert far < np.abs(plain(points)[:, 0] / truth - 1).mean() / 10 < 1e-2
    drawn = own.drawn(4096, 0.6, 3)
    np.testing.assert_allclose(drawn.mean(axis=0), moments.mean[1], atol=2e-3)
    np.testing.assert_allclose(np.cov(drawn.T), moments.covariance[1], atol=2e-3)


def test_a_density_with_kinks_that_decays_too_is_integrated_to_rounding(tmp_path):
    equation = "u_t = 0.01*u_xx + d(x*u, x) - 0.3*u"
    domain = 'shape = "interval"\nbounds = [-2, 2]\ntime = [1, 2]'
    found = linear_drift.reference(Setup(spreading(tmp_path, equation, "max(1 - x^2, 0)", domain)))
    s, x = 0.8, np.array([-0.5, 0.1, 0.44])
    variance = 0.01 * (1 - np.exp(-2 * s))

    def integrand(w, at):
        return (1 - w**2) * np.exp(-((at - w * np.exp(-s)) ** 2) / (2 * variance))

    truth = [quad(integrand, -1, 1, args=(at,), epsabs=1e-13)[0] for at in x]
    truth = np.exp(-0.3 * s) * np.array(truth) / np.sqrt(2 * np.pi * variance)
    points = np.column_stack([x, np.full(3, 1 + s)])
    np.testing.assert_allclose(found.fields(points)[:, 0], truth, rtol=1e-9)
    assert found.fields.moments(np.array([1.0, 2.0])).mass == pytest.approx(
        [4 / 3, 4 / 3 * np.exp(-0.3)]
    )


def test_without_diffusion_a_density_is_carried_along(tmp_path):
    domain = SQUARE.replace("[0, 0]", "[-1, -1]") + "\ntime = [0, 1]"
    equation = "u_t = y*u_x - x*u_y"
    found = linear_drift.reference(
        Setup(spreading(tmp_path, equation, "exp(-40*((x - 0.4)^2 + x*y + y^2))", domain))
    )
    assert found.fields.parts is None  # x y is in it
    x = np.random.default_rng(0).uniform([-1, -1, 0], [1, 1, 1], (50, 3))
    t = x[:, 2]
    before = x[:, 0] * np.cos(t) + x[:, 1] * np.sin(t), x[:, 1] * np.cos(t) - x[:, 0] * np.sin(t)
    a, b = before
    truth = np.exp(-40 * ((a - 0.4) ** 2 + a * b + b**2))
    np.testing.assert_allclose(found.fields(x)[:, 0], truth, atol=1e-12)


def test_walls_that_are_reached_count_as_error(tmp_path):
    domain = 'shape = "interval"\nbounds = [-1, 1]\ntime = [0, 1]'
    errors = [
        linear_drift.reference(
            Setup(spreading(tmp_path, f"u_t = {D}*u_xx", "exp(-20*x^2)", domain))
        ).error
        for D in (0.01, 0.2)
    ]
    assert errors[0] < 1e-3
    assert errors[1] > 0.1


def test_of_products_all_others_are_told_apart():
    box = np.full(2, -1.0), np.ones(2)
    assert product(lambda x: np.exp(-50 * (x[:, 0] - x[:, 1]) ** 2), *box) is None
    assert product(lambda x: x[:, 0] * x[:, 1], *box) is None  # it is negative somewhere
    found = product(
        lambda x: 3 * np.maximum(1 - 4 * x[:, 0] ** 2, 0) * np.exp(-(x[:, 1] ** 2)), *box
    )
    np.testing.assert_allclose(found.ends[0], [-0.5, 0.5], atol=1e-9)
    assert found.moments()[0] == pytest.approx(3 * 2 / 3 * np.sqrt(np.pi))


REFUSED = {
    "u_t = 0.1*u_xx - d(x^2*u, x)": 'the drift in "u_t = 0.1*u_xx - d(x^2*u, x)" is not linear in '
    "position, or changes in time",
    "u_t = d((1 + x)*u_x, x)": 'the diffusion in "u_t = d((1 + x)*u_x, x)" is not constant',
    "u_t = u_xx + x*u": 'the factor of the field in "u_t = u_xx + x*u" is not constant',
    "u_t = u_xx + 1": '"u_t = u_xx + 1" holds a source',
    "u_t = u_xx - u^2": '"u_t = u_xx - u^2" is not linear',
    "u_t = -u_xx": 'the diffusion in "u_t = -u_xx" is negative',
    "u_t = u_xx - d(u, x, 4)": '"u_t = u_xx - d(u, x, 4)" holds derivatives of higher order',
}


@pytest.mark.parametrize("equation", REFUSED)
def test_what_is_no_linear_drift_is_refused_with_the_reason(tmp_path, equation):
    domain = INTERVAL + "\ntime = [0, 1]"
    problem = spreading(tmp_path, equation, "x*(1 - x)", domain)
    with pytest.raises(ProblemError) as caught:
        linear_drift.plan(problem)
    (fault,) = caught.value.faults
    expected = f"linear-drift does not take the problem: {REFUSED[equation]}."
    assert f"{fault.message} {fault.remedy}" == f"{expected} Choose another solver."


def test_derivatives_of_sums_over_samples_are_refused(tmp_path):
    problem = spreading(tmp_path, more='[output]\nderived = { slope = "u_x" }\n')
    with pytest.raises(ProblemError, match='knows no derivatives, but "slope" in'):
        linear_drift.plan(problem)
