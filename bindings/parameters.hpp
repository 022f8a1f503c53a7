#pragma once
/// \file
/// An environment's physical parameters, from and to a Python dict.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include <nanobind/nanobind.h>

#include <operant/parameters.hpp>

namespace operant::bindings {

namespace nb = nanobind;

/// Replaces the parameters that are in the dict. Which names there are, the Python package has checked.
class ReadParameters {
public:
    explicit ReadParameters(const nb::dict& values) : values_(values) {}

    void operator()(std::string_view name, double& value, Sign) const {
        read(name, [&](nb::handle given) { value = number(name, given); });
    }

    template <std::size_t size>
    void operator()(std::string_view name, std::array<double, size>& values, Sign) const {
        read(name, [&](nb::handle given) {
            if (!nb::isinstance<nb::sequence>(given) || nb::len(given) != size) fail(name, std::to_string(size) + " numbers", given);
            for (std::size_t i = 0; i < size; ++i) values[i] = number(name, given[i]);
        });
    }

    void operator()(std::string_view name, bool& value) const {
        read(name, [&](nb::handle given) {
            const int truth = PyObject_IsTrue(given.ptr());
            if (truth < 0) throw nb::python_error();
            value = truth != 0;
        });
    }

    template <class Choice, std::size_t size>
        requires std::is_enum_v<Choice>
    void operator()(std::string_view name, Choice& value, const std::array<std::string_view, size>& choices) const {
        read(name, [&](nb::handle given) {
            const std::string text = nb::isinstance<nb::str>(given) ? nb::cast<nb::str>(given).c_str() : "";
            const auto chosen = std::ranges::find(choices, text);
            std::string expected = "one of";
            for (const std::string_view choice : choices)
                expected += (choice == choices.front() ? " '" : ", '") + std::string(choice) + "'";
            if (chosen == choices.end()) throw nb::value_error(message(name, expected, given).c_str());
            value = static_cast<Choice>(chosen - choices.begin());
        });
    }

private:
    template <class Read>
    void read(std::string_view name, Read read) const {
        const nb::str key(name.data(), name.size());
        if (values_.contains(key)) read(values_[key]);
    }

    static double number(std::string_view name, nb::handle given) {
        double value;
        if (PyNumber_Check(given.ptr()) == 0) fail(name, "a number", given);
        value = PyFloat_AsDouble(given.ptr());
        if (PyErr_Occurred()) {
            PyErr_Clear();
            fail(name, "a number", given);
        }
        return value;
    }

    static std::string message(std::string_view name, const std::string& expected, nb::handle given) {
        return std::string(name) + ": expected " + expected + ", got " + nb::repr(given).c_str();
    }

    [[noreturn]] static void fail(std::string_view name, const std::string& expected, nb::handle given) {
        throw nb::type_error(message(name, expected, given).c_str());
    }

    const nb::dict& values_;
};

/// Collects the parameters in a dict.
class WriteParameters {
public:
    explicit WriteParameters(nb::dict& values) : values_(values) {}

    void operator()(std::string_view name, double value, Sign) const { write(name, nb::float_(value)); }

    template <std::size_t size>
    void operator()(std::string_view name, const std::array<double, size>& values, Sign) const {
        nb::list list;
        for (const double value : values) list.append(value);
        write(name, list);
    }

    void operator()(std::string_view name, bool value) const { write(name, nb::bool_(value)); }

    template <class Choice, std::size_t size>
        requires std::is_enum_v<Choice>
    void operator()(std::string_view name, Choice value, const std::array<std::string_view, size>& choices) const {
        const std::string_view choice = choices[static_cast<std::size_t>(value)];
        write(name, nb::str(choice.data(), choice.size()));
    }

private:
    void write(std::string_view name, const nb::object& value) const { values_[nb::str(name.data(), name.size())] = value; }

    nb::dict& values_;
};

}  // namespace operant::bindings
