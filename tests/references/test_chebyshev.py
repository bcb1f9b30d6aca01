import numpy as np
import pytest

from pinnsolve.diffop import Term, laplacian, partial
from pinnsolve.errors import ProblemError
from pinnsolve.progress import unwatched
from pinnsolve.references import chebyshev
from pinnsolve.references.chebyshev import plan, solved
from pinnsolve.references.cole_hopf import BurgersFields
from pinnsolve.references.cole_hopf import plan as burgers
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, SQUARE, pose
from tests.references.posing import evolving

REFERENCE = '[reference]\nsolver = "chebyshev"\n'
SOLVER = 'solver = "chebyshev"\n'
FIXED = '[[boundary]]\non = "all"\ncondition = "u = 0"\n'


def found(problem, x, points=16, slabs=1):
    return solved(plan(problem), points, slabs, unwatched)(x)


def steady(folder, *equations, on, domain=SQUARE):
    return pose(folder, *equations, on=on, domain=domain, count=30, more=REFERENCE)


def test_a_nonlinear_equation_on_an_interval(tmp_path):
    on = [("left", "u = 1"), ("right", "dn(u) + u = 1/4")]
    problem = steady(tmp_path, "u_xx = 2*u^3", on=on, domain=INTERVAL)
    x = np.linspace(0, 1, 11)[:, None]
    np.testing.assert_allclose(found(problem, x, 24)[:, 0], 1 / (1 + x[:, 0]), atol=1e-12)


def test_equations_for_two_fields_on_an_interval(tmp_path):
    on = [("left", "u = 0"), ("left", "v = 1")]
    problem = steady(tmp_path, "u_x = v", "v_x = -u", on=on, domain=INTERVAL)
    x = np.linspace(0, 1, 11)[:, None]
    expected = np.column_stack([np.sin(x), np.cos(x)])
    np.testing.assert_allclose(found(problem, x), expected, atol=1e-12)


def test_value_and_slope_around_a_plate(tmp_path):
    """The polynomial x^2 (1-x)^2 y^2 (1-y)^2 is among those that are sought."""
    f = "24*y^2*(1-y)^2 + 24*x^2*(1-x)^2 + 2*(2 - 12*x + 12*x^2)*(2 - 12*y + 12*y^2)"
    on = [("all", "u = 0"), ("all", "dn(u) = 0")]
    problem = steady(tmp_path, f"biharmonic(u) = {f}", on=on)
    x, y = points = np.random.default_rng(0).uniform(0, 1, (2, 30))
    expected = (x * (1 - x) * y * (1 - y)) ** 2
    np.testing.assert_allclose(found(problem, points.T, 8)[:, 0], expected, atol=1e-13)


def test_derivatives_of_a_harmonic_function_in_the_plane(tmp_path):
    on = [("all", "dn(u) + u = n_x*exp(x)*sin(y) + n_y*exp(x)*cos(y) + exp(x)*sin(y)")]
    fields = solved(plan(steady(tmp_path, "laplace(u) = 0", on=on)), 14, 1, unwatched)
    x, y = points = np.random.default_rng(0).uniform(0, 1, (2, 30))
    terms = Term(0, partial((1, 1))), Term(0, laplacian(2))
    jet = fields.jet(points.T, set(terms))
    np.testing.assert_allclose(fields(points.T)[:, 0], np.exp(x) * np.sin(y), atol=1e-12)
    np.testing.assert_allclose(jet[terms[0]], np.exp(x) * np.cos(y), atol=1e-10)
    np.testing.assert_allclose(jet[terms[1]], 0, atol=1e-9)


def test_heat_that_leaves_through_an_end_which_a_source_makes_up_for(tmp_path):
    boundary = '[[boundary]]\non = "left"\ncondition = "u = exp(-t)"\n'
    boundary += '[[boundary]]\non = "right"\ncondition = "dn(u) = 0"\n'
    problem = evolving(
        tmp_path,
        "u_t = u_xx",
        initial={"u": "cos(x)"},
        high="pi",
        boundary=boundary,
        reference=SOLVER,
    )
    x, t = points = np.random.default_rng(0).uniform([[0], [0]], [[np.pi], [1]], (2, 40))
    np.testing.assert_allclose(
        found(problem, points.T, 18, 2)[:, 0], np.exp(-t) * np.cos(x), atol=1e-9
    )


