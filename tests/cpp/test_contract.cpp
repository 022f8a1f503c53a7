// Tests the checks of an environment, the states that it accepts, and Dynamics with arbitrary padding bytes.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xsimd/xsimd.hpp>

#include <operant/branching.hpp>
#include <operant/math/angle.hpp>
#include <operant/vector_env.hpp>

namespace test_contract {

using operant::VectorEnv;

constexpr std::size_t num_envs = 37;  // not a multiple of any batch size

template <class Function>
std::string message_of(const Function& function) {
    try {
        function();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

/// A wheel that an action turns. Each new Dynamics has other padding bytes.
struct Wheel : operant::Environment {
    static constexpr std::string_view name = "Wheel";
    static constexpr std::int32_t max_episode_steps = 100;
    using ActionSpace = operant::Box<1>;

    template <class Number>
    struct State {
        operant::Angle<Number> angle;
        Number speed;
        operant::Integer<Number> turns;
        OPERANT_MEMBERS(angle, speed, turns)
    };
    struct Parameters {
        double factor = 1;
        bool backwards = false;
        double fastest = 100;
        OPERANT_PARAMETERS((factor, operant::Sign::any), (backwards), (fastest, operant::Sign::any))
    };

    static operant::Box<1> action_space(const Parameters&) { return operant::Box<1>::unbounded(); }
    static operant::Box<2> observation_space(const Parameters&) { return operant::Box<2>::unbounded(); }
    static State<double> reset(const Parameters&, operant::Pcg64&) { return {0.0, 0.0, 0}; }

    static void check_state(const Parameters& p, const State<double>& s) {
        if (s.speed > p.fastest) throw std::invalid_argument("speed: too fast");
        if (s.angle.radians > 3) throw std::invalid_argument("angle: expected at most 3, got " + operant::shortest(s.angle.radians));
        operant::check_integer("turns", s.turns, 0, 5);
    }

    template <class Batch>
    class Dynamics {
        using Scalar = typename Batch::value_type;

    public:
        explicit Dynamics(const Parameters& p) {
            static int made = 0;
            std::memset(static_cast<void*>(this), ++made, sizeof(*this));
            factor_ = Batch(static_cast<Scalar>(p.factor));
            backwards_ = p.backwards;
            is_large_ = p.factor > 1000;  // which the contract does not allow
            offsets_ = {Batch(1), Batch(static_cast<Scalar>(p.factor + 1)), Batch(2)};
        }

        template <class Input>
        operant::Outcome<Batch> step(State<Batch>& state, const Input& input) const {
            const Batch speed = factor_ * input.action + offsets_[1];
            state.speed = backwards_ ? -speed : speed;
            return {state.speed, Batch(0) > Batch(1)};
        }
        static std::array<Batch, 2> observation(const State<Batch>& state) { return {state.speed, state.speed}; }

    private:
        Batch factor_;
        bool backwards_, is_large_;
        std::array<Batch, 3> offsets_;
    };
};

/// Counts up in each variable, of every type that a state of the scalar tier may have. There are padding bytes between them.
struct Registers : operant::Environment {
    static constexpr std::string_view name = "Registers";
    static constexpr std::int32_t max_episode_steps = 100;
    using ActionSpace = operant::Discrete<2>;
    static constexpr std::int64_t large = (std::int64_t{1} << 53) + 1;  // no double is equal to it

    enum class Mode : std::uint8_t { stopped, running };
    enum Side { left = -1, right = 1 };
    struct Wheel {
        std::int8_t turns;
        double angle;
        OPERANT_MEMBERS(turns, angle)
    };
    struct State {
        std::uint8_t byte;
        std::int64_t signed_wide;
        bool flag;
        std::uint64_t unsigned_wide;
        std::int16_t short_signed;
        float real;
        std::uint16_t short_unsigned;
        long long other_wide;
        Mode mode;
        std::array<std::array<std::uint16_t, 3>, 2> grid;
        Wheel body;
        std::array<Wheel, 2> wheels;
        std::int32_t word;
        Side side;
        std::array<bool, 2> doors;
        OPERANT_MEMBERS(byte, signed_wide, flag, unsigned_wide, short_signed, real, short_unsigned, other_wide, mode, grid, body, wheels,
                        word, side, doors)
    };

    static operant::Box<1> observation_space(const Parameters&) { return operant::Box<1>::unbounded(); }

    /// Fills the bytes between the members differently every time.
    static XSIMD_INLINE State reset(const Parameters&, operant::Pcg64& random) {
        State s;
        std::memset(static_cast<void*>(&s), static_cast<int>(random.random() * 256), sizeof(s));
        const auto n = static_cast<std::int8_t>(random.random() * 100);
        s.byte = static_cast<std::uint8_t>(200 + n % 50);
        s.signed_wide = -large - n;
        s.flag = n % 2 == 0;
        s.unsigned_wide = ~std::uint64_t{0} - static_cast<std::uint64_t>(n);
        s.short_signed = -30000;
        s.real = 0.5F;
        s.short_unsigned = 65000;
        s.other_wide = large;
        s.mode = Mode::stopped;
        for (auto& row : s.grid) row = {1, static_cast<std::uint16_t>(n), 3};
        s.body = {n, 0.25};
        s.wheels = {Wheel{1, -1.0}, Wheel{2, -2.0}};
        s.word = -n;
        s.side = left;
        s.doors = {true, false};
        return s;
    }
    static XSIMD_INLINE operant::Outcome<double> step(const Parameters&, State& s, std::int64_t action) {
        s.signed_wide -= action;
        s.unsigned_wide -= static_cast<std::uint64_t>(action);
        s.mode = action ? Mode::running : Mode::stopped;
        s.side = action ? right : left;
        s.grid[1][2] = static_cast<std::uint16_t>(s.grid[1][2] + action);
        s.wheels[1].angle += 1;
        return {static_cast<double>(s.unsigned_wide & 0xFF) + static_cast<double>(s.signed_wide & 0xFF), false};
    }
    static XSIMD_INLINE std::array<float, 1> observation(const Parameters&, const State& s) { return {s.real}; }

    static void check_state(const Parameters&, const State& s) {
        operant::check_integer("side", s.side, left, right);
        if (s.mode > Mode::running) throw std::invalid_argument("mode: expected 0 or 1");
        if (s.wheels[0].turns > 99) throw std::invalid_argument("wheels[0].turns: expected at most 99");
    }
};

/// Registers whose list omits a member of a nested struct.
struct ForgetfulRegisters : operant::Environment {
    static constexpr std::string_view name = "ForgetfulRegisters";
    static constexpr std::int32_t max_episode_steps = 100;
    using ActionSpace = operant::Discrete<2>;
    struct Wheel {
        std::int8_t turns;
        double angle;
        OPERANT_MEMBERS(angle)
    };
    struct State {
        std::array<std::array<Wheel, 2>, 3> wheels;
        OPERANT_MEMBERS(wheels)
    };
    static operant::Box<1> observation_space(const Parameters&) { return operant::Box<1>::unbounded(); }
    static XSIMD_INLINE State reset(const Parameters&, operant::Pcg64&) { return {}; }
    static XSIMD_INLINE operant::Outcome<double> step(const Parameters&, State&, std::int64_t) { return {0, false}; }
    static XSIMD_INLINE std::array<float, 1> observation(const Parameters&, const State&) { return {0}; }
};

std::vector<std::int32_t> some_actions(int step) {
    std::vector<std::int32_t> actions(num_envs);
    for (std::size_t env = 0; env < num_envs; ++env) actions[env] = (static_cast<int>(env) + step) % 3 == 0;
    return actions;
}

std::vector<Wheel::Parameters> wheels() {
    std::vector<Wheel::Parameters> parameters(num_envs);
    for (std::size_t env = 0; env < num_envs; ++env) parameters[env].factor = static_cast<double>(env);
    return parameters;
}

TEST_CASE_TEMPLATE("padding bytes of Dynamics do not matter", Scalar, float, double) {
    for (const bool backwards : {false, true}) {
        VectorEnv<Wheel, Scalar> env(num_envs);
        auto parameters = wheels();
        for (auto& one : parameters) one.backwards = backwards;
        REQUIRE(message_of([&] { env.set_parameters(parameters); }) == "");
        env.reset(0);
        const auto rewards = env.step(std::vector<float>(num_envs, 3)).rewards;
        for (std::size_t env = 0; env < num_envs; ++env) {
            const float speed = 3 * static_cast<float>(env) + static_cast<float>(env) + 1;
            CHECK(rewards[env] == (backwards ? -speed : speed));
        }
    }
}

TEST_CASE("bools of Dynamics that differ between envs are refused") {
    for (std::size_t odd = 0; odd < num_envs; ++odd) {
        VectorEnv<Wheel> env(num_envs);
        auto parameters = wheels();
        parameters[odd].backwards = true;
        CHECK(message_of([&] { env.set_parameters(parameters); }) ==
              "parameters: expected the same flags and choices for all envs of Wheel; numbers may differ");
        parameters = wheels();
        parameters[odd].factor = 2000;
        CHECK(message_of([&] { env.set_parameters(parameters); }).find("should follow from flags and choices only") !=
              std::string::npos);
    }
}

TEST_CASE_TEMPLATE("check_state gets the states that are set, with angles in radians", Scalar, float, double) {
    VectorEnv<Wheel, Scalar> env(2);
    env.reset(0);
    std::vector<double> before(6), after(6);
    env.get_state(before);
    CHECK(message_of([&] { env.set_state(std::vector<double>{1, 2, 3, 3.125, 2, 3}); }) ==
          "state[1]: angle: expected at most 3, got 3.125");
    CHECK(message_of([&] { env.set_state(std::vector<double>{1, 2, 6, 1, 2, 3}); }) ==
          "state[0]: turns: expected an integer from 0 to 5, got 6");
    CHECK(message_of([&] { env.set_state(std::vector<double>{1, 2, 0.5, 1, 2, 3}); }) ==
          "state[0, 2]: expected an integer that the state can hold for turns, got 0.5");
    const std::array mask{false, true};
    CHECK(message_of([&] { env.set_state(std::vector<double>{9, 9, 9, 9, 9, 9}, mask); }) ==
          "state[1]: angle: expected at most 3, got 9");
    CHECK(message_of([&] { env.set_state(before, std::span(mask).first(1)); }) == "mask: expected 2 elements, one per env, got 1");
    env.get_state(after);
    CHECK(after == before);
    env.set_state(std::vector<double>{9, 9, 9, 0, 2, 3}, mask);
    env.get_state(after);
    CHECK(after == std::vector<double>{before[0], before[1], before[2], 0, 2, 3});

    Wheel::Parameters slow;
    slow.fastest = 1;
    CHECK(message_of([&] { env.set_parameters(slow); }) == "state[1]: speed: too fast");
    CHECK(env.parameters().fastest == 100);
    const auto saved = env.save();
    VectorEnv<Wheel, Scalar> other(2, {.parameters = slow});
    CHECK(message_of([&] { other.load(saved); }) == "saved state[1]: speed: too fast");
    env.reset();
    CHECK(message_of([&] { env.set_parameters(slow); }) == "");
    CHECK(message_of([&] { other.load(env.save()); }) == "");

    env.set_parameters(std::vector<Wheel::Parameters>{{}, slow});
    env.set_state(std::vector<double>{0, 2, 0, 0, 0, 0});
    const std::array<std::int64_t, 1> first{0}, second{1};
    CHECK(message_of([&] { operant::Branching::copy_state(env.core(), first, second, false); }) == "target[1]: speed: too fast");
    operant::Branching::copy_state(env.core(), second, first, false);
}

TEST_CASE("the numbers in arrays and structs of a state have names") {
    const auto& registers = operant::description_of<Registers>();
    std::vector<std::string> names(registers.state_names, registers.state_names + registers.state_size);
    CHECK(names == std::vector<std::string>{
                       "byte",       "signed_wide", "flag",       "unsigned_wide", "short_signed", "real",
                       "short_unsigned", "other_wide",  "mode",       "grid[0][0]",    "grid[0][1]",   "grid[0][2]",
                       "grid[1][0]", "grid[1][1]",  "grid[1][2]", "body.turns",    "body.angle",   "wheels[0].turns",
                       "wheels[0].angle", "wheels[1].turns", "wheels[1].angle", "word", "side", "doors[0]", "doors[1]"});
    CHECK(message_of([] { VectorEnv<ForgetfulRegisters>{3}; }) ==
          "ForgetfulRegisters: an environment's `visit_state` visits 6 of the 12 numbers in its State: the others would be lost");
}

TEST_CASE("state shows every number, and set_state takes what its variable can hold") {
    VectorEnv<Registers> env(3);
    env.reset(0);
    const std::size_t size = operant::description_of<Registers>().state_size;
    std::vector<double> state(3 * size), after(3 * size);
    const std::vector<double> row{255, -5, 1, 7, -32768, 0.5, 65535, -9, 1, 1, 2, 3, 4, 5, 65535, -128, 0.1, 99, 1, 127, 2, -7, 1, 0, 1};
    REQUIRE(row.size() == size);
    env.get_state(state);
    std::ranges::copy(row, state.begin() + static_cast<std::ptrdiff_t>(size));
    env.set_state(state, std::array{false, true, false});
    env.get_state(after);
    CHECK(after == state);

    const auto error = [&](std::size_t i, double number) {
        auto changed = state;
        changed[size + i] = number;
        const std::string message = message_of([&] { env.set_state(changed, std::array{false, true, false}); });
        env.get_state(after);
        CHECK(after == state);
        return message;
    };
    const std::pair<std::size_t, double> numbers_beyond_their_types[] = {
        {0, -1}, {1, 0x1p53 + 2}, {1, -0x1p53 - 2}, {3, -1}, {3, 0x1p53 + 2}, {4, 32768}, {4, -32769},
        {6, 65536}, {6, -1}, {7, 0.5}, {8, 256}, {14, 65536}, {15, 128}};
    for (const auto& [i, number] : numbers_beyond_their_types)
        CHECK(error(i, number).find(" that the state can hold for ") != std::string::npos);
    CHECK(error(0, 256) == "state[1, 0]: expected an integer that the state can hold for byte, got 256");
    CHECK(error(2, 2) == "state[1, 2]: expected 0 or 1 for flag, got 2");
    CHECK(error(8, 2) == "state[1]: mode: expected 0 or 1");
    CHECK(error(17, 100) == "state[1]: wheels[0].turns: expected at most 99");
    CHECK(error(22, 3) == "state[1]: side: expected an integer from -1 to 1, got 3");
    CHECK(error(24, 2) == "state[1, 24]: expected 0 or 1 for doors[1], got 2");
}

TEST_CASE("64-bit integers beyond 2^53 keep their bits, except in `state`") {
    VectorEnv<Registers> env(num_envs), loaded(num_envs);
    env.reset(7);
    for (int i = 0; i < 4; ++i) env.step(some_actions(i));
    const auto snapshot = operant::Branching::take(env.core());
    // set_state of one env does not round the others.
    std::vector<double> state(num_envs * operant::description_of<Registers>().state_size);
    env.get_state(state);
    for (const std::size_t wide : {1, 3, 7}) state[wide] = 0;
    std::array<bool, num_envs> mask{true};
    env.set_state(state, mask);
    loaded.load(env.save());
    env.core().clear_logs();
    const auto continued = [&](auto& one) {
        std::vector<float> rewards;
        for (int i = 4; i < 9; ++i) {
            const auto now = one.step(some_actions(i)).rewards;
            rewards.insert(rewards.end(), now.begin(), now.end());
        }
        return rewards;
    };
    const auto rewards = continued(env);
    CHECK(continued(loaded) == rewards);
    const std::array<std::int64_t, 1> first{1}, second{2};
    operant::Branching::copy_state(env.core(), first, second, true);
    const auto next = env.step(std::vector<std::int32_t>(num_envs, 1)).rewards;
    CHECK(next[1] == next[2]);

    operant::Branching::restore(env.core(), snapshot);
    const auto expected = continued(env);
    for (std::size_t k = 0; k < rewards.size(); ++k)
        if (k % num_envs != 0) CHECK(rewards[k] == expected[k]);
    // The low bytes of both counters, computed here.
    VectorEnv<Registers> fresh(1);
    fresh.reset(0);
    const auto start = [] {
        operant::Pcg64 random(operant::SeedSequence(std::array<std::uint32_t, 1>{0}));
        return Registers::reset({}, random);
    }();
    for (std::uint64_t count = 1; count < 6; ++count) {
        const auto low = ((start.unsigned_wide - count) & 0xFF) + ((static_cast<std::uint64_t>(start.signed_wide) - count) & 0xFF);
        CHECK(fresh.step(std::vector<std::int32_t>{1}).rewards[0] == static_cast<float>(low));
    }
}

TEST_CASE("a saved state has a column for each variable, and no padding bytes") {
    VectorEnv<Registers> env(3), same(3);
    env.reset(5);
    // Records with other padding bytes: the same state again after a state of another episode.
    same.reset(99);
    same.reset(5);
    env.step(std::vector<std::int32_t>{0, 1, 1});
    same.step(std::vector<std::int32_t>{0, 1, 1});
    const auto saved = env.save();
    CHECK(same.save() == saved);
    std::vector<double> state(3 * operant::description_of<Registers>().state_size);
    env.get_state(state);

    // The columns before the generators and the returns are those of the version that kept columns in memory.
    const std::size_t after = 3 * (sizeof(operant::Pcg64) + sizeof(double));
    const std::size_t widths[] = {1, 8, 1, 8, 2, 4, 2, 8, 1, 2, 2, 2, 2, 2, 2, 1, 8, 1, 8, 1, 8, 4, 4, 1, 1};
    std::size_t bytes = 0;
    for (const std::size_t width : widths) bytes += width;
    const std::byte* column = saved.data() + saved.size() - after - 3 * bytes;
    const std::size_t size = std::size(widths);
    for (std::size_t i = 0; i < size; ++i)
        for (std::size_t env_index = 0; env_index < 3; ++env_index, column += widths[i]) {
            const auto holds = [&](auto number) {
                std::memcpy(&number, column, sizeof(number));
                return static_cast<double>(number) == state[env_index * size + i];
            };
            if (i == 0) CHECK(holds(std::uint8_t{}));
            if (i == 14) CHECK(holds(std::uint16_t{}));
            if (i == 15) CHECK(holds(std::int8_t{}));
            if (i == 20) CHECK(holds(double{}));
        }
}

}  // namespace test_contract
