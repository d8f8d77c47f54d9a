"""Reading what one file of Python source does, as a digest: how it is written and explained does not count.

Left out are comments, line breaks, quotes, parentheses, docstrings and other lines without effect, the order within
a run of imports, hooks of plugins (what they say of a model is resolved into its cell), and what never runs when the
file is imported: blocks for type checkers and `if __name__ == "__main__"`. Everything else counts, annotations too,
which dataclasses and TorchScript read.

The text that is hashed is our own, made from the syntax tree, and names only what Python 3.11 to 3.14 agree on:
fields that are empty are left out (newer versions have more of them), and constants within f-strings are joined.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from genharness.identity.meaning import Import, Meaning

__all__ = ["meaning_of"]


def meaning_of(content: bytes) -> Meaning:
    """Return what a source file does.

    Raises:
        SyntaxError: If this Python cannot read it.
        ValueError: If it holds null bytes.
    """
    tree = ast.parse(content)
    reader = _Reader(keeps_docstrings=b"__doc__" in content)
    text = reader.text(tree)
    effects = [statement for statement in reader.acting(tree.body) if not _defines(statement)]
    exports, defined = _names(reader.acting(tree.body))
    looks = b"__file__" in content or b"importlib.resources" in content or b"pkgutil" in content
    return Meaning(
        digest=_digest(text),
        effects=_digest("".join(reader.text(statement) for statement in effects)) if effects else "",
        imports=tuple(sorted(reader.imports)),
        exports={name: where for name, where in exports.items() if name not in defined},
        defined=frozenset(defined),
        computed=reader.computed,
        files=tuple(sorted(text for text in reader.strings if _FILE.fullmatch(text))) if looks else (),
    )


_FILE = re.compile(r"[\w.+ -]+(/[\w.+ -]+)*\.\w{1,12}")
_SILENT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
"""Fields of nodes that follow from the rest, or that only type checkers read."""

_BLOCKS = frozenset({"body", "orelse", "finalbody"})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class _Reader:
    """Writes syntax trees as text, and notes on the way what is imported."""

    def __init__(self, *, keeps_docstrings: bool) -> None:
        self.imports: set[Import] = set()
        self.strings: set[str] = set()
        self.computed = False
        self._keeps_docstrings = keeps_docstrings

    def text(self, root: ast.AST) -> str:
        """Return the text of a tree; a stack instead of recursion, for expressions of any depth."""
        parts: list[str] = []
        stack: list[Any] = [root]
        while stack:
            item = stack.pop()
            if isinstance(item, _Text):
                parts.append(item)
            elif isinstance(item, ast.AST):
                self._note(item)
                parts.append(type(item).__name__ + "(")
                stack.append(_CLOSE)
                stack.extend(reversed(list(self._fields(item))))
            elif isinstance(item, list):
                parts.append("[")
                stack.append(_END)
                stack.extend(reversed(item))
            else:
                parts.append(f"{_constant(item)},")
        return "".join(parts)

    def _fields(self, node: ast.AST) -> Iterator[Any]:
        for name in node._fields:
            value = getattr(node, name, None)
            if name in _BLOCKS and isinstance(value, list):
                value = _sorted_imports(self.acting(value))
            elif name == "values" and isinstance(node, ast.JoinedStr):
                value = _joined(node.values)
            empty = value is None and not isinstance(node, ast.Constant)
            if name in _SILENT or empty or value == []:
                continue
            yield _Text(f"{name}=")
            yield value

    def acting(self, statements: Iterable[ast.stmt]) -> list[ast.stmt]:
        """Return the statements that do something when they are reached."""
        kept: list[ast.stmt] = []
        for statement in statements:
            if isinstance(statement, ast.If) and _never_runs(statement.test):
                kept += self.acting(statement.orelse)
            elif not (_is_idle(statement, self._keeps_docstrings) or _is_hook(statement) or _is_drawn(statement)):
                kept.append(statement)
        return kept

    def _note(self, node: ast.AST) -> None:
        """Note what a node imports, and the strings that may name files."""
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and len(node.value) < 200:
                self.strings.add(node.value)
        elif isinstance(node, ast.Import):
            self.imports |= {Import(0, alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            self.imports |= {Import(node.level, node.module or "", alias.name) for alias in node.names}
        elif isinstance(node, ast.Call) and _name_of(node.func) in ("import_module", "__import__"):
            self._note_call(node)

    def _note_call(self, call: ast.Call) -> None:
        named = call.args[0] if call.args else next((word.value for word in call.keywords if word.arg == "name"), None)
        if not (isinstance(named, ast.Constant) and isinstance(named.value, str)):
            self.computed = True
            return
        module = named.value.lstrip(".")
        self.imports.add(Import(len(named.value) - len(module), module))


class _Text(str):
    """A part of the text that is written as it stands."""

    __slots__ = ()


_CLOSE, _END = _Text(")"), _Text("]")


def _constant(value: object) -> str:
    """Return a constant, with its type; whole numbers may have more digits than `repr` writes."""
    return f"int:{value:x}" if type(value) is int else f"{type(value).__name__}:{value!a}"


def _joined(values: Sequence[ast.expr]) -> list[ast.expr]:
    """Return the parts of an f-string with neighbouring constants made one and empty ones left out."""
    parts: list[ast.expr] = []
    for value in values:
        if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
            parts.append(value)
        elif parts and isinstance(parts[-1], ast.Constant):
            parts[-1] = ast.Constant(f"{parts[-1].value!s}{value.value}")
        elif value.value:
            parts.append(value)
    return parts


def _sorted_imports(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements with one import a line, sorted and each once within every run of imports."""
    result: list[ast.stmt] = []
    run: dict[tuple[Any, ...], ast.stmt] = {}
    for statement in statements:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            run |= {_import_key(one): one for one in _single(statement)}
            continue
        result += [run[key] for key in sorted(run)]
        run = {}
        result.append(statement)
    return result + [run[key] for key in sorted(run)]


