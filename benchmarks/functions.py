"""Unknown functions from noisy data: errors, bands, and the least error that the noise allows.

    python benchmarks/functions.py [--seeds 0 1 2]

For each the relative error of the function in the mean square, the mean half width of its band
likewise, the share of test places in it, the weight of roughness found, and processor seconds. Last
for PINNacle's Poisson inverse problem: the standard error that its 2500 values with errors of 0.1
leave of the conductivity, were it known but for the height of one bump, and u on the boundary; by
finite differences.
"""

from collections.abc import Iterator
from time import process_time
from typing import Any

import numpy as np
import scipy.sparse as sp
from reporting import options_of, report
from scipy.sparse.linalg import spsolve

from pinnsolve import load, solve

PROBLEMS = ("diffusivity_inverse", "pinnacle/pinv", "pinnacle/hinv")
CELLS = 80
ROWS, NOISE = 2500, 0.1


def rows(seeds: list[int]) -> Iterator[dict[str, Any]]:
    """Yield a row for each problem and seed of the noise."""
    for name in PROBLEMS:
        for seed in seeds:
            start = process_time()
            found = solve(load(f"problems/{name}.toml", {"data.0.seed": seed}))
            ((of, k),) = found.functions.items()
            i, nodes = found.problem.fields.index(of), found.sample.nodes
            x = nodes.x[nodes.rows]
            x = x if found.problem.time is None else np.c_[x, np.zeros(len(x))]
            true = found.problem.exact[i](x)
            yield {
                "problem": name,
                "seed": seed,
                "error": float(np.linalg.norm(found(x)[:, i] - true) / np.linalg.norm(true)),
                "band": k.half_width,
                "in it": k.held,
                "smooth": k.smooth,
                "seconds": process_time() - start,
            }


def least_error() -> float:
    """Return the least relative standard error of the conductivity of `pinv`; see the head."""
    h, g = 1 / CELLS, np.linspace(0, 1, CELLS + 1)
    x, y = np.meshgrid(g, g, indexing="ij")
    own = (slice(1, -1),) * 2

    def conductivity(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return 1 / (1 + x**2 + y**2 + (x - 1) ** 2 + (y - 1) ** 2)

    def bump(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.sin(np.pi * x) * np.sin(np.pi * y)

    def operator(a: object) -> sp.csc_array:
        places, total = np.arange((CELLS + 1) ** 2).reshape(x.shape), None
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            k = a(x[own] + dx * h / 2, y[own] + dy * h / 2).ravel() / h**2
            other = np.roll(places, (-dx, -dy), (0, 1))[own].ravel()
            rows, count = np.arange(k.size), (CELLS + 1) ** 2
            part = sp.csc_array(
                (np.r_[k, -k], (np.r_[rows, rows], np.r_[places[own].ravel(), other])),
                (k.size, count),
            )
            total = part if total is None else total + part
        return total

    inner = np.arange((CELLS + 1) ** 2).reshape(x.shape)[own].ravel()
    change = spsolve(operator(conductivity)[:, inner], -(operator(bump) @ bump(x, y).ravel()))
    deviation = NOISE / np.sqrt(ROWS * np.mean(change**2))
    return deviation * np.linalg.norm(bump(x, y)) / np.linalg.norm(conductivity(x, y))


def main() -> None:
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the noise")
    options = parser.parse_args()
    columns = {"problem": "20s", "seed": "4d", "error": "8.1e", "band": "8.1e", "in it": "6.2f"}
    report(options, (rows(options.seeds), {**columns, "smooth": "8.1e", "seconds": "8.1f"}))
    print(f"least for one bump in pinv: {least_error():.1e}")


if __name__ == "__main__":
    main()
