"""Solutions of a family for functions that someone brings: right, estimated, and warned of."""

import json
import re
from dataclasses import replace

import h5py
import numpy as np
import pytest

import pinnsolve
from pinnsolve import solve
from pinnsolve.cli.app import main
from pinnsolve.errors import FileError, PointsError
from pinnsolve.methods.evaluation import evaluate, read_functions
from tests.methods.test_operator import INITIAL
from tests.posing import written

pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.fixture(scope="module", name="run")
def _run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("family")
    solution = solve(written(folder, INITIAL))
    pinnsolve.write(solution, folder / "run")
    return folder / "run"


def csv(path, names, columns):
    np.savetxt(path, np.column_stack(columns), delimiter=",", header=",".join(names), comments="")
    return path


def functions(folder, length):
    """Write waves of a length, whose solutions are they themselves."""
    x = np.linspace(0, 1, 81)
    return csv(folder / "f.csv", ["x", "a", "b"], [x, np.sin(x / length) / 2, np.cos(x / length)])


def found(run, path, **how):
    solution = pinnsolve.load_solution(run)
    own, names = read_functions(solution.problem, {"f": path})
    x = np.linspace(0, 1, 41)[:, None]
    evaluated = evaluate(solution, own, names, x, **how)
    exact = own["f"].values(x)
    errors = np.linalg.norm(evaluated.values[..., 0] - exact, axis=1) / np.linalg.norm(
        exact - exact.mean(axis=1, keepdims=True), axis=1
    )
    return evaluated, errors


def test_functions_like_the_family_are_solved_and_not_warned_of(run, tmp_path):
    evaluated, errors = found(run, functions(tmp_path, 0.8))
    assert errors.max() < 1e-2
    assert not evaluated.is_unlike.any()
    assert evaluated.names == ("a", "b")


def test_others_are_warned_of_and_newtons_method_mends_them(run, tmp_path):
    path = functions(tmp_path, 0.12)
    (rough, before), (fine, after) = (found(run, path, refine=r) for r in (False, True))
    assert rough.is_unlike.all()
    assert np.all(after < before / 5)
    assert np.all(rough.estimates["u"] > before / 3)
    assert np.all(fine.estimates["u"] > after / 10)


def test_points_outside_of_the_domain_have_no_values(run, tmp_path):
    solution = pinnsolve.load_solution(run)
    own, names = read_functions(solution.problem, {"f": functions(tmp_path, 1.0)})
    values = evaluate(solution, own, names, np.array([[0.5], [1.5]])).values
    assert np.isfinite(values[:, 0]).all()
    assert np.isnan(values[:, 1]).all()


def test_the_command_writes_what_the_call_returns(run, tmp_path, capsys):
    path, at = functions(tmp_path, 0.8), csv(tmp_path / "at.csv", ["x"], [[0.25, 0.75]])
    out = tmp_path / "out"
    told = ["evaluate", str(run), "--input", str(path), "--at", str(at), "--out", str(out)]
    assert main([*told, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["functions"]
    assert [row["name"] for row in rows] == ["a", "b"]
    solution = pinnsolve.load_solution(run)
    sensors = solution.problem.family.inputs[0].family.sensors[:, 0]
    values = solution([np.sin(sensors / 0.8) / 2, np.cos(sensors / 0.8)], [0.25, 0.75])
    with h5py.File(out / "values.hdf") as file:
        stored = [file[f"VTKHDF/PointData/u_{name}"][:] for name in "ab"]
    assert np.allclose(values[..., 0], stored, atol=1e-6)
    assert (out / "functions.csv").read_text().splitlines()[1].startswith("a,")


def test_points_outside_and_inputs_that_are_none_are_told(run, tmp_path, capsys):
    at = csv(tmp_path / "at.csv", ["x"], [[0.25, 1.75]])
    told = ["evaluate", str(run), "--at", str(at), "--out", str(tmp_path / "out"), "--input"]
    main([*told, str(functions(tmp_path, 0.8))])
    assert "warning: 1 of 2 points lie outside of the domain." in capsys.readouterr().err
    assert main([*told, f"g={tmp_path}/f.csv"]) == 6
    assert (
        f'--input g={tmp_path}/f.csv: there is no input "g". Known: f.' in capsys.readouterr().err
    )


def test_functions_of_a_run_without_an_estimate_are_not_called_resolved(run, tmp_path):
    solution = pinnsolve.load_solution(run)
    unknown = replace(solution, accuracy=replace(solution.accuracy, estimate=None))
    own, names = read_functions(solution.problem, {"f": functions(tmp_path, 0.8)})
    evaluated = evaluate(unknown, own, names)
    assert np.isnan(evaluated.estimates["u"]).all()
    assert not evaluated.is_resolved.any()


@pytest.mark.parametrize(
    ("names", "x", "says"),
    [
        (["z", "a"], [0, 1], 'has no column "x"'),
        (["x", "a"], [0.2, 1], "x goes from 0.2 to 1, but the domain from 0 to 1."),
        (["x"], [0, 1], "has no functions, a column for each beside the coordinates."),
        (["x", "a"], [0, np.nan], "nan"),
    ],
)
def test_what_is_no_table_of_functions_is_refused(run, tmp_path, names, x, says):
    path = csv(tmp_path / "f.csv", names, [x] * len(names))
    problem = pinnsolve.load_solution(run).problem
    with pytest.raises(FileError, match=re.escape(says)):
        read_functions(problem, {"f": path})


def test_arrays_that_are_no_functions_are_refused(run):
    solution = pinnsolve.load_solution(run)
    with pytest.raises(PointsError, match=re.escape("f must be an array of shape (M, 50)")):
        solution(np.ones((2, 3)), [0.5])
