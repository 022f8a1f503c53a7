#pragma once
/// \file
/// Includes xsimd without warnings about GCC's own intrinsics. The headers that users include begin with this one.

// GCC's AVX-512 intrinsics leave variables uninitialised on purpose, and warn where they are inlined (GCC bug 105593). Whether
// it warns depends on the pragmas at the place where the intrinsics are defined.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <xsimd/xsimd.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
