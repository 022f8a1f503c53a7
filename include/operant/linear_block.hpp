#pragma once
/// \file
/// A linear policy in the form in which steps apply it: each number of it is an array with one element per copy of a block,
/// because copies may follow different members of a population.

#include <algorithm>
#include <cstddef>

#include <operant/aligned_array.hpp>
#include <operant/environment_library.hpp>
#include <operant/kernel/linear_actions.hpp>
#include <operant/kernel/network_data.hpp>
#include <operant/policy.hpp>

namespace operant {

/// The numbers for the copies of one block.
class LinearBlock {
public:
    /// Whether the step of these kernels can apply the policy itself.
    static bool is_for(const PolicyFunction& policy, const Kernels& kernels, const EnvironmentDescription& environment) {
        return policy.linear && kernels.step_linear && policy.linear->layers[0].inputs == environment.observation.size;
    }

    /// Writes the numbers for the copies [begin, end) of a block.
    void enter(const Network& network, std::size_t begin, std::size_t end) {
        const std::size_t inputs = network.layers[0].inputs;
        const std::size_t count =
            network.normalises ? network.factors + inputs : network.layers[0].biases + network.layers[0].outputs;
        if (!numbers_) numbers_ = make_aligned_array<float>(count * lanes_per_block);
        for (std::size_t copy = begin, next; copy < end; copy = next) {
            const std::size_t member = copy / network.copies_per_member;
            next = std::min((member + 1) * network.copies_per_member, end);
            const float* numbers = network.numbers + member * network.member_size;
            for (std::size_t i = 0; i < count; ++i)
                std::fill_n(numbers_.get() + i * lanes_per_block + (copy - begin), next - copy, numbers[i]);
        }
        policy_ = {numbers_.get(), network.normalises, network.low, network.high, nullptr};
    }

    /// The policy for Kernels::step_linear.
    /// \param chosen where to write the actions of the block's copies; null if nobody wants them
    const LinearPolicy* policy(void* chosen) {
        policy_.chosen = chosen;
        return &policy_;
    }

private:
    AlignedArray<float> numbers_;
    LinearPolicy policy_{};
};

}  // namespace operant
