#include "policy_bindings.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>
#include <stdexcept>
#include <tuple>
#include <utility>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <operant/core/block_stepper.hpp>
#include <operant/library/dispatch.hpp>
#include <operant/library/mistakes.hpp>
#include <operant/policies/random_actions.hpp>

#include "builtin_environments.hpp"
#include "description_binding.hpp"
#include "released_gil.hpp"

namespace operant::bindings {
namespace {

using namespace nb::literals;

using Integers = nb::ndarray<const std::int64_t, nb::c_contig, nb::device::cpu>;

const ArchitectureNetworks& networks() { return choose_networks(operant_builtin_environments(), active_architecture()); }

/// \param described (kind, low, high, n) of one env, as in ParametersBinding::spaces
ActionChoices choices_of(nb::handle described) {
    const auto [kind, low, high, n] = nb::cast<std::tuple<std::string, Floats, Floats, Integers>>(described);
    ActionChoices choices;
    choices.discrete = kind != "box";
    if (choices.discrete) {
        for (std::size_t i = 0; i < n.size(); ++i) choices.counts.push_back(static_cast<std::int32_t>(n.data()[i]));
    } else {
        choices.low.assign(low.data(), low.data() + low.size());
        choices.high.assign(high.data(), high.data() + high.size());
    }
    return choices;
}

/// The inverse of `choices_of`.
nb::tuple described(const ActionChoices& choices) {
    const auto array = []<class T>(const std::vector<T>& values) {
        return nb::ndarray<nb::numpy, const T>(values.data(), {values.size()}).cast(nb::rv_policy::copy);
    };
    const char* kind = !choices.discrete ? "box" : choices.size() == 1 ? "discrete" : "multi_discrete";
    return nb::make_tuple(kind, array(choices.low), array(choices.high),
                          array(std::vector<std::int64_t>(choices.counts.begin(), choices.counts.end())));
}

std::string shown(const ActionChoices& choices) {
    if (choices.has_parts()) return "actions of a tuple or a dict";
    if (!choices.discrete) return "actions of " + std::to_string(choices.size()) + " continuous numbers";
    std::string counts;
    for (const std::int32_t count : choices.counts) counts += (counts.empty() ? "" : ", ") + std::to_string(count);
    return choices.size() == 1 ? "one of " + counts + " discrete actions" : "discrete actions of [" + counts + "] values";
}

/// Returns true if two action spaces differ only in their bounds.
bool are_alike(const ActionChoices& a, const ActionChoices& b) {
    return a.discrete == b.discrete && a.counts == b.counts && a.size() == b.size();
}

/// If numbers of discrete observations differ between envs, the size is the largest.
PolicySpaces spaces_of(const ParameterTable& parameters) {
    const EnvironmentDescription& environment = parameters.environment();
    PolicySpaces spaces{environment.observation.kind == SpaceKind::discrete, environment.observation.size,
                        action_choices(environment, parameters)};
    for (std::size_t row = 0; spaces.discrete_observation && row < parameters.rows(); ++row)
        spaces.observation_size =
            std::max(spaces.observation_size, static_cast<std::size_t>(parameters.spaces(row).observation_n[0]));
    return spaces;
}

}  // namespace

StreamsLock::StreamsLock(std::shared_ptr<LockedStreams> streams) : streams_(std::move(streams)) {
    if (streams_->busy.test_and_set(std::memory_order_acquire))
        throw std::runtime_error("another thread is using this policy, which draws random numbers; give each thread its own");
}

ChoosingPolicy::ChoosingPolicy(nb::handle actions, const std::vector<std::uint32_t>& seed)
    : streams_(std::make_shared<LockedStreams>(seed)),
      actions_(actions.is_none() ? std::nullopt : std::optional(choices_of(actions))) {}

BoundPolicy ChoosingPolicy::bind(const ParameterTable& parameters, std::size_t num_envs) {
    const EnvironmentDescription& environment = parameters.environment();
    if (looks()) BlockStepper::check_policy_sees(environment);
    PolicySpaces spaces = spaces_of(parameters);
    if (actions_) {
        if (!are_alike(*actions_, spaces.actions))
            throw std::invalid_argument("policy: chooses " + shown(*actions_) + ", " + environment.name + " takes " +
                                        shown(spaces.actions));
        spaces.actions = *actions_;
    }
    return bind_to(spaces, num_envs);
}

nb::object ChoosingPolicy::act(const Observations& observations, nb::handle actions, const std::optional<ActionMasks>& masks) {
    const std::size_t num_envs = observations.shape(0);
    const bool discrete = observations.ndim() == 1;
    const PolicySpaces spaces{discrete, discrete ? 0 : observations.shape(1), actions_ ? *actions_ : choices_of(actions)};
    std::size_t mask_row = 0;
    if (masks) {
        for (const std::int32_t count : spaces.actions.counts) mask_row += static_cast<std::size_t>(count);
        if (!spaces.actions.discrete || masks->shape(0) != num_envs || masks->shape(1) != mask_row)
            throw std::invalid_argument(
                spaces.actions.discrete
                    ? "action_mask: expected shape (" + std::to_string(num_envs) + ", " + std::to_string(mask_row) + "), got (" +
                          std::to_string(masks->shape(0)) + ", " + std::to_string(masks->shape(1)) + ")"
                    : "action_mask: expected None, as the actions are continuous");
    }
    const BoundPolicy bound = bind_to(spaces, num_envs);
    void* chosen;
    const nb::object array = spaces.actions.discrete ? new_array<std::int32_t>(num_envs, spaces.actions.size(), chosen)
                                                     : new_array<float>(num_envs, spaces.actions.size(), chosen);
    const auto* rows = static_cast<const std::byte*>(observations.data());
    const std::size_t bytes = discrete ? sizeof(std::int64_t) : sizeof(float) * spaces.observation_size;
    std::optional<ReleasedGil> released;
    if (num_envs > envs_per_word) released.emplace();
    for (std::size_t begin = 0; begin < num_envs; begin += envs_per_block)
        bound.function.act(bound.function.policy, rows + begin * bytes,
                           static_cast<std::byte*>(chosen) + begin * spaces.actions.size() * sizeof(float), begin,
                           std::min(begin + envs_per_block, num_envs), masks ? masks->data() + begin * mask_row : nullptr);
    return array;
}

nb::bytes ChoosingPolicy::save() const {
    const StreamsLock lock(streams_);
    const auto streams = lock->all();
    return nb::bytes(streams.data(), streams.size_bytes());
}

void ChoosingPolicy::load(const nb::bytes& bytes) {
    const StreamsLock lock(streams_);
    if (bytes.size() % sizeof(Pcg64) != 0) throw std::invalid_argument("policy: these are not saved streams");
    std::vector<Pcg64> streams(bytes.size() / sizeof(Pcg64));
    if (!streams.empty()) std::memcpy(streams.data(), bytes.data(), bytes.size());
    lock->set(streams);
}

NetworkPolicyBinding::NetworkPolicyBinding(const std::vector<Layer>& layers, const std::vector<double>& mean,
                                           const std::vector<double>& variance, double epsilon, bool sample,
                                           std::vector<double> noise, nb::handle actions, const std::vector<std::uint32_t>& seed)
    : ChoosingPolicy(actions, seed), sample_(sample), noise_(std::move(noise)) {
    std::vector<DenseLayerView> views;
    for (const auto& [weights, biases, activation] : layers)
        views.push_back({
            .inputs = weights.shape(weights.ndim() - 1),
            .outputs = weights.shape(weights.ndim() - 2),
            .weights = {weights.data(), weights.size()},
            .biases = biases ? std::span(biases->data(), biases->size()) : std::span<const float>(),
            .activation = activation == "tanh" ? Activation::tanh : activation == "relu" ? Activation::relu : Activation::none,
        });
    weights_ = std::make_shared<const NetworkWeights>(views, Normalisation{mean, variance, epsilon});
    if (this->actions()) NetworkPolicy::check_rule(*this->actions(), {.sample = sample_, .noise = noise_});
}

void NetworkPolicyBinding::check_inputs(const char* name, const PolicySpaces& spaces) const {
    if (spaces.observation_size != 0 && spaces.observation_size != weights_->inputs())
        throw std::invalid_argument(std::string(name) + ": expected observations of " + std::to_string(weights_->inputs()) +
                                    (spaces.discrete_observation ? " values, got " : " numbers, got ") +
                                    std::to_string(spaces.observation_size));
}

BoundPolicy NetworkPolicyBinding::bind_critic(const ParameterTable& parameters, std::size_t num_envs) const {
    BlockStepper::check_policy_sees(parameters.environment());
    const PolicySpaces spaces = spaces_of(parameters);
    check_inputs("critic", spaces);
    if (weights_->outputs() != 1)
        throw std::invalid_argument("critic: expected one output, got " + std::to_string(weights_->outputs()));
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const ActionChoices any{.discrete = false, .counts = {}, .low = {-infinity}, .high = {infinity}};
    const auto critic = std::make_shared<NetworkPolicy>(weights_, any, NetworkOptions{false, {}, spaces.discrete_observation},
                                                        num_envs, nullptr, networks().act);
    return {critic->function(), critic};
}

BoundPolicy NetworkPolicyBinding::bind_to(const PolicySpaces& spaces, std::size_t num_envs) {
    check_inputs("policy", spaces);
    struct Memory {
        std::optional<StreamsLock> lock;
        std::optional<NetworkPolicy> policy;
    };
    auto memory = std::make_shared<Memory>();
    if (sample_ || !noise_.empty()) memory->lock.emplace(streams_);
    memory->policy.emplace(weights_, spaces.actions, NetworkOptions{sample_, noise_, spaces.discrete_observation}, num_envs,
                           memory->lock ? (*memory->lock)->of_envs(num_envs) : nullptr, networks().act);
    return {memory->policy->function(), memory};
}

BoundPolicy RandomPolicyBinding::bind_to(const PolicySpaces& spaces, std::size_t num_envs) {
    for (std::size_t i = 0; i < spaces.actions.low.size(); ++i)
        if (!std::isfinite(spaces.actions.low[i]) || !std::isfinite(spaces.actions.high[i]))
            throw std::invalid_argument("policy: expected an action space with bounds to draw between, number " +
                                        std::to_string(i) + " of an action has none");
    struct Memory {
        StreamsLock lock;
        ActionChoices choices;
        RandomActions space;
        Memory(std::shared_ptr<LockedStreams> streams, std::size_t num_envs, const ActionChoices& actions)
            : lock(std::move(streams)),
              choices(actions),
              space{choices.size(), choices.counts.empty() ? nullptr : choices.counts.data(), choices.discrete, choices.low.data(), choices.high.data(),
                    lock->of_envs(num_envs)} {}
    };
    auto memory = std::make_shared<Memory>(streams_, num_envs, spaces.actions);
    return {{.act = networks().act_randomly, .policy = &memory->space, .looks = false}, memory};
}

namespace {

/// The parameters of a policy in the form that ParameterTable and `parameters_of` take.
EnvironmentDescription as_environment(const PolicyDescription& policy) {
    EnvironmentDescription environment{};
    environment.name = policy.name;
    environment.parameters = policy.parameters;
    environment.parameter_count = policy.parameter_count;
    environment.number_count = policy.number_count;
    environment.default_numbers = policy.default_numbers;
    environment.parameters_size = policy.policy_size;
    environment.read_parameters = policy.read_parameters;
    environment.check_parameters = policy.check_parameters;
    return environment;
}

/// The action space of a policy. Bounds of continuous actions are infinite.
ActionChoices actions_of(const PolicyDescription& policy) {
    ActionChoices choices;
    choices.discrete = policy.action.kind != SpaceKind::box;
    if (choices.discrete) {
        choices.counts.assign(policy.choices, policy.choices + policy.action.size);
    } else {
        choices.low.assign(policy.action.size, -std::numeric_limits<float>::infinity());
        choices.high.assign(policy.action.size, std::numeric_limits<float>::infinity());
    }
    return choices;
}

}  // namespace

LibraryPolicy::LibraryPolicy(const PolicyDescription& policy, const std::vector<double>& numbers,
                             const std::vector<std::uint32_t>& seed)
    : ChoosingPolicy(nb::none(), seed),
      description_(policy),
      as_environment_(as_environment(policy)),
      parameters_(std::make_shared<ParameterTable>(as_environment_, numbers, 1)) {}

BoundPolicy LibraryPolicy::bind_to(const PolicySpaces& spaces, std::size_t num_envs) {
    const ActionChoices actions = actions_of(description_);
    const std::string name = description_.name;
    if (spaces.discrete_observation || spaces.observation_size != description_.observation_size)
        throw std::invalid_argument(name + ": expected observations of " + std::to_string(description_.observation_size) +
                                    " numbers, got " +
                                    (spaces.discrete_observation ? "discrete ones" : std::to_string(spaces.observation_size)));
    if (!are_alike(actions, spaces.actions))
        throw std::invalid_argument(name + ": chooses " + shown(actions) + ", expected are " + shown(spaces.actions));
    struct Memory {
        std::optional<StreamsLock> lock;
        std::shared_ptr<const ParameterTable> parameters;
        PolicyData data;
    };
    auto memory = std::make_shared<Memory>();
    if (description_.draws) memory->lock.emplace(streams_);
    memory->parameters = parameters_;
    memory->data = {parameters_->data(), memory->lock ? (*memory->lock)->of_envs(num_envs) : nullptr};
    return {{choose_policy(description_, active_architecture()).act, &memory->data}, memory};
}

void bind_policies(nb::module_& module) {
    nb::class_<NativePolicy>(module, "NativePolicy");
    nb::class_<FunctionPolicy, NativePolicy>(module, "FunctionPolicy")
        .def(nb::init<std::uintptr_t, std::uintptr_t>(), "act"_a, "policy"_a);
    nb::class_<ChoosingPolicy, NativePolicy>(module, "ChoosingPolicy")
        .def("act", &ChoosingPolicy::act, "observations"_a, "actions"_a.none(), "masks"_a.none() = nb::none())
        .def("save", &ChoosingPolicy::save)
        .def("load", &ChoosingPolicy::load, "bytes"_a);
    nb::class_<NetworkPolicyBinding, ChoosingPolicy>(module, "NetworkPolicy")
        .def(nb::init<const std::vector<NetworkPolicyBinding::Layer>&, const std::vector<double>&, const std::vector<double>&, double,
                      bool, std::vector<double>, nb::handle, const std::vector<std::uint32_t>&>(),
             "layers"_a, "mean"_a, "variance"_a, "epsilon"_a, "sample"_a, "noise"_a, "actions"_a.none(), "seed"_a);
    nb::class_<RandomPolicyBinding, ChoosingPolicy>(module, "RandomPolicy")
        .def(nb::init<nb::handle, const std::vector<std::uint32_t>&>(), "actions"_a.none(), "seed"_a);
    nb::class_<PolicyDescription>(module, "PolicyDescription")
        .def_ro("name", &PolicyDescription::name)
        .def_ro("observation_size", &PolicyDescription::observation_size)
        .def_prop_ro("action", [](const PolicyDescription& self) { return described(actions_of(self)); })
        .def_prop_ro("parameters", [](const PolicyDescription& self) { return parameters_of(as_environment(self)); })
        .def_prop_ro("mistake", [](const PolicyDescription& self) { return mistake_in(self); });
    nb::class_<LibraryPolicy, ChoosingPolicy>(module, "LibraryPolicy")
        .def(nb::init<const PolicyDescription&, const std::vector<double>&, const std::vector<std::uint32_t>&>(), "policy"_a,
             "numbers"_a, "seed"_a);
}

}  // namespace operant::bindings
