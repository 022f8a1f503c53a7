#pragma once
/// \file
/// The parameters of an environment's copies, in the form in which kernels use them.

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <operant/aligned_array.hpp>
#include <operant/environment_library.hpp>
#include <operant/parameter_table.hpp>

namespace operant {

/// Checked parameters, and the dynamics that are computed from them. An object never changes; other parameters are another
/// object. So a snapshot can share the parameters of its time.
class PreparedParameters {
public:
    /// \param environment whose parameters these are
    /// \param kernels which will step with them
    /// \param numbers as ParameterTable takes them
    /// \param num_envs how many copies there are
    /// \throws std::invalid_argument as ParameterTable, and if flags, choices or fixed rewards differ between copies
    PreparedParameters(const EnvironmentDescription& environment, const Kernels& kernels, std::vector<double> numbers,
                       std::size_t num_envs)
        : table_(environment, std::move(numbers), num_envs), fixed_reward_(table_.fixed_reward()) {
        const std::size_t count = table_.per_copy() ? (num_envs + kernels.lanes - 1) / kernels.lanes : 1;
        dynamics_ = make_aligned_array<std::byte>(count * kernels.dynamics_size);
        if (!kernels.prepare(table_.data(), table_.per_copy() ? num_envs : 0, dynamics_.get()))
            throw std::invalid_argument("parameters: expected the same flags and choices for all copies of " +
                                        std::string(environment.name) + "; numbers may differ");
    }

    /// The parameters as they were given.
    const ParameterTable& table() const { return table_; }
    /// From `Kernels::prepare`: one `E::Dynamics` for all copies, or one per batch of copies.
    const std::byte* dynamics() const { return dynamics_.get(); }
    /// The fixed reward, if the environment has one.
    const std::pair<double, double>& fixed_reward() const { return fixed_reward_; }

private:
    ParameterTable table_;
    std::pair<double, double> fixed_reward_;
    AlignedArray<std::byte> dynamics_;
};

}  // namespace operant
