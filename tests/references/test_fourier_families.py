"""Many periodic problems at once by Fourier series: each the solution that it has alone."""

import numpy as np
import pytest

from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain
from pinnsolve.problem.families import functions_of
from pinnsolve.progress import unwatched
from pinnsolve.references.families import truths
from pinnsolve.references.fourier_families import Resolution, plan, solved
from tests.posing import written

WAVES = """\
[domain]
shape = "interval"
bounds = [0.0, 1.0]
time = [0.0, 0.5]
[nodes]
count = 20
time_levels = 5
[unknowns]
fields = ["u"]
[pde]
equations = ["{equation}"]
[[boundary]]
on = ["left", "right"]
periodic = true
[initial]
u = "{initial}"
[operator]
input = "f"
held_out = 3
[operator.family]
kind = "gaussian-process"
kernel = "spectral"
spectrum = "1/k**4"
sensors = 12
count = 20
{more}
[solver]
method = "operator"
[reference]
solver = "fourier"
"""


def posed(tmp_path, equation, initial="f", more=""):
    problem = written(tmp_path, WAVES.format(equation=equation, initial=initial, more=more))
    return problem, functions_of(problem.family, held_out=True)


def test_waves_that_are_carried_along_and_fade_are_found_for_all_functions(tmp_path):
    problem, functions = posed(tmp_path, "u_t + 0.3*u_x = u_xx/100")
    found = truths(problem, build_domain(problem), functions, unwatched)
    x, t = np.linspace(0, 1, 7), 0.37
    own = functions["f"]
    k = 2 * np.pi * np.arange(1, len(own.family.variances) + 1)
    a, b = np.split(own.coefficients * np.tile(np.sqrt(own.family.variances), 2), 2, axis=1)
    phase, fading = (x[:, None] - 0.3 * t) * k, np.exp(-(k**2) * t / 100)
    exact = (a * fading) @ np.cos(phase).T + (b * fading) @ np.sin(phase).T
    values = found.at(range(3), np.column_stack([x, np.full(7, t)]))[..., 0]
    np.testing.assert_allclose(values, exact, atol=2e-5)  # of interpolation in time
    assert found.error < 5e-6
    assert found.title.startswith("Fourier, ")


@pytest.mark.parametrize(
    ("equation", "initial"), [("u_t + u*u_x = u_xx/20", "f"), ("u_t = u_xx/20 - u**3 + f", "0")]
)
def test_each_problem_has_the_solution_that_it_has_alone(tmp_path, equation, initial):
    problem, functions = posed(tmp_path, equation, initial)
    at = Resolution(16, 40)
    whole = solved(plan(problem), functions, at, unwatched)
    alone = solved(plan(problem), {"f": functions["f"].chosen([1])}, at, unwatched)
    x = np.random.default_rng(0).random((30, 2)) * [1, 0.5]
    np.testing.assert_allclose(whole(x)[:, 1:2], alone(x), atol=1e-13)


def test_an_input_that_varies_in_time_is_refused(tmp_path):
    equation = "u_t = u_xx + cos(2*pi*x)*f"
    problem, _ = posed(tmp_path, equation, "0", 'of = ["t"]')
    with pytest.raises(ProblemError) as caught:
        plan(problem)
    assert (
        str(caught.value)
        .partition("\n")[0]
        .endswith(
            ':30: fourier takes no input that varies in time, as "f" does. Choose another solver.'
        )
    )
