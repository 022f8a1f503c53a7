"""Mistakes in headers are refused with their line, and environments refuse states that they cannot have."""

from __future__ import annotations

import inspect
import platform
import re
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest
from headers import RAIL, changed, line_of, message_of

import operant
from operant.building import libraries
from operant.building.compiler import ARCHITECTURES
from operant.envs import SimdVectorEnv
from operant.envs.parameters import mistake_of

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.usefixtures("quick_compilations")

# As RAIL, a token on a line in plain C++.
LINE = """\
#pragma once
#include <stdexcept>
#include <operant/contract/block.hpp>
#include <operant/environment.hpp>

struct Line : operant::Environment {
    static constexpr std::string_view name = "Line";
    static constexpr std::int32_t max_episode_steps = 50;
    using ActionSpace = operant::Discrete<2>;
    using Space = operant::Box<2>;
    struct Token { std::int8_t place, steps; };
    struct State { Token token; std::array<float, 2> speed; };
    struct Parameters { double size = 10, drag = 0; };
    struct Info { double energy; };
    template <class S, class V> static void visit_state(S& s, const V& v) {
        v("place", s.token.place);
        v("steps", s.token.steps);
        v("speed", s.speed);
    }
    template <class P, class V> static void visit_parameters(P& p, const V& v) {
        v("size", p.size, operant::Sign{});
        v("drag", p.drag, operant::Sign{});
    }
    template <class I, class V> static void visit_info(I& i, const V& v) { v("energy", i.energy); }
    static Space observation_space(const Parameters&) { return Space::unbounded(); }
    static void check(const Parameters& p) { if (p.size < 1) throw std::invalid_argument("size: expected 1 or more"); }
    static void check_state(const Parameters& p, const State& s) {
        const bool is_on_line = s.token.place >= 0 && s.token.place < p.size;
        if (!is_on_line) throw std::invalid_argument("place: expected one on the line");
    }
    static State reset(const Parameters&, operant::Pcg64&) { return {}; }
    static std::array<float, 2> observation(const Parameters&, const State& s) {
        return {float(s.token.place), s.speed[0]};
    }
    static Info reset_info(const Parameters&, const State& s) { return {double(s.speed[0])}; }
    struct Result { double reward; bool terminated; Info info; };
    static Result step(const Parameters& p, State& s, std::int64_t action) {
        ++s.token.steps;
        if (s.token.place + 1 < p.size) s.token.place += action;
        return {double(s.token.steps), false, {1}};
    }
};
"""

POLICY = """\
#pragma once
#include <operant/compiled_policy.hpp>

struct Lean {
    static constexpr std::string_view policy_name = "Lean";
    static constexpr std::size_t observation_size = 2;
    using ActionSpace = operant::MultiDiscrete<2, 2>;
    double gain = 1;
    template <class P, class V> static void visit_parameters(P& p, const V& v) { v("gain", p.gain, operant::Sign{}); }
    template <class Batch>
    std::array<operant::Integer<Batch>, 2> action(const std::array<Batch, 2>& x) const {
        return {xsimd::to_int(x[0]), xsimd::to_int(x[1])};
    }
};
"""

INTEL = [name for name in ARCHITECTURES if name != "neon"]
SETS = INTEL if platform.machine().lower() in ("x86_64", "amd64") else ["neon"]


@pytest.fixture
def load(tmp_path):
    def load(text, *changes):
        header = tmp_path / "changed.hpp"
        header.write_text(changed(text, changes))
        return operant.load(header)

    return load


@pytest.fixture
def message(tmp_path):
    """The message about a text with some changes."""
    return lambda text, *changes: message_of(tmp_path / "changed.hpp", changed(text, changes))


# Branches on lanes

