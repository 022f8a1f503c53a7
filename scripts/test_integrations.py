"""Install the packages that each file of tests/integrations needs into this virtual environment, and run the tests.

The table [tool.operant.integrations] of pyproject.toml lists the packages. If the packages of a file cannot be
installed on this machine, the script leaves the file out, which is not a failure; its last lines name the file and the
reason.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    from pip._vendor import tomli as tomllib

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests" / "integrations"
# Tests in tests/python that skip the parts that need a missing package, such as torch.
OTHERS = [
    "tests/python/documentation/test_documentation.py::test_python_snippets_run[docs/training.md]",
    "tests/python/policies/test_policies.py::test_from_torch_takes_modules_of_torch",
    "tests/python/conformance/test_wrappers.py::test_numpy_to_torch",
]


def install(requirements: list[str]) -> str | None:
    """Install packages; return the reason if they cannot be installed, else None."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *requirements]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        return None
    reasons = [line for line in done.stderr.splitlines() if "No matching distribution found" in line]
    if not reasons:
        sys.exit(f"test_integrations: pip install {' '.join(requirements)} failed:\n{done.stderr}")
    return reasons[-1].removeprefix("ERROR: ")


def install_all(needed: dict[str, list[str]]) -> dict[str, str]:
    """Install the packages of all files, and return the reason for each file where that is impossible."""
    # A package with options for pip is installed separately, after its dependencies.
    plain = {name: [one for one in packages if not one.startswith("--")] for name, packages in needed.items()}
    missing = {}
    if install([one for packages in plain.values() for one in packages]) is not None:
        missing = {name: reason for name, packages in plain.items() if (reason := install(packages))}
    for name, packages in needed.items():
        for one in packages:
            if one.startswith("--") and name not in missing and (reason := install(one.split())):
                missing[name] = reason
    return missing


def main() -> int:
    """Install the packages, run the tests, and print those that were left out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = project["tool"]["operant"]["integrations"]
    names = [path.stem.removeprefix("test_") for path in sorted(TESTS.glob("test_*.py"))]
    if unknown := set(names) - needed.keys():
        sys.exit(f"test_integrations: [tool.operant.integrations] does not say what {sorted(unknown)} need")
    missing = install_all({name: needed[name] for name in names})
    tested = [name for name in names if name not in missing]
    files = [str(TESTS / f"test_{name}.py") for name in tested] + OTHERS
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", "--durations", "12", *files]
    code = subprocess.run(command, cwd=ROOT).returncode if tested else 0
    print(f"test_integrations: {len(tested)} of {len(names)} run: {', '.join(tested) or 'none'}")
    for name, reason in missing.items():
        print(f"test_integrations: NOT RUN: {name}, which cannot be installed here: {reason}")
    return code


if __name__ == "__main__":
    sys.exit(main())
