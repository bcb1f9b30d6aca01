"""Sizes of errors: relative in L2 to a field's variation, and the largest.

    |u - v| / |v - mean(v)|,        |.| in L2, the mean over all points,

is the same for a temperature in Celsius and in Kelvin: neither the unit of a field nor where its
zero lies changes it. What does not vary has no such size; there it is ``|v|`` instead, and for a
field that is zero the root mean square of the error, in its unit.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

VANISHED = 1e-12  # of the largest size, what rounding leaves of a solution that passes zero
NEGLIGIBLE = 1e-8  # of a field: a smaller variation is that of its computation


def size(v: Float[ndarray, " N"]) -> float:
    """Return the size of a field that errors are relative to: its variation, if it varies."""
    with np.errstate(invalid="ignore"):  # of a field that is infinite somewhere
        variation, whole = np.linalg.norm(v - v.mean()), np.linalg.norm(v)
    if variation > NEGLIGIBLE * whole:
        return float(variation)
    return float(whole if whole > 0 else np.sqrt(v.size))


def relative_l2(u: Float[ndarray, " N"], exact: Float[ndarray, " N"]) -> float:
    """Return the error of one field, relative to the exact field's `size`."""
    return float(np.linalg.norm(u - exact) / size(exact))


def relative_l2_of_each(
    u: Float[ndarray, "M N"], exact: Float[ndarray, "M N"]
) -> Float[ndarray, " M"]:
    """Return the error of one field in each of many problems, relative to its `size` there."""
    with np.errstate(invalid="ignore"):
        variation = np.linalg.norm(exact - exact.mean(axis=1, keepdims=True), axis=1)
        whole = np.linalg.norm(exact, axis=1)
    sizes = np.where(whole > 0, whole, np.sqrt(exact.shape[1]))
    sizes = np.where(variation > NEGLIGIBLE * whole, variation, sizes)
    return np.linalg.norm(u - exact, axis=1) / sizes


def max_error(u: Float[ndarray, "*N"], exact: Float[ndarray, "*N"]) -> float:
    """Return the largest distance."""
    return float(np.max(np.abs(u - exact)))


def by_field(
    names: Sequence[str], u: Float[ndarray, "*N c"], exact: Float[ndarray, "*N c"]
) -> dict[str, float]:
    """Return the relative L2 distance of each field from the exact one, by name."""
    return {
        name: relative_l2(u[..., i].ravel(), exact[..., i].ravel()) for i, name in enumerate(names)
    }


def overall_l2(u: Float[ndarray, "*N c"], exact: Float[ndarray, "*N c"]) -> float:
    """Return the root mean square of the relative L2 errors of all fields."""
    errors = by_field([str(i) for i in range(u.shape[-1])], u, exact)
    return float(np.sqrt(np.mean(np.square([*errors.values()]))))


def max_by_field(
    names: Sequence[str], u: Float[ndarray, "*N c"], exact: Float[ndarray, "*N c"]
) -> dict[str, float]:
    """Return the largest distance of each field from the exact one, by name, in its unit."""
    return {name: max_error(u[..., i], exact[..., i]) for i, name in enumerate(names)}


def by_level(u: Float[ndarray, "K n"], exact: Float[ndarray, "K n"]) -> Float[ndarray, " K"]:
    """Return the relative L2 error of one field at each time level.

    It is relative to the variation over space at that level. Where the exact solution has none,
    but for rounding, that of the largest level takes its place, and if none has any, the size of
    the field over all levels.
    """
    sizes = np.linalg.norm(exact - exact.mean(axis=1, keepdims=True), axis=1)
    sizes[sizes <= NEGLIGIBLE * np.linalg.norm(exact, axis=1)] = 0.0
    largest = sizes.max() if sizes.any() else size(exact.ravel()) / np.sqrt(len(exact))
    return np.linalg.norm(u - exact, axis=1) / np.where(sizes > VANISHED * largest, sizes, largest)
