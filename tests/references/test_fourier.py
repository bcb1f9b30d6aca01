from dataclasses import replace

import numpy as np
import pytest

from pinnsolve.diffop import Term, partial
from pinnsolve.errors import ProblemError
from pinnsolve.progress import unwatched
from pinnsolve.references import fourier, marching, refinement
from pinnsolve.references.fourier import plan, solved
from pinnsolve.setup import Setup
from tests.references.posing import INTERVAL, evolving

LEVELS = np.linspace(0.0, 1.0, 5)


def at_levels(problem, modes=16, steps=8):
    """Return points at instants that the solver meets, and its values there."""
    x = np.linspace(0.0, 6.0, 7)
    points = np.array([(place, t) for t in LEVELS for place in x])
    return points, solved(plan(problem), modes, steps, unwatched)(points)


def test_a_wave_that_heat_wears_down_is_exact(tmp_path):
    problem = evolving(tmp_path, "u_t = 0.3*u_xx - u", initial={"u": "1 + sin(2*x)"})
    points, found = at_levels(problem)
    x, t = points.T
    expected = np.exp(-t) + np.exp(-2.2 * t) * np.sin(2 * x)
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-12)


def test_a_wave_that_is_carried_along_is_exact(tmp_path):
    problem = evolving(tmp_path, "u_t + 3*u_x = 0", initial={"u": "cos(5*x)"})
    points, found = at_levels(problem)
    np.testing.assert_allclose(
        found[:, 0], np.cos(5 * (points[:, 0] - 3 * points[:, 1])), atol=1e-12
    )


def test_two_fields_that_turn_into_each_other_are_exact(tmp_path):
    problem = evolving(
        tmp_path,
        "u_t = -v_xx/2",
        "v_t = u_xx/2",
        initial={"u": "cos(3*x)", "v": "0"},
    )
    points, found = at_levels(problem)
    x, t = points.T
    expected = np.cos(3 * x) * [np.cos(4.5 * t), -np.sin(4.5 * t)]
    np.testing.assert_allclose(found.T, expected, atol=1e-12)


def test_equations_of_second_order_in_time_have_their_rate_as_a_further_field(tmp_path):
    initial = {"u": "1 + cos(2*x)", "u_t": "3"}
    problem = evolving(tmp_path, "u_tt = 4*u_xx", initial=initial)
    points, found = at_levels(problem)
    x, t = points.T
    np.testing.assert_allclose(found[:, 0], 1 + 3 * t + np.cos(2 * x) * np.cos(4 * t), atol=1e-12)


def test_a_source_in_space_and_time_is_integrated(tmp_path):
    problem = evolving(tmp_path, "u_t = u_xx + sin(x)*(1 + t)", initial={"u": "0"})
    points, found = at_levels(problem, steps=64)
    x, t = points.T
    np.testing.assert_allclose(found[:, 0], np.sin(x) * t, atol=1e-12)  # of degree one in time


def test_waves_in_the_plane_are_exact(tmp_path):
    problem = evolving(tmp_path, "u_t = laplace(u) + u_x", initial={"u": "sin(x)*cos(2*y)"}, dim=2)
    waves = solved(plan(problem), 16, 8, unwatched)
    x, y, t = points = np.random.default_rng(0).uniform(0, 1, (3, 20))
    points[2] = t = np.repeat(LEVELS, 4)
    expected = np.exp(-5 * t) * np.sin(x + t) * np.cos(2 * y)
    np.testing.assert_allclose(waves(points.T)[:, 0], expected, atol=1e-12)


def soliton(x, t, speed=4.0):
    """Return the wave of u_t + 6 u u_x + u_xxx = 0 that keeps its shape, around x = 0."""
    return speed / 2 / np.cosh(np.sqrt(speed) / 2 * (x - speed * t)) ** 2


def test_the_order_in_time_is_four(tmp_path):
    problem = evolving(
        tmp_path,
        "u_t + 6*u*u_x + u_xxx = 0",
        initial={"u": "2*sech(x)^2"},
        low=-20,
        high=20,
    )
    posed, x = plan(problem), np.linspace(-5, 10, 50)
    end = np.column_stack([x, np.ones(50)])
    errors = [
        np.abs(solved(posed, 256, steps, unwatched)(end)[:, 0] - soliton(x, 1.0)).max()
        for steps in (400, 800, 1600)
    ]
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 4, atol=0.3)


