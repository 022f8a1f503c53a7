#pragma once
/// \file
/// An environment as data: its name, parameters and spaces, and a table of functions for each instruction set. A library of
/// environments is a shared library, or a part of a program, that contains such descriptions; nothing else is needed to step
/// them. Everything here is plain data and C functions, and has a version. So a library and its users may be built with
/// different compilers and by different versions of Operant.

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <operant/kernel/lanes.hpp>
#include <operant/kernel/outputs.hpp>
#include <operant/parameters.hpp>
#include <operant/policy.hpp>

namespace operant {

struct Pcg64;

/// The version of everything in this file, kernel/lanes.hpp and kernel/outputs.hpp. It changes when any of that changes.
inline constexpr std::uint32_t library_version = 4;

/// The functions of one environment in one precision for one instruction set.
struct Kernels {
    /// Steps the lanes [begin, end), at most `lanes_per_block`; `begin` is a multiple of `lanes_per_word`. Lists the lanes in
    /// which an episode is to start.
    using Step = StepTotals (*)(const Lanes&, const void* actions, const Outputs&, std::size_t begin, std::size_t end,
                                LaneList& restarting);
    /// Whether the actions of `copies` copies can be used: they must be in the space if it is discrete, and otherwise not NaN.
    using AreValid = bool (*)(const void* actions, std::size_t copies);

    Step step_narrow;             ///< actions of 32 bits: int32 or float32
    Step step_wide;               ///< actions of 64 bits: int64 or float64
    Step step_linear;             ///< chooses the actions by a LinearPolicy; null if there is no such kernel
    AreValid are_narrow_valid;    ///< for actions of 32 bits
    AreValid are_wide_valid;      ///< for actions of 64 bits

    /// Starts an episode in each of the listed lanes and writes its first observation; with AutoresetMode::next_step, also its
    /// reward, which is 0.
    /// \param bounds one number per bound of a reset; null for the defaults
    void (*restart)(const double* bounds, const Lanes&, const Outputs&, LaneList&);
    /// Writes the observations of the lanes [begin, end), `begin` a multiple of `lanes_per_word`.
    void (*observe)(const Lanes&, const Outputs&, std::size_t begin, std::size_t end);

    std::size_t lanes;          ///< of a batch
    std::size_t dynamics_size;  ///< bytes of an `E::Dynamics<Batch>`
    /// Makes one `E::Dynamics<Batch>` of one `E::Parameters`; or, if `num_envs` is not 0, one per batch of copies of one
    /// `E::Parameters` per copy. `dynamics` is 64-byte aligned memory, filled with zeros.
    /// \return false if flags or choices differ between copies
    bool (*prepare)(const void* parameters, std::size_t num_envs, void* dynamics);

    const ElementType* state_types;  ///< one per state variable
    void (*get_state)(const Lanes&, std::size_t num_envs, double* state);        ///< row-major
    void (*set_state)(const Lanes&, std::size_t num_envs, const double* state);  ///< row-major

    /// Adds the rewards of some steps to the returns of `lanes` lanes, one step after the other. Arrays have one element per
    /// lane and need no alignment. The rewards of the next step begin `stride` elements further on.
    void (*add_rewards)(const float* rewards, std::size_t stride, std::size_t steps, double* returns, std::size_t lanes);
};

/// A parameter of an environment. Its value is passed as `size` doubles.
struct ParameterDescription {
    /// Numbers stand for themselves. A flag is 0 or 1, a choice the position of a name, a grid its numbers of rows and
    /// columns and then the codes of its characters.
    enum class Kind : std::uint32_t { number, numbers, flag, choice, grid };

