#include "csv_rows.hpp"

#include <charconv>
#include <string>
#include <string_view>
#include <version>

namespace nb = nanobind;

namespace operant::bindings {
namespace {

#ifdef __cpp_lib_to_chars
void append(std::string& text, double number) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    const std::string_view written(digits, static_cast<std::size_t>(end - digits));
    text += written;
    if (written.find_first_not_of("-0123456789") == written.npos) text += ".0";  // a float stays one for its reader
}
#else
void append(std::string& text, double number) {
    char* digits = PyOS_double_to_string(number, 'r', 0, Py_DTSF_ADD_DOT_0, nullptr);
    if (!digits) throw nb::python_error();
    text += digits;
    PyMem_Free(digits);
}
#endif

void append(std::string& text, nb::handle number) {
    if (PyFloat_CheckExact(number.ptr())) return append(text, PyFloat_AS_DOUBLE(number.ptr()));
    int overflow;
    const long long integer = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
    if (overflow != 0) {
        text += nb::str(number).c_str();
        return;
    }
    if (integer == -1 && PyErr_Occurred()) throw nb::python_error();
    char digits[32];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, integer).ptr);
}

}  // namespace

void move_csv_rows(nb::list rows, const nb::tuple& names, nb::list text) {
    std::string lines;
    for (const nb::handle row : rows) {
        for (std::size_t column = 0; column < 3; ++column) {
            if (column > 0) lines += ',';
            append(lines, row[column]);
        }
        const nb::object metrics = row[3];
        for (const nb::handle name : names) {
            lines += ',';
            PyObject* number = PyDict_GetItemWithError(metrics.ptr(), name.ptr());
            if (number)
                append(lines, number);
            else if (PyErr_Occurred())
                throw nb::python_error();
        }
        lines += '\n';
    }
    text.append(nb::make_tuple(names.size(), nb::bytes(lines.data(), lines.size())));
    rows.clear();
}

}  // namespace operant::bindings
