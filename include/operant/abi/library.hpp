#pragma once
/// \file
/// An environment as data: its name, parameters and spaces, and a table of functions for each instruction set. A library of
/// environments is a shared library, or a part of a program, that contains such descriptions. Nothing else is needed to step
/// them. The room abi/ contains plain data and C functions only, and has a version, so different compilers may build a library
/// and its users.

#include <cstddef>
#include <cstdint>

#include <operant/abi/env_arrays.hpp>
#include <operant/abi/outputs.hpp>
#include <operant/abi/policy_function.hpp>
#include <operant/contract/parameters.hpp>
#include <operant/contract/spaces.hpp>

namespace operant {

struct Pcg64;

/// The version of everything in the room abi/. It changes when any of that changes.
inline constexpr std::uint32_t library_version = 10;

/// The place of a state variable. The batch tier has an array for each variable. The scalar tier has one array of records,
/// whose elements are whole states.
struct StateVariable {
    ElementType type;      ///< of the variable; an enum has the type of its numbers
    std::uint32_t array;   ///< the index of its array in EnvArrays::state
    std::uint32_t offset;  ///< its first byte in an element of the array
};

/// The functions of one environment for actions of one type.
struct ActionKernels {
    /// Steps the envs [begin, end), at most `envs_per_block`; `begin` is a multiple of `envs_per_word`. Lists the envs in
    /// which an episode is to start.
    using Step = StepTotals (*)(const EnvArrays&, const void* actions, const Outputs&, std::size_t begin, std::size_t end,
                                EnvList& restarting);
    /// Checks the actions of `num_envs` envs. Discrete actions must be in the space, others must not be NaN.
    /// \param context EnvironmentDescription::context
    using AreValid = bool (*)(const void* context, const void* actions, std::size_t num_envs);

    ElementType type;    ///< of the numbers of the actions
    Step step;           ///< with these actions
    AreValid are_valid;  ///< true if they can be used
};

/// The functions of one environment in one precision for one instruction set.
struct Kernels {
    const ActionKernels* actions;               ///< one for each type of actions; policies choose actions of the first type
    std::size_t action_type_count;              ///< the number of types
    ActionKernels::Step step_linear = nullptr;  ///< a LinearPolicy chooses the actions; null if there is no such kernel

    /// Starts an episode in each of the listed envs and writes its first observation. With AutoresetMode::next_step it also
    /// writes the reward, which is 0.
    /// \param bounds one number per bound of a reset; null for the defaults
    void (*restart)(const double* bounds, const EnvArrays&, const Outputs&, EnvList&);
    /// Writes the observations of the envs [begin, end), `begin` a multiple of `envs_per_word`, and their action masks if the
    /// outputs have infos.
    void (*observe)(const EnvArrays&, const Outputs&, std::size_t begin, std::size_t end);

    std::size_t envs_per_batch;  ///< the number of SIMD lanes; 1 in the scalar tier
    std::size_t dynamics_size;   ///< bytes of an `E::Dynamics<Batch>`
    /// Makes one `E::Dynamics<Batch>` from one `E::Parameters`. If `num_envs` is not 0, it makes one per batch from one
    /// `E::Parameters` per env, whose flags and choices are equal.
    /// \param dynamics 64-byte aligned memory
    /// \return false if envs need different bools in their Dynamics
    bool (*prepare)(const void* parameters, std::size_t num_envs, void* dynamics);

    const StateVariable* state_variables;  ///< one per state variable
    const std::size_t* state_strides;      ///< bytes of an element of each array of the state
    std::size_t state_array_count;         ///< the number of these arrays
    const void* default_state = nullptr;   ///< in the scalar tier, an `E::State{}`; null in the batch tier
    /// Copies the state of `num_envs` envs, row-major. 64-bit integers beyond 2^53 are rounded.
    void (*get_state)(const EnvArrays&, std::size_t num_envs, double* state);
    /// Replaces the states of the envs whose element of the mask is true, or, if it is null, of all envs. Row-major.
    void (*set_state)(const EnvArrays&, std::size_t num_envs, const double* state, const bool* mask);

    /// Adds the rewards of some steps to the returns of `num_envs` envs, one step after the other. Arrays have one element per
    /// env and need no alignment. The rewards of the next step begin `stride` elements further on.
    void (*add_rewards)(const float* rewards, std::size_t stride, std::size_t steps, double* returns, std::size_t num_envs);

