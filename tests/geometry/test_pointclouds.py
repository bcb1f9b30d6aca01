"""Node sets in files: what is written is read again, and what is broken is told."""

import re
from functools import cache

import h5py
import meshio
import numpy as np
import pytest

from pinnsolve.errors import FileError
from pinnsolve.geometry import solids
from pinnsolve.geometry.generation import generate, with_ghosts
from pinnsolve.geometry.pointclouds import read, write
from tests.geometry.domains import LINE, PLANE, SPACE

CASES = {
    "line": LINE["interval"],
    "plane": PLANE["plate with a hole"],
    "space": SPACE["box"],
    "above": solids.box([0] * 4, [1] * 4),
}
GOOD = "x,y,kind,nx,ny,piece\n0,0,interior,,,\n0.5,0,interior,,,\n1,0,boundary,1,0,rim\n"


@cache
def made(case, rings):
    return with_ghosts(generate(CASES[case], count=200), CASES[case], rings)


@pytest.mark.parametrize("suffix", [".h5", ".hdf5", ".csv"])
@pytest.mark.parametrize("rings", [0, 1, 2])
@pytest.mark.parametrize("case", CASES)
def test_nodes_survive_a_file(tmp_path, case, rings, suffix):
    nodes = made(case, rings)
    path = tmp_path / "folder" / f"nodes{suffix}"
    write(path, nodes)
    again = read(path)
    np.testing.assert_array_equal(again.x, nodes.x)
    np.testing.assert_array_equal(again.normals, nodes.normals)
    np.testing.assert_array_equal(again.tags, nodes.tags)
    assert (again.n_interior, again.pieces) == (nodes.n_interior, nodes.pieces)
    assert again.rings == rings
    assert again.spacing == pytest.approx(nodes.spacing, rel=1e-15 if suffix != ".csv" else 0.3)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_writing_replaces_a_file_as_a_whole(tmp_path, monkeypatch):
    path = tmp_path / "nodes.csv"
    write(path, generate(PLANE["disk"], count=100))
    before = path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(FileError, match="No space left on device"):
        write(path, generate(PLANE["disk"], count=200))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["nodes.csv"]


@pytest.mark.parametrize("suffix", [".vtk", ".vtu"])
def test_points_with_normals_are_read_from_vtk(tmp_path, suffix):
    nodes = generate(PLANE["plate with a hole"], count=200)
    normals, piece = np.zeros((len(nodes.x), 3)), np.zeros(len(nodes.x), dtype=int)
    normals[nodes.boundary, :2] = nodes.normals
    piece[nodes.boundary] = nodes.tags
    mesh = meshio.Mesh(
        np.column_stack([nodes.x, np.zeros(len(nodes.x))]),
        [("vertex", np.arange(len(nodes.x))[:, None])],
        point_data={"Normals": normals, "piece": piece},
    )
    path = tmp_path / f"nodes{suffix}"
    meshio.write(path, mesh)
    again = read(path)
    np.testing.assert_array_equal(again.x, nodes.x)
    np.testing.assert_array_equal(again.normals, nodes.normals)
    assert len(again.pieces) == len(nodes.pieces)
    names = np.array(again.pieces)[again.tags]
    assert set(names[nodes.tags == 1]) == {"piece1"}


def test_a_table_may_leave_the_piece_out(tmp_path):
    path = tmp_path / "nodes.csv"
    path.write_text("x,kind,nx\n0,boundary,-1\n0.5,interior,\n1,boundary,1\n")
    nodes = read(path)
    assert nodes.pieces == ("surface",)
    np.testing.assert_array_equal(nodes.x, [[0.5], [0], [1]])


def test_normals_of_few_digits_are_made_unit(tmp_path):
    path = tmp_path / "nodes.csv"
    path.write_text(GOOD.replace("1,0,rim", "0.6,0.8001,rim"))
    assert np.linalg.norm(read(path).normals) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": no values in it; it needs a line of names and a row per line."),
        ("a,b\n1,2\n", ": the header has the columns a, b, but must have x, kind, nx."),
        ("x,y\n1,2\n", ": the header has the columns x, y, but must have x, y, kind, nx, ny."),
        (GOOD + "1,2\n", ":5: has 2 values, but there are 6 names in the first line."),
        (GOOD.replace("boundary", "edge"), ':4: the kind is "edge", but must be one of interior, '),
        (GOOD.replace("0.5", "half"), ':3: "half" in the column "x" is not a finite number.'),
        (GOOD.replace("1,0,rim", "2,0,rim"), ": the normal of boundary node 0 has length 2;"),
        (
            GOOD + "0,0,interior,,,\n9,9,interior,,,\n8,8,interior,,,\n",
            ": nodes 0 and 2 are the same point (0, 0), one of 1 such pairs.",
        ),
        (GOOD.replace("0.5", "nan"), ':3: "nan" in the column "x" is not a finite number.'),
        (
            GOOD + "0,1,boundary,0,1,rim\n2,0,ghost,,,\n",
            ": 5 nodes cannot be 2 interior and 2 boundary nodes with no ghosts, or equally many",
        ),
    ],
)
def test_a_broken_table_is_told(tmp_path, text, message):
    path = tmp_path / "nodes.csv"
    path.write_text(text)
    with pytest.raises(FileError, match=re.escape(f"{path}{message}")):
        read(path)


@pytest.mark.parametrize("suffix", [".h5", ".csv", ".vtk", ".vtu"])
@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", b"\xff\xfe\x00rubbish\x00\n\n"])
def test_rubbish_is_told_with_the_file(tmp_path, suffix, content):
    path = tmp_path / f"nodes{suffix}"
    path.write_bytes(content)
    with pytest.raises(FileError, match=re.escape(str(path))):
        read(path)


@pytest.mark.parametrize("suffix", [".h5", ".csv", ".vtk", ".vtu"])
def test_a_missing_file_is_told(tmp_path, suffix):
    path = tmp_path / f"nodes{suffix}"
    with pytest.raises(FileError) as caught:
        read(path)
    assert str(caught.value) == f"cannot read {path}: there is no such file."


def test_an_unknown_suffix_is_told(tmp_path):
    with pytest.raises(FileError) as caught:
        read(tmp_path / "nodes.xyz")
    assert str(caught.value).endswith("nodes come as .csv, .h5, .hdf5, .vtk, .vtu.")
    with pytest.raises(FileError, match=r"nodes come as \.csv, \.h5, \.hdf5\."):
        write(tmp_path / "nodes.vtu", generate(PLANE["disk"], count=50))


def test_a_half_written_file_is_told(tmp_path):
    path = tmp_path / "nodes.h5"
    write(path, generate(PLANE["disk"], count=5000))
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(FileError, match="broken"):
        read(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.attrs.update(format="other"), "holds no node set"),
        (lambda f: f.attrs.update(version=2), "has version 2 of the layout; this version of"),
        (lambda f: f.pop("normals"), "the node set is incomplete or broken"),
        (lambda f: f.attrs.pop("spacing"), "the node set is incomplete or broken"),
        (lambda f: f.attrs.update(spacing=-1.0), "the spacing of nodes must be positive"),
        (lambda f: f["tags"].write_direct(np.full(31, 7)), "boundary node 0 has piece 7"),
    ],
)
def test_another_layout_is_told(tmp_path, change, message):
    path = tmp_path / "nodes.h5"
    nodes = generate(PLANE["disk"], count=100)
    write(path, nodes)
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(FileError, match=re.escape(str(path))) as caught:
        read(path)
    assert message in str(caught.value)
