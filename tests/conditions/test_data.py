"""Observations: from files and known solutions to rows of a residual."""

import numpy as np
import pytest

from pinnsolve.conditions.data import data_conditions, data_weights
from pinnsolve.errors import ProblemError
from pinnsolve.setup import Setup
from tests.posing import written

TEXT = """\
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 2]
time = [0, 1]
[nodes]
count = 60
[unknowns]
fields = ["u", "v"]
[unknowns.parameters]
k = { initial = 1 }
[pde]
definitions = { w = "d(u, x) + v" }
equations = ["u_t = k*laplace(u)", "v_t = laplace(v)"]
[exact]
u = "x^2*t"
v = "y*t"
[solver]
method = "pinn"
"""


def observed(tmp_path, data, overrides=None):
    problem = written(tmp_path, f"{TEXT}[[data]]\n{data}\n", overrides)
    setup = Setup(problem)
    return problem, setup, setup.observed


def test_expressions_and_definitions_are_observed_like_fields(tmp_path):
    fields = 'from = "exact"\nfields = ["u", "u + v", "w", "v_y/2"]\ncount = 50'
    problem, _, seen = observed(tmp_path, fields)
    x, y, t = seen[0].x.T
    exact = [x**2 * t, x**2 * t + y * t, 2 * x * t + y * t, t / 2]
    for own, values in zip(seen, exact, strict=True):
        np.testing.assert_allclose(own.values, values, atol=1e-14)
    assert [own.name for own in seen] == ["data u", "data u + v", "data w", "data v_y/2"]
    # of the fields that they were made of nothing is left
    rows, conditions = data_conditions(problem, seen, 7)
    assert len(rows) == 200
    assert conditions[0].rows[0] == 7
    for condition in conditions:
        residual = condition.residual
        jet = {term: reference(term, rows[condition.rows - 7]) for term in residual.terms}
        np.testing.assert_allclose(residual(jet), 0, atol=1e-14)


def reference(term, x):
    """Return a term of u = x^2 t, v = y t."""
    x, y, t = x.T
    values = {
        (0, (0, 0, 0)): x**2 * t,
        (0, (1, 0, 0)): 2 * x * t,
        (1, (0, 0, 0)): y * t,
        (1, (0, 1, 0)): t,
    }
    return sum(c * values[term.field, alpha] for alpha, c in term.op.terms)


def test_points_lie_inside_or_where_they_are_asked_for(tmp_path):
    made = 'from = "exact"\nfields = ["u"]\ncount = 40\n'
    *_, (own,) = observed(tmp_path, made + "at = { t = 0.25 }")
    assert np.all(own.x[:, 2] == 0.25)
    *_, (own,) = observed(tmp_path, made + 'on = ["left", "top"]')
    on_left, on_top = own.x[:, 0] < 1e-12, own.x[:, 1] > 2 - 1e-12
    assert np.all(on_left | on_top)
    assert on_left.any()
    assert on_top.any()
    assert np.ptp(own.x[:, 2]) > 0.9
    *_, (own,) = observed(tmp_path, made + "at = { x = 0.5, y = 0.5, t = 0 }")
    assert np.ptp(own.x, axis=0).max() == 0


def test_noise_is_relative_to_what_the_values_vary_and_belongs_to_its_seed(tmp_path):
    made = 'from = "exact"\nfields = ["u"]\ncount = 4000\n'
    *_, (clean,) = observed(tmp_path, made)
    *_, (noisy,) = observed(tmp_path, made + "noise = 0.1")
    *_, (again,) = observed(tmp_path, made, {"data.0.noise": 0.1})
    np.testing.assert_array_equal(noisy.values, again.values)
    error = noisy.values - clean.values
    # of 4000 numbers the standard deviation is known to 1/sqrt(8000)
    assert np.std(error) == pytest.approx(0.1 * np.std(clean.values), rel=5 / np.sqrt(8000))


