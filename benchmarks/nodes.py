"""Node generation against treverhines-rbf: 20,000 nodes in the unit disk, and how even they are.

    python benchmarks/nodes.py [--count 20000] [--repeats 7] [--json]

The two alternate, so that a busy machine slows both; the ratio is that of each pair of runs.
The peer, `rbf.pde.nodes.min_energy_nodes`, gets a polygon with an edge per boundary node, which
is the finest boundary it can make use of. (pip install pinnsolve[bench])
"""

import argparse
import json
import os
import time

import numpy as np
from rbf.pde.geometry import contains
from rbf.pde.nodes import min_energy_nodes
from scipy.spatial import KDTree

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


def measure(count: int, repeats: int) -> dict[str, object]:
    makers = {"pinnsolve": own_nodes, "treverhines-rbf": peer_nodes}
    seconds: dict[str, list[float]] = {name: [] for name in makers}
    found = {name: make(count) for name, make in makers.items()}  # also warms both up
    for _ in range(repeats):
        for name, make in makers.items():
            started = time.perf_counter()
            make(count)
            seconds[name].append(time.perf_counter() - started)
    ratios = np.array(seconds["treverhines-rbf"]) / np.array(seconds["pinnsolve"])
    return {
        "count": count,
        "repeats": repeats,
        "cores": os.cpu_count(),
        "ratio": {
            "median": float(np.median(ratios)),
            "least": float(ratios.min()),
            "most": float(ratios.max()),
        },
        "results": {
            name: {
                "nodes": len(x),
                "boundary": n_boundary,
                "seconds_median": float(np.median(seconds[name])),
                "seconds_least": float(min(seconds[name])),
                "seconds_most": float(max(seconds[name])),
                **evenness(x),
            }
            for name, (x, n_boundary) in found.items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    given = parser.parse_args()
    figures = measure(given.count, given.repeats)
    if given.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"{'':16}  nodes  boundary  seconds (least-most)      closest pair  widest hole")
    for name, r in figures["results"].items():
        print(
            f"{name:16} {r['nodes']:6d} {r['boundary']:9d}  {r['seconds_median']:.3f} "
            f"({r['seconds_least']:.3f}-{r['seconds_most']:.3f}) {r['closest_pair']:18.2f} h "
            f"{r['widest_hole']:10.2f} h"
        )
    median, least, most = (figures["ratio"][key] for key in ("median", "least", "most"))
    print(f"{median:.1f} times faster (pairs: {least:.1f} to {most:.1f})")


if __name__ == "__main__":
    main()
