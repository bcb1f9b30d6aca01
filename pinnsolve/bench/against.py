"""Steps of DeepXDE by its own Zero Coordinate Shift, for the problems of that paper.

Networks, functions, points and equations are those of `pinnsolve.bench.operator`; so is the
precision, float32, which is DeepXDE's. Source: Lu, Meng, Mao & Karniadakis (2021), DeepXDE,
doi:10.1137/19M1274067.
"""

import os
from importlib import import_module
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.bench.operator import WIDTHS
from pinnsolve.bench.operator_cases import Case
from pinnsolve.errors import PackageError

WAVES = 10  # of a load, along each side


def poses(name: str) -> bool:
    """Return whether a case of that name is posed here."""
    return name in ("reaction-diffusion", "kirchhoff-love")


def package() -> Any:
    """Return the package, with torch below.

    Raises
    ------
    PackageError
        If it is not installed.
    """
    os.environ.setdefault("DDE_BACKEND", "pytorch")
    try:
        return import_module("deepxde")
    except ImportError as error:
        raise PackageError(
            f"the package deepxde is not installed, or cannot be loaded ({error}). Install it: pip "
            "install deepxde; or leave out --against."
        ) from None


class DeepXDE:
    """A step of training.

    Parameters
    ----------
    case
        The equation, one of those that it `poses`.
    """

    def __init__(self, case: Case) -> None:
        dde = package()
        is_plate = case.name == "kirchhoff-love"
        problem, functions, sensors = (_plate if is_plate else _reaction)(dde, case)
        data = dde.zcs.PDEOperatorCartesianProd(
            problem,
            functions,
            sensors,
            2 * case.functions,
            function_variables=[0, 1] if is_plate else [0],
            num_test=2,
            batch_size=case.functions,
        )
        net = dde.nn.DeepONetCartesianProd(
            [case.inputs, *WIDTHS], [2, *WIDTHS], "tanh", "Glorot normal"
        )
        factor = case.factor
        if factor is not None:
            net.apply_output_transform(lambda inputs, u: u * factor(inputs[1]))
        self._model = dde.zcs.Model(data, net)
        self._model.compile("adam", lr=1e-3, verbose=0)
        self._batch = data.train_next_batch(case.functions)

    def step(self) -> dict[str, float]:
        """Take a step; its stages are not timed."""
        self._model.train_step(*self._batch)
        return {}


def _reaction(dde: Any, case: Case) -> tuple[Any, Any, Float[ndarray, "s d"]]:
    """Return reaction and diffusion in time, its sources, and where these are read."""

    def pde(x: Any, u: Any, f: Any) -> Any:
        lazy = dde.zcs.LazyGrad(x, u)
        return lazy.compute((0, 1)) - 0.01 * lazy.compute((2, 0)) + 0.01 * u**2 - f

    geometry = dde.geometry.GeometryXTime(
        dde.geometry.Interval(0, 1), dde.geometry.TimeDomain(0, 1)
    )
    sides = [
        kind(geometry, lambda _: 0, lambda _, on: on)
        for kind in (dde.icbc.DirichletBC, dde.icbc.IC)
    ]
    share = case.sides // 3
    problem = dde.data.TimePDE(
        geometry,
        pde,
        sides,
        num_domain=case.points,
        num_boundary=2 * share,
        num_initial=share,
        num_test=100,
    )
    return problem, dde.data.GRF(length_scale=0.2), np.linspace(0, 1, case.inputs)[:, None]


def _plate(dde: Any, case: Case) -> tuple[Any, Any, Float[ndarray, "s d"]]:
    """Return a plate, its loads, and where these are read."""

    def pde(x: Any, u: Any, q: Any) -> Any:
        lazy = dde.zcs.LazyGrad(x, u)
        return lazy.compute((4, 0)) + 2 * lazy.compute((2, 2)) + lazy.compute((0, 4)) - q

    class Loads(dde.data.function_spaces.FunctionSpace):  # type: ignore[misc]
        """Sums of sines."""

        def random(self, size: int) -> ndarray:
            """Return coefficients."""
            return np.random.default_rng(0).standard_normal((size, WAVES**2))

        def eval_one(self, feature: ndarray, x: ndarray) -> ndarray:
            """Return the values of one."""
            return self.eval_batch(feature[None], x)[0]

        def eval_batch(self, features: ndarray, xs: ndarray) -> ndarray:
            """Return the values of many."""
            waves = np.arange(1, WAVES + 1)
            along = [np.sin(np.pi * np.outer(side, waves)) for side in xs.T]
            c = features.reshape(-1, WAVES, WAVES)
            return np.einsum("pr,frs,ps->fp", along[0], c, along[1], optimize=True).astype("f4")

    problem = dde.data.PDE(
        dde.geometry.Rectangle([0, 0], [1, 1]), pde, [], num_domain=case.points, num_test=100
    )
    side = np.linspace(0.05, 0.95, WAVES)
    return problem, Loads(), np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
