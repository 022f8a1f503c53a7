#pragma once
/// \file
/// Applies one layer of a neural network, to many envs at a time or to one.

#include <array>
#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include <operant/abi/network.hpp>
#include <operant/math/exponential.hpp>

namespace operant {

/// The functions for one instruction set. In both forms a sum begins with the bias and adds the inputs in their order, so both
/// give the same bits.
template <class Arch>
class NetworkLayers {
    using Batch = xsimd::batch<float, Arch>;
    static constexpr std::size_t width = Batch::size;
    static constexpr std::size_t most_units = width == 16 ? 8 : 4;  ///< outputs at a time; more would not fit into registers

public:
    /// Applies a layer to one env per lane of `batches` batches.
    /// \param numbers of a member of the population
    /// \param inputs one row of `batches` batches per input
    /// \param outputs one row per output, the next `output_stride` numbers further on
    template <std::size_t batches>
    static void apply(const NetworkLayer& layer, const float* numbers, const float* inputs, float* outputs,
                      std::size_t output_stride) {
        std::size_t unit = 0;
        constexpr std::size_t units = batches == 1 && width == 16 ? 16 : most_units;
        for (; unit + units <= layer.outputs; unit += units)
            apply_units<batches, units>(layer, numbers, unit, inputs, outputs, output_stride);
        apply_rest<batches, units / 2>(layer, numbers, unit, inputs, outputs, output_stride);
    }

    /// Applies a layer to one env, one output per lane. Writes less than a batch beyond the outputs.
    static XSIMD_INLINE void apply_to_one(const NetworkLayer& layer, const float* numbers, const float* inputs, float* outputs) {
        std::size_t unit = 0;
        for (; unit + 4 * width <= layer.outputs; unit += 4 * width)
            apply_units_to_one<4>(layer, numbers, unit, inputs, outputs + unit);
        for (; unit < layer.outputs; unit += width) apply_units_to_one<1>(layer, numbers, unit, inputs, outputs + unit);
    }

    /// Applies an activation function.
    template <std::size_t count>
    static XSIMD_INLINE std::array<Batch, count> activated(Activation activation, std::array<Batch, count> x) {
        if (activation == Activation::tanh) return hyperbolic_tangents(x);
        if (activation == Activation::relu)
            for (Batch& one : x) one = xsimd::max(one, Batch(0.0f));
        return x;
    }

private:
    /// Computes the outputs from output `unit` on, which are less than 2 * `count`.
    template <std::size_t batches, std::size_t count>
    static XSIMD_INLINE void apply_rest(const NetworkLayer& layer, const float* numbers, std::size_t unit, const float* inputs,
                                        float* outputs, std::size_t output_stride) {
        if (unit + count <= layer.outputs) {
            apply_units<batches, count>(layer, numbers, unit, inputs, outputs, output_stride);
            unit += count;
        }
        if constexpr (count > 1) apply_rest<batches, count / 2>(layer, numbers, unit, inputs, outputs, output_stride);
    }

    /// Computes `count` outputs, from output `unit` on.
    template <std::size_t batches, std::size_t count>
    static XSIMD_INLINE void apply_units(const NetworkLayer& layer, const float* numbers, std::size_t unit, const float* inputs,
                                         float* outputs, std::size_t output_stride) {
        const float* biases = numbers + layer.biases + unit;
        const float* weights = numbers + layer.weights + unit;
        std::array<std::array<Batch, batches>, count> sums;
        for (std::size_t k = 0; k < count; ++k) sums[k].fill(Batch(biases[k]));
        for (std::size_t i = 0; i < layer.inputs; ++i, weights += layer.outputs, inputs += batches * width) {
            std::array<Batch, batches> input;
            for (std::size_t b = 0; b < batches; ++b) input[b] = Batch::load_unaligned(inputs + b * width);
            for (std::size_t k = 0; k < count; ++k)
                for (std::size_t b = 0; b < batches; ++b) sums[k][b] = xsimd::fma(Batch(weights[k]), input[b], sums[k][b]);
        }
        outputs += unit * output_stride;
        for (std::size_t k = 0; k < count; ++k)
            for (std::size_t b = 0; b < batches; ++b) sums[k][b].store_unaligned(outputs + k * output_stride + b * width);
        activate<batches, count>(layer.activation, outputs, output_stride);
    }

    /// Applies the activation function to stored rows.
    template <std::size_t batches, std::size_t count>
    static XSIMD_INLINE void activate(Activation activation, float* rows, std::size_t output_stride) {
        if (activation == Activation::none) return;
        constexpr std::size_t together = count % 2 == 0 ? 2 : 1;
        for (std::size_t k = 0; k < count; k += together, rows += together * output_stride) {
            std::array<Batch, together * batches> some;
            for (std::size_t j = 0; j < some.size(); ++j)
                some[j] = Batch::load_unaligned(rows + j / batches * output_stride + j % batches * width);
            some = activated(activation, some);
            for (std::size_t j = 0; j < some.size(); ++j)
                some[j].store_unaligned(rows + j / batches * output_stride + j % batches * width);
        }
    }

    /// Computes one output per lane of `batches` batches. Outputs beyond the layer come from the numbers after its weights, and
    /// have no meaning.
    template <std::size_t batches>
    static XSIMD_INLINE void apply_units_to_one(const NetworkLayer& layer, const float* numbers, std::size_t unit,
                                                const float* inputs, float* outputs) {
        const float* weights = numbers + layer.weights + unit;
        std::array<Batch, batches> sums;
        for (std::size_t b = 0; b < batches; ++b) sums[b] = Batch::load_unaligned(numbers + layer.biases + unit + b * width);
        for (std::size_t i = 0; i < layer.inputs; ++i, weights += layer.outputs) {
            const Batch input(inputs[i]);
            for (std::size_t b = 0; b < batches; ++b)
                sums[b] = xsimd::fma(Batch::load_unaligned(weights + b * width), input, sums[b]);
        }
        sums = activated(layer.activation, sums);
        for (std::size_t b = 0; b < batches; ++b) sums[b].store_unaligned(outputs + b * width);
    }
};

}  // namespace operant