BRANCHES = {
    "if": "if (fast) speed = -speed;",
    "if not": "if (!fast) speed = -speed;",
    "else": "speed = fast ? -speed : speed;",
    "while": "while (speed > Batch(1)) speed -= Batch(1);",
    "bool and mask": "if (is_long && fast) speed = -speed;",
    "mask and bool": "speed = xsimd::select(fast && is_long, -speed, speed);",
    "mask or bool": "speed = xsimd::select(fast || is_long, -speed, speed);",
    "bool": "const bool any = fast; if (any) speed = -speed;",
    "number": "const int some = fast; speed += Batch(some);",
    "equality": "if (s.place == s.speed) speed = -speed;",
    "integers": "if (xsimd::to_int(speed) == operant::Integer<Batch>(1)) speed = -speed;",
    "action": "if (input.action == 1) speed = -speed;",
    "first step": "if (input.episode_begins) speed = Batch(0);",
    "one precision": "if constexpr (sizeof(typename Batch::value_type) == 4) if (fast) speed = -speed;",
}


# Every branch is refused on this processor's instruction set. On the others, whose headers are not precompiled, it is
# a mask of integers or of floats, in turn.
REFUSED = [(branch, operant.simd.active) for branch in BRANCHES]
REFUSED += list(zip(cycle(("integers", "if")), [one for one in SETS if one != operant.simd.active], strict=False))


@pytest.mark.parametrize(("branch", "architecture"), REFUSED)
def test_a_branch_on_lanes_is_refused_on_every_instruction_set(branch, architecture, message, monkeypatch):
    monkeypatch.setattr(operant.simd, "active", architecture)
    place = "const auto far ="
    assert re.fullmatch(
        rf"{line_of(RAIL, place)}: a mask [^\n]*`xsimd::select\(mask, a, b\)`",
        message(RAIL, (place, f"{BRANCHES[branch]} {place}")),
    )


@pytest.mark.parametrize(
    "place",
    [
        "{ return {s.place, s.speed}; }",
        "{ return {s.speed * s.speed}; }",
    ],
)
def test_a_branch_is_refused_in_every_function(place, message):
    changed = place.replace("{ return", "{ if (s.place > Batch(1)) return {}; return")
    assert message(RAIL, (place, changed)).startswith(f"{line_of(RAIL, place)}: a mask ")


def test_a_branch_is_refused_in_another_file(load, tmp_path):
    other = tmp_path / "side.hpp"
    other.write_text("#pragma once\ntemplate <class B> B side(const B& x) {\n    return x > B(0) ? B(1) : B(-1);\n}\n")
    with pytest.raises(operant.CompileError) as raised:
        load(
            RAIL,
            ("struct Rail :", '#include "side.hpp"\nstruct Rail :'),
            ("speed +=", "speed += side(speed) *"),
        )
    assert str(raised.value).startswith(f"{other}:3: a mask ")


def test_a_branch_is_refused_in_a_constructor_a_function_and_a_policy(message):
    place = "is_long(false) {}"
    assert message(RAIL, (place, "is_long(length > Batch(2)) {}")).startswith(f"{line_of(RAIL, place)}: a mask ")
    function = "template <class Batch> Batch side(const Batch& x) { return x > Batch(0) ? Batch(1) : Batch(-1); }"
    text = changed(RAIL, [("struct Rail :", f"{function}\nstruct Rail :"), ("speed +=", "speed += side(speed) *")])
    assert message(text).startswith(f"{line_of(text, 'Batch side')}: a mask ")
    place = "return {xsimd::to_int(x[0])"
    assert message(POLICY, (place, f"if (x[0] > x[1]) return {{}}; {place}")).startswith(
        f"{line_of(POLICY, place)}: a mask "
    )


def test_masks_are_combined_lane_by_lane(load):
    env_class = load(
        RAIL,
        (
            "speed += xsimd::batch_cast<typename Batch::value_type>(input.action);",
            "if (xsimd::any(fast)) speed = xsimd::select((fast && !far) || (speed < Batch(0) && far), -speed, speed);"
            "speed = xsimd::select((fast & ~far) | (fast ^ far), speed * Batch(2), speed);",
        ),
    )
    env = env_class(5, dtype=np.float64)
    env.reset()
    state = np.array([[0, 2], [9, 2], [0, 0.5], [0, -0.5], [8, -3]], float)
    env.set_state(state)
    fast, far = state[:, 1] > 1, state[:, 0] > 10
    speed = np.where(fast & ~far | (state[:, 1] < 0) & far, -state[:, 1], state[:, 1])
    speed = np.where(fast & ~far | fast ^ far, speed * 2, speed)
    np.testing.assert_array_equal(env.step([0] * 5)[1], speed)