    /// Returns the message of the first exception that the steps, restarts and observations of this thread have met since the
    /// last call; null if there was none. Null if these functions throw their exceptions.
    const char* (*take_error)();
};

/// A parameter of an environment. Its value consists of `size` doubles.
struct ParameterDescription {
    /// The meaning of the doubles. Numbers stand for themselves. A flag is 0 or 1. A choice is the position of a name. A grid
    /// consists of its numbers of rows and columns, followed by the codes of its characters.
    enum class Kind : std::uint32_t { number, numbers, flag, choice, grid };

    const char* name;                      ///< the name of the keyword
    const char* documentation;             ///< unit and meaning; may be empty
    Kind kind;                             ///< the meaning of its numbers
    bool integer = false;                  ///< true if numbers must be integers
    Sign sign = Sign::any;                 ///< the sign that numbers must have
    double low = 0, high = 0;              ///< the smallest and the largest number that its type and its limits allow
    Shape shape = {};                      ///< of numbers: the shape of the array, of one or two dimensions
    std::size_t first;                     ///< index of its first number among the numbers of all parameters
    std::size_t size;                      ///< the number of its numbers
    const char* const* choices = nullptr;  ///< the names of a choice
    std::size_t choice_count = 0;          ///< the number of names
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
    Shape shape;        ///< the shape of an env's row
};

/// The space of actions or observations. A leaf is a space whose elements are arrays. Tuples and dicts consist of parts, which
/// are leaves or have parts themselves.
struct SpaceDescription {
    SpaceKind kind;    ///< the class of the space
    std::size_t size;  ///< the number of numbers in an element
    ElementType type = ElementType::int64;        ///< of a leaf: the type of its arrays
    Shape shape = {};                             ///< of a leaf: the shape of an element
    const char* name = "";                        ///< of a part of a dict: its key
    const SpaceDescription* parts = nullptr;      ///< `part_count` of them
    std::size_t part_count = 0;                   ///< the number of parts of a tuple or a dict

    /// Returns true if actions are floating-point numbers: those of a Box, and of all parts of a tuple or a dict.
    bool has_real_actions() const { return kind == SpaceKind::box || part_count != 0; }
};

/// The bounds of the spaces, which depend on the parameters. The caller owns the arrays, which have `size` elements. Those of
/// the observations have the numbers of all leaves, from the first leaf to the last.
struct SpaceBounds {
    float* action_low;            ///< of a Box, or of parts that are one
    float* action_high;           ///< of a Box, or of parts that are one
    std::int64_t* action_n;       ///< of discrete spaces, or of parts that are discrete; 0 for other numbers
    double* observation_low;      ///< of Boxes
    double* observation_high;     ///< of Boxes
    std::int64_t* observation_n;  ///< of discrete spaces
};

/// The kernels of an environment for one instruction set. Call these functions only if the processor has it.
struct ArchitectureKernels {
    const char* architecture;     ///< a name from library/architecture.hpp; empty if they run on every processor
    /// \param context EnvironmentDescription::context
    const Kernels* (*float32)(const void* context);  ///< with the state in float
    const Kernels* (*float64)(const void* context);  ///< with the state in double
};

/// The description of an environment.
struct EnvironmentDescription {
    const char* name;                ///< without spaces
    std::int32_t max_episode_steps;  ///< the time limit of an episode, or `unlimited`
    SpaceDescription action;         ///< of one env
    SpaceDescription observation;    ///< of one env

    const ParameterDescription* parameters;  ///< `parameter_count` of them
    std::size_t parameter_count;             ///< the number of parameters
    std::size_t number_count;                ///< the number of doubles of all parameters together
    const double* default_numbers;           ///< `number_count` of them
    std::size_t parameters_size;             ///< bytes of an `E::Parameters`, whose alignment is 8
    /// Makes an `E::Parameters` from `number_count` doubles.
    void (*read_parameters)(const void* context, const double* numbers, void* parameters);
    /// Calls the environment's own check of an `E::Parameters`.
    /// \return true if it passes. Otherwise the reason is in `message`, which has `size` characters.
    bool (*check_parameters)(const void* parameters, char* message, std::size_t size);
    /// Writes the bounds of the spaces with these parameters.
    void (*get_spaces)(const void* context, const void* parameters, const SpaceBounds& bounds);
    /// Writes the reward of each step, and the number that a termination adds to it. Null unless rewards depend only on the
    /// termination.
    void (*get_fixed_reward)(const void* parameters, double& each_step, double& at_termination) = nullptr;

