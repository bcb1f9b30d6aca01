"""Both files as ParaView's own library reads and draws them."""

from xml.etree import ElementTree

import numpy as np
import pytest

from pinnsolve.output.run_directory import WRITERS
from pinnsolve.output.vtk.grid import grid
from tests.flows import flow
from tests.solutions import SHAPES

pytest.importorskip("vtkmodules", reason="needs VTK")

CELL_TYPES = {"interval": 3, "plate": 5, "box": 10}


def opened(path):
    from vtkmodules.vtkIOHDF import vtkHDFReader
    from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader

    reader = {".hdf": vtkHDFReader, ".vtu": vtkXMLUnstructuredGridReader}[path.suffix]()
    reader.SetFileName(str(path))
    reader.Update()
    return reader


def check(data, expected):
    """Compare points, cells and values with those of a grid."""
    from vtkmodules.util.numpy_support import vtk_to_numpy

    np.testing.assert_array_equal(vtk_to_numpy(data.GetPoints().GetData()), expected.points)
    cells = vtk_to_numpy(data.GetCells().GetConnectivityArray())
    np.testing.assert_array_equal(cells.reshape(expected.cells.shape), expected.cells)
    arrays = data.GetPointData()
    names = {arrays.GetArrayName(i) for i in range(arrays.GetNumberOfArrays())}
    assert names == set(expected.values)
    for name, values in expected.values.items():
        np.testing.assert_array_equal(vtk_to_numpy(arrays.GetArray(name)), values)


def render(data, path):
    """Draw a grid in the colours of u, as a PNG; return its pixels."""
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - what draws
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOImage import vtkPNGWriter
    from vtkmodules.vtkRenderingCore import (
        vtkActor,
        vtkDataSetMapper,
        vtkRenderer,
        vtkRenderWindow,
        vtkWindowToImageFilter,
    )

    data.GetPointData().SetActiveScalars("u")
    mapper, actor, renderer = vtkDataSetMapper(), vtkActor(), vtkRenderer()
    mapper.SetInputData(data)
    mapper.SetScalarRange(*data.GetPointData().GetArray("u").GetRange())
    actor.SetMapper(mapper)
    renderer.AddActor(actor)
    window, image, writer = vtkRenderWindow(), vtkWindowToImageFilter(), vtkPNGWriter()
    window.SetOffScreenRendering(1)
    window.SetSize(200, 200)
    if not window.SupportsOpenGL():
        pytest.skip("VTK can draw nothing on this machine")
    window.AddRenderer(renderer)
    window.Render()
    image.SetInput(window)
    writer.SetInputConnection(image.GetOutputPort())
    writer.SetFileName(str(path))
    writer.Write()
    return vtk_to_numpy(image.GetOutput().GetPointData().GetScalars())


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["hdf", "vtu"])
@pytest.mark.parametrize("shape", CELL_TYPES)
def test_vtk_reads_and_draws_what_was_written(case, tmp_path, shape, suffix):
    made = case(shape, 200)
    expected = grid(made.solution, made.domain)
    path = tmp_path / f"solution.{suffix}"
    WRITERS[suffix](path, made.solution, expected)

    data = opened(path).GetOutput()
    assert data.GetCellType(0) == CELL_TYPES[shape]
    check(data, expected)
    pixels = render(data, tmp_path / "picture.png")
    assert len(np.unique(pixels, axis=0)) > 20  # background and many colours


@pytest.mark.parametrize("shape", CELL_TYPES)
def test_vtk_reads_every_time_level_of_the_one_file(case_in_time, tmp_path, shape):
    made = case_in_time(shape, 200)
    expected = grid(made.solution, made.domain)
    path = tmp_path / "solution.hdf"
    WRITERS["hdf"](path, made.solution, expected)

    reader = opened(path)
    information = reader.GetOutputInformation(0)
    times = information.Get(reader.GetExecutive().TIME_STEPS())
    np.testing.assert_array_equal(times, made.solution.sample.times)
    for level, time in enumerate(times):
        reader.UpdateTimeStep(time)
        check(reader.GetOutput(), expected.at(level))


@pytest.mark.parametrize("shape", CELL_TYPES)
def test_vtk_reads_the_files_of_the_list_at_their_times(case_in_time, tmp_path, shape):
    made = case_in_time(shape, 200)
    expected = grid(made.solution, made.domain)
    WRITERS["pvd"](tmp_path / "solution.pvd", made.solution, expected)
    entries = ElementTree.parse(tmp_path / "solution.pvd").findall("Collection/DataSet")
    assert [float(entry.get("timestep")) for entry in entries] == list(made.solution.sample.times)
    for level, entry in enumerate(entries):
        data = opened(tmp_path / entry.get("file")).GetOutput()
        check(data, expected.at(level))


IN_TIME = {
    "coordinates": "\ntime = [0, 1]",
    "equations": ("u_t + p_x = laplace(u)", "v_t + p_y = laplace(v)", "u_x + v_y = 0"),
    "initial": '[initial]\nu = "0"\nv = "0"',
    "levels": "time_levels = 3",
}


@pytest.mark.parametrize("suffix", ["hdf", "pvd"])
def test_vtk_reads_the_velocity_of_every_time_level_as_vectors(tmp_path, suffix):
    parts = dict(IN_TIME)
    domain = SHAPES["disk"] + parts.pop("coordinates")
    made = flow(tmp_path, domain, {"u": "y*t", "v": "-x*t", "p": "x*y"}, **parts)
    expected = grid(made.solution, made.domain)
    WRITERS[suffix](tmp_path / f"solution.{suffix}", made.solution, expected)
    for level, data in enumerate(levels_of(tmp_path, suffix)):
        assert data.GetPointData().GetArray("velocity").GetNumberOfComponents() == 3
        check(data, expected.at(level))


def levels_of(folder, suffix):
    """Yield what VTK reads of three time levels."""
    if suffix == "pvd":
        for path in sorted((folder / "solution").glob("*.vtu")):
            yield opened(path).GetOutput()
        return
    reader = opened(folder / "solution.hdf")
    for time in (0.0, 0.5, 1.0):
        reader.UpdateTimeStep(time)
        yield reader.GetOutput()