def test_rows_weigh_as_their_errors_and_as_one_condition_together(tmp_path):
    made = 'from = "exact"\nfields = ["u"]\ncount = 30\nsigma = 0.1\n[[data]]\n'
    made += 'from = "exact"\nfields = ["v"]\ncount = 50\nsigma = 0.4'
    *_, seen = observed(tmp_path, made)
    weights = data_weights(seen)
    assert weights[0] / weights[-1] == pytest.approx(4)
    spread = np.concatenate([np.full(len(own.values), own.spread) for own in seen])
    assert np.sum((weights * spread) ** 2) == pytest.approx(1)


def test_rows_of_a_file_are_chosen_by_instant_and_by_chance(tmp_path):
    t = np.repeat([0.0, 0.5, 1.0], 20)
    draw = np.random.default_rng(0)
    x, y = draw.random(60), draw.random(60)
    table = np.column_stack([x, y, t, x + t])
    np.savetxt(tmp_path / "a.csv", table, delimiter=",", header="px,y,t,temperature", comments="")
    names = 'file = "a.csv"\nfields = ["u"]\ncolumns = { x = "px", u = "temperature" }\n'
    *_, (own,) = observed(tmp_path, names)
    np.testing.assert_allclose(own.x, table[:, :3])
    np.testing.assert_allclose(own.values, x + t)
    *_, (own,) = observed(tmp_path, names + "at = { t = 0.5 }\ncount = 7")
    assert len(own.x) == 7
    assert np.all(own.x[:, 2] == 0.5)
    assert own.places[0].startswith(f"{tmp_path / 'a.csv'}:")


@pytest.mark.parametrize(
    ("content", "keys", "message"),
    [
        (
            "x,y,t,v\n0,0,0,0\n",
            "",
            'has no column "u". Known: t, v, x, y. Name the '
            'column that holds it: columns = { u = "…" }.',
        ),
        ("x,y,t,u\n0,0,0,0\n0.5,0.5,0.5,warm\n", "", 'a.csv:3: "warm" in the column "u" is not'),
        ("x,y,t,u\n0,0,0,nan\n", "", 'a.csv:2: "nan" in the column "u" is not a finite number.'),
        ("x,y,t,u\n0,0,0,1\n", "at = { t = 0.7 }", "has no row at t = 0.7."),
        ("x,y,t,u\n0,0,0,1\n", "count = 2", "has 1 rows, but count = 2 are asked for."),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line_and_with_the_problems(
    tmp_path, content, keys, message
):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(ProblemError) as caught:
        observed(tmp_path, f'file = "a.csv"\nfields = ["u"]\n{keys}')
    assert message in str(caught.value)
    assert 'file = "a.csv"' in str(caught.value)  # the line of the problem file
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('fields = ["u"]', "file and from are both missing in [[data]]."),
        ('from = "exact"\nfields = ["u"]', "data that are made need a number of points."),
        ('from = "exact"\nfields = ["q"]\ncount = 3', 'unknown name "q"'),
        ('from = "exact"\nfields = ["u = v"]\ncount = 3', "and this is an equation."),
        ('from = "exact"\nfields = ["u"]\ncount = 3\non = "lid"', "unknown piece of the boundary"),
        ('from = "exact"\nfields = ["u"]\ncount = 3\nat = { z = 1 }', '"z" is no coordinate.'),
        ('from = "exact"\nfields = ["k*u"]\ncount = 3', 'The true value of "k"'),
        ('from = "exact"\nfields = ["1/u"]\ncount = 3\nat = { t = 0 }', "is not finite"),
        ('from = "exact"\nfields = ["u"]\ncount = 3\nat = { x = 4 }', "outside of the domain"),
    ],
)
def test_what_cannot_be_observed_is_told(tmp_path, data, message):
    with pytest.raises(ProblemError) as caught:
        observed(tmp_path, data)
    assert message.lower() in str(caught.value).lower()
