"""A class of malformed submissions: what each is, whether anything can be run, and words its account must hold.

`write_class(folder)` lays all of them out as one class.  They are built by code, since pipes, devices, damaged
zips and files with impossible names can't be kept in a repository.
"""

from __future__ import annotations

import base64
import io
import json
import os
import socket
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.intake.handins import lay_out, make_zip, notebook

GOOD = "class Linear:\n    pass\n"
Build = Callable[[Path], Path]


@dataclass(frozen=True)
class Malformed:
    """One submission: `build` makes it at or beside the path given and says where; `words` must be told."""

    name: str
    build: Build
    words: tuple[str, ...]
    runs: bool


def unreadable(name: str, build: Build, *words: str) -> Malformed:
    """One that leaves nothing to run."""
    return Malformed(name, build, words, runs=False)


def readable(name: str, build: Build, *words: str) -> Malformed:
    """One of which something can be run all the same."""
    return Malformed(name, build, words, runs=True)


# --------------------------------------------------------------------------------------------- builders


def file(suffix: str, content: str | bytes) -> Build:
    """A file at the place, with this suffix."""

    def build(place: Path) -> Path:
        path = place.with_name(place.name + suffix)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return build


def folder(files: Mapping[str, str | bytes]) -> Build:
    """A folder of these files."""
    return lambda place: lay_out(place, files)


def zipped(files: Mapping[str, str | bytes]) -> Build:
    """A zip of these files."""
    return lambda place: make_zip(place.with_name(place.name + ".zip"), files)


def cells(*texts: str) -> Build:
    """A notebook of these cells."""
    return file(".ipynb", notebook(*texts))


def raw(value: Any) -> Build:  # any JSON
    """A file that says it's a notebook and holds this JSON."""
    return file(".ipynb", json.dumps(value))


def _cell(**fields: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], **fields}


def _link(place: Path) -> Path:
    (place.parent / ".target").write_text(GOOD)
    path = place.with_name(place.name + ".py")
    path.symlink_to(place.parent / ".target")
    return path


def _folder_with_link(place: Path) -> Path:
    place.mkdir()
    (place / "hw8.py").symlink_to("/etc/passwd")
    return place


def _fifo(place: Path) -> Path:
    path = place.with_name(place.name + ".py")
    os.mkfifo(path)
    return path


def _folder_with_fifo(place: Path) -> Path:
    lay_out(place, {"notes.txt": "x"})
    os.mkfifo(place / "hw8.ipynb")
    return place


def _socket(place: Path) -> Path:
    path = place.with_name(place.name + ".py")
    here = Path.cwd()
    os.chdir(place.parent)  # a socket's path may be 107 bytes long
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)
    return path


def _loop(place: Path) -> Path:
    lay_out(place, {"x.txt": "x"})
    (place / "again").symlink_to(place)
    return place


def _deep_folders(place: Path) -> Path:
    return lay_out(place, {"/".join("d" * 40) + "/hw8.py": GOOD})


def _large_file(place: Path) -> Path:
    lay_out(place, {"hw8.ipynb": ""})
    os.truncate(place / "hw8.ipynb", 21 * 2**20)
    return place


def _large_folder(place: Path) -> Path:
    lay_out(place, {f"{number}.bin": "" for number in range(6)})
    for number in range(6):
        os.truncate(place / f"{number}.bin", 19 * 2**20)
    return place


def _bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(7):
            archive.writestr(f"{number}.bin", bytes(19 * 2**20))
    return buffer.getvalue()