    const char* name;           ///< the name of the keyword
    const char* documentation;  ///< unit and meaning; may be empty
    Kind kind;                  ///< the meaning of its numbers
    Sign sign;                  ///< the sign that numbers must have
    std::size_t first;          ///< index of its first number among the numbers of all parameters
    std::size_t size;           ///< how many numbers it has
    const char* const* choices;  ///< the names of a choice
    std::size_t choice_count;    ///< how many names there are
};

/// A bound of the environment's resets.
struct BoundDescription {
    const char* name;  ///< the name of the option of `reset`
    double value;      ///< the default
};

/// One named extra output of a step.
struct InfoDescription {
    const char* name;   ///< its key in the infos
    ElementType type;   ///< of its elements
    std::size_t width;  ///< numbers in a row; 0 for an array of shape (num_envs,)
};

/// The space of actions or observations.
struct SpaceDescription {
    /// Which of Gymnasium's spaces.
    enum class Kind : std::uint32_t { box, discrete, multi_discrete, tuple };  ///< a tuple consists of discrete spaces

    Kind kind;         ///< which of Gymnasium's spaces
    std::size_t size;  ///< numbers in an element
};

/// The bounds of spaces, which depend on the parameters. The arrays belong to the caller, and have `size` elements.
struct SpaceBounds {
    float* action_low;              ///< of a Box
    float* action_high;             ///< of a Box
    std::int64_t* action_n;         ///< of discrete spaces
    float* observation_low;         ///< of a Box
    float* observation_high;        ///< of a Box
    std::int64_t* observation_n;    ///< of discrete spaces
};

/// The kernels of an environment for one instruction set. Call these functions only if the processor has it.
struct ArchitectureKernels {
    const char* architecture;    ///< a name from architecture.hpp; empty if they run on every processor
    const Kernels* (*float32)();  ///< with the state in float
    const Kernels* (*float64)();  ///< with the state in double
};

/// Everything about an environment.
struct EnvironmentDescription {
    const char* name;                ///< without spaces
    std::int32_t max_episode_steps;  ///< when episodes are truncated, or `unlimited`
    SpaceDescription action;         ///< of one copy
    SpaceDescription observation;    ///< of one copy

    const ParameterDescription* parameters;  ///< `parameter_count` of them
    std::size_t parameter_count;             ///< how many parameters
    std::size_t number_count;                ///< how many doubles all parameters have together
    const double* default_numbers;           ///< `number_count` of them
    std::size_t parameters_size;             ///< bytes of an `E::Parameters`, whose alignment is 8
    /// Makes an `E::Parameters` of `number_count` doubles.
    void (*read_parameters)(const double* numbers, void* parameters);
    /// The environment's own check of an `E::Parameters`.
    /// \return whether it passes. Otherwise the reason is written to `message`, which has `size` characters.
    bool (*check_parameters)(const void* parameters, char* message, std::size_t size);
    /// The spaces with these parameters.
    void (*get_spaces)(const void* parameters, const SpaceBounds& bounds);
    /// The reward of each step, and what a termination adds to it. Null unless rewards depend only on the termination.
    void (*get_fixed_reward)(const void* parameters, double& each_step, double& at_termination);

    const BoundDescription* reset_bounds;  ///< `reset_bound_count` of them
    std::size_t reset_bound_count;         ///< how many options a reset has
    const char* const* state_names;        ///< `state_size` of them
    std::size_t state_size;                ///< how many state variables
    std::size_t random_size;               ///< bytes of a copy's generator, which begins with a Pcg64
    const InfoDescription* infos;          ///< `info_count` of them
    std::size_t info_count;                ///< how many infos a step has
    bool has_reset_info;                   ///< whether resets have infos, too

    const ArchitectureKernels* kernels;  ///< `architecture_count` of them, best first
    std::size_t architecture_count;      ///< instruction sets
};

/// The first argument of PolicyFunction::act for compiled policies.
struct PolicyData {
    const void* policy;  ///< the struct
    Pcg64* random;       ///< one stream per copy, or null if the policy draws nothing
};

/// The function of a compiled policy for one instruction set.
struct ArchitecturePolicy {
    const char* architecture;          ///< as in ArchitectureKernels
    decltype(PolicyFunction::act) act;  ///< its first argument is a PolicyData
};

/// Everything about a compiled policy.
struct PolicyDescription {
    const char* name;              ///< without spaces
    std::size_t observation_size;  ///< numbers in an observation, which is a Box
    SpaceDescription action;       ///< the action space
    const std::int64_t* choices;   ///< if actions are discrete: how many values each number has
    bool draws;                    ///< whether it draws random numbers

