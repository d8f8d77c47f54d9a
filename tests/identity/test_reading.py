"""What a file of source does: its writing does not count, everything else does."""

import ast
import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from genharness.identity import reading
from genharness.identity.meaning import Import
from genharness.identity.reading import meaning_of

PLAIN = """
import os
from dataclasses import dataclass

LIMIT = 3
WORDS = ("a", 'b')


@dataclass
class Box:
    side: float = 1.0


def area(box, scale=2):
    value = (box.side ** 2) * scale
    return f"{value:.2f} of {LIMIT}"
"""


def of(source):
    return meaning_of(textwrap.dedent(source).encode())


def digest(source):
    return of(source).digest


WRITTEN_OTHERWISE = {
    "comments": PLAIN.replace("LIMIT = 3", "# why three\nLIMIT = 3  # so"),
    "a docstring of the module": f'"""What it is."""\n{PLAIN}',
    "a docstring of a function": PLAIN.replace("    value =", '    """Return it."""\n    value ='),
    "a docstring of a class": PLAIN.replace("    side:", '    """A box."""\n\n    side:'),
    "a docstring behind a constant": PLAIN.replace("LIMIT = 3", 'LIMIT = 3\n"""Sides at most."""'),
    "blank lines and spaces": PLAIN.replace("LIMIT = 3", "\n\n\nLIMIT   =  3\n"),
    "parentheses": PLAIN.replace("(box.side ** 2) * scale", "box.side ** 2 * (scale)"),
    "quotes": PLAIN.replace('"a"', "'a'").replace("'b'", '"b"'),
    "a line that goes on": PLAIN.replace("(box.side ** 2) * scale", "(box.side ** 2) \\\n        * scale"),
    "how a number is written": PLAIN.replace("LIMIT = 3", "LIMIT = 0x3").replace("1.0", "1e0"),
    "a trailing comma": PLAIN.replace("scale=2)", "scale=2,)"),
    "strings in pieces": PLAIN.replace('"a"', '"" "a"').replace(
        'f"{value:.2f} of {LIMIT}"', 'f"{value:.2f}" f" of " f"{LIMIT}"'
    ),
    "the order of imports": PLAIN.replace(
        "import os\nfrom dataclasses import dataclass", "from dataclasses import dataclass\nimport os"
    ),
    "a pass": PLAIN.replace("    value =", "    pass\n    value ="),
    "imports for type checkers": PLAIN.replace(
        "LIMIT = 3", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\nLIMIT = 3"
    )
    .replace("import os", "import os\nfrom typing import TYPE_CHECKING")
    .replace("from typing import TYPE_CHECKING\nif", "if"),
    "what runs as a script only": PLAIN + '\nif __name__ == "__main__":\n    print(area(Box()))\n',
    "Windows line ends": PLAIN.replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + PLAIN,
    "an option of sampling": PLAIN.replace(
        "    side: float = 1.0", '    side: float = 1.0\n    steps: int = kit.option(5, help="steps", stage="sample")'
    ),
    "the hook of a plugin": PLAIN + "\n@hookimpl\ndef genharness_models():\n    return [1]\n",
    "another hook": PLAIN + "\n@genharness.hookimpl(tryfirst=True)\ndef genharness_models():\n    return [2]\n",
}


@pytest.mark.parametrize("what", WRITTEN_OTHERWISE)
def test_how_it_is_written_does_not_count(what):
    changed = WRITTEN_OTHERWISE[what]
    assert changed != PLAIN
    base = PLAIN
    if what == "imports for type checkers":
        base = PLAIN.replace("import os", "import os\nfrom typing import TYPE_CHECKING")
    assert meaning_of(changed.encode()).digest == meaning_of(base.encode()).digest


DOES_OTHERWISE = {
    "a constant": ("LIMIT = 3", "LIMIT = 4"),
    "the type of a constant": ("LIMIT = 3", "LIMIT = 3.0"),
    "True for 1": ("scale=2", "scale=True"),
    "text for bytes": ('"a"', 'b"a"'),
    "the sign of nothing": ("1.0", "-0.0"),
    "an operator": ("* scale", "+ scale"),
    "brackets that bind": ("(box.side ** 2) * scale", "box.side ** (2 * scale)"),
    "a default": ("scale=2", "scale=3"),
    "a name": ("LIMIT", "MOST"),
    "an annotation of a field": ("side: float", "side: int"),
    "a decorator": ("@dataclass", "@dataclass(frozen=True)"),
    "a format": (".2f", ".3f"),
    "text in an f-string": ("} of {", "} in {"),
    "an import": ("import os", "import os as system"),
    "an order of statements": ("LIMIT = 3\nWORDS = (\"a\", 'b')", "WORDS = (\"a\", 'b')\nLIMIT = 3"),
    "None for Ellipsis": ("LIMIT = 3", "LIMIT = ..."),
    "a yield": ("return f", "yield f"),
    "a default that is nothing": ("scale=2", "scale=None"),
}


