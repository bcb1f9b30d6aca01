"""The same problem in shapes as built in and as read from files of every kind.

    python benchmarks/surfaces.py --nodes 1500

A source and a flux through the side belong to u = sin(x) cos(2y) exp(z), given on the rest. Errors
are relative, in the mean square, over the nodes of each; the ratio is that of the file's error to
that of the shape built in. Round shapes are cut into facets as drawing programs do, `--round` of
them around; the file's shape is that of the facets, but for an SVG file's, which has arcs.
"""

import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import meshio
import numpy as np
from reporting import options_of, report
from scipy.spatial import ConvexHull

from pinnsolve import load, solve

KINDS = {3: ("stl", "ply", "obj", "vtk", "vtu", "msh"), 2: ("wkt", "geojson", "svg")}
EXACT = {2: "sin(x)*cos(2*y)", 3: "sin(x)*cos(2*y)*exp(z)"}
FLUX = {
    2: "cos(x)*cos(2*y)*n_x - 2*sin(x)*sin(2*y)*n_y",
    3: "(cos(x)*cos(2*y)*n_x - 2*sin(x)*sin(2*y)*n_y + sin(x)*cos(2*y)*n_z)*exp(z)",
}
PIECES = {
    "disk": '"surface"',
    "surface": '"surface"',
    "cylinder": '["side", "start", "end"]',
    "box": '["right", "bottom", "top", "front", "back"]',
}
FILE = """
[domain]
{domain}
[nodes]
count = {nodes}
[unknowns]
fields = ["u"]
[functions]
f = "manufactured"
[pde]
equations = ["-laplace(u) = f"]
[[boundary]]
on = {rest}
condition = "u = {exact}"
[[domain.pieces]]
name = "half"
where = "x < 0"
[[boundary]]
on = "half"
condition = "dn(u) = {flux}"
[exact]
u = "{exact}"
[solver]
method = "rbf-fd"
"""


def main() -> None:
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--nodes", type=int, default=1500)
    parser.add_argument("--round", type=int, default=96, help="facets around")
    options = parser.parse_args()
    columns = {"shape": "10s", "file": "8s", "error": "9.1e", "built_in": "9.1e", "ratio": "6.2f"}
    report(options, (rows(options), columns))


def rows(options: Namespace) -> Iterator[dict[str, object]]:
    """Yield a row for each shape and kind of file."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (domain, x) in shapes(options.round).items():
            dim = x.shape[1]
            own = error(domain, dim, options.nodes)
            for kind in KINDS[dim]:
                path = Path(folder) / f"{name.replace(' ', '_')}.{kind}"
                write(path, x)
                found = error(f'shape = "surface"\nfile = "{path}"', dim, options.nodes)
                yield {
                    "shape": name, "file": kind, "error": found, "built_in": own,
                    "ratio": found / own,
                }  # fmt: skip


def shapes(count: int) -> dict[str, tuple[str, np.ndarray]]:
    """Return shapes as a problem file states them, and the corners of what is cut into facets."""
    turn = 2 * np.pi * np.arange(count) / count
    circle = np.column_stack([np.cos(turn), np.sin(turn)])
    can = np.concatenate([np.column_stack([0.5 * circle, np.full(count, z)]) for z in (0, 1)])
    corners = [[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (0, 1)]
    return {
        "disk": ('shape = "disk"\nradius = 1', circle),
        "cylinder": ('shape = "cylinder"\nend = [0, 0, 1]\nradius = 0.5', can),
        "box": ('shape = "box"\nlower = [-1, -1, 0]\nupper = [1, 1, 1]', np.array(corners, float)),
    }


def write(path: Path, x: np.ndarray) -> None:
    """Write the convex hull of points."""
    hull = ConvexHull(x)
    if x.shape[1] == 2:
        ring = x[[*hull.vertices, hull.vertices[0]]].tolist()
        text = ", ".join(f"{a!r} {b!r}" for a, b in ring)
        box = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 2 1">'  # which ends at y = 0
        drawing = f'{box}<path d="M 1 0 A 1 1 0 1 0 -1 0 A 1 1 0 1 0 1 0 Z"/></svg>'
        geojson = f'{{"type": "Polygon", "coordinates": [{ring}]}}'
        texts = {".wkt": f"POLYGON (({text}))", ".geojson": geojson, ".svg": drawing}
        path.write_text(texts[path.suffix])
        return
    cells = hull.simplices.copy()
    a, b, c = (x[cells[:, i]] for i in range(3))
    is_inward = (np.cross(b - a, c - a) * hull.equations[:, :3]).sum(axis=1) < 0
    cells[is_inward] = cells[is_inward][:, ::-1]
    meshio.write(path, meshio.Mesh(x, [("triangle", cells)]))


def error(domain: str, dim: int, nodes: int) -> float:
    """Return the relative error of the direct solution."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.toml"
        rest = PIECES[domain.split('"')[1]]
        path.write_text(
            FILE.format(domain=domain, nodes=nodes, rest=rest, flux=FLUX[dim], exact=EXACT[dim])
        )
        errors = solve(load(path)).accuracy.errors
        assert errors is not None
        return float(errors.relative_l2["u"])


if __name__ == "__main__":
    main()
