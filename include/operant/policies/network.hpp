#pragma once
/// \file
/// Applies neural networks: turns rows of observations into rows of actions.
///
/// There are several ways to compute a layer. In all of them a sum begins with the bias and adds the inputs in their order with
/// fused multiply-adds, or with two roundings on processors without them. The actions of an env therefore do not depend on the
/// other envs, or on the number of envs that follow the same weights.
///
/// Everything here carries the architecture in its type, as in kernel/batch_tier.hpp.

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

#include <xsimd/xsimd.hpp>

#include <operant/abi/network.hpp>
#include <operant/math/row_major.hpp>
#include <operant/policies/network_actions.hpp>
#include <operant/policies/network_layers.hpp>

namespace operant {

/// The function of a network for one instruction set.
template <class Arch>
class NetworkKernels {
    using Batch = xsimd::batch<float, Arch>;
    using Indices = xsimd::batch<std::int32_t, Arch>;
    using Actions = NetworkActions<Arch>;
    using Layers = NetworkLayers<Arch>;
    static constexpr std::size_t width = Batch::size;
    static constexpr std::size_t group = Actions::group;
    static constexpr std::size_t stride = Actions::stride;

public:
    /// Chooses actions, as PolicyFunction::act. `policy` is a Network.
    static void act(const void* policy, const void* observations, void* actions, std::size_t begin, std::size_t end,
                    const void* masks) {
        const Network network = *static_cast<const Network*>(policy);
        const std::size_t row = network.discrete_observations ? sizeof(std::int64_t) : sizeof(float) * network.layers[0].inputs;
        const Memory memory(network.widest);
        for (std::size_t first = begin; first < end; first += group) {
            const std::size_t count = end - first < group ? end - first : group;
            apply_to_group(network, static_cast<const std::byte*>(observations) + (first - begin) * row, row, first, count, memory);
            const std::size_t written = (first - begin) * network.action_size;  // float and int32 have the same size
            const auto* allowed = static_cast<const std::int8_t*>(masks);
            if (masks) allowed += (first - begin) * network.layers[network.layer_count - 1].outputs;
            float* log_probs = network.log_probs ? network.log_probs + (first - begin) : nullptr;
            Actions::choose(network, memory.outputs, static_cast<float*>(actions) + written, first, count, allowed, log_probs);
        }
    }

private:
    static constexpr std::size_t most_on_stack = 128;  ///< layers with more inputs or outputs need allocated memory

    /// The numbers that layers pass to each other, for a group of envs: one row per input or output.
    class Memory {
    public:
        explicit Memory(std::size_t widest) {
            const std::size_t size = (widest + 1) * stride;  // a layer may write beyond the last row
            allocated_ = widest > most_on_stack ? static_cast<float*>(::operator new(3 * size * sizeof(float), alignment))
                                                : nullptr;
            float* memory = allocated_ ? allocated_ : on_stack_;
            hidden[0] = memory;
            hidden[1] = memory + size;
            outputs = memory + 2 * size;
        }
        ~Memory() {
            if (allocated_) ::operator delete(allocated_, alignment);
        }
        Memory(const Memory&) = delete;
        Memory& operator=(const Memory&) = delete;

        float* hidden[2];
        float* outputs;  ///< of the last layer

    private:
        static constexpr std::align_val_t alignment{64};
        alignas(64) float on_stack_[3 * (most_on_stack + 1) * stride];
        float* allocated_;
    };

    /// Consecutive envs, at most a group, that follow the same weights.
    struct Run {
        const float* numbers;   ///< the numbers of their member of the population
        const std::byte* rows;  ///< their observations
        std::size_t count;      ///< the number of envs
    };

