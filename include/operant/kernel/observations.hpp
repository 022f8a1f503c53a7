#pragma once
/// \file
/// Stores observations in the arrays of a step: one array for each leaf of the observation space, with one row per env.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include <operant/abi/outputs.hpp>
#include <operant/environment.hpp>
#include <operant/kernel/infos.hpp>
#include <operant/math/row_major.hpp>

namespace operant {

namespace detail {

template <class Value>
inline constexpr bool is_bits = false;
template <std::size_t size>
inline constexpr bool is_bits<Bits<size>> = true;

template <class Value>
inline constexpr bool is_mask = false;
template <class Scalar, class Arch>
inline constexpr bool is_mask<xsimd::batch_bool<Scalar, Arch>> = true;

/// True if the bytes of an observation are those of its row, so that it can be constructed there. A bool is a byte, 0 or 1.
template <Leaf Space, class Value>
inline constexpr bool is_row_of = [] {
    using Number = typename NumberIn<Value>::type;
    using Element = typename Space::Element;
    return is_array<Value> && sizeof(Value) == Space::size * sizeof(Element) &&
           (std::is_same_v<Number, Element> || (std::is_same_v<Number, bool> && sizeof(Element) == 1));
}();

/// The bytes before array i in ObservationRows. Each array is aligned to a cache line.
template <class E, std::size_t count>
constexpr std::size_t bytes_before(std::size_t i) {
    std::size_t bytes = 0;
    for (std::size_t k = 0; k < i; ++k) bytes += (count * ObservationTraits<E>::row_size(k) + 63) / 64 * 64;
    return bytes;
}

}  // namespace detail

/// Memory for the observations of `count` envs: an array for each leaf.
template <class E, std::size_t count>
class ObservationRows {
    static constexpr std::size_t parts = ObservationTraits<E>::parts;

public:
    XSIMD_INLINE ObservationRows() {
        for (std::size_t i = 0; i < parts; ++i) arrays_[i] = bytes_ + detail::bytes_before<E, count>(i);
    }
    ObservationRows(const ObservationRows&) = delete;
    ObservationRows& operator=(const ObservationRows&) = delete;

    /// The arrays.
    XSIMD_INLINE void* const* arrays() const { return arrays_; }

    /// Copies row `from` to row `to` of other arrays.
    XSIMD_INLINE void copy_row(std::size_t from, void* const* arrays, std::size_t to) const {
        for (std::size_t i = 0; i < parts; ++i) {
            const std::size_t row = ObservationTraits<E>::row_size(i);
            std::memcpy(static_cast<std::byte*>(arrays[i]) + to * row,
                        bytes_ + detail::bytes_before<E, count>(i) + from * row, row);
        }
    }

private:
    alignas(64) std::byte bytes_[detail::bytes_before<E, count>(parts)];
    void* arrays_[parts];
};

/// Stores observations of a tuple or a dict, whose first array is number `first`.
template <class Space, std::size_t first = 0>
struct ObservationStore {
    /// Stores the observations of a batch, from row `env` of the arrays on.
    template <class Observation>
    static XSIMD_INLINE void batch(void* const* arrays, std::size_t env, const Observation& observation) {
        each_part(observation, [&]<std::size_t i>(std::integral_constant<std::size_t, i>, const auto& part) {
            PartStore<i>::batch(arrays, env, part);
        });
    }

    /// Stores the observation of one env.
    template <class Observation>
    static XSIMD_INLINE void one(void* const* arrays, std::size_t env, const Observation& observation) {
        each_part(observation, [&]<std::size_t i>(std::integral_constant<std::size_t, i>, const auto& part) {
            PartStore<i>::one(arrays, env, part);
        });
    }

private:
    template <std::size_t i>
    static constexpr std::size_t arrays_before() {
        return []<std::size_t... k>(std::index_sequence<k...>) {
            return (SpaceTraits<detail::Part<k, Space>>::parts + ... + first);
        }(std::make_index_sequence<i>());
    }
    template <std::size_t i>
    using PartStore = ObservationStore<detail::Part<i, Space>, arrays_before<i>()>;

    template <class Observation, class Store>
    static XSIMD_INLINE void each_part(const Observation& observation, const Store& store) {
        detail::with_parts(observation, [&](const auto&... part) {
            [&]<std::size_t... i>(std::index_sequence<i...>) {
                (store(std::integral_constant<std::size_t, i>(), part), ...);
            }(std::make_index_sequence<sizeof...(part)>());
        });
    }
};

/// Stores observations of a leaf.
template <Leaf Space, std::size_t first>
struct ObservationStore<Space, first> {
    using Element = typename Space::Element;  ///< the type of an element of the array

    /// The row of an env.
    static XSIMD_INLINE Element* row(void* const* arrays, std::size_t env) {
        return static_cast<Element*>(arrays[first]) + env * Space::size;
    }

