// The XLA FFI handlers of operant.adapters.jax. They unpack the arguments of XLA and call Operant's compiled module, which owns
// the environments. This file is compiled on the user's machine against the headers of the installed jaxlib, because handlers
// and jaxlib must agree on the version of the interface.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <xla/ffi/api/ffi.h>

#include "foreign_calls.hpp"

namespace ffi = xla::ffi;

namespace {

const operant::ForeignCalls* calls;  // set once, before the first program is compiled

/// The environment of a call in a compiled program, which the program keeps alive.
struct HeldEnvironment {
    static ffi::TypeId id;

    explicit HeldEnvironment(void* held) : held(held) {}
    ~HeldEnvironment() { calls->release(held); }
    HeldEnvironment(const HeldEnvironment&) = delete;
    HeldEnvironment& operator=(const HeldEnvironment&) = delete;

    void* held;
};

ffi::TypeId HeldEnvironment::id = {};

ffi::ErrorOr<std::unique_ptr<HeldEnvironment>> instantiate(ffi::Dictionary attributes) {
    const auto number = attributes.get<std::uint32_t>("number");
    void* held = number.has_value() ? calls->hold(*number) : nullptr;
    if (!held)
        return ffi::Unexpected(ffi::Error(ffi::ErrorCode::kFailedPrecondition,
                                          "the environment that this program was traced with no longer exists, or was made in "
                                          "another process: trace the program again"));
    return std::make_unique<HeldEnvironment>(held);
}

ffi::Error error_of(const operant::ForeignRefusal& refusal) {
    return ffi::Error(refusal.is_argument ? ffi::ErrorCode::kInvalidArgument : ffi::ErrorCode::kFailedPrecondition,
                      refusal.message);
}

std::optional<operant::ElementType> element_type_of(ffi::DataType type) {
    switch (type) {
        case ffi::DataType::S32: return operant::ElementType::int32;
        case ffi::DataType::S64: return operant::ElementType::int64;
        case ffi::DataType::F32: return operant::ElementType::float32;
        case ffi::DataType::F64: return operant::ElementType::float64;
        default: return std::nullopt;
    }
}

constexpr std::size_t most_outputs = 64;

/// The buffers for the outputs of a call.
struct Outputs {
    explicit Outputs(ffi::RemainingRets& all) {
        for (; count < all.size() && count < most_outputs; ++count) {
            auto array = all.get<ffi::AnyBuffer>(count);
            if (!array.has_value()) break;
            arrays[count] = {(*array)->untyped_data(), (*array)->size_bytes()};
        }
    }

