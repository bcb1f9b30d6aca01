"""Whether a nonlinear problem was solved by nothing at all.

Where neither sources nor conditions give a value, zero solves ``u_xx + u - u^3 = 0`` as it does
``u_xx + u^2 = 0``, and Newton's method, which begins there, stays. Other solutions, which are
meant as a rule, are then a finite distance away, and no estimate of the error sees them.
"""

import numpy as np

from pinnsolve.problem import Problem
from pinnsolve.solution.solution import Sample


def trivial(problem: Problem, sample: Sample) -> tuple[str, ...]:
    """Return a warning if a steady nonlinear problem has zero for a solution; else none.

    Parameters
    ----------
    problem
        What was solved.
    sample
        The solution on the nodes.
    """
    is_linear = all(equation.is_linear for equation in problem.equations)
    if is_linear or problem.time is not None or np.any(sample.values):
        return ()
    names = " and ".join(problem.fields)
    return (
        f"{names} = 0 everywhere solves the equations, which are nonlinear and may have other "
        f"solutions as well. To find one, pose them in time, from initial values near it, as "
        f'"{problem.fields[0]}_t = …", and let it come to rest.',
    )
