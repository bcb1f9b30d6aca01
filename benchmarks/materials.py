"""Materials side by side: error and condition by contrast, order and number of nodes.

    python -m benchmarks.materials [--networks METHOD | --walls]

Solves the shipped problems `two_materials` (a straight interface) and `circle_inclusion` (a round
one) by `rbf-fd`, steady and exact, for conductivities that differ by up to a million both ways,
and prints relative errors at the nodes, the observed order in the spacing, and the condition of
the matrix. With ``--networks dt-pinn`` or ``pinn`` it prints the errors of networks and of the
direct solution beside them, and what their errors were estimated to be, on 2,400 nodes. With
``--walls`` it prints errors and estimates of order 2 where an interface meets an insulated wall at
an angle, beside the singular solution ``r^s cos(s angle)``.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from pinnsolve import load
from pinnsolve import solve as solve_by_method
from pinnsolve.problem.load import build
from pinnsolve.problem.text.source import Source
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
LEANING = """
[domain]
shape = "rectangle"
lower = [-1, 0]
upper = [1, 1]
[nodes]
count = {count}
[unknowns]
fields = ["u"]
[functions]
r = "sqrt(x^2 + y^2)"
angle = "atan2(y, x)"
[pde]
equations = ["div(k*grad(u)) = 0"]
[[region]]
name = "wedge"
where = "y*cos({a}) < x*sin({a})"
[region.constants]
k = {inside}
[region.functions]
ue = "r^{s}*cos({s}*angle)"
[[region]]
name = "around"
[region.constants]
k = {around}
[region.functions]
ue = "cos({s}*{a})/cos({s}*(pi - {a}))*r^{s}*cos({s}*(pi - angle))"
[[boundary]]
on = ["left", "right", "top"]
condition = "u = ue"
[[boundary]]
on = "bottom"
condition = "dn(u) = 0"
[exact]
u = "ue"
[solver]
method = "rbf-fd"
order = 2
"""


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


def of_networks(method: str) -> None:
    """Print the table of a method that trains networks."""
    print("problem            k         error      estimated  rbf-fd     seconds")
    for name, keys in KEYS.items():
        for contrast in CONTRASTS:
            settings = {"solver.method": method, **dict(zip(keys, contrast, strict=True))}
            solution = solve_by_method(load(PROBLEMS / f"{name}.toml", settings))
            found = solution.accuracy
            assert found.errors is not None
            assert found.estimate is not None
            assert found.baseline is not None
            assert found.baseline.relative_l2 is not None
            label = f"{contrast[0]:g}:{contrast[1]:g}"
            print(
                f"{name:18} {label:9} {found.errors.relative_l2_nodes['u']:.1e}"
                f"    {found.estimate.total['u'] or np.nan:.1e}"
                f"    {found.baseline.relative_l2['u']:.1e}"
                f"    {solution.course.seconds.get('training', np.nan):.1f}",
                flush=True,
            )


def leaning(degrees: float, inside: float, around: float, count: int) -> str:
    """Return a problem of a wedge on an insulated wall, with a singular solution.

    With its image in the wall it is a corner. Of even solutions the fluxes of both materials are
    the same for one power alone.
    """
    a = float(np.radians(degrees))

    def apart(s: float) -> float:
        here, there = s * a, s * (np.pi - a)
        found = inside * np.sin(here) * np.cos(there) + around * np.cos(here) * np.sin(there)
        return float(found)

    s = brentq(apart, 0.5, 1.5)
    return LEANING.format(count=count, a=a, s=s, inside=inside, around=around)


def of_walls() -> None:
    """Print the table of interfaces that meet an insulated wall at an angle."""
    print("angle  k          error (estimated) at 600, 2400 nodes")
    for degrees in (17, 45, 135):
        for inside, around in CONTRASTS[1:5]:
            told = []
            for count in COUNTS:
                text = leaning(degrees, inside, around, count)
                found = solve_by_method(build(Source(Path("leaning.toml"), text, {}))).accuracy
                assert found.errors is not None
                assert found.estimate is not None
                error, estimated = found.errors.relative_l2_nodes["u"], found.estimate.total["u"]
                told.append(f"{error:.1e} ({estimated or np.nan:.1e})")
            label = f"{inside:g}:{around:g}"
            print(f"{degrees:5}  {label:9}  {', '.join(told)}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--walls"]:
        of_walls()
    elif sys.argv[1:2] == ["--networks"]:
        of_networks(sys.argv[2])
    else:
        main()
