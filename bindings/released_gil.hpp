#pragma once
/// \file
/// Releases the GIL so that other Python threads run during a step.

#include <nanobind/nanobind.h>

namespace operant::bindings {

/// Releases the GIL during its lifetime, unless the interpreter has begun to exit.
///
/// If a daemon thread requests the GIL after the interpreter has begun to exit, Python before 3.14 unwinds the thread's stack,
/// and C++ calls std::terminate. So the exit waits for all threads that have released the GIL, and from then on no thread
/// releases it.
class ReleasedGil {
public:
    ReleasedGil();
    ~ReleasedGil();
    ReleasedGil(const ReleasedGil&) = delete;
    ReleasedGil& operator=(const ReleasedGil&) = delete;

    /// Must be called once, when the module is imported.
    static void prepare_exit();

private:
    PyThreadState* thread_ = nullptr;
};

}  // namespace operant::bindings
