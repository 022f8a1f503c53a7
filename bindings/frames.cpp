#include "frames.hpp"

#include <algorithm>
#include <cstdint>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/ndarraytypes.h>

namespace nb = nanobind;

namespace operant::bindings {
namespace {

constexpr std::size_t alignment = 64;

PyArrayObject* numpy(const nb::object& array) { return reinterpret_cast<PyArrayObject*>(array.ptr()); }

}  // namespace

OutputArray::OutputArray(const char* dtype, const std::vector<std::ptrdiff_t>& shape, std::size_t padded_rows)
    : shape_(shape) {
    const nb::module_ np = nb::module_::import_("numpy");
    const nb::object type = np.attr("dtype")(dtype);
    std::size_t bytes = padded_rows * nb::cast<std::size_t>(type.attr("itemsize"));
    nb::list dimensions;
    for (const std::ptrdiff_t dimension : shape) dimensions.append(dimension);
    for (std::size_t i = 1; i < shape.size(); ++i) bytes *= static_cast<std::size_t>(shape[i]);

    memory_ = np.attr("empty")(bytes + alignment, "uint8");
    const auto address = reinterpret_cast<std::uintptr_t>(PyArray_DATA(numpy(memory_)));
    const std::size_t offset = (alignment - address % alignment) % alignment;
    array_ = np.attr("ndarray")(nb::tuple(dimensions), type, memory_, offset);
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

Frame::Frame(std::size_t num_envs, std::size_t padded, std::size_t observation_size)
    : observations("float32", {std::ptrdiff_t(num_envs), std::ptrdiff_t(observation_size)}, padded),
      rewards("float32", {std::ptrdiff_t(num_envs)}, padded),
      terminations("bool", {std::ptrdiff_t(num_envs)}, padded),
      truncations("bool", {std::ptrdiff_t(num_envs)}, padded) {}

bool Frame::is_ours_alone() const {
    return observations.is_ours_alone() && rewards.is_ours_alone() && terminations.is_ours_alone() &&
           truncations.is_ours_alone();
}

Outputs Frame::outputs() const {
    return {static_cast<float*>(observations.data()), static_cast<float*>(rewards.data()),
            static_cast<bool*>(terminations.data()), static_cast<bool*>(truncations.data())};
}

FramePool::FramePool(std::size_t num_envs, std::size_t padded, std::size_t observation_size)
    : num_envs_(num_envs), padded_(padded), observation_size_(observation_size) {
    frames_.reserve(most_frames);
}

Frame& FramePool::take() {
    for (Frame& frame : frames_)
        if (frame.is_ours_alone()) return frame;
    Frame fresh(num_envs_, padded_, observation_size_);
    if (frames_.size() < most_frames) return frames_.emplace_back(std::move(fresh));
    next_ = (next_ + 1) % most_frames;
    return frames_[next_] = std::move(fresh);
}

}  // namespace operant::bindings
