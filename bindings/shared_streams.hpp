#pragma once
/// \file
/// Random streams that envs share with numpy's generators (`env.np_random`).

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>

#include <operant/random/pcg64.hpp>
#include <operant/core/engine.hpp>

namespace operant::bindings {

/// Must be called once, when the module is imported, before the first `NumpyPcg64`.
void prepare_shared_streams();

/// The state of a `numpy.random.PCG64`, in numpy's own memory. The bit generator must outlive this object.
class NumpyPcg64 {
public:
    /// \param bit_generator a `numpy.random.PCG64`
    /// \throws std::runtime_error if this version of numpy stores the state in another form
    explicit NumpyPcg64(nanobind::handle bit_generator);

    /// \throws std::invalid_argument if the increment is even, which numpy does not prevent
    void check() const;

    BufferedPcg64 generator() const;
    void set(const BufferedPcg64& generator) const;

private:
    void* state_;
};

/// The streams that numpy's generators and the core both draw from. A call of the core starts with pull() and ends with
/// push(). Holds no Python objects.
class SharedStreams {
public:
    /// Halves of 64-bit draws, by env. Generators keep them for 32-bit integers. If the core draws no integers, it has no place
    /// for them, and they are stored here.
    using Halves = std::map<std::size_t, std::uint32_t>;

    /// \throws std::invalid_argument if a caller has set a generator to a state that a PCG64 cannot have
    void check() const {
        for (const Shared& one : shared_) one.generator.check();
    }

    /// Sets the core's streams to the states of the generators.
    void pull(const Engine& core) {
        if (!shared_.empty()) pull_all(core);
    }

    /// Sets the generators to the states of the core's streams.
    void push(const Engine& core) const {
        if (!shared_.empty()) push_all(core);
    }

    /// Lets an env share its stream with this generator only, from the next push() or pull() on.
    void share(std::size_t env, const NumpyPcg64& generator);

    /// One element per env: true if it shares its stream with a generator.
    std::vector<bool> is_shared(std::size_t num_envs) const;

    /// The number of envs that share their streams.
    std::size_t size() const { return shared_.size(); }

    /// Ends the sharing for envs for which `is_over(env)` is true.
    template <class Predicate>
    void end_if(const Predicate& is_over) {
        std::erase_if(shared_, [&](const Shared& one) { return is_over(one.env); });
    }

    /// Ends the sharing for envs that got a new stream: their generators keep the old one.
    template <class Predicate>
    void restart_if(const Predicate& is_new) {
        end_if(is_new);
        std::erase_if(halves_, [&](const auto& entry) { return is_new(entry.first); });
    }

    /// Copies halves as Branching::copy_state copies streams.
    void copy_halves(std::span<const std::int64_t> source, std::span<const std::int64_t> target);

    const Halves& halves() const { return halves_; }
    void set_halves(Halves halves) { halves_ = std::move(halves); }

private:
    struct Shared {
        std::size_t env;
        NumpyPcg64 generator;
    };

    void pull_all(const Engine& core);
    void push_all(const Engine& core) const;

    std::vector<Shared> shared_;
    Halves halves_;
};

}  // namespace operant::bindings
