#pragma once
/// \file
/// Divides long work into parts, between which Python handles signals and reports progress.

#include <algorithm>
#include <chrono>
#include <cstddef>

#include <nanobind/nanobind.h>

#include "released_gil.hpp"
#include "shared_engine.hpp"

namespace operant::bindings {

/// Chooses the number of steps of a part so that it takes about a tenth of a second.
class Pace {
public:
    /// \param num_envs the number of envs
    explicit Pace(std::size_t num_envs) : steps_(std::max<std::size_t>(first_steps / num_envs, 1)) {}

    /// The number of steps of the next part.
    std::size_t steps() const { return steps_; }

    /// Notes the duration of these steps.
    void took(double seconds) {
        constexpr double wanted = 0.1, most = 16;
        steps_ = static_cast<std::size_t>(
            std::max(1.0, static_cast<double>(steps_) * std::min(most, wanted / std::max(seconds, 1e-6))));
    }

private:
    // The first part, in steps of one env: less than a second even with a slow policy.
    static constexpr std::size_t first_steps = std::size_t{1} << 18;
    std::size_t steps_;
};

/// Advances a run to its end. Releases the GIL during each part.
/// \param shared the environment of the run
/// \param run an object with `advance(steps)`, `done()` and `is_over()`
/// \param total the value of `done()` at the end
/// \param progress None, or a Python callable that takes `done()` and `total` after each part
/// \throws nb::python_error if a signal handler or `progress` raises
template <class Run>
void run_in_chunks(SharedEngine& shared, Run& run, std::size_t total, nanobind::handle progress) {
    using Clock = std::chrono::steady_clock;
    Pace pace(shared.core->num_envs());
    while (!run.is_over()) {
        {
            const ReleasedGil released;
            const auto begin = Clock::now();
            run.advance(pace.steps());
            pace.took(std::chrono::duration<double>(Clock::now() - begin).count());
        }
        const PythonTurn turn(shared);
        if (PyErr_CheckSignals() != 0) throw nanobind::python_error();
        if (!progress.is_none()) progress(run.done(), total);
    }
}

}  // namespace operant::bindings
