"""One field on many nodes: factors, or GMRES preconditioned by an incomplete factorisation.

The matrix is that of `problems/disk_poisson.toml`, with its Robin condition or with given values.
Incomplete factors leave out entries below ``DROPPED`` and hold at most ``FILL`` times those of the
matrix; GMRES goes on until the residual is ``LEFT``. Seconds of CPU of the factors and of one
solution, iterations, bytes of the factors as far as the library tells them, the largest error.

    python benchmarks/krylov.py [--nodes 100000] [--by incomplete pardiso superlu] [--json FILE]
"""

from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

import numpy as np
from factorisation import matrix_of
from reporting import options_of, report
from scipy.sparse import csc_array, csr_array, diags_array
from scipy.sparse.linalg import LinearOperator, gmres, spilu, splu

from pinnsolve.rbffd.factorisation import DIAGONAL
from pinnsolve.rbffd.pardiso import Pardiso

DROPPED, FILL = 1e-3, 5
LEFT = 1e-11
CONDITIONS = {"robin": "dn(u) + u = g", "dirichlet": "u = g"}
ENTRY = 12  # bytes, the row included


def scaled(condition: str, count: int) -> csr_array:
    """Return the matrix with rows and columns of one scale, in the order of its unknowns."""
    matrix, order = matrix_of("disk_poisson", count, {"boundary.0.condition": condition})
    for axis in (1, 0):
        sizes = diags_array(1.0 / abs(matrix).max(axis=axis).toarray().ravel())
        matrix = sizes @ matrix if axis else matrix @ sizes
    return csr_array(csr_array(matrix)[order])


def by_gmres(matrix: csr_array, factors: Any) -> Callable[[Any], tuple[Any, int]]:
    """Return the solution by GMRES, with its iterations."""
    operator = LinearOperator(matrix.shape, factors.solve, dtype=float)

    def solve(b: Any) -> tuple[Any, int]:
        steps: list[float] = []
        settings: dict[str, Any] = {"rtol": LEFT, "restart": 60, "maxiter": 5, "M": operator}
        x, _ = gmres(matrix, b, callback=steps.append, callback_type="pr_norm", **settings)
        return x, len(steps)

    return solve


def rows(count: int, ways: list[str]) -> Iterator[dict[str, Any]]:
    """Yield what each way takes, for each condition."""
    for name, condition in CONDITIONS.items():
        matrix = scaled(condition, count)
        x = np.random.default_rng(0).standard_normal(matrix.shape[1])
        b = matrix @ x
        for way in ways:
            started = process_time()
            if way == "pardiso":
                factors: Any = Pardiso(matrix, matched=True)
                size = 2**10 * sum(int(factors._solver.get_iparm(i)) for i in (16, 17))
            elif way == "superlu":
                factors = splu(csc_array(matrix), **DIAGONAL)
                size = ENTRY * factors.nnz
            else:
                few = {"drop_tol": DROPPED, "fill_factor": FILL}
                factors = spilu(csc_array(matrix), **few, **DIAGONAL)
                size = ENTRY * factors.nnz
            factorised = process_time()
            if way == "incomplete":
                found, steps = by_gmres(matrix, factors)(b)
            else:
                found, steps = factors.solve(b), 0
            yield {
                "condition": name,
                "unknowns": matrix.shape[0],
                "by": way,
                "factors_s": factorised - started,
                "solution_s": process_time() - factorised,
                "iterations": steps,
                "factors_gib": size / 2**30,
                "error": float(np.abs(found - x).max() / np.abs(x).max()),
            }


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--nodes", type=int, default=100_000)
    ways = ["incomplete", "pardiso", "superlu"]
    parser.add_argument("--by", nargs="+", choices=ways, default=ways)
    options = parser.parse_args()
    columns = {"condition": "10s", "unknowns": "d", "by": "11s", "factors_s": "9.1f"}
    columns |= {"solution_s": "10.2f", "iterations": "10d", "factors_gib": "11.2f"}
    report(options, (rows(options.nodes, options.by), columns | {"error": "8.0e"}))


if __name__ == "__main__":
    main()
