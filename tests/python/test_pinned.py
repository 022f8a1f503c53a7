"""What CMake fetches is pinned to a commit, which a tag is not."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CMAKE_FILES = [
    path
    for pattern in ("CMakeLists.txt", "*/CMakeLists.txt", "tests/*/CMakeLists.txt", "cmake/*")
    for path in ROOT.glob(pattern)
    if "build" not in path.relative_to(ROOT).parts
]


def without_comments(path):
    return re.sub(r"#.*", "", path.read_text(encoding="utf-8"))


def test_everything_fetched_is_pinned_to_a_commit():
    cmake = "\n".join(without_comments(path) for path in CMAKE_FILES)
    fetched = re.findall(r"https?://\S+\.git\s+(\S+)", cmake)
    assert len(fetched) >= 4
    commits = dict(re.findall(r"set\((\w+_commit)\s+(\S+)\)", cmake))
    for variable in fetched:
        commit = commits[variable.removeprefix("${").removesuffix("}")]
        assert re.fullmatch(r"[0-9a-f]{40}", commit), f"{variable} is {commit}"


def test_nothing_is_fetched_in_another_way():
    for path in CMAKE_FILES:
        text = without_comments(path)
        for keyword in ("URL", "GIT_TAG", "GIT_REPOSITORY", "ExternalProject", "DOWNLOAD"):
            uses = re.findall(rf"\b{keyword}\w*\b.*", text)
            assert all("${commit}" in use for use in uses), f"{path.name}: {uses}"
