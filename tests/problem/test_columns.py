"""Columns of observations, from files of every kind."""

import h5py
import meshio
import numpy as np
import pytest
from scipy.io import savemat

from pinnsolve.errors import FileError
from pinnsolve.problem.columns import has_column, read_columns

X, T = np.linspace(0, 1, 5), np.linspace(0, 2, 3)
U = X[:, None] + 10 * T


def points():
    """Return the rows that the grid stands for."""
    x, t = np.meshgrid(X, T, indexing="ij")
    return {"x": x.ravel(), "t": t.ravel(), "u": U.ravel()}


def store(path, arrays):
    if path.suffix == ".csv":
        table = np.column_stack(list(arrays.values()))
        np.savetxt(path, table, delimiter=",", header=",".join(arrays), comments="")
    elif path.suffix == ".npz":
        np.savez(path, **arrays)
    elif path.suffix == ".mat":
        savemat(path, arrays)
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file[name] = array
    else:
        x, t, u = arrays.values()
        where = np.column_stack([x, t, np.zeros_like(x)])
        meshio.Mesh(where, [("vertex", np.arange(len(x))[:, None])], {"u": u}).write(path)


@pytest.mark.parametrize("kind", ["csv", "npz", "mat", "h5", "vtu"])
def test_the_same_rows_come_out_of_every_kind_of_file(tmp_path, kind):
    path, rows = tmp_path / f"data.{kind}", points()
    store(path, rows)
    time = "y" if kind == "vtu" else "t"  # points of VTK have no time
    columns, places = read_columns(path, {"x": "x", "t": time}, {"u": "u"})
    assert list(columns) == ["x", "t", "u"]
    for name, values in columns.items():
        np.testing.assert_allclose(values, rows[name], rtol=1e-15)
    assert len(places) == len(rows["u"])
    assert str(path) in places[0]


@pytest.mark.parametrize("kind", ["npz", "mat"])
def test_values_on_a_grid_have_their_coordinates_along_its_axes(tmp_path, kind):
    path = tmp_path / f"data.{kind}"
    store(path, {"X": np.column_stack([X, -X]), "tt": T[:, None], "all": U[:, None, :]})
    wanted = {"x": "X[:,0]", "t": "tt"}
    columns, _ = read_columns(path, wanted, {"u": "all[:,0,:]"})
    for name, values in points().items():
        np.testing.assert_array_equal(columns[name], values)


def test_mat_files_of_hdf5_have_the_axes_of_matlab(tmp_path):
    path = tmp_path / "data.mat"
    with h5py.File(path, "w") as file:  # column by column, as MATLAB does
        file["u"], file["x"], file["t"] = U.T, X[None], T[None]
    columns, _ = read_columns(path, {"x": "x", "t": "t"}, {"u": "u"})
    np.testing.assert_array_equal(columns["u"], U.ravel())


def test_an_axis_that_could_be_two_is_no_guess(tmp_path):
    path = tmp_path / "data.npz"
    store(path, {"x": X, "t": X, "u": np.outer(X, X)})
    with pytest.raises(FileError, match="x could go along several axes"):
        read_columns(path, {"x": "x", "t": "t"}, {"u": "u"})


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X, "v": X}, 'has no array "u". Known: v, x.'),
        ({"x": X, "u": np.array([0, 1, np.nan, 3, 4])}, 'entry 2 of the column "u" is nan'),
        ({"x": X, "u": np.array(list("abcde"))}, '"u" is not an array of real numbers.'),
        ({"x": X, "u": T}, "x fits to no axis"),
    ],
)
def test_what_is_wrong_with_an_array_is_said_of_its_file(tmp_path, arrays, message):
    path = tmp_path / "data.npz"
    store(path, arrays)
    with pytest.raises(FileError) as caught:
        read_columns(path, {"x": "x"}, {"u": "u"})
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_no_code_in_an_array_is_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("code from a file was run",))

    path = tmp_path / "data.npz"
    np.savez(path, x=X, u=np.array([Trap()], dtype=object))
    with pytest.raises(FileError, match="not an NPZ file, or a broken one"):
        read_columns(path, {"x": "x"}, {"u": "u"})


@pytest.mark.parametrize("kind", ["npz", "mat", "h5", "vtu", "csv"])
def test_garbage_is_an_error_of_the_file(tmp_path, kind):
    path = tmp_path / f"data.{kind}"
    path.write_bytes(bytes(range(256)) * 4)
    with pytest.raises(FileError, match=str(path)):
        read_columns(path, {"x": "x"}, {"u": "u"})


def test_other_kinds_of_files_are_named(tmp_path):
    with pytest.raises(FileError, match=r"observations come as \.csv, \.npz, \.mat, \.h5, \.vtu"):
        read_columns(tmp_path / "data.xlsx", {"x": "x"}, {"u": "u"})


def test_a_file_tells_whether_it_has_a_column(tmp_path):
    for kind in ("csv", "npz"):
        path = tmp_path / f"data.{kind}"
        store(path, {"x": X, "u": X})
        assert has_column(path, "x")
        assert not has_column(path, "t")
