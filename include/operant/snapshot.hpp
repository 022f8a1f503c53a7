#pragma once
/// \file
/// Bytes that an environment is saved to: numbers and arrays one after the other.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace operant {

/// Appends to a snapshot.
class SnapshotWriter {
public:
    /// Plain data.
    template <class T>
    void write(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        write(&value, sizeof(value));
    }
    /// A text and its length.
    void write(std::string_view text) {
        write(static_cast<std::uint64_t>(text.size()));
        write(text.data(), text.size());
    }
    /// So many bytes.
    void write(const void* data, std::size_t size) {
        const auto* begin = static_cast<const std::byte*>(data);
        bytes_.insert(bytes_.end(), begin, begin + size);
    }

    /// All that has been written.
    std::vector<std::byte> take() { return std::move(bytes_); }

private:
    std::vector<std::byte> bytes_;
};

/// Takes from a snapshot what was appended, in the same order.
class SnapshotReader {
public:
    /// \param bytes valid as long as this object
    explicit SnapshotReader(std::span<const std::byte> bytes) : rest_(bytes) {}

    /// Plain data. \throws std::invalid_argument when the snapshot ends before
    template <class T>
    T read() {
        static_assert(std::is_trivially_copyable_v<T>);
        T value;
        std::memcpy(&value, read(sizeof(value)).data(), sizeof(value));
        return value;
    }
    /// A text. \throws std::invalid_argument when the snapshot ends before
    std::string read_text() {
        const auto bytes = read(read<std::uint64_t>());
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    /// So many bytes. \throws std::invalid_argument when there are not as many
    std::span<const std::byte> read(std::size_t size) {
        if (size > rest_.size()) throw std::invalid_argument("saved state: it is cut off");
        const auto bytes = rest_.first(size);
        rest_ = rest_.subspan(size);
        return bytes;
    }
    /// \throws std::invalid_argument unless everything has been taken
    void finish() const {
        if (!rest_.empty()) throw std::invalid_argument("saved state: " + std::to_string(rest_.size()) + " bytes too long");
    }

private:
    std::span<const std::byte> rest_;
};

}  // namespace operant
