"""What small changes of the beginning and of constants do to a solution in long steps.

The slopes at the stages of a step follow from the equations linearised there,

    J dk = - sum_a ∂F/∂u_a d(beginning)_a - ∂F/∂p dp,

with the factors that Newton's method has used last.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.rbffd.stages import Stages

ENOUGH = 1e-5  # relative error of sensitivities


def sensitivities(
    work: Stages, beginning: Float[ndarray, "m c N k"], constants: Sequence[str]
) -> tuple[Float[ndarray, "K c N p"], list[Float[ndarray, "q c N p"]]]:
    """Return the derivatives of the fields at the levels, and of the slopes in each step.

    Parameters
    ----------
    work
        All steps, with what is known of them.
    beginning
        Changes of the fields, and of their derivatives in time, when the first step begins; those
        of the constants come behind these.
    constants
        Names of the constants.
    """
    none = np.zeros((*beginning.shape[:-1], len(constants)))
    change = np.concatenate([beginning, none], axis=-1)
    levels, slopes = [change[:1, :, :, :][0]], list[ndarray]()
    for k, (step, linear) in enumerate(work.crossed):
        about = replace(step, state=change, slopes=np.zeros((*step.slopes.shape, change.shape[-1])))
        r = -linear.residuals(about.started())
        for j, name in enumerate(constants):
            r[..., beginning.shape[-1] + j] -= work.by_constant(k, name)
        about = replace(about, slopes=linear.solve(r, ENOUGH))
        levels += list(about.at(work.instants(k)))
        change = about.end()
        slopes.append(about.slopes)
    return np.stack(levels), slopes
