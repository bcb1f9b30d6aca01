"""Domains from files of surfaces: measures, edges, normals, and what bounds nothing."""

import meshio
import numpy as np
import pytest
from scipy.spatial import ConvexHull

from pinnsolve.errors import FileError
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.facets import faceted
from pinnsolve.geometry.generation import generate
from pinnsolve.geometry.relaxation import golden_sphere
from pinnsolve.problem import load
from pinnsolve.problem.surface_files import read_boundary
from tests.geometry.test_shapes import FILE

BOX = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 2.0)])
TURN = np.linspace(0, 2 * np.pi, 81)[:-1]
CAN = np.concatenate(
    [np.column_stack([0.5 * np.cos(TURN), 0.5 * np.sin(TURN), 0 * TURN + z]) for z in (0, 2)]
)


def triangles(x):
    """Return the triangles of the convex hull of points, outward."""
    hull = ConvexHull(x)
    found = hull.simplices.copy()
    a, b, c = (x[found[:, i]] for i in range(3))
    is_inward = (np.cross(b - a, c - a) * hull.equations[:, :3]).sum(axis=1) < 0
    found[is_inward] = found[is_inward][:, ::-1]
    return found


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a surface and returns the file."""

    def write(name, x, cells=None):
        path = tmp_path / name
        meshio.write(path, meshio.Mesh(x, [("triangle", triangles(x) if cells is None else cells)]))
        return path

    return write


def ring(points):
    closed = np.concatenate([points, points[:1]])
    return "(" + ", ".join(f"{x:.17g} {y:.17g}" for x, y in closed) + ")"


@pytest.mark.parametrize("name", ["box.stl", "box.ply", "box.obj", "box.vtk", "box.vtu"])
def test_a_box_from_a_file_is_that_box(written, name):
    domain = faceted(read_boundary(written(name, BOX)))
    assert (len(domain.faces), len(domain.curves)) == (6, 12)
    assert domain.surface_area == pytest.approx(10)
    x = np.random.default_rng(0).uniform(-1, 3, (500, 3))
    beyond = np.abs(x - [0.5, 0.5, 1]) - [0.5, 0.5, 1]
    exact = np.linalg.norm(np.maximum(beyond, 0), axis=1) + np.minimum(beyond.max(axis=1), 0)
    np.testing.assert_allclose(domain.distance(x), exact, atol=1e-12)


def test_edges_are_found_and_normals_of_what_was_round_are_round(written):
    domain = faceted(read_boundary(written("can.stl", CAN)))
    assert (len(domain.faces), len(domain.curves)) == (3, 2)  # side and ends, their rims
    assert all(curve.is_closed for curve in domain.curves)
    nodes = generate(domain, count=400)
    x, n = nodes.x[nodes.boundary], nodes.normals
    assert np.abs(domain.distance(x)).max() < 1e-12
    is_side = np.abs(n[:, 2]) < 0.5
    # facets turn by 4.5 degrees, of which their own normals would be off by up to half
    away = x[is_side, :2] / np.linalg.norm(x[is_side, :2], axis=1, keepdims=True)
    np.testing.assert_allclose(n[is_side, :2], away, atol=1e-6)  # the file has seven digits
    np.testing.assert_array_equal(n[is_side, 2], 0)
    np.testing.assert_allclose(np.abs(n[~is_side, 2]), 1)


def test_normals_of_a_sphere_are_nearer_to_it_than_its_facets(written):
    x = golden_sphere(1000)
    (face,) = faceted(read_boundary(written("ball.ply", x))).faces
    on = face.cover(0.1, np.random.default_rng(0))
    away = on / np.linalg.norm(on, axis=1, keepdims=True)
    off = np.linalg.norm(face.side.normal(on) - away, axis=1)
    mesh = read_boundary(written("again.ply", x))
    a, b, c = (mesh.vertices[mesh.cells[:, i]] for i in range(3))
    own = np.cross(b - a, c - a)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    facets = np.linalg.norm(own - a, axis=1)  # at a corner of the facet, whose normal is a
    assert off.max() < 0.1 * facets.mean()


def test_rings_in_the_plane_are_domains_with_holes(tmp_path):
    hole = np.column_stack([1 + 0.25 * np.cos(TURN), 0.5 + 0.25 * np.sin(TURN)])
    path = tmp_path / "plate.wkt"
    path.write_text(f"POLYGON ({ring(np.array([[0, 0], [2, 0], [2, 1], [0, 1]]))}, {ring(hole)})")
    domain = faceted(read_boundary(path))
    assert domain.pieces == ("surface", "hole1")
    assert [curve.is_closed for curve in domain.curves] == [False] * 4 + [True]
    assert domain.size_within == pytest.approx(2 - 40 * 0.0625 * np.sin(TURN[1]), rel=1e-6)
    nodes = generate(domain, count=300)
    on_hole = nodes.tags == 1
    outward = -(nodes.x[nodes.boundary][on_hole] - [1, 0.5]) / 0.25
    np.testing.assert_allclose(
        nodes.normals[on_hole], outward / np.linalg.norm(outward, axis=1, keepdims=True), atol=1e-4
    )
    assert domain.distance(np.array([[1.0, 0.5], [0.2, 0.5], [3, 0.5]])) == pytest.approx(
        [0.25 * np.cos(TURN[1] / 2), -0.2, 1]
    )


def test_geojson_is_read_like_wkt(tmp_path):
    json, wkt = tmp_path / "a.geojson", tmp_path / "a.wkt"
    wkt.write_text("POLYGON ((0 0, 3 0, 0 4, 0 0))")
    json.write_text('{"type": "Polygon", "coordinates": [[[0, 0], [3, 0], [0, 4], [0, 0]]]}')
    one, other = (faceted(read_boundary(path)) for path in (json, wkt))
    assert one.size_within == other.size_within == pytest.approx(6)
    assert len(one.curves) == 3


def test_groups_of_a_file_are_boundary_pieces(tmp_path):
    path = tmp_path / "box.obj"
    faces = "g lid\nf 2 4 8 6\ng rest\nf 1 3 4 2\nf 5 6 8 7\nf 1 2 6 5\nf 3 7 8 4\nf 1 5 7 3\n"
    path.write_text("".join(f"v {x} {y} {z}\n" for x, y, z in BOX) + faces)
    (tmp_path / "problem.toml").write_text(
        FILE.format(domain='shape = "surface"\nfile = "box.obj"', nodes="count = 200")
    )
    problem = load(tmp_path / "problem.toml")
    domain = build_domain(problem)
    assert set(domain.pieces) == {"lid", "rest"}
    (lid,) = (face for face in domain.faces if face.side.piece == "lid")
    assert lid.area == pytest.approx(1)
    np.testing.assert_allclose(lid.side.normal(np.array([[0.3, 0.3, 2.0]])), [[0, 0, 1]])
    assert problem.settings.domain.box == ((0, 0, 0), (1, 1, 2))


def test_a_surface_turned_inside_out_is_turned_back(written):
    path = written("box.ply", BOX, triangles(BOX)[:, ::-1])
    assert faceted(read_boundary(path)).distance(np.array([[0.5, 0.5, 1]])) == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: t[1:],
            "the surface has a hole: an edge has a triangle on one side alone, from",
        ),
        (
            lambda t: np.concatenate([t[:1, ::-1], t[1:]]),
            "the surface has triangles turned against their neighbours, at an edge, from",
        ),
        (
            lambda t: np.concatenate([t, t[:1]]),
            "the surface is not one surface: more than two triangles meet at an edge, from",
        ),
        (lambda t: t[:0], "there are no triangles in the file."),
    ],
)
def test_what_is_not_closed_is_refused_with_the_place(written, change, message):
    path = written("box.ply", BOX, change(triangles(BOX)))
    with pytest.raises(FileError) as caught:
        read_boundary(path)
    assert str(caught.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "a.wkt",
            "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))",
            "the outline is none: Self-intersection[0.5 0.5].",
        ),
        ("a.wkt", "POINT (0 0)", "there is no polygon in the file."),
        ("a.stl", "solid", "the vertices have not three coordinates."),
        ("a.obj", "v 0 0 0\nf 1 2 3\n", "a face names a vertex that is not there."),
        (
            "a.step",
            "ISO",
            "surfaces are read from .geojson, .json, .wkt, .svg, .stl, .obj, .ply, "
            '.vtk, .vtu, .msh, .mesh, not from ".step".',
        ),
    ],
)
def test_files_that_hold_no_surface_are_refused(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(FileError) as caught:
        read_boundary(path)
    assert message in str(caught.value)


def test_a_missing_file_is_a_fault_of_the_problem_file(tmp_path):
    path = tmp_path / "problem.toml"
    path.write_text(FILE.format(domain='shape = "surface"\nfile = "no.stl"', nodes="count = 200"))
    with pytest.raises(FileError, match=r'problem.toml:3: there is no file "no.stl"'):
        load(path)
