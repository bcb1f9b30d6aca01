"""How many coordinates the points of a file have: all that a problem must know of it early."""

from functools import lru_cache
from pathlib import Path

from pinnsolve.errors import FileError


def dimension(path: Path) -> int:
    """Return the number of coordinates of a file of points: HDF5, CSV or VTK.

    Raises
    ------
    FileError
        If that cannot be told.
    """
    try:
        found = _dimension(path, path.stat().st_mtime_ns)
    except (OSError, KeyError, AttributeError, ValueError) as error:
        raise FileError(f"{path}: cannot be read as a file of points ({error}).") from error
    if not found:
        raise FileError(f"{path}: holds no points: no columns x, y, … or data set x.")
    return found


@lru_cache(maxsize=32)
def _dimension(path: Path, modified: int) -> int:  # noqa: ARG001  # part of the cache's key
    """Return the number of coordinates, or zero."""
    suffix = path.suffix.lower()
    if suffix in (".h5", ".hdf5"):
        import h5py  # slow to import

        with h5py.File(path) as file:
            return int(file["x"].shape[1])
    if suffix in (".vtk", ".vtu"):
        return _of_vtk(path)
    with path.open(encoding="utf-8-sig") as file:
        header = {name.strip() for name in file.readline().split(",")}
    names = ["x", "y", "z"] if "x" in header else [f"x{i + 1}" for i in range(len(header))]
    return next((i for i, name in enumerate(names) if name not in header), len(names))


def _of_vtk(path: Path) -> int:
    """Return two for points in a plane: the format itself knows three coordinates only."""
    import meshio  # slow to import

    try:
        points = meshio.read(path).points
    except Exception as error:  # its readers trip over broken files in many ways
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise FileError(f"{path}: not a VTK file, or a broken one ({reason}).") from error
    return 3 if points[:, 2].any() else 2
