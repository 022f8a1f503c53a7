#pragma once
/// \file
/// A neural network in the form that kernels use.

#include <cstddef>
#include <cstdint>

namespace operant {

struct Pcg64;

/// The function that a layer applies to its sums.
enum class Activation : std::uint32_t { none, tanh, relu };

/// A fully connected layer.
struct NetworkLayer {
    std::size_t inputs;     ///< the number of inputs
    std::size_t outputs;    ///< the number of outputs
    std::size_t weights;    ///< their place among a member's numbers: `inputs` rows of `outputs` numbers
    std::size_t biases;     ///< their place among a member's numbers: one per output
    Activation activation;  ///< applied to the outputs
};

/// The rule that turns the outputs of the last layer into an action.
enum class ActionRule : std::uint32_t {
    largest,  ///< discrete: the index of the largest output, or of the first of several
    drawn,    ///< discrete: index i with the probability softmax(outputs)[i]. It is the first index whose cumulative
              ///< exp(output) is larger than `random()` times the sum; one draw per number of an action
    value,    ///< continuous: the outputs themselves, clipped
    noisy,    ///< continuous: the outputs plus noise times `normal()`, clipped
};

/// A network, or a population of networks of the same shape. The caller owns the arrays.
struct Network {
    const NetworkLayer* layers;   ///< `layer_count` of them, at least one
    std::size_t layer_count;      ///< the number of layers, with the last one
    const float* numbers;         ///< of all members, one after the other, followed by 16 numbers of padding
    std::size_t member_size;      ///< the number of numbers of a member
    std::size_t envs_per_member;  ///< member p chooses for this many envs, from env p * envs_per_member on
    std::size_t widest;           ///< the largest number of inputs or outputs of a layer
    bool discrete_observations;   ///< true if an observation is an int64 i, which means a vector with 1 at place i and 0 elsewhere
    bool normalises;              ///< true if (x - mean) * factor replaces an observation x
    std::size_t means;            ///< their place among a member's numbers
    std::size_t factors;          ///< their place among a member's numbers
    ActionRule rule;              ///< turns outputs into an action
    std::size_t action_size;      ///< the number of numbers in an action
    const std::int32_t* choices;  ///< discrete: the number of values of each number, which is also its number of outputs
    const float *low, *high;      ///< continuous: the bounds of each number
    const double* noise;          ///< continuous: the standard deviation of the noise of each number
    Pcg64* random;                ///< one stream per env; null if the rule draws nothing
    /// The logarithms of the probabilities, or of the densities before clipping, with which the rule drew the actions: one per
    /// env, from the first env of a call on. Null if they are not wanted.
    float* log_probs;
};

}  // namespace operant
