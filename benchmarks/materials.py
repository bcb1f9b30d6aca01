"""Materials side by side: error and condition by contrast, order and number of nodes.

    python -m benchmarks.materials

Solves the shipped problems `two_materials` (a straight interface) and `circle_inclusion` (a round
one) by `rbf-fd`, steady and exact, for conductivities that differ by up to a million both ways,
and prints relative errors at the nodes, the observed order in the spacing, and the condition of
the matrix.
"""

from pathlib import Path

import numpy as np

from pinnsolve import load
from pinnsolve.rbffd.solve import solve
from pinnsolve.references.exact import exact_at
from pinnsolve.setup import Setup
from pinnsolve.solution.norms import overall_l2

PROBLEMS = Path(__file__).parents[1] / "problems"
CONTRASTS = [(2, 1), (10, 1), (1, 10), (1e3, 1), (1, 1e3), (1e6, 1), (1, 1e6)]
COUNTS = [600, 2400]
KEYS = {
    "two_materials": ("region.0.constants.k", "region.1.constants.k"),
    "circle_inclusion": ("constants.k0", "constants.k1"),
}


def main() -> None:
    """Print the table."""
    print("problem            k         order   error at 600, 2400 nodes   observed   condition")
    for name, keys in KEYS.items():
        for contrast in CONTRASTS:
            for order in (2, 4, 6):
                errors = []
                for count in COUNTS:
                    settings = {"nodes.count": count, **dict(zip(keys, contrast, strict=True))}
                    setup = Setup(load(PROBLEMS / f"{name}.toml", settings))
                    found = solve(setup.problem, setup.discretisation(order), setup.placement)
                    values = found.fields.values[setup.nodes.rows]
                    exact = exact_at(setup.problem, setup.nodes)
                    assert exact is not None
                    errors.append(overall_l2(values, exact))
                observed = 2 * np.log(errors[0] / errors[1]) / np.log(COUNTS[1] / COUNTS[0])
                label = f"{contrast[0]:g}:{contrast[1]:g}"
                print(
                    f"{name:18} {label:9} {order}       {errors[0]:.1e}, {errors[1]:.1e}"
                    f"          {observed:4.1f}       {found.condition:.0e}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
