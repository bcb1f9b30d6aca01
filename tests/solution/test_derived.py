"""Derived quantities: formulas of the fields that files, errors and reports have."""

import h5py
import numpy as np
import pytest

from pinnsolve import load_solution, solve, write
from pinnsolve.errors import ProblemError
from tests.posing import manufactured, pose

DERIVED = {"speed": "sqrt(u^2 + v^2)", "turn": "v_x - 2*u_y", "shifted": "u + x"}
QUICK = {"output.test_points": 300, "output.formats": ["hdf"], "output.derived": DERIVED}
FIELDS = {"u": "exp(x)*cos(y)", "v": "2 + sin(x + y)"}


@pytest.fixture
def problem(tmp_path):
    on = [("all", f"u = {FIELDS['u']}"), ("all", f"v = {FIELDS['v']}")]
    equations = ["laplace(u) = f", "laplace(v) = g"]
    posed = pose(tmp_path, *equations, on=on, more=manufactured("f", "g", **FIELDS), order=4)
    return posed.replace(QUICK)


def test_they_are_in_the_files_and_have_errors(problem, tmp_path):
    solution = solve(problem)
    write(solution, tmp_path / "run")
    x, y = solution.sample.x.T
    with h5py.File(tmp_path / "run" / "solution.hdf") as file:
        data = {name: np.array(file["VTKHDF/PointData"][name]) for name in (*DERIVED, "u", "v")}
    np.testing.assert_allclose(data["speed"], np.hypot(data["u"], data["v"]), rtol=1e-15)
    np.testing.assert_allclose(data["shifted"], data["u"] + x, rtol=1e-15)
    turn = np.cos(x + y) + 2 * np.exp(x) * np.sin(y)
    np.testing.assert_allclose(data["turn"], turn, atol=1e-2)
    errors = solution.metrics()["relative_l2"]
    assert list(errors) == ["u", "v", *DERIVED]
    assert 0 < errors["turn"] < 1e-2
    assert 0 < errors["speed"] < 1e-3
    # the verdict is on what was solved for
    assert solution.accuracy.errors.worst == max(errors["u"], errors["v"])


def test_their_errors_are_read_back(problem, tmp_path):
    solution = solve(problem)
    write(solution, tmp_path / "run")
    found = load_solution(tmp_path / "run")
    assert found.accuracy.errors.derived.relative_l2.keys() == DERIVED.keys()
    assert found.metrics()["relative_l2"] == solution.metrics()["relative_l2"]
    assert found.accuracy.errors.relative_l2.keys() == {"u", "v"}
    assert "speed" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("u", "u + v", '"u" means something else already.'),
        ("u_x", "u + v", '"u_x" means a derivative of u.'),
        ("pi", "u + v", '"pi" means the number π.'),
        ("sin", "u + v", '"sin" means something else already.'),
        ("2h", "u + v", '"2h" is not a name: names are made of letters, digits and _.'),
        ("h", "u = v", "a derived quantity is a formula, and not an equation."),
        ("h", "grad(u)", "a derived quantity is a number, and not a vector."),
        ("h", "u + w", 'unknown name "w".'),
    ],
)
def test_what_is_no_formula_of_the_fields_is_refused(problem, name, text, message):
    with pytest.raises(ProblemError) as refused:
        problem.replace({"output.derived": {name: text}})
    (fault,) = refused.value.faults
    assert fault.message == message
    assert fault.key == ("output", "derived", name)
