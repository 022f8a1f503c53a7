#pragma once
/// \file
/// Runs the blocks of a step, on one thread or on several.

#include <algorithm>
#include <cstddef>
#include <memory>

#include <operant/core/workers.hpp>

namespace operant {

/// Runs tasks on the calling thread and on at most `workers - 1` others. Without others, a program does not compile the code of
/// threads: see Workers.
class WorkerPool {
public:
    /// \param workers the number of threads that run tasks, including the caller's; at least 1
    /// \param adapts true to use fewer threads if there are fewer cores or if threads do not save time; tests pass false
    explicit WorkerPool(const Workers& workers, bool adapts = true)
        : workers_(workers.count()),
          threads_(workers.count() < 2 ? nullptr : workers.make_threads()(workers.count(), adapts)) {}

    /// The number of threads, including the caller's.
    std::size_t workers() const { return workers_; }

    /// Calls `task(i)` once for every i below `count`, in any order, and returns when all calls have returned. Only one thread at
    /// a time may call it.
    /// \param least the number of tasks that a thread must get to save more time than it costs
    /// \throws what `task` throws; if several calls throw, the exception of the one with the lowest i. It is not defined then
    ///         which of the other calls were made.
    template <class Task>
    void run(std::size_t count, const Task& task, std::size_t least = 2) {
        const std::size_t threads = std::min(workers_, count / least);
        if (threads >= 2) {
            const auto call = [](const void* context, std::size_t i) { (*static_cast<const Task*>(context))(i); };
            return threads_->run(count, {call, &task}, threads);
        }
        for (std::size_t i = 0; i < count; ++i) task(i);
    }

private:
    std::size_t workers_;
    std::unique_ptr<detail::Threads> threads_;  // null if `workers_` is 1
};

}  // namespace operant
