#include "actions.hpp"

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/ndarraytypes.h>

namespace nb = nanobind;

namespace operant::bindings {
namespace {

PyObject* ndarray;  // numpy's type, never released

ActionType type_of(PyArrayObject* array) {
    switch (PyArray_TYPE(array)) {
        case NPY_INT: return ActionType::int32;
        case NPY_LONG: return sizeof(long) == 8 ? ActionType::int64 : ActionType::int32;
        case NPY_LONGLONG: return ActionType::int64;
        case NPY_FLOAT: return ActionType::float32;
        case NPY_DOUBLE: return ActionType::float64;
        default: return ActionType::other;
    }
}

}  // namespace

void prepare_actions() { ndarray = nb::object(nb::module_::import_("numpy").attr("ndarray")).release().ptr(); }

ActionView view_actions(nb::handle actions, std::size_t num_envs, std::size_t size) {
    if (reinterpret_cast<PyObject*>(Py_TYPE(actions.ptr())) != ndarray) return {};
    auto* array = reinterpret_cast<PyArrayObject*>(actions.ptr());
    const int dimensions = PyArray_NDIM(array);
    const npy_intp* shape = PyArray_DIMS(array);
    const ActionType type = type_of(array);
    const bool is_float = type == ActionType::float32 || type == ActionType::float64;
    const bool is_vector = dimensions == 1 && size == 1;
    const bool is_matrix = dimensions == 2 && shape[1] == static_cast<npy_intp>(size) && (is_float || size > 1);
    if (!(is_vector || is_matrix) || shape[0] != static_cast<npy_intp>(num_envs) ||
        !PyArray_CHKFLAGS(array, NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED) ||
        PyArray_DESCR(array)->byteorder == NPY_OPPBYTE)
        return {};
    return {type, PyArray_DATA(array)};
}

}  // namespace operant::bindings
