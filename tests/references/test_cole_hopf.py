import numpy as np
import pytest

from pinnsolve.diffop import Term, partial
from pinnsolve.errors import ProblemError
from pinnsolve.progress import unwatched
from pinnsolve.references import cole_hopf, fourier
from pinnsolve.references.cole_hopf import BurgersFields, plan
from pinnsolve.setup import Setup
from tests.references.posing import evolving

FIXED = '[[boundary]]\non = "all"\ncondition = "u = 0"\n'
SOLVER = 'solver = "cole-hopf"\n'


def burgers(folder, text="u_t + u*u_x = 0.05*u_xx", u="-sin(pi*x)", **parts):
    settings = {"low": -1, "high": 1, "boundary": FIXED, "reference": SOLVER, **parts}
    return evolving(folder, text, initial={"u": u}, **settings)


def series(x, t, nu):
    """Return the solution from -sin(pi x) as a quotient of Fourier series (Cole, 1951)."""
    from scipy.special import ive

    n = np.arange(1, 60)
    decay = np.exp(-nu * (n * np.pi) ** 2 * t[:, None])
    # the coefficients are modified Bessel functions, here with exp(-1/(2 pi nu)) taken out
    I0, I = ive(0, 1 / (2 * np.pi * nu)), ive(n, 1 / (2 * np.pi * nu))
    phase = np.pi * n * x[:, None]
    above = (decay * I * n * np.sin(phase) * (-1.0) ** n).sum(axis=1)
    below = I0 + 2 * (decay * I * np.cos(phase) * (-1.0) ** n).sum(axis=1)
    return 4 * np.pi * nu * above / below


@pytest.mark.parametrize(
    "text",
    ["u_t + u*u_x = 0.05*u_xx", "0 = u_t/5 - 0.01*laplace(u) + d(u^2, x)/10"],
)
def test_it_is_the_series_in_any_spelling(tmp_path, text):
    x, t = points = np.random.default_rng(0).uniform([[-1], [0.01]], [[1], [1]], (2, 100))
    found = BurgersFields(plan(burgers(tmp_path, text)), 512)(points.T)
    np.testing.assert_allclose(found[:, 0], series(x, t, 0.05), atol=1e-12)


def test_at_the_beginning_it_is_the_initial_value(tmp_path):
    x = np.linspace(-1, 1, 9)
    found = BurgersFields(plan(burgers(tmp_path)), 256)(np.column_stack([x, 0 * x]))
    np.testing.assert_allclose(found[:, 0], -np.sin(np.pi * x), atol=1e-12)


def test_its_derivatives_satisfy_the_equation_and_are_slopes(tmp_path):
    problem = burgers(tmp_path)
    fields = BurgersFields(plan(problem), 1024)
    x = np.random.default_rng(0).uniform([-0.9, 0.1], [0.9, 1.0], (30, 2))
    terms = {alpha: Term(0, partial(alpha)) for alpha in ((0, 0), (1, 0), (2, 0), (3, 0), (0, 1))}
    jet = fields.jet(x, set(terms.values()))
    h = 1e-4
    for low, high, axis in (((0, 0), (1, 0), 0), ((0, 0), (0, 1), 1), ((2, 0), (3, 0), 0)):
        step = h * np.eye(2)[axis]
        ahead, back = (fields.jet(x + s * step, {terms[low]})[terms[low]] for s in (1, -1))
        slope = (ahead - back) / (2 * h)
        scale = np.abs(slope).max()
        np.testing.assert_allclose(jet[terms[high]], slope, atol=1e-4 * scale)  # h^2 u_xxx


def gauss_hermite(x, t, nu):
    """Return the solution from -sin(pi x) by the quadrature of Gauss and Hermite."""
    z, w = np.polynomial.hermite.hermgauss(300)
    y = x[:, None] - np.sqrt(4 * nu * t)[:, None] * z
    log = -np.cos(np.pi * y) / (2 * np.pi * nu)
    weights = w * np.exp(log - log.max(axis=1, keepdims=True))
    return -(weights * np.sin(np.pi * y)).sum(axis=1) / weights.sum(axis=1)


def test_its_error_at_a_shock_is_that_which_it_states(tmp_path):
    problem = burgers(tmp_path, "u_t + u*u_x = 0.01/pi*u_xx")
    truth = Setup(problem).truth
    x = np.random.default_rng(0).uniform([-0.2, 0.3], [0.2, 1.0], (200, 2))
    assert truth.error < 1e-8
    expected = gauss_hermite(*x.T, 0.01 / np.pi)
    np.testing.assert_allclose(truth.fields(x)[:, 0], expected, atol=1e-8)


def test_two_solvers_agree_on_a_periodic_problem(tmp_path):
    joined = '[[boundary]]\non = ["left", "right"]\nperiodic = true\n'
    problem = burgers(tmp_path, u="0.7 + exp(sin(pi*x))*cos(pi*x)", boundary=joined)
    x = np.random.default_rng(0).uniform([-1, 0], [1, 1], (200, 2))
    series = fourier.solved(fourier.plan(problem), 128, 800, unwatched)(x)
    np.testing.assert_allclose(BurgersFields(plan(problem), 1024)(x), series, atol=1e-8)


def test_a_factor_before_the_convection_only_scales_the_field(tmp_path):
    x = np.random.default_rng(0).uniform([-1, 0], [1, 1], (50, 2))
    once = BurgersFields(plan(burgers(tmp_path)), 512)(x)
    third = burgers(tmp_path, "u_t + 3*u*u_x = 0.05*u_xx", u="-sin(pi*x)/3")
    np.testing.assert_allclose(3 * BurgersFields(plan(third), 512)(x), once, atol=1e-12)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"text": "u_t + u*u_x = 0.05*u_xx + u"},
            "cole-hopf solves Burgers' equation alone, and this is another one. It reads "
            '"u_t + u*u_x = nu*u_xx" in whatever spelling, with constant factors.',
        ),
        (
            {"text": "u_t + u*u_x = 0.05*(1 + x^2)*u_xx"},
            "cole-hopf solves Burgers' equation alone, and this is another one.",
        ),
        (
            {"boundary": FIXED.replace("u = 0", "u = 1")},
            "cole-hopf needs the value 0 at both ends, or joined ends. Choose another solver.",
        ),
        (
            {"reference": SOLVER + "period = 3"},
            "cole-hopf takes no period but the length of the interval. Remove it, and join",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_place_and_remedy(tmp_path, parts, message):
    with pytest.raises(ProblemError) as refused:
        cole_hopf.plan(burgers(tmp_path, **parts))
    text = " ".join(str(refused.value).split())
    assert message in text
    assert "problem.toml:" in text
