#pragma once
/// \file
/// What a policy that is a neural network consists of, as its kernels see it. Plain data, as Lanes are.

#include <cstddef>
#include <cstdint>

#include <operant/numerics/pcg64.hpp>

namespace operant {

/// What follows the sums of a layer.
enum class Activation : std::uint32_t { none, tanh, relu };

/// A fully connected layer.
struct NetworkLayer {
    std::size_t inputs;     ///< how many numbers it takes
    std::size_t outputs;    ///< how many it makes
    std::size_t weights;    ///< where they are among a member's numbers: `inputs` rows of `outputs`
    std::size_t biases;     ///< the same: one for each output
    Activation activation;  ///< of its outputs
};

/// How the outputs of the last layer become an action.
enum class ActionRule : std::uint32_t {
    largest,  ///< discrete: the index of the largest, the first of several
    drawn,    ///< discrete: index i with the probability that softmax gives it. The first whose cumulative exp(output) is
              ///< above `random()` times their sum, one draw for each number of an action
    value,    ///< continuous: the outputs themselves, clipped
    noisy,    ///< continuous: the outputs plus noise times `normal()`, clipped
};

/// A network, or a population of networks of the same shape. Plain data, as Lanes are; all that it points to is the
/// caller's.
struct Network {
    const NetworkLayer* layers;         ///< `layer_count` of them, at least one
    std::size_t layer_count;            ///< hidden ones and the last
    const float* numbers;               ///< of all members, one after the other, with 16 numbers of padding at the end
    std::size_t member_size;            ///< numbers of each
    std::size_t copies_per_member;      ///< member p steers as many, from p times that on
    std::size_t widest;                 ///< the most numbers that a layer takes or makes
    bool discrete_observations;         ///< rows are an int64 i, and the first layer takes 0, ..., 1 at place i, ..., 0
    bool normalises;                    ///< whether (x - mean) * factor replaces an observation x
    std::size_t means;                  ///< where they are among a member's numbers
    std::size_t factors;                ///< the same
    ActionRule rule;                    ///< from the outputs to the action
    std::size_t action_size;            ///< numbers in an action
    const std::int32_t* choices;        ///< discrete: how many values each number has; so many outputs are its own
    const float *low, *high;            ///< continuous: the bounds of each number
    const double* noise;                ///< its standard deviations
    Pcg64* random;                      ///< one stream for each copy, where anything is drawn
};

}  // namespace operant
