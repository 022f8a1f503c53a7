#include "policy.hpp"

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

#include <operant/block_run.hpp>
#include <operant/dispatch.hpp>
#include <operant/kernel/random_actions.hpp>

#include "builtin_environments.hpp"
#include "environment.hpp"
#include "released_gil.hpp"

namespace operant::bindings {
namespace {

using namespace nb::literals;

using Floats = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;
using Integers = nb::ndarray<const std::int64_t, nb::c_contig, nb::device::cpu>;

const ArchitectureNetworks& networks() { return choose_networks(operant_builtin_environments(), active_architecture()); }

/// \param described (kind, low, high, n) of one copy, as in Environment::spaces
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

std::string shown(const ActionChoices& choices) {
    if (!choices.discrete) return "actions of " + std::to_string(choices.size()) + " continuous numbers";
    std::string counts;
    for (const std::int32_t count : choices.counts) counts += (counts.empty() ? "" : ", ") + std::to_string(count);
    return choices.size() == 1 ? "one of " + counts + " discrete actions" : "discrete actions of [" + counts + "] values";
}

/// Whether they differ only in their bounds.
bool are_alike(const ActionChoices& a, const ActionChoices& b) {
    return a.discrete == b.discrete && a.counts == b.counts && a.size() == b.size();
}

/// How many values a discrete observation has; the largest number if it differs between copies.
std::size_t observation_count(const EnvironmentDescription& environment, const ParameterTable& parameters, std::size_t num_envs) {
    std::vector<float> low(environment.action.size), high(environment.action.size);
    std::vector<std::int64_t> action_n(environment.action.size);
    std::int64_t n = 0, most = 0;
    for (std::size_t copy = 0; copy < (parameters.per_copy() ? num_envs : 1); ++copy) {
        environment.get_spaces(parameters.of_copy(copy), {low.data(), high.data(), action_n.data(), nullptr, nullptr, &n});
        most = std::max(most, n);
    }
    return static_cast<std::size_t>(most);
}

template <class T>
nb::object new_array(std::size_t rows, std::size_t width, void*& data) {
    data = new T[rows * width];
    const nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    const std::size_t shape[] = {rows, width};
    return nb::ndarray<nb::numpy, T>(data, 2, shape, owner).cast();
}

}  // namespace

Streams::Exclusive::Exclusive(std::shared_ptr<Streams> streams, std::size_t num_envs) : streams_(std::move(streams)) {
    if (streams_->busy_.test_and_set(std::memory_order_acquire))
        throw std::runtime_error("another thread is using this policy, which draws random numbers; give each thread its own");
    try {
        random_ = streams_->streams_.of_copies(num_envs);
    } catch (...) {
        streams_->busy_.clear(std::memory_order_release);
        throw;
    }
}

ChoosingPolicy::ChoosingPolicy(nb::handle actions, const std::vector<std::uint32_t>& seed)
    : streams_(std::make_shared<Streams>(seed)),
      actions_(actions.is_none() ? std::nullopt : std::optional(choices_of(actions))) {}

BoundPolicy ChoosingPolicy::bind(const EnvironmentDescription& environment, const ParameterTable& parameters,
                                 std::size_t num_envs) {
    BlockRun::check_policy_sees(environment);
    Row row{environment.observation.kind == SpaceDescription::Kind::discrete, environment.observation.size,
            action_choices(environment, parameters, num_envs)};
    if (row.discrete_observation) row.observation_size = observation_count(environment, parameters, num_envs);
    if (actions_) {
        if (!are_alike(*actions_, row.actions))
            throw std::invalid_argument("policy: chooses " + shown(*actions_) + ", " + environment.name + " takes " +
                                        shown(row.actions));
        row.actions = *actions_;
    }
    return bind_to(row, num_envs);
}

nb::object ChoosingPolicy::act(const Observations& observations, nb::handle actions) {
    const std::size_t num_envs = observations.shape(0);
    const bool discrete = observations.ndim() == 1;
    const Row row{discrete, discrete ? 0 : observations.shape(1), actions_ ? *actions_ : choices_of(actions)};
    const BoundPolicy bound = bind_to(row, num_envs);
    void* chosen;
    const nb::object array = row.actions.discrete ? new_array<std::int32_t>(num_envs, row.actions.size(), chosen)
                                                  : new_array<float>(num_envs, row.actions.size(), chosen);
    const auto* rows = static_cast<const std::byte*>(observations.data());
    const std::size_t bytes = discrete ? sizeof(std::int64_t) : sizeof(float) * row.observation_size;
    std::optional<ReleasedGil> released;
    if (num_envs > lanes_per_word) released.emplace();
    for (std::size_t begin = 0; begin < num_envs; begin += lanes_per_block)
        bound.function.act(bound.function.policy, rows + begin * bytes,
                           static_cast<std::byte*>(chosen) + begin * row.actions.size() * sizeof(float), begin,
                           std::min(begin + lanes_per_block, num_envs));
    return array;
}

nb::bytes ChoosingPolicy::save() const {
    const Streams::Exclusive exclusive(streams_, 0);
    const auto streams = exclusive.all().all();
    return nb::bytes(streams.data(), streams.size_bytes());
}

void ChoosingPolicy::load(const nb::bytes& bytes) {
    const Streams::Exclusive exclusive(streams_, 0);
    if (bytes.size() % sizeof(Pcg64) != 0) throw std::invalid_argument("policy: these are no saved streams");
    std::vector<Pcg64> streams(bytes.size() / sizeof(Pcg64));
    if (!streams.empty()) std::memcpy(streams.data(), bytes.data(), bytes.size());
    exclusive.all().set(streams);
}

BoundPolicy PyNetworkPolicy::bind_to(const Row& row, std::size_t num_envs) {
    if (row.observation_size != 0 && row.observation_size != weights_->inputs())
        throw std::invalid_argument("policy: expected observations of " + std::to_string(weights_->inputs()) +
                                    (row.discrete_observation ? " values, got " : " numbers, got ") +
                                    std::to_string(row.observation_size));
    struct Memory {
        std::optional<Streams::Exclusive> exclusive;
        std::optional<NetworkPolicy> policy;
    };
    auto memory = std::make_shared<Memory>();
    if (sample_ || !noise_.empty()) memory->exclusive.emplace(streams_, num_envs);
    memory->policy.emplace(weights_, row.actions, NetworkOptions{sample_, noise_, row.discrete_observation}, num_envs,
                           memory->exclusive ? memory->exclusive->random() : nullptr, networks().act);
    return {memory->policy->function(), memory};
}

BoundPolicy PyRandomPolicy::bind_to(const Row& row, std::size_t num_envs) {
    for (std::size_t i = 0; i < row.actions.low.size(); ++i)
        if (!std::isfinite(row.actions.low[i]) || !std::isfinite(row.actions.high[i]))
            throw std::invalid_argument("policy: expected an action space with bounds to draw between, number " +
                                        std::to_string(i) + " of an action has none");
    struct Memory {
        Streams::Exclusive exclusive;
        ActionChoices choices;
        RandomActions space;
        Memory(std::shared_ptr<Streams> streams, std::size_t num_envs, const ActionChoices& actions)
            : exclusive(std::move(streams), num_envs),
              choices(actions),
              space{choices.size(), choices.discrete ? choices.counts.data() : nullptr, choices.low.data(), choices.high.data(),
                    exclusive.random()} {}
    };
    auto memory = std::make_shared<Memory>(streams_, num_envs, row.actions);
    return {{networks().act_randomly, &memory->space}, memory};
}

PolicyClass::PolicyClass(const PolicyDescription& description) : description_(&description) {
    parameters_.name = description.name;
    parameters_.parameters = description.parameters;
    parameters_.parameter_count = description.parameter_count;
    parameters_.number_count = description.number_count;
    parameters_.default_numbers = description.default_numbers;
    parameters_.parameters_size = description.policy_size;
    parameters_.read_parameters = description.read_parameters;
    parameters_.check_parameters = description.check_parameters;
}

ActionChoices PolicyClass::actions() const {
    ActionChoices choices;
    choices.discrete = description_->action.kind != SpaceDescription::Kind::box;
    if (choices.discrete) {
        choices.counts.assign(description_->choices, description_->choices + description_->action.size);
    } else {
        choices.low.assign(description_->action.size, -std::numeric_limits<float>::infinity());
        choices.high.assign(description_->action.size, std::numeric_limits<float>::infinity());
    }
    return choices;
}

std::vector<PolicyClass> policies_of(const EnvironmentLibrary& library) {
    std::vector<PolicyClass> policies;
    for (std::size_t i = 0; i < library.policy_count; ++i) policies.emplace_back(*library.policies[i]);
    return policies;
}

PyCompiledPolicy::PyCompiledPolicy(const PolicyClass& policy, const std::vector<double>& numbers,
                                   const std::vector<std::uint32_t>& seed)
    : ChoosingPolicy(nb::none(), seed),
      policy_(&policy),
      parameters_(std::make_shared<ParameterTable>(policy.parameters(), numbers, 1)) {}

BoundPolicy PyCompiledPolicy::bind_to(const Row& row, std::size_t num_envs) {
    const PolicyDescription& description = policy_->description();
    const ActionChoices actions = policy_->actions();
    const std::string name = description.name;
    if (row.discrete_observation || row.observation_size != description.observation_size)
        throw std::invalid_argument(name + ": expected observations of " + std::to_string(description.observation_size) +
                                    " numbers, got " +
                                    (row.discrete_observation ? "discrete ones" : std::to_string(row.observation_size)));
    if (!are_alike(actions, row.actions))
        throw std::invalid_argument(name + ": chooses " + shown(actions) + ", expected are " + shown(row.actions));
    struct Memory {
        std::optional<Streams::Exclusive> exclusive;
        std::shared_ptr<const ParameterTable> parameters;
        PolicyData data;
    };
    auto memory = std::make_shared<Memory>();
    if (description.draws) memory->exclusive.emplace(streams_, num_envs);
    memory->parameters = parameters_;
    memory->data = {parameters_->data(), memory->exclusive ? memory->exclusive->random() : nullptr};
    return {{choose_policy(description, active_architecture()).act, &memory->data}, memory};
}

namespace {

std::shared_ptr<const NetworkWeights> weights_of(const std::vector<std::tuple<Floats, std::optional<Floats>, std::string>>& layers,
                                                 const std::vector<double>& mean, const std::vector<double>& variance,
                                                 double epsilon) {
    std::vector<DenseLayer> dense;
    for (const auto& [weights, biases, activation] : layers) {
        DenseLayer layer;
        layer.inputs = weights.shape(weights.ndim() - 1);
        layer.outputs = weights.shape(weights.ndim() - 2);
        layer.weights.assign(weights.data(), weights.data() + weights.size());
        if (biases) layer.biases.assign(biases->data(), biases->data() + biases->size());
        layer.activation = activation == "tanh" ? Activation::tanh : activation == "relu" ? Activation::relu : Activation::none;
        dense.push_back(std::move(layer));
    }
    return std::make_shared<const NetworkWeights>(dense, Normalisation{mean, variance, epsilon});
}

}  // namespace

void bind_policies(nb::module_& module) {
    nb::class_<Policy>(module, "Policy");
    nb::class_<FunctionPolicy, Policy>(module, "FunctionPolicy")
        .def(nb::init<std::uintptr_t, std::uintptr_t>(), "act"_a, "policy"_a);
    nb::class_<ChoosingPolicy, Policy>(module, "ChoosingPolicy")
        .def("act", &ChoosingPolicy::act, "observations"_a, "actions"_a.none())
        .def("save", &ChoosingPolicy::save)
        .def("load", &ChoosingPolicy::load, "bytes"_a);
    nb::class_<PyNetworkPolicy, ChoosingPolicy>(module, "NetworkPolicy")
        .def(
            "__init__",
            [](PyNetworkPolicy* self, const std::vector<std::tuple<Floats, std::optional<Floats>, std::string>>& layers,
               const std::vector<double>& mean, const std::vector<double>& variance, double epsilon, bool sample,
               std::vector<double> noise, nb::object actions, const std::vector<std::uint32_t>& seed) {
                new (self) PyNetworkPolicy(weights_of(layers, mean, variance, epsilon), sample, std::move(noise), actions, seed);
            },
            "layers"_a, "mean"_a, "variance"_a, "epsilon"_a, "sample"_a, "noise"_a, "actions"_a.none(), "seed"_a);
    nb::class_<PyRandomPolicy, ChoosingPolicy>(module, "RandomPolicy")
        .def(nb::init<nb::handle, const std::vector<std::uint32_t>&>(), "actions"_a.none(), "seed"_a);
    nb::class_<PolicyClass>(module, "PolicyClass")
        .def_prop_ro("name", [](const PolicyClass& self) { return self.description().name; })
        .def_prop_ro("observation_size", [](const PolicyClass& self) { return self.description().observation_size; })
        .def_prop_ro("draws", [](const PolicyClass& self) { return self.description().draws; })
        .def_prop_ro("action_kind", [](const PolicyClass& self) { return self.actions().discrete ? "discrete" : "box"; })
        .def_prop_ro("action_size", [](const PolicyClass& self) { return self.description().action.size; })
        .def_prop_ro("action_n", [](const PolicyClass& self) { return self.actions().counts; })
        .def_prop_ro("parameters", [](const PolicyClass& self) { return Environment(self.parameters()).parameters(); });
    nb::class_<PyCompiledPolicy, ChoosingPolicy>(module, "CompiledPolicy")
        .def(nb::init<const PolicyClass&, const std::vector<double>&, const std::vector<std::uint32_t>&>(), "policy"_a,
             "numbers"_a, "seed"_a, nb::keep_alive<1, 2>());
}

}  // namespace operant::bindings
