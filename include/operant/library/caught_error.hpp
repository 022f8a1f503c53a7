#pragma once
/// \file
/// Carries the exceptions of an environment's code out of a library as messages. Exceptions themselves cannot leave a library
/// that another compiler has built with its own C++ library: the process would end.

#include <cstddef>
#include <exception>
#include <type_traits>

#include <operant/abi/library.hpp>

namespace operant::detail {

/// The message of the first exception since the last call of take(), for each thread.
template <class Arch>
class CaughtError {
public:
    /// Keeps a message, cut off if it is long.
    static void keep(const char* message) {
        if (is_kept_) return;
        is_kept_ = true;
        std::size_t i = 0;
        for (; i + 1 < sizeof(message_) && message[i] != '\0'; ++i) message_[i] = message[i];
        message_[i] = '\0';
    }
    /// As Kernels::take_error.
    static const char* take() {
        if (!is_kept_) return nullptr;
        is_kept_ = false;
        return message_;
    }

private:
    static inline thread_local bool is_kept_ = false;
    static inline thread_local char message_[1024] = {};
};

/// The call of a kernel, which throws nothing.
template <class Arch, auto kernel>
struct Guarded;
template <class Arch, class Result, class... Argument, Result (*kernel)(Argument...)>
struct Guarded<Arch, kernel> {
    static Result call(Argument... argument) {
        try {
            return kernel(static_cast<Argument>(argument)...);
        } catch (const std::exception& error) {
            CaughtError<Arch>::keep(error.what());
        } catch (...) {
            CaughtError<Arch>::keep("an exception that is not a std::exception");
        }
        return Result();
    }
};

/// Returns a kernel, or, in a library, the call of it that throws nothing.
template <class Arch, bool is_in_library, auto kernel>
constexpr auto guarded() {
    // With UndefinedBehaviorSanitizer, a comparison of function addresses is not a constant expression, so types are compared.
    using Kernel = decltype(kernel);
    constexpr bool is_null =
        std::is_same_v<std::integral_constant<Kernel, kernel>, std::integral_constant<Kernel, nullptr>>;
    if constexpr (is_in_library && !is_null)
        return &Guarded<Arch, kernel>::call;
    else
        return kernel;
}

}  // namespace operant::detail
