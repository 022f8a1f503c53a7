#pragma once
/// \file
/// Neural networks as policies: checks shapes and numbers, and arranges the numbers in the order that kernels need.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <operant/abi/library.hpp>
#include <operant/abi/network.hpp>
#include <operant/abi/policy_function.hpp>
#include <operant/core/parameter_table.hpp>
#include <operant/core/policy_streams.hpp>

namespace operant {

/// A fully connected layer whose numbers it owns.
struct DenseLayer {
    std::size_t inputs = 0;                    ///< the number of inputs
    std::size_t outputs = 0;                   ///< the number of outputs
    std::vector<float> weights;                ///< outputs x inputs; or members x outputs x inputs
    std::vector<float> biases;                 ///< outputs; or members x outputs; empty for zeros
    Activation activation = Activation::none;  ///< applied to the outputs
};

/// A fully connected layer whose numbers belong to the caller.
struct DenseLayerView {
    std::size_t inputs;              ///< \copydoc DenseLayer::inputs
    std::size_t outputs;             ///< \copydoc DenseLayer::outputs
    std::span<const float> weights;  ///< \copydoc DenseLayer::weights
    std::span<const float> biases;   ///< \copydoc DenseLayer::biases
    Activation activation;           ///< \copydoc DenseLayer::activation
};

/// Replaces an observation x by (x - mean) / sqrt(variance + epsilon).
struct Normalisation {
    std::vector<double> mean;      ///< observation size; or members x observation size
    std::vector<double> variance;  ///< observation size; or members x observation size
    double epsilon = 1e-8;         ///< as in Gymnasium's NormalizeObservation
};

/// The numbers of a network or of a population of networks.
class NetworkWeights {
public:
    /// \param layers the layers, from the first to the last
    /// \param normalisation the normalisation of observations; without vectors, observations are not normalised
    /// \throws std::invalid_argument if layers do not fit each other, or a number is not finite
    explicit NetworkWeights(const std::vector<DenseLayer>& layers, const Normalisation& normalisation = {})
        : NetworkWeights(views_of(layers), normalisation) {}

    /// As above. The numbers are copied once, into the order that kernels need.
    explicit NetworkWeights(const std::vector<DenseLayerView>& layers, const Normalisation& normalisation = {}) {
        if (layers.empty()) throw std::invalid_argument("weights: expected at least one layer");
        for (std::size_t i = 0; i < layers.size(); ++i) add_layer(layers, i);
        normalises_ = !normalisation.mean.empty() || !normalisation.variance.empty();
        if (normalises_) add_normalisation(normalisation);
        constexpr std::size_t padding = 16;  // kernels may read one batch beyond the last number
        numbers_.assign(members_ * member_size_ + padding, 0.0f);
        for (std::size_t member = 0; member < members_; ++member) put_member(member, layers, normalisation);
    }

    /// The number of networks.
    std::size_t members() const { return members_; }
    /// The number of numbers in an observation.
    std::size_t inputs() const { return layers_.front().inputs; }
    /// The number of outputs of the last layer.
    std::size_t outputs() const { return layers_.back().outputs; }

    /// Returns the network for kernels, without the members that depend on the actions.
    /// \param num_envs a multiple of `members`
    Network network(std::size_t num_envs) const {
        Network network{};
        network.layers = layers_.data();
        network.layer_count = layers_.size();
        network.numbers = numbers_.data();
        network.member_size = member_size_;
        network.envs_per_member = num_envs / members_;
        for (const NetworkLayer& layer : layers_) network.widest = std::max({network.widest, layer.inputs, layer.outputs});
        network.normalises = normalises_;
        network.means = means_;
        network.factors = factors_;
        return network;
    }

private:
    static std::vector<DenseLayerView> views_of(const std::vector<DenseLayer>& layers) {
        std::vector<DenseLayerView> views;
        for (const auto& [inputs, outputs, weights, biases, activation] : layers)
            views.push_back({inputs, outputs, weights, biases, activation});
        return views;
    }

    void add_layer(const std::vector<DenseLayerView>& layers, std::size_t i) {
        const DenseLayerView& layer = layers[i];
        const std::string place = "[" + std::to_string(i) + "]";
        if (layer.inputs == 0 || layer.outputs == 0)
            throw std::invalid_argument("weights" + place + ": expected at least one input and one output");
        if (i != 0 && layer.inputs != layers[i - 1].outputs)
            throw std::invalid_argument("weights" + place + ": expected " + std::to_string(layers[i - 1].outputs) +
                                        " inputs, as many as the layer before has outputs, got " + std::to_string(layer.inputs));
        take_members("weights" + place, layer.weights, layer.inputs * layer.outputs);
        if (!layer.biases.empty()) take_members("biases" + place, layer.biases, layer.outputs);
        const std::size_t weights = member_size_, biases = weights + layer.inputs * layer.outputs;
        layers_.push_back({layer.inputs, layer.outputs, weights, biases, layer.activation});
        member_size_ = biases + layer.outputs;
    }

