#pragma once
/// \file
/// The environments behind the C functions of foreign_calls.hpp.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <operant/abi/library.hpp>
#include <operant/core/output_list.hpp>

#include "../shared_engine.hpp"
#include "foreign_calls.hpp"

namespace operant::bindings {

/// Steps the SharedEngine of a Python object for XLA programs. The Python object and every program that holds it keep it alive.
/// Does not need the GIL.
class ForeignEnvironment {
public:
    /// \param shared an engine that is not closed
    /// \param list the list of the outputs of its steps
    ForeignEnvironment(std::shared_ptr<SharedEngine> shared, std::vector<OutputDescription> list);

    /// Makes an environment that `find` finds while a pointer to it exists.
    /// \throws std::overflow_error if all numbers have been used
    static std::shared_ptr<ForeignEnvironment> enlist(std::shared_ptr<SharedEngine> shared, std::vector<OutputDescription> list);
    /// Returns the environment with this number; null if it no longer exists.
    static std::shared_ptr<ForeignEnvironment> find(std::uint32_t number);

    /// The number, unique in this process.
    std::uint32_t number() const { return number_; }

    /// \throws std::invalid_argument if an argument is wrong, std::logic_error or std::runtime_error if the environment is not
    ///         in a state for the call; nothing is changed then
    void reset(const ForeignReset& call, const ForeignResults& results);
    /// \copydoc reset
    void step(const ForeignStep& call, const ForeignResults& results);

private:
    void check_token(const std::uint32_t* token, const char* method) const;
    bool is_wanted(const OutputDescription& output, bool of_reset) const;
    std::size_t bytes_of(const OutputDescription& output) const;
    bool is_in_place(const OutputDescription& output, const ForeignArray& result) const;
    void prepare(const ForeignResults& results, bool of_reset);
    void finish(const ForeignResults& results, bool of_reset);

    std::shared_ptr<SharedEngine> shared_;
    std::vector<OutputDescription> list_;
    OutputArrays arrays_;  ///< with scratch memory for each output that is not written in place
    bool has_room_;  ///< true if num_envs is a multiple of a word, which kernels write as a whole
    std::uint32_t number_ = 0;
    std::uint64_t calls_ = 0;
};

/// The functions for XLA programs.
const ForeignCalls& foreign_calls();

}  // namespace operant::bindings
