"""The house as its own sources draw it: which rooms there are, and who imports whom.

    python tests/helpers/house.py

Nothing is imported: modules are read. What only a type checker runs is left out, what a function
imports is not. Engines are loaded by their names in `engines/registry.py`, which are no imports.
"""

import ast
import re
from itertools import chain
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGE = "kstar_gpu"
# From the ground: a module imports from its own floor, and from those below.
FLOORS = [
    (
        "definition",
        "version",
        "extras",
        "distance",
        "cpu_tensors",
        "columns",
        "user_code",
        "progress",
        "exhausted_memory",
    ),
    ("names", "known", "files", "checked_json", "npy_header", "user_files"),
    ("inputs",),
    ("engines",),
    ("scale",),
    ("api",),
    ("stats",),
    ("networks",),
    ("plot",),
    ("report",),
    ("integrations", "metric", "terminal", "commands", "cli"),
    (PACKAGE,),  # its own `__init__`: the door
]
ENGINES = ("cpu", "cuda", "portable")
# The one arrow up: a result can plot itself, as those of pandas can.
LAZY = (f"{PACKAGE}.stats.distribution", f"{PACKAGE}.plot")
# What headers include, besides those of their own room.
NATIVE = {"common": (), "cpu": ("common",), "cuda": ("common", "simt"), "simt": ("common",)}


class Arrow(NamedTuple):
    """A module, or a header, and what it imports."""

    user: str
    used: str


def modules(root=ROOT):
    """Return the file of every module of the package, by its dotted name."""
    names = {}
    for path in sorted((root / PACKAGE).rglob("*.py")) + sorted((root / PACKAGE).rglob("*.pyi")):
        parts = path.relative_to(root).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return dict(sorted(names.items()))


def room(module):
    """Return the room of a module: what comes after the package's name."""
    return module.split(".")[1] if "." in module else module


def floor(module):
    """Return how high a module lies."""
    return next(height for height, rooms in enumerate(FLOORS) if room(module) in rooms)


def tree(path):
    """Return the syntax of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(root=ROOT):
    """Return an arrow for each import of every module; within the package, to the module itself."""
    known = modules(root)
    return sorted(
        {
            Arrow(module, _module_of(name, known))
            for module, path in known.items()
            for name in _imported(module, path)
        }
    )


def inside(arrows):
    """Return the arrows within the package, without the lazy one."""
    return [
        arrow
        for arrow in arrows
        if arrow.used.partition(".")[0] == PACKAGE and not is_lazy(arrow) and len(set(arrow)) > 1
    ]


def is_lazy(arrow):
    """Whether this is the one arrow up."""
    return arrow.user == LAZY[0] and f"{arrow.used}.".startswith(f"{LAZY[1]}.")


def _imported(module, path):
    """Yield the dotted names that a file imports, whatever of them are modules."""
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    for node in _that_runs(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node.level, node.module or "", package)
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and "import_module" in ast.unparse(node.func):
            match node.args:
                case [ast.Constant(value=str(name)), *_]:
                    bare = name.lstrip(".")
                    yield _absolute(len(name) - len(bare), bare, package)


def _that_runs(node):
    """Yield all of a syntax tree but what stands under `if TYPE_CHECKING:`."""
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        yield from chain.from_iterable(map(_that_runs, node.orelse))
        return
    yield node
    yield from chain.from_iterable(map(_that_runs, ast.iter_child_nodes(node)))


def _absolute(level, name, package):
    if level == 0:
        return name
    above = package.split(".")[: len(package.split(".")) - (level - 1)]
    return ".".join([*above, name] if name else above)


def _module_of(name, known):
    """Return the module that a name is, or is in; other packages' names stay as they are."""
    module = name
    while module and module not in known:
        module = module.rpartition(".")[0]
    return module or name


def circle(arrows):
    """Return modules that import one another in a circle, or an empty list."""
    uses = {}
    for user, used in arrows:
        uses.setdefault(user, []).append(used)
    done = set()

    def visit(module, way):
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        done.add(module)
        found = (visit(used, [*way, module]) for used in uses.get(module, []))
        return next(filter(None, found), [])

    return next(filter(None, (visit(module, []) for module in uses)), [])


def upward(arrows):
    """Return the arrows to a higher floor."""
    return [arrow for arrow in arrows if floor(arrow.used) > floor(arrow.user)]


def between_engines(arrows):
    """Return the arrows from one engine's folder into another's."""

    def engine(module):
        return next((e for e in ENGINES if f"{module}.".startswith(f"{PACKAGE}.engines.{e}.")), "")

    pairs = [(arrow, engine(arrow.user), engine(arrow.used)) for arrow in arrows]
    return [arrow for arrow, user, used in pairs if user and used and user != used]


def of_tests(arrows, root=ROOT):
    """Return the arrows to what only tests and benchmarks have."""
    folders = [root / "tests", root / "benchmarks"]
    names = {path.stem for folder in folders for path in folder.iterdir()}
    names |= {folder.name for folder in folders}
    return [arrow for arrow in arrows if arrow.used.partition(".")[0] in names]


def includes(root=ROOT):
    """Return an arrow for each header of ours that a file of csrc/ includes, as written."""
    csrc = root / "csrc"
    files = (path for path in sorted(csrc.rglob("*")) if path.suffix in (".hpp", ".cpp", ".cu"))
    return [
        Arrow(path.relative_to(csrc).as_posix(), header)
        for path in files
        for header in re.findall(r'^\s*#\s*include\s*"(.+)"', path.read_text("utf-8"), re.M)
    ]


def forbidden(arrows):
    """Return the arrows of csrc/ into rooms that are none of the file's business."""

    def may(user, used):
        return used == user or used in NATIVE[user]

    return [a for a in arrows if not may(a.user.partition("/")[0], a.used.partition("/")[0])]


def purpose(path):
    """Return the first paragraph of a module's docstring: one line, where it is as it should be."""
    return (ast.get_docstring(tree(path)) or "").split("\n\n")[0]


def draw(root=ROOT):
    """Return the house as text, from the ground."""
    known = modules(root)
    arrows = inside(imports(root))
    lines = []
    for name in chain.from_iterable(FLOORS):
        inner = {module: path for module, path in known.items() if room(module) == name}
        entrance = inner.pop(PACKAGE if name == PACKAGE else f"{PACKAGE}.{name}")
        lines += ["", _line(name, [entrance, *inner.values()], purpose(entrance))]
        used = {room(arrow.used) for arrow in arrows if room(arrow.user) == name} - {name}
        if below := [other for other in chain.from_iterable(FLOORS) if other in used]:
            lines.append(f"    imports {', '.join(below)}")
        for module, path in inner.items():
            lines.append(_line("    " + module.partition(f"{name}.")[2], [path], purpose(path)))
    headers = includes(root)
    for name in NATIVE:
        files = sorted((root / "csrc" / name).iterdir())
        lines += ["", _line(f"csrc/{name}", files, "")]
        used = {a.used.partition("/")[0] for a in headers if a.user.startswith(f"{name}/")}
        if below := sorted(used - {name}):
            lines.append(f"    includes {', '.join(below)}")
    return "\n".join(lines[1:])


def _line(name, paths, what):
    length = sum(len(path.read_text("utf-8").splitlines()) for path in paths)
    return f"{name:22}{length:6} lines  {what}".rstrip()


if __name__ == "__main__":
    print(draw())
