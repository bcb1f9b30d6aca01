import json
import tomllib

import h5py
import numpy as np
import pytest

from pinnsolve.output.vtk import vtkhdf
from pinnsolve.output.vtk.grid import grid
from pinnsolve.storage.solutions import read_solution
from tests.flows import flow
from tests.solutions import SHAPES


@pytest.fixture
def written(case, tmp_path):
    def write(*arguments, **changes):
        made = case(*arguments, **changes)
        vtkhdf.write(tmp_path / "solution.hdf", made.solution, grid(made.solution, made.domain))
        return made.solution, tmp_path / "solution.hdf"

    return write


def test_the_grid_follows_the_format_that_paraview_5_11_reads(written):
    solution, path = written()
    with h5py.File(path) as file:
        group = file["VTKHDF"]
        assert list(group.attrs["Version"]) == [1, 0]
        assert group.attrs["Type"] == b"UnstructuredGrid"
        assert group.attrs.get_id("Type").dtype.kind == "S"  # of fixed length
        n = solution.sample.nodes.rows.stop
        assert group["NumberOfPoints"][()] == [n]
        assert group["Points"].shape == (n, 3)
        cells = group["NumberOfCells"][0]
        assert group["Offsets"].shape == (cells + 1,)
        assert group["NumberOfConnectivityIds"][0] == len(group["Connectivity"]) == 3 * cells
        assert set(group["Types"][()]) == {5}


def test_errors_baseline_and_boundary_come_with_the_fields(written):
    solution, path = written()
    x = solution.sample.nodes.x[solution.sample.nodes.rows]
    with h5py.File(path) as file:
        data = file["VTKHDF/PointData"]
        of_field = ("{}", "exact_{}", "error_{}", "{}_rbf_fd", "difference_{}")
        assert set(data) == {"boundary", *(name.format(u) for u in "uv" for name in of_field)}
        np.testing.assert_array_equal(data["v"], solution.sample.values[:, 1])
        np.testing.assert_allclose(data["exact_u"], 2 + np.sin(x[:, 0]), rtol=1e-14)
        np.testing.assert_allclose(data["u"][()] - data["error_u"], data["exact_u"], rtol=1e-14)
        np.testing.assert_array_equal(data["u"][()] - data["u_rbf_fd"], data["difference_u"])
        assert (data["boundary"][solution.sample.nodes.interior] == -1).all()
        assert (data["boundary"][solution.sample.nodes.boundary] == 0).all()


def test_nothing_is_made_up_where_nothing_is_known(written):
    _, path = written(has_exact=False, errors=None, baseline=None, history=())
    with h5py.File(path) as file:
        assert set(file["VTKHDF/PointData"]) == {"u", "v", "boundary"}
        assert len(file["history/loss"]) == 0


def test_the_file_tells_where_the_solution_comes_from(written):
    solution, path = written()
    with h5py.File(path) as file:
        problem = tomllib.loads(file["provenance/problem"][()].decode())
        assert problem["constants"]["nu"] == 0.5
        assert json.loads(file["provenance/metrics"][()])["method"] == "dt-pinn"
        assert json.loads(file["provenance/versions"][()]) == solution.provenance.versions
        nodes = file["nodes"]
        np.testing.assert_array_equal(nodes["x"], solution.sample.nodes.x)  # with ghosts
        np.testing.assert_array_equal(nodes["normals"], solution.sample.nodes.normals)
        assert list(nodes["pieces"].asstr()) == ["surface"]
        assert nodes.attrs["spacing"] == solution.sample.nodes.spacing
        assert list(file["history/phase"].asstr()) == ["head", "head", "gauss-newton"]
        np.testing.assert_array_equal(file["history/loss"], [1e2, 1e-3, 1e-12])


def test_training_can_go_on_from_the_solution(written):
    solution, path = written()
    stored, weights = read_solution(path), solution.answer.state()["head.weight"]
    np.testing.assert_array_equal(stored.answer["head.weight"], weights)
    assert stored.problem == solution.problem.to_toml()
    assert stored.history == solution.course.history


def test_a_solution_in_time_shares_its_cells_and_keeps_its_network(case_in_time, tmp_path):
    made = case_in_time(levels=3)
    solution, path = made.solution, tmp_path / "solution.hdf"
    vtkhdf.write(path, solution, grid(solution, made.domain))
    n = solution.sample.nodes.rows.stop
    with h5py.File(path) as file:
        group = file["VTKHDF"]
        assert list(group.attrs["Version"]) == [2, 0]
        assert group["Points"].shape == (n, 3)  # once
        assert group["PointData/u"].shape == (3 * n,)
        assert group["PointData/boundary"].shape == (n,)  # does not change
        np.testing.assert_array_equal(group["Steps/Values"], solution.sample.times)
        np.testing.assert_array_equal(group["Steps/PointDataOffsets/u"], [0, n, 2 * n])
        np.testing.assert_array_equal(group["Steps/PointDataOffsets/boundary"], 0)
        u = group["PointData/u"][()].reshape(3, n)
        np.testing.assert_array_equal(u, solution.sample.values[:, :, 0])
        np.testing.assert_array_equal(file["nodes/x"], solution.sample.nodes.x)
    weights = solution.answer.state()["head.weight"]
    np.testing.assert_array_equal(read_solution(path).answer["head.weight"], weights)


def test_the_velocity_of_a_flow_is_a_vector(tmp_path):
    made = flow(tmp_path, SHAPES["annulus"], {"u": "y", "v": "-x", "p": "(x^2 + y^2)/2"})
    vtkhdf.write(tmp_path / "solution.hdf", made.solution, grid(made.solution, made.domain))
    with h5py.File(tmp_path / "solution.hdf") as file:
        velocity = file["VTKHDF/PointData/velocity"][()]
        np.testing.assert_array_equal(velocity[:, :2], made.solution.sample.values[:, :2])
        np.testing.assert_array_equal(velocity[:, 2], 0)
