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

Infos::Infos(const std::vector<OutputDescription>& list, nb::object final_tuples) : final_tuples_(std::move(final_tuples)) {
    using Role = OutputDescription::Role;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string name = list[i].name;
        const auto named = [&] { return Named{i, key(name), key("_" + name)}; };
        switch (list[i].role) {
            case Role::info: reported_.push_back(named()); break;
            case Role::final_info: final_reported_.push_back(named()); break;
            case Role::episode_return:
            case Role::episode_length:
            case Role::episode_seconds: episode_.push_back(named()); break;
            case Role::final_observation: final_observations_.push_back(i); break;
            case Role::has_infos: has_infos_ = i; break;
            case Role::ended: ended_ = i; break;
            default: break;
        }
    }
}

nb::object Infos::final_observations(const Frame& frame) const {
    if (final_observations_.size() == 1) return frame.array(final_observations_[0]);
    nb::list parts;
    for (const std::size_t i : final_observations_) parts.append(frame.array(i));
    return final_tuples_(nb::tuple(parts), frame.array(ended_));
}

nb::dict Infos::of(const Frame& frame, std::int64_t ended) const {
    nb::dict infos;
    if (!reported_.empty()) {
        const std::span has_infos(static_cast<const bool*>(frame.data(has_infos_)), frame.num_envs());
        if (std::ranges::any_of(has_infos, std::identity())) {  // otherwise Gymnasium has no such keys
            for (const Named& info : reported_) set(infos, info.name, frame.array(info.place));
            for (const Named& info : reported_) set(infos, info.mask_name, frame.array(has_infos_));
        }
    }
    if (ended <= 0) return infos;
    const nb::object& mask = frame.array(ended_);
    if (!final_observations_.empty()) {
        nb::dict final_info;
        for (const Named& info : final_reported_) set(final_info, info.name, frame.array(info.place));
        for (const Named& info : final_reported_) set(final_info, info.mask_name, mask);
        set(infos, final_obs_, final_observations(frame));
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
