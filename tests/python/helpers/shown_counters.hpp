#pragma once
// Environments whose observations are of every kind, for the tests of observations. A counter starts anywhere from 0 to 49, and an
// action from 0 to 3 is added to it. Each environment shows the counter and the last action in another space.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>

#include <operant/environment.hpp>

namespace counters {

struct Counter : operant::Environment {
    static constexpr std::int32_t max_episode_steps = 30;
    using ActionSpace = operant::Discrete<4>;

    struct State {
        std::int32_t place;
        std::int32_t action;

        OPERANT_MEMBERS(place, action)
    };

    static State reset(const operant::NoParameters&, operant::Pcg64& random) {
        return {static_cast<std::int32_t>(random.random() * 50), 0};
    }
    static operant::Outcome<double> step(const operant::NoParameters&, State& s, std::int64_t action) {
        s.place += static_cast<std::int32_t>(action);
        s.action = static_cast<std::int32_t>(action);
        return {0.25 * s.place, s.place > 60};
    }

    /// Number i of an array, from 0 to `most`.
    static constexpr std::int32_t number(const State& s, std::size_t i, std::int32_t most) {
        return (7 * s.place + 3 * s.action + 5 * static_cast<std::int32_t>(i)) % (most + 1);
    }
    template <class Number, std::size_t size>
    static std::array<Number, size> numbers(const State& s, std::int32_t most, Number scale = 1, Number shift = 0) {
        std::array<Number, size> shown;
        for (std::size_t i = 0; i < size; ++i)
            shown[i] = static_cast<Number>(scale * static_cast<Number>(number(s, i, most)) + shift);
        return shown;
    }
    template <std::size_t size>
    static operant::Bits<size> bits(const State& s) {
        operant::Bits<size> shown{};
        for (std::size_t i = 0; i < size; ++i)
            if (number(s, i, 12) < 5) shown.set(i);
        // Bits beyond the last one have no effect.
        if (size % 64 != 0) shown.words[size / 64] |= ~std::uint64_t{0} << size % 64;
        return shown;
    }
};

using NoParameters = operant::NoParameters;

// An array with the bytes of a row.
struct Image : Counter {
    static constexpr std::string_view name = "Image";
    using Space = operant::BoxOf<std::uint8_t, 10, 10, 3>;
    static Space observation_space(const NoParameters&) { return Space::bounded(0, 255); }
    static auto observation(const NoParameters&, const State& s) { return numbers<std::uint8_t, 300>(s, 250); }
};

// A picture that is large enough for a convolutional network.
struct Picture : Counter {
    static constexpr std::string_view name = "Picture";
    using Space = operant::BoxOf<std::uint8_t, 36, 36, 3>;
    static Space observation_space(const NoParameters&) { return Space::bounded(0, 255); }
    static auto observation(const NoParameters&, const State& s) { return numbers<std::uint8_t, 3888>(s, 255); }
};

struct Bytes : Counter {
    static constexpr std::string_view name = "Bytes";
    using Space = operant::BoxOf<std::int8_t, 7>;
    static Space observation_space(const NoParameters&) { return Space::bounded(-100, 27); }
    static auto observation(const NoParameters&, const State& s) { return numbers<std::int8_t, 7>(s, 127, 1, -100); }
};

// Nested arrays.
struct Shorts : Counter {
    static constexpr std::string_view name = "Shorts";
    using Space = operant::BoxOf<std::int16_t, 2, 3>;
    static Space observation_space(const NoParameters&) { return Space::unbounded(); }
    static auto observation(const NoParameters&, const State& s) {
        const auto flat = numbers<std::int16_t, 6>(s, 300, 100, -30000);
        return std::array<std::array<std::int16_t, 3>, 2>{{{flat[0], flat[1], flat[2]}, {flat[3], flat[4], flat[5]}}};
    }
};

// Numbers of another type are converted.
struct Integers : Counter {
    static constexpr std::string_view name = "Integers";
    using Space = operant::BoxOf<std::int32_t, 3>;
    static Space observation_space(const NoParameters&) { return {{-2000000000, -3, 0}, {2000000000, 40, 400}}; }
    static std::array<std::int64_t, 3> observation(const NoParameters&, const State& s) {
        return {1000000000 * (number(s, 0, 4) - 2), number(s, 1, 43) - 3, number(s, 2, 400)};
    }
};

struct Doubles : Counter {
    static constexpr std::string_view name = "Doubles";
    using Space = operant::BoxOf<double, 2, 2>;
    static Space observation_space(const NoParameters&) { return Space::bounded(0, 1e300); }
    static auto observation(const NoParameters&, const State& s) { return numbers<double, 4>(s, 90, 1e-3, 1e-9); }
};

struct Matrix : Counter {
    static constexpr std::string_view name = "Matrix";
    using Space = operant::Box<3, 4>;
    static Space observation_space(const NoParameters&) { return Space::unbounded(); }
    static auto observation(const NoParameters&, const State& s) { return numbers<double, 12>(s, 90, 0.1); }
};

struct Bools : Counter {
    static constexpr std::string_view name = "Bools";
    using Space = operant::BoxOf<bool, 3, 3>;
    static Space observation_space(const NoParameters&) { return Space::bounded(false, true); }
    static auto observation(const NoParameters&, const State& s) { return bits<9>(s); }
};

// Bits that fill one word and a part of another.
struct Binary : Counter {
    static constexpr std::string_view name = "Binary";
    static operant::MultiBinary<70> observation_space(const NoParameters&) { return {}; }
    static auto observation(const NoParameters&, const State& s) { return bits<70>(s); }
};

struct Cube : Counter {
    static constexpr std::string_view name = "Cube";
    static operant::MultiBinary<2, 3, 4> observation_space(const NoParameters&) { return {}; }
    static std::array<bool, 24> observation(const NoParameters&, const State& s) {
        std::array<bool, 24> shown{};
        for (std::size_t i = 0; i < 24; ++i) shown[i] = number(s, i, 12) < 5;
        return shown;
    }
};

// Whole words of bits.
struct Planes : Counter {
    static constexpr std::string_view name = "Planes";
    using Space = operant::BoxOf<std::uint8_t, 8, 8, 3>;
    static Space observation_space(const NoParameters&) { return Space::bounded(0, 1); }
    static auto observation(const NoParameters&, const State& s) { return bits<192>(s); }
};

struct Several : Counter {
    static constexpr std::string_view name = "Several";
    static operant::MultiDiscrete<3, 5, 7> observation_space(const NoParameters&) { return {}; }
    static std::array<std::int32_t, 3> observation(const NoParameters&, const State& s) {
        return {number(s, 0, 2), number(s, 1, 4), number(s, 2, 6)};
    }
};

struct Triple : Counter {
    static constexpr std::string_view name = "Triple";
    using Space = std::tuple<operant::Discrete<100>, operant::Box<2>, operant::BoxOf<std::uint8_t, 3, 2>>;
    static Space observation_space(const NoParameters&) {
        return {{}, operant::Box<2>::unbounded(), operant::BoxOf<std::uint8_t, 3, 2>::bounded(0, 99)};
    }
    static auto observation(const NoParameters&, const State& s) {
        return std::tuple(s.place, numbers<float, 2>(s, 90, 0.5f), numbers<std::uint8_t, 6>(s, 99));
    }
};

// A Dict without a Dict in it, as Stable-Baselines3 takes it.
struct Camera : Counter {
    static constexpr std::string_view name = "Camera";
    struct Space {
        operant::BoxOf<std::uint8_t, 36, 36, 1> picture;
        operant::Discrete<4> direction;
        operant::Box<2> compass;

