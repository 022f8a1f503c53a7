#pragma once
// Policies of a user, for test_policies.py and test_compiled_policy.cpp.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <operant/compiled_policy.hpp>

namespace mine {

struct Lean {
    static constexpr std::string_view policy_name = "Lean";
    static constexpr std::size_t observation_size = 4;
    using ActionSpace = operant::Discrete<2>;

    double gain = 0.5;

    template <class P, class V>
    static void visit_parameters(P& p, const V& visit) {
        visit("gain", p.gain, operant::Sign::positive, "of the speed");
    }

    template <class Batch>
    XSIMD_INLINE operant::Integer<Batch> action(const std::array<Batch, 4>& observation) const {
        using Action = operant::Integer<Batch>;
        const auto right = observation[2] + static_cast<float>(gain) * observation[3] > Batch(0.0f);
        return xsimd::select(xsimd::batch_bool_cast<std::int32_t>(right), Action(1), Action(0));
    }
};

struct Jitter {
    static constexpr std::string_view policy_name = "Jitter";
    static constexpr std::size_t observation_size = 3;
    using ActionSpace = operant::Box<1>;

    template <class Batch, class Random>
    XSIMD_INLINE Batch action(const std::array<Batch, 3>& observation, Random& random) const {
        return observation[0] + random.normal(0.0, 0.5);
    }
};

}  // namespace mine
