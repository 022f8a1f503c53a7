"""Mistakes in environments in Python: each has one line with the place, the reason and the remedy."""

from __future__ import annotations

import re

import pytest
from modules import module_at

import operant

CORRECT = """
import enum
import math
from typing import Annotated
import numpy as np
from gymnasium.spaces import Box, Discrete
import operant
from operant import Array

class Move(enum.IntEnum):
    UP = 1


table = {1: 2}
offsets = np.array([1, 2, 3])


def helper(x):
    return x + 1


@operant.environment
class Walk:
    max_episode_steps = 10
    action_space = Discrete(2)
    observation_space = Box(-100, 100, (2,))
    speed: Annotated[float, (0, 10)] = 1.0

    class State:
        x: float
        k: int
        cells: Array[np.int8, 4]

    def reset(p, s, random):
        s.x = random.uniform(-1.0, 1.0)

    def step(p, s, action, random):
        s.x += p.speed
        s.k = action
        return s.x, s.x > 5.0

    def observation(p, s, out):
        out[0] = s.x
        out[1] = s.k
"""
STEP = "        s.k = action\n"
#: For each mistake: the text to replace in the code above, its replacement, a text of the line, and the message.
DECLARED = {
    "no_step": (
        "    def step(",
        "    def steps(",
        "class Walk",
        r"needs a function `step\(p, s, \.\.\.\)`.*did you mean",
    ),
    "no_space": (
        "action_space = Discrete(2)",
        "actions = Discrete(2)",
        "class Walk",
        r"needs `action_space`, a space of Gymn",
    ),
    "self": (
        "def step(p, s, action, random)",
        "def step(self, action, random)",
        "def step",
        r"needs the argument `action`",
    ),
    "argument": ("def step(p, s, action, random)", "def step(p, s, action, rng)", "def step", r"got `rng`"),
    "no_out": (
        "def observation(p, s, out)",
        "def observation(p, s)",
        "def observation",
        r"takes \(p, s, out\) and fills",
    ),
    "default": ("(0, 10)] = 1.0", "(0, 10)]", "speed:", r"`speed` needs a default that is a float"),
    "limits": ("(0, 10)] = 1.0", "(0, 10)] = 11.0", "speed:", r"the default 11.0 is not within \(0.0, 10.0\)"),
    "string": (
        "speed: Annotated[float, (0, 10)] = 1.0",
        'speed: str = "a"',
        "speed:",
        r"are float, int or bool; number",
    ),
    "list": ("k: int", "k: list", "k: list", r"expected float, int, bool or an Array\[dtype, length\], got"),
    "value": ("k: int", "k: int = 3", "class State", r"members of `State` have no defaults: `reset` sets them"),
    "float32": ("k: int", "k: np.float32", "k: np.float32", r"write Array\[np\.float32, 1\]"),
    "keyword": ("speed:", "num_envs:", "", r"num_envs"),
    "underscore": ("speed:", "_speed:", "_speed:", r"`_speed`: the name of a parameter has to begin with a letter"),
    "key": (
        "observation_space = Box(-100, 100, (2,))",
        "observation_space = __import__('gymnasium').spaces.Dict({'lambda': Box(-100, 100, (2,))})",
        "observation_space",
        r"the key 'lambda' has to be a name that is no keyword",
    ),
}
RUN = {
    "typo": (STEP, "        s.kk = action\n", "s.kk", r"`step`: AttributeError: `State` has no member `kk`"),
    "name": (STEP, "        s.k = actoin\n", "actoin", r"`step`: NameError: name 'actoin' is not defined"),
    "index": (STEP, "        s.cells[4] = 1\n", "cells[4]", r"`step`: IndexError: index 4 is out of bounds for axis 0"),
    "assigned": (STEP, "        s.cells = 1\n", "cells = 1", r"`cells` is an array: write `cells\[:\] = \.\.\.`"),
    "float_in_int": (STEP, "        s.k = 1.5\n", "s.k = 1.5", r"TypeError: `State\.k` is a int, got 1\.5"),
    "p": (STEP, "        p.speed = 2.0\n", "p.speed = 2.0", r"`step`: AttributeError: can't set attribute"),
    "returned": ("return s.x, s.x > 5.0", "return s.x", "def step", r"`step` returns \(reward, terminated\) or"),
    "flag": ("return s.x, s.x > 5.0", "return s.x, s.k", "def step", r"bools as terminated and truncated, got \(\d,\)"),
    "draw": (
        STEP,
        "        s.k = random.choice(3)\n",
        "choice",
        r"random\.choice does not exist: the draws are random\(\)",
    ),
    "bound": (
        STEP,
        "        s.k = random.integers(2.0)\n",
        "random.integers(2.0)",
        r"`step`: TypeError: random\.integers takes integers, got 2\.0: write int",
    ),
    "seen": (
        "out[1] = s.k",
        "return out",
        "def observation",
        r"`observation` fills the array `out` and returns nothing",
    ),
    "reset": (
        "s.x = random.uniform(-1.0, 1.0)",
        "return 1",
        "def reset",
        r"`reset` fills the state and returns nothing",
    ),
}
COMPILED = {
    "dict": (
        STEP,
        "        s.k = table[1]\n",
        "table[1]",
        r"`table` is a dict, which cannot be compiled: use numbers, ",
    ),
    "types": (
        STEP,
        "        y = 1\n        if s.x > 0:\n            y = (1, 2)\n        s.k = 0 if y == 1 else 1\n",
        "y ",
        r"`y` is a int on one path through the function and a tuple \(int, int\) on another: give it one type",
    ),
    "try": (
        STEP,
        "        try:\n            s.k = 1\n        except ValueError:\n            s.k = 2\n",
        "except",
        r"write `except Exception:`",
    ),
    "with": (
        STEP,
        "        with np.errstate(all='ignore'):\n            s.k = 1\n",
        "",
        r"compiled code has no `with`",
    ),
    "format": (STEP, "        s.k = len('{:.3f}'.format(s.x)) * 0\n", "format", r"no `format` in compiled code"),
    "int_str": (STEP, "        s.k = int(f'{s.k}') * 0\n", "f'", r"compiled code has no|Numba says"),
    "numpy": (
        STEP,
        "        s.k = int(np.busday_count('2020-01-01', '2020-01-02')) * 0\n",
        "busday",
        r"compiled code has no numpy\.busday_count with",
    ),
    "match": (
        STEP,
        "        match table:\n            case {1: x}:\n                s.k = x\n",
        "",
        r"compiled code has no",
    ),
    "together": (
        "def step(p, s, action, random):\n        s.x += p.speed\n",
        "def step(p, s, action):\n        s.x += table[1]\n",
        "table[1]",
        r"`table` is a dict",
    ),
    "lowered": (
        "def step(p, s, action, random):\n",
        "def step(p, s, action):\n        s.x = Move.UP\n",
        "Move.UP",
        r"Cannot cast IntEnum<int>\(Move\) to float",
    ),
    "print": (STEP, "        print(s.x)\n", "print", r"compiled code has no `print`: the class `plain` runs"),
}


