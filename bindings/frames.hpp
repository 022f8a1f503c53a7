#pragma once
/// \file
/// The numpy arrays that steps return: made once, and written again as soon as nobody can reach them any more.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <nanobind/nanobind.h>

#include <operant/aligned_array.hpp>
#include <operant/environment_library.hpp>

namespace operant::bindings {

/// One numpy array over cache-line aligned memory with room for more rows than it shows.
class OutputArray {
public:
    /// \param output whose rows these are
    /// \param num_envs rows of the array
    /// \param padded rows that there is memory for
    /// \param type of the array: numpy's, or a subclass
    OutputArray(const OutputDescription& output, std::size_t num_envs, std::size_t padded, nanobind::handle type);

    /// Whoever refers to the array and its memory now may do so for good.
    void note_references();

    /// Nobody else refers to the array, to a view of it or to its memory, and it is as it was made.
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
    std::ptrdiff_t references_ = 0, memory_references_ = 0;
};

/// One set of output arrays.
class Frame {
public:
    /// \param list of the outputs
    /// \param final_observations the class of `infos["final_obs"]`, a subclass of numpy's array, where observations have
    ///        one part
    Frame(const std::vector<OutputDescription>& list, std::size_t num_envs, std::size_t padded,
          nanobind::handle final_observations);

    bool is_ours_alone() const;
    /// Forgets what a caller has put in the place of final observations.
    void renew() const;

    /// Where to write to; without the statistics of episodes.
    const Outputs& outputs() const { return pointers_.outputs(); }
    /// Where to report episodes: arrays that the caller cannot write to, as a step relies on what the step before has
    /// written.
    EpisodeStatistics episodes() const;
    /// The array of the observations, or a tuple of them.
    nanobind::object observations() const;
    /// Array number i on the list.
    const nanobind::object& array(std::size_t i) const { return arrays_[i].array(); }
    /// Where its elements are.
    const void* data(std::size_t i) const { return arrays_[i].data(); }
    std::size_t num_envs() const { return num_envs_; }

private:
    std::vector<OutputArray> arrays_;
    OutputArrays pointers_;
    nanobind::object replaced_;  ///< a dict: what a caller has put in the place of final observations
    std::size_t num_envs_;
    std::size_t parts_ = 0;  ///< of the observations
    AlignedArray<std::uint64_t> episodes_written_;  ///< as in EpisodeStatistics
};

/// Recycles frames. While a caller drops what a step returned before the step after the next, the same two frames are
/// used in turn. A caller who keeps everything gets new arrays, which are the caller's alone once the pool has moved on.
class FramePool {
public:
    /// As Frame takes them.
    FramePool(std::vector<OutputDescription> list, std::size_t num_envs, std::size_t padded,
              nanobind::object final_observations);

    /// A frame that can be written to, valid until the next call.
    Frame& take();

    /// What its arrays are.
    const std::vector<OutputDescription>& list() const { return list_; }

private:
    static constexpr std::size_t most_frames = 4;

    std::vector<OutputDescription> list_;
    std::size_t num_envs_, padded_;
    nanobind::object final_observations_;
    std::vector<Frame> frames_;
    std::size_t next_ = 0;
};

}  // namespace operant::bindings
