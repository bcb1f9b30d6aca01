"""Problems with unknown parameters, from the file to what is written."""

import json

import numpy as np
import pytest

from pinnsolve import load, solve
from pinnsolve.checks.preflight import check
from pinnsolve.cli.summary import summary
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain
from pinnsolve.methods.constants import bound_at, combination
from pinnsolve.output.report.findings import findings
from pinnsolve.output.report.report import html
from pinnsolve.output.vtk.grid import grid
from pinnsolve.problem.schema.unknowns import Parameter
from tests.posing import written

pytestmark = pytest.mark.usefixtures("no_pictures")

# over-determined by what is known inside: kappa = 0.05, speed = 1.5
TEXT = """\
title = "A plume"
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = 250
[functions]
f = "manufactured"
[unknowns]
fields = ["u"]
[unknowns.parameters]
kappa = { initial = -1, transform = "exp", true = 0.05 }
speed = { lower = 0, upper = 4, true = 1.5 }
[pde]
equations = ["kappa*laplace(u) - speed*u_x = f"]
[[pde.extra]]
equation = "u = sin(pi*x)*exp(y) + x"
points = 30
[[boundary]]
on = "all"
condition = "u = sin(pi*x)*exp(y) + x"
[exact]
u = "sin(pi*x)*exp(y) + x"
[solver]
method = "pinn"
[network]
hidden = [40, 160]
[output]
test_points = 500
"""


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    path = tmp_path_factory.mktemp("problem") / "plume.toml"
    path.write_text(TEXT)
    return load(path)


@pytest.fixture(scope="module")
def solution(problem):
    return solve(problem)


def test_parameters_are_found_with_the_field(solution):
    assert solution.outcome.status == "finished"
    found = solution.constants
    assert list(found) == ["kappa", "speed"]
    # the head is solved to rounding; what is left is what the features cannot say, some 1e-9
    assert found["kappa"].error < 1e-7
    assert found["speed"].error < 1e-6
    assert solution.accuracy.errors.relative_l2["u"] < 1e-7
    # what is left is no noise, but much like it: the true values lie within a few standard errors
    for constant in found.values():
        assert constant.is_determined
        assert constant.error < 5 * constant.standard_error
        assert (constant.misfit < 1e-8, constant.remark) == (True, "")
    assert found["kappa"].initial == pytest.approx(np.exp(-1))
    assert found["speed"].initial == 2.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("optimizer", "iterations", "within"), [("gauss-newton", 100, 1e-3), ("lbfgs", 400, 0.05)]
)
def test_every_optimiser_moves_them(problem, optimizer, iterations, within):
    phase = {"optimizer": optimizer, "iterations": iterations}
    settings = {"training": [phase], "network.hidden": [15, 15], "nodes.count": 150}
    found = solve(problem.replace(settings)).constants
    assert found["kappa"].error < within * 0.05
    assert found["speed"].error < within * 1.5


def test_metrics_and_summary_name_them(solution):
    metrics = json.loads(json.dumps(solution.metrics()["unknown_parameters"]))
    assert metrics["speed"].keys() == {
        *("initial", "found", "true", "error", "standard_error", "determined", "misfit", "remark")
    }
    assert metrics["speed"]["error"] == abs(metrics["speed"]["found"] - 1.5)
    lines = summary(solution, [])
    head = next(i for i, line in enumerate(lines) if line.startswith("parameter"))
    columns = ("parameter", "initial", "found", "standard error", "true", "error")
    assert lines[head].split() == " ".join(columns).split()
    assert lines[head + 1].startswith("kappa")
    assert lines[head + 2].startswith("speed")


def test_the_report_says_what_was_found_and_why_there_is_no_baseline(solution, problem):
    assert solution.accuracy.baseline is None
    said = " ".join(findings(solution))
    assert "Found kappa = 0.0" in said
    assert "no room for unknown parameters" in said
    domain = build_domain(problem)
    page = html(solution, grid(solution, domain), domain)
    assert "Parameters found" in page
    assert "unknown; the search begins at 2" in page


def test_check_names_them_among_the_unknowns(problem):
    report = check(problem)
    assert any(line.split() == ["unknowns", "u,", "kappa,", "speed"] for line in report.lines)
    assert report.figures["parameters"] == ["kappa", "speed"]


