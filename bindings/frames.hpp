#pragma once
/// \file
/// The numpy arrays that steps return: made once, and written again as soon as nobody can reach them any more.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <nanobind/nanobind.h>

#include <operant/aligned_array.hpp>
#include <operant/step_kernel.hpp>

namespace operant::bindings {

/// One numpy array over cache-line aligned memory with room for more rows than it shows.
class OutputArray {
public:
    /// \param shape of the array, C-contiguous
    /// \param padded_rows how many rows there is memory for
    /// \param read_only whether the caller may not write to it; then it starts as zeros
    OutputArray(const char* dtype, const std::vector<std::ptrdiff_t>& shape, std::size_t padded_rows,
                bool read_only = false);

    /// Nobody but this object refers to the array, to a view of it or to its memory, and it is as it was made.
    bool is_ours_alone() const;

    const nanobind::object& array() const { return array_; }
    void* data() const { return data_; }

private:
    nanobind::object array_;   ///< what the caller gets
    nanobind::object memory_;  ///< the array that owns the memory: numpy lets every view refer to it directly
    std::vector<std::ptrdiff_t> shape_;
    void* data_;
    void* descr_;
    int flags_;
};

/// Which arrays an environment returns, and how large.
struct FrameLayout {
    std::size_t num_envs;
    std::size_t padded;  ///< rows that there must be memory for
    std::size_t observation_size;
    bool final_observations = false;  ///< of AutoresetMode::same_step
    bool episode_statistics = false;
};

/// One set of output arrays.
struct Frame {
    explicit Frame(const FrameLayout& layout);

    bool is_ours_alone() const;
    Outputs outputs() const;

    OutputArray observations, rewards, terminations, truncations;
    std::optional<OutputArray> final_observations, ended;
    /// Read-only for the caller: a step relies on finding what the step before has written.
    std::optional<OutputArray> episode_returns, episode_lengths, episode_seconds;
    AlignedArray<std::uint64_t> episodes_written;  ///< as in EpisodeStatistics
};

/// Recycles frames. A caller who drops what a step returned before the next but one gets the same two for ever; one
/// who keeps everything gets new ones, which are the caller's alone once the pool has moved on.
class FramePool {
public:
    explicit FramePool(const FrameLayout& layout);

    /// A frame that can be written to, valid until the next call.
    Frame& take();

private:
    static constexpr std::size_t most_frames = 4;

    FrameLayout layout_;
    std::vector<Frame> frames_;
    std::size_t next_ = 0;
};

}  // namespace operant::bindings
