import h5py
import numpy as np
import pytest

from pinnsolve.errors import FileError
from pinnsolve.output.vtk import vtkhdf
from pinnsolve.output.vtk.grid import grid
from pinnsolve.storage.solutions import read_solution


@pytest.fixture
def made(case):
    return case()


@pytest.fixture
def path(made, tmp_path):
    path = tmp_path / "solution.hdf"
    vtkhdf.write(path, made.solution, grid(made.solution, made.domain))
    return path


def test_what_is_written_is_read(path, made):
    stored, nodes = read_solution(path), made.solution.sample.nodes
    state = made.solution.answer.state()
    assert stored.answer.keys() == state.keys()
    for name, weight in state.items():
        np.testing.assert_array_equal(stored.answer[name], weight)
        assert stored.answer[name].dtype == weight.dtype
    np.testing.assert_array_equal(stored.nodes["x"], nodes.x)
    assert (stored.nodes["spacing"], stored.nodes["n_interior"]) == (
        nodes.spacing,
        nodes.n_interior,
    )
    assert stored.pieces == nodes.pieces
    assert stored.history == made.solution.course.history


def test_plain_values_of_a_state_are_kept(path):
    with h5py.File(path, "a") as file:
        file["answer"].attrs.update(order=4, scale=0.1, kind="nodal")
    found = read_solution(path).answer
    assert (found["order"], found["scale"], found["kind"]) == (4, 0.1, "nodal")


def test_a_missing_file_is_said_in_words(tmp_path):
    with pytest.raises(FileError) as caught:
        read_solution(tmp_path / "solution.hdf")
    assert str(caught.value) == f"no solution {tmp_path / 'solution.hdf'}: there is no such file."


@pytest.mark.parametrize("part", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused(path, part):
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(FileError, match="not an HDF5 file, or a broken one"):
        read_solution(path)


def test_a_flipped_bit_in_the_weights_is_noticed(path, made):
    content = bytearray(path.read_bytes())
    place = content.index(made.solution.answer.state()["head.weight"].tobytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileError, match="the solution is incomplete or broken"):
        read_solution(path)


def test_a_foreign_file_is_refused(path):
    path.write_bytes(b"\x80\x04K\x01.")  # a pickle
    with pytest.raises(FileError, match="not an HDF5 file"):
        read_solution(path)
    with h5py.File(path, "w") as file:
        file["network/weight"] = np.zeros(3)
    with pytest.raises(FileError, match="there is no answer"):
        read_solution(path)


def test_an_array_of_text_is_no_weight(path):
    with h5py.File(path, "a") as file:
        file["answer/head"] = "import os"
    with pytest.raises(FileError, match="head is not an array of real numbers"):
        read_solution(path)
