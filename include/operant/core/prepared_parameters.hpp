#pragma once
/// \file
/// The parameters of the envs together with the dynamics that kernels compute from them.

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <operant/abi/library.hpp>
#include <operant/core/aligned_array.hpp>
#include <operant/core/parameter_table.hpp>

namespace operant {

/// Checked parameters and the dynamics that are computed from them. An object never changes, so snapshots share it.
class PreparedParameters {
public:
    /// \param environment the description of the environment
    /// \param kernels the kernels that will step with these parameters
    /// \param table the parameters
    /// \param num_envs the number of envs
    /// \throws std::invalid_argument if the table belongs to another environment or another number of envs, or if flags,
    ///         choices or fixed rewards differ between envs
    PreparedParameters(const EnvironmentDescription& environment, const Kernels& kernels,
                       std::shared_ptr<const ParameterTable> table, std::size_t num_envs)
        : table_(std::move(table)), fixed_reward_(table_->fixed_reward()) {
        if (&table_->environment() != &environment || (table_->per_env() && table_->rows() != num_envs))
            throw std::invalid_argument("parameters: expected a table for " + std::to_string(num_envs) + " envs of " +
                                        environment.name);
        const std::size_t count = table_->per_env() ? (num_envs + kernels.envs_per_batch - 1) / kernels.envs_per_batch : 1;
        dynamics_ = make_aligned_array<std::byte>(count * kernels.dynamics_size);
        if (kernels.dynamics_size != 0 && !table_->has_equal_switches())
            throw std::invalid_argument("parameters: expected the same flags and choices for all envs of " +
                                        std::string(environment.name) + "; numbers may differ");
        if (!kernels.prepare(table_->data(), table_->per_env() ? num_envs : 0, dynamics_.get()))
            throw std::invalid_argument("parameters: expected numbers that lead to the same bools in the Dynamics of all envs of " +
                                        std::string(environment.name) + ", which should follow from flags and choices only");
    }

    /// The checked parameters.
    const ParameterTable& table() const { return *table_; }
    /// From `Kernels::prepare`: one `E::Dynamics` for all envs, or one per batch of envs.
    const std::byte* dynamics() const { return dynamics_.get(); }
    /// The fixed reward, if the environment has one.
    const std::pair<double, double>& fixed_reward() const { return fixed_reward_; }

private:
    std::shared_ptr<const ParameterTable> table_;
    std::pair<double, double> fixed_reward_;
    AlignedArray<std::byte> dynamics_;
};

}  // namespace operant
