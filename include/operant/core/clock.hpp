#pragma once
/// \file
/// The clock that measures how long episodes take.

#include <chrono>

namespace operant::detail {

/// Returns the time on a clock that never goes back [s].
inline double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace operant::detail
