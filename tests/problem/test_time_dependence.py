import numpy as np
import pytest

from pinnsolve.errors import ProblemError
from tests.posing import INTERVAL, SQUARE, pose

IN_TIME = "\ntime = [0, 2]"
HEAT = {
    "domain": SQUARE + IN_TIME,
    "on": [("all", "u = 0")],
}


def test_a_problem_in_time_has_levels_and_initial_values(tmp_path):
    problem = pose(tmp_path, "u_t = laplace(u)", more='[initial]\nu = "x*y"', **HEAT)
    assert problem.time == (0.0, 2.0)
    assert problem.coordinates == ("x", "y")
    np.testing.assert_allclose(problem.times, np.linspace(0, 2, 25))
    assert problem.time_order == 1
    np.testing.assert_allclose(problem.initial[0][0](np.array([[2.0, 3.0]])), [6.0])


def test_a_steady_problem_has_none(tmp_path):
    problem = pose(tmp_path, "laplace(u) = 1", on=[("all", "u = 0")])
    assert problem.time is None
    assert problem.times is None
    assert problem.time_order == 0
    assert problem.initial == ()


def test_each_field_needs_as_many_values_as_it_has_orders_in_time(tmp_path):
    more = '[initial]\nu = "x"\nu_t = "y"\nv = "1"'
    problem = pose(
        tmp_path,
        "u_tt = laplace(u) + p",
        "v_t = laplace(v)",
        "laplace(p) = u",
        domain=SQUARE + IN_TIME,
        on=[("all", "u = 0"), ("all", "v = 0"), ("all", "p = 0")],
        more=more,
    )
    assert [len(values) for values in problem.initial] == [2, 1, 0]
    assert problem.time_order == 2


def test_manufactured_initial_values_are_those_of_the_exact_solution(tmp_path):
    more = """
[functions]
f = "manufactured"
g = "manufactured"
[initial]
u = "manufactured"
u_t = "manufactured"
[exact]
u = "x*exp(3*t)"
"""
    problem = pose(
        tmp_path,
        "u_tt = laplace(u) + f",
        domain=INTERVAL + "\ntime = [1, 2]",
        on=[("all", "u = g")],
        more=more,
    )
    x = np.array([[0.5]])
    value, slope = (function(x)[0] for function in problem.initial[0])
    assert value == pytest.approx(0.5 * np.exp(3))
    assert slope == pytest.approx(1.5 * np.exp(3))


def test_operators_in_space_leave_time_alone(tmp_path):
    problem = pose(tmp_path, "u_t = laplace(u) + x*t", more='[initial]\nu = "0"', **HEAT)
    terms = {term.op.terms for term in problem.equations[0].terms}
    assert terms == {(((0, 2, 0), 1.0), ((2, 0, 0), 1.0)), (((0, 0, 1), 1.0),)}


def test_derivatives_of_different_orders_in_time_are_different_terms(tmp_path):
    problem = pose(tmp_path, "u_t + u_x = laplace(u)", more='[initial]\nu = "0"', **HEAT)
    assert len(problem.equations[0].terms) == 3  # not u_t + u_x as one


@pytest.mark.parametrize(
    ("equation", "more", "said"),
    [
        ("laplace(u) = 1", "", "no equation holds a derivative in time, so that nothing evolves."),
        ("u_t = laplace(u)", "", 'the initial value of "u" is missing. Add u = "…" to [initial].'),
        (
            "u_t = laplace(u)",
            '[initial]\nu = "t"',
            'unknown name "t".',
        ),
        (
            "u_t = laplace(u)",
            '[initial]\nu = "0"\nu_t = "0"',
            '"u_t" in [initial] is no initial value of this problem.',
        ),
        (
            "u_tt = laplace(u)",
            '[initial]\nu = "0"',
            'the initial value of "u_t" is missing.',
        ),
        (
            "u_t = laplace(u)",
            '[initial]\nu = "manufactured"',
            '"u" is manufactured from the exact solution, but there is none.',
        ),
    ],
)
def test_what_is_wrong_with_initial_values_is_told(tmp_path, equation, more, said):
    with pytest.raises(ProblemError) as refusal:
        pose(tmp_path, equation, more=more, **HEAT)
    assert said in str(refusal.value)


def test_a_steady_problem_says_nothing_of_time(tmp_path):
    with pytest.raises(ProblemError, match="a steady problem has no initial value"):
        pose(tmp_path, "laplace(u) = 1", on=[("all", "u = 0")], more='[initial]\nu = "0"')
    problem = pose(tmp_path, "laplace(u) = 1", on=[("all", "u = 0")])
    with pytest.raises(ProblemError, match="a steady problem has no time levels"):
        problem.replace({"nodes.time_levels": 5})


def test_time_goes_forward(tmp_path):
    with pytest.raises(ProblemError, match=r"time must end after it begins, but is \[2, 1\]"):
        pose(
            tmp_path,
            "u_t = laplace(u)",
            domain=SQUARE + "\ntime = [2, 1]",
            on=[("all", "u = 0")],
            more='[initial]\nu = "0"',
        )


def test_a_coordinate_of_space_is_not_called_t(tmp_path):
    with pytest.raises(ProblemError, match='a problem in time has the coordinate "t" already'):
        pose(
            tmp_path,
            "u_t = u_xx",
            domain=INTERVAL + '\ntime = [0, 1]\ncoordinates = ["t"]',
            on=[("all", "u = 0")],
            more='[initial]\nu = "0"',
        )


def test_regions_and_refinement_do_not_move(tmp_path):
    with pytest.raises(ProblemError, match='unknown name "t"'):
        pose(
            tmp_path,
            "u_t = laplace(u)",
            domain=SQUARE + IN_TIME + '\npieces = [{ name = "part", where = "x < t" }]',
            on=[("all", "u = 0")],
            more='[initial]\nu = "0"',
        )