def _zip_with(**attributes: Any) -> bytes:
    """A zip whose one entry has these attributes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("hw8.py")
        for name, value in attributes.items():
            setattr(entry, name, value)
        archive.writestr(entry, GOOD)
    return buffer.getvalue()


def _encrypted() -> bytes:
    data = bytearray(_zip_with())
    data[6] |= 1  # the flag in the local header
    data[data.rindex(b"PK\x01\x02") + 8] |= 1  # and in the table of contents
    return bytes(data)


def _million_entries() -> bytes:
    return (
        b"PK\x03\x04"
        + bytes(60)
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 60_000_000, 4, 0)
    )


def _lying_size() -> bytes:
    """An entry that says it unpacks to less than it does."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("hw8.py", "#" * 10_000)
    data = bytearray(buffer.getvalue())
    at = data.rindex(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<L", 10)
    return bytes(data)


def _zip_in_zip() -> Mapping[str, str | bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("hw8.py", GOOD)
    return {"inner.zip": buffer.getvalue()}


PYTHON_2 = "def Linear(x):\n    print x\n"
TEXT_V4 = json.loads(notebook(GOOD))
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

NOTEBOOKS = (
    unreadable("truncated", file(".ipynb", notebook(GOOD)[:-40]), "breaks off in the middle"),
    unreadable("cut-at-half", file(".ipynb", notebook(GOOD)[:120]), "breaks off in the middle", "cut short"),
    unreadable("empty-notebook", file(".ipynb", ""), "is empty"),
    unreadable("blank-notebook", file(".ipynb", "\n  \n"), "is empty"),
    unreadable("python-as-notebook", file(".ipynb", GOOD), "is not a notebook"),
    unreadable(
        "web-page", file(".ipynb", "<!DOCTYPE html><html>..."), "is a web page", "download the notebook"
    ),
    unreadable("json-list", raw([1, 2]), "not a"),
    unreadable("json-text", raw("hello"), "is JSON but not a notebook"),
    unreadable("no-cells-key", raw({"nbformat": 4}), "JSON but not a notebook", "no list of cells"),
    unreadable("cells-not-a-list", raw({"cells": 3}), "not a notebook"),
    unreadable("no-cells", raw({"cells": [], "nbformat": 4}), "no code cells"),
    unreadable(
        "only-text-cells", raw({"cells": [{"cell_type": "markdown", "source": "x"}]}), "no code cells"
    ),
    unreadable("null-sources", raw({"cells": [_cell(source=None)]}), "no code in it"),
    unreadable("only-magics", cells("!pip install torch", "%matplotlib inline"), "none of the 7 names"),
    unreadable("only-comments", cells("# to do", ""), "no code in it"),
    unreadable("deep-json", file(".ipynb", '{"metadata": {"a": ' + "[" * 1_000_000), "nested too deeply"),
    unreadable("no-cell-parses", cells("def f(:", "class"), "No cell of", "cell 1, line 1: invalid syntax"),
    unreadable("no-names", cells("x = 1", "def other(): pass"), "defines none of the 7 names"),
    unreadable("binary-notebook", file(".ipynb", PNG), "is not a notebook"),
    readable(
        "cell-without-type", raw({"cells": [{"source": "x"}, _cell(source=GOOD)]}), "1 of 2 cells", "damaged"
    ),
    readable("cell-is-a-number", raw({"cells": [3, _cell(source=GOOD)]}), "1 of 2 cells", "damaged"),
    readable("source-is-a-number", raw({"cells": [_cell(source=3), _cell(source=GOOD)]}), "damaged"),
    readable(
        "version-3",
        raw({"worksheets": [{"cells": [{"cell_type": "code", "input": GOOD}]}]}),
        "defines Linear",
    ),
    readable(
        "version-2",
        raw(
            {
                "nbformat": 2,
                "worksheets": [{"cells": [{"cell_type": "code", "input": [GOOD], "language": "python"}]}],
            }
        ),
        "defines Linear",
    ),
    readable(
        "nan-in-output", file(".ipynb", json.dumps(TEXT_V4)[:-1] + ', "x": [NaN, -Infinity]}'), "Linear"
    ),
    readable("written-in-r", raw({**TEXT_V4, "metadata": {"kernelspec": {"language": "R"}}}), "written in R"),
    readable("utf16-notebook", file(".ipynb", notebook(GOOD).encode("utf-16")), "defines Linear"),
    readable("bom-notebook", file(".ipynb", notebook(GOOD).encode("utf-8-sig")), "defines Linear"),
    readable("broken-cell", cells("def f(:\n  pass", GOOD), "line 1: invalid syntax", "^", "unparsable"),
    readable(
        "broken-definition",
        cells("def mse_loss(p, t)\n    pass", GOOD),
        "expected ':'",
        "mse_loss seems to be",
    ),
    readable("endless-scratch", cells("while True:\n    pass", GOOD), "none of the asked-for names needs it"),
    readable("bash-cell", cells("%%bash\nrm -rf /", GOOD), "%%bash runs it elsewhere"),
    readable("nul-in-a-cell", cells("x = '\0'", GOOD), "null bytes"),
    readable("deep-cell", cells("(" * 300 + ")" * 300, GOOD), "too many nested parentheses"),
    readable("deep-operators", cells("x = " + "-" * 5000 + "1", GOOD), "nested too deeply"),
    readable("huge-cell", cells("x = [" + "1," * 200_000 + "]", GOOD), "too long to be read"),
    readable("return-outside", cells("return 3", GOOD), "'return' outside function"),
    readable(
        "order-of-cells", cells("class CNN(Base): pass", "class Base: pass"), "in which they need each other"
    ),
    readable("made-while-running", cells("exec('class Linear: pass')"), "made while the code runs"),
)

MODULES = (
    unreadable("empty-module", file(".py", ""), "no code in it"),
    unreadable("syntax-error", file(".py", "import os\ndef Linear(x:\n    pass\n"), "line 2", "^"),
    unreadable("indentation", file(".py", "def Linear():\nx = 1\n"), "line 2: expected an indented block"),
    unreadable(
        "tabs-and-spaces", file(".py", "def f():\n\tx = 1\n        y = 2\n"), "line 3", "tabs and spaces"
    ),
    unreadable("python-2", file(".py", PYTHON_2), "line 2", "this looks like Python 2"),
    unreadable("python-2-except", file(".py", "try:\n    x\nexcept A, e:\n    print e\n"), "Python 2"),
    unreadable("unclosed-string", file(".py", "x = 'abc\n"), "unterminated string literal"),
    unreadable("nul-bytes", file(".py", "x = 1\ny = '\0'\n"), "NUL bytes", "line 2"),
    unreadable("picture-as-module", file(".py", PNG), "NUL bytes"),
    unreadable("notebook-as-module", file(".py", notebook(GOOD)), "rename it to .ipynb"),
    unreadable("unknown-encoding", file(".py", "# coding: klingon\n"), "encoding 'klingon'"),
    unreadable("codec-not-charset", file(".py", "# -*- coding: rot13 -*-\n"), "encoding 'rot13'"),
    unreadable("wrong-encoding", file(".py", b"# coding: utf-8\nx = '" + b"\xff'\n"), "UTF-8"),
    unreadable("surrogates-utf16", file(".py", b"\xff\xfe\x00\xd8x\x00"), "UTF-16"),
    unreadable("nested-brackets", file(".py", "x = " + "[" * 5000), "too many nested parentheses"),
    unreadable("nested-lambdas", file(".py", "x = " + "lambda:" * 5000 + "1"), "nested too deeply"),
    unreadable("too-long", file(".py", "x = 1\n" * 60_000), "too long to be read"),
    unreadable("other-names", file(".py", "class MyLayer: pass\n"), "defines none of the 7 names"),
    unreadable("names-in-function", file(".py", "def f():\n    class Linear: pass\n"), "none of the 7 names"),
    readable(
        "other-capitals",
        file(".py", GOOD + "def mseLoss(p, t): pass\n"),
        "There is no mse_loss, but a mseLoss",
    ),
    readable("wrong-kind", file(".py", "Linear = 3\n"), "Linear is bound to a plain value (int)"),
    readable("bound-to-text", file(".py", "Linear = 'x'\n"), "plain value (str)"),
    readable(
        "latin-1-declared",
        file(".py", "# coding: latin-1\n# é\n".encode("latin-1") + GOOD.encode()),
        "Linear",
    ),
    readable("latin-1-undeclared", file(".py", "# é\n".encode("latin-1") + GOOD.encode()), "read as Latin-1"),
    readable("utf-16", file(".py", GOOD.encode("utf-16")), "was read as UTF-16"),
    readable("utf-16-no-mark", file(".py", GOOD.encode("utf-16-le")), "was read as UTF-16"),
    readable("utf-32", file(".py", GOOD.encode("utf-32")), "was read as UTF-32"),
    readable("utf-8-mark", file(".py", GOOD.encode("utf-8-sig")), "defines Linear"),
    readable("carriage-returns", file(".py", GOOD.replace("\n", "\r")), "defines Linear"),
    readable("crlf", file(".py", GOOD.replace("\n", "\r\n")), "defines Linear"),
    readable(
        "exported-with-magics", file(".py", "!pip install torch\n%matplotlib inline\n" + GOOD), "Linear"
    ),
    readable(
        "missing-package",
        file(".py", "import sklearnish\n" + "Linear = sklearnish.L\n"),
        "imports sklearnish",
    ),
    readable("raises-at-import", file(".py", GOOD + "raise ValueError('no')\n"), "1 statement left out"),
    readable("exits-at-import", file(".py", GOOD + "import sys; sys.exit(0)\n"), "left out"),
    readable("reads-input", file(".py", GOOD + "name = input('who? ')\n"), "left out"),
    readable("recurses-at-import", file(".py", GOOD + "def f(): f()\nf()\n"), "left out"),
    readable("imports-itself", file(".py", "import hw8\n" + GOOD), "left out"),
)

FILES = (
    unreadable("link", _link, "is a link"),
    unreadable("folder-with-link", _folder_with_link, "is a link and was passed over"),
    unreadable("pipe", _fifo, "is a named pipe"),
    unreadable("folder-with-pipe", _folder_with_fifo, "is a named pipe", "passed over"),
    unreadable("socket", _socket, "is a socket"),
    unreadable("link-to-itself", _loop, "No notebook", "passed over"),
    unreadable("empty-folder", folder({}), "no file"),
    unreadable("only-hidden", folder({".ipynb_checkpoints/hw8-checkpoint.ipynb": notebook(GOOD)}), "no file"),
    unreadable("pdf", folder({"hw8.pdf": "%PDF-1.4"}), "hw8.pdf is a PDF"),
    unreadable("word", folder({"hw8.docx": "PK\x03\x04"}), "is a Word document"),
    unreadable("html-export", folder({"hw8.html": "<html>"}), "is a web page"),
    unreadable("rar", folder({"hw8.rar": "Rar!"}), ".rar", "hand in a .zip"),
    unreadable("tar", file(".tar.gz", "x"), "archive of a kind that is not opened"),
    unreadable("deep-folders", _deep_folders, "no file"),
    unreadable("many-files", zipped({f"{number}.txt": "" for number in range(2001)}), "2,000 files"),
    unreadable("large-notebook", _large_file, "21 MB", "at most 20 MB", "Clear the notebook's outputs"),
    unreadable("large-folder", _large_folder, "100 MB"),
    unreadable("folder-named-hw8.py", folder({"readme.txt": "x"}), "No notebook"),
    unreadable("not-a-zip", file(".zip", "hello"), "is not a zip"),
    unreadable("cut-zip", file(".zip", _zip_with()[:-30]), "cut short"),
    unreadable("bomb", file(".zip", _bomb()), "100 MB"),
    unreadable("encrypted", file(".zip", _encrypted()), "is encrypted", "without a password"),
    unreadable("million-entries", file(".zip", _million_entries()), "at most 2,000"),
    unreadable("zip-slip", file(".zip", _zip_with(filename="../../hw8.py")), "leads out of the zip"),
    unreadable("absolute-name", file(".zip", _zip_with(filename="/etc/hw8.py")), "leads out of the zip"),
    unreadable("windows-name", file(".zip", _zip_with(filename="C:hw8.py")), "leads out of the zip"),
    unreadable("link-in-zip", file(".zip", _zip_with(external_attr=0o120777 << 16)), "is a link"),
    unreadable("device-in-zip", file(".zip", _zip_with(external_attr=0o020666 << 16)), "is a device"),
    unreadable("lzma-zip", file(".zip", _zip_with(compress_type=zipfile.ZIP_LZMA)), "method that is not read"),
    unreadable("lying-size", file(".zip", _lying_size()), "damaged in the zip"),
    unreadable("zip-in-zip", zipped(_zip_in_zip()), "zip within a zip"),
    unreadable("empty-zip", zipped({}), "no file"),
    readable("mac-zip", zipped({"a/hw8.py": GOOD, "__MACOSX/a/._hw8.py": b"\0\5"}), "the only module there"),
    readable("folder-in-zip", zipped({"my homework/HW8.PY": GOOD}), "my homework/HW8.PY"),
    readable("zip-in-folder", lambda place: make_zip(lay_out(place, {}) / "x.zip", {"hw8.py": GOOD}).parent, "x.zip"),
    readable("many-modules", folder({"a.py": "x = 1", "b.py": GOOD}), "b.py", "defines the most names"),
    readable("shadow", folder({"hw8.py": "import math\nLinear = math.R", "math.py": "x"}), "math.py has the name"),
    readable("odd names \U0001f600 'x\"\n-", file(".py", GOOD), "defines Linear"),
    readable("-rf", file(".py", GOOD), "defines Linear"),
    readable("n" * 240, file(".py", GOOD), "defines Linear"),
    readable("Capital", file(".py", GOOD), "defines Linear"),
    readable("capital", file(".py", GOOD), "defines Linear"),
)  # fmt: skip

CORPUS = (*NOTEBOOKS, *MODULES, *FILES)


def write_class(folder: Path) -> dict[str, Malformed]:
    """Lay all of them out as one class; which submission each path's name belongs to."""
    return {malformed.build(folder / malformed.name).name: malformed for malformed in CORPUS}
