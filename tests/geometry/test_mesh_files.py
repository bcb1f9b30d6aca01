"""What groups of cells of a mesh bound: measures, names, and materials as of built-in shapes."""

from itertools import permutations

import meshio
import numpy as np
import pytest

import pinnsolve
from pinnsolve.errors import FileError, ProblemError
from pinnsolve.geometry.facets import faceted
from pinnsolve.problem import load
from pinnsolve.problem.surface_files import groups_of, read_boundary

N = 4  # cells along a side
PROBLEM = """
[domain]
{domain}
[nodes]
count = 400
[unknowns]
fields = ["u"]
[pde]
equations = ["div(k*grad(u)) = 0"]
[[region]]
name = "steel"
{steel}
[region.constants]
k = 1.0
[[region]]
name = "copper"
[region.constants]
k = 5.0
[[boundary]]
on = "all"
condition = "u = ue"
[functions]
ue = "sin(2*y)*cosh(2*(x - 0.5)) + cos(2*y)*sinh(2*(x - 0.5))/k"
[exact]
u = "ue"
[solver]
method = "rbf-fd"
"""
FILE = 'shape = "surface"\nfile = "{path}"\n'


def simplices(dim):
    """Return points and simplices (Kuhn's) of the unit square or cube, x < 1/2 steel."""
    s = np.linspace(0, 1, N + 1)
    x = np.stack(np.meshgrid(*dim * [s], indexing="ij"), axis=-1).reshape(-1, dim)
    low = np.stack(np.meshgrid(*dim * [np.arange(N)], indexing="ij"), axis=-1).reshape(-1, dim)
    cells = []
    for order in permutations(np.eye(dim, dtype=int)):
        path = low[:, None] + np.cumsum([np.zeros(dim, dtype=int), *order], axis=0)
        cells.append(path @ (N + 1) ** np.arange(dim - 1, -1, -1))
    cells = np.concatenate(cells)
    return x, cells, np.where(x[cells].mean(axis=1)[:, 0] < 0.5, 5, 6)


def facets(x, cells):
    """Return the facets of simplices at x = 0 (1) and at x = 1/2 (2)."""
    k = cells.shape[1]
    every = np.concatenate([np.delete(cells, i, axis=1) for i in range(k)])
    every = np.unique(np.sort(every, axis=1), axis=0)
    sides = [every[(x[every][:, :, 0] == place).all(axis=1)] for place in (0, 0.5)]
    return np.concatenate(sides), np.repeat([1, 2], [len(side) for side in sides])


@pytest.fixture
def written(tmp_path):
    """Return a function that writes the mesh and returns the file."""

    def write(dim, name="halves.msh"):
        x, cells, of = simplices(dim)
        own, tags = facets(x, cells)
        kinds = ("line", "triangle", "tetra")[dim - 2 : dim]
        blocks = list(zip(kinds, (own, cells), strict=True))
        x = np.column_stack([x, np.zeros((len(x), 3 - dim))])
        path = tmp_path / name
        if name.endswith(".mesh"):
            meshio.write(path, meshio.Mesh(x, blocks, cell_data={"medit:ref": [tags, of]}))
            return path
        data = {"gmsh:physical": [tags, of], "gmsh:geometrical": [tags, of]}
        names = {"inlet": (1, dim - 1), "joint": (2, dim - 1), "steel": (5, dim)}
        names = {key: np.array(value) for key, value in (names | {"copper": (6, dim)}).items()}
        mesh = meshio.Mesh(x, blocks, cell_data=data, field_data=names)
        meshio.gmsh.write(path, mesh, "2.2", binary=False)
        return path

    return write


