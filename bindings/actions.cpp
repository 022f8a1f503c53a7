#include "actions.hpp"

#include <optional>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/ndarraytypes.h>

namespace nb = nanobind;

namespace operant::bindings {
namespace {

PyObject* ndarray;  // numpy's type, never released

std::optional<ElementType> type_of(PyArrayObject* array) {
    switch (PyArray_TYPE(array)) {
        case NPY_BOOL: return ElementType::boolean;
        case NPY_BYTE: return ElementType::int8;
        case NPY_UBYTE: return ElementType::uint8;
        case NPY_SHORT: return ElementType::int16;
        case NPY_USHORT: return ElementType::uint16;
        case NPY_INT: return ElementType::int32;
        case NPY_UINT: return ElementType::uint32;
        case NPY_LONG: return element_type_of<long>();
        case NPY_ULONG: return element_type_of<unsigned long>();
        case NPY_LONGLONG: return ElementType::int64;
        case NPY_ULONGLONG: return ElementType::uint64;
        case NPY_FLOAT: return ElementType::float32;
        case NPY_DOUBLE: return ElementType::float64;
        default: return std::nullopt;
    }
}

}  // namespace

void prepare_actions() { ndarray = nb::object(nb::module_::import_("numpy").attr("ndarray")).release().ptr(); }

ActionArray view_actions(nb::handle actions, const Engine& core, std::size_t rows) {
    if (reinterpret_cast<PyObject*>(Py_TYPE(actions.ptr())) != ndarray) return {};
    auto* array = reinterpret_cast<PyArrayObject*>(actions.ptr());
    const int dimensions = PyArray_NDIM(array);
    const npy_intp* shape = PyArray_DIMS(array);
    const std::optional<ElementType> type = type_of(array);
    if (!type || !core.takes_actions(*type)) return {};
    const std::size_t size = core.environment().action.size;
    const bool is_vector = dimensions == 1 && size == 1;
    const bool is_matrix = dimensions == 2 && shape[1] == static_cast<npy_intp>(size) && (core.environment().action.has_real_actions() || size > 1);
    if (!(is_vector || is_matrix) || shape[0] != static_cast<npy_intp>(rows) ||
        !PyArray_CHKFLAGS(array, NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED) ||
        PyArray_DESCR(array)->byteorder == NPY_OPPBYTE)
        return {};
    return {*type, PyArray_DATA(array), rows * size};
}

}  // namespace operant::bindings