    /// Computes the outputs of the last layer for at most a group of envs. Their rows in `memory.outputs` are `stride` numbers
    /// apart.
    /// \param rows observations of `row` bytes
    static XSIMD_INLINE void apply_to_group(const Network& network, const std::byte* rows, std::size_t row, std::size_t first,
                                            std::size_t count, const Memory& memory) {
        const bool own_weights = network.layer_count == 1 && network.envs_per_member < width / 4;
        for (std::size_t done = 0; done < count;) {
            const std::size_t env = first + done, left = count - done;
            const std::size_t member = env / network.envs_per_member;
            const std::size_t of_member = (member + 1) * network.envs_per_member - env;
            Run run{network.numbers + member * network.member_size, rows + done * row, of_member < left ? of_member : left};
            if (own_weights) {
                run.count = left < width ? left : width;
                apply_own_weights(network, run, env - member * network.envs_per_member, memory, memory.outputs + done);
            } else {
                apply(network, run, memory, memory.outputs + done);
            }
            done += run.count;
        }
    }

    /// Applies the network to a run. Writes up to a batch of outputs beyond the run.
    static XSIMD_INLINE void apply(const Network& network, const Run& run, const Memory& memory, float* outputs) {
        if (run.count > 2 * width) return apply_to_batches<group / width>(network, run, memory, outputs);
        if (run.count > width)
            return apply_to_batches<2>(network, run, memory, outputs);
        if (run.count >= width / 2 || network.layer_count == 1)
            return apply_to_batches<1>(network, run, memory, outputs);
        for (std::size_t i = 0; i < run.count; ++i) apply_to_one(network, run, i, memory, outputs + i);
    }

    /// Applies a single layer with weights that differ between lanes. Networks with hidden layers have too many weights for it.
    /// \param run envs that follow several members; `before` envs of the first member precede it
    static void apply_own_weights(const Network& network, const Run& run, std::size_t before, const Memory& memory,
                                  float* outputs) {
        const NetworkLayer& layer = network.layers[0];
        alignas(64) std::int32_t places[width];
        for (std::size_t lane = 0; lane < width; ++lane) {
            const std::size_t env = before + (lane < run.count ? lane : run.count - 1);
            places[lane] = static_cast<std::int32_t>(env / network.envs_per_member * network.member_size);
        }
        const Indices place = Indices::load_aligned(places);
        const auto of_each = [&](std::size_t number) { return Batch::gather(run.numbers + number, place); };
        float* inputs = memory.hidden[0];
        load_rows_of<1>(network, run, inputs);
        if (network.normalises)
            for (std::size_t i = 0; i < layer.inputs; ++i) {
                float* input = inputs + i * width;
                const Batch centred = Batch::load_unaligned(input) - of_each(network.means + i);
                (centred * of_each(network.factors + i)).store_unaligned(input);
            }
        for (std::size_t unit = 0; unit < layer.outputs; ++unit) {
            Batch sum = of_each(layer.biases + unit);
            for (std::size_t i = 0; i < layer.inputs; ++i)
                sum = xsimd::fma(of_each(layer.weights + i * layer.outputs + unit), Batch::load_unaligned(inputs + i * width), sum);
            Layers::activated(layer.activation, std::array{sum})[0].store_unaligned(outputs + unit * stride);
        }
    }

    /// Applies the network with one env per lane.
    template <std::size_t batches>
    static void apply_to_batches(const Network& network, const Run& run, const Memory& memory, float* outputs) {
        load_rows_of<batches>(network, run, memory.hidden[0]);
        normalise<batches * width>(network, run, memory.hidden[0]);
        const std::size_t last = network.layer_count - 1;
        for (std::size_t i = 0; i < last; ++i)
            Layers::template apply<batches>(network.layers[i], run.numbers, memory.hidden[i % 2], memory.hidden[(i + 1) % 2],
                                            batches * width);
        Layers::template apply<batches>(network.layers[last], run.numbers, memory.hidden[last % 2], outputs, stride);
    }

