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
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <operant/parameters.hpp>

namespace operant::bindings {

namespace nb = nanobind;

/// Replaces the parameters that are in the dict. Names, types and lengths, the Python package has checked.
class ReadParameters {
public:
    explicit ReadParameters(const nb::dict& values) : values_(values) {}

    void operator()(std::string_view name, double& value, Sign) const {
        read(name, [&](nb::handle given) { value = nb::cast<double>(given); });
    }

    template <std::size_t size>
    void operator()(std::string_view name, std::array<double, size>& values, Sign) const {
        read(name, [&](nb::handle given) {
            for (std::size_t i = 0; i < size; ++i) values[i] = nb::cast<double>(given[i]);
        });
    }

    void operator()(std::string_view name, bool& value) const {
        read(name, [&](nb::handle given) { value = nb::cast<bool>(given); });
    }

    template <class Choice, std::size_t size>
        requires std::is_enum_v<Choice>
    void operator()(std::string_view name, Choice& value, const std::array<std::string_view, size>& choices) const {
        read(name, [&](nb::handle given) {
            std::string_view text;
            const auto chosen = nb::try_cast(given, text) ? std::ranges::find(choices, text) : choices.end();
            if (chosen != choices.end()) {
                value = static_cast<Choice>(chosen - choices.begin());
                return;
            }
            std::string message = std::string(name) + ": expected one of";
            for (const std::string_view choice : choices)
                message += (choice == choices.front() ? " '" : ", '") + std::string(choice) + "'";
            const nb::object shown = nb::module_::import_("operant._checks").attr("shown")(given);
            throw nb::value_error((message + ", got " + nb::cast<std::string>(shown)).c_str());
        });
    }

private:
    template <class Read>
    void read(std::string_view name, Read read) const {
        const nb::str key(name.data(), name.size());
        if (values_.contains(key)) read(values_[key]);
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
