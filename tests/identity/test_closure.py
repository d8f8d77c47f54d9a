"""The code behind a part: what it really imports, and nothing else."""

import sys
import zipfile
from pathlib import Path

import pytest

from genharness.identity import closure
from genharness.identity.closure import Reach, code_of
from genharness.identity.sources import find_source

KIT = Reach(("genharness.kit", "genharness.functional"))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Lay a package `acme` out, and give functions that say its code and change a file of it."""
    monkeypatch.syspath_prepend(tmp_path)
    for name in [
        name for name in sys.modules if name.partition(".")[0] == "acme"
    ]:  # another test may have imported one
        monkeypatch.delitem(sys.modules, name)

    class Package:
        folder = tmp_path

        def write(self, files):
            for name, text in files.items():
                path = tmp_path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

        def code(self, module="acme.model", reach=KIT):
            return code_of([module], reach)

        def notices(self, name, text, module="acme.model"):
            """Whether the digest changes with a file."""
            before = self.code(module)
            self.write({name: text})
            return self.code(module).digest != before.digest

    return Package()


ACME = {
    "acme/__init__.py": "from acme.options import Options\n",
    "acme/options.py": "Options = 1",
    "acme/model.py": "from acme.blocks import Block\n",
    "acme/blocks.py": "class Block: ...\n",
    "acme/other.py": "X = 1\n",
}


@pytest.fixture
def acme(package):
    package.write(ACME)
    return package


def test_the_module_and_what_it_imports_count(acme):
    assert acme.code().modules == ("acme.blocks", "acme.model")
    assert acme.notices("acme/model.py", "from acme.blocks import Block\nX = 1\n")
    assert acme.notices("acme/blocks.py", "class Block:\n    x = 1\n")


@pytest.mark.parametrize(
    "name", ["acme/other.py", "acme/options.py", "acme/new.py", "acme/__init__.py", "acme/notes.txt"]
)
def test_other_files_do_not_count(acme, name):
    assert not acme.notices(name, "Y = 1\n")


def test_comments_do_not_count(acme):
    assert not acme.notices("acme/blocks.py", "# a block\nclass Block:\n    '''Nothing.'''\n")


IMPORTS = {
    "import": "import acme.part",
    "import as": "import acme.part as p",
    "from import": "from acme.part import x",
    "from package import": "from acme import part",
    "relative": "from .part import x",
    "relative package": "from . import part",
    "star": "from acme.part import *",
    "within a function": "def f():\n    from acme.part import x",
    "within a method": "class A:\n    def f(self):\n        import acme.part",
    "within a try": "try:\n    from acme.part import x\nexcept ImportError:\n    x = None",
    "within a condition": "if A:\n    from acme.part import x",
    "by a literal": "import_module('acme.part')",
    "by a relative literal": "importlib.import_module('.part', __package__)",
    "by __import__": "__import__('acme.part')",
}


@pytest.mark.parametrize("how", IMPORTS)
def test_imports_are_followed_however_they_are_written(package, how):
    package.write({**ACME, "acme/model.py": IMPORTS[how], "acme/part.py": "x = 1"})
    assert "acme.part" in package.code().modules
    assert package.notices("acme/part.py", "x = 2")


@pytest.mark.parametrize(
    "line",
    [
        "if TYPE_CHECKING:\n    from acme.part import x",
        "FACTORY = 'acme.part:x'",
        "# import acme.part",
        "'import acme.part'",
    ],
)
def test_what_is_never_imported_does_not_count(package, line):
    package.write({**ACME, "acme/model.py": line, "acme/part.py": "x = 1"})
    assert not package.notices("acme/part.py", "x = 2")


def test_imports_are_followed_on_and_on_and_in_circles(package):
    package.write({"acme/__init__.py": "", "acme/model.py": "import acme.a", "acme/a.py": "import acme.b"})
    package.write({"acme/b.py": "import acme.c", "acme/c.py": "import acme.a\nX = 1"})
    assert package.notices("acme/c.py", "import acme.a\nX = 2")


def test_a_relative_import_two_levels_up_is_followed(package):
    package.write({"acme/__init__.py": "", "acme/deep/__init__.py": "", "acme/part.py": "x = 1"})
    package.write({"acme/deep/model.py": "from ..part import x"})
    assert package.code("acme.deep.model").modules == ("acme.deep.model", "acme.part")


def test_a_name_that_a_package_passes_on_leads_to_where_it_is_defined(package):
    package.write(
        {"acme/__init__.py": "", "acme/model.py": "from acme.nets import Net", "acme/nets/net.py": "class Net: ..."}
    )
    package.write(
        {"acme/nets/__init__.py": "from .net import Net\nfrom .loss import Loss\n", "acme/nets/loss.py": "Loss = 1"}
    )
    assert package.code().modules == ("acme.model", "acme.nets.net")
    assert not package.notices("acme/nets/loss.py", "Loss = 2")
    assert package.notices("acme/nets/net.py", "class Net: x = 1")


def test_a_name_that_a_package_passes_on_under_another_name_is_found(package):
    package.write(
        {"acme/__init__.py": "", "acme/model.py": "from acme.nets import Best", "acme/nets/net.py": "class Net: ..."}
    )
    package.write({"acme/nets/__init__.py": "from .net import Net as Best\n"})
    assert package.code().modules == ("acme.model", "acme.nets.net")


def test_a_name_that_a_package_defines_itself_counts_with_the_package(package):
    package.write({"acme/__init__.py": "WEIGHTS = 1\n", "acme/model.py": "from acme import WEIGHTS"})
    assert package.code().modules == ("acme", "acme.model")
    assert package.notices("acme/__init__.py", "WEIGHTS = 2\n")


def test_a_name_that_is_defined_and_a_module_counts_as_what_python_would_give(package):
    package.write({"acme/__init__.py": "part = 1\n", "acme/model.py": "from acme import part", "acme/part.py": "x = 1"})
    assert package.code().modules == ("acme", "acme.model")


def test_a_name_that_nobody_defines_counts_with_the_package(package):
    lazy = "def __getattr__(name):\n    from acme.part import x\n    return x\n"
    package.write({"acme/__init__.py": lazy, "acme/model.py": "from acme import x", "acme/part.py": "x = 1"})
    assert package.code().modules == ("acme", "acme.model", "acme.part")


def test_a_star_in_a_package_counts_with_the_package(package):
    package.write(
        {"acme/__init__.py": "from acme.part import *", "acme/model.py": "from acme import x", "acme/part.py": "x = 1"}
    )
    assert package.notices("acme/part.py", "x = 2")


def test_a_package_passed_through_counts_by_what_it_does_beyond_defining(acme):
    assert not acme.notices("acme/__init__.py", "DEFAULT = 3\n")
    assert acme.notices("acme/__init__.py", "import torch\ntorch.set_default_dtype(torch.float64)\n")
    assert not acme.notices(
        "acme/__init__.py", "import torch\n# all of it\ntorch.set_default_dtype(torch.float64)\nX = 1"
    )
    assert acme.code().modules == ("acme.blocks", "acme.model")


def test_a_hook_beside_the_model_does_not_count(package):
    source = "@hookimpl\ndef genharness_models():\n    return ['{}']\n\nclass Model:\n    width = {}\n"
    package.write({"acme.py": source.format("a summary", 3)})
    assert not package.notices("acme.py", source.format("a better summary", 3), "acme")
    assert package.notices("acme.py", source.format("a better summary", 4), "acme")


def test_imports_by_computed_names_count_with_the_whole_package(package):
    package.write({**ACME, "acme/model.py": "def f(name):\n    return import_module(name)\n"})
    assert package.notices("acme/other.py", "X = 2")


def test_a_module_beside_it_that_is_under_development_counts(package):
    package.write({"acme.py": "import labtools.nets", "labtools/__init__.py": "", "labtools/nets.py": "X = 1"})
    assert package.notices("labtools/nets.py", "X = 2", "acme")


def test_installed_packages_count_by_nothing(package):
    site = package.folder / "site-packages"
    package.write({"acme.py": "import elsewhere.part", "site-packages/elsewhere/__init__.py": ""})
    package.write({"site-packages/elsewhere/part.py": "X = 1"})
    sys.path.insert(0, str(site))
    try:
        assert find_source("elsewhere.part") is not None
        assert not package.notices("site-packages/elsewhere/part.py", "X = 2", "acme")
    finally:
        sys.path.remove(str(site))


def test_installed_packages_of_the_same_distribution_count(package, monkeypatch):
    monkeypatch.setattr(
        closure, "top_packages", lambda name: frozenset({"acme", "acmetools"}) if name == "acme-dist" else frozenset()
    )
    package.write({"site-packages/acme.py": "import acmetools\nimport numpy", "site-packages/acmetools.py": "X = 1"})
    monkeypatch.syspath_prepend(package.folder / "site-packages")
    found = code_of(["acme"], Reach(distribution="acme-dist"))
    assert found.modules == ("acme", "acmetools")
    assert code_of(["acme"], Reach()).modules == ("acme",)


@pytest.mark.parametrize("name", ["torch", "numpy", "sklearn.mixture", "json", "os"])
def test_third_parties_and_the_standard_library_are_not_followed(package, name):
    package.write({"acme.py": f"import {name}"})
    assert package.code("acme").modules == ("acme",)


def test_rooms_of_genharness_count_as_far_as_the_reach_goes(package):
    package.write(
        {
            "acme.py": "from genharness import option\n"
            "from genharness.kit import GenerativeModel\n"
            "import genharness.cli.main"
        }
    )
    assert package.code("acme", Reach(("genharness.kit",))).modules == ("acme", "genharness.kit.model")
    assert package.code("acme", Reach()).modules == ("acme",)
    assert package.code("acme", Reach(("genharness.kit",), frozenset({"genharness.kit.model"}))).modules == ("acme",)


def test_a_room_is_no_prefix_of_a_name(package):
    package.write({"acme.py": "import genharness.kit.model"})
    assert package.code("acme", Reach(("genharness.ki",))).modules == ("acme",)


def test_a_compiled_module_counts_by_its_bytes_and_is_told(package):
    package.write({"acme/__init__.py": "", "acme/model.py": "from acme import fast"})
    suffix = Path(find_source("numpy._core._multiarray_umath").path).name.partition(".")[2]
    library = package.folder / "acme" / f"fast.{suffix}"
    library.write_bytes(b"\x7fELF one")
    before = package.code()
    assert before.opaque == ("acme.fast",)
    library.write_bytes(b"\x7fELF two")
    assert package.code().digest != before.digest


def test_source_that_this_python_cannot_read_counts_by_its_bytes(package):
    package.write({"acme.py": "import acme_newer", "acme_newer.py": "def f( = 1"})
    assert package.code("acme").opaque == ("acme_newer",)
    assert package.notices("acme_newer.py", "def f( = 2", "acme")


def test_source_in_an_archive_counts(tmp_path, monkeypatch):
    def zipped(name, text):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("zipacme/__init__.py", "")
            archive.writestr("zipacme/model.py", "from zipacme.part import x")
            archive.writestr("zipacme/part.py", text)
        with monkeypatch.context() as patch:
            patch.syspath_prepend(tmp_path / name)
            return code_of(["zipacme.model"], Reach())

    first, commented, other = zipped("a.zip", "x = 1"), zipped("b.zip", "x = 1  # one"), zipped("c.zip", "x = 2")
    assert first.modules == ("zipacme.model", "zipacme.part")
    assert first == commented
    assert first.digest != other.digest


def test_a_namespace_package_is_walked_through(package):
    package.write({"spaced/model.py": "from spaced.part import x", "spaced/part.py": "x = 1"})
    assert package.code("spaced.model").modules == ("spaced.model", "spaced.part")


def test_a_missing_module_of_its_own_counts_once_it_comes(package):
    package.write({"acme/__init__.py": "", "acme/model.py": "try:\n    from acme import fast\nexcept ImportError: ..."})
    assert package.notices("acme/fast.py", "")


def test_a_data_file_that_lies_beside_it_counts(package):
    source = "from pathlib import Path\nTABLE = Path(__file__).with_name('table.csv')"
    package.write({"acme/__init__.py": "", "acme/model.py": source, "acme/table.csv": "1,2"})
    assert package.notices("acme/table.csv", "1,3")


def test_where_it_lies_does_not_count(tmp_path):
    digests = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "moved.py").write_text("X = 1")
        sys.path.insert(0, str(tmp_path / name))
        try:
            digests.append(code_of(["moved"], Reach()).digest)
        finally:
            sys.path.remove(str(tmp_path / name))
    assert digests[0] == digests[1]


def test_what_a_module_is_called_counts(package):
    package.write({"one.py": "X = 1", "two.py": "X = 1"})
    assert package.code("one").digest != package.code("two").digest


def test_several_modules_have_one_digest_in_any_order(package):
    package.write({"one.py": "X = 1", "two.py": "Y = 1"})
    assert code_of(["one", "two"], KIT) == code_of(["two", "one"], KIT)


def test_code_that_is_not_there_is_named():
    with pytest.raises(ModuleNotFoundError, match="no module nowhere_at_all"):
        code_of(["nowhere_at_all"], Reach())


def test_nothing_is_imported(package):
    package.write({"acme/__init__.py": "raise RuntimeError", "acme/model.py": "raise RuntimeError"})
    package.code()
    assert "acme" not in sys.modules
