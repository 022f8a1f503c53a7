#pragma once
/// \file
/// Threads that share the blocks of a step.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <vector>

#include <taskflow/taskflow.hpp>

#ifndef _WIN32
#include <pthread.h>
#endif

namespace operant {
namespace detail {

/// How often fork() has made this process of another, since `count_forks` was called.
inline std::atomic<unsigned> forks{0};

/// From now on, `forks` counts.
inline void count_forks() {
#ifndef _WIN32
    [[maybe_unused]] static const int registered = ::pthread_atfork(
        nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
#endif
}

}  // namespace detail

/// Runs tasks on the calling thread and on `workers - 1` others, each of a `tf::Executor`, which are started when first
/// needed. Where the system refuses to start one, the pool does without it: who runs a task makes no difference to it.
///
/// A step takes microseconds, so nothing here waits for a thread to wake up: the caller begins at once and takes task
/// after task from the front, whoever else is awake takes them from the back. So a thread meets the same blocks, and its
/// own cache, again at the next step. A helper that has run out of tasks stays awake for a short while, because the next
/// step is usually near. Running a task graph and waiting for it would cost several steps' worth of time.
///
/// In a process made by fork(), which has none of the threads, the pool starts new ones. If another thread was inside of
/// run() at that moment, the pool there is good for nothing but to be destroyed.
class WorkerPool {
public:
    /// \param workers how many threads run tasks, the caller's among them; at least 1
    explicit WorkerPool(std::size_t workers) : workers_(workers) {}

    /// Waits for the other threads to end.
    ~WorkerPool() {
        if (has_been_forked()) forget_threads();
    }

    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// The number of threads, the caller's among them.
    std::size_t workers() const { return workers_; }

    /// Calls `task(i)` once for every i below `count`, in no particular order, and returns when all calls have returned.
    /// `task` must not throw, and run() does not. Not to be called from two threads at once.
    template <class Task>
    void run(std::size_t count, const Task& task) {
        // A thread that is to take less than two tasks costs more than it saves.
        const std::size_t threads = std::min(workers_, count / 2);
        if (threads < 2) {
            for (std::size_t i = 0; i < count; ++i) task(i);
            return;
        }
        if (has_been_forked()) forget_threads();
        call_ = [](const void* context, std::size_t i) { (*static_cast<const Task*>(context))(i); };
        context_ = &task;
        unfinished_.store(count, std::memory_order_relaxed);
        unclaimed_.store(count, std::memory_order_release);  // from 0 to count
        call_helpers(threads - 1);
        run_all<End::front>();
        wait_for_helpers();
    }

private:
    // Tens of microseconds that a helper stays awake for after its last task; a caller, who is waited for, longer.
    static constexpr int helper_spins = 500;
    static constexpr int caller_spins = 2500;

    /// A thread. An executor of several would end the process if it could start one of them, but not the next.
    struct Helper {
        alignas(64) std::atomic<bool> awake{false};
        tf::Executor executor{1};  // last: its destructor waits for the thread
    };

    bool has_been_forked() const { return started_ && forks_ != detail::forks.load(std::memory_order_relaxed); }

    /// The threads are the parent's. Their executors are given up: they would wait for them for ever.
    void forget_threads() {
        for (auto& helper : helpers_) static_cast<void>(helper.release());
        helpers_.clear();
        started_ = false;
    }

    void start_helpers() {
        detail::count_forks();
        forks_ = detail::forks.load(std::memory_order_relaxed);
        started_ = true;
        try {
            while (helpers_.size() < workers_ - 1) helpers_.push_back(std::make_unique<Helper>());
        } catch (const std::exception&) {  // std::system_error or std::bad_alloc: as many as there are will do
        }
    }

    void call_helpers(std::size_t wanted) {
        if (!started_) start_helpers();
        for (std::size_t i = 0; i < std::min(wanted, helpers_.size()); ++i) {
            Helper& helper = *helpers_[i];
            if (helper.awake.load(std::memory_order_relaxed)) continue;
            helper.awake.store(true, std::memory_order_relaxed);
            try {
                helper.executor.silent_async([this, &helper] { help(helper); });
            } catch (const std::bad_alloc&) {  // the caller, who is awake, takes its tasks
                helper.awake.store(false, std::memory_order_relaxed);
            }
        }
    }

    void help(Helper& helper) {
        for (int idle = 0; idle < helper_spins; ++idle) {
            if (run_all<End::back>()) idle = 0;
            relax();
        }
        helper.awake.store(false, std::memory_order_relaxed);
    }

    enum class End { front, back };

    /// Claims a task and runs it. A claim can only succeed while its run() waits for it, so `call_` is that run's.
    template <End from>
    bool run_one() {
        constexpr std::uint64_t one_from_front = std::uint64_t{1} << 32;
        std::uint64_t range = unclaimed_.load(std::memory_order_relaxed);
        std::uint64_t begin, end;
        do {
            begin = range >> 32;
            end = range & 0xffffffff;
            if (begin >= end) return false;
        } while (!unclaimed_.compare_exchange_weak(range, from == End::front ? range + one_from_front : range - 1,
                                                   std::memory_order_acquire, std::memory_order_relaxed));
        call_(context_, static_cast<std::size_t>(from == End::front ? begin : end - 1));
        return true;
    }

    /// Runs tasks until none is left to claim, and reports them at once: every report costs the other threads a cache
    /// miss.
    /// \return whether there was any
    template <End from>
    bool run_all() {
        std::size_t finished = 0;
        while (run_one<from>()) ++finished;
        if (finished == 0) return false;
        if (unfinished_.fetch_sub(finished, std::memory_order_acq_rel) == finished) unfinished_.notify_one();
        return true;
    }

    void wait_for_helpers() {
        for (int spin = 0; spin < caller_spins; ++spin) {
            if (unfinished_.load(std::memory_order_acquire) == 0) return;
            relax();
        }
        while (const std::size_t left = unfinished_.load(std::memory_order_acquire)) unfinished_.wait(left);
    }

    /// Tells the processor that this is a loop that waits.
    static void relax() {
#if defined(_MSC_VER)
        YieldProcessor();
#elif defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ volatile("yield");
#endif
    }

    std::size_t workers_;
    void (*call_)(const void* context, std::size_t) = nullptr;
    const void* context_ = nullptr;
    alignas(64) std::atomic<std::uint64_t> unclaimed_{0};  ///< the first task that is, and the one after the last
    alignas(64) std::atomic<std::size_t> unfinished_{0};
    alignas(64) bool started_ = false;  ///< as many helpers as can be
    unsigned forks_ = 0;                // of this process, when the helpers were started
    std::vector<std::unique_ptr<Helper>> helpers_;  // last: an executor's destructor waits for its thread
};

}  // namespace operant
