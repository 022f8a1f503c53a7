"""The package has the licences of all its parts, and no text confuses it with another package."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution, files
from pathlib import Path

import pytest

import operant

ROOT = Path(__file__).parents[3]
LICENCES = sorted((ROOT / "licenses").glob("*.txt"))
# Texts that users read. The change log speaks of former states.
TEXTS = [
    path
    for directory in ("docs", "examples", "python/operant", "bench")
    for path in (ROOT / directory).rglob("*")
    if path.suffix in {".md", ".py", ".txt", ".hpp", ".cpp"}
]


@pytest.mark.parametrize("licence", [ROOT / "LICENSE", *LICENCES], ids=lambda path: path.name)
def test_the_installed_package_has_the_licence(licence):
    [installed] = [
        one for one in files("operant") if one.parent.parts[1:2] == ("licenses",) and one.name == licence.name
    ]
    assert ".dist-info" in installed.parts[0]
    assert installed.locate().read_text(encoding="utf-8") == licence.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("package", "file", "ours"),
    [
        ("nanobind", "LICENSE", "nanobind.txt"),
        ("numpy", "numpy/random/src/pcg64/LICENSE.md", "numpy.txt"),
        ("gymnasium", "LICENSE", "gymnasium.txt"),
        ("box2d", "LICENSE", "box2d.txt"),
    ],
)
def test_the_licences_name_the_holders_of_the_copyright(package, file, ours):
    try:
        found = [one for one in distribution(package).files or () if one.as_posix().endswith(file)]
    except PackageNotFoundError:
        pytest.skip(f"{package} is not installed")
    if not found:
        pytest.skip(f"this {package} comes without its licence")
    text = found[0].locate().read_text(encoding="utf-8")
    holders = re.findall(r"^(?:C\+\+ version )?(Copyright (?:\(c\) )?[\d-]+ .*?)\s*$", text, re.MULTILINE)
    assert holders
    for holder in holders:
        assert holder in (ROOT / "licenses" / ours).read_text(encoding="utf-8")


def test_xsimds_headers_come_with_their_licence():
    text = (Path(operant.get_include()) / "xsimd" / "LICENSE").read_text(encoding="utf-8")
    assert text == (ROOT / "licenses" / "xsimd.txt").read_text(encoding="utf-8")


def test_no_text_takes_another_package_for_this_one():
    """PyPI's `operant` is the Rust library."""
    wrong = re.compile(r"pip install (?:[^`\n]* )?[\"']?operant\b")
    found = {str(path.relative_to(ROOT)) for path in TEXTS if wrong.search(path.read_text(encoding="utf-8"))}
    assert found == set()


def test_getting_started_lists_the_extras():
    text = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    listed = re.findall(r'^\| `pip install "\.\[(\w+)\]"`', text, re.MULTILINE)
    assert listed == distribution("operant").metadata.get_all("Provides-Extra")
