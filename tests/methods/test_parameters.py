"""Problems with unknown parameters, from the file to what is written."""

import json

import numpy as np
import pytest

from pinnsolve import load, solve
from pinnsolve.checks.preflight import check
from pinnsolve.cli.summary import summary
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain
from pinnsolve.output.report.findings import findings
from pinnsolve.output.report.report import html
from pinnsolve.output.vtk.grid import grid

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
    assert metrics["speed"].keys() == {"initial", "found", "true", "error"}
    assert metrics["speed"]["error"] == abs(metrics["speed"]["found"] - 1.5)
    lines = summary(solution, [])
    head = next(i for i, line in enumerate(lines) if line.startswith("parameter"))
    assert lines[head].split() == ["parameter", "initial", "found", "true", "error"]
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
