"""Exported solutions: they need nothing of the package, and give the values of the run."""

import json
import sys

import numpy as np
import pytest
import torch

from pinnsolve import solve
from pinnsolve.errors import ProblemError
from pinnsolve.methods.export import AGREES, export
from tests.methods.test_operator import BEAM
from tests.posing import written

pytestmark = pytest.mark.usefixtures("no_pictures")

HARD = """\
[domain]
shape = "disk"
center = [0.0, 0.0]
radius = 1.0
[nodes]
count = 100
[unknowns]
fields = ["u"]
[pde]
equations = ["laplace(u) = sin(x)"]
[[boundary]]
on = "all"
condition = "u = x*y"
hard = true
[solver]
method = "pinn"
[network]
hidden = [12, 20]
"""
NUMBER = BEAM.replace(
    'kind = "coefficients"\nbasis = "sin(r*pi*x)"\nindices = { r = [1, 3] }\n',
    'kind = "uniform"\nlower = 0.5\nupper = 2.0\ntransform = "exp"\n',
).replace('[exact]\nu = "sin(r*pi*x)/(r*pi)**2"', '[exact]\nu = "q*x*(1 - x)/2"')
RUNS = {
    "a network": HARD,
    "products": BEAM,
    "a nonlinear family": BEAM.replace("-u_xx = q", "-u_xx + u**3 = q"),
    "a joint network": NUMBER.replace("trunk = [30]", 'decoder = "joint"\nhidden = [40]'),
    "layers": BEAM.replace("trunk = [30]", "trunk = [30]\nbranch = [8]"),
}


@pytest.mark.parametrize("name", RUNS)
def test_what_is_exported_gives_the_same(tmp_path, name):
    solution = solve(written(tmp_path, RUNS[name]))
    path = tmp_path / "made" / "u.pt2"
    assert export(solution, path, "torch") <= 10 * AGREES  # where terms are larger than sums
    extra = {"pinnsolve.json": ""}
    program = torch.export.load(path, extra_files=extra).module()
    told, problem = json.loads(extra["pinnsolve.json"]), solution.problem
    assert told["fields"] == list(problem.fields)
    rng = np.random.default_rng(0)
    x = 0.1 + 0.5 * rng.random((7, len(told["coordinates"])))
    if problem.family is None:
        found, expected = program(torch.as_tensor(x)), solution.answer(x)
    else:
        (sensors,) = told["sensors"].values()
        values = 1 + rng.random((3, len(sensors)))
        found, expected = program(*map(torch.as_tensor, (values, x))), solution(values, x)
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", ["a network", "products"])
def test_a_file_of_onnx_gives_the_same_for_any_number_of_functions_and_points(tmp_path, name):
    for module in ("onnx", "onnxscript"):
        pytest.importorskip(module)
    runtime = pytest.importorskip("onnxruntime")
    solution = solve(written(tmp_path, RUNS[name]))
    path = tmp_path / "u.onnx"
    assert export(solution, path, "onnx") <= 10 * AGREES
    session = runtime.InferenceSession(path)
    metadata = session.get_modelmeta().custom_metadata_map
    told = {key: json.loads(value) for key, value in metadata.items()}
    rng = np.random.default_rng(0)
    x = 0.1 + 0.5 * rng.random((7, len(told["coordinates"])))
    if solution.problem.family is None:
        given, expected = [x], solution.answer(x)
    else:
        values = 1 + rng.random((3, len(told["sensors"]["q"])))
        given, expected = [values, x], solution(values, x)
    names = [own.name for own in session.get_inputs()]
    (found,) = session.run(None, dict(zip(names, given, strict=True)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)


def test_without_onnx_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    solution = solve(written(tmp_path, BEAM))
    with pytest.raises(ProblemError) as caught:
        export(solution, tmp_path / "u.onnx", "onnx")
    assert str(caught.value) == (
        "ONNX is written and checked with onnx, which is not installed. "
        'Install it: pip install "pinnsolve[export]". Or choose --format torch.'
    )


def test_a_solution_without_a_network_is_not_exported(tmp_path):
    direct = HARD.replace('"pinn"', '"rbf-fd"').replace("hard = true\n", "")
    solution = solve(written(tmp_path, direct.partition("[network]")[0]))
    with pytest.raises(ProblemError, match="the run has no network of coordinates and functions"):
        export(solution, tmp_path / "u.pt2", "torch")