UNDETERMINED = """\
[domain]
shape = "interval"
bounds = [0, 1]
[nodes]
count = 60
[unknowns]
fields = ["u"]
[unknowns.parameters]
a = {{ initial = 0.5, lower = 0 }}
{other}[pde]
equations = ["{equation}"]
{extra}[[boundary]]
on = "all"
condition = "u = 0"
[solver]
method = "pinn"
[network]
hidden = [30]
"""
START = "a.initial = 0.5\na.lower = 0\n"
AT_THE_MIDDLE = '[[pde.extra]]\nequation = "u = {}"\nwhere = "x == 0.5"\n'
B = "b = { initial = 1, lower = 0 }\n"


def undetermined(folder, equation, other="", extra=""):
    return solve(written(folder, UNDETERMINED.format(equation=equation, other=other, extra=extra)))


def test_a_parameter_that_nothing_determines_is_not_called_found(tmp_path):
    # for every a there is a field: pi^2 sin(pi x) / a
    solution = undetermined(tmp_path, "-a*u_xx = pi**2*sin(pi*x)")
    a = solution.constants["a"]
    assert (a.is_determined, a.standard_error, a.found) == (False, None, pytest.approx(0.5))
    said = "a: not determined by the data; it has not moved. The search ended at 0.5."
    assert said in summary(solution, [])
    assert said in " ".join(findings(solution))
    assert solution.verdict.word == "not resolved"
    assert solution.verdict.reason == "equations and data do not determine a."
    row = next(line.split() for line in summary(solution, []) if line.startswith("a "))
    assert row == ["a", "0.5", "not", "determined", "–", "–", "–"]
    metrics = json.loads(json.dumps(solution.metrics()["unknown_parameters"]["a"]))
    assert metrics["determined"] is False


def test_of_a_product_the_relative_changes_are_known_together(tmp_path):
    # half of what a = b = 1 would give in the middle: a b = 2
    middle = AT_THE_MIDDLE.format(0.5)
    solution = undetermined(tmp_path, "-a*b*u_xx = pi**2*sin(pi*x)", B, middle)
    a, b = solution.constants.values()
    assert a.found * b.found == pytest.approx(2, rel=1e-6)
    assert (a.is_determined, b.is_determined) == (False, False)
    remark = "not determined by the data, which tell only 0.71 δa/a + 0.71 δb/b"
    assert (a.remark, b.remark) == (remark, remark)


@pytest.mark.parametrize(
    ("equation", "upper", "middle", "bound"),
    [
        # u = 4 x (1 - x) / a: the datum asks for a = 2
        ("-a*u_xx = 8", 1.0, 0.5, 1.0),
        # the less is lost, the higher the middle, which is 1 at a = 0
        ("-u_xx + a*u = 8", None, 1.5, 0.0),
    ],
)
def test_a_parameter_is_not_determined_where_its_bound_keeps_it_from_the_data(
    tmp_path, equation, upper, middle, bound
):
    other = "" if upper is None else f"a.upper = {upper}\n"
    text = UNDETERMINED.replace("a = {{ initial = 0.5, lower = 0 }}\n", START + other)
    extra = AT_THE_MIDDLE.format(middle)
    problem = written(tmp_path, text.format(equation=equation, other="", extra=extra))
    a = solve(problem).constants["a"]
    assert a.found == pytest.approx(bound, abs=0.01)
    assert a.is_determined is False
    assert a.remark.startswith("not determined by the data, which point beyond its bounds")
    assert a.misfit > 0.02  # what the bound has left of the datum


@pytest.mark.parametrize(
    ("value", "distance", "place"),
    [(0.0, 0.0, -1), (-1.0, 0.0, -1), (0.01, 0.0, 0), (0.01, 0.02, -1), (2.0, 0.0, 1)],
)
def test_a_value_is_at_a_bound_or_between(value, distance, place):
    assert bound_at(Parameter(initial=1, lower=0, upper=2), value, distance) == place


def test_combinations_are_written_as_relative_changes():
    assert combination(["a", "b", "c"], [0.8, 0.01, -0.6]) == "0.80 δa/a - 0.60 δc/c"


@pytest.mark.slow
def test_without_a_true_value_the_error_is_unknown(tmp_path):
    path = tmp_path / "plume.toml"
    text = TEXT.replace(", true = 1.5", "").replace(", true = 0.05", "")
    path.write_text(text.replace('f = "manufactured"', 'f = "0.05*sin(y)"'))
    solution = solve(load(path, {"nodes.count": 100, "network.hidden": [20]}))
    assert solution.metrics()["unknown_parameters"]["speed"]["error"] is None
    assert "–" in "\n".join(summary(solution, []))


def test_a_manufactured_function_needs_the_true_values(tmp_path):
    path = tmp_path / "plume.toml"
    path.write_text(TEXT.replace(", true = 1.5", ""))
    with pytest.raises(ProblemError, match='the true value of the parameter "speed" is not known'):
        load(path)
