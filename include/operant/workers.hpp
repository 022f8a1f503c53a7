#pragma once
/// \file
/// Threads for programs that set `workers`.

#include <cstddef>
#include <memory>

#include <operant/core/helper_threads.hpp>
#include <operant/core/workers.hpp>

namespace operant::detail {

/// HelperThreads behind the interface of WorkerPool. It is a template so that only programs that ask for workers compile it.
/// Otherwise GCC would, for a guess at the call of `run`.
template <class Count>
class ThreadsOfTaskflow final : public Threads {
public:
    ThreadsOfTaskflow(std::size_t workers, bool adapts) : threads_(workers, adapts) {}

    void run(std::size_t count, const Work& work, std::size_t threads) override { threads_.run(count, work, threads); }

    /// Makes an object.
    static std::unique_ptr<Threads> make(std::size_t workers, bool adapts) {
        return std::make_unique<ThreadsOfTaskflow>(workers, adapts);
    }

private:
    HelperThreads threads_;
};

}  // namespace operant::detail
