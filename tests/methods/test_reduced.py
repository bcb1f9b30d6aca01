"""Families told by classical solutions: exact where they can be, the same again, and refused."""

import numpy as np
import pytest

from pinnsolve import solve
from pinnsolve.checks.preflight import check
from pinnsolve.errors import ProblemError
from pinnsolve.methods import METHODS
from pinnsolve.problem.families import functions_of
from pinnsolve.run import load_solution, write
from pinnsolve.setup import Setup
from tests.posing import written

pytestmark = pytest.mark.usefixtures("no_pictures")

FLOW = """\
[domain]
shape = "interval"
bounds = [0.0, 1.0]
time = [0.0, 0.5]
[nodes]
count = 16
time_levels = 5
[unknowns]
fields = ["u"]
[pde]
equations = ["u_t + u*u_x = u_xx/20"]
[[boundary]]
on = ["left", "right"]
periodic = true
[initial]
u = "f"
[operator]
input = "f"
held_out = 5
symmetries = ["translation", "galilean", "reflection"]
[operator.family]
kind = "gaussian-process"
kernel = "spectral"
spectrum = "1/(10*k**4)"
sensors = 8
count = 40
[reference]
solver = "fourier"
[solver]
method = "operator"
[network]
features = "reference"
[output]
test_points = 200
"""


@pytest.fixture(scope="module")
def solution(tmp_path_factory):
    return solve(written(tmp_path_factory.mktemp("flow"), FLOW))


def test_what_is_found_is_near_the_truth_and_says_where_it_comes_from(solution):
    errors = solution.accuracy.held_out.errors["u"]
    assert errors.mean() < 0.02
    estimates = solution.accuracy.held_out.estimates["u"]
    assert 1 / 3 < np.median(estimates / errors) < 3
    assert solution.metrics()["mode"].endswith("not from the equations alone")


def test_solutions_move_and_are_raised_with_their_functions(solution):
    (own,) = solution.problem.family.inputs
    functions = functions_of(solution.problem.family, held_out=True)["f"]
    draw, sensors, times = np.random.default_rng(0), own.family.sensors, solution.answer.times
    x = np.column_stack([draw.random(20), draw.choice(times, 20)])  # between them it interpolates
    mean, place = 0.25, 0.125  # a whole number of sensors
    moved = mean + np.roll(functions.values(sensors), 1, axis=1)
    back = x - np.column_stack([place + mean * x[:, 1], np.zeros(20)])
    back[:, 0] %= 1.0
    expected = mean + solution.answer.evaluated([functions.codes()], back)
    found = solution.answer.evaluated([own.family.codes_of(moved)], x)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_it_is_read_again_to_the_bit(solution, tmp_path):
    write(solution, tmp_path / "run")
    again = load_solution(tmp_path / "run")
    x = np.random.default_rng(0).random((20, 2)) * [1, 0.5]
    np.testing.assert_array_equal(again.answer(x), solution.answer(x))


def test_work_that_is_taken_up_again_gives_the_same_to_the_bit(solution, tmp_path):
    setup = Setup(written(tmp_path, FLOW))
    first, second = (METHODS["operator"].start(setup) for _ in range(2))
    for _ in range(3):
        first.step()
    second.restore(first.state())
    while not second.step().done:
        pass
    np.testing.assert_array_equal(second.answer().basis, solution.answer.basis)
    np.testing.assert_array_equal(second.answer().C, solution.answer.C)
    third = METHODS["operator"].start(setup)
    third.restore(second.state())
    np.testing.assert_array_equal(third.answer().C, solution.answer.C)


SYMMETRIES = 'symmetries = ["translation", "galilean", "reflection"]\n'
LACKING = {
    "translation": ("u_t + u*u_x = u_xx/20", "u_t + u*u_x = cos(2*pi*x)*u_xx/20",
                    '"u_t + u*u_x = cos(2*pi*x)*u_xx/20" lacks translation: it is another in '
                    "another place. Remove it."),
    "galilean": ("u*u_x = u_xx/20", "u_x = u_xx/20 - u**3",
                 '"u_t + u_x = u_xx/20 - u**3" lacks galilean: seen in motion it is another. '
                 "Remove it."),
    "reflection": ("u*u_x = u_xx/20", "u*u_x = u_xx/20 + u_xxx/100",
                   '"u_t + u*u_x = u_xx/20 + u_xxx/100" lacks reflection: of the mirror image it '
                   "is another. Remove it."),
    "initial": ('u = "f"', 'u = "2*f"',
                'translation is taken of one equation on an interval whose input is the initial '
                'value, as u = "f". Remove it.'),
    "solver": ('solver = "fourier"', 'solver = "chebyshev"',
               'there are no classical solutions to learn from. Add [reference] solver = '
               '"fourier".'),
    "period": ('solver = "fourier"', 'solver = "fourier"\nperiod = [2.0]',
               "the reference of a family has no period of its own: its functions are those of the "
               "problem, and live on its domain. Remove it."),
    "features": ('[network]\nfeatures = "reference"\n', "",
                 'symmetries are made use of with [network] features = "reference" alone. '
                 "Remove them."),
    "trunk": ('features = "reference"', 'features = "reference"\ntrunk = [20]',
              "classical solutions leave nothing of it. Remove it, or features."),
}  # fmt: skip


@pytest.mark.parametrize("name", LACKING)
def test_what_an_equation_lacks_is_refused_with_place_and_remedy(tmp_path, name):
    old, new, message = LACKING[name]
    assert FLOW.count(old) == 1
    text = FLOW.replace(old, new)
    with pytest.raises(ProblemError) as caught:
        check(written(tmp_path, text))
    assert message in str(caught.value)
