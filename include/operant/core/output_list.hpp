#pragma once
/// \file
/// The list of the arrays that the steps of an environment write. It is the only place that knows which arrays there are: the
/// core sorts them for the kernels, the bindings make numpy arrays of them, and `infos` takes its keys from there.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <operant/abi/library.hpp>
#include <operant/core/aligned_array.hpp>

namespace operant {

/// An array that a step writes.
struct OutputDescription {
    /// The member of Outputs that the array is for.
    enum class Role : std::uint32_t {
        observation,
        reward,
        termination,
        truncation,
        info,
        has_infos,
        ended,
        final_observation,
        final_info,
        episode_return,
        episode_length,
        episode_seconds,
    };
    Role role;                                ///< the member of Outputs
    std::size_t index = 0;                    ///< its index among the arrays with this role
    const char* name = "";                    ///< the key of an info or of a statistic
    ElementType type = ElementType::boolean;  ///< the type of its elements
    Shape shape = {};                         ///< the shape of an env's row

    /// Bytes of an env's row.
    std::size_t row_size() const { return size_of(type) * shape.size(); }

    /// Returns true for the statistics of episodes that ended. Most elements are zeros, which a step does not write: it relies
    /// on the zeros that the step before has left in the same array.
    bool is_sparse() const {
        return role == Role::episode_return || role == Role::episode_length || role == Role::episode_seconds;
    }
};

/// Calls `visit(leaf)` for each leaf of a space, from the first to the last.
template <class Visit>
void for_each_leaf(const SpaceDescription& space, const Visit& visit) {
    if (space.part_count == 0) return visit(space);
    for (std::size_t i = 0; i < space.part_count; ++i) for_each_leaf(space.parts[i], visit);
}

/// Lists all arrays that the steps of an environment write.
inline std::vector<OutputDescription> output_list(const EnvironmentDescription& environment, AutoresetMode autoreset_mode,
                                                  bool episode_statistics) {
    using Role = OutputDescription::Role;
    std::vector<OutputDescription> list;
    const auto add_observations = [&](Role role) {
        std::size_t i = 0;
        for_each_leaf(environment.observation, [&](const SpaceDescription& leaf) {
            list.push_back({.role = role, .index = i++, .type = leaf.type, .shape = leaf.shape});
        });
    };
    const auto add_infos = [&](Role role) {
        for (std::size_t i = 0; i < environment.info_count; ++i) {
            const InfoDescription& info = environment.infos[i];
            list.push_back({.role = role, .index = i, .name = info.name, .type = info.type, .shape = info.shape});
        }
    };
    add_observations(Role::observation);
    list.push_back({.role = Role::reward, .type = ElementType::float32});
    list.push_back({.role = Role::termination});
    list.push_back({.role = Role::truncation});
    add_infos(Role::info);
    if (environment.info_count != 0) list.push_back({.role = Role::has_infos});
    if (autoreset_mode == AutoresetMode::same_step || episode_statistics)
        list.push_back({.role = Role::ended});
    if (autoreset_mode == AutoresetMode::same_step) {
        add_observations(Role::final_observation);
        add_infos(Role::final_info);
    }
    if (episode_statistics) {
        list.push_back({.role = Role::episode_return, .name = "r", .type = ElementType::float64});
        list.push_back({.role = Role::episode_length, .name = "l", .type = ElementType::int64});
        list.push_back({.role = Role::episode_seconds, .name = "t", .type = ElementType::float64});
    }
    return list;
}

/// The arrays of an output list in the form that kernels take.
class OutputArrays {
public:
    /// Makes an object without arrays.
    OutputArrays() = default;
    /// Moves the arrays. The outputs point to elements of vectors, which a move leaves in their place.
    OutputArrays(OutputArrays&&) = default;
    /// Moves the arrays.
    OutputArrays& operator=(OutputArrays&&) = default;

    /// \param list the result of `output_list`
    /// \param rows the number of rows of each array, a multiple of `envs_per_word`
    /// \param data one array per element of the list
    OutputArrays(const std::vector<OutputDescription>& list, std::size_t rows, const std::vector<void*>& data) {
        using Role = OutputDescription::Role;
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (list[i].role == Role::observation) observations_.emplace_back();
            if (list[i].role == Role::info) infos_.emplace_back();
            if (list[i].role == Role::final_observation) final_observations_.emplace_back();
            if (list[i].role == Role::final_info) final_infos_.emplace_back();
            if (list[i].role == Role::episode_return) written_ = make_aligned_array<std::uint64_t>(rows / envs_per_word);
            set(list[i], data[i]);
        }
        const auto pointer = [](const std::vector<void*>& arrays) { return arrays.empty() ? nullptr : arrays.data(); };
        outputs_.observations = pointer(observations_);
        outputs_.infos = pointer(infos_);
        outputs_.final_observations = pointer(final_observations_);
        outputs_.final_infos = pointer(final_infos_);
        episodes_.written = written_.get();
    }

    /// Allocates the arrays, too.
    OutputArrays(const std::vector<OutputDescription>& list, std::size_t rows) {
        std::vector<void*> data;
        std::vector<AlignedArray<std::byte>> own;
        for (const OutputDescription& output : list)
            data.push_back(own.emplace_back(make_aligned_array<std::byte>(rows * output.row_size())).get());
        *this = OutputArrays(list, rows, data);
        own_ = std::move(own);
    }

    /// Returns array i of the list, which this object has allocated.
    std::byte* own(std::size_t i) const { return own_[i].get(); }

    /// Replaces an array of the list.
    void set(const OutputDescription& output, void* data) {
        using Role = OutputDescription::Role;
        switch (output.role) {
            case Role::observation: observations_[output.index] = data; break;
            case Role::reward: outputs_.rewards = static_cast<float*>(data); break;
            case Role::termination: outputs_.terminations = static_cast<bool*>(data); break;
            case Role::truncation: outputs_.truncations = static_cast<bool*>(data); break;
            case Role::info: infos_[output.index] = data; break;
            case Role::has_infos: outputs_.has_infos = static_cast<bool*>(data); break;
            case Role::ended: outputs_.ended = static_cast<bool*>(data); break;
            case Role::final_observation: final_observations_[output.index] = data; break;
            case Role::final_info: final_infos_[output.index] = data; break;
            case Role::episode_return: episodes_.returns = static_cast<double*>(data); break;
            case Role::episode_length: episodes_.lengths = static_cast<std::int64_t*>(data); break;
            case Role::episode_seconds: episodes_.seconds = static_cast<double*>(data); break;
        }
    }

    /// Returns the arrays for kernels, valid as long as this object.
    const Outputs& outputs() const { return outputs_; }
    /// Returns the arrays of returns, lengths and seconds, which are null if they are not on the list, and the bits of the envs
    /// whose elements have been written.
    const EpisodeStatistics& episodes() const { return episodes_; }

private:
    std::vector<void*> observations_, infos_, final_observations_, final_infos_;
    Outputs outputs_;
    EpisodeStatistics episodes_{};
    AlignedArray<std::uint64_t> written_;      // as in EpisodeStatistics
    std::vector<AlignedArray<std::byte>> own_;  // null if the arrays belong to somebody else
};

}  // namespace operant