    /// Applies the network to env i of the run, with one output of a layer per lane.
    static void apply_to_one(const Network& network, const Run& run, std::size_t i, const Memory& memory, float* outputs) {
        load_row(network, run, i, memory.hidden[0], 1);
        normalise<1>(network, run, memory.hidden[0]);
        const std::size_t last = network.layer_count - 1;
        for (std::size_t layer = 0; layer <= last; ++layer)
            Layers::apply_to_one(network.layers[layer], run.numbers, memory.hidden[layer % 2], memory.hidden[(layer + 1) % 2]);
        const float* result = memory.hidden[(last + 1) % 2];
        for (std::size_t k = 0; k < network.layers[last].outputs; ++k) outputs[k * stride] = result[k];
    }

    /// Loads the observation of env i of the run into numbers that are `step` apart.
    static XSIMD_INLINE void load_row(const Network& network, const Run& run, std::size_t i, float* to, std::size_t step) {
        const std::size_t size = network.layers[0].inputs;
        if (network.discrete_observations) {
            const auto place = static_cast<std::size_t>(reinterpret_cast<const std::int64_t*>(run.rows)[i]);
            for (std::size_t k = 0; k < size; ++k) to[k * step] = k == place ? 1.0f : 0.0f;
        } else {
            const float* row = reinterpret_cast<const float*>(run.rows) + i * size;
            for (std::size_t k = 0; k < size; ++k) to[k * step] = row[k];
        }
    }

    /// Loads the observations of all envs, one env per lane. Lanes beyond the run repeat the last env.
    template <std::size_t batches>
    static XSIMD_INLINE void load_rows_of(const Network& network, const Run& run, float* columns) {
        constexpr std::size_t lanes = batches * width;
        const std::size_t size = network.layers[0].inputs;
        if (run.count == lanes && size <= 4 && !network.discrete_observations) {
            for (std::size_t lane = 0; lane < lanes; lane += width) {
                const float* rows = reinterpret_cast<const float*>(run.rows) + lane * size;
                if (size == 1) transpose<1, lanes>(rows, columns + lane);
                if (size == 2) transpose<2, lanes>(rows, columns + lane);
                if (size == 3) transpose<3, lanes>(rows, columns + lane);
                if (size == 4) transpose<4, lanes>(rows, columns + lane);
            }
        } else if (network.discrete_observations) {
            for (std::size_t lane = 0; lane < lanes; ++lane)
                load_row(network, run, lane < run.count ? lane : run.count - 1, columns + lane, lanes);
        } else {
            for (std::size_t lane = 0; lane < lanes; lane += width) {
                alignas(64) std::int32_t places[width];
                for (std::size_t i = 0; i < width; ++i)
                    places[i] = static_cast<std::int32_t>((lane + i < run.count ? lane + i : run.count - 1) * size);
                const Indices place = Indices::load_aligned(places);
                for (std::size_t k = 0; k < size; ++k)
                    Batch::gather(reinterpret_cast<const float*>(run.rows) + k, place).store_unaligned(columns + k * lanes + lane);
            }
        }
    }

    /// Replaces the observations of `lanes` lanes by (x - mean) * factor.
    template <std::size_t lanes>
    static XSIMD_INLINE void normalise(const Network& network, const Run& run, float* columns) {
        if (!network.normalises) return;
        const float *means = run.numbers + network.means, *factors = run.numbers + network.factors;
        for (std::size_t k = 0; k < network.layers[0].inputs; ++k, columns += lanes) {
            if constexpr (lanes == 1)
                *columns = (*columns - means[k]) * factors[k];
            else
                for (float* x = columns; x < columns + lanes; x += width)
                    ((Batch::load_unaligned(x) - means[k]) * factors[k]).store_unaligned(x);
        }
    }

    template <std::size_t size, std::size_t lanes>
    static XSIMD_INLINE void transpose(const float* rows, float* columns) {
        const auto loaded = load_rows<Batch, size>(rows);
        for (std::size_t k = 0; k < size; ++k) loaded[k].store_unaligned(columns + k * lanes);
    }
};

}  // namespace operant
