#pragma once
/// \file
/// A neural network in the form in which kernels use it. Plain data, as Lanes are.

#include <cstddef>
#include <cstdint>

#include <operant/numerics/pcg64.hpp>

namespace operant {

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

/// How the outputs of the last layer become an action.
enum class ActionRule : std::uint32_t {
    largest,  ///< discrete: the index of the largest output, or of the first of several
    drawn,    ///< discrete: index i with the probability softmax(outputs)[i]. It is the first index whose cumulative
              ///< exp(output) is larger than `random()` times the sum; one draw per number of an action
    value,    ///< continuous: the outputs themselves, clipped
    noisy,    ///< continuous: the outputs plus noise times `normal()`, clipped
};

/// A network, or a population of networks of the same shape. Plain data, as Lanes are. The arrays belong to the caller.
struct Network {
    const NetworkLayer* layers;         ///< `layer_count` of them, at least one
    std::size_t layer_count;            ///< hidden layers and the last
    const float* numbers;               ///< of all members, one after the other, followed by 16 numbers of padding
    std::size_t member_size;            ///< how many numbers a member has
    std::size_t copies_per_member;      ///< member p chooses for so many copies, beginning with copy p * copies_per_member
    std::size_t widest;                 ///< the largest number of inputs or outputs of a layer
    bool discrete_observations;         ///< whether observations are an int64 i, as a vector with 1 at place i and 0 elsewhere
    bool normalises;                    ///< whether (x - mean) * factor replaces an observation x
    std::size_t means;                  ///< their place among a member's numbers
    std::size_t factors;                ///< their place among a member's numbers
    ActionRule rule;                    ///< how outputs become an action
    std::size_t action_size;            ///< numbers in an action
    const std::int32_t* choices;        ///< discrete: how many values each number has, which is also how many outputs it has
    const float *low, *high;            ///< continuous: the bounds of each number
    const double* noise;                ///< continuous: the standard deviation of the noise of each number
    Pcg64* random;                      ///< one stream per copy; null if nothing is drawn
};

}  // namespace operant
