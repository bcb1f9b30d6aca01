"""Tables and node sets in HDF5 files of others."""

import h5py
import numpy as np
import pytest

from pinnsolve.errors import FileError
from pinnsolve.problem.data_files import dimension, read_columns


@pytest.fixture
def path(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["q"] = [1.0, 2.0]
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x"] = [0.0, 1.0]
        file["u"] = [3, 4]
        file["note"] = "not a column"
        file["q"] = h5py.ExternalLink("secret.h5", "/q")
        file.create_dataset("huge", (2**45,), "f8", chunks=(1024,))
    return tmp_path / "data.h5"


def test_columns_are_read_whatever_lies_beside_them(path):
    x, u = read_columns(path, ("x", "u"))
    np.testing.assert_array_equal(x, [0, 1])
    np.testing.assert_array_equal(u, [3, 4])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("q", "the table of numbers is incomplete or broken (q is a link to somewhere else)."),
        ("huge", "the table of numbers is incomplete or broken (huge takes 2.62e+05 GiB, but"),
        (
            "note",
            "the table of numbers is incomplete or broken (note is not an array of real numbers).",
        ),
        ("xx", 'has no column "xx". Did you mean "x"? Known: huge, note, q, u, x.'),
    ],
)
def test_what_is_no_column_is_refused(path, name, message):
    with pytest.raises(FileError) as caught:
        read_columns(path, ("x", name))
    assert str(caught.value).startswith(f"{path}: {message}")


def test_the_dimension_of_a_node_set_is_read_without_its_nodes(path):
    with h5py.File(path.with_name("nodes.h5"), "w") as file:
        file.create_dataset("x", (2**40, 3), "f8", chunks=(1024, 3))
    assert dimension(path.with_name("nodes.h5")) == 3
    with pytest.raises(FileError, match=r"data\.h5: holds no points"):
        dimension(path)


def test_a_file_that_is_no_hdf5_is_told(tmp_path):
    (tmp_path / "data.h5").write_text("x,u\n0,1\n")
    with pytest.raises(FileError, match=r"data\.h5: not an HDF5 file, or a broken one"):
        read_columns(tmp_path / "data.h5", ("x", "u"))
