"""Sparse factors of three discrete problems: SuperLU beside PARDISO, turn by turn.

The matrices are those of the first Newton step of shipped problems on more nodes: one field, an
elastic plate, a flow. Factorisation (with the estimate of the condition) and one solution in
seconds of CPU, best of the turns; what an exact solution is missed by; their ratio. PARDISO comes
with `pip install "pinnsolve[fast]"`.

    python benchmarks/factorisation.py [--turns 3] [--share 1.0] [--json FILE]
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import process_time
from typing import Any
from unittest.mock import patch

import numpy as np
from reporting import options_of, report

from pinnsolve import load, solve
from pinnsolve.rbffd import levels, pardiso
from pinnsolve.rbffd.factorisation import factorise

PROBLEMS = Path(__file__).parents[1] / "problems"
CASES = {"disk_poisson": 100_000, "plate_with_hole": 30_000, "lid_driven_cavity": 20_000}


class Found(Exception):
    """Tells that the matrix is there, and that nothing more is wanted."""


def matrix_of(name: str, count: int, overrides: dict[str, Any] | None = None) -> tuple[Any, Any]:
    """Return the first matrix that a problem factorises, and the order of its rows."""
    kept = []

    def keep(matrix: Any, order: Any = None) -> None:
        kept.append((matrix, order))
        raise Found

    wanted = {"nodes.count": count, "solver.method": "rbf-fd"} | (overrides or {})
    with patch.object(levels, "factorise", keep), suppress(Found):
        solve(load(PROBLEMS / f"{name}.toml", wanted))
    return kept[0]


def timed(matrix: Any, order: Any, fast: bool) -> tuple[float, float, float]:
    """Return the seconds of factorisation and of a solution, and the largest error of this one."""
    x = np.random.default_rng(0).standard_normal(matrix.shape[1])
    b = matrix @ x
    with patch.object(pardiso, "is_available", lambda: fast):
        started = process_time()
        factors = factorise(matrix, order)
        factorised = process_time()
        found = factors(b)
        ended = process_time()
    if isinstance(factors.factors, pardiso.Pardiso) is not fast:
        raise RuntimeError("PARDISO is not installed, or its factors could not be used")
    return (
        factorised - started,
        ended - factorised,
        float(np.abs(found - x).max() / np.abs(x).max()),
    )


def rows(turns: int, share: float) -> Iterator[dict[str, Any]]:
    """Yield the times of each problem."""
    for name, count in CASES.items():
        matrix, order = matrix_of(name, int(share * count))
        each = [[timed(matrix, order, fast) for fast in (False, True)] for _ in range(turns)]
        best = np.min(each, axis=0)
        ratios = [slow[0] / quick[0] for slow, quick in each]
        yield {
            "problem": name,
            "unknowns": matrix.shape[1],
            "superlu_s": best[0, 0],
            "pardiso_s": best[1, 0],
            "ratio": float(np.median(ratios)),
            "least": min(ratios),
            "largest": max(ratios),
            "superlu_solve_s": best[0, 1],
            "pardiso_solve_s": best[1, 1],
            "superlu_error": best[0, 2],
            "pardiso_error": best[1, 2],
        }


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--share", type=float, default=1.0, help="of the nodes")
    options = parser.parse_args()
    columns = {"problem": "18s", "unknowns": "d", "superlu_s": "9.1f", "pardiso_s": "9.1f"}
    columns |= dict.fromkeys(("ratio", "least", "largest"), "8.2f")
    columns |= dict.fromkeys(("superlu_solve_s", "pardiso_solve_s"), "8.2f")
    columns |= dict.fromkeys(("superlu_error", "pardiso_error"), "8.0e")
    report(options, (rows(options.turns, options.share), columns))


if __name__ == "__main__":
    main()
