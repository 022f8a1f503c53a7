#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <operant/core/sharing.hpp>
#include <operant/core/worker_pool.hpp>
#include <operant/workers.hpp>

namespace test_worker_pool {

using operant::detail::Sharing;

/// Runs four tasks, at least two of them at the same time, so a single thread would never finish.
/// \param task called with the index of each task
template <class Task>
void run_together(operant::WorkerPool& pool, const Task& task) {
    std::atomic<int> arrived = 0;
    pool.run(4, [&](std::size_t i) {
        ++arrived;
        while (arrived < 2) std::this_thread::yield();
        task(i);
    });
}

TEST_CASE("every task runs exactly once") {
    for (const std::size_t workers : {1, 2, 3, 8}) {
        for (const bool adapts : {false, true}) {
            operant::WorkerPool pool(workers, adapts);
            for (std::size_t count = 0; count < 200; ++count) {
                std::vector<std::atomic<int>> runs(count);
                pool.run(count, [&](std::size_t i) { ++runs[i]; });
                for (const auto& run : runs) REQUIRE(run == 1);
            }
        }
    }
}

TEST_CASE("one worker is the calling thread") {
    operant::WorkerPool pool(1);
    pool.run(100, [caller = std::this_thread::get_id()](std::size_t) { REQUIRE(std::this_thread::get_id() == caller); });
}

TEST_CASE("helpers take part, also after they have slept") {
    operant::WorkerPool pool(2, false);
    for (int round = 0; round < 3; ++round) {
        run_together(pool, [](std::size_t) {});
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

TEST_CASE("a thread takes tasks from a late thread") {
    for (const std::size_t late : {0, 2}) {  // the first task of the caller's share, and of the helper's
        operant::WorkerPool pool(2, false);
        std::atomic<int> finished = 0;
        // The late task waits for all others, one of which is in the same share, so its thread needs help to finish.
        pool.run(4, [&](std::size_t i) {
            while (i == late && finished < 3) std::this_thread::yield();
            ++finished;
        });
        CHECK(finished == 4);
    }
}

TEST_CASE("an exception of any thread reaches the caller, and the pool stays usable") {
    operant::WorkerPool pool(2, false);
    for (const std::size_t wrong : {0, 1, 2, 3}) {
        const auto task = [&](std::size_t i) {
            if (i == wrong) throw std::range_error("task " + std::to_string(i));
        };
        CHECK_THROWS_WITH_AS(run_together(pool, task), ("task " + std::to_string(wrong)).c_str(), std::range_error);
    }
    std::atomic<int> runs = 0;
    pool.run(4, [&](std::size_t) { ++runs; });
    CHECK(runs == 4);
}

TEST_CASE("of several exceptions, the caller gets the one of the first task") {
    for (const std::size_t workers : {1, 2, 3}) {
        operant::WorkerPool pool(workers, false);
        const auto task = [](std::size_t i) {
            if (i >= 7) throw std::range_error("task " + std::to_string(i));
        };
        for (int round = 0; round < 1000; ++round) CHECK_THROWS_WITH_AS(pool.run(40, task), "task 7", std::range_error);
    }
}

/// Simulated runs of constant duration, with and without helpers.
struct Runs {
    double took = 0, alone = 0, shared = 0;

    /// Makes runs for a number of seconds.
    /// \param with_helpers,without the duration of a run
    /// \param own the duration of a run alone as the caller's own tasks suggest it
    void make(Sharing& sharing, double seconds, double with_helpers, double without, double own) {
        for (const double end = took + seconds; took < end;) make_one(sharing, with_helpers, without, own);
    }

    void make_one(Sharing& sharing, double with_helpers, double without, double own) {
        const bool pays = sharing.pays();
        if (pays)
            sharing.ran_shared(with_helpers, own);
        else if (sharing.is_timed())
            sharing.ran_alone(without);
        took += pays ? with_helpers : without;
        shared += pays ? with_helpers : 0;
        alone += without;
    }
};

TEST_CASE("helpers take part as long as they save time") {
    Sharing sharing;
    Runs runs;
    runs.make(sharing, 10, 5e-6, 6.4e-6, 6.4e-6);
    CHECK(runs.shared > 0.99 * runs.took);
    // Losing a core once costs less than helpers have saved before.
    REQUIRE(sharing.pays());
    sharing.ran_shared(3e-3, 6.4e-6);
    CHECK(sharing.pays());
}

TEST_CASE("helpers take part in the first run") {
    Sharing sharing;
    Runs runs;
    runs.make(sharing, 1, 0.1, 0.2, 0.2);
    CHECK(runs.shared == runs.took);  // the caller does not make long runs alone to time them
}

TEST_CASE("helpers that are always late are tried for a small part of the time") {
    for (const double late : {7e-6, 12e-6, 1e-4, 4e-3}) {
        Sharing sharing;
        Runs runs;
        runs.make(sharing, 10, late, 6e-6, 6e-6);
        CHECK(runs.took < 1.02 * runs.alone);
        const Runs before = runs;
        runs.make(sharing, 100, late, 6e-6, 6e-6);
        CHECK(runs.took - before.took < 1.01 * (runs.alone - before.alone));
    }
}

TEST_CASE("helpers that lose their core again and again are tried for a small part of the time") {
    Sharing sharing;
    Runs runs;
    while (runs.took < 20) {
        for (int run = 0; run < 500 && sharing.pays(); ++run) runs.make_one(sharing, 6e-6, 10e-6, 10e-6);  // for 3 ms
        if (sharing.pays())
            runs.make_one(sharing, 3e-3, 10e-6, 10e-6);  // then the caller waits for a helper
        else
            runs.make(sharing, 3e-3, 3e-3, 10e-6, 10e-6);
    }
    CHECK(runs.took < 1.02 * runs.alone);
}

TEST_CASE("helpers that only slow down the caller's tasks are detected") {
    Sharing sharing;
    Runs runs;
    runs.make(sharing, 10, 5e-6, 4e-6, 6.6e-6);
    CHECK(runs.took < 1.02 * runs.alone);
}

TEST_CASE("helpers take part again when their core is free again") {
    Sharing sharing;
    Runs late, early;
    late.make(sharing, 10, 3e-3, 6.4e-6, 6.4e-6);
    early.make(sharing, 10, 5e-6, 6.4e-6, 6.4e-6);
    CHECK(early.took - early.shared < 1.05 * Sharing::longest_pause);
}

TEST_CASE("a process that was stopped during a run tries its helpers again within a second of runs") {
    Sharing sharing;
    Runs runs;
    sharing.ran_shared(3600, 6e-6);
    CHECK_FALSE(sharing.pays());
    runs.make(sharing, 1.01 * Sharing::longest_pause, 5e-6, 6.4e-6, 6.4e-6);
    CHECK(sharing.pays());
    sharing.ran_shared(3600, 3600);
    runs.make(sharing, 1, 12e-6, 6.4e-6, 6.4e-6);
    CHECK(runs.shared < 0.5);
}

TEST_CASE("many short runs in a row") {
    operant::WorkerPool pool(3, false);
    std::atomic<std::size_t> sum = 0;
    for (int run = 0; run < 20000; ++run) pool.run(5, [&](std::size_t i) { sum += i; });
    CHECK(sum == 20000 * 10);
}

#if !defined(_WIN32) && !defined(__SANITIZE_THREAD__)  // ThreadSanitizer has no threads in a forked child
TEST_CASE("parent and child of a fork both continue with their own helpers" * doctest::test_suite("not emulated")) {
    const auto meet = [](operant::WorkerPool& pool) {
        std::atomic<int> runs = 0;
        run_together(pool, [&](std::size_t) { ++runs; });
        return runs == 4;
    };
    for (int round = 0; round < 10; ++round) {
        auto pool = std::make_unique<operant::WorkerPool>(2, false);
        REQUIRE(meet(*pool));
        if (round % 2 == 1) std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the helper falls asleep
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::alarm(20);  // ends a child that hangs
            const bool well = meet(*pool);
            pool = std::make_unique<operant::WorkerPool>(2, false);
            ::_exit(well && meet(*pool) ? 0 : 1);
        }
        CHECK(meet(*pool));
        int status = -1;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
}
#endif

}  // namespace test_worker_pool
