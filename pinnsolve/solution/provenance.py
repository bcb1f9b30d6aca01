"""Where a solution comes from: the machine and the versions of what computed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

PACKAGES = ("pinnsolve", "torch", "numpy", "scipy", "sympy")


@dataclass(frozen=True)
class Provenance:
    """With what a solution was computed.

    Attributes
    ----------
    device
        ``cpu``, or the name of the GPU.
    precision
        Of the unknowns.
    threads
        How many threads there were for it.
    versions
        Of Python and the packages that decide the result.
    """

    device: str
    precision: str
    threads: int
    versions: Mapping[str, str]


def versions() -> dict[str, str]:
    """Return the versions of Python and the packages that decide a result."""
    found = {"python": python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a checkout that is not installed
            found[package] = "unknown"
    return found
