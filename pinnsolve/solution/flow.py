"""What is told of an incompressible flow: forces, what flows through the boundary, how fast."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray


@dataclass(frozen=True)
class Force:
    """What a flow does to a piece of the boundary; of a steady flow at one level.

    Attributes
    ----------
    force
        The integral of the traction by which the fluid pulls on what lies behind the piece, in the
        unit of the pressure times that of the piece's size, at each time level.
    moment
        That of its moment: in the plane one number, counter-clockwise, in space a vector.
    about
        The point about which it is taken.
    """

    force: Float[ndarray, "K d"]
    moment: Float[ndarray, "K m"]
    about: Float[ndarray, " d"]


@dataclass(frozen=True)
class Reynolds:
    """The Reynolds number ``speed length / viscosity`` of a flow.

    Attributes
    ----------
    speed
        The largest at a node, at any time.
    length
        A diameter.
    of
        What it is the diameter of: "the domain", or a piece of the boundary.
    viscosity
        The kinematic viscosity, the least at a node where it varies.
    """

    speed: float
    length: float
    of: str
    viscosity: float

    @property
    def number(self) -> float:
        """The Reynolds number."""
        return self.speed * self.length / self.viscosity


@dataclass(frozen=True)
class FlowBalance:
    """Integrals of a flow over pieces of the boundary; of a steady one at one level.

    Attributes
    ----------
    fluxes
        The volume that leaves the domain through each piece, in unit time, at each time level.
    through
        The volume that enters or leaves the domain: half the integral of ``|u . n|``.
    forces
        On those pieces for which they are asked.
    reynolds
        The Reynolds number; None of a flow without inertia or without friction.
    times
        The time levels; None of a steady flow.
    """

    fluxes: Mapping[str, Float[ndarray, " K"]]
    through: Float[ndarray, " K"]
    forces: Mapping[str, Force]
    reynolds: Reynolds | None = None
    times: Float[ndarray, " K"] | None = None

    @property
    def mass_defect(self) -> Float[ndarray, " K"]:
        """The volume that leaves the domain in all, which of an exact solution is zero."""
        return np.sum(list(self.fluxes.values()), axis=0)

    def metrics(self) -> dict[str, Any]:
        """Return all of it: the last time level, and if there are others their course."""
        return {"forces": self._forces(), "flow": self._flow()}

    def _forces(self) -> dict[str, Any]:
        """Return the forces by piece."""
        found: dict[str, Any] = {}
        for name, own in self.forces.items():
            force = own.force.tolist()
            moment = (own.moment[:, 0] if own.moment.shape[1] == 1 else own.moment).tolist()
            found[name] = {"force": force[-1], "moment": moment[-1], "about": own.about.tolist()}
            if self.times is not None:
                found[name] |= {"force_in_time": force, "moment_in_time": moment}
        return found

    def _flow(self) -> dict[str, Any]:
        """Return the fluxes and the Reynolds number."""
        found: dict[str, Any] = {
            "flux": {name: float(flux[-1]) for name, flux in self.fluxes.items()},
            "through": float(self.through[-1]),
            "mass_defect": float(self.mass_defect[-1]),
            "reynolds": self.reynolds
            and {
                "number": self.reynolds.number,
                "speed": self.reynolds.speed,
                "length": self.reynolds.length,
                "length_of": self.reynolds.of,
                "viscosity": self.reynolds.viscosity,
            },
        }
        if self.times is not None:
            fluxes = {name: flux.tolist() for name, flux in self.fluxes.items()}
            found |= {"times": self.times.tolist(), "flux_in_time": fluxes}
            found["through_in_time"] = self.through.tolist()
        return found


def flow_from(metrics: Mapping[str, Any]) -> FlowBalance | None:
    """Return the balance of a flow from the figures of `FlowBalance.metrics`; None without one.

    Raises
    ------
    KeyError, TypeError, ValueError
        If they are not such figures.
    """
    told = metrics.get("flow")
    if told is None:
        return None
    times = told.get("times")
    is_steady = times is None
    reynolds = told["reynolds"]
    return FlowBalance(
        {
            name: np.array([flux] if is_steady else told["flux_in_time"][name])
            for name, flux in told["flux"].items()
        },
        np.array([told["through"]] if is_steady else told["through_in_time"]),
        {
            name: Force(*_in_time(own, is_steady), np.array(own["about"]))
            for name, own in metrics["forces"].items()
        },
        reynolds
        and Reynolds(
            reynolds["speed"], reynolds["length"], reynolds["length_of"], reynolds["viscosity"]
        ),
        None if is_steady else np.array(times),
    )


def _in_time(own: Mapping[str, Any], is_steady: bool) -> tuple[ndarray, ndarray]:
    """Return force and moment, a row for each time level."""
    force = np.array([own["force"]] if is_steady else own["force_in_time"])
    moment = np.array([own["moment"]] if is_steady else own["moment_in_time"])
    return force, moment.reshape(len(force), -1)
