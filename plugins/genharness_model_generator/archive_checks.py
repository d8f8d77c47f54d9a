"""What a torch.export archive may hold before torch reads it: `torch.export.load` runs pickles and evaluates text."""

from __future__ import annotations

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from genharness import DataError

__all__ = ["checked_archive"]

_OPERATORS = re.compile(
    r"torch\.ops\.aten\.(?!from_file\b|save\b)\w+\.\w+|torch\.ops\.prims\.\w+\.\w+|torch\.sym_\w+"
    r"|_operator\.(?:add|sub|mul|floordiv|truediv|mod|neg|pow|getitem|eq|ne|lt|le|gt|ge|and_|or_|not_)"
    r"|math\.(?:ceil|floor|trunc|sqrt)"
)
_NAME = re.compile(r"[\w.-]*")
_SYMPY = re.compile(
    "Symbol|Integer|Rational|Float|Add|Mul|Pow|Max|Min|Mod|Abs|floor|ceiling|FloorDiv|CeilDiv|CleanDiv|PythonMod"
    "|ModularIndexing|IntTrueDiv|FloatTrueDiv|PowByNatural|FloatPow|TruncToInt|RoundToInt|ToFloat|Where|Identity"
    "|Equality|Unequality|StrictLessThan|LessThan|StrictGreaterThan|GreaterThan|Eq|Ne|Lt|Le|Gt|Ge|And|Or|Not"
)
"""What sympy writes of sizes."""

_NODES = (
    ast.Expression, ast.Call, ast.Name, ast.Load, ast.Constant, ast.keyword, ast.BinOp, ast.UnaryOp, ast.Compare,
    ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip
_TREES = (None, "builtins.tuple", "builtins.list", "builtins.dict")
_PICKLES = re.compile(r"/constants/(?:custom_obj|opaque_obj)", re.IGNORECASE)
_ADVICE = "export the network alone, by torch.export.export and torch.export.save"


def checked_archive(path: Path) -> io.BytesIO:
    """Return an archive of torch.export, made anew of the members that were checked.

    Left out is what only debugging reads. What is neither weights nor a graph of torch's own operators (compiled
    libraries, pickled objects, custom operators) is refused, as is text that torch would evaluate and that is more than
    arithmetic of sizes.

    Raises:
        DataError: If it is no such archive, or holds what is refused.
    """
    copy = io.BytesIO()
    try:
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as checked:
            _refuse_members(path, [info.filename for info in archive.infolist()])
            for info in archive.infolist():
                checked.writestr(info.filename, _checked_member(path, info.filename, archive.read(info)))
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is no archive of torch.export.save, and nothing else is read as one") from error
    copy.seek(0)
    return copy


def _refuse_members(path: Path, names: list[str]) -> None:
    if len({name.lower() for name in names}) < len(names):
        raise DataError(f"{path} holds two members of one name: {_ADVICE}")
    if not any(name.endswith(".json") for name in names):
        raise DataError(f"{path} holds no exported graph, and pickles are not read: {_ADVICE}")
    for name in names:
        if "aotinductor" in name.lower():
            raise DataError(f"{path} holds compiled code ({name}), which is not run: {_ADVICE}")
        if _PICKLES.search(name):
            raise DataError(f"{path} holds a pickled object ({name}), which is not read: {_ADVICE}")


def _checked_member(path: Path, name: str, content: bytes) -> bytes:
    if not name.endswith(".json"):
        return content
    read = json.loads(content)
    for complaint in _complaints(read):
        raise DataError(f"{path}: {name} {complaint}: {_ADVICE}")
    return json.dumps(read).encode()


def _complaints(part: Any) -> Iterator[str]:
    """Give what is refused of a part of a graph; what only debugging reads is taken out of it."""
    if isinstance(part, list):
        for each in part:
            yield from _complaints(each)
    if not isinstance(part, dict):
        return
    if isinstance(metadata := part.get("metadata"), dict):
        part["metadata"] = {key: metadata[key] for key in ("nn_module_stack",) if key in metadata}
    part.pop("guards_code", None)
    for key, value in part.items():
        yield from _complaint(key, value)
        yield from _complaints(value)


def _complaint(key: str, value: Any) -> Iterator[str]:
    if key in ("target", "as_operator") and isinstance(value, str) and not _OPERATORS.fullmatch(value):
        yield f"calls {value[:80]!r}, which is no operator of torch's own"
    elif key in ("expr_str", "range_constraints"):
        for text in value if isinstance(value, Mapping) else [value]:
            if not _is_arithmetic(str(text)):
                yield f"holds {str(text)[:80]!r} where a size is expected"
    elif key in ("in_spec", "out_spec") and isinstance(value, str):
        if not _is_plain_tree(json.loads(value)):
            yield "takes or gives more than tensors in tuples, lists and dictionaries"
    elif key == "use_pickle" and value:
        yield "names pickled weights, which are not read"
    elif (key.endswith("name") or key in ("fqn", "forward_arg_names")) and not _are_names(value):
        yield f"holds {str(value)[:80]!r} where a name is expected"
    elif key == "treespec_namedtuple_fields" and value:
        yield "takes or gives named tuples"


def _are_names(value: Any) -> bool:
    return all(_NAME.fullmatch(one) for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))


def _is_arithmetic(text: str) -> bool:
    """Whether text is arithmetic of numbers and symbols, as sympy writes it: nothing that evaluating it could run."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, MemoryError):
        return False
    return all(_is_harmless(node) for node in ast.walk(tree))


def _is_harmless(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and bool(_SYMPY.fullmatch(node.func.id))
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, (str, bytes)) or bool(_NAME.fullmatch(str(node.value)))
    return isinstance(node, _NODES)


def _is_plain_tree(tree: Any) -> bool:
    if isinstance(tree, list):
        return all(_is_plain_tree(one) for one in tree)
    if isinstance(tree, dict):
        return tree.get("type") in _TREES and _is_plain_tree(tree.get("children_spec", []))
    return isinstance(tree, int)
