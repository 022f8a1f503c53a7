#pragma once
/// \file
/// The dynamics of batches of envs whose parameters differ.

#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <operant/kernel/batch_types.hpp>

namespace operant {

/// Makes the dynamics of environment E for one architecture.
template <class E, class Scalar, class Arch>
class BatchDynamics {
    using Types = BatchTypes<E, Scalar, Arch>;
    using Batch = typename Types::Batch;
    using Dynamics = typename Types::Dynamics;
    using Parameters = typename E::Parameters;

public:
    /// Makes the dynamics that follow from parameters.
    /// \param parameters one `E::Parameters`, or one per env
    /// \param num_envs the number of envs, or 0 if all envs have the same parameters
    /// \param memory for one Dynamics, or for one per batch; 64-byte aligned
    /// \return false if a bool of a Dynamics differs between envs; only batches may differ
    static bool prepare(const void* parameters, std::size_t num_envs, void* memory) {
        const auto* of_env = static_cast<const Parameters*>(parameters);
        if (num_envs == 0) {
            new (memory) Dynamics(make_dynamics<Dynamics>(*of_env));
            return true;
        }
        const Bytes first(*of_env);
        for (std::size_t env = 0; env < num_envs; ++env) {
            if (!have_equal_bools(first, Bytes(of_env[env]))) return false;
            const Dynamics single = make_dynamics<Dynamics>(of_env[env]);
            std::byte* merged = static_cast<std::byte*>(memory) + env / Batch::size * sizeof(Dynamics);
            if (env % Batch::size == 0)
                new (merged) Dynamics(single);
            else
                take_lane(merged, single, env % Batch::size);
        }
        return true;
    }

private:
    /// Copies the dynamics of one env into its lane of the batch's dynamics.
    ///
    /// A Batch is aligned to its size. So lane i of every batch has the same place in a piece of that size, and pieces with
    /// bools, which are equal in all envs, may be treated in the same way.
    static void take_lane(std::byte* merged, const Dynamics& single, std::size_t lane) {
        const auto* bytes = reinterpret_cast<const std::byte*>(&single);
        for (std::size_t place = lane * sizeof(Scalar); place + sizeof(Scalar) <= sizeof(Dynamics); place += sizeof(Batch))
            std::memcpy(merged + place, bytes + place, sizeof(Scalar));
    }

    /// The dynamics of one env, constructed twice: in memory filled with 0x00, and in memory filled with 0xff. Bytes that
    /// differ belong to no member, so no result depends on them.
    struct Bytes {
        alignas(64) std::byte over_zeros[sizeof(Dynamics)];
        alignas(64) std::byte over_ones[sizeof(Dynamics)];

        explicit Bytes(const Parameters& parameters) {
            std::memset(over_zeros, 0x00, sizeof(Dynamics));
            std::memset(over_ones, 0xff, sizeof(Dynamics));
            // A call that the compiler cannot see through. Otherwise it may leave out the fillings, as an object begins
            // without a value.
            void (*volatile make_at)(std::byte*, const Parameters&) = [](std::byte* memory, const Parameters& those) {
                new (memory) Dynamics(make_dynamics<Dynamics>(those));
            };
            make_at(over_zeros, parameters);
            make_at(over_ones, parameters);
        }

        bool is_value(std::size_t i) const { return over_zeros[i] == over_ones[i]; }
        /// Returns true if the piece that begins there may be a batch: for one env, all lanes have the same number.
        bool may_be_batch(std::size_t begin) const {
            if (begin + sizeof(Batch) > sizeof(Dynamics)) return false;
            for (std::size_t i = begin; i < begin + sizeof(Batch); ++i)
                if (!is_value(i) || over_zeros[i] != over_zeros[begin + (i - begin) % sizeof(Scalar)]) return false;
            return true;
        }
    };

    /// Returns true if the bools of two envs are equal. PreparedParameters has compared the flags and the choices, so they differ
    /// only if the environment computes bools from numbers, which it must not.
    static bool have_equal_bools(const Bytes& first, const Bytes& single) {
        for (std::size_t begin = 0; begin < sizeof(Dynamics); begin += sizeof(Batch)) {
            if (first.may_be_batch(begin) && single.may_be_batch(begin)) continue;
            for (std::size_t i = begin; i < sizeof(Dynamics) && i < begin + sizeof(Batch); ++i)
                if (first.is_value(i) && single.is_value(i) && first.over_zeros[i] != single.over_zeros[i]) return false;
        }
        return true;
    }
};

}  // namespace operant