    void add_normalisation(const Normalisation& normalisation) {
        take_members("observation_mean", std::span(normalisation.mean), inputs());
        take_members("observation_variance", std::span(normalisation.variance), inputs());
        for (std::size_t i = 0; i < normalisation.variance.size(); ++i)
            if (!(normalisation.variance[i] >= 0 && normalisation.variance[i] + normalisation.epsilon > 0))
                throw std::invalid_argument("observation_variance[" + std::to_string(i) +
                                            "]: expected a number that is not negative, nor 0 together with epsilon");
        means_ = member_size_;
        factors_ = means_ + inputs();
        member_size_ = factors_ + inputs();
    }

    template <class Number>
    void take_members(const std::string& name, std::span<const Number> numbers, std::size_t size) {
        const std::size_t members = numbers.size() / size;
        if (numbers.size() % size != 0 || members == 0)
            throw std::invalid_argument(name + ": expected " + std::to_string(size) +
                                        " numbers, or as many for each member of a population, got " +
                                        std::to_string(numbers.size()));
        if (members != 1 && members_ != 1 && members != members_)
            throw std::invalid_argument(name + ": expected numbers for " + std::to_string(members_) + " members, got " +
                                        std::to_string(members));
        members_ = std::max(members, members_);
        for (std::size_t i = 0; i < numbers.size(); ++i)
            if (!std::isfinite(numbers[i]) || !std::isfinite(static_cast<float>(numbers[i])))
                throw std::invalid_argument(name + ": expected finite numbers, number " + std::to_string(i) + " is not");
    }

    /// The numbers of one member, or the numbers that all members share.
    template <class Number>
    static const Number* of_member(std::span<const Number> numbers, std::size_t member, std::size_t size) {
        return numbers.data() + (numbers.size() == size ? 0 : member * size);
    }

    void put_member(std::size_t member, const std::vector<DenseLayerView>& layers, const Normalisation& normalisation) {
        float* numbers = numbers_.data() + member * member_size_;
        for (std::size_t i = 0; i < layers.size(); ++i) {
            const auto [inputs, outputs, weights, biases, activation] = layers_[i];
            const float* given = of_member(layers[i].weights, member, inputs * outputs);
            for (std::size_t output = 0; output < outputs; ++output)
                for (std::size_t input = 0; input < inputs; ++input)
                    numbers[weights + input * outputs + output] = given[output * inputs + input];
            if (!layers[i].biases.empty()) std::copy_n(of_member(layers[i].biases, member, outputs), outputs, numbers + biases);
        }
        if (!normalises_) return;
        const double* mean = of_member(std::span(normalisation.mean), member, inputs());
        const double* variance = of_member(std::span(normalisation.variance), member, inputs());
        for (std::size_t i = 0; i < inputs(); ++i) {
            numbers[means_ + i] = static_cast<float>(mean[i]);
            numbers[factors_ + i] = static_cast<float>(1 / std::sqrt(variance[i] + normalisation.epsilon));
        }
    }

    std::vector<NetworkLayer> layers_;
    std::vector<float> numbers_;
    std::size_t members_ = 1, member_size_ = 0, means_ = 0, factors_ = 0;
    bool normalises_ = false;
};

/// The actions among which a policy chooses.
struct ActionChoices {
    bool discrete = true;                 ///< true if actions are integers; otherwise they are numbers within bounds
    std::vector<std::int32_t> counts;     ///< discrete: the number of values of each number; for actions of several parts, it is
                                          ///< 0 for continuous numbers
    std::vector<float> low;               ///< continuous: the smallest value of each number; may be infinite
    std::vector<float> high;              ///< continuous: the largest value of each number; may be infinite

