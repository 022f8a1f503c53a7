"""The first line of a message names the line of the header and the mistake, for the mistakes that are most likely."""

from __future__ import annotations

import re

import pytest
from headers import RAIL, WALK, changed, message_of

import operant

# Where the members of the state are used, without these uses.
UNUSED = [
    ("random.uniform(-1, 1), 0", ""),
    ("s.place += action == 1 ? p.stride : -p.stride;", ""),
    ("float(s.place)", "0"),
    ("s.place > 9, {s.place}", "false, {1}"),
]
NO_RESULT = ("return {1, s.place > 9, {s.place}};", "")
LIST = "        OPERANT_MEMBERS(place, steps)\n"
STATES = [("const State& s", "const Place& s"), ("State& s, std::int64_t", "Place& s, std::int64_t")]
ENERGIES = "        OPERANT_MEMBERS(energy)\n"
BOUNDS = "    struct ResetBounds {{ {} low = 0; {} }};\n    static State reset(const Parameters&, const ResetBounds&,"
VISIT_STATE = (
    'template <class S, class V> static void visit_state(S& s, {} v) {{ v("place", s.place); v("steps", s.steps); }}'
)
VISIT_ONE_STATE = VISIT_STATE.format("const V&").replace("S& s", "State& s").replace("class S, ", "")
VISIT_PARAMETERS = """template <class P, class V> static void visit_parameters(P& p, V& v) {
        v("stride", p.stride, operant::Sign::any);
    }
    static State reset"""
PRIVATE = "are private, so Operant cannot use them: write `struct`, or `public:` before the members"
NO_MEMBERS = "needs a list of its members: `OPERANT_MEMBERS(name, ...)`"
PLAIN_STEP = "`step` needs the form `static ... step(const Parameters&, State&, action)`, with a fourth argument"
BATCH_STEP = "Dynamics<Batch> needs `step(State<Batch>&, const Input<E, Batch>&) const`, with a third argument"
AS_BOX = "`observation` needs to return a std::array with as many numbers as the Box has"
NOT_PLAIN = "not a pointer, a container, a string or a C array"
PARAMETER = "a member of an environment's Parameters is a number, a bool, an enum"

