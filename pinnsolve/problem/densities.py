"""What a problem file may say of densities, whose logarithm evolves on particles.

A field ``u = exp(N)`` is positive and has no walls: its equation holds in all of space, and is to
conserve its integral (`pinnsolve.conditions.conservation`), as particles do.
"""

from collections.abc import Mapping
from math import comb
from typing import Any

from pinnsolve.errors import Fault, KeyPath, suggestion
from pinnsolve.problem.abilities import ABILITIES, methods_that_take
from pinnsolve.problem.schema.boxes import Unbounded
from pinnsolve.problem.text.source import KEY

MOST_COLUMNS = 10_000  # of a polynomial
DEGREE = 2  # of a polynomial that is not asked for: the logarithm of a normal density
OF_DENSITIES = 'Write ansatz = { u = "exp" } in [network], for a density u.'


def degrees(polynomial: int | None, powers: int | None) -> tuple[int, int]:
    """Return the degree of the polynomial of a density, and that of its powers."""
    degree = DEGREE if polynomial is None else polynomial
    return degree, max(degree, powers or 0)


def coefficients(dim: int, polynomial: int | None, powers: int | None) -> int:
    """Return the number of coefficients of the polynomial of a density."""
    degree, highest = degrees(polynomial, powers)
    return comb(dim + degree, degree) + dim * (highest - degree)


def density_faults(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return the faults of what does not go together with a density, or without one.

    Parameters
    ----------
    valid
        Sections that passed validation, by key path.
    """
    network, solver, domain = (valid.get((name,)) for name in ("network", "solver", "domain"))
    if network is None or solver is None:
        return []
    names = " or ".join(f'method = "{name}"' for name in methods_that_take("densities"))
    takes = "densities" in ABILITIES[solver.method].takes
    if not takes:
        asked = [("network", "ansatz")] if network.ansatz else []
        asked += [("domain", "shape")] if isinstance(domain, Unbounded) else []
        messages = {
            "ansatz": f'method "{solver.method}" takes no exponentials.',
            "shape": f'method "{solver.method}" needs a domain with a boundary.',
        }
        faults = [Fault(key, messages[key[-1]], f"Set {names} in [solver].") for key in asked]
        return faults + _without(valid)
    return _with(valid) if network.ansatz else _without(valid)


def _without(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return the faults of what is of densities alone."""
    network, evolution, domain = (
        valid["network",],
        valid.get(("evolution",)),
        valid.get(("domain",)),
    )
    found: list[tuple[bool, KeyPath, str, str]] = [
        (
            network.hidden == (),
            ("network", "hidden"),
            "a network needs a hidden layer.",
            "Write hidden = [50, 50], or leave it out.",
        ),
        *(
            (
                getattr(network, name) is not None and not network.ansatz,
                ("network", name),
                f"{name} is of exponentials alone.",
                OF_DENSITIES,
            )
            for name in ("polynomial", "powers")
        ),
        (
            evolution is not None and evolution.sampling == "particles",
            ("evolution", "sampling"),
            "particles carry the logarithm of a density, and there is none.",
            OF_DENSITIES,
        ),
        (
            isinstance(domain, Unbounded)
            and not network.ansatz
            and "densities" in ABILITIES[valid["solver",].method].takes,
            ("domain", "shape"),
            "a network that is no exponential does not vanish far away.",
            OF_DENSITIES,
        ),
    ]
    return [Fault(key, message, remedy) for holds, key, message, remedy in found if holds]


def _with(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return the faults of what a density cannot take."""
    network, evolution, domain = (
        valid["network",],
        valid.get(("evolution",)),
        valid.get(("domain",)),
    )
    unknowns = valid.get(("unknowns",))
    fields = () if unknowns is None else unknowns.fields
    faults = []
    for name in network.ansatz:
        if unknowns is not None and name not in fields:
            message = f'"{name}" in ansatz is not a field.'
            key: KeyPath = ("network", "ansatz", name)
            faults.append(Fault(key, message, suggestion(name, fields), KEY))
    found: list[tuple[bool, KeyPath, str, str]] = [
        (
            len(fields) > 1,
            ("network", "ansatz"),
            f"particles are those of one density, but there are {len(fields)} fields.",
            "Leave out ansatz.",
        ),
        (
            domain is not None and not isinstance(domain, Unbounded),
            ("domain", "shape"),
            "an exponential is positive everywhere, and has no walls.",
            'Write shape = "unbounded", with a box that holds the initial values.',
        ),
        (
            bool(network.symmetry),
            ("network", "symmetry"),
            "a density takes no symmetries in this version.",
            "Remove it.",
        ),
        (
            evolution is not None and evolution.sampling not in ("auto", "particles"),
            ("evolution", "sampling"),
            "the logarithm of a density evolves on particles.",
            'Write sampling = "particles", or leave it out.',
        ),
        (
            evolution is not None and evolution.weights == "frozen",
            ("evolution", "weights"),
            "the weights of a density are not frozen.",
            "Leave it out.",
        ),
        (
            evolution is not None and evolution.integrator in ("radau", "exact"),
            ("evolution", "integrator"),
            "particles move by explicit steps.",
            'Write integrator = "rk23" or "rk45".',
        ),
        (
            evolution is not None and evolution.restarts != "auto",
            ("evolution", "restarts"),
            "a density is fitted to its particles at the instants of output.",
            "Leave it out, and write more output_times.",
        ),
    ]
    faults += [Fault(key, message, remedy) for holds, key, message, remedy in found if holds]
    return faults + _columns_fault(valid)


def _columns_fault(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return the fault of a polynomial of too many coefficients."""
    network, domain = valid["network",], valid.get(("domain",))
    if domain is None:
        return []
    degree, _ = degrees(network.polynomial, network.powers)
    count = coefficients(domain.dim, network.polynomial, network.powers)
    if count <= MOST_COLUMNS:
        return []
    message = f"a polynomial of degree {degree} in {domain.dim} coordinates has {count:,} "
    message += f"coefficients, of which {MOST_COLUMNS:,} are possible."
    return [Fault(("network", "polynomial"), message, "Lower it; powers adds few.")]


def boundary_faults_of(valid: Mapping[KeyPath, Any]) -> list[Fault]:
    """Return a fault for each condition on the boundary of a domain that has none."""
    if not isinstance(valid.get(("domain",)), Unbounded):
        return []
    message = "a domain without bounds has no boundary, on which a condition could hold."
    keys: list[KeyPath] = [key for key in valid if key[0] == "boundary" and key[1:]]
    if valid["domain",].pieces:
        keys.append(("domain", "pieces"))
    return [Fault(key, message, "Remove it.") for key in keys]
