"""How close the estimated errors of steady incompressible flows come to the true ones.

Flows whose solution is known, at several numbers of nodes, and shipped ones next to their own
solution on more nodes by order 4. Errors are relative, in L2 on the nodes, field by field.

    python benchmarks/flow_estimate.py [NAME ...] [--json FILE]
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting import options_of, report

from pinnsolve import Solution, load, run
from pinnsolve.accuracy.relative import relative
from pinnsolve.cli import shipped
from pinnsolve.errors import PinnsolveError
from pinnsolve.problem import Problem
from pinnsolve.problem.load import build
from pinnsolve.problem.text.source import Source

SHAPES = {
    "square": 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]',
    "disk": 'shape = "disk"\ncenter = [0, 0]\nradius = 1',
}
# the velocity has no divergence, and its convection is no gradient
EXACT = {
    "u": "x^2 + cos(2*x + y)",
    "v": "-2*x*y - 2*cos(2*x + y)",
    "p": "cos(2*x)*exp(y/2)",
}
CONVECTION = {"Stokes": ("", ""), "Navier-Stokes": ("u*u_x + v*u_y + ", "u*v_x + v*v_y + ")}
MADE = """
[domain]
{domain}
[nodes]
count = 400
[constants]
nu = 0.05
[functions]
f = "manufactured"
g = "manufactured"
[unknowns]
fields = ["u", "v", "p"]
[pde]
equations = [
    "{along[0]}p_x - nu*laplace(u) = f",
    "{along[1]}p_y - nu*laplace(v) = g",
    "u_x + v_y = 0",
]
[[boundary]]
on = "all"
condition = "u = {u}"
[[boundary]]
on = "all"
condition = "v = {v}"
[[boundary]]
at = [0.5, 0]
condition = "p = {p}"
[exact]
u = "{u}"
v = "{v}"
p = "{p}"
[solver]
method = "rbf-fd"
"""


@dataclass(frozen=True)
class Case:
    """A flow, and the numbers of nodes and orders by which it is solved.

    Attributes
    ----------
    orders
        Of accuracy.
    sizes
        Keys and values of the file that say how many nodes there are.
    finer
        The same of the solution that stands for the exact one; None where that is known.
    made
        Equations and domain of a flow that is made up; None of a shipped one.
    """

    orders: Sequence[int]
    sizes: Sequence[Mapping[str, Any]]
    finer: Mapping[str, Any] | None = None
    made: tuple[str, str] | None = None

    def posed(self, name: str, overrides: Mapping[str, Any]) -> Problem:
        """Return the problem."""
        keys = {"solver.method": "rbf-fd", "output.test_points": 100, **overrides}
        if self.made is None:
            return load(shipped.folder() / f"{name}.toml", keys)
        equations, shape = self.made
        along = CONVECTION[equations]
        text = MADE.format(domain=SHAPES[shape], along=along, **EXACT)
        return build(Source(Path(f"{name}.toml"), text)).replace(keys)


def counts(*numbers: int) -> list[dict[str, Any]]:
    return [{"nodes.count": count} for count in numbers]


CASES = {
    "kovasznay": Case((2, 3, 4), counts(500, 800, 1000, 2000)),
    **{
        f"{equations}, {shape}": Case((2, 3, 4), counts(400, 1000), made=(equations, shape))
        for equations in CONVECTION
        for shape in SHAPES
    },
    "lid_driven_cavity": Case((2, 4), counts(1000, 2000), {"nodes.count": 7000}),
    "backward_step": Case((2, 3, 4), [{"nodes.spacing": 0.12}], {"nodes.spacing": 0.06}),
    "cylinder_flow": Case((2, 4), [{"nodes.spacing": 0.03}], {"nodes.spacing": 0.016}),
    "heated_room": Case((2, 3, 4), counts(1200), {"nodes.count": 4000}),
}


def rows(names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield true error, estimate and ratio of each field."""
    for name in names:
        case = CASES[name]
        finer = None
        if case.finer is not None:
            finer = run.solve(case.posed(name, {**case.finer, "solver.order": 4}))
        for order in case.orders:
            for size in case.sizes:
                problem = case.posed(name, {**size, "solver.order": order})
                found: dict[str, Any] = {"flow": name, "order": order}
                try:
                    solution = run.solve(problem)
                except PinnsolveError as error:
                    yield {**found, "failed": str(error).partition("\n")[0]}
                    continue
                found["nodes"] = solution.sample.nodes.rows.stop
                yield from compared(solution, true_errors(problem, solution, finer), found)


def true_errors(
    problem: Problem, solution: Solution, finer: Solution | None
) -> Mapping[str, float]:
    """Return the errors on the nodes, against the exact solution or another one."""
    if finer is None:
        assert solution.accuracy.errors is not None
        return solution.accuracy.errors.relative_l2_nodes
    nodes, values = solution.sample.nodes, solution.sample.values
    apart = relative(problem, values, values - finer(nodes.x[nodes.rows], extrapolate=True))
    return {name: size or 0.0 for name, size in apart.items()}


def compared(
    solution: Solution, true: Mapping[str, float], found: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield a row for each field."""
    assert solution.accuracy.estimate is not None
    for name, error in true.items():
        total = solution.accuracy.estimate.total[name]
        if total is None:
            yield {**found, "field": name, "failed": solution.accuracy.estimate.message}
            continue
        figures = {"true": error, "estimate": total, "ratio": total / error}
        yield {**found, "field": name, **figures}


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="; ".join(CASES))
    options = parser.parse_args()
    if unknown := set(options.names) - set(CASES):
        parser.error(f"no flow is called {', '.join(sorted(unknown))}. Known: {'; '.join(CASES)}.")
    columns = {"flow": "22s", "nodes": "6d", "order": "d", "field": "5s", "true": "9.2e"}
    columns |= {"estimate": "9.2e", "ratio": "7.2f", "failed": "s"}
    report(options, (rows(options.names or list(CASES)), columns))


if __name__ == "__main__":
    main()
