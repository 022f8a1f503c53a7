#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <operant/worker_pool.hpp>

TEST_CASE("every task runs exactly once") {
    for (const std::size_t workers : {1, 2, 3, 8}) {
        operant::WorkerPool pool(workers);
        for (std::size_t count = 0; count < 200; ++count) {
            std::vector<std::atomic<int>> runs(count);
            pool.run(count, [&](std::size_t i) { ++runs[i]; });
            for (const auto& run : runs) REQUIRE(run == 1);
        }
    }
}

TEST_CASE("one worker is the calling thread") {
    operant::WorkerPool pool(1);
    pool.run(100, [caller = std::this_thread::get_id()](std::size_t) { REQUIRE(std::this_thread::get_id() == caller); });
}

TEST_CASE("helpers take part, and again after they have gone to sleep") {
    operant::WorkerPool pool(2);
    for (int round = 0; round < 3; ++round) {
        std::atomic<int> arrived = 0;
        // Tasks wait for each other. With only one thread, this would not end.
        pool.run(4, [&](std::size_t) {
            ++arrived;
            while (arrived < 2) std::this_thread::yield();
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

TEST_CASE("a thread takes tasks of one that is late") {
    for (const std::size_t late : {0, 2}) {  // the first task of the caller's share, and of the helper's
        operant::WorkerPool pool(2);
        std::atomic<int> finished = 0;
        // The late task waits for all others, one of which is in the same share. Without help, this would not end.
        pool.run(4, [&](std::size_t i) {
            while (i == late && finished < 3) std::this_thread::yield();
            ++finished;
        });
        CHECK(finished == 4);
    }
}

TEST_CASE("many short runs in a row") {
    operant::WorkerPool pool(3);
    std::atomic<std::size_t> sum = 0;
    for (int run = 0; run < 20000; ++run) pool.run(5, [&](std::size_t i) { sum += i; });
    CHECK(sum == 20000 * 10);
}

#if !defined(_WIN32) && !defined(__SANITIZE_THREAD__)  // which has no threads in a forked child
TEST_CASE("parent and child of a fork both go on with helpers of their own" * doctest::test_suite("not emulated")) {
    // At least two tasks run at the same time, for which there must be a helper.
    const auto meet = [](operant::WorkerPool& pool) {
        std::atomic<int> arrived = 0;
        pool.run(4, [&](std::size_t) {
            ++arrived;
            while (arrived < 2) std::this_thread::yield();
        });
        return arrived == 4;
    };
    for (int round = 0; round < 10; ++round) {
        auto pool = std::make_unique<operant::WorkerPool>(2);
        REQUIRE(meet(*pool));
        if (round % 2 == 1) std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the helper falls asleep
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::alarm(20);  // ends a child that hangs
            const bool well = meet(*pool);
            pool = std::make_unique<operant::WorkerPool>(2);
            ::_exit(well && meet(*pool) ? 0 : 1);
        }
        CHECK(meet(*pool));
        int status = -1;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
}
#endif