    const ParameterDescription* parameters;  ///< as in EnvironmentDescription
    std::size_t parameter_count;             ///< how many parameters
    std::size_t number_count;                ///< how many doubles all parameters have together
    const double* default_numbers;           ///< `number_count` of them
    std::size_t policy_size;                 ///< bytes of the struct, whose alignment is 8 at most
    /// Makes the struct of `number_count` doubles.
    void (*read_parameters)(const double* numbers, void* policy);
    /// The policy's own check, as in EnvironmentDescription.
    bool (*check_parameters)(const void* policy, char* message, std::size_t size);

    const ArchitecturePolicy* functions;  ///< `architecture_count` of them, best first
    std::size_t architecture_count;       ///< instruction sets
};

/// Operant's own policies for one instruction set.
struct ArchitectureNetworks {
    const char* architecture;                    ///< as in ArchitectureKernels
    decltype(PolicyFunction::act) act;           ///< its first argument is a Network
    decltype(PolicyFunction::act) act_randomly;  ///< its first argument is a RandomActions
};

/// The contents of a library.
struct EnvironmentLibrary {
    std::uint32_t version;           ///< `library_version` of the Operant with which it was built; always the first member
    std::uint32_t environment_count;  ///< how many environments
    const char* operant_version;     ///< for messages
    const EnvironmentDescription* const* environments;  ///< `environment_count` of them
    const PolicyDescription* const* policies;           ///< `policy_count` of them
    std::size_t policy_count;                           ///< how many compiled policies
    const ArchitectureNetworks* networks;               ///< `network_count` of them, best first
    std::size_t network_count;                          ///< how many instruction sets; 0 in libraries other than Operant's
};

/// The type of the function `operant_environment_library`, which a shared library exports.
using GetEnvironmentLibrary = const EnvironmentLibrary* (*)();

/// The environment of that name.
/// \throws std::invalid_argument if the library has none
inline const EnvironmentDescription& find_environment(const EnvironmentLibrary& library, std::string_view name) {
    for (std::uint32_t i = 0; i < library.environment_count; ++i)
        if (library.environments[i]->name == name) return *library.environments[i];
    throw std::invalid_argument("this library has no environment " + std::string(name));
}

/// One array that a step writes.
struct OutputDescription {
    /// What the array is for.
    enum class Role : std::uint32_t {
        observation,
        reward,
        termination,
        truncation,
        info,
        has_infos,
        ended,
        final_observation,
        final_info,
        episode_return,
        episode_length,
        episode_seconds,
    };

    Role role;          ///< which member of Outputs it is
    std::size_t index;  ///< which of several arrays with this role
    const char* name;   ///< of an info
    ElementType type;   ///< of its elements
    std::size_t width;  ///< numbers in a row; 0 for an array of shape (num_envs,)

    /// Bytes of a copy's row.
    std::size_t row_size() const { return size_of(type) * (width == 0 ? 1 : width); }

