"""Node sets and HDF5 files with one thing wrong, each by its name.

A right file is written first; then something is done to the open file, or to the parts of a node
set. With each goes a word that the message must have.
"""

import h5py
import numpy as np

from pinnsolve.geometry import planar
from pinnsolve.geometry.generation import generate, with_ghosts

DISK = planar.disk((0, 0), 1)
NODES = with_ghosts(generate(DISK, count=120), DISK)
SQUARE = planar.rectangle((0, 0), (1, 1))
HUGE = 2**45


def put(file, name, data, **how):
    """Replace a data set."""
    del file[name]
    file.create_dataset(name, data=data, **how)


def _external(file, name):
    kind, shape = file[name].dtype, file[name].shape
    del file[name]
    file.create_dataset(name, shape, kind, external=[("/etc/hostname", 0, 2**20)])


def _virtual(file, name):
    kind, shape = file[name].dtype, file[name].shape
    layout = h5py.VirtualLayout(shape, kind)
    layout[...] = h5py.VirtualSource("other.h5", "x", shape)
    del file[name]
    file.create_virtual_dataset(name, layout)


def _linked(link):
    def change(file, name):
        del file[name]
        file[name] = link(name)

    return change


def _huge(file, name):
    shape = (HUGE, *file[name].shape[1:])
    kind = file[name].dtype
    del file[name]
    file.create_dataset(name, shape, kind, chunks=(1024, *shape[1:]), compression="gzip")


def _ragged(file, name):
    del file[name]
    dataset = file.create_dataset(name, (3,), h5py.vlen_dtype("f8"))
    dataset[0] = [1.0, 2.0]


def _group(file, name):
    del file[name]
    file.create_group(name)


def _unknown_filter(file, name):
    del file[name]
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((7,))
    properties.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())
    space = h5py.h5s.create_simple((7,))
    h5py.h5d.create(file.id, name.encode(), h5py.h5t.NATIVE_DOUBLE, space, properties)


def _nothing(file, name):
    del file[name]


# what may be done to any data set; it takes the open file and the name
DISGUISES = {
    "missing": _nothing,
    "external storage": _external,
    "virtual": _virtual,
    "soft link": _linked(lambda _: h5py.SoftLink("/elsewhere")),
    "soft link to itself": _linked(lambda name: h5py.SoftLink(f"/{name}")),
    "external link": _linked(lambda name: h5py.ExternalLink("other.h5", f"/{name}")),
    "external link to itself": _linked(lambda name: h5py.ExternalLink("bad.h5", f"/{name}")),
    "huge": _huge,
    "ragged": _ragged,
    "group": _group,
    "type": _linked(lambda _: np.dtype("f8")),
    "null": _linked(lambda _: h5py.Empty("f8")),
    "unknown filter": _unknown_filter,
    "complex": lambda file, name: put(file, name, np.ones(np.shape(file[name]), dtype=complex)),
    "record": lambda file, name: put(file, name, np.zeros(3, dtype=[("a", "f8"), ("b", "i4")])),
    "opaque": lambda file, name: put(file, name, np.void(b"abc")),
    "reference": lambda file, name: put(file, name, [file.ref] * 3, dtype=h5py.ref_dtype),
    "scalar": lambda file, name: put(file, name, 1.0),
    "truth values": lambda file, name: put(file, name, np.ones(np.shape(file[name]), dtype=bool)),
    "four axes": lambda file, name: put(file, name, np.ones((3, 2, 2, 2))),
}
NUMERIC = {
    "texts": lambda file, name: put(file, name, np.full(np.shape(file[name]), b"1.0")),
    "words": lambda file, name: put(file, name, ["alpha"] * len(file[name])),
    "no rows": lambda file, name: put(file, name, file[name][:0]),
    "too short": lambda file, name: put(file, name, file[name][:-1]),
    "too long": lambda file, name: put(file, name, np.concatenate([file[name], file[name][:1]])),
    "NaN": lambda file, name: put(file, name, _with(file[name], np.nan)),
    "infinite": lambda file, name: put(file, name, _with(file[name], np.inf)),
    "minus infinite": lambda file, name: put(file, name, _with(file[name], -np.inf)),
    "enormous": lambda file, name: put(file, name, _with(file[name], 1e300)),
    "negative": lambda file, name: put(file, name, -np.abs(file[name][()]) - 1),
}