def _single(statement: ast.Import | ast.ImportFrom) -> Iterator[ast.Import | ast.ImportFrom]:
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            yield ast.Import([alias])
        else:
            yield ast.ImportFrom(statement.module, [alias], statement.level)


def _import_key(statement: ast.Import | ast.ImportFrom) -> tuple[Any, ...]:
    alias = statement.names[0]
    if isinstance(statement, ast.Import):
        return (0, 0, "", alias.name, alias.asname or "")
    return (1, statement.level, statement.module or "", alias.name, alias.asname or "")


def _is_idle(statement: ast.stmt, keeps_docstrings: bool) -> bool:
    """Whether a statement is only read by people: a docstring, another constant that stands alone, `pass`."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return not (keeps_docstrings and isinstance(statement.value.value, str))
    return isinstance(statement, ast.Pass)


def _is_hook(statement: ast.stmt) -> bool:
    """Whether a statement is a plugin's hook: what it gives is resolved into cells and protocols."""
    return isinstance(statement, ast.FunctionDef) and any(
        _name_of(one.func if isinstance(one, ast.Call) else one) == "hookimpl" for one in statement.decorator_list
    )


def _is_drawn(statement: ast.stmt) -> bool:
    """Whether a statement declares an option of sampling, `steps: int = option(50, ..., stage="sample")`.

    Its value stands in cells, and training reads it nowhere: a sampler more among its choices changes no result.
    """
    if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.value, ast.Call)):
        return False
    stages = [word.value for word in statement.value.keywords if word.arg == "stage"]
    return _name_of(statement.value.func) == "option" and any(
        isinstance(stage, ast.Constant) and stage.value == "sample" for stage in stages
    )


def _never_runs(test: ast.expr) -> bool:
    """Whether the condition is `TYPE_CHECKING`, or that the file is run as a script."""
    if isinstance(test, ast.Compare):
        return ast.unparse(test) in ("__name__ == '__main__'", "'__main__' == __name__")
    return _name_of(test) == "TYPE_CHECKING"


def _name_of(node: ast.expr) -> str:
    """Return the last part of a name such as `typing.TYPE_CHECKING`, or nothing."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Pass)


def _defines(statement: ast.stmt) -> bool:
    """Whether a statement of a module only gives names their values."""
    if isinstance(statement, _DEFINITIONS):
        return True
    if isinstance(statement, (ast.If, ast.Try, ast.With)):
        return all(map(_defines, _inner(statement)))
    if isinstance(statement, (ast.Assign, ast.Delete)):
        return all(isinstance(one, ast.Name) for target in statement.targets for one in _flat(target))
    if isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        return isinstance(statement.target, ast.Name)
    return type(statement).__name__ == "TypeAlias" or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _flat(target: Any) -> list[Any]:
    """Return what a target such as `a, (b, *c)` assigns to."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return [one for part in target.elts for one in _flat(part)]
    return [target.value] if isinstance(target, ast.Starred) else [target]


def _inner(statement: ast.If | ast.Try | ast.With) -> list[ast.stmt]:
    handlers = [line for handler in getattr(statement, "handlers", ()) for line in handler.body]
    return [*statement.body, *getattr(statement, "orelse", ()), *handlers, *getattr(statement, "finalbody", ())]


def _names(statements: Iterable[ast.stmt]) -> tuple[dict[str, Import], set[str]]:
    """Return the names of a module that are imported, with where they come from, and those that it defines."""
    exports: dict[str, Import] = {}
    defined: set[str] = set()
    for statement in statements:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                exports[alias.asname or alias.name.partition(".")[0]] = Import(
                    0, alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                exports[alias.asname or alias.name] = Import(statement.level, statement.module or "", alias.name)
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            defined.add(statement.name)
        elif isinstance(statement, (ast.If, ast.Try, ast.With)):
            more, own = _names(_inner(statement))
            exports |= more
            defined |= own
        else:
            stored = (one for one in ast.walk(statement) if isinstance(one, ast.Name))
            defined |= {one.id for one in stored if isinstance(one.ctx, ast.Store)}
    return exports, defined
