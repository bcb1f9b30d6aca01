"""The discrete operator is judged on the nodes as they are, by `check` and by a solve alike."""

import pytest

from pinnsolve import check, solve
from pinnsolve.checks import memory, operator
from pinnsolve.errors import Fault, ProblemError
from pinnsolve.geometry.from_problem import node_set
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, SQUARE, pose

POISSON = "laplace(u) = 1"
WALLS = [("all", "u = 0")]
ENDS = [("left right", "u = 0")]
RESONANT = "laplace(u) + 2*pi**2*u = 1"  # an eigenvalue of the Laplacian on the square
SINGULAR = (
    "the discrete operator is nearly singular (condition about {}): about {} digits of its "
    "solution can be right, and fewer where the nodes err. A slightly different problem may have "
    "no solution, or many. Move the coefficients away from a resonance, or add a condition that "
    "tells its solutions apart."
)
UNSOLVED = (
    "no direct solution was found on the same nodes (no step reduces the residual). The problem "
    "may have none, or one that the nodes do not resolve; what else is found need not be near "
    "one. Take more nodes, or smaller coefficients to begin with."
)
QUICK = '[network]\nhidden = [5]\n[[training]]\noptimizer = "adam"\niterations = 1'


@pytest.fixture
def posed(tmp_path):
    """Return a problem."""
    return lambda *equations, **parts: pose(tmp_path, *equations, **parts)


def test_a_resonance_is_warned_of(posed):
    report = check(posed(RESONANT, on=WALLS, order=6, count=1500))
    assert report.figures["condition"] == pytest.approx(2e13, rel=0.5)
    assert report.warnings == (SINGULAR.format("2e+13", 2),)


def test_a_condition_far_beyond_what_is_usual_is_warned_of_though_digits_are_left(posed):
    """A smooth operator of order two on such nodes has (L/h)^2, a thousand."""
    report = check(posed(RESONANT, on=WALLS, order=4, count=1000))
    assert report.figures["condition"] < operator.LARGE
    assert report.warnings == (SINGULAR.format("7e+10", 4),)


@pytest.mark.parametrize(
    ("equation", "parts"),
    [
        (RESONANT, {"on": WALLS, "order": 4, "count": 1000}),
        ("u_t = u_xx", {"on": [("all", "u = 0.01")], "domain": f"{INTERVAL}\ntime = [0, 0.1]"}),
    ],
)
def test_a_solve_warns_of_what_check_warns_of(posed, equation, parts):
    in_time = '[initial]\nu = "sin(pi*x)**4"' if "u_t" in equation else ""
    problem = posed(
        equation, **{"count": "20\ntime_levels = 4", "order": 2, "more": in_time, **parts}
    )
    warnings = check(problem).warnings
    assert len(warnings) == 1
    solution = solve(problem)  # whose estimate may have more to say
    assert solution.outcome.warnings[: len(warnings)] == warnings
    assert solution.metrics()["warnings"] == list(solution.outcome.warnings)


@pytest.mark.parametrize("method", ["dt-pinn", "pinn"])
def test_a_direct_solution_that_is_not_found_is_warned_of(posed, method):
    """Bratu's problem has no solution beyond 3.5138 (Ascher, Mattheij & Russell, 1995)."""
    parts = {"on": ENDS, "domain": INTERVAL, "count": 40, "order": 4, "method": method}
    problem = posed("-u_xx = 3.6*exp(u)", more=QUICK, **parts)
    assert check(problem).warnings == (UNSOLVED,)
    assert solve(problem).outcome.warnings[0] == UNSOLVED
    below = posed("-u_xx = 3.4*exp(u)", more=QUICK, **parts)
    assert check(below).warnings == ()


def test_a_network_with_exact_derivatives_does_without_a_direct_solution(posed, capfd):
    parts = {"on": [("all", "u = 0"), ("all", "v = 0")], "count": 100, "order": 2}
    equations = "laplace(u) + v = 1", "2*laplace(u) + 2*v = 2"
    with pytest.raises(ProblemError, match="the discrete problem has no unique solution"):
        check(posed(*equations, **parts))
    problem = posed(*equations, method="pinn", more=QUICK, **parts)
    (warning,) = check(problem).warnings
    assert warning.startswith(
        "no direct solution was found on the same nodes (the discrete problem has no unique "
        "solution: its matrix of "
    )
    assert solve(problem).outcome.warnings[0] == warning
    assert capfd.readouterr() == ("", "")  # of the libraries that factorise


@pytest.mark.parametrize("equation", ["div(u*grad(u)) = 1", "laplace(u) = log(u)"])
def test_a_nonlinear_operator_is_judged_at_its_solution(posed, equation):
    """Where all fields are zero both are singular."""
    report = check(posed(equation, on=[("all", "u = 1")]))
    assert report.figures["condition"] < 1e3
    assert report.warnings == ()


def test_nonlinear_operators_that_are_too_large_to_solve_are_not_judged_at_zero(posed, monkeypatch):
    monkeypatch.setattr(operator, "NEWTON", 1000)
    report = check(posed("div(u*grad(u)) = 1", on=[("all", "u = 1")]))
    assert report.figures["condition"] is None
    assert "condition not estimated" in "\n".join(report.lines)


@pytest.mark.parametrize("is_short", [False, True])
def test_what_is_too_large_is_examined_on_fewer_nodes(posed, monkeypatch, is_short):
    """Be it by time or by memory."""
    if is_short:
        monkeypatch.setattr(memory, "memory", lambda: {"total": 16.0, "free": 0.1})
    else:
        monkeypatch.setitem(operator.QUICK, 2, 2500)
    report = check(posed(POISSON, on=WALLS, count=2500))
    assert report.figures["condition_nodes"] == 2000
    assert any(line.endswith("(on 2000 nodes)") for line in report.lines)


def test_where_fewer_nodes_are_too_few_all_are_examined(posed, monkeypatch):
    def only_all(problem, domain, count=None):
        if count is not None:
            raise problem.source.error(Fault(("nodes", "count"), "a piece has no node."))
        return node_set(problem, domain)

    monkeypatch.setattr(operator, "node_set", only_all)
    problem = posed(POISSON, on=WALLS, count=2500)
    setup = Setup(problem)
    assert operator.examined(setup, has_memory=False).nodes == 2500


def test_graded_nodes_are_examined_as_they_are(posed):
    graded = posed(POISSON, on=WALLS, count='1200\nrefine = "0.05 + x"', domain=SQUARE)
    even = posed(POISSON, on=WALLS, count=1200)
    assert check(graded).figures["condition_nodes"] == 1200
    assert check(graded).figures["condition"] > 1.5 * check(even).figures["condition"]
