#include "kernels.hpp"

template operant::bindings::AllKernels operant::bindings::kernels_for<xsimd::fma3<xsimd::avx2>>();
