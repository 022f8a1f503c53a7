#pragma once
/// \file
/// `_core.Engine`: locks the SharedEngine, provides arrays for the results and releases the GIL during long calls.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <operant/branching.hpp>
#include <operant/core/engine.hpp>
#include <operant/rollout.hpp>

#include "actions.hpp"
#include "description_binding.hpp"
#include "frames.hpp"
#include "infos.hpp"
#include "policy_bindings.hpp"
#include "shared_engine.hpp"
#include "xla/foreign_environment.hpp"

namespace operant::bindings {

class EngineBinding {
public:
    /// \param parameters the checked parameters, which also determine the environment
    /// \param num_envs,workers,max_episode_steps as Engine takes them
    /// \param autoreset_mode the value of Gymnasium's enum
    /// \param float64 true for a state in double
    /// \param record_episode_statistics true if steps report returns and lengths of episodes
    /// \param as_actions Python callable that converts other actions to a numpy array, or raises
    /// \param fitting_actions Python callable that converts other numpy arrays to an array that step() takes, or raises
    /// \param lazy_infos as Infos takes it
    /// \param final_observations as FramePool takes it
    EngineBinding(const ParametersBinding& parameters, std::size_t num_envs, std::size_t workers, std::int32_t max_episode_steps,
                  const std::string& autoreset_mode, bool float64, bool record_episode_statistics, nb::object as_actions,
                  nb::object fitting_actions, nb::object lazy_infos, nb::object final_observations);

    ~EngineBinding();

    EngineBinding(const EngineBinding&) = delete;
    EngineBinding& operator=(const EngineBinding&) = delete;

    /// Locks the engine for one call.
    EngineLock lock() { return EngineLock(*shared_); }

    using Mask = nb::ndarray<const bool, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

    /// \param seed None, an integer (env i is seeded with `seed + i`), or a sequence with one integer or None per env
    /// \param bounds one number per bound of the environment's resets; empty for the defaults
    /// \param mask the envs to reset; None for all
    /// \return (observations, infos)
    nb::object reset(nb::handle seed, const Numbers& bounds, const std::optional<Mask>& mask);

    /// Seeds the random stream of env i with `first + i`. The next reset draws from it.
    void seed(std::uint64_t first);

    /// Shares the random streams with numpy's generators.
    /// \param make a callable that takes the index of an env without a generator and returns a `numpy.random.Generator` of a
    ///        PCG64
    /// \return a tuple with a generator for every env
    nb::tuple generators(nb::handle make);

    /// The generators that share a stream now, by env.
    std::map<std::size_t, nb::object> shared_generators();

    /// Lets an env continue with the stream of a generator and share it.
    /// \param generator a `numpy.random.Generator` of a PCG64
    void take_generator(std::size_t env, nb::object generator);

    /// Halves of 64-bit draws that the core cannot store. Python saves them beside the bytes of save().
    SharedStreams::Halves halves();
    void set_halves(SharedStreams::Halves halves);

    /// \return (observations, rewards, terminations, truncations, infos)
    nb::object step(nb::handle actions);

    /// \return a copy of the state, shape (num_envs, state_size)
    nb::object state();

    using StateArray = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

    /// \param state shape (num_envs, state_size), checked by the Python package
    /// \param mask the envs to change; None for all
    void set_state(const StateArray& state, const std::optional<Mask>& mask);

    /// Makes many steps. If an exception ends them, its attribute `steps` has the number of steps that were made.
    /// \param source a NativePolicy, or an array of steps x num_envs actions that need no conversion
    /// \param arrays one C-contiguous array of steps x num_envs rows per output; None if the output is not wanted
    /// \param chosen_actions None, or an array for the actions of a policy, int32 or float32
    /// \param returns None, or an array of num_envs float64
    /// \param log_probs,values None, or arrays of steps x num_envs float32
    /// \param critic the network that computes `values`, or None
    /// \param progress None, or a callable that takes the number of steps made and the number of all steps
    void rollout(nb::handle source, std::size_t steps, const nb::list& arrays, nb::handle chosen_actions, nb::handle returns,
                 nb::handle log_probs, nb::handle values, const NetworkPolicyBinding* critic, nb::handle progress);

    /// Plays whole episodes. Afterwards the environment has to be reset.
    /// \param returns,lengths arrays of episodes x num_envs float64 and int64
    /// \param progress None, or a callable that takes the number of episodes played and the number of all episodes
    void evaluate(NativePolicy& policy, std::size_t episodes, nb::handle returns, nb::handle lengths, nb::handle progress);

    /// \return the present observations of all envs
    nb::object observe();
    /// The action masks of the present states. Only environments with an action mask have them.
    nb::object action_masks();

    /// A snapshot of the Engine and of the state that only the binding and Python have.
    struct Snapshot {
        MemorySnapshot core;
        std::vector<double> began;
        SharedStreams::Halves halves;
        nb::object note;
    };
    /// \param note the object that restore() returns; it must not refer to the snapshot
    Snapshot snapshot(nb::object note);
    nb::object restore(const Snapshot& snapshot);

    using EnvIndices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

    /// \copydoc Branching::copy_state
    void copy_state(const EnvIndices& source, const EnvIndices& target, bool random);

    void close();

    /// The number by which XLA programs find the environment while this object or one of the programs exists.
    std::uint32_t foreign_number();

private:
    void run_rollout(RolloutRun& run, nb::handle progress);
    void share(std::size_t env, nb::object generator);
    void drop_generators();

    std::shared_ptr<SharedEngine> shared_;  ///< XLA programs refer to it, too
    std::optional<Engine>& core_;
    AlignedArray<double>& began_;
    std::shared_ptr<ForeignEnvironment> foreign_;   ///< null until a program asks for it
    std::map<std::size_t, nb::object> generators_;  ///< by env; some may no longer share their stream
    ObservationTree tree_;
    FramePool frames_;
    Infos infos_;
    nb::object as_actions_, fitting_actions_;
};

}  // namespace operant::bindings
