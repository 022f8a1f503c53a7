#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

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
        // Tasks wait for one another: with one thread alone this would not end.
        pool.run(4, [&](std::size_t) {
            ++arrived;
            while (arrived < 2) std::this_thread::yield();
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

TEST_CASE("many short runs in a row") {
    operant::WorkerPool pool(3);
    std::atomic<std::size_t> sum = 0;
    for (int run = 0; run < 20000; ++run) pool.run(5, [&](std::size_t i) { sum += i; });
    CHECK(sum == 20000 * 10);
}
