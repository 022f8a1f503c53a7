#include "shared_streams.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <stdexcept>

#include <numpy/random/bitgen.h>

namespace nb = nanobind;
using namespace nb::literals;

namespace operant::bindings {
namespace {

/// The struct to which `bitgen_t::state` of a PCG64 points since numpy 1.17. numpy does not document it; find_layout() tests it.
struct State {
    std::uint64_t* words;  // state and increment, in halves
    int has_uint32;
    std::uint32_t uinteger;
};

/// The indices of the upper and lower half of the state, and of the upper and lower half of the increment.
using Layout = std::array<std::size_t, 4>;

void* state_of(nb::handle bit_generator) {
    void* bits = PyCapsule_GetPointer(nb::object(bit_generator.attr("capsule")).ptr(), "BitGenerator");
    if (!bits) throw nb::python_error();
    return static_cast<bitgen_t*>(bits)->state;
}

std::optional<Layout> layout;

/// Finds the order in which this numpy stores the halves of its 128-bit numbers. Returns nothing if the layout is unknown.
std::optional<Layout> find_layout() {
    const nb::object bits = nb::module_::import_("numpy.random").attr("PCG64")(0);
    const nb::object one = nb::int_(1), word = one.attr("__lshift__")(64);
    nb::dict numbers, state;
    numbers["state"] = word.attr("__add__")(2);
    numbers["inc"] = word.attr("__mul__")(3).attr("__add__")(5);
    state["bit_generator"] = "PCG64";
    state["state"] = numbers;
    state["has_uint32"] = 1;
    state["uinteger"] = 7;
    bits.attr("state") = state;
    const auto* found = static_cast<const State*>(state_of(bits));
    if (found->has_uint32 == 1 && found->uinteger == 7) {
        std::array<std::uint64_t, 4> words;
        std::memcpy(words.data(), found->words, sizeof(words));
        if (words == std::array<std::uint64_t, 4>{2, 1, 5, 3}) return Layout{1, 0, 3, 2};
        if (words == std::array<std::uint64_t, 4>{1, 2, 3, 5}) return Layout{0, 1, 2, 3};
    }
    return std::nullopt;
}

/// The bytes of an env's generator that numpy's has, too: with a half, if the environment draws integers, or without one.
std::span<std::byte> shared_bytes(const Engine& core, std::size_t env) {
    const std::span<std::byte> generator = core.generator(env);
    return generator.first(std::min(generator.size(), sizeof(BufferedPcg64)));
}

bool has_half(std::span<std::byte> generator) { return generator.size() == sizeof(BufferedPcg64); }

}  // namespace

void prepare_shared_streams() { layout = find_layout(); }

NumpyPcg64::NumpyPcg64(nb::handle bit_generator) : state_(state_of(bit_generator)) {
    if (!layout)
        throw std::runtime_error("np_random: this version of numpy stores the state of a PCG64 in a form that Operant does not know");
}

void NumpyPcg64::check() const {
    if (generator().increment_low % 2 != 1)
        throw std::invalid_argument("np_random: expected a generator whose state has an odd increment, as every seeded PCG64 has, "
                                    "got one with an even \"inc\"");
}

BufferedPcg64 NumpyPcg64::generator() const {
    const auto* state = static_cast<const State*>(state_);
    BufferedPcg64 generator;
    generator.state_high = state->words[(*layout)[0]];
    generator.state_low = state->words[(*layout)[1]];
    generator.increment_high = state->words[(*layout)[2]];
    generator.increment_low = state->words[(*layout)[3]];
    generator.has_uint32 = state->has_uint32 != 0;
    generator.uinteger = state->uinteger;
    return generator;
}

void NumpyPcg64::set(const BufferedPcg64& generator) const {
    auto* state = static_cast<State*>(state_);
    state->words[(*layout)[0]] = generator.state_high;
    state->words[(*layout)[1]] = generator.state_low;
    state->words[(*layout)[2]] = generator.increment_high;
    state->words[(*layout)[3]] = generator.increment_low;
    state->has_uint32 = generator.has_uint32 != 0;
    state->uinteger = generator.uinteger;
}

void SharedStreams::share(std::size_t env, const NumpyPcg64& generator) {
    end_if([&](std::size_t other) { return other == env; });
    shared_.push_back({env, generator});
}

std::vector<bool> SharedStreams::is_shared(std::size_t num_envs) const {
    std::vector<bool> result(num_envs);
    for (const Shared& one : shared_) result[one.env] = true;
    return result;
}

void SharedStreams::pull_all(const Engine& core) {
    for (const auto& [env, numpys] : shared_) {
        const std::span<std::byte> place = shared_bytes(core, env);
        const BufferedPcg64 generator = numpys.generator();
        std::memcpy(place.data(), &generator, place.size());
        if (has_half(place)) continue;
        if (generator.has_uint32 != 0)
            halves_[env] = generator.uinteger;
        else if (!halves_.empty())
            halves_.erase(env);
    }
}

void SharedStreams::push_all(const Engine& core) const {
    for (const auto& [env, numpys] : shared_) {
        const std::span<std::byte> place = shared_bytes(core, env);
        BufferedPcg64 generator = numpys.generator();
        std::memcpy(&generator, place.data(), place.size());
        if (!has_half(place)) {
            const auto half = halves_.find(env);
            generator.has_uint32 = half != halves_.end();
            if (half != halves_.end()) generator.uinteger = half->second;
        }
        numpys.set(generator);
    }
}

void SharedStreams::copy_halves(std::span<const std::int64_t> source, std::span<const std::int64_t> target) {
    const Halves before = halves_;
    for (std::size_t i = 0; i < source.size(); ++i) {
        const auto half = before.find(static_cast<std::size_t>(source[i]));
        const auto env = static_cast<std::size_t>(target[i]);
        if (half == before.end())
            halves_.erase(env);
        else
            halves_[env] = half->second;
    }
}

}  // namespace operant::bindings
