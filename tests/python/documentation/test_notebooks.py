"""The example notebook runs, and notebooks show videos and the Logger's line."""

from __future__ import annotations

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("pygame")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::UserWarning")

NOTEBOOK = Path(__file__).parents[3] / "examples" / "notebooks" / "first_steps.ipynb"


@pytest.fixture(scope="module")
def outputs():
    """Run the notebook; return the outputs of the cells by the beginning of their last lines."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)  # the file in the repository has none
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return {cell.source.splitlines()[-1].split()[0]: cell.outputs for cell in cells}


def texts(outputs, kind="stdout"):
    return "".join(one.text for one in outputs if one.output_type == "stream" and one.name == kind)


def value(outputs, mime="text/plain"):
    (result,) = (one.data[mime] for one in outputs if one.output_type == "execute_result")
    return result


def test_values(outputs):
    assert value(outputs["observations.shape"]) == "(4096, 4)"
    assert "4096.0" in value(outputs["rewards.sum()"])
    assert "rewards=float32[100, 4096]" in value(outputs["env.rollout(policy,"])
    (trained,) = (one for first, one in outputs.items() if first.startswith("operant.envs.CartPoleVecEnv(100)"))
    assert float(value(trained).removeprefix("np.float64(").rstrip(")")) > 475  # Gymnasium's threshold


def test_progress_is_shown(outputs):
    shown = texts(outputs["env.rollout(policy,"], "stderr")
    assert "100/100" in shown.replace(".0", "")


def test_the_logger_overwrites_one_line(outputs):
    shown = texts(outputs["logger.log(steps=int(played.lengths.sum()),"])
    assert shown.count("\r") == 15
    assert shown.count("\n") == 1
    assert shown.endswith("\n")


def test_the_video_is_shown(outputs):
    html = value(outputs["video"], "text/html")
    assert html.startswith(("<video", "<img"))
