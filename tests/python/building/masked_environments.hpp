#pragma once
// Environments with action masks of every form, and a policy that follows them, for test_action_masks.py.

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>

#include <operant/compiled_policy.hpp>
#include <operant/environment.hpp>

namespace masked {

// A heap of sticks, from which an action takes one, two or three. Who takes the last one wins. Without infos of its own.
struct Nim : operant::Environment {
    static constexpr std::string_view name = "Nim";
    static constexpr std::int32_t max_episode_steps = 9;
    using ActionSpace = operant::Discrete<3>;
    using Random = operant::BufferedPcg64;

    struct State {
        std::int32_t sticks;

        OPERANT_MEMBERS(sticks)
    };

    static operant::Box<2> observation_space(const Parameters&) { return {{0, 0}, {20, 2}}; }
    static State reset(const Parameters&, operant::BufferedPcg64& random) {
        return {static_cast<std::int32_t>(random.integers(5, 21))};
    }
    static std::array<float, 2> observation(const Parameters&, const State& s) {
        return {static_cast<float>(s.sticks), static_cast<float>(s.sticks % 3)};
    }
    static operant::Outcome<double> step(const Parameters&, State& s, std::int64_t action) {
        if (action >= s.sticks) return {-10, true};
        s.sticks -= static_cast<std::int32_t>(action) + 1;
        return {s.sticks == 0 ? 1.0 : 0.0, s.sticks == 0};
    }
    static std::array<bool, 3> action_mask(const Parameters&, const State& s) {
        return {s.sticks >= 1, s.sticks >= 2, s.sticks >= 3};
    }
};

struct NimOfNumbers : Nim {
    static constexpr std::string_view name = "NimOfNumbers";
    static std::array<std::int8_t, 3> action_mask(const Parameters&, const State& s) {
        return {s.sticks >= 1, s.sticks >= 2, s.sticks >= 3};
    }
};

struct NimOfBits : Nim {
    static constexpr std::string_view name = "NimOfBits";
    static std::uint8_t action_mask(const Parameters&, const State& s) { return s.sticks >= 3 ? 7 : s.sticks == 2 ? 3 : s.sticks; }
};

struct NimOfBitset : Nim {
    static constexpr std::string_view name = "NimOfBitset";
    static std::bitset<3> action_mask(const Parameters&, const State& s) { return s.sticks >= 3 ? 7 : s.sticks == 2 ? 3 : s.sticks; }
};

// A wagon on rails of some length, in the batch tier. The first number of an action is the direction, the second one selects
// the long hop, which is allowed far from the ends only.
template <class E>
struct AnyRails : operant::Environment {
    static constexpr std::int32_t max_episode_steps = 25;
    using ActionSpace = operant::MultiDiscrete<3, 2>;

    template <class Number>
    struct State {
        Number place;

        OPERANT_MEMBERS(place)
    };
    struct Parameters {
        double length = 2;

        OPERANT_PARAMETERS((length, operant::Sign::positive, "of the rails to each side"))
    };

    static operant::Box<2> observation_space(const Parameters&) { return operant::Box<2>::unbounded(); }
    static State<double> reset(const Parameters&, operant::Pcg64& random) { return {random.uniform(-1, 1)}; }

    template <class Batch>
    struct Info {
        std::array<Batch, 2> left_and_right;
        std::array<std::array<typename Batch::batch_bool_type, 2>, 2> beyond;

        OPERANT_MEMBERS(left_and_right, beyond)
    };
    template <class Batch>
    struct Result {
        Batch reward;
        typename Batch::batch_bool_type terminated;
        Info<Batch> info;
    };

    template <class Batch>
    class Dynamics {
        using Mask = typename Batch::batch_bool_type;

    public:
        explicit Dynamics(const Parameters& p) : length_(static_cast<typename Batch::value_type>(p.length)) {}

