"""The surface of a body as PyVista draws it, where it is installed and can draw off-screen.

The painter's algorithm (`panels`) sorts faces by their middles, so that a wall may be seen through
a wall, and darkens what is turned from the eye, so that its colours are not those of the scale.
Here a depth buffer decides what is seen, colours are those of the scale, unlit, interpolated as
values, and edges of 40 degrees and more are lines.

Drawing needs OpenGL: a display, or EGL or OSMesa without one. Where none is found VTK may end the
process, so another process tries first, once.

Source: C. Sullivan and A. Kaszynski (2019), PyVista, doi:10.21105/joss.01450.
"""

import os
import subprocess
import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.cm import ScalarMappable
from numpy import ndarray

from pinnsolve.output.figures.projection import VIEW, is_facing, project, slopes

EDGE = 40.0  # degrees: where faces meet at more there is a line
PIXELS = 900  # of the longer side: twice what a screen shows, for print
LINE = 3.0  # pixels
NEARER = 4e-3  # of the body's extent: so far lines stand before the surface
GREY = "#303234"  # of lines, to be seen on every colour of the scales
PATIENCE = 60.0  # seconds for the trial
WINDOW = "VTK_DEFAULT_OPENGL_WINDOW"
TRIAL = (
    "import os, pyvista as p; q = p.Plotter(off_screen=True, window_size=(64, 64)); "
    "q.add_mesh(p.Sphere(), color='red'); "
    "os._exit(int(q.screenshot(return_img=True).std() <= 1))"  # its end may fail
)


def can_render() -> bool:
    """Tell whether surfaces are drawn by PyVista here."""
    return not obstacle()


def painting(dim: int) -> list[str]:
    """Return a sentence on why surfaces in space are painted; none if they are not."""
    return [f"{obstacle()} Surfaces are painted face by face."] if dim == 3 and obstacle() else []


@cache
def obstacle() -> str:
    """Return a sentence on why PyVista does not draw here; empty if it does."""
    if find_spec("pyvista") is None:
        return "PyVista is not installed."
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        os.environ.setdefault(WINDOW, "vtkEGLRenderWindow")  # does not ask for a display first
    try:
        tried = subprocess.run(
            [sys.executable, "-P", "-c", TRIAL],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return "PyVista is installed, but could not be tried."
    return "" if tried.returncode == 0 else "PyVista is installed, but cannot draw off-screen here."


def rendered(
    x: Float[ndarray, "n 3"],
    faces: Int[ndarray, "F 3"],
    values: Float[ndarray, "n"],
    colours: ScalarMappable,
    frame: tuple[Float[ndarray, "2"], Float[ndarray, "2"]],
) -> UInt8[ndarray, "H W 4"]:
    """Draw a surface of triangles as it is seen from afar; ask `can_render` before.

    Parameters
    ----------
    x, faces
        The triangles.
    values
        Values at the points, interpolated linearly.
    colours
        Their colours.
    frame
        The lower left and the upper right corner of the picture, as `project` gives them.

    Returns
    -------
    UInt8[ndarray, "H W 4"]
        Red, green, blue and opacity, the first row on top; nothing is drawn beside the surface.
    """
    pyvista: Any = import_module("pyvista")  # a second, only where it draws

    low, high = frame
    size, extent = high - low, float(np.ptp(x, axis=0).max())
    mesh = pyvista.PolyData.from_regular_faces(x, faces)
    mesh.point_data["values"] = np.asarray(colours.norm(values), dtype=float)
    window = [int(side) for side in np.ceil(PIXELS * size / size.max())]
    plotter = pyvista.Plotter(off_screen=True, window_size=window)
    plotter.add_mesh(
        mesh, scalars="values", cmap=colours.get_cmap(), clim=(0.0, 1.0),
        lighting=False, show_scalar_bar=False,
    )  # fmt: skip
    lines = pyvista.PolyData(x + NEARER * extent * VIEW, lines=_lines(x, faces))
    plotter.add_mesh(lines, color=GREY, line_width=LINE, lighting=False)
    across = project(np.eye(3), VIEW)  # column by column the directions of the picture
    focus = across @ (low + high) / 2
    plotter.enable_parallel_projection()
    plotter.camera_position = [focus + 4 * extent * VIEW, focus, (0.0, 0.0, 1.0)]
    plotter.camera.parallel_scale = size[1] / 2
    plotter.reset_camera_clipping_range()
    plotter.enable_anti_aliasing("ssaa")
    image = plotter.screenshot(transparent_background=True, return_img=True)
    plotter.close()
    return np.asarray(image)


def _lines(x: Float[ndarray, "n 3"], faces: Int[ndarray, "F 3"]) -> Int[ndarray, " L"]:
    """Return edges, and where the surface turns from the eye, each after the count of its ends."""
    normals = slopes(x[faces])
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    order = np.lexsort(edges.T)
    edges, face = edges[order], order % len(faces)
    same = np.flatnonzero((edges[1:] == edges[:-1]).all(axis=1))  # neighbours share an edge
    one, other = normals[face[same]], normals[face[same + 1]]
    is_sharp = (one * other).sum(axis=1) < np.cos(np.radians(EDGE))
    turns = is_facing(one, VIEW) != is_facing(other, VIEW)
    drawn = edges[same[is_sharp | turns]]
    return np.column_stack([np.full(len(drawn), 2), drawn]).ravel()
