"""Whether an evolution stays near itself: how fast ripples grow, by their wave number.

With coefficients held fast a ripple ``exp(i xi.x + lambda t)`` solves ``det sum_a lambda^a P_a(xi)
= 0``. A problem in time is well posed only if the real parts of ``lambda`` stay below a bound for
all ``xi`` (Petrovskii's condition; Kreiss & Lorenz, 1989, Initial-Boundary Value Problems and the
Navier-Stokes Equations, chapter 2). Heat that flows backwards, ``u_t = -laplace(u)``, has
``lambda = |xi|^2``: no discretisation of it has an answer, a finer one less than a coarse one.

Systems are looked at in which every field has derivatives in time of the same order.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.checks.frozen import Frozen
from pinnsolve.errors import Fault
from pinnsolve.problem import Problem

WAVES = (1e4, 1e6)  # numbers of ripples across the domain, at both of which they are looked at
REAL = 1e-3  # real part of a rate, relative to its size, that is more than rounding
FASTER = 20.0  # ratio of the rates at both that counts as growth without bound
REGULAR = 1e-10  # smallest singular value of the highest derivatives in time, relative
DIRECTIONS = {1: 1, 2: 8, 3: 24}  # by dimension, of ripples


def faults(problem: Problem, held: Frozen | None, size: float) -> list[Fault]:
    """Return the fault of an evolution in which the finest ripples grow fastest.

    Parameters
    ----------
    problem
        Perhaps in time.
    held
        Its equations with their coefficients at points inside; None if they are not known.
    size
        Diameter of the domain.
    """
    if problem.time is None or held is None:
        return []
    dim = len(problem.coordinates)
    for direction in _directions(dim):
        slow, fast = (_rates(held, direction * number / size) for number in WAVES)
        if slow is None or fast is None:
            return []
        grows = fast > FASTER * np.maximum(slow, 0.0)
        grows &= fast > 0
        if grows.any():
            where = held.x[np.argmax(np.where(grows, fast, 0.0))]
            pairs = zip((*problem.coordinates, "t"), where, strict=True)
            place = ", ".join(f"{name} = {value:.4g}" for name, value in pairs)
            everywhere = "" if grows.all() else f" at {place}"
            return [
                Fault(
                    _key(problem),
                    f"this has no solution that could be computed: forwards in time ripples grow"
                    f"{everywhere}, the finer the faster, as those of heat that flows backwards.",
                    "Change the sign of the highest derivative in space, or solve for -t.",
                )
            ]
    return []


def _rates(held: Frozen, wave: Float[ndarray, " d"]) -> Float[ndarray, " n"] | None:
    """Return the largest rate of growth at each point; None if there is no equation for some field.

    Rates that are imaginary but for rounding are zero.
    """
    xi = np.tile(wave, (len(held.x), 1))
    m, c = held.time_order, held.n_fields
    highest = held.symbol(xi, m)
    values = np.linalg.svd(highest, compute_uv=False)
    if m == 0 or values.min() < REGULAR * values.max():
        return None
    blocks = [np.linalg.solve(highest, held.symbol(xi, a)) for a in range(m)]
    companion = np.zeros((len(xi), m * c, m * c), dtype=complex)
    companion[:, : (m - 1) * c, c:] = np.eye((m - 1) * c)
    companion[:, (m - 1) * c :] = -np.concatenate(blocks, axis=2)
    rates = np.linalg.eigvals(companion)
    real = np.where(np.abs(rates.real) > REAL * np.abs(rates), rates.real, 0.0)
    return real.max(axis=1)


def _directions(dim: int) -> Float[ndarray, "m d"]:
    """Return unit vectors that point everywhere, one of each two that are opposite."""
    if dim == 1:
        return np.ones((1, 1))
    if dim == 2:
        angles = np.pi * np.arange(DIRECTIONS[2]) / DIRECTIONS[2]
        return np.column_stack([np.cos(angles), np.sin(angles)])
    found = np.random.default_rng(0).normal(size=(DIRECTIONS[3], dim))
    axes = np.eye(dim)
    return np.concatenate([axes, found / np.linalg.norm(found, axis=1)[:, None]])


def _key(problem: Problem) -> tuple[str | int, ...]:
    """Return the place of the equation, if there is only one."""
    return ("pde", "equations", 0) if len(problem.equations) == 1 else ("pde", "equations")
