"""What the test costs that nodes see one another, next to the weights of the same stencils.

A square with a slit and a hole: stencils with and without the test, and
the weights of the Laplacian over them, in turn. The walls are
made once for the nodes.

    python benchmarks/walls.py [--nodes 2000 8000 32000] [--order 4] [--repeats 5] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import Any

from reporting import options_of, report

from pinnsolve.bench.timing import compare
from pinnsolve.diffop import laplacian
from pinnsolve.geometry import csg, planar
from pinnsolve.geometry.generation import generate, with_ghosts
from pinnsolve.geometry.walls import sight
from pinnsolve.rbffd.stencils import polynomial_degree, shared
from pinnsolve.rbffd.weights import stencil_weights

DOMAIN = csg.difference(
    planar.rectangle((-1, -1), (1, 1)),
    csg.renamed(planar.rectangle((-1.5, -0.02), (0, 0.02)), lambda piece: f"slit.{piece}"),
    csg.renamed(planar.disk((0.5, 0.5), 0.2), lambda piece: f"hole.{piece}"),
)


def works(count: int, order: int) -> dict[str, Callable[[], object]]:
    degree = polynomial_degree(order, 2)
    nodes = with_ghosts(generate(DOMAIN, count=count), DOMAIN)
    x, seen = nodes.x[nodes.rows], nodes.sight
    assert seen is not None
    stencils = shared(x, nodes.x, degree, seen, seen.places[nodes.rows])
    return {
        "weights": lambda: stencil_weights(x, nodes.x, stencils, [laplacian(2)], degree),
        "stencils": lambda: shared(x, nodes.x, degree),
        "stencils, seen": lambda: shared(x, nodes.x, degree, seen, seen.places[nodes.rows]),
        "walls": lambda: sight(nodes, DOMAIN),
    }


def measure(options: Namespace) -> Iterator[dict[str, Any]]:
    for count in options.nodes:
        for row in compare(works(count, options.order), options.repeats, warm_up=None):
            yield {"nodes": count, **row}


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[2000, 8000, 32000])
    parser.add_argument("--order", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    columns = {"nodes": "7d", "contender": "16s", "ms": "8.1f", "ratio": "6.2f"}
    report(options, (measure(options), columns))


if __name__ == "__main__":
    main()
