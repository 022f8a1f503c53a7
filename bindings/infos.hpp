#pragma once
/// \file
/// The infos of a reset or a step, made of the arrays that it wrote. They are those of Gymnasium's `SyncVectorEnv` and of
/// `RecordEpisodeStatistics`.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include <operant/environment_library.hpp>

#include "frames.hpp"

namespace operant::bindings {

/// Makes the dicts. It does so without Python code, because a step takes only microseconds.
class Infos {
public:
    /// \param list of the outputs
    /// \param final_tuples Python callable that makes `final_obs` if observations are tuples. Its arguments are the arrays of
    ///        the parts, and the mask of the episodes that ended.
    Infos(const std::vector<OutputDescription>& list, nanobind::object final_tuples);

    /// The infos of a step or a reset.
    /// \param frame whose arrays were written
    /// \param ended how many episodes ended; 0 for a reset
    nanobind::dict of(const Frame& frame, std::int64_t ended) const;

private:
    struct Named {
        std::size_t place;  ///< the index of the array on the list
        nanobind::object name;
        nanobind::object mask_name;  ///< "_" + name
    };

    static nanobind::object key(const std::string& name);
    nanobind::object final_observations(const Frame& frame) const;

    std::vector<Named> reported_, final_reported_, episode_;
    std::vector<std::size_t> final_observations_;  ///< indices of the parts
    std::size_t has_infos_ = 0, ended_ = 0;        ///< indices of the masks
    nanobind::object final_tuples_;
    nanobind::object final_obs_ = key("final_obs"), final_obs_mask_ = key("_final_obs"), final_info_ = key("final_info"),
                     final_info_mask_ = key("_final_info"), episode_name_ = key("episode"), episode_mask_ = key("_episode");
};

}  // namespace operant::bindings