# Mistakes that are reported at the line of the struct: a header and changes of it, and a part of the sentence.
OF_STRUCTS = {
    "no base": (WALK, [("Walk : operant::Environment", "Walk")], "an environment derives from"),
    "no time limit": (WALK, [("max_episode_steps", "max_steps")], "int32_t max_episode_steps`"),
    "no actions": (WALK, [("using ActionSpace", "using Actions")], "needs `using ActionSpace`, a Discrete<n>,"),
    "no observations": (WALK, [("observation_space", "space")], "needs `static ... observation_space(const"),
    "no list of the state": (WALK, [(LIST, "")], f"State {NO_MEMBERS}"),
    "no state": (
        WALK,
        [("    struct State {", "    struct Place {"), ("static State reset", "static Place reset"), *STATES],
        "needs a struct `State`",
    ),
    "no list of parameters": (WALK, [("OPERANT_PARAMETERS(", "// (")], "Parameters need a list of their members"),
    "no list of an info": (WALK, [(ENERGIES, "")], f"`step` returns as `info` {NO_MEMBERS}"),
    "no list of bounds": (
        WALK,
        [("static State reset(const Parameters&,", BOUNDS.format("double", ""))],
        "ResetBounds need a list",
    ),
    "no reset": (WALK, [("State reset", "State start")], "needs `static State reset(const Parameters&, const"),
    "no step": (
        WALK,
        [("Result step", "Result advance")],
        "needs a class template `Dynamics<Batch>`, or, in plain C++,",
    ),
    "no plain observation": (
        WALK,
        [(" observation(", " observe(")],
        "needs `static ... observation(const Parameters&, const",
    ),
    "no observation": (RAIL, [("observation(", "observe(")], "needs `observation(const State<Batch>&)`"),
    "no constructor of the dynamics": (
        RAIL,
        [("explicit Dynamics(const Parameters& p)", "explicit Dynamics(int, const Parameters& p)")],
        "needs a constructor",
    ),
    "void step": (WALK, [("static Result step", "static void step"), NO_RESULT], "`step` returns nothing"),
    "void batch step": (
        RAIL,
        [("Result<Batch> step", "void step"), ("return {speed, far, {speed * speed}};", "")],
        "`step` returns nothing",
    ),
    "number from a step": (
        WALK,
        [("static Result step", "static double step"), ("1, s.place > 9, {s.place}", "1")],
        "needs the members `reward`",
    ),
    "step without static": (WALK, [("static Result step", "Result step")], PLAIN_STEP),
    "step of another action": (
        WALK,
        [("State& s, std::int64_t", "State& s, const std::array<std::int64_t, 2>&"), ("action ==", "action[0] ==")],
        PLAIN_STEP,
    ),
    "batch step without const": (RAIL, [("input) const", "input)")], BATCH_STEP),
    "step of a copied state": (
        WALK,
        [("State& s, std::int64_t", "State s, std::int64_t")],
        "`step` needs to take its state as `State&`",
    ),
    "batch step of a copied state": (
        RAIL,
        [("State<Batch>& s, const", "State<Batch> s, const")],
        "`step` needs to take its state as",
    ),
    "reset with a copied generator": (
        WALK,
        [("Pcg64& random", "Pcg64 random")],
        "`reset` needs to take its generator as",
    ),
    "void reset": (
        WALK,
        [("static State reset", "static void reset"), ("return {random.uniform(-1, 1), 0};", "")],
        "`reset` needs to return a State",
    ),
    "visitor that is not const": (
        WALK,
        [(LIST, ""), ("static State reset", f"{VISIT_STATE.format('V&')}\n    static State reset")],
        "`visit_state` needs the form",
    ),
    "state that is not const": (
        WALK,
        [
            (LIST, ""),
            (
                "static State reset",
                f"{VISIT_ONE_STATE}\n    static State reset",
            ),
        ],
        "`visit_state` needs the form",
    ),
    "visitor of parameters that is not const": (
        WALK,
        [("static State reset", VISIT_PARAMETERS)],
        "`visit_parameters` needs the form",
    ),
    "void observation": (
        WALK,
        [("std::array<float, 2> obs", "void obs"), ("return {float(s.place), float(s.steps)};", "")],
        AS_BOX,
    ),
    "container in the state": (
        WALK,
        [("double place = 0", "std::vector<double> place"), *UNUSED],
        "State consists of numbers",
    ),
    "container in the dynamics": (
        RAIL,
        [("        Batch length;", "        Batch length;\n        std::string unit;")],
        "Dynamics<Batch> must consist of Batches",
    ),
    "batch state that is no template": (
        RAIL,
        [
            ("template <class Number> struct State", "using Number = double; struct State"),
            ("const State<double>& s", "const State& s"),
            ("State<double> reset", "State reset"),
            ("State<Batch>& s, ", "State& s, "),
            ("info(const State<Batch>& s", "info(const State& s"),
            ("observation(const State<Batch>& s", "observation(const State& s"),
        ],
        "needs a class template `template <class Number> struct State`",
    ),
}