# Sizes and types that the compiler checks

FLOATS, TOKEN = "{float(s.token.place), s.speed[0]}", "s.token.place"
OF_BOX = "`observation` needs to return a std::array with as many numbers as the Box"
OF_TUPLE = "`observation` needs to return a std::tuple or a std::array with a value for each part of the std::tuple"
OF_DISCRETE = "`observation` needs to return an integer"
DISCRETE = [("static Space obs", "static operant::Discrete<10> obs"), ("Space::unbounded()", "{}")]
TUPLE = [("static Space obs", "static std::tuple<operant::Discrete<9>, operant::Discrete<9>> obs"), DISCRETE[1]]
BATCH_DISCRETE = [
    ("static operant::Box<2> obs", "static operant::Discrete<5> obs"),
    ("return operant::Box<2>::unbounded()", "return {}"),
]
LINE_SPACE = "using Space = operant::Box<2>;"
OF_INTEGERS = "`observation` needs to return a std::array with as many integers as the Box"
OF_BITS = (
    "`observation` needs to return a std::array with as many bools or integers as the Box of bool or the MultiBinary"
)
OF_MULTI_DISCRETE = "`observation` needs to return a std::array with an integer for each number of the MultiDiscrete"
OF_DICT = "`observation` needs to return a struct whose OPERANT_MEMBERS have the names"
ACTIONS, ACTION_SPACE = "operant::Discrete<2>", "`using ActionSpace`"
BOUNDED = "whose ActionSpace is a Box, or has one as a part, needs `static ActionSpace action_space("
STORABLE = "`observation_space` needs Boxes of one to three dimensions"


def showing(space: str, observation: str, value: str = "{}") -> list[tuple[str, str]]:
    """The changes to LINE for another observation space and another observation."""
    return [
        (LINE_SPACE, f"using Space = {space};"),
        ("return Space::unbounded();", "return {};"),
        ("std::array<float, 2> obs", f"{observation} obs"),
        (f"return {FLOATS};", f"return {value};"),
    ]


DICT = "struct Space { operant::Discrete<2> a; operant::Box<1> b; OPERANT_MEMBERS(a, b) };"
SEEN = "struct Seen { int %s; std::array<float, 1> b; OPERANT_MEMBERS(%s) };"


def showing_a_dict(*seen: str, observation: str = "Seen") -> list[tuple[str, str]]:
    declared = SEEN % seen if seen else ""
    return [(LINE_SPACE, DICT + declared), *showing("", observation)[1:]]


def with_function(function):
    """The change that adds a function of the block tier to LINE."""
    return ("    struct Result {", f"    {function}\n    struct Result {{")


def with_dynamics(function):
    """The change that adds a function to the Dynamics of RAIL."""
    return ("        Batch length;", f"        {function}\n        Batch length;")


