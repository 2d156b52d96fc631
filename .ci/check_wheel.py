"""Is the wheel in dist/ whole? It holds every file of the package and nothing else, and works where it is installed.

Run by `make package` with the interpreter of an environment that has Equipoise's dependencies; nothing is downloaded.
"""

import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def is_whole(wheel: Path) -> None:
    """Fail with the names of files that the wheel lacks, or has and should not have."""
    files = (path.relative_to(ROOT).as_posix() for path in (ROOT / "equipoise").rglob("*") if path.is_file())
    expected = {name for name in files if "__pycache__" not in name}
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    if found != expected:
        sys.exit(f"missing: {sorted(expected - found)}; not expected: {sorted(found - expected)}")


def works(wheel: Path) -> None:
    """Install it alone in a new environment, and let it list, train and write a page there."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "venv", with_pip=True)
        python = place / "venv" / "bin" / "python"
        words = ["install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", wheel]
        subprocess.run([python, "-m", "pip", *words], check=True)
        (packages,) = (place / "venv").glob("lib/python*/site-packages")
        (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
        imported = [python, "-I", "-c", "import equipoise; print(equipoise.__file__)"]
        where = subprocess.run(imported, cwd=place, check=True, capture_output=True, text=True).stdout
        if not where.startswith(str(packages)):
            sys.exit(f"the wheel's package is not the one that is imported: {where}")
        for command in (["list"], ["train", "gan-ring", "--budget", "smoke", "--out", "run", "--quiet"]):
            script = place / "venv" / "bin" / "equipoise"
            subprocess.run([script, *command], cwd=place, check=True, stdout=subprocess.DEVNULL)
        if not (place / "run" / "report.html").is_file():
            sys.exit("the installed package wrote no page")


if __name__ == "__main__":
    (wheel,) = (ROOT / "dist").glob("*.whl")
    is_whole(wheel)
    works(wheel)
    print(f"{wheel.name}: whole, and works where it is installed")