@pytest.mark.parametrize(("group", "area"), [(None, 6.0), ("steel", 4.0), ("copper", 4.0)])
def test_a_group_of_tetrahedra_is_bounded_by_what_no_other_of_them_has(written, group, area):
    boundary = read_boundary(written(3), group)
    domain = faceted(boundary)
    assert domain.surface_area == pytest.approx(area)
    names = {None: {"surface", "inlet"}, "steel": {"surface", "inlet", "joint"}}
    assert set(boundary.names) == names.get(group, {"surface", "joint"})
    inside = np.array([[0.25, 0.4, 0.4], [0.75, 0.4, 0.4]])
    assert (domain.distance(inside) < 0).tolist() == [group != "copper", group != "steel"]


@pytest.mark.parametrize(("group", "length"), [(None, 4.0), ("steel", 3.0)])
def test_triangles_in_a_plane_are_a_domain_of_it(written, group, length):
    boundary = read_boundary(written(2), group)
    assert boundary.vertices.shape[1] == 2
    domain = faceted(boundary)
    assert sum(curve.length for curve in domain.curves) == pytest.approx(length)
    assert domain.distance(np.array([[0.25, 0.5]]))[0] == pytest.approx(-0.25)


def test_groups_without_names_are_called_by_number(written):
    path = written(3, "halves.mesh")
    assert groups_of(path) == ("5", "6")
    assert faceted(read_boundary(path, "5")).surface_area == pytest.approx(4)


def test_curved_cells_and_other_kinds_have_the_facets_of_their_corners(tmp_path):
    x = np.array([[i, j, k] for k in (0, 1) for j in (0, 1) for i in (0, 1)], dtype=float)
    path = tmp_path / "brick.vtu"
    meshio.write(path, meshio.Mesh(x, [("hexahedron", np.array([[0, 1, 3, 2, 4, 5, 7, 6]]))]))
    domain = faceted(read_boundary(path))
    assert (len(domain.faces), len(domain.curves)) == (6, 12)
    middles = np.array([(x[i] + x[j]) / 2 for i in range(4) for j in range(i)])
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    path = tmp_path / "curved.vtu"
    cell = np.arange(10)[None]
    meshio.write(path, meshio.Mesh(np.concatenate([corners, middles]), [("tetra10", cell)]))
    boundary = read_boundary(path)
    assert (len(boundary.vertices), len(boundary.cells)) == (4, 4)


def test_cells_that_meet_at_a_corner_alone_bound_nothing(tmp_path):
    x = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]])
    path = tmp_path / "bow.msh"
    mesh = meshio.Mesh(x, [("triangle", np.array([[0, 1, 2], [0, 3, 4]]))])
    meshio.gmsh.write(path, mesh, "2.2", binary=False)
    with pytest.raises(FileError, match=r"touches itself.*at \(0, 0\)"):
        read_boundary(path)


def stated(tmp_path, domain, steel):
    path = tmp_path / "halves.toml"
    path.write_text(PROBLEM.format(domain=domain, steel=steel))
    return load(path)


def test_a_group_that_the_file_does_not_have_is_refused(written, tmp_path):
    written(2)
    file = FILE.format(path="halves.msh")
    with pytest.raises(ProblemError, match=r'no group of cells "stel"[^!]*steel, copper'):
        stated(tmp_path, file, f'{file}group = "stel"')
    (tmp_path / "a.wkt").write_text("POLYGON ((0 0, 1 0, 0 1, 0 0))")
    with pytest.raises(ProblemError, match="has no groups of cells"):
        stated(tmp_path, file, 'shape = "surface"\nfile = "a.wkt"\ngroup = "steel"')


@pytest.mark.slow
def test_materials_of_a_mesh_are_as_exact_as_those_of_shapes(written, tmp_path):
    written(2)
    file = FILE.format(path="halves.msh")
    box = 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]'
    errors = [
        pinnsolve.solve(stated(tmp_path, *parts)).accuracy.errors.relative_l2["u"]
        for parts in ((file, f'{file}group = "steel"'), (box, 'where = "x < 0.5"'))
    ]
    assert errors[0] < 2 * errors[1]
    assert errors[1] < 1e-4
