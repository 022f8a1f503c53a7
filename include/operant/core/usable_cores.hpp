#pragma once
/// \file
/// The number of cores that this process may use.

#include <algorithm>
#include <cstddef>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace operant::detail {

/// Returns the number of cores on which the calling thread may run; at least 1.
inline std::size_t usable_cores() {
#ifdef __linux__
    cpu_set_t cores;  // the call fails if the system has more cores than this can hold
    if (::sched_getaffinity(0, sizeof(cores), &cores) == 0) return static_cast<std::size_t>(CPU_COUNT(&cores));
#endif
    return std::max(std::thread::hardware_concurrency(), 1u);
}

}  // namespace operant::detail
