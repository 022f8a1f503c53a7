"""Print a part of pyproject.toml for the Makefile: `version`, or `oldest`, the oldest dependencies as constraints."""

import sys
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    from pip._vendor import tomli as tomllib

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
if sys.argv[1] == "version":
    print(project["version"])
else:
    print(*(dependency.replace(">=", "==") for dependency in project["dependencies"]), sep="\n")
