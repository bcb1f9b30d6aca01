"""Tables of texts: what separates their columns, and where their names stand."""

import pytest

from pinnsolve.errors import FileError
from pinnsolve.table import read, read_names

TABLE = "x,u\n0.5,-1\n1.5,2e-3\n"
WRITTEN = {
    "commas": TABLE,
    "semicolons": TABLE.replace(",", ";"),
    "decimal commas": TABLE.replace(",", ";").replace(".", ","),
    "tabs and decimal commas": TABLE.replace(",", "\t").replace(".", ","),
    "line ends of Windows": "\ufeff" + TABLE.replace("\n", "\r\n"),
    "line ends of old": TABLE.replace(",", ";").replace("\n", "\r"),
    "names behind a sign": "# " + TABLE,
    "remarks before the names": "# measured by hand, on Monday\n#\n" + TABLE,
    "remarks before names behind a sign": "# measured by hand\n\n# x, u\n" + TABLE[4:],
    "semicolons after a remark": "# by hand\n" + TABLE.replace(",", ";").replace(".", ","),
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_table_is_the_same_however_it_is_written(tmp_path, text):
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode())
    table = read(path)
    assert list(table.columns) == read_names(path) == ["x", "u"]
    assert table.numbers("x").tolist() == [0.5, 1.5]
    assert table.numbers("u").tolist() == [-1, 2e-3]


def test_a_column_has_commas_or_points_but_not_both(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("x;u\n1;999.5\n2;1,234\n")  # thousands, and no decimals
    with pytest.raises(FileError, match=r'data.csv:3: "1,234" in the column "u" is not a finite'):
        read(path).numbers("u")


def test_names_that_are_missing_are_asked_for(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(TABLE[4:])
    with pytest.raises(FileError, match="The first line must give the names of the columns"):
        read(path).numbers("x")
