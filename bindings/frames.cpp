#include "frames.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/ndarraytypes.h>

#include "names.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace operant::bindings {
namespace {

constexpr std::size_t alignment = 64;

PyArrayObject* numpy(const nb::object& array) { return reinterpret_cast<PyArrayObject*>(array.ptr()); }

}  // namespace

OutputArray::OutputArray(const OutputDescription& output, std::size_t num_envs, std::size_t padded) {
    const nb::module_ np = nb::module_::import_("numpy");
    const nb::object dtype = np.attr("dtype")(name_of(output.type));
    shape_.push_back(static_cast<std::ptrdiff_t>(num_envs));
    for (std::size_t i = 0; i < output.shape.dimensions; ++i)
        shape_.push_back(static_cast<std::ptrdiff_t>(output.shape.lengths[i]));
    nb::list dimensions;
    for (const std::ptrdiff_t dimension : shape_) dimensions.append(dimension);

    memory_ = np.attr(output.is_sparse() ? "zeros" : "empty")(padded * output.row_size() + alignment, "uint8");
    const auto address = reinterpret_cast<std::uintptr_t>(PyArray_DATA(numpy(memory_)));
    const std::size_t offset = (alignment - address % alignment) % alignment;
    array_ = np.attr("ndarray")(nb::tuple(dimensions), dtype, memory_, offset);
    if (output.is_sparse()) array_.attr("setflags")("write"_a = false);
    data_ = PyArray_DATA(numpy(array_));
    descr_ = PyArray_DESCR(numpy(array_));
    flags_ = PyArray_FLAGS(numpy(array_));
}

void OutputArray::note_references() {
    references_ = Py_REFCNT(array_.ptr());
    memory_references_ = Py_REFCNT(memory_.ptr());
}

bool OutputArray::is_unshared() const {
#ifdef Py_GIL_DISABLED
    return false;  // counts prove nothing: another thread may be about to take a reference
#else
    // A caller can change shape, dtype and flags of an array in place. Such an array is not reused.
    PyArrayObject* array = numpy(array_);
    return Py_REFCNT(array_.ptr()) == references_ && Py_REFCNT(memory_.ptr()) == memory_references_ && PyArray_DATA(array) == data_ &&
           PyArray_DESCR(array) == descr_ && PyArray_FLAGS(array) == flags_ &&
           std::equal(shape_.begin(), shape_.end(), PyArray_DIMS(array), PyArray_DIMS(array) + PyArray_NDIM(array));
#endif
}

Frame::Frame(const std::vector<OutputDescription>& list, std::size_t num_envs, std::size_t padded,
             nb::handle final_observations)
    : num_envs_(num_envs) {
    using Role = OutputDescription::Role;
    leaves_ = static_cast<std::size_t>(
        std::ranges::count(list, Role::observation, [](const OutputDescription& output) { return output.role; }));
    std::vector<void*> data;
    nb::list final_arrays;
    for (const OutputDescription& output : list) {
        const auto& array = arrays_.emplace_back(output, num_envs, padded);
        data.push_back(array.data());
        if (output.role == Role::final_observation) final_arrays.append(array.array());
        if (output.role == Role::ended) ended_ = static_cast<const bool*>(array.data());
    }
    if (final_arrays.size() != 0) {
        const nb::object mask = nb::module_::import_("numpy").attr("empty")(num_envs, "bool");
        final_ended_ = static_cast<bool*>(PyArray_DATA(numpy(mask)));
        final_arrays.append(mask);
        final_observations_ = final_observations(final_arrays);
        final_arrays.clear();
    }
    pointers_ = OutputArrays(list, padded, data);
    for (OutputArray& array : arrays_) array.note_references();
}

bool Frame::is_unshared() const {
    if (final_observations_ && Py_REFCNT(final_observations_.ptr()) != 1) return false;
    return std::ranges::all_of(arrays_, [](const OutputArray& array) { return array.is_unshared(); });
}

const nb::object& Frame::final_observations() const {
    std::copy_n(ended_, num_envs_, final_ended_);
    return final_observations_;
}

FramePool::FramePool(std::vector<OutputDescription> list, std::size_t num_envs, std::size_t padded, nb::object final_observations)
    : list_(std::move(list)), num_envs_(num_envs), padded_(padded), make_final_(std::move(final_observations)) {
    frames_.reserve(most_frames);
}

Frame& FramePool::take() {
    for (Frame& frame : frames_)
        if (frame.is_unshared()) return frame;
    Frame fresh(list_, num_envs_, padded_, make_final_);
    if (frames_.size() < most_frames) return frames_.emplace_back(std::move(fresh));
    next_ = (next_ + 1) % most_frames;
    return frames_[next_] = std::move(fresh);
}

}  // namespace operant::bindings
