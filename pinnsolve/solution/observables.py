"""What is told of fields of many coordinates: slices, marginals, moments, what is conserved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Kind = Literal["slice", "marginal"]


@dataclass(frozen=True, eq=False)
class Table:
    """Fields along one or two coordinates, at instants.

    Attributes
    ----------
    kind
        A slice, or a marginal: integrated over all other coordinates.
    along
        The names of the coordinates.
    axes
        Their values.
    times
        The instants; None if nothing changes.
    values
        The fields there.
    half_widths
        Of the 95 % intervals of integrals that are sums over chance points; None of others.
    truth
        The same of what errors are measured against; None if that is not known.
    """

    kind: Kind
    along: tuple[str, ...]
    axes: tuple[Float[ndarray, " _"], ...]
    times: Float[ndarray, " K"] | None
    values: Float[ndarray, "K *n c"]
    half_widths: Float[ndarray, "K *n c"] | None = None
    truth: Float[ndarray, "K *n c"] | None = None

    @property
    def name(self) -> str:
        """The name of its files."""
        return "-".join((self.kind, *self.along))

    @property
    def x(self) -> Float[ndarray, "n a"]:
        """Its points, the last coordinate first to change."""
        return np.stack(np.meshgrid(*self.axes, indexing="ij"), -1).reshape(-1, len(self.axes))

    @property
    def title(self) -> str:
        """It in words."""
        where = " and ".join(self.along)
        if self.kind == "slice":
            return f"along {where}, through the middle"
        return f"over {where}, integrated over all other coordinates"


@dataclass(frozen=True, eq=False)
class InTime:
    """A number at some instants, with its 95 % interval.

    Attributes
    ----------
    values
        The number.
    half_widths
        Of the intervals: of sums over chance points by their parts, of quadratures by a coarser
        one.
    truth
        What it should be; None if that is not known.
    """

    values: Float[ndarray, " K"]
    half_widths: Float[ndarray, " K"]
    truth: Float[ndarray, " K"] | None = None

    @property
    def change(self) -> float:
        """The largest change since the first instant, relative to the value there if it is any."""
        first = abs(float(self.values[0]))
        moved = float(np.abs(self.values - self.values[0]).max())
        return moved / (first or 1.0)

    @property
    def uncertainty(self) -> float:
        """The largest half width, relative as the change is."""
        first = abs(float(self.values[0]))
        return float(self.half_widths.max()) / (first or 1.0)

    def metrics(self) -> dict[str, Any]:
        """Return the figures."""
        truth = {} if self.truth is None else {"truth": self.truth.tolist()}
        told = {"values": self.values.tolist(), "half_widths": self.half_widths.tolist()}
        return {**told, **truth}


@dataclass(frozen=True, eq=False)
class Observables:
    """All of it.

    Attributes
    ----------
    times
        The instants.
    tables
        Slices and marginals.
    moments
        By the name of the field, and of the moment: ``mass``, ``mean x``, ``variance x``,
        ``covariance x y``.
    conserved
        Integrals by name.
    remark
        Why moments are missing; empty if none are.
    """

    times: Float[ndarray, " K"] | None
    tables: tuple[Table, ...] = ()
    moments: Mapping[str, Mapping[str, InTime]] = field(default_factory=dict)
    conserved: Mapping[str, InTime] = field(default_factory=dict)
    remark: str = ""

    def metrics(self) -> dict[str, Any]:
        """Return the figures of moments and of what is conserved."""
        found: dict[str, Any] = {}
        if self.times is not None and (self.moments or self.conserved):
            found["observed_at"] = self.times.tolist()
        if self.moments:
            found["moments"] = {
                of: {name: own.metrics() for name, own in rows.items()}
                for of, rows in self.moments.items()
            }
        if self.conserved:
            found["conserved"] = {
                name: {**own.metrics(), "change": own.change}
                for name, own in self.conserved.items()
            }
        return found


def observables_from(metrics: Mapping[str, Any]) -> Observables | None:
    """Return moments and what is conserved from the figures of `Observables.metrics`.

    Raises
    ------
    KeyError, TypeError, ValueError
        If they are not such figures.
    """
    if "observed_at" not in metrics:
        return None
    moments = {
        of: {name: _in_time(told) for name, told in rows.items()}
        for of, rows in metrics.get("moments", {}).items()
    }
    conserved = {name: _in_time(told) for name, told in metrics.get("conserved", {}).items()}
    return Observables(np.array(metrics["observed_at"]), (), moments, conserved)


def _in_time(told: Mapping[str, Any]) -> InTime:
    truth = told.get("truth")
    return InTime(
        np.array(told["values"], dtype=float),
        np.array(told["half_widths"], dtype=float),
        None if truth is None else np.array(truth, dtype=float),
    )