        OPERANT_MEMBERS(picture, direction, compass)
    };
    static Space observation_space(const NoParameters&) {
        return {operant::BoxOf<std::uint8_t, 36, 36, 1>::bounded(0, 255), {}, operant::Box<2>::bounded(0, 100)};
    }
    // A tuple has the members in the order of the struct.
    static auto observation(const NoParameters&, const State& s) {
        return std::tuple(numbers<std::uint8_t, 1296>(s, 255), s.action, numbers<float, 2>(s, 100));
    }
};

// A Dict whose names are not sorted, with a Tuple and a Dict in it.
struct Mission : Counter {
    static constexpr std::string_view name = "Mission";
    struct Bag {
        operant::MultiBinary<5> keys;
        operant::Discrete<4> hand;

        OPERANT_MEMBERS(keys, hand)
    };
    struct Space {
        operant::BoxOf<std::uint8_t, 7, 7, 3> image;
        operant::Discrete<4> direction;
        Bag bag;
        std::tuple<operant::MultiDiscrete<4, 9>, operant::BoxOf<double, 1>> clock;

        OPERANT_MEMBERS(image, direction, bag, clock)
    };
    struct ShownBag {
        operant::Bits<5> keys;
        std::int32_t hand;

        OPERANT_MEMBERS(keys, hand)
    };
    struct Shown {
        std::array<std::uint8_t, 147> image;
        std::int32_t direction;
        ShownBag bag;
        std::tuple<std::array<std::int64_t, 2>, std::array<double, 1>> clock;

