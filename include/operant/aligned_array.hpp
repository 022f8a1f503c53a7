#pragma once
/// \file
/// Zeroed arrays that start at a cache line.

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>

namespace operant {

/// Where arrays start; wide enough for every vector register.
inline constexpr std::align_val_t cache_line{64};

/// Frees what `make_aligned_array` allocated.
struct AlignedDelete {
    /// \param memory not to be used any more
    void operator()(void* memory) const { ::operator delete(memory, cache_line); }
};

/// Owns an array; `nullptr` until made.
template <class T>
using AlignedArray = std::unique_ptr<T[], AlignedDelete>;

/// `size` elements, all zero.
/// \throws std::bad_alloc when there is not that much memory
template <class T>
AlignedArray<T> make_aligned_array(std::size_t size) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (size > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_alloc();
    auto* memory = static_cast<T*>(::operator new(size * sizeof(T), cache_line));
    std::uninitialized_fill_n(memory, size, T{});
    return AlignedArray<T>(memory);
}

}  // namespace operant
