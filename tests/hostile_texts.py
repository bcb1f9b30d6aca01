"""Tables and VTK files with one thing wrong, each by its name, and a word of the message."""

import numpy as np

CSV = "x,y,kind,nx,ny,piece\n0,0,interior,,,\n0.5,0,interior,,,\n1,0,boundary,1,0,rim\n"
WRONG_CSV = {
    "empty": ("", "no values"),
    "blank lines": ("\n\n\n", "no values"),
    "names alone": ("x,y,kind,nx,ny,piece\n", "no values"),
    "no names": ("0,0,interior,,,\n", "two columns"),
    "other names": ("a,b\n1,2\n", "must have"),
    "no normals": ("x,y,kind\n1,2,interior\n", "must have"),
    "no kinds": ("x,y,nx,ny\n1,2,,\n", "must have"),
    "a name twice": (CSV.replace("x,y,", "x,x,"), 'two columns "x"'),
    "a row too short": (CSV + "1,2\n", ":5: has 2 values"),
    "a row too long": (CSV + "1,2,interior,,,,,\n", ":5: has 8 values"),
    "an unknown kind": (CSV.replace("boundary", "edge"), ":4: the kind"),
    "no kind": (CSV.replace("boundary", ""), ":4: the kind"),
    "a word": (CSV.replace("0.5", "half"), ":3: "),
    "a decimal comma in quotes": (CSV.replace("0.5", '"0,5"'), ":3: "),
    "NaN": (CSV.replace("0.5", "nan"), ":3: "),
    "infinite": (CSV.replace("0.5", "inf"), ":3: "),
    "overflowing": (CSV.replace("0.5", "1e999"), ":3: "),
    "complex": (CSV.replace("0.5", "1+2j"), ":3: "),
    "grouped digits": (CSV.replace("0.5", "1_0"), ":3: "),
    "hexadecimal": (CSV.replace("0.5", "0x10"), ":3: "),
    "nothing for a number": (CSV.replace("0.5", ""), ":3: "),
    "nothing for a normal": (CSV.replace("1,0,rim", ",,rim"), ":4: "),
    "NaN for a normal": (CSV.replace("1,0,rim", "nan,0,rim"), ":4: "),
    "a normal too long": (CSV.replace("1,0,rim", "2,0,rim"), "has length 2"),
    "a zero byte": (CSV.replace("0.5", "0\0"), ":3: "),
    "an open quote": (CSV.replace("rim", '"rim'), "nodes.csv:"),
    "bars": (CSV.replace(",", "|"), "must have"),
    "a value of a megabyte": (CSV.replace("0.5", "5" * 2**20), "field larger"),
    "a line of a megabyte": (CSV + "1" + "," * 2**20 + "\n", ":5: has 1048577 values"),
    "UTF-16": (CSV.encode("utf-16"), "UTF-8"),
    "Latin-1": (CSV.replace("rim", "öffnung").encode("latin-1"), "UTF-8"),
    "a terminal's colours": (CSV.replace("rim", "\x1b[31mrim"), "pieces"),
    "points that coincide": (CSV + "0,0,interior,,,\n", "the same point"),
    "one node": (CSV[: CSV.index("0.5")], "two nodes"),
    "a lone ghost": (CSV + "0,1,boundary,0,1,rim\n2,0,ghost,,,\n", "ghosts"),
    "random bytes": (np.random.default_rng(0).bytes(4096), "UTF-8"),
    "a page": ("<!doctype html><html><body>404</body></html>\n", "no values"),
}  # fmt: skip

DATA = "x,y,f\n0,0,1\n1,0,2\n0,1,3\n1,1,4\n"
WRONG_DATA = {
    "empty": ("", "no values"),
    "names alone": ("x,y,f\n", "no values"),
    "no names": ("0,0,1\n1,0,2\n", "two columns"),
    "numbers for names": ("0,1,2\n1,0,2\n", "must give the names"),
    "another column": (DATA.replace("f", "g"), 'no column "f"'),
    "no coordinate": (DATA.replace("y", "z"), 'no column "y"'),
    "a name twice": (DATA.replace("x,y", "f,y"), 'two columns "f"'),
    "bars": (DATA.replace(",", "|"), "not by bars"),
    "spaces": (DATA.replace(",", " "), "not by spaces"),
    "semicolons in the names alone": (DATA.replace("x,y,f", "x;y;f"), "not by semicolons"),
    "grouped digits and semicolons": (
        DATA.replace("1", "1.234,5").replace(",", ";").replace("1.234;5", "1.234,5"),
        ":3: ",
    ),
    "a row too short": (DATA + "1,2\n", ":6: has 2 values"),
    "a row too long": (DATA + "1,2,3,4\n", ":6: has 4 values"),
    "a word": (DATA.replace("0,1,3", "0,1,three"), ':4: "three" in the column "f"'),
    "nothing": (DATA.replace("0,1,3", "0,1,"), ":4: "),
    "NaN": (DATA.replace("0,1,3", "0,1,nan"), ":4: "),
    "infinite": (DATA.replace("0,1,3", "0,1,-inf"), ":4: "),
    "complex": (DATA.replace("0,1,3", "0,1,3j"), ":4: "),
    "a zero byte": (DATA.replace("0,1,3", "0,1,3\0"), ":4: "),
    "grouped digits": (DATA.replace("0,1,3", "0,1,3_000"), ":4: "),
    "a long word": (DATA.replace("0,1,3", "0,1," + "x" * 9999), ":4: "),
    "a value of a megabyte": (DATA.replace("0,1,3", "0,1," + "3" * 2**20), "field larger"),
    "an open quote": (DATA.replace("0,1,3", '0,1,"3'), "data.csv:"),
    "UTF-16": (DATA.encode("utf-16"), "UTF-8"),
    "random bytes": (np.random.default_rng(1).bytes(4096), "UTF-8"),
    "one point": ("x,y,f\n0,0,1\n", "nothing can be interpolated"),
    "two points": ("x,y,f\n0,0,1\n1,1,2\n", "nothing can be interpolated"),
    "points on a line": ("x,y,f\n0,0,1\n1,1,2\n2,2,3\n3,3,4\n", "nothing can be interpolated"),
    "one point many times": ("x,y,f\n" + "0,0,1\n" * 9, "nothing can be interpolated"),
    "two values at a point": (DATA + "1,1,5\n", '"f" has two values at (1, 1), 4 and 5'),
    "points elsewhere": (DATA.replace("1", "1e-3").replace("0,0", "0,1e-4"), "in the units of"),
}


