"""Unknown functions in a file: what is read, and what is refused."""

import pytest

from pinnsolve import load
from pinnsolve.checks.preflight import check
from pinnsolve.errors import ProblemError

TEXT = """\
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = 60
[unknowns]
fields = ["u"]
functions = {{ {functions} }}
[pde]
equations = ["{equation}"]
[[boundary]]
on = "left"
condition = "{condition}"
[[data]]
from = "exact"
fields = ["u"]
count = 50
[exact]
u = "x*(2 + y)"
k = "1 + x"
[solver]
method = "pinn"
[network]
features = "waves"
"""


def problem(tmp_path, functions='k = { of = ["x"] }', equation="div(k*grad(u)) = 2 + y", **more):
    path = tmp_path / "file.toml"
    stated = {"functions": functions, "equation": equation, "condition": "k = 1", **more}
    path.write_text(TEXT.format(**stated))
    return load(path)


def test_a_function_is_a_field_without_derivatives_along_what_it_is_constant_in(tmp_path):
    read = problem(tmp_path)
    assert read.fields == ("u", "k")
    (equation,) = read.equations
    alphas = {a for term in equation.terms if term.field == 1 for a, _ in term.op.terms}
    assert alphas == {(0, 0), (1, 0)}


def test_by_default_a_function_is_one_of_all_of_space(tmp_path):
    (equation,) = problem(tmp_path, "k = {}").equations
    alphas = {a for term in equation.terms if term.field == 1 for a, _ in term.op.terms}
    assert alphas == {(0, 0), (1, 0), (0, 1)}


def test_values_of_a_function_with_bounds_stay_linear_conditions(tmp_path):
    read = problem(tmp_path, 'k = { of = ["x"], lower = 0 }')
    assert read.boundary[0].equation.is_linear
    assert not read.equations[0].is_linear
    assert read.solved.exact[1].expression != read.exact[1].expression


def test_a_check_says_what_data_can_tell_of_a_function(tmp_path):
    report = check(problem(tmp_path))
    assert report.figures["functions"] == [
        "k(x) from 50 rows and conditions on it, as smooth as these tell"
    ]


@pytest.mark.parametrize("functions", ["k = {}", "k = { lower = 0 }"])
def test_a_function_that_may_have_any_multiple_is_refused(tmp_path, functions):
    read = problem(tmp_path, functions, "div(k*grad(u)) = 0", condition="u = 0")
    with pytest.raises(ProblemError) as caught:
        check(read)
    assert (
        "each term of the equations holds k, so that any multiple of it satisfies them: data tell "
        "it up to a factor only. Give k on a piece of the boundary or at a point, or observe a "
        "flux."
    ) in str(caught.value)
    assert len(caught.value.faults) == 1  # once, whatever the bounds


def test_a_function_that_stands_nowhere_is_refused(tmp_path):
    with pytest.raises(ProblemError) as caught:
        problem(tmp_path, equation="laplace(u) = 0", condition="u = 0")
    assert str(caught.value).replace(f"{tmp_path}/", "") == (
        'file.toml:9: the unknown function "k" is in no equation and no condition. Use it, or '
        "remove it.\n"
        '   9 | functions = { k = { of = ["x"] } }\n'
        "     |               ^"
    )
