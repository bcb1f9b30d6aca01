"""Positive functions that are products of functions of one coordinate each, times Gaussians.

Of ``u(w) = c g_1(w_1) … g_d(w_d)`` the integral against a Gaussian of mean ``y`` and covariance
``S`` is, with the densities ``q_i ~ g_i N(y_i, s_i)`` and their sums ``I_i`` by quadrature,

    int u(w) N(w; y, S) dw = c I_1 … I_d E[rho(w)],    rho = N(w; y, S) / prod_i N(w_i; y_i, s_i),

``w`` being drawn from the product of the ``q_i``: where the covariance is diagonal with ``s`` on
it, ``rho`` is one and nothing is left to chance. Of two coordinates all pairs of nodes are summed;
of more the quadratic form in ``rho``, whose mean is known, takes most of what chance leaves. Plain
samples of the Gaussian miss what ``u`` weighs most, the more so the more coordinates there are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

KNOTS = 4097  # of each factor
NOTHING = 1e-18  # share of its largest value below which a factor is zero
WIDER, WIDEST = 3.0, 6  # times the box in which a factor is looked for, and to which power
SAME, LOOKS = 1e-6, 256  # relative difference of a function from a product, at so many points
NOTICED = 1e-13  # share of its largest value below which it is not looked at
NODES = 40  # of a quadrature
LOOKED_AT, ROUNDS = 48, 3  # places at which it is seen where a factor times a Gaussian is large
SMALL = 45.0  # logarithm of what is left out
FAR = 9.0  # standard deviations


@dataclass(frozen=True, eq=False)
class Product:
    """A product of functions of one coordinate each.

    Attributes
    ----------
    factor
        ``c``.
    ends
        Where each is positive.
    splines
        The functions there.
    """

    factor: float
    ends: Float[ndarray, "d 2"]
    splines: Sequence[Any]

    def values(self, axis: int, w: Float[ndarray, "*n"]) -> Float[ndarray, "*n"]:
        """Return one of the functions, zero outside its ends."""
        low, high = self.ends[axis]
        is_in = (w >= low) & (w <= high)
        return np.where(is_in, np.maximum(self.splines[axis](np.clip(w, low, high)), 0.0), 0.0)

    def moments(self) -> tuple[float, Float[ndarray, " d"], Float[ndarray, " d"]]:
        """Return the integral of the product, and mean and variance along each axis."""
        rows = []
        for axis, (low, high) in enumerate(self.ends):
            w = np.linspace(low, high, KNOTS)  # whose number is odd, for Simpson's rule
            weights = np.tile([2.0, 4.0], KNOTS // 2 + 1)[:KNOTS]
            weights[[0, -1]] = 1.0
            g = weights * self.values(axis, w) * (w[1] - w[0]) / 3
            mean = (g * w).sum() / g.sum()
            rows.append((g.sum(), mean, (g * (w - mean) ** 2).sum() / g.sum()))
        masses, means, variances = np.array(rows).T
        return self.factor * float(np.prod(masses)), means, variances

    def drawn(self, shares: Float[ndarray, "n d"]) -> Float[ndarray, "n d"]:
        """Return points of the density that it is, by their shares of it along each axis."""
        columns = []
        for axis, (low, high) in enumerate(self.ends):
            w = np.linspace(low, high, KNOTS)
            g = self.values(axis, w)
            sums = np.concatenate([[0.0], np.cumsum((g[1:] + g[:-1]) / 2)])
            columns.append(np.interp(shares[:, axis] * sums[-1], sums, w))
        return np.stack(columns, axis=1)

    def against(
        self, y: Float[ndarray, "n d"], S: Float[ndarray, "n d d"], shares: Float[ndarray, "Q d"]
    ) -> Float[ndarray, " n"]:
        """Return the integrals against Gaussians, a mean and a covariance for each.

        Parameters
        ----------
        y, S
            Means and covariances.
        shares
            Points spread evenly over the unit cube, by which the rest is summed.
        """
        s = np.einsum("nii->ni", S)
        B = np.linalg.inv(S) - _diagonal(1 / s)
        log_rho = -0.5 * (np.linalg.slogdet(S)[1] - np.log(s).sum(axis=1))
        rules = [self._nodes(i, y[:, i], np.sqrt(s[:, i])) for i in range(y.shape[1])]
        masses = np.stack([p.sum(axis=1) for _, p in rules], axis=1)
        p = [
            own / np.where(m > 0, m, 1.0)[:, None]
            for (_, own), m in zip(rules, masses.T, strict=True)
        ]
        z = [w - y[:, i, None] for i, (w, _) in enumerate(rules)]
        whole = self.factor * masses.prod(axis=1)
        if y.shape[1] == 1:
            return whole
        if y.shape[1] == 2:
            return whole * np.exp(log_rho) * _over_both(z, p, B)
        at = np.stack(
            [_chosen(*own, shares[:, i]) for i, own in enumerate(zip(z, p, strict=True))], -1
        )
        squares = np.einsum("nqi,nqi->nq", at @ B, at)
        means = np.stack([(own * q).sum(axis=1) for own, q in zip(z, p, strict=True)], -1)
        second = np.stack([(own**2 * q).sum(axis=1) for own, q in zip(z, p, strict=True)], -1)
        known = np.einsum("ni,nij,nj->n", means, B, means)
        known += np.einsum("nii,ni->n", B, second - means**2)
        return whole * np.exp(log_rho) * _controlled(np.exp(-squares / 2), squares, known)

    def _nodes(
        self, axis: int, y: Float[ndarray, " n"], sigma: Float[ndarray, " n"]
    ) -> tuple[Float[ndarray, "n J"], Float[ndarray, "n J"]]:
        """Return the nodes of quadratures where a factor times a Gaussian is large, and shares."""
        low = np.maximum(self.ends[axis, 0], y - FAR * sigma)
        high = np.minimum(self.ends[axis, 1], y + FAR * sigma)
        high = np.maximum(low, high)  # where the Gaussian does not reach, there is nothing
        t = np.linspace(0, 1, LOOKED_AT)
        for _ in range(ROUNDS):
            w = low[:, None] + (high - low)[:, None] * t
            with np.errstate(divide="ignore"):
                size = np.log(self.values(axis, w)) - ((w - y[:, None]) / sigma[:, None]) ** 2 / 2
            is_large = size > size.max(axis=1, keepdims=True) - SMALL
            first, last = is_large.argmax(axis=1), LOOKED_AT - 1 - is_large[:, ::-1].argmax(axis=1)
            cell = (high - low) / (LOOKED_AT - 1)
            low, high = (
                np.maximum(low + (first - 1) * cell, low),
                np.minimum(low + (last + 1) * cell, high),
            )
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        half = (high - low)[:, None] / 2
        w = low[:, None] + half * (1 + nodes)
        bell = np.exp(-(((w - y[:, None]) / sigma[:, None]) ** 2) / 2)
        scale = np.sqrt(2 * np.pi) * sigma[:, None]
        return w, half * weights * self.values(axis, w) * bell / scale


def _over_both(
    z: Sequence[Float[ndarray, "n J"]],
    p: Sequence[Float[ndarray, "n J"]],
    B: Float[ndarray, "n 2 2"],
) -> Float[ndarray, " n"]:
    """Return the mean of ``exp(-z.Bz/2)`` over all nodes of two coordinates."""
    a, b = (
        q * np.exp(-(own**2) * B[:, i, i, None] / 2)
        for i, (own, q) in enumerate(zip(z, p, strict=True))
    )
    mixed = np.exp(-B[:, 0, 1, None, None] * z[0][:, :, None] * z[1][:, None, :])
    return np.einsum("ni,nij,nj->n", a, mixed, b)


def _chosen(
    z: Float[ndarray, "n J"], p: Float[ndarray, "n J"], shares: Float[ndarray, " Q"]
) -> Float[ndarray, "n Q"]:
    """Return nodes as often as they are probable, by their shares."""
    sums = np.cumsum(p, axis=1)
    sums[:, -1] = 1.0
    rows = np.arange(len(z))[:, None]
    flat = np.searchsorted((sums + rows).ravel(), (shares + rows).ravel())
    return np.take_along_axis(z, np.clip(flat.reshape(len(z), -1) - rows * NODES, 0, NODES - 1), 1)


def _controlled(
    values: Float[ndarray, "n Q"], control: Float[ndarray, "n Q"], known: Float[ndarray, " n"]
) -> Float[ndarray, " n"]:
    """Return means of values, corrected by what has gone along with them and has known means."""
    mean = control.mean(axis=1)
    apart = control - mean[:, None]
    spread = (apart**2).mean(axis=1)
    slope = (apart * values).mean(axis=1) / np.where(spread > 0, spread, 1.0)
    return values.mean(axis=1) - slope * (mean - known)


def product(
    function: Callable[[Float[ndarray, "N d"]], Float[ndarray, " N"]],
    lower: Float[ndarray, " d"],
    upper: Float[ndarray, " d"],
) -> Product | None:
    """Return a function as a product; None if it is none, or not positive.

    Parameters
    ----------
    function
        Of position.
    lower, upper
        Corners of a box that holds most of it.
    """
    from scipy.interpolate import CubicSpline
    from scipy.stats.qmc import Sobol

    dim = len(lower)
    some = Sobol(dim, rng=np.random.default_rng(3)).random(LOOKS * 8)
    x = lower + (upper - lower) * some
    values = _values(function, x)
    top = int(np.argmax(values))
    base, height = x[top], values[top]
    if not np.isfinite(values).all() or values.min() < 0 or height <= 0:
        return None
    ends, splines = np.empty((dim, 2)), []
    for axis in range(dim):

        def along(w: Float[ndarray, " n"], axis: int = axis) -> Float[ndarray, " n"]:
            line = np.tile(base, (len(w), 1))
            line[:, axis] = w
            return _values(function, line) / height

        center, half = (lower[axis] + upper[axis]) / 2, (upper[axis] - lower[axis]) / 2
        reach = _reach(along, center, half)
        if reach is None:
            return None
        ends[axis] = _ends(along, center - reach, center + reach)
        w = np.linspace(ends[axis, 0], ends[axis, 1], KNOTS)
        g = along(w)
        if not np.isfinite(g).all() or g.min() < 0:
            return None
        splines.append(CubicSpline(w, g))
    found = Product(float(height), ends, tuple(splines))
    x = np.concatenate([x[:LOOKS], found.drawn(some[:LOOKS])])  # anywhere, and where it is large
    again = found.factor * np.prod([found.values(i, x[:, i]) for i in range(dim)], axis=0)
    values = _values(function, x)
    is_same = np.abs(again - values) <= SAME * (again + values) + NOTICED * height
    return found if is_same.all() else None


def _reach(
    along: Callable[[Float[ndarray, " n"]], Float[ndarray, " n"]], center: float, half: float
) -> float | None:
    """Return the distance beyond which a function is nothing; None if there is none."""
    for reach in half * WIDER ** np.arange(1, WIDEST):
        if (along(center + np.array([-reach, reach])) <= NOTHING).all():
            return float(reach)
    return None


def _ends(
    along: Callable[[Float[ndarray, " n"]], Float[ndarray, " n"]], low: float, high: float
) -> tuple[float, float]:
    """Return the ends of where a function is more than nothing."""
    for _ in range(6):  # each time a thousandth of the length is left
        w = np.linspace(low, high, KNOTS)
        seen = np.flatnonzero(along(w) > NOTHING)
        if not len(seen):
            return low, high
        a, b = max(seen[0] - 1, 0), min(seen[-1] + 1, KNOTS - 1)
        if (a, b) == (0, KNOTS - 1):
            break
        low, high = float(w[a]), float(w[b])
    cell = (high - low) / (KNOTS - 1)
    return _edge(along, low, low + cell), _edge(along, high, high - cell)


def _edge(
    along: Callable[[Float[ndarray, " n"]], Float[ndarray, " n"]], outside: float, inside: float
) -> float:
    """Return the end of a function, between a point outside and one inside."""
    if along(np.array([outside]))[0] > NOTHING:
        return outside
    for _ in range(60):
        middle = (outside + inside) / 2
        is_in = along(np.array([middle]))[0] > NOTHING
        outside, inside = (outside, middle) if is_in else (middle, inside)
    return inside


def _values(
    function: Callable[[Float[ndarray, "N d"]], Float[ndarray, " N"]], x: Float[ndarray, "N d"]
) -> Float[ndarray, " N"]:
    with np.errstate(all="ignore"):
        return np.broadcast_to(function(x), len(x)).astype(float)


def _diagonal(v: Float[ndarray, "n d"]) -> Float[ndarray, "n d d"]:
    return v[:, :, None] * np.eye(v.shape[1])
