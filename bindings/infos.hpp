#pragma once
/// \file
/// Makes the infos of a reset or a step from the arrays that it wrote. They equal those of Gymnasium's `SyncVectorEnv` and
/// `RecordEpisodeStatistics`.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include <operant/core/output_list.hpp>

#include "frames.hpp"

namespace operant::bindings {

/// Makes the dicts in C++, because a step takes only microseconds.
class Infos {
public:
    /// \param list the list of the outputs
    /// \param lazy_infos the subclass of dict for infos with `final_obs`, which makes the array of `final_obs` when it is read
    Infos(const std::vector<OutputDescription>& list, nanobind::object lazy_infos);

    /// Makes the infos of a step or a reset.
    /// \param frame the frame with the results
    /// \param ended the number of episodes that ended; 0 for a reset
    nanobind::dict of(const Frame& frame, std::int64_t ended) const;

private:
    struct Named {
        std::size_t place;  ///< the index of the array on the list
        nanobind::object name;
        nanobind::object mask_name;  ///< "_" + name
    };

    nanobind::dict make_lazy_infos() const;
    static nanobind::object key(const std::string& name);

    std::vector<Named> reported_, final_reported_, episode_;
    std::size_t has_infos_ = 0, ended_ = 0;  ///< indices of the masks
    nanobind::object lazy_infos_;
    mutable Py_ssize_t known_modules_ = 0;  ///< the number of Python's modules when the class was last registered
    nanobind::object final_obs_ = key("final_obs"), final_obs_mask_ = key("_final_obs"), final_info_ = key("final_info"),
                     final_info_mask_ = key("_final_info"), episode_name_ = key("episode"), episode_mask_ = key("_episode");
};

}  // namespace operant::bindings
