#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include <xsimd/xsimd.hpp>

int main(int argc, char** argv) {
    if (!xsimd::available_architectures().has(xsimd::default_arch{})) {
        std::printf("skipped: this processor has no %s\n", xsimd::default_arch::name());
        return 77;
    }
    return doctest::Context(argc, argv).run();
}
