"""Problems with unknown functions, from the file to what is written."""

import json

import numpy as np
import pytest

import pinnsolve
from pinnsolve.output.vtk.grid import bands
from pinnsolve.run import load_solution, write

# a bar whose ends are held, warmed from within; what is measured is its temperature
TEXT = """\
title = "A bar"
[domain]
shape = "interval"
bounds = [0, 1]
[nodes]
count = 14
[unknowns]
fields = ["u"]
functions = { k = { lower = 0 } }
[functions]
f = "manufactured"
[pde]
equations = ["-d(k*u_x, x) = f"]
[[boundary]]
on = "left"
condition = "k = 1"
[[data]]
from = "exact"
fields = ["u"]
count = 200
noise = 0.005
[exact]
u = "sin(pi*x) + 2*x"
k = "1 + x^2"
[solver]
method = "pinn"
[network]
features = "waves"
"""


@pytest.fixture(scope="module")
def solution(tmp_path_factory):
    path = tmp_path_factory.mktemp("function") / "bar.toml"
    path.write_text(TEXT)
    return pinnsolve.solve(path)


def test_a_function_is_found_with_its_band(solution):
    found = solution.functions["k"]
    assert found.of == ("x",)
    np.testing.assert_allclose(found.values, solution(found.x)[:, 1], rtol=1e-12)
    assert (found.low > 0).all()
    assert (found.low <= found.values).all()
    assert (found.values <= found.high).all()
    assert 0 < found.half_width < 0.1
    # the band is wider than twice the standard error of the noise, for it counts in the smoothing
    assert (found.high - found.low >= 2 * 1.95 * found.standard_error * (1 - 1e-3)).all()
    error = np.linalg.norm(found.values - found.truth) / np.linalg.norm(found.truth)
    assert error < found.half_width


def test_what_was_found_is_written_and_read_again(solution, tmp_path):
    write(solution, tmp_path / "run")
    figures = json.loads((tmp_path / "run" / "metrics.json").read_text())["unknown_functions"]["k"]
    found = solution.functions["k"]
    assert figures["of"] == ["x"]
    assert figures["half_width"] == found.half_width
    assert figures["share_in_band"] == found.held
    again = load_solution(tmp_path / "run").functions["k"]
    np.testing.assert_array_equal(again.low, found.low)
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Functions found" in page
    assert "no standard error tells" in page
    assert {"k_standard_error", "k_lower", "k_upper"} == set(bands(solution))