def test_a_soliton_of_schroedingers_equation_turns_and_stays(tmp_path):
    problem = evolving(
        tmp_path,
        "u_t = -v_xx/2 - (u^2 + v^2)*v",
        "v_t = u_xx/2 + (u^2 + v^2)*u",
        initial={"u": "sech(x)", "v": "0"},
        low=-20,
        high=20,
    )
    x, t = points = np.random.default_rng(0).uniform([[-5], [0]], [[5], [1]], (2, 40))
    found = solved(plan(problem), 256, 400, unwatched)(points.T)
    expected = np.stack([np.cos(t / 2), np.sin(t / 2)], axis=1) / np.cosh(x)[:, None]
    np.testing.assert_allclose(found, expected, atol=1e-8)  # sech(20) is 4e-9


def test_steps_become_as_short_as_diffusion_that_is_not_linear_needs(tmp_path, monkeypatch):
    """The source makes ``u = 2 + exp(-t) sin(x)`` a solution."""
    monkeypatch.setattr(refinement, "TARGET", 1e-6)
    u, u_x = "(2 + exp(-t)*sin(x))", "exp(-t)*cos(x)"
    source = f"-exp(-t)*sin(x) + 3*{u}^2*exp(-t)*sin(x) - 6*{u}*({u_x})^2"
    problem = evolving(
        tmp_path, f"u_t = d(u^3, x, 2) + {source}", initial={"u": "2 + sin(x)"}, end=0.1
    )
    truth = Setup(problem).truth
    x, t = points = np.random.default_rng(0).uniform([[0], [0]], [[6], [0.1]], (2, 40))
    expected = 2 + np.exp(-t) * np.sin(x)
    np.testing.assert_allclose(truth.fields(points.T)[:, 0], expected, atol=1e-6)


def test_initial_values_with_a_kink_are_said_to_limit_the_accuracy(tmp_path, monkeypatch):
    """Those of the Allen-Cahn equation of the literature: the slope jumps where periods meet."""
    problem = evolving(
        tmp_path,
        "u_t = 0.0001*u_xx + 5*u - 5*u^3",
        initial={"u": "x^2*cos(pi*x)"},
        low=-1,
        high=1,
        end=0.2,
    )
    monkeypatch.setattr(marching, "MOST_WORK", 1.5e5)
    truth = Setup(problem).truth
    assert "as those of initial values with a kink do, also where one period meets" in truth.message
    finer = solved(plan(problem), 512, 100, unwatched)
    x = np.random.default_rng(0).uniform([-1, 0], [1, 0.2], (200, 2))
    own, exact = truth.fields(x)[:, 0], finer(x)[:, 0]
    error = np.linalg.norm(own - exact) / np.linalg.norm(exact - exact.mean())
    assert 1e-9 < error < truth.error


def test_the_error_that_is_stated_is_above_the_true_one(tmp_path, monkeypatch):
    monkeypatch.setattr(refinement, "TARGET", 1e-5)
    problem = evolving(
        tmp_path,
        "u_t + 6*u*u_x + u_xxx = 0",
        initial={"u": "2*sech(x)^2"},
        low=-20,
        high=20,
        end=0.5,
    )
    truth = Setup(problem).truth
    x = np.random.default_rng(0).uniform([-20, 0], [20, 0.5], (2000, 2))
    exact = soliton(*x.T)
    error = np.linalg.norm(truth.fields(x)[:, 0] - exact) / np.linalg.norm(exact - exact.mean())
    assert error < truth.error < 1e-5
    assert truth.name == "fourier"
    assert truth.title.startswith("Fourier, ")
    assert truth.values.shape == (5, 40, 1)


def test_derivatives_are_those_of_the_waves(tmp_path):
    problem = evolving(tmp_path, "u_t = 0.1*u_xx", initial={"u": "sin(2*x)"})
    waves = solved(plan(problem), 16, 64, unwatched)
    x, t = points = np.random.default_rng(0).uniform([[0], [0]], [[6], [1]], (2, 30))
    u = np.exp(-0.4 * t) * np.sin(2 * x)
    terms = [Term(0, partial(alpha)) for alpha in ((2, 0), (0, 1), (1, 1))]
    found = waves.jet(points.T, set(terms))
    expected = [-4 * u, -0.4 * u, -0.8 * np.exp(-0.4 * t) * np.cos(2 * x)]
    for term, values in zip(terms, expected, strict=True):
        # of a polynomial through eight instants a 64th apart
        np.testing.assert_allclose(found[term], values, atol=1e-10)


