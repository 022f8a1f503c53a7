#pragma once
/// \file
/// Fetches memory ahead of its use.

#include <cstddef>

#include <xsimd/xsimd.hpp>

namespace operant {

/// Fetches the cache lines of [first, first + size), to be read and written soon.
XSIMD_INLINE void prefetch([[maybe_unused]] const void* first, [[maybe_unused]] std::size_t size = 1) {
#if defined(__GNUC__)
    constexpr std::size_t line = 64;
    for (std::size_t offset = 0; offset < size; offset += line) __builtin_prefetch(static_cast<const char*>(first) + offset, 1);
#endif
}

}  // namespace operant
