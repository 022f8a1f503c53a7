#pragma once
/// \file
/// The dynamics of batches of copies whose parameters differ.

#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>

#include <operant/kernel/batch_types.hpp>

namespace operant {

/// Makes the dynamics of environment E for one architecture.
template <class E, class Scalar, class Arch>
class BatchDynamics {
    using Types = BatchTypes<E, Scalar, Arch>;
    using Batch = typename Types::Batch;
    using Dynamics = typename Types::Dynamics;
    using Parameters = ParametersOf<E>;

public:
    /// Makes the dynamics that follow from parameters.
    /// \param parameters one `E::Parameters`, or one per copy
    /// \param num_envs the number of copies, or 0 if all copies have the same parameters
    /// \param memory for one Dynamics, or for one per batch of copies; 64-byte aligned and zero
    /// \return whether that is possible: only batches may differ between copies, not the bools of a Dynamics
    static bool prepare(const void* parameters, std::size_t num_envs, void* memory) {
        const auto* of_copy = static_cast<const Parameters*>(parameters);
        auto* dynamics = static_cast<std::byte*>(memory);
        if (num_envs == 0) {
            make(dynamics, *of_copy);
            return true;
        }
        alignas(64) std::byte first[sizeof(Dynamics)] = {}, single[sizeof(Dynamics)] = {};
        make(first, *of_copy);
        for (std::size_t copy = 0; copy < num_envs; ++copy) {
            std::byte* merged = dynamics + copy / Batch::size * sizeof(Dynamics);
            if (copy % Batch::size == 0) std::memcpy(merged, first, sizeof(Dynamics));
            make(single, of_copy[copy]);
            if (!take_lane(merged, first, single, copy % Batch::size)) return false;
        }
        return true;
    }

private:
    static void make(std::byte* memory, const Parameters& parameters) {
        if constexpr (std::is_constructible_v<Dynamics, const Parameters&>)
            new (memory) Dynamics(parameters);
        else
            new (memory) Dynamics();
    }

    /// Copies the dynamics of one copy into its lane of the batch's dynamics.
    ///
    /// The dynamics of one copy have the same number in all lanes of every batch. So a piece of memory whose lanes differ,
    /// there or in the dynamics of the first copy, is not a batch, and must be equal for all copies.
    /// \return whether it is
    static bool take_lane(std::byte* merged, const std::byte* first, const std::byte* single, std::size_t lane) {
        for (std::size_t begin = 0; begin < sizeof(Dynamics); begin += sizeof(Batch)) {
            const std::size_t size = sizeof(Dynamics) - begin < sizeof(Batch) ? sizeof(Dynamics) - begin : sizeof(Batch);
            if (size == sizeof(Batch) && is_uniform(first + begin) && is_uniform(single + begin))
                std::memcpy(merged + begin + lane * sizeof(Scalar), single + begin, sizeof(Scalar));
            else if (std::memcmp(first + begin, single + begin, size) != 0)
                return false;
        }
        return true;
    }

    /// Whether all lanes of what may be a batch are equal.
    static bool is_uniform(const std::byte* batch) {
        return std::memcmp(batch, batch + sizeof(Scalar), sizeof(Batch) - sizeof(Scalar)) == 0;
    }
};

}  // namespace operant
