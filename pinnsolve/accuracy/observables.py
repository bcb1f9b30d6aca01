"""Slices, marginals, moments and integrals of what is conserved, of fields of many coordinates.

Moments of a field ``u`` that does not change sign are those of the density ``u / int u``. Integrals
are by `clouds`: quadratures in boxes, points spread evenly in other domains, and the points of
fields that know where they are large. Marginals of the latter two are sums in bins.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations_with_replacement

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from pinnsolve.accuracy.clouds import PARTS, STUDENT, Cloud, cloud_of
from pinnsolve.accuracy.verdict import in_words
from pinnsolve.geometry.domain import Domain
from pinnsolve.problem import Problem
from pinnsolve.references.linear_drift import Density
from pinnsolve.solution.derived import formula_values
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.found import Places
from pinnsolve.solution.observables import InTime, Kind, Observables, Table
from pinnsolve.solution.reference import Reference

ON_LINE, IN_PLANE = 201, 61  # points of a table along each axis
OF_MARGINAL = 33  # in the plane, where each is an integral
BINS = {1: 40, 2: 24}
REST = {0: 1, 1: 48, 2: 24}  # nodes of the integral over the others, along each; Sobol's beyond
SOBOL = 512
MOST = 21  # instants of a table
ONE_SIGN = 0.9  # share of the integral of the size that that of the field is, if it has one sign
NOWHERE = (
    "Integrals over all of space, as moments and marginals, are told of densities alone, whose "
    "particles know where they are: network.ansatz."
)
CHANGED = 0.05  # relative change from which it is doubted that something is conserved


def is_asked(problem: Problem) -> bool:
    """Return whether a problem file asks for anything of this."""
    output, evolution = problem.settings.output, problem.settings.evolution
    has_moments = evolution is not None and evolution.moments is not None
    return bool(output.slices or output.marginals or problem.conserved) or has_moments


def observables(
    problem: Problem,
    domain: Domain,
    answer: Fields,
    truth: Reference | None,
    places: Places | None = None,
) -> Observables:
    """Return slices, marginals, moments and integrals, as far as a problem file asks for them.

    Parameters
    ----------
    problem, domain
        What was solved, and where.
    answer
        The fields.
    truth
        What errors are measured against; None if that is not known.
    places
        Points where the fields are; None if they may be anywhere.
    """
    output, evolution = problem.settings.output, problem.settings.evolution
    order = None if evolution is None else evolution.moments
    exact = None if truth is None else truth.fields
    told = _Told(problem, domain, answer, exact, places)
    tables = [told.table("slice", along) for along in output.slices]
    if places is None and not problem.settings.domain.surfaces:
        asks = output.marginals or problem.conserved or order is not None
        return Observables(problem.times, tuple(tables), remark=NOWHERE if asks else "")
    tables += [told.table("marginal", along) for along in output.marginals]
    moments, remark = ({}, "") if order is None else told.moments(order)
    return Observables(problem.times, tuple(tables), moments, told.conserved(), remark)


def doubts(found: Observables | None) -> tuple[str, ...]:
    """Return warnings of what is said to be conserved and is not, and of missing moments."""
    if found is None:
        return ()
    remarks = (found.remark,) if found.remark else ()
    return remarks + tuple(
        f"{name} is said to be conserved, but changes by {in_words(own.change)}."
        for name, own in found.conserved.items()
        if own.change > max(CHANGED, own.uncertainty)
    )


class _Told:
    """Fields, and what is made of them.

    Parameters
    ----------
    problem, domain, answer, truth, places
        As of `observables`.
    """

    def __init__(
        self,
        problem: Problem,
        domain: Domain,
        answer: Fields,
        truth: Fields | None,
        places: Places | None,
    ) -> None:
        self._places = places
        self._problem, self._domain, self._answer, self._truth = problem, domain, answer, truth
        self._is_box = problem.settings.domain.is_box
        self._lower, self._upper = map(np.array, problem.settings.domain.box)
        self._still: Cloud | None = None
        self._known: dict[float, list[ndarray]] = {}

    def table(self, kind: Kind, along: tuple[str, ...]) -> Table:
        """Return a slice or a marginal."""
        axes = [self._problem.coordinates.index(name) for name in along]
        times = _some(self._problem.times)
        instants = [None] if times is None else times.tolist()
        if kind == "slice":
            grid = self._grid(axes, IN_PLANE)
            rows = [self._slice(axes, grid, t) for t in instants]
        elif self._is_box and self._places is None:
            grid = self._grid(axes, OF_MARGINAL)
            rows = [self._integrated(axes, grid, t) for t in instants]
        else:
            edges = [np.linspace(self._lower[i], self._upper[i], BINS[len(axes)] + 1) for i in axes]
            grid = tuple((own[1:] + own[:-1]) / 2 for own in edges)
            binned = [self._binned(axes, edges, t) for t in instants]
            rows = [row for row, _ in binned]
            half = np.array([width for _, width in binned])
            return self._made(kind, along, grid, times, rows, half)
        return self._made(kind, along, grid, times, rows)

    def moments(self, order: int) -> tuple[dict[str, dict[str, InTime]], str]:
        """Return the moments of each field up to an order, and why some are missing."""
        problem, found, remark = self._problem, dict[str, dict[str, InTime]](), ""
        assert problem.times is not None
        names = _names(problem.coordinates, order)
        rows = [self._on_cloud(t) for t in problem.times.tolist()]
        for i, field in enumerate(problem.fields):
            told = [
                [_moments(self._cloud(t), values[..., i], order) for values in both]
                for t, both in zip(problem.times.tolist(), rows, strict=True)
            ]
            own = names if all(len(one[0][0]) == len(names) for one in told) else names[:1]
            if own != names:
                remark = f"{field} changes sign: it has no means."
            exact = self._exact_moments(order) if own == names else None
            found[field] = {}
            for k, name in enumerate(own):
                values = np.array([one[0][0][k] for one in told])
                half = np.array([one[0][1][k] for one in told])
                truth = None if self._truth is None else _column([one[1][0] for one in told], k)
                truth = truth if exact is None else exact[:, k]
                found[field][name] = InTime(values, half, truth)
        return found, remark

    def conserved(self) -> dict[str, InTime]:
        """Return the integrals of what is said to be conserved."""
        problem, formulas = self._problem, [*self._problem.conserved.values()]
        if not formulas:
            return {}
        assert problem.times is not None
        rows = []
        for t in problem.times.tolist():
            cloud = self._cloud(t)
            own, *_ = self._on_cloud(t)
            values = formula_values(formulas, self._answer, _at(cloud.all_x, t), own)
            rows.append(cloud.estimate(values, lambda sums: sums))
        values, half = (np.array([row[k] for row in rows]) for k in range(2))
        return {name: InTime(values[:, k], half[:, k]) for k, name in enumerate(problem.conserved)}

    def _made(
        self,
        kind: Kind,
        along: tuple[str, ...],
        grid: tuple[ndarray, ...],
        times: Float[ndarray, " K"] | None,
        rows: Sequence[Sequence[ndarray]],
        half: Float[ndarray, "K n c"] | None = None,
    ) -> Table:
        """Return a table of values, and those of the truth, at each instant."""
        own = np.array([row[0] for row in rows])
        truth = None if self._truth is None else np.array([row[1] for row in rows])
        return Table(kind, along, grid, times, own, half, truth)

    def _grid(self, axes: list[int], in_plane: int) -> tuple[ndarray, ...]:
        count = ON_LINE if len(axes) == 1 else in_plane
        return tuple(np.linspace(self._lower[i], self._upper[i], count) for i in axes)

    def _both(self, x: Float[ndarray, "n d"], t: float | None) -> list[ndarray]:
        """Return the fields at points and an instant, and those of the truth if it is known."""
        fields = (self._answer,) if self._truth is None else (self._answer, self._truth)
        return [own(_at(x, t)) for own in fields]

    def _on_cloud(self, t: float) -> list[ndarray]:
        """Return the same at the points for integrals."""
        if t not in self._known:
            self._known[t] = self._both(self._cloud(t).all_x, t)
        return self._known[t]

    def _slice(
        self, axes: list[int], grid: tuple[ndarray, ...], t: float | None
    ) -> list[Float[ndarray, "n c"]]:
        """Return the fields through the middle; NaN outside of the domain, and of particles."""
        points = _mesh(grid)
        x = np.tile((self._lower + self._upper) / 2, (len(points), 1))
        x[:, axes] = points
        is_in = self._domain.distance(x) <= 1e-9 * self._domain.size
        if self._places is not None and t is not None:
            is_in &= _among(self._cloud(t).x, x)
        found = [np.full((len(x), len(self._problem.fields)), np.nan) for _ in range(2)]
        for values, own in zip(found, self._both(x[is_in], t), strict=False):
            values[is_in] = own
        return found

    def _integrated(
        self, axes: list[int], grid: tuple[ndarray, ...], t: float | None
    ) -> list[Float[ndarray, "n c"]]:
        """Return the integrals over all other coordinates of a box."""
        points = _mesh(grid)
        others = [i for i in range(len(self._lower)) if i not in axes]
        rest, weights = _rule(self._lower[others], self._upper[others])
        x = np.empty((len(points), len(rest), len(self._lower)))
        x[:, :, axes], x[:, :, others] = points[:, None], rest
        found = self._both(x.reshape(-1, x.shape[2]), t)
        shape = (len(points), len(rest), -1)
        return [np.einsum("nrc,r->nc", values.reshape(shape), weights) for values in found]

    def _binned(
        self, axes: list[int], edges: list[ndarray], t: float | None
    ) -> tuple[list[Float[ndarray, "n c"]], Float[ndarray, "n c"]]:
        """Return sums over the points in bins, by the size of these, and 95 % half widths."""
        cloud = self._cloud(t)
        shape = [len(own) - 1 for own in edges]
        size = np.prod([own[1] - own[0] for own in edges])
        part = np.arange(len(cloud.x)) * PARTS // len(cloud.x)
        sums = []
        for values in self._both(cloud.x, t):
            weighted = values * cloud.weights[:, None] / size
            columns = [part, *(cloud.x[:, i] for i in axes)]
            bins = [np.arange(PARTS + 1) - 0.5, *edges]
            per_field = [
                np.histogramdd(np.column_stack(columns), bins, weights=own)[0] for own in weighted.T
            ]
            sums.append(np.stack(per_field, -1).reshape(PARTS, int(np.prod(shape)), -1))
        half = STUDENT * np.sqrt(PARTS * sums[0].var(axis=0, ddof=1))
        return [own.sum(axis=0) for own in sums], half

    def _cloud(self, t: float | None) -> Cloud:
        """Return the points for integrals at an instant."""
        if self._places is not None and t is not None:
            return Cloud(*self._places(t))
        if self._still is None:
            self._still = cloud_of(self._domain, is_box=self._is_box)
        return self._still

    def _exact_moments(self, order: int) -> Float[ndarray, "K m"] | None:
        """Return the moments that a reference knows by itself; None if it knows none."""
        times = self._problem.times
        if not isinstance(self._truth, Density) or times is None:
            return None
        known = self._truth.moments(times)
        if known is None:
            return None
        pairs = combinations_with_replacement(range(known.mean.shape[1]), 2)
        second = [known.covariance[:, i, j] for i, j in pairs]
        return np.column_stack([known.mass, known.mean, *second])[:, : _count(known.mean, order)]


def _among(cloud: Float[ndarray, "m d"], x: Float[ndarray, "n d"]) -> Bool[ndarray, " n"]:
    """Return whether points are as near to the middle of others as these are, by their spread."""
    mean, inverse = cloud.mean(axis=0), np.linalg.pinv(np.cov(cloud.T).reshape(2 * cloud.shape[1:]))

    def far(some: Float[ndarray, "k d"]) -> Float[ndarray, " k"]:
        return np.einsum("ki,ij,kj->k", some - mean, inverse, some - mean)

    return far(x) <= far(cloud).max()


def _count(mean: Float[ndarray, "K d"], order: int) -> int:
    """Return the number of moments up to an order."""
    d = mean.shape[1]
    return 1 + (order > 0) * d + (order > 1) * d * (d + 1) // 2


def _names(coordinates: Sequence[str], order: int) -> list[str]:
    """Return the names of moments up to an order."""
    names = ["mass", *(f"mean {name}" for name in coordinates if order > 0)]
    if order > 1:
        names += [
            f"variance {a}" if a == b else f"covariance {a} {b}"
            for a, b in combinations_with_replacement(coordinates, 2)
        ]
    return names


def _moments(
    cloud: Cloud, u: Float[ndarray, " n"], order: int
) -> tuple[Float[ndarray, " m"], Float[ndarray, " m"]]:
    """Return the moments of a field, and half widths; the mass alone where it changes sign."""
    x = cloud.all_x
    pairs = list(combinations_with_replacement(range(x.shape[1]), 2)) if order > 1 else []
    powers = [np.ones(len(x)), *(x.T if order else ()), *(x[:, i] * x[:, j] for i, j in pairs)]
    values = np.column_stack([u * p for p in powers])
    mass = cloud.weights @ u[: len(cloud.x)]
    has_one_sign = abs(mass) >= ONE_SIGN * (cloud.weights @ np.abs(u[: len(cloud.x)])) > 0
    if not has_one_sign:
        return cloud.estimate(values[:, :1], lambda sums: sums)

    def made(sums: Float[ndarray, " k"]) -> Float[ndarray, " m"]:
        d = x.shape[1]
        mean = sums[1 : d + 1] / sums[0]
        second = [
            s / sums[0] - mean[i] * mean[j] for s, (i, j) in zip(sums[d + 1 :], pairs, strict=False)
        ]
        return np.concatenate([sums[:1], mean, second])

    return cloud.estimate(values, made)


def _column(rows: Iterable[ndarray], k: int) -> Float[ndarray, " K"]:
    """Return one moment at all instants, NaN where it is not known."""
    return np.array([row[k] if k < len(row) else np.nan for row in rows])


def _rule(
    lower: Float[ndarray, " r"], upper: Float[ndarray, " r"]
) -> tuple[Float[ndarray, "n r"], Float[ndarray, " n"]]:
    """Return points and weights for the integral over a box of any dimension, of none one point."""
    dim, volume = len(lower), float(np.prod(upper - lower))
    if dim in REST:
        nodes, weights = np.polynomial.legendre.leggauss(REST[dim])
        x = lower + (upper - lower) * (1 + _mesh((nodes,) * dim)) / 2
        w = np.ones(1)
        for _ in range(dim):
            w = np.multiply.outer(w, weights / 2).ravel()
        return x, volume * w
    from scipy.stats.qmc import Sobol

    shares = Sobol(dim, rng=np.random.default_rng(1)).random(SOBOL)
    return lower + (upper - lower) * shares, np.full(SOBOL, volume / SOBOL)


def _mesh(axes: Sequence[ndarray]) -> Float[ndarray, "n a"]:
    """Return the points of a grid; of no axes one point."""
    if not axes:
        return np.zeros((1, 0))
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes))


def _at(x: Float[ndarray, "n d"], t: float | None) -> Float[ndarray, "n D"]:
    """Return points at an instant, if there is one."""
    return x if t is None else np.column_stack([x, np.full(len(x), t)])


def _some(times: Float[ndarray, " K"] | None) -> Float[ndarray, " k"] | None:
    """Return so many of the instants as a table has, both ends among them."""
    if times is None or len(times) <= MOST:
        return times
    return times[np.linspace(0, len(times) - 1, MOST).round().astype(int)]
