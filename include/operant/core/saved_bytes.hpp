#pragma once
/// \file
/// The bytes of a saved environment: numbers and arrays, one after the other.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace operant {

/// Writes a snapshot.
class SnapshotWriter {
public:
    /// Appends plain data.
    template <class T>
    void write(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        write(&value, sizeof(value));
    }
    /// Appends the length of a text, and the text.
    void write(std::string_view text) {
        write(static_cast<std::uint64_t>(text.size()));
        write(text.data(), text.size());
    }
    /// Appends `size` bytes.
    void write(const void* data, std::size_t size) {
        const auto* begin = static_cast<const std::byte*>(data);
        bytes_.insert(bytes_.end(), begin, begin + size);
    }

    /// Returns everything that has been written. This object is empty afterwards.
    std::vector<std::byte> take() { return std::move(bytes_); }

private:
    std::vector<std::byte> bytes_;
};

/// Reads the values of a snapshot in the order in which they were written.
class SnapshotReader {
public:
    /// \param bytes the snapshot, which has to outlive this object
    explicit SnapshotReader(std::span<const std::byte> bytes) : rest_(bytes) {}

    /// Reads plain data. \throws std::invalid_argument if the snapshot is too short
    template <class T>
    T read() {
        static_assert(std::is_trivially_copyable_v<T>);
        T value;
        std::memcpy(&value, read(sizeof(value)).data(), sizeof(value));
        return value;
    }
    /// Reads `size` bytes. \throws std::invalid_argument if the snapshot is too short
    std::span<const std::byte> read(std::size_t size) {
        if (size > rest_.size()) throw std::invalid_argument("saved state: it is cut off");
        const auto bytes = rest_.first(size);
        rest_ = rest_.subspan(size);
        return bytes;
    }
    /// Skips the expected bytes and returns true if they come next; otherwise returns false.
    bool skip(std::span<const std::byte> expected) {
        if (rest_.size() < expected.size() || !std::equal(expected.begin(), expected.end(), rest_.begin())) return false;
        rest_ = rest_.subspan(expected.size());
        return true;
    }
    /// \throws std::invalid_argument unless everything has been read
    void finish() const {
        if (!rest_.empty()) throw std::invalid_argument("saved state: " + std::to_string(rest_.size()) + " bytes too long");
    }

private:
    std::span<const std::byte> rest_;
};

}  // namespace operant