def test_a_string_swings(tmp_path):
    problem = evolving(
        tmp_path,
        "u_tt = 4*u_xx",
        initial={"u": "sin(x)", "u_t": "2*sin(2*x)"},
        high="pi",
        boundary=FIXED,
        reference=SOLVER,
    )
    x, t = points = np.random.default_rng(0).uniform([[0], [0]], [[np.pi], [1]], (2, 40))
    expected = np.sin(x) * np.cos(2 * t) + np.sin(2 * x) * np.sin(4 * t) / 2
    np.testing.assert_allclose(found(problem, points.T, 18, 8)[:, 0], expected, atol=1e-8)


def test_the_order_in_time_is_that_of_the_polynomials(tmp_path):
    problem = evolving(
        tmp_path,
        "u_t = u_xx/9.8696044010893586 - 7*u",
        initial={"u": "sin(pi*x)"},
        high=1,
        boundary=FIXED,
        reference=SOLVER,
    )
    x = np.array([[0.5, 1.0]])
    errors = [abs(found(problem, x, 14, n)[0, 0] / np.exp(-8) - 1) for n in (2, 4)]
    # the seven powers that eight polynomials can make better, the eighth where a slab ends
    assert np.log2(errors[0] / errors[1]) > 7


def test_two_solvers_agree_on_burgers_equation(tmp_path):
    problem = evolving(
        tmp_path,
        "u_t + u*u_x = 0.1*u_xx",
        initial={"u": "-sin(pi*x) + sin(2*pi*x)/2"},
        low=-1,
        high=1,
        boundary=FIXED,
        reference=SOLVER,
    )
    x = np.random.default_rng(0).uniform([-1, 0], [1, 1], (100, 2))
    expected = BurgersFields(burgers(problem), 512)(x)
    np.testing.assert_allclose(found(problem, x, 40, 16), expected, atol=2e-6)


def test_it_states_its_error(tmp_path):
    on = [("left", "u = 1"), ("right", "u = 1/2")]
    truth = Setup(steady(tmp_path, "u_xx = 2*u^3", on=on, domain=INTERVAL)).truth
    x = np.linspace(0, 1, 101)
    exact = 1 / (1 + x)
    error = np.linalg.norm(truth.fields(x[:, None])[:, 0] - exact)
    assert error / np.linalg.norm(exact - exact.mean()) < truth.error < 1e-8
    assert truth.title.startswith("Chebyshev, ")


def test_where_data_disagree_in_corners_it_says_how_far_it_got(tmp_path, monkeypatch):
    monkeypatch.setattr(chebyshev, "MOST", {2: 18})
    on = [("left right bottom", "u = 0"), ("top", "u = 1")]
    truth = Setup(steady(tmp_path, "laplace(u) = 0", on=on)).truth
    # Laplace's equation with one side at 1: by symmetry a quarter in the middle
    assert truth.error > 1e-4
    assert truth.fields(np.array([[0.5, 0.5]]))[0, 0] == pytest.approx(0.25, abs=truth.error)
    assert "as where data disagree in a corner" in truth.message


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"dim": 2, "boundary": FIXED},
            "chebyshev needs an interval, or a rectangle without time. Choose another solver.",
        ),
        (
            {},
            'chebyshev takes conditions on whole sides, and none that joins two, not "u is '
            'periodic" on left, right. Choose another solver.',
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_place_and_remedy(tmp_path, parts, message):
    equation = "u_t = laplace(u)"
    problem = evolving(tmp_path, equation, initial={"u": "0"}, **{"reference": SOLVER, **parts})
    with pytest.raises(ProblemError) as refused:
        chebyshev.plan(problem)
    text = " ".join(str(refused.value).split())
    assert message in text
    assert "problem.toml:" in text
