"""Incompressible flows whose solution is known, as problems and as solutions made by hand."""

from dataclasses import replace

import numpy as np

from pinnsolve.accuracy.flow import balance
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.from_problem import node_set
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.references.exact import FormulaFields
from pinnsolve.solution.solution import Sample
from tests.posing import written
from tests.solutions import Case, made_up

STOKES = ("p_x = nu*laplace(u)", "p_y = nu*laplace(v)", "u_x + v_y = 0")
NAVIER_STOKES = (
    "u*u_x + v*u_y + p_x = nu*laplace(u)",
    "u*v_x + v*v_y + p_y = nu*laplace(v)",
    "u_x + v_y = 0",
)
TEXT = """
[domain]
{domain}

[nodes]
count = {count}
{levels}
[constants]
nu = {nu}

[unknowns]
fields = {fields}

[pde]
equations = [{equations}]
{initial}
{conditions}
[exact]
{exact}

[solver]
method = "rbf-fd"

[output]
test_points = 200
{output}
"""


def text_of(
    domain,
    exact,
    *,
    equations=STOKES,
    nu=0.5,
    output="",
    count=300,
    initial="",
    levels="",
    on=(("all", "u = 0"),),
):
    """Return a problem file of a flow with a known solution, `exact` by field.

    `on` gives pairs of a piece and a condition.
    """
    return TEXT.format(
        domain=domain,
        exact="\n".join(f'{name} = "{formula}"' for name, formula in exact.items()),
        equations=", ".join(f'"{equation}"' for equation in equations),
        fields=str(list(exact)).replace("'", '"'),
        nu=nu,
        output=output,
        count=count,
        initial=initial,
        levels=levels,
        conditions="".join(
            f'[[boundary]]\non = "{piece}"\ncondition = "{condition}"\n' for piece, condition in on
        ),
    )


def flow(folder, domain, exact, *, is_nodal=False, **parts):
    """Return the exact solution of a flow as one that was found, its balance measured.

    Nodal ones are known by their values at the nodes only.
    """
    problem = written(folder, text_of(domain, exact, **parts))
    place = build_domain(problem)
    nodes = node_set(problem, place)
    answer = FormulaFields(problem.exact)
    x = nodes.x if problem.times is None else in_time(nodes.x, problem.times)
    values = answer(x.reshape(-1, x.shape[-1])).reshape(*x.shape[:-1], -1)
    if is_nodal:
        answer = NodalFields(nodes.x, values, 4, problem.times)
    shown = values[..., nodes.rows, :]
    solution = made_up(
        problem,
        nodes,
        shown,
        "finished",
        "",
        history=(),
        phases=(),
        errors=None,
        baseline=None,
        seconds={"total": 1.0},
        times=problem.times,
        method="rbf-fd",
    )
    found = balance(problem, place, answer, Sample(nodes, shown, problem.times), {})
    return Case(problem, place, replace(solution, answer=answer, flow=found))


def in_time(x, times):
    """Return points at each of some instants."""
    return np.stack([np.column_stack([x, np.full(len(x), t)]) for t in times])