def check_message(mistake, tmp_path, use):
    """Assert that the module, or its use, raises an error with the place and the reason in one line."""
    old, new, line, reason = mistake
    assert CORRECT.count(old) == 1
    text = CORRECT.replace(old, new)
    path = tmp_path / "walk.py"
    path.write_text(text)
    with pytest.raises(operant.CompileError) as caught:
        use(module_at(path))
    message = str(caught.value)
    found = re.fullmatch(rf"{re.escape(str(path))}:(\d+): Walk: ([^\n]*)", message)
    assert found, message
    assert line in text.splitlines()[int(found[1]) - 1], message
    assert re.search(reason, found[2]), message


@pytest.mark.quick
@pytest.mark.parametrize("mistake", DECLARED.values(), ids=DECLARED)
def test_a_wrong_declaration_is_one_line(mistake, tmp_path):
    check_message(mistake, tmp_path, lambda module: None)


@pytest.mark.parametrize("mistake", [*RUN.values(), *COMPILED.values()], ids=[*RUN, *COMPILED])
def test_a_mistake_that_plain_python_or_only_the_compiler_finds_is_one_line(mistake, tmp_path, monkeypatch):
    pytest.importorskip("numba", reason="Numba has no wheels for this Python")
    monkeypatch.setenv("OPERANT_CACHE_DIR", str(tmp_path))
    check_message(mistake, tmp_path, lambda module: module.Walk(2))
