"""Where a solution comes from: the versions of what computed it."""

from importlib.metadata import PackageNotFoundError, version
from platform import python_version

PACKAGES = ("pinnsolve", "torch", "numpy", "scipy", "sympy")


def versions() -> dict[str, str]:
    """Return what is needed to run the same again."""
    found = {"python": python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a checkout that is not installed
            found[package] = "unknown"
    return found
