"""The family of a problem: what varies, the functions to train with, and those held out.

A formula that holds an input is read with a typical function of its family in it, one that is drawn
for nothing else, so that all that is checked of a problem can be checked of a family.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import MultiIndex
from pinnsolve.equations.expression import Function, function
from pinnsolve.equations.symbols import Symbols, Varying
from pinnsolve.equations.variables import Input, occurring
from pinnsolve.errors import Fault, FileError, KeyPath, suggestion
from pinnsolve.families.coefficients import Coefficients, all_of, with_indices
from pinnsolve.families.family import Family, Functions, Members, evenly
from pinnsolve.families.gaussian_process import GaussianProcess
from pinnsolve.families.numbers import Uniform
from pinnsolve.families.spectral import Spectral
from pinnsolve.families.tabulated import Tabulated
from pinnsolve.problem.reading import Reading
from pinnsolve.problem.schema import operator as schema
from pinnsolve.problem.schema.operator import SECTION
from pinnsolve.problem.schema.shape import Shape
from pinnsolve.problem.stated_reference import StatedReference
from pinnsolve.problem.tabulated import read_functions

SENSORS = {1: (50,), 2: (15, 15), 3: (8, 8, 8)}  # by default, by the number of coordinates
COUNT = 1000  # functions to train with, by default
TRAINED, HELD_OUT, TYPICAL = range(3)  # for what functions are drawn

AnyFamily: TypeAlias = Family | Tabulated


@dataclass(frozen=True)
class VaryingInput:
    """An input, and where it comes from.

    Attributes
    ----------
    name
        As it stands in formulas.
    number
        Which of the inputs it is.
    family
        The functions.
    axes
        The coordinates that they depend on, by their numbers.
    box
        Lower and upper corner of the domain in these.
    count, n_held_out
        How many functions to train with, and how many are held out.
    seed
        Of the functions.
    is_exponent
        Whether its exponential stands in the formulas.
    """

    name: str
    number: int
    family: AnyFamily
    axes: tuple[int, ...]
    box: tuple[list[float], list[float]]
    count: int
    n_held_out: int
    seed: int
    is_exponent: bool

    @cached_property
    def training(self) -> Functions:
        """The functions to train with."""
        return self._some(TRAINED, self.count)

    @cached_property
    def held_out(self) -> Functions:
        """The functions on which errors are measured."""
        return self._some(HELD_OUT, self.n_held_out)

    @cached_property
    def varying(self) -> Varying:
        """The input as formulas use it."""
        functions = self.training if isinstance(self.family, Tabulated) else None

        def typical(x: Float[ndarray, "n k"], alpha: MultiIndex) -> Float[ndarray, " n"]:
            own = self._some(TYPICAL, 1) if functions is None else functions.chosen([0])
            return own.values(x, alpha)[0]

        return Varying(self.axes, typical, self.family.smoothness, self.is_exponent)

    @property
    def coordinates(self) -> int:
        """The number of coordinates of the family, if it were no more than its codes."""
        if isinstance(self.family, Tabulated):
            return 1
        generator = np.random.default_rng(0)
        drawn = self.family.draw(1, generator)
        return min(drawn.shape[1], self.family.codes(drawn).shape[1])

    def _some(self, purpose: int, count: int) -> Functions:
        if isinstance(self.family, Tabulated):
            first = self.count if purpose == HELD_OUT else 0
            return self.family.chosen(range(first, first + count))
        generator = np.random.default_rng([self.seed, self.number, purpose])
        return Members(self.family, self.family.draw(count, generator))


@dataclass(frozen=True)
class FamilyOfProblems:
    """What varies in a problem.

    Attributes
    ----------
    inputs
        The functions and numbers that vary.
    exact
        The solution, one function for each field, of coordinates and inputs, or of coordinates and
        indices of a basis; None if it is not known.
    stated
        The solution that errors are measured against where it is not; None if the file states none.
    """

    inputs: tuple[VaryingInput, ...]
    exact: tuple[Function, ...] | None = None
    stated: StatedReference | None = None

    @property
    def count(self) -> int:
        """The number of functions to train with."""
        return self.inputs[0].count

    @property
    def n_held_out(self) -> int:
        """The number of those held out."""
        return self.inputs[0].n_held_out

    @property
    def named(self) -> dict[str, VaryingInput]:
        """The inputs by name."""
        return {own.name: own for own in self.inputs}


def read(
    reading: Reading, symbols: Symbols, domain: Shape | None
) -> tuple[Symbols, FamilyOfProblems | None]:
    """Return the names with the inputs among them, and the family; None if there is none.

    Parameters
    ----------
    reading
        Told of what is wrong.
    symbols
        Coordinates and constants.
    domain
        Where the problem is posed.
    """
    section = reading.valid.get((SECTION,))
    if section is None or domain is None:
        reading.broken |= set(section.input if section else ())
        return symbols, None
    lower, upper = (list(corner) for corner in domain.box)
    if domain.time is not None:
        lower, upper = [*lower, domain.time[0]], [*upper, domain.time[1]]
    inputs = []
    for number, name in enumerate(section.input):
        key: KeyPath = (SECTION, "family")
        key = key if isinstance(section.family, schema.Family) else (*key, name)
        own = section.family_of(name)
        axes = _axes(reading, key, own, symbols)
        family, box = None, ([lower[i] for i in axes or ()], [upper[i] for i in axes or ()])
        if axes is not None:
            family = _family(reading, key, own, symbols, axes, box)
        if axes is None or family is None:
            reading.broken |= {name, *own.indices}
            continue
        count = own.count or COUNT
        if isinstance(family, Tabulated):
            count = min(own.count or len(family), len(family) - section.held_out)
            reading.faults += _leak_faults(key, own, len(family), section.held_out)
        is_exponent = own.transform == "exp"
        inputs.append(
            VaryingInput(
                name, number, family, axes, box, count, section.held_out, own.seed, is_exponent
            )
        )
        reading.faults += _count_faults(key, inputs)
    if len(inputs) < len(section.input):
        return symbols, None
    known = {own.name: own.varying for own in inputs}
    return replace(symbols, inputs=known), FamilyOfProblems(tuple(inputs))


def unused_faults(family: FamilyOfProblems | None, expressions: Sequence[Any]) -> list[Fault]:
    """Return the faults of inputs that stand in none of the equations and conditions."""
    if family is None:
        return []
    used = {own.name for e in expressions for own in occurring(Input, e).values()}
    return [
        Fault(
            (SECTION, "input") if len(family.inputs) == 1 else (SECTION, "input", i),
            f'the input "{own.name}" is in no equation and in no condition.',
            "Use it there, or remove it.",
        )
        for i, own in enumerate(family.inputs)
        if own.name not in used
    ]


def with_exact(
    family: FamilyOfProblems | None, exact: tuple[Function, ...] | None
) -> tuple[FamilyOfProblems | None, tuple[Function, ...] | None]:
    """Return a family with the exact solution as its own, which is that of no single problem."""
    if family is None:
        return None, exact
    return replace(family, exact=exact), None


def with_stated(
    family: FamilyOfProblems | None, stated: StatedReference | None
) -> tuple[FamilyOfProblems | None, StatedReference | None]:
    """Return a family with the stated reference as its own, which is one for each problem."""
    if family is None:
        return None, stated
    return replace(family, stated=stated), None


def for_exact(symbols: Symbols, family: FamilyOfProblems | None) -> Symbols:
    """Return the names that an exact solution may use: indices of a basis among them."""
    if family is None or len(family.inputs) > 1:
        return symbols
    own = family.inputs[0].family
    if not isinstance(own, Coefficients):
        return symbols
    indices = own.basis.symbols.coordinates[len(family.inputs[0].axes) :]
    return with_indices(symbols, indices)


def _axes(
    reading: Reading, key: KeyPath, own: schema.Family, symbols: Symbols
) -> tuple[int, ...] | None:
    """Return the coordinates that an input depends on; None if they are not named rightly."""
    if own.kind == "uniform":
        if own.of:
            message = "a number depends on no coordinate."
            reading.faults.append(Fault((*key, "of"), message, "Remove it."))
        return ()
    names = symbols.coordinates
    if own.of is None:
        return symbols.space
    wrong = [(i, name) for i, name in enumerate(own.of) if name not in names]
    for i, name in wrong:
        message = f'"{name}" is no coordinate.'
        reading.faults.append(Fault((*key, "of", i), message, suggestion(name, names)))
    if not own.of or len(set(own.of)) < len(own.of):
        message = "must name each coordinate once, and at least one."
        reading.faults.append(Fault((*key, "of"), message, f"Coordinates: {', '.join(names)}."))
        return None
    return None if wrong else tuple(sorted(names.index(name) for name in own.of))


def _family(
    reading: Reading,
    key: KeyPath,
    own: schema.Family,
    symbols: Symbols,
    axes: tuple[int, ...],
    box: tuple[list[float], list[float]],
) -> AnyFamily | None:
    """Return the family of an input; None after noting what is wrong with it."""
    lower, upper = box
    counts: Sequence[int] = SENSORS.get(len(axes), (4,) * len(axes))
    if own.sensors is not None:
        counts = [max(2, round(own.sensors ** (1 / max(1, len(axes)))))] * len(axes)
    sensors = evenly(lower, upper, counts) if axes else np.empty((1, 0))
    names = tuple(symbols.coordinates[i] for i in axes)
    constants = Symbols((), constants=symbols.constants)
    match own.kind:
        case "uniform":
            ends = np.array([own.lower, own.upper], dtype=float)
            ends = np.log(ends) if own.transform == "exp" else ends
            return Uniform(*ends.tolist())
        case "coefficients":
            of = with_indices(replace(constants, coordinates=names), tuple(own.indices))
            basis = reading.attempt((*key, "basis"), function, own.basis or "", of)
            if basis is None:
                return None
            return Coefficients(basis, all_of(own.indices), own.distribution, sensors)
        case "file":
            return _from_file(reading, (*key, "file"), own.file, names, sensors, box)
    if own.kernel != "spectral":
        length = own.length_scale or 1.0
        corners = tuple(lower), tuple(upper)
        return GaussianProcess(own.kernel, length, own.variance, own.mean, *corners, sensors)
    if len(axes) > 1:
        message = "functions of a spectrum depend on one coordinate."
        remedy = f'Write of = ["{names[0]}"].'
        reading.faults.append(Fault((*key, "kernel"), message, remedy))
        return None
    of = replace(constants, coordinates=("k",))
    spectrum = reading.attempt((*key, "spectrum"), function, own.spectrum or "", of)
    if spectrum is None:
        return None
    sensors = evenly(lower, upper, [counts[0] + 1])[:-1]  # the ends are one point
    waves = np.arange(1.0, max(2, len(sensors) // 2))
    variances = spectrum(waves[:, None])
    if not (np.isfinite(variances).all() and (variances >= 0).all() and variances.any()):
        message = "must be finite and not negative for k = 1, 2, …, and somewhere positive."
        reading.faults.append(Fault((*key, "spectrum"), message, 'Write, say, "1/k**4".'))
        return None
    return Spectral(variances, own.mean, lower[0], upper[0], sensors)


def _from_file(
    reading: Reading,
    key: KeyPath,
    path: Path | None,
    names: tuple[str, ...],
    sensors: Float[ndarray, "s d"],
    box: tuple[list[float], list[float]],
) -> Tabulated | None:
    """Return the functions in a file; None after noting what is wrong with it."""
    assert path is not None
    try:
        axes, table, _ = read_functions(path, names, box)
    except FileError as error:
        message = str(error).removeprefix(f"{path}: ")
        reading.faults.append(Fault(key, f"{path.name}: {message}"))
        return None
    return Tabulated(axes, table, sensors)


def _leak_faults(key: KeyPath, own: schema.Family, total: int, held_out: int) -> list[Fault]:
    """Return the fault of a file whose functions would be trained with and held out at once."""
    if total <= held_out + 1:
        message = f"the file has {total} functions, of which {held_out} are held out."
        return [Fault((*key, "file"), message, "Lower held_out, or add functions.")]
    if own.count is not None and own.count > total - held_out:
        message = (
            f"of {total} functions the last {held_out} are held out: to train with them, too, "
        )
        message += "would make errors small that are not."
        return [Fault((*key, "count"), message, f"Take {total - held_out} at most.")]
    return []


def _count_faults(key: KeyPath, inputs: Sequence[VaryingInput]) -> list[Fault]:
    """Return the faults of too few functions, or of another number than those of other inputs."""
    last, first = inputs[-1], inputs[0]
    if last.count <= last.coordinates:
        message = f"{last.count} functions are fewer than the {last.coordinates + 1} that tell the "
        message += f"{last.coordinates} coordinates of the family and its mean apart."
        return [Fault((*key, "count"), message, "Raise count.")]
    if last.count != first.count:
        message = f"{last.count} functions of {last.name} cannot be paired with {first.count} of "
        message += f"{first.name}."
        return [Fault((*key, "count"), message, "Give all inputs the same count.")]
    return []


def functions_of(family: FamilyOfProblems, *, held_out: bool) -> Mapping[str, Functions]:
    """Return the functions of each input, those held out or those to train with."""
    return {own.name: own.held_out if held_out else own.training for own in family.inputs}
