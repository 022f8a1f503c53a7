#pragma once
/// \file
/// `VectorEnvCore` as Python sees it: checks who calls, finds arrays for the results, lets other threads run meanwhile.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <operant/branching.hpp>
#include <operant/rollout.hpp>
#include <operant/vector_env_core.hpp>

#include "actions.hpp"
#include "shared_core.hpp"
#include "environment.hpp"
#include "foreign_environment.hpp"
#include "frames.hpp"
#include "infos.hpp"
#include "policy.hpp"

namespace operant::bindings {

class PyVectorEnv {
public:
    /// Arguments of the constructor.
    struct Options {
        std::size_t workers;
        std::int32_t max_episode_steps;
        std::string autoreset_mode;      ///< the value of Gymnasium's enum
        bool float64;                    ///< precision of the state
        bool record_episode_statistics;  ///< whether steps report returns and lengths of episodes
    };

    /// \param parameters the numbers of all copies, or a row per copy
    /// \param as_actions Python callable that converts other actions to a numpy array, or raises
    /// \param fitting_actions Python callable that converts other numpy arrays to an array that step() takes, or raises
    /// \param final_observations the class of `infos["final_obs"]`, a subclass of numpy's array with the attributes `_ended`
    ///        and `_replaced`
    /// \param final_tuples Python callable that makes `infos["final_obs"]` if observations are tuples
    PyVectorEnv(const Environment& environment, std::size_t num_envs, const Options& options, const Numbers& parameters,
                nb::object as_actions, nb::object fitting_actions, nb::object final_observations, nb::object final_tuples);

    PyVectorEnv(const PyVectorEnv&) = delete;
    PyVectorEnv& operator=(const PyVectorEnv&) = delete;

    using Mask = nb::ndarray<const bool, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

    /// \param seed None, an integer (copy i is seeded with `seed + i`), or a sequence with one integer or None per copy
    /// \param bounds one number per bound of the environment's resets; empty for the defaults
    /// \param mask which copies to reset; None for all
    /// \return (observations, infos)
    nb::object reset(nb::handle seed, const Numbers& bounds, const std::optional<Mask>& mask);

    /// Seeds the random streams. The next reset draws from them.
    /// \param first copy i is seeded with `first + i`
    void seed(std::uint64_t first);

    /// \return a copy of the random streams, shape (num_envs, words), uint64. A row begins with the words of a Pcg64.
    nb::object generators();

    using Generators = nb::ndarray<const std::uint64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

    /// \param generators shape (num_envs, words)
    void set_generators(const Generators& generators);

    /// \return (observations, rewards, terminations, truncations, infos)
    nb::object step(nb::handle actions);

    /// \return a copy of the state, shape (num_envs, state_size)
    nb::object state();

    using StateArray = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

    /// \param state shape (num_envs, state_size), checked by the Python package
    void set_state(const StateArray& state);

    /// Makes many steps. If an exception ends them, its attribute `steps` tells how many have been made.
    /// \param source a Policy, or an array of steps x num_envs actions that need no conversion
    /// \param arrays one per output, of steps x num_envs rows, C-contiguous; None if it is not wanted
    /// \param chosen_actions None, or an array for the actions of a policy, int32 or float32
    /// \param returns None, or an array of num_envs float64
    /// \param progress None, or a callable that is called with the numbers of steps made and of all steps
    void rollout(nb::handle source, std::size_t steps, const nb::list& arrays, nb::handle chosen_actions, nb::handle returns,
                 nb::handle progress);

    /// Plays whole episodes. Afterwards the environment has to be reset.
    /// \param returns,lengths arrays of episodes x num_envs float64 and int64
    /// \param progress None, or a callable that is called with the numbers of episodes played and of all episodes
    void evaluate(Policy& policy, std::size_t episodes, nb::handle returns, nb::handle lengths, nb::handle progress);

    /// \return the present observations of all copies
    nb::object observe();

    /// Replaces the parameters.
    /// \param parameters the numbers of all copies, or a row per copy
    void set_parameters(const Numbers& parameters);

    /// A snapshot of the core, and what only the binding and Python know.
    struct Snapshot {
        MemorySnapshot core;
        std::vector<double> began;
        nb::object note;
    };
    /// \param note which restore() returns; it must not refer to the snapshot
    Snapshot snapshot(nb::object note);
    nb::object restore(const Snapshot& snapshot);

    using Copies = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

    /// As Branching::copy_state.
    void copy_state(const Copies& source, const Copies& target, bool random);

    /// \return (episode_count, total_reward, total_steps)
    nb::tuple logs();
    void clear_logs();
    nb::bytes save();
    void load(const nb::bytes& bytes);
    void close();

    /// The number by which compiled programs find the copies, as long as this object or one of the programs is there.
    std::uint32_t foreign_number();

private:
    void run_rollout(RolloutRun& run, nb::handle progress);

    std::shared_ptr<SharedCore> shared_;  ///< compiled programs have them, too
    std::optional<VectorEnvCore>& core_;
    AlignedArray<double>& began_;
    std::shared_ptr<ForeignEnvironment> foreign_;  ///< if a program has asked for it
    FramePool frames_;
    Infos infos_;
    ActionType narrow_, wide_;  ///< the types of actions that need no conversion
    nb::object as_actions_, fitting_actions_;
};

}  // namespace operant::bindings
