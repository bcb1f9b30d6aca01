"""One network of position and input: right where layers move, the same again, refused."""

import numpy as np
import pytest

import pinnsolve
from pinnsolve import solve
from pinnsolve.errors import ProblemError
from pinnsolve.methods.evaluation import evaluate, read_functions
from tests.posing import written

pytestmark = pytest.mark.usefixtures("no_pictures")

LAYER = """\
[domain]
shape = "interval"
bounds = [0.0, 1.0]
[nodes]
count = 400
refine = "0.2 + 1 - x"
[unknowns]
fields = ["u"]
[pde]
equations = ["-eps*u_xx + u_x = 1"]
[[boundary]]
on = "all"
condition = "u = 0"
[operator]
input = "eps"
held_out = 10
[operator.family]
kind = "uniform"
lower = 0.1
upper = 1.0
transform = "exp"
count = 100
[exact]
u = "x - (exp((x - 1)/eps) - exp(-1/eps))/(1 - exp(-1/eps))"
[solver]
method = "operator"
[network]
decoder = "joint"
hidden = [100]
[output]
test_points = 200
"""


@pytest.fixture(scope="module", name="solved")
def _solved(tmp_path_factory):
    folder, kept = tmp_path_factory.mktemp("joint"), []
    problem = written(folder, LAYER).replace({"output.checkpoint": 1e-9})
    solution = solve(problem, keep=kept.append)
    pinnsolve.write(solution, folder / "run")
    return solution, kept, folder


def test_layers_as_thick_as_a_number_come_out_right_and_errors_are_estimated(solved):
    held_out = solved[0].accuracy.held_out
    assert held_out.errors["u"].mean() < 1e-2  # of 100 features; more resolve more
    ratios = held_out.estimates["u"] / held_out.errors["u"]
    assert np.mean((ratios > 0.5) & (ratios < 2)) >= 0.8
    assert solved[0].verdict.word == "resolved"


def test_the_fields_of_one_problem_are_those_of_the_joint_network(solved):
    answer, x = solved[0].answer, np.linspace(0, 1, 7)[:, None]
    # heads are as large as 1e8 where features are nearly dependent, and so is what rounding leaves
    assert np.allclose(answer(x), answer.evaluated(answer.shown, x)[0], rtol=0, atol=1e-7)


def test_it_is_read_again_to_the_bit(solved):
    again, x = pinnsolve.load_solution(solved[2] / "run"), np.linspace(0, 1, 7)[:, None]
    eps = np.array([[0.1], [0.5]])
    assert np.array_equal(again(eps, x), solved[0](eps, x))


def test_work_that_is_taken_up_again_gives_the_same_to_the_bit(solved):
    solution, kept, _ = solved
    again, x = solve(solution.problem, state=kept[-2]), np.linspace(0, 1, 7)
    assert np.array_equal(again(x), solution(x))


def test_numbers_beyond_those_trained_with_are_warned_of_and_refined(solved):
    solution, _, folder = solved
    path = folder / "eps.csv"
    path.write_text("thin,usual\n0.05,0.4\n")
    own, names = read_functions(solution.problem, {"eps": path})
    x = np.linspace(0, 1, 41)[:, None]
    exact = [x[:, 0] - np.expm1(x[:, 0] / e) / np.expm1(1 / e) for e in (0.05, 0.4)]
    rough, fine = (evaluate(solution, own, names, x, refine=r) for r in (False, True))
    errors = [
        np.linalg.norm(found.values[..., 0] - exact, axis=1)
        / np.linalg.norm(exact - np.mean(exact, axis=1, keepdims=True), axis=1)
        for found in (rough, fine)
    ]
    assert rough.is_unlike.tolist() == [True, False]
    assert rough.estimates["u"][0] > errors[0][0] / 3
    assert np.all(errors[1] < 1e-3)
    assert np.all(fine.estimates["u"] < 1e-2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hidden", "trunk", ":29: a joint decoder has no functions of position alone. "
         "Write hidden = [1000]."),
        ('decoder = "joint"', "", 'a family has no hidden layers, unless its decoder is "joint". '
         "Write trunk = [1000]"),
        ("hidden", 'embedding = "fourier"\nhidden', ":28: a joint network takes no embedding and "
         "no symmetry. Remove these."),
        ('on = "all"\ncondition = "u = 0"', 'on = ["left", "right"]\nperiodic = true\nhard = true',
         ":14: a joint network is not periodic by itself, but told of joined sides as of all else. "
         "Leave out hard."),
        ("held_out", "functions = 3\nheld_out",
         ':16: functions is read by steps of "adam" alone, and there are none. Remove it.'),
    ],
)  # fmt: skip
def test_what_is_no_joint_network_is_refused(tmp_path, old, new, message):
    with pytest.raises(ProblemError) as caught:
        written(tmp_path, LAYER.replace(old, new))
    assert message in str(caught.value)
