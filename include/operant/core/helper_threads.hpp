#pragma once
/// \file
/// Threads that share the blocks of a step. Only programs that set `workers` include this file.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <vector>

#include <taskflow/taskflow.hpp>

#include <operant/core/first_error.hpp>
#include <operant/core/sharing.hpp>
#include <operant/core/usable_cores.hpp>
#include <operant/core/workers.hpp>

#ifndef _WIN32
#include <pthread.h>
#endif

namespace operant::detail {

/// The number of times that fork() has created this process or one of its parents since `count_forks` was called.
inline std::atomic<unsigned> forks{0};

/// Starts counting in `forks`.
inline void count_forks() {
#ifndef _WIN32
    [[maybe_unused]] static const int registered = ::pthread_atfork(
        nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
#endif
}

/// Runs tasks on the calling thread and on at most `workers - 1` helpers. Each helper is the thread of a `tf::Executor`.
/// Helpers start when they are first needed, one for each other core that the process may use. If the system refuses to start
/// a thread, the others do its work, because any thread can run any task.
///
/// A step takes microseconds, so the caller does not wait for helpers to wake up. Each thread has an equal share of the tasks,
/// the same at every step, so their data stays in its cache. A thread takes tasks from the back of another thread's share only
/// if that thread is late by microseconds. A helper that has run out of tasks stays awake for a short time, because the next
/// step usually follows soon. Running a task graph and waiting for it would take as long as several steps. If helpers do not
/// save time, for example because another program uses their core, the caller runs the tasks alone: see Sharing.
///
/// Reading a cache line that another thread has just written is slow. So each thread finds its share and its work in a line
/// that no other thread reads, and reports once.
///
/// fork() does not copy threads, so this class starts new threads in the child process. If another thread was inside run() when
/// the process forked, the child may only destroy the object.
class HelperThreads {
public:
    /// The arguments are those of the constructor of WorkerPool.
    HelperThreads(std::size_t workers, bool adapts)
        : workers_(workers), adapts_(adapts), shares_(std::make_unique<Share[]>(workers)) {}

    /// Waits for the other threads to end.
    ~HelperThreads() {
        if (has_been_forked()) forget_threads();
    }

    HelperThreads(const HelperThreads&) = delete;
    HelperThreads& operator=(const HelperThreads&) = delete;

    /// Runs tasks as Threads::run.
    void run(std::size_t count, const Work& work, std::size_t threads) {
        threads = std::min(threads, started_workers());
        if (threads < 2) return run_alone(count, work);
        Sharing& sharing = sharing_of(work);
        if (sharing.pays() || !adapts_) return run_shared(count, work, threads, sharing);
        if (!sharing.is_timed()) return run_alone(count, work);
        const Clock::time_point began = Clock::now();
        run_alone(count, work);
        sharing.ran_alone(seconds(began, Clock::now()));
    }

private:
    using Clock = std::chrono::steady_clock;

    // The number of times that a thread without tasks checks for new ones before it sleeps: tens of microseconds for a helper,
    // longer for the caller, for whom the program waits.
    static constexpr int helper_spins = 500;
    static constexpr int caller_spins = 2500;
    // The number of these checks, a few microseconds, before a thread takes tasks of others, whose data is not in its cache.
    static constexpr int patience = 200;

    /// The tasks in a thread's share that no thread has claimed yet.
    class alignas(64) Share {
    public:
        /// Sets the tasks. Called between two runs, when no tasks are left.
        void give(const Work& work, std::size_t begin, std::size_t end) {
            work_ = work;
            range_.store(std::uint64_t{begin} << 32 | end, std::memory_order_release);
        }

        /// Claims tasks one by one and runs them until none is left. A claim succeeds only while run() waits for this task, so
        /// `work_` belongs to that run().
        /// \param from_front true to take the first task, false to take the last
        /// \param errors collects the exceptions of tasks
        /// \return the number of tasks that it ran
        std::size_t run_all(bool from_front, FirstError& errors) {
            std::size_t count = 0;
            std::uint64_t range = range_.load(std::memory_order_relaxed);
            while (!is_empty(range)) {
                const std::uint64_t left = from_front ? range + one_from_front : range - 1;
                if (!range_.compare_exchange_weak(range, left, std::memory_order_acquire, std::memory_order_relaxed)) continue;
                const std::uint64_t task = from_front ? range >> 32 : (range & 0xffffffff) - 1;
                try {
                    work_.call(work_.context, static_cast<std::size_t>(task));
                } catch (...) {
                    errors.add(task);
                }
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

    /// Decides whether helpers save time in runs of one kind.
    struct Kind {
        decltype(Work::call) call = nullptr;
        Sharing sharing;
    };

    /// A thread with its own executor. An executor of several threads would end the process if it could start only some of them.
    struct Helper {
        alignas(64) std::atomic<bool> awake{false};
        HelperThreads& all;
        std::size_t number;         // the caller is thread 0
        tf::Executor executor{1};  // last: its destructor waits for the thread
    };

    /// Finds the Sharing of a kind. Runs with the same type of task are of one kind; if there are too many kinds, the last ones
    /// share a place.
    Sharing& sharing_of(const Work& work) {
        std::size_t i = 0;
        while (i + 1 < kinds_.size() && kinds_[i].call && kinds_[i].call != work.call) ++i;
        kinds_[i].call = work.call;
        return kinds_[i].sharing;
    }

    static double seconds(Clock::time_point from, Clock::time_point to) {
        return std::chrono::duration<double>(to - from).count();
    }

    static void run_alone(std::size_t count, const Work& work) {
        for (std::size_t i = 0; i < count; ++i) work.call(work.context, i);
    }

    void run_shared(std::size_t count, const Work& work, std::size_t threads, Sharing& sharing) {
        const Clock::time_point began = Clock::now();
        unfinished_.store(count, std::memory_order_relaxed);
        for (std::size_t thread = threads; thread-- > 0;)
            shares_[thread].give(work, count * thread / threads, count * (thread + 1) / threads);
        const Clock::time_point called = call_helpers(threads - 1) ? Clock::now() : began;
        const std::size_t own = run_share(0);
        const Clock::time_point ended = Clock::now();
        const double alone = own == 0 ? 0 : seconds(called, ended) * static_cast<double>(count) / static_cast<double>(own);
        sharing.ran_shared(seconds(began, wait_for_helpers() ? Clock::now() : ended), alone);
        errors_.rethrow();
    }

    bool has_been_forked() const { return started_ && forks_ != forks.load(std::memory_order_relaxed); }

    /// Abandons the helpers without destroying them. Their threads exist only in the parent process, and their destructors
    /// would wait for these threads forever.
    void forget_threads() {
        for (auto& helper : helpers_) static_cast<void>(helper.release());
        helpers_.clear();
        started_ = false;
    }

    /// Starts the helpers if necessary. Returns the number of threads, including the caller's.
    std::size_t started_workers() {
        if (has_been_forked()) forget_threads();
        if (!started_) start_helpers();
        return helpers_.size() + 1;
    }

    void start_helpers() {
        count_forks();
        forks_ = forks.load(std::memory_order_relaxed);
        started_ = true;
        const std::size_t useful = adapts_ ? std::min(workers_, usable_cores()) : workers_;
        try {
            for (std::size_t number = 1; number < useful; ++number)
                helpers_.push_back(std::unique_ptr<Helper>(new Helper{.all = *this, .number = number}));
        } catch (const std::exception&) {  // std::system_error or std::bad_alloc: work with the helpers that have started
        }
    }

    /// Wakes up helpers. Returns true if any was asleep.
    bool call_helpers(std::size_t wanted) {
        bool have_slept = false;
        for (std::size_t i = 0; i < wanted; ++i) {
            Helper& helper = *helpers_[i];
            if (helper.awake.load(std::memory_order_relaxed)) continue;
            helper.awake.store(true, std::memory_order_relaxed);
            have_slept = true;
            try {
                helper.executor.silent_async([&helper] { helper.all.help(helper); });
            } catch (const std::bad_alloc&) {  // the caller takes its tasks
                helper.awake.store(false, std::memory_order_relaxed);
            }
        }
        return have_slept;
    }

    void help(Helper& helper) {
        for (int idle = 0; idle < helper_spins; ++idle) {
            if (run_share(helper.number) != 0 || (idle == patience && run_shares_of_others(helper.number) != 0)) idle = 0;
            relax();
        }
        helper.awake.store(false, std::memory_order_relaxed);
    }

    /// Runs the tasks of a thread's share. Returns the number of tasks that it ran.
    std::size_t run_share(std::size_t thread) { return report(shares_[thread].run_all(true, errors_)); }

    std::size_t run_shares_of_others(std::size_t thread) {
        std::size_t finished = 0;
        for (std::size_t other = 1; other < workers_; ++other)
            finished += shares_[(thread + other) % workers_].run_all(false, errors_);
        return report(finished);
    }

    /// Reports all finished tasks at once, because every report costs the other threads a cache miss.
    std::size_t report(std::size_t finished) {
        if (finished != 0 && unfinished_.fetch_sub(finished, std::memory_order_acq_rel) == finished) unfinished_.notify_one();
        return finished;
    }

    /// Waits until all tasks are done. Returns false if they were done already.
    bool wait_for_helpers() {
        for (int spin = 0; spin < caller_spins; ++spin) {
            if (unfinished_.load(std::memory_order_acquire) == 0) return spin != 0;
            if (spin == patience) run_shares_of_others(0);
            relax();
        }
        while (const std::size_t left = unfinished_.load(std::memory_order_acquire)) unfinished_.wait(left);
        return true;
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
    bool adapts_;
    std::unique_ptr<Share[]> shares_;  // one per thread; the caller's is the first
    FirstError errors_;
    alignas(64) std::atomic<std::size_t> unfinished_{0};
    alignas(64) bool started_ = false;  ///< true if the helpers have been started
    unsigned forks_ = 0;                // the number of forks when the helpers were started
    std::array<Kind, 8> kinds_;
    std::vector<std::unique_ptr<Helper>> helpers_;  // last: a helper's destructor waits for its thread
};

}  // namespace operant::detail
