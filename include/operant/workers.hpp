#pragma once
/// \file
/// Threads for programs that set `workers`. They are those of Taskflow.

#include <memory>

#include <taskflow/taskflow.hpp>

#include <operant/core/workers.hpp>

namespace operant::detail {

/// A thread with its own executor. An executor of several threads would end the process if it could start only some of them.
/// It is a template so that only programs that ask for workers compile it. Otherwise GCC would, for a guess at the call of `run`.
template <class Count>
class ExecutorThread final : public HelperThread {
public:
    void run(void (*function)(void*), void* argument) override {
        executor_.silent_async([function, argument] { function(argument); });
    }

    /// Starts a thread, as StartThread.
    static std::unique_ptr<HelperThread> start() { return std::make_unique<ExecutorThread>(); }

private:
    tf::Executor executor_{1};
};

template <class Count>
struct ThreadsOfTaskflow {
    static constexpr StartThread start = &ExecutorThread<Count>::start;
};

}  // namespace operant::detail
