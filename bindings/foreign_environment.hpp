#pragma once
/// \file
/// An environment as programs see it that do not know Python: behind the C functions of operant/foreign_calls.hpp.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <operant/aligned_array.hpp>
#include <operant/environment_library.hpp>
#include <operant/foreign_calls.hpp>

#include "shared_core.hpp"

namespace operant::bindings {

/// Steps the same copies as Python's object, and lives as long as that or any program that holds it. Needs no GIL.
class ForeignEnvironment {
public:
    /// \param shared not yet closed
    /// \param list of the outputs of their steps
    ForeignEnvironment(std::shared_ptr<SharedCore> shared, std::vector<OutputDescription> list);

    /// Can be found by its number from now on, as long as somebody has the pointer.
    /// \throws std::overflow_error when all numbers have been used
    static std::shared_ptr<ForeignEnvironment> enlist(std::shared_ptr<SharedCore> shared, std::vector<OutputDescription> list);
    /// What enlist has returned; null when it is gone.
    static std::shared_ptr<ForeignEnvironment> find(std::uint32_t number);

    /// Not used before or after in this process.
    std::uint32_t number() const { return number_; }

    /// \throws std::invalid_argument when what was passed is wrong, std::logic_error or std::runtime_error when it is not
    ///         the time for it; nothing has been changed then
    void reset(const ForeignReset& call, const ForeignResults& results);
    /// The same.
    void step(const ForeignStep& call, const ForeignResults& results);

private:
    void check_token(const std::uint32_t* token, const char* method) const;
    bool is_wanted(const OutputDescription& output, bool of_reset) const;
    std::size_t bytes_of(const OutputDescription& output) const;
    bool is_in_place(const OutputDescription& output, const ForeignArray& result) const;
    void prepare(const ForeignResults& results, bool of_reset);
    void finish(const ForeignResults& results, bool of_reset);

    std::shared_ptr<SharedCore> shared_;
    std::vector<OutputDescription> list_;
    std::vector<AlignedArray<std::byte>> memory_;  ///< of each output: for what is not written in place
    OutputArrays arrays_;
    AlignedArray<std::uint64_t> episodes_written_;  ///< as in EpisodeStatistics
    bool has_room_;  ///< kernels write whole words of lanes: whether there is something beyond the last copy
    std::uint32_t number_ = 0;
    std::uint64_t calls_ = 0;
};

/// For programs.
const ForeignCalls& foreign_calls();

}  // namespace operant::bindings