MASK = "static %s action_mask(const Parameters&, const State&) { return {}; }"
BOUNDS = "static ActionSpace action_space(const Parameters&) { return {}; }"
BITS = MASK % "std::uint8_t"
MASK_FORM = "`action_mask` needs the form `static ... action_mask(const Parameters&, const State&)`; `action_mask(const"
MASK_ELEMENTS = "`action_mask` needs to return an element for each action: a std::array of bool or std::int8_t, "
UNFIT = [
    (LINE, showing("operant::BoxOf<std::uint8_t, 2>", "std::array<float, 2>"), OF_INTEGERS),
    (LINE, showing("operant::BoxOf<std::int16_t, 2>", "operant::Bits<2>"), OF_INTEGERS),
    (LINE, showing("operant::BoxOf<std::int32_t, 2, 3>", "std::array<std::array<int, 2>, 3>"), OF_INTEGERS),
    (LINE, showing("operant::MultiBinary<3>", "operant::Bits<2>"), OF_BITS),
    (LINE, showing("operant::BoxOf<bool, 2>", "std::array<double, 2>"), OF_BITS),
    (LINE, showing("operant::MultiDiscrete<3, 4>", "std::array<int, 3>"), OF_MULTI_DISCRETE),
    (LINE, showing("std::tuple<operant::Discrete<2>, operant::Box<1>>", "int", "0"), OF_TUPLE),
    (LINE, showing("std::tuple<operant::Discrete<2>, operant::Box<1>>", "std::tuple<int, float>"), OF_BOX),
    (LINE, showing_a_dict("a", "b, a"), OF_DICT),
    (LINE, showing_a_dict("a", "a"), OF_DICT),
    (LINE, showing_a_dict(observation="std::tuple<int>"), OF_DICT),
    (LINE, showing_a_dict(observation="std::tuple<float, std::array<float, 1>>"), OF_DISCRETE),
    (LINE, showing("operant::Box<1, 1, 1, 2>", "std::array<float, 2>"), STORABLE),
    (LINE, showing("operant::BoxOf<std::uint16_t, 2>", "std::array<std::uint16_t, 2>"), STORABLE),
    (LINE, [(ACTIONS, "operant::Box<2, 2>")], ACTION_SPACE),
    (LINE, [(ACTIONS, "operant::MultiBinary<2, 2>")], ACTION_SPACE),
    (LINE, [(ACTIONS, "std::tuple<int>")], ACTION_SPACE),
    (LINE, [(ACTIONS, "std::tuple<operant::Discrete<2>, operant::Box<1>>")], BOUNDED),
    (LINE, [(ACTIONS, "std::tuple<operant::Discrete<16777217>>")], "needs discrete parts of up to 16777216 values"),
    (LINE, showing("std::tuple<operant::Discrete<2>, int>", "std::tuple<int, int>"), "`static ... observation_space("),
    (
        RAIL,
        [
            ("static operant::Box<2>", "static operant::BoxOf<std::uint8_t, 2>"),
            ("return operant::Box<2>::unbounded()", "return {}"),
        ],
        OF_INTEGERS,
    ),
    (RAIL, [("std::array<Batch, 2> obs", "std::array<Batch, 1> obs")], OF_BOX),
    (
        RAIL,
        [*BATCH_DISCRETE, ("std::array<Batch, 2> obs", "Batch obs"), ("{s.place, s.speed}", "s.place")],
        OF_DISCRETE,
    ),
    (
        RAIL,
        [("Info<Batch> reset_info", "State<Batch> reset_info"), ("return {s.speed * s.speed}", "return s")],
        "`reset_info`",
    ),
    (LINE, [("using Space = operant::Box<2>", "using Space = operant::Box<8>")], OF_BOX),
    (LINE, [("std::array<float, 2> obs", "float obs"), (FLOATS, "1")], OF_BOX),
    (LINE, [*TUPLE, ("std::array<float, 2> obs", "std::array<std::int64_t, 3> obs"), (FLOATS, "{1, 2, 3}")], OF_TUPLE),
    (LINE, [*TUPLE, ("std::array<float, 2> obs", "std::array<double, 2> obs")], OF_DISCRETE),
    (LINE, [*DISCRETE, ("std::array<float, 2> obs", "float obs"), (FLOATS, TOKEN)], OF_DISCRETE),
    (LINE, [("Info reset_info", "Token reset_info"), ("{double(s.speed[0])}", "s.token")], "`reset_info`"),
    (
        LINE,
        [("check_state(const Parameters& p, const", "check_state(const"), ("< p.size;", "< 9;")],
        "`check_state` needs the form",
    ),
    (LINE, [("check(const Parameters& p)", "check(Parameters& p)")], "`check` needs the form"),
    (LINE, [with_function("static std::array<bool, 2> action_mask(const State&) { return {}; }")], MASK_FORM),
    (LINE, [with_function(MASK % "std::array<bool, 3>")], MASK_ELEMENTS),
    (LINE, [with_function(MASK % "std::array<int, 2>")], MASK_ELEMENTS),
    (LINE, [with_function(BITS + BOUNDS), (ACTIONS, "operant::Box<1>")], "needs an ActionSpace with actions to choose"),
    (LINE, [with_function(BITS), (" reset_info(", " other(")], "needs a `reset_info`, because resets report the mask"),
    (RAIL, [with_dynamics("bool action_mask(const State<Batch>&, int) const { return true; }")], MASK_FORM),
    (RAIL, [with_dynamics("Batch action_mask(const State<Batch>&) const { return Batch(0); }")], MASK_ELEMENTS),
    (LINE, [with_function("template <class Arch> static void step_block(int) {}")], "`step_block` needs the form"),
    (LINE, [with_function("static void step_block(const operant::BlockOf<Line>&) {}")], "`step_block` needs the form"),
    (
        LINE,
        [
            with_function(
                "template <class Arch> static void reset_block(const operant::ListedEnvs<Line>&, const ResetBounds&) {}"
            )
        ],
        "`reset_block` needs the form",
    ),
]


