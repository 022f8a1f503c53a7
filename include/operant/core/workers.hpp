#pragma once
/// \file
/// The number of threads that step an environment. Only <operant/workers.hpp> includes Taskflow and the code of threads, because
/// they take the compiler much of the time of a small program.

#include <concepts>
#include <cstddef>
#include <memory>

namespace operant {
namespace detail {

/// A function of tasks and its argument.
struct Work {
    void (*call)(const void* context, std::size_t task);
    const void* context;
};

/// Threads that run tasks together with the calling thread.
class Threads {
public:
    virtual ~Threads() = default;
    /// Calls `work` once for every task below `count`, on at most `threads` threads.
    /// \throws as WorkerPool::run
    virtual void run(std::size_t count, const Work& work, std::size_t threads) = 0;
};

/// Makes Threads. Its arguments are those of the constructor of WorkerPool.
using MakeThreads = std::unique_ptr<Threads> (*)(std::size_t workers, bool adapts);

/// Has a member `make`, a MakeThreads. <operant/workers.hpp> defines it. It is a template so that the compiler looks for the
/// definition only in programs that ask for workers.
template <class Count>
class ThreadsOfTaskflow;

}  // namespace detail

/// The number of threads that step, including the caller's: an integer, or nothing for the caller's alone.
class Workers {
public:
    constexpr Workers() = default;

    /// \param count a positive integer, which the environment checks
    template <std::integral Count>
    constexpr Workers(Count count) : count_(static_cast<std::size_t>(count)) {
        constexpr bool has_threads = requires { detail::ThreadsOfTaskflow<Count>::make; };
        static_assert(has_threads, "the option `workers` needs #include <operant/workers.hpp>");
        if constexpr (has_threads) make_threads_ = detail::ThreadsOfTaskflow<Count>::make;
    }

    /// The number of threads.
    constexpr std::size_t count() const { return count_; }
    /// The function that makes the threads; null if there is only the caller's.
    constexpr detail::MakeThreads make_threads() const { return make_threads_; }

private:
    std::size_t count_ = 1;
    detail::MakeThreads make_threads_ = nullptr;
};

}  // namespace operant
