#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "architecture.hpp"

int main(int argc, char** argv) {
    if (!is_supported()) {
        std::printf("skipped: this processor has no %s\n", architecture_name());
        return 77;
    }
    return doctest::Context(argc, argv).run();
}