    /// Stores the observations of a batch, from row `env` of the array on.
    template <class Observation>
    static XSIMD_INLINE void batch(void* const* arrays, std::size_t env, const Observation& observation) {
        if constexpr (Space::shape.size() == 0) {
            InfoTraits<Observation>::store(arrays[first], env, observation);
        } else {
            using Column = typename detail::NumberIn<Observation>::type;
            using Columns = std::array<Column, Space::size>;
            static_assert(sizeof(Columns) == sizeof(Observation));
            if constexpr (std::is_same_v<Observation, Columns>) {
                store_columns(row(arrays, env), observation);
            } else {  // nested arrays
                Columns columns;
                std::memcpy(&columns, &observation, sizeof(Columns));
                store_columns(row(arrays, env), columns);
            }
        }
    }

    /// Stores the observation of one env.
    template <class Observation>
    static XSIMD_INLINE void one(void* const* arrays, std::size_t env, const Observation& observation) {
        Element* numbers = row(arrays, env);
        if constexpr (detail::is_bits<Observation>) {
            store_bits(numbers, observation);
        } else if constexpr (detail::is_row_of<Space, Observation>) {
            std::memcpy(numbers, &observation, sizeof(observation));
        } else {
            using Number = typename detail::NumberIn<Observation>::type;
            const auto* observed = reinterpret_cast<const Number*>(&observation);
            for (std::size_t i = 0; i < Space::size; ++i) numbers[i] = static_cast<Element>(observed[i]);
        }
    }

private:
    template <class Column, std::size_t size>
    static XSIMD_INLINE void store_columns(Element* rows, const std::array<Column, size>& columns) {
        if constexpr (detail::is_mask<Column>) {
            for (std::size_t column = 0; column < size; ++column) {
                const std::uint64_t bits = columns[column].mask();
                for (std::size_t lane = 0; lane < Column::size; ++lane)
                    rows[lane * size + column] = static_cast<Element>(bits >> lane & 1);
            }
        } else {
            store_rows(rows, columns);
        }
    }

    /// Writes a byte for each bit. Bytes beyond the row belong to the next env or to another worker, so the last 64 bits
    /// overlap the ones before.
    template <std::size_t size>
    static XSIMD_INLINE void store_bits(Element* row, const Bits<size>& bits) {
        static_assert(sizeof(Element) == 1);
        using Arch = xsimd::default_arch;  // of the compiler's flags: plain C++ may be compiled for a better one than its kernels name
        auto* bytes = reinterpret_cast<bool*>(row);
        for (std::size_t word = 0; word < size / 64; ++word)
            store_bits_as_bools<Arch>(bytes + 64 * word, bits.words[word]);
        constexpr std::size_t rest = size % 64;
        if constexpr (rest != 0 && size > 64) {
            const std::uint64_t last = bits.words[size / 64 - 1] >> rest | bits.words[size / 64] << (64 - rest);
            store_bits_as_bools<Arch>(bytes + size - 64, last);
        } else if constexpr (rest != 0) {
            bool all[64];
            store_bits_as_bools<Arch>(all, bits.words[0]);
            std::memcpy(bytes, all, size);
        }
    }
};

/// Stores the observations of a batch, from row `env` of the arrays on.
template <class E, class Observation>
XSIMD_INLINE void store_observation(void* const* arrays, std::size_t env, const Observation& observation) {
    ObservationStore<ObservationSpaceOf<E>>::batch(arrays, env, observation);
}

/// Stores the observation of one env, which is plain C++. If it is an array with the bytes of a row, `observation` constructs
/// it there: C++ then guarantees that the returned object is not copied.
template <class E, class State>
XSIMD_INLINE void observe_one(void* const* arrays, std::size_t env, const typename E::Parameters& parameters,
                              const State& state) {
    using Space = ObservationSpaceOf<E>;
    using Store = ObservationStore<Space>;
    using Observation = std::remove_cvref_t<decltype(E::observation(parameters, state))>;
    if constexpr (Leaf<Space>) {
        if constexpr (detail::is_row_of<Space, Observation>) {
            new (Store::row(arrays, env)) Observation(E::observation(parameters, state));
            return;
        }
    }
    Store::one(arrays, env, E::observation(parameters, state));
}

/// Copies the observations of the envs [begin, end) to the final observations, if the caller wants them, before restarts
/// overwrite them.
template <class E>
XSIMD_INLINE void keep_final(const Outputs& outputs, std::size_t begin, std::size_t end) {
    if (!outputs.final_observations) return;
    for (std::size_t i = 0; i < ObservationTraits<E>::parts; ++i) {
        const std::size_t row = ObservationTraits<E>::row_size(i);
        std::memcpy(static_cast<std::byte*>(outputs.final_observations[i]) + begin * row,
                    static_cast<const std::byte*>(outputs.observations[i]) + begin * row, (end - begin) * row);
    }
}

}  // namespace operant
