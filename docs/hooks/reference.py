"""The reference is made when the docs are built: a page for each module of the package, and a table for each room.

A public name without a docstring ends the build: modules, functions, classes, methods, and the constants of a module.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

PACKAGE = Path(__file__).parents[2] / "equipoise"
COLUMNS = {
    "losses": ("equation", re.compile(r"\(([^()]*\b(?:19|20)\d\d\b[^()]*)\)")),
    "constraints": ("equation", re.compile(r"\(([^()]*\b(?:19|20)\d\d\b[^()]*)\)")),
    "metrics": ("better", re.compile(r"; (higher|lower) is better")),
}
"""What a room's table says besides, and where it stands in a docstring."""
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A public module: its dotted name, its code, and whether it is a package."""

    name: str
    tree: ast.Module
    is_package: bool

    @property
    def page(self) -> str:
        """Where its page lies below docs."""
        path = "/".join(["reference", *self.name.split(".")[1:]])
        return f"{path}/index.md" if self.is_package else f"{path}.md"


def modules(package: Path = PACKAGE) -> list[Module]:
    """Every public module of a package, a package before its modules."""
    found = []
    for path in sorted(package.rglob("*.py"), key=lambda path: (path.parent.parts, path.name != "__init__.py", path)):
        parts = path.relative_to(package.parent).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if not any(part.startswith("_") for part in parts):
            found.append(Module(".".join(parts), ast.parse(path.read_text("utf-8")), path.name == "__init__.py"))
    return found


def documented(node: ast.AST, following: ast.AST | None) -> bool:
    """Whether a definition has a docstring, or an assignment has one on the next line."""
    if isinstance(node, Documented):
        return bool(ast.get_docstring(node))
    return isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)


def is_type_variable(node: ast.Assign | ast.AnnAssign) -> bool:
    """Whether an assignment makes a TypeVar, which is no name for a reader."""
    return isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "TypeVar"


def public(body: list[ast.stmt], constants: bool = True) -> Iterator[tuple[str, ast.stmt, ast.stmt | None]]:
    """Name, node and next node of each public definition, and of the constants of a module."""
    for node, following in zip(body, [*body[1:], None], strict=False):
        names: list[str] = []
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names = [node.name]
        elif constants and isinstance(node, ast.Assign | ast.AnnAssign) and not is_type_variable(node):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        yield from ((name, node, following) for name in names if not name.startswith("_"))


def undocumented(module: Module) -> Iterator[str]:
    """The dotted names of a module that have no docstring."""
    if not documented(module.tree, None):
        yield module.name
    for name, node, following in public(module.tree.body):
        if not documented(node, following):
            yield f"{module.name}.{name}"
        if isinstance(node, ast.ClassDef):
            yield from (
                f"{module.name}.{name}.{part}"
                for part, method, after in public(node.body, constants=False)
                if not documented(method, after)
            )


def first_sentence(node: Documented) -> str:
    """The first paragraph of a docstring, fit for a cell of a table."""
    text = (ast.get_docstring(node) or "").split("\n\n")[0]
    return " ".join(text.split()).replace("|", "\\|")


def table_of_names(room: str, found: list[Module]) -> list[str]:
    """The functions and classes that a room offers by its own name, for the rooms whose table says more than a name."""
    offered = {name for module in found if module.is_package for name in exported(module)}
    title, pattern = COLUMNS[room]
    lines = [f"| name | what it is | {title} |", "| --- | --- | --- |"]
    for module in found:
        for name, node, _ in public(module.tree.body, constants=False):
            if name in offered and isinstance(node, Documented):
                found_there = pattern.findall(" ".join((ast.get_docstring(node) or "").split()))
                what = re.sub(r" +(?=[.,:;](?: |$))", "", pattern.sub("", first_sentence(node)))
                lines.append(f"| [`{name}`][{module.name}.{name}] | {what} | {found_there[0] if found_there else ''} |")
    return lines


def exported(module: Module) -> set[str]:
    """The names that a package imports from its modules, at once or when they are first used."""
    return {
        alias.asname or alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def text(module: Module, found: list[Module]) -> str:
    """The page of a module in Markdown."""
    if not module.is_package:
        return f"::: {module.name}\n"
    below = [each for each in found if each.name.rpartition(".")[0] == module.name]
    lines = [
        f"# {module.name}",
        "",
        f"::: {module.name}",
        "    options: { members: false, show_root_heading: false }",
        "",
    ]
    room = module.name.rpartition(".")[2]
    if room in COLUMNS:
        lines += [*table_of_names(room, [each for each in found if f"{each.name}.".startswith(f"{module.name}.")]), ""]
    lines += ["## Modules", "", "| module | what it holds |", "| --- | --- |"]
    start = len(Path(module.page).parts) - 1
    for each in below:
        link = "/".join(Path(each.page).parts[start:])
        lines.append(f"| [`{each.name.rpartition('.')[2]}`]({link}) | {first_sentence(each.tree)} |")
    return "\n".join(lines) + "\n"


def navigation(module: Module, found: list[Module]) -> dict[str, object]:
    """A module's entry in the navigation, with those below it."""
    below = [navigation(each, found) for each in found if each.name.rpartition(".")[0] == module.name]
    return {module.name.rpartition(".")[2]: [module.page, *below] if module.is_package else module.page}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages into the navigation, as its last section."""
    found = modules()
    (tree,) = navigation(found[0], found).values()
    config.nav = [*(config.nav or []), {"Reference": tree}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Make the pages. A public name without a docstring is an error."""
    found = modules()
    if missing := [name for module in found for name in undocumented(module)]:
        raise PluginError(f"without a docstring: {', '.join(missing)}")
    for module in found:
        files.append(File.generated(config, module.page, content=text(module, found)))
    return files