@pytest.mark.parametrize(("text", "changes", "sentence"), UNFIT)
def test_sizes_and_types_that_do_not_fit_are_refused(text, changes, sentence, message):
    name, line = ("Rail", line_of(RAIL, "struct Rail")) if text is RAIL else ("Line", line_of(LINE, "struct Line"))
    shown = message(text, *changes)
    assert shown.startswith(f"{line}: {name}: an environment")
    assert sentence in shown
    assert "\n" not in shown


@pytest.mark.parametrize("size", [1, 3])
def test_actions_of_a_policy_have_to_fit_its_space(size, message):
    shown = message(
        POLICY, ("operant::Integer<Batch>, 2>", f"operant::Integer<Batch>, {size}>"), (", xsimd::to_int(x[1])", "")
    )
    sentence = "a policy's `action` needs to return as many numbers as the ActionSpace has"
    assert shown.startswith(f"{line_of(POLICY, 'struct Lean')}: Lean: {sentence}")


# Mistakes that are found when the functions are called

MISTAKES = [
    (RAIL, [(' v("speed", s.speed);', "")], "`visit_state` visits 1 of the 2 numbers in its State"),
    (LINE, [('        v("steps", s.token.steps);\n', "")], "`visit_state` visits 3 of the 4 numbers in its State"),
    (LINE, [("speed; };", "speed; bool done = false; };")], "`visit_state` visits 4 of the 5 numbers in its State"),
    (RAIL, [('v("speed", s.speed)', 'v("speed", s.place)')], "`visit_state` visits a member twice"),
    (LINE, [('v("steps"', 'v("speed[1]"')], '`visit_state` gives the name "speed[1]" twice'),
    (LINE, [('v("speed"', 'v(""')], "`visit_state` gives an empty name"),
    (LINE, [('v("drag"', 'v("size"')], '`visit_parameters` gives the name "size" twice'),
    (LINE, [('v("drag"', 'v(""')], "`visit_parameters` gives an empty name"),
    (RAIL, [('v("low"', 'v(""')], "`visit_reset_bounds` gives an empty name"),
    (RAIL, [('v("low"', 'v("reset_mask"')], '`visit_reset_bounds` gives the name "reset_mask", which is'),
    (LINE, [('v("energy"', 'v(""')], "`visit_info` gives an empty name"),
    (LINE, [('v("energy"', 'v("_episode"')], '`visit_info` gives the name "_episode", which is'),
    (LINE, [('name = "Line"', 'name = ""')], "`name` is empty"),
    (LINE, [('v("drag"', 'v("num_envs"')], '`visit_parameters` gives the name "num_envs", which is'),
]  # fmt: skip


