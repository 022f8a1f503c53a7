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

}  // namespace

OutputArray::OutputArray(const OutputDescription& output, std::size_t num_envs, std::size_t padded, nb::handle type) {
    static constexpr std::array names{"float32", "float64", "int8", "int32", "uint32", "int64", "bool"};
    const nb::module_ np = nb::module_::import_("numpy");
    const nb::object dtype = np.attr("dtype")(names[static_cast<std::size_t>(output.type)]);
    shape_.push_back(static_cast<std::ptrdiff_t>(num_envs));
    if (output.width != 0) shape_.push_back(static_cast<std::ptrdiff_t>(output.width));
    nb::list dimensions;
    for (const std::ptrdiff_t dimension : shape_) dimensions.append(dimension);

    memory_ = np.attr(output.is_sparse() ? "zeros" : "empty")(padded * output.row_size() + alignment, "uint8");
    const auto address = reinterpret_cast<std::uintptr_t>(PyArray_DATA(numpy(memory_)));
    const std::size_t offset = (alignment - address % alignment) % alignment;
    array_ = type(nb::tuple(dimensions), dtype, memory_, offset);
    if (output.is_sparse()) array_.attr("setflags")("write"_a = false);
    data_ = PyArray_DATA(numpy(array_));
    descr_ = PyArray_DESCR(numpy(array_));
    flags_ = PyArray_FLAGS(numpy(array_));
}

void OutputArray::note_references() {
    references_ = Py_REFCNT(array_.ptr());
    memory_references_ = Py_REFCNT(memory_.ptr());
}

bool OutputArray::is_ours_alone() const {
#ifdef Py_GIL_DISABLED
    return false;  // counts prove nothing, because another thread may be about to take a reference
#else
    // A caller can change shape, dtype and flags of an array in place. Such an array is not used again.
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
    const nb::object plain = nb::module_::import_("numpy").attr("ndarray");
    parts_ = static_cast<std::size_t>(
        std::ranges::count(list, Role::observation, [](const OutputDescription& output) { return output.role; }));
    std::vector<void*> data;
    nb::object ended, final_array;
    for (const OutputDescription& output : list) {
        const bool is_final = output.role == Role::final_observation && parts_ == 1;
        const auto& array = arrays_.emplace_back(output, num_envs, padded, is_final ? final_observations : nb::handle(plain));
        data.push_back(array.data());
        if (is_final) final_array = array.array();
        if (output.role == Role::ended) ended = array.array();
        if (output.role == Role::episode_return)
            episodes_written_ = make_aligned_array<std::uint64_t>(padded / lanes_per_word);
    }
    if (final_array) {
        replaced_ = nb::dict();
        final_array.attr("_ended") = ended;
        final_array.attr("_replaced") = replaced_;
    }
    pointers_ = OutputArrays(list, data);
    ended.reset();
    final_array.reset();
    for (OutputArray& array : arrays_) array.note_references();
}

void Frame::renew() const {
    if (replaced_ && PyDict_GET_SIZE(replaced_.ptr()) != 0) PyDict_Clear(replaced_.ptr());
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
    if (parts_ == 1) return arrays_[0].array();
    nb::list parts;
    for (std::size_t i = 0; i < parts_; ++i) parts.append(arrays_[i].array());
    return nb::tuple(parts);
}

FramePool::FramePool(std::vector<OutputDescription> list, std::size_t num_envs, std::size_t padded, nb::object final_observations)
    : list_(std::move(list)), num_envs_(num_envs), padded_(padded), final_observations_(std::move(final_observations)) {
    frames_.reserve(most_frames);
}

Frame& FramePool::take() {
    for (Frame& frame : frames_) {
        if (!frame.is_ours_alone()) continue;
        frame.renew();
        return frame;
    }
    Frame fresh(list_, num_envs_, padded_, final_observations_);
    if (frames_.size() < most_frames) return frames_.emplace_back(std::move(fresh));
    next_ = (next_ + 1) % most_frames;
    return frames_[next_] = std::move(fresh);
}

}  // namespace operant::bindings
