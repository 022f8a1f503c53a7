#pragma once
/// \file
/// The numpy arrays that steps return, which are reused as soon as nobody else can reach them.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <nanobind/nanobind.h>

#include <operant/core/output_list.hpp>

#include "observation_tree.hpp"

namespace operant::bindings {

/// A numpy array in memory that is aligned to cache lines and has room for more rows than the array.
class OutputArray {
public:
    /// \param output the output, which determines the size of a row
    /// \param num_envs the number of rows of the array
    /// \param padded the number of rows for which there is memory
    OutputArray(const OutputDescription& output, std::size_t num_envs, std::size_t padded);

    /// Stores the present reference counts, which are those of an array that only this object uses.
    void note_references();

    /// Returns true if nobody else refers to the array, to a view of it or to its memory, and if its shape, dtype and flags are
    /// unchanged.
    bool is_unshared() const;

    const nanobind::object& array() const { return array_; }
    void* data() const { return data_; }

private:
    nanobind::object array_;   ///< the array that the caller gets
    nanobind::object memory_;  ///< the array that owns the memory; every view refers to it
    std::vector<std::ptrdiff_t> shape_;
    void* data_;
    void* descr_;
    int flags_;
    std::ptrdiff_t references_ = 0, memory_references_ = 0;
};

/// One set of output arrays.
class Frame {
public:
    /// \param list the list of the outputs
    /// \param final_observations as FramePool takes it
    Frame(const std::vector<OutputDescription>& list, std::size_t num_envs, std::size_t padded,
          nanobind::handle final_observations);

    /// Returns true if nobody else refers to any of the arrays.
    bool is_unshared() const;

    /// The arrays, without those for episode statistics.
    const Outputs& outputs() const { return pointers_.outputs(); }
    /// The arrays for episode statistics. They are read-only in Python, because a step relies on the values that the last step
    /// wrote.
    const EpisodeStatistics& episodes() const { return pointers_.episodes(); }
    /// The array of the observations, or a new tuple or dict of arrays.
    nanobind::object observations(const ObservationTree& tree) const {
        return tree.arranged([this](std::size_t leaf) { return arrays_[leaf].array(); });
    }
    /// Returns true if there are final observations, as with AutoresetMode::same_step.
    bool has_final_observations() const { return final_observations_.is_valid(); }
    /// The value of `final_obs` in the infos of the last step. It has its own mask, because the caller can write to the mask in
    /// the infos before `final_obs` is read.
    const nanobind::object& final_observations() const;
    /// Array number i on the list.
    const nanobind::object& array(std::size_t i) const { return arrays_[i].array(); }
    /// The elements of array number i on the list.
    const void* data(std::size_t i) const { return arrays_[i].data(); }
    std::size_t num_envs() const { return num_envs_; }
    /// The number of leaves of an observation, whose arrays are the first on the list.
    std::size_t leaves() const { return leaves_; }

private:
    std::vector<OutputArray> arrays_;
    OutputArrays pointers_;
    nanobind::object final_observations_;
    const bool* ended_ = nullptr;
    bool* final_ended_ = nullptr;  ///< the mask in final_observations_
    std::size_t num_envs_;
    std::size_t leaves_ = 0;
};

/// Recycles frames. If the caller keeps only the results of the last step, the pool uses the same two frames in turn. If the
/// caller keeps all results, the pool makes new frames and abandons old ones, whose arrays then belong to the caller.
class FramePool {
public:
    /// \param list the list of the outputs
    /// \param num_envs the number of rows of the arrays
    /// \param padded the number of rows for which there is memory
    /// \param final_observations a Python callable that makes the value of `final_obs` in the infos. Its argument is a list of
    ///        the arrays of the leaves of the final observations, and of the mask of the episodes that ended.
    FramePool(std::vector<OutputDescription> list, std::size_t num_envs, std::size_t padded,
              nanobind::object final_observations);

    /// Returns a frame to which nobody else refers, valid until the next call.
    Frame& take();

    /// The list of the outputs.
    const std::vector<OutputDescription>& list() const { return list_; }

private:
    static constexpr std::size_t most_frames = 4;

    std::vector<OutputDescription> list_;
    std::size_t num_envs_, padded_;
    nanobind::object make_final_;
    std::vector<Frame> frames_;
    std::size_t next_ = 0;
};

}  // namespace operant::bindings