@pytest.fixture(scope="module")
def with_mistakes(quick_compilations, tmp_path_factory):
    """Load one header with a correct struct and a struct for each mistake, because a library for each would take 2 s.

    Return the message, the expected beginning of it, and what is wrong with each struct.
    """
    header = tmp_path_factory.mktemp("mistakes") / "mistakes.hpp"
    structs = [LINE.replace("Line", "Right")]
    for number, (text, changes, _) in enumerate(MISTAKES):
        name = "Rail" if text is RAIL else "Line"
        structs.append(changed(text, changes).replace(name, f"{name}{number}"))
    header.write_text("".join(structs).replace("#pragma once\n", ""))
    with pytest.raises(operant.CompileError) as raised:
        operant.load(header)
    library, *_ = quick_compilations.glob(f"mistakes-*{libraries.SUFFIX}")
    environments, _ = libraries.contents_of(library)
    found = [mistake_of(one, SimdVectorEnv) for one in environments]
    return str(raised.value), f"{header}:{line_of(header.read_text(), 'struct Rail0 ')}: Rail0: ", found


def test_the_first_mistake_is_reported_with_the_line_of_its_struct(with_mistakes):
    message, beginning, (of_the_correct_struct, of_the_next, *_) = with_mistakes
    assert of_the_correct_struct == ""
    assert message == beginning + of_the_next


@pytest.mark.parametrize("number", range(len(MISTAKES)), ids=[sentence for _, _, sentence in MISTAKES])
def test_mistakes_in_names_and_members_are_refused(number, with_mistakes):
    mistake = with_mistakes[2][number + 1]
    assert mistake.startswith(f"an environment's {MISTAKES[number][2]}")
    assert "\n" not in mistake


@pytest.mark.parametrize("name", list(inspect.signature(SimdVectorEnv.__init__).parameters) + dir(gym.vector.VectorEnv))
def test_a_parameter_hides_no_argument_and_no_attribute(name):
    described = SimpleNamespace(mistake="", parameters=[{"name": name}], reset_bounds={}, infos=[])
    assert f'"{name}", which is an argument or an attribute' in mistake_of(described, SimdVectorEnv)
    described.parameters[0]["name"] = f"other_{name}"
    assert mistake_of(described, SimdVectorEnv) == ""


@pytest.mark.parametrize("name", ["seed", ""])
def test_mistakes_in_names_of_a_policy_are_refused(name, message):
    assert message(POLICY, ('v("gain"', f'v("{name}"')).startswith(
        f"{line_of(POLICY, 'struct Lean')}: Lean: a policy's `visit_parameters` gives "
    )


def test_a_state_with_a_constructor_may_have_scratch_members(load):
    """The number of members of such a state is unknown."""
    env_class = load(LINE, ("speed; };", "speed; int scratch; State() : token{}, speed{}, scratch(7) {} };"))
    env = env_class(1)
    env.reset()
    assert env.step([1])[0].tolist() == [[1, 0]]


# States that are set

LENGTH = 10


@pytest.fixture(params=["batch", "scalar"])
def checked(request, load):
    """A class with a `check_state`, its state when an episode starts, and one that it refuses."""
    if request.param == "batch":
        return load(RAIL), [0, 0], [LENGTH + 1, 0]
    return load(LINE), [0, 0, 0, 0], [-100, 0, 0, 0]


def test_a_state_that_the_environment_refuses_is_not_set(checked):
    env_class, good, bad = checked
    env = env_class(3)
    env.reset()
    before = env.state
    pattern = r"state\[1\]: place: expected"
    for write in (
        lambda: env.set_state([good, bad, good]),
        lambda: env.set_state([bad, bad, bad], np.array([False, True, False])),
        lambda: env.set_attr("state", [good, bad, good]),
    ):
        with pytest.raises(ValueError, match=pattern):
            write()
        np.testing.assert_array_equal(env.state, before)
    env.set_state([bad, good, bad], np.array([False, True, False]))  # only the selected states are checked
    np.testing.assert_array_equal(env.state, before)


# The block tier


