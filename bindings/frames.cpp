#include "frames.hpp"

#include <algorithm>
#include <cstdint>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/ndarraytypes.h>

namespace nb = nanobind;
using namespace nb::literals;

namespace operant::bindings {
namespace {

constexpr std::size_t alignment = 64;

PyArrayObject* numpy(const nb::object& array) { return reinterpret_cast<PyArrayObject*>(array.ptr()); }

}  // namespace

OutputArray::OutputArray(const char* dtype, const std::vector<std::ptrdiff_t>& shape, std::size_t padded_rows,
                         bool read_only)
    : shape_(shape) {
    const nb::module_ np = nb::module_::import_("numpy");
    const nb::object type = np.attr("dtype")(dtype);
    std::size_t bytes = padded_rows * nb::cast<std::size_t>(type.attr("itemsize"));
    nb::list dimensions;
    for (const std::ptrdiff_t dimension : shape) dimensions.append(dimension);
    for (std::size_t i = 1; i < shape.size(); ++i) bytes *= static_cast<std::size_t>(shape[i]);

    memory_ = np.attr(read_only ? "zeros" : "empty")(bytes + alignment, "uint8");
    const auto address = reinterpret_cast<std::uintptr_t>(PyArray_DATA(numpy(memory_)));
    const std::size_t offset = (alignment - address % alignment) % alignment;
    array_ = np.attr("ndarray")(nb::tuple(dimensions), type, memory_, offset);
    if (read_only) array_.attr("setflags")("write"_a = false);
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

Frame::Frame(const FrameLayout& layout)
    : observations("float32", {std::ptrdiff_t(layout.num_envs), std::ptrdiff_t(layout.observation_size)}, layout.padded),
      rewards("float32", {std::ptrdiff_t(layout.num_envs)}, layout.padded),
      terminations("bool", {std::ptrdiff_t(layout.num_envs)}, layout.padded),
      truncations("bool", {std::ptrdiff_t(layout.num_envs)}, layout.padded) {
    const auto num_envs = std::ptrdiff_t(layout.num_envs);
    if (layout.final_observations)
        final_observations.emplace("float32", std::vector{num_envs, std::ptrdiff_t(layout.observation_size)}, layout.padded);
    if (layout.final_observations || layout.episode_statistics)
        ended.emplace("bool", std::vector{num_envs}, layout.padded);
    if (layout.episode_statistics) {
        episode_returns.emplace("float64", std::vector{num_envs}, layout.padded, true);
        episode_lengths.emplace("int64", std::vector{num_envs}, layout.padded, true);
        episode_seconds.emplace("float64", std::vector{num_envs}, layout.padded, true);
        episodes_written = make_aligned_array<std::uint64_t>(layout.padded / lanes_per_word);
    }
}

bool Frame::is_ours_alone() const {
    for (const OutputArray* array : {&observations, &rewards, &terminations, &truncations})
        if (!array->is_ours_alone()) return false;
    for (const auto* array : {&final_observations, &ended, &episode_returns, &episode_lengths, &episode_seconds})
        if (*array && !(*array)->is_ours_alone()) return false;
    return true;
}

Outputs Frame::outputs() const {
    const auto data = [](const auto& array) { return array ? array->data() : nullptr; };
    return {static_cast<float*>(observations.data()),
            static_cast<float*>(rewards.data()),
            static_cast<bool*>(terminations.data()),
            static_cast<bool*>(truncations.data()),
            static_cast<float*>(data(final_observations)),
            static_cast<bool*>(data(ended))};
}

FramePool::FramePool(const FrameLayout& layout) : layout_(layout) { frames_.reserve(most_frames); }

Frame& FramePool::take() {
    for (Frame& frame : frames_)
        if (frame.is_ours_alone()) return frame;
    Frame fresh(layout_);
    if (frames_.size() < most_frames) return frames_.emplace_back(std::move(fresh));
    next_ = (next_ + 1) % most_frames;
    return frames_[next_] = std::move(fresh);
}

}  // namespace operant::bindings