        OPERANT_MEMBERS(image, direction, bag, clock)
    };
    static Space observation_space(const NoParameters&) {
        return {operant::BoxOf<std::uint8_t, 7, 7, 3>::bounded(0, 10), {}, {}, {operant::MultiDiscrete<4, 9>(), operant::BoxOf<double, 1>::bounded(0, 100)}};
    }
    static Shown observation(const NoParameters&, const State& s) {
        return {numbers<std::uint8_t, 147>(s, 10),
                s.action,
                {bits<5>(s), number(s, 1, 3)},
                {{number(s, 0, 3), number(s, 1, 8)}, {0.1 * s.place}}};
    }
};

// The same on batches.
template <class E>
struct CounterOnLanes : operant::Environment {
    static constexpr std::int32_t max_episode_steps = 30;
    using ActionSpace = operant::Discrete<4>;

    template <class Batch>
    struct State {
        operant::Integer<Batch> place;
        operant::Integer<Batch> action;

        OPERANT_MEMBERS(place, action)
    };

    static State<double> reset(const operant::NoParameters&, const operant::NoResetBounds&, operant::Pcg64& random) {
        return {static_cast<std::int64_t>(random.random() * 50), 0};
    }

    template <class Batch>
    struct Dynamics {
        XSIMD_INLINE operant::Outcome<Batch> step(State<Batch>& s, const operant::Input<E, Batch>& input) const {
            s.place += input.action;
            s.action = input.action;
            const Batch place = xsimd::batch_cast<typename Batch::value_type>(s.place);
            return {Batch(0.25f) * place, place > Batch(60.0f)};
        }
        static XSIMD_INLINE auto observation(const State<Batch>& s) { return E::shown(s); }
    };

