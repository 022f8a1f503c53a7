#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include "architecture.hpp"

// The tests' static variables are initialised by code for their instruction set, too. So this check, which is compiled for every
// processor, comes before them.
#ifdef __GNUC__
__attribute__((constructor(101)))
#endif
static void skip_unless_supported() {
    bool supported = false;
    xsimd::all_architectures::for_each([&](auto arch) {
        if (std::string_view(arch.name()) == architecture_name()) supported = xsimd::available_architectures().has(arch);
    });
    if (supported) return;
    std::printf("skipped: this processor has no %s\n", architecture_name());
    std::fflush(stdout);
    std::_Exit(77);
}

int main(int argc, char** argv) {
    skip_unless_supported();
    return doctest::Context(argc, argv).run();
}