def test_a_block_of_balls_follows_its_rules(rng):
    """The rules of examples/bouncing_ball.hpp in numpy, with parameters of each env."""
    gravity, push = rng.uniform(5, 15, 700), rng.uniform(0, 30, 700)
    env = operant.load(ROOT / "examples" / "bouncing_ball.hpp")(
        700, gravity=gravity, push=push, autoreset_mode="SameStep", workers=2
    )
    env.reset(seed=0)
    assert env.state_names == ("height", "velocity", "bounces")
    ended = 0
    for _ in range(300):
        height, velocity, bounces = env.state.T
        actions = rng.integers(0, 2, 700)
        velocity = (velocity + ((actions * push - gravity).astype(np.float32) * np.float32(0.02))).astype(np.float32)
        height = (height + velocity * np.float32(0.02)).astype(np.float32)
        at_ground = height < 0
        height[at_ground] *= -1
        velocity = np.where(at_ground, np.float32(-0.8) * velocity, velocity)
        observations, rewards, terminations, truncations, infos = env.step(actions)
        seen = infos["final_obs"] if terminations.any() or truncations.any() else observations
        final = terminations | truncations
        rows = np.array([seen[i] if final[i] else observations[i] for i in range(700)])
        np.testing.assert_array_equal(rows, np.stack([height, velocity], axis=1))
        np.testing.assert_array_equal(rewards, np.where(at_ground, -1, 1))
        np.testing.assert_array_equal(terminations, at_ground & (bounces == 2))
        ended += final.sum()
    assert ended > 300


# A walk in plain C++ whose State is a template.
PRECISE = """\
#pragma once
#include <array>
#include <operant/environment.hpp>

struct Precise : operant::Environment {
    static constexpr std::string_view name = "Precise";
    static constexpr std::int32_t max_episode_steps = 50;
    using ActionSpace = operant::Discrete<2>;
    template <class Number> struct Point { Number x; std::int8_t steps; OPERANT_MEMBERS(x, steps) };
    template <class Number> struct State {
        Point<Number> point;
        std::array<std::array<Number, 2>, 2> table;
        std::int64_t large;
        OPERANT_MEMBERS(point, table, large)
    };
    using Space = operant::BoxOf<double, 1>;
    static Space observation_space(const Parameters&) { return Space::unbounded(); }
    static State<double> reset(const Parameters&, operant::Pcg64& random) {
        return {{random.uniform(0, 1), 3}, {{{random.uniform(0, 1), 0.1}, {0.2, 0.3}}}, 9007199254740993};
    }
    template <class Number>
    static std::array<double, 1> observation(const Parameters&, const State<Number>& s) { return {double(s.point.x)}; }
    template <class Number>
    static operant::Outcome<double> step(const Parameters&, State<Number>& s, std::int64_t action) {
        s.point.x += Number(0.1) * Number(action);
        ++s.large;
        return {double(s.large - 9007199254740993), ++s.point.steps == 9};
    }
};
"""


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_plain_state_that_is_a_template_has_the_precision_of_dtype(dtype, load):
    env = load(PRECISE)(3, dtype=dtype)
    x, first = (dtype(one) for one in np.transpose([np.random.default_rng(7 + i).uniform(0, 1, 2) for i in range(3)]))
    np.testing.assert_array_equal(env.reset(seed=7)[0][:, 0], x)
    for steps in range(1, 6):
        observations, rewards, *_ = env.step(np.ones(3, int))
        x += dtype(0.1)
        np.testing.assert_array_equal(observations[:, 0], x)
        np.testing.assert_array_equal(rewards, steps)
        table = np.broadcast_to(np.array([0.1, 0.2, 0.3], dtype), (3, 3))
        np.testing.assert_array_equal(env.state[:, :6], np.column_stack([x, np.full(3, 3 + steps), first, table]))


@pytest.mark.parametrize(
    "head",
    ["std::array<double, 1> observation(const Parameters&, const", "operant::Outcome<double> step(const Parameters&,"],
)
def test_functions_of_a_plain_state_that_is_a_template_are_templates(head, message):
    change = (
        f"template <class Number>\n    static {head} State<Number>",
        f"using Number = double;\n    static {head} State<double>",
    )
    sentence = "5: Precise: an environment in plain C++ whose State is a template needs a list of its members"
    assert message(PRECISE, change).startswith(sentence)
