#pragma once
/// \file
/// Stores observations in the arrays of a step: as rows of float32 for a Box, as int64 for discrete spaces.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>
#include <operant/kernel/infos.hpp>
#include <operant/kernel/outputs.hpp>
#include <operant/numerics/row_major.hpp>

namespace operant {

/// Bytes of a lane's row in each part of an observation.
template <class E>
constexpr std::size_t observation_row_size() {
    return ObservationTraits<E>::is_box ? sizeof(float) * ObservationTraits<E>::numbers : sizeof(std::int64_t);
}

/// Stores the observation of a batch of lanes, beginning with row `lane` of the arrays.
template <class E, class Observation>
XSIMD_INLINE void store_observation(void* const* parts, std::size_t lane, const Observation& observation) {
    using Traits = ObservationTraits<E>;
    if constexpr (Traits::is_box) {
        store_rows(static_cast<float*>(parts[0]) + lane * Traits::numbers, observation);
    } else if constexpr (Traits::parts == 1 && !Traits::is_tuple) {
        InfoTraits<Observation>::store(parts[0], lane, observation);
    } else {
        for (std::size_t i = 0; i < Traits::parts; ++i)
            InfoTraits<typename Observation::value_type>::store(parts[i], lane, observation[i]);
    }
}

/// Stores the observation of one copy.
template <class E, class Observation>
XSIMD_INLINE void store_one_observation(void* const* parts, std::size_t lane, const Observation& observation) {
    using Traits = ObservationTraits<E>;
    if constexpr (Traits::is_tuple) {
        for (std::size_t i = 0; i < Traits::parts; ++i) static_cast<std::int64_t*>(parts[i])[lane] = observation[i];
    } else if constexpr (Traits::is_box) {
        float* row = static_cast<float*>(parts[0]) + lane * Traits::numbers;
        for (std::size_t i = 0; i < Traits::numbers; ++i) row[i] = static_cast<float>(observation[i]);
    } else {
        static_cast<std::int64_t*>(parts[0])[lane] = observation;
    }
}

/// Copies the observations of the lanes [begin, end) to the final observations, if these are wanted, before restarts
/// overwrite them.
template <class E>
XSIMD_INLINE void keep_final(const Outputs& outputs, std::size_t begin, std::size_t end) {
    if (!outputs.final_observations) return;
    constexpr std::size_t row = observation_row_size<E>();
    for (std::size_t i = 0; i < ObservationTraits<E>::parts; ++i)
        std::memcpy(static_cast<std::byte*>(outputs.final_observations[i]) + begin * row,
                    static_cast<const std::byte*>(outputs.observations[i]) + begin * row, (end - begin) * row);
}

}  // namespace operant
