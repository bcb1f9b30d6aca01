"""Files from outside are checked, not believed: whatever is wrong is told of the file, by name."""

import os
import socket

import h5py
import numpy as np
import pytest

from pinnsolve.errors import FileError, NodesError, PinnsolveError, ProblemError
from pinnsolve.geometry import build_domain, pointclouds
from pinnsolve.geometry.fit import must_fit
from pinnsolve.geometry.generation import generate
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.shapes import points
from pinnsolve.outside import content, must_be_ordinary
from pinnsolve.problem.data_files import Table, dimension
from pinnsolve.problem.text.source import read as read_problem
from tests import hostile, hostile_texts
from tests.posing import text_of
from tests.posing import written as posed

WHERE = np.array([[0.5, 0.5], [0.1, 0.2]])


def refused(work, *args):
    """Return the message of a refusal: of files or nodes, in characters that a terminal shows."""
    with pytest.raises(PinnsolveError) as caught:
        work(*args)
    assert caught.value.exit_code in (2, 6)
    message = str(caught.value)
    assert message.replace("\n", "").isprintable()
    assert message.endswith((".", "?")) or "\n" in message
    return message


def read_and_fit(path):
    must_fit(pointclouds.read(path), hostile.DISK)


def written(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parts(nodes=hostile.NODES):
    names = ("x", "n_interior", "normals", "tags", "pieces", "spacing")
    return {name: np.copy(v) if isinstance(v := getattr(nodes, name), np.ndarray) else v
            for name in names}  # fmt: skip


def test_the_files_that_are_made_worse_are_right(tmp_path):
    hostile.write_nodes(tmp_path / "nodes.h5")
    read_and_fit(tmp_path / "nodes.h5")
    must_fit(hostile.NODES, points(hostile.NODES))
    pointclouds.read(written(tmp_path / "nodes.csv", hostile_texts.CSV))
    pointclouds.read(written(tmp_path / "nodes.vtk", hostile_texts.vtk()))
    pointclouds.read(written(tmp_path / "nodes.vtu", hostile_texts.vtu()))
    for text in (
        hostile_texts.DATA,
        "\ufeff" + hostile_texts.DATA.replace("\n", "\r\n"),
        "#" + hostile_texts.DATA,
    ):
        table = Table(written(tmp_path / "data.csv", text), "f", ("x", "y"))
        np.testing.assert_allclose(table(np.array([[0.5, 0.25]])), [2.0], rtol=1e-14)


CHANGES = hostile.wrong_hdf5()


@pytest.mark.parametrize("case", CHANGES)
def test_a_node_set_in_hdf5_with_a_wrong_part_is_refused(case, tmp_path):
    change, word = CHANGES[case]
    hostile.write_nodes(tmp_path / "other.h5")
    hostile.write_nodes(tmp_path / "bad.h5")
    with h5py.File(tmp_path / "bad.h5", "a") as file:
        change(file)
    assert word in refused(read_and_fit, tmp_path / "bad.h5")


@pytest.mark.parametrize("case", hostile.CROOKED | hostile.ELSEWHERE)
def test_a_node_set_that_is_not_the_domains_is_refused(case):
    change, word = (hostile.CROOKED | hostile.ELSEWHERE)[case]
    changed = parts()
    change(changed)
    assert word in refused(lambda: must_fit(Nodes(**changed), hostile.DISK))


@pytest.mark.parametrize("case", hostile.CROOKED)
def test_a_node_set_that_contradicts_itself_is_refused_without_formulas(case):
    change, word = hostile.CROOKED[case]
    changed = parts()
    change(changed)

    def pose():
        nodes = Nodes(**changed)
        must_fit(nodes, points(nodes))

    assert word in refused(pose)


def test_a_piece_in_the_wrong_place_is_refused():
    nodes = generate(hostile.SQUARE, count=100)
    must_fit(nodes, hostile.SQUARE)
    changed = parts(nodes)
    left, right = nodes.pieces.index("left"), nodes.pieces.index("right")
    row = int(np.flatnonzero(nodes.tags == left)[2])
    changed["tags"][row] = right
    x = ", ".join(f"{c:.4g}" for c in nodes.x[nodes.boundary][row])
    with pytest.raises(NodesError) as caught:
        must_fit(Nodes(**changed), hostile.SQUARE)
    assert str(caught.value) == (
        f'boundary node {row} at ({x}) of the file has the piece "right", but lies on "left". '
        "Correct the piece."
    )


@pytest.mark.parametrize("case", hostile_texts.WRONG_CSV)
def test_a_node_set_in_a_table_with_a_fault_is_refused(case, tmp_path):
    text, word = hostile_texts.WRONG_CSV[case]
    message = refused(pointclouds.read, written(tmp_path / "nodes.csv", text))
    assert "nodes.csv" in message
    assert word in message


@pytest.mark.parametrize(
    ("suffix", "case"),
    [(suffix, case) for suffix, cases in hostile_texts.WRONG_MESHES.items() for case in cases],
)
def test_a_node_set_of_vtk_with_a_fault_is_refused(suffix, case, tmp_path, capfd):
    text, word = hostile_texts.WRONG_MESHES[suffix][case]
    path = written(tmp_path / f"nodes.{suffix}", text)
    message = refused(pointclouds.read, path)
    assert str(path) in message
    assert word in message
    assert capfd.readouterr() == ("", "")  # nothing of what the reader says


@pytest.mark.parametrize("case", hostile_texts.WRONG_DATA)
def test_a_table_of_values_with_a_fault_is_refused(case, tmp_path):
    text, word = hostile_texts.WRONG_DATA[case]
    table = Table(written(tmp_path / "data.csv", text), "f", ("x", "y"))
    message = refused(table, WHERE)
    assert "data.csv" in message
    assert word in message


@pytest.mark.parametrize("case", hostile.HDF5_TABLE)
def test_a_table_in_hdf5_with_a_fault_is_refused(case, tmp_path):
    change, word = hostile.HDF5_TABLE[case]
    for name in ("other.h5", "bad.h5"):
        with h5py.File(tmp_path / name, "w") as file:
            file.update({"x": WHERE[:, 0], "y": WHERE[:, 1], "f": WHERE[:, 0]})
            if name == "bad.h5":
                change(file)
    message = refused(Table(tmp_path / "bad.h5", "f", ("x", "y")), WHERE)
    assert word in message


def test_values_known_in_few_places_go_no_further(tmp_path):
    table = Table(written(tmp_path / "data.csv", "x,f\n0,1\n1,2\n"), "f", ("x",))
    np.testing.assert_array_equal(table(np.array([[-0.5], [0.5], [2.0]])), [1, 1.5, 2])
    assert refused(table, np.array([[0.5], [2.5]])) == (
        f'{tmp_path / "data.csv"}: has values from (0) to (1) only, but "f" is needed at (2.5). '
        "Give values there, or the coordinates in the units of the domain."
    )


def test_a_table_of_a_part_of_the_domain_is_no_function_on_all_of_it(tmp_path):
    at = np.linspace(0.05, 0.95, 10)  # middles of cells, which reach from 0 to 1
    rows = "".join(f"{x},{y},{x * y}\n" for x in at for y in at)
    table = Table(written(tmp_path / "data.csv", "x,y,f\n" + rows), "f", ("x", "y"))
    np.testing.assert_allclose(table(np.array([[0.0, 0.0], [1.0, 0.45]])), [0.0025, 0.4275])
    assert 'but "f" is needed at (1.2, 0.5)' in refused(table, np.array([[1.2, 0.5]]))


def _pipe(path):
    os.mkfifo(path)


def _socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


PLACES = {
    "a folder": lambda path: path.mkdir(),
    "a pipe": _pipe,
    "a socket": _socket,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a terminal's device": lambda path: path.symlink_to("/dev/tty"),
    "nothing": lambda _: None,
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
}
READERS = {
    "nodes.h5": pointclouds.read,
    "nodes.csv": pointclouds.read,
    "nodes.vtk": pointclouds.read,
    "nodes.vtu": pointclouds.read,
    "points.csv": dimension,
    "points.h5": dimension,
    "points.vtk": dimension,
    "data.csv": lambda path: Table(path, "f", ("x", "y"))(WHERE),
    "data.h5": lambda path: Table(path, "f", ("x", "y"))(WHERE),
    "problem.toml": read_problem,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_ordinary_file_is_not_waited_for(place, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    path = tmp_path / name
    PLACES[place](path.relative_to(tmp_path) if place == "a socket" else path)
    assert name in refused(READERS[name], path)


@pytest.mark.parametrize("name", [name for name in READERS if not name.endswith(".toml")])
@pytest.mark.parametrize("size", [0, 1, 8, 100, 700])
def test_what_was_cut_off_is_refused(name, size, tmp_path):
    source = tmp_path / "whole" / name
    source.parent.mkdir()
    if name.endswith(".h5"):
        hostile.write_nodes(source)
    whole = source.read_bytes() if source.exists() else hostile_texts.vtu().encode()
    refused(READERS[name], written(tmp_path / name, whole[: min(size, len(whole) - 9)]))


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    for name in READERS:
        (tmp_path / name).touch()
    monkeypatch.setattr("pinnsolve.outside.os.open", refuse)
    for name, work in READERS.items():
        assert "permission denied" in refused(work, tmp_path / name)


def test_a_size_has_a_limit(tmp_path):
    path = written(tmp_path / "a", "x" * 11)
    assert must_be_ordinary(path) == len(content(path, 11)) == 11
    assert refused(content, path, 10) == (
        f"cannot read {path}: it has 11 bytes; at most 10 bytes can be read."
    )


def test_files_of_gmsh_are_said_not_to_be_read_yet(tmp_path):
    path = written(tmp_path / "mesh.msh", "$MeshFormat\n")
    with pytest.raises(FileError) as caught:
        dimension(path)
    assert str(caught.value) == (
        f"cannot read {path}: points come as .csv, .h5, .hdf5, .vtk, .vtu. Gmsh's .msh is not read "
        "yet: save the points as .vtk or .csv, with an outward normal for each boundary point."
    )
    assert "Gmsh's .msh is not read yet" in refused(pointclouds.read, path)


def test_wrong_nodes_are_told_at_their_key(tmp_path):
    changed = parts()
    changed["normals"][3] *= -1
    pointclouds.write(tmp_path / "bad.h5", Nodes(**changed))
    x, y = hostile.NODES.normals[3]
    text = text_of("laplace(u) = 1", on=[("all", "dn(u) + u = 0")], count=None,
                   domain='shape = "points"\nfile = "bad.h5"')  # fmt: skip
    with pytest.raises(ProblemError) as caught:
        build_domain(posed(tmp_path, text))
    assert str(caught.value).splitlines()[0] == (
        f"{tmp_path / 'problem.toml'}:3: the normal of boundary node 3 at ({x:.4g}, {y:.4g}) of "
        f"the file is ({-x:.4g}, {-y:.4g}), but the interior nodes near it lie on that side. "
        "Normals point out of the domain: correct them."
    )
