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

/// How many times fork() has created this process or one of its parents, since `count_forks` was called.
inline std::atomic<unsigned> forks{0};

/// From now on, `forks` counts.
inline void count_forks() {
#ifndef _WIN32
    [[maybe_unused]] static const int registered = ::pthread_atfork(
        nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
#endif
}

}  // namespace detail

/// Runs tasks on the calling thread and on `workers - 1` helpers. Each helper is the thread of a `tf::Executor`, and starts
/// when it is first needed. If the system refuses to start a thread, the pool works without it, because any thread can run
/// any task.
///
/// A step takes microseconds, so the caller does not wait for helpers to wake up. Each thread has an equal share of the tasks,
/// at every step the same, which it finds in its own cache. Only when others are late by microseconds does it take tasks of
/// theirs, from the back. A helper that has run out of tasks stays awake for a short time, because the next step is usually
/// near. To run a task graph and to wait for it would take as long as several steps.
///
/// A cache line that another thread has just written has to come from that thread's cache. So each thread finds its share, and
/// what to do, in a line that nobody else looks at, and reports once.
///
/// fork() does not copy threads, so the pool starts new ones in the child process. If another thread was inside of run()
/// when the process forked, the child must do nothing with its pool but destroy it.
class WorkerPool {
public:
    /// \param workers how many threads run tasks, including the caller's; at least 1
    explicit WorkerPool(std::size_t workers) : workers_(workers), shares_(std::make_unique<Share[]>(workers)) {}

    /// Waits for the other threads to end.
    ~WorkerPool() {
        if (has_been_forked()) forget_threads();
    }

    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// The number of threads, including the caller's.
    std::size_t workers() const { return workers_; }

    /// Calls `task(i)` once for every i below `count`, in any order, and returns when all calls have returned. `task` must not
    /// throw, and run() does not throw. Only one thread at a time may call it.
    /// \param least how many tasks a thread must get to save more time than it costs
    template <class Task>
    void run(std::size_t count, const Task& task, std::size_t least = 2) {
        const std::size_t threads = std::min(workers_, count / least);
        if (threads < 2) {
            for (std::size_t i = 0; i < count; ++i) task(i);
            return;
        }
        if (has_been_forked()) forget_threads();
        unfinished_.store(count, std::memory_order_relaxed);
        const auto call = [](const void* context, std::size_t i) { (*static_cast<const Task*>(context))(i); };
        for (std::size_t thread = threads; thread-- > 0;)
            shares_[thread].give({call, &task}, count * thread / threads, count * (thread + 1) / threads);
        call_helpers(threads - 1);
        run_share(0);
        wait_for_helpers();
    }

private:
    // How often a thread without tasks checks for new ones before it sleeps: tens of microseconds for a helper, longer for
    // the caller, for whom the program waits.
    static constexpr int helper_spins = 500;
    static constexpr int caller_spins = 2500;
    // After how many of these checks a thread takes tasks of others, which it does not find in its cache: a few microseconds.
    static constexpr int patience = 200;

    /// What to do for a task.
    struct Work {
        void (*call)(const void* context, std::size_t task);
        const void* context;
    };

    /// The tasks of a run that are a thread's and that nobody has claimed yet.
    class alignas(64) Share {
    public:
        /// Called between two runs, when no tasks are left.
        void give(const Work& work, std::size_t begin, std::size_t end) {
            work_ = work;
            range_.store(std::uint64_t{begin} << 32 | end, std::memory_order_release);
        }

        /// Claims tasks one by one and runs them, until none is left. A claim can succeed only while run() waits for this
        /// task, so `work_` belongs to that run().
        /// \param from_front whether to take the first task or the last
        /// \return how many
        std::size_t run_all(bool from_front) {
            std::size_t count = 0;
            std::uint64_t range = range_.load(std::memory_order_relaxed);
            while (!is_empty(range)) {
                const std::uint64_t left = from_front ? range + one_from_front : range - 1;
                if (!range_.compare_exchange_weak(range, left, std::memory_order_acquire, std::memory_order_relaxed)) continue;
                work_.call(work_.context, static_cast<std::size_t>(from_front ? range >> 32 : (range & 0xffffffff) - 1));
                ++count;
                range = range_.load(std::memory_order_relaxed);
            }
            return count;
        }

    private:
        static constexpr std::uint64_t one_from_front = std::uint64_t{1} << 32;
        static bool is_empty(std::uint64_t range) { return range >> 32 >= (range & 0xffffffff); }

        std::atomic<std::uint64_t> range_{0};  // the first task (upper half) and the end (lower half)
        Work work_{};
    };

    /// A thread. Each has its own executor, because an executor of several threads ends the process if it can start only some
    /// of them.
    struct Helper {
        alignas(64) std::atomic<bool> awake{false};
        tf::Executor executor{1};  // last: its destructor waits for the thread
    };

    bool has_been_forked() const { return started_ && forks_ != detail::forks.load(std::memory_order_relaxed); }

    /// Gives up the executors without destroying them. Their threads exist only in the parent process, and their destructors
    /// would wait for these threads forever.
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
        } catch (const std::exception&) {  // std::system_error or std::bad_alloc: use the helpers that have started
        }
    }

    void call_helpers(std::size_t wanted) {
        if (!started_) start_helpers();
        for (std::size_t i = 0; i < std::min(wanted, helpers_.size()); ++i) {
            Helper& helper = *helpers_[i];
            if (helper.awake.load(std::memory_order_relaxed)) continue;
            helper.awake.store(true, std::memory_order_relaxed);
            try {
                helper.executor.silent_async([this, &helper, thread = i + 1] { help(helper, thread); });
            } catch (const std::bad_alloc&) {  // the caller takes its tasks
                helper.awake.store(false, std::memory_order_relaxed);
            }
        }
    }

    void help(Helper& helper, std::size_t thread) {
        for (int idle = 0; idle < helper_spins; ++idle) {
            if (run_share(thread) || (idle == patience && run_shares_of_others(thread))) idle = 0;
            relax();
        }
        helper.awake.store(false, std::memory_order_relaxed);
    }

    /// \return whether there were tasks, as the next two
    bool run_share(std::size_t thread) { return report(shares_[thread].run_all(true)); }

    bool run_shares_of_others(std::size_t thread) {
        std::size_t finished = 0;
        for (std::size_t other = 1; other < workers_; ++other)
            finished += shares_[(thread + other) % workers_].run_all(false);
        return report(finished);
    }

    /// Reports finished tasks all together, because every report costs the other threads a cache miss.
    bool report(std::size_t finished) {
        if (finished == 0) return false;
        if (unfinished_.fetch_sub(finished, std::memory_order_acq_rel) == finished) unfinished_.notify_one();
        return true;
    }

    void wait_for_helpers() {
        for (int spin = 0; spin < caller_spins; ++spin) {
            if (unfinished_.load(std::memory_order_acquire) == 0) return;
            if (spin == patience) run_shares_of_others(0);
            relax();
        }
        while (const std::size_t left = unfinished_.load(std::memory_order_acquire)) unfinished_.wait(left);
    }

    /// Tells the processor that this loop only waits.
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
    std::unique_ptr<Share[]> shares_;  // one per thread; the caller's is the first
    alignas(64) std::atomic<std::size_t> unfinished_{0};
    alignas(64) bool started_ = false;  ///< whether the helpers have been started
    unsigned forks_ = 0;                // the number of forks when the helpers were started
    std::vector<std::unique_ptr<Helper>> helpers_;  // last: an executor's destructor waits for its thread
};

}  // namespace operant