        Result<Batch> step(State<Batch>& s, const operant::Input<E, Batch>& input) const {
            const Batch direction = xsimd::batch_cast<typename Batch::value_type>(input.action[0]) - Batch(1);
            const Batch hop = xsimd::batch_cast<typename Batch::value_type>(input.action[1]) * Batch(0.25f) + Batch(0.25f);
            s.place += direction * hop;
            return {s.place, xsimd::abs(s.place) > length_, reset_info(s)};
        }
        std::array<Batch, 2> observation(const State<Batch>& s) const { return {s.place, length_}; }
        Info<Batch> reset_info(const State<Batch>& s) const {
            const Batch zero(0);
            return {{s.place + length_, length_ - s.place}, {{{s.place < zero, s.place > zero}, {s.place < -length_, s.place > length_}}}};
        }
        auto action_mask(const State<Batch>& s) const {
            const Batch margin(0.5f);
            const std::array<Mask, 5> mask{s.place > margin - length_, Mask(true), s.place < length_ - margin, Mask(true),
                                           xsimd::abs(s.place) < length_ * Batch(0.5f)};
            return E::in_its_form(mask);
        }

    private:
        Batch length_;
    };
};

struct Rails : AnyRails<Rails> {
    static constexpr std::string_view name = "Rails";
    template <class Mask>
    static std::array<Mask, 5> in_its_form(const std::array<Mask, 5>& mask) { return mask; }
};

struct RailsOfBits : AnyRails<RailsOfBits> {
    static constexpr std::string_view name = "RailsOfBits";
    template <class Scalar, class Arch>
    static auto in_its_form(const std::array<xsimd::batch_bool<Scalar, Arch>, 5>& mask) {
        using Bits = operant::Integer<xsimd::batch<Scalar, Arch>>;
        using Lane = typename Bits::value_type;
        Bits bits(0);
        for (int i = 0; i < 5; ++i) bits |= xsimd::select(xsimd::batch_bool_cast<Lane>(mask[i]), Bits(Lane{1} << i), Bits(0));
        return bits;
    }
};

// The last value that is allowed, of each number.
struct LastAllowed {
    static constexpr std::string_view policy_name = "LastAllowed";
    static constexpr std::size_t observation_size = 2;
    using ActionSpace = operant::MultiDiscrete<3, 2>;

    template <class Batch>
    std::array<operant::Integer<Batch>, 2> action(const std::array<Batch, 2>&,
                                                  const std::array<typename Batch::batch_bool_type, 5>& mask) const {
        return {last<Batch>(mask[0], mask[1], mask[2]), last<Batch>(mask[3], mask[4], typename Batch::batch_bool_type(false))};
    }

private:
    template <class Batch, class Mask>
    static operant::Integer<Batch> last(const Mask&, const Mask& second, const Mask& third) {
        using Numbers = operant::Integer<Batch>;
        const auto as_integers = [](const Mask& mask) { return xsimd::batch_bool_cast<typename Numbers::value_type>(mask); };
        return xsimd::select(as_integers(third), Numbers(2), xsimd::select(as_integers(second), Numbers(1), Numbers(0)));
    }
};

// One of the allowed directions, at random; never the long hop.
struct AnyDirection {
    static constexpr std::string_view policy_name = "AnyDirection";
    static constexpr std::size_t observation_size = 2;
    using ActionSpace = operant::MultiDiscrete<3, 2>;

    template <class Batch, class Random>
    std::array<operant::Integer<Batch>, 2> action(const std::array<Batch, 2>&,
                                                  const std::array<typename Batch::batch_bool_type, 5>& mask, Random& random) const {
        using Numbers = operant::Integer<Batch>;
        const auto as_integers = [](const auto& one) { return xsimd::batch_bool_cast<typename Numbers::value_type>(one); };
        const auto to_left = (random.random() < Batch(0.5f)) & mask[0];
        return {xsimd::select(as_integers(to_left), Numbers(0), xsimd::select(as_integers(mask[2]), Numbers(2), Numbers(1))),
                Numbers(0)};
    }
};

}  // namespace masked
