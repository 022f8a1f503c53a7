#pragma once
/// \file
/// The numpy arrays that steps return. They are used again as soon as nobody else can reach them.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <nanobind/nanobind.h>

#include <operant/aligned_array.hpp>
#include <operant/environment_library.hpp>

namespace operant::bindings {

/// A numpy array in memory that is aligned to cache lines and has room for more rows than the array.
class OutputArray {
public:
    /// \param output which determines the rows
    /// \param num_envs the number of rows of the array
    /// \param padded for how many rows there is memory
    /// \param type numpy's array, or a subclass
    OutputArray(const OutputDescription& output, std::size_t num_envs, std::size_t padded, nanobind::handle type);

    /// Counts the present references to the array and its memory as ours.
    void note_references();

    /// Whether nobody else refers to the array, to a view of it or to its memory, and nobody has changed its shape, dtype or
    /// flags.
    bool is_ours_alone() const;

    const nanobind::object& array() const { return array_; }
    void* data() const { return data_; }

private:
    nanobind::object array_;   ///< the array that the caller gets
    nanobind::object memory_;  ///< the array that owns the memory, to which numpy lets every view refer
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
    /// \param final_observations if observations have one part: the class of `infos["final_obs"]`, a subclass of numpy's
    ///        array
    Frame(const std::vector<OutputDescription>& list, std::size_t num_envs, std::size_t padded,
          nanobind::handle final_observations);

    bool is_ours_alone() const;
    /// Forgets what a caller has assigned to elements of the final observations.
    void renew() const;

    /// The arrays, without those for statistics of episodes.
    const Outputs& outputs() const { return pointers_.outputs(); }
    /// The arrays for statistics of episodes. The caller cannot write to them, because a step relies on what the step before
    /// has written.
    EpisodeStatistics episodes() const;
    /// The array of the observations, or a tuple of them.
    nanobind::object observations() const;
    /// Array number i on the list.
    const nanobind::object& array(std::size_t i) const { return arrays_[i].array(); }
    /// The elements of array number i on the list.
    const void* data(std::size_t i) const { return arrays_[i].data(); }
    std::size_t num_envs() const { return num_envs_; }
    /// How many arrays, the first on the list, are parts of the observations.
    std::size_t parts() const { return parts_; }

private:
    std::vector<OutputArray> arrays_;
    OutputArrays pointers_;
    nanobind::object replaced_;  ///< a dict: what a caller has assigned to elements of the final observations
    std::size_t num_envs_;
    std::size_t parts_ = 0;  ///< how many arrays the observations have
    AlignedArray<std::uint64_t> episodes_written_;  ///< as in EpisodeStatistics
};

/// Recycles frames. If the caller keeps only the results of the last step, the pool uses the same two frames in turn. If the
/// caller keeps all results, the pool makes new frames, and gives up old ones, whose arrays then belong to the caller.
class FramePool {
public:
    /// The arguments are those of Frame.
    FramePool(std::vector<OutputDescription> list, std::size_t num_envs, std::size_t padded,
              nanobind::object final_observations);

    /// A frame to which nobody else refers, valid until the next call.
    Frame& take();

    /// The list of the arrays.
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
