"""Insert tables of measurements, made from JSON files, and the table and the pictures of the environments."""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import median
from typing import Any

from operant import envs
from operant.registration import ENVIRONMENTS, REGISTRATIONS

_CHANGES = "<!-- CHANGELOG.md -->"
_ENVIRONMENTS = "<!-- the table of the environments -->"
_MARK = re.compile(r"<!-- the table of docs/(\w+)\.json -->")
_CODE = re.compile(r"(?<!<pre>)(?<!<pre><span></span>)<code>([^<]*)</code>")  # not that of a block
_WORD = re.compile(r"\S*[-.]\S*")
_PICTURES = re.compile(r"<!-- the pictures of the pages in (\S*) -->")


def on_config(config: Any) -> Any:
    """Add the pages of the environments to the navigation, after the page of all of them."""
    for section in config["nav"]:
        if isinstance(section, dict) and "Environments" in section:
            section["Environments"] += [f"environments/{page}.md" for page in environment_pages().values()]
    return config


def environment_pages() -> dict[str, str]:
    """Return the page of each environment, docs/environments/<page>.md, in the order of `registration.py`."""
    pages = {}
    for path in (Path(__file__).parent / "environments").glob("*.md"):
        title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        pages[title] = path.stem
    return {name: pages[name] for name in ENVIRONMENTS}


def pictures(folder: str) -> str:
    """Make pictures that link to the pages of the environments.

    Args:
        folder: `environments/` on a page in docs/, `./` on a page in docs/environments/.
    """
    images = "../images" if folder == "./" else "images"
    links = [
        f"[![{name}]({images}/environments/{page}.png)<br>{name}]({folder.removeprefix('./')}{page}.md)"
        for name, page in environment_pages().items()
        if (Path(__file__).parent / "images" / "environments" / f"{page}.png").exists()
    ]
    return "\n".join(['<div class="environments" markdown>', "", *links, "", "</div>"])