    /// Whether it tells of the episodes that ended. Most of its elements are zeros, which a step does not write: it relies on
    /// those that the step before has left in the same array.
    bool is_sparse() const {
        return role == Role::episode_return || role == Role::episode_length || role == Role::episode_seconds;
    }
};

/// The list of all arrays that the steps of an environment write.
inline std::vector<OutputDescription> output_list(const EnvironmentDescription& environment, AutoresetMode autoreset_mode,
                                                  bool episode_statistics) {
    using Role = OutputDescription::Role;
    std::vector<OutputDescription> list;
    const auto add_observations = [&](Role role) {
        if (environment.observation.kind == SpaceDescription::Kind::box)
            list.push_back({role, 0, "", ElementType::float32, environment.observation.size});
        else
            for (std::size_t i = 0; i < environment.observation.size; ++i)
                list.push_back({role, i, "", ElementType::int64, 0});
    };
    const auto add_infos = [&](Role role) {
        for (std::size_t i = 0; i < environment.info_count; ++i)
            list.push_back({role, i, environment.infos[i].name, environment.infos[i].type, environment.infos[i].width});
    };
    add_observations(Role::observation);
    list.push_back({Role::reward, 0, "", ElementType::float32, 0});
    list.push_back({Role::termination, 0, "", ElementType::boolean, 0});
    list.push_back({Role::truncation, 0, "", ElementType::boolean, 0});
    add_infos(Role::info);
    if (environment.info_count != 0) list.push_back({Role::has_infos, 0, "", ElementType::boolean, 0});
    if (autoreset_mode == AutoresetMode::same_step || episode_statistics)
        list.push_back({Role::ended, 0, "", ElementType::boolean, 0});
    if (autoreset_mode == AutoresetMode::same_step) {
        add_observations(Role::final_observation);
        add_infos(Role::final_info);
    }
    if (episode_statistics) {
        list.push_back({Role::episode_return, 0, "r", ElementType::float64, 0});
        list.push_back({Role::episode_length, 0, "l", ElementType::int64, 0});
        list.push_back({Role::episode_seconds, 0, "t", ElementType::float64, 0});
    }
    return list;
}

/// The arrays of an output list, in the form in which kernels take them.
class OutputArrays {
public:
    /// Without arrays.
    OutputArrays() = default;
    /// The outputs point to elements of vectors, which stay where they are when a vector is moved.
    OutputArrays(OutputArrays&&) = default;
    /// As the constructor.
    OutputArrays& operator=(OutputArrays&&) = default;

    /// \param list from `output_list`
    /// \param data one array per element of the list
    OutputArrays(const std::vector<OutputDescription>& list, const std::vector<void*>& data) {
        using Role = OutputDescription::Role;
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (list[i].role == Role::observation) observations_.emplace_back();
            if (list[i].role == Role::info) infos_.emplace_back();
            if (list[i].role == Role::final_observation) final_observations_.emplace_back();
            if (list[i].role == Role::final_info) final_infos_.emplace_back();
            set(list[i], data[i]);
        }
        const auto pointer = [](const std::vector<void*>& arrays) { return arrays.empty() ? nullptr : arrays.data(); };
        outputs_.observations = pointer(observations_);
        outputs_.infos = pointer(infos_);
        outputs_.final_observations = pointer(final_observations_);
        outputs_.final_infos = pointer(final_infos_);
    }

    /// Replaces an array of the list.
    void set(const OutputDescription& output, void* data) {
        using Role = OutputDescription::Role;
        switch (output.role) {
            case Role::observation: observations_[output.index] = data; break;
            case Role::reward: outputs_.rewards = static_cast<float*>(data); break;
            case Role::termination: outputs_.terminations = static_cast<bool*>(data); break;
            case Role::truncation: outputs_.truncations = static_cast<bool*>(data); break;
            case Role::info: infos_[output.index] = data; break;
            case Role::has_infos: outputs_.has_infos = static_cast<bool*>(data); break;
            case Role::ended: outputs_.ended = static_cast<bool*>(data); break;
            case Role::final_observation: final_observations_[output.index] = data; break;
            case Role::final_info: final_infos_[output.index] = data; break;
            case Role::episode_return: episodes_.returns = static_cast<double*>(data); break;
            case Role::episode_length: episodes_.lengths = static_cast<std::int64_t*>(data); break;
            case Role::episode_seconds: episodes_.seconds = static_cast<double*>(data); break;
        }
    }

    /// The arrays for kernels, valid as long as this object.
    const Outputs& outputs() const { return outputs_; }
    /// The arrays of returns, lengths and seconds, which are null if they are not on the list.
    const EpisodeStatistics& episodes() const { return episodes_; }

private:
    std::vector<void*> observations_, infos_, final_observations_, final_infos_;
    Outputs outputs_;
    EpisodeStatistics episodes_{};
};

}  // namespace operant
