"""Node generation against treverhines-rbf: 20,000 nodes in the unit disk, and how even they are.

    python benchmarks/nodes.py [--count 20000] [--repeats 7] [--json FILE]

The two alternate, so that a busy machine slows both; the ratio is that of each pair of runs.
The peer, `rbf.pde.nodes.min_energy_nodes`, gets a polygon with an edge per boundary node, which
is the finest boundary it can make use of. (pip install pinnsolve[bench])
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from rbf.pde.geometry import contains
from rbf.pde.nodes import min_energy_nodes
from reporting import options_of, report
from scipy.spatial import KDTree

from pinnsolve.bench.timing import compare
from pinnsolve.geometry.generation import generate
from pinnsolve.geometry.planar import disk

PROBES = 400_000


def peer_nodes(count: int) -> tuple[np.ndarray, int]:
    edges = round(2 * np.pi / np.sqrt(np.pi / count / np.sqrt(0.75)))
    angle = 2 * np.pi * np.arange(edges) / edges
    vertices = np.stack([np.cos(angle), np.sin(angle)], -1)
    simplices = np.stack([np.arange(edges), np.roll(np.arange(edges), -1)], -1)
    x, groups, _ = min_energy_nodes(count, (vertices, simplices))
    assert contains(0.999 * x, vertices, simplices).all()
    return x, len(groups["boundary:all"])


def own_nodes(count: int) -> tuple[np.ndarray, int]:
    nodes = generate(disk((0.0, 0.0), 1.0), count=count)
    return nodes.x, nodes.n_boundary


def evenness(x: np.ndarray) -> dict[str, float]:
    """Closest pair and widest hole, relative to the spacing of the densest lattice."""
    h = float(np.sqrt(np.pi / len(x) / np.sqrt(0.75)))
    probes = np.random.default_rng(0).uniform(-1, 1, (PROBES, 2))
    probes = probes[np.hypot(*probes.T) < 1]
    tree = KDTree(x)
    return {
        "closest_pair": float(tree.query(x, 2)[0][:, 1].min() / h),
        "widest_hole": float(tree.query(probes, workers=-1)[0].max() / h),
    }


def measure(count: int, repeats: int) -> Iterator[dict[str, Any]]:
    makers = {"pinnsolve": own_nodes, "treverhines-rbf": peer_nodes}
    works = {name: lambda make=make: make(count) for name, make in makers.items()}
    for row in compare(works, repeats, warm_up=None):
        x, n_boundary = makers[row["contender"]](count)
        yield {**row, "nodes": len(x), "boundary": n_boundary, **evenness(x)}


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    columns = {"contender": "16s", "nodes": "6d", "boundary": "d"}
    columns |= dict.fromkeys(("ms", "lowest_ms", "highest_ms"), "6.0f")
    columns |= dict.fromkeys(("ratio", "lowest_ratio", "highest_ratio"), "5.1f")
    columns |= {"closest_pair": "5.2f", "widest_hole": "5.2f"}
    report(options, (measure(options.count, options.repeats), columns))


if __name__ == "__main__":
    main()
