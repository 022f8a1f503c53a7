#pragma once
/// \file
/// Zero-initialised arrays that begin at a cache line.

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>

#if defined(__linux__)
#include <sys/mman.h>
#include <cstdint>
#endif

namespace operant {

/// The alignment of arrays, sufficient for every vector register.
inline constexpr std::align_val_t cache_line{64};

/// Frees what `make_aligned_array` allocated.
struct AlignedDelete {
    /// \param memory the memory to free
    void operator()(void* memory) const { ::operator delete(memory, cache_line); }
};

/// Owns an array, or is null.
template <class T>
using AlignedArray = std::unique_ptr<T[], AlignedDelete>;

/// Asks the system for huge pages. A million envs fill more small pages than fit into the processor's cache of page
/// addresses (the TLB).
inline void prefer_huge_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t size) {
#if defined(__linux__)
    constexpr std::uintptr_t page = 4096, worthwhile = std::uintptr_t{4} << 20;
    if (size < worthwhile) return;
    const std::uintptr_t begin = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
    const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(memory) + size) / page * page;
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);  // the system may refuse
#endif
}

/// Allocates an array of `size` zeros.
/// \throws std::bad_alloc if there is not enough memory
template <class T>
AlignedArray<T> make_aligned_array(std::size_t size) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (size > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_alloc();
    auto* memory = static_cast<T*>(::operator new(size * sizeof(T), cache_line));
    prefer_huge_pages(memory, size * sizeof(T));
    std::uninitialized_fill_n(memory, size, T{});
    return AlignedArray<T>(memory);
}

}  // namespace operant
