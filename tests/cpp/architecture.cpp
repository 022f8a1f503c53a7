#include "architecture.hpp"

#include <xsimd/xsimd.hpp>

const char* architecture_name() { return xsimd::default_arch::name(); }
