"""The rooms import only what the architecture allows."""

import ast
from pathlib import Path

import pytest

from equipoise.registries import REGISTRIES, registry

PACKAGE = Path(__file__).parents[1] / "equipoise"
GROUND = {"losses", "constraints", "networks", "data", "metrics", "kernels", "augmentation"}
EXPERIMENTS = {"common", "training", "algorithms", *GROUND}
SCORED = {"common", "data", "metrics", "networks", "training", "experiments", "evaluation"}
RUNS = SCORED | {"monitor", "integrations"}
ALLOWED: dict[str, set[str]] = {
    "common": set(),
    **{room: {"common"} for room in GROUND},
    "training": {"common", "kernels"},
    "algorithms": {"common", "losses", "constraints", "networks", "augmentation", "training"},
    "experiments": EXPERIMENTS,
    "recipes": {"experiments", *EXPERIMENTS},
    "evaluation": SCORED,
    "monitor": {"common", "metrics"},
    "integrations": {"common", "training", "monitor"},
    "runs": RUNS,
    "studies": {"recipes", "runs", *RUNS},
    "simulations": {"losses", "recipes", "runs", "studies", *RUNS},
    "reports": {"runs", "studies", *RUNS},
    "testing": {"algorithms", "recipes", "runs", "studies", "simulations", "reports", *RUNS, *GROUND},
    "cli": {"registries", "recipes", "runs", "studies", "simulations", "reports", *RUNS},
}


def imported_rooms(path: Path) -> set[str]:
    """The rooms of equipoise that a module imports, wherever in the module it does so."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("equipoise.")}


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    modules = list((PACKAGE / room).rglob("*.py"))
    assert modules
    for module in modules:
        assert imported_rooms(module) <= ALLOWED[room] | {room}, module.relative_to(PACKAGE)


@pytest.mark.parametrize("kind", REGISTRIES)
def test_a_registry_names_only_what_its_room_may_import(kind: str) -> None:
    room = REGISTRIES[kind].split(".")[1]
    for name, entry in registry(kind).items():
        place = str(entry.place)
        assert place.split(".")[1] in ALLOWED[room] | {room}, f"{kind} {name}"
        assert (PACKAGE.parent / f"{place.partition(':')[0].replace('.', '/')}.py").is_file(), f"{kind} {name}"
        assert callable(entry.load()) or kind == "loss", f"{kind} {name}"


def test_every_registry_is_listed() -> None:
    found = {
        f"{module.relative_to(PACKAGE.parent).with_suffix('').as_posix().replace('/', '.')}:{target.id}"
        for module in PACKAGE.rglob("catalogue.py")
        for node in ast.parse(module.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and "Registry(" in ast.unparse(node)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    assert found == set(REGISTRIES.values())


def test_every_room_has_its_rule() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == set(ALLOWED)


def test_only_three_modules_reach_for_the_network() -> None:
    """No telemetry: the one module that asks others for anything fetches data sets and weights.

    The others join the processes of a run, and answer a browser on the same machine.
    """
    network = {"urllib", "http", "socket", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib", "xmlrpc"}
    found = {
        module.relative_to(PACKAGE).as_posix()
        for module in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
        if name.split(".")[0] in network
    }
    assert found == {"data/download.py", "reports/local_server.py", "runs/processes.py"}


def test_nothing_can_run_code_from_a_file() -> None:
    """No pickle, no eval, no unsafe YAML anywhere in the package."""
    forbidden = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
    for module in PACKAGE.rglob("*.py"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & forbidden, module
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in forbidden, module
            elif isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called == "exec" and module.name == "plugins.py":
                    continue  # the file that the user named on the command line
                assert called not in {"eval", "exec", "torch.load", "yaml.load", "yaml.unsafe_load", "np.load"} or (
                    called == "np.load" and "allow_pickle=False" in ast.unparse(node)
                ), f"{module}: {called}"


@pytest.mark.parametrize("room", ["runs", "reports"])
def test_matplotlib_is_imported_when_something_is_drawn(room: str) -> None:
    """A command that draws nothing, as one of several processes or one that is resumed, starts a second sooner."""
    modules = list((PACKAGE / room).rglob("*.py"))
    for module in modules:
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "matplotlib" for name in names), module.relative_to(PACKAGE)


def test_every_script_of_measurements_reads_its_words_before_it_measures() -> None:
    readers = ("parse_args", "take_no_words", "named_runs", "sys.argv")
    for script in (PACKAGE.parent / "measurements").rglob("*.py"):
        text = script.read_text(encoding="utf-8")
        if '__name__ == "__main__"' in text:
            assert any(reader in text for reader in readers), f"{script.name} answers no --help"
