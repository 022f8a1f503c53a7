#pragma once
/// \file
/// The bounds of an environment's spaces, which depend on its parameters.

#include <cstdint>
#include <vector>

#include <operant/abi/library.hpp>

namespace operant {

/// The bounds of the action and observation spaces for one set of parameters, one element per number. A Box uses the vectors of
/// lowest and highest values, a discrete space those of counts. Observations have the numbers of all leaves.
struct SpaceNumbers {
    std::vector<float> action_low, action_high;             ///< the bounds of an action
    std::vector<std::int64_t> action_n;                     ///< the number of values of each number of an action
    std::vector<double> observation_low, observation_high;  ///< the bounds of an observation
    std::vector<std::int64_t> observation_n;                ///< the number of values of each number of an observation

    /// \param environment the description
    /// \param parameters an `E::Parameters`
    SpaceNumbers(const EnvironmentDescription& environment, const void* parameters)
        : action_low(environment.action.size),
          action_high(environment.action.size),
          action_n(environment.action.size),
          observation_low(environment.observation.size),
          observation_high(environment.observation.size),
          observation_n(environment.observation.size) {
        environment.get_spaces(environment.context, parameters, {
            .action_low = action_low.data(),
            .action_high = action_high.data(),
            .action_n = action_n.data(),
            .observation_low = observation_low.data(),
            .observation_high = observation_high.data(),
            .observation_n = observation_n.data(),
        });
    }
};

}  // namespace operant
