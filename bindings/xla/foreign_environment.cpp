#include "foreign_environment.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

namespace operant::bindings {
namespace {

using Role = OutputDescription::Role;

struct Registry {
    std::mutex mutex;
    std::unordered_map<std::uint32_t, std::weak_ptr<ForeignEnvironment>> environments;
    std::uint32_t last = 0;
};

Registry& registry() {
    static Registry registry;
    return registry;
}

/// Converts numbers of 64 bits for a program that uses 32 bits only.
void narrow(const OutputDescription& output, const std::byte* from, const ForeignArray& to) {
    const auto convert = [&]<class From, class To>(const From* numbers, To* narrower) {
        std::transform(numbers, numbers + to.bytes / sizeof(To), narrower, [](From one) { return static_cast<To>(one); });
    };
    if (output.type == ElementType::int64)
        convert(reinterpret_cast<const std::int64_t*>(from), static_cast<std::int32_t*>(to.data));
    else
        convert(reinterpret_cast<const double*>(from), static_cast<float*>(to.data));
}

ActionArray view_of(const ForeignStep& call, const Engine& core) {
    const std::size_t size = core.num_envs() * core.environment().action.size, bytes = size * size_of(call.action_type);
    if (call.action_bytes != bytes)
        throw std::invalid_argument("actions: expected " + std::to_string(bytes) + " bytes, got " +
                                    std::to_string(call.action_bytes));
    return {call.action_type, call.actions, size};
}

std::vector<std::optional<SeedSequence>> seeds_of(const ForeignReset& call, std::size_t num_envs) {
    std::vector<std::optional<SeedSequence>> seeds;
    if (call.seed_count == 0) return seeds;
    if (call.seed_count != (call.adds ? 1 : num_envs))
        throw std::invalid_argument("seed: expected " + std::to_string(num_envs) + " seeds, one for each env, got " +
                                    std::to_string(call.seed_count));
    if (call.adds && call.seeds[0] > std::numeric_limits<std::uint64_t>::max() - (num_envs - 1))
        throw std::invalid_argument("seed: " + std::to_string(call.seeds[0]) + " + num_envs - 1 does not fit in 64 bits");
    for (std::size_t env = 0; env < num_envs; ++env)
        seeds.emplace_back(SeedSequence(call.adds ? call.seeds[0] + env : call.seeds[env]));
    return seeds;
}

template <class Work>
bool is_done(ForeignRefusal& refusal, const Work& work) {
    const auto refuse = [&](bool is_argument, const char* message) {
        refusal.is_argument = is_argument;
        std::snprintf(refusal.message, sizeof(refusal.message), "%s", message);
        return false;
    };
    try {
        work();
        return true;
    } catch (const std::invalid_argument& wrong) {
        return refuse(true, wrong.what());
    } catch (const std::exception& error) {
        return refuse(false, error.what());
    }
}

/// The pointer that a program holds.
using Held = std::shared_ptr<ForeignEnvironment>;

ForeignEnvironment& environment_of(void* held) { return **static_cast<Held*>(held); }

}  // namespace

ForeignEnvironment::ForeignEnvironment(std::shared_ptr<SharedEngine> shared, std::vector<OutputDescription> list)
    : shared_(std::move(shared)),
      list_(std::move(list)),
      arrays_(list_, shared_->core->padded()),
      has_room_(shared_->core->padded() == shared_->core->num_envs()) {}

std::shared_ptr<ForeignEnvironment> ForeignEnvironment::enlist(std::shared_ptr<SharedEngine> shared,
                                                               std::vector<OutputDescription> list) {
    auto environment = std::make_shared<ForeignEnvironment>(std::move(shared), std::move(list));
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    std::erase_if(all.environments, [](const auto& entry) { return entry.second.expired(); });
    if (all.last == std::numeric_limits<std::uint32_t>::max())
        throw std::overflow_error("this process has made 4294967295 environments for compiled programs and cannot make more");
    environment->number_ = ++all.last;
    all.environments.emplace(all.last, environment);
    return environment;
}

std::shared_ptr<ForeignEnvironment> ForeignEnvironment::find(std::uint32_t number) {
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    const auto found = all.environments.find(number);
    return found == all.environments.end() ? nullptr : found->second.lock();
}

void ForeignEnvironment::reset(const ForeignReset& call, const ForeignResults& results) {
    const EngineLock lock(*shared_);
    const Engine& core = *shared_->core;
    if (call.token) check_token(call.token, "reset");
    prepare(results, true);
    if (call.mask && call.mask_size != core.num_envs())
        throw std::invalid_argument("reset_mask: expected " + std::to_string(core.num_envs()) + " elements, got " +
                                    std::to_string(call.mask_size));
    const auto seeds = seeds_of(call, core.num_envs());
    Outputs outputs = arrays_.outputs();
    outputs.final_infos = nullptr;
    shared_->reset(seeds, {call.bounds, call.bound_count}, call.mask, outputs);
    finish(results, true);
}

void ForeignEnvironment::step(const ForeignStep& call, const ForeignResults& results) {
    const EngineLock lock(*shared_);
    check_token(call.token, "step");
    prepare(results, false);
    const ActionArray actions = view_of(call, *shared_->core);
    shared_->step(actions, arrays_.outputs(), arrays_.episodes());
    finish(results, false);
}

void ForeignEnvironment::check_token(const std::uint32_t* token, const char* method) const {
    if (token[0] != number_)
        throw std::invalid_argument(std::string(method) + ": the state is not one of this environment");
    if ((std::uint64_t{token[2]} << 32 | token[1]) != calls_)
        throw std::invalid_argument(std::string(method) +
                                    ": the state is not the one that the last call of reset or step returned; an environment "
                                    "cannot return to an earlier state or continue from one state twice");
}

/// Returns true if the caller provides a buffer for this output. Other outputs go to scratch memory.
bool ForeignEnvironment::is_wanted(const OutputDescription& output, bool of_reset) const {
    if (!of_reset || output.role == Role::observation) return true;
    return shared_->core->environment().has_reset_info && (output.role == Role::info || output.role == Role::has_infos);
}

std::size_t ForeignEnvironment::bytes_of(const OutputDescription& output) const {
    return shared_->core->num_envs() * output.row_size();
}

bool ForeignEnvironment::is_in_place(const OutputDescription& output, const ForeignArray& result) const {
    return has_room_ && !output.is_sparse() && result.bytes == bytes_of(output);
}

/// Directs every output to its buffer or to scratch memory.
void ForeignEnvironment::prepare(const ForeignResults& results, bool of_reset) {
    std::size_t next = 0;
    bool fit = true;
    for (std::size_t i = 0; i < list_.size(); ++i) {
        void* data = arrays_.own(i);
        if (is_wanted(list_[i], of_reset)) {
            const ForeignArray result = next < results.output_count ? results.outputs[next] : ForeignArray{};
            const std::size_t bytes = bytes_of(list_[i]);
            fit = fit && (result.bytes == bytes || (size_of(list_[i].type) == 8 && result.bytes == bytes / 2));
            if (is_in_place(list_[i], result)) data = result.data;
            ++next;
        }
        arrays_.set(list_[i], data);
    }
    if (!fit || next != results.output_count)
        throw std::invalid_argument("results: the program was made for another environment");
}

/// Copies outputs from scratch memory to their buffers and writes the token.
void ForeignEnvironment::finish(const ForeignResults& results, bool of_reset) {
    const ForeignArray* result = results.outputs;
    for (std::size_t i = 0; i < list_.size(); ++i) {
        if (!is_wanted(list_[i], of_reset)) continue;
        if (result->bytes != bytes_of(list_[i]))
            narrow(list_[i], arrays_.own(i), *result);
        else if (!is_in_place(list_[i], *result))
            std::memcpy(result->data, arrays_.own(i), result->bytes);
        ++result;
    }
    ++calls_;
    results.token[0] = number_;
    results.token[1] = static_cast<std::uint32_t>(calls_);
    results.token[2] = static_cast<std::uint32_t>(calls_ >> 32);
}

const ForeignCalls& foreign_calls() {
    static const ForeignCalls calls{
        [](std::uint32_t number) -> void* {
            auto environment = ForeignEnvironment::find(number);
            return environment ? new Held(std::move(environment)) : nullptr;
        },
        [](void* held) { delete static_cast<Held*>(held); },
        [](void* held, const ForeignReset& call, const ForeignResults& results, ForeignRefusal& refusal) {
            return is_done(refusal, [&] { environment_of(held).reset(call, results); });
        },
        [](void* held, const ForeignStep& call, const ForeignResults& results, ForeignRefusal& refusal) {
            return is_done(refusal, [&] { environment_of(held).step(call, results); });
        },
    };
    return calls;
}

}  // namespace operant::bindings
