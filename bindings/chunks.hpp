#pragma once
/// \file
/// Long work, made in parts between which Python sees to signals and reports progress.

#include <algorithm>
#include <chrono>
#include <cstddef>

#include <nanobind/nanobind.h>

#include "released_gil.hpp"

namespace operant::bindings {

/// How many steps to make before Python is to be seen to: about a tenth of a second's worth.
class Pace {
public:
    /// \param num_envs copies that a step steps
    explicit Pace(std::size_t num_envs) : steps_(std::max<std::size_t>(first_steps / num_envs, 1)) {}

    /// How many steps are next.
    std::size_t steps() const { return steps_; }

    /// They took so many seconds.
    void took(double seconds) {
        constexpr double wanted = 0.1, most = 16;
        steps_ = static_cast<std::size_t>(
            std::max(1.0, static_cast<double>(steps_) * std::min(most, wanted / std::max(seconds, 1e-6))));
    }

private:
    static constexpr std::size_t first_steps = std::size_t{1} << 18;  // of one copy: no second even with a slow policy
    std::size_t steps_;
};

/// Runs to the end, without the GIL.
/// \param run has `advance(steps)`, `done()` and `is_over()`
/// \param total what `done()` comes to
/// \param progress None, or a Python callable, called with both now and then
/// \throws nb::python_error when a signal handler or `progress` raises
template <class Run>
void run_in_chunks(Run& run, std::size_t num_envs, std::size_t total, nanobind::handle progress) {
    using Clock = std::chrono::steady_clock;
    Pace pace(num_envs);
    while (!run.is_over()) {
        {
            const ReleasedGil released;
            const auto begin = Clock::now();
            run.advance(pace.steps());
            pace.took(std::chrono::duration<double>(Clock::now() - begin).count());
        }
        if (PyErr_CheckSignals() != 0) throw nanobind::python_error();
        if (!progress.is_none()) progress(run.done(), total);
    }
}

}  // namespace operant::bindings