    /// Number i of an array, from 0 to `most`, which a float holds.
    template <class Batch>
    static XSIMD_INLINE Batch number(const State<Batch>& s, int i, int most) {
        using Scalar = typename Batch::value_type;
        const auto sum = operant::Integer<Batch>(7) * s.place + operant::Integer<Batch>(3) * s.action;
        const Batch whole = xsimd::batch_cast<Scalar>(sum) + Batch(static_cast<Scalar>(5 * i));
        const Batch parts(static_cast<Scalar>(most + 1));
        return whole - parts * xsimd::floor(whole / parts);
    }
    template <std::size_t size, class Batch>
    static XSIMD_INLINE std::array<Batch, size> numbers(const State<Batch>& s, int most, double scale = 1) {
        std::array<Batch, size> shown;
        for (std::size_t i = 0; i < size; ++i)
            shown[i] = number(s, static_cast<int>(i), most) * Batch(static_cast<typename Batch::value_type>(scale));
        return shown;
    }
    template <std::size_t size, class Batch>
    static XSIMD_INLINE std::array<operant::Integer<Batch>, size> integers(const State<Batch>& s, int most, int shift = 0) {
        std::array<operant::Integer<Batch>, size> shown;
        for (std::size_t i = 0; i < size; ++i)
            shown[i] = xsimd::to_int(number(s, static_cast<int>(i), most)) + operant::Integer<Batch>(shift);
        return shown;
    }
    template <std::size_t size, class Batch>
    static XSIMD_INLINE std::array<typename Batch::batch_bool_type, size> masks(const State<Batch>& s) {
        std::array<typename Batch::batch_bool_type, size> shown;
        for (std::size_t i = 0; i < size; ++i) shown[i] = number(s, static_cast<int>(i), 12) < Batch(5.0f);
        return shown;
    }
};

struct ImageOnLanes : CounterOnLanes<ImageOnLanes> {
    static constexpr std::string_view name = "ImageOnLanes";
    using Space = operant::BoxOf<std::uint8_t, 3, 4, 2>;
    static Space observation_space(const NoParameters&) { return Space::bounded(0, 250); }
    template <class Batch>
    static XSIMD_INLINE auto shown(const State<Batch>& s) { return integers<24>(s, 250); }
};

struct MatrixOnLanes : CounterOnLanes<MatrixOnLanes> {
    static constexpr std::string_view name = "MatrixOnLanes";
    using Space = operant::Box<2, 3>;
    static Space observation_space(const NoParameters&) { return Space::unbounded(); }
    template <class Batch>
    static XSIMD_INLINE auto shown(const State<Batch>& s) {
        const auto flat = numbers<6>(s, 90, 0.125);
        return std::array<std::array<Batch, 3>, 2>{{{flat[0], flat[1], flat[2]}, {flat[3], flat[4], flat[5]}}};
    }
};

struct MissionOnLanes : CounterOnLanes<MissionOnLanes> {
    static constexpr std::string_view name = "MissionOnLanes";
    struct Bag {
        operant::MultiBinary<5> keys;
        operant::BoxOf<bool, 2, 2> hands;

        OPERANT_MEMBERS(keys, hands)
    };
    struct Space {
        operant::Box<3> speed;
        operant::BoxOf<std::int16_t, 2> depth;
        operant::Discrete<4> direction;
        Bag bag;
        std::tuple<operant::MultiDiscrete<4, 9>, operant::BoxOf<double, 2>> clock;

        OPERANT_MEMBERS(speed, depth, direction, bag, clock)
    };
    template <class Batch>
    struct ShownBag {
        std::array<operant::Integer<Batch>, 5> keys;
        std::array<typename Batch::batch_bool_type, 4> hands;

        OPERANT_MEMBERS(keys, hands)
    };
    template <class Batch>
    struct Shown {
        std::array<Batch, 3> speed;
        std::array<operant::Integer<Batch>, 2> depth;
        operant::Integer<Batch> direction;
        ShownBag<Batch> bag;
        std::tuple<std::array<operant::Integer<Batch>, 2>, std::array<Batch, 2>> clock;

        OPERANT_MEMBERS(speed, depth, direction, bag, clock)
    };
    static Space observation_space(const NoParameters&) {
        return {operant::Box<3>::unbounded(), operant::BoxOf<std::int16_t, 2>::bounded(-300, 0), {},
                {{}, operant::BoxOf<bool, 2, 2>::bounded(false, true)},
                {operant::MultiDiscrete<4, 9>(), operant::BoxOf<double, 2>::bounded(0, 100)}};
    }

    template <class Batch>
    static XSIMD_INLINE Shown<Batch> shown(const State<Batch>& s) {
        return {numbers<3>(s, 90, 0.125),
                integers<2>(s, 300, -300),
                s.action,
                {integers<5>(s, 1), masks<4>(s)},
                {{xsimd::to_int(number(s, 0, 3)), xsimd::to_int(number(s, 1, 8))}, numbers<2>(s, 90, 0.25)}};
    }
};

}  // namespace counters
