#include "frames.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/ndarraytypes.h>

namespace nb = nanobind;
using namespace nb::literals;

namespace operant::bindings {
namespace {

constexpr std::size_t alignment = 64;

PyArrayObject* numpy(const nb::object& array) { return reinterpret_cast<PyArrayObject*>(array.ptr()); }

/// A step relies on finding what the step before has written.
bool is_read_only(const OutputDescription& output) {
    using Role = OutputDescription::Role;
    return output.role == Role::episode_return || output.role == Role::episode_length || output.role == Role::episode_seconds;
}

}  // namespace

OutputArray::OutputArray(const OutputDescription& output, std::size_t num_envs, std::size_t padded) {
    static constexpr std::array names{"float32", "float64", "int8", "int32", "uint32", "int64", "bool"};
    const nb::module_ np = nb::module_::import_("numpy");
    const nb::object type = np.attr("dtype")(names[static_cast<std::size_t>(output.type)]);
    shape_.push_back(static_cast<std::ptrdiff_t>(num_envs));
    if (output.width != 0) shape_.push_back(static_cast<std::ptrdiff_t>(output.width));
    nb::list dimensions;
    for (const std::ptrdiff_t dimension : shape_) dimensions.append(dimension);

    memory_ = np.attr(is_read_only(output) ? "zeros" : "empty")(padded * output.row_size() + alignment, "uint8");
    const auto address = reinterpret_cast<std::uintptr_t>(PyArray_DATA(numpy(memory_)));
    const std::size_t offset = (alignment - address % alignment) % alignment;
    array_ = np.attr("ndarray")(nb::tuple(dimensions), type, memory_, offset);
    if (is_read_only(output)) array_.attr("setflags")("write"_a = false);
    data_ = PyArray_DATA(numpy(array_));
    descr_ = PyArray_DESCR(numpy(array_));
    flags_ = PyArray_FLAGS(numpy(array_));
}

bool OutputArray::is_ours_alone() const {
#ifdef Py_GIL_DISABLED
    return false;  // another thread may be about to take a reference: counts prove nothing
#else
    // The array has one owner, this object; its memory has two, this object and the array. Shape, dtype and flags of an
    // array can be set in place: an array that was altered is not handed out again.
    PyArrayObject* array = numpy(array_);
    return Py_REFCNT(array_.ptr()) == 1 && Py_REFCNT(memory_.ptr()) == 2 && PyArray_DATA(array) == data_ &&
           PyArray_DESCR(array) == descr_ && PyArray_FLAGS(array) == flags_ &&
           std::equal(shape_.begin(), shape_.end(), PyArray_DIMS(array), PyArray_DIMS(array) + PyArray_NDIM(array));
#endif
}

Frame::Frame(const std::vector<OutputDescription>& list, std::size_t num_envs, std::size_t padded) {
    using Role = OutputDescription::Role;
    std::vector<void*> data;
    for (const OutputDescription& output : list) {
        data.push_back(arrays_.emplace_back(output, num_envs, padded).data());
        if (output.role == Role::observation) ++parts_;
        if (output.role == Role::episode_return)
            episodes_written_ = make_aligned_array<std::uint64_t>(padded / lanes_per_word);
    }
    is_tuple_ = parts_ > 1;
    pointers_ = OutputArrays(list, data);
}

bool Frame::is_ours_alone() const {
    return std::ranges::all_of(arrays_, [](const OutputArray& array) { return array.is_ours_alone(); });
}

EpisodeStatistics Frame::episodes() const {
    EpisodeStatistics episodes = pointers_.episodes();
    episodes.written = episodes_written_.get();
    return episodes;
}

nb::object Frame::observations() const {
    if (!is_tuple_) return arrays_[0].array();
    nb::list parts;
    for (std::size_t i = 0; i < parts_; ++i) parts.append(arrays_[i].array());
    return nb::tuple(parts);
}

FramePool::FramePool(std::vector<OutputDescription> list, std::size_t num_envs, std::size_t padded)
    : list_(std::move(list)), num_envs_(num_envs), padded_(padded) {
    frames_.reserve(most_frames);
}

Frame& FramePool::take() {
    for (Frame& frame : frames_)
        if (frame.is_ours_alone()) return frame;
    Frame fresh(list_, num_envs_, padded_);
    if (frames_.size() < most_frames) return frames_.emplace_back(std::move(fresh));
    next_ = (next_ + 1) % most_frames;
    return frames_[next_] = std::move(fresh);
}

}  // namespace operant::bindings
