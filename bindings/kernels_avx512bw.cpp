#include "kernels.hpp"

template operant::bindings::AllKernels operant::bindings::kernels_for<xsimd::avx512bw>();