# Mistakes that are reported at another line, and a piece of this line. None stands for the end of the header.
OF_LINES = {
    "class": (WALK, [("struct Walk", "class Walk")], "class Walk", f"the members of `class Walk` {PRIVATE}"),
    "class with a public base": (WALK, [("struct Walk : ", "class Walk : public ")], "class Walk", PRIVATE),
    "class State": (WALK, [("struct State", "class State")], "class State", f"the members of `class State` {PRIVATE}"),
    "class Dynamics": (RAIL, [("    public:\n", "")], "class Dynamics", f"the members of `class Dynamics` {PRIVATE}"),
    "long batch observation": (
        RAIL,
        [("{s.place, s.speed}", "{s.place, s.speed, s.speed}")],
        "{s.place, s.speed, s.speed}",
        "to 'std::array<Batch, 2>'",
    ),
    "pointer in the state": (WALK, [("double place = 0", "double* place"), *UNUSED], LIST, NOT_PLAIN),
    "C array in the state": (WALK, [("double place = 0", "double place[3]"), *UNUSED], LIST, NOT_PLAIN),
    "double in a batch state": (
        RAIL,
        [
            ("Number place, speed;", "Number place; double speed;"),
            ("Batch& speed = s.speed;", "Batch& speed = s.place;"),
            ("{s.speed * s.speed}", "{s.place * s.place}"),
            ("{s.place, s.speed}", "{s.place, s.place}"),
        ],
        "void visit_state",
        "State<Number> is a Number, an Integer<Number>, an",
    ),
    "string parameter": (WALK, [("bool slippery = false", "std::string slippery")], "OPERANT_PARAMETERS", PARAMETER),
    "parameter without a sign": (
        WALK,
        [("operant::Sign::positive, ", "")],
        "OPERANT_PARAMETERS",
        "that is a number needs its limits in the list",
    ),
    "flag with a sign": (
        WALK,
        [("(slippery, ", "(slippery, operant::Sign::any, ")],
        "OPERANT_PARAMETERS",
        "that is a bool has no limits",
    ),
    "choice without names": (
        WALK,
        [("bool slippery = false", "enum class Ground { ice, sand } slippery = Ground::ice")],
        "OPERANT_PARAMETERS",
        "needs the names of its values in the list",
    ),
    "bound that is an integer": (
        WALK,
        [("static State reset(const Parameters&,", BOUNDS.format("int", "OPERANT_MEMBERS(low)"))],
        "struct ResetBounds",
        "ResetBounds is a double",
    ),
    "string info": (
        WALK,
        [("double energy", "std::string energy"), ("{s.place}", "{}")],
        "OPERANT_MEMBERS(energy)",
        NOT_PLAIN,
    ),
    "typo in a list": (
        WALK,
        [("OPERANT_MEMBERS(place, steps)", "OPERANT_MEMBERS(plaec, steps)")],
        "OPERANT_MEMBERS(plaec",
        "no member named 'plaec'",
    ),
    "typo in a step": (WALK, [("s.place += action", "s.plaec += action")], "s.plaec", "no member named 'plaec'"),
    "typo in a batch step": (
        RAIL,
        [("s.place += speed", "s.plaec += speed")],
        "s.plaec",
        "'struct Rail::State<Batch>' has no member named 'plaec'",
    ),
    "function of numbers": (
        RAIL,
        [("s.place += speed", "s.place += std::sin(speed)")],
        "std::sin",
        "no matching function for call to 'sin(Batch&)'",
    ),
    "branch in a function of numbers": (
        RAIL,
        [("s.place += speed", "s.place += std::max(speed, s.place)")],
        "std::max",
        "a mask has a value for each lane",
    ),
    "missing semicolon": (WALK, [("++s.steps;", "++s.steps")], "return {1,", "expected ';' before 'return'"),
    "missing end": (WALK, [("    }\n};\n", "    }\n")], None, "the header ends inside a struct"),
    "missing header": (WALK, [("<vector>", "<vektor.hpp>")], "vektor", "vektor.hpp: No such file"),
}
WRONG = OF_LINES | {name: (*case[:2], "struct ", case[2]) for name, case in OF_STRUCTS.items()}


@pytest.fixture(autouse=True)
def only_checked(quick_compilations, quick_flags, monkeypatch):
    """Let the compiler check headers without making a library."""
    monkeypatch.setenv("CXXFLAGS", f"{quick_flags} -fsyntax-only")


@pytest.mark.parametrize(("text", "changes", "place", "sentence"), WRONG.values(), ids=WRONG)
def test_the_first_line_names_the_mistake(text, changes, place, sentence, tmp_path):
    text = changed(text, changes)
    message = message_of(tmp_path / "wrong.hpp", text)
    first = message.splitlines()[0]
    line = text[: None if place is None else text.index(place)].count("\n") + 1
    assert re.match(rf"{line}:(\d+: (fatal )?error:)? ", first), first
    assert sentence in first
    assert "needs" not in sentence or first == message, "the whole message of a missing member is one line"
    assert operant.get_include() not in first
