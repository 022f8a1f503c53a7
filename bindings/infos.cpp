#include "infos.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

namespace nb = nanobind;

namespace operant::bindings {
namespace {

void set(const nb::dict& dict, const nb::object& key, const nb::object& value) {
    if (PyDict_SetItem(dict.ptr(), key.ptr(), value.ptr()) != 0) throw nb::python_error();
}

}  // namespace

nb::object Infos::key(const std::string& name) { return nb::steal(PyUnicode_InternFromString(name.c_str())); }

Infos::Infos(const std::vector<OutputDescription>& list, nb::object lazy_infos) : lazy_infos_(std::move(lazy_infos)) {
    using Role = OutputDescription::Role;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string name = list[i].name;
        const auto named = [&] { return Named{i, key(name), key("_" + name)}; };
        if (list[i].is_sparse()) episode_.push_back(named());
        switch (list[i].role) {
            case Role::info: reported_.push_back(named()); break;
            case Role::final_info: final_reported_.push_back(named()); break;
            case Role::has_infos: has_infos_ = i; break;
            case Role::ended: ended_ = i; break;
            default: break;
        }
    }
}

nb::dict Infos::make_lazy_infos() const {
    // A new module may be a library of trees, which has to know the class before it sees an object of it.
    if (const Py_ssize_t modules = PyDict_Size(PyImport_GetModuleDict()); modules != known_modules_) {
        lazy_infos_.attr("register_as_tree")();
        known_modules_ = modules;
    }
    return nb::borrow<nb::dict>(lazy_infos_());
}

nb::dict Infos::of(const Frame& frame, std::int64_t ended) const {
    const bool has_final = ended > 0 && frame.has_final_observations();
    nb::dict infos = has_final ? make_lazy_infos() : nb::dict();
    if (!reported_.empty()) {
        const std::span has_infos(static_cast<const bool*>(frame.data(has_infos_)), frame.num_envs());
        if (std::ranges::any_of(has_infos, std::identity())) {  // Gymnasium omits keys that no env reports
            for (const Named& info : reported_) set(infos, info.name, frame.array(info.place));
            for (const Named& info : reported_) set(infos, info.mask_name, frame.array(has_infos_));
        }
    }
    if (ended <= 0) return infos;
    const nb::object& mask = frame.array(ended_);
    if (has_final) {
        nb::dict final_info;
        for (const Named& info : final_reported_) set(final_info, info.name, frame.array(info.place));
        for (const Named& info : final_reported_) set(final_info, info.mask_name, mask);
        set(infos, final_obs_, frame.final_observations());
        set(infos, final_obs_mask_, mask);
        set(infos, final_info_, final_info);
        set(infos, final_info_mask_, mask);
    }
    if (!episode_.empty()) {
        nb::dict episode;
        for (const Named& statistic : episode_) set(episode, statistic.name, frame.array(statistic.place));
        set(infos, episode_name_, episode);
        set(infos, episode_mask_, mask);
    }
    return infos;
}

}  // namespace operant::bindings