    operant::ForeignArray arrays[most_outputs];
    std::size_t count = 0;
};

constexpr std::size_t token_size = 3;

ffi::Error step(HeldEnvironment* environment, std::uint32_t /*number*/, ffi::Buffer<ffi::U32> token, ffi::AnyBuffer actions,
                ffi::ResultBuffer<ffi::U32> next_token, ffi::RemainingRets results) {
    const auto type = element_type_of(actions.element_type());
    if (!type || token.element_count() != token_size || next_token->element_count() != token_size)
        return ffi::Error::InvalidArgument("step: expected a state, and actions of 32 or 64 bits");
    const Outputs outputs(results);
    operant::ForeignRefusal refusal;
    const bool done = calls->step(environment->held,
                                  {token.typed_data(), actions.untyped_data(), *type, actions.size_bytes()},
                                  {next_token->typed_data(), outputs.arrays, outputs.count}, refusal);
    return done ? ffi::Error::Success() : error_of(refusal);
}

/// Appends seeds of any integer type. Returns false if one is negative.
template <class Integer>
bool append(std::vector<std::uint64_t>& seeds, const ffi::AnyBuffer& array) {
    const auto* numbers = static_cast<const Integer*>(array.untyped_data());
    for (std::size_t i = 0; i < array.element_count(); ++i) {
        if (numbers[i] < 0) return false;
        seeds.push_back(static_cast<std::uint64_t>(numbers[i]));
    }
    return true;
}

bool append_any(std::vector<std::uint64_t>& seeds, const ffi::AnyBuffer& array) {
    switch (array.element_type()) {
        case ffi::DataType::S32: return append<std::int32_t>(seeds, array);
        case ffi::DataType::S64: return append<std::int64_t>(seeds, array);
        case ffi::DataType::U32: return append<std::uint32_t>(seeds, array);
        default: return append<std::uint64_t>(seeds, array);
    }
}

ffi::Error reset(HeldEnvironment* environment, ffi::Span<const double> bounds, std::uint32_t /*number*/,
                 ffi::Buffer<ffi::U32> token, ffi::AnyBuffer seeds, ffi::Buffer<ffi::PRED> mask,
                 ffi::ResultBuffer<ffi::U32> next_token, ffi::RemainingRets results) {
    if (next_token->element_count() != token_size || (token.element_count() != 0 && token.element_count() != token_size))
        return ffi::Error::InvalidArgument("reset: expected a state");
    std::vector<std::uint64_t> numbers;
    if (!append_any(numbers, seeds))
        return ffi::Error::InvalidArgument("seed[" + std::to_string(numbers.size()) +
                                           "]: expected a non-negative integer, got a negative one");
    const operant::ForeignReset call{
        .token = token.element_count() == 0 ? nullptr : token.typed_data(),
        .seeds = numbers.data(),
        .seed_count = numbers.size(),
        .adds = seeds.dimensions().size() == 0,
        .bounds = bounds.begin(),
        .bound_count = bounds.size(),
        .mask = mask.element_count() == 0 ? nullptr : mask.typed_data(),
        .mask_size = mask.element_count(),
    };
    const Outputs outputs(results);
    operant::ForeignRefusal refusal;
    const bool done =
        calls->reset(environment->held, call, {next_token->typed_data(), outputs.arrays, outputs.count}, refusal);
    return done ? ffi::Error::Success() : error_of(refusal);
}

XLA_FFI_DEFINE_HANDLER(instantiate_handler, instantiate, ffi::Ffi::BindInstantiate().Attrs());

XLA_FFI_DEFINE_HANDLER(step_handler, step,
                       ffi::Ffi::Bind()
                           .Ctx<ffi::State<HeldEnvironment>>()
                           .Attr<std::uint32_t>("number")
                           .Arg<ffi::Buffer<ffi::U32>>()
                           .Arg<ffi::AnyBuffer>()
                           .Ret<ffi::Buffer<ffi::U32>>()
                           .RemainingRets());

XLA_FFI_DEFINE_HANDLER(reset_handler, reset,
                       ffi::Ffi::Bind()
                           .Ctx<ffi::State<HeldEnvironment>>()
                           .Attr<ffi::Span<const double>>("bounds")
                           .Attr<std::uint32_t>("number")
                           .Arg<ffi::Buffer<ffi::U32>>()
                           .Arg<ffi::AnyBuffer>()
                           .Arg<ffi::Buffer<ffi::PRED>>()
                           .Ret<ffi::Buffer<ffi::U32>>()
                           .RemainingRets());

constexpr auto type_info = ffi::MakeTypeInfo<HeldEnvironment>();

/// The handlers and types to register with XLA.
struct Handlers {
    const void *instantiate, *reset, *step, *type_id, *type_info;
};

}  // namespace

extern "C"
#if defined(_WIN32)
__declspec(dllexport)
#else
__attribute__((visibility("default")))
#endif
const Handlers* operant_xla_handlers(const operant::ForeignCalls* foreign_calls) {
    calls = foreign_calls;
    static const Handlers handlers{reinterpret_cast<const void*>(instantiate_handler),
                                   reinterpret_cast<const void*>(reset_handler), reinterpret_cast<const void*>(step_handler),
                                   &HeldEnvironment::id, &type_info};
    return &handlers;
}
