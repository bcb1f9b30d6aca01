"""Elastic bars under load, as a box and as an STL file: true and estimated errors of displacements.

    python benchmarks/elastic_bar.py --orders 2 4 --nodes 1000 3000

A bar, 4 x 1 x 1, is held at one end by the displacements of the exact solution; its other faces are
under tractions. Under tension and in pure bending these are zero on the long sides, and the
displacements polynomials, which stencils have exactly. In `waves` they are the gradient of
sin(1.5 x) cosh(0.9 y) cosh(1.2 z), which is harmonic, so that equations hold without a load within.
Errors are relative, over test points; the largest of the three displacements' is told.
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

DOMAINS = {
    "box": 'shape = "box"\nlower = [0, -0.5, -0.5]\nupper = [4, 0.5, 0.5]',
    "stl": 'shape = "surface"\nfile = "bar.stl"',
}
EXACT = {
    "tension": ("x", "-nu*y", "-nu*z"),
    "bending": ("x*z", "-nu*y*z", "-(x^2 + nu*(z^2 - y^2))/2"),
    "waves": (
        "1.5*cos(1.5*x)*cosh(0.9*y)*cosh(1.2*z)",
        "0.9*sin(1.5*x)*sinh(0.9*y)*cosh(1.2*z)",
        "1.2*sin(1.5*x)*cosh(0.9*y)*sinh(1.2*z)",
    ),
}
FILE = """
[domain]
{domain}
[[domain.pieces]]
name = "held"
where = "x < 1e-6"
[[domain.pieces]]
name = "loaded"
where = "x > 1e-6"
[nodes]
count = {nodes}
[unknowns]
fields = ["u", "v", "w"]
[constants]
nu = 0.3
lam = "nu/((1 + nu)*(1 - 2*nu))"
mu = "1/(2*(1 + nu))"
[functions]
sx = "manufactured"
sy = "manufactured"
sz = "manufactured"
ue = "{u}"
ve = "{v}"
we = "{w}"
[pde]
equations = ["mu*laplace([u, v, w]) + (lam + mu)*grad(div([u, v, w])) = 0"]
[pde.definitions]
e = "lam*div([u, v, w])"
xy = "mu*(u_y + v_x)"
xz = "mu*(u_z + w_x)"
yz = "mu*(v_z + w_y)"
{conditions}
[exact]
u = "ue"
v = "ve"
w = "we"
[solver]
method = "rbf-fd"
order = {order}
"""
CONDITIONS = (
    ("held", "u = ue"),
    ("held", "v = ve"),
    ("held", "w = we"),
    ("loaded", "(e + 2*mu*u_x)*n_x + xy*n_y + xz*n_z = sx"),
    ("loaded", "xy*n_x + (e + 2*mu*v_y)*n_y + yz*n_z = sy"),
    ("loaded", "xz*n_x + yz*n_y + (e + 2*mu*w_z)*n_z = sz"),
)


COLUMNS = dict.fromkeys(("load", "shape", "order", "nodes"), "") | dict.fromkeys(
    ("error", "estimate"), ".1e"
)


def rows(options: Namespace) -> Iterator[dict[str, object]]:
    """Yield the errors of each load, shape, order and number of nodes."""
    conditions = "\n".join(f'[[boundary]]\non = "{on}"\ncondition = "{c}"' for on, c in CONDITIONS)
    with tempfile.TemporaryDirectory() as folder:
        x = np.array([[i, j, k] for i in (0, 4.0) for j in (-0.5, 0.5) for k in (-0.5, 0.5)])
        meshio.write(Path(folder) / "bar.stl", meshio.Mesh(x, [("triangle", _hull(x))]))
        for name in options.loads:
            for shape, order, nodes in (
                (s, p, n) for n in options.nodes for p in options.orders for s in DOMAINS
            ):
                exact = dict(zip("uvw", EXACT[name], strict=True))
                text = FILE.format(
                    domain=DOMAINS[shape], nodes=nodes, order=order, conditions=conditions, **exact
                )
                path = Path(folder) / f"{name}_{shape}.toml"
                path.write_text(text)
                accuracy = solve(load(path)).accuracy
                estimate = accuracy.estimate
                yield {
                    "load": name,
                    "shape": shape,
                    "order": order,
                    "nodes": nodes,
                    "error": max(accuracy.errors.relative_l2.values()),
                    "estimate": max(estimate.total.values()) if estimate else None,
                }


def _hull(x: np.ndarray) -> np.ndarray:
    """Return the triangles of the convex hull, turned outward."""
    hull = ConvexHull(x)
    cells = hull.simplices.copy()
    a, b, c = (x[cells[:, i]] for i in range(3))
    inward = (np.cross(b - a, c - a) * hull.equations[:, :3]).sum(axis=1) < 0
    cells[inward] = cells[inward][:, ::-1]
    return cells


def main() -> None:
    """Run the benchmark."""
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--loads", nargs="+", choices=list(EXACT), default=list(EXACT))
    parser.add_argument("--orders", nargs="+", type=int, default=[2, 4])
    parser.add_argument("--nodes", nargs="+", type=int, default=[1000])
    options = parser.parse_args()
    report(options, (rows(options), COLUMNS))


if __name__ == "__main__":
    main()
