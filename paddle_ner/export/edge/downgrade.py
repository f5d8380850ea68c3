"""A module of this package as Python 3.8, for a device: the same statements without what is newer or not wanted there.

The package is written for Python 3.10. What it uses of that is little, and each has a plain older form, so a device
runs the server's own tokenization, windows and decoding rather than a second version of them.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

from paddle_ner.errors import PaddleNerError

OLDEST = (3, 8)
PACKAGE = "paddle_ner"
RUNTIME = "paddle_ner.edge"  # its modules stand at the top of the device's package
TARGET = "paddle_ner_edge"
COMPAT = f"{RUNTIME}.compat"  # what stands for what Python 3.8 lacks

_HEADER = "# Made from {module} by `paddle-ner export --target jetson`: change it there, not here.\n"
_LATER_NAMES = {("itertools", "pairwise")}


class DowngradeError(PaddleNerError):
    """A module uses something that has no older form here: a defect of this package, not of its use."""


def device_name(module: str) -> str:
    """The name that a module of this package has on a device; other names stay."""
    for prefix in (RUNTIME, PACKAGE):
        if module == prefix or module.startswith(prefix + "."):
            return TARGET + module[len(prefix) :]
    return module


def downgrade(source: str, module: str, left_out: Collection[str] = ()) -> ast.Module:
    """`source` with the statements that a device runs, imports still by the names of this package.

    Args:
        source: of the module.
        module: its dotted name, for errors.
        left_out: methods (as ``Class.method``) that a device has no use for; what only they need goes with them.

    Raises:
        DowngradeError: one of `left_out` is not there.
    """
    tree = ast.parse(source)
    _leave_out(tree, set(left_out), module)
    older = _Older()
    older.visit(tree)
    while _drop_unused(tree):
        pass
    if older.needs:
        place = next(index for index, one in enumerate(tree.body) if not _is_preamble(one))
        names = [ast.alias(name) for name in sorted(older.needs)]
        tree.body.insert(place, ast.ImportFrom(COMPAT, names, 0))
    return ast.fix_missing_locations(tree)


def render(tree: ast.Module, module: str) -> str:
    """The text of a module for a device. Raises DowngradeError where it is no Python 3.8."""
    text = ast.unparse(_Renamed().visit(tree))
    try:
        ast.parse(text, feature_version=OLDEST)
    except SyntaxError as error:
        raise DowngradeError(f"{module}: line {error.lineno} for a device is no Python 3.8: {error.msg}") from None
    return _HEADER.format(module=module) + text + "\n"


def _is_preamble(statement: ast.stmt) -> bool:
    """The docstring and ``from __future__``, before which nothing else may stand."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "__future__"
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _leave_out(tree: ast.Module, names: set[str], module: str) -> None:
    found: set[str] = set()
    for owner in tree.body:
        if isinstance(owner, ast.ClassDef):
            for method in list(owner.body):
                name = f"{owner.name}.{getattr(method, 'name', '')}"
                if name in names:
                    found.add(name)
                    owner.body.remove(method)
    if missing := names - found:
        raise DowngradeError(f"{module}: {', '.join(sorted(missing))}: to be left out on a device, but not there")


class _Older(ast.NodeTransformer):
    """Rewrites what Python 3.8 lacks; `needs` gathers the names of compat.py that stand for it.

    Annotations go, since they name newer types and modules that a device lacks. Those of a class's fields stay, which
    dataclasses need; ``from __future__ import annotations`` keeps them from being evaluated.
    """

    def __init__(self) -> None:
        self.needs: set[str] = set()

    def visit_If(self, node: ast.If) -> ast.AST | None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return None
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST | None:
        if any(isinstance(one, ast.Name) and one.id == "overload" for one in node.decorator_list):
            return None
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        fields = {id(one): one.annotation for one in node.body if isinstance(one, ast.AnnAssign)}
        body: list[ast.stmt] = []
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign):
                statement.value = self.visit(statement.value) if statement.value else None
                statement.annotation = fields[id(statement)]
                body.append(statement)
            elif (visited := self.visit(statement)) is not None:
                body.append(visited)
        node.body = body or [ast.Pass()]
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return self.generic_visit(ast.copy_location(ast.Assign([node.target], node.value), node))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        newer = {one.name for one in node.names if (node.module, one.name) in _LATER_NAMES}
        self.needs |= newer
        node.names = [one for one in node.names if one.name not in newer]
        return node if node.names else None

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        return _as_format(node) if _holds_text(node) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        keywords = {one.arg: one for one in node.keywords}
        if name == "zip" and "strict" in keywords:
            self.needs.add("zip_strict")
            node.func = ast.Name("zip_strict", ast.Load())
            node.keywords.remove(keywords["strict"])
        elif name == "dataclass" and "slots" in keywords:
            node.keywords.remove(keywords["slots"])
        elif name in ("isinstance", "issubclass") and isinstance(node.args[1], ast.BinOp):
            node.args[1] = ast.Tuple(_members(node.args[1]), ast.Load())
        return node


