#include "architecture.hpp"

#include <xsimd/xsimd.hpp>

bool is_supported() { return xsimd::available_architectures().has(xsimd::default_arch{}); }

const char* architecture_name() { return xsimd::default_arch::name(); }
