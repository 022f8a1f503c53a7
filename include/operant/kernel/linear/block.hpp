#pragma once
/// \file
/// The numbers of a linear policy for one block. Each number is an array with one element per env, because envs may follow
/// different members of a population.

#include <algorithm>
#include <cstddef>
#include <memory>

#include <operant/abi/library.hpp>
#include <operant/abi/network.hpp>
#include <operant/abi/policy_function.hpp>
#include <operant/kernel/linear/actions.hpp>

namespace operant {

/// Holds the numbers of one block, and reuses their memory for the next block.
class LinearBlock {
public:
    /// Returns true if these kernels can apply the policy: a network of one layer that draws nothing and sees a Box.
    static bool is_for(const PolicyFunction& policy, const Kernels& kernels, const EnvironmentDescription& environment) {
        const Network* network = policy.network;
        return kernels.step_linear && network && network->layer_count == 1 && !network->discrete_observations &&
               (network->rule == ActionRule::largest || network->rule == ActionRule::value) &&
               network->layers[0].inputs == environment.observation.size;
    }

    /// Writes the numbers for the envs [begin, end) of a block.
    void enter(const Network& network, std::size_t begin, std::size_t end) {
        const std::size_t inputs = network.layers[0].inputs;
        const std::size_t count =
            network.normalises ? network.factors + inputs : network.layers[0].biases + network.layers[0].outputs;
        if (!rows_) rows_ = std::make_unique_for_overwrite<Rows>();
        for (std::size_t env = begin, next; env < end; env = next) {
            const std::size_t member = env / network.envs_per_member;
            next = std::min((member + 1) * network.envs_per_member, end);
            const float* numbers = network.numbers + member * network.member_size;
            for (std::size_t i = 0; i < count; ++i) std::fill_n(rows_->of[i] + (env - begin), next - env, numbers[i]);
        }
        policy_ = {.numbers = rows_->of[0],
                   .normalises = network.normalises,
                   .low = network.low,
                   .high = network.high,
                   .chosen = nullptr};
    }

    /// Returns the policy for Kernels::step_linear.
    /// \param chosen receives the actions of the block's envs; null if the caller does not want them
    const LinearPolicy* policy(void* chosen) {
        policy_.chosen = chosen;
        return &policy_;
    }

private:
    struct Rows {
        alignas(64) float of[LinearPolicy::most_numbers][envs_per_block];
    };
    std::unique_ptr<Rows> rows_;
    LinearPolicy policy_{};
};

}  // namespace operant
