#pragma once
// Parameters of every type, and infos of every type, for test_parameter_kinds.py.

#include <array>
#include <cstdint>
#include <string_view>

#include <operant/environment.hpp>

namespace kinds {

enum class Weather { sunny, rainy };

// The parameters of both environments.
struct EveryParameter {
    std::int8_t tiny = -3;
    std::uint8_t level = 200;
    std::int16_t small = 5;
    int count = 4;
    std::uint32_t mask = 4000000000u;
    std::int64_t far = 9007199254740991;
    float ratio = 0.1f;
    double scale = 2.5;
    double share = 0.5;
    Weather weather = Weather::rainy;
    std::array<int, 3> counts{1, 2, 3};
    std::array<std::array<double, 3>, 2> table{{{0, 1, 2}, {3, 4, 5}}};
    std::array<std::array<std::int32_t, 2>, 2> moves{{{0, 1}, {-1, 0}}};
    std::array<float, 2> pair{0.25f, 0.5f};

    OPERANT_PARAMETERS(
        (tiny, operant::Sign::any, "any int8"),
        (level, operant::Sign::positive, "of water"),
        (small, operant::Range{-5, 5}, "from -5 to 5"),
        (count, operant::Range{1, 10}, "of tokens"),
        (mask, operant::Sign::not_negative),
        (far, operant::Sign::any),
        (ratio, operant::Sign::not_negative),
        (scale, operant::Sign::positive),
        (share, operant::Range{0, 1}, "of all"),
        (weather, operant::choices("sunny", "rainy")),
        (counts, operant::Range{0, 9}),
        (table, operant::Sign::any, "by row and column"),
        (moves, operant::Range{-1, 1}),
        (pair, operant::Sign::any))
};

// The sum of all numbers, each with another factor, so that a number at a wrong place shows.
template <class P>
double weighed(const P& p) {
    double sum = 0, factor = 1;
    const auto add = [&](double number) { sum += number * (factor += 1); };
    for (const double number : {double(p.tiny), double(p.level), double(p.small), double(p.count), double(p.mask), double(p.far),
                                double(p.ratio), p.scale, p.share, double(p.weather == Weather::rainy)})
        add(number);
    for (const int number : p.counts) add(number);
    for (const auto& row : p.table)
        for (const double number : row) add(number);
    for (const auto& row : p.moves)
        for (const std::int32_t number : row) add(number);
    for (const float number : p.pair) add(number);
    return sum;
}

// In plain C++, with infos of every type.
struct Plain : operant::Environment {
    static constexpr std::string_view name = "Plain";
    static constexpr std::int32_t max_episode_steps = 6;
    using ActionSpace = operant::Discrete<2>;
    using Parameters = EveryParameter;

    struct State {
        std::int32_t place;

        OPERANT_MEMBERS(place)
    };
    struct Info {
        bool is_even;
        std::uint8_t byte;
        std::int16_t small;
        float real;
        std::array<std::uint8_t, 3> bytes;
        std::array<bool, 2> flags;
        std::array<std::array<std::int32_t, 3>, 2> grid;

        OPERANT_MEMBERS(is_even, byte, small, real, bytes, flags, grid)
    };
    struct Result {
        double reward;
        bool terminated;
        Info info;
    };

    static operant::Box<1> observation_space(const Parameters&) { return {{-100}, {100}}; }
    static State reset(const Parameters& p, operant::Pcg64& random) { return {static_cast<std::int32_t>(random.random() * p.count)}; }
    static std::array<float, 1> observation(const Parameters&, const State& s) { return {static_cast<float>(s.place)}; }
    static Result step(const Parameters& p, State& s, std::int64_t action) {
        s.place += p.moves[static_cast<std::size_t>(action)][1] + 1;
        return {weighed(p), s.place > p.count + 3, reset_info(p, s)};
    }
    static Info reset_info(const Parameters& p, const State& s) {
        const auto byte = static_cast<std::uint8_t>(250 + s.place);
        return {s.place % 2 == 0,
                byte,
                static_cast<std::int16_t>(-300 * s.place),
                0.5f * static_cast<float>(s.place),
                {byte, 1, p.level},
                {s.place > 2, true},
                {{{s.place, 1, 2}, {p.counts[0], p.counts[1], p.counts[2]}}}};
    }
};

// The same place in the batch tier, whose Dynamics hold integers, too.
struct Batches : operant::Environment {
    static constexpr std::string_view name = "Batches";
    static constexpr std::int32_t max_episode_steps = 6;
    using ActionSpace = operant::Discrete<2>;
    using Parameters = EveryParameter;

    template <class Number>
    struct State {
        operant::Integer<Number> place;

        OPERANT_MEMBERS(place)
    };
    static operant::Box<2> observation_space(const Parameters&) { return operant::Box<2>::unbounded(); }
    static State<double> reset(const Parameters& p, operant::Pcg64& random) {
        return {static_cast<std::int64_t>(random.random() * p.count)};
    }

    template <class Batch>
    class Dynamics {
        using Real = typename Batch::value_type;
        using Whole = operant::Integer<Batch>;
        using Lane = typename Whole::value_type;

    public:
        explicit Dynamics(const Parameters& p)
            : count_(static_cast<Lane>(p.count)), last_(static_cast<Real>(p.table[1][2])), level_(static_cast<Lane>(p.level)) {}
        operant::Outcome<Batch> step(State<Batch>& s, const operant::Input<Batches, Batch>& input) const {
            s.place += input.action + count_;
            return {last_, xsimd::batch_bool_cast<Real>(s.place > Whole(40))};
        }
        std::array<Batch, 2> observation(const State<Batch>& s) const {
            return {xsimd::batch_cast<Real>(s.place), xsimd::batch_cast<Real>(level_)};
        }

    private:
        Whole count_;
        Batch last_;
        Whole level_;
    };
};

}  // namespace kinds
