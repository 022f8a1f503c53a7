#pragma once
/// \file
/// Collects the exceptions of tasks that several threads run.

#include <cstdint>
#include <exception>
#include <mutex>
#include <utility>

namespace operant::detail {

/// Keeps, of the exceptions of many tasks, the one that a single thread would have met first. Any thread may add one.
class FirstError {
public:
    /// Adds the exception that is being handled.
    /// \param place the position of the task in the order of a single thread
    void add(std::uint64_t place) {
        const std::lock_guard lock(mutex_);
        if (error_ && place >= place_) return;
        error_ = std::current_exception();
        place_ = place;
    }

    /// Throws the first exception, if there was one. No task may be running.
    void rethrow() {
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    }

private:
    std::mutex mutex_;
    std::exception_ptr error_;
    std::uint64_t place_ = 0;
};

}  // namespace operant::detail
