"""Radau IIA methods: implicit Runge-Kutta methods whose last stage is the end of the step.

The ``s`` stages are the points where a polynomial of degree ``s`` satisfies the equations. The
order is ``2 s - 1``; the methods are stiffly accurate and damp what is infinitely stiff, so that
algebraic equations (boundary conditions, pressures) hold at the end of each step. Source: Hairer
& Wanner (1996), Solving Ordinary Differential Equations II, doi:10.1007/978-3-642-05221-7,
section IV.5.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float
from numpy import ndarray


@dataclass(frozen=True)
class Radau:
    """A Radau IIA method.

    Attributes
    ----------
    c
        Stages, as parts of the step.
    A
        Integrals from the beginning of the step to each stage of each stage's polynomial.
    eigenvalues, vectors
        Of ``A``, one of each conjugate pair: they decouple the stages of a linear problem.
    inverse
        Their rows of the inverse of all vectors.
    """

    c: Float[ndarray, " s"]
    A: Float[ndarray, "s s"]
    eigenvalues: Complex[ndarray, " e"]
    vectors: Complex[ndarray, "s e"]
    inverse: Complex[ndarray, "e s"]

    @property
    def backwards(self) -> Float[ndarray, " s"]:
        """Weights of the stages in the polynomial through them at the beginning of the step."""
        powers = np.arange(len(self.c))
        return np.linalg.solve((self.c[:, None] ** powers).T, 1.0 * (powers == 0))


def radau(order: int) -> Radau:
    """Return the method with the fewest stages whose order is at least ``order``.

    >>> radau(3).c.round(6).tolist()
    [0.333333, 1.0]
    """
    from scipy.special import roots_jacobi  # 0.1 s that `pinnsolve --help` need not pay

    s = order // 2 + 1
    inner = roots_jacobi(s - 1, 1, 0)[0] if s > 1 else np.empty(0)
    c = np.append((inner + 1) / 2, 1.0)
    powers = np.arange(s)
    A = np.linalg.solve((c[:, None] ** powers).T, (c[:, None] ** (powers + 1) / (powers + 1)).T).T
    eigenvalues, vectors = (part.astype(complex) for part in np.linalg.eig(A))
    chosen = eigenvalues.imag >= 0
    inverse = np.linalg.inv(vectors)
    return Radau(c, A, eigenvalues[chosen], vectors[:, chosen], inverse[chosen])