def vtk(points="0 0 0\n0.5 0 0\n1 0 0\n", normals="0 0 0\n0 0 0\n1 0 0\n", count=3, more=""):
    """Return a node set as VTK writes it in letters."""
    return (
        "# vtk DataFile Version 3.0\nnodes\nASCII\nDATASET UNSTRUCTURED_GRID\n"
        f"POINTS {count} double\n{points}CELLS 3 6\n1 0\n1 1\n1 2\nCELL_TYPES 3\n1\n1\n1\n"
        "POINT_DATA 3\n"
        f"VECTORS normals double\n{normals}{more}"
    )


def vtu(points="0 0 0 0.5 0 0 1 0 0", normals="0 0 0 0 0 0 1 0 0", count=3, kind="Float64"):
    """Return a node set as VTK writes it in XML."""
    return (
        '<?xml version="1.0"?><VTKFile type="UnstructuredGrid" version="0.1" '
        f'byte_order="LittleEndian"><UnstructuredGrid><Piece NumberOfPoints="{count}" '
        'NumberOfCells="3"><Points><DataArray type="Float64" NumberOfComponents="3" '
        f'format="ascii">{points}</DataArray></Points><Cells><DataArray type="Int64" '
        'Name="connectivity" format="ascii">0 1 2</DataArray><DataArray type="Int64" '
        'Name="offsets" format="ascii">1 2 3</DataArray><DataArray type="Int64" Name="types" '
        'format="ascii">1 1 1</DataArray></Cells><PointData><DataArray '
        f'type="{kind}" Name="normals" NumberOfComponents="3" format="ascii">{normals}'
        "</DataArray></PointData></Piece></UnstructuredGrid></VTKFile>"
    )


LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
) + "]>"  # fmt: skip
WRONG_VTK = {
    "empty": ("", ""),
    "a first line alone": ("# vtk DataFile Version 3.0\n", ""),
    "truncated": (vtk()[:150], ""),
    "a billion points": (vtk(count=10**9), ""),
    "points that are words": (vtk(points="a b c\nd e f\ng h i\n"), ""),
    "NaN": (vtk(points="nan 0 0\n0.5 0 0\n1 0 0\n"), "finite"),
    "infinite": (vtk(points="0 0 0\ninf 0 0\n1 0 0\n"), "finite"),
    "NaN for a normal": (vtk(normals="0 0 0\n0 0 0\nnan 0 0\n"), "normal of boundary node 0"),
    "a normal too long": (vtk(normals="0 0 0\n0 0 0\n7 0 0\n"), "has length 7"),
    "no normals": (vtk().replace("normals", "forces"), '"normals"'),
    "points that coincide": (vtk(points="0 0 0\n0 0 0\n1 0 0\n"), "the same point"),
    "half a piece": (vtk(more="SCALARS piece double 1\nLOOKUP_TABLE default\n0\n0\n0.5\n"), "tags"),
    "a negative piece": (
        vtk(more="SCALARS piece double 1\nLOOKUP_TABLE default\n0\n0\nnan\n"), "tags"),
    "an unknown data set": (vtk().replace("UNSTRUCTURED_GRID", "NOTHING"), ""),
    "binary, but in letters": (vtk().replace("ASCII", "BINARY"), ""),
    "random bytes": (np.random.default_rng(2).bytes(4096), ""),
    "zero bytes": (bytes(4096), ""),
}  # fmt: skip
WRONG_VTU = {
    "empty": ("", ""),
    "no XML": ("POINTS\n", ""),
    "truncated": (vtu()[:400], ""),
    "another kind of file": ("<html/>", ""),
    "a billion points": (vtu(count=10**9), ""),
    "points that are words": (vtu(points="a b c d e f g h i"), ""),
    "two coordinates too few": (vtu(points="0 0 0 0.5 0 0 1"), ""),
    "no points": (vtu(points="", count=0), ""),
    "NaN": (vtu(points="nan 0 0 0.5 0 0 1 0 0"), "finite"),
    "a normal too long": (vtu(normals="0 0 0 0 0 0 7 0 0"), "has length 7"),
    "normals of some": (vtu(normals="0 0 0 1 0 0"), ""),
    "an unknown kind of number": (vtu(kind="Quaternion"), ""),
    "compressed, but not": (vtu().replace('format="ascii"', 'format="binary"'), ""),
    "a billion laughs": (LAUGHS + vtu(points="&i;").split("?>", 1)[1], ""),
    "an entity from a file": (
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
        + vtu(points="&e;").split("?>", 1)[1], ""),
    "random bytes": (np.random.default_rng(3).bytes(4096), ""),
}  # fmt: skip
WRONG_MESHES = {"vtk": WRONG_VTK, "vtu": WRONG_VTU}