def _holds_text(node: ast.JoinedStr) -> bool:
    """Whether a string stands inside the braces of an f-string.

    From Python 3.12 on `ast.unparse` writes such with one kind of quote for both, which older versions cannot read.
    """
    values = [one.value for one in node.values if isinstance(one, ast.FormattedValue)]
    inside = (each for value in values for each in ast.walk(value))
    return any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in inside)


def _as_format(node: ast.JoinedStr) -> ast.Call:
    """An f-string as ``"…{}…".format(…)``."""
    pieces: list[str] = []
    values: list[ast.expr] = []
    for one in node.values:
        if isinstance(one, ast.FormattedValue):
            conversion = "" if one.conversion == -1 else f"!{chr(one.conversion)}"
            pieces.append(f"{{{conversion}{_format_spec(one.format_spec)}}}")
            values.append(one.value)
        else:
            assert isinstance(one, ast.Constant)
            pieces.append(str(one.value).replace("{", "{{").replace("}", "}}"))
    return ast.Call(ast.Attribute(ast.Constant("".join(pieces)), "format", ast.Load()), values, [])


def _format_spec(spec: ast.expr | None) -> str:
    """What stands behind the colon. Raises DowngradeError where that is computed."""
    if spec is None:
        return ""
    parts = spec.values if isinstance(spec, ast.JoinedStr) else []
    if not all(isinstance(part, ast.Constant) for part in parts):
        raise DowngradeError(f"line {spec.lineno}: an f-string with a text inside and a computed format")
    return ":" + "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))


def _members(union: ast.expr) -> list[ast.expr]:
    """The types of ``A | B | C``."""
    if isinstance(union, ast.BinOp) and isinstance(union.op, ast.BitOr):
        return [*_members(union.left), *_members(union.right)]
    return [union]


def _drop_unused(tree: ast.Module) -> bool:
    """Remove imports, private definitions and names of types that nothing uses; whether there were any."""
    used = _used(tree)
    before = len(tree.body)
    body: list[ast.stmt] = []
    dropped = False
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom | ast.Import) and not _is_preamble(statement):
            names = [one for one in statement.names if (one.asname or one.name).partition(".")[0] in used]
            dropped = dropped or len(names) < len(statement.names)
            statement.names = names
            if not names:
                continue
        elif any(name not in used and _may_go(name, statement) for name in _defined(statement)):
            continue
        body.append(statement)
    tree.body = body
    return dropped or len(body) < before


def _defined(statement: ast.stmt) -> list[str]:
    """The name that a statement gives to a function, a class or a value."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return []


def _may_go(name: str, statement: ast.stmt) -> bool:
    """Whether no other module can want it: it is private, or the name of a type (which Python 3.8 cannot evaluate)."""
    names_type = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Subscript)
    return name == "__all__" or (name.startswith("_") and not name.startswith("__")) or names_type


def _used(tree: ast.Module) -> set[str]:
    """Names that are looked up when the module runs. dataclasses look for ClassVar in the annotations of fields."""
    used: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used.add(node.id)
        if isinstance(node, ast.AnnAssign):
            if any(isinstance(one, ast.Name) and one.id == "ClassVar" for one in ast.walk(node.annotation)):
                used.add("ClassVar")
            waiting += [node.target, *([node.value] if node.value else [])]
        else:
            waiting += ast.iter_child_nodes(node)
    return used


class _Renamed(ast.NodeTransformer):
    """Imports by the names that modules have on a device."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        node.module = device_name(node.module or "")
        return node
