#pragma once
/// \file
/// Random numbers from the operating system.

#include <array>
#include <cstdint>
#ifdef _WIN32
#include <random>
#else
#include <unistd.h>

#include <stdexcept>
#ifdef __APPLE__
#include <sys/random.h>
#endif
#endif

namespace operant {

/// Returns numbers that nobody can predict. std::random_device gives such numbers, too, but <random> takes the compiler longer.
/// \throws std::runtime_error if the system has none
inline std::array<std::uint32_t, 4> system_entropy() {
    std::array<std::uint32_t, 4> numbers;
#ifdef _WIN32
    std::random_device device;
    for (std::uint32_t& number : numbers) number = device();
#else
    if (::getentropy(numbers.data(), sizeof(numbers)) != 0)
        throw std::runtime_error("the operating system gives no random numbers for seeds: pass a seed to `reset`");
#endif
    return numbers;
}

}  // namespace operant