def environment_table() -> str:
    """Make a table of the environments. The pages of environments state the difference in float32, if any."""
    rows = [["environment", "class", "actions", "observations", "limit", "float32 step, difference from Gymnasium"]]
    rows.append(["---"] * 6)
    for name, page in environment_pages().items():
        ids = [one for one in REGISTRATIONS if one.name == name]
        env = getattr(envs, ids[0].vector_env)(1)
        space = env.single_action_space
        text = (Path(__file__).parent / "environments" / f"{page}.md").read_text(encoding="utf-8")
        difference = re.search(r"A float32 step is (within \S+) of", text)
        rows.append(
            [
                f"[{', '.join(f'`{one.id}`' for one in ids)}]({page}.md)",
                f"`{ids[0].vector_env}`",
                str(space.n) if hasattr(space, "n") else f"±{space.high[0]:g}",
                str(env.observation_size),
                ", ".join(dict.fromkeys(str(one.max_episode_steps or "none") for one in ids)),
                difference[1] if difference else "equal",
            ]
        )
    return _table(rows)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marks of a page by tables and pictures, and the mark of the change log by the repository's file."""
    if _CHANGES in markdown:
        return changes()
    if _ENVIRONMENTS in markdown:
        markdown = markdown.replace(_ENVIRONMENTS, environment_table())
    markdown = _PICTURES.sub(lambda mark: pictures(mark[1]), markdown)
    tables = {"benchmark": benchmark_table, "rollouts": benchmark_table, "bodies": ratio_table}
    tables |= {"learning": learning_table, "comparison": comparison_table, "training_times": training_table}
    tables |= {"sb3_settings": sb3_table, "time_to_solve": solve_table, "rllib": rllib_table}

    def table(mark: re.Match[str]) -> str:
        measured = (Path(__file__).parent / f"{mark[1]}.json").read_text(encoding="utf-8")
        return tables[mark[1]](json.loads(measured))

    return _MARK.sub(table, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Mark the words of code outside blocks. extra.css keeps them whole; browsers break after hyphens and dots."""

    def marked(code: re.Match[str]) -> str:
        return f"<code>{_WORD.sub(_word, code[1])}</code>"

    return _CODE.sub(marked, html)


def _word(found: re.Match[str]) -> str:
    return f'<span class="word">{found[0]}</span>' if len(found[0]) <= 30 else found[0]


def benchmark_table(measured: dict[str, Any]) -> str:
    """Make a table of median steps per second, in millions, per environment, with a column per number of envs."""
    parts = [
        f"{_machine(measured)}. Million steps a second, median of {measured['settings']['rounds']} rounds.",
    ]
    results = measured["results"]
    for environment in dict.fromkeys(one["environment"] for one in results):
        of_environment = [one for one in results if one["environment"] == environment]
        sizes = sorted({one["num_envs"] for one in of_environment})
        rows = [[f"{environment}, envs:", *(f"{size:,}" for size in sizes)], ["---"] + ["---:"] * len(sizes)]
        for contender in dict.fromkeys(one["contender"] for one in of_environment):
            medians = {
                one["num_envs"]: one["steps_per_second"]["median"]
                for one in of_environment
                if one["contender"] == contender
            }
            rows.append([contender, *(_millions(medians[size]) if size in medians else "" for size in sizes)])
        parts.append(_table(rows))
    return "\n\n".join(parts)


def ratio_table(measured: dict[str, Any]) -> str:
    """Make a table of ratios and times that bench/check.py measured, with a row for each."""
    rows = [["", "median (lowest - highest)", ""], ["---", "---:", "---"]]
    for one in measured["rows"]:
        figure = f"{_spread(one['rounds'])} {one['unit']}".rstrip() if "rounds" in one else one["verdict"]
        rows.append([one["name"], figure, one["remark"]])
    return f"{_machine(measured)}. Median of {measured['settings']['rounds']} rounds.\n\n{_table(rows)}"


def learning_table(measured: dict[str, Any]) -> str:
    """Make a table of the CPU time and the return in Gymnasium of all runs, with a row per environment."""
    results = measured["results"]
    rows = [["", "runs", "CPU seconds: median (lowest - highest)", "return in Gymnasium: mean (lowest - highest)"]]
    rows.append(["---"] + ["---:"] * 3)
    for environment in dict.fromkeys(one["environment"] for one in results):
        runs = [one for one in results if one["environment"] == environment]
        seconds, returns = [one["cpu_seconds"][-1] for one in runs], [one["gymnasium"] for one in runs]
        rows.append(
            [
                environment,
                str(len(runs)),
                f"{median(seconds):.2g} ({min(seconds):.2g} - {max(seconds):.2g})",
                f"{sum(returns) / len(returns):.1f} ({min(returns):.1f} - {max(returns):.1f})",
            ]
        )
    return f"{_machine(measured)}.\n\n{_table(rows)}"


def comparison_table(measured: dict[str, Any]) -> str:
    """Make a table of median steps per second, with the lowest and the highest, and of Operant's ratio to each."""
    results, machine = measured["results"], measured["machine"]
    first = results[0]["steps_per_second"]
    rows = [["CartPole", "million steps/s", "Operant's speed over this one"], ["---", "---:", "---:"]]
    for one in results:
        rates = one["steps_per_second"]
        ratios = [mine / rate for mine, rate in zip(first, rates, strict=True)]
        rows.append([one["contender"], _spread([rate / 1e6 for rate in rates]), _spread(ratios)])
    peers = ", ".join(f"{name} {machine[name]}" for name in ("envpool", "gymnax") if machine[name] != "not installed")
    envs, rounds = results[0]["num_envs"], measured["settings"]["rounds"]
    missing = "".join(f"\n- Not measured: {reason}." for reason in measured["missing"])
    return (
        f"{_machine(measured)}, {peers}. {envs} envs, median of {rounds} rounds (lowest - highest).\n\n"
        f"{_table(rows)}\n{missing}"
    )


def training_table(measured: dict[str, Any]) -> str:
    """Make a table of the processor time of examples/ppo.py, with a row per environment."""
    rows = [["", "solved is a mean return of", "seeds that solve it", "processor time, s: median (lowest - highest)"]]
    rows.append(["---"] + ["---:"] * 3)
    for environment in dict.fromkeys(one["env_id"] for one in measured["results"]):
        runs = [one for one in measured["results"] if one["env_id"] == environment]
        bound, solved = measured["solved"][environment], sum(one["solved"] for one in runs)
        rows.append([f"`{environment}`", str(bound), f"{solved} of {len(runs)}", _spread([one["cpu"] for one in runs])])
    return f"{_machine(measured)}.\n\n{_table(rows)}"


def sb3_table(measured: dict[str, Any]) -> str:
    """Make a table of settings of Stable-Baselines3 to copy, and one of the time in which they solve environments."""
    best = measured["best"]
    copied = [["", *(f"`{environment}`" for environment in best)], ["---"] * (1 + len(best))]
    for name in dict.fromkeys(name for settings in best.values() for name in settings):
        label, text = _SETTINGS.get(name, (f"`{name}`", "{}"))
        cells = [text.format(settings[name]) if name in settings else "" for settings in best.values()]
        copied.append([label, *(_NORMALIZED.get(cell, cell) for cell in cells)])

    times = [["", "settings", "solved", "wall time, s: median (lowest - highest)", "processor time, s"]]
    times.append(["---"] * 2 + ["---:"] * 3)
    results = measured["results"]
    for environment, contender in dict.fromkeys((one["env_id"], one["contender"]) for one in results):
        runs = [one for one in results if (one["env_id"], one["contender"]) == (environment, contender)]
        labels = {"Operant": "these, Operant", "examples/ppo.py": "`examples/ppo.py`"}
        label = labels.get(contender, f"RL Zoo, `{contender}`")
        solved = f"{sum(one['solved'] for one in runs)} of {len(runs)}"
        times.append([f"`{environment}`", label, solved, *(_times(runs, key) for key in ("wall", "cpu"))])
    return f"{_table(copied)}\n\n{_machine(measured)}.\n\n{_table(times)}"


def solve_table(measured: dict[str, Any]) -> str:
    """Make a table of the processor time in which libraries solve environments, with Operant and without."""
    rows = [["", "trained by", "solved", "processor time, s: median (lowest - highest)", "steps", "µs a step"]]
    rows.append(["---"] * 2 + ["---:"] * 4)
    results = measured["results"]
    for environment, contender in dict.fromkeys((one["env_id"], one["contender"]) for one in results):
        runs = [one for one in results if (one["env_id"], one["contender"]) == (environment, contender)]
        label = f"`{contender}`" if contender.endswith(".py") else contender
        solved = f"{sum(one['solved'] for one in runs)} of {len(runs)}"
        steps, each = median(one["steps"] for one in runs), median(1e6 * one["cpu"] / one["steps"] for one in runs)
        rows.append([f"`{environment}`", label, solved, _times(runs, "cpu"), f"{steps:,.0f}", f"{each:.0f}"])
    return f"{_machine(measured)}.\n\n{_table(rows)}"


def rllib_table(measured: dict[str, Any]) -> str:
    """Make a table of the wall times of RLlib's sampling and iterations, with a row per number of env runners."""
    columns = {"sampling": "sampling, s", "wall": "the whole iteration, s"}
    both = [(key, ours) for key in columns for ours in (True, False)]
    rows = [["env runners", *(f"{columns[key]}, {'Operant' if ours else 'Gymnasium'}" for key, ours in both)]]
    rows.append(["---"] + ["---:"] * len(both))
    results = measured["results"]
    for count in dict.fromkeys(one["runners"] for one in results):
        runs = [one for one in results if one["runners"] == count]
        cells = [_spread([one[key] for one in runs if one["ours"] == ours]) for key, ours in both]
        rows.append([str(count), *cells])
    rounds = sum(one["ours"] for one in results) // len(rows[2:])
    return (
        f"{_machine(measured)}. {measured['num_envs']} envs per env runner, median of {rounds} rounds "
        f"(lowest - highest).\n\n{_table(rows)}"
    )


# Settings in bench/sb3_settings.py whose names or values users write in another way.
_SETTINGS = {
    "normalize": ("`VecNormalize` of", "{}"),
    "hidden": ("`net_arch` of `policy_kwargs`", "[{0}, {0}]"),
    "activation": ("`activation_fn` of `policy_kwargs`", "`{}`"),
    "log_std_init": ("`log_std_init` of `policy_kwargs`", "{}"),
    "lin_learning_rate": ("`learning_rate`, falls to 0", "{}"),
    "n_timesteps": ("`learn(total_timesteps)`", "{:,}"),
}
_NORMALIZED = {"{}": "observations, rewards", "{'norm_obs': False}": "rewards"}


def _times(runs: list[dict[str, Any]], key: str) -> str:
    """Return median, lowest and highest time until the solution. A run without one took longer than its time."""
    runs = sorted(runs, key=lambda one: (not one["solved"], one[key]))
    digits = 1 if runs[0][key] < 100 else 0
    middle, low, high = (
        f"{'' if one['solved'] else '> '}{one[key]:.{digits}f}" for one in (runs[len(runs) // 2], runs[0], runs[-1])
    )
    return f"{middle} ({low} - {high})" if len(runs) > 1 else middle


def changes() -> str:
    """Return the change log, whose links are relative to the repository, as a page."""
    text = (Path(__file__).parents[1] / "CHANGELOG.md").read_text(encoding="utf-8")
    return re.sub(r"\]\(docs/", "](", text)


def _spread(values: list[float]) -> str:
    middle = median(values)
    digits = 0 if middle >= 100 else 1 if middle >= 10 else 2 if middle >= 1 else 3
    return f"{middle:.{digits}f} ({min(values):.{digits}f} - {max(values):.{digits}f})"


def _machine(measured: dict[str, Any]) -> str:
    machine = measured["machine"]
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['simd']}; Python {machine['python']}, "
        f"numpy {machine['numpy']}, Gymnasium {machine['gymnasium']}"
    )


def _table(rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _millions(rate: float) -> str:
    millions = rate / 1e6
    digits = 0 if millions >= 100 else 1 if millions >= 10 else 2 if millions >= 1 else 3
    return f"{millions:.{digits}f}"
