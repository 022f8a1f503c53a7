#pragma once
/// \file
/// The number of threads that step an environment. Only <operant/workers.hpp> includes Taskflow, because that takes the compiler
/// much of the time of a small program.

#include <concepts>
#include <cstddef>
#include <memory>

namespace operant {
namespace detail {

/// A thread that waits for a function to run. Its destructor waits for the thread to end.
class HelperThread {
public:
    virtual ~HelperThread() = default;
    /// Wakes the thread up and lets it call `function(argument)`. Does not wait for the call to return.
    /// \throws std::bad_alloc if there is not enough memory
    virtual void run(void (*function)(void*), void* argument) = 0;
};

/// Starts a HelperThread.
/// \throws std::system_error or std::bad_alloc if the system refuses the thread
using StartThread = std::unique_ptr<HelperThread> (*)();

/// Has a member `start`, a StartThread. <operant/workers.hpp> defines it. It is a template so that the compiler looks for the
/// definition only in programs that ask for workers.
template <class Count>
struct ThreadsOfTaskflow;

}  // namespace detail

/// The number of threads that step, including the caller's: an integer, or nothing for the caller's alone.
class Workers {
public:
    constexpr Workers() = default;

    /// \param count a positive integer, which the environment checks
    template <std::integral Count>
    constexpr Workers(Count count) : count_(static_cast<std::size_t>(count)) {
        constexpr bool has_threads = requires { detail::ThreadsOfTaskflow<Count>::start; };
        static_assert(has_threads, "the option `workers` needs #include <operant/workers.hpp>");
        if constexpr (has_threads) start_ = detail::ThreadsOfTaskflow<Count>::start;
    }

    /// The number of threads.
    constexpr std::size_t count() const { return count_; }
    /// The function that starts the threads besides the caller's; null if there is none.
    constexpr detail::StartThread start() const { return start_; }

private:
    std::size_t count_ = 1;
    detail::StartThread start_ = nullptr;
};

}  // namespace operant