    /// The number of numbers in an action.
    std::size_t size() const { return discrete ? counts.size() : low.size(); }
    /// Returns true if actions consist of discrete and continuous parts, all of them floats.
    bool has_parts() const { return !discrete && !counts.empty(); }
};

/// Returns the actions of an environment with these parameters. If bounds differ between envs, these are the widest ones; the
/// environment clips actions to the bounds of each env.
inline ActionChoices action_choices(const EnvironmentDescription& environment, const ParameterTable& parameters) {
    ActionChoices choices;
    choices.discrete = !environment.action.has_real_actions();
    for (std::size_t row = 0; row < parameters.rows(); ++row) {
        SpaceNumbers spaces = parameters.spaces(row);
        if (row == 0 && (choices.discrete || environment.action.part_count != 0)) choices.counts.assign(spaces.action_n.begin(), spaces.action_n.end());
        if (choices.discrete) break;
        if (row == 0) {
            choices.low = std::move(spaces.action_low);
            choices.high = std::move(spaces.action_high);
            continue;
        }
        for (std::size_t i = 0; i < choices.low.size(); ++i) {
            choices.low[i] = std::min(choices.low[i], spaces.action_low[i]);
            choices.high[i] = std::max(choices.high[i], spaces.action_high[i]);
        }
    }
    return choices;
}

/// The rule that turns a network's outputs into actions.
struct NetworkOptions {
    bool sample = false;               ///< discrete: true to draw from the softmax of the outputs
    std::vector<double> noise;         ///< continuous: standard deviations, one for all numbers or one per number; or empty
    bool discrete_observations = false;  ///< true if observation i becomes a vector with 1 at place i and 0 elsewhere
};

/// A network that chooses the actions of `num_envs` envs.
class NetworkPolicy {
public:
    /// \param weights the numbers of one network, or of a population whose size divides `num_envs`. Member p chooses for
    ///        num_envs / members envs, beginning with env p * num_envs / members.
    /// \param choices the actions. The network needs one output per number of a continuous action, and one per value of a
    ///        discrete one.
    /// \param options the rule that turns outputs into actions
    /// \param num_envs the number of envs
    /// \param random one stream per env, which has to outlive this object, if anything is drawn; otherwise null
    /// \param act NetworkKernels<Arch>::act
    /// \throws std::invalid_argument if the arguments do not fit each other
    NetworkPolicy(std::shared_ptr<const NetworkWeights> weights, ActionChoices choices, const NetworkOptions& options,
                  std::size_t num_envs, Pcg64* random, decltype(PolicyFunction::act) act)
        : weights_(std::move(weights)), choices_(std::move(choices)), noise_(options.noise), act_(act) {
        check(options, num_envs);
        network_ = weights_->network(num_envs);
        network_.discrete_observations = options.discrete_observations;
        const bool noisy = std::ranges::any_of(noise_, [](double one) { return one != 0; });
        network_.rule = choices_.discrete ? (options.sample ? ActionRule::drawn : ActionRule::largest)
                                          : (noisy ? ActionRule::noisy : ActionRule::value);
        network_.action_size = choices_.size();
        network_.choices = choices_.counts.data();
        network_.low = choices_.low.data();
        network_.high = choices_.high.data();
        if (noise_.size() == 1) noise_.resize(choices_.size(), noise_[0]);
        network_.noise = noise_.data();
        network_.random = random;
    }

    NetworkPolicy(const NetworkPolicy&) = delete;
    NetworkPolicy& operator=(const NetworkPolicy&) = delete;

    /// The policy for a rollout, valid as long as this object.
    PolicyFunction function() const { return {.act = act_, .policy = &network_, .network = &network_}; }

    /// \throws std::invalid_argument if such actions cannot be drawn, or cannot have noise
    static void check_rule(const ActionChoices& choices, const NetworkOptions& options) {
        if (options.sample && !choices.discrete)
            throw std::invalid_argument("sample: expected False, as actions are continuous; noise makes them random");
        if (!options.noise.empty() && choices.discrete)
            throw std::invalid_argument("noise: expected 0, as actions are discrete; sample=True draws them");
    }

private:
    void check(const NetworkOptions& options, std::size_t num_envs) const {
        if (choices_.has_parts())
            throw std::invalid_argument("policy: expected discrete or continuous actions, got those of a tuple or a dict");
        std::size_t expected = choices_.size();
        if (choices_.discrete) {
            expected = 0;
            for (const std::int32_t count : choices_.counts) expected += static_cast<std::size_t>(count);
        }
        if (weights_->outputs() != expected)
            throw std::invalid_argument("policy: expected " + std::to_string(expected) + " outputs, one for each " +
                                        (choices_.discrete ? "discrete action" : "number of an action") + ", got " +
                                        std::to_string(weights_->outputs()));
        if (num_envs % weights_->members() != 0)
            throw std::invalid_argument("policy: expected a population whose size divides num_envs = " +
                                        std::to_string(num_envs) + ", got one of " + std::to_string(weights_->members()));
        check_rule(choices_, options);
        if (options.noise.size() > 1 && options.noise.size() != choices_.size())
            throw std::invalid_argument("noise: expected one number, or " + std::to_string(choices_.size()) +
                                        ", one for each of an action, got " + std::to_string(options.noise.size()));
    }

    std::shared_ptr<const NetworkWeights> weights_;
    ActionChoices choices_;
    std::vector<double> noise_;
    decltype(PolicyFunction::act) act_;
    Network network_;
};

}  // namespace operant