@pytest.mark.parametrize("what", DOES_OTHERWISE)
def test_what_it_does_counts(what):
    before, after = DOES_OTHERWISE[what]
    assert before in PLAIN
    changed = PLAIN.replace(before, after)
    assert digest(changed) != digest(PLAIN)


PAIRS = [
    ("class A:\n    x: int = option(5, help='x')", "class A:\n    pass"),
    ("class A:\n    x: int = option(5, help='x', stage='train')", "class A:\n    pass"),
    ("class A:\n    x: int = other(5, stage='sample')", "class A:\n    pass"),
    ("x = option(5, help='x', stage='sample')", "pass"),
    ("f(*a)", "f(a)"),
    ("f(**a)", "f(a=a)"),
    ("{**a}", "{a: a}"),
    ("x = {1: 2}", "x = {1, 2}"),
    ("x = [1]", "x = (1,)"),
    ("x = None", "x = ()"),
    ("x = [None]", "x = []"),
    ("return", "return None"),
    ("lambda a, *, b: 0", "lambda a, b: 0"),
    ("lambda a, /, b: 0", "lambda a, b: 0"),
    ("lambda *, a, b=1: 0", "lambda *, a=1, b: 0"),
    ("x[1:]", "x[:1]"),
    ("x[::2]", "x[:2]"),
    ("f'{a!r}'", "f'{a!s}'"),
    ("f'{a}b'", "f'{a}' + 'b'"),
    ("x = 'a,b'", "x = 'a', 'b'"),
    ("x = 'int:3'", "x = 3"),
    ("x = 1j", "x = 1"),
    ("del a, b", "del (a), c"),
    ("raise A from B", "raise A"),
    ("async def f(): pass", "def f(): pass"),
    ("for a in b: f()", "for a in b: pass\nelse: f()"),
    ("try: f()\nfinally: g()", "try: f()\nexcept E: g()"),
    ("try: f()\nexcept E: g()", "try: f()\nexcept* E: g()"),
    ("from . import a", "from .. import a"),
    ("from a import b", "import a.b as b"),
    ("class A(B): pass", "class A(metaclass=B): pass"),
    ("with a as b: f()", "with a: f()"),
    ("x: int", "x: int = 0"),
    ("def f(): return 1", "def f(): 1"),
    ("global a", "nonlocal a"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_different_code_has_different_digests(one, other):
    assert digest(f"def f():\n{textwrap.indent(one, '  ')}") != digest(f"def f():\n{textwrap.indent(other, '  ')}")


def test_a_function_of_a_docstring_alone_does_what_an_empty_one_does():
    assert digest('def f():\n    """Nothing."""') == digest("def f(): pass") == digest("def f(): ...")


def test_docstrings_count_where_the_file_reads_them():
    reads = "def f():\n    '''{}'''\nprint(f.__doc__)"
    assert digest(reads.format("a")) != digest(reads.format("b"))


def test_what_runs_when_no_type_checker_looks_counts():
    guarded = "if TYPE_CHECKING:\n    import a\nelse:\n    x = {}"
    assert digest(guarded.format(1)) != digest(guarded.format(2))
    assert of("if TYPE_CHECKING:\n    import a\nelse:\n    import b").imports == (Import(0, "b"),)


def test_a_name_that_is_compared_with_another_than_main_counts():
    assert digest("if __name__ == 'acme': f()") != digest("")


def test_an_expression_of_any_depth_can_be_read():
    deep = "x = " + " + ".join(["1"] * 900)
    assert digest(deep) != digest(deep + " + 1")


def test_a_number_of_any_length_can_be_read():
    long = "x = 0x" + "f" * 8000
    assert digest(long) != digest(long + "f")


def test_surrogates_can_be_read():
    assert digest(r"x = '\ud800'") != digest(r"x = '\ud801'")


@pytest.mark.parametrize("source", [b"def", b"x = 1\0"])
def test_what_is_no_python_is_refused(source):
    with pytest.raises((SyntaxError, ValueError)):
        meaning_of(source)


def test_every_import_is_found():
    found = of(
        """
        import a.b
        import c as d
        from .e import f
        from .. import g
        from h import *
        def later():
            from i.j import k
            import_module("l.m")
            importlib.import_module(".n", __name__)
            __import__("o")
            importlib.import_module(name="p")
        """
    )
    assert set(found.imports) == {
        Import(0, "a.b"),
        Import(0, "c"),
        Import(1, "e", "f"),
        Import(2, "", "g"),
        Import(0, "h", "*"),
        Import(0, "i.j", "k"),
        Import(0, "l.m"),
        Import(1, "n"),
        Import(0, "o"),
        Import(0, "p"),
    }
    assert not found.computed


@pytest.mark.parametrize(
    "call", ["import_module(name)", "importlib.import_module(f'.{name}', __name__)", "__import__(x)"]
)
def test_imports_by_computed_names_are_told(call):
    assert of(f"def f(name):\n    {call}").computed


def test_names_are_passed_on_or_defined():
    found = of(
        """
        from .a import b as c, d
        import e.f
        import g.h as i
        from j import k
        try:
            from m import n
        except ImportError:
            n = None
        def o(): ...
        class P: ...
        q, (r, *s) = 1, (2, 3)
        t: int = 1
        """
    )
    assert found.exports == {
        "c": Import(1, "a", "b"),
        "d": Import(1, "a", "d"),
        "e": Import(0, "e"),
        "i": Import(0, "g.h"),
        "k": Import(0, "j", "k"),
    }
    assert found.defined == {"n", "o", "P", "q", "r", "s", "t"}


@pytest.mark.parametrize(
    "line",
    [
        "import a",
        "X = f()",
        "x, y = 1, 2",
        "__all__ += ['a']",
        "x: int = 1",
        "def f(): g()",
        "class A: x()",
        "try:\n    import a\nexcept ImportError:\n    a = None",
        "if sys.version_info > (3, 12):\n    from a import b",
        "with suppress(ImportError):\n    import a",
        "del x",
        "'text'",
    ],
)
def test_defining_names_has_no_effect_on_others(line):
    assert of(line).effects == ""


@pytest.mark.parametrize(
    "line",
    [
        "torch.set_default_dtype(torch.float64)",
        "torch.backends.cudnn.benchmark = True",
        "os.environ['A'] = '1'",
        "for x in y: f(x)",
        "if a:\n    f()",
        "try:\n    f()\nexcept E: pass",
        "a.b += 1",
        "del a.b",
        "a[0]: int = 1",
        "assert f()",
    ],
)
def test_acting_on_others_is_an_effect(line):
    assert of(f"import a\n{line}").effects != ""
    assert of(f"X = 1\n{line}").effects == of(f"def g(): ...\n{line}").effects


def test_files_beside_it_are_found_where_it_looks_for_them():
    source = "{}\nTABLE = load('weights/table.npy')\nWORDS = 'no file. at all'"
    assert of(source.format("HERE = Path(__file__).parent")).files == ("weights/table.npy",)
    assert of(source.format("")).files == ()


def test_the_syntax_tree_of_newer_pythons_adds_only_empty_fields():
    """`type_params` came with 3.12: where it is empty, a tree that has none gives the same text."""
    tree = ast.parse("def f(): return 1")
    reader = reading._Reader(keeps_docstrings=False)
    before = reader.text(tree)
    function = tree.body[0]
    function._fields = (*type(function)._fields, "type_params", "something_new")
    function.type_params, function.something_new = [], None
    assert reader.text(tree) == before


PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SCRIPT = """
import importlib.util, json, sys, warnings
warnings.simplefilter("ignore")
def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
load("genharness.identity.meaning", sys.argv[1].replace("reading", "meaning"))
module = load("reading", sys.argv[1])
digests = []
for path in sys.argv[2:]:
    with open(path, "rb") as file:
        found = module.meaning_of(file.read())
    digests.append([found.digest, found.effects, [repr(one) for one in found.imports], sorted(found.defined)])
print(sys.version_info[1], json.dumps(digests))
"""


def other_pythons():
    """Return interpreters of other minor versions that this machine has."""
    own = "{}.{}".format(*sys.version_info)
    beside = Path(sys.base_prefix).parent.glob("3.1[1-4]*/bin/python")
    found = [shutil.which(f"python{version}") for version in PYTHONS if version != own]
    return [str(path) for path in (*filter(None, found), *beside) if Path(path).exists()]


def test_every_minor_version_of_python_says_the_same():
    rooms = (Path(reading.__file__).parents[1] / room for room in ("identity", "functional", "stats"))
    sources = [str(path) for room in (*rooms, Path(json.__file__).parent) for path in sorted(room.glob("*.py"))]
    said = {}
    for python in (sys.executable, *other_pythons()):
        done = subprocess.run(
            [python, "-c", SCRIPT, reading.__file__, *sources], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:  # a shim may name a version that is not installed
            version, _, digests = done.stdout.partition(" ")
            said[version] = digests
    if len(said) < 2:
        pytest.skip("this machine has one version of Python from 3.11 on")
    assert len(set(said.values())) == 1
