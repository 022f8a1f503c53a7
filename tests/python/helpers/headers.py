"""Headers to change, and the messages of those with mistakes."""

from __future__ import annotations

import pytest

import operant

# A mass on a rail, on batches, with a parameter, an option of a reset, infos and a check of each kind.
RAIL = """\
#pragma once
#include <stdexcept>
#include <operant/environment.hpp>

struct Rail : operant::Environment {
    static constexpr std::string_view name = "Rail";
    static constexpr std::int32_t max_episode_steps = 50;
    using ActionSpace = operant::Discrete<2>;
    template <class Number> struct State { Number place, speed; };
    struct Parameters { double length = 10; };
    struct ResetBounds { double low = 0; };
    template <class S, class V> static void visit_state(S& s, const V& v) { v("place", s.place); v("speed", s.speed); }
    template <class P, class V>
    static void visit_parameters(P& p, const V& v) { v("length", p.length, operant::Sign{}); }
    template <class B, class V> static void visit_reset_bounds(B& b, const V& v) { v("low", b.low); }
    template <class I, class V> static void visit_info(I& i, const V& v) { v("energy", i.energy); }
    static operant::Box<2> observation_space(const Parameters&) { return operant::Box<2>::unbounded(); }
    static void check_state(const Parameters& p, const State<double>& s) {
        if (s.place > p.length) throw std::invalid_argument("place: expected a number up to length");
    }
    static State<double> reset(const Parameters&, const ResetBounds& b, operant::Pcg64&) { return {b.low, 0}; }
    template <class Batch> struct Info { Batch energy; };
    template <class Batch> static Info<Batch> reset_info(const State<Batch>& s) { return {s.speed * s.speed}; }
    template <class Batch>
    struct Result {
        Batch reward;
        typename Batch::batch_bool_type terminated;
        Info<Batch> info;
    };
    template <class Batch>
    class Dynamics {
    public:
        using Scalar = typename Batch::value_type;
        explicit Dynamics(const Parameters& p) : length(static_cast<Scalar>(p.length)), is_long(false) {}
        Result<Batch> step(State<Batch>& s, const operant::Input<Rail, Batch>& input) const {
            Batch& speed = s.speed;
            const auto fast = speed > Batch(1);
            const auto far = s.place > length;
            speed += xsimd::batch_cast<typename Batch::value_type>(input.action);
            s.place += speed;
            return {speed, far, {speed * speed}};
        }
        static std::array<Batch, 2> observation(const State<Batch>& s) { return {s.place, s.speed}; }
        Batch length;
        bool is_long;
    };
};
"""

# A walk in plain C++.
WALK = """\
#pragma once
#include <array>
#include <string>
#include <vector>
#include <operant/environment.hpp>

struct Walk : operant::Environment {
    static constexpr std::string_view name = "Walk";
    static constexpr std::int32_t max_episode_steps = 30;
    using ActionSpace = operant::Discrete<2>;

    struct State {
        double place = 0;
        std::int32_t steps = 0;

        OPERANT_MEMBERS(place, steps)
    };

    struct Parameters {
        double stride = 1;
        bool slippery = false;

        OPERANT_PARAMETERS((stride, operant::Sign::positive, "[m]"), (slippery, "whether there is friction"))
    };

    struct Info {
        double energy;

        OPERANT_MEMBERS(energy)
    };

    struct Result {
        double reward;
        bool terminated;
        Info info;
    };

    static operant::Box<2> observation_space(const Parameters&) { return operant::Box<2>::unbounded(); }

    static State reset(const Parameters&, operant::Pcg64& random) { return {random.uniform(-1, 1), 0}; }

    static std::array<float, 2> observation(const Parameters&, const State& s) {
        return {float(s.place), float(s.steps)};
    }

    static Result step(const Parameters& p, State& s, std::int64_t action) {
        s.place += action == 1 ? p.stride : -p.stride;
        ++s.steps;
        return {1, s.place > 9, {s.place}};
    }
};
"""


def changed(text, changes):
    """Replace pieces of a text, each of which it has once."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def line_of(text, piece):
    """Return the number of the line of the first such piece."""
    return text[: text.index(piece)].count("\n") + 1


def message_of(header, text):
    """Return the message about a header that does not compile, without the header's path, with which it begins."""
    header.write_text(text)
    with pytest.raises(operant.CompileError) as raised:
        operant.load(header)
    assert str(raised.value).startswith(f"{header}:")
    return str(raised.value).removeprefix(f"{header}:")