    const BoundDescription* reset_bounds = nullptr;  ///< `reset_bound_count` of them
    std::size_t reset_bound_count = 0;               ///< the number of bounds
    const char* const* state_names;                  ///< `state_size` of them
    std::size_t state_size;                          ///< the number of state variables
    std::size_t random_size;                         ///< bytes of an env's generator, which begins with a Pcg64
    const InfoDescription* infos;                    ///< `info_count` of them
    std::size_t info_count;                          ///< the number of infos
    bool has_action_mask;                  ///< true if the last info is an action mask, a byte for each action
    bool has_reset_info;                   ///< true if resets have infos too
    /// Calls the environment's own check of a state, `state_size` doubles, with an `E::Parameters`. Null if it accepts every
    /// state. The result is that of check_parameters.
    bool (*check_state)(const void* parameters, const double* state, char* message, std::size_t size) = nullptr;
    std::size_t visited_numbers;   ///< the number of different numbers of a State that are state variables
    std::size_t numbers_in_state;  ///< the number of numbers in a State; 0 if that is unknown

    const ArchitectureKernels* kernels;  ///< `architecture_count` of them, best first
    std::size_t architecture_count;      ///< the number of instruction sets

    /// The functions above and Kernels::AreValid get it as the argument `context`, and all kernels get it in EnvArrays. Null if
    /// the functions were compiled for this environment; otherwise the data by which functions serve several environments.
    const void* context = nullptr;
};

/// The first argument of PolicyFunction::act for compiled policies.
struct PolicyData {
    const void* policy;  ///< the struct
    Pcg64* random;       ///< one stream per env; null if the policy draws nothing
};

/// The function of a compiled policy for one instruction set.
struct ArchitecturePolicy {
    const char* architecture;           ///< as in ArchitectureKernels
    decltype(PolicyFunction::act) act;  ///< its first argument is a PolicyData
};

/// The description of a compiled policy.
struct PolicyDescription {
    const char* name;              ///< without spaces
    std::size_t observation_size;  ///< the number of numbers in an observation, which is a Box
    SpaceDescription action;       ///< the action space
    const std::int64_t* choices;   ///< if actions are discrete: the number of values of each number
    bool draws;                    ///< true if it draws random numbers

    const ParameterDescription* parameters;  ///< as in EnvironmentDescription
    std::size_t parameter_count;             ///< the number of parameters
    std::size_t number_count;                ///< the number of doubles of all parameters together
    const double* default_numbers;           ///< `number_count` of them
    std::size_t policy_size;                 ///< bytes of the struct, whose alignment is 8 at most
    /// Makes the struct from `number_count` doubles. The context is null.
    void (*read_parameters)(const void* context, const double* numbers, void* policy);
    /// Calls the policy's own check, as in EnvironmentDescription.
    bool (*check_parameters)(const void* policy, char* message, std::size_t size);

    const ArchitecturePolicy* functions;  ///< `architecture_count` of them, best first
    std::size_t architecture_count;       ///< the number of instruction sets
};

/// Operant's own policies for one instruction set.
struct ArchitectureNetworks {
    const char* architecture;                    ///< as in ArchitectureKernels
    decltype(PolicyFunction::act) act;           ///< its first argument is a Network
    decltype(PolicyFunction::act) act_randomly;  ///< its first argument is a RandomActions
};

/// The contents of a library.
struct EnvironmentLibrary {
    std::uint32_t version;            ///< `library_version` of the Operant that built it; always the first member
    std::uint32_t environment_count;  ///< the number of environments
    const char* operant_version;      ///< for messages
    const EnvironmentDescription* const* environments;  ///< `environment_count` of them
    const PolicyDescription* const* policies;           ///< `policy_count` of them
    std::size_t policy_count;                           ///< the number of compiled policies
    const ArchitectureNetworks* networks;               ///< `network_count` of them, best first
    std::size_t network_count;  ///< the number of instruction sets; 0 in all libraries but the one of the Python module
};

/// The type of the function `operant_environment_library`, which a shared library exports.
using GetEnvironmentLibrary = const EnvironmentLibrary* (*)();

}  // namespace operant
