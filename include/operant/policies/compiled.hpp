#pragma once
/// \file
/// Compiled policies, which are written on batches: one SIMD lane chooses for one env.
///
/// Everything here carries the architecture in its type, or is always inlined, as in kernel/batch_tier.hpp.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/abi/library.hpp>
#include <operant/contract/branch_check.hpp>
#include <operant/environment.hpp>
#include <operant/math/row_major.hpp>
#include <operant/random/random.hpp>

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
/// The lanes that may take each action.
template <class P, class Batch>
using MaskFor = std::array<typename Batch::batch_bool_type, choice_count<typename P::ActionSpace>()>;
/// True if `action` takes the observation and these arguments.
template <class P, class Batch, class... Argument>
concept ActsWith = requires(const P& policy, const ObservationFor<P, Batch>& observation, Argument&... argument) {
    policy.action(observation, argument...);
};
template <class P, class Batch>
concept ActsAlone = ActsWith<P, Batch>;
template <class P, class Batch>
concept ActsAtRandom = ActsWith<P, Batch, BatchRandom<Batch, Pcg64>>;
// A second argument whose type is a template parameter accepts both: it is `random`.
template <class P, class Batch>
concept ActsByMask =
    is_discrete<typename P::ActionSpace> && !ActsAtRandom<P, Batch> && ActsWith<P, Batch, const MaskFor<P, Batch>>;
template <class P, class Batch>
concept ActsByMaskAtRandom =
    is_discrete<typename P::ActionSpace> && ActsWith<P, Batch, const MaskFor<P, Batch>, BatchRandom<Batch, Pcg64>>;

/// A policy that takes the action mask.
template <class P, class Batch>
concept TakesMask = ActsByMask<P, Batch> || ActsByMaskAtRandom<P, Batch>;

/// A policy that needs random numbers.
template <class P, class Arch>
concept PolicyDraws = !ActsByMask<P, xsimd::batch<float, Arch>> &&
                      (ActsByMaskAtRandom<P, xsimd::batch<float, Arch>> ||
                       (!ActsAlone<P, xsimd::batch<float, Arch>> && ActsAtRandom<P, xsimd::batch<float, Arch>>));

/// Calls the policy with the arguments that it takes.
template <class P, class Batch>
XSIMD_INLINE auto call_policy(const P& policy, const ObservationFor<P, Batch>& observation,
                              [[maybe_unused]] const MaskFor<P, Batch>& mask, [[maybe_unused]] BatchRandom<Batch, Pcg64>& random) {
    if constexpr (ActsByMask<P, Batch>)
        return policy.action(observation, mask);
    else if constexpr (ActsByMaskAtRandom<P, Batch>)
        return policy.action(observation, mask, random);
    else if constexpr (ActsAlone<P, Batch>)
        return policy.action(observation);
    else if constexpr (ActsAtRandom<P, Batch>)
        return policy.action(observation, random);
}

/// Makes the compiler check the body of a policy's `action`, as BranchesOf does for an environment.
template <class P>
struct CheckedAction {
    using Batch = CheckedBatch<float>;
    using Number = std::conditional_t<is_discrete<typename P::ActionSpace>, Integer<Batch>, Batch>;

    using Action = std::remove_cvref_t<decltype(
        call_policy(std::declval<const P&>(), std::declval<const ObservationFor<P, Batch>&>(),
                    std::declval<const MaskFor<P, Batch>&>(), std::declval<BatchRandom<Batch, Pcg64>&>()))>;

    /// Returns true if the action has as many numbers as the action space.
    static constexpr bool fits() {
        if constexpr (is_array<Action>)
            return std::tuple_size_v<Action> == P::ActionSpace::size &&
                   std::is_convertible_v<typename Action::value_type, Number>;
        else
            return P::ActionSpace::size == 1 && std::is_convertible_v<Action, Number>;
    }
};

}  // namespace detail

/// Compiles only if P has all members that compiled_policy.hpp lists. Otherwise the first error names the missing member.
template <class P>
struct CheckPolicy {
    static_assert(detail::HasPolicyName<P>, "a policy needs `static constexpr std::string_view policy_name`");
    static_assert(detail::HasObservationSize<P>, "a policy needs `static constexpr std::size_t observation_size`");
    static_assert(detail::HasPolicyActionSpace<P>,
                  "a policy needs `using ActionSpace`, a Discrete<n>, a MultiDiscrete<n...> or a Box<n>");
    static_assert(detail::ActsAlone<P, detail::CheckedBatch<float>> || detail::ActsAtRandom<P, detail::CheckedBatch<float>> ||
                      detail::TakesMask<P, detail::CheckedBatch<float>>,
                  "a policy needs `template <class Batch> ... action(const std::array<Batch, observation_size>&) const`, with a "
                  "second argument `mask` if it follows action masks, and a last argument `random` if it draws");
    static_assert(detail::CheckedAction<P>::fits(),
                  "a policy's `action` needs to return as many numbers as the ActionSpace has: an Integer<Batch>, or a Batch for a "
                  "Box, or a std::array of them");
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
    /// Chooses actions, as PolicyFunction::act. The first argument is a PolicyData.
    static void act(const void* data, const void* observations, void* actions, std::size_t begin, std::size_t end,
                    const void* masks) {
        constexpr std::size_t size = P::observation_size;
        const auto [memory, random] = *static_cast<const PolicyData*>(data);
        const P policy = *static_cast<const P*>(memory);
        const auto* rows = static_cast<const float*>(observations);
        auto* chosen = static_cast<Action*>(actions);
        for (std::size_t env = begin; env < end; env += Batch::size) {
            const std::size_t available = end - env < Batch::size ? end - env : Batch::size;
            float padded[size * Batch::size];
            const float* from = rows + (env - begin) * size;
            if (available < Batch::size) {
                for (std::size_t i = 0; i < size * Batch::size; ++i) padded[i] = i < available * size ? from[i] : 0.0f;
                from = padded;
            }
            const auto* mask = static_cast<const std::int8_t*>(masks);
            if (mask) mask += (env - begin) * choice_count<Space>();
            BatchRandom<Batch, Pcg64> source(random ? random + env : nullptr, (std::uint64_t{1} << available) - 1);
            const auto action = detail::call_policy<P, Batch>(policy, load_rows<Batch, size>(from), load_mask(mask, available), source);
            store(action, chosen + (env - begin) * Space::size, available);
        }
    }

private:
    /// Loads the action masks of a batch.
    /// \param rows one row per env; null if all actions are allowed
    static XSIMD_INLINE detail::MaskFor<P, Batch> load_mask([[maybe_unused]] const std::int8_t* rows,
                                                            [[maybe_unused]] std::size_t available) {
        detail::MaskFor<P, Batch> mask{};
        if constexpr (detail::TakesMask<P, Batch>)
            for (std::size_t i = 0; i < mask.size(); ++i) {
                std::uint64_t bits = rows ? 0 : (std::uint64_t{1} << Batch::size) - 1;
                for (std::size_t lane = 0; rows && lane < available; ++lane)
                    bits |= std::uint64_t{rows[lane * mask.size() + i] != 0} << lane;
                mask[i] = Batch::batch_bool_type::from_mask(bits);
            }
        return mask;
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