def test_before_it_begins_and_after_it_ends_there_are_no_values(tmp_path):
    waves = solved(
        plan(evolving(tmp_path, "u_t = u_xx", initial={"u": "sin(x)"})), 16, 8, unwatched
    )
    found = waves(np.array([[1.0, -0.1], [1.0, 0.0], [1.0, 1.0], [1.0, 1.1]]))
    assert np.isnan(found[:, 0]).tolist() == [True, False, False, True]


FIXED = '[[boundary]]\non = "all"\ncondition = "u = 0"\n'
WINDOW = 'solver = "fourier"\nperiod = "2*pi"\n'


def test_a_window_sees_initial_values_and_all_their_images(tmp_path):
    """A bump that spreads in a period is the theta function, here as the sum over its images."""
    problem = evolving(
        tmp_path,
        "u_t = 0.5*u_xx",
        initial={"u": "exp(-x^2)"},
        low=-1,
        high=1,
        reference=WINDOW,
    )
    posed = plan(replace(problem, boundary=()))
    points = np.array([(x, t) for t in LEVELS for x in (-1.0, 0.0, 0.7)])
    x, t = points.T
    images = [
        np.exp(-((x - 2 * np.pi * k) ** 2) / (1 + 2 * t)) / np.sqrt(1 + 2 * t) for k in range(-4, 5)
    ]
    found = solved(posed, 32, 8, unwatched)(points)
    np.testing.assert_allclose(found[:, 0], np.sum(images, axis=0), atol=1e-12)


def test_a_window_takes_values_that_repeat_themselves_once(tmp_path):
    problem = evolving(
        tmp_path,
        "u_t = u_xx",
        initial={"u": "2 + sin(x)"},
        high=1,
        reference=WINDOW,
    )
    assert plan(replace(problem, boundary=())).images == 0


def refusal(problem):
    with pytest.raises(ProblemError) as refused:
        fourier.plan(problem)
    return str(refused.value)


@pytest.mark.parametrize(
    ("equations", "parts", "message"),
    [
        (
            ["u_t = u_xx"],
            {"boundary": FIXED},
            "fourier needs a periodic problem, but left and right are not joined. State on = "
            '["left", "right"] with periodic = true, or give [reference] a period, or another '
            "solver.",
        ),
        (
            ["u_t = u_xx"],
            {"domain": 'shape = "disk"\nradius = 1', "boundary": FIXED},
            'fourier needs an interval or a rectangle, not the shape "disk". Choose another '
            "solver.",
        ),
        (
            ["(1 + u^2)*u_t = u_xx"],
            {},
            "fourier needs the highest derivatives in time with constant factors. Divide the "
            "equation by the factor, or choose another solver.",
        ),
        (
            ["u_t - u_xxt = u_x"],
            {},
            "fourier takes no derivative in space of the highest one in time. Choose another "
            "solver.",
        ),
        (
            ["u_t + v_t = u_xx", "2*u_t + 2*v_t = v_xx"],
            {},
            "fourier needs equations that can be solved for the derivatives in time. Choose "
            "another solver.",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_place_and_remedy(tmp_path, equations, parts, message):
    initial = {name: "0" for name in "uv" if any(name in e for e in equations)}
    text = refusal(evolving(tmp_path, *equations, initial=initial, **parts))
    assert message in " ".join(text.split())
    assert "problem.toml:" in text


def test_values_from_a_file_in_an_equation_are_refused(tmp_path):
    """They may change in time, of which nothing is asked at every step."""
    (tmp_path / "f.csv").write_text("x,t,f\n0,0,1\n7,0,1\n0,1,1\n7,1,1\n")
    functions = '[functions]\nf = { file = "f.csv", column = "f" }'
    problem = evolving(tmp_path, "u_t = u_xx + f", initial={"u": "sin(x)"}, unknowns=functions)
    assert 'fourier takes formulas only, and "f" is known by its values.' in refusal(problem)


def test_a_field_without_a_derivative_in_time_is_refused(tmp_path):
    problem = evolving(
        tmp_path, "u_t = u_xx + v", "v_xx + v = u", initial={"u": "sin(x)"}, fields=["u", "v"]
    )
    message = 'fourier needs the derivative in time of "v", which no equation holds.'
    assert message in refusal(problem)


def test_a_window_of_values_that_neither_decay_nor_repeat_is_refused(tmp_path):
    problem = evolving(
        tmp_path,
        "u_t = u_xx",
        initial={"u": "x"},
        domain=INTERVAL,
        high=1,
        reference=WINDOW,
    )
    message = "these do not fall off within 8 periods, and do not repeat themselves either."
    assert message in refusal(replace(problem, boundary=()))