def _with(array, value):
    """Return an array with one element replaced."""
    changed = np.array(array, dtype=float)
    changed[len(changed) // 2] = value
    return changed


def write_nodes(path, nodes=NODES):
    """Write the right node set as HDF5, in full view."""
    with h5py.File(path, "w") as file:
        file.attrs.update(
            format="pinnsolve nodes", version=1, n_interior=nodes.n_interior, spacing=nodes.spacing
        )
        file.update({"x": nodes.x, "normals": nodes.normals, "tags": nodes.tags})
        file["pieces"] = [name.encode() for name in nodes.pieces]


def _attribute(name, value):
    return lambda file: file.attrs.update({name: value})


WRONG_ATTRIBUTES = {
    f"{name} {what}": (_attribute(name, value), "" if name in ("format", "version") else name)
    for name in ("format", "version", "n_interior", "spacing")
    for what, value in {
        "an array": [1, 2],
        "complex": 1j,
        "a word": "many",
        "a truth value": False,
        "negative": -1,
        "NaN": np.nan,
        "infinite": np.inf,
        "half": 0.5 if name != "spacing" else -0.5,
        "enormous": 1e300,
        "a number in quotes": "1",
    }.items()
} | {
    f"{name} missing": (lambda file, name=name: file.attrs.pop(name), "")
    for name in ("format", "version", "n_interior", "spacing")
}
WRONG_ATTRIBUTES = {
    name: (change, {"n_interior": "interior"}.get(word, word))
    for name, (change, word) in WRONG_ATTRIBUTES.items()
}
WRONG_NAMES = {
    "names: none": lambda file: put(file, "pieces", np.array([], dtype="S1")),
    "names: numbers": lambda file: put(file, "pieces", [1.0, 2.0]),
    "names: twice": lambda file: put(file, "pieces", [b"a", b"a"]),
    "names: empty": lambda file: put(file, "pieces", [b""]),
    "names: colours of a terminal": lambda file: put(file, "pieces", [b"\x1b[31mred"]),
    "names: a line break": lambda file: put(file, "pieces", [b"a\nb"]),
    "names: no UTF-8": lambda file: put(file, "pieces", [b"\xff\xfe"]),
    "names: a table": lambda file: put(file, "pieces", [[b"a", b"b"]]),
}


def wrong_hdf5():
    """Return what is done to node sets in HDF5, and a word of the message, by name."""
    cases = dict(WRONG_ATTRIBUTES)
    for name in ("x", "normals", "tags", "pieces"):
        changes = DISGUISES if name == "pieces" else DISGUISES | NUMERIC
        for what, change in changes.items():
            cases[f"{name} {what}"] = (lambda file, c=change, n=name: c(file, n), "")
    return cases | {name: (change, "pieces") for name, change in WRONG_NAMES.items()}


def moved(rows, by):
    """Return a change of the places of some nodes; rows count from the first of a kind."""
    return lambda a: a["x"].__setitem__(rows, a["x"][rows] + by)


def _neighbours_swapped(a):
    order = np.argsort(np.arctan2(*a["normals"].T))
    a["normals"][order[[3, 4]]] = a["normals"][order[[4, 3]]]


def _turned(angle, rows=slice(None)):
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return lambda a: a["normals"].__setitem__(rows, a["normals"][rows] @ turn)


def _scaled(name, factor, rows=slice(None)):
    return lambda a: a[name].__setitem__(rows, a[name][rows] * factor)


def _shuffled(name, rows=slice(None)):
    def change(a):
        part = a[name][rows]
        a[name][rows] = np.random.default_rng(0).permutation(part, axis=0)

    return change


I, B = NODES.n_interior, NODES.boundary
FIRST, GHOST = slice(I, I + 1), slice(NODES.ghost.start, NODES.ghost.start + 1)
OUT = NODES.normals[0]
# node sets that fit together and yet are wrong; the second ones only formulas of a domain can tell
CROOKED = {
    "one normal inward": (_scaled("normals", -1, slice(3, 4)), "normal of boundary node 3"),
    "all normals inward": (_scaled("normals", -1), "normal of boundary node"),
    "half of the normals inward": (_scaled("normals", -1, slice(0, None, 2)), "normal"),
    "normals shuffled": (_shuffled("normals"), "normal of boundary node"),
    "normals turned by a right angle": (_turned(np.pi / 2), "normal of boundary node"),
    "one normal askew": (_turned(0.5, slice(5, 6)), "normal of boundary node 5"),
    "normals reversed in order": (lambda a: a.update(normals=a["normals"][::-1].copy()), "normal"),
    "normals with their components swapped": (
        lambda a: a.update(normals=a["normals"][:, ::-1].copy()), "normal"),
    "normals of length two": (_scaled("normals", 2), "has length 2"),
    "one normal of length nearly one": (_scaled("normals", 1.01, slice(2, 3)), "node 2 has length"),
    "one normal of length zero": (_scaled("normals", 0, slice(2, 3)), "node 2 has length 0"),
    "interior and boundary exchanged": (
        lambda a: a["x"].__setitem__(slice(0, I + len(OUT)), a["x"][: I + len(OUT)][::-1].copy()),
        "node"),
    "an interior node outside": (moved(slice(0, 1), [3, 0]), "interior node 0"),
    "an interior node twice": (lambda a: a["x"].__setitem__(1, a["x"][0]), "are the same point"),
    "a boundary node twice": (lambda a: a["x"].__setitem__(I, a["x"][I + 1]), "the same point"),
    "spacing a thousand times": (lambda a: a.update(spacing=1e3 * NODES.spacing), "spacing"),
    "spacing a thousandth": (lambda a: a.update(spacing=1e-3 * NODES.spacing), "spacing"),
    "spacing tiny": (lambda a: a.update(spacing=1e-300), "spacing"),
    "ghosts shuffled": (_shuffled("x", NODES.ghost), "ghost node"),
    "a ghost far away": (moved(GHOST, 9 * OUT), "ghost node 0"),
}  # fmt: skip
ELSEWHERE = {
    "neighbouring normals swapped": (_neighbours_swapped, "normal of boundary node"),
    "normals turned by a degree": (_turned(np.pi / 180), "normal of boundary node"),
    "a boundary node off": (moved(FIRST, 0.1 * NODES.spacing * OUT), "boundary node 0"),
    "a boundary node inside": (moved(FIRST, -0.2 * OUT), "boundary node 0"),
    "another radius": (_scaled("x", 1.02), "boundary node"),
    "other units": (lambda a: a.update(x=1e3 * a["x"], spacing=1e3 * a["spacing"]), "boundary nod"),
    "another centre": (moved(slice(None), [0.5, 0]), "boundary node"),
    "a ghost inside": (moved(GHOST, -1.2 * NODES.spacing * OUT), "ghost node 0"),
    "interior nodes on the boundary": (
        lambda a: a["x"].__setitem__(
            0, [np.cos(0.5 * NODES.spacing), np.sin(0.5 * NODES.spacing)]), "interior node 0"),
}  # fmt: skip

HDF5_TABLE = {
    f"{name} {what}": (lambda file, c=change, n=name: c(file, n), name if name != "x" else "")
    for name in ("x", "f")
    for what, change in (DISGUISES | NUMERIC).items()
    if what not in ("enormous", "negative", "scalar", "four axes")
}
