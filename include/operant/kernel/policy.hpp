#pragma once
/// \file
/// Compiled policies, which are written on batches: one SIMD lane chooses for one copy.
///
/// Everything here carries the architecture in its type, or is always inlined, as in batch_tier.hpp.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/environment_library.hpp>
#include <operant/numerics/random.hpp>
#include <operant/numerics/row_major.hpp>

namespace operant {

namespace detail {

template <class P>
concept HasPolicyName = requires { { P::policy_name } -> std::convertible_to<std::string_view>; };
template <class P>
concept HasObservationSize = requires { { P::observation_size } -> std::convertible_to<std::size_t>; };
template <class P>
concept HasPolicyActionSpace = requires {
    P::ActionSpace::size;
    typename P::ActionSpace::Narrow;
};

template <class P, class Batch>
using ObservationFor = std::array<Batch, P::observation_size>;
template <class P, class Batch>
concept ActsAlone = requires(const P& policy, const ObservationFor<P, Batch>& observation) { policy.action(observation); };
template <class P, class Batch>
concept ActsAtRandom = requires(const P& policy, const ObservationFor<P, Batch>& observation,
                                BatchRandom<Batch, Pcg64>& random) { policy.action(observation, random); };

/// Whether a policy needs random numbers.
template <class P, class Arch>
concept PolicyDraws = !ActsAlone<P, xsimd::batch<float, Arch>> && ActsAtRandom<P, xsimd::batch<float, Arch>>;

}  // namespace detail

/// Compiles only if P has everything that compiled_policy.hpp lists. Otherwise the first error says what is missing.
template <class P>
struct CheckPolicy {
    static_assert(detail::HasPolicyName<P>, "a policy needs `static constexpr std::string_view policy_name`");
    static_assert(detail::HasObservationSize<P>, "a policy needs `static constexpr std::size_t observation_size`");
    static_assert(detail::HasPolicyActionSpace<P>,
                  "a policy needs `using ActionSpace`, a Discrete<n>, a MultiDiscrete<n...> or a Box<n>");
    static_assert(detail::ActsAlone<P, xsimd::batch<float>> || detail::ActsAtRandom<P, xsimd::batch<float>>,
                  "a policy needs `template <class Batch> ... action(const std::array<Batch, observation_size>&) const`, with a "
                  "second argument `random` if it draws");
    static_assert(std::is_trivially_copyable_v<P> && alignof(P) <= 8,
                  "a policy's members must be numbers, bools, enums and arrays of numbers");
    static constexpr bool passed = true;
};

/// The function of a policy for one instruction set.
template <class P, class Arch>
class PolicyKernels {
    using Batch = xsimd::batch<float, Arch>;
    using Space = typename P::ActionSpace;
    using Number = std::conditional_t<is_discrete<Space>, Integer<Batch>, Batch>;
    using Action = typename Space::Narrow;

public:
    /// As PolicyFunction::act. The first argument is a PolicyData.
    static void act(const void* data, const void* observations, void* actions, std::size_t begin, std::size_t end) {
        constexpr std::size_t size = P::observation_size;
        const auto [memory, random] = *static_cast<const PolicyData*>(data);
        const P policy = *static_cast<const P*>(memory);
        const auto* rows = static_cast<const float*>(observations);
        auto* chosen = static_cast<Action*>(actions);
        for (std::size_t copy = begin; copy < end; copy += Batch::size) {
            const std::size_t available = end - copy < Batch::size ? end - copy : Batch::size;
            float padded[size * Batch::size];
            const float* from = rows + (copy - begin) * size;
            if (available < Batch::size) {
                for (std::size_t i = 0; i < size * Batch::size; ++i) padded[i] = i < available * size ? from[i] : 0.0f;
                from = padded;
            }
            const auto action = call(policy, load_rows<Batch, size>(from), random ? random + copy : nullptr, available);
            store(action, chosen + (copy - begin) * Space::size, available);
        }
    }

private:
    static XSIMD_INLINE auto call(const P& policy, const std::array<Batch, P::observation_size>& observation, Pcg64* random,
                                  std::size_t available) {
        if constexpr (detail::PolicyDraws<P, Arch>) {
            BatchRandom<Batch, Pcg64> source(random, (std::uint64_t{1} << available) - 1);
            return policy.action(observation, source);
        } else {
            return policy.action(observation);
        }
    }

    template <class Result>
    static XSIMD_INLINE void store(const Result& action, Action* to, std::size_t available) {
        if constexpr (Space::size == 1 && std::is_convertible_v<Result, Number>) {
            store_number(valid(action, 0), to, available);
        } else {
            for (std::size_t k = 0; k < Space::size; ++k) store_number(valid(action[k], k), to + k, available);
        }
    }

    static XSIMD_INLINE Number valid(const Number& number, [[maybe_unused]] std::size_t k) {
        if constexpr (is_discrete<Space>)
            return xsimd::min(xsimd::max(number, Number(0)), Number(static_cast<std::int32_t>(Space::limit(k) - 1)));
        else
            return number;
    }

    static XSIMD_INLINE void store_number(const Number& number, Action* to, std::size_t available) {
        if (Space::size == 1 && available == Batch::size) return number.store_unaligned(to);
        alignas(64) Action lanes[Batch::size];
        number.store_aligned(lanes);
        for (std::size_t i = 0; i < available; ++i) to[i * Space::size] = lanes[i];
    }
};

}  // namespace operant
