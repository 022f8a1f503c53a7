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
    /// What the constructor takes besides the environment.
    struct Options {
        std::size_t workers;
        std::int32_t max_episode_steps;
        std::string autoreset_mode;      ///< the value of Gymnasium's enum
        bool float64;                    ///< precision of the state
        bool record_episode_statistics;  ///< whether steps report returns and lengths of the episodes that ended in them
    };

    /// \param parameters numbers of all copies, or a row for each
    /// \param as_actions Python callable that makes a numpy array of anything else, or raises
    /// \param fitting_actions Python callable that makes an array that step() takes of any other array, or raises
    /// \param final_observations the class of `infos["final_obs"]`, a subclass of numpy's array with the attributes `_ended`
    ///        and `_replaced`
    /// \param final_tuples Python callable that makes `infos["final_obs"]` where observations are tuples
    PyVectorEnv(const Environment& environment, std::size_t num_envs, const Options& options, const Numbers& parameters,
                nb::object as_actions, nb::object fitting_actions, nb::object final_observations, nb::object final_tuples);

    PyVectorEnv(const PyVectorEnv&) = delete;
    PyVectorEnv& operator=(const PyVectorEnv&) = delete;

    using Mask = nb::ndarray<const bool, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

    /// \param seed None, an integer that copy i adds i to, or a sequence of one integer or None a copy
    /// \param bounds one number for each bound of the environment's resets; empty for the defaults
    /// \param mask which copies to reset; all without one
    /// \return (observations, infos)
    nb::object reset(nb::handle seed, const Numbers& bounds, const std::optional<Mask>& mask);

    /// Starts the random streams anew; the next reset draws from them.
    /// \param first seed of the first copy, copy i's is `first + i`
    void seed(std::uint64_t first);

    /// \return a copy of the random streams, shape (num_envs, words), uint64: those of a Pcg64, and what follows it
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

    /// Makes many steps. An exception that ends them between two has an attribute `steps`: how many have been made.
    /// \param source a Policy, or an array of actions as step() takes them without a conversion, the copies of all steps one
    ///        after the other
    /// \param arrays one for each output, of steps x num_envs rows, C-contiguous; None where it is not wanted
    /// \param chosen_actions None or, with a policy, such an array, int32 or float32
    /// \param returns None, or float64, num_envs elements
    /// \param progress None, or called with how many steps have been made, and how many there are
    void rollout(nb::handle source, std::size_t steps, const nb::list& arrays, nb::handle chosen_actions, nb::handle returns,
                 nb::handle progress);

    /// Plays whole episodes, after which it has to be reset.
    /// \param returns,lengths float64 and int64, episodes x num_envs elements
    /// \param progress None, or called with how many episodes are over, and how many there are
    void evaluate(Policy& policy, std::size_t episodes, nb::handle returns, nb::handle lengths, nb::handle progress);

    /// \return the observations of the copies as they stand
    nb::object observe();

    /// Replaces the parameters.
    /// \param parameters numbers of all copies, or a row for each
    void set_parameters(const Numbers& parameters);

    /// A snapshot, with what only Python knows.
    struct Snapshot {
        MemorySnapshot core;
        std::vector<double> began;
        nb::object note;
    };
    /// \param note what restore() is to return; nothing that leads to the snapshot
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
    ActionType narrow_, wide_;  ///< what is used without a conversion
    nb::object as_actions_, fitting_actions_;
};

}  // namespace operant::bindings
